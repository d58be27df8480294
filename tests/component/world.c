/* SPDX-License-Identifier: Apache-2.0 */
/* world.c: the engine in its world: time, input, crashes, and what came out. */
#include "world_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

#define STEP_MS     100
#define TEXT(value) (char *)(uintptr_t)(value) /* the configuration owns its texts */

static const struct world *world_of(const struct nq_clock *clock)
{
    return (const struct world *)(const void *)((const char *)clock -
                                                offsetof(struct world, clock));
}

static int64_t fake_mono(const struct nq_clock *clock)
{
    return world_of(clock)->now_ms;
}

static int64_t fake_wall(const struct nq_clock *clock)
{
    return world_of(clock)->now_ms + world_of(clock)->wall_ms;
}

static void on_notice(void *arg, enum nq_notice notice, const void *row)
{
    struct world *world = arg;
    world->notices[notice]++;
    if (world->watch && world->watch->on_notice && !world->store.dead) {
        world->watch->on_notice(world->watch->arg, notice, row);
    }
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
    world->sources = nq_sources_new(&world->conf, &err);
    const struct nq_engine_setup setup = {
        .conf = &world->conf,
        .triggers = world->triggers,
        .sources = world->sources,
        .store = &world->store.base,
        .backend = &world->backend.base,
        .loop = world->loop,
        .clock = &world->clock,
        .observer = {.arg = world, .on_notice = on_notice},
        .each_own_host = world->each_own_host,
        .random = world->random,
        .decisions = world->decisions,
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
    world->sources = nq_sources_free(world->sources);
    world->loop = nq_loop_close(world->loop);
}

struct world *world_new(void)
{
    return world_new_in_mode(NQ_MODE_ENFORCE);
}

struct world *world_new_in_mode(enum nq_mode mode)
{
    struct world *world = world_new_closed();
    world->conf.enforce = mode == NQ_MODE_ENFORCE;
    open_engine(world);
    return world;
}

struct world *world_new_closed(void)
{
    static const struct world_vm vms[] = {
        {.external_id = "id-1",
         .name = "VDI-01",
         .host_name = "vdi-01.corp.example",
         .address = "10.20.1.11",
         .type = "REGULAR"},
        {.external_id = "id-2",
         .name = "VDI-02",
         .host_name = "vdi-02.corp.example",
         .address = "10.20.1.12",
         .type = "REGULAR"},
        {.external_id = "id-9",
         .name = "edge-1",
         .host_name = "",
         .address = "10.20.0.1",
         .type = "EDGE"},
    };
    struct world *world = nq_calloc(1, sizeof(*world));
    nq_log_to(quiet, NULL);
    world->clock = (struct nq_clock){.wall_ms = fake_wall, .mono_ms = fake_mono};
    world->now_ms = 1000000;
    memcpy(world->vms, vms, sizeof(vms));
    world->vm_count = sizeof(vms) / sizeof(vms[0]);
    world->store.base.ops = &world_store_ops;
    world->store.world = world;
    world->backend.base.ops = &world_backend_ops;
    world->backend.world = world;
    world->backend.status = (struct nq_manager_status){
        .state = NQ_MANAGER_UP, .url = "https://nsx", .version = ""};

    world->managers[0] = (struct nq_manager_conf){.name = TEXT("nsx")};
    world->managers[1] = (struct nq_manager_conf){.name = TEXT("other")};
    world->groups[0] = (struct nq_group_conf){.name = TEXT("quarantine"),
                                              .path = TEXT("/infra/q"),
                                              .role = NQ_GROUP_QUARANTINE};
    world->groups[1] = (struct nq_group_conf){
        .name = TEXT("vdi"), .path = TEXT("/infra/v"), .role = NQ_GROUP_WATCHED};
    const struct nq_field_conf computer = {.oid = TEXT(".1.3.6.1.4.1.32473.2")};
    const struct nq_field_conf cause = {.oid = TEXT(".1.3.6.1.4.1.32473.3")};
    world->triggers_conf[0] = (struct nq_trigger_conf){
        .name = TEXT("malware"),
        .action = NQ_ACTION_QUARANTINE,
        .trap_oid = TEXT(WORLD_DETECTION),
        .computer = computer,
        .cause = cause,
        .proof = NQ_PROOF_LISTED,
    };
    world->triggers_conf[1] = (struct nq_trigger_conf){
        .name = TEXT("other"),
        .action = NQ_ACTION_RELEASE,
        .trap_oid = TEXT(WORLD_OTHER),
        .computer = computer,
        .cause = cause,
        .proof = NQ_PROOF_LISTED,
    };
    world->sources_conf[0] =
        (struct nq_source_conf){.name = TEXT("example"), .address = TEXT(WORLD_SENDER)};
    world->sources_conf[1] = (struct nq_source_conf){
        .name = TEXT("forwarder"), .address = TEXT(WORLD_FORWARDER), .forwarder = true};
    world->conf = (struct nq_config){
        .enforce = true,
        .tag_scope = TEXT("nsx-quarantine"),
        .tag_value = TEXT("isolated"),
        .resolve_timeout_ms = 5000,
        .prove_timeout_ms = 20000,
        .verify_interval_ms = 10000,
        .group_interval_ms = 1000000,
        .retry_first_ms = 1000,
        .retry_most_ms = 8000,
        .immunity_ms = 3600000,
        .observed_keep_ms = 7200000,
        .give_up_ms = 86400000,
        .finding_delay_ms = 60000,
        .reconcile = {.interval_ms = 1000000,
                      .removed_tag = NQ_REMOVED_RESTORE,
                      .recreated_vm = NQ_RECREATED_LEAVE},
        .release = {.scan_longest_ms = 3600000},
        .governor = {.same_cause_ms = 3600000, .warn_percent = 80},
        .cases_max = 10,
        .managers = world->managers,
        .manager_count = 1,
        .groups = world->groups,
        .group_count = 2,
        .triggers = world->triggers_conf,
        .trigger_count = 2,
        .sources = world->sources_conf,
        .source_count = 2,
        .limits = {.traps_per_s = 200,
                   .traps_burst = 10000,
                   .unlisted_per_s = 10,
                   .unlisted_burst = 1000,
                   .unproven_max = 3},
    };
    return world;
}

void world_free(struct world *world)
{
    close_engine(world);
    const struct kept nothing = {0};
    world_copy_kept(&world->store.committed, &nothing);
    world_copy_kept(&world->store.pending, &nothing);
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
        if (world->watch && world->watch->on_answer) {
            world->watch->on_answer(world->watch->arg, verdict);
        }
    }
}

