/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_triggers.c: what the rows of nqTriggerTable count. */
#include "story.h"

#include "world_internal.h"

static const struct nq_trigger_row *row(const struct world *world, size_t i)
{
    size_t count;
    const struct nq_trigger_row *rows = nq_engine_triggers(world->engine, &count);
    assert_int_equal(count, 2);
    return &rows[i];
}

static void expect(const struct world *world, size_t i, unsigned matches, unsigned acted,
                   unsigned refused)
{
    assert_int_equal(row(world, i)->matches, matches);
    assert_int_equal(row(world, i)->acted, acted);
    assert_int_equal(row(world, i)->refused, refused);
}

static void rows_stand_in_the_order_of_the_configuration(void **state)
{
    (void)state;
    struct world *world = world_new();
    assert_int_equal(row(world, 0)->index, 1);
    assert_string_equal(row(world, 0)->name, "malware");
    assert_int_equal(row(world, 0)->action, NQ_ACTION_QUARANTINE);
    assert_int_equal(row(world, 0)->proof, NQ_PROOF_LISTED);
    assert_int_equal(row(world, 0)->last_ms, 0);
    assert_int_equal(row(world, 1)->index, 2);
    assert_string_equal(row(world, 1)->name, "other");
    assert_int_equal(row(world, 1)->action, NQ_ACTION_RELEASE);
    expect(world, 0, 0, 0, 0);
    world_free(world);
}

static void each_trap_is_counted_for_the_trigger_that_recognised_it(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    expect(world, 0, 1, 1, 0);
    const int64_t first_ms = row(world, 0)->last_ms;
    assert_true(first_ms > 0);
    world_detect(world, "VDI-01", "Eicar"); /* coalesced */
    expect(world, 0, 2, 1, 0);
    assert_true(row(world, 0)->last_ms > first_ms);
    world_send(world, WORLD_STRANGER, WORLD_DETECTION, "VDI-02", "Eicar"); /* held */
    expect(world, 0, 3, 1, 0);
    world_send(world, WORLD_STRANGER, WORLD_DETECTION, "VDI-01", "Eicar"); /* refused */
    expect(world, 0, 4, 1, 1);
    world_detect(world, "", "Eicar"); /* names nobody: malformed */
    expect(world, 0, 5, 1, 2);
    world_send(world, WORLD_SENDER, ".1.3.6.1.4.1.32473.99", "VDI-01", "Eicar");
    expect(world, 0, 5, 1, 2);
    expect(world, 1, 0, 0, 0);
    world_send(world, WORLD_SENDER, WORLD_OTHER, "VDI-01", "Eicar");
    expect(world, 1, 1, 1, 0);
    world_settle(world);

    assert_balance(world);
    assert_int_equal(row(world, 0)->acted + row(world, 1)->acted,
                     world_counter(world, NQ_COUNT_TRAPS_ACTED));
    assert_int_equal(row(world, 0)->refused + row(world, 1)->refused,
                     world_counter(world, NQ_COUNT_TRAPS_REFUSED) +
                         world_counter(world, NQ_COUNT_TRAPS_MALFORMED));
    world_free(world);
}

static void counters_go_with_the_name_over_restarts(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_send(world, WORLD_SENDER, WORLD_OTHER, "VDI-02", "Eicar");
    world_settle(world);
    const int64_t last_ms = row(world, 0)->last_ms;
    world_crash(world, false);
    expect(world, 0, 1, 1, 0);
    assert_int_equal(row(world, 0)->last_ms, last_ms);

    /* They change places. */
    world_stop(world);
    const struct nq_trigger_conf malware = world->triggers_conf[0];
    world->triggers_conf[0] = world->triggers_conf[1];
    world->triggers_conf[1] = malware;
    world_start(world);
    expect(world, 0, 1, 0, 0);
    expect(world, 1, 1, 1, 0);

    /* One name for both: their order tells them apart. */
    world_stop(world);
    world->triggers_conf[0].name = malware.name;
    world_start(world);
    expect(world, 0, 1, 1, 0);
    expect(world, 1, 0, 0, 0);
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    world_restart(world);
    expect(world, 0, 1, 1, 0);
    expect(world, 1, 1, 0, 0);
    world_free(world);
}

static void what_a_failed_commit_brought_is_kept_by_the_next_one(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_break_store(world, true);
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    expect(world, 0, 2, 1, 0);
    world_break_store(world, false);
    world_advance(world, 5000);
    world_crash(world, false);
    expect(world, 0, 2, 1, 0);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_stand_in_the_order_of_the_configuration),
        cmocka_unit_test(each_trap_is_counted_for_the_trigger_that_recognised_it),
        cmocka_unit_test(counters_go_with_the_name_over_restarts),
        cmocka_unit_test(what_a_failed_commit_brought_is_kept_by_the_next_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
