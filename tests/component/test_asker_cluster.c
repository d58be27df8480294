/* SPDX-License-Identifier: Apache-2.0 */
/* Three nodes of one manager that die in every phase of a question and of a write: nothing
 * is lost, nothing happens twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world_asker.h"

/* ---- questions -------------------------------------------------------------------------- */

static void a_well_node_is_kept(void **state)
{
    (void)state;
    struct asked asked;
    asker_open_well();
    for (int i = 0; i < 10; i++) {
        assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
        asker_expect_node(0);
    }
    assert_int_equal(asker_status().retries, 0);
    assert_int_equal(at.lost, 0);
}

static void a_question_outlives_the_node_in_every_phase(void **state)
{
    (void)state;
    static const char *const deaths[] = {
        "\"reset\":true",
        "\"drop_after_apply\":true",
        "\"truncate\":20",
        "\"status\":502",
        "\"status\":503",
        "\"status\":504",
        "\"status\":500,\"body\":{\"error_code\":98}",
        "\"hang\":true",
    };
    struct asked asked;
    for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++) {
        asker_open_well();
        asker_break_first(deaths[i]);
        if (asker_get_now(VMS, &asked) != NQ_OK) {
            fail_msg("%s: %s", deaths[i], asked.detail);
        }
        assert_int_equal(asker_status().retries, 1);
        (void)asker_end(NULL);
        (void)asker_begin_cluster(NULL);
    }
}

static void questions_move_on_when_nobody_listens_any_more(void **state)
{
    (void)state;
    struct asked asked[6];
    asker_open_well();
    manager_set_node(at.manager, 0, "down");
    for (size_t i = 0; i < 6; i++) {
        asker_get(VMS, &asked[i]);
    }
    for (size_t i = 0; i < 6; i++) {
        asker_wait(&asked[i]);
        assert_int_equal(asked[i].code, NQ_OK);
    }
    asker_expect_node(1);
    assert_int_equal(asker_status().state, NQ_MANAGER_DEGRADED);
    assert_int_equal(at.lost, 1);
}

static void when_all_are_down_each_is_asked_once_and_the_error_told(void **state)
{
    (void)state;
    struct asked asked;
    asker_open_well();
    manager_fault(at.manager, "{\"path\":\"" VMS "\",\"status\":503}");
    manager_forget(at.manager);
    assert_int_equal(asker_get_now(VMS, &asked), NQ_NSX_BUSY);
    assert_int_equal(manager_requests(at.manager, "GET", VMS), 3);
    assert_int_equal(at.lost, 3);
}

/* ---- writes ----------------------------------------------------------------------------- */

static void a_write_that_was_not_taken_up_goes_to_the_next_node(void **state)
{
    (void)state;
    struct asked asked;
    asker_open_well();
    manager_set_node(at.manager, 0, "down");
    assert_int_equal(asker_tag_now(&asked), NQ_OK);
    assert_int_equal(manager_requests(at.manager, "POST", VMS), 1);
    assert_int_equal(manager_changes(at.manager), 1);
    asker_expect_node(1);
}

/* Applied or not: who asked must read back before he repeats it. */
static void a_write_that_may_have_been_taken_up_is_not_repeated(void **state)
{
    (void)state;
    static const struct {
        const char *death;
        enum nq_code code;
        size_t changes;
    } rows[] = {
        {"\"drop_after_apply\":true", NQ_NSX_UNREACHABLE, 1},
        {"\"reset\":true", NQ_NSX_UNREACHABLE, 0},
        {"\"hang\":true", NQ_NSX_TIMEOUT, 0},
        {"\"status\":502", NQ_NSX_SERVER, 0},
        {"\"status\":503", NQ_NSX_BUSY, 0},
        {"\"status\":504", NQ_NSX_TIMEOUT, 0},
    };
    struct asked asked;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        asker_open_well();
        asker_break_first(rows[i].death);
        if (asker_tag_now(&asked) != rows[i].code) {
            fail_msg("%s: %s", rows[i].death, asked.detail);
        }
        assert_int_equal(manager_requests(at.manager, "POST", VMS), 1);
        assert_int_equal(manager_changes(at.manager), rows[i].changes);
        assert_int_equal(asker_status().retries, 0);
        (void)asker_end(NULL);
        (void)asker_begin_cluster(NULL);
    }
}

