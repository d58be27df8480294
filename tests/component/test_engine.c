/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine.c: the real engine in a deterministic world: what it promises, one test a
 * promise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "quarantine/case.h"
#include "world.h"

#define assert_state(world, expected)                                                    \
    assert_string_equal(nq_case_state_name(world_case(world)->state),                    \
                        nq_case_state_name(expected))
#define assert_reason(world, expected)                                                   \
    assert_string_equal(nq_reason_name(world_case(world)->reason),                       \
                        nq_reason_name(expected))

static struct world *isolated_world(void)
{
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    return world;
}

static void command(struct world *world, enum nq_wanted wanted)
{
    const uint32_t id = world_case(world)->id;
    assert_true(nq_engine_may(world_engine(world), id, wanted));
    nq_engine_command(world_engine(world), id, wanted, "operator");
    world_settle(world);
}

/* NSX refuses the removal that waits, and the read that follows shows the tag. */
static void refuse_removal(struct world *world)
{
    assert_true(world_is_waiting(world, CALL_REMOVE));
    world_fail(world, NQ_NSX_FORBIDDEN, false);
    assert_state(world, NQ_CASE_RELEASING);
    assert_true(world_is_waiting(world, CALL_READ));
    (void)world_answer(world);
    assert_state(world, NQ_CASE_FAILED);
    assert_reason(world, NQ_REASON_NSX_REFUSED);
}

/* The tag of an addition that NSX took in comes to light. */
static void show_tag(struct world *world, const char *name)
{
    world_vm(world, name)->tagged = true;
    world_vm(world, name)->member = true;
}

static void assert_balance(const struct world *world)
{
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_RECEIVED),
                     world_counter(world, NQ_COUNT_TRAPS_ACTED) +
                         world_counter(world, NQ_COUNT_TRAPS_COALESCED) +
                         world_counter(world, NQ_COUNT_TRAPS_IGNORED) +
                         world_counter(world, NQ_COUNT_TRAPS_HELD) +
                         world_counter(world, NQ_COUNT_TRAPS_REFUSED) +
                         world_counter(world, NQ_COUNT_TRAPS_MALFORMED));
}

/* ---- the main job ------------------------------------------------------------------- */

static void isolates_the_vm_that_a_trap_names(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    assert_state(world, NQ_CASE_TAGGING);
    assert_true(world_answer(world)); /* find */
    assert_true(world_is_waiting(world, CALL_ADD));
    assert_true(world_answer(world)); /* add */
    assert_state(world, NQ_CASE_TAGGING);
    assert_true(world_answer(world)); /* read back */
    assert_state(world, NQ_CASE_TAGGED);
    assert_true(world_answer(world)); /* prove */
    assert_state(world, NQ_CASE_ISOLATED);

    const struct nq_case *record = world_case(world);
    assert_string_equal(record->external_id, "id-1");
    assert_string_equal(record->host_name, "vdi-01.corp.example");
    assert_string_equal(record->cause, "Eicar");
    assert_string_equal(record->tag, "nsx-quarantine|isolated");
    assert_string_equal(record->changed_by, "malware");
    assert_int_equal(record->rungs, NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT) |
                                        NQ_RUNG_BIT(NQ_RUNG_GROUP_MEMBER));
    assert_true(record->tag_time_ms > 0);
    assert_true(record->isolate_time_ms >= record->tag_time_ms);
    assert_int_equal(world_added(world), 1);
    assert_int_equal(world_notices(world, NQ_NOTICE_ISOLATED), 1);
    world_free(world);
}

static void finds_the_vm_by_each_form_of_its_name(void **state)
{
    (void)state;
    static const char *const forms[] = {"VDI-01",
                                        "vdi-01.corp.example",
                                        "10.20.1.11",
                                        "VDI-01 (10.20.1.11)",
                                        "10.20.1.11 (VDI-01)",
                                        "VDI-01 (name that NSX does not know)"};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct world *world = world_new();
        world_detect(world, forms[i], "Eicar");
        world_run(world, 2000);
        assert_state(world, NQ_CASE_ISOLATED);
        assert_string_equal(world_case(world)->external_id, "id-1");
        world_free(world);
    }
}

