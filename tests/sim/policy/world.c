/* SPDX-License-Identifier: Apache-2.0 */
/* world.c: the life of the world: VMs and tags change, time passes. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "settings.h"

struct sim_world *sim_world_free(struct sim_world *world)
{
    if (world == NULL) {
        return NULL;
    }
    HASH_CLEAR(hh, world->by_id);
    for (size_t i = 0; i < world->vm_count; i++) {
        sim_vm_free(world->vms[i]);
    }
    for (size_t i = 0; i < world->gone_count; i++) {
        sim_vm_free(world->gone[i]);
    }
    for (size_t i = 0; i < world->operation_count; i++) {
        free(world->operations[i].id);
        cJSON_Delete(world->operations[i].doc);
        cJSON_Delete(world->operations[i].status);
    }
    free(world->vms);
    free(world->moving);
    free(world->gone);
    free(world->operations);
    sim_groups_done(&world->groups);
    sim_policies_done(&world->policies);
    cJSON_Delete(world->services);
    cJSON_Delete(world->firewall);
    cJSON_Delete(world->exclude_list);
    cJSON_Delete(world->system_excluded);
    cJSON_Delete(world->compute_managers);
    cJSON_Delete(world->schedulers);
    cJSON_Delete(world->realization);
    cJSON_Delete(world->tag_failures);
    sim_settings_done(&world->settings);
    free(world);
    return NULL;
}

struct sim_vm *sim_world_find_vm(const struct sim_world *world, const char *external_id)
{
    struct sim_vm *vm;

    HASH_FIND(hh, world->by_id, external_id, strlen(external_id), vm);
    return vm;
}

void sim_world_insert_vm(struct sim_world *world, struct sim_vm *vm)
{
    /* Powers of two, so that a large world does not move with every VM. */
    if ((world->vm_count & (world->vm_count - 1)) == 0) {
        size_t room = world->vm_count == 0 ? 1 : world->vm_count * 2;

        world->vms = sim_grow(world->vms, room, sizeof(struct sim_vm *));
    }
    world->vms[world->vm_count++] = vm;
    HASH_ADD_KEYPTR(hh, world->by_id, vm->id, strlen(vm->id), vm);
}

void sim_world_touch(struct sim_world *world, uint64_t now_ms)
{
    world->generation++;
    world->changed_ms = now_ms;
}

/* VMs came or went, or their documents are others now. */
static void touch_inventory(struct sim_world *world, uint64_t now_ms)
{
    world->inventory++;
    sim_world_touch(world, now_ms);
}

/* Sends the VM's current view on its way. */
static void announce(struct sim_world *world, struct sim_vm *vm, uint64_t now_ms)
{
    bool moved_before = vm->pending_count > 0;

    sim_world_touch(world, now_ms);
    sim_vm_announce(vm, now_ms, &world->settings.delays);
    if (!moved_before && vm->pending_count > 0) {
        world->moving =
            sim_grow(world->moving, world->moving_count + 1, sizeof(struct sim_vm *));
        world->moving[world->moving_count++] = vm;
    }
}

/* The time that the inventory shows. */
static uint64_t shown_time(const struct sim_world *world, uint64_t now_ms)
{
    uint64_t stale_ms = world->settings.stale_inventory_ms;

    return now_ms > stale_ms ? now_ms - stale_ms : 0;
}

/* Before a change of the VM that a stale inventory does not show yet. */
static void remember(const struct sim_world *world, struct sim_vm *vm, uint64_t now_ms)
{
    if (world->settings.stale_inventory_ms > 0) {
        sim_vm_forget(vm, shown_time(world, now_ms));
        sim_vm_remember(vm, now_ms);
    }
}

bool sim_world_add_vm(struct sim_world *world, const cJSON *json, uint64_t now_ms,
                      struct sim_err *err)
{
    struct sim_vm *vm = sim_vm_new(json, "vm", err);

