/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_nemesis.c: stories that the nemesis of random histories told first. */
#include "story.h"
#include "world_internal.h"

#define HOUR_MS 3600000

static void a_state_that_nobody_saw_is_not_announced(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_send(world, WORLD_STRANGER, WORLD_DETECTION, "VDI-01", "Eicar");
    nq_engine_command(world_engine(world), world_case(world)->id, NQ_WANT_APPROVE,
                      "operator");
    world_settle(world); /* both in one turn: it was never held */
    assert_state(world, NQ_CASE_TAGGING);
    assert_int_equal(world_notices(world, NQ_NOTICE_HELD), 0);
    world_free(world);
}

static void a_time_limit_that_ends_after_the_release_ends_in_the_store_too(void **state)
{
    (void)state;
    struct world *world = world_new();
    world->triggers_conf[0].time_limit_s = 60;
    world_restart(world);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    command(world, NQ_WANT_RELEASE);
    world_run(world, 2000);
    assert_state(world, NQ_CASE_RELEASED);
    world_advance(world, 61000);
    assert_int_equal(world_case(world)->release_at_ms, 0);
    assert_int_equal(world->store.committed.cases[0].release_at_ms, 0);
    world_free(world);
}

static void a_case_that_came_and_went_on_a_full_disk_does_not_block_it(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_break_store(world, true);
    world_settle(world);
    command(world, NQ_WANT_RELEASE);
    world_advance(world, HOUR_MS + 1000); /* the immunity is over, the case forgotten */
    world_break_store(world, false);
    world_run(world, 2000);
    assert_int_equal(world_case_count(world), 0);
    world_detect(world, "VDI-02", "Eicar");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_int_equal(world_stored(world), 1);
    world_free(world);
}

static void a_write_that_is_tried_again_waits_for_room_on_the_disk(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    command(world, NQ_WANT_RELEASE);
    world_break_store(world, true);
    world_fail(world, NQ_NSX_TIMEOUT, false);
    world_advance(world, 20000); /* the pause before the next try is long over */
    assert_int_equal(world_calls(world, CALL_REMOVE), 1);
    world_break_store(world, false);
    world_run(world, 2000);
    assert_int_equal(world_calls(world, CALL_REMOVE), 2);
    assert_state(world, NQ_CASE_RELEASED);
    world_free(world);
}

static void a_configuration_that_arms_goes_on_with_observed_cases(void **state)
{
    (void)state;
    struct world *world = world_new_in_mode(NQ_MODE_OBSERVE);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 1000);
    assert_state(world, NQ_CASE_OBSERVED);
    world_conf(world)->enforce = true;
    world_restart(world);
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void a_wall_clock_that_is_set_back_makes_no_search_longer(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "nobody", "Eicar");
    world_run(world, 1000);
    world_jump(world, -HOUR_MS);
    world_run(world, 15000);
    assert_state(world, NQ_CASE_HELD);
    assert_reason(world, NQ_REASON_UNKNOWN_VM);
    world_free(world);
}

static void a_wall_clock_that_is_set_forward_makes_no_search_shorter(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "nobody", "Eicar");
    world_run(world, 1000);
    world_jump(world, HOUR_MS);
    world_run(world, 2000);
    assert_state(world, NQ_CASE_TAGGING); /* the inventory may still catch up */
    world_free(world);
}

static void a_vm_that_is_searched_anew_is_unknown_in_the_store_too(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    while (!world_is_waiting(world, CALL_ADD)) {
        assert_true(world_answer(world));
    }
    world_vm(world, "VDI-01")->gone = true;
    assert_true(world_answer(world));
    world_advance(world, 2000);
    assert_true(world_is_waiting(world, CALL_FIND));
    assert_null(world_case(world)->external_id);
    assert_null(world->store.committed.cases[0].external_id);
    world_free(world);
}

static void a_detection_under_another_name_keeps_a_scan_from_releasing(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_conf(world)->release.clean_scan = true;
    world_conf(world)->release.scan_longest_ms = 60000;
    world->triggers_conf[1].action = NQ_ACTION_SCAN_FINISHED;
    world_restart(world);
    world_detect(world, "vdi-01.corp.example", "Eicar");
    world_run(world, 61000);
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world); /* NSX has not yet said that this is the same VM */
    world_send(world, WORLD_SENDER, WORLD_OTHER, "vdi-01.corp.example", "");
    world_run(world, 2000);
    assert_int_equal(world_removed(world), 0);
    assert_true(world_vm(world, "VDI-01")->tagged);
    world_free(world);
}