static void isolates_a_clone_and_not_the_vm_whose_name_it_extends(void **state)
{
    (void)state;
    struct world *world = world_new();
    const struct world_vm *clone =
        world_add_vm(world, &(struct world_vm){.external_id = "id-4",
                                               .name = "VDI-01 (2)",
                                               .host_name = "",
                                               .address = "10.20.1.14",
                                               .type = "REGULAR"});
    world_detect(world, "VDI-01 (2)", "Eicar");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_string_equal(world_case(world)->external_id, "id-4");
    assert_true(clone->tagged);
    assert_false(world_vm(world, "VDI-01")->tagged);
    world_free(world);
}

static void a_clone_that_is_too_new_is_waited_for(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01 (2)", "Eicar");
    world_settle(world);
    (void)world_answer(world); /* the inventory has only VDI-01 yet */
    assert_state(world, NQ_CASE_TAGGING);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    (void)world_add_vm(world, &(struct world_vm){.external_id = "id-7",
                                                 .name = "VDI-01 (2)",
                                                 .host_name = "",
                                                 .address = "",
                                                 .type = "REGULAR"});
    world_run(world, 3000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_string_equal(world_case(world)->external_id, "id-7");
    world_free(world);
}

static void an_addition_that_nsx_refuses_does_not_stop_a_release(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    (void)world_answer(world);
    assert_true(world_is_waiting(world, CALL_ADD));
    command(world, NQ_WANT_RELEASE);
    world_fail(world, NQ_NSX_REJECTED, false);
    world_run(world, 5000);
    assert_state(world, NQ_CASE_RELEASED);
    world_free(world);
}

static void answers_stored_only_after_the_commit(void **state)
{
    (void)state;
    struct world *world = world_new();
    const size_t commits = world_commits(world);
    world_detect(world, "VDI-01", "Eicar");
    assert_int_equal(world_stored(world), 0);
    world_settle(world);
    assert_int_equal(world_stored(world), 1);
    assert_true(world_commits(world) > commits);
    world_free(world);
}

static void lets_nothing_out_while_the_store_cannot_commit(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct nq_engine_view view;
    world_break_store(world, true);
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    world_advance(world, 10000);
    assert_int_equal(world_calls(world, CALL_FIND), 0);
    assert_int_equal(world_stored(world), 0);
    assert_int_equal(world_put_off(world), 1);
    nq_engine_view(world_engine(world), &view);
    assert_int_equal(view.health, NQ_HEALTH_FAILED);

    world_detect(world, "VDI-02", "Eicar"); /* put off at once, not taken in */
    world_advance(world, 1000);             /* the next try to commit */
    assert_int_equal(world_put_off(world), 2);

    world_break_store(world, false);
    world_run(world, 5000);
    assert_state(world, NQ_CASE_ISOLATED);
    nq_engine_view(world_engine(world), &view);
    assert_int_equal(view.health, NQ_HEALTH_OK);
    assert_balance(world);
    world_free(world);
}

/* ---- one event, one effect ---------------------------------------------------------- */

static void coalesces_repeated_signals_into_one_case(void **state)
{
    (void)state;
    struct world *world = world_new();
    for (int i = 0; i < 5; i++) {
        world_detect(world, i % 2 ? "vdi-01" : "VDI-01", "Eicar");
        world_settle(world);
    }
    world_run(world, 2000);
    world_detect(world, "VDI-01", "Another");
    world_run(world, 2000);
    assert_int_equal(world_case_count(world), 1);
    assert_int_equal(world_case(world)->signals, 6);
    assert_int_equal(world_calls(world, CALL_ADD), 1);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_ACTED), 1);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_COALESCED), 5);
    assert_balance(world);
    world_free(world);
}

