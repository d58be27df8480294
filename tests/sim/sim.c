/* SPDX-License-Identifier: Apache-2.0 */
/* sim.c: opening, closing, and the lock with its condition. */
#include "sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void record_change(void *arg, const struct sim_change *change)
{
    struct sim *sim = arg;

    sim_journal_change(&sim->journal, change);
}

bool sim_open(struct sim *sim, const char *world_path, const char *log_path,
              struct sim_err *err)
{
    pthread_condattr_t attributes;

    *sim = (struct sim){0};
    sim->world = sim_world_open(world_path, err);
    if (sim->world == NULL) {
        return false;
    }
    sim->world->on_change = record_change;
    sim->world->on_change_arg = sim;
    if (log_path != NULL) {
        sim->log = fopen(log_path, "ae");
        if (sim->log == NULL) {
            sim->world = sim_world_free(sim->world);
            return sim_fail(err, "%s: %s", log_path, strerror(errno));
        }
        (void)setvbuf(sim->log, NULL, _IOLBF, 0);
    }
    if (pthread_mutex_init(&sim->lock, NULL) != 0 ||
        pthread_condattr_init(&attributes) != 0 ||
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) != 0 ||
        pthread_cond_init(&sim->changed, &attributes) != 0) {
        abort(); /* only memory can be missing */
    }
    (void)pthread_condattr_destroy(&attributes);
    return true;
}

void sim_close(struct sim *sim)
{
    sim->world = sim_world_free(sim->world);
    sim_journal_clear(&sim->journal);
    sim_faults_clear(&sim->faults);
    if (sim->log != NULL) {
        (void)fclose(sim->log);
    }
    (void)pthread_cond_destroy(&sim->changed);
    (void)pthread_mutex_destroy(&sim->lock);
}

void sim_lock(struct sim *sim)
{
    if (pthread_mutex_lock(&sim->lock) != 0) {
        abort();
    }
}

void sim_unlock(struct sim *sim)
{
    if (pthread_mutex_unlock(&sim->lock) != 0) {
        abort();
    }
}

void sim_notify(struct sim *sim)
{
    (void)pthread_cond_broadcast(&sim->changed);
}

void sim_wait(struct sim *sim, uint64_t until_ms)
{
    struct timespec until = {.tv_sec = (time_t)(until_ms / 1000),
                             .tv_nsec = (long)(until_ms % 1000) * 1000000};

    (void)pthread_cond_timedwait(&sim->changed, &sim->lock, &until);
}

void sim_stop(struct sim *sim)
{
    sim_lock(sim);
    sim->stopping = true;
    sim_notify(sim);
    sim_unlock(sim);
}