/* A scan that began between the two would have seen what the first one found. */
static void a_wall_clock_that_is_set_back_makes_no_detection_older(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_conf(world)->release.clean_scan = true;
    world_conf(world)->release.scan_longest_ms = 60000;
    world->triggers_conf[1].action = NQ_ACTION_SCAN_FINISHED;
    world_restart(world);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    world_jump(world, -60000);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 90000);
    world_send(world, WORLD_SENDER, WORLD_OTHER, "VDI-01", "");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void a_wall_clock_that_is_set_forward_makes_no_scan_clean(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_conf(world)->release.clean_scan = true;
    world_conf(world)->release.scan_longest_ms = 60000;
    world->triggers_conf[1].action = NQ_ACTION_SCAN_FINISHED;
    world_restart(world);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    world_jump(world, HOUR_MS);
    world_send(world, WORLD_SENDER, WORLD_OTHER, "VDI-01", "");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void bring_the_same_again(void *arg, enum nq_intake verdict, const char *reason)
{
    struct world *world = arg;
    (void)verdict;
    (void)reason;
    world_detect(world, "VDI-01", "Eicar");
}

/* As the spool does, which hands over the next file when the one before is answered. */
static void what_comes_with_an_answer_is_kept_too(void **state)
{
    (void)state;
    struct world *world = world_new();
    const struct nq_trap trap = {.source = (char *)(uintptr_t)WORLD_STRANGER,
                                 .trap_oid = (char *)(uintptr_t) ".1.3.6.1.4.1.32473.99"};
    world_detect(world, "VDI-01", "Eicar");
    nq_engine_trap(world_engine(world), &trap, NQ_WAY_LISTENER, bring_the_same_again,
                   world);
    world_settle(world);
    assert_int_equal(world_stored(world), 2);
    assert_int_equal(world_case(world)->signals, 2);
    assert_int_equal(world->store.committed.cases[0].signals, 2);
    world_free(world);
}

static void a_proof_that_changes_nothing_writes_nothing(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_run(world, 30000); /* what the first proofs still change */
    struct nq_engine_view before;
    struct nq_engine_view after;
    nq_engine_view(world_engine(world), &before);
    const size_t proofs = world_calls(world, CALL_PROVE);
    const size_t puts = world->store.case_puts;
    world_run(world, 60000);
    nq_engine_view(world_engine(world), &after);
    assert_true(world_calls(world, CALL_PROVE) > proofs + 3);
    assert_int_equal(world->store.case_puts, puts);
    assert_int_equal(after.rows_changed, before.rows_changed);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_that_nobody_saw_is_not_announced),
        cmocka_unit_test(a_time_limit_that_ends_after_the_release_ends_in_the_store_too),
        cmocka_unit_test(a_case_that_came_and_went_on_a_full_disk_does_not_block_it),
        cmocka_unit_test(a_write_that_is_tried_again_waits_for_room_on_the_disk),
        cmocka_unit_test(a_configuration_that_arms_goes_on_with_observed_cases),
        cmocka_unit_test(a_wall_clock_that_is_set_back_makes_no_search_longer),
        cmocka_unit_test(a_wall_clock_that_is_set_forward_makes_no_search_shorter),
        cmocka_unit_test(a_vm_that_is_searched_anew_is_unknown_in_the_store_too),
        cmocka_unit_test(a_detection_under_another_name_keeps_a_scan_from_releasing),
        cmocka_unit_test(a_wall_clock_that_is_set_back_makes_no_detection_older),
        cmocka_unit_test(a_wall_clock_that_is_set_forward_makes_no_scan_clean),
        cmocka_unit_test(what_comes_with_an_answer_is_kept_too),
        cmocka_unit_test(a_proof_that_changes_nothing_writes_nothing),
    };
    return cmocka_run_group_tests_name("engine nemesis", tests, NULL, NULL);
}
