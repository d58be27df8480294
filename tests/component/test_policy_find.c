/* SPDX-License-Identifier: Apache-2.0 */
/* Finding VMs by the policy backend, and reading its lists, against the simulator. */
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
#include "world_site.h"

static void finds_a_vm_by_name_host_name_address_and_uuid(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_expect_state(NQ_MANAGER_DEGRADED, NQ_OK);
    site_find("vdi-01", NULL, &seen);
    assert_string_equal(seen.vms, VDI_01 " 1 REGULAR regular;");
    assert_string_equal(seen.addresses, "192.0.2.11,2001:db8:10::11");
    site_expect_state(NQ_MANAGER_UP, NQ_OK);
    site_find("VDI-02.corp.example", NULL, &seen);
    assert_string_equal(seen.vms, VDI_02 " 1 REGULAR regular;");
    site_find("2001:DB8:10:0::13", NULL, &seen);
    assert_string_equal(seen.vms, VDI_03 " 1 REGULAR regular;");
    site_find("42221A4C-7F10-4B6E-8A01-5D2C9E7B0A01", VDI_01,
              &seen); /* BIOS and external id */
    assert_string_equal(seen.vms, VDI_01 " 3 REGULAR regular;");
    site_find("edge-01", NULL, &seen);
    assert_string_equal(seen.vms, EDGE " 1 EDGE;");
    site_find("VDI-01", "192.0.2.12", &seen);
    assert_string_equal(seen.vms,
                        VDI_01 " 1 REGULAR regular;" VDI_02 " 2 REGULAR regular;");
    assert_int_equal(manager_requests(site.sim, "GET", ALL_VMS), 1);
}

static void many_who_wait_share_one_sync(void **state)
{
    (void)state;
    struct site_reply seen[20];
    site_open();
    for (size_t i = 0; i < 20; i++) {
        (void)site_start_find(i % 2 ? "vdi-01" : "nobody", NULL, &seen[i]);
    }
    for (size_t i = 0; i < 20; i++) {
        site_expect_good(&seen[i]);
        assert_int_equal(seen[i].vm_count, i % 2);
    }
    assert_int_equal(manager_requests(site.sim, "GET", ALL_VMS), 1);
    assert_int_equal(manager_requests(site.sim, "GET", VIFS), 1);
}

static void an_unknown_vm_costs_at_most_one_sync_a_second(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    const int64_t begin_ms = nq_mono_ms(&nq_system_clock);
    for (int i = 0; i < 2; i++) {
        site_find("nobody", NULL, &seen);
        assert_int_equal(seen.vm_count, 0);
    }
    assert_int_equal(manager_requests(site.sim, "GET", ALL_VMS), 3);
    assert_true(nq_mono_ms(&nq_system_clock) - begin_ms >= 1000);
}

static void a_vm_that_is_new_is_found_by_a_fresh_sync(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    manager_post(site.sim, "/sim/vms",
                 "{\"external_id\":\"new-1\",\"display_name\":\"VDI-99\"}");
    site_find("vdi-99", NULL, &seen);
    assert_int_equal(seen.vm_count, 1);
    assert_memory_equal(seen.vms, "new-1 1 ", 8);
}

static void what_the_inventory_knows_is_asked_again_on_demand(void **state)
{
    (void)state;
    struct site_reply seen;
    const struct nq_vm_query again = {
        .fresh = true, .hint_count = 1, .hints = {"VDI-01"}};
    site_open();
    site_find("VDI-01", NULL, &seen);
    assert_int_equal(seen.vm_count, 1);
    manager_post(site.sim, "/sim/vms", /* its clone takes the name over */
                 "{\"external_id\":\"new-1\",\"display_name\":\"VDI-01\"}");
    site_find("VDI-01", NULL, &seen);
    assert_int_equal(seen.vm_count, 1);
    (void)site_start_query(&again, &seen);
    site_expect_good(&seen);
    assert_int_equal(seen.vm_count, 2);
    assert_int_equal(manager_requests(site.sim, "GET", ALL_VMS), 2);
}

static void a_failed_sync_keeps_the_old_inventory_and_says_why(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    manager_fault(site.sim, "{\"path\":\"" VIFS "\",\"status\":503,\"times\":1}");
    (void)site_start_find("nobody", NULL, &seen);
    site_expect_failure(&seen, NQ_NSX_BUSY);
    site_expect_state(NQ_MANAGER_DEGRADED, NQ_NSX_BUSY);
    site_find("192.0.2.11", NULL, &seen);
    assert_int_equal(seen.vm_count, 1);
    site_find("nobody", NULL, &seen);
    assert_int_equal(seen.vm_count, 0);
    site_expect_state(NQ_MANAGER_UP, NQ_NSX_BUSY);
}

