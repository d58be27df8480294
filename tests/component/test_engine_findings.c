/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_findings.c: stories about the audit of the design: what a site finds in
 * nqFindingTable, and is told of. */
#include "story.h"

#include "nsx/tags.h"

static struct nq_group_view views[2];
static struct nq_firewall_view firewall;
static struct nq_rule_view drop;
static struct world *world;

static int set_up(void **state)
{
    (void)state;
    drop = (struct nq_rule_view){.path = "/p/r",
                                 .name = "r",
                                 .action = NQ_RULE_DROP,
                                 .direction = NQ_RULE_IN_OUT,
                                 .enabled = true};
    firewall = (struct nq_firewall_view){.known = true, .enabled = true};
    for (size_t i = 0; i < 2; i++) {
        views[i] = (struct nq_group_view){.group = i,
                                          .known = true,
                                          .realized = NQ_REALIZED_SUCCESS,
                                          .rules_known = true,
                                          .exclusion_known = true};
    }
    views[0].rules = &drop;
    views[0].rule_count = 1;
    views[0].cut = NQ_CUT_HOLDS;
    world = world_new_closed();
    world_conf(world)->group_interval_ms = 30000;
    const struct nq_manager_status status = {
        .state = NQ_MANAGER_UP, .url = "https://nsx", .version = "", .synced_ms = 1};
    world_set_status(world, &status);
    world_start(world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    return 0;
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void read_with(const struct nq_err *err)
{
    const struct nq_reply reply = {.err = err,
                                   .groups = views,
                                   .group_count = 2,
                                   .firewall = &firewall,
                                   .missing = ""};
    while (!world_is_waiting(world, CALL_GROUPS)) {
        world_advance(world, 10000);
    }
    world_answer_reading(world, &reply);
}

/* Readings until each has been confirmed by another one. */
static void read_until_sure(void)
{
    for (int i = 0; i < 4; i++) {
        read_with(NULL);
    }
}

static const struct nq_finding *finding(const char *check, const char *object)
{
    size_t count = 0;
    const struct nq_finding *const *rows =
        nq_engine_findings(world_engine(world), &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i]->check, check) == 0 && strcmp(rows[i]->object, object) == 0) {
            return rows[i];
        }
    }
    return NULL;
}

static size_t raised(void)
{
    return world_notices(world, NQ_NOTICE_FINDING_RAISED);
}

static size_t cleared(void)
{
    return world_notices(world, NQ_NOTICE_FINDING_CLEARED);
}

static void a_group_without_its_exclusion_is_found_told_and_cleared(void **state)
{
    (void)state;
    read_until_sure();
    const size_t before = raised();
    views[1].tagged_count = 1;
    read_with(NULL);
    assert_null(finding("watched-holds-tagged", "vdi"));
    read_until_sure();
    const struct nq_finding *row = finding("watched-holds-tagged", "vdi");
    assert_non_null(row);
    assert_int_equal(row->manager, 1);
    assert_int_equal(row->severity, NQ_SEVERITY_CRITICAL);
    assert_int_equal(raised(), before + 1);
    views[1].tagged_count = 0;
    read_until_sure();
    assert_null(finding("watched-holds-tagged", "vdi"));
    assert_int_equal(cleared(), 1);
    assert_int_equal(raised(), before + 1);
}

static void a_vm_on_its_way_between_groups_raises_nothing(void **state)
{
    (void)state;
    read_until_sure();
    const size_t before = raised();
    for (int i = 0; i < 5; i++) {
        views[1].tagged_count = 1;
        read_with(NULL);
        views[1].tagged_count = 0;
        read_with(NULL);
    }
    assert_int_equal(raised(), before);
}

static void a_reading_that_fails_clears_nothing(void **state)
{
    (void)state;
    const struct nq_err err = {.code = NQ_NSX_TIMEOUT, .detail = "made to fail"};
    views[1].tagged_count = 1;
    read_until_sure();
    assert_non_null(finding("watched-holds-tagged", "vdi"));
    for (int i = 0; i < 5; i++) {
        read_with(&err);
    }
    views[1].known = false;
    firewall.known = false;
    read_until_sure();
    assert_non_null(finding("watched-holds-tagged", "vdi"));
    assert_int_equal(cleared(), 0);
}

