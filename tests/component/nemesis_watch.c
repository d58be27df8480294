/* SPDX-License-Identifier: Apache-2.0 */
/* nemesis_watch.c: judges the calls to NSX at the moment they begin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "nemesis_internal.h"
#include "nsx/tags.h"

#define MINUTE_MS 60000
#define HOUR_MS   3600000

struct model_case *nemesis_model_case(struct nemesis_run *run, uint32_t id)
{
    if (id >= MODEL_CASES_MAX) {
        abort(); /* more cases than a history can open */
    }
    return &run->cases[id];
}

size_t nemesis_place_of_id(const struct nemesis_run *run, const char *external_id)
{
    size_t place = 0;
    while (place < run->world->vm_count &&
           strcmp(run->world->vms[place].external_id, external_id) != 0) {
        place++;
    }
    return place;
}

size_t nemesis_place_of(const struct nemesis_run *run, const struct world_vm *vm)
{
    return (size_t)(vm - run->world->vms);
}

/* The process dies at the n-th effect of a kind. */
void nemesis_burn(struct nemesis_run *run, int kind)
{
    if (run->fuse_kind == kind && --run->fuse == 0) {
        run->fuse_kind = FUSE_NONE;
        run->world->store.dead = true;
    }
}

/* ---- calls to NSX -------------------------------------------------------------------- */

static const struct nq_case *committed_case(const struct nemesis_run *run,
                                            const struct waiting_call *call,
                                            enum nq_case_state state)
{
    const struct kept *kept = &run->world->store.committed;
    for (size_t i = 0; i < kept->case_count; i++) {
        const struct nq_case *record = &kept->cases[i];
        if (record->state == state && record->external_id &&
            strcmp(record->external_id, call->external_id) == 0) {
            return record;
        }
    }
    return NULL;
}

/* ---- the governor -------------------------------------------------------------------- */

/* Each was admitted while the others of its window, and of its cause, fitted with it. */
static void check_window(struct nemesis_run *run, int64_t limit, int64_t span_ms,
                         bool of_cause)
{
    const struct model_admission *all = run->admissions;
    for (size_t i = 0; limit > 0 && i < run->admission_count; i++) {
        int64_t count = 0;
        for (size_t k = 0; k < run->admission_count; k++) {
            count += all[k].order <= all[i].order &&
                     all[k].at_ms > all[i].at_ms - span_ms &&
                     (!of_cause || strcmp(all[k].cause, all[i].cause) == 0);
        }
        if (count > limit) {
            nemesis_break(run, NEMESIS_KEEPS_BUDGETS,
                          "%lld VMs quarantined within %lld s%s%s, the limit is %lld",
                          (long long)count, (long long)(span_ms / 1000),
                          of_cause ? " for " : "", of_cause ? all[i].cause : "",
                          (long long)limit);
        }
    }
}

/* The governor let it pass. */
void nemesis_admit(struct nemesis_run *run, struct model_case *known)
{
    if (known->order == 0) {
        known->order = ++run->admission_order;
        known->budget = run->budget;
    }
}

/* Counts a case that no person approved when its first addition begins, whether the governor
 * was asked or not. */
static void check_budgets(struct nemesis_run *run, const struct nq_case *record)
{
    const struct nq_governor_conf *conf = &run->world->conf.governor;
    struct model_case *known = nemesis_model_case(run, record->id);
    if (record->approved && !known->may_reopen) {
        nemesis_break(run, NEMESIS_KEEPS_BUDGETS, "case %u passes as approved by nobody",
                      record->id);
    }
    nemesis_admit(run, known);
    if (known->counted || record->approved || known->budget != run->budget) {
        return;
    }
    known->counted = true;
    struct model_admission *mine = &run->admissions[run->admission_count++];
    mine->order = known->order;
    mine->at_ms =
        record->admitted_ms ? record->admitted_ms : nq_wall_ms(&run->world->clock);
    (void)snprintf(mine->cause, sizeof(mine->cause), "%s",
                   nq_text_or_empty(record->cause));
    check_window(run, conf->vms.minute, MINUTE_MS, false);
    check_window(run, conf->vms.hour, HOUR_MS, false);
    check_window(run, conf->same_cause, conf->same_cause_ms, true);
}

/* ---- writes -------------------------------------------------------------------------- */

static void check_guard(struct nemesis_run *run, const struct world_vm *vm,
                        const struct model_vm *known)
{
    const unsigned guarded = nemesis_site_protects(run, vm);
    const bool unseen = known->guarded_at < known->looked_at;
    if ((guarded && known->shown_protected) ||
        ((guarded & PROTECTED_VISIBLY) && unseen) ||
        ((guarded & PROTECTED_BY_GROUP) && unseen && !known->group_checked)) {
        nemesis_break(run, NEMESIS_PROTECTS, "%s is protected and is to get the tag",
                      vm->name);
    }
}

