/* SPDX-License-Identifier: Apache-2.0 */
/* Changing and reading the tag of VMs with NSX for vSphere, against the simulator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "world_site.h"

#define TAGS   "/api/2.0/services/securitytags/tag"
#define OF_VM  "/api/2.0/services/securitytags/vm/"
#define OBJECT "/api/2.0/services/inventory/"

static void expect_read(const char *id, const char *vms)
{
    struct site_reply seen;
    (void)site_start_read(id, &seen);
    site_expect_good(&seen);
    assert_string_equal(seen.vms, vms);
}

static void add_vm(const char *id, const char *name)
{
    char body[160];
    (void)snprintf(body, sizeof(body),
                   "{\"external_id\":\"%s\",\"display_name\":\"%s\","
                   "\"cluster\":\"domain-c7\"}",
                   id, name);
    manager_post(site.sim, "/sim/vms", body);
}

static void wait_for_inventory(void)
{
    struct site_reply seen;
    site_find("vdi-01", NULL, &seen);
}

/* ---- changing ---------------------------------------------------------------------- */

static void the_tag_is_put_on_and_taken_off(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    wait_for_inventory();
    site_change(NQ_TAG_ADD, "vm-101");
    expect_read("vm-101", "vm-101 0  tagged regular;");
    site_find("vdi-01", NULL, &seen); /* the inventory knows without another sync */
    assert_string_equal(seen.vms, "vm-101 1  tagged regular;");
    site_change(NQ_TAG_REMOVE, "vm-101");
    expect_read("vm-101", "vm-101 0  regular;");
    assert_int_equal(manager_requests(site.sim, "PUT", TAGS "/securitytag-12/vm/vm-101"),
                     1);
    assert_int_equal(
        manager_requests(site.sim, "DELETE", TAGS "/securitytag-12/vm/vm-101"), 1);
    assert_int_equal(manager_requests(site.sim, "POST", ""), 0);
    assert_int_equal(manager_changes(site.sim), 2);
}

static void what_needs_no_change_succeeds_even_if_nsx_refuses_it(void **state)
{
    (void)state;
    site_vsphere_settings("{\"attach_again_fails\":true,\"detach_absent_fails\":true}");
    site_open();
    for (int i = 0; i < 2; i++) {
        site_change(NQ_TAG_ADD, "vm-101");
    }
    for (int i = 0; i < 2; i++) {
        site_change(NQ_TAG_REMOVE, "vm-101");
    }
    assert_int_equal(manager_changes(site.sim), 2);
}

static void a_tag_that_does_not_exist_is_made(void **state)
{
    (void)state;
    site_open();
    site_set_text(site.value, sizeof(site.value), "cut & off");
    site_change(NQ_TAG_REMOVE, "vm-101"); /* nobody carries it: nothing to do */
    assert_int_equal(manager_requests(site.sim, "POST", TAGS), 0);
    site_change(NQ_TAG_ADD, "vm-101");
    expect_read("vm-101", "vm-101 0  tagged regular;");
    site_change(NQ_TAG_ADD, "vm-102");
    assert_int_equal(manager_requests(site.sim, "POST", TAGS), 1);
}

/* The list does not have it yet; when it is to be made, it is there. */
static void a_tag_that_somebody_else_makes_first_is_used(void **state)
{
    (void)state;
    manager_fault(site.sim, "{\"method\":\"GET\",\"path\":\"" TAGS "\",\"status\":200,"
                            "\"content_type\":\"application/xml\",\"body\":"
                            "\"<securityTags/>\",\"times\":2}");
    site_open();
    wait_for_inventory();
    site_change(NQ_TAG_ADD, "vm-101");
    assert_int_equal(manager_requests(site.sim, "POST", TAGS), 1);
    assert_int_equal(manager_requests(site.sim, "PUT", TAGS "/securitytag-12/vm/vm-101"),
                     1);
}

