/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of the tag that are cancelled, as an engine that is stopped does: what has not
 * left must never leave, and what has keeps its place before the next change of the VM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "nsx/tags.h"
#include "world_site.h"

#define ADD    VMS "?action=add_tags"
#define REMOVE VMS "?action=remove_tags"
#define TAGS   "/api/2.0/services/securitytags/tag"

static void cancel(struct nq_call *call)
{
    site.backend->ops->cancel(site.backend, call);
}

/* Reads what NSX has now, and turns the loop until then. */
static void expect_tag(const char *id, bool present)
{
    struct site_reply seen;
    (void)site_start_read(id, &seen);
    site_expect_good(&seen);
    assert_int_equal((seen.tags & NQ_TAGS_OURS) != 0, present);
}

/* With a manager that answers one question at a time, and that one not yet. */
static void open_busy(const char *held, struct site_reply *reading, const char *id)
{
    struct site_reply known;
    char fault[128];
    site.manager.access.concurrency = 1;
    site_open();
    site_find("vdi-01", NULL, &known);
    (void)snprintf(fault, sizeof(fault), "{\"path\":\"%s\",\"hold\":true,\"times\":1}",
                   held);
    manager_fault(site.sim, fault);
    (void)site_start_read(id, reading);
    free(manager_get(site.sim, "/sim/held?count=1"));
}

static void let_go(struct site_reply *reading)
{
    manager_post(site.sim, "/sim/release", "{}");
    site_expect_good(reading);
}

static size_t all_writes(void)
{
    return manager_requests(site.sim, "POST", "") +
           manager_requests(site.sim, "PUT", "") +
           manager_requests(site.sim, "DELETE", "");
}

/* ---- NSX ------------------------------------------------------------------------------ */

static void a_change_that_waits_to_be_sent_is_never_sent(void **state)
{
    (void)state;
    struct site_reply reading;
    struct site_reply seen;
    open_busy(ONE_VM, &reading, VDI_03);
    struct nq_call *call = site_start_change(NQ_TAG_ADD, VDI_01, &seen);
    (void)all_writes(); /* turns the loop: it was given to who sends it */
    cancel(call);
    let_go(&reading);
    expect_tag(VDI_01, false);
    assert_int_equal(all_writes(), 0);
    assert_int_equal(seen.calls, 0);
}

static void all_of_an_operation_that_waits_may_be_cancelled(void **state)
{
    (void)state;
    static const char *const ids[] = {VDI_01, VDI_02, VDI_03};
    struct site_reply reading;
    struct site_reply seen[3];
    struct nq_call *calls[3];
    open_busy(ONE_VM, &reading, VDI_03);
    for (size_t i = 0; i < 3; i++) {
        calls[i] = site_start_change(NQ_TAG_ADD, ids[i], &seen[i]);
    }
    (void)all_writes();
    for (size_t i = 0; i < 3; i++) {
        cancel(calls[i]);
    }
    let_go(&reading);
    for (size_t i = 0; i < 3; i++) {
        expect_tag(ids[i], false);
        assert_int_equal(seen[i].calls, 0);
    }
    assert_int_equal(all_writes(), 0);
}

static void
who_shared_an_operation_that_is_taken_back_is_sent_without_the_other(void **state)
{
    (void)state;
    static const char *const ids[] = {VDI_01, VDI_02, VDI_03};
    struct site_reply reading;
    struct site_reply seen[3];
    struct nq_call *calls[3];
    open_busy(ONE_VM, &reading, VDI_03);
    for (size_t i = 0; i < 3; i++) {
        calls[i] = site_start_change(NQ_TAG_ADD, ids[i], &seen[i]);
    }
    (void)all_writes();
    cancel(calls[1]);
    let_go(&reading);
    site_expect_good(&seen[0]);
    site_expect_good(&seen[2]);
    expect_tag(VDI_01, true);
    expect_tag(VDI_02, false);
    expect_tag(VDI_03, true);
    assert_int_equal(seen[1].calls, 0);
}

