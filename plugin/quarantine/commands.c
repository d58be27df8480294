/* SPDX-License-Identifier: Apache-2.0 */
/* commands.c: what an operator may ask of the engine, by a SET. */
#include "quarantine/engine_internal.h"

#include "base/text.h"

bool nq_engine_may(const struct nq_engine *engine, uint32_t case_id,
                   enum nq_wanted command)
{
    const struct nq_episode *episode = nq_episode_of(engine, case_id);
    enum nq_case_event event;
    return episode && episode->record.owner == NQ_OWNER_OURS &&
           (command == episode->record.wanted || /* as it is already: nothing to do */
            nq_case_command_event(engine->decisions->table, &episode->record,
                                  engine->mode, command, &event));
}

void nq_engine_command(struct nq_engine *engine, uint32_t case_id, enum nq_wanted command,
                       const char *actor)
{
    struct nq_episode *episode = nq_episode_of(engine, case_id);
    enum nq_case_event event;
    if (episode && nq_case_command_event(engine->decisions->table, &episode->record,
                                         engine->mode, command, &event)) {
        const bool unchecked = event == NQ_EV_DISMISS;
        (void)nq_episode_apply(
            episode, event, actor,
            unchecked
                ? "closed by hand: nobody checked whether the tag is still on the VM"
                : NULL);
    } else if (episode && command != episode->record.wanted) {
        /* The case or the mode changed since nq_engine_may(). */
        nq_log(NQ_LOG_WARNING, "command too late: case=%u state=%s mode=%s by=%s",
               case_id, nq_case_state_name(episode->record.state),
               nq_mode_name(engine->mode), actor);
    }
}

void nq_engine_comment(struct nq_engine *engine, uint32_t case_id, const char *comment,
                       const char *actor)
{
    struct nq_episode *episode = nq_episode_of(engine, case_id);
    if (episode) {
        nq_text_set(&episode->record.comment, comment);
        nq_log(NQ_LOG_INFO, "comment set: case=%u by=%s text=%s", case_id, actor,
               nq_text_or_empty(episode->record.comment));
        nq_audit_add(engine, case_id, "comment", actor, NULL, "%s",
                     nq_text_or_empty(episode->record.comment));
        nq_episode_touch(episode);
    }
}

/* What NSX was not given yet is taken back. What it was may be carried out all the same, so
 * the case finds out when it goes on. */
static void stop_writes(struct nq_engine *engine)
{
    struct nq_backend *backend = engine->setup.backend;
    struct nq_episode *episode = NULL;
    struct nq_episode *next = NULL;
    HASH_ITER(by_id, engine->episodes, episode, next)
    {
        if (episode->call && nq_effect_writes(episode->calling)) {
            backend->ops->cancel(backend, episode->call);
            episode->call = NULL;
            nq_episode_block(episode);
        }
    }
}

void nq_engine_set_mode(struct nq_engine *engine, enum nq_mode mode, const char *actor)
{
    const enum nq_mode before = engine->mode;
    if (mode == before) {
        return;
    }
    engine->mode = mode;
    engine->mode_dirty = true;
    nq_log(NQ_LOG_NOTICE, "mode changed: from=%s to=%s by=%s observed=%u",
           nq_mode_name(before), nq_mode_name(mode), actor,
           engine->state_counts[NQ_CASE_OBSERVED]);
    nq_audit_add(engine, 0, "mode", actor, NULL, "from=%s to=%s", nq_mode_name(before),
                 nq_mode_name(mode));
    nq_engine_notice(engine, NQ_NOTICE_MODE_CHANGED);
    nq_design_judge_settings(engine);
    if (mode == NQ_MODE_STOPPED) {
        stop_writes(engine);
    }
    if (mode == NQ_MODE_ENFORCE) {
        nq_engine_resume(engine, NQ_EV_ARMED);
    }
    struct nq_episode *episode = NULL;
    struct nq_episode *next = NULL;
    HASH_ITER(by_id, engine->episodes, episode, next)
    {
        if (episode->blocked && mode != NQ_MODE_STOPPED) {
            (void)nq_episode_apply(episode, NQ_EV_RESUMED, NULL, NULL);
        }
    }
    nq_engine_wake(engine);
}

void nq_engine_note_set(struct nq_engine *engine, uint32_t case_id, const char *actor,
                        const char *object, uint32_t instance, const char *text)
{
    nq_audit_add(engine, case_id, "set", actor, NULL, "%s.%u: %s", object, instance,
                 text);
}
