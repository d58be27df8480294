/* SPDX-License-Identifier: Apache-2.0 */
/* world.c: see world.h. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/store.h"

#define CASES_MAX 64
#define STEP_MS   100

/* ---- fake store: what is committed survives a crash ---------------------------------- */

struct kept {
    struct nq_case cases[CASES_MAX];
    size_t case_count;
    uint64_t counters[NQ_COUNTER_COUNT];
    enum nq_mode mode;
    uint32_t last_case;
};

struct fake_store {
    struct nq_store base;
    struct kept committed;
    struct kept pending;
    bool broken;
    bool dead; /* the process has died: nothing reaches the disk any more */
    size_t commits;
};

struct waiting_call {
    uint64_t number; /* what the engine holds as struct nq_call pointer */
    enum world_call_kind kind;
    char external_id[64];
    char hints[NQ_HINTS_MAX][256];
    size_t hint_count;
    nq_reply_fn *done;
    void *arg;
};

struct fake_backend {
    struct nq_backend base;
    struct world *world;
    struct waiting_call calls[WORLD_CALLS_MAX];
    size_t call_count;
    uint64_t next_number;
    size_t started[CALL_GROUPS + 1];
    size_t added;
    size_t removed;
};

struct world {
    struct nq_clock clock;
    int64_t now_ms;
    struct nq_config conf;
    struct nq_manager_conf manager;
    struct nq_group_conf group;
    struct nq_trigger_conf trigger;
    struct world_vm vms[WORLD_VMS_MAX];
    size_t vm_count;
    struct fake_store store;
    struct fake_backend backend;
    struct nq_loop *loop;
    struct nq_triggers *triggers;
    struct nq_engine *engine;
    size_t answers[NQ_INTAKE_LATER + 1];
    size_t notices[NQ_NOTICE_FAILED + 1];
};

static void copy_kept(struct kept *to, const struct kept *from)
{
    for (size_t i = 0; i < to->case_count; i++) {
        nq_case_done(&to->cases[i]);
    }
    *to = *from;
    for (size_t i = 0; i < from->case_count; i++) {
        nq_case_copy(&from->cases[i], &to->cases[i]);
    }
}

static struct fake_store *store_of(struct nq_store *store)
{
    return (struct fake_store *)store;
}

static bool writable(const struct fake_store *store, struct nq_err *reterr)
{
    return !store->broken || nq_fail(reterr, NQ_STORE_WRITE, "the fake disk is full");
}

static bool fake_load(struct nq_store *base, const struct nq_store_reader *reader,
                      struct nq_err *reterr)
{
    (void)reterr;
    const struct kept *kept = &store_of(base)->committed;
    for (size_t i = 0; i < kept->case_count; i++) {
        reader->on_case(reader->arg, &kept->cases[i]);
    }
    for (int i = 0; i < NQ_COUNTER_COUNT; i++) {
        reader->on_counter(reader->arg, (enum nq_counter)i, kept->counters[i]);
    }
    if (kept->mode) {
        reader->on_mode(reader->arg, kept->mode);
    }
    reader->on_last_case(reader->arg, kept->last_case);
    return true;
}

static bool fake_begin(struct nq_store *base, struct nq_err *reterr)
{
    struct fake_store *store = store_of(base);
    copy_kept(&store->pending, &store->committed);
    return writable(store, reterr);
}

static struct nq_case *slot_of(struct kept *kept, uint32_t id)
{
    for (size_t i = 0; i < kept->case_count; i++) {
        if (kept->cases[i].id == id) {
            return &kept->cases[i];
        }
    }
    return NULL;
}

static bool fake_put_case(struct nq_store *base, const struct nq_case *record,
                          struct nq_err *reterr)
{
    struct kept *kept = &store_of(base)->pending;
    struct nq_case *slot = slot_of(kept, record->id);
    if (!slot && kept->case_count == CASES_MAX) {
        return nq_fail(reterr, NQ_STORE_WRITE, "the fake store holds %d cases",
                       CASES_MAX);
    }
    if (slot) {
        nq_case_done(slot);
    } else {
        slot = &kept->cases[kept->case_count++];
    }
    nq_case_copy(record, slot);
    if (record->id > kept->last_case) {
        kept->last_case = record->id;
    }
    return true;
}

