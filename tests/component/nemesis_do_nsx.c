/* SPDX-License-Identifier: Apache-2.0 */
/* nemesis_do_nsx.c: what NSX answers, and what others do there. */
#include <stdlib.h>
#include <string.h>

#include "nemesis_internal.h"
#include "nsx/tags.h"

#define ANSWERS_MAX 400 /* nothing that is well needs so many */
#define STEP_MS     500

static bool is_write(const struct waiting_call *call)
{
    return call->kind == CALL_ADD || call->kind == CALL_REMOVE;
}

static bool same_vm(const struct waiting_call *call, const struct waiting_call *other)
{
    return call->manager == other->manager &&
           strcmp(call->external_id, other->external_id) == 0;
}

/* What a write does to a VM, and who owns the tag from then on. */
static void apply(struct nemesis_run *run, const struct waiting_call *call)
{
    struct world_vm *vm = world_vm_of(run->world, call);
    if (!vm || !is_write(call) || call->unsent) {
        return;
    }
    const bool member = vm->member;
    run->vms[nemesis_place_of(run, vm)].ours = call->kind == CALL_ADD;
    world_apply_write(run->world, call);
    vm->member = run->lagging ? member : vm->member;
    if (run->rules->sabotage == NEMESIS_TAG_LIST) {
        vm->more_tags = 0;
    }
}

void nemesis_catch_up(struct nemesis_run *run, const struct waiting_call *call)
{
    size_t left = 0;
    for (size_t i = 0; i < run->late_count; i++) {
        if (!call || same_vm(&run->late[i], call)) {
            apply(run, &run->late[i]);
        } else {
            run->late[left++] = run->late[i];
        }
    }
    run->late_count = left;
}

void nemesis_keep_late(struct nemesis_run *run, const struct waiting_call *call)
{
    if (is_write(call) && !call->unsent && run->late_count < MODEL_LATE_MAX) {
        run->late[run->late_count++] = *call;
    }
}

/* Takes the call at this place, or the write of the same VM that stands before it. false:
 * none waits. */
static bool take(struct nemesis_run *run, size_t place, struct waiting_call *ret_call)
{
    struct fake_backend *backend = &run->world->backend;
    if (backend->call_count == 0) {
        return false;
    }
    size_t at = place % backend->call_count;
    for (size_t i = 0; i < at && is_write(&backend->calls[at]); i++) {
        if (is_write(&backend->calls[i]) &&
            same_vm(&backend->calls[i], &backend->calls[at])) {
            at = i;
        }
    }
    world_take_at(run->world, at, ret_call);
    return true;
}

static void answer(struct nemesis_run *run, const struct waiting_call *call)
{
    if (is_write(call)) {
        nemesis_catch_up(run, call);
        apply(run, call);
    }
    nemesis_watch_look(run, call);
    world_answer_truly(run->world, call);
    world_settle(run->world);
}

void nemesis_answer_all(struct nemesis_run *run)
{
    struct waiting_call call;
    world_settle(run->world);
    for (int i = 0; i < ANSWERS_MAX; i++) {
        if (nemesis_is_over(run) || !take(run, 0, &call)) {
            return;
        }
        answer(run, &call);
    }
    nemesis_break(run, NEMESIS_ACTS_ONCE, "the engine asks without end");
}

void nemesis_do_go(struct nemesis_run *run, const uint8_t *args)
{
    int64_t left_ms = nemesis_spans_ms[args[0]];
    for (int i = 0; i < 8 && left_ms > STEP_MS; i++) { /* at first in small steps */
        nemesis_answer_all(run);
        if (nemesis_is_over(run)) {
            return;
        }
        world_advance(run->world, STEP_MS);
        left_ms -= STEP_MS;
    }
    nemesis_answer_all(run);
    world_advance(run->world, left_ms);
    nemesis_answer_all(run);
}

void nemesis_do_answer(struct nemesis_run *run, const uint8_t *args)
{
    struct waiting_call call;
    if (take(run, args[0], &call)) {
        answer(run, &call);
    }
}

/* The write does not happen now, but perhaps later. */
static void leave_for_later(struct nemesis_run *run, const struct waiting_call *call,
                            uint8_t fate)
{
    if (fate == FATE_APPLIED) {
        nemesis_catch_up(run, call);
        apply(run, call);
    } else if (fate == FATE_LATE) {
        nemesis_keep_late(run, call);
    }
}

void nemesis_do_fail(struct nemesis_run *run, const uint8_t *args)
{
    struct waiting_call call;
    const struct nq_err err = {.code = nemesis_codes[args[1]], .detail = "made to fail"};
    if (!take(run, args[0], &call)) {
        return;
    }
    /* A refusal is clear; of anything else nobody knows what it means for the write. */
    const bool clear = nq_err_fate(&err) == NQ_FATE_STOP || err.code == NQ_NSX_AUTH;
    leave_for_later(run, &call, clear ? FATE_LOST : args[2]);
    call.done(call.arg, &(const struct nq_reply){.err = &err, .missing = ""});
    world_settle(run->world);
}

