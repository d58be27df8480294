/* SPDX-License-Identifier: Apache-2.0 */
/* intake.c: the way in: who sent a trap, what it means, and in which class it is counted:
 * each one in exactly one, at the moment it is taken in. What follows is in actions.c. */
#include "quarantine/arrival.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "trap/text.h"

static void answer(struct nq_engine *engine, nq_intake_fn *done, void *arg,
                   enum nq_intake verdict, const char *reason)
{
    struct nq_pending_answer *pending = nq_calloc(1, sizeof(*pending));
    pending->done = done;
    pending->arg = arg;
    pending->verdict = verdict;
    nq_text_escape(reason, pending->reason, sizeof(pending->reason));
    *engine->answers_tail = pending;
    engine->answers_tail = &pending->next;
    nq_engine_wake(engine);
}

void nq_engine_forget(struct nq_engine *engine, const void *arg)
{
    for (struct nq_pending_answer *a = engine->answers; a; a = a->next) {
        if (a->arg == arg) {
            a->done = NULL;
        }
    }
}

/* For lines that any sender can provoke. */
static bool may_log(struct nq_engine *engine)
{
    return nq_log_allows(&engine->trap_log, nq_mono_ms(engine->setup.clock),
                         "traps refused");
}

/* ---- verdicts ----------------------------------------------------------------------- */

/* In its class, and for its trigger if it has one. */
static void count(struct nq_arrival *arrival, enum nq_counter counter)
{
    nq_engine_count(arrival->engine, counter);
    nq_triggers_count(arrival->engine, arrival->result.trigger, counter);
}

/* Counts the trap and says what became of it. */
enum nq_intake nq_arrival_counted(struct nq_arrival *arrival, enum nq_counter counter)
{
    count(arrival, counter);
    return NQ_INTAKE_STORED;
}

enum nq_intake nq_arrival_refused(struct nq_arrival *arrival, enum nq_counter counter,
                                  const char *fmt, ...)
{
    va_list args;
    char sender[NQ_TEXT_MAX];
    va_start(args, fmt);
    (void)vsnprintf(arrival->reason, sizeof(arrival->reason), fmt, args);
    va_end(args);
    count(arrival, counter);
    nq_audit_refused(
        arrival->engine,
        nq_standing_text(&arrival->standing, arrival->trap, sender, sizeof(sender)),
        arrival->reason);
    if (may_log(arrival->engine)) {
        nq_log(
            NQ_LOG_WARNING, "trap refused: %s: trigger=%s oid=%s from=%s computer=%s",
            arrival->reason, arrival->result.trigger ? arrival->result.trigger->name : "",
            arrival->trap->trap_oid,
            nq_standing_text(&arrival->standing, arrival->trap, sender, sizeof(sender)),
            nq_text_or_empty(arrival->result.computer));
    }
    return NQ_INTAKE_REFUSED;
}

enum nq_intake nq_arrival_ignored(struct nq_arrival *arrival)
{
    nq_log(NQ_LOG_DEBUG, "trap ignored: oid=%s source=%s trigger=%s",
           arrival->trap->trap_oid, nq_text_or_empty(arrival->standing.source),
           arrival->result.trigger ? arrival->result.trigger->name : "");
    return nq_arrival_counted(arrival, NQ_COUNT_TRAPS_IGNORED);
}

/* ---- the way in --------------------------------------------------------------------- */

/* With the sender that we believe in: the one whose traps somebody may want to know. */
static void note_unmatched(const struct nq_arrival *arrival)
{
    struct nq_engine *engine = arrival->engine;
    struct nq_trap trap = *arrival->trap;
    if (arrival->standing.source) {
        trap.source = (char *)(uintptr_t)arrival->standing.source;
    }
    nq_unmatched_note(&engine->unmatched, &trap, engine->setup.clock);
}

static enum nq_intake admit(struct nq_arrival *arrival)
{
    struct nq_engine *engine = arrival->engine;
    nq_sources_judge(engine->setup.sources, arrival->trap, &arrival->standing);
    if (arrival->trap->proof) { /* it was judged when it was received */
        arrival->standing.proof = arrival->trap->proof;
    }
    nq_triggers_match(engine->setup.triggers, arrival->trap, &arrival->result);
    const struct nq_trigger_conf *trigger = arrival->result.trigger;
    if (!trigger) {
        note_unmatched(arrival);
        return nq_arrival_ignored(arrival);
    }
    arrival->proven = arrival->standing.proof >= trigger->proof;
    return nq_arrival_act(arrival);
}

