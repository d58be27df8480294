/* SPDX-License-Identifier: Apache-2.0 */
/* With NSX for vSphere: what keeps a VM from being quarantined, and which VMs carry a tag
 * that means quarantine. */
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

#define SERVERS       "securitygroup-12"
#define FILES         "securitygroup-13"
#define MEMBERS_OF(g) "/api/2.0/services/securitygroup/" g "/translation/virtualmachines"
#define TAGS          "/api/2.0/services/securitytags/tag"
#define OF_VM         "/api/2.0/services/securitytags/vm/"
#define OBJECT        "/api/2.0/services/inventory/"
#define VCCONFIG      "/api/2.0/services/vcconfig" /* and its status */
#define VIRUS         "ANTI_VIRUS.VirusFound.threat=high"
#define STORM_VMS     5000

static void wait_for_inventory(void)
{
    struct site_reply seen;
    site_find("vdi-01", NULL, &seen);
}

/* ---- protected groups ---------------------------------------------------------------- */

static void expect_protector(const char *id, const char *group)
{
    struct site_reply seen;
    (void)site_start_protector(id, &seen);
    site_expect_good(&seen);
    assert_string_equal(seen.protector, group);
}

static void the_group_that_protects_a_vm_is_told(void **state)
{
    (void)state;
    site_protect_group(SERVERS);
    site_protect_group(FILES);
    site_open();
    expect_protector("vm-120", SERVERS);
    expect_protector("vm-130", FILES);
    expect_protector("vm-101", "");
    assert_int_equal(manager_requests(site.sim, "GET", MEMBERS_OF(SERVERS)), 1);
    assert_int_equal(manager_requests(site.sim, "GET", MEMBERS_OF(FILES)), 1);
}

static void a_group_that_cannot_be_read_protects_by_failing(void **state)
{
    (void)state;
    struct site_reply seen;
    site_protect_group(SERVERS);
    site_protect_group("securitygroup-99");
    site_open();
    (void)site_start_protector("vm-101", &seen);
    site_expect_failure(&seen, NQ_NSX_NOT_FOUND);
    assert_non_null(strstr(seen.detail, "securitygroup-99"));
    manager_fault(site.sim, "{\"path\":\"" MEMBERS_OF(SERVERS) "\",\"times\":1,"
                                                               "\"truncate\":40}");
    (void)site_start_protector("vm-101", &seen);
    site_expect_failure(&seen, NQ_NSX_ANSWER);
}

static size_t storm_done;
static bool storm_over;

static void on_storm(void *arg, const struct nq_reply *reply)
{
    (void)arg;
    assert_null(reply->err);
    assert_string_equal(reply->protector, SERVERS);
    storm_over = ++storm_done == STORM_VMS;
}

static void a_storm_of_5000_asks_for_each_group_once(void **state)
{
    (void)state;
    const struct nq_vm_id vm = {0, "vm-120"};
    site_protect_group(SERVERS);
    site_open();
    storm_done = 0;
    storm_over = false;
    for (int i = 0; i < STORM_VMS; i++) {
        (void)site.backend->ops->read_protector(site.backend, &vm, on_storm, NULL);
    }
    manager_run_until(site.sim, &storm_over);
    assert_int_equal(manager_requests(site.sim, "GET", MEMBERS_OF(SERVERS)), 1);
}

static void questions_that_are_given_up_are_not_answered(void **state)
{
    (void)state;
    struct site_reply seen[2];
    site_protect_group(SERVERS);
    site_open();
    wait_for_inventory();
    manager_fault(site.sim, "{\"path\":\"/api\",\"hold\":true,\"times\":2}");
    struct nq_call *calls[] = {site_start_protector("vm-120", &seen[0]),
                               site_start_tagged(&seen[1])};
    free(manager_get(site.sim, "/sim/held?count=2"));
    for (size_t i = 0; i < 2; i++) {
        site.backend->ops->cancel(site.backend, calls[i]);
    }
    manager_post(site.sim, "/sim/release", "{}");
    expect_protector("vm-120", SERVERS);
    assert_int_equal(seen[0].calls + seen[1].calls, 0);
}

/* ---- protected tags and UUIDs ---------------------------------------------------------- */

