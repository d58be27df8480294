/* SPDX-License-Identifier: Apache-2.0 */
/* actions.c: what a trap does by the action of its trigger: it opens a case, joins one,
 * releases one, or is kept as evidence. */
#include "quarantine/arrival.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "quarantine/scan.h"

#define EVIDENCE_MAX 4096
#define TOO_MANY     "its source sends more than limits allows"

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

static bool admits(struct nq_arrival *arrival, enum nq_flood_kind kind)
{
    struct nq_engine *engine = arrival->engine;
    if (arrival->way == NQ_WAY_SPOOL || arrival->way == NQ_WAY_OWN_SPOOL) {
        return true; /* it has waited already, and refusing it now would lose it */
    }
    return nq_flood_admits(
        &engine->flood, &engine->setup.conf->limits, arrival->standing.source,
        arrival->standing.proof > NQ_PROOF_ANY, kind, nq_mono_ms(engine->setup.clock));
}

/* ---- cases -------------------------------------------------------------------------- */

static void keep_signal(struct nq_arrival *arrival, const struct nq_episode *episode)
{
    struct nq_engine *engine = arrival->engine;
    const struct nq_trigger_result *result = &arrival->result;
    char sender[NQ_TEXT_MAX];
    struct nq_pending_signal *pending = nq_calloc(1, sizeof(*pending));
    pending->signal = (struct nq_signal){
        .case_id = episode->record.id,
        .number = episode->record.signals,
        .received_ms = nq_engine_now(engine),
        .source = nq_strdup(
            nq_standing_text(&arrival->standing, arrival->trap, sender, sizeof(sender))),
        .trigger = nq_strdup(result->trigger->name),
        .identity = nq_strdup(result->computer),
        .cause = nq_strdup(result->cause),
        .severity = nq_strdup(result->severity),
        .evidence = evidence_of(arrival->trap),
    };
    *engine->signals_tail = pending;
    engine->signals_tail = &pending->next;
}

/* One more signal for a case. Under a flood its text is not kept, only counted. */
static void add_signal(struct nq_arrival *arrival, struct nq_episode *episode)
{
    episode->record.signals++;
    nq_episode_touch(episode);
    if (admits(arrival, NQ_FLOOD_REPETITION)) {
        keep_signal(arrival, episode);
    }
}

static struct nq_episode *open_case(struct nq_arrival *arrival)
{
    const struct nq_trigger_result *result = &arrival->result;
    char sender[NQ_TEXT_MAX];
    const char *from =
        nq_standing_text(&arrival->standing, arrival->trap, sender, sizeof(sender));
    char *varbinds = evidence_of(arrival->trap);
    char *evidence = nq_sprintf("from=%s proof=%s oid=%s %s", from,
                                nq_config_proof_word(arrival->standing.proof),
                                arrival->trap->trap_oid, nq_text_or_empty(varbinds));
    char *why = arrival->proven
                    ? NULL
                    : nq_sprintf("sent by %s: proof %s, the trigger wants %s", from,
                                 nq_config_proof_word(arrival->standing.proof),
                                 nq_config_proof_word(result->trigger->proof));
    const struct nq_opening opening = {
        .computer = result->computer,
        .cause = result->cause,
        .severity = result->severity,
        .trigger = result->trigger->name,
        .actor = result->trigger->name,
        .why_held = why,
        .evidence = evidence,
        .time_limit_s = result->trigger->time_limit_s,
    };
    struct nq_episode *episode = nq_case_open(arrival->engine, &opening);
    keep_signal(arrival, episode);
    free(why);
    free(evidence);
    free(varbinds);
    return episode;
}

static bool is_unproven(const struct nq_episode *episode)
{
    return episode->record.reason == NQ_REASON_UNPROVEN;
}

/* The case that this detection belongs to, or NULL when a new one is due. A case that was
 * opened without proof and then dismissed protects its VM from nothing: else whoever can
 * send one datagram could keep a VM out of quarantine. And a detection is never about a VM
 * that is gone: there may be a new one with its name. */
static struct nq_episode *taker_of(const struct nq_arrival *arrival)
{
    const char *computer = arrival->result.computer;
    struct nq_episode *episode = nq_episode_by_identity(arrival->engine, computer);
    if (episode && nq_case_is_open(&episode->record)) {
        return episode->record.state == NQ_CASE_VANISHED ? NULL : episode;
    }
    episode = episode ? nq_episode_immune(arrival->engine, NULL, computer,
                                          arrival->result.cause)
                      : NULL;
    return episode && arrival->proven && is_unproven(episode) ? NULL : episode;
}

