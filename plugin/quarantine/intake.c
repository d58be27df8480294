/* SPDX-License-Identifier: Apache-2.0 */
/* intake.c: the text of a trap becomes a signal, the signal a case or a part of one.
 * Each trap is counted in exactly one class at the moment it is taken in. */
#include "quarantine/engine_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "trap/text.h"

#define EVIDENCE_MAX 4096

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

/* All varbinds in one escaped line; what does not fit any more is left out whole. */
static char *evidence_of(const struct nq_trap *trap)
{
    struct nq_buf line;
    nq_buf_init(&line, EVIDENCE_MAX);
    for (size_t i = 0; i < trap->varbind_count; i++) {
        const struct nq_varbind *varbind = &trap->varbinds[i];
        char value[EVIDENCE_MAX];
        nq_text_escape(varbind->value, value, sizeof(value));
        if (!nq_buf_addf(&line, "%s%s=%s", i ? " " : "", varbind->oid, value)) {
            break;
        }
    }
    return nq_buf_take(&line);
}

/* For lines that any sender can provoke. */
static bool may_log(struct nq_engine *engine)
{
    return nq_log_allows(&engine->trap_log, nq_mono_ms(engine->setup.clock),
                         "traps refused");
}

static void keep_signal(struct nq_engine *engine, const struct nq_episode *episode,
                        const struct nq_trap *trap,
                        const struct nq_trigger_result *result)
{
    struct nq_pending_signal *pending = nq_calloc(1, sizeof(*pending));
    pending->signal = (struct nq_signal){
        .case_id = episode->record.id,
        .number = episode->record.signals,
        .received_ms = nq_engine_now(engine),
        .source = nq_strdup(trap->source),
        .trigger = nq_strdup(result->trigger->name),
        .identity = nq_strdup(result->computer),
        .cause = nq_strdup(result->cause),
        .severity = nq_strdup(result->severity),
        .evidence = evidence_of(trap),
    };
    *engine->signals_tail = pending;
    engine->signals_tail = &pending->next;
}

static struct nq_episode *open_case(struct nq_engine *engine,
                                    const struct nq_trigger_result *result)
{
    const struct nq_config *conf = engine->setup.conf;
    const int64_t now = nq_engine_now(engine);
    const int64_t limit_s = result->trigger->time_limit_s;
    struct nq_case record = {
        .id = ++engine->last_case,
        .manager = conf->manager_count == 1, /* else only the VM tells */
        .state = engine->mode == NQ_MODE_OBSERVE ? NQ_CASE_OBSERVED : NQ_CASE_TAGGING,
        .wanted = NQ_WANT_QUARANTINE,
        .reason = NQ_REASON_NONE,
        .owner = NQ_OWNER_OURS,
        .signals = 1,
        .detected_ms = now,
        .changed_ms = now,
        .release_at_ms = limit_s > 0 ? now + limit_s * 1000 : 0,
    };
    nq_text_set(&record.identity, result->computer);
    nq_text_set(&record.name, result->computer);
    nq_text_set(&record.trigger, result->trigger->name);
    nq_text_set(&record.cause, result->cause);
    nq_text_set(&record.severity, result->severity);
    nq_case_name_tag(&record, conf);
    struct nq_episode *episode = nq_episode_add(engine, &record);
    nq_engine_count(engine, NQ_COUNT_CASES_OPENED);
    (void)nq_episode_apply(episode, NQ_EV_OPENED, result->trigger->name, NULL);
    return episode;
}

/* The case that takes this signal in, or NULL when a new one is due. */
static struct nq_episode *taker_of(const struct nq_engine *engine,
                                   const struct nq_trigger_result *result)
{
    struct nq_episode *episode = nq_episode_by_identity(engine, result->computer);
    if (episode && (nq_case_is_open(&episode->record) ||
                    nq_episode_is_immune(episode, result->cause))) {
        return episode;
    }
    return NULL;
}

/* Returns the verdict for the sender, and why in *ret_reason when it is not "stored". */
static enum nq_intake admit(struct nq_engine *engine, const struct nq_trap *trap,
                            const struct nq_trigger_result *result,
                            const char **ret_reason)
{
    if (!result->trigger || result->trigger->action == NQ_ACTION_IGNORE) {
        nq_engine_count(engine, NQ_COUNT_TRAPS_IGNORED);
        nq_log(NQ_LOG_DEBUG, "trap ignored: oid=%s source=%s trigger=%s", trap->trap_oid,
               nq_text_or_empty(trap->source),
               result->trigger ? result->trigger->name : "");
        return NQ_INTAKE_STORED;
    }
    if (!result->computer) {
        nq_engine_count(engine, NQ_COUNT_TRAPS_MALFORMED);
        *ret_reason = "the trigger matches but finds no computer in the trap";
        if (may_log(engine)) {
            nq_log(NQ_LOG_WARNING, "%s: trigger=%s oid=%s source=%s", *ret_reason,
                   result->trigger->name, trap->trap_oid, nq_text_or_empty(trap->source));
        }
        return NQ_INTAKE_REFUSED;
    }
    struct nq_episode *episode = taker_of(engine, result);
    if (episode) {
        episode->record.signals++;
        nq_episode_touch(episode);
        nq_engine_count(engine, NQ_COUNT_TRAPS_COALESCED);
    } else if (engine->row_count >= (size_t)engine->setup.conf->cases_max) {
        nq_engine_count(engine, NQ_COUNT_TRAPS_REFUSED);
        *ret_reason = "there are cases_max cases: release or dismiss some";
        if (may_log(engine)) {
            nq_log(NQ_LOG_ERROR, "%s: computer=%s", *ret_reason, result->computer);
        }
        return NQ_INTAKE_REFUSED;
    } else {
        episode = open_case(engine, result);
        nq_engine_count(engine, NQ_COUNT_TRAPS_ACTED);
    }
    keep_signal(engine, episode, trap, result);
    return NQ_INTAKE_STORED;
}

void nq_engine_trap_text(struct nq_engine *engine, const char *text, size_t len,
                         bool spooled, nq_intake_fn *done, void *arg)
{
    if (engine->store_failed) {
        /* Taking more in would only grow what cannot be written. */
        answer(engine, done, arg, NQ_INTAKE_LATER, "the state cannot be written");
        return;
    }
    nq_engine_count(engine, NQ_COUNT_TRAPS_RECEIVED);
    if (spooled) {
        nq_engine_count(engine, NQ_COUNT_TRAPS_SPOOLED);
    }
    struct nq_trap trap = {0};
    struct nq_err err = {0};
    const char *reason = "";
    enum nq_intake verdict = NQ_INTAKE_REFUSED;
    if (nq_trap_from_text(text, len, &trap, &err)) {
        struct nq_trigger_result result = {0};
        nq_triggers_match(engine->setup.triggers, &trap, &result);
        verdict = admit(engine, &trap, &result, &reason);
        nq_trigger_result_done(&result);
        nq_trap_done(&trap);
    } else {
        nq_engine_count(engine, NQ_COUNT_TRAPS_MALFORMED);
        reason = err.detail;
        if (may_log(engine)) {
            nq_log(NQ_LOG_WARNING, "trap refused: %s: %s", nq_code_meaning(err.code),
                   reason);
        }
    }
    answer(engine, done, arg, verdict, reason);
}