static void merges_two_identities_of_one_vm(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_detect(world, "10.20.1.11", "Eicar");
    world_run(world, 2000);
    size_t count;
    const struct nq_case *const *cases = nq_engine_cases(world_engine(world), &count);
    assert_int_equal(count, 2);
    assert_int_equal(cases[0]->state, NQ_CASE_ISOLATED);
    assert_int_equal(cases[0]->signals, 2);
    assert_int_equal(cases[1]->state, NQ_CASE_RELEASED);
    assert_non_null(strstr(cases[1]->reason_text, "case 1"));
    assert_int_equal(world_added(world), 1);
    assert_int_equal(world_removed(world), 0);

    world_detect(world, "10.20.1.11", "Eicar"); /* now known to be case 1 */
    world_run(world, 2000);
    cases = nq_engine_cases(world_engine(world), &count);
    assert_int_equal(count, 2);
    assert_int_equal(cases[0]->signals, 3);
    world_free(world);
}

static void crash_at_every_answer_ends_isolated_with_one_tag(void **state)
{
    (void)state;
    /* 0: right after the trap was stored; then after each answer of NSX. */
    for (int applied = 0; applied <= 1; applied++) {
        for (int point = 0; point < 6; point++) {
            struct world *world = world_new();
            world_detect(world, "VDI-01", "Eicar");
            world_settle(world);
            for (int i = 0; i < point; i++) {
                (void)world_answer(world);
            }
            world_crash(world, applied);
            world_run(world, 30000);
            assert_int_equal(world_case_count(world), 1);
            assert_state(world, NQ_CASE_ISOLATED);
            assert_int_equal(world_added(world), 1);
            assert_int_equal(world_removed(world), 0);
            world_free(world);
        }
    }
}

static void a_trap_that_was_not_answered_is_forgotten_by_a_crash(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_crash(world, false); /* before the loop turned: nothing was committed */
    world_run(world, 2000);
    assert_int_equal(world_stored(world), 0);
    assert_int_equal(world_case_count(world), 0);
    world_free(world);
}

static void a_release_is_never_undone_by_a_crash(void **state)
{
    (void)state;
    for (int applied = 0; applied <= 1; applied++) {
        for (int point = 0; point < 4; point++) {
            struct world *world = isolated_world();
            command(world, NQ_WANT_RELEASE);
            for (int i = 0; i < point; i++) {
                (void)world_answer(world);
            }
            world_crash(world, applied);
            world_run(world, 30000);
            assert_state(world, NQ_CASE_RELEASED);
            assert_false(world_vm(world, "VDI-01")->tagged);
            assert_int_equal(world_added(world), 1);
            assert_int_equal(world_removed(world), 1);
            world_free(world);
        }
    }
}

static void a_lost_answer_is_read_back_not_repeated(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    (void)world_answer(world);
    world_fail(world, NQ_NSX_TIMEOUT, true); /* applied, but the answer got lost */
    assert_reason(world, NQ_REASON_NSX_UNREACHABLE);
    world_run(world, 5000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_int_equal(world_calls(world, CALL_ADD), 1);
    world_free(world);
}

static void a_success_that_was_not_applied_is_seen(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    (void)world_answer(world);
    world_lie(world);
    (void)world_answer(world); /* the read back does not show the tag */
    assert_state(world, NQ_CASE_TAGGING);
    assert_reason(world, NQ_REASON_NSX_REFUSED);
    world_run(world, 5000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_int_equal(world_added(world), 1);
    world_free(world);
}

/* ---- what must not be quarantined --------------------------------------------------- */

static void observe_mode_never_writes(void **state)
{
    (void)state;
    struct world *world = world_new_in_mode(NQ_MODE_OBSERVE);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 60000);
    assert_state(world, NQ_CASE_OBSERVED);
    assert_reason(world, NQ_REASON_OBSERVE_MODE);
    assert_string_equal(world_case(world)->external_id, "id-1");
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    assert_false(nq_engine_may(world_engine(world), 1, NQ_WANT_APPROVE));
    world_free(world);
}

static void arming_goes_on_with_observed_cases_and_lasts(void **state)
{
    (void)state;
    struct world *world = world_new_in_mode(NQ_MODE_OBSERVE);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 1000);
    nq_engine_set_mode(world_engine(world), NQ_MODE_ENFORCE, "operator");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_crash(world, false);
    world_detect(world, "VDI-02", "Eicar");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void disarming_turns_a_pending_write_into_an_observation(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    nq_engine_set_mode(world_engine(world), NQ_MODE_OBSERVE, "operator");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_OBSERVED);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    world_free(world);
}

