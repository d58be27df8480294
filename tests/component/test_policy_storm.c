/* SPDX-License-Identifier: Apache-2.0 */
/* Thousands of VMs at once: what finding, tagging and reading them costs NSX, and what is
 * done when the list that serves many does not serve one of them. */
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
#include "nsx/tags.h"
#include "world_site.h"

#define WORLD_VMS 20000
#define STORM_VMS 5000

static int begin_world(int vms)
{
    struct nq_buf world;
    nq_buf_init(&world, (size_t)16 << 20);
    assert_true(nq_buf_addf(&world,
                            "{\"user\":\"admin\",\"password\":\"VMware1!VMware1!\","
                            "\"virtual_machines\":["));
    for (int i = 0; i < vms; i++) {
        assert_true(
            nq_buf_addf(&world,
                        "%s{\"external_id\":\"vm-%05d\",\"display_name\":\"VDI-%05d\","
                        "\"vifs\":[{\"mac_address\":\"00:50:56:%02x:%02x:%02x\","
                        "\"device_key\":\"4000\",\"ip_address_info\":[{\"ip_addresses\":"
                        "[\"10.%d.%d.%d\"]}]}]}",
                        i ? "," : "", i, i, i >> 16, (i >> 8) & 255, i & 255, i >> 16,
                        (i >> 8) & 255, i & 255));
    }
    assert_true(nq_buf_addf(&world, "]}"));
    manager_write_file("world.json", nq_buf_text(&world));
    nq_buf_done(&world);
    (void)site_begin_with(manager_file("world.json"));
    site.conf.group_count = 0;
    return 0;
}

static int begin_storm(void **state)
{
    (void)state;
    return begin_world(WORLD_VMS);
}

static int begin_some(void **state)
{
    (void)state;
    return begin_world(50);
}

/* ---- the way of a VM: found, tagged, read back -------------------------------------------- */

struct way {
    char id[16];
    bool tagged; /* as read back */
};

static struct way ways[STORM_VMS];
static size_t ways_done;
static bool all_done;
static int64_t tagged_ms; /* the last acknowledgement */

static void expect_good(const struct nq_reply *reply)
{
    if (reply->err) {
        fail_msg("%s: %s", nq_code_name(reply->err->code), reply->err->detail);
    }
}

static void on_read(void *arg, const struct nq_reply *reply)
{
    struct way *way = arg;
    expect_good(reply);
    way->tagged = reply->vm_count == 1 && (reply->vms[0].tags & NQ_TAGS_OURS);
    all_done = ++ways_done == STORM_VMS;
}

static void on_added(void *arg, const struct nq_reply *reply)
{
    struct way *way = arg;
    const struct nq_vm_id vm = {0, way->id};
    expect_good(reply);
    tagged_ms = nq_mono_ms(&nq_system_clock);
    (void)site.backend->ops->read_vm(site.backend, &vm, on_read, way);
}

static void on_found(void *arg, const struct nq_reply *reply)
{
    struct way *way = arg;
    expect_good(reply);
    assert_int_equal(reply->vm_count, 1);
    (void)snprintf(way->id, sizeof(way->id), "%s", reply->vms[0].external_id);
    const struct nq_vm_id vm = {0, way->id};
    (void)site.backend->ops->change_tag(site.backend, NQ_TAG_ADD, &vm, on_added, way);
}

static size_t all_requests(void)
{
    return manager_requests(site.sim, "GET", "") + manager_requests(site.sim, "PUT", "") +
           manager_requests(site.sim, "POST", "");
}

