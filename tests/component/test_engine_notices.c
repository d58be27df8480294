/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_notices.c: what is told of managers, and how many notifications leave. */
#include "story.h"

#include "world_internal.h"

#define LOOKS_MS 3000 /* more than two looks at a manager */

static struct nq_engine_view view_of(const struct world *world)
{
    struct nq_engine_view view;
    nq_engine_view(world->engine, &view);
    return view;
}

/* ---- managers ------------------------------------------------------------------------ */

static const struct nq_err trouble = {.code = NQ_NSX_UNREACHABLE, .detail = "gone"};

static void set_state(struct world *world, enum nq_manager_state state,
                      int64_t last_ok_ms)
{
    const struct nq_manager_status status = {
        .state = state,
        .url = "https://nsx",
        .version = "",
        .last_ok_ms = last_ok_ms,
        .last_error = state == NQ_MANAGER_UP ? NULL : &trouble,
    };
    world_set_status(world, &status);
}

static void expect_told(const struct world *world, size_t down, size_t up)
{
    assert_int_equal(world_notices(world, NQ_NOTICE_MANAGER_DOWN), down);
    assert_int_equal(world_notices(world, NQ_NOTICE_MANAGER_UP), up);
}

static void a_manager_is_told_to_be_down_and_up_once_each(void **state)
{
    (void)state;
    static const enum nq_manager_state downs[] = {NQ_MANAGER_DOWN,
                                                  NQ_MANAGER_AUTH_FAILED};
    for (size_t i = 0; i < 2; i++) {
        struct world *world = world_new();
        world_run(world, LOOKS_MS);
        expect_told(world, 0, 0);
        set_state(world, downs[i], 5);
        world_run(world, LOOKS_MS);
        expect_told(world, 1, 0);
        set_state(world, downs[1 - i], 5); /* as bad as before */
        world_run(world, LOOKS_MS);
        set_state(world, NQ_MANAGER_DEGRADED, 5); /* it refuses everything */
        world_run(world, LOOKS_MS);
        expect_told(world, 1, 0);
        set_state(world, NQ_MANAGER_UP, 6);
        world_run(world, LOOKS_MS);
        expect_told(world, 1, 1);
        set_state(world, NQ_MANAGER_DEGRADED, 7); /* it works still */
        world_run(world, LOOKS_MS);
        expect_told(world, 1, 1);
        world_free(world);
    }
}

static void a_cluster_that_is_half_well_again_is_up(void **state)
{
    (void)state;
    struct world *world = world_new();
    set_state(world, NQ_MANAGER_DOWN, 5);
    world_run(world, LOOKS_MS);
    expect_told(world, 1, 0);
    set_state(world, NQ_MANAGER_DEGRADED, nq_wall_ms(&world->clock) + 1);
    world_run(world, LOOKS_MS);
    expect_told(world, 1, 1);
    world_free(world);
}

static void a_flap_is_told_to_nobody(void **state)
{
    (void)state;
    struct world *world = world_new();
    set_state(world, NQ_MANAGER_UP, 5);
    world_run(world, LOOKS_MS);
    set_state(world, NQ_MANAGER_DOWN, 5);
    world_run(world, 1000); /* one look */
    set_state(world, NQ_MANAGER_UP, 6);
    world_run(world, LOOKS_MS);
    expect_told(world, 0, 0);
    /* Some questions fail and others do not. */
    for (int64_t ok_ms = 10; ok_ms < 20; ok_ms++) {
        set_state(world, NQ_MANAGER_DOWN, ok_ms);
        world_run(world, 1000);
    }
    expect_told(world, 0, 0);
    world_run(world, LOOKS_MS);
    expect_told(world, 1, 0);
    set_state(world, NQ_MANAGER_UP, 30);
    world_run(world, 1000);
    set_state(world, NQ_MANAGER_DOWN, 30);
    world_run(world, LOOKS_MS);
    expect_told(world, 1, 0);
    world_free(world);
}

static void what_was_told_of_a_manager_is_known_after_a_restart(void **state)
{
    (void)state;
    struct world *world = world_new();
    set_state(world, NQ_MANAGER_DOWN, 5);
    world_run(world, LOOKS_MS);
    expect_told(world, 1, 0);
    world_crash(world, false);
    world_run(world, LOOKS_MS);
    expect_told(world, 1, 0); /* and not again */
    set_state(world, NQ_MANAGER_DEGRADED, 0);
    world_crash(world, false);
    world_run(world, LOOKS_MS);
    expect_told(world, 1, 0); /* nothing is known yet */
    set_state(world, NQ_MANAGER_UP, 6);
    world_run(world, LOOKS_MS);
    expect_told(world, 1, 1);
    world_crash(world, false);
    world_run(world, LOOKS_MS);
    expect_told(world, 1, 1);
    world_free(world);
}

static void a_manager_that_came_and_went_while_the_disk_was_full_is_not_told(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_break_store(world, true);
    set_state(world, NQ_MANAGER_DOWN, 5);
    world_run(world, LOOKS_MS);
    expect_told(world, 0, 0); /* nothing leaves before the commit */
    set_state(world, NQ_MANAGER_UP, 6);
    world_run(world, LOOKS_MS);
    world_break_store(world, false);
    world_run(world, LOOKS_MS);
    expect_told(world, 0, 0);
    world_free(world);
}

/* ---- storms -------------------------------------------------------------------------- */

/* Each is held, for nobody knows the sender. */
static void hold(struct world *world, unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++) {
        char computer[16];
        (void)snprintf(computer, sizeof(computer), "PC-%u", i);
        world_send(world, WORLD_STRANGER, WORLD_DETECTION, computer, "Eicar");
    }
    world_settle(world);
}

