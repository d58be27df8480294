/* SPDX-License-Identifier: Apache-2.0 */
/* nemesis_play.c: one run: the world, its history, and the time in which it heals. */
#include <string.h>

#include "nemesis_internal.h"

/* Long enough for each wait of the configuration but those that a person ends. */
#define HEAL_SHORT_MS    500
#define HEAL_SHORT_STEPS 60
#define HEAL_LONG_MS     5000
#define HEAL_LONG_STEPS  30
#define RELEASE_STEPS    20
#define YEAR_2026_MS     INT64_C(1767225600000) /* clocks go back, but not before 1970 */
#define FOREVER_MS       INT64_C(604800000)

static void finish_op(struct nemesis_run *run, bool settles)
{
    struct world *world = run->world;
    if (settles && !world->store.dead) {
        world_settle(world);
        run->settled = true;
    }
    while (world->store.dead) { /* the next one may die while it starts */
        nemesis_bury(run);
    }
    if (run->settled) {
        nemesis_check_quiet(run);
    }
}

/* Time passes, and NSX does what it should. */
static void pass(struct nemesis_run *run, int steps, int64_t step_ms)
{
    static const uint8_t follow[] = {1};
    for (int i = 0; i < steps && !run->verdict->broken; i++) {
        nemesis_do_lag(run, follow);
        nemesis_answer_all(run);
        world_advance(run->world, step_ms);
    }
    nemesis_answer_all(run);
}

/* No more faults, and every budget is free. */
static void heal(struct nemesis_run *run)
{
    struct world *world = run->world;
    run->fuse_kind = FUSE_NONE;
    world_break_store(world, false);
    nemesis_catch_up(run, NULL);
    world_settle(world);
    run->mode = NQ_MODE_ENFORCE;
    nq_engine_set_mode(world->engine, run->mode, "operator");
    nemesis_do_rearm(run, NULL);
    pass(run, HEAL_SHORT_STEPS, HEAL_SHORT_MS);
    pass(run, HEAL_LONG_STEPS, HEAL_LONG_MS);
    nemesis_check_end(run);
}

/* A person asks for the release of every case, which must be possible. */
static void release_all(struct nemesis_run *run)
{
    struct nq_engine *engine = run->world->engine;
    size_t count = 0;
    const struct nq_case *const *rows = nq_engine_cases(engine, &count);
    for (size_t i = 0; i < count; i++) {
        const enum nq_wanted command =
            rows[i]->wanted == NQ_WANT_RELEASE ? NQ_WANT_RETRY : NQ_WANT_RELEASE;
        if (!nq_case_is_open(rows[i])) {
            continue;
        }
        if (!nq_engine_may(engine, rows[i]->id, command)) {
            nemesis_break(run, NEMESIS_PUTS_BACK, "case %u is %s and cannot be released",
                          rows[i]->id, nq_case_state_name(rows[i]->state));
        }
        nemesis_model_case(run, rows[i]->id)->may_close = true;
        nq_engine_command(engine, rows[i]->id, command, "operator");
    }
    pass(run, RELEASE_STEPS, HEAL_SHORT_MS);
    nemesis_check_released(run);
}

/* Nothing is kept for ever. */
static void forget_all(struct nemesis_run *run)
{
    size_t count = 0;
    pass(run, 1, FOREVER_MS);
    pass(run, 1, HEAL_SHORT_MS);
    const struct nq_case *const *rows = nq_engine_cases(run->world->engine, &count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i]->owner == NQ_OWNER_OURS) {
            nemesis_break(run, NEMESIS_PUTS_BACK,
                          "case %u was released long ago and is still kept", rows[i]->id);
        }
    }
}

static void live(struct nemesis_run *run, const struct nemesis_history *history)
{
    for (size_t i = 0; i < history->count && !run->verdict->broken; i++) {
        const struct nemesis_op *op = &history->ops[i];
        const struct nemesis_kind *kind = &nemesis_kinds[op->kind];
        run->op = i + 1;
        kind->act(run, op->args);
        finish_op(run, kind->settles);
    }
    static void (*const ends[])(struct nemesis_run * run) = {heal, release_all,
                                                             forget_all};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]) && !run->verdict->broken; i++) {
        run->op = history->count + 1;
        ends[i](run);
    }
}

static uint32_t drawn;

/* Jitter that is the same each time. */
static uint32_t fake_random(void)
{
    drawn = drawn * 1664525U + 1013904223U;
    return drawn >> 8;
}

bool nemesis_play(const struct nemesis_history *history,
                  const struct nemesis_rules *rules, struct nemesis_verdict *ret_verdict)
{
    static struct nemesis_run run; /* large, and nobody plays two at once */
    *ret_verdict = (struct nemesis_verdict){0};
    memset(&run, 0, sizeof(run));
    run.rules = rules;
    run.verdict = ret_verdict;
    run.world = world_new_closed();
    run.mode = NQ_MODE_ENFORCE;
    run.world->decisions = rules->decisions;
    run.world->store.forgets = rules->sabotage == NEMESIS_STORE_FORGETS;
    run.world->wall_ms = YEAR_2026_MS;
    run.world->random = fake_random;
    drawn = 0;
    nemesis_site_fill(&run);
    nemesis_site_configure(&run, 0);
    nemesis_watch_open(&run);
    world_start(run.world);
    live(&run, history);
    run.world->watch = NULL;
    world_free(run.world);
    return ret_verdict->broken == NEMESIS_KEPT;
}

bool nemesis_find(uint64_t seed, uint64_t runs, enum nemesis_promise promise,
                  const struct nemesis_rules *rules, struct nemesis_history *ret_history,
                  struct nemesis_verdict *ret_verdict, uint64_t *ret_seed)
{
    for (*ret_seed = seed; *ret_seed < seed + runs; ++*ret_seed) {
        nemesis_invent(*ret_seed, ret_history);
        if (!nemesis_play(ret_history, rules, ret_verdict) &&
            (promise == NEMESIS_KEPT || ret_verdict->broken == promise)) {
            return true;
        }
    }
    return false;
}