static void stopped_mode_stops_all_writes_until_it_ends(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    nq_engine_set_mode(world_engine(world), NQ_MODE_STOPPED, "operator");
    world_run(world, 60000);
    assert_state(world, NQ_CASE_TAGGING);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    nq_engine_set_mode(world_engine(world), NQ_MODE_ENFORCE, "operator");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);

    nq_engine_set_mode(world_engine(world), NQ_MODE_STOPPED, "operator");
    command(world, NQ_WANT_RELEASE);
    world_run(world, 60000);
    assert_state(world, NQ_CASE_RELEASING);
    assert_int_equal(world_calls(world, CALL_REMOVE), 0);
    nq_engine_set_mode(world_engine(world), NQ_MODE_OBSERVE, "operator");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_RELEASED);
    world_free(world);
}

static void holds_a_computer_that_no_vm_has(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "nobody", "Eicar");
    world_run(world, 3000);
    assert_state(world, NQ_CASE_TAGGING); /* the inventory may still catch up */
    assert_reason(world, NQ_REASON_UNKNOWN_VM);
    world_run(world, 10000);
    assert_state(world, NQ_CASE_HELD);
    assert_reason(world, NQ_REASON_UNKNOWN_VM);
    assert_int_equal(world_notices(world, NQ_NOTICE_HELD), 1);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    world_free(world);
}

static void holds_an_ambiguous_name_and_acts_after_approval(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct world_vm *twin =
        world_add_vm(world, &(struct world_vm){.external_id = "id-3",
                                               .name = "VDI-01",
                                               .host_name = "",
                                               .address = "10.20.1.13",
                                               .type = "REGULAR"});
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 20000);
    assert_state(world, NQ_CASE_HELD);
    assert_reason(world, NQ_REASON_AMBIGUOUS);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    twin->gone = true;
    command(world, NQ_WANT_APPROVE);
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_string_equal(world_case(world)->changed_by, "operator");
    world_free(world);
}

static void two_names_that_disagree_are_ambiguous(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01 (10.20.1.12)", "Eicar");
    world_run(world, 20000);
    assert_state(world, NQ_CASE_HELD);
    assert_reason(world, NQ_REASON_AMBIGUOUS);
    assert_int_equal(world_added(world), 0);
    world_free(world);
}

static void never_tags_an_edge(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "edge-1", "Eicar");
    world_run(world, 1000);
    assert_state(world, NQ_CASE_HELD);
    assert_reason(world, NQ_REASON_PROTECTED);
    command(world, NQ_WANT_APPROVE); /* no path goes around it */
    world_run(world, 20000);
    assert_state(world, NQ_CASE_HELD);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    world_free(world);
}

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

/* ---- trouble ------------------------------------------------------------------------ */

