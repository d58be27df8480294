/* SPDX-License-Identifier: Apache-2.0 */
/* Finding VMs with NSX for vSphere, by NSX alone and with its vCenter, against the
 * simulator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "nsx/vsphere/vsphere.h"
#include "world_site.h"

#define INVENTORY                                                                        \
    "/api/2.0/services/securitygroup/scope/globalroot-0/members/VirtualMachine"
#define TAG_LIST    "/api/2.0/services/securitytags/tag"
#define TRANSLATION "/api/2.0/services/translation/virtualmachine/"

static struct nq_tag_conf watched[2];
static char watched_names[2][64];

static void watch(size_t row, const char *name)
{
    site_set_text(watched_names[row], sizeof(watched_names[row]), name);
    watched[row] = (struct nq_tag_conf){.value = watched_names[row]};
    site.conf.watched_tags = watched;
    site.conf.watched_tag_count = row + 1;
}

static void a_vm_is_found_by_its_name(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    assert_string_equal(seen.vms, "vm-101 1  regular;");
    assert_int_equal(manager_requests(site.sim, "GET", INVENTORY), 1);
    site_find("VDI-02", "no-such-vm", &seen);
    assert_string_equal(seen.vms, "vm-102 1  regular;");
    assert_int_equal(manager_requests(site.sim, "GET", INVENTORY), 1);
}

static void all_requests_ask_for_xml(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    char *journal = manager_get(site.sim, "/sim/journal");
    assert_non_null(strstr(journal, "application/xml"));
    assert_null(strstr(journal, "application/json"));
    free(journal);
}

static void an_unknown_name_is_looked_for_once_more(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    manager_post(site.sim, "/sim/vms",
                 "{\"external_id\":\"vm-555\",\"display_name\":\"VDI-55\","
                 "\"cluster\":\"domain-c7\"}");
    site_find("vdi-55", NULL, &seen);
    assert_string_equal(seen.vms, "vm-555 1  regular;");
    site_find("vdi-56", NULL, &seen);
    assert_int_equal(seen.vm_count, 0);
}

static void the_internal_vms_of_instant_clones_are_not_regular(void **state)
{
    (void)state;
    static const char *const names[] = {"cp-template-1", "cp-parent-2", "cp-replica-3"};
    struct site_reply seen;
    for (size_t i = 0; i < 3; i++) {
        char body[128];
        (void)snprintf(body, sizeof(body),
                       "{\"external_id\":\"vm-80%zu\",\"display_name\":\"%s\","
                       "\"cluster\":\"domain-c7\"}",
                       i, names[i]);
        manager_post(site.sim, "/sim/vms", body);
    }
    site_open();
    site_find(names[0], names[2], &seen);
    assert_string_equal(seen.vms, "vm-800 1 INTERNAL;vm-802 2 INTERNAL;");
}

static void an_appliance_of_nsx_is_not_regular(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("edge-01", NULL, &seen);
    assert_string_equal(seen.vms, "vm-190 1 SYSTEM;");
}

static void a_manager_that_does_not_tell_its_appliances_is_used_all_the_same(void **state)
{
    (void)state;
    struct site_reply seen;
    manager_fault(site.sim, "{\"path\":\"/api/2.1/app/excludelist\",\"status\":403,"
                            "\"body\":\"<error><errorCode>0</errorCode></error>\"}");
    site_open();
    site_find("edge-01", NULL, &seen);
    assert_string_equal(seen.vms, "vm-190 1  regular;");
}

static void our_tag_and_the_watched_ones_are_known_from_their_vms(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_change(NQ_TAG_ADD, "vm-101");
    site.backend = nq_backend_close(site.backend);
    watch(0, "ANTI_VIRUS.VirusFound.threat=high");
    watch(1, "no such tag");
    manager_forget(site.sim);
    site_open();
    site_find("vdi-01", "vdi-02", &seen);
    assert_string_equal(seen.vms, "vm-101 1  tagged regular;vm-102 2  regular;");
    /* The list, ours, the one watched tag that exists; never the others. */
    assert_int_equal(manager_requests(site.sim, "GET", TAG_LIST), 3);
}