    if (vm == NULL) {
        return false;
    }
    if (sim_world_find_vm(world, sim_vm_id(vm)) != NULL) {
        sim_vm_free(vm);
        return sim_fail(err, "vm.external_id: used twice");
    }
    if (world->vm_count == SIM_VMS_MAX) {
        sim_vm_free(vm);
        return sim_fail(err, "more than %d VMs", SIM_VMS_MAX);
    }
    vm->born_ms = now_ms;
    sim_world_insert_vm(world, vm);
    touch_inventory(world, now_ms);
    announce(world, vm, now_ms);
    return true;
}

static void take_out(struct sim_vm **vms, size_t *count, const struct sim_vm *vm)
{
    for (size_t i = 0; i < *count; i++) {
        if (vms[i] == vm) {
            (*count)--;
            memmove(&vms[i], &vms[i + 1], (*count - i) * sizeof(struct sim_vm *));
            return;
        }
    }
}

void sim_world_remove_vm(struct sim_world *world, struct sim_vm *vm, uint64_t now_ms)
{
    touch_inventory(world, now_ms);
    HASH_DEL(world->by_id, vm);
    take_out(world->vms, &world->vm_count, vm);
    take_out(world->moving, &world->moving_count, vm);
    if (world->settings.stale_inventory_ms == 0) {
        sim_vm_free(vm);
        return;
    }
    vm->gone_ms = now_ms;
    world->gone = sim_grow(world->gone, world->gone_count + 1, sizeof(struct sim_vm *));
    world->gone[world->gone_count++] = vm;
}

static void show(const struct sim_vm *vm, uint64_t at_ms, sim_inventory_fn *each,
                 void *arg)
{
    const cJSON *doc;
    const cJSON *vifs;

    if (sim_vm_shown(vm, at_ms, &doc, &vifs)) {
        each(arg, vm, doc, vifs);
    }
}

void sim_world_each_vm(const struct sim_world *world, uint64_t now_ms,
                       sim_inventory_fn *each, void *arg)
{
    uint64_t at_ms = shown_time(world, now_ms);

    for (size_t i = 0; i < world->vm_count; i++) {
        show(world->vms[i], at_ms, each, arg);
    }
    for (size_t i = 0; i < world->gone_count; i++) {
        show(world->gone[i], at_ms, each, arg);
    }
}

void sim_world_one_vm(const struct sim_world *world, const char *external_id,
                      uint64_t now_ms, sim_inventory_fn *each, void *arg)
{
    uint64_t at_ms = shown_time(world, now_ms);
    const struct sim_vm *vm = sim_world_find_vm(world, external_id);

    if (vm != NULL) {
        show(vm, at_ms, each, arg);
    }
    for (size_t i = 0; i < world->gone_count; i++) {
        if (strcmp(sim_vm_id(world->gone[i]), external_id) == 0) {
            show(world->gone[i], at_ms, each, arg);
        }
    }
}

static void report(const struct sim_world *world, const struct sim_vm *vm,
                   uint64_t request, bool added, const struct sim_tags *from,
                   const struct sim_tags *missing_in)
{
    for (size_t i = 0; world->on_change != NULL && i < from->count; i++) {
        const struct sim_change change = {
            .request = request,
            .external_id = vm->current->external_id,
            .display_name = vm->current->display_name,
            .added = added,
            .scope = from->items[i].scope,
            .tag = from->items[i].tag,
        };

        if (!sim_tags_has(missing_in, &from->items[i])) {
            world->on_change(world->on_change_arg, &change);
        }
    }
}

