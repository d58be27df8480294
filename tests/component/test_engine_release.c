/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_release.c: every way out of a quarantine. */
#include "story.h"

/* ---- release ------------------------------------------------------------------------ */

static void release_removes_the_tag_and_is_sticky(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    command(world, NQ_WANT_RELEASE);
    assert_int_equal(world_case(world)->wanted, NQ_WANT_RELEASE);
    world_run(world, 2000);
    assert_state(world, NQ_CASE_RELEASED);
    assert_false(world_vm(world, "VDI-01")->tagged);
    assert_int_equal(world_notices(world, NQ_NOTICE_RELEASED), 1);
    assert_string_equal(world_case(world)->changed_by, "operator");

    world_detect(world, "VDI-01", "Eicar"); /* the same alert, told once more */
    world_run(world, 5000);
    assert_state(world, NQ_CASE_RELEASED);
    assert_int_equal(world_added(world), 1);

    world_detect(world, "VDI-01", "Something new");
    world_run(world, 5000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_int_equal(world_added(world), 2);
    assert_balance(world);
    world_free(world);
}

static void a_released_row_ends_with_its_immunity(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    command(world, NQ_WANT_RELEASE);
    world_run(world, 2000);
    world_crash(world, false); /* the deadline survives */
    world_advance(world, 3600001);
    world_run(world, 1000);
    assert_int_equal(world_case_count(world), 0);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    assert_int_equal(world_case(world)->id, 2); /* never reused */
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void without_an_immunity_a_released_row_goes_at_once(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_conf(world)->immunity_ms = 0;
    world_restart(world);
    command(world, NQ_WANT_RELEASE);
    world_run(world, 2000);
    assert_int_equal(world_case_count(world), 0);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void release_while_the_tag_is_being_added_takes_it_off_again(void **state)
{
    (void)state;
    for (int lost = 0; lost <= 1; lost++) {
        struct world *world = world_new();
        world_detect(world, "VDI-01", "Eicar");
        world_settle(world);
        (void)world_answer(world);
        assert_true(world_is_waiting(world, CALL_ADD));
        command(world, NQ_WANT_RELEASE);
        assert_state(world, NQ_CASE_RELEASING);
        if (lost) {
            world_fail(world, NQ_NSX_TIMEOUT, true);
        }
        world_run(world, 10000);
        assert_state(world, NQ_CASE_RELEASED);
        assert_false(world_vm(world, "VDI-01")->tagged);
        world_free(world);
    }
}

static void a_tag_that_shows_up_late_is_removed_by_the_release(void **state)
{
    (void)state;
    /* 0: NSX acknowledged the addition; 1: its answer was lost. Shown by neither read. */
    for (int lost = 0; lost <= 1; lost++) {
        struct world *world = world_new();
        world_detect(world, "VDI-01", "Eicar");
        world_settle(world);
        (void)world_answer(world);
        if (lost) {
            world_fail(world, NQ_NSX_TIMEOUT, false);
        } else {
            world_lie(world);
        }
        command(world, NQ_WANT_RELEASE);
        assert_state(world, NQ_CASE_RELEASING);
        assert_int_equal(world_waiting(world), 1); /* the read back was called off */
        assert_true(world_is_waiting(world, CALL_REMOVE));
        show_tag(world, "VDI-01");
        world_run(world, 10000);
        assert_state(world, NQ_CASE_RELEASED);
        assert_false(world_vm(world, "VDI-01")->tagged);
        assert_int_equal(world_removed(world), 1);
        world_free(world);
    }
}

static void a_removal_whose_answer_is_lost_is_repeated(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    command(world, NQ_WANT_RELEASE);
    world_fail(world, NQ_NSX_TIMEOUT, true);
    assert_state(world, NQ_CASE_RELEASING);
    assert_reason(world, NQ_REASON_NSX_UNREACHABLE);
    world_run(world, 5000);
    assert_state(world, NQ_CASE_RELEASED);
    assert_int_equal(world_calls(world, CALL_REMOVE), 2);
    assert_int_equal(world_removed(world), 1);
    world_free(world);
}

/* A world in which NSX acknowledged the addition just before or just after the release was
 * wanted; the removal waits for its answer. */
static struct world *world_released_around_the_add(bool before)
{
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    (void)world_answer(world);
    assert_true(world_is_waiting(world, CALL_ADD));
    if (before) {
        (void)world_answer(world);
        assert_true(world_is_waiting(world, CALL_READ));
    }
    command(world, NQ_WANT_RELEASE);
    if (!before) {
        assert_true(world_is_waiting(world, CALL_ADD)); /* a write is not called off */
        (void)world_answer(world);
    }
    assert_int_equal(world_waiting(world), 1);
    assert_true(world_is_waiting(world, CALL_REMOVE));
    return world;
}

static void a_release_around_the_answer_to_an_addition_needs_no_back_off(void **state)
{
    (void)state;
    for (int before = 0; before <= 1; before++) {
        struct world *world = world_released_around_the_add(before);
        (void)world_answer(world);
        assert_true(world_is_waiting(world, CALL_READ));
        (void)world_answer(world); /* and no time has passed */
        assert_state(world, NQ_CASE_RELEASED);
        assert_false(world_vm(world, "VDI-01")->tagged);
        assert_int_equal(world_calls(world, CALL_REMOVE), 1);
        world_free(world);
    }
}

static void the_answer_to_an_addition_is_not_taken_for_that_to_a_removal(void **state)
{
    (void)state;
    for (int before = 0; before <= 1; before++) {
        struct world *world = world_released_around_the_add(before);
        refuse_removal(world); /* at once: nobody acknowledged a removal */
        assert_int_equal(world_calls(world, CALL_REMOVE), 1);
        world_free(world);
    }
}

static void a_removal_refused_because_the_tag_is_gone_ends_released(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    command(world, NQ_WANT_RELEASE);
    world_vm(world, "VDI-01")->tagged = false; /* somebody else was faster */
    world_fail(world, NQ_NSX_REJECTED, false);
    assert_state(world, NQ_CASE_RELEASING);
    (void)world_answer(world);
    assert_state(world, NQ_CASE_RELEASED);
    assert_int_equal(world_notices(world, NQ_NOTICE_RELEASED), 1);
    assert_int_equal(world_notices(world, NQ_NOTICE_FAILED), 0);
    world_free(world);
}

static void releasing_before_the_vm_is_found_is_immediate_and_writes_nothing(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    assert_true(world_is_waiting(world, CALL_FIND));
    command(world, NQ_WANT_RELEASE);
    assert_state(world, NQ_CASE_RELEASED);
    assert_int_equal(world_waiting(world), 0);
    assert_int_equal(world_notices(world, NQ_NOTICE_RELEASED), 1);
    world_run(world, 20000);
    assert_state(world, NQ_CASE_RELEASED);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    assert_int_equal(world_calls(world, CALL_REMOVE), 0);
    world_free(world);
}

static void dismissing_during_the_find_leaves_all_else_alone(void **state)
{
    (void)state;
    struct world *world = world_new_in_mode(NQ_MODE_OBSERVE);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 1000);
    world_detect(world, "10.20.1.11", "Eicar"); /* the same VM, which nobody knows yet */
    world_settle(world);
    assert_true(world_is_waiting(world, CALL_FIND));
    command(world, NQ_WANT_DISMISS);
    assert_state(world, NQ_CASE_RELEASED);
    assert_int_equal(world_waiting(world), 0);
    world_run(world, 5000);

    size_t count;
    const struct nq_case *const *cases = nq_engine_cases(world_engine(world), &count);
    assert_int_equal(count, 2);
    assert_int_equal(cases[0]->state, NQ_CASE_OBSERVED);
    assert_int_equal(cases[0]->signals, 1);
    assert_int_equal(cases[1]->state, NQ_CASE_RELEASED);
    assert_null(cases[1]->external_id);
    assert_string_equal(cases[1]->changed_by, "operator");
    world_free(world);
}

/* Observed, after an addition whose answer was lost and which comes to light only now. */
static struct world *world_disarmed_after_the_add(void)
{
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    (void)world_answer(world);
    assert_true(world_is_waiting(world, CALL_ADD));
    nq_engine_set_mode(world_engine(world), NQ_MODE_OBSERVE, "operator");
    world_fail(world, NQ_NSX_TIMEOUT, false);
    world_run(world, 5000);
    assert_state(world, NQ_CASE_OBSERVED);
    show_tag(world, "VDI-01");
    return world;
}

static void an_observed_case_that_may_carry_the_tag_is_cleaned_by_its_end(void **state)
{
    (void)state;
    static const enum nq_wanted ends[] = {NQ_WANT_RELEASE, NQ_WANT_DISMISS, 0};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct world *world = world_disarmed_after_the_add();
        world_crash(world, false); /* that an addition was sent is durable */
        if (ends[i]) {
            command(world, ends[i]);
        } else {
            world_advance(world, 7200001);
        }
        assert_state(world, NQ_CASE_RELEASING);
        world_run(world, 5000);
        assert_state(world, NQ_CASE_RELEASED);
        assert_false(world_vm(world, "VDI-01")->tagged);
        assert_string_equal(world_case(world)->changed_by,
                            ends[i] ? "operator" : "timer");
        world_free(world);
    }
}

static void a_tag_that_somebody_else_put_on_the_vm_is_released_too(void **state)
{
    (void)state;
    struct world *world = world_new_in_mode(NQ_MODE_OBSERVE);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 1000);
    show_tag(world, "VDI-01");
    nq_engine_set_mode(world_engine(world), NQ_MODE_ENFORCE, "operator");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    command(world, NQ_WANT_RELEASE);
    world_run(world, 2000);
    assert_state(world, NQ_CASE_RELEASED);
    assert_false(world_vm(world, "VDI-01")->tagged);
    world_free(world);
}

