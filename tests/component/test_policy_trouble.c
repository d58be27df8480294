/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong between the policy backend and its manager, and how calls end then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "nsx/policy/policy.h"
#include "world_site.h"

static void a_wrong_password_costs_one_request(void **state)
{
    (void)state;
    struct site_reply seen[6];
    manager_write_file("password", "wrong\n");
    site_open();
    (void)site_start_find("vdi-01", NULL, &seen[0]);
    (void)site_start_read(VDI_01, &seen[1]);
    (void)site_start_change(NQ_TAG_ADD, VDI_01, &seen[2]);
    (void)site_start_prove(VDI_01, &seen[3]);
    (void)site_start_groups(&seen[4]);
    for (size_t i = 0; i < 5; i++) {
        site_expect_failure(&seen[i], NQ_NSX_AUTH);
    }
    (void)site_start_change(NQ_TAG_ADD, VDI_01, &seen[5]);
    site_expect_failure(&seen[5], NQ_NSX_AUTH);
    assert_non_null(strstr(seen[5].detail, "no request until 20"));
    assert_non_null(strstr(seen[5].detail, "HTTP 401"));
    assert_int_equal(manager_requests(site.sim, "GET", "") +
                         manager_requests(site.sim, "POST", ""),
                     1);
    site_expect_state(NQ_MANAGER_AUTH_FAILED, NQ_NSX_AUTH);
}

static void after_the_pause_one_request_tries_again(void **state)
{
    (void)state;
    struct site_reply seen[5];
    site.manager.access.auth_pause_ms = 1;
    manager_fault(site.sim, "{\"status\":401,\"times\":1}");
    site_open();
    (void)site_start_find("vdi-01", NULL, &seen[0]);
    site_expect_failure(&seen[0], NQ_NSX_AUTH);
    manager_fault(site.sim,
                  "{\"path\":\"" VMS "?external_id\",\"hold\":true,\"times\":1}");
    const int64_t shut_ms = nq_mono_ms(&nq_system_clock);
    while (nq_mono_ms(&nq_system_clock) <= shut_ms + 1) {
    }
    for (size_t i = 1; i < 5; i++) {
        (void)site_start_read(VDI_01, &seen[i]);
    }
    free(manager_get(site.sim, "/sim/held?count=1"));
    assert_int_equal(manager_requests(site.sim, "GET", VMS "?external_id"), 1);
    manager_post(site.sim, "/sim/release", "{}");
    for (size_t i = 1; i < 5; i++) {
        site_expect_good(&seen[i]);
    }
    assert_int_equal(manager_requests(site.sim, "GET", VMS "?external_id"), 4);
}

static void a_refusal_recalls_what_was_not_sent_yet(void **state)
{
    (void)state;
    struct site_reply seen[4];
    site.manager.access.concurrency = 2;
    site_open();
    site_find("vdi-01", NULL, &seen[0]);
    manager_forget(site.sim);
    manager_fault(site.sim, "{\"path\":\"" VMS "?external_id\",\"status\":401}");
    for (size_t i = 0; i < 4; i++) {
        (void)site_start_read(VDI_01, &seen[i]);
    }
    for (size_t i = 0; i < 4; i++) {
        site_expect_failure(&seen[i], NQ_NSX_AUTH);
    }
    assert_in_range(manager_requests(site.sim, "GET", VMS), 1, 2);
}

static void trouble_on_the_way_to_the_login_is_shared_by_who_wait(void **state)
{
    (void)state;
    struct site_reply seen[5];
    manager_fault(site.sim, "{\"status\":503}");
    site_open();
    (void)site_start_find("vdi-01", NULL, &seen[0]);
    for (size_t i = 1; i < 5; i++) {
        (void)site_start_read(VDI_01, &seen[i]);
    }
    for (size_t i = 0; i < 5; i++) {
        site_expect_failure(&seen[i], NQ_NSX_BUSY);
    }
    assert_in_range(manager_requests(site.sim, "GET", ""), 1, 2);
}

