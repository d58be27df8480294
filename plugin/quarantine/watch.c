/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c: looks at the managers now and then, and has it told when one goes down or is up
 * again. */
#include "quarantine/engine_internal.h"

#include <stdlib.h>

#include "base/mem.h"

#define LOOK_MS 1000 /* a state that only one look sees is told to nobody */

/* Nothing is read or written there. A manager that refuses some questions, or sheds load, is
 * not down; nor is one that has just answered another question well. */
static bool is_down(const struct nq_manager_status *status,
                    const struct nq_manager_watch *watch)
{
    return (status->state == NQ_MANAGER_DOWN ||
            status->state == NQ_MANAGER_AUTH_FAILED) &&
           status->last_ok_ms == watch->last_ok_ms;
}

/* A cluster with a sick node is degraded as long as that lasts, and so is a manager of which
 * nothing is known yet: the good answer makes the difference. */
static bool is_up(const struct nq_manager_status *status,
                  const struct nq_manager_watch *watch)
{
    return status->state == NQ_MANAGER_UP ||
           (status->state == NQ_MANAGER_DEGRADED && status->last_ok_ms > watch->told_ms);
}

static void tell(struct nq_engine *engine, size_t manager, bool down)
{
    struct nq_manager_watch *watch = &engine->manager_watches[manager];
    const enum nq_notice notice = down ? NQ_NOTICE_MANAGER_DOWN : NQ_NOTICE_MANAGER_UP;
    const char *name = engine->setup.conf->managers[manager].name;
    char *owner = nq_sprintf("manager %s", name);
    nq_tally_set(&engine->tallies, owner, "down", down);
    free(owner);
    watch->told = down;
    watch->told_ms = nq_engine_now(engine);
    /* While the disk is full it may come and go: then there is nothing to tell. */
    watch->notice = watch->notice == NQ_NOTICE_NONE ? notice : NQ_NOTICE_NONE;
    nq_log(down ? NQ_LOG_WARNING : NQ_LOG_NOTICE, "the manager is %s: manager=%s",
           down ? "down" : "up again", name);
    nq_engine_wake(engine);
}

static void look(struct nq_engine *engine, size_t manager)
{
    struct nq_manager_watch *watch = &engine->manager_watches[manager];
    struct nq_manager_status status;
    nq_managers_status(engine, manager, &status);
    const bool down = is_down(&status, watch);
    const bool up = is_up(&status, watch);
    if (!watch->told && down && watch->was_down) {
        tell(engine, manager, true);
    } else if (watch->told && up && watch->was_up) {
        tell(engine, manager, false);
    }
    watch->was_down = down;
    watch->was_up = up;
    watch->last_ok_ms = status.last_ok_ms;
}

static void on_look(void *arg)
{
    struct nq_engine *engine = arg;
    for (size_t i = 0; i < engine->setup.conf->manager_count; i++) {
        look(engine, i);
    }
    nq_timer_set(engine->setup.loop, &engine->manager_look, LOOK_MS, on_look, engine);
}

void nq_watch_open(struct nq_engine *engine)
{
    const struct nq_config *conf = engine->setup.conf;
    engine->manager_watches =
        nq_calloc(conf->manager_count, sizeof(*engine->manager_watches));
    for (size_t i = 0; i < conf->manager_count; i++) {
        char *owner = nq_sprintf("manager %s", conf->managers[i].name);
        engine->manager_watches[i].told =
            nq_tally_get(&engine->tallies, owner, "down") != 0;
        free(owner);
    }
    nq_timer_set(engine->setup.loop, &engine->manager_look, LOOK_MS, on_look, engine);
}

void nq_watch_close(struct nq_engine *engine)
{
    nq_timer_clear(engine->setup.loop, &engine->manager_look);
    free(engine->manager_watches);
}
