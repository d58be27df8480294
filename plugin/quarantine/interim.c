/* SPDX-License-Identifier: Apache-2.0 */
/* interim.c: bodies that engine.h declares and that are on their way. */
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
    (void)engine;
    (void)computer;
    (void)cause;
    (void)actor;
    return 0;
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