static void every_fault_has_its_code(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        enum nq_code code;
        enum nq_manager_state state;
        const char *detail;
    } rows[] = {
        {"\"status\":403,\"body\":{\"error_code\":505,\"error_message\":\"licence\"}",
         NQ_NSX_FORBIDDEN, NQ_MANAGER_DEGRADED, "licence"},
        {"\"status\":403", NQ_NSX_FORBIDDEN, NQ_MANAGER_DEGRADED, "HTTP 403"},
        {"\"status\":404,\"body\":{\"error_code\":600}", NQ_NSX_NOT_FOUND, NQ_MANAGER_UP,
         "error 600"},
        {"\"status\":400,\"body\":{\"error_code\":500012}", NQ_NSX_NOT_FOUND,
         NQ_MANAGER_UP, "error 500012"},
        {"\"status\":400,\"body\":{\"error_code\":287,\"error_message\":\"bad\\nbody\"}",
         NQ_NSX_REJECTED, NQ_MANAGER_UP, "bad\\nbody"},
        {"\"status\":429,\"body\":{\"error_code\":\"102\",\"module_name\":"
         "\"common-services\",\"error_message\":\"rate\"}",
         NQ_NSX_BUSY, NQ_MANAGER_DEGRADED, "error 102 of common-services"},
        {"\"status\":500,\"body\":{\"error_code\":607}", NQ_NSX_SERVER,
         NQ_MANAGER_DEGRADED, "error 607"},
        {"\"status\":503,\"body\":\"<html>busy</html>\",\"content_type\":\"text/html\"",
         NQ_NSX_BUSY, NQ_MANAGER_DEGRADED, "HTTP 503"},
        {"\"status\":504", NQ_NSX_TIMEOUT, NQ_MANAGER_DOWN, "HTTP 504"},
        {"\"html\":true", NQ_NSX_ANSWER, NQ_MANAGER_DEGRADED, "HTML"},
        {"\"truncate\":20", NQ_NSX_ANSWER, NQ_MANAGER_DEGRADED, ""},
        {"\"status\":200,\"body\":\"{\\\"results\\\":[{\"", NQ_NSX_ANSWER,
         NQ_MANAGER_DEGRADED, "broken JSON"},
        {"\"status\":200,\"body\":{\"results\":[{}]}", NQ_NSX_ANSWER, NQ_MANAGER_DEGRADED,
         "no usable external_id"},
        {"\"status\":204", NQ_NSX_ANSWER, NQ_MANAGER_DEGRADED, "empty"},
        {"\"status\":302", NQ_NSX_ANSWER, NQ_MANAGER_DEGRADED, "HTTP 302"},
        {"\"reset\":true", NQ_NSX_UNREACHABLE, NQ_MANAGER_DOWN, ""},
        {"\"drop_after_apply\":true", NQ_NSX_UNREACHABLE, NQ_MANAGER_DOWN, ""},
    };
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    site_rest(); /* the state is that of the last answer, whoever has asked */
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char fault[512];
        /* Twice: libcurl repeats a GET once when a kept connection dies under it. */
        (void)snprintf(fault, sizeof(fault),
                       "{\"method\":\"GET\",\"path\":\"" VMS "?external_id=row-%zu&\","
                       "\"times\":2,%s}",
                       i, rows[i].fault);
        manager_fault(site.sim, fault);
        char id[16];
        (void)snprintf(id, sizeof(id), "row-%zu", i);
        (void)site_start_read(id, &seen);
        site_wait(&seen);
        if (seen.code != rows[i].code || !strstr(seen.detail, rows[i].detail) ||
            site_state_of(site.backend) != rows[i].state) {
            fail_msg("%s: %s, %s", rows[i].fault, nq_code_name(seen.code), seen.detail);
        }
        (void)site_start_read(VDI_01, &seen); /* and it is over with the fault */
        site_expect_good(&seen);
    }
}

static void both_refusals_of_the_login_shut_the_gate(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{\"error_code\":403}",
                                         "{\"error_code\":\"98\"}"};
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        char fault[128];
        struct site_reply seen;
        (void)snprintf(fault, sizeof(fault), "{\"status\":403,\"times\":1,\"body\":%s}",
                       bodies[i]);
        manager_fault(site.sim, fault);
        manager_forget(site.sim);
        site_open();
        (void)site_start_find("vdi-01", NULL, &seen);
        site_expect_failure(&seen, NQ_NSX_AUTH);
        (void)site_start_read(VDI_01, &seen);
        site_expect_failure(&seen, NQ_NSX_AUTH);
        assert_int_equal(manager_requests(site.sim, "GET", ""), 1);
        site.backend = nq_backend_close(site.backend);
    }
}

