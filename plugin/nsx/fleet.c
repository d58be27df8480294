/* SPDX-License-Identifier: Apache-2.0 */
/* fleet.c: see fleet.h. */
#include "nsx/fleet.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "nsx/call.h"
#include "nsx/policy/policy.h"
#include "nsx/vsphere/vsphere.h"

struct fleet {
    struct nq_backend base; /* first */
    struct nq_backend *members[NQ_CONFIG_MANAGERS_MAX];
    size_t count;
    struct nq_loop *loop;
    struct nq_calls calls;
};

static struct fleet *fleet_of(struct nq_backend *backend)
{
    return (struct fleet *)backend;
}

/* ---- find_vms ---------------------------------------------------------------------- */

struct find_call;

/* The question to one member. */
struct find_part {
    struct find_call *find;
    struct nq_backend *member;
    struct nq_call *asked; /* NULL: has answered */
};

struct find_call {
    struct nq_call call;
    struct fleet *fleet;
    struct nq_vm_query query; /* its hints are owned */
    struct find_part parts[NQ_CONFIG_MANAGERS_MAX];
    size_t open;       /* members that have not answered */
    bool failed;       /* one of them */
    struct nq_err err; /* of the first that did */
    struct nq_vm *vms; /* their texts are owned */
    size_t vm_count;
};

static const char **texts_of(struct nq_vm *vm, size_t which)
{
    const char **const texts[] = {&vm->external_id, &vm->display_name, &vm->host_name,
                                  &vm->addresses,   &vm->uuids,        &vm->type};
    return which < sizeof(texts) / sizeof(texts[0]) ? texts[which] : NULL;
}

static void find_drop(struct nq_call *call)
{
    struct find_call *find = (struct find_call *)call;
    for (size_t i = 0; i < find->fleet->count; i++) {
        struct find_part *part = &find->parts[i];
        if (part->asked) {
            part->member->ops->cancel(part->member, part->asked);
        }
    }
    for (size_t i = 0; i < find->vm_count; i++) {
        const char **text;
        for (size_t k = 0; (text = texts_of(&find->vms[i], k)); k++) {
            free((char *)(uintptr_t)*text);
        }
    }
    for (size_t i = 0; i < find->query.hint_count; i++) {
        free((char *)(uintptr_t)find->query.hints[i]);
    }
    free(find->vms);
    free(find);
}

static void keep_vms(struct find_call *find, const struct nq_reply *reply)
{
    find->vms =
        nq_realloc(find->vms, find->vm_count + reply->vm_count + 1, sizeof(find->vms[0]));
    for (size_t i = 0; i < reply->vm_count; i++) {
        struct nq_vm *vm = &find->vms[find->vm_count++];
        *vm = reply->vms[i];
        const char **text;
        for (size_t k = 0; (text = texts_of(vm, k)); k++) {
            *text = nq_strdup(*text);
        }
    }
}

static void ask_all(struct find_call *find);

static void conclude(struct find_call *find)
{
    if (find->vm_count > 0) {
        nq_call_reply(&find->call, &(struct nq_reply){.vms = find->vms,
                                                      .vm_count = find->vm_count,
                                                      .missing = ""});
    } else if (find->query.known_only) {
        find->query.known_only = false; /* nobody knows it: now all are asked */
        ask_all(find);
    } else if (find->failed) {
        nq_call_fail(&find->call, &find->err);
    } else {
        nq_call_reply(&find->call, &(struct nq_reply){.missing = ""});
    }
}

static void on_found(void *arg, const struct nq_reply *reply)
{
    struct find_part *part = arg;
    struct find_call *find = part->find;
    part->asked = NULL;
    find->open--;
    if (!reply->err) {
        keep_vms(find, reply);
    } else if (!find->failed) {
        find->failed = true;
        find->err = *reply->err;
    }
    if (find->open == 0) {
        conclude(find);
    }
}