static void a_restart_keeps_the_row_and_tells_nothing(void **state)
{
    (void)state;
    firewall.enabled = false;
    read_until_sure();
    const struct nq_finding before = *finding("firewall-off", "nsx");
    const size_t told = raised();
    world_restart(world);
    const struct nq_finding *row = finding("firewall-off", "nsx");
    assert_non_null(row);
    assert_int_equal(row->index, before.index);
    assert_int_equal(row->since_ms, before.since_ms);
    read_until_sure();
    assert_int_equal(raised(), told);
    firewall.enabled = true;
    read_until_sure();
    assert_null(finding("firewall-off", "nsx"));
    assert_int_equal(cleared(), 1);
}

static void nothing_is_told_before_it_is_durable(void **state)
{
    (void)state;
    firewall.enabled = false;
    read_with(NULL);
    const size_t told = raised();
    world_break_store(world, true);
    read_until_sure();
    assert_int_equal(raised(), told);
    world_break_store(world, false);
    world_advance(world, 2000);
    assert_int_equal(raised(), told + 1);
}

static void a_process_that_dies_before_the_commit_begins_anew(void **state)
{
    (void)state;
    firewall.enabled = false;
    world_break_store(world, true);
    read_until_sure();
    world_crash(world, false);
    world_break_store(world, false);
    assert_null(finding("firewall-off", "nsx"));
    const size_t told = raised();
    read_until_sure();
    assert_non_null(finding("firewall-off", "nsx"));
    assert_int_equal(raised(), told + 1);
}

static void the_mode_is_a_finding_as_soon_as_it_is_set(void **state)
{
    (void)state;
    assert_null(finding("mode-stopped", "engine.mode"));
    nq_engine_set_mode(world_engine(world), NQ_MODE_STOPPED, "operator");
    world_settle(world);
    assert_non_null(finding("mode-stopped", "engine.mode"));
    nq_engine_set_mode(world_engine(world), NQ_MODE_ENFORCE, "operator");
    world_settle(world);
    assert_null(finding("mode-stopped", "engine.mode"));
    assert_int_equal(cleared(), 1);
}

static void settings_are_judged_at_the_start(void **state)
{
    (void)state;
    assert_non_null(finding("protect-off", "protect"));
    assert_non_null(finding("governor-off", "governor"));
    const size_t told = raised();
    world_stop(world);
    world_conf(world)->governor.vms.hour = 30;
    world_start(world);
    assert_null(finding("governor-off", "governor"));
    assert_int_equal(raised(), told);
    assert_int_equal(cleared(), 1);
}

static void vms_with_our_tag_that_no_quarantine_group_has_are_told_of(void **state)
{
    (void)state;
    static const char *const inside[] = {"id-1"};
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    for (int i = 0; i < 3; i++) { /* for a minute the tag is too new to tell */
        read_with(NULL);
        assert_null(finding("quarantine-misses-tagged", "quarantine"));
    }
    read_until_sure();
    read_until_sure();
    assert_non_null(finding("quarantine-misses-tagged", "quarantine"));
    views[0].external_ids = inside;
    views[0].member_count = 1;
    read_until_sure();
    assert_null(finding("quarantine-misses-tagged", "quarantine"));
}

static void tags_are_not_judged_before_the_inventory_is_read(void **state)
{
    (void)state;
    const struct nq_manager_status status = {
        .state = NQ_MANAGER_UP, .url = "https://nsx", .version = ""};
    views[1].tagged_count = 1;
    read_until_sure();
    assert_non_null(finding("watched-holds-tagged", "vdi"));
    world_set_status(world, &status);
    views[1].tagged_count = 0; /* of an inventory that is empty */
    read_until_sure();
    assert_non_null(finding("watched-holds-tagged", "vdi"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_group_without_its_exclusion_is_found_told_and_cleared),
        STORY(a_vm_on_its_way_between_groups_raises_nothing),
        STORY(a_reading_that_fails_clears_nothing),
        STORY(a_restart_keeps_the_row_and_tells_nothing),
        STORY(nothing_is_told_before_it_is_durable),
        STORY(a_process_that_dies_before_the_commit_begins_anew),
        STORY(the_mode_is_a_finding_as_soon_as_it_is_set),
        STORY(settings_are_judged_at_the_start),
        STORY(vms_with_our_tag_that_no_quarantine_group_has_are_told_of),
        STORY(tags_are_not_judged_before_the_inventory_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
