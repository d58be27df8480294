/* SPDX-License-Identifier: Apache-2.0 */
/* One manager: when a question is sent, how long it waits, and what is shown of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "nsx/limit.h"
#include "world_asker.h"

static int begin(void **state)
{
    (void)state;
    asker_begin(1, "{}");
    return 0;
}

/* ---- trust ------------------------------------------------------------------------------ */

static void a_new_certificate_is_judged_and_its_end_shown(void **state)
{
    (void)state;
    struct asked asked;
    const int64_t day_ms = INT64_C(86400000);
    at.access.connect_timeout_ms = 5000;
    asker_open();
    assert_int_equal(asker_status().tls_expires_ms, 0);
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    const int64_t left_ms = asker_status().tls_expires_ms - nq_wall_ms(&nq_system_clock);
    assert_in_range(left_ms, day_ms, 2 * day_ms);
    manager_set_certificate(at.manager, MANAGER_FORGED, MANAGER_FORGED_KEY);
    assert_int_equal(asker_tag_now(&asked), NQ_NSX_TLS);
    assert_int_equal(asker_status().state, NQ_MANAGER_DOWN);
    assert_int_equal(manager_changes(at.manager), 0);
}

/* ---- limits ----------------------------------------------------------------------------- */

static void a_pause_that_nsx_asks_for_is_kept_and_the_others_wait(void **state)
{
    (void)state;
    struct asked asked[5];
    asker_open();
    assert_int_equal(asker_get_now(VMS, &asked[0]), NQ_OK);
    manager_fault(at.manager, "{\"path\":\"" VMS "\",\"status\":429,\"times\":1,"
                              "\"headers\":{\"Retry-After\":\"20\"}}");
    assert_int_equal(asker_get_now(VMS, &asked[0]), NQ_NSX_BUSY);
    manager_forget(at.manager);
    for (size_t i = 0; i < 5; i++) {
        asker_get(VMS, &asked[i]);
    }
    manager_skip(at.manager, 18000);
    assert_int_equal(manager_requests(at.manager, "GET", VMS), 0);
    assert_int_equal(asker_status().queue, 5);
    assert_int_equal(asker_status().in_flight, 0);
    assert_int_equal(nq_asker_backlog(at.asker), 5);
    assert_false(nq_asker_has_room(at.asker));
    manager_fault(at.manager, "{\"path\":\"" VMS "\",\"hold\":true,\"times\":1}");
    manager_skip(at.manager, 2000);
    free(manager_get(at.manager, "/sim/held?count=1"));
    assert_int_equal(asker_status().in_flight, 1); /* one goes ahead */
    manager_post(at.manager, "/sim/release", "{\"all\":true}");
    for (size_t i = 0; i < 5; i++) {
        asker_wait(&asked[i]);
        assert_int_equal(asked[i].code, NQ_OK);
    }
}

static void without_retry_after_the_pause_is_short_at_first(void **state)
{
    (void)state;
    static const int statuses[] = {429, 503};
    struct asked asked;
    asker_open();
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    for (size_t i = 0; i < 2; i++) {
        char fault[96];
        (void)snprintf(fault, sizeof(fault),
                       "{\"path\":\"" VMS "\",\"status\":%d,\"times\":1}", statuses[i]);
        manager_fault(at.manager, fault);
        assert_int_equal(asker_get_now(VMS, &asked), NQ_NSX_BUSY);
        assert_int_equal(asked.http, statuses[i]);
        const int64_t begin_ms = nq_mono_ms(&nq_system_clock);
        assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
        assert_in_range(nq_mono_ms(&nq_system_clock) - begin_ms, 240, 1500);
    }
}