static void nsx_trouble_keeps_the_case_with_its_reason(void **state)
{
    (void)state;
    static const struct {
        enum nq_code code;
        enum nq_reason reason;
    } rows[] = {
        {NQ_NSX_UNREACHABLE, NQ_REASON_NSX_UNREACHABLE},
        {NQ_NSX_TIMEOUT, NQ_REASON_NSX_UNREACHABLE},
        {NQ_NSX_BUSY, NQ_REASON_NSX_UNREACHABLE},
        {NQ_NSX_SERVER, NQ_REASON_NSX_UNREACHABLE},
        {NQ_NSX_ANSWER, NQ_REASON_NSX_UNREACHABLE},
        {NQ_NSX_TLS, NQ_REASON_NSX_UNREACHABLE},
        {NQ_NSX_AUTH, NQ_REASON_NSX_REFUSED},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (int point = 0; point < 3; point++) {
            struct world *world = world_new();
            world_detect(world, "VDI-01", "Eicar");
            world_settle(world);
            for (int k = 0; k < point; k++) {
                (void)world_answer(world);
            }
            world_fail(world, rows[i].code, false);
            assert_state(world, NQ_CASE_TAGGING);
            assert_reason(world, rows[i].reason);
            assert_non_null(strstr(world_case(world)->last_error, "made to fail"));
            world_run(world, 10000);
            assert_state(world, NQ_CASE_ISOLATED);
            assert_null(world_case(world)->last_error);
            assert_int_equal(world_added(world), 1);
            world_free(world);
        }
    }
}

static void retries_are_spaced_further_and_further(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    for (int i = 0; i < 600; i++) { /* a minute of failures */
        if (world_waiting(world)) {
            world_fail(world, NQ_NSX_UNREACHABLE, false);
        }
        world_advance(world, 100);
    }
    /* 1, 2, 4, 8, 8, ... seconds, of which at least the half: 8 to 17 tries. */
    assert_in_range(world_calls(world, CALL_FIND), 8, 17);
    world_free(world);
}