static void a_protected_tag_is_seen_wherever_a_vm_is_shown(void **state)
{
    (void)state;
    struct site_reply seen;
    site_protect_tag("of no meaning here", "connection-server");
    site_open();
    site_find("connection-server", NULL, &seen);
    assert_int_equal(seen.tags, NQ_TAGS_PROTECTED(0));
    (void)site_start_read("vm-120", &seen);
    site_expect_good(&seen);
    assert_int_equal(seen.tags, NQ_TAGS_PROTECTED(0));
    (void)site_start_prove("vm-120", &seen);
    site_expect_good(&seen);
    assert_int_equal(seen.tags, NQ_TAGS_PROTECTED(0));
    site_change(NQ_TAG_ADD, "vm-120");
    site_find("connection-server", NULL, &seen);
    assert_int_equal(seen.tags, NQ_TAGS_PROTECTED(0) | NQ_TAGS_OURS);
}

/* In a storm, and with releases that cannot list the tags of a VM. */
static void a_protected_tag_is_seen_by_a_sweep(void **state)
{
    (void)state;
    struct site_reply seen;
    site_vsphere_settings("{\"vm_tags_since_630\":true,\"version\":\"6.2.9\"}");
    site_protect_tag(NULL, "connection-server");
    site_open();
    for (int i = 0; i < 2; i++) {
        (void)site_start_read(i ? "vm-101" : "vm-120", &seen);
        site_expect_good(&seen);
        assert_int_equal(seen.tags, i ? 0 : NQ_TAGS_PROTECTED(0));
    }
}

/* A universal tag may have the name of a local one: a VM is protected by either. */
static void a_universal_tag_protects_like_its_local_twin(void **state)
{
    (void)state;
    struct site_reply seen;
    site_protect_tag(NULL, "connection-server");
    site_watch_tag(NULL, "connection-server");
    manager_fault(
        site.sim,
        "[{\"method\":\"GET\",\"path\":\"" TAGS "/securitytag-4000/\",\"status\":"
        "200,\"content_type\":\"application/xml\",\"times\":0,\"body\":"
        "\"<basicinfolist><basicinfo><objectId>vm-101</objectId><name>VDI-01"
        "</name></basicinfo></basicinfolist>\"},"
        "{\"method\":\"GET\",\"path\":\"" TAGS "/securitytag-13/\",\"ignore\":true,"
        "\"times\":0},"
        "{\"method\":\"GET\",\"path\":\"" TAGS "\",\"status\":200,"
        "\"content_type\":\"application/xml\",\"times\":1,\"body\":"
        "\"<securityTags><securityTag><objectId>securitytag-13</objectId><name>"
        "connection-server</name><isUniversal>false</isUniversal></securityTag>"
        "<securityTag><objectId>securitytag-4000</objectId><name>"
        "connection-server</name><isUniversal>true</isUniversal></securityTag>"
        "</securityTags>\"}]");
    site_open();
    site_find("vdi-01", NULL, &seen);
    assert_int_equal(seen.tags, NQ_TAGS_PROTECTED(0));
    site_find("connection-server", NULL, &seen);
    assert_int_equal(seen.tags, NQ_TAGS_PROTECTED(0) | NQ_TAGS_WATCHED(0));
}

static void a_vm_is_shown_with_the_uuids_that_are_known(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    assert_string_equal(seen.uuids, ""); /* only the lists of tags tell */
    (void)site_start_read("vm-101", &seen);
    site_expect_good(&seen);
    assert_string_equal(seen.uuids, "");
    site_change(NQ_TAG_ADD, "vm-101");
    site.ahead_ms = site.manager.inventory_interval_ms;
    site_find("nobody", NULL, &seen); /* a sync */
    site_find("vdi-01", NULL, &seen);
    assert_string_equal(seen.uuids, "50221a4c-7f10-4b6e-8a01-5d2c9e7b0a01,"
                                    "40221a4c-7f10-4b6e-8a01-5d2c9e7b0a01");
}

/* ---- VMs with a tag ---------------------------------------------------------------------- */

static void expect_tagged(const char *vms)
{
    struct site_reply seen;
    (void)site_start_tagged(&seen);
    site_expect_good(&seen);
    assert_string_equal(seen.vms, vms);
}