static struct world *world_with_budget(int64_t burst)
{
    struct world *world = world_new_closed();
    world_conf(world)->notifications.window_s = 60;
    world_conf(world)->limits.unproven_max = 60;
    world_conf(world)->cases_max = 60;
    world_start(world); /* which tells what is wrong with the design */
    world_conf(world)->notifications.burst = burst;
    return world;
}

static void a_storm_of_one_kind_is_summarised_at_the_end_of_its_window(void **state)
{
    (void)state;
    struct world *world = world_with_budget(3);
    hold(world, 0, 10);
    assert_int_equal(world_notices(world, NQ_NOTICE_HELD), 3);
    assert_int_equal(world_counter(world, NQ_COUNT_NOTICES_SUPPRESSED), 7);
    /* Another kind has a budget of its own. */
    nq_engine_set_mode(world_engine(world), NQ_MODE_OBSERVE, "operator");
    world_settle(world);
    assert_int_equal(world_notices(world, NQ_NOTICE_MODE_CHANGED), 1);
    world_advance(world, 59999);
    assert_int_equal(world_notices(world, NQ_NOTICE_SUPPRESSED), 0);
    assert_int_equal(view_of(world).summary_count, 0);
    world_advance(world, 1);
    assert_int_equal(world_notices(world, NQ_NOTICE_SUPPRESSED), 1);
    assert_int_equal(view_of(world).summary_of, NQ_NOTICE_HELD);
    assert_int_equal(view_of(world).summary_count, 7);
    assert_int_equal(view_of(world).notify_burst, 3);
    assert_int_equal(view_of(world).notify_window_s, 60);

    /* It goes on: the next window has a budget and a summary again. */
    hold(world, 10, 5);
    assert_int_equal(world_notices(world, NQ_NOTICE_HELD), 6);
    world_advance(world, 60000);
    assert_int_equal(world_notices(world, NQ_NOTICE_SUPPRESSED), 2);
    assert_int_equal(view_of(world).summary_count, 2);

    /* It is over: a quiet window has no summary, and a new one begins with the next. */
    world_advance(world, 60000);
    world_advance(world, 45000);
    hold(world, 15, 1);
    world_advance(world, 30000);
    hold(world, 16, 3);
    assert_int_equal(world_notices(world, NQ_NOTICE_HELD), 9);
    world_advance(world, 30000);
    assert_int_equal(world_notices(world, NQ_NOTICE_SUPPRESSED), 3);
    assert_int_equal(view_of(world).summary_count, 1);
    assert_int_equal(world_counter(world, NQ_COUNT_NOTICES_SUPPRESSED), 10);
    world_free(world);
}

static void without_a_budget_every_notification_leaves(void **state)
{
    (void)state;
    struct world *world = world_with_budget(0);
    hold(world, 0, 50);
    world_advance(world, 120000);
    assert_int_equal(world_notices(world, NQ_NOTICE_HELD), 50);
    assert_int_equal(world_notices(world, NQ_NOTICE_SUPPRESSED), 0);
    assert_int_equal(world_counter(world, NQ_COUNT_NOTICES_SUPPRESSED), 0);
    world_free(world);
}

static void what_found_no_place_on_its_way_is_in_the_summary(void **state)
{
    (void)state;
    struct world *world = world_with_budget(0);
    nq_engine_notice_lost(world_engine(world), NQ_NOTICE_ISOLATED);
    nq_engine_notice_lost(world_engine(world), NQ_NOTICE_ISOLATED);
    world_advance(world, 60000);
    assert_int_equal(world_notices(world, NQ_NOTICE_SUPPRESSED), 1);
    assert_int_equal(view_of(world).summary_of, NQ_NOTICE_ISOLATED);
    assert_int_equal(view_of(world).summary_count, 2);
    /* A summary that was lost makes no summary of its own. */
    nq_engine_notice_lost(world_engine(world), NQ_NOTICE_SUPPRESSED);
    world_advance(world, 60000);
    assert_int_equal(world_notices(world, NQ_NOTICE_SUPPRESSED), 1);
    assert_int_equal(world_counter(world, NQ_COUNT_NOTICES_SUPPRESSED), 3);
    world_free(world);
}

static void the_count_of_what_did_not_leave_is_kept_over_a_restart(void **state)
{
    (void)state;
    struct world *world = world_with_budget(1);
    hold(world, 0, 5);
    world_restart(world); /* in the middle of the window */
    assert_int_equal(world_counter(world, NQ_COUNT_NOTICES_SUPPRESSED), 4);
    hold(world, 5, 3);
    world_advance(world, 60000);
    assert_int_equal(world_notices(world, NQ_NOTICE_SUPPRESSED), 1);
    world_crash(world, false); /* with the summary it was durable */
    assert_int_equal(world_counter(world, NQ_COUNT_NOTICES_SUPPRESSED), 6);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manager_is_told_to_be_down_and_up_once_each),
        cmocka_unit_test(a_cluster_that_is_half_well_again_is_up),
        cmocka_unit_test(a_flap_is_told_to_nobody),
        cmocka_unit_test(what_was_told_of_a_manager_is_known_after_a_restart),
        cmocka_unit_test(
            a_manager_that_came_and_went_while_the_disk_was_full_is_not_told),
        cmocka_unit_test(a_storm_of_one_kind_is_summarised_at_the_end_of_its_window),
        cmocka_unit_test(without_a_budget_every_notification_leaves),
        cmocka_unit_test(what_found_no_place_on_its_way_is_in_the_summary),
        cmocka_unit_test(the_count_of_what_did_not_leave_is_kept_over_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
