/* SPDX-License-Identifier: Apache-2.0 */
/* test_nemesis_broken.c: an engine, or a world, that breaks one promise on purpose: the
 * nemesis finds it, names the promise, and makes the history small.
 *
 * NEMESIS_SWEEP=n  breaks each row of the table of cases by itself, and says which of them n
 *                  histories do not notice */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "nemesis.h"
#include "quarantine/arrival.h"
#include "quarantine/decisions.h"

#define MOVES_MAX    256
#define HISTORIES    3000 /* most are found within some dozens */
#define SMALL_ENOUGH 12

/* A copy of the product's decisions, to be broken. */
struct copy {
    struct nq_decisions decisions;
    struct nq_case_table table;
    struct nq_case_move moves[MOVES_MAX];
    struct nq_act acts[NQ_ACTS];
};

static struct copy copy;

static int make_copy(void **state)
{
    (void)state;
    assert_in_range(nq_decisions.table->count, 1, MOVES_MAX);
    memcpy(copy.moves, nq_decisions.table->moves,
           nq_decisions.table->count * sizeof(copy.moves[0]));
    memcpy(copy.acts, nq_decisions.acts, sizeof(copy.acts));
    copy.table = (struct nq_case_table){copy.moves, nq_decisions.table->count};
    copy.decisions = nq_decisions;
    copy.decisions.table = &copy.table;
    copy.decisions.acts = copy.acts;
    return 0;
}

static struct nq_case_move *move_of(enum nq_case_state from, enum nq_case_event event)
{
    for (size_t i = 0; i < copy.table.count; i++) {
        if (copy.moves[i].from == from && copy.moves[i].event == event) {
            return &copy.moves[i];
        }
    }
    fail_msg("the table has no move of %s by %s", nq_case_state_name(from),
             nq_case_event_name(event));
    return NULL;
}

static struct nq_case_step *step_of(enum nq_case_state from, enum nq_case_event event)
{
    return &move_of(from, event)->step;
}

static void drop_move(enum nq_case_state from, enum nq_case_event event)
{
    *move_of(from, event) = copy.moves[--copy.table.count];
}

static void drop_check(nq_check_fn *check)
{
    struct nq_decisions *decisions = &copy.decisions;
    size_t left = 0;
    for (size_t i = 0; i < decisions->check_count; i++) {
        if (decisions->checks[i] != check) {
            decisions->checks[left++] = decisions->checks[i];
        }
    }
    assert_int_equal(left + 1, decisions->check_count);
    decisions->check_count = left;
}

/* Straight to the addition, as if nothing could be against it. */
static void skip_the_vetting(void)
{
    step_of(NQ_CASE_TAGGING, NQ_EV_FOUND)->effect = NQ_DO_ADD;
    step_of(NQ_CASE_TAGGING, NQ_EV_ABSENT)->effect = NQ_DO_ADD;
}

static void expect_caught_with(enum nemesis_promise promise,
                               const struct nemesis_rules *rules)
{
    struct nemesis_history history;
    struct nemesis_verdict verdict;
    uint64_t seed = 0;
    if (!nemesis_find(1, HISTORIES, promise, rules, &history, &verdict, &seed)) {
        fail_msg("nobody notices that this is broken: %s", nemesis_promise_text(promise));
    }
    (void)nemesis_shrink(&history, rules, &verdict);
    assert_int_equal(verdict.broken, promise);
    if (history.count > SMALL_ENOUGH) {
        nemesis_tell(&history, &verdict);
        fail_msg("%zu operations are left", history.count);
    }
    struct nemesis_verdict again;
    assert_false(nemesis_play(&history, rules, &again));
    assert_string_equal(again.text, verdict.text); /* the same each time */
    assert_int_equal(again.at, verdict.at);
    /* The engine as it is keeps its promises in that history. */
    if (!nemesis_play(&history, &(const struct nemesis_rules){0}, &verdict)) {
        nemesis_tell(&history, &verdict);
        fail_msg("the engine breaks it without our doing");
    }
}

static void expect_caught(enum nemesis_promise promise)
{
    expect_caught_with(promise,
                       &(const struct nemesis_rules){.decisions = &copy.decisions});
}

/* ---- promise 1 ------------------------------------------------------------------------ */

static void a_case_that_a_restart_does_not_resume_is_caught(void **state)
{
    (void)state;
    drop_move(NQ_CASE_TAGGING, NQ_EV_RESUMED);
    expect_caught(NEMESIS_FORGETS_NOTHING);
}