static void a_refusal_fails_the_case_until_a_person_retries(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    (void)world_answer(world);
    world_fail(world, NQ_NSX_REJECTED, false);
    assert_state(world, NQ_CASE_FAILED);
    assert_reason(world, NQ_REASON_NSX_REFUSED);
    assert_int_equal(world_notices(world, NQ_NOTICE_FAILED), 1);
    world_run(world, 60000);
    assert_state(world, NQ_CASE_FAILED);
    command(world, NQ_WANT_RETRY);
    world_run(world, 3000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void a_failed_release_is_retried_as_a_release(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    command(world, NQ_WANT_RELEASE);
    refuse_removal(world);
    command(world, NQ_WANT_RETRY);
    world_run(world, 5000);
    assert_state(world, NQ_CASE_RELEASED);
    assert_false(world_vm(world, "VDI-01")->tagged);
    world_free(world);
}

static void a_failed_release_can_be_turned_back_into_a_quarantine(void **state)
{
    (void)state;
    /* 0: the read after the refusal shows the tag; 1: NSX refuses that read too. */
    for (int blind = 0; blind <= 1; blind++) {
        struct world *world = isolated_world();
        command(world, NQ_WANT_RELEASE);
        if (blind) {
            world_fail(world, NQ_NSX_FORBIDDEN, false);
            world_fail(world, NQ_NSX_FORBIDDEN, false);
            assert_state(world, NQ_CASE_FAILED);
        } else {
            refuse_removal(world);
        }
        assert_int_equal(world_case(world)->wanted, NQ_WANT_RELEASE);
        command(world, NQ_WANT_QUARANTINE);
        assert_int_equal(world_case(world)->wanted, NQ_WANT_QUARANTINE);
        world_run(world, 3000);
        assert_state(world, NQ_CASE_ISOLATED);
        assert_int_equal(world_added(world), 1);
        assert_int_equal(world_removed(world), 0);
        world_free(world);
    }
}

static void the_answer_to_a_removal_is_not_taken_for_that_to_an_addition(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    command(world, NQ_WANT_RELEASE);
    (void)world_answer(world);                  /* the tag is off */
    world_fail(world, NQ_NSX_FORBIDDEN, false); /* but it may not be read */
    assert_state(world, NQ_CASE_FAILED);
    command(world, NQ_WANT_QUARANTINE);
    (void)world_answer(world); /* the look: no tag, as is to be expected */
    assert_true(world_is_waiting(world, CALL_ADD));
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void dismissing_a_failed_release_says_that_nobody_checked_the_tag(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    command(world, NQ_WANT_RELEASE);
    refuse_removal(world);
    command(world, NQ_WANT_DISMISS);
    assert_state(world, NQ_CASE_RELEASED);
    assert_reason(world, NQ_REASON_NSX_REFUSED);
    assert_non_null(strstr(world_case(world)->reason_text, "nobody checked"));
    assert_int_equal(world_waiting(world), 0);
    assert_true(world_vm(world, "VDI-01")->tagged);
    world_free(world);
}

static void a_lost_tag_is_put_back(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_vm(world, "VDI-01")->tagged = false;
    world_vm(world, "VDI-01")->member = false;
    world_run(world, 15000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_int_equal(world_added(world), 2);
    assert_string_equal(world_case(world)->changed_by, "reconciler");
    world_free(world);
}

static void a_lost_rung_is_a_change_of_state(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_vm(world, "VDI-01")->member = false;
    world_run(world, 12000);
    assert_state(world, NQ_CASE_TAGGED);
    assert_reason(world, NQ_REASON_RUNG_LOST);
    assert_non_null(strstr(world_case(world)->reason_text, "quarantine group"));
    world_vm(world, "VDI-01")->member = true;
    world_run(world, 12000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void a_vm_that_vanishes_and_returns_is_isolated_again(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_vm(world, "VDI-01")->gone = true;
    world_run(world, 12000);
    assert_state(world, NQ_CASE_VANISHED);
    world_vm(world, "VDI-01")->gone = false;
    world_vm(world, "VDI-01")->tagged = false; /* NSX forgets the tags of a lost VM */
    world_vm(world, "VDI-01")->member = false;
    world_run(world, 12000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void a_stale_external_id_is_found_anew(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    (void)world_answer(world);
    world_vm(world, "VDI-01")->gone = true; /* an instant clone: same name, new id */
    (void)world_add_vm(world, &(struct world_vm){.external_id = "id-7",
                                                 .name = "VDI-01",
                                                 .host_name = "",
                                                 .address = "",
                                                 .type = "REGULAR"});
    world_run(world, 10000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_string_equal(world_case(world)->external_id, "id-7");
    world_free(world);
}

/* ---- input -------------------------------------------------------------------------- */

static void counts_every_trap_in_one_class(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_trap_text(world, "not a trap");
    world_trap_text(world, "UDP: [10.1.1.1]:1->[10.1.1.2]:162\n"
                           "UDP: [10.1.1.1]:1->[10.1.1.2]:162\n"
                           ".1.3.6.1.2.1.1.3.0 1\n"
                           ".1.3.6.1.6.3.1.1.4.1.0 .1.3.6.1.6.3.1.1.5.3\n");
    world_trap_text(world, "UDP: [10.1.1.1]:1->[10.1.1.2]:162\n"
                           "UDP: [10.1.1.1]:1->[10.1.1.2]:162\n"
                           ".1.3.6.1.2.1.1.3.0 1\n"
                           ".1.3.6.1.6.3.1.1.4.1.0 .1.3.6.1.4.1.32473.1\n");
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_RECEIVED), 4);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_MALFORMED), 2);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_IGNORED), 1);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_ACTED), 1);
    assert_int_equal(world_refused(world), 2);
    assert_int_equal(world_stored(world), 2);
    assert_balance(world);
    world_crash(world, false);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_RECEIVED), 4);
    assert_balance(world);
    world_free(world);
}

static void refuses_what_does_not_fit_any_more(void **state)
{
    (void)state;
    struct world *world = world_new();
    char name[32];
    for (int i = 0; i < 12; i++) {
        (void)snprintf(name, sizeof(name), "unknown-%d", i);
        world_detect(world, name, "Eicar");
        world_settle(world);
    }
    assert_int_equal(world_case_count(world), 10);
    assert_int_equal(world_refused(world), 2);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_REFUSED), 2);
    assert_balance(world);
    world_free(world);
}