static void check_add(struct nemesis_run *run, const struct waiting_call *call)
{
    const struct nq_case *record = committed_case(run, call, NQ_CASE_TAGGING);
    const struct world_vm *vm = world_vm_of(run->world, call);
    if (run->mode != NQ_MODE_ENFORCE) {
        nemesis_break(run, NEMESIS_KEEPS_BUDGETS, "an addition begins in mode %s",
                      nq_mode_name(run->mode));
    }
    if (!record || record->wanted != NQ_WANT_QUARANTINE) {
        nemesis_break(run, NEMESIS_ACTS_ONCE,
                      "an addition begins for %s, and no durable case wants it",
                      call->external_id);
        return;
    }
    check_budgets(run, record);
    if (!vm) {
        return;
    }
    struct model_vm *known = &run->vms[nemesis_place_of(run, vm)];
    check_guard(run, vm, known);
    if (known->shown || known->unseen) {
        nemesis_break(run, NEMESIS_ACTS_ONCE, "an addition begins for %s %s", vm->name,
                      known->shown ? "that was just seen with the tag"
                                   : "before the last one was looked at");
    }
    known->unseen = true;
    known->abandoned = false;
    known->shown = false;
    known->group_checked = false;
}

static void check_remove(struct nemesis_run *run, const struct waiting_call *call)
{
    const struct nq_case *record = committed_case(run, call, NQ_CASE_RELEASING);
    struct world_vm *vm = world_vm_of(run->world, call);
    if (run->mode == NQ_MODE_STOPPED) {
        nemesis_break(run, NEMESIS_KEEPS_BUDGETS, "a removal begins in mode stopped");
    }
    if (!record || record->wanted != NQ_WANT_RELEASE) {
        nemesis_break(run, NEMESIS_TOUCHES_ONLY_OURS,
                      "a removal begins for %s, and no durable case wants it",
                      call->external_id);
    }
    if (vm) {
        run->vms[nemesis_place_of(run, vm)].shown = false;
    }
}

static void on_start(void *arg, const struct waiting_call *call)
{
    struct nemesis_run *run = arg;
    if (run->inside) {
        nemesis_break(run, NEMESIS_NEVER_WAITS,
                      "a call to NSX begins while a trap or a SET is handed in");
    }
    if ((call->kind == CALL_ADD || call->kind == CALL_REMOVE) &&
        run->world->store.missed > 0) {
        nemesis_break(run, NEMESIS_FORGETS_NOTHING,
                      "a write to NSX begins while nothing can be made durable");
    }
    if (call->kind == CALL_ADD) {
        check_add(run, call);
    } else if (call->kind == CALL_REMOVE) {
        check_remove(run, call);
    }
    nemesis_burn(run, FUSE_CALL);
}

/* The answer shows this VM, or that there is none with its id. What another case searches
 * says nothing to the one that already has the VM and reads it by itself. */
static bool is_about(const struct nemesis_run *run, const struct waiting_call *call,
                     const struct world_vm *vm)
{
    struct waiting_call its = {.manager = vm->manager};
    if (call->kind != CALL_FIND) {
        return strcmp(vm->external_id, call->external_id) == 0;
    }
    (void)snprintf(its.external_id, sizeof(its.external_id), "%s", vm->external_id);
    if (committed_case(run, &its, NQ_CASE_TAGGING)) {
        return false;
    }
    for (size_t i = 0; i < call->hint_count && !vm->gone; i++) {
        if (strcmp(call->hints[i], vm->name) == 0 ||
            strcmp(call->hints[i], vm->host_name) == 0 ||
            strcmp(call->hints[i], vm->address) == 0) {
            return true;
        }
    }
    return false;
}

/* What a search shows may be older than the last write, so it is no look at our tag. */
void nemesis_watch_look(struct nemesis_run *run, const struct waiting_call *call)
{
    const bool fresh = call->kind == CALL_READ || call->kind == CALL_PROVE;
    for (size_t i = 0; i < run->world->vm_count; i++) {
        const struct world_vm *vm = &run->world->vms[i];
        struct model_vm *known = &run->vms[i];
        const unsigned guarded = nemesis_site_protects(run, vm);
        if (!is_about(run, call, vm)) {
            continue;
        }
        if (fresh) {
            known->unseen = false;
            known->shown = vm->tagged && !vm->gone;
        }
        if (call->kind == CALL_PROTECTOR) {
            known->group_checked = true;
            known->shown_protected |= (guarded & PROTECTED_BY_GROUP) != 0;
        } else if (!vm->gone && (fresh || call->kind == CALL_FIND)) {
            known->looked_at = run->op;
            known->shown_protected = (guarded & PROTECTED_VISIBLY) != 0;
        }
    }
}

static void on_cancel(void *arg, const struct waiting_call *call)
{
    struct nemesis_run *run = arg;
    if (!run->closing) { /* it was sent: NSX may carry it out all the same */
        nemesis_keep_late(run, call);
    }
}

void nemesis_watch_open(struct nemesis_run *run)
{
    run->watch = (struct world_watch){
        .arg = run,
        .on_start = on_start,
        .before_commit = nemesis_before_commit,
        .after_commit = nemesis_after_commit,
        .on_notice = nemesis_on_notice,
        .on_answer = nemesis_on_answer,
        .on_cancel = on_cancel,
    };
    run->world->watch = &run->watch;
}
