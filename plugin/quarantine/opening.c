/* SPDX-License-Identifier: Apache-2.0 */
/* opening.c: how a case begins, whoever opens it. */
#include "quarantine/engine_internal.h"

#include "base/text.h"

bool nq_case_has_room(const struct nq_engine *engine)
{
    return engine->rows.count < (size_t)engine->setup.conf->cases_max;
}

static enum nq_case_state first_state(const struct nq_engine *engine,
                                      const struct nq_opening *opening)
{
    if (opening->why_held) {
        return NQ_CASE_HELD;
    }
    return engine->mode == NQ_MODE_OBSERVE ? NQ_CASE_OBSERVED : NQ_CASE_TAGGING;
}

struct nq_episode *nq_case_open(struct nq_engine *engine,
                                const struct nq_opening *opening)
{
    const struct nq_config *conf = engine->setup.conf;
    const int64_t now = nq_engine_now(engine);
    const int64_t limit_s = opening->time_limit_s;
    struct nq_case record = {
        .id = ++engine->last_case,
        .manager = conf->manager_count == 1, /* else only the VM tells */
        .state = first_state(engine, opening),
        .wanted = NQ_WANT_QUARANTINE,
        .reason = NQ_REASON_NONE,
        .owner = NQ_OWNER_OURS,
        .signals = 1,
        .detected_ms = now,
        .changed_ms = now,
        .release_at_ms = limit_s > 0 ? now + limit_s * 1000 : 0,
    };
    nq_text_set(&record.identity, opening->computer);
    nq_text_set(&record.name, opening->computer);
    nq_text_set(&record.trigger, opening->trigger);
    nq_text_set(&record.cause, opening->cause);
    nq_text_set(&record.severity, opening->severity);
    nq_case_name_tag(&record, conf);
    struct nq_episode *episode = nq_episode_add(engine, &record);
    nq_episode_detected(episode, NULL);
    episode->opened_mono_ms = episode->detected_mono_ms;
    nq_engine_count(engine, NQ_COUNT_CASES_OPENED);
    nq_audit_add(engine, record.id, "opened", opening->actor, opening->evidence,
                 "-> %s computer=%s cause=%s severity=%s%s%s",
                 nq_case_state_name(record.state), nq_text_or_empty(opening->computer),
                 nq_text_or_empty(opening->cause), nq_text_or_empty(opening->severity),
                 opening->why_held ? " held: " : "", nq_text_or_empty(opening->why_held));
    (void)nq_episode_apply(episode, NQ_EV_OPENED, opening->actor, opening->why_held);
    return episode;
}

uint32_t nq_engine_quarantine(struct nq_engine *engine, const char *computer,
                              const char *cause, const char *actor)
{
    struct nq_episode *episode = nq_episode_by_identity(engine, computer);
    if (episode && nq_case_is_open(&episode->record) &&
        episode->record.state != NQ_CASE_VANISHED) {
        return episode->record.id;
    }
    if (!nq_case_has_room(engine)) {
        return 0;
    }
    const struct nq_opening opening = {
        .computer = computer, .cause = cause, .trigger = "request", .actor = actor};
    return nq_case_open(engine, &opening)->record.id;
}

uint32_t nq_engine_case_named(const struct nq_engine *engine, const char *computer)
{
    const struct nq_episode *episode = nq_episode_named(engine, computer);
    return episode ? episode->record.id : 0;
}
