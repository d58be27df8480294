/* SPDX-License-Identifier: Apache-2.0 */
/* interim.c: bodies that engine.h declares and that are on their way. */
#include "base/text.h"
#include "quarantine/engine_internal.h"

void nq_engine_rearm(struct nq_engine *engine, const char *actor)
{
    (void)engine;
    (void)actor;
}

void nq_engine_reconcile(struct nq_engine *engine, const char *actor)
{
    (void)engine;
    (void)actor;
}

uint32_t nq_engine_quarantine(struct nq_engine *engine, const char *computer,
                              const char *cause, const char *actor)
{
    struct nq_episode *episode = nq_episode_named(engine, computer);
    if (episode) {
        episode->record.signals++;
        nq_episode_touch(episode);
        return episode->record.id;
    }
    const int64_t now = nq_engine_now(engine);
    struct nq_case record = {
        .id = ++engine->last_case,
        .manager = engine->setup.conf->manager_count == 1,
        .state = engine->mode == NQ_MODE_OBSERVE ? NQ_CASE_OBSERVED : NQ_CASE_TAGGING,
        .wanted = NQ_WANT_QUARANTINE,
        .reason = NQ_REASON_NONE,
        .owner = NQ_OWNER_OURS,
        .signals = 1,
        .detected_ms = now,
        .changed_ms = now,
    };
    nq_text_set(&record.identity, computer);
    nq_text_set(&record.name, computer);
    nq_text_set(&record.trigger, "request");
    nq_text_set(&record.cause, cause);
    nq_case_name_tag(&record, engine->setup.conf);
    episode = nq_episode_add(engine, &record);
    nq_engine_count(engine, NQ_COUNT_CASES_OPENED);
    (void)nq_episode_apply(episode, NQ_EV_OPENED, actor, NULL);
    return episode->record.id;
}

uint32_t nq_engine_case_named(const struct nq_engine *engine, const char *computer)
{
    const struct nq_episode *episode = nq_episode_named(engine, computer);
    return episode ? episode->record.id : 0;
}

const struct nq_log_entry *const *nq_engine_log(const struct nq_engine *engine,
                                                size_t *ret_count)
{
    (void)engine;
    *ret_count = 0;
    return NULL;
}