static void all_vms_with_our_tag_or_a_watched_one_are_told(void **state)
{
    (void)state;
    site_watch_tag(NULL, VIRUS);
    site_protect_tag(NULL, "connection-server");
    site_open();
    wait_for_inventory();
    expect_tagged("");
    site_change(NQ_TAG_ADD, "vm-101");
    site_change(NQ_TAG_ADD, "vm-120");
    manager_post(site.sim, "/sim/vms",
                 "{\"external_id\":\"vm-700\",\"display_name\":\"VDI-70\",\"cluster\":"
                 "\"domain-c7\",\"tags\":[\"" VIRUS "\"]}");
    manager_forget(site.sim);
    struct site_reply seen;
    (void)site_start_tagged(&seen);
    site_expect_good(&seen);
    assert_string_equal(seen.vms, "vm-101 0  tagged regular;vm-120 0  tagged regular;"
                                  "vm-700 0  regular;");
    assert_int_equal(seen.tags, NQ_TAGS_WATCHED(0));
    /* The list of tags, the VMs of three tags, and the VM that is new. */
    assert_int_equal(manager_requests(site.sim, "GET", TAGS), 4);
    assert_int_equal(manager_requests(site.sim, "GET", OBJECT), 1);
}

/* What becomes of the tags of a deleted VM is not documented. */
static void a_vm_that_is_gone_is_not_told_although_its_tag_remains(void **state)
{
    (void)state;
    site_open();
    wait_for_inventory();
    manager_fault(site.sim,
                  "{\"method\":\"GET\",\"path\":\"" TAGS
                  "/securitytag-12/vm\",\"status\":"
                  "200,\"content_type\":\"application/xml\",\"times\":0,\"body\":"
                  "\"<basicinfolist><basicinfo><objectId>vm-999</objectId><name>gone"
                  "</name></basicinfo><basicinfo><objectId>vm-101</objectId><name>VDI-01"
                  "</name></basicinfo></basicinfolist>\"}");
    expect_tagged("vm-101 0  tagged regular;");
}

#define MANY 40

static void add_many(void)
{
    for (int i = 0; i < MANY; i++) {
        char body[160];
        (void)snprintf(body, sizeof(body),
                       "{\"external_id\":\"vm-7%02d\",\"display_name\":\"VDI-7%02d\","
                       "\"cluster\":\"domain-c7\",\"tags\":[\"isolated\"]}",
                       i, i);
        manager_post(site.sim, "/sim/vms", body);
    }
}

/* They are asked for one by one only while they are few. */
static void many_vms_that_the_inventory_does_not_know_wait_for_a_sync(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    wait_for_inventory();
    add_many();
    (void)site_start_tagged(&seen);
    site_expect_good(&seen);
    assert_int_equal(seen.vm_count, MANY);
    assert_int_equal(manager_requests(site.sim, "GET", OBJECT), 0);
}

static void a_sync_that_began_before_the_vms_were_there_is_not_enough(void **state)
{
    (void)state;
    struct site_reply seen;
    struct site_reply find;
    site_open();
    wait_for_inventory();
    manager_fault(site.sim, "{\"path\":\"" TAGS "\",\"hold\":true,\"times\":1}");
    (void)site_start_find("nobody", NULL, &find);
    free(manager_get(site.sim, "/sim/held?count=1")); /* it has its list of VMs */
    add_many();
    manager_forget(site.sim);
    (void)site_start_tagged(&seen);
    while (manager_requests(site.sim, "GET", TAGS "/securitytag-12/vm") == 0) {
    }
    (void)manager_requests(site.sim, "GET", ""); /* turns the loop: it is read */
    manager_post(site.sim, "/sim/release", "{}");
    site_expect_good(&seen);
    assert_int_equal(seen.vm_count, MANY);
}

static void the_first_sync_is_waited_for(void **state)
{
    (void)state;
    struct site_reply seen;
    struct site_reply known;
    site_open();
    site_change(NQ_TAG_ADD, "vm-101");
    site.backend = nq_backend_close(site.backend);
    manager_fault(site.sim, "{\"path\":\"" VCCONFIG "\",\"hold\":true,\"times\":1}");
    site_open();
    (void)site_start_tagged(&seen);
    free(manager_get(site.sim, "/sim/held?count=1"));
    manager_post(site.sim, "/sim/release", "{}");
    site_expect_good(&seen);
    assert_string_equal(seen.vms, "vm-101 0  tagged regular;");
    site.backend = nq_backend_close(site.backend);
    manager_fault(site.sim, "{\"path\":\"/api/2.0/services/securitygroup/scope\","
                            "\"status\":500,\"times\":0}");
    site_open();
    (void)site_start_tagged(&known);
    site_expect_failure(&known, NQ_NSX_SERVER);
}

