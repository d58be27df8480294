/* SPDX-License-Identifier: Apache-2.0 */
/* nemesis_checks.c: what must hold whenever a turn has ended, and when all is well again. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "nemesis_internal.h"

const char *nemesis_promise_text(enum nemesis_promise promise)
{
    static const char *const texts[NEMESIS_PROMISE_END] = {
        "every promise was kept",
        "promise 1: what was acknowledged is never forgotten",
        "promise 2: one event has one effect on NSX",
        "promise 3: only our own tag is written",
        "promise 4: a lost tag is put back, a release is not undone",
        "promise 5: a protected VM is never tagged",
        "promise 6: budgets and modes are kept",
        "promise 7: nothing that comes in waits for NSX",
        "promise 8: nothing is silent",
    };
    return texts[promise];
}

void nemesis_break(struct nemesis_run *run, enum nemesis_promise promise, const char *fmt,
                   ...)
{
    struct nemesis_verdict *verdict = run->verdict;
    va_list args;
    if (verdict->broken) {
        return;
    }
    verdict->broken = promise;
    verdict->at = run->op - 1;
    va_start(args, fmt);
    (void)vsnprintf(verdict->text, sizeof(verdict->text), fmt, args);
    va_end(args);
}

bool nemesis_is_over(const struct nemesis_run *run)
{
    return run->verdict->broken || run->world->store.dead;
}

/* ---- when a turn has ended ----------------------------------------------------------- */

/* NULL: the two are the same; else the name of the first member in which they differ. */
static const char *difference(const struct nq_case *a, const struct nq_case *b)
{
    for (size_t i = 0; i < nq_case_field_count; i++) {
        const struct nq_case_field *field = &nq_case_fields[i];
        const void *x = nq_case_member(a, field);
        const void *y = nq_case_member(b, field);
        const bool same = field->kind == NQ_FIELD_TEXT
                              ? strcmp(nq_text_or_empty(*(char *const *)x),
                                       nq_text_or_empty(*(char *const *)y)) == 0
                          : field->kind == NQ_FIELD_U32
                              ? *(const uint32_t *)x == *(const uint32_t *)y
                              : *(const int64_t *)x == *(const int64_t *)y;
        if (!same) {
            return field->name;
        }
    }
    return NULL;
}

/* What is shown is what is kept. */
static void check_rows(struct nemesis_run *run)
{
    const struct kept *kept = &run->world->store.committed;
    size_t count = 0;
    const struct nq_case *const *rows = nq_engine_cases(run->world->engine, &count);
    if (count != kept->case_count) {
        nemesis_break(run, NEMESIS_FORGETS_NOTHING, "%zu cases are shown, %zu are kept",
                      count, kept->case_count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < kept->case_count && kept->cases[at].id != rows[i]->id) {
            at++;
        }
        const char *member =
            at < kept->case_count ? difference(rows[i], &kept->cases[at]) : "all";
        if (member) {
            nemesis_break(run, NEMESIS_FORGETS_NOTHING,
                          "case %u is not kept as it is shown: %s", rows[i]->id, member);
        }
    }
}

static void check_counters(struct nemesis_run *run)
{
    struct nq_engine_view view;
    nq_engine_view(run->world->engine, &view);
    uint64_t sum = 0;
    for (int i = NQ_COUNT_TRAPS_ACTED; i <= NQ_COUNT_TRAPS_MALFORMED; i++) {
        sum += view.counters[i];
    }
    if (view.counters[NQ_COUNT_TRAPS_RECEIVED] != sum) {
        nemesis_break(run, NEMESIS_IS_NEVER_SILENT,
                      "%llu traps were received, %llu are accounted for",
                      (unsigned long long)view.counters[NQ_COUNT_TRAPS_RECEIVED],
                      (unsigned long long)sum);
    }
    if (view.mode != run->mode) {
        nemesis_break(run, NEMESIS_KEEPS_BUDGETS, "the mode is %s, it was set to %s",
                      nq_mode_name(view.mode), nq_mode_name(run->mode));
    }
    uint32_t open = 0;
    size_t count = 0;
    const struct nq_case *const *rows = nq_engine_cases(run->world->engine, &count);
    for (size_t i = 0; i < count; i++) {
        open += nq_case_is_open(rows[i]);
    }
    if (view.cases_open != open) {
        nemesis_break(run, NEMESIS_IS_NEVER_SILENT,
                      "%u cases are open, the gauge says %u", open, view.cases_open);
    }
}

static void check_tags(struct nemesis_run *run)
{
    for (size_t i = 0; i < run->world->vm_count; i++) {
        if (run->world->vms[i].more_tags != run->vms[i].more_tags) {
            nemesis_break(run, NEMESIS_TOUCHES_ONLY_OURS,
                          "a tag of %s that is not ours was changed",
                          run->world->vms[i].name);
        }
    }
}