static void a_local_tag_goes_before_a_universal_one_of_its_name(void **state)
{
    (void)state;
    static const char universal[] =
        "<securityTag><objectId>securitytag-4000</objectId><name>isolated</name>"
        "<isUniversal>true</isUniversal></securityTag>";
    static const char local[] =
        "<securityTag><objectId>securitytag-12</objectId><name>isolated</name>"
        "<isUniversal>false</isUniversal></securityTag>";
    for (int i = 0; i < 2; i++) {
        char fault[768];
        (void)snprintf(fault, sizeof(fault),
                       "{\"method\":\"GET\",\"path\":\"" TAGS
                       "\",\"status\":200,\"content_type\":\"application/xml\","
                       "\"body\":\"<securityTags>%s%s</securityTags>\",\"times\":1}",
                       i ? universal : local, i ? local : universal);
        site.backend = nq_backend_close(site.backend);
        manager_fault(site.sim, fault);
        site_open();
        wait_for_inventory();
        site_change(i ? NQ_TAG_REMOVE : NQ_TAG_ADD, "vm-101");
    }
    assert_int_equal(manager_requests(site.sim, "PUT", TAGS "/securitytag-12/"), 1);
    assert_int_equal(manager_requests(site.sim, "DELETE", TAGS "/securitytag-12/"), 1);
    assert_int_equal(manager_requests(site.sim, "PUT", TAGS "/securitytag-4000/"), 0);
    assert_int_equal(manager_requests(site.sim, "DELETE", TAGS "/securitytag-4000/"), 0);
    assert_int_equal(manager_changes(site.sim), 2);
}

static void a_predefined_tag_can_be_ours(void **state)
{
    (void)state;
    site_set_text(site.value, sizeof(site.value), "ANTI_VIRUS.VirusFound.threat=high");
    site_open();
    site_change(NQ_TAG_ADD, "vm-103");
    expect_read("vm-103", "vm-103 0  tagged regular;");
    assert_int_equal(manager_requests(site.sim, "POST", TAGS), 0);
}

static void writes_do_not_meet(void **state)
{
    (void)state;
    static const char *const vms[] = {"vm-101", "vm-102", "vm-103"};
    struct site_reply seen[3];
    site_open();
    wait_for_inventory();
    manager_fault(site.sim, "{\"method\":\"PUT\",\"delay_ms\":100,\"times\":0}");
    for (size_t i = 0; i < 3; i++) {
        (void)site_start_change(NQ_TAG_ADD, vms[i], &seen[i]);
    }
    site_expect_good(&seen[0]);
    /* The second one was sent at most when the first was answered. */
    assert_true(manager_requests(site.sim, "PUT", TAGS) <= 2);
    site_expect_good(&seen[1]);
    site_expect_good(&seen[2]);
    assert_int_equal(manager_changes(site.sim), 3);
}

static void a_cancelled_change_makes_way_for_the_next(void **state)
{
    (void)state;
    struct site_reply first;
    struct site_reply second;
    site_open();
    wait_for_inventory();
    manager_fault(site.sim, "{\"method\":\"PUT\",\"hang\":true,\"times\":1}");
    struct nq_call *call = site_start_change(NQ_TAG_ADD, "vm-101", &first);
    (void)site_start_change(NQ_TAG_ADD, "vm-102", &second);
    while (manager_requests(site.sim, "PUT", TAGS) == 0) {
    }
    site.backend->ops->cancel(site.backend, call);
    site_expect_good(&second);
    assert_int_equal(first.calls, 0);
    expect_read("vm-102", "vm-102 0  tagged regular;");
}

static void a_conflict_may_be_repeated(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "{\"conflicts\":1,\"conflict_form\":\"error\"}",
        "{\"conflicts\":1,\"conflict_form\":\"hibernate\"}"};
    struct site_reply seen;
    for (size_t i = 0; i < 2; i++) {
        site.backend = nq_backend_close(site.backend);
        site_vsphere_settings(forms[i]);
        site_open();
        (void)site_start_change(NQ_TAG_ADD, "vm-101", &seen);
        site_expect_failure(&seen, NQ_NSX_SERVER);
        site_change(NQ_TAG_ADD, "vm-101");
    }
}

