/* SPDX-License-Identifier: Apache-2.0 */
/* world.c: letting time pass, and changing VMs and their tags. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

static uint64_t later_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t next_generation(uint64_t last)
{
    return later_of((uint64_t)sim_epoch_ms(), last + 1);
}

static unsigned settle_vms(struct vs_world *world, uint64_t now_ms, bool *ret_waiting)
{
    unsigned progress = VS_PROGRESS_NONE;

    *ret_waiting = false;
    if (world->restless == 0) {
        return progress;
    }
    world->restless = 0;
    for (size_t i = 0; i < world->vm_count; i++) {
        struct vs_vm *vm = world->vms[i];

        progress |= vs_vm_settle(vm, now_ms, world->settings.vcenter_connected);
        world->restless += vm->pending_count > 0 || !vm->is_known;
        *ret_waiting |= vm->pending_count > 0 && vm->pending[0].is_member_view;
    }
    return progress;
}

void vs_world_settle(struct vs_world *world, uint64_t now_ms)
{
    bool waiting;
    unsigned progress = settle_vms(world, now_ms, &waiting);

    if (world->settings.vcenter_connected) {
        world->last_sync_ms = sim_epoch_ms();
    }
    if ((progress & VS_PROGRESS_MEMBER) != 0 &&
        world->settings.objects_generation_moves) {
        world->objects_generation = next_generation(world->objects_generation);
    }
    if (world->publish_at_ms <= now_ms) {
        world->enforced_generation = world->generation;
    }
    if (!waiting) {
        world->enforced_objects = world->objects_generation;
    }
}

bool vs_world_is_in_progress(const struct vs_world *world)
{
    return world->enforced_generation != world->generation ||
           world->enforced_objects != world->objects_generation;
}

cJSON *vs_world_vm_json(const struct vs_world *world, const struct vs_vm *vm)
{
    cJSON *json = cJSON_Duplicate(vm->doc, 1);
    cJSON *tags = cJSON_AddArrayToObject(json, "tags");

    for (size_t i = 0; i < vm->tags.count; i++) {
        const struct vs_tag *tag = vs_world_tag(world, vm->tags.numbers[i]);
        cJSON *item = cJSON_CreateObject();

        cJSON_AddStringToObject(item, "scope", "");
        cJSON_AddStringToObject(item, "tag", tag == NULL ? "" : tag->name);
        cJSON_AddItemToArray(tags, item);
    }
    return json;
}

static void index_uuid(struct vs_world *world, struct vs_vm *vm)
{
    HASH_ADD_KEYPTR(by_uuid, world->by_uuid, vm->instance_uuid,
                    (unsigned)strlen(vm->instance_uuid), vm);
}

static void announce(struct vs_world *world, struct vs_vm *vm, uint64_t now_ms)
{
    vm->revision++;
    vs_vm_announce(vm, now_ms, &world->settings.delays);
    world->restless++;
    vs_world_settle(world, now_ms);
}

/* What a VM says about where it runs: the first cluster, and the first host of it. */
static bool place(struct vs_world *world, struct vs_vm *vm, const char *where,
                  struct sim_err *err)
{
    const cJSON *host;

    sim_json_default_text(
        vm->doc, "cluster",
        sim_json_text(cJSON_GetArrayItem(world->clusters, 0), "id", ""));
    if (vs_world_cluster(world, vs_vm_text(vm, "cluster")) == NULL) {
        return sim_fail(err, "%s.cluster: there is no %s", where,
                        vs_vm_text(vm, "cluster"));
    }
    cJSON_ArrayForEach(host, world->hosts)
    {
        if (strcmp(sim_json_text(host, "cluster", ""), vs_vm_text(vm, "cluster")) == 0) {
            sim_json_default_text(vm->doc, "host", sim_json_text(host, "id", ""));
        }
    }
    return true;
}