static bool fake_delete_case(struct nq_store *base, uint32_t id, struct nq_err *reterr)
{
    (void)reterr;
    struct kept *kept = &store_of(base)->pending;
    struct nq_case *slot = slot_of(kept, id);
    if (slot) {
        nq_case_done(slot);
        const size_t at = (size_t)(slot - kept->cases);
        memmove(slot, slot + 1, (--kept->case_count - at) * sizeof(*slot));
    }
    return true;
}

static bool fake_put_signal(struct nq_store *base, const struct nq_signal *signal,
                            struct nq_err *reterr)
{
    /* A signal without its case would break the foreign key of the real store. */
    return slot_of(&store_of(base)->pending, signal->case_id) ||
           nq_fail(reterr, NQ_STORE_WRITE, "signal of unknown case %u", signal->case_id);
}

static bool fake_put_counter(struct nq_store *base, enum nq_counter counter,
                             uint64_t value, struct nq_err *reterr)
{
    (void)reterr;
    store_of(base)->pending.counters[counter] = value;
    return true;
}

static bool fake_put_group(struct nq_store *base, const char *path,
                           const struct nq_group_counters *counters,
                           struct nq_err *reterr)
{
    (void)base;
    (void)path;
    (void)counters;
    (void)reterr;
    return true;
}

static bool fake_put_mode(struct nq_store *base, enum nq_mode mode, struct nq_err *reterr)
{
    (void)reterr;
    store_of(base)->pending.mode = mode;
    return true;
}

static bool fake_commit(struct nq_store *base, struct nq_err *reterr)
{
    struct fake_store *store = store_of(base);
    if (!writable(store, reterr)) {
        return false;
    }
    if (!store->dead) {
        copy_kept(&store->committed, &store->pending);
        store->commits++;
    }
    return true;
}

static void fake_rollback(struct nq_store *base)
{
    (void)base;
}

static void fake_close_store(struct nq_store *base)
{
    (void)base;
}

static const struct nq_store_ops fake_store_ops = {
    .load = fake_load,
    .begin = fake_begin,
    .put_case = fake_put_case,
    .delete_case = fake_delete_case,
    .put_signal = fake_put_signal,
    .put_counter = fake_put_counter,
    .put_group = fake_put_group,
    .put_mode = fake_put_mode,
    .commit = fake_commit,
    .rollback = fake_rollback,
    .close = fake_close_store,
};

/* ---- fake NSX ------------------------------------------------------------------------ */

static struct fake_backend *backend_of(struct nq_backend *backend)
{
    return (struct fake_backend *)backend;
}

static struct nq_call *start(struct nq_backend *base, enum world_call_kind kind,
                             const char *external_id, nq_reply_fn *done, void *arg)
{
    struct fake_backend *backend = backend_of(base);
    if (backend->call_count == WORLD_CALLS_MAX) {
        abort(); /* the test lets calls pile up */
    }
    struct waiting_call *call = &backend->calls[backend->call_count++];
    *call = (struct waiting_call){
        .number = ++backend->next_number, .kind = kind, .done = done, .arg = arg};
    (void)snprintf(call->external_id, sizeof(call->external_id), "%s", external_id);
    backend->started[kind]++;
    return (struct nq_call *)(uintptr_t)call->number;
}

static struct nq_call *fake_find(struct nq_backend *base, const struct nq_vm_query *query,
                                 nq_reply_fn *done, void *arg)
{
    struct nq_call *handle = start(base, CALL_FIND, "", done, arg);
    struct fake_backend *backend = backend_of(base);
    struct waiting_call *call = &backend->calls[backend->call_count - 1];
    call->hint_count = query->hint_count;
    for (size_t i = 0; i < query->hint_count; i++) {
        (void)snprintf(call->hints[i], sizeof(call->hints[i]), "%s", query->hints[i]);
    }
    return handle;
}

static struct nq_call *fake_read(struct nq_backend *base, const char *external_id,
                                 nq_reply_fn *done, void *arg)
{
    return start(base, CALL_READ, external_id, done, arg);
}

static struct nq_call *fake_change(struct nq_backend *base, enum nq_tag_change change,
                                   const char *external_id, nq_reply_fn *done, void *arg)
{
    return start(base, change == NQ_TAG_ADD ? CALL_ADD : CALL_REMOVE, external_id, done,
                 arg);
}

static struct nq_call *fake_prove(struct nq_backend *base, const char *external_id,
                                  nq_reply_fn *done, void *arg)
{
    return start(base, CALL_PROVE, external_id, done, arg);
}