static void after_a_lost_write_the_next_question_finds_a_well_node(void **state)
{
    (void)state;
    struct asked asked;
    asker_open_well();
    manager_set_node(at.manager, 0, "unhealthy");
    assert_int_equal(asker_tag_now(&asked), NQ_NSX_BUSY);
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK); /* reads back elsewhere */
    asker_expect_node(1);
}

/* ---- sessions --------------------------------------------------------------------------- */

static void each_node_gives_its_own_session(void **state)
{
    (void)state;
    struct asked asked;
    at.access.auth = NQ_AUTH_SESSION;
    asker_open_well();
    assert_int_equal(manager_requests(at.manager, "POST", LOGIN), 1);
    manager_set_node(at.manager, 0, "unhealthy");
    assert_int_equal(asker_tag_now(&asked), NQ_NSX_BUSY);
    assert_int_equal(asker_tag_now(&asked), NQ_OK);
    asker_expect_node(1);
    assert_int_equal(manager_requests(at.manager, "POST", LOGIN), 2);
    assert_int_equal(manager_answers(at.manager, VMS, 401), 0);
}

static void a_login_goes_on_to_the_next_node_but_a_refusal_does_not(void **state)
{
    (void)state;
    struct asked asked[3];
    at.access.auth = NQ_AUTH_SESSION;
    asker_open();
    manager_set_node(at.manager, 0, "unhealthy");
    for (size_t i = 0; i < 3; i++) {
        asker_get(VMS, &asked[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        asker_wait(&asked[i]);
        assert_int_equal(asked[i].code, NQ_OK);
    }
    asker_expect_node(1);
    at.asker = nq_asker_close(at.asker);
    manager_forget(at.manager);
    manager_write_file("password", "wrong\n");
    manager_set_node(at.manager, 0, "up");
    asker_open();
    for (size_t i = 0; i < 3; i++) {
        asker_get(VMS, &asked[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        asker_wait(&asked[i]);
        assert_int_equal(asked[i].code, NQ_NSX_AUTH);
    }
    assert_int_equal(manager_requests(at.manager, "POST", LOGIN), 1);
}

static void when_no_node_lets_us_in_all_who_wait_hear_it(void **state)
{
    (void)state;
    struct asked asked[3];
    at.access.auth = NQ_AUTH_SESSION;
    asker_open();
    manager_fault(at.manager, "{\"path\":\"" LOGIN "\",\"html\":true,\"times\":3}");
    for (size_t i = 0; i < 3; i++) {
        asker_get(VMS, &asked[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        asker_wait(&asked[i]);
        assert_int_equal(asked[i].code, NQ_NSX_ANSWER);
    }
    assert_int_equal(manager_requests(at.manager, "POST", LOGIN), 3);
    assert_int_equal(asker_get_now(VMS, &asked[0]), NQ_OK);
}

#define CLUSTER(test)                                                                    \
    cmocka_unit_test_setup_teardown(test, asker_begin_cluster, asker_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER(a_well_node_is_kept),
        CLUSTER(a_question_outlives_the_node_in_every_phase),
        CLUSTER(questions_move_on_when_nobody_listens_any_more),
        CLUSTER(when_all_are_down_each_is_asked_once_and_the_error_told),
        CLUSTER(a_write_that_was_not_taken_up_goes_to_the_next_node),
        CLUSTER(a_write_that_may_have_been_taken_up_is_not_repeated),
        CLUSTER(after_a_lost_write_the_next_question_finds_a_well_node),
        CLUSTER(each_node_gives_its_own_session),
        CLUSTER(a_login_goes_on_to_the_next_node_but_a_refusal_does_not),
        CLUSTER(when_no_node_lets_us_in_all_who_wait_hear_it),
    };
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