static void a_page_where_an_empty_answer_belongs_is_no_acknowledgement(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    manager_fault(site.sim, "{\"method\":\"POST\",\"html\":true,\"times\":1}");
    (void)site_start_change(NQ_TAG_ADD, VDI_01, &seen);
    site_expect_failure(&seen, NQ_NSX_ANSWER);
    site_find("vdi-01", NULL, &seen);
    assert_string_equal(seen.vms, VDI_01 " 1 REGULAR regular;");
}

static void a_manager_that_hangs_ends_each_call_at_its_deadline(void **state)
{
    (void)state;
    struct site_reply seen[5];
    site.manager.access.timeout_ms = 1000;
    site.manager.access.concurrency = 16;
    site_open();
    site_find("vdi-01", NULL, &seen[0]);
    manager_fault(site.sim, "[{\"path\":\"/api\",\"hang\":true},"
                            "{\"path\":\"/policy\",\"hang\":true}]");
    const int64_t begin_ms = nq_mono_ms(&nq_system_clock);
    (void)site_start_find("nobody", NULL, &seen[0]);
    (void)site_start_read(VDI_01, &seen[1]);
    (void)site_start_change(NQ_TAG_ADD, VDI_01, &seen[2]);
    (void)site_start_prove(VDI_01, &seen[3]);
    (void)site_start_groups(&seen[4]);
    for (size_t i = 0; i < 5; i++) {
        site_expect_failure(&seen[i], NQ_NSX_TIMEOUT);
    }
    assert_true(nq_mono_ms(&nq_system_clock) - begin_ms >= 1000);
    site_expect_state(NQ_MANAGER_DOWN, NQ_NSX_TIMEOUT);
}

static void a_manager_that_cannot_prove_itself_gets_no_password(void **state)
{
    (void)state;
    struct site_reply seen;
    site_set_text(site.ca_file, sizeof(site.ca_file), manager_file(MANAGER_OTHER_CA));
    site_open();
    (void)site_start_find("vdi-01", NULL, &seen);
    site_expect_failure(&seen, NQ_NSX_TLS);
    site_expect_state(NQ_MANAGER_DOWN, NQ_NSX_TLS);
    assert_int_equal(manager_requests(site.sim, "GET", ""), 0);
}

#define KINDS 7

static void start_one_of_each(struct site_reply seen[KINDS], struct nq_call *calls[KINDS])
{
    calls[0] = site_start_find("nobody", NULL, &seen[0]);
    calls[1] = site_start_read(VDI_01, &seen[1]);
    calls[2] = site_start_change(NQ_TAG_ADD, VDI_01, &seen[2]);
    calls[3] = site_start_prove(VDI_01, &seen[3]);
    calls[4] = site_start_groups(&seen[4]);
    calls[5] = site_start_tagged(&seen[5]);
    calls[6] = site_start_protector(VDI_01, &seen[6]);
}

static void nothing_is_heard_after_a_cancel(void **state)
{
    (void)state;
    struct site_reply seen[KINDS];
    struct site_reply other;
    struct nq_call *calls[KINDS];
    site.manager.access.concurrency = 16;
    site_protect_group(SITE_GROUPS "vdi");
    site_open();
    site_find("vdi-01", NULL, &other);
    start_one_of_each(seen, calls);
    for (size_t i = 0; i < KINDS; i++) { /* before anything was sent */
        site.backend->ops->cancel(site.backend, calls[i]);
    }
    manager_fault(site.sim, "[{\"path\":\"/api\",\"hold\":true},"
                            "{\"path\":\"/policy\",\"hold\":true}]");
    start_one_of_each(seen, calls);
    free(manager_get(site.sim, "/sim/held?count=7"));
    for (size_t i = 0; i < KINDS; i++) { /* in flight */
        site.backend->ops->cancel(site.backend, calls[i]);
    }
    manager_post(site.sim, "/sim/release", "{}");
    (void)site_start_find("vdi-01", NULL, &other);
    site_wait(&other);
    for (size_t i = 0; i < KINDS; i++) {
        assert_int_equal(seen[i].calls, 0);
    }
}