static void the_inventory_is_read_again_by_time(void **state)
{
    (void)state;
    struct site_reply seen;
    site.manager.inventory_interval_ms = 50;
    site_open();
    site_find("vdi-01", NULL, &seen);
    char *text = manager_get(site.sim, "/sim/journal?min_requests=9");
    free(text);
    assert_true(manager_requests(site.sim, "GET", ALL_VMS) >= 3);
}

/* NSX shows a VM several times while it moves, for up to a minute. */
static void copies_of_a_moving_vm_are_one_vm_until_they_are_gone(void **state)
{
    (void)state;
    struct site_reply seen;
    manager_post(site.sim, "/sim/vms",
                 "{\"external_id\":\"m-1\",\"display_name\":\"moving\",\"copies\":["
                 "{\"power_state\":\"VM_STOPPED\"},{\"tags\":[]}],\"vifs\":[{"
                 "\"mac_address\":\"00:50:56:00:00:99\",\"device_key\":\"4000\"}]}");
    site_open();
    site_find("moving", NULL, &seen);
    assert_string_equal(seen.vms, "m-1 1 REGULAR regular;");
    site_find("00-50-56-00-00-99", NULL, &seen);
    assert_string_equal(seen.vms, "m-1 1 REGULAR regular;");
    site_change(NQ_TAG_ADD, "m-1");
    (void)site_start_read("m-1", &seen);
    site_expect_good(&seen);
    assert_string_equal(seen.vms, "m-1 0 REGULAR tagged regular;");
    site.ahead_ms = 5001;
    site_find("moving", NULL, &seen); /* two copies of a name are no twins */
    assert_string_equal(seen.vms, "m-1 1 REGULAR tagged regular;");
    assert_int_equal(manager_requests(site.sim, "GET", NAMED_VM), 1);
}

/* ---- twins ------------------------------------------------------------------------------ */

static void a_newer_twin_of_a_known_name_is_seen(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    manager_post(site.sim, "/sim/vms",
                 "{\"external_id\":\"new-1\",\"display_name\":\"VDI-01\"}");
    site_find("vdi-01", NULL, &seen); /* the list is fresh */
    assert_int_equal(seen.vm_count, 1);
    assert_int_equal(manager_requests(site.sim, "GET", NAMED_VM), 0);
    site.ahead_ms = 5001;
    site_find("vdi-01", NULL, &seen);
    assert_int_equal(seen.vm_count, 2);
    site_find("vdi-01", NULL, &seen); /* no further proof is needed */
    assert_int_equal(seen.vm_count, 2);
    assert_int_equal(manager_requests(site.sim, "GET", NAMED_VM), 1);
    assert_int_equal(manager_requests(site.sim, "GET", ALL_VMS), 1);
}

static void what_is_unique_is_not_asked_about(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    site.ahead_ms = 5001;
    site_find(VDI_01, NULL, &seen);
    site_find("192.0.2.11", NULL, &seen);
    site_find("vdi-01", "192.0.2.11", &seen);
    assert_string_equal(seen.vms, VDI_01 " 3 REGULAR regular;");
    assert_int_equal(manager_requests(site.sim, "GET", NAMED_VM), 0);
    site_find("vdi-01.corp.example", "VDI-01", &seen); /* one question, not two */
    assert_int_equal(manager_requests(site.sim, "GET", NAMED_VM), 1);
}

static void a_manager_in_trouble_does_not_hide_a_known_vm(void **state)
{
    (void)state;
    static const char *const troubles[] = {"\"status\":500", "\"html\":true",
                                           "\"reset\":true", "\"hang\":true"};
    site.manager.access.timeout_ms = 500;
    site_open();
    struct site_reply seen;
    site_find("vdi-01", NULL, &seen);
    for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
        char fault[128];
        (void)snprintf(fault, sizeof(fault), "{\"path\":\"" NAMED_VM "\",%s,\"times\":2}",
                       troubles[i]);
        site.ahead_ms += 5001;
        manager_fault(site.sim, fault);
        site_find("vdi-01", NULL, &seen);
        assert_string_equal(seen.vms, VDI_01 " 1 REGULAR regular;");
    }
}