static void nobody_waits_for_ever_for_the_end_of_a_pause(void **state)
{
    (void)state;
    struct asked asked;
    asker_open();
    manager_fault(at.manager, "{\"path\":\"" VMS "\",\"status\":503,\"times\":1,"
                              "\"headers\":{\"Retry-After\":\"200\"}}");
    assert_int_equal(asker_get_now(VMS, &asked), NQ_NSX_BUSY);
    asker_get(VMS, &asked);
    manager_skip(at.manager, NQ_ASK_WAIT_MAX_MS - 1000);
    assert_false(asked.over);
    manager_skip(at.manager, 1000);
    assert_true(asked.over);
    assert_int_equal(asked.code, NQ_NSX_BUSY);
    assert_non_null(strstr(asked.detail, "60 s"));
}

static void a_storm_stays_below_the_rate_that_nsx_allows(void **state)
{
    (void)state;
    static struct asked asked[250];
    const int64_t begin_ms = nq_mono_ms(&nq_system_clock);
    asker_open();
    for (size_t i = 0; i < 250; i++) {
        asker_get(VERSION, &asked[i]);
    }
    for (size_t i = 0; i < 250; i++) {
        asker_wait(&asked[i]);
        assert_int_equal(asked[i].code, NQ_OK);
    }
    assert_int_equal(manager_answers(at.manager, "", 429), 0);
    assert_true(nq_mono_ms(&nq_system_clock) - begin_ms >= 2 * NQ_LIMIT_WINDOW_MS);
}

/* ---- the queue -------------------------------------------------------------------------- */

static void what_waits_is_sent_in_order(void **state)
{
    (void)state;
    struct asked asked[5];
    at.access.concurrency = 1;
    asker_open();
    manager_fault(at.manager, "{\"path\":\"" VMS "\",\"hold\":true,\"times\":1}");
    for (size_t i = 0; i < 5; i++) {
        asker_get(VMS, &asked[i]);
    }
    free(manager_get(at.manager, "/sim/held?count=1"));
    assert_int_equal(manager_requests(at.manager, "GET", VMS), 1);
    manager_post(at.manager, "/sim/release", "{\"all\":true}");
    for (size_t i = 0; i < 5; i++) {
        asker_wait(&asked[i]);
        assert_int_equal(asked[i].order, asked[0].order + (int)i);
    }
}

static void a_tag_goes_before_what_is_only_read(void **state)
{
    (void)state;
    struct asked first;
    struct asked readings[3];
    struct asked tags[2];
    at.access.concurrency = 1;
    asker_open();
    manager_fault(at.manager, "{\"path\":\"" VMS "\",\"hold\":true,\"times\":1}");
    asker_get(VMS, &first);
    asker_get(VMS, &readings[0]);
    asker_get(VMS, &readings[1]);
    asker_tag(&tags[0]);
    asker_get(VMS, &readings[2]);
    asker_tag(&tags[1]);
    free(manager_get(at.manager, "/sim/held?count=1"));
    manager_post(at.manager, "/sim/release", "{\"all\":true}");
    const struct asked *const order[] = {&tags[0], &tags[1], &readings[0], &readings[1],
                                         &readings[2]};
    asker_wait(&first);
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        asker_wait(order[i]);
        assert_int_equal(order[i]->code, NQ_OK);
        assert_int_equal(order[i]->order, first.order + 1 + (int)i);
    }
}

static void a_full_queue_refuses_but_not_before_the_start_returns(void **state)
{
    (void)state;
    static struct asked asked[NQ_ASK_QUEUE_MAX + 4];
    at.access.concurrency = 2;
    at.access.timeout_ms = 600000; /* however slow this machine is just now */
    asker_open();
    assert_int_equal(asker_get_now(VMS, &asked[0]), NQ_OK);
    manager_run_until(at.manager, &asked[0].over);
    manager_fault(at.manager, "{\"path\":\"" VMS "\",\"hang\":true}");
    for (size_t i = 0; i < NQ_ASK_QUEUE_MAX + 4; i++) {
        asker_get(VMS, &asked[i]);
    }
    struct asked *refused = &asked[NQ_ASK_QUEUE_MAX + 3];
    asker_wait(refused);
    assert_int_equal(refused->code, NQ_NSX_BUSY);
    assert_int_equal(asked[1].calls, 0);
    for (size_t i = 0; i < NQ_ASK_QUEUE_MAX + 4; i++) {
        (void)nq_ask_cancel(asked[i].ask);
    }
    assert_int_equal(nq_asker_backlog(at.asker), 0);
}