static void the_next_change_of_the_vm_goes_on_after_one_that_was_taken_back(void **state)
{
    (void)state;
    struct site_reply reading;
    struct site_reply seen[2];
    open_busy(ONE_VM, &reading, VDI_03);
    struct nq_call *call = site_start_change(NQ_TAG_REMOVE, VDI_01, &seen[0]);
    (void)site_start_change(NQ_TAG_ADD, VDI_01, &seen[1]);
    (void)all_writes();
    cancel(call);
    let_go(&reading);
    site_expect_good(&seen[1]);
    expect_tag(VDI_01, true);
    assert_int_equal(manager_requests(site.sim, "POST", REMOVE), 0);
    assert_int_equal(seen[0].calls, 0);
}

/* Cancelled when it has left; the refusal means that it may be sent in some other way. */
static void expect_not_sent_again(const char *answer)
{
    struct site_reply seen[2];
    struct site_reply known;
    char fault[256];
    site_open();
    site_find("vdi-01", NULL, &known);
    (void)snprintf(fault, sizeof(fault),
                   "{\"path\":\"" ADD "\",\"delay_ms\":200,\"times\":1,%s}", answer);
    manager_fault(site.sim, fault);
    struct nq_call *call = site_start_change(NQ_TAG_ADD, VDI_01, &seen[0]);
    while (manager_requests(site.sim, "POST", ADD) == 0) {
    }
    cancel(call);
    (void)site_start_change(NQ_TAG_REMOVE, VDI_01, &seen[1]);
    site_expect_good(&seen[1]);
    assert_int_equal(manager_requests(site.sim, "POST", ADD), 1);
    assert_int_equal(manager_requests(site.sim, "PUT", OPERATIONS), 0);
    assert_int_equal(seen[0].calls, 0);
}

static void what_has_left_is_not_tried_in_another_way(void **state)
{
    (void)state;
    expect_not_sent_again("\"status\":404");
}

static void what_has_left_is_not_sent_again_after_a_new_login(void **state)
{
    (void)state;
    site.manager.access.auth = NQ_AUTH_SESSION;
    expect_not_sent_again("\"status\":403,\"body\":{\"error_code\":\"98\"}");
}

static void an_operation_that_has_left_is_not_put_under_another_id(void **state)
{
    (void)state;
    struct site_reply seen[3];
    struct nq_call *calls[2];
    site_open();
    manager_fault(site.sim, "{\"path\":\"" OPERATIONS "\",\"delay_ms\":200,\"times\":1,"
                            "\"status\":409}");
    calls[0] = site_start_change(NQ_TAG_ADD, VDI_01, &seen[0]);
    calls[1] = site_start_change(NQ_TAG_ADD, VDI_02, &seen[1]);
    while (manager_requests(site.sim, "PUT", OPERATIONS) == 0) {
    }
    cancel(calls[0]);
    cancel(calls[1]);
    (void)site_start_change(NQ_TAG_REMOVE, VDI_01, &seen[2]);
    site_expect_good(&seen[2]);
    assert_int_equal(manager_requests(site.sim, "PUT", OPERATIONS), 1);
    assert_int_equal(manager_requests(site.sim, "POST", ADD), 0);
}

/* ---- NSX for vSphere -------------------------------------------------------------------- */

static size_t vsphere_writes(void)
{
    return manager_requests(site.sim, "PUT", TAGS) +
           manager_requests(site.sim, "DELETE", TAGS) +
           manager_requests(site.sim, "POST", TAGS);
}