static void many_names_are_looked_up_by_one_reading_of_the_list(void **state)
{
    (void)state;
    struct site_reply seen[10];
    site_open();
    site_find("vdi-01", NULL, &seen[0]);
    manager_post(site.sim, "/sim/vms",
                 "{\"external_id\":\"new-1\",\"display_name\":\"VDI-01\"}");
    site.ahead_ms = 5001;
    for (int round = 0; round < 2; round++) { /* the second one finds the list fresh */
        for (size_t i = 0; i < 10; i++) {
            (void)site_start_find(i % 2 ? "vdi-01" : "vdi-02", NULL, &seen[i]);
        }
        for (size_t i = 0; i < 10; i++) {
            site_expect_good(&seen[i]);
            assert_int_equal(seen[i].vm_count, 1 + i % 2);
        }
    }
    assert_int_equal(manager_requests(site.sim, "GET", NAMED_VM), 0);
    assert_int_equal(manager_requests(site.sim, "GET", ALL_VMS), 2);
    assert_int_equal(manager_requests(site.sim, "GET", VIFS), 1);
}

static void whom_a_trap_means_is_asked_before_what_waits(void **state)
{
    (void)state;
    struct site_reply found;
    struct site_reply seen[2];
    site.manager.access.concurrency = 1;
    site_open();
    site_find("vdi-01", NULL, &found);
    site_rest();
    site.ahead_ms = 5001;
    manager_fault(site.sim, "{\"path\":\"" VMS "?external_id=" VDI_02
                            "\",\"hold\":true,\"times\":1}");
    (void)site_start_read(VDI_02, &seen[0]);
    free(manager_get(site.sim, "/sim/held?count=1"));
    (void)site_start_read(VDI_03, &seen[1]);
    (void)site_start_find("vdi-01", NULL, &found);
    for (int i = 0; i < 20; i++) {
        free(manager_get(site.sim, "/sim/settings")); /* turns the loop */
    }
    manager_post(site.sim, "/sim/release", "{\"all\":true}");
    site_expect_good(&found);
    site_expect_good(&seen[0]);
    site_expect_good(&seen[1]);
    char *journal = manager_get(site.sim, "/sim/journal");
    const char *const named = strstr(journal, NAMED_VM);
    const char *const waited = strstr(journal, "external_id=" VDI_03);
    assert_non_null(named);
    assert_non_null(waited);
    assert_true(named < waited);
    free(journal);
}

static void a_find_that_looks_for_twins_can_be_given_up(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    site.ahead_ms = 5001;
    manager_fault(site.sim, "{\"path\":\"" NAMED_VM "\",\"hold\":true,\"times\":1}");
    struct nq_call *call = site_start_find("vdi-01", NULL, &seen);
    free(manager_get(site.sim, "/sim/held?count=1"));
    site.backend->ops->cancel(site.backend, call);
    manager_post(site.sim, "/sim/release", "{}");
    struct site_reply other;
    site_find("vdi-02", NULL, &other);
    assert_int_equal(seen.calls, 0);
}

/* ---- lists ------------------------------------------------------------------------------ */

/* A world of 2,500 VMs, each in the quarantine group and with one address. */
static int begin_large(void **state)
{
    (void)state;
    struct nq_buf world;
    nq_buf_init(&world, (size_t)8 << 20);
    assert_true(nq_buf_addf(&world,
                            "{\"user\":\"admin\",\"password\":\"VMware1!VMware1!\","
                            "\"virtual_machines\":["));
    for (int i = 0; i < 2500; i++) {
        assert_true(nq_buf_addf(
            &world,
            "%s{\"external_id\":\"vm-%04d\",\"display_name\":\"VDI-%04d\",\"vifs\":[{"
            "\"mac_address\":\"00:50:56:00:00:01\",\"device_key\":\"4000\","
            "\"ip_address_info\":[{\"ip_addresses\":[\"10.0.%d.%d\"]}]}],"
            "\"tags\":[{\"scope\":\"nsx-quarantine\",\"tag\":\"isolated\"}]}",
            i ? "," : "", i, i, i / 250, i % 250));
    }
    assert_true(nq_buf_addf(
        &world, "],\"groups\":[{\"id\":\"quarantine\",\"expression\":[{\"resource_type\":"
                "\"Condition\",\"member_type\":\"VirtualMachine\",\"key\":\"Tag\","
                "\"operator\":\"EQUALS\",\"value\":\"nsx-quarantine|isolated\"}]}]}"));
    manager_write_file("large.json", nq_buf_text(&world));
    nq_buf_done(&world);
    return site_begin_with(manager_file("large.json"));
}

