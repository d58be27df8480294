/* SPDX-License-Identifier: Apache-2.0 */
/* world_nsx.c: an NSX whose answers wait until the test lets them go. */
#include "world_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nsx/tags.h"

static struct fake_backend *backend_of(struct nq_backend *backend)
{
    return (struct fake_backend *)backend;
}

static struct nq_call *start(struct nq_backend *base, enum world_call_kind kind,
                             const struct nq_vm_id *vm, nq_reply_fn *done, void *arg)
{
    struct fake_backend *backend = backend_of(base);
    if (backend->call_count == WORLD_CALLS_MAX) {
        abort(); /* the test lets calls pile up */
    }
    struct waiting_call *call = &backend->calls[backend->call_count++];
    *call = (struct waiting_call){
        .number = ++backend->next_number, .kind = kind, .done = done, .arg = arg};
    if (vm) {
        call->manager = vm->manager;
        (void)snprintf(call->external_id, sizeof(call->external_id), "%s",
                       vm->external_id);
    }
    backend->started[kind]++;
    struct world *world = backend->world;
    call->unsent = world->store.dead;
    if (world->watch && world->watch->on_start && !world->store.dead) {
        world->watch->on_start(world->watch->arg, call);
    }
    return (struct nq_call *)(uintptr_t)call->number;
}

static struct nq_call *fake_find(struct nq_backend *base, const struct nq_vm_query *query,
                                 nq_reply_fn *done, void *arg)
{
    struct nq_call *handle = start(base, CALL_FIND, NULL, done, arg);
    struct fake_backend *backend = backend_of(base);
    struct waiting_call *call = &backend->calls[backend->call_count - 1];
    call->hint_count = query->hint_count;
    for (size_t i = 0; i < query->hint_count; i++) {
        (void)snprintf(call->hints[i], sizeof(call->hints[i]), "%s", query->hints[i]);
    }
    return handle;
}

static struct nq_call *fake_read(struct nq_backend *base, const struct nq_vm_id *vm,
                                 nq_reply_fn *done, void *arg)
{
    return start(base, CALL_READ, vm, done, arg);
}

static struct nq_call *fake_change(struct nq_backend *base, enum nq_tag_change change,
                                   const struct nq_vm_id *vm, nq_reply_fn *done,
                                   void *arg)
{
    return start(base, change == NQ_TAG_ADD ? CALL_ADD : CALL_REMOVE, vm, done, arg);
}

static struct nq_call *fake_prove(struct nq_backend *base, const struct nq_vm_id *vm,
                                  nq_reply_fn *done, void *arg)
{
    return start(base, CALL_PROVE, vm, done, arg);
}

static struct nq_call *fake_groups(struct nq_backend *base, size_t manager,
                                   nq_reply_fn *done, void *arg)
{
    (void)manager;
    return start(base, CALL_GROUPS, NULL, done, arg);
}

static struct nq_call *fake_tagged(struct nq_backend *base, size_t manager,
                                   nq_reply_fn *done, void *arg)
{
    const struct nq_vm_id all = {.manager = manager, .external_id = ""};
    return start(base, CALL_TAGGED, &all, done, arg);
}

static struct nq_call *fake_protector(struct nq_backend *base, const struct nq_vm_id *vm,
                                      nq_reply_fn *done, void *arg)
{
    return start(base, CALL_PROTECTOR, vm, done, arg);
}

static void fake_each_server(const struct nq_backend *base, size_t manager,
                             nq_server_fn *fn, void *arg)
{
    const char *server = ((const struct fake_backend *)base)->world->server;
    (void)manager;
    if (server) {
        fn(arg, server);
    }
}

static void take_call(struct fake_backend *backend, size_t at,
                      struct waiting_call *ret_call)
{
    *ret_call = backend->calls[at];
    memmove(&backend->calls[at], &backend->calls[at + 1],
            (--backend->call_count - at) * sizeof(backend->calls[0]));
}

static void fake_cancel(struct nq_backend *base, struct nq_call *handle)
{
    struct fake_backend *backend = backend_of(base);
    struct waiting_call dropped;
    for (size_t i = 0; i < backend->call_count; i++) {
        if (backend->calls[i].number == (uint64_t)(uintptr_t)handle) {
            take_call(backend, i, &dropped);
            if (backend->world->watch && backend->world->watch->on_cancel) {
                backend->world->watch->on_cancel(backend->world->watch->arg, &dropped);
            }
            return;
        }
    }
    abort(); /* cancelled twice, or after its answer */
}

static void fake_status(const struct nq_backend *base, size_t manager,
                        struct nq_manager_status *ret_status)
{
    (void)manager;
    *ret_status = ((const struct fake_backend *)base)->status;
}

static void fake_close_backend(struct nq_backend *base)
{
    (void)base;
}

const struct nq_backend_ops world_backend_ops = {
    .find_vms = fake_find,
    .read_vm = fake_read,
    .change_tag = fake_change,
    .prove = fake_prove,
    .read_groups = fake_groups,
    .read_tagged = fake_tagged,
    .read_protector = fake_protector,
    .each_server = fake_each_server,
    .cancel = fake_cancel,
    .status = fake_status,
    .close = fake_close_backend,
};