bool sim_world_plan_tags(const struct sim_vm *vm, enum sim_tag_action action,
                         const struct sim_tags *tags, struct sim_tags *ret_planned)
{
    struct sim_tags planned = {0};

    if (action != SIM_TAGS_REPLACE) {
        sim_tags_copy(&planned, &vm->current->tags);
    }
    for (size_t i = 0; i < tags->count; i++) {
        if (action == SIM_TAGS_REMOVE) {
            (void)sim_tags_remove(&planned, &tags->items[i]);
        } else {
            (void)sim_tags_add(&planned, &tags->items[i]);
        }
    }
    if (planned.count > SIM_TAGS_MAX) {
        sim_tags_done(&planned);
        return false;
    }
    *ret_planned = planned;
    return true;
}

void sim_world_apply_tags(struct sim_world *world, struct sim_vm *vm,
                          const struct sim_tags *tags, uint64_t request, uint64_t now_ms)
{
    struct sim_view *before;

    if (sim_tags_same(&vm->current->tags, tags)) {
        return;
    }
    before = sim_view_ref(vm->current);
    remember(world, vm, now_ms);
    sim_vm_set_tags(vm, tags);
    announce(world, vm, now_ms);
    report(world, vm, request, false, &before->tags, tags);
    report(world, vm, request, true, tags, &before->tags);
    sim_view_free(before);
}

bool sim_world_patch_vm(struct sim_world *world, struct sim_vm *vm, const cJSON *patch,
                        uint64_t now_ms, struct sim_err *err)
{
    struct sim_view *before = sim_view_ref(vm->current);
    bool good;

    remember(world, vm, now_ms);
    good = sim_vm_patch(vm, patch, "vm", err);
    if (good) {
        touch_inventory(world, now_ms);
        announce(world, vm, now_ms);
        report(world, vm, 0, false, &before->tags, &vm->current->tags);
        report(world, vm, 0, true, &vm->current->tags, &before->tags);
    }
    sim_view_free(before);
    return good;
}

static void settle_vms(struct sim_world *world, uint64_t now_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < world->moving_count; i++) {
        struct sim_vm *vm = world->moving[i];

        world->generation += sim_vm_settle(vm, now_ms);
        if (vm->pending_count > 0) {
            world->moving[kept++] = vm;
        }
    }
    world->moving_count = kept;
}

/* A stale inventory has shown them long enough. */
static void forget_gone(struct sim_world *world, uint64_t now_ms)
{
    uint64_t at_ms = shown_time(world, now_ms);
    size_t kept = 0;

    for (size_t i = 0; i < world->gone_count; i++) {
        if (world->gone[i]->gone_ms <= at_ms) {
            sim_vm_free(world->gone[i]);
        } else {
            world->gone[kept++] = world->gone[i];
        }
    }
    world->gone_count = kept;
}

void sim_world_settle(struct sim_world *world, uint64_t now_ms)
{
    sim_operations_settle(world, now_ms);
    settle_vms(world, now_ms);
    forget_gone(world, now_ms);
}

bool sim_world_group_in_progress(const struct sim_world *world,
                                 const struct sim_group *group)
{
    for (size_t i = 0; i < world->moving_count; i++) {
        const struct sim_vm *vm = world->moving[i];
        const struct sim_subject before = {.vm = vm->enforced};
        bool was_in =
            vm->enforced != NULL && sim_group_has(&world->groups, group, &before);

        for (size_t k = 0; k < vm->pending_count; k++) {
            const struct sim_subject after = {.vm = vm->pending[k].view};

            if (sim_group_has(&world->groups, group, &after) != was_in) {
                return true;
            }
        }
    }
    return false;
}

struct sim_dfw sim_world_dfw(const struct sim_world *world, int64_t epoch_ms)
{
    return (struct sim_dfw){
        .enabled = sim_json_bool(world->firewall, "enable_firewall", true),
        .groups = &world->groups,
        .policies = &world->policies,
        .services = world->services,
        .exclude_list = sim_json_get(world->exclude_list, "members"),
        .system_excluded = world->system_excluded,
        .schedulers = world->schedulers,
        .realization = world->realization,
        .epoch_ms = epoch_ms,
    };
}