static void the_tag_list_is_read_part_by_part(void **state)
{
    (void)state;
    struct site_reply seen;
    site_vsphere_settings("{\"page_size_max\":2}");
    site_open();
    site_change(NQ_TAG_ADD, "vm-101");
    (void)site_start_read("vm-101", &seen);
    site_expect_good(&seen);
    assert_string_equal(seen.vms, "vm-101 0  tagged regular;");
    assert_true(manager_requests(site.sim, "GET", TAG_LIST "?startIndex=") >= 5);
    assert_int_equal(manager_requests(site.sim, "POST", TAG_LIST), 0);
}

static void an_older_release_tells_the_vms_of_a_tag_without_details(void **state)
{
    (void)state;
    struct site_reply seen;
    site_vsphere_settings("{\"version\":\"6.2.4\"}");
    site_open();
    site_change(NQ_TAG_ADD, "vm-102");
    site.backend = nq_backend_close(site.backend);
    site_open();
    site_find("vdi-02", NULL, &seen);
    assert_string_equal(seen.vms, "vm-102 1  tagged regular;");
}

/* Details come after the inventory, one VM after the other. */
static void wait_for(const char *hint, const char *expected)
{
    const struct nq_vm_query query = {
        .hint_count = 1, .hints = {hint}, .known_only = true};
    struct site_reply seen;
    do {
        (void)site_start_query(&query, &seen);
        site_expect_good(&seen);
    } while (seen.vm_count == 0);
    assert_string_equal(seen.vms, expected);
}

static void nsx_alone_leads_from_an_address_to_a_vm(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    wait_for("192.0.2.13", "vm-103 1  regular;");
    wait_for("2001:db8:10::11", "vm-101 1  regular;");
    assert_true(manager_requests(site.sim, "GET", TRANSLATION) >= 2);
}

/* VDI-02 gives its address up: what was learned about it is old then. */
static void an_address_is_asked_for_again_before_it_counts(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    wait_for("192.0.2.12", "vm-102 1  regular;");
    manager_delete(site.sim, "/sim/vms/vm-102");
    manager_post(site.sim, "/sim/vms",
                 "{\"external_id\":\"vm-102\",\"display_name\":\"VDI-02\","
                 "\"cluster\":\"domain-c7\"}");
    site_find("VDI-02", "192.0.2.12", &seen); /* the name is enough */
    assert_string_equal(seen.vms, "vm-102 3  regular;");
    site_find("192.0.2.12", NULL, &seen);
    assert_int_equal(seen.vm_count, 0);
    site_find("192.0.2.13", NULL, &seen);
    assert_string_equal(seen.vms, "vm-103 1  regular;");
}

static void an_address_counts_when_nobody_can_be_asked(void **state)
{
    (void)state;
    struct site_reply seen;
    struct nq_call *call = NULL;
    site_open();
    site_find("vdi-01", NULL, &seen);
    wait_for("192.0.2.12", "vm-102 1  regular;");
    manager_fault(site.sim, "{\"path\":\"" TRANSLATION "\",\"status\":500,\"times\":1}");
    site_find("192.0.2.12", NULL, &seen);
    assert_string_equal(seen.vms, "vm-102 1  regular;");
    /* Every one of them: the crawl asks the same. */
    manager_fault(site.sim, "{\"path\":\"" TRANSLATION "\",\"hang\":true,\"times\":0}");
    const size_t before = manager_requests(site.sim, "GET", TRANSLATION);
    call = site_start_find("192.0.2.12", NULL, &seen);
    while (manager_requests(site.sim, "GET", TRANSLATION) == before) {
    }
    site.backend->ops->cancel(site.backend, call);
    site_find("vdi-01", NULL, &seen);
    assert_string_equal(seen.vms, "vm-101 1  regular;");
}

static void a_release_without_addresses_is_not_asked_for_them_again(void **state)
{
    (void)state;
    struct site_reply seen;
    site_vsphere_settings("{\"version\":\"6.3.5\"}");
    site_open();
    site_find("vdi-01", NULL, &seen);
    while (manager_requests(site.sim, "GET", TRANSLATION) == 0) {
        site_find("vdi-01", NULL, &seen);
    }
    site_find("no-such-vm", NULL, &seen);
    site_find("vdi-01", NULL, &seen);
    /* By the one who looks for a VM, and perhaps by the crawl at that moment. */
    assert_in_range(manager_requests(site.sim, "GET", TRANSLATION), 1, 2);
}