/* While the state cannot be written, taking more in would only grow what is lost with us. */
static bool takes_in(struct nq_engine *engine, enum nq_way way, nq_intake_fn *done,
                     void *arg)
{
    if (engine->store_failed) {
        answer(engine, done, arg, NQ_INTAKE_LATER, "the state cannot be written");
        return false;
    }
    nq_engine_count(engine, NQ_COUNT_TRAPS_RECEIVED);
    if (way == NQ_WAY_SPOOL || way == NQ_WAY_OWN_SPOOL) {
        nq_engine_count(engine, NQ_COUNT_TRAPS_SPOOLED);
    }
    return true;
}

void nq_engine_trap(struct nq_engine *engine, const struct nq_trap *trap, enum nq_way way,
                    nq_intake_fn *done, void *arg)
{
    if (!takes_in(engine, way, done, arg)) {
        return;
    }
    struct nq_arrival arrival = {.engine = engine, .trap = trap, .way = way};
    const enum nq_intake verdict = admit(&arrival);
    answer(engine, done, arg, verdict, arrival.reason);
    nq_trigger_result_done(&arrival.result);
}

static void reject(struct nq_engine *engine, enum nq_counter counter, const char *reason,
                   const char *source)
{
    nq_engine_count(engine, counter);
    nq_audit_refused(engine, source, reason);
    if (may_log(engine)) {
        nq_log(NQ_LOG_WARNING, "trap refused: %s: from=%s", reason, source);
    }
    nq_engine_wake(engine);
}

void nq_engine_trap_text(struct nq_engine *engine, const char *text, size_t len,
                         enum nq_way way, nq_intake_fn *done, void *arg)
{
    struct nq_trap trap = {0};
    struct nq_err err = {0};
    const bool own = way == NQ_WAY_OWN_SPOOL;
    if (own ? nq_trap_from_own_text(text, len, &trap, &err)
            : nq_trap_from_text(text, len, &trap, &err)) {
        nq_engine_trap(engine, &trap, way, done, arg);
        nq_trap_done(&trap);
    } else if (takes_in(engine, way, done, arg)) {
        reject(engine, NQ_COUNT_TRAPS_MALFORMED, err.detail, "snmptrapd");
        answer(engine, done, arg, NQ_INTAKE_REFUSED, err.detail);
    }
}

void nq_engine_no_trap(struct nq_engine *engine, bool unauthentic, const char *source,
                       const char *reason)
{
    nq_engine_count(engine, NQ_COUNT_TRAPS_RECEIVED);
    reject(engine, unauthentic ? NQ_COUNT_TRAPS_REFUSED : NQ_COUNT_TRAPS_MALFORMED,
           reason, source);
}

/* The socket's own count goes on while we are away, when somebody else holds the socket;
 * another cookie is another socket, whose count began at 0. */
void nq_engine_kernel_drops(struct nq_engine *engine, const char *address,
                            uint64_t cookie, uint64_t drops)
{
    char *owner = nq_sprintf("listener %s", address);
    struct nq_tallies *tallies = &engine->tallies;
    const bool same = nq_tally_get(tallies, owner, "cookie") == cookie;
    const uint64_t before = same ? nq_tally_get(tallies, owner, "drops") : 0;
    if (drops != before || !same) {
        const uint64_t more = drops > before ? drops - before : 0;
        nq_tally_set(tallies, owner, "cookie", cookie);
        nq_tally_set(tallies, owner, "drops", drops);
        engine->counters[NQ_COUNT_TRAPS_KERNEL_DROPS] += more;
        engine->counters_dirty[NQ_COUNT_TRAPS_KERNEL_DROPS] = true;
        if (more > 0) {
            engine->dropped_ms = nq_engine_now(engine);
            nq_log(NQ_LOG_ERROR,
                   "the kernel dropped datagrams before we could read them: address=%s "
                   "count=%" PRIu64 ": raise listen.receive_buffer and net.core.rmem_max",
                   address, more);
        }
        nq_engine_wake(engine);
    }
    free(owner);
}