static void a_write_whose_answer_is_lost_is_settled_by_reading(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    wait_for_inventory();
    manager_fault(site.sim, "{\"method\":\"PUT\",\"drop_after_apply\":true,\"times\":1}");
    (void)site_start_change(NQ_TAG_ADD, "vm-101", &seen);
    site_expect_failure(&seen, NQ_NSX_UNREACHABLE);
    expect_read("vm-101", "vm-101 0  tagged regular;");
    assert_int_equal(manager_requests(site.sim, "PUT", TAGS), 1);
}

/* ---- VMs that NSX does not know ---------------------------------------------------- */

static void a_vm_that_is_gone_is_told_apart(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    wait_for_inventory();
    expect_read("vm-999", "");
    (void)site_start_change(NQ_TAG_ADD, "vm-999", &seen);
    site_expect_failure(&seen, NQ_NSX_NOT_FOUND);
    (void)site_start_change(NQ_TAG_REMOVE, "vm-999", &seen);
    site_expect_failure(&seen, NQ_NSX_NOT_FOUND);
    expect_read("../tag", ""); /* encoded, so no other call */
}

static void a_vm_is_read_before_the_first_sync_too(void **state)
{
    (void)state;
    site_open();
    expect_read("vm-102", "vm-102 0  regular;");
    expect_read("vm-999", "");
}

static void a_vm_that_the_inventory_has_not_seen_has_its_name(void **state)
{
    (void)state;
    site_open();
    wait_for_inventory();
    add_vm("vm-701", "cp-parent-7");
    add_vm("vm-702", "VDI-99");
    expect_read("vm-701", "vm-701 0 INTERNAL;");
    expect_read("vm-702", "vm-702 0  regular;");
    assert_int_equal(manager_requests(site.sim, "GET", OBJECT), 2);
}

/* Tags lag behind the inventory: the tag is refused until they know the VM. */
static void a_new_vm_is_waited_for(void **state)
{
    (void)state;
    struct site_reply seen;
    struct site_reply other;
    site_open();
    wait_for_inventory();
    manager_fault(site.sim,
                  "{\"method\":\"PUT\",\"path\":\"" TAGS "/securitytag-12/vm/vm-101\","
                  "\"status\":404,\"content_type\":\"application/xml\",\"body\":"
                  "\"<error><details>not found</details><errorCode>202</errorCode>"
                  "</error>\",\"times\":4}");
    (void)site_start_change(NQ_TAG_ADD, "vm-101", &seen);
    while (manager_requests(site.sim, "PUT", TAGS) < 2) {
    }
    (void)site_start_change(NQ_TAG_ADD, "vm-102", &other); /* not behind it */
    site_expect_good(&other);
    assert_false(seen.over);
    for (int i = 0; i < 3; i++) {
        manager_skip(site.sim, 32000);
        while (!seen.over && manager_requests(site.sim, "PUT", TAGS) < (size_t)i + 4) {
        }
    }
    site_expect_good(&seen);
    expect_read("vm-101", "vm-101 0  tagged regular;");
}

static void a_change_that_waits_for_its_vm_can_be_cancelled(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    wait_for_inventory();
    manager_fault(site.sim,
                  "{\"method\":\"PUT\",\"status\":404,\"content_type\":"
                  "\"application/xml\",\"body\":\"<error><errorCode>202</errorCode>"
                  "</error>\",\"times\":0}");
    struct nq_call *call = site_start_change(NQ_TAG_ADD, "vm-101", &seen);
    while (manager_requests(site.sim, "PUT", TAGS) < 3) {
    }
    site.backend->ops->cancel(site.backend, call);
    manager_skip(site.sim, 64000);
    expect_read("vm-101", "vm-101 0  regular;");
    assert_int_equal(seen.calls, 0);
    assert_int_equal(manager_requests(site.sim, "PUT", TAGS), 3);
}