static struct nq_call *fake_groups(struct nq_backend *base, nq_reply_fn *done, void *arg)
{
    return start(base, CALL_GROUPS, "", done, arg);
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
            return;
        }
    }
    abort(); /* cancelled twice, or after its answer */
}

static struct nq_manager_status fake_status(const struct nq_backend *base)
{
    (void)base;
    return (struct nq_manager_status){.state = NQ_MANAGER_UP};
}

static void fake_close_backend(struct nq_backend *base)
{
    (void)base;
}

static const struct nq_backend_ops fake_backend_ops = {
    .find_vms = fake_find,
    .read_vm = fake_read,
    .change_tag = fake_change,
    .prove = fake_prove,
    .read_groups = fake_groups,
    .cancel = fake_cancel,
    .status = fake_status,
    .close = fake_close_backend,
};

static struct world_vm *vm_by_id(struct world *world, const char *external_id)
{
    for (size_t i = 0; i < world->vm_count; i++) {
        if (strcmp(world->vms[i].external_id, external_id) == 0 && !world->vms[i].gone) {
            return &world->vms[i];
        }
    }
    return NULL;
}

static struct nq_vm view_of(const struct world_vm *vm)
{
    return (struct nq_vm){
        .external_id = vm->external_id,
        .display_name = vm->name,
        .host_name = vm->host_name,
        .addresses = vm->address,
        .type = vm->type,
        .regular = strcmp(vm->type, "REGULAR") == 0,
        .has_our_tag = vm->tagged,
    };
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

static void apply_write(struct world *world, const struct waiting_call *call)
{
    struct world_vm *vm = vm_by_id(world, call->external_id);
    const bool add = call->kind == CALL_ADD;
    if (!vm || (!add && call->kind != CALL_REMOVE) || vm->tagged == add) {
        return;
    }
    vm->tagged = add;
    vm->member = add;
    *(add ? &world->backend.added : &world->backend.removed) += 1;
}

static void answer_truly(struct world *world, const struct waiting_call *call)
{
    struct nq_vm vms[WORLD_VMS_MAX];
    struct nq_reply reply = {.missing = ""};
    static const struct nq_err not_found = {.code = NQ_NSX_NOT_FOUND, .http = 404};
    const struct nq_group_view group = {.known = true, .realized = NQ_REALIZED_SUCCESS};
    struct world_vm *vm = vm_by_id(world, call->external_id);

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
    case CALL_GROUPS:
        reply.groups = &group;
        reply.group_count = 1;
        break;
    }
    call->done(call->arg, &reply);
}

/* ---- the world ----------------------------------------------------------------------- */

static int64_t fake_time(const struct nq_clock *clock)
{
    const struct world *world =
        (const struct world *)(const void *)((const char *)clock -
                                             offsetof(struct world, clock));
    return world->now_ms;
}

static void on_notice(void *arg, enum nq_notice notice, const struct nq_case *record)
{
    (void)record;
    struct world *world = arg;
    world->notices[notice]++;
}

static void quiet(void *arg, enum nq_log_level level, const char *line)
{
    (void)arg;
    (void)level;
    (void)line;
}

static void open_engine(struct world *world)
{
    struct nq_err err = {0};
    world->store.dead = false;
    world->loop = nq_loop_open(&world->clock, &err);
    world->triggers = nq_triggers_new(&world->conf, &err);
    const struct nq_engine_setup setup = {
        .conf = &world->conf,
        .triggers = world->triggers,
        .store = &world->store.base,
        .backend = &world->backend.base,
        .loop = world->loop,
        .clock = &world->clock,
        .observer = {.arg = world, .on_notice = on_notice},
    };
    world->engine = nq_engine_open(&setup, &err);
    if (!world->engine) {
        (void)fprintf(stderr, "engine does not open: %s\n", err.detail);
        abort();
    }
    world_settle(world);
}

static void close_engine(struct world *world)
{
    world->engine = nq_engine_close(world->engine);
    world->triggers = nq_triggers_free(world->triggers);
    world->loop = nq_loop_close(world->loop);
}

struct world *world_new(void)
{
    return world_new_in_mode(NQ_MODE_ENFORCE);
}