static void commands_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    struct nq_engine *engine = world_engine(world);
    assert_false(nq_engine_may(engine, 1, NQ_WANT_APPROVE));
    assert_false(nq_engine_may(engine, 1, NQ_WANT_DISMISS));
    assert_false(nq_engine_may(engine, 1, NQ_WANT_RETRY));
    assert_true(nq_engine_may(engine, 1, NQ_WANT_QUARANTINE)); /* it is so already */
    assert_true(nq_engine_may(engine, 1, NQ_WANT_RELEASE));
    assert_false(nq_engine_may(engine, 99, NQ_WANT_RELEASE));
    nq_engine_command(engine, 1, NQ_WANT_DISMISS, "operator");
    nq_engine_command(engine, 99, NQ_WANT_RELEASE, "operator");
    world_run(world, 1000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void a_comment_is_kept(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    nq_engine_comment(world_engine(world), 1, "ticket 4711", "operator");
    world_settle(world);
    world_crash(world, false);
    assert_string_equal(world_case(world)->comment, "ticket 4711");
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(isolates_the_vm_that_a_trap_names),
        cmocka_unit_test(finds_the_vm_by_each_form_of_its_name),
        cmocka_unit_test(isolates_a_clone_and_not_the_vm_whose_name_it_extends),
        cmocka_unit_test(a_clone_that_is_too_new_is_waited_for),
        cmocka_unit_test(an_addition_that_nsx_refuses_does_not_stop_a_release),
        cmocka_unit_test(answers_stored_only_after_the_commit),
        cmocka_unit_test(lets_nothing_out_while_the_store_cannot_commit),
        cmocka_unit_test(coalesces_repeated_signals_into_one_case),
        cmocka_unit_test(merges_two_identities_of_one_vm),
        cmocka_unit_test(crash_at_every_answer_ends_isolated_with_one_tag),
        cmocka_unit_test(a_trap_that_was_not_answered_is_forgotten_by_a_crash),
        cmocka_unit_test(a_release_is_never_undone_by_a_crash),
        cmocka_unit_test(a_lost_answer_is_read_back_not_repeated),
        cmocka_unit_test(a_success_that_was_not_applied_is_seen),
        cmocka_unit_test(observe_mode_never_writes),
        cmocka_unit_test(arming_goes_on_with_observed_cases_and_lasts),
        cmocka_unit_test(disarming_turns_a_pending_write_into_an_observation),
        cmocka_unit_test(stopped_mode_stops_all_writes_until_it_ends),
        cmocka_unit_test(holds_a_computer_that_no_vm_has),
        cmocka_unit_test(holds_an_ambiguous_name_and_acts_after_approval),
        cmocka_unit_test(two_names_that_disagree_are_ambiguous),
        cmocka_unit_test(never_tags_an_edge),
        cmocka_unit_test(release_removes_the_tag_and_is_sticky),
        cmocka_unit_test(a_released_row_ends_with_its_immunity),
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
        cmocka_unit_test(nsx_trouble_keeps_the_case_with_its_reason),
        cmocka_unit_test(retries_are_spaced_further_and_further),
        cmocka_unit_test(a_refusal_fails_the_case_until_a_person_retries),
        cmocka_unit_test(a_failed_release_is_retried_as_a_release),
        cmocka_unit_test(a_failed_release_can_be_turned_back_into_a_quarantine),
        cmocka_unit_test(the_answer_to_a_removal_is_not_taken_for_that_to_an_addition),
        cmocka_unit_test(dismissing_a_failed_release_says_that_nobody_checked_the_tag),
        cmocka_unit_test(a_lost_tag_is_put_back),
        cmocka_unit_test(a_lost_rung_is_a_change_of_state),
        cmocka_unit_test(a_vm_that_vanishes_and_returns_is_isolated_again),
        cmocka_unit_test(a_stale_external_id_is_found_anew),
        cmocka_unit_test(counts_every_trap_in_one_class),
        cmocka_unit_test(refuses_what_does_not_fit_any_more),
        cmocka_unit_test(commands_that_make_no_sense_are_refused),
        cmocka_unit_test(a_comment_is_kept),
    };
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