static void a_trial_that_is_cancelled_lets_the_next_one_try(void **state)
{
    (void)state;
    struct site_reply seen[3];
    struct nq_call *calls[2];
    manager_fault(site.sim, "{\"path\":\"" ALL_VMS "\",\"status\":500,\"times\":1}");
    site_open();
    (void)site_start_find("vdi-01", NULL, &seen[0]);
    site_expect_failure(&seen[0], NQ_NSX_SERVER); /* which proves nothing */
    manager_forget(site.sim);
    manager_fault(site.sim, "{\"path\":\"" VMS "\",\"hold\":true,\"times\":2}");
    calls[0] = site_start_read(VDI_01, &seen[0]);
    calls[1] = site_start_read(VDI_02, &seen[1]);
    (void)site_start_read(VDI_03, &seen[2]);
    free(manager_get(site.sim, "/sim/held?count=1"));
    site.backend->ops->cancel(site.backend, calls[0]);
    free(manager_get(site.sim, "/sim/journal?min_requests=2"));
    site.backend->ops->cancel(site.backend, calls[1]);
    site_expect_good(&seen[2]);
    assert_int_equal(seen[0].calls + seen[1].calls, 0);
}

static void nothing_is_heard_after_close(void **state)
{
    (void)state;
    struct site_reply seen[KINDS];
    struct nq_call *calls[KINDS];
    manager_fault(site.sim, "[{\"path\":\"/api\",\"hold\":true},"
                            "{\"path\":\"/policy\",\"hold\":true}]");
    site_protect_group(SITE_GROUPS "vdi");
    site_open();
    start_one_of_each(seen, calls);
    free(manager_get(site.sim, "/sim/held?count=1"));
    site.backend = nq_backend_close(site.backend);
    manager_post(site.sim, "/sim/release", "{}");
    for (size_t i = 0; i < KINDS; i++) {
        assert_int_equal(seen[i].calls, 0);
    }
    assert_null(nq_backend_close(NULL));
}

static size_t descriptors(void)
{
    size_t count = 0;
    DIR *list = opendir("/proc/self/fd");
    assert_non_null(list);
    while (readdir(list)) {
        count++;
    }
    (void)closedir(list);
    return count;
}

static void a_thousand_opens_and_closes_leak_no_descriptor(void **state)
{
    (void)state;
    struct site_reply seen;
    const size_t before = descriptors();
    for (int i = 0; i < 1000; i++) {
        site_open();
        (void)site_start_find("vdi-01", NULL, &seen);
        if (i % 100 == 0) { /* some with connections made, most in the middle of it */
            site_wait(&seen);
        } else {
            nq_loop_turn(manager_loop(site.sim));
        }
        site.backend = nq_backend_close(site.backend);
    }
    assert_int_equal(descriptors(), before);
}

static void what_cannot_be_opened_is_named(void **state)
{
    (void)state;
    struct nq_err err;
    const char *password = manager_file("password");
    struct nq_loop *loop = manager_loop(site.sim);
    assert_int_equal(chmod(password, 0644), 0);
    assert_null(nq_policy_open(&site.conf, 0, loop, &nq_system_clock, &err));
    assert_int_equal(err.code, NQ_SECRET_FILE);
    assert_int_equal(chmod(password, 0600), 0);

    site_set_text(site.ca_file, sizeof(site.ca_file), manager_file("none.pem"));
    assert_null(nq_policy_open(&site.conf, 0, loop, &nq_system_clock, &err));
    assert_int_equal(err.code, NQ_CONFIG_VALUE);
    assert_non_null(strstr(err.detail, "none.pem"));

    site_set_text(site.ca_file, sizeof(site.ca_file), manager_file("server.cnf"));
    assert_null(nq_policy_open(&site.conf, 0, loop, &nq_system_clock, &err));
    assert_non_null(strstr(err.detail, "no certificates"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(a_wrong_password_costs_one_request),
        SITE_TEST(after_the_pause_one_request_tries_again),
        SITE_TEST(a_refusal_recalls_what_was_not_sent_yet),
        SITE_TEST(trouble_on_the_way_to_the_login_is_shared_by_who_wait),
        SITE_TEST(every_fault_has_its_code),
        SITE_TEST(both_refusals_of_the_login_shut_the_gate),
        SITE_TEST(a_page_where_an_empty_answer_belongs_is_no_acknowledgement),
        SITE_TEST(a_manager_that_hangs_ends_each_call_at_its_deadline),
        SITE_TEST(a_manager_that_cannot_prove_itself_gets_no_password),
        SITE_TEST(nothing_is_heard_after_a_cancel),
        SITE_TEST(a_trial_that_is_cancelled_lets_the_next_one_try),
        SITE_TEST(nothing_is_heard_after_close),
        SITE_TEST(a_thousand_opens_and_closes_leak_no_descriptor),
        SITE_TEST(what_cannot_be_opened_is_named),
    };
    nq_log_level(NQ_LOG_ERROR); /* what the sync reports is not under test */
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