struct world *world_new_in_mode(enum nq_mode mode)
{
    static const struct world_vm vms[] = {
        {"id-1", "VDI-01", "vdi-01.corp.example", "10.20.1.11", "REGULAR", 0, 0, 0},
        {"id-2", "VDI-02", "vdi-02.corp.example", "10.20.1.12", "REGULAR", 0, 0, 0},
        {"id-9", "edge-1", "", "10.20.0.1", "EDGE", 0, 0, 0},
    };
    struct world *world = nq_calloc(1, sizeof(*world));
    nq_log_to(quiet, NULL);
    world->clock = (struct nq_clock){.wall_ms = fake_time, .mono_ms = fake_time};
    world->now_ms = 1000000;
    memcpy(world->vms, vms, sizeof(vms));
    world->vm_count = sizeof(vms) / sizeof(vms[0]);
    world->store.base.ops = &fake_store_ops;
    world->backend.base.ops = &fake_backend_ops;
    world->backend.world = world;

    world->manager = (struct nq_manager_conf){.name = (char *)(uintptr_t) "nsx"};
    world->group = (struct nq_group_conf){.name = (char *)(uintptr_t) "quarantine",
                                          .path = (char *)(uintptr_t) "/infra/q",
                                          .role = NQ_GROUP_QUARANTINE};
    world->trigger = (struct nq_trigger_conf){
        .name = (char *)(uintptr_t) "malware",
        .action = NQ_ACTION_QUARANTINE,
        .trap_oid = (char *)(uintptr_t) ".1.3.6.1.4.1.32473.1",
        .computer = {.oid = (char *)(uintptr_t) ".1.3.6.1.4.1.32473.2"},
        .cause = {.oid = (char *)(uintptr_t) ".1.3.6.1.4.1.32473.3"},
    };
    world->conf = (struct nq_config){
        .enforce = mode == NQ_MODE_ENFORCE,
        .tag_scope = (char *)(uintptr_t) "nsx-quarantine",
        .tag_value = (char *)(uintptr_t) "isolated",
        .resolve_timeout_ms = 5000,
        .prove_timeout_ms = 20000,
        .verify_interval_ms = 10000,
        .group_interval_ms = 1000000,
        .retry_first_ms = 1000,
        .retry_most_ms = 8000,
        .immunity_ms = 3600000,
        .observed_keep_ms = 7200000,
        .cases_max = 10,
        .managers = &world->manager,
        .manager_count = 1,
        .groups = &world->group,
        .group_count = 1,
        .triggers = &world->trigger,
        .trigger_count = 1,
    };
    open_engine(world);
    return world;
}

void world_free(struct world *world)
{
    close_engine(world);
    const struct kept nothing = {0};
    copy_kept(&world->store.committed, &nothing);
    copy_kept(&world->store.pending, &nothing);
    free(world);
    nq_log_to(NULL, NULL);
}

struct nq_engine *world_engine(struct world *world)
{
    return world->engine;
}

struct nq_config *world_conf(struct world *world)
{
    return &world->conf;
}

struct world_vm *world_vm(struct world *world, const char *name)
{
    for (size_t i = 0; i < world->vm_count; i++) {
        if (strcmp(world->vms[i].name, name) == 0) {
            return &world->vms[i];
        }
    }
    abort();
}

struct world_vm *world_add_vm(struct world *world, const struct world_vm *vm)
{
    if (world->vm_count == WORLD_VMS_MAX) {
        abort();
    }
    world->vms[world->vm_count] = *vm;
    return &world->vms[world->vm_count++];
}

static void on_answer(void *arg, enum nq_intake verdict, const char *reason)
{
    (void)reason;
    struct world *world = arg;
    if (!world->store.dead) {
        world->answers[verdict]++;
    }
}

void world_trap_text(struct world *world, const char *text)
{
    nq_engine_trap_text(world->engine, text, strlen(text), false, on_answer, world);
}

static size_t add_hex(char *out, size_t used, size_t size, const char *text)
{
    used += (size_t)snprintf(out + used, size - used, "\"");
    for (; *text; text++) {
        used += (size_t)snprintf(out + used, size - used, "%02X ", (unsigned char)*text);
    }
    return used + (size_t)snprintf(out + used, size - used, "\"\n");
}

void world_detect(struct world *world, const char *computer, const char *cause)
{
    char text[4096];
    size_t used = (size_t)snprintf(
        text, sizeof(text),
        "UDP: [10.1.1.1]:1000->[10.1.1.2]:162\nUDP: [10.1.1.1]:1000->[10.1.1.2]:162\n"
        ".1.3.6.1.2.1.1.3.0 100\n.1.3.6.1.6.3.1.1.4.1.0 .1.3.6.1.4.1.32473.1\n"
        ".1.3.6.1.4.1.32473.2 ");
    used = add_hex(text, used, sizeof(text), computer);
    used += (size_t)snprintf(text + used, sizeof(text) - used, ".1.3.6.1.4.1.32473.3 ");
    (void)add_hex(text, used, sizeof(text), cause);
    world_trap_text(world, text);
}