static size_t unproven_count(const struct nq_engine *engine)
{
    size_t count = 0;
    for (size_t i = 0; i < engine->rows.count; i++) {
        count += engine->rows.of[i]->state == NQ_CASE_HELD &&
                 engine->rows.of[i]->reason == NQ_REASON_UNPROVEN;
    }
    return count;
}

/* Rows without proof are the cheapest thing that a stranger can make us keep. */
static bool has_room_for_unproven(const struct nq_engine *engine)
{
    const size_t most = (size_t)engine->setup.conf->limits.unproven_max;
    return engine->state_counts[NQ_CASE_HELD] < most || unproven_count(engine) < most;
}

/* ---- actions ------------------------------------------------------------------------ */

/* A detection for a VM that has a case. */
static enum nq_intake join(struct nq_arrival *arrival, struct nq_episode *episode)
{
    if (!arrival->proven && !is_unproven(episode)) {
        return nq_arrival_refused(
            arrival, NQ_COUNT_TRAPS_REFUSED,
            "nothing proves its sender, and case %u is about that computer",
            episode->record.id);
    }
    add_signal(arrival, episode);
    nq_episode_detected(episode, NULL);
    if (arrival->proven && is_unproven(episode) &&
        nq_episode_apply(episode,
                         arrival->engine->mode == NQ_MODE_OBSERVE ? NQ_EV_WITNESSED
                                                                  : NQ_EV_CONFIRMED,
                         arrival->result.trigger->name, NULL)) {
        return nq_arrival_counted(arrival, NQ_COUNT_TRAPS_ACTED);
    }
    return nq_arrival_counted(arrival, NQ_COUNT_TRAPS_COALESCED);
}

static enum nq_intake take_detection(struct nq_arrival *arrival)
{
    struct nq_engine *engine = arrival->engine;
    struct nq_episode *episode = taker_of(arrival);
    if (episode) {
        return join(arrival, episode);
    }
    if (!nq_case_has_room(engine)) {
        return nq_arrival_refused(arrival, NQ_COUNT_TRAPS_REFUSED,
                                  "there are cases_max cases: release or dismiss some");
    }
    if (!admits(arrival, NQ_FLOOD_NEWS)) {
        return nq_arrival_refused(arrival, NQ_COUNT_TRAPS_REFUSED, "%s", TOO_MANY);
    }
    if (!arrival->proven && !has_room_for_unproven(engine)) {
        return nq_arrival_refused(
            arrival, NQ_COUNT_TRAPS_REFUSED,
            "nothing proves its sender, and there are limits.unproven_max "
            "cases like that: dismiss some");
    }
    (void)open_case(arrival);
    return nq_arrival_counted(arrival, arrival->proven ? NQ_COUNT_TRAPS_ACTED
                                                       : NQ_COUNT_TRAPS_HELD);
}

/* The open case that a trap is about which opens none itself; *ret_verdict when it is
 * about none, or may not be believed. */
static struct nq_episode *find_case(struct nq_arrival *arrival,
                                    enum nq_intake *ret_verdict)
{
    if (!arrival->proven) {
        *ret_verdict = nq_arrival_refused(
            arrival, NQ_COUNT_TRAPS_REFUSED, "its sender proves %s, the trigger wants %s",
            nq_config_proof_word(arrival->standing.proof),
            nq_config_proof_word(arrival->result.trigger->proof));
        return NULL;
    }
    if (!admits(arrival, NQ_FLOOD_NEWS)) { /* every row is looked at */
        *ret_verdict =
            nq_arrival_refused(arrival, NQ_COUNT_TRAPS_REFUSED, "%s", TOO_MANY);
        return NULL;
    }
    const char *computer = arrival->result.computer;
    struct nq_episode *episode =
        computer ? nq_episode_named(arrival->engine, computer) : NULL;
    if (!episode) {
        nq_log(NQ_LOG_INFO, "no open case has that computer: trigger=%s computer=%s",
               arrival->result.trigger->name, nq_text_or_empty(computer));
        *ret_verdict = nq_arrival_ignored(arrival);
    }
    return episode;
}