static void a_change_that_waits_to_be_sent_is_never_sent_by_vsphere(void **state)
{
    (void)state;
    struct site_reply reading;
    struct site_reply seen[2];
    struct nq_call *calls[2];
    open_busy("/api/2.0/services/securitytags/vm/", &reading, "vm-103");
    calls[0] = site_start_change(NQ_TAG_ADD, "vm-101", &seen[0]); /* its turn */
    calls[1] = site_start_change(NQ_TAG_ADD, "vm-102", &seen[1]); /* queued behind it */
    (void)vsphere_writes();
    cancel(calls[0]);
    cancel(calls[1]);
    let_go(&reading);
    expect_tag("vm-101", false);
    expect_tag("vm-102", false);
    assert_int_equal(vsphere_writes(), 0);
    assert_int_equal(seen[0].calls + seen[1].calls, 0);
}

static void what_has_left_keeps_its_turn_with_vsphere(void **state)
{
    (void)state;
    struct site_reply seen[2];
    struct site_reply known;
    site_open();
    site_find("vdi-01", NULL, &known);
    manager_fault(site.sim, "{\"method\":\"PUT\",\"hold\":true,\"times\":1}");
    struct nq_call *call = site_start_change(NQ_TAG_ADD, "vm-101", &seen[0]);
    free(manager_get(site.sim, "/sim/held?count=1"));
    cancel(call);
    (void)site_start_change(NQ_TAG_REMOVE, "vm-101", &seen[1]);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(manager_requests(site.sim, "DELETE", TAGS), 0);
    }
    manager_post(site.sim, "/sim/release", "{}");
    site_expect_good(&seen[1]);
    expect_tag("vm-101", false);
    assert_int_equal(manager_changes(site.sim), 2);
    assert_int_equal(seen[0].calls, 0);
}

/* It was cancelled when the tag itself was being made. */
static void a_tag_that_is_made_for_nobody_is_put_on_no_vm(void **state)
{
    (void)state;
    struct site_reply seen;
    struct site_reply known;
    site_open();
    site_set_text(site.value, sizeof(site.value), "new");
    site_find("vdi-01", NULL, &known);
    manager_fault(site.sim, "{\"method\":\"POST\",\"hold\":true,\"times\":1}");
    struct nq_call *call = site_start_change(NQ_TAG_ADD, "vm-101", &seen);
    free(manager_get(site.sim, "/sim/held?count=1"));
    cancel(call);
    manager_post(site.sim, "/sim/release", "{}");
    site_change(NQ_TAG_ADD, "vm-102");
    expect_tag("vm-101", false);
    assert_int_equal(manager_requests(site.sim, "POST", TAGS), 1);
    assert_int_equal(manager_requests(site.sim, "PUT", TAGS), 1);
}

static void closing_gives_up_what_was_cancelled_too(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    manager_fault(site.sim, "{\"method\":\"PUT\",\"hold\":true,\"times\":1}");
    struct nq_call *call = site_start_change(NQ_TAG_ADD, "vm-101", &seen);
    free(manager_get(site.sim, "/sim/held?count=1"));
    cancel(call);
    site.backend = nq_backend_close(site.backend);
    assert_int_equal(seen.calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(a_change_that_waits_to_be_sent_is_never_sent),
        SITE_TEST(all_of_an_operation_that_waits_may_be_cancelled),
        SITE_TEST(who_shared_an_operation_that_is_taken_back_is_sent_without_the_other),
        SITE_TEST(the_next_change_of_the_vm_goes_on_after_one_that_was_taken_back),
        SITE_TEST(what_has_left_is_not_tried_in_another_way),
        SITE_TEST(what_has_left_is_not_sent_again_after_a_new_login),
        SITE_TEST(an_operation_that_has_left_is_not_put_under_another_id),
        VSPHERE_TEST(a_change_that_waits_to_be_sent_is_never_sent_by_vsphere),
        VSPHERE_TEST(what_has_left_keeps_its_turn_with_vsphere),
        VSPHERE_TEST(a_tag_that_is_made_for_nobody_is_put_on_no_vm),
        VSPHERE_TEST(closing_gives_up_what_was_cancelled_too),
    };
    nq_log_level(NQ_LOG_ERROR); /* what the sync reports is not under test */
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