static void a_store_that_forgets_a_new_case_is_caught(void **state)
{
    (void)state;
    expect_caught_with(NEMESIS_FORGETS_NOTHING,
                       &(const struct nemesis_rules){.sabotage = NEMESIS_STORE_FORGETS});
}

/* ---- promise 2 ------------------------------------------------------------------------ */

static void an_addition_repeated_without_a_look_is_caught(void **state)
{
    (void)state;
    step_of(NQ_CASE_TAGGING, NQ_EV_CALL_RETRY)->effect = NQ_DO_ADD;
    expect_caught(NEMESIS_ACTS_ONCE);
}

static void an_addition_after_a_look_that_shows_the_tag_is_caught(void **state)
{
    (void)state;
    struct nq_case_step *step = step_of(NQ_CASE_TAGGING, NQ_EV_PRESENT);
    *step = *step_of(NQ_CASE_TAGGING, NQ_EV_ABSENT);
    expect_caught(NEMESIS_ACTS_ONCE);
}

/* ---- promise 3 ------------------------------------------------------------------------ */

static void a_removal_that_nobody_wants_is_caught(void **state)
{
    (void)state;
    struct nq_case_step *step = step_of(NQ_CASE_VANISHED, NQ_EV_PRESENT);
    *step = *step_of(NQ_CASE_ISOLATED, NQ_EV_RELEASE);
    expect_caught(NEMESIS_TOUCHES_ONLY_OURS);
}

static void a_write_that_replaces_all_tags_is_caught(void **state)
{
    (void)state;
    expect_caught_with(NEMESIS_TOUCHES_ONLY_OURS,
                       &(const struct nemesis_rules){.sabotage = NEMESIS_TAG_LIST});
}

/* ---- promise 4 ------------------------------------------------------------------------ */

static void a_lost_tag_that_is_not_put_back_is_caught(void **state)
{
    (void)state;
    struct nq_case_step *step = step_of(NQ_CASE_ISOLATED, NQ_EV_ABSENT);
    *step = *step_of(NQ_CASE_ISOLATED, NQ_EV_PROVEN);
    expect_caught(NEMESIS_PUTS_BACK);
}

static void a_release_that_a_restart_undoes_is_caught(void **state)
{
    (void)state;
    struct nq_case_step *step = step_of(NQ_CASE_RELEASING, NQ_EV_RESUMED);
    *step = *step_of(NQ_CASE_FAILED, NQ_EV_APPROVE);
    expect_caught(NEMESIS_PUTS_BACK);
}

static void a_release_that_ends_before_the_tag_is_gone_is_caught(void **state)
{
    (void)state;
    struct nq_case_step *step = step_of(NQ_CASE_RELEASING, NQ_EV_REMOVED);
    *step = *step_of(NQ_CASE_RELEASING, NQ_EV_ABSENT);
    expect_caught(NEMESIS_PUTS_BACK);
}

/* ---- promise 5 ------------------------------------------------------------------------ */

static void a_way_around_the_guard_is_caught(void **state)
{
    (void)state;
    skip_the_vetting();
    drop_check(nq_check_guard);
    expect_caught(NEMESIS_PROTECTS);
}

/* ---- promise 6 ------------------------------------------------------------------------ */

static void a_way_around_the_governor_is_caught(void **state)
{
    (void)state;
    *step_of(NQ_CASE_TAGGING, NQ_EV_GOVERNED) = *step_of(NQ_CASE_TAGGING, NQ_EV_CLEARED);
    drop_check(nq_check_governor);
    expect_caught(NEMESIS_KEEPS_BUDGETS);
}

static void an_addition_in_observe_mode_is_caught(void **state)
{
    (void)state;
    drop_check(nq_check_mode);
    expect_caught(NEMESIS_KEEPS_BUDGETS);
}

/* ---- promise 7 ------------------------------------------------------------------------ */

static enum nq_intake act_at_once(struct nq_arrival *arrival)
{
    const enum nq_intake verdict = nq_acts[NQ_ACTION_QUARANTINE].take(arrival);
    nq_engine_settle(arrival->engine);
    return verdict;
}

static void a_trap_that_waits_for_nsx_is_caught(void **state)
{
    (void)state;
    copy.acts[NQ_ACTION_QUARANTINE].take = act_at_once;
    expect_caught(NEMESIS_NEVER_WAITS);
}

/* ---- promise 8 ------------------------------------------------------------------------ */

