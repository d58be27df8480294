/* SPDX-License-Identifier: Apache-2.0 */
/* The ways in: who is let in, and what a refusal costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "world_asker.h"

#define PAUSE_MS 100000

/* ---- sessions --------------------------------------------------------------------------- */

static int begin_session(void **state)
{
    (void)state;
    asker_begin(1, "{\"basic_login\":false}");
    at.access.auth = NQ_AUTH_SESSION;
    return 0;
}

static void one_login_serves_all_questions(void **state)
{
    (void)state;
    struct asked asked[20];
    asker_open();
    for (size_t i = 0; i < 20; i++) {
        asker_get(VMS, &asked[i]);
    }
    for (size_t i = 0; i < 20; i++) {
        asker_wait(&asked[i]);
        assert_int_equal(asked[i].code, NQ_OK);
    }
    assert_int_equal(asker_tag_now(&asked[0]), NQ_OK);
    assert_int_equal(manager_requests(at.manager, "POST", LOGIN), 1);
    assert_int_equal(manager_changes(at.manager), 1);
}

static void a_password_of_any_characters_gets_through_the_form(void **state)
{
    (void)state;
    struct asked asked;
    asker_begin(1, "{\"basic_login\":false,\"password\":\"a&b+c%41=d e\\u00e4;\"}");
    manager_write_file("password", "a&b+c%41=d e\xC3\xA4;\n");
    at.access.auth = NQ_AUTH_SESSION;
    asker_open();
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
}

/* Both kinds of refusal of a session, for a question and for a write. */
static void a_session_that_ended_costs_one_login_and_one_repetition(void **state)
{
    (void)state;
    static const char *const refusals[] = {
        "\"status\":401",
        "\"status\":403,\"body\":{\"error_code\":98}",
        "\"status\":403,\"body\":{\"error_code\":\"98\"}",
    };
    struct asked asked;
    asker_open();
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    for (size_t i = 0; i < 3; i++) {
        char fault[128];
        manager_forget(at.manager);
        (void)snprintf(fault, sizeof(fault), "{\"path\":\"" VMS "\",\"times\":1,%s}",
                       refusals[i]);
        const uint64_t retries = asker_status().retries;
        manager_fault(at.manager, fault);
        assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
        manager_fault(at.manager, fault);
        assert_int_equal(asker_tag_now(&asked), NQ_OK);
        assert_int_equal(manager_requests(at.manager, "POST", LOGIN), 2);
        assert_int_equal(manager_requests(at.manager, "GET", VMS), 2);
        assert_int_equal(manager_requests(at.manager, "POST", VMS), 2);
        assert_int_equal(asker_status().retries - retries, 2);
        assert_int_equal(asker_status().state, NQ_MANAGER_UP);
    }
    assert_true(manager_changes(at.manager) <= 1);
}

/* Sends so many different questions at once, each of which is refused once with 401. */
static void ask_refused_once(struct asked *asked, size_t count)
{
    char path[96];
    char fault[192];
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(fault, sizeof(fault),
                       "{\"path\":\"" VMS "?display_name=%zu\",\"status\":401,"
                       "\"times\":1}",
                       i);
        manager_fault(at.manager, fault);
    }
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(path, sizeof(path), VMS "?display_name=%zu", i);
        asker_get(path, &asked[i]);
    }
    for (size_t i = 0; i < count; i++) {
        asker_wait(&asked[i]);
        assert_int_equal(asked[i].code, NQ_OK);
    }
    assert_int_equal(asker_status().retries, count);
    assert_int_equal(asker_status().state, NQ_MANAGER_UP);
}

static void many_whose_session_ended_share_logins(void **state)
{
    (void)state;
    struct asked asked[4];
    asker_open();
    assert_int_equal(asker_get_now(VMS, &asked[0]), NQ_OK);
    ask_refused_once(asked, 4);
    assert_in_range(manager_requests(at.manager, "POST", LOGIN), 2, 5);
}

static void a_session_that_ends_by_idling_is_renewed(void **state)
{
    (void)state;
    struct asked asked;
    asker_begin(1, "{\"basic_login\":false,\"session_idle_ms\":1,"
                   "\"unknown_session\":\"403\"}");
    at.access.auth = NQ_AUTH_SESSION;
    asker_open();
    /* Each session is over when it is used, so the one repetition is in vain; unless that is
     * within the same millisecond, and then the version is asked for, in the same way. */
    (void)asker_get_now(VMS, &asked);
    assert_in_range(manager_requests(at.manager, "POST", LOGIN), 1, 4);
    assert_int_equal(manager_answers(at.manager, LOGIN, 401), 0);
}