static enum nq_intake take_release(struct nq_arrival *arrival)
{
    enum nq_intake verdict = NQ_INTAKE_STORED;
    struct nq_episode *episode = find_case(arrival, &verdict);
    if (!episode) {
        return verdict;
    }
    struct nq_engine *engine = arrival->engine;
    add_signal(arrival, episode);
    nq_engine_command(engine, episode->record.id, NQ_WANT_RELEASE,
                      arrival->result.trigger->name);
    return nq_arrival_counted(arrival, NQ_COUNT_TRAPS_ACTED);
}

/* Evidence for a case, which it does not change. */
static enum nq_intake take_note(struct nq_arrival *arrival)
{
    enum nq_intake verdict = NQ_INTAKE_STORED;
    struct nq_episode *episode = find_case(arrival, &verdict);
    if (!episode) {
        return verdict;
    }
    add_signal(arrival, episode);
    return nq_arrival_counted(arrival, NQ_COUNT_TRAPS_COALESCED);
}

/* By the wall clock, which goes on over a restart, or the steady one, which nobody sets:
 * whichever says that it was more recent. */
static int64_t since_own_detection_ms(const struct nq_episode *episode)
{
    const struct nq_engine *engine = episode->engine;
    const int64_t wall_ms = nq_engine_now(engine) - episode->record.last_detected_ms;
    const int64_t mono_ms = nq_mono_ms(engine->setup.clock) - episode->detected_mono_ms;
    return episode->detected_mono_ms > 0 && mono_ms < wall_ms ? mono_ms : wall_ms;
}

/* Since the newest detection of this case, or of one that is about the same VM under another
 * of its names and was not yet led to it. */
static int64_t since_detection_ms(const struct nq_episode *episode)
{
    const struct nq_engine *engine = episode->engine;
    int64_t least_ms = since_own_detection_ms(episode);
    for (size_t i = 0; i < engine->rows.count; i++) {
        const struct nq_case *other = engine->rows.of[i];
        if (nq_case_is_open(other) && !other->external_id && other->identity &&
            other->reason != NQ_REASON_UNPROVEN &&
            nq_case_has_name(&episode->record, other->identity)) {
            const int64_t since_ms =
                since_own_detection_ms(nq_episode_of(engine, other->id));
            least_ms = since_ms < least_ms ? since_ms : least_ms;
        }
    }
    return least_ms;
}

/* Whether a site believes in this is its own decision: traps do not say what a scan found. */
static enum nq_intake take_scan(struct nq_arrival *arrival)
{
    enum nq_intake verdict = NQ_INTAKE_STORED;
    struct nq_engine *engine = arrival->engine;
    struct nq_episode *episode = find_case(arrival, &verdict);
    if (!episode) {
        return verdict;
    }
    const struct nq_case *record = &episode->record;
    const struct nq_release_conf *release = &engine->setup.conf->release;
    const bool cut_off = record->state == NQ_CASE_TAGGING ||
                         record->state == NQ_CASE_TAGGED ||
                         record->state == NQ_CASE_ISOLATED;
    add_signal(arrival, episode);
    if (release->clean_scan && cut_off &&
        nq_scan_is_clean(since_detection_ms(episode), release->scan_longest_ms)) {
        nq_engine_command(engine, record->id, NQ_WANT_RELEASE,
                          arrival->result.trigger->name);
        return nq_arrival_counted(arrival, NQ_COUNT_TRAPS_ACTED);
    }
    return nq_arrival_counted(arrival, NQ_COUNT_TRAPS_COALESCED);
}

const struct nq_act nq_acts[NQ_ACTS] = {
    [NQ_ACTION_QUARANTINE] = {take_detection, true},
    [NQ_ACTION_SCAN_FINISHED] = {take_scan, true},
    [NQ_ACTION_RELEASE] = {take_release, true},
    [NQ_ACTION_NOTE] = {take_note, false},
    [NQ_ACTION_IGNORE] = {nq_arrival_ignored, false},
};

enum nq_intake nq_arrival_act(struct nq_arrival *arrival)
{
    const struct nq_act *act = &arrival->engine->decisions->acts[arrival->result.action];
    if (act->needs_computer && !arrival->result.computer) {
        return nq_arrival_refused(
            arrival, NQ_COUNT_TRAPS_MALFORMED,
            "the trigger matches but finds no computer in the trap");
    }
    return act->take(arrival);
}
