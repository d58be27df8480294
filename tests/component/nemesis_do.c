/* SPDX-License-Identifier: Apache-2.0 */
/* nemesis_do.c: what happens to the engine and its host: traps, SETs, time, disk, death. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nemesis_internal.h"

/* Everything that comes in is handed to the engine inside of these two: until the second,
 * nothing may reach NSX. */
static struct nq_engine *enter(struct nemesis_run *run)
{
    run->inside = true;
    run->settled = false;
    return world_engine(run->world);
}

static void leave(struct nemesis_run *run)
{
    run->inside = false;
}

/* ---- traps --------------------------------------------------------------------------- */

static void expect_answer(struct nemesis_run *run, bool detection, bool proven,
                          const char *computer)
{
    if (run->world->store.dead) {
        return;
    }
    if (run->trap_count == MODEL_TRAPS_MAX) {
        abort();
    }
    run->traps[run->trap_count++] =
        (struct model_trap){.detection = detection,
                            .proven = proven,
                            .at_ms = nq_wall_ms(&run->world->clock),
                            .computer = computer};
}

static void send_trap(struct nemesis_run *run, const char *oid, const char *computer,
                      const char *cause, uint8_t sender)
{
    const bool listed = sender == 0;
    expect_answer(run, strcmp(oid, WORLD_DETECTION) == 0, listed, computer);
    (void)enter(run);
    world_send(run->world, listed ? WORLD_SENDER : WORLD_STRANGER, oid, computer, cause);
    leave(run);
}

/* Calls fn for each case that this names. */
static void each_named(struct nemesis_run *run, const char *computer,
                       void (*fn)(struct nemesis_run *run, const struct nq_case *record))
{
    size_t count = 0;
    const struct nq_case *const *cases =
        nq_engine_cases(world_engine(run->world), &count);
    for (size_t i = 0; i < count; i++) {
        if (nemesis_site_names(cases[i], computer)) {
            fn(run, cases[i]);
        }
    }
}

static void allow_closing(struct nemesis_run *run, const struct nq_case *record)
{
    nemesis_model_case(run, record->id)->may_close = true;
}

/* A scan may have begun so long ago, and says nothing of what was found since. */
static void allow_if_clean(struct nemesis_run *run, const struct nq_case *record)
{
    const struct nq_release_conf *conf = &run->world->conf.release;
    const int64_t begun_ms = nq_wall_ms(&run->world->clock) - conf->scan_longest_ms;
    struct model_case *known = nemesis_model_case(run, record->id);
    if (conf->clean_scan && record->detected_ms < begun_ms &&
        known->detected_ms < begun_ms) {
        known->may_close = true;
    }
}

void nemesis_do_detect(struct nemesis_run *run, const uint8_t *args)
{
    send_trap(run, WORLD_DETECTION, nemesis_computers[args[0]], nemesis_causes[args[1]],
              args[2]);
}

void nemesis_do_release(struct nemesis_run *run, const uint8_t *args)
{
    if (args[1] == 0) {
        each_named(run, nemesis_computers[args[0]], allow_closing);
    }
    send_trap(run, WORLD_OTHER, nemesis_computers[args[0]], "", args[1]);
}

void nemesis_do_scan(struct nemesis_run *run, const uint8_t *args)
{
    if (args[1] == 0) {
        each_named(run, nemesis_computers[args[0]], allow_if_clean);
    }
    send_trap(run, SITE_SCAN, nemesis_computers[args[0]], "", args[1]);
}

void nemesis_do_stray(struct nemesis_run *run, const uint8_t *args)
{
    send_trap(run, ".1.3.6.1.4.1.32473.9", "", "", args[0]);
}

void nemesis_do_garble(struct nemesis_run *run, const uint8_t *args)
{
    (void)args;
    expect_answer(run, false, false, "");
    (void)enter(run);
    world_trap_text(run->world, "not a trap at all");
    leave(run);
}

/* ---- SETs ---------------------------------------------------------------------------- */

/* The case that stands at this place from the end; NULL: there are not so many. */
static const struct nq_case *case_at(struct nemesis_run *run, uint8_t back)
{
    size_t count = 0;
    const struct nq_case *const *cases =
        nq_engine_cases(world_engine(run->world), &count);
    return back < count ? cases[count - 1 - back] : NULL;
}

/* Who dismisses a failed case takes the tag upon himself. */
static void abandon(struct nemesis_run *run, const struct nq_case *record,
                    enum nq_wanted wanted)
{
    if (wanted == NQ_WANT_DISMISS && record->state == NQ_CASE_FAILED &&
        record->external_id) {
        run->vms[nemesis_place_of_id(run, record->external_id)].abandoned = true;
    }
}

void nemesis_do_command(struct nemesis_run *run, const uint8_t *args)
{
    const struct nq_case *record = case_at(run, args[0]);
    const enum nq_wanted wanted = nemesis_commands[args[1]];
    if (!record || !nq_engine_may(world_engine(run->world), record->id, wanted)) {
        return;
    }
    struct model_case *known = nemesis_model_case(run, record->id);
    if (wanted == NQ_WANT_RELEASE || wanted == NQ_WANT_DISMISS) {
        known->may_close = true;
        abandon(run, record, wanted);
    } else {
        known->may_reopen = true;
    }
    nq_engine_command(enter(run), record->id, wanted, "operator");
    leave(run);
}