static void a_storm_of_5000_vms_costs_few_calls_for_each(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("vdi-00000", NULL, &seen);
    site.ahead_ms = 2 * 5000; /* the names are not fresh any more */
    manager_forget(site.sim);
    ways_done = 0;
    all_done = false;
    const int64_t begin_ms = nq_mono_ms(&nq_system_clock);
    for (int i = 0; i < STORM_VMS; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "vdi-%05d", 4 * i);
        const struct nq_vm_query query = {.hint_count = 1, .hints = {name}};
        (void)site.backend->ops->find_vms(site.backend, &query, on_found, &ways[i]);
    }
    manager_run_for(site.sim, &all_done, 60000);
    const int64_t took_ms = nq_mono_ms(&nq_system_clock) - begin_ms;
    for (int i = 0; i < STORM_VMS; i++) {
        assert_true(ways[i].tagged);
    }
    const size_t calls = all_requests();
    print_message(
        "           %zu calls for %d VMs of %d, %.4f each; all tagged in %.1f s, "
        "read back in %.1f s: %zu of the list, %zu PUT, %zu status, %zu single\n",
        calls, STORM_VMS, WORLD_VMS, (double)calls / STORM_VMS,
        (double)(tagged_ms - begin_ms) / 1000, (double)took_ms / 1000,
        manager_requests(site.sim, "GET", ALL_VMS),
        manager_requests(site.sim, "PUT", OPERATIONS),
        manager_requests(site.sim, "GET", OPERATIONS),
        manager_requests(site.sim, "GET", ONE_VM) +
            manager_requests(site.sim, "GET", NAMED_VM) +
            manager_requests(site.sim, "POST", VMS));
    assert_true((double)calls / STORM_VMS <= 0.05);
}

/* ---- many readings ------------------------------------------------------------------------ */

#define MANY 10

static void start_reads(struct site_reply seen[MANY], int first)
{
    for (int i = 0; i < MANY; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "vm-%05d", first + i);
        (void)site_start_read(id, &seen[i]);
    }
}

static void many_who_read_share_one_list(void **state)
{
    (void)state;
    struct site_reply seen[MANY];
    struct site_reply known;
    site_open();
    site_find("vdi-00000", NULL, &known);
    manager_forget(site.sim);
    start_reads(seen, 45); /* five of them exist */
    for (int i = 0; i < MANY; i++) {
        site_expect_good(&seen[i]);
        assert_int_equal(seen[i].vm_count, i < 5);
    }
    assert_int_equal(manager_requests(site.sim, "GET", ALL_VMS), 1);
    /* What no list shows is asked for by itself before it counts as gone. */
    assert_int_equal(manager_requests(site.sim, "GET", ONE_VM), 5);
    assert_string_equal(seen[0].addresses, "10.0.0.45");
}

static void who_waits_behind_a_manager_that_is_away_shares_its_error(void **state)
{
    (void)state;
    struct site_reply seen[6];
    site.manager.access.timeout_ms = 500;
    site_open(); /* without an inventory each is read by itself, four at a time */
    manager_fault(site.sim, "{\"path\":\"/api\",\"hang\":true}");
    manager_forget(site.sim);
    for (int i = 0; i < 6; i++) {
        (void)site_start_read("vm-00000", &seen[i]);
    }
    for (int i = 0; i < 6; i++) {
        site_expect_failure(&seen[i], NQ_NSX_TIMEOUT);
    }
    assert_true(manager_requests(site.sim, "GET", ONE_VM) <= 4); /* never all six */
}

static void what_the_list_loses_is_read_by_itself(void **state)
{
    (void)state;
    struct site_reply seen[MANY];
    struct site_reply known;
    site_open();
    site_find("vdi-00000", NULL, &known);
    manager_fault(site.sim, "{\"path\":\"" ALL_VMS "\",\"times\":1,\"status\":200,"
                            "\"body\":{\"result_count\":0,\"results\":[]}}");
    start_reads(seen, 0);
    for (int i = 0; i < MANY; i++) {
        site_expect_good(&seen[i]);
        assert_int_equal(seen[i].vm_count, 1);
    }
    assert_int_equal(manager_requests(site.sim, "GET", ONE_VM), MANY);
}