static void ask_all(struct find_call *find)
{
    struct fleet *fleet = find->fleet;
    find->failed = false;
    find->open = fleet->count;
    for (size_t i = 0; i < fleet->count; i++) {
        struct nq_backend *member = fleet->members[i];
        struct find_part *part = &find->parts[i];
        *part = (struct find_part){.find = find, .member = member};
        part->asked = member->ops->find_vms(member, &find->query, on_found, part);
    }
}

static struct nq_call *find_vms(struct nq_backend *backend,
                                const struct nq_vm_query *query, nq_reply_fn *done,
                                void *arg)
{
    struct find_call *find = nq_calloc(1, sizeof(*find));
    find->fleet = fleet_of(backend);
    find->query = *query;
    find->query.known_only = !query->fresh;
    for (size_t i = 0; i < query->hint_count; i++) {
        find->query.hints[i] = nq_strdup(query->hints[i]);
    }
    nq_call_open(&find->call, &fleet_of(backend)->calls, find_drop, done, arg);
    ask_all(find);
    return &find->call;
}

/* ---- calls that one member answers ------------------------------------------------- */

struct routed_call {
    struct nq_call call;
    struct fleet *fleet;
    struct nq_backend *member; /* NULL: there is none */
    struct nq_call *asked;     /* NULL: has answered */
    struct nq_timer timer;     /* to say that there is none */
};

static void routed_drop(struct nq_call *call)
{
    struct routed_call *routed = (struct routed_call *)call;
    nq_timer_clear(routed->fleet->loop, &routed->timer);
    if (routed->asked) {
        routed->member->ops->cancel(routed->member, routed->asked);
    }
    free(routed);
}

static void on_routed(void *arg, const struct nq_reply *reply)
{
    struct routed_call *routed = arg;
    routed->asked = NULL;
    nq_call_reply(&routed->call, reply);
}

static void on_nobody(void *arg)
{
    struct routed_call *routed = arg;
    struct nq_err err;
    (void)nq_fail(&err, NQ_NSX_NOT_FOUND,
                  "the manager of this VM is no longer in the configuration");
    nq_call_fail(&routed->call, &err);
}

/* Finds the member; without one the call fails soon. */
static struct routed_call *route(struct nq_backend *backend, size_t manager,
                                 nq_reply_fn *done, void *arg)
{
    struct fleet *fleet = fleet_of(backend);
    struct routed_call *routed = nq_calloc(1, sizeof(*routed));
    routed->fleet = fleet;
    routed->member = manager < fleet->count ? fleet->members[manager] : NULL;
    nq_call_open(&routed->call, &fleet->calls, routed_drop, done, arg);
    if (!routed->member) {
        nq_timer_set(fleet->loop, &routed->timer, 0, on_nobody, routed);
    }
    return routed;
}

static struct nq_call *read_vm(struct nq_backend *backend, const struct nq_vm_id *vm,
                               nq_reply_fn *done, void *arg)
{
    struct routed_call *routed = route(backend, vm->manager, done, arg);
    struct nq_backend *member = routed->member;
    routed->asked = member ? member->ops->read_vm(member, vm, on_routed, routed) : NULL;
    return &routed->call;
}

static struct nq_call *change_tag(struct nq_backend *backend, enum nq_tag_change change,
                                  const struct nq_vm_id *vm, nq_reply_fn *done, void *arg)
{
    struct routed_call *routed = route(backend, vm->manager, done, arg);
    struct nq_backend *member = routed->member;
    routed->asked =
        member ? member->ops->change_tag(member, change, vm, on_routed, routed) : NULL;
    return &routed->call;
}

static struct nq_call *prove(struct nq_backend *backend, const struct nq_vm_id *vm,
                             nq_reply_fn *done, void *arg)
{
    struct routed_call *routed = route(backend, vm->manager, done, arg);
    struct nq_backend *member = routed->member;
    routed->asked = member ? member->ops->prove(member, vm, on_routed, routed) : NULL;
    return &routed->call;
}