void world_settle(struct world *world)
{
    /* A turn runs what is due; what it sets for "now" is due in the next one. */
    for (int i = 0; i < 8; i++) {
        nq_loop_turn(world->loop);
    }
}

void world_advance(struct world *world, int64_t ms)
{
    world->now_ms += ms;
    world_settle(world);
}

static bool find_waiting(const struct world *world, bool groups, size_t *ret_at)
{
    for (size_t i = 0; i < world->backend.call_count; i++) {
        if ((world->backend.calls[i].kind == CALL_GROUPS) == groups) {
            *ret_at = i;
            return true;
        }
    }
    return false;
}

size_t world_waiting(const struct world *world)
{
    size_t count = 0;
    for (size_t i = 0; i < world->backend.call_count; i++) {
        count += world->backend.calls[i].kind != CALL_GROUPS;
    }
    return count;
}

bool world_is_waiting(const struct world *world, enum world_call_kind kind)
{
    for (size_t i = 0; i < world->backend.call_count; i++) {
        if (world->backend.calls[i].kind == kind) {
            return true;
        }
    }
    return false;
}

static bool take_oldest(struct world *world, struct waiting_call *ret_call)
{
    size_t at = 0;
    if (!find_waiting(world, false, &at)) {
        return false;
    }
    take_call(&world->backend, at, ret_call);
    return true;
}

bool world_answer(struct world *world)
{
    struct waiting_call call;
    if (!take_oldest(world, &call)) {
        return false;
    }
    apply_write(world, &call);
    answer_truly(world, &call);
    world_settle(world);
    return true;
}

void world_run(struct world *world, int64_t ms)
{
    world_settle(world);
    const int64_t end = world->now_ms + ms;
    while (world->now_ms < end) {
        while (world_answer(world)) {
        }
        world_advance(world, STEP_MS);
    }
    while (world_answer(world)) {
    }
}

void world_fail(struct world *world, enum nq_code code, bool applied)
{
    struct waiting_call call;
    if (!take_oldest(world, &call)) {
        abort();
    }
    if (applied) {
        apply_write(world, &call);
    }
    const struct nq_err err = {.code = code, .detail = "made to fail"};
    call.done(call.arg, &(const struct nq_reply){.err = &err, .missing = ""});
    world_settle(world);
}

void world_lie(struct world *world)
{
    struct waiting_call call;
    if (!take_oldest(world, &call)) {
        abort();
    }
    answer_truly(world, &call);
    world_settle(world);
}

size_t world_added(const struct world *world)
{
    return world->backend.added;
}

size_t world_removed(const struct world *world)
{
    return world->backend.removed;
}

size_t world_calls(const struct world *world, enum world_call_kind kind)
{
    return world->backend.started[kind];
}

void world_break_store(struct world *world, bool broken)
{
    world->store.broken = broken;
}

size_t world_commits(const struct world *world)
{
    return world->store.commits;
}

void world_crash(struct world *world, bool applied)
{
    if (applied) {
        for (size_t i = 0; i < world->backend.call_count; i++) {
            apply_write(world, &world->backend.calls[i]);
        }
    }
    world->store.dead = true;
    close_engine(world);
    world->backend.call_count = 0;
    open_engine(world);
}

void world_restart(struct world *world)
{
    close_engine(world);
    open_engine(world);
}

size_t world_stored(const struct world *world)
{
    return world->answers[NQ_INTAKE_STORED];
}

size_t world_refused(const struct world *world)
{
    return world->answers[NQ_INTAKE_REFUSED];
}

size_t world_put_off(const struct world *world)
{
    return world->answers[NQ_INTAKE_LATER];
}

size_t world_notices(const struct world *world, enum nq_notice notice)
{
    return world->notices[notice];
}

const struct nq_case *world_case(const struct world *world)
{
    size_t count;
    const struct nq_case *const *cases = nq_engine_cases(world->engine, &count);
    return count ? cases[count - 1] : NULL;
}

size_t world_case_count(const struct world *world)
{
    size_t count;
    (void)nq_engine_cases(world->engine, &count);
    return count;
}

uint64_t world_counter(const struct world *world, enum nq_counter counter)
{
    struct nq_engine_view view;
    nq_engine_view(world->engine, &view);
    return view.counters[counter];
}