static void a_new_vm_is_not_waited_for_without_end(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    wait_for_inventory();
    manager_fault(site.sim,
                  "{\"method\":\"PUT\",\"status\":400,\"content_type\":"
                  "\"application/xml\",\"body\":\"<error><errorCode>202</errorCode>"
                  "</error>\",\"times\":0}");
    (void)site_start_change(NQ_TAG_ADD, "vm-101", &seen);
    for (int64_t skipped_ms = 0; !seen.over && skipped_ms <= 600000; skipped_ms += 1000) {
        manager_skip(site.sim, 1000);
        (void)manager_requests(site.sim, "PUT", TAGS); /* turns the loop */
    }
    site_expect_failure(&seen, NQ_NSX_NOT_FOUND);
    assert_in_range(manager_requests(site.sim, "PUT", TAGS), 10, 15);
}

static void a_tag_that_was_made_anew_is_found_again(void **state)
{
    (void)state;
    site_open();
    wait_for_inventory();
    manager_fault(site.sim,
                  "{\"method\":\"PUT\",\"path\":\"" TAGS "/securitytag-12/\",\"status\":"
                  "404,\"content_type\":\"application/xml\",\"body\":\"<error>"
                  "<errorCode>202</errorCode></error>\",\"times\":1}");
    site_change(NQ_TAG_ADD, "vm-101");
    assert_int_equal(manager_requests(site.sim, "PUT", TAGS), 2);
}

/* ---- many at once ------------------------------------------------------------------ */

#define MANY 200

static void many_readings_share_the_lists_of_our_tags(void **state)
{
    (void)state;
    static const char *const ids[] = {"vm-101", "vm-102", "vm-999"};
    static const char *const vms[] = {"vm-101 0  tagged regular;", "vm-102 0  regular;",
                                      ""};
    static struct site_reply seen[MANY];
    site_open();
    wait_for_inventory();
    site_change(NQ_TAG_ADD, "vm-101");
    manager_forget(site.sim);
    for (size_t i = 0; i < MANY; i++) {
        (void)site_start_read(ids[i % 3], &seen[i]);
    }
    for (size_t i = 0; i < MANY; i++) {
        site_expect_good(&seen[i]);
        assert_string_equal(seen[i].vms, vms[i % 3]);
    }
    assert_in_range(manager_requests(site.sim, "GET", OF_VM), 1, 20);
    assert_in_range(manager_requests(site.sim, "GET", TAGS), 2, 8);
}

static void one_of_many_may_be_given_up(void **state)
{
    (void)state;
    static struct site_reply seen[MANY];
    struct nq_call *calls[MANY];
    site_open();
    wait_for_inventory();
    for (size_t i = 0; i < MANY; i++) {
        calls[i] = site_start_read("vm-101", &seen[i]);
    }
    for (size_t i = 0; i < MANY; i += 2) {
        site.backend->ops->cancel(site.backend, calls[i]);
    }
    for (size_t i = 1; i < MANY; i += 2) {
        site_expect_good(&seen[i]);
        assert_int_equal(seen[i - 1].calls, 0);
    }
}

static void closing_gives_up_whatever_is_under_way(void **state)
{
    (void)state;
    static struct site_reply seen[MANY];
    site_open();
    for (size_t i = 0; i < MANY; i++) {
        (void)(i % 2 ? site_start_read("vm-101", &seen[i])
                     : site_start_change(NQ_TAG_ADD, "vm-101", &seen[i]));
    }
    site.backend = nq_backend_close(site.backend);
    assert_int_equal(manager_changes(site.sim), 0);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(seen[i].calls, 0);
    }
}

/* ---- older releases, other trouble ------------------------------------------------- */

static void an_older_release_is_asked_for_the_vms_of_our_tags(void **state)
{
    (void)state;
    site_vsphere_settings("{\"version\":\"6.2.4\",\"vm_tags_since_630\":true}");
    site_open();
    wait_for_inventory();
    site_change(NQ_TAG_ADD, "vm-101");
    expect_read("vm-101", "vm-101 0  tagged regular;");
    expect_read("vm-102", "vm-102 0  regular;");
    expect_read("vm-999", "");
    assert_int_equal(manager_requests(site.sim, "GET", OF_VM), 1);
}