void nemesis_do_comment(struct nemesis_run *run, const uint8_t *args)
{
    const struct nq_case *record = case_at(run, args[0]);
    if (record) {
        nq_engine_comment(enter(run), record->id, "seen", "operator");
        leave(run);
    }
}

void nemesis_do_mode(struct nemesis_run *run, const uint8_t *args)
{
    run->mode = nemesis_modes[args[0]];
    nq_engine_set_mode(enter(run), run->mode, "operator");
    leave(run);
}

/* What was admitted so far does not count any more. */
static void begin_budget(struct nemesis_run *run)
{
    size_t count = 0;
    const struct nq_case *const *cases =
        nq_engine_cases(world_engine(run->world), &count);
    for (size_t i = 0; i < count; i++) {
        struct model_case *known = nemesis_model_case(run, cases[i]->id);
        if (cases[i]->admitted_ms > 0 && known->order == 0) {
            known->order = ++run->admission_order; /* not durable yet */
            known->budget = run->budget;
        }
    }
    run->budget++;
    run->admission_count = 0;
}

void nemesis_do_rearm(struct nemesis_run *run, const uint8_t *args)
{
    (void)args;
    begin_budget(run);
    nq_engine_rearm(enter(run), "operator");
    leave(run);
}

void nemesis_do_reconcile(struct nemesis_run *run, const uint8_t *args)
{
    (void)args;
    nq_engine_reconcile(enter(run), "operator");
    leave(run);
}

void nemesis_do_request(struct nemesis_run *run, const uint8_t *args)
{
    (void)nq_engine_quarantine(enter(run), nemesis_computers[args[0]],
                               nemesis_causes[args[1]], "operator");
    leave(run);
}

/* ---- time ---------------------------------------------------------------------------- */

void nemesis_do_turn(struct nemesis_run *run, const uint8_t *args)
{
    (void)args;
    world_settle(run->world);
}

void nemesis_do_advance(struct nemesis_run *run, const uint8_t *args)
{
    world_advance(run->world, nemesis_spans_ms[args[0]]);
}

void nemesis_do_jump(struct nemesis_run *run, const uint8_t *args)
{
    world_jump(run->world, nemesis_jumps_ms[args[0]]);
}

/* ---- disk and death ------------------------------------------------------------------ */

void nemesis_do_disk(struct nemesis_run *run, const uint8_t *args)
{
    world_break_store(run->world, args[0] == 0);
    world_settle(run->world);
}

void nemesis_do_fuse(struct nemesis_run *run, const uint8_t *args)
{
    run->fuse_kind = FUSE_BEFORE_COMMIT + args[0];
    run->fuse = args[1] + 1;
    run->fate = args[2];
}

void nemesis_do_crash(struct nemesis_run *run, const uint8_t *args)
{
    run->fate = args[0];
    run->world->store.dead = true;
}

/* What was not answered never will be; what was durable counts. */
static void start_anew(struct nemesis_run *run)
{
    struct world *world = run->world;
    const enum nq_mode kept = world->store.committed.mode;
    run->closing = false;
    run->trap_count = 0;
    run->fuse_kind = FUSE_NONE;
    run->mode = kept ? kept : world->conf.enforce ? NQ_MODE_ENFORCE : NQ_MODE_OBSERVE;
    for (size_t i = 0; i < MODEL_CASES_MAX; i++) {
        run->cases[i].due = NQ_NOTICE_NONE;
    }
}

static bool is_write(const struct waiting_call *call)
{
    return !call->unsent && (call->kind == CALL_ADD || call->kind == CALL_REMOVE);
}

/* Calls under way end as fate says. */
static void scatter_calls(struct nemesis_run *run)
{
    struct fake_backend *backend = &run->world->backend;
    for (size_t i = 0; i < backend->call_count; i++) {
        const struct waiting_call *call = &backend->calls[i];
        if (is_write(call) && run->fate == FATE_APPLIED) {
            nemesis_catch_up(run, call);
            world_apply_write(run->world, call);
        } else if (is_write(call) && run->fate == FATE_LATE) {
            nemesis_keep_late(run, call);
        }
    }
}

void nemesis_bury(struct nemesis_run *run)
{
    struct world *world = run->world;
    world->store.dead = true;
    scatter_calls(run);
    run->closing = true;
    world_stop(world);
    world->backend.call_count = 0;
    start_anew(run);
    world_start(world);
    run->settled = true;
}

void nemesis_do_restart(struct nemesis_run *run, const uint8_t *args)
{
    struct world *world = run->world;
    run->fate = FATE_APPLIED;
    if (args[0] != run->profile) {
        begin_budget(run);
    }
    scatter_calls(run);
    run->closing = true;
    world_stop(world); /* commits: it may die there, too */
    world->backend.call_count = 0;
    if (run->trap_count > 0 && !world->store.dead) {
        nemesis_break(run, NEMESIS_IS_NEVER_SILENT,
                      "a clean stop leaves %zu traps without "
                      "an answer",
                      run->trap_count);
    }
    nemesis_site_configure(run, args[0]);
    start_anew(run);
    world_start(world);
}