static void a_question_that_is_never_sent_ends_all_the_same(void **state)
{
    (void)state;
    struct asked hung;
    struct asked waits;
    at.access.concurrency = 1;
    asker_open();
    manager_fault(at.manager, "{\"path\":\"" VMS "\",\"hold\":true,\"times\":1}");
    asker_get(VMS, &hung);
    asker_get(VMS, &waits);
    free(manager_get(at.manager, "/sim/held?count=1"));
    manager_skip(at.manager, NQ_ASK_WAIT_MAX_MS);
    assert_true(waits.over);
    assert_int_equal(waits.code, NQ_NSX_TIMEOUT);
    assert_non_null(strstr(waits.detail, "1 others are under way"));
    assert_false(hung.over);
    manager_post(at.manager, "/sim/release", "{\"all\":true}");
    asker_wait(&hung);
    assert_int_equal(hung.code, NQ_OK);
}

/* ---- what is shown ---------------------------------------------------------------------- */

static void the_status_tells_what_happened(void **state)
{
    (void)state;
    struct asked asked;
    asker_open();
    assert_string_equal(asker_status().url, manager_url(at.manager));
    assert_string_equal(asker_status().version, "");
    assert_int_equal(asker_status().state, NQ_MANAGER_DEGRADED);
    manager_fault(at.manager, "{\"path\":\"" VMS "\",\"delay_ms\":50}");
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    assert_int_equal(asker_get_now("/api/v1/nothing", &asked), NQ_NSX_NOT_FOUND);
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    const struct nq_manager_status status = asker_status();
    assert_int_equal(status.state, NQ_MANAGER_UP);
    assert_string_equal(status.version, "4.1.2.0.0.22589037");
    assert_int_equal(status.requests, 5); /* one for the version */
    assert_int_equal(status.errors, 1);
    assert_int_equal(status.retries, 0);
    assert_int_equal(status.in_flight, 0);
    assert_int_equal(status.queue, 0);
    assert_in_range(status.latency_ms, 20, 5000);
    assert_true(status.last_ok_ms > 0);
    assert_int_equal(status.last_error->code, NQ_NSX_NOT_FOUND);
    assert_int_equal(manager_requests(at.manager, "GET", VERSION), 1);
}

static size_t warnings;

static void count_warnings(void *arg, enum nq_log_level level, const char *line)
{
    (void)arg;
    (void)level;
    warnings += strstr(line, "Deprecated API") != NULL;
}

static void a_warning_of_nsx_is_logged_once(void **state)
{
    (void)state;
    struct asked asked;
    warnings = 0;
    nq_log_to(count_warnings, NULL);
    manager_fault(at.manager,
                  "{\"path\":\"" VMS "\",\"status\":200,\"body\":\"{}\",\"headers\":"
                  "{\"Warning\":\"299 - \\\"Deprecated API\\\"\"}}");
    asker_open();
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    assert_int_equal(warnings, 1);
}

#define BASIC(test) cmocka_unit_test_setup_teardown(test, begin, asker_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BASIC(a_new_certificate_is_judged_and_its_end_shown),
        BASIC(a_pause_that_nsx_asks_for_is_kept_and_the_others_wait),
        BASIC(without_retry_after_the_pause_is_short_at_first),
        BASIC(nobody_waits_for_ever_for_the_end_of_a_pause),
        BASIC(a_storm_stays_below_the_rate_that_nsx_allows),
        BASIC(what_waits_is_sent_in_order),
        BASIC(a_tag_goes_before_what_is_only_read),
        BASIC(a_full_queue_refuses_but_not_before_the_start_returns),
        BASIC(a_question_that_is_never_sent_ends_all_the_same),
        BASIC(the_status_tells_what_happened),
        BASIC(a_warning_of_nsx_is_logged_once),
    };
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
