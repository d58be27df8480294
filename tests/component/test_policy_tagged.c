/* SPDX-License-Identifier: Apache-2.0 */
/* Which VMs carry a tag that means quarantine, read from NSX. */
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

static void expect_tagged(const char *vms)
{
    struct site_reply seen;
    (void)site_start_tagged(&seen);
    site_expect_good(&seen);
    assert_string_equal(seen.vms, vms);
}

/* In place of the VM of the seed scenario. */
static void put_vm(const char *id, const char *json)
{
    char path[96];
    (void)snprintf(path, sizeof(path), "/sim/vms/%s", id);
    manager_delete(site.sim, path);
    manager_post(site.sim, "/sim/vms", json);
}

static void all_vms_with_our_tag_or_a_watched_one_are_told(void **state)
{
    (void)state;
    struct site_reply seen;
    site_watch_tag(NULL, "ANTI_VIRUS.VirusFound.threat=high");
    site_protect_tag("role", "connection-server");
    site_open();
    expect_tagged("");
    site_change(NQ_TAG_ADD, VDI_01);
    put_vm(VDI_02, "{\"external_id\":\"" VDI_02 "\",\"display_name\":\"VDI-02\",\"tags\":"
                   "[{\"scope\":\"any\",\"tag\":\"ANTI_VIRUS.VirusFound.threat=high\"},"
                   "{\"scope\":\"role\",\"tag\":\"connection-server\"}]}");
    expect_tagged(VDI_01 " 0 REGULAR tagged regular;" VDI_02 " 0 REGULAR regular;");
    (void)site_start_tagged(&seen);
    site_expect_good(&seen);
    assert_int_equal(seen.tags, NQ_TAGS_WATCHED(0) | NQ_TAGS_PROTECTED(0));
}

static void what_the_list_does_not_tell_comes_from_the_inventory(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    site_change(NQ_TAG_ADD, VDI_01);
    (void)site_start_tagged(&seen);
    site_expect_good(&seen);
    assert_string_equal(seen.addresses, "192.0.2.11,2001:db8:10::11");
    assert_string_equal(seen.uuids, VDI_01 ",42221a4c-7f10-4b6e-8a01-5d2c9e7b0a01");
}

/* While a VM moves NSX shows copies of it, and they need not agree. */
static void a_tag_on_one_of_the_copies_of_a_vm_counts(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    manager_fault(site.sim,
                  "{\"path\":\"" ALL_VMS "\",\"times\":1,\"status\":200,\"body\":{"
                  "\"result_count\":3,\"results\":[{\"external_id\":\"" VDI_01 "\"},"
                  "{\"external_id\":\"" VDI_01 "\",\"tags\":[{\"scope\":"
                  "\"nsx-quarantine\",\"tag\":\"isolated\"}]},"
                  "{\"external_id\":\"" VDI_01 "\",\"type\":\"EDGE\"}]}}");
    expect_tagged(VDI_01 " 0 EDGE tagged;"); /* and one copy forbids it */
}

static void a_list_that_is_not_whole_tells_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        enum nq_code code;
    } faults[] = {
        {"\"status\":500", NQ_NSX_SERVER},
        {"\"truncate\":40", NQ_NSX_ANSWER},
        {"\"html\":true", NQ_NSX_ANSWER},
        {"\"status\":200,\"body\":{\"result_count\":2,\"results\":[]}", NQ_NSX_ANSWER},
        {"\"status\":200,\"body\":{\"result_count\":2,\"cursor\":\"0000\",\"results\":["
         "{\"external_id\":\"x\"}]}",
         NQ_NSX_ANSWER},
    };
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        char fault[512];
        (void)snprintf(fault, sizeof(fault), "{\"path\":\"%s\",\"times\":1,%s}", ALL_VMS,
                       faults[i].fault);
        manager_fault(site.sim, fault);
        (void)site_start_tagged(&seen);
        site_expect_failure(&seen, faults[i].code);
        assert_int_equal(seen.vm_count, 0);
    }
    expect_tagged("");
}

