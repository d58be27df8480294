/* SPDX-License-Identifier: Apache-2.0 */
/* Many changes of the tag at once: tag operations, what becomes of each VM in one, and
 * what is done where a manager lacks one of the two ways to write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "world_site.h"

#define ADD VMS "?action=add_tags"

static size_t puts_seen(void)
{
    return manager_requests(site.sim, "PUT", OPERATIONS);
}

static size_t adds_seen(void)
{
    return manager_requests(site.sim, "POST", ADD);
}

static size_t polls_seen(void)
{
    return manager_requests(site.sim, "GET", OPERATIONS);
}

static void expect_tag(const char *id, bool present)
{
    struct site_reply seen;
    (void)site_start_read(id, &seen);
    site_expect_good(&seen);
    assert_int_equal(seen.vm_count, 1);
    assert_int_equal(strstr(seen.vms, " tagged") != NULL, present);
}

/* Adds the tag to the VMs of one turn of the loop. */
static void start_adds(const char *const *ids, size_t count, struct site_reply *seen)
{
    for (size_t i = 0; i < count; i++) {
        (void)site_start_change(NQ_TAG_ADD, ids[i], &seen[i]);
    }
}

static const char *const three[] = {VDI_01, VDI_02, VDI_03};

static void expect_all(struct site_reply seen[3], enum nq_code code)
{
    for (size_t i = 0; i < 3; i++) {
        if (code == NQ_OK) {
            site_expect_good(&seen[i]);
        } else {
            site_expect_failure(&seen[i], code);
        }
    }
}

/* ---- gathering ---------------------------------------------------------------------------- */

static void changes_of_one_turn_share_one_operation(void **state)
{
    (void)state;
    struct site_reply seen[3];
    site_open();
    start_adds(three, 3, seen);
    expect_all(seen, NQ_OK);
    assert_int_equal(puts_seen(), 1);
    assert_in_range(polls_seen(), 1, 4);
    assert_int_equal(adds_seen(), 0);
    for (size_t i = 0; i < 3; i++) {
        expect_tag(three[i], true);
    }
    for (size_t i = 0; i < 3; i++) {
        (void)site_start_change(NQ_TAG_REMOVE, three[i], &seen[i]);
    }
    expect_all(seen, NQ_OK);
    assert_int_equal(puts_seen(), 2);
    expect_tag(VDI_02, false);
}

static void a_second_operation_is_looked_at_when_the_first_one_was_done(void **state)
{
    (void)state;
    struct site_reply seen[3];
    site.sim = manager_free(site.sim);
    site.sim =
        manager_new_with("tests/data/sim/vdi.json", "{\"tag_operation_delay_ms\":500}");
    site_set_text(site.url, sizeof(site.url), manager_url(site.sim));
    site_open();
    start_adds(three, 3, seen);
    expect_all(seen, NQ_OK);
    assert_in_range(polls_seen(), 2, 3); /* at 0.1, 0.3 and 0.7 s */
    manager_forget(site.sim);
    start_adds(three, 3, seen);
    expect_all(seen, NQ_OK);
    assert_in_range(polls_seen(), 1, 2); /* at 0.525 s, three quarters of that */
}

static void an_operation_has_an_id_of_its_own(void **state)
{
    (void)state;
    struct site_reply seen[3];
    site_open();
    for (int i = 0; i < 2; i++) {
        start_adds(three, 3, seen);
        expect_all(seen, NQ_OK);
    }
    char *journal = manager_get(site.sim, "/sim/journal");
    const char *first = strstr(journal, OPERATIONS "nsx-quarantine-");
    assert_non_null(first);
    first += strlen(OPERATIONS);
    char id[64];
    (void)snprintf(id, sizeof(id), "%.51s", first);
    const char *last = first;
    for (const char *at = first; (at = strstr(at, OPERATIONS)) != NULL;) {
        at += strlen(OPERATIONS);
        last = at;
    }
    assert_int_not_equal(strncmp(last, id, 51), 0);
    free(journal);
}

static void each_vm_of_an_operation_has_its_own_end(void **state)
{
    (void)state;
    static const char *const ids[] = {VDI_01, NO_VM, VDI_02};
    struct site_reply seen[3];
    site_open();
    start_adds(ids, 3, seen);
    site_expect_good(&seen[0]);
    site_expect_failure(&seen[1], NQ_NSX_NOT_FOUND); /* the single call tells */
    site_expect_good(&seen[2]);
    expect_tag(VDI_02, true);
    assert_int_equal(puts_seen(), 1);
}