void world_trap_text(struct world *world, const char *text)
{
    nq_engine_trap_text(world->engine, text, strlen(text), NQ_WAY_HANDLER, on_answer,
                        world);
}

void world_trap(struct world *world, const struct nq_trap *trap)
{
    nq_engine_trap(world->engine, trap, NQ_WAY_LISTENER, on_answer, world);
}

static size_t add_hex(char *out, size_t used, size_t size, const char *text)
{
    used += (size_t)snprintf(out + used, size - used, "\"");
    for (; *text; text++) {
        used += (size_t)snprintf(out + used, size - used, "%02X ", (unsigned char)*text);
    }
    return used + (size_t)snprintf(out + used, size - used, "\"\n");
}

void world_send(struct world *world, const char *source, const char *oid,
                const char *computer, const char *cause)
{
    char text[4096];
    size_t used = (size_t)snprintf(text, sizeof(text),
                                   "-\nUDP: [%s]:1000->[10.1.1.2]:162\n"
                                   ".1.3.6.1.2.1.1.3.0 100\n.1.3.6.1.6.3.1.1.4.1.0 %s\n"
                                   ".1.3.6.1.4.1.32473.2 ",
                                   source, oid);
    used = add_hex(text, used, sizeof(text), computer);
    used += (size_t)snprintf(text + used, sizeof(text) - used, ".1.3.6.1.4.1.32473.3 ");
    (void)add_hex(text, used, sizeof(text), cause);
    world_trap_text(world, text);
}

void world_detect(struct world *world, const char *computer, const char *cause)
{
    world_send(world, WORLD_SENDER, WORLD_DETECTION, computer, cause);
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

void world_jump(struct world *world, int64_t ms)
{
    world->wall_ms += ms;
    world_settle(world);
}

size_t world_waiting(const struct world *world)
{
    size_t count = 0;
    for (size_t i = 0; i < world->backend.call_count; i++) {
        count += !world_is_background(world->backend.calls[i].kind);
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

bool world_answer(struct world *world)
{
    struct waiting_call call;
    if (!world_take_oldest(world, &call)) {
        return false;
    }
    world_apply_write(world, &call);
    world_answer_truly(world, &call);
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
    if (!world_take_oldest(world, &call)) {
        abort();
    }
    if (applied) {
        world_apply_write(world, &call);
    }
    const struct nq_err err = {.code = code, .detail = "made to fail"};
    call.done(call.arg, &(const struct nq_reply){.err = &err, .missing = ""});
    world_settle(world);
}

void world_answer_reading(struct world *world, const struct nq_reply *reply)
{
    struct waiting_call call;
    if (!world_take(world, CALL_GROUPS, &call)) {
        abort();
    }
    call.done(call.arg, reply);
    world_settle(world);
}

void world_answer_groups(struct world *world, const struct nq_group_view *groups,
                         size_t count)
{
    const struct nq_reply reply = {.groups = groups, .group_count = count, .missing = ""};
    world_answer_reading(world, &reply);
}

bool world_answer_tagged(struct world *world)
{
    struct waiting_call call;
    if (!world_take(world, CALL_TAGGED, &call)) {
        return false;
    }
    world_answer_truly(world, &call);
    world_settle(world);
    return true;
}

void world_fail_tagged(struct world *world, enum nq_code code)
{
    struct waiting_call call;
    if (!world_take(world, CALL_TAGGED, &call)) {
        abort();
    }
    const struct nq_err err = {.code = code, .detail = "made to fail"};
    call.done(call.arg, &(const struct nq_reply){.err = &err, .missing = ""});
    world_settle(world);
}

void world_set_own_hosts(struct world *world, void (*each)(nq_server_fn *fn, void *arg))
{
    world->each_own_host = each;
}

void world_set_server(struct world *world, const char *server)
{
    world->server = server;
}

void world_set_status(struct world *world, const struct nq_manager_status *status)
{
    world->backend.status = *status;
}

void world_lie(struct world *world)
{
    struct waiting_call call;
    if (!world_take_oldest(world, &call)) {
        abort();
    }
    world_answer_truly(world, &call);
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

const struct nq_unmatched *world_unmatched(const struct world *world, uint32_t slot)
{
    const struct nq_unmatched *record = &world->store.committed.unmatched[slot];
    return record->text ? record : NULL;
}

size_t world_unmatched_puts(const struct world *world)
{
    return world->store.unmatched_puts;
}

void world_crash(struct world *world, bool applied)
{
    if (applied) {
        for (size_t i = 0; i < world->backend.call_count; i++) {
            world_apply_write(world, &world->backend.calls[i]);
        }
    }
    world->store.dead = true;
    close_engine(world);
    world->backend.call_count = 0;
    open_engine(world);
}

void world_stop(struct world *world)
{
    close_engine(world);
}

void world_start(struct world *world)
{
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