static void lists_of_several_pages_are_read_to_their_end(void **state)
{
    (void)state;
    struct site_reply seen;
    site.conf.group_count = 1;
    site_open();
    site_find("vdi-2499", "10.0.9.249", &seen);
    assert_int_equal(seen.vm_count, 1);
    assert_memory_equal(seen.vms, "vm-2499 3 ", 10);
    site_find("vdi-0000", NULL, &seen);
    assert_int_equal(seen.vm_count, 1);
    (void)site_start_groups(&seen);
    site_expect_good(&seen);
    assert_memory_equal(seen.groups, "2500 2500 3 vm-0000 vm-0001", 27);
    assert_int_equal(manager_requests(site.sim, "GET", ALL_VMS), 3);
    assert_int_equal(manager_requests(site.sim, "GET", VIFS), 3);
    assert_int_equal(manager_requests(site.sim, "GET", MEMBERS "quarantine/members"), 3);
}

/* Neither cursor nor result_count, and a number of items as cursor. */
static void
lists_that_page_by_offset_without_saying_so_are_read_to_their_end(void **state)
{
    (void)state;
    struct site_reply seen;
    manager_fault(
        site.sim,
        "[{\"path\":\"" ALL_VMS "\",\"query\":\"cursor=2\",\"status\":200,\"body\":"
        "{\"results\":[{\"external_id\":\"c\",\"display_name\":\"third\"}]},\"times\":1},"
        "{\"path\":\"" ALL_VMS "\",\"query\":\"cursor=3\",\"status\":200,\"body\":"
        "{\"results\":[]},\"times\":1},"
        "{\"path\":\"" ALL_VMS "\",\"status\":200,\"body\":{\"results\":["
        "{\"external_id\":\"a\"},{\"external_id\":\"b\"}]},\"times\":1}]");
    site_open();
    site_find("third", NULL, &seen);
    assert_memory_equal(seen.vms, "c 1 ", 4);
    assert_int_equal(manager_requests(site.sim, "GET", ALL_VMS), 3);
}

static void a_list_that_repeats_itself_is_an_error(void **state)
{
    (void)state;
    struct site_reply seen;
    manager_fault(site.sim, "{\"path\":\"" ALL_VMS "\",\"status\":200,\"body\":"
                            "{\"results\":[{\"external_id\":\"a\"}]}}");
    site_open();
    (void)site_start_find("vdi-01", NULL, &seen);
    site_expect_failure(&seen, NQ_NSX_ANSWER);
    assert_non_null(strstr(seen.detail, "repeats"));
    assert_int_equal(manager_requests(site.sim, "GET", ALL_VMS), 2);
}

static void what_is_known_is_told_without_a_new_list(void **state)
{
    (void)state;
    static const char *const names[] = {"nobody", "VDI-01"};
    struct site_reply seen;
    site_open();
    site_find("VDI-02", NULL, &seen);
    manager_forget(site.sim);
    for (size_t i = 0; i < 2; i++) {
        const struct nq_vm_query query = {
            .hint_count = 1, .hints = {names[i]}, .known_only = true};
        (void)site_start_query(&query, &seen);
        site_expect_good(&seen);
        assert_int_equal(seen.vm_count, i);
    }
    assert_int_equal(manager_requests(site.sim, "GET", ALL_VMS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(finds_a_vm_by_name_host_name_address_and_uuid),
        SITE_TEST(what_is_known_is_told_without_a_new_list),
        SITE_TEST(many_who_wait_share_one_sync),
        SITE_TEST(an_unknown_vm_costs_at_most_one_sync_a_second),
        SITE_TEST(a_vm_that_is_new_is_found_by_a_fresh_sync),
        SITE_TEST(what_the_inventory_knows_is_asked_again_on_demand),
        SITE_TEST(a_failed_sync_keeps_the_old_inventory_and_says_why),
        SITE_TEST(the_inventory_is_read_again_by_time),
        SITE_TEST(copies_of_a_moving_vm_are_one_vm_until_they_are_gone),
        SITE_TEST(a_newer_twin_of_a_known_name_is_seen),
        SITE_TEST(what_is_unique_is_not_asked_about),
        SITE_TEST(a_manager_in_trouble_does_not_hide_a_known_vm),
        SITE_TEST(many_names_are_looked_up_by_one_reading_of_the_list),
        SITE_TEST(whom_a_trap_means_is_asked_before_what_waits),
        SITE_TEST(a_find_that_looks_for_twins_can_be_given_up),
        cmocka_unit_test_setup_teardown(lists_of_several_pages_are_read_to_their_end,
                                        begin_large, site_end),
        SITE_TEST(lists_that_page_by_offset_without_saying_so_are_read_to_their_end),
        SITE_TEST(a_list_that_repeats_itself_is_an_error),
    };
    nq_log_level(NQ_LOG_ERROR); /* what the sync reports is not under test */
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