static void check_announced(struct nemesis_run *run)
{
    for (uint32_t id = 0; id < MODEL_CASES_MAX; id++) {
        if (run->cases[id].due != NQ_NOTICE_NONE) {
            nemesis_break(run, NEMESIS_IS_NEVER_SILENT,
                          "case %u changed its state without a notice", id);
        }
    }
}

void nemesis_check_quiet(struct nemesis_run *run)
{
    const struct fake_store *store = &run->world->store;
    check_tags(run);
    if (store->missed > 0 || store->broken) {
        return;
    }
    check_rows(run);
    check_counters(run);
    check_announced(run);
    if (run->trap_count > 0) {
        nemesis_break(run, NEMESIS_IS_NEVER_SILENT, "%zu traps were not answered",
                      run->trap_count);
    }
}

/* ---- when all is well again ---------------------------------------------------------- */

/* Where each state ends when nothing is wrong any more. */
static void check_end_of_case(struct nemesis_run *run, const struct nq_case *record)
{
    static const bool lasts[NQ_CASE_STATE_END] = {
        [NQ_CASE_HELD] = true,   [NQ_CASE_ISOLATED] = true, [NQ_CASE_RELEASED] = true,
        [NQ_CASE_FAILED] = true, [NQ_CASE_VANISHED] = true,
    };
    if (record->owner != NQ_OWNER_OURS) {
        return;
    }
    if (!lasts[record->state]) {
        nemesis_break(run, NEMESIS_FORGETS_NOTHING,
                      "all is well, and case %u is still %s: %s %s", record->id,
                      nq_case_state_name(record->state), nq_reason_name(record->reason),
                      nq_text_or_empty(record->reason_text));
    }
    struct nq_engine_view view;
    nq_engine_view(run->world->engine, &view);
    if (record->state == NQ_CASE_HELD && record->reason == NQ_REASON_GOVERNOR &&
        view.governor_state != NQ_GOVERNOR_TRIPPED) {
        nemesis_break(run, NEMESIS_FORGETS_NOTHING,
                      "case %u is held for a governor that holds nothing", record->id);
    }
    const size_t place = record->external_id
                             ? nemesis_place_of_id(run, record->external_id)
                             : WORLD_VMS_MAX;
    if (record->state == NQ_CASE_VANISHED && place < run->world->vm_count &&
        !run->world->vms[place].gone) {
        nemesis_break(run, NEMESIS_FORGETS_NOTHING,
                      "the VM of case %u is back, and the case is still vanished",
                      record->id);
    }
    if (record->state == NQ_CASE_ISOLATED) {
        if (place >= run->world->vm_count || run->world->vms[place].gone ||
            !run->world->vms[place].tagged) {
            nemesis_break(run, NEMESIS_PUTS_BACK,
                          "case %u is isolated, and its VM has no tag", record->id);
        }
    }
}

/* A tag that we put on a VM comes off again with its last case. */
static void check_left_tag(struct nemesis_run *run, size_t place)
{
    const struct world_vm *vm = &run->world->vms[place];
    const struct model_vm *known = &run->vms[place];
    size_t count = 0;
    const struct nq_case *const *rows = nq_engine_cases(run->world->engine, &count);
    bool excused =
        !vm->tagged || vm->gone || !known->ours || known->was_gone || known->abandoned;
    for (size_t i = 0; i < count; i++) {
        const bool its =
            rows[i]->external_id && strcmp(rows[i]->external_id, vm->external_id) == 0;
        excused |= its && nq_case_is_open(rows[i]);
    }
    if (!excused) {
        nemesis_break(run, NEMESIS_PUTS_BACK,
                      "%s still carries our tag, and no open case is about it", vm->name);
    }
}

void nemesis_check_end(struct nemesis_run *run)
{
    size_t count = 0;
    const struct nq_case *const *rows = nq_engine_cases(run->world->engine, &count);
    for (size_t i = 0; i < count; i++) {
        check_end_of_case(run, rows[i]);
    }
    for (size_t i = 0; i < run->world->vm_count; i++) {
        check_left_tag(run, i);
    }
    nemesis_check_quiet(run);
}

void nemesis_check_released(struct nemesis_run *run)
{
    size_t count = 0;
    const struct nq_case *const *rows = nq_engine_cases(run->world->engine, &count);
    for (size_t i = 0; i < count; i++) {
        if (nq_case_is_open(rows[i])) {
            nemesis_break(run, NEMESIS_PUTS_BACK,
                          "case %u was to be released and is still %s", rows[i]->id,
                          nq_case_state_name(rows[i]->state));
        }
    }
    for (size_t i = 0; i < run->world->vm_count; i++) {
        check_left_tag(run, i);
    }
    nemesis_check_quiet(run);
}
