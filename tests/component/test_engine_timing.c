/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_timing.c: which cases count in nqTiming, with which times. */
#include "story.h"

static struct nq_engine_view view_of(struct world *world)
{
    struct nq_engine_view view;
    nq_engine_view(world_engine(world), &view);
    return view;
}

static void expect_times(struct world *world, const struct nq_engine_view *wanted)
{
    const struct nq_engine_view view = view_of(world);
    assert_memory_equal(&view.tag_times, &wanted->tag_times, sizeof(view.tag_times));
    assert_memory_equal(&view.isolate_times, &wanted->isolate_times,
                        sizeof(view.isolate_times));
}

static void a_case_counts_once_with_the_times_of_its_row(void **state)
{
    (void)state;
    struct world *world = world_new();
    assert_int_equal(view_of(world).tag_times.last, 0);
    world_detect(world, "VDI-01", "Eicar");
    world_advance(world, 1500);
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    const struct nq_case *record = world_case(world);
    const struct nq_engine_view view = view_of(world);
    assert_true(record->tag_time_ms >= 1500);
    assert_int_equal(view.tag_times.last, record->tag_time_ms);
    assert_int_equal(view.tag_times.p50, record->tag_time_ms);
    assert_int_equal(view.tag_times.most, record->tag_time_ms);
    assert_int_equal(view.isolate_times.last, record->isolate_time_ms);
    assert_int_equal(view.isolate_times.p99, record->isolate_time_ms);

    /* Repeated, and its tag put back: it has its times already. */
    world_detect(world, "VDI-01", "Eicar");
    world_vm(world, "VDI-01")->tagged = false;
    world_run(world, 60000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_int_equal(world_added(world), 2);
    expect_times(world, &view);
    world_free(world);
}

static void times_do_not_follow_a_clock_that_is_set(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    world_jump(world, 3600000);
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_in_range(world_case(world)->tag_time_ms, 1, 2000);
    assert_in_range(view_of(world).isolate_times.most, 1, 2000);
    world_free(world);
}

static void times_are_kept_over_a_restart_and_a_crash(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    const struct nq_engine_view before = view_of(world);
    assert_true(before.isolate_times.most > 0);
    world_restart(world);
    expect_times(world, &before);

    /* Tagged by one process and proven by the next one: the whole time counts, once. */
    world_detect(world, "VDI-02", "Eicar");
    world_settle(world);
    while (world_case(world)->state == NQ_CASE_TAGGING) {
        assert_true(world_answer(world));
    }
    assert_state(world, NQ_CASE_TAGGED);
    world_advance(world, 5000);
    world_crash(world, false);
    world_run(world, 5000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_true(view_of(world).isolate_times.last >= 5000);
    assert_int_equal(view_of(world).isolate_times.last,
                     world_case(world)->isolate_time_ms);
    assert_int_equal(view_of(world).isolate_times.p50, before.isolate_times.most);
    world_free(world);
}

/* It has times of its own, and they are shown in its row only. */
static void expect_only_in_the_row(struct world *world)
{
    world_run(world, 5000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_true(world_case(world)->tag_time_ms >= 60000);
    assert_true(world_case(world)->isolate_time_ms >= 60000);
    assert_int_equal(view_of(world).tag_times.most, 0);
    assert_int_equal(view_of(world).isolate_times.most, 0);
    world_free(world);
}

static void a_held_case_that_is_approved_does_not_count(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_send(world, WORLD_STRANGER, WORLD_DETECTION, "VDI-01", "Eicar");
    world_settle(world);
    assert_state(world, NQ_CASE_HELD);
    world_advance(world, 60000);
    command(world, NQ_WANT_APPROVE);
    expect_only_in_the_row(world);
}

static void an_observed_case_does_not_count_when_the_engine_is_armed(void **state)
{
    (void)state;
    struct world *world = world_new_in_mode(NQ_MODE_OBSERVE);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 60000);
    assert_state(world, NQ_CASE_OBSERVED);
    assert_int_equal(view_of(world).tag_times.most, 0);
    nq_engine_set_mode(world_engine(world), NQ_MODE_ENFORCE, "operator");
    expect_only_in_the_row(world);
}

static void a_case_that_an_operator_stopped_does_not_count(void **state)
{
    (void)state;
    struct world *world = world_new();
    nq_engine_set_mode(world_engine(world), NQ_MODE_STOPPED, "operator");
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 60000);
    assert_state(world, NQ_CASE_TAGGING);
    nq_engine_set_mode(world_engine(world), NQ_MODE_ENFORCE, "operator");
    expect_only_in_the_row(world);
}

static void waiting_for_nsx_counts(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    world_advance(world, 60000);
    world_crash(world, false);
    world_run(world, 5000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_true(view_of(world).tag_times.most >= 60000);
    assert_true(view_of(world).isolate_times.most >= 60000);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_counts_once_with_the_times_of_its_row),
        cmocka_unit_test(times_do_not_follow_a_clock_that_is_set),
        cmocka_unit_test(times_are_kept_over_a_restart_and_a_crash),
        cmocka_unit_test(a_held_case_that_is_approved_does_not_count),
        cmocka_unit_test(an_observed_case_does_not_count_when_the_engine_is_armed),
        cmocka_unit_test(a_case_that_an_operator_stopped_does_not_count),
        cmocka_unit_test(waiting_for_nsx_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