static void a_list_that_cannot_be_read_tells_nothing(void **state)
{
    (void)state;
    static const char *const paths[] = {TAGS, TAGS "/securitytag-12/vm", OBJECT "vm-700"};
    struct site_reply seen;
    site_open();
    wait_for_inventory();
    manager_post(site.sim, "/sim/vms",
                 "{\"external_id\":\"vm-700\",\"display_name\":\"VDI-70\",\"cluster\":"
                 "\"domain-c7\",\"tags\":[\"isolated\"]}");
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        char fault[160];
        (void)snprintf(fault, sizeof(fault),
                       "{\"path\":\"%s\",\"times\":1,\"truncate\":30}", paths[i]);
        manager_fault(site.sim, fault);
        (void)site_start_tagged(&seen);
        site_expect_failure(&seen, NQ_NSX_ANSWER);
    }
    expect_tagged("vm-700 0  tagged regular;");
}

/* ---- servers ---------------------------------------------------------------------------- */

static void the_manager_and_its_vcenter_are_known(void **state)
{
    (void)state;
    static char *vcenter_urls[] = {(char *)(uintptr_t) "https://vcenter.corp.example",
                                   (char *)(uintptr_t) "https://[2001:db8::5]:8443"};
    site.manager.vcenter = site.manager.access;
    site.manager.vcenter.urls = vcenter_urls;
    site.manager.vcenter.url_count = 2;
    site_open();
    assert_string_equal(site_servers(), "127.0.0.1;vcenter.corp.example;2001:db8::5;");
}

static void the_vcenter_that_nsx_is_paired_with_is_asked_for(void **state)
{
    (void)state;
    struct site_reply seen;
    manager_fault(site.sim, "{\"path\":\"/api/2.0/services/vcconfig\",\"status\":200,"
                            "\"content_type\":\"application/xml\",\"times\":0,\"body\":"
                            "\"<vcInfo><ipAddress>vcenter.corp.example</ipAddress>"
                            "</vcInfo>\"}");
    site_open();
    site_find("vdi-01", NULL, &seen);
    for (int i = 0; i < 1000 && !strstr(site_servers(), "vcenter"); i++) {
        (void)manager_requests(site.sim, "GET", ""); /* turns the loop */
    }
    assert_string_equal(site_servers(), "127.0.0.1;127.0.0.1;vcenter.corp.example;");
}

static void a_role_that_may_not_ask_for_vcenter_harms_nothing(void **state)
{
    (void)state;
    struct site_reply seen;
    manager_fault(site.sim, "{\"path\":\"/api/2.0/services/vcconfig\",\"status\":403,"
                            "\"times\":0}");
    site_open();
    site_find("vdi-01", NULL, &seen);
    site_find("nobody", NULL, &seen); /* a second sync */
    site_find("nobody", NULL, &seen);
    assert_string_equal(site_servers(), "127.0.0.1;127.0.0.1;");
    assert_int_equal(manager_requests(site.sim, "GET", VCCONFIG), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VSPHERE_TEST(the_group_that_protects_a_vm_is_told),
        VSPHERE_TEST(a_group_that_cannot_be_read_protects_by_failing),
        VSPHERE_TEST(a_storm_of_5000_asks_for_each_group_once),
        VSPHERE_TEST(questions_that_are_given_up_are_not_answered),
        VSPHERE_TEST(a_protected_tag_is_seen_wherever_a_vm_is_shown),
        VSPHERE_TEST(a_protected_tag_is_seen_by_a_sweep),
        VSPHERE_TEST(a_universal_tag_protects_like_its_local_twin),
        VSPHERE_TEST(a_vm_is_shown_with_the_uuids_that_are_known),
        VSPHERE_TEST(all_vms_with_our_tag_or_a_watched_one_are_told),
        VSPHERE_TEST(a_vm_that_is_gone_is_not_told_although_its_tag_remains),
        VSPHERE_TEST(many_vms_that_the_inventory_does_not_know_wait_for_a_sync),
        VSPHERE_TEST(a_sync_that_began_before_the_vms_were_there_is_not_enough),
        VSPHERE_TEST(the_first_sync_is_waited_for),
        VSPHERE_TEST(a_list_that_cannot_be_read_tells_nothing),
        VSPHERE_TEST(the_manager_and_its_vcenter_are_known),
        VSPHERE_TEST(the_vcenter_that_nsx_is_paired_with_is_asked_for),
        VSPHERE_TEST(a_role_that_may_not_ask_for_vcenter_harms_nothing),
    };
    nq_log_level(NQ_LOG_ERROR); /* what the sync reports is not under test */
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