static void a_second_refusal_shuts_the_gate(void **state)
{
    (void)state;
    struct asked asked[6];
    manager_fault(at.manager,
                  "{\"path\":\"" VMS "\",\"status\":403,\"body\":{\"error_code\":98}}");
    asker_open();
    for (size_t i = 0; i < 6; i++) {
        asker_get(VMS, &asked[i]);
    }
    for (size_t i = 0; i < 6; i++) {
        asker_wait(&asked[i]);
        assert_int_equal(asked[i].code, NQ_NSX_AUTH);
    }
    assert_int_equal(manager_requests(at.manager, "POST", LOGIN), 2);
    assert_true(manager_requests(at.manager, "GET", VMS) <= 8);
    manager_forget(at.manager);
    assert_int_equal(asker_get_now(VMS, &asked[0]), NQ_NSX_AUTH);
    assert_int_equal(manager_answers(at.manager, "", 0), 0);
    assert_int_equal(asker_status().state, NQ_MANAGER_AUTH_FAILED);
}

static void a_locked_account_is_left_alone(void **state)
{
    (void)state;
    struct asked asked;
    asker_open();
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    manager_fault(at.manager,
                  "{\"path\":\"" VMS "\",\"status\":403,\"body\":{\"error_code\":403}}");
    assert_int_equal(asker_get_now(VMS, &asked), NQ_NSX_AUTH);
    assert_int_equal(manager_requests(at.manager, "POST", LOGIN), 1);
}

static void a_wrong_password_costs_one_login_in_a_pause(void **state)
{
    (void)state;
    struct asked asked[8];
    manager_write_file("password", "wrong\n");
    asker_open();
    for (size_t i = 0; i < 8; i++) {
        asker_get(VMS, &asked[i]);
    }
    for (size_t i = 0; i < 8; i++) {
        asker_wait(&asked[i]);
        assert_int_equal(asked[i].code, NQ_NSX_AUTH);
    }
    assert_int_equal(manager_requests(at.manager, "POST", ""), 1);
    assert_int_equal(manager_requests(at.manager, "GET", ""), 0);
    manager_skip(at.manager, PAUSE_MS);
    assert_int_equal(asker_get_now(VMS, &asked[0]), NQ_NSX_AUTH);
    assert_int_equal(manager_requests(at.manager, "POST", ""), 2);
    manager_write_file("password", "VMware1!VMware1!\n"); /* corrected in the pause */
    manager_skip(at.manager, PAUSE_MS);
    assert_int_equal(asker_get_now(VMS, &asked[0]), NQ_OK);
}

static void a_login_without_a_session_in_it_is_no_login(void **state)
{
    (void)state;
    struct asked asked[2];
    manager_fault(at.manager, "{\"path\":\"" LOGIN "\",\"status\":200,\"times\":1}");
    asker_open();
    asker_get(VMS, &asked[0]);
    asker_get(VMS, &asked[1]);
    asker_wait(&asked[0]);
    asker_wait(&asked[1]);
    assert_int_equal(asked[0].code, NQ_NSX_ANSWER);
    assert_int_equal(asked[1].code, NQ_NSX_ANSWER);
    assert_int_equal(manager_requests(at.manager, "GET", VMS), 0);
    assert_int_equal(asker_get_now(VMS, &asked[0]), NQ_OK);
}

/* A walk through refusals of every kind. Whatever comes, five wrong passwords in 900 s
 * must never reach the manager: not more than one in a pause does. */
static void no_sequence_of_answers_makes_two_refused_logins_in_a_pause(void **state)
{
    (void)state;
    static const char *const faults[] = {
        "{\"path\":\"" LOGIN "\",\"status\":401,\"times\":1}",
        "{\"path\":\"" LOGIN "\",\"status\":403,\"times\":1}",
        "{\"path\":\"" LOGIN
        "\",\"status\":403,\"times\":1,\"body\":{\"error_code\":403}}",
        "{\"path\":\"" LOGIN "\",\"status\":500,\"times\":1}",
        "{\"path\":\"" LOGIN "\",\"reset\":true,\"times\":1}",
        "{\"path\":\"" LOGIN "\",\"html\":true,\"times\":1}",
        "{\"path\":\"" VMS "\",\"status\":401,\"times\":3}",
        "{\"path\":\"" VMS "\",\"status\":403,\"times\":2,\"body\":{\"error_code\":98}}",
        "{\"path\":\"" VMS "\",\"status\":403,\"times\":1,\"body\":{\"error_code\":403}}",
        "{\"path\":\"" VMS "\",\"reset\":true,\"times\":2}",
    };
    const size_t count = sizeof(faults) / sizeof(faults[0]);
    uint32_t number = 42;
    int64_t since_ms = PAUSE_MS; /* since a refused login */
    at.access.requests_per_s = 100;
    asker_open();
    for (int round = 0; round < 150; round++) {
        struct asked asked[4];
        number = number * 1664525U + 1013904223U;
        manager_forget(at.manager);
        manager_fault(at.manager, faults[(number >> 8) % count]);
        for (size_t i = 0; i < 4; i++) {
            if ((number >> (16 + i)) % 4 == 0) {
                asker_tag(&asked[i]);
            } else {
                asker_get(VMS, &asked[i]);
            }
        }
        if ((number >> 24) % 3 == 0) {
            (void)nq_ask_cancel(asked[3].ask);
            asked[3].over = true;
            asked[3].calls = 1;
        }
        for (size_t i = 0; i < 4; i++) {
            asker_wait(&asked[i]);
        }
        const size_t refused = manager_answers(at.manager, LOGIN, 401) +
                               manager_answers(at.manager, LOGIN, 403);
        assert_true(refused <= 1);
        assert_true(refused == 0 || since_ms >= PAUSE_MS);
        since_ms = refused ? 0 : since_ms;
        const int64_t step_ms = (number >> 12) % (PAUSE_MS * 2 / 3);
        manager_skip(at.manager, step_ms);
        since_ms += step_ms + 1000; /* the round itself took a moment */
    }
}

