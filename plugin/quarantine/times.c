/* SPDX-License-Identifier: Apache-2.0 */
/* times.c: how long a case took from its first signal to the tag and to the proof, and
 * whether that says how fast we are: not when it waited for a person meanwhile. */
#include "quarantine/engine_internal.h"

#define TAG_OWNER     "timing tag" /* of the tallies */
#define ISOLATE_OWNER "timing isolate"

/* A case that goes its way at once enters its first state in the moment it is detected. */
#define AT_ONCE_MS 1000

void nq_times_load(struct nq_engine *engine)
{
    nq_timing_load(&engine->tag_times, &engine->tallies, TAG_OWNER);
    nq_timing_load(&engine->isolate_times, &engine->tallies, ISOLATE_OWNER);
}

/* Whatever became of the wall clock meanwhile, if we saw the case begin. */
static uint32_t age_ms(const struct nq_episode *episode)
{
    const struct nq_engine *engine = episode->engine;
    return episode->opened_mono_ms > 0
               ? nq_span_ms(episode->opened_mono_ms, nq_mono_ms(engine->setup.clock))
               : nq_span_ms(episode->record.detected_ms, nq_engine_now(engine));
}

/* It was never held, only observed, or stopped: all that it waited for is NSX and us. */
static bool goes_by_itself(const struct nq_episode *episode)
{
    const struct nq_case *record = &episode->record;
    return record->state == NQ_CASE_TAGGING && !episode->was_blocked &&
           record->changed_ms - record->detected_ms < AT_ONCE_MS;
}

void nq_times_tagged(struct nq_episode *episode)
{
    struct nq_engine *engine = episode->engine;
    struct nq_case *record = &episode->record;
    if (record->tag_time_ms > 0) {
        return;
    }
    record->tag_time_ms = age_ms(episode);
    episode->timed = goes_by_itself(episode);
    if (episode->timed) {
        nq_timing_note(&engine->tag_times, record->id, record->tag_time_ms);
        nq_timing_keep(&engine->tag_times, &engine->tallies, TAG_OWNER);
    }
}

void nq_times_isolated(struct nq_episode *episode)
{
    struct nq_engine *engine = episode->engine;
    struct nq_case *record = &episode->record;
    if (record->isolate_time_ms > 0) {
        return;
    }
    record->isolate_time_ms = age_ms(episode);
    /* The process that tagged it may have been another one. */
    if (episode->timed || nq_timing_has(&engine->tag_times, record->id)) {
        nq_timing_note(&engine->isolate_times, record->id, record->isolate_time_ms);
        nq_timing_keep(&engine->isolate_times, &engine->tallies, ISOLATE_OWNER);
    }
}
