/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_rules.c: the firewall rules, their traffic, and the managers, as the MIB shows
 * them: counters that only rise, whatever NSX does with its own. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define RULES_MAX 4

/* What NSX shows; the tests change it. */
static struct {
    struct nq_rule_series series[RULES_MAX][2];
    struct nq_rule_view rules[RULES_MAX];
    struct nq_group_view groups[2];
} nsx;

static struct world *world;

static int set_up(void **state)
{
    (void)state;
    memset(&nsx, 0, sizeof(nsx));
    static const char *const paths[RULES_MAX] = {"/p/r1", "/p/r2", "/p/r3", "/p/r4"};
    for (size_t i = 0; i < RULES_MAX; i++) {
        nsx.series[i][0].key = "ep1 1001";
        nsx.series[i][1].key = "ep2 1001";
        nsx.rules[i] = (struct nq_rule_view){
            .path = paths[i],
            .name = paths[i] + 3,
            .action = NQ_RULE_DROP,
            .direction = NQ_RULE_IN_OUT,
            .enabled = true,
            .sequence = (uint32_t)i + 1,
            .series = nsx.series[i],
            .series_count = 1,
        };
    }
    for (size_t i = 0; i < 2; i++) {
        nsx.groups[i] = (struct nq_group_view){
            .group = i,
            .known = true,
            .realized = NQ_REALIZED_SUCCESS,
            .rules_known = true,
        };
    }
    nsx.groups[0].rules = &nsx.rules[0];
    nsx.groups[0].rule_count = 2;
    nsx.groups[1].rules = &nsx.rules[1]; /* the second rule names both groups */
    nsx.groups[1].rule_count = 1;
    world = world_new();
    world_settle(world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    return 0;
}

static void read_again(void)
{
    while (!world_is_waiting(world, CALL_GROUPS)) {
        world_advance(world, 1000000);
    }
    world_answer_groups(world, nsx.groups, 2);
}

static const struct nq_rule_row *row(uint32_t group, const char *path)
{
    size_t count;
    const struct nq_rule_row *rows = nq_engine_rules(world_engine(world), &count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].group == group && strcmp(rows[i].path, path) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

static uint64_t hits(uint32_t group, const char *path)
{
    const struct nq_rule_row *found = row(group, path);
    assert_non_null(found);
    return found->traffic[NQ_TRAFFIC_HITS];
}

static uint64_t group_hits(size_t group)
{
    size_t count;
    return nq_engine_groups(world_engine(world), &count)[group].traffic[NQ_TRAFFIC_HITS];
}

static uint64_t *count_of(size_t rule, size_t series)
{
    return &nsx.series[rule][series].counts[NQ_TRAFFIC_HITS];
}

static void numbers_begin_as_those_of_nsx_and_rise_with_them(void **state)
{
    (void)state;
    *count_of(0, 0) = 100;
    *count_of(1, 0) = 7;
    read_again();
    assert_int_equal(hits(1, "/p/r1"), 100);
    assert_int_equal(group_hits(0), 107);
    *count_of(0, 0) = 130;
    read_again();
    assert_int_equal(hits(1, "/p/r1"), 130);
    assert_int_equal(group_hits(0), 137);
    read_again();
    assert_int_equal(group_hits(0), 137);
}

static void a_rule_of_two_groups_is_counted_once_and_shown_in_both(void **state)
{
    (void)state;
    *count_of(1, 0) = 7;
    read_again();
    assert_int_equal(hits(1, "/p/r2"), 7);
    assert_int_equal(hits(2, "/p/r2"), 7);
    assert_int_equal(group_hits(1), 7);
    assert_int_equal(row(1, "/p/r2")->index, row(2, "/p/r2")->index);
}

static void a_smaller_number_is_a_reset_and_not_traffic_backwards(void **state)
{
    (void)state;
    *count_of(0, 0) = 100;
    read_again();
    *count_of(0, 0) = 3;
    read_again();
    assert_int_equal(hits(1, "/p/r1"), 103);
    *count_of(0, 0) = 0;
    read_again();
    assert_int_equal(hits(1, "/p/r1"), 103);
    assert_int_equal(group_hits(0), 103);
}

static void each_enforcement_point_is_a_series_of_its_own(void **state)
{
    (void)state;
    nsx.rules[0].series_count = 2;
    *count_of(0, 0) = 100;
    *count_of(0, 1) = 50;
    read_again();
    assert_int_equal(hits(1, "/p/r1"), 150);
    /* The sum rises although one of them was reset. */
    *count_of(0, 0) = 10;
    *count_of(0, 1) = 200;
    read_again();
    assert_int_equal(hits(1, "/p/r1"), 310);
}

static void a_rule_without_numbers_keeps_those_it_had(void **state)
{
    (void)state;
    *count_of(0, 0) = 100;
    read_again();
    nsx.rules[0].series_count = 0;
    read_again();
    assert_int_equal(hits(1, "/p/r1"), 100);
    nsx.rules[0].series_count = 1;
    *count_of(0, 0) = 101;
    read_again();
    assert_int_equal(hits(1, "/p/r1"), 101);
}

static void rules_that_could_not_be_read_stay_as_they_were(void **state)
{
    (void)state;
    read_again();
    nsx.groups[0].rules_known = false;
    nsx.groups[0].rule_count = 0;
    read_again();
    assert_non_null(row(1, "/p/r1"));
    nsx.groups[0].rules_known = true;
    read_again();
    assert_null(row(1, "/p/r1"));
}

static void a_rule_keeps_its_number_when_others_come_and_go(void **state)
{
    (void)state;
    read_again();
    assert_int_equal(row(1, "/p/r1")->index, 1);
    assert_int_equal(row(1, "/p/r2")->index, 2);
    /* A new rule is evaluated first. */
    const struct nq_rule_view order[] = {nsx.rules[3], nsx.rules[1]};
    nsx.groups[0].rules = order;
    read_again();
    assert_null(row(1, "/p/r1"));
    assert_int_equal(row(1, "/p/r2")->index, 2);
    assert_int_equal(row(1, "/p/r4")->index, 3);
    nsx.groups[0].rules = nsx.rules;
    read_again();
    assert_int_equal(row(1, "/p/r1")->index, 1);
    size_t count;
    const struct nq_rule_row *rows = nq_engine_rules(world_engine(world), &count);
    for (size_t i = 1; i < count; i++) {
        assert_true(
            rows[i - 1].group < rows[i].group ||
            (rows[i - 1].group == rows[i].group && rows[i - 1].index < rows[i].index));
    }
}

static void numbers_go_on_after_a_restart_and_count_what_passed_meanwhile(void **state)
{
    (void)state;
    *count_of(0, 0) = 100;
    read_again();
    world_restart(world);
    assert_int_equal(group_hits(0), 100);
    *count_of(0, 0) = 140;
    read_again();
    assert_int_equal(hits(1, "/p/r1"), 140);
    assert_int_equal(group_hits(0), 140);
    assert_int_equal(row(1, "/p/r1")->index, 1);
}

static void a_crash_loses_no_traffic_and_counts_none_twice(void **state)
{
    (void)state;
    *count_of(0, 0) = 100;
    read_again();
    world_crash(world, false);
    *count_of(0, 0) = 120;
    read_again();
    assert_int_equal(group_hits(0), 120);
}

static void the_manager_is_shown_and_its_counters_survive(void **state)
{
    (void)state;
    static const struct nq_err error = {.code = NQ_NSX_TIMEOUT, .detail = "slow"};
    const struct nq_manager_status status = {
        .state = NQ_MANAGER_DOWN,
        .url = "https://nsx-2",
        .version = "4.2.1",
        .requests = 10,
        .errors = 3,
        .retries = 2,
        .latency_ms = 12,
        .vms = 5,
        .tls_expires_ms = 1900000000000,
        .last_error = &error,
    };
    world_set_status(world, &status);
    size_t count;
    const struct nq_manager_row *rows = nq_engine_managers(world_engine(world), &count);
    assert_int_equal(count, 1);
    assert_int_equal(rows->index, 1);
    assert_int_equal(rows->state, NQ_MANAGER_DOWN);
    assert_string_equal(rows->url, "https://nsx-2");
    assert_int_equal(rows->requests, 10);
    assert_true(rows->tls_expires_ms == 1900000000000);
    assert_non_null(strstr(rows->last_error, "slow"));
    world_restart(world);
    rows = nq_engine_managers(world_engine(world), &count);
    assert_int_equal(rows->requests, 20); /* the fake still counts from the old start */
    assert_int_equal(rows->errors, 6);
    rows = nq_engine_managers(world_engine(world), &count);
    assert_int_equal(rows->requests, 20);

    struct nq_engine_view view;
    nq_engine_view(world_engine(world), &view);
    assert_int_equal(view.health, NQ_HEALTH_DEGRADED);
    assert_non_null(strstr(view.health_text, "manager nsx: "));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers_begin_as_those_of_nsx_and_rise_with_them),
        TEST(a_rule_of_two_groups_is_counted_once_and_shown_in_both),
        TEST(a_smaller_number_is_a_reset_and_not_traffic_backwards),
        TEST(each_enforcement_point_is_a_series_of_its_own),
        TEST(a_rule_without_numbers_keeps_those_it_had),
        TEST(rules_that_could_not_be_read_stay_as_they_were),
        TEST(a_rule_keeps_its_number_when_others_come_and_go),
        TEST(numbers_go_on_after_a_restart_and_count_what_passed_meanwhile),
        TEST(a_crash_loses_no_traffic_and_counts_none_twice),
        TEST(the_manager_is_shown_and_its_counters_survive),
    };
    return cmocka_run_group_tests_name("engine rules", tests, NULL, NULL);
}
