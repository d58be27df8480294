/* SPDX-License-Identifier: Apache-2.0 */
/* sim.h: the one shared state of the simulator and the lock around it.
 *
 * Owns    world, journal, faults, sessions, log.
 * Blocks  sim_wait() until something changes, at most a slice; never while a handler
 *         works on the world.
 * Thread  every member but the lock itself only under the lock.
 * Fails   sim_open(): false and a sentence.
 * Limits  those of its parts.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <pthread.h>
#include <stdio.h>

#include "faults.h"
#include "journal.h"
#include "world.h"

/* A request that waits for /sim/release. Lives on the stack of its thread. */
struct sim_held {
    struct sim_held *next;
    const struct sim_request *request;
    int fd;     /* of the client, to see whether it is still there */
    bool after; /* already applied */
    bool released;
    bool apply; /* as released */
};

/* Basic logins and request rates; NSX keeps them by client, and there is one client
 * address here, so the user name is the key. */
struct sim_guard {
    uint64_t failures;
    uint64_t locked_until_ms;
    uint64_t window_ms; /* when the second began in which requests are counted */
    uint64_t in_window;
    uint64_t in_progress;
};

struct sim {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* broadcast after every change; monotonic clock */
    bool stopping;
    struct sim_world *world;
    struct sim_journal journal;
    struct sim_faults faults;
    struct sim_held *held;
    struct sim_guard guard;
    uint64_t lists; /* answered without an order: seeds the next disorder */
    FILE *log;      /* NULL: none */
};

bool sim_open(struct sim *sim, const char *world_path, const char *log_path,
              struct sim_err *err) __attribute__((warn_unused_result));
void sim_close(struct sim *sim);

void sim_lock(struct sim *sim);
void sim_unlock(struct sim *sim);
/* Wakes everybody who waits. */
void sim_notify(struct sim *sim);
/* Gives up the lock until a notification or until_ms, whichever is first. */
void sim_wait(struct sim *sim, uint64_t until_ms);
/* Asks all waiting requests to end. */
void sim_stop(struct sim *sim);

#endif