/* NSX acknowledges a write that it has not done, and perhaps never does. */
void nemesis_do_lie(struct nemesis_run *run, const uint8_t *args)
{
    struct waiting_call call;
    if (!take(run, args[0], &call)) {
        return;
    }
    if (!is_write(&call)) {
        answer(run, &call);
        return;
    }
    leave_for_later(run, &call, args[1]);
    world_answer_truly(run->world, &call);
    world_settle(run->world);
}

void nemesis_do_late(struct nemesis_run *run, const uint8_t *args)
{
    if (run->late_count > 0) {
        const struct waiting_call call = run->late[args[0] % run->late_count];
        nemesis_catch_up(run, &call);
    }
    world_settle(run->world);
}

/* ---- what others do ------------------------------------------------------------------ */

/* NULL: the site has not so many VMs, or it is gone. */
static struct world_vm *vm_at(struct nemesis_run *run, uint8_t place)
{
    struct world *world = run->world;
    return place < world->vm_count && !world->vms[place].gone ? &world->vms[place] : NULL;
}

/* Notes when a VM became a protected one. */
static void guard(struct nemesis_run *run, struct world_vm *vm, unsigned before)
{
    const unsigned after = nemesis_site_protects(run, vm);
    if (after & ~before) {
        run->vms[nemesis_place_of(run, vm)].guarded_at = run->op;
    }
}

void nemesis_do_hand(struct nemesis_run *run, const uint8_t *args)
{
    struct world_vm *vm = vm_at(run, args[0]);
    if (vm) {
        vm->tagged = args[1] == 0;
        vm->member = vm->tagged;
        run->vms[args[0]].ours = false;
        run->vms[args[0]].by_hand = true;
    }
}

void nemesis_do_foreign(struct nemesis_run *run, const uint8_t *args)
{
    struct world_vm *vm = vm_at(run, args[0]);
    if (vm) {
        vm->more_tags &= ~NQ_TAGS_WATCHED(0);
        vm->more_tags |= args[1] == 0 ? NQ_TAGS_WATCHED(0) : 0;
        run->vms[args[0]].more_tags = vm->more_tags;
    }
}

void nemesis_do_tag_protect(struct nemesis_run *run, const uint8_t *args)
{
    struct world_vm *vm = vm_at(run, args[0]);
    if (vm) {
        const unsigned before = nemesis_site_protects(run, vm);
        vm->more_tags &= ~NQ_TAGS_PROTECTED(0);
        vm->more_tags |= args[1] == 0 ? NQ_TAGS_PROTECTED(0) : 0;
        run->vms[args[0]].more_tags = vm->more_tags;
        guard(run, vm, before);
    }
}

void nemesis_do_protector(struct nemesis_run *run, const uint8_t *args)
{
    struct world_vm *vm = vm_at(run, args[0]);
    if (vm) {
        const unsigned before = nemesis_site_protects(run, vm);
        vm->protector = args[1] == 0 ? run->world->conf.protect.groups[0].path : NULL;
        guard(run, vm, before);
    }
}

/* The groups do not follow the tags any more, until they do again. */
void nemesis_do_lag(struct nemesis_run *run, const uint8_t *args)
{
    struct world *world = run->world;
    run->lagging = args[0] == 0;
    for (size_t i = 0; i < world->vm_count && !run->lagging; i++) {
        world->vms[i].member = world->vms[i].tagged;
    }
}

/* The group shows the VM, or does not yet, or no longer. */
void nemesis_do_member(struct nemesis_run *run, const uint8_t *args)
{
    struct world_vm *vm = vm_at(run, args[0]);
    if (vm) {
        vm->member = args[1] == 0;
    }
}

void nemesis_do_vanish(struct nemesis_run *run, const uint8_t *args)
{
    struct world_vm *vm = vm_at(run, args[0]);
    if (vm) {
        vm->gone = true;
        run->vms[args[0]].was_gone = true;
    }
}

void nemesis_do_return(struct nemesis_run *run, const uint8_t *args)
{
    struct world *world = run->world;
    if (args[0] < world->vm_count) {
        world->vms[args[0]].gone = false;
    }
}

/* An instant clone: another VM with the same name, without tags. */
void nemesis_do_recreate(struct nemesis_run *run, const uint8_t *args)
{
    static const char *const ids[WORLD_VMS_MAX] = {
        "id-20", "id-21", "id-22", "id-23", "id-24", "id-25", "id-26", "id-27",
        "id-28", "id-29", "id-30", "id-31", "id-32", "id-33", "id-34", "id-35"};
    struct world *world = run->world;
    struct world_vm *vm = vm_at(run, args[0]);
    if (vm && world->vm_count < WORLD_VMS_MAX) {
        vm->gone = true;
        run->vms[args[0]].was_gone = true;
        run->vms[world->vm_count] = (struct model_vm){.guarded_at = run->op};
        struct world_vm clone = *vm;
        clone.external_id = ids[world->vm_count];
        clone.gone = clone.tagged = clone.member = false;
        clone.more_tags = 0;
        (void)world_add_vm(world, &clone);
    }
}

void nemesis_do_rename(struct nemesis_run *run, const uint8_t *args)
{
    struct world_vm *vm = vm_at(run, args[0]);
    if (vm) {
        const unsigned before = nemesis_site_protects(run, vm);
        vm->name = nemesis_new_names[args[1]];
        guard(run, vm, before);
    }
}