static struct nq_call *read_groups(struct nq_backend *backend, size_t manager,
                                   nq_reply_fn *done, void *arg)
{
    struct routed_call *routed = route(backend, manager, done, arg);
    struct nq_backend *member = routed->member;
    routed->asked =
        member ? member->ops->read_groups(member, manager, on_routed, routed) : NULL;
    return &routed->call;
}

static struct nq_call *read_tagged(struct nq_backend *backend, size_t manager,
                                   nq_reply_fn *done, void *arg)
{
    struct routed_call *routed = route(backend, manager, done, arg);
    struct nq_backend *member = routed->member;
    routed->asked =
        member ? member->ops->read_tagged(member, manager, on_routed, routed) : NULL;
    return &routed->call;
}

static struct nq_call *read_protector(struct nq_backend *backend,
                                      const struct nq_vm_id *vm, nq_reply_fn *done,
                                      void *arg)
{
    struct routed_call *routed = route(backend, vm->manager, done, arg);
    struct nq_backend *member = routed->member;
    routed->asked =
        member ? member->ops->read_protector(member, vm, on_routed, routed) : NULL;
    return &routed->call;
}

/* ---- life -------------------------------------------------------------------------- */

static void status(const struct nq_backend *backend, size_t manager,
                   struct nq_manager_status *ret_status)
{
    const struct fleet *fleet = (const struct fleet *)backend;
    if (manager < fleet->count) {
        const struct nq_backend *member = fleet->members[manager];
        member->ops->status(member, manager, ret_status);
    }
}

static void each_server(const struct nq_backend *backend, size_t manager,
                        nq_server_fn *fn, void *arg)
{
    const struct fleet *fleet = (const struct fleet *)backend;
    if (manager < fleet->count) {
        const struct nq_backend *member = fleet->members[manager];
        member->ops->each_server(member, manager, fn, arg);
    }
}

static void close_fleet(struct nq_backend *backend)
{
    struct fleet *fleet = fleet_of(backend);
    nq_calls_cancel_all(&fleet->calls);
    for (size_t i = 0; i < fleet->count; i++) {
        (void)nq_backend_close(fleet->members[i]);
    }
    free(fleet);
}

static const struct nq_backend_ops ops = {
    .find_vms = find_vms,
    .read_vm = read_vm,
    .change_tag = change_tag,
    .prove = prove,
    .read_groups = read_groups,
    .read_tagged = read_tagged,
    .read_protector = read_protector,
    .each_server = each_server,
    .cancel = nq_call_cancel_op,
    .status = status,
    .close = close_fleet,
};

struct nq_backend *nq_fleet_new(struct nq_backend *const *members, size_t count,
                                struct nq_loop *loop)
{
    struct fleet *fleet = nq_calloc(1, sizeof(*fleet));
    fleet->base.ops = &ops;
    fleet->loop = loop;
    for (size_t i = 0; i < count && i < NQ_CONFIG_MANAGERS_MAX; i++) {
        fleet->members[fleet->count++] = members[i];
    }
    return &fleet->base;
}

typedef struct nq_backend *open_fn(const struct nq_config *conf, size_t manager,
                                   struct nq_loop *loop, const struct nq_clock *clock,
                                   struct nq_err *reterr);

static open_fn *const openers[] = {
    [NQ_MANAGER_POLICY] = nq_policy_open,
    [NQ_MANAGER_VSPHERE] = nq_vsphere_open,
};

struct nq_backend *nq_fleet_open(const struct nq_config *conf, struct nq_loop *loop,
                                 const struct nq_clock *clock, struct nq_err *reterr)
{
    struct nq_backend *members[NQ_CONFIG_MANAGERS_MAX];
    size_t count = 0;
    while (count < conf->manager_count) {
        members[count] =
            openers[conf->managers[count].type](conf, count, loop, clock, reterr);
        if (!members[count]) {
            break;
        }
        count++;
    }
    struct nq_backend *fleet = nq_fleet_new(members, count, loop);
    return count == conf->manager_count ? fleet : nq_backend_close(fleet);
}
