/* SPDX-License-Identifier: Apache-2.0 */
/* exchange.h: one NSX request from its receipt to its answer, faults included.
 *
 * Owns    nothing that outlives the request.
 * Blocks  as long as a fault says; every exchange has a thread of its own.
 * Thread  that of the connection; takes the lock itself.
 * Fails   never; a failure is an ending.
 * Limits  a fault of any length ends when the client goes away or the simulator stops.
 */
#ifndef SIM_EXCHANGE_H
#define SIM_EXCHANGE_H

#include "sim.h"

enum sim_ending {
    SIM_ENDING_ANSWER,
    SIM_ENDING_TRUNCATED, /* the first `truncate` bytes, then close */
    SIM_ENDING_CLOSE,     /* close without an answer */
    SIM_ENDING_RESET,     /* the same, with a TCP reset */
};

struct sim_exchange {
    struct sim_request request;
    const char *authorization; /* borrowed, or NULL */
    int fd;                    /* of the client */
    struct sim_reply reply;    /* what to answer */
    uint64_t truncate;
};

enum sim_ending sim_exchange_run(struct sim *sim, struct sim_exchange *exchange);

/* The answer did not reach the client after all. */
void sim_exchange_lost(struct sim *sim, uint64_t number);

#endif