static void the_version_is_shown(void **state)
{
    (void)state;
    static const struct {
        const char *settings;
        const char *version;
    } rows[] = {
        {"{\"version\":\"6.4.6\",\"role\":\"super_user\"}", "6.4.6"},
        {"{\"version\":\"6.2.2\",\"role\":\"super_user\"}", "6.2.2"}, /* in JSON */
        {"{\"version\":\"6.4.6\",\"role\":\"auditor\"}", "6.4.6"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct site_reply seen;
        struct nq_manager_status status = {0};
        site.backend = nq_backend_close(site.backend);
        site_vsphere_settings(rows[i].settings);
        site_open();
        for (int k = 0; k < 1000 && (!status.version || !*status.version); k++) {
            site_find("vdi-01", NULL, &seen);
            free(manager_get(site.sim, "/sim/settings")); /* turns the loop */
            site.backend->ops->status(site.backend, 0, &status);
        }
        assert_string_equal(status.version, rows[i].version);
        assert_true(status.vms > 3);
        assert_true(status.synced_ms > 0);
    }
}

static size_t lines;

static void count_lines(void *arg, enum nq_log_level level, const char *line)
{
    (void)arg;
    (void)level;
    lines += strstr(line, "has lost its vCenter") != NULL;
}

static void an_old_list_is_used_and_said_to_be_old_once(void **state)
{
    (void)state;
    struct site_reply seen;
    site_vsphere_settings("{\"vcenter_connected\":false}");
    nq_log_to(count_lines, NULL);
    nq_log_level(NQ_LOG_WARNING);
    site_open();
    site_find("vdi-01", NULL, &seen);
    assert_string_equal(seen.vms, "vm-101 1  regular;");
    site_find("no-such-vm", NULL, &seen);
    nq_log_to(NULL, NULL);
    nq_log_level(NQ_LOG_ERROR);
    assert_int_equal(lines, 1);
}

/* ---- vCenter ----------------------------------------------------------------------- */

static char vcenter_user[32];
static char vcenter_password[64];

static void open_with_vcenter(const char *settings)
{
    struct site_reply seen;
    site_vsphere_settings(settings);
    site_set_text(vcenter_user, sizeof(vcenter_user), "nsx@vsphere.local");
    manager_write_file("vcenter-password", "vCenter1!\n");
    site_set_text(vcenter_password, sizeof(vcenter_password),
                  manager_file("vcenter-password"));
    site.manager.vcenter = site.manager.access;
    site.manager.vcenter.auth = NQ_AUTH_SESSION;
    site.manager.vcenter.user = vcenter_user;
    site.manager.vcenter.password_file = vcenter_password;
    site_open();
    site_find("vdi-01", NULL, &seen);
}

static void vcenter_leads_from_host_names_and_uuids_to_vms(void **state)
{
    (void)state;
    open_with_vcenter("{\"vcenter_form\":\"6.7\"}");
    wait_for("vdi-03.corp.example", "vm-103 1  regular;");
    wait_for("50221a4c-7f10-4b6e-8a02-5d2c9e7b0a02", "vm-102 1  regular;");
    wait_for("40221a4c-7f10-4b6e-8a01-5d2c9e7b0a01", "vm-101 1  regular;");
    wait_for("192.0.2.11", "vm-101 1  regular;");
    assert_int_equal(manager_requests(site.sim, "POST", "/rest/com/vmware/cis/session"),
                     1);
    assert_int_equal(manager_requests(site.sim, "GET", TRANSLATION), 0);
}

static void the_newer_form_of_vcenter_is_found_out(void **state)
{
    (void)state;
    open_with_vcenter("{\"vcenter_form\":\"7.0\"}");
    wait_for("vdi-03.corp.example", "vm-103 1  regular;");
    wait_for("50221a4c-7f10-4b6e-8a02-5d2c9e7b0a02", "vm-102 1  regular;");
}

static void details_of_vcenter_survive_the_next_sync(void **state)
{
    (void)state;
    struct site_reply seen;
    open_with_vcenter("{\"vcenter_form\":\"6.7\"}");
    wait_for("vdi-03.corp.example", "vm-103 1  regular;");
    site_find("no-such-vm", NULL, &seen); /* makes a sync */
    site_find("vdi-03.corp.example", NULL, &seen);
    assert_string_equal(seen.vms, "vm-103 1  regular;");
    assert_true(manager_requests(site.sim, "GET", INVENTORY) >= 2);
}

static void a_vm_without_tools_is_no_trouble(void **state)
{
    (void)state;
    struct site_reply seen;
    open_with_vcenter("{\"vcenter_form\":\"6.7\"}");
    manager_post(site.sim, "/sim/vms",
                 "{\"external_id\":\"vm-555\",\"display_name\":\"VDI-55\","
                 "\"cluster\":\"domain-c7\",\"instance_uuid\":"
                 "\"50221a4c-7f10-4b6e-8a55-5d2c9e7b0a55\"}");
    site_find("vdi-55", NULL, &seen);
    wait_for("50221a4c-7f10-4b6e-8a55-5d2c9e7b0a55", "vm-555 1  regular;");
    wait_for("vdi-03.corp.example", "vm-103 1  regular;");
    /* For the one who looks for it, and perhaps by the crawl at that moment; not again. */
    assert_in_range(
        manager_requests(site.sim, "GET", "/rest/vcenter/vm/vm-555/guest/identity"), 1,
        2);
}

static void details_are_asked_for_again_after_an_hour(void **state)
{
    (void)state;
    struct site_reply seen;
    open_with_vcenter("{\"vcenter_form\":\"6.7\"}");
    wait_for("vdi-03.corp.example", "vm-103 1  regular;");
    site_find("no-such-vm", NULL, &seen);
    assert_int_equal(manager_requests(site.sim, "GET", "/rest/vcenter/vm/vm-103/guest"),
                     1);
    site.ahead_ms = 3600001;
    site_find("no-such-vm", NULL, &seen);
    for (int i = 0; i < 2000; i++) {
        if (manager_requests(site.sim, "GET", "/rest/vcenter/vm/vm-103/guest") == 2) {
            return;
        }
    }
    fail_msg("vm-103 was not asked about again");
}

static void a_vcenter_without_a_password_file_keeps_us_from_starting(void **state)
{
    (void)state;
    struct nq_err err;
    site_set_text(vcenter_password, sizeof(vcenter_password), "/nowhere");
    site.manager.vcenter = site.manager.access;
    site.manager.vcenter.password_file = vcenter_password;
    assert_null(
        nq_vsphere_open(&site.conf, 0, manager_loop(site.sim), &nq_system_clock, &err));
    assert_int_equal(err.code, NQ_SECRET_FILE);
}

static void a_vcenter_that_refuses_us_does_not_hinder_nsx(void **state)
{
    (void)state;
    struct site_reply seen;
    open_with_vcenter("{\"vcenter_password\":\"another\"}");
    site_find("vdi-02", NULL, &seen);
    assert_string_equal(seen.vms, "vm-102 1  regular;");
    site_expect_state(NQ_MANAGER_UP, NQ_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VSPHERE_TEST(a_vm_is_found_by_its_name),
        VSPHERE_TEST(all_requests_ask_for_xml),
        VSPHERE_TEST(an_unknown_name_is_looked_for_once_more),
        VSPHERE_TEST(the_internal_vms_of_instant_clones_are_not_regular),
        VSPHERE_TEST(an_appliance_of_nsx_is_not_regular),
        VSPHERE_TEST(a_manager_that_does_not_tell_its_appliances_is_used_all_the_same),
        VSPHERE_TEST(our_tag_and_the_watched_ones_are_known_from_their_vms),
        VSPHERE_TEST(the_tag_list_is_read_part_by_part),
        VSPHERE_TEST(an_older_release_tells_the_vms_of_a_tag_without_details),
        VSPHERE_TEST(nsx_alone_leads_from_an_address_to_a_vm),
        VSPHERE_TEST(an_address_is_asked_for_again_before_it_counts),
        VSPHERE_TEST(an_address_counts_when_nobody_can_be_asked),
        VSPHERE_TEST(a_release_without_addresses_is_not_asked_for_them_again),
        VSPHERE_TEST(the_version_is_shown),
        VSPHERE_TEST(an_old_list_is_used_and_said_to_be_old_once),
        VSPHERE_TEST(vcenter_leads_from_host_names_and_uuids_to_vms),
        VSPHERE_TEST(the_newer_form_of_vcenter_is_found_out),
        VSPHERE_TEST(details_of_vcenter_survive_the_next_sync),
        VSPHERE_TEST(a_vm_without_tools_is_no_trouble),
        VSPHERE_TEST(details_are_asked_for_again_after_an_hour),
        VSPHERE_TEST(a_vcenter_without_a_password_file_keeps_us_from_starting),
        VSPHERE_TEST(a_vcenter_that_refuses_us_does_not_hinder_nsx),
    };
    nq_log_level(NQ_LOG_ERROR); /* what the sync reports is not under test */
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