static void a_list_that_cannot_be_read_leaves_single_readings(void **state)
{
    (void)state;
    struct site_reply seen[MANY];
    struct site_reply known;
    site_open();
    site_find("vdi-00000", NULL, &known);
    manager_fault(site.sim, "{\"path\":\"" ALL_VMS "\",\"times\":1,\"html\":true}");
    start_reads(seen, 0);
    for (int i = 0; i < MANY; i++) {
        site_expect_good(&seen[i]);
    }
    manager_fault(site.sim, "{\"path\":\"" ALL_VMS "\",\"times\":1,\"status\":500}");
    start_reads(seen, 0);
    for (int i = 0; i < MANY; i++) {
        site_expect_failure(&seen[i], NQ_NSX_SERVER);
    }
    assert_int_equal(manager_requests(site.sim, "GET", ONE_VM), MANY);
}

static void readings_that_share_a_list_are_given_up_one_by_one(void **state)
{
    (void)state;
    struct site_reply seen[MANY];
    struct nq_call *calls[MANY];
    struct site_reply known;
    site_open();
    site_find("vdi-00000", NULL, &known);
    manager_fault(site.sim, "{\"path\":\"" ALL_VMS "\",\"times\":2,\"hold\":true}");
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++) {
            char id[16];
            (void)snprintf(id, sizeof(id), "vm-%05d", i);
            calls[i] = site_start_read(id, &seen[i]);
        }
        free(manager_get(site.sim, "/sim/held?count=1"));
        for (int i = round; i < MANY; i++) { /* all but one; then all */
            site.backend->ops->cancel(site.backend, calls[i]);
        }
        manager_post(site.sim, "/sim/release", "{}");
        if (round == 1) {
            site_expect_good(&seen[0]);
        }
        for (int i = round; i < MANY; i++) {
            assert_int_equal(seen[i].calls, 0);
        }
    }
    site_find("vdi-00001", NULL, &known);
}

static void a_list_that_was_read_renews_the_tags_of_the_inventory(void **state)
{
    (void)state;
    struct site_reply seen[MANY];
    struct site_reply known;
    site_open();
    site_find("vdi-00020", NULL, &known);
    manager_fault(site.sim,
                  "{\"path\":\"" ALL_VMS "\",\"times\":1,\"status\":200,\"body\":{"
                  "\"result_count\":3,\"results\":["
                  "{\"external_id\":\"vm-00020\",\"tags\":[{\"scope\":\"nsx-quarantine\","
                  "\"tag\":\"isolated\"}]},{\"external_id\":\"vm-00020\"},"
                  "{\"external_id\":\"new\",\"display_name\":\"new-vm\"}]}}");
    start_reads(seen, 0);
    for (int i = 0; i < MANY; i++) {
        site_expect_good(&seen[i]);
    }
    site_find("vdi-00020", NULL, &known);
    assert_non_null(strstr(known.vms, " tagged"));
    site_find("new-vm", NULL, &known);
    assert_int_equal(known.vm_count, 1);
    start_reads(seen, 0); /* the tag is off again */
    for (int i = 0; i < MANY; i++) {
        site_expect_good(&seen[i]);
    }
    site_find("vdi-00020", NULL, &known);
    assert_null(strstr(known.vms, " tagged"));
}

#define SOME(test) cmocka_unit_test_setup_teardown(test, begin_some, site_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_storm_of_5000_vms_costs_few_calls_for_each,
                                        begin_storm, site_end),
        SOME(many_who_read_share_one_list),
        SOME(who_waits_behind_a_manager_that_is_away_shares_its_error),
        SOME(what_the_list_loses_is_read_by_itself),
        SOME(a_list_that_cannot_be_read_leaves_single_readings),
        SOME(readings_that_share_a_list_are_given_up_one_by_one),
        SOME(a_list_that_was_read_renews_the_tags_of_the_inventory),
    };
    nq_log_level(NQ_LOG_ERROR); /* what the sync reports is not under test */
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
