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
    for (size_t i = 0; i < world->vm_count; i++) {
        sim_vm_free(world->vms[i]);
    }
    for (size_t i = 0; i < world->operation_count; i++) {
        free(world->operations[i].id);
        cJSON_Delete(world->operations[i].doc);
        cJSON_Delete(world->operations[i].status);
    }
    free(world->vms);
    free(world->operations);
    sim_groups_done(&world->groups);
    sim_policies_done(&world->policies);
    cJSON_Delete(world->services);
    cJSON_Delete(world->firewall);
    cJSON_Delete(world->exclude_list);
    sim_settings_done(&world->settings);
    free(world);
    return NULL;
}

struct sim_vm *sim_world_find_vm(const struct sim_world *world, const char *external_id)
{
    for (size_t i = 0; i < world->vm_count; i++) {
        if (strcmp(sim_vm_id(world->vms[i]), external_id) == 0) {
            return world->vms[i];
        }
    }
    return NULL;
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
    world->vms = sim_grow(world->vms, world->vm_count + 1, sizeof(struct sim_vm *));
    world->vms[world->vm_count++] = vm;
    sim_vm_announce(vm, now_ms, &world->settings.delays);
    return true;
}

void sim_world_remove_vm(struct sim_world *world, struct sim_vm *vm)
{
    for (size_t i = 0; i < world->vm_count; i++) {
        if (world->vms[i] == vm) {
            world->vm_count--;
            memmove(&world->vms[i], &world->vms[i + 1],
                    (world->vm_count - i) * sizeof(struct sim_vm *));
            sim_vm_free(vm);
            return;
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
            .tag = &from->items[i],
        };

        if (!sim_tags_has(missing_in, change.tag)) {
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
    sim_vm_set_tags(vm, tags);
    sim_vm_announce(vm, now_ms, &world->settings.delays);
    report(world, vm, request, false, &before->tags, tags);
    report(world, vm, request, true, tags, &before->tags);
    sim_view_free(before);
}

bool sim_world_patch_vm(struct sim_world *world, struct sim_vm *vm, const cJSON *patch,
                        uint64_t now_ms, struct sim_err *err)
{
    struct sim_view *before = sim_view_ref(vm->current);
    bool good = sim_vm_patch(vm, patch, "vm", err);

    if (good) {
        sim_vm_announce(vm, now_ms, &world->settings.delays);
        report(world, vm, 0, false, &before->tags, &vm->current->tags);
        report(world, vm, 0, true, &vm->current->tags, &before->tags);
    }
    sim_view_free(before);
    return good;
}

const struct sim_operation *sim_world_find_operation(const struct sim_world *world,
                                                     const char *id)
{
    for (size_t i = 0; i < world->operation_count; i++) {
        if (strcmp(world->operations[i].id, id) == 0) {
            return &world->operations[i];
        }
    }
    return NULL;
}

void sim_world_put_operation(struct sim_world *world, const char *id, cJSON *doc,
                             uint64_t request, uint64_t now_ms)
{
    uint64_t delay = world->settings.tag_operation_delay_ms;
    struct sim_operation *operation =
        (struct sim_operation *)(uintptr_t)sim_world_find_operation(world, id);

    if (operation == NULL) {
        world->operations = sim_grow(world->operations, world->operation_count + 1,
                                     sizeof(*world->operations));
        operation = &world->operations[world->operation_count++];
        *operation = (struct sim_operation){.id = sim_strdup(id)};
    }
    cJSON_Delete(operation->doc);
    cJSON_Delete(operation->status);
    operation->doc = doc;
    operation->status = NULL;
    operation->failed = false;
    operation->begin_ms = now_ms + delay / 2;
    operation->end_ms = now_ms + delay;
    operation->request = request;
}

static cJSON *resource_status(const char *id, const char *name, const char *trouble)
{
    cJSON *status = cJSON_CreateObject();

    cJSON_AddStringToObject(status, "resource_id", id);
    cJSON_AddStringToObject(status, "resource_display_name", name);
    cJSON_AddStringToObject(status, "tag_status", trouble == NULL ? "Success" : "Error");
    if (trouble != NULL) {
        cJSON_AddStringToObject(status, "details", trouble);
    }
    return status;
}

static cJSON *run_one(struct sim_world *world, struct sim_operation *operation,
                      enum sim_tag_action action, const char *id)
{
    const cJSON *tag_json = sim_json_get(operation->doc, "tag");
    struct sim_tag tag = {
        .scope = (char *)(uintptr_t)sim_json_text(tag_json, "scope", ""),
        .tag = (char *)(uintptr_t)sim_json_text(tag_json, "tag", ""),
    };
    const struct sim_tags tags = {.count = 1, .items = &tag};
    struct sim_vm *vm = sim_world_find_vm(world, id);
    struct sim_tags planned;

    if (vm == NULL) {
        operation->failed = true;
        return resource_status(id, "", "Virtual machine not found.");
    }
    if (!sim_world_plan_tags(vm, action, &tags, &planned)) {
        operation->failed = true;
        return resource_status(id, vm->current->display_name, "Max tags limit exceeded.");
    }
    sim_world_apply_tags(world, vm, &planned, operation->request, operation->end_ms);
    sim_tags_done(&planned);
    return resource_status(id, vm->current->display_name, NULL);
}

static void run_list(struct sim_world *world, struct sim_operation *operation,
                     const char *name, enum sim_tag_action action)
{
    const cJSON *types = sim_json_get(operation->doc, name);
    const cJSON *type;
    const cJSON *id;
    cJSON *list;

    if (types == NULL) {
        return;
    }
    list = cJSON_AddArrayToObject(operation->status, name);
    cJSON_ArrayForEach(type, types)
    {
        cJSON *entry = cJSON_CreateObject();
        cJSON *statuses;

        cJSON_AddStringToObject(entry, "resource_type", "VirtualMachine");
        statuses = cJSON_AddArrayToObject(entry, "resource_tag_status");
        cJSON_ArrayForEach(id, sim_json_get(type, "resource_ids"))
        {
            cJSON_AddItemToArray(statuses,
                                 run_one(world, operation, action, id->valuestring));
        }
        cJSON_AddItemToArray(list, entry);
    }
}

void sim_world_settle(struct sim_world *world, uint64_t now_ms)
{
    for (size_t i = 0; i < world->operation_count; i++) {
        struct sim_operation *operation = &world->operations[i];

        if (operation->status == NULL && operation->end_ms <= now_ms) {
            operation->status = cJSON_CreateObject();
            run_list(world, operation, "apply_to", SIM_TAGS_ADD);
            run_list(world, operation, "remove_from", SIM_TAGS_REMOVE);
        }
    }
    for (size_t i = 0; i < world->vm_count; i++) {
        if (world->vms[i]->pending_count > 0) {
            sim_vm_settle(world->vms[i], now_ms);
        }
    }
}

bool sim_world_group_in_progress(const struct sim_world *world,
                                 const struct sim_group *group)
{
    for (size_t i = 0; i < world->vm_count; i++) {
        const struct sim_vm *vm = world->vms[i];
        const struct sim_subject before = {.vm = vm->enforced};
        bool was_in = vm->enforced != NULL && vm->pending_count > 0 &&
                      sim_group_has(&world->groups, group, &before);

        for (size_t k = 0; k < vm->pending_count; k++) {
            const struct sim_subject after = {.vm = vm->pending[k].view};

            if (sim_group_has(&world->groups, group, &after) != was_in) {
                return true;
            }
        }
    }
    return false;
}

struct sim_dfw sim_world_dfw(const struct sim_world *world)
{
    return (struct sim_dfw){
        .enabled = sim_json_bool(world->firewall, "enable_firewall", true),
        .groups = &world->groups,
        .policies = &world->policies,
        .services = world->services,
        .exclude_list = sim_json_get(world->exclude_list, "members"),
    };
}