struct vs_vm *vs_world_add_vm(struct vs_world *world, const cJSON *json,
                              const char *where, uint64_t now_ms, struct sim_err *err)
{
    struct vs_vm *vm = vs_vm_new(json, where, err);

    if (vm == NULL) {
        return NULL;
    }
    if (vs_world_vm(world, vm->moref) != NULL) {
        (void)sim_fail(err, "%s.external_id: %s is there already", where, vm->moref);
        return vs_vm_free(vm);
    }
    if (world->vm_count == VS_VMS_MAX) {
        (void)sim_fail(err, "%s: more than %d VMs", where, VS_VMS_MAX);
        return vs_vm_free(vm);
    }
    if (!place(world, vm, where, err) ||
        !vs_world_read_tags(world, sim_json_get(json, "tags"), where, &vm->tags, err)) {
        return vs_vm_free(vm);
    }
    for (size_t i = 0; i < vm->tags.count; i++) {
        vs_world_tag(world, vm->tags.numbers[i])->vm_count++;
    }
    world->vms = sim_grow(world->vms, world->vm_count + 1, sizeof(struct vs_vm *));
    world->vms[world->vm_count++] = vm;
    HASH_ADD_KEYPTR(by_moref, world->by_moref, vm->moref, (unsigned)strlen(vm->moref),
                    vm);
    index_uuid(world, vm);
    vm->known_at_ms = now_ms + world->settings.delays.inventory_ms;
    vs_vm_announce(vm, now_ms, &world->settings.delays);
    world->restless++;
    return vm;
}

bool vs_world_patch_vm(struct vs_world *world, struct vs_vm *vm, const cJSON *patch,
                       uint64_t now_ms, struct sim_err *err)
{
    const char *cluster = sim_json_text(patch, "cluster", vs_vm_text(vm, "cluster"));
    struct vs_tag_set wanted = {0};
    struct vs_tag_set before;
    bool good;

    if (vs_world_cluster(world, cluster) == NULL) {
        return sim_fail(err, "vm.cluster: there is no %s", cluster);
    }
    if (!vs_world_read_tags(world, sim_json_get(patch, "tags"), "vm", &wanted, err)) {
        return false;
    }
    HASH_DELETE(by_uuid, world->by_uuid, vm);
    good = vs_vm_patch(vm, patch, "vm", err) && place(world, vm, "vm", err);
    index_uuid(world, vm);
    if (!good) {
        vs_tag_set_done(&wanted);
        return false;
    }
    vs_tag_set_copy(&before, &vm->tags);
    announce(world, vm, now_ms);
    for (size_t i = 0; sim_json_get(patch, "tags") != NULL && i < world->tag_count; i++) {
        struct vs_tag *tag = &world->tags[i];
        bool attached = vs_tag_set_has(&wanted, tag->number);

        if (attached != vs_tag_set_has(&before, tag->number)) {
            (void)vs_world_set_tag(world, vm, tag, attached, 0, now_ms);
        }
    }
    vs_tag_set_done(&before);
    vs_tag_set_done(&wanted);
    return true;
}

void vs_world_remove_vm(struct vs_world *world, struct vs_vm *vm)
{
    size_t at = 0;

    while (world->vms[at] != vm) {
        at++;
    }
    for (size_t i = 0; i < vm->tags.count; i++) {
        vs_world_tag(world, vm->tags.numbers[i])->vm_count--;
    }
    memmove(world->vms + at, world->vms + at + 1,
            (world->vm_count - at - 1) * sizeof(struct vs_vm *));
    world->vm_count--;
    HASH_DELETE(by_moref, world->by_moref, vm);
    HASH_DELETE(by_uuid, world->by_uuid, vm);
    vs_vm_free(vm);
}

bool vs_world_set_tag(struct vs_world *world, struct vs_vm *vm, struct vs_tag *tag,
                      bool attached, uint64_t request, uint64_t now_ms)
{
    if (vs_tag_set_has(&vm->tags, tag->number) == attached) {
        return false;
    }
    if (attached) {
        vs_tag_set_add(&vm->tags, tag->number);
        tag->vm_count++;
    } else {
        vs_tag_set_remove(&vm->tags, tag->number);
        tag->vm_count--;
    }
    announce(world, vm, now_ms);
    if (world->on_change != NULL) {
        const struct sim_change change = {.request = request,
                                          .external_id = vm->moref,
                                          .display_name = vs_vm_name(vm),
                                          .added = attached,
                                          .scope = "",
                                          .tag = tag->name};

        world->on_change(world->on_change_arg, &change);
    }
    return true;
}
