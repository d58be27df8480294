/* SPDX-License-Identifier: Apache-2.0 */
/* sim.h: what both generations of NSX share, and the one lock around it.
 *
 * Owns    journal, faults, log; the generation owns what state points to.
 * Blocks  sim_wait() until something changes or a time has come.
 * Thread  every member but the lock itself only under the lock.
 * Fails   sim_open(): false and a sentence.
 * Limits  SIM_WORLD_BYTES_MAX for the world file, SIM_NODES_MAX nodes.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <pthread.h>
#include <stdio.h>

#include "faults.h"
#include "journal.h"

#define SIM_WORLD_BYTES_MAX (256u * 1024 * 1024)
#define SIM_NODES_MAX       8

/* A request that waits for /sim/release. Lives on the stack of its thread. */
struct sim_held {
    struct sim_held *next;
    const struct sim_request *request;
    int fd;     /* of the client, to see whether it is still there */
    bool after; /* already applied */
    bool released;
    bool apply; /* as released */
};

enum sim_node_state {
    SIM_NODE_UP,
    SIM_NODE_DOWN,      /* refuses connections */
    SIM_NODE_HUNG,      /* accepts and never answers */
    SIM_NODE_UNHEALTHY, /* answers 503 to everything */
};

/* One manager of the cluster: a listening port. All share one world. */
struct sim_node {
    enum sim_node_state state;
    unsigned port;
};

struct sim_api;
struct sim_server;

struct sim {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* broadcast after every change; monotonic clock */
    bool stopping;
    const struct sim_api *api;
    void *state; /* of the generation */
    struct sim_journal journal;
    struct sim_faults faults;
    struct sim_held *held;
    uint64_t in_progress; /* requests received and not answered yet */
    size_t node_count;
    struct sim_node nodes[SIM_NODES_MAX];
    struct sim_server *server; /* NULL before it listens */
    FILE *log;                 /* NULL: none */
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