static void errors_in_every_form_are_understood(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "{\"error_form\":\"errors\",\"missing_status\":400}",
        "{\"default_format\":\"json\",\"missing_status\":500}",
        "{\"unknown_vm_status\":500}"};
    struct site_reply seen;
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        site.backend = nq_backend_close(site.backend);
        site_vsphere_settings(settings[i]);
        site_open();
        wait_for_inventory();
        (void)site_start_change(NQ_TAG_ADD, "vm-999", &seen);
        site_expect_failure(&seen, NQ_NSX_NOT_FOUND);
        expect_read("vm-999", "");
    }
}

static void a_page_of_a_proxy_is_no_answer(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    wait_for_inventory();
    manager_fault(site.sim, "{\"path\":\"" OF_VM "\",\"html\":true,\"times\":1}");
    (void)site_start_read("vm-101", &seen);
    site_expect_failure(&seen, NQ_NSX_ANSWER);
    expect_read("vm-101", "vm-101 0  regular;");
}

static void an_account_that_may_only_look_is_forbidden_to_tag(void **state)
{
    (void)state;
    struct site_reply seen;
    site_vsphere_settings("{\"role\":\"auditor\"}");
    site_open();
    wait_for_inventory();
    (void)site_start_change(NQ_TAG_ADD, "vm-101", &seen);
    site_expect_failure(&seen, NQ_NSX_FORBIDDEN);
}

static void a_token_is_as_good_as_the_password(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "{\"token_wrapped\":true}", "{\"basic_login\":false}", "{\"version\":\"6.4.0\"}"};
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        site.backend = nq_backend_close(site.backend);
        site_vsphere_settings(settings[i]);
        site.manager.access.auth = NQ_AUTH_SESSION;
        site_open();
        site_change(NQ_TAG_ADD, "vm-101");
        expect_read("vm-101", "vm-101 0  tagged regular;");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VSPHERE_TEST(the_tag_is_put_on_and_taken_off),
        VSPHERE_TEST(what_needs_no_change_succeeds_even_if_nsx_refuses_it),
        VSPHERE_TEST(a_tag_that_does_not_exist_is_made),
        VSPHERE_TEST(a_tag_that_somebody_else_makes_first_is_used),
        VSPHERE_TEST(a_local_tag_goes_before_a_universal_one_of_its_name),
        VSPHERE_TEST(a_predefined_tag_can_be_ours),
        VSPHERE_TEST(writes_do_not_meet),
        VSPHERE_TEST(a_cancelled_change_makes_way_for_the_next),
        VSPHERE_TEST(a_conflict_may_be_repeated),
        VSPHERE_TEST(a_write_whose_answer_is_lost_is_settled_by_reading),
        VSPHERE_TEST(a_vm_that_is_gone_is_told_apart),
        VSPHERE_TEST(a_vm_is_read_before_the_first_sync_too),
        VSPHERE_TEST(a_vm_that_the_inventory_has_not_seen_has_its_name),
        VSPHERE_TEST(a_new_vm_is_waited_for),
        VSPHERE_TEST(a_change_that_waits_for_its_vm_can_be_cancelled),
        VSPHERE_TEST(a_new_vm_is_not_waited_for_without_end),
        VSPHERE_TEST(a_tag_that_was_made_anew_is_found_again),
        VSPHERE_TEST(many_readings_share_the_lists_of_our_tags),
        VSPHERE_TEST(one_of_many_may_be_given_up),
        VSPHERE_TEST(closing_gives_up_whatever_is_under_way),
        VSPHERE_TEST(an_older_release_is_asked_for_the_vms_of_our_tags),
        VSPHERE_TEST(errors_in_every_form_are_understood),
        VSPHERE_TEST(a_page_of_a_proxy_is_no_answer),
        VSPHERE_TEST(an_account_that_may_only_look_is_forbidden_to_tag),
        VSPHERE_TEST(a_token_is_as_good_as_the_password),
    };
    nq_log_level(NQ_LOG_ERROR); /* what the sync reports is not under test */
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