static void a_time_limit_releases(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_conf(world)->triggers[0].time_limit_s = 60;
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_true(world_case(world)->release_at_ms > 0);
    world_crash(world, false);
    world_run(world, 61000);
    assert_state(world, NQ_CASE_RELEASED);
    assert_string_equal(world_case(world)->changed_by, "timer");
    world_free(world);
}

/* ---- immunity, scans, deadlines, stopping --------------------------------------------- */

static void release_now(struct world *world)
{
    command(world, NQ_WANT_RELEASE);
    world_run(world, 2000);
    assert_state(world, NQ_CASE_RELEASED);
}

static void immunity_is_kept_for_each_cause(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    release_now(world);
    world_detect(world, "VDI-01", "Wannacry");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    release_now(world);
    world_detect(world, "VDI-01", "Eicar");     /* of the older case */
    world_detect(world, "10.20.1.11", "Eicar"); /* the same VM under another name */
    world_detect(world, "VDI-01", "Wannacry");
    world_run(world, 3000);
    assert_int_equal(world_added(world), 2);
    world_detect(world, "VDI-01", "Something new");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void send_scan(struct world *world)
{
    world_send(world, WORLD_SENDER, WORLD_OTHER, "VDI-01", "scan completed");
    world_run(world, 2000);
}

static struct world *scanned_world(bool clean_scan)
{
    struct world *world = world_new();
    world_conf(world)->triggers[1].action = NQ_ACTION_SCAN_FINISHED;
    world_conf(world)->release.clean_scan = clean_scan;
    world_restart(world);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    return world;
}

static void a_finished_scan_releases_nothing_by_default(void **state)
{
    (void)state;
    struct world *world = scanned_world(false);
    world_advance(world, 3 * 3600000);
    send_scan(world);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_int_equal(world_case(world)->signals, 2);
    world_free(world);
}

static void a_clean_scan_releases_where_a_site_wants_it(void **state)
{
    (void)state;
    struct world *world = scanned_world(true);
    world_advance(world, 1800000);
    send_scan(world); /* it may have begun before the detection */
    assert_state(world, NQ_CASE_ISOLATED);
    world_advance(world, 3 * 3600000);
    send_scan(world);
    assert_state(world, NQ_CASE_RELEASED);
    assert_string_equal(world_case(world)->changed_by, "other");
    assert_balance(world);
    world_free(world);
}

static void a_detection_during_the_scan_keeps_the_quarantine(void **state)
{
    (void)state;
    struct world *world = scanned_world(true);
    world_advance(world, 3 * 3600000);
    world_detect(world, "VDI-01", "Eicar");
    world_advance(world, 600000);
    world_crash(world, false); /* when the detection came survives */
    send_scan(world);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void nobody_waits_for_nsx_for_ever(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_conf(world)->give_up_ms = 60000;
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    (void)world_answer(world);
    while (world_case(world)->state == NQ_CASE_TAGGING) {
        if (world_waiting(world) > 0) {
            world_fail(world, NQ_NSX_UNREACHABLE, false);
        }
        world_advance(world, 1000);
    }
    assert_state(world, NQ_CASE_FAILED);
    assert_reason(world, NQ_REASON_NSX_UNREACHABLE);
    assert_int_equal(world_notices(world, NQ_NOTICE_FAILED), 1);
    command(world, NQ_WANT_RETRY);
    world_run(world, 3000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void nobody_gives_up_while_the_engine_is_stopped(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_conf(world)->give_up_ms = 60000;
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    nq_engine_set_mode(world_engine(world), NQ_MODE_STOPPED, "operator");
    world_run(world, 300000);
    assert_state(world, NQ_CASE_TAGGING);
    nq_engine_set_mode(world_engine(world), NQ_MODE_ENFORCE, "operator");
    world_run(world, 3000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void stopping_takes_back_what_nsx_was_not_given_yet(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    (void)world_answer(world);
    assert_true(world_is_waiting(world, CALL_ADD));
    nq_engine_set_mode(world_engine(world), NQ_MODE_STOPPED, "operator");
    assert_false(world_is_waiting(world, CALL_ADD));
    world_run(world, 10000);
    assert_int_equal(world_added(world), 0);
    show_tag(world, "VDI-01"); /* NSX had it already */
    nq_engine_set_mode(world_engine(world), NQ_MODE_ENFORCE, "operator");
    world_run(world, 3000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_int_equal(world_added(world), 0);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(release_removes_the_tag_and_is_sticky),
        cmocka_unit_test(a_released_row_ends_with_its_immunity),
        cmocka_unit_test(without_an_immunity_a_released_row_goes_at_once),
        cmocka_unit_test(release_while_the_tag_is_being_added_takes_it_off_again),
        cmocka_unit_test(a_tag_that_shows_up_late_is_removed_by_the_release),
        cmocka_unit_test(a_removal_whose_answer_is_lost_is_repeated),
        cmocka_unit_test(a_release_around_the_answer_to_an_addition_needs_no_back_off),
        cmocka_unit_test(the_answer_to_an_addition_is_not_taken_for_that_to_a_removal),
        cmocka_unit_test(a_removal_refused_because_the_tag_is_gone_ends_released),
        cmocka_unit_test(
            releasing_before_the_vm_is_found_is_immediate_and_writes_nothing),
        cmocka_unit_test(dismissing_during_the_find_leaves_all_else_alone),
        cmocka_unit_test(an_observed_case_that_may_carry_the_tag_is_cleaned_by_its_end),
        cmocka_unit_test(a_tag_that_somebody_else_put_on_the_vm_is_released_too),
        cmocka_unit_test(a_time_limit_releases),
        cmocka_unit_test(immunity_is_kept_for_each_cause),
        cmocka_unit_test(a_finished_scan_releases_nothing_by_default),
        cmocka_unit_test(a_clean_scan_releases_where_a_site_wants_it),
        cmocka_unit_test(a_detection_during_the_scan_keeps_the_quarantine),
        cmocka_unit_test(nobody_waits_for_nsx_for_ever),
        cmocka_unit_test(nobody_gives_up_while_the_engine_is_stopped),
        cmocka_unit_test(stopping_takes_back_what_nsx_was_not_given_yet),
    };
    return cmocka_run_group_tests_name("engine release", tests, NULL, NULL);
}