static enum nq_intake act_silently(struct nq_arrival *arrival)
{
    (void)arrival;
    return NQ_INTAKE_STORED;
}

static void a_trap_that_nobody_counts_is_caught(void **state)
{
    (void)state;
    copy.acts[NQ_ACTION_RELEASE].take = act_silently;
    expect_caught(NEMESIS_IS_NEVER_SILENT);
}

static void a_case_that_is_held_without_a_notice_is_caught(void **state)
{
    (void)state;
    step_of(NQ_CASE_TAGGING, NQ_EV_UNKNOWN)->notice = NQ_NOTICE_NONE;
    expect_caught(NEMESIS_IS_NEVER_SILENT);
}

/* ---- every row ------------------------------------------------------------------------ */

static const char *const kinds[] = {"dropped", "without its effect",
                                    "without its notice"};

/* Row i, broken in the given way; false: that is no change. */
static bool break_row(size_t i, size_t kind)
{
    struct nq_case_step *step = &copy.moves[i].step;
    if (kind == 0) {
        copy.moves[i] = copy.moves[--copy.table.count];
        return true;
    }
    if (kind == 1 && step->effect != NQ_DO_NOTHING) {
        step->effect = NQ_DO_NOTHING;
        return true;
    }
    if (kind == 2 && step->notice != NQ_NOTICE_NONE) {
        step->notice = NQ_NOTICE_NONE;
        return true;
    }
    return false;
}

/* Of the rows of the table, which would nobody miss? */
static void most_rows_are_missed_by_somebody(void **state)
{
    const uint64_t runs = strtoull(getenv("NEMESIS_SWEEP"), NULL, 10);
    size_t broken = 0;
    size_t missed = 0;
    for (size_t i = 0; i < nq_decisions.table->count; i++) {
        const struct nq_case_move *row = &nq_decisions.table->moves[i];
        for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
            struct nemesis_history history;
            struct nemesis_verdict verdict;
            uint64_t seed = 0;
            (void)make_copy(state);
            if (!break_row(i, kind)) {
                continue;
            }
            broken++;
            if (nemesis_find(1, runs, NEMESIS_KEPT,
                             &(const struct nemesis_rules){.decisions = &copy.decisions},
                             &history, &verdict, &seed)) {
                missed++;
            } else {
                print_message("nobody misses: %s %s %s\n", nq_case_state_name(row->from),
                              nq_case_event_name(row->event), kinds[kind]);
            }
        }
    }
    print_message("%zu of %zu broken rows are noticed\n", missed, broken);
    assert_true(missed * 2 > broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_case_that_a_restart_does_not_resume_is_caught,
                               make_copy),
        cmocka_unit_test_setup(a_store_that_forgets_a_new_case_is_caught, make_copy),
        cmocka_unit_test_setup(an_addition_repeated_without_a_look_is_caught, make_copy),
        cmocka_unit_test_setup(an_addition_after_a_look_that_shows_the_tag_is_caught,
                               make_copy),
        cmocka_unit_test_setup(a_removal_that_nobody_wants_is_caught, make_copy),
        cmocka_unit_test_setup(a_write_that_replaces_all_tags_is_caught, make_copy),
        cmocka_unit_test_setup(a_lost_tag_that_is_not_put_back_is_caught, make_copy),
        cmocka_unit_test_setup(a_release_that_a_restart_undoes_is_caught, make_copy),
        cmocka_unit_test_setup(a_release_that_ends_before_the_tag_is_gone_is_caught,
                               make_copy),
        cmocka_unit_test_setup(a_way_around_the_guard_is_caught, make_copy),
        cmocka_unit_test_setup(a_way_around_the_governor_is_caught, make_copy),
        cmocka_unit_test_setup(an_addition_in_observe_mode_is_caught, make_copy),
        cmocka_unit_test_setup(a_trap_that_waits_for_nsx_is_caught, make_copy),
        cmocka_unit_test_setup(a_trap_that_nobody_counts_is_caught, make_copy),
        cmocka_unit_test_setup(a_case_that_is_held_without_a_notice_is_caught, make_copy),
    };
    const struct CMUnitTest sweep[] = {
        cmocka_unit_test(most_rows_are_missed_by_somebody),
    };
    return getenv("NEMESIS_SWEEP")
               ? cmocka_run_group_tests_name("nemesis, every row", sweep, NULL, NULL)
               : cmocka_run_group_tests_name("nemesis and broken engines", tests, NULL,
                                             NULL);
}
