/* SPDX-License-Identifier: Apache-2.0 */
/* design.c: the audit of the design: brings what the engine knows of NSX before the checks,
 * with each reading of the groups, and shows what they find. */
#include "quarantine/engine_internal.h"

/* VMs of the manager that have carried our tag for so long that their groups must show it,
 * and of them those in a quarantine group. */
static void count_tagged(const struct nq_engine *engine, size_t manager,
                         struct nq_group_facts *facts)
{
    const struct nq_config *conf = engine->setup.conf;
    const int64_t now_ms = nq_mono_ms(engine->setup.clock);
    struct nq_episode *episode = NULL;
    struct nq_episode *next = NULL;
    if (engine->state_counts[NQ_CASE_TAGGED] + engine->state_counts[NQ_CASE_ISOLATED] ==
        0) {
        return;
    }
    HASH_ITER(by_id, engine->episodes, episode, next)
    {
        const struct nq_case *record = &episode->record;
        const bool tagged =
            record->state == NQ_CASE_TAGGED || record->state == NQ_CASE_ISOLATED;
        if (!tagged || record->owner != NQ_OWNER_OURS || record->manager != manager + 1 ||
            now_ms - episode->changed_mono_ms < conf->finding_delay_ms) {
            continue;
        }
        const struct nq_vm_id vm = nq_episode_vm(episode);
        bool inside = false;
        for (size_t i = 0; i < conf->group_count && !inside; i++) {
            inside = conf->groups[i].role == NQ_GROUP_QUARANTINE &&
                     nq_groups_have(engine, i, &vm);
        }
        facts->tagged++;
        facts->inside += inside;
    }
}

static void judge_manager(struct nq_engine *engine, size_t manager,
                          const struct nq_manager_status *status,
                          const struct nq_firewall_view *firewall)
{
    const struct nq_manager_facts facts = {
        .conf = engine->setup.conf,
        .manager = manager,
        .status = status,
        .firewall = firewall,
        .now_ms = nq_engine_now(engine),
    };
    nq_checks_of_manager(&facts, nq_findings_take, &engine->findings);
}

static void judge_groups(struct nq_engine *engine, size_t manager,
                         const struct nq_manager_status *status,
                         const struct nq_reply *reply)
{
    struct nq_group_facts facts = {.conf = engine->setup.conf,
                                   .tags_known = status->synced_ms > 0};
    count_tagged(engine, manager, &facts);
    for (size_t i = 0; i < reply->group_count; i++) {
        facts.view = &reply->groups[i];
        nq_checks_of_group(&facts, nq_findings_take, &engine->findings);
    }
}

/* What was raised or cleared is committed at the end of the turn, and told then. */
static void keep(struct nq_engine *engine)
{
    if (engine->findings.stirred || engine->tallies.dirty) {
        nq_engine_wake(engine);
    }
}

void nq_design_judge(struct nq_engine *engine, size_t manager,
                     const struct nq_reply *reply)
{
    struct nq_manager_status status;
    nq_managers_status(engine, manager, &status);
    judge_manager(engine, manager, &status, reply->err ? NULL : reply->firewall);
    if (!reply->err) {
        judge_groups(engine, manager, &status, reply);
    }
    keep(engine);
}

void nq_design_judge_settings(struct nq_engine *engine)
{
    nq_findings_settings(&engine->findings, engine->mode);
    keep(engine);
}

void nq_design_open(struct nq_engine *engine)
{
    nq_findings_load(&engine->findings);
    nq_design_judge_settings(engine);
}

static void tell(void *arg, bool raised, const struct nq_finding *finding)
{
    nq_notices_out(arg, raised ? NQ_NOTICE_FINDING_RAISED : NQ_NOTICE_FINDING_CLEARED,
                   finding);
}

void nq_design_announce(struct nq_engine *engine)
{
    nq_findings_announce(&engine->findings, tell, engine);
}

const struct nq_finding *const *nq_engine_findings(const struct nq_engine *engine,
                                                   size_t *ret_count)
{
    *ret_count = engine->findings.row_count;
    return (const struct nq_finding *const *)engine->findings.rows;
}