/* What has been read before the question proves nothing. */
static void who_asks_meanwhile_waits_for_the_next_list(void **state)
{
    (void)state;
    struct site_reply seen[4];
    struct site_reply known;
    site_open();
    site_find("vdi-01", NULL, &known);
    manager_forget(site.sim);
    manager_fault(site.sim, "{\"path\":\"" ALL_VMS "\",\"hold_after\":true,\"times\":1}");
    (void)site_start_tagged(&seen[0]);
    free(manager_get(site.sim, "/sim/held?count=1"));
    site_change(NQ_TAG_ADD, VDI_01);
    for (int i = 1; i < 4; i++) {
        (void)site_start_tagged(&seen[i]);
    }
    manager_post(site.sim, "/sim/release", "{}");
    for (int i = 0; i < 4; i++) {
        site_expect_good(&seen[i]);
        assert_int_equal(seen[i].vm_count, i > 0);
    }
    assert_int_equal(manager_requests(site.sim, "GET", ALL_VMS), 2);
}

static void a_question_that_is_given_up_is_not_answered(void **state)
{
    (void)state;
    struct site_reply seen[2];
    struct site_reply known;
    site_open();
    site_find("vdi-01", NULL, &known);
    manager_fault(site.sim, "{\"path\":\"" ALL_VMS "\",\"hold\":true,\"times\":1}");
    struct nq_call *call = site_start_tagged(&seen[0]);
    free(manager_get(site.sim, "/sim/held?count=1"));
    (void)site_start_tagged(&seen[1]);
    site.backend->ops->cancel(site.backend, call);
    manager_post(site.sim, "/sim/release", "{}");
    site_expect_good(&seen[1]);
    assert_int_equal(seen[0].calls, 0);
}

static int begin_many(void **state)
{
    (void)state;
    struct nq_buf world;
    nq_buf_init(&world, (size_t)16 << 20);
    assert_true(nq_buf_addf(&world,
                            "{\"user\":\"admin\",\"password\":\"VMware1!VMware1!\","
                            "\"virtual_machines\":["));
    for (int i = 0; i < WORLD_VMS; i++) {
        assert_true(nq_buf_addf(
            &world, "%s{\"external_id\":\"vm-%05d\",\"display_name\":\"VDI-%05d\"%s}",
            i ? "," : "", i, i,
            i % 4000 == 3999
                ? ",\"tags\":[{\"scope\":\"nsx-quarantine\",\"tag\":\"isolated\"}]"
                : ""));
    }
    assert_true(nq_buf_addf(&world, "]}"));
    manager_write_file("world.json", nq_buf_text(&world));
    nq_buf_done(&world);
    return site_begin_with(manager_file("world.json"));
}

static void twenty_thousand_vms_cost_twenty_requests(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("vdi-00000", NULL, &seen);
    manager_forget(site.sim);
    expect_tagged("vm-03999 0 REGULAR tagged regular;vm-07999 0 REGULAR tagged regular;"
                  "vm-11999 0 REGULAR tagged regular;vm-15999 0 REGULAR tagged regular;"
                  "vm-19999 0 REGULAR tagged regular;");
    assert_int_equal(manager_requests(site.sim, "GET", ALL_VMS), 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(all_vms_with_our_tag_or_a_watched_one_are_told),
        SITE_TEST(what_the_list_does_not_tell_comes_from_the_inventory),
        SITE_TEST(a_tag_on_one_of_the_copies_of_a_vm_counts),
        SITE_TEST(a_list_that_is_not_whole_tells_nothing),
        SITE_TEST(who_asks_meanwhile_waits_for_the_next_list),
        SITE_TEST(a_question_that_is_given_up_is_not_answered),
        cmocka_unit_test_setup_teardown(twenty_thousand_vms_cost_twenty_requests,
                                        begin_many, site_end),
    };
    nq_log_level(NQ_LOG_ERROR); /* what the sync reports is not under test */
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