static void a_login_that_is_refused_for_load_is_repeated_after_the_pause(void **state)
{
    (void)state;
    struct asked asked[2];
    manager_fault(at.manager, "{\"path\":\"" LOGIN "\",\"status\":429,\"times\":1}");
    asker_open();
    asker_get(VMS, &asked[0]);
    asker_get(VMS, &asked[1]);
    asker_wait(&asked[0]);
    asker_wait(&asked[1]);
    assert_int_equal(asked[0].code, NQ_OK);
    assert_int_equal(asked[1].code, NQ_OK);
    assert_int_equal(manager_requests(at.manager, "POST", LOGIN), 2);
}

/* ---- certificate and token -------------------------------------------------------------- */

static void a_client_certificate_is_enough(void **state)
{
    (void)state;
    struct asked asked;
    asker_begin(1, "{\"basic_login\":false,\"principals\":[\"test-client\"]}");
    at.access.auth = NQ_AUTH_CERTIFICATE;
    asker_open();
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    assert_int_equal(asker_tag_now(&asked), NQ_OK);
    assert_int_equal(manager_requests(at.manager, "POST", LOGIN), 0);
}

static int begin_token(void **state)
{
    (void)state;
    asker_begin(1, "{\"basic_login\":false,\"bearer_tokens\":[\"good-token\"]}");
    at.access.auth = NQ_AUTH_TOKEN;
    return 0;
}

static void a_token_that_was_renewed_is_read_again_when_refused(void **state)
{
    (void)state;
    struct asked asked[6];
    manager_write_file("token", "old-token\n");
    asker_open();
    manager_write_file("token", "good-token\n");
    for (size_t i = 0; i < 6; i++) {
        asker_get(VMS, &asked[i]);
    }
    for (size_t i = 0; i < 6; i++) {
        asker_wait(&asked[i]);
        assert_int_equal(asked[i].code, NQ_OK);
    }
    assert_int_equal(manager_answers(at.manager, VMS, 401), 1);
    assert_int_equal(asker_status().retries, 1);
}

static void a_refused_token_is_not_shown_again_until_the_file_changes(void **state)
{
    (void)state;
    struct asked asked;
    manager_write_file("token", "old-token\n");
    asker_open();
    assert_int_equal(asker_get_now(VMS, &asked), NQ_NSX_AUTH);
    manager_skip(at.manager, 2000);
    assert_int_equal(asker_get_now(VMS, &asked), NQ_NSX_AUTH);
    assert_int_equal(manager_requests(at.manager, "GET", ""), 1);
    manager_write_file("token", "good-token\n");
    manager_skip(at.manager, 2000); /* far from the end of the pause */
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
}

static void many_with_an_old_token_share_one_reload(void **state)
{
    (void)state;
    struct asked asked[4];
    asker_begin(1, "{\"basic_login\":false,"
                   "\"bearer_tokens\":[\"good-token\",\"next-token\"]}");
    at.access.auth = NQ_AUTH_TOKEN;
    asker_open();
    assert_int_equal(asker_get_now(VMS, &asked[0]), NQ_OK);
    manager_write_file("token", "next-token\n");
    ask_refused_once(asked, 4);
}

#define SESSION(test) cmocka_unit_test_setup_teardown(test, begin_session, asker_end)
#define TOKEN(test)   cmocka_unit_test_setup_teardown(test, begin_token, asker_end)
#define OWN(test)     cmocka_unit_test_teardown(test, asker_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SESSION(one_login_serves_all_questions),
        OWN(a_password_of_any_characters_gets_through_the_form),
        SESSION(a_session_that_ended_costs_one_login_and_one_repetition),
        SESSION(many_whose_session_ended_share_logins),
        OWN(a_session_that_ends_by_idling_is_renewed),
        SESSION(a_second_refusal_shuts_the_gate),
        SESSION(a_locked_account_is_left_alone),
        SESSION(a_wrong_password_costs_one_login_in_a_pause),
        SESSION(a_login_without_a_session_in_it_is_no_login),
        SESSION(no_sequence_of_answers_makes_two_refused_logins_in_a_pause),
        SESSION(a_login_that_is_refused_for_load_is_repeated_after_the_pause),
        OWN(a_client_certificate_is_enough),
        TOKEN(a_token_that_was_renewed_is_read_again_when_refused),
        TOKEN(a_refused_token_is_not_shown_again_until_the_file_changes),
        OWN(many_with_an_old_token_share_one_reload),
    };
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