static void changes_of_one_vm_keep_their_order_and_never_share(void **state)
{
    (void)state;
    struct site_reply seen[5];
    site_open();
    (void)site_start_change(NQ_TAG_ADD, VDI_01, &seen[0]);
    (void)site_start_change(NQ_TAG_REMOVE, VDI_01, &seen[1]);
    (void)site_start_change(NQ_TAG_ADD, VDI_02, &seen[2]);
    (void)site_start_change(NQ_TAG_ADD, VDI_02, &seen[3]);
    (void)site_start_change(NQ_TAG_REMOVE, VDI_03, &seen[4]);
    for (size_t i = 0; i < 5; i++) {
        site_expect_good(&seen[i]);
    }
    expect_tag(VDI_01, false);
    expect_tag(VDI_02, true);
    assert_int_equal(puts_seen(), 1); /* the two first additions; the rest was alone */
}

static void what_waits_can_be_given_up_one_by_one(void **state)
{
    (void)state;
    struct site_reply seen[3];
    struct nq_call *calls[3];
    site_open();
    for (size_t i = 0; i < 3; i++) {
        calls[i] = site_start_change(NQ_TAG_ADD, three[i], &seen[i]);
    }
    site.backend->ops->cancel(site.backend, calls[1]);
    site_expect_good(&seen[0]);
    site_expect_good(&seen[2]);
    assert_int_equal(seen[1].calls, 0);
    expect_tag(VDI_02, false);
}

static void what_was_given_to_nsx_keeps_its_place_before_the_next_change(void **state)
{
    (void)state;
    struct site_reply seen[2];
    site_open();
    manager_fault(site.sim, "{\"path\":\"" ADD "\",\"hold\":true,\"times\":1}");
    struct nq_call *call = site_start_change(NQ_TAG_ADD, VDI_01, &seen[0]);
    free(manager_get(site.sim, "/sim/held?count=1"));
    site.backend->ops->cancel(site.backend, call);
    (void)site_start_change(NQ_TAG_REMOVE, VDI_01, &seen[1]);
    manager_post(site.sim, "/sim/release", "{}");
    site_expect_good(&seen[1]);
    assert_int_equal(seen[0].calls, 0);
    expect_tag(VDI_01, false);
}

/* ---- one of the two ways is missing --------------------------------------------------------- */

static void without_operations_each_vm_has_its_own_call(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "\"status\":404", "\"status\":403", "\"status\":405",
        "\"status\":400,\"body\":{\"error_code\":500012}"};
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct site_reply seen[3];
        char fault[128];
        (void)snprintf(fault, sizeof(fault), "{\"path\":\"" OPERATIONS "\",%s}",
                       answers[i]);
        manager_fault(site.sim, fault);
        site_open();
        for (int round = 0; round < 2; round++) {
            start_adds(three, 3, seen);
            expect_all(seen, NQ_OK);
        }
        assert_int_equal(puts_seen(), 1);
        assert_int_equal(adds_seen(), 6);
        site.ahead_ms = 3600001; /* the manager may have been upgraded */
        start_adds(three, 3, seen);
        expect_all(seen, NQ_OK);
        assert_int_equal(puts_seen(), 2);
        assert_int_equal(site_end(state) + site_begin(state), 0);
    }
}

static void without_single_calls_one_vm_is_an_operation_too(void **state)
{
    (void)state;
    struct site_reply seen;
    manager_fault(site.sim, "{\"method\":\"POST\",\"path\":\"" VMS "\",\"status\":404}");
    site_open();
    site_change(NQ_TAG_ADD, VDI_01);
    site_change(NQ_TAG_ADD, VDI_02);
    expect_tag(VDI_02, true);
    assert_int_equal(adds_seen(), 1);
    assert_int_equal(puts_seen(), 2);
    (void)site_start_change(NQ_TAG_ADD, NO_VM, &seen);
    site_expect_failure(&seen, NQ_NSX_REJECTED);
}

static void without_any_way_the_call_fails_as_it_was_refused(void **state)
{
    (void)state;
    struct site_reply seen;
    manager_fault(site.sim, "[{\"method\":\"POST\",\"path\":\"" VMS "\",\"status\":404},"
                            "{\"path\":\"" OPERATIONS "\",\"status\":404}]");
    site_open();
    for (int i = 0; i < 2; i++) {
        (void)site_start_change(NQ_TAG_ADD, VDI_01, &seen);
        site_expect_failure(&seen, NQ_NSX_NOT_FOUND);
    }
    assert_int_equal(puts_seen(), 1);
}

static void a_right_that_is_denied_is_not_sought_by_another_way(void **state)
{
    (void)state;
    struct site_reply seen;
    manager_fault(site.sim, "{\"method\":\"POST\",\"path\":\"" VMS "\",\"status\":403}");
    site_open();
    (void)site_start_change(NQ_TAG_ADD, VDI_01, &seen);
    site_expect_failure(&seen, NQ_NSX_FORBIDDEN);
    assert_int_equal(puts_seen(), 0);
}

