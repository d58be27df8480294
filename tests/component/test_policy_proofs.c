/* SPDX-License-Identifier: Apache-2.0 */
/* Thousands of proofs of isolation in a short time: what they cost NSX. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/log.h"
#include "store/record.h"
#include "world_site.h"

#define STORM_VMS 5000
#define ALL_RUNGS                                                                        \
    (NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT) | NQ_RUNG_BIT(NQ_RUNG_GROUP_MEMBER) |              \
     NQ_RUNG_BIT(NQ_RUNG_RULE_REALIZED) | NQ_RUNG_BIT(NQ_RUNG_NOT_EXCLUDED))

/* All VMs carry our tag, and all but every tenth is in quarantine by it. */
static int begin(void **state)
{
    (void)state;
    struct nq_buf world;
    nq_buf_init(&world, (size_t)16 << 20);
    assert_true(nq_buf_addf(&world, "{\"virtual_machines\":["));
    for (int i = 0; i < STORM_VMS; i++) {
        assert_true(nq_buf_addf(
            &world,
            "%s{\"external_id\":\"vm-%05d\",\"display_name\":\"%s-%05d\",\"tags\":["
            "{\"scope\":\"nsx-quarantine\",\"tag\":\"isolated\"}]}",
            i ? "," : "", i, i % 10 ? "VDI" : "SRV", i));
    }
    assert_true(nq_buf_addf(
        &world,
        "],\"groups\":[{\"id\":\"vdi\",\"expression\":[]},{\"id\":\"quarantine\","
        "\"expression\":[{\"resource_type\":\"Condition\",\"member_type\":"
        "\"VirtualMachine\",\"key\":\"Name\",\"operator\":\"STARTSWITH\","
        "\"value\":\"VDI-\"}]}],\"security_policies\":[{\"id\":\"q\",\"category\":"
        "\"Emergency\",\"scope\":[\"" SITE_GROUPS "quarantine\"],\"rules\":[{\"id\":"
        "\"r\",\"action\":\"DROP\",\"source_groups\":[\"ANY\"],"
        "\"destination_groups\":[\"ANY\"]}]}]}"));
    manager_write_file("world.json", nq_buf_text(&world));
    nq_buf_done(&world);
    return site_begin_with(manager_file("world.json"));
}

struct proof {
    char id[16];
    unsigned rungs;
};

static struct proof proofs[STORM_VMS];
static size_t started;
static size_t over;
static size_t wave; /* how many are under way at a time */
static bool all_over;

static void start_more(void);

static void on_proof(void *arg, const struct nq_reply *reply)
{
    struct proof *proof = arg;
    if (reply->err) {
        fail_msg("%s", reply->err->detail);
    }
    proof->rungs = reply->rungs;
    all_over = ++over == STORM_VMS;
    start_more();
}

static void start_more(void)
{
    for (; started < STORM_VMS && started - over < wave; started++) {
        struct proof *proof = &proofs[started];
        const struct nq_vm_id vm = {0, proof->id};
        (void)snprintf(proof->id, sizeof(proof->id), "vm-%05zu", started);
        (void)site.backend->ops->prove(site.backend, &vm, on_proof, proof);
    }
}

static void a_storm_of_5000_proofs_costs_few_calls_for_each(void **state)
{
    (void)state;
    static const size_t waves[] = {STORM_VMS, 500};
    struct site_reply seen;
    site_open();
    site_find("vdi-00001", NULL, &seen);
    for (size_t i = 0; i < sizeof(waves) / sizeof(waves[0]); i++) {
        const int64_t begin_ms = nq_mono_ms(&nq_system_clock);
        manager_forget(site.sim);
        wave = waves[i];
        started = 0;
        over = 0;
        all_over = false;
        start_more();
        manager_run_for(site.sim, &all_over, 60000);
        for (size_t k = 0; k < STORM_VMS; k++) {
            assert_int_equal(proofs[k].rungs == ALL_RUNGS, k % 10 != 0);
        }
        const size_t lists = manager_requests(site.sim, "GET", ALL_VMS);
        const size_t members = manager_requests(site.sim, "GET", MEMBERS "quarantine/");
        const size_t calls = manager_requests(site.sim, "GET", "/policy") +
                             manager_requests(site.sim, "POST", "/policy");
        print_message("           %zu at a time: %zu calls about groups and firewall for "
                      "%d proofs, %.4f each, in %.1f s: %zu of them members; and %zu of "
                      "the list of VMs\n",
                      wave, calls, STORM_VMS, (double)calls / STORM_VMS,
                      (double)(nq_mono_ms(&nq_system_clock) - begin_ms) / 1000, members,
                      lists);
        assert_true((double)calls / STORM_VMS <= 0.03);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_storm_of_5000_proofs_costs_few_calls_for_each,
                                        begin, site_end),
    };
    nq_log_level(NQ_LOG_ERROR); /* what the sync reports is not under test */
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