struct world_vm *world_vm_of(struct world *world, const struct waiting_call *call)
{
    for (size_t i = 0; i < world->vm_count; i++) {
        struct world_vm *vm = &world->vms[i];
        if (vm->manager == call->manager && !vm->gone &&
            strcmp(vm->external_id, call->external_id) == 0) {
            return vm;
        }
    }
    return NULL;
}

static struct nq_vm view_of(const struct world_vm *vm)
{
    return (struct nq_vm){
        .manager = vm->manager,
        .external_id = vm->external_id,
        .display_name = vm->name,
        .host_name = vm->host_name,
        .addresses = vm->address,
        .uuids = vm->uuids ? vm->uuids : "",
        .type = vm->type,
        .regular = strcmp(vm->type, "REGULAR") == 0,
        .complete = !vm->not_in_inventory,
        .tags = (vm->tagged ? NQ_TAGS_OURS : 0) | vm->more_tags,
    };
}

static size_t tagged_vms(struct world *world, const struct waiting_call *call,
                         struct nq_vm *vms)
{
    size_t count = 0;
    for (size_t i = 0; i < world->vm_count; i++) {
        const struct nq_vm view = view_of(&world->vms[i]);
        if (view.manager == call->manager && !world->vms[i].gone &&
            (view.tags & NQ_TAGS_QUARANTINE)) {
            vms[count++] = view;
        }
    }
    return count;
}

static size_t find_vms(struct world *world, const struct waiting_call *call,
                       struct nq_vm *vms)
{
    size_t count = 0;
    for (size_t i = 0; i < world->vm_count; i++) {
        struct nq_vm view = view_of(&world->vms[i]);
        for (size_t hint = 0; hint < call->hint_count; hint++) {
            const char *text = call->hints[hint];
            if (strcmp(text, view.display_name) == 0 ||
                strcmp(text, view.host_name) == 0 || strcmp(text, view.addresses) == 0) {
                view.matched |= 1U << hint;
            }
        }
        if (view.matched && !world->vms[i].gone) {
            vms[count++] = view;
        }
    }
    return count;
}

void world_apply_write(struct world *world, const struct waiting_call *call)
{
    struct world_vm *vm = world_vm_of(world, call);
    const bool add = call->kind == CALL_ADD;
    if (!vm || call->unsent || (!add && call->kind != CALL_REMOVE) || vm->tagged == add) {
        return;
    }
    vm->tagged = add;
    vm->member = add;
    *(add ? &world->backend.added : &world->backend.removed) += 1;
}

void world_answer_truly(struct world *world, const struct waiting_call *call)
{
    struct nq_vm vms[WORLD_VMS_MAX];
    struct nq_reply reply = {.missing = ""};
    static const struct nq_err not_found = {.code = NQ_NSX_NOT_FOUND, .http = 404};
    const struct nq_group_view group = {.known = true, .realized = NQ_REALIZED_SUCCESS};
    struct world_vm *vm = world_vm_of(world, call);

    switch (call->kind) {
    case CALL_FIND:
        reply.vms = vms;
        reply.vm_count = find_vms(world, call, vms);
        break;
    case CALL_READ:
        reply.vms = vms;
        if (vm) {
            vms[reply.vm_count++] = view_of(vm);
        }
        break;
    case CALL_ADD:
    case CALL_REMOVE:
        reply.err = vm ? NULL : &not_found;
        break;
    case CALL_PROVE:
        reply.vms = vms;
        if (vm) {
            vms[reply.vm_count++] = view_of(vm);
        }
        reply.provable =
            NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT) | NQ_RUNG_BIT(NQ_RUNG_GROUP_MEMBER);
        reply.rungs = (vm && vm->tagged ? NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT) : 0) |
                      (vm && vm->member ? NQ_RUNG_BIT(NQ_RUNG_GROUP_MEMBER) : 0);
        reply.missing = vm && vm->member ? "" : "the VM is not in the quarantine group";
        break;
    case CALL_TAGGED:
        reply.vms = vms;
        reply.vm_count = tagged_vms(world, call, vms);
        break;
    case CALL_PROTECTOR:
        reply.protector = vm ? vm->protector : NULL;
        break;
    case CALL_GROUPS:
        reply.groups = &group;
        reply.group_count = 1;
        break;
    case CALL_KIND_END:
        break;
    }
    call->done(call->arg, &reply);
}

bool world_is_background(enum world_call_kind kind)
{
    return kind == CALL_GROUPS || kind == CALL_TAGGED;
}

bool world_take_oldest(struct world *world, struct waiting_call *ret_call)
{
    for (size_t i = 0; i < world->backend.call_count; i++) {
        if (!world_is_background(world->backend.calls[i].kind)) {
            take_call(&world->backend, i, ret_call);
            return true;
        }
    }
    return false;
}

bool world_take(struct world *world, enum world_call_kind kind,
                struct waiting_call *ret_call)
{
    for (size_t i = 0; i < world->backend.call_count; i++) {
        if (world->backend.calls[i].kind == kind) {
            take_call(&world->backend, i, ret_call);
            return true;
        }
    }
    return false;
}

void world_take_at(struct world *world, size_t at, struct waiting_call *ret_call)
{
    take_call(&world->backend, at, ret_call);
}