static void a_vm_that_is_gone_costs_no_operation_once_single_calls_work(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_change(NQ_TAG_ADD, VDI_01);
    (void)site_start_change(NQ_TAG_ADD, NO_VM, &seen);
    site_expect_failure(&seen, NQ_NSX_NOT_FOUND);
    assert_int_equal(puts_seen(), 0);
}

/* ---- trouble ------------------------------------------------------------------------------ */

static void a_lost_answer_is_settled_by_the_status_of_the_operation(void **state)
{
    (void)state;
    struct site_reply seen[3];
    site_open();
    manager_fault(site.sim, "{\"method\":\"PUT\",\"drop_after_apply\":true,\"times\":1}");
    start_adds(three, 3, seen);
    expect_all(seen, NQ_OK);
    assert_int_equal(puts_seen(), 1);
}

static void an_operation_that_nsx_never_got_is_not_sent_again(void **state)
{
    (void)state;
    struct site_reply seen[3];
    site_open();
    manager_fault(site.sim, "{\"method\":\"PUT\",\"reset\":true,\"times\":1}");
    start_adds(three, 3, seen);
    expect_all(seen, NQ_NSX_UNREACHABLE);
    assert_int_equal(puts_seen(), 1);
    assert_int_equal(adds_seen(), 0);
    assert_int_equal(polls_seen(), 1);
}

static void an_id_in_use_is_replaced_once(void **state)
{
    (void)state;
    struct site_reply seen[3];
    site_open();
    manager_fault(site.sim, "{\"method\":\"PUT\",\"status\":409,\"times\":1}");
    start_adds(three, 3, seen);
    expect_all(seen, NQ_OK);
    assert_int_equal(puts_seen(), 2);
    manager_fault(site.sim, "{\"method\":\"PUT\",\"status\":412}");
    start_adds(three, 3, seen);
    expect_all(seen, NQ_NSX_SERVER);
    assert_int_equal(puts_seen(), 4);
}

static void a_refused_operation_is_no_verdict_on_its_vms(void **state)
{
    (void)state;
    struct site_reply seen[3];
    site_open();
    manager_fault(site.sim, "{\"method\":\"PUT\",\"status\":400,\"body\":"
                            "{\"error_code\":287,\"error_message\":\"too many\"}}");
    start_adds(three, 3, seen);
    expect_all(seen, NQ_OK);
    assert_int_equal(puts_seen(), 1);
    assert_int_equal(adds_seen(), 3);
}

static void a_busy_manager_fails_the_changes_for_now(void **state)
{
    (void)state;
    struct site_reply seen[3];
    site_open();
    manager_fault(site.sim, "{\"method\":\"PUT\",\"status\":500,\"body\":"
                            "{\"error_code\":607},\"times\":1}");
    start_adds(three, 3, seen);
    expect_all(seen, NQ_NSX_SERVER);
    assert_int_equal(puts_seen() + adds_seen(), 1);
}

#define STATUS_OF(word) "{\"status\":\"" word "\",\"path\":\"/x\",\"tag\":{}"
#define VERDICT(id, word, details)                                                       \
    "{\"resource_id\":\"" id "\",\"tag_status\":\"" word "\",\"details\":\"" details "\"}"

static void answer_status(const char *body)
{
    char *fault = nq_sprintf("{\"method\":\"GET\",\"path\":\"" OPERATIONS
                             "\",\"status\":200,\"body\":%s}",
                             body);
    manager_fault(site.sim, fault);
    free(fault);
}

static void a_vm_that_the_status_does_not_name_is_of_unknown_outcome(void **state)
{
    (void)state;
    struct site_reply seen[3];
    site_open();
    answer_status(STATUS_OF("Error") ",\"apply_to\":[{\"resource_tag_status\":[" VERDICT(
        VDI_01, "Success",
        "") "," VERDICT("other", "Error",
                        "") "," VERDICT(VDI_03, "Error", "max tags limit exceeded") "]}"
                                                                                    "]}");
    start_adds(three, 3, seen);
    site_expect_good(&seen[0]);
    site_expect_failure(&seen[1], NQ_NSX_TIMEOUT);
    site_expect_good(&seen[2]); /* alone it went */
}

static void a_vm_refused_in_an_operation_and_alone_is_told_why(void **state)
{
    (void)state;
    struct site_reply seen[3];
    site_open();
    answer_status(STATUS_OF("Error") ",\"apply_to\":[{\"resource_tag_status\":[" VERDICT(
        VDI_01, "Success", "") "," VERDICT(VDI_02, "Success",
                                           "") "," VERDICT(VDI_03, "Error", "no") "]}]}");
    manager_fault(site.sim,
                  "{\"method\":\"POST\",\"query\":\"action=add_tags\",\"status\":400,"
                  "\"body\":{\"error_code\":610717,"
                  "\"error_message\":\"max tags limit exceeded\"}}");
    start_adds(three, 3, seen);
    site_expect_good(&seen[0]);
    site_expect_good(&seen[1]);
    site_expect_failure(&seen[2], NQ_NSX_REJECTED);
    assert_non_null(strstr(seen[2].detail, "max tags limit exceeded"));
}

static void an_operation_that_never_ends_ends_at_its_deadline(void **state)
{
    (void)state;
    struct site_reply seen[3];
    site.manager.access.timeout_ms = 200;
    site_open();
    answer_status(STATUS_OF("Running") "}");
    start_adds(three, 3, seen);
    expect_all(seen, NQ_NSX_TIMEOUT);
    assert_non_null(strstr(seen[0].detail, "not finished"));
    assert_in_range(polls_seen(), 3, 6); /* at 0.1, 0.3, 0.7, 1.5 and 1.6 s */
}

static void a_status_that_cannot_be_read_leaves_the_outcome_unknown(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        enum nq_code code;
    } rows[] = {
        {"\"status\":404", NQ_NSX_TIMEOUT},
        {"\"status\":403", NQ_NSX_TIMEOUT},
        {"\"html\":true", NQ_NSX_ANSWER},
        {"\"status\":200,\"body\":{\"status\":\"Odd\"}", NQ_NSX_ANSWER},
        {"\"status\":500", NQ_NSX_SERVER},
    };
    site_open();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct site_reply seen[3];
        char fault[256];
        (void)snprintf(fault, sizeof(fault),
                       "{\"method\":\"GET\",\"path\":\"" OPERATIONS "\",\"times\":1,%s}",
                       rows[i].fault);
        manager_fault(site.sim, fault);
        start_adds(three, 3, seen);
        expect_all(seen, rows[i].code);
        assert_int_equal(puts_seen(), i + 1);
    }
    assert_int_equal(adds_seen(), 0);
}

static void closing_in_the_middle_of_an_operation_is_silent(void **state)
{
    (void)state;
    struct site_reply seen[3];
    site_open();
    manager_fault(site.sim, "{\"method\":\"PUT\",\"hold\":true}");
    start_adds(three, 3, seen);
    free(manager_get(site.sim, "/sim/held?count=1"));
    site.backend = nq_backend_close(site.backend);
    manager_post(site.sim, "/sim/release", "{}");
    assert_int_equal(seen[0].calls + seen[1].calls + seen[2].calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(changes_of_one_turn_share_one_operation),
        SITE_TEST(a_second_operation_is_looked_at_when_the_first_one_was_done),
        SITE_TEST(an_operation_has_an_id_of_its_own),
        SITE_TEST(each_vm_of_an_operation_has_its_own_end),
        SITE_TEST(changes_of_one_vm_keep_their_order_and_never_share),
        SITE_TEST(what_waits_can_be_given_up_one_by_one),
        SITE_TEST(what_was_given_to_nsx_keeps_its_place_before_the_next_change),
        SITE_TEST(without_operations_each_vm_has_its_own_call),
        SITE_TEST(without_single_calls_one_vm_is_an_operation_too),
        SITE_TEST(without_any_way_the_call_fails_as_it_was_refused),
        SITE_TEST(a_right_that_is_denied_is_not_sought_by_another_way),
        SITE_TEST(a_vm_that_is_gone_costs_no_operation_once_single_calls_work),
        SITE_TEST(a_lost_answer_is_settled_by_the_status_of_the_operation),
        SITE_TEST(an_operation_that_nsx_never_got_is_not_sent_again),
        SITE_TEST(an_id_in_use_is_replaced_once),
        SITE_TEST(a_refused_operation_is_no_verdict_on_its_vms),
        SITE_TEST(a_busy_manager_fails_the_changes_for_now),
        SITE_TEST(a_vm_that_the_status_does_not_name_is_of_unknown_outcome),
        SITE_TEST(a_vm_refused_in_an_operation_and_alone_is_told_why),
        SITE_TEST(an_operation_that_never_ends_ends_at_its_deadline),
        SITE_TEST(a_status_that_cannot_be_read_leaves_the_outcome_unknown),
        SITE_TEST(closing_in_the_middle_of_an_operation_is_silent),
    };
    nq_log_level(NQ_LOG_ERROR); /* what the sync reports is not under test */
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
