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
    SIM_ENDING_TRUNCATED, /* the first bytes of the body, then close */
    SIM_ENDING_CLOSE,     /* close without an answer */
    SIM_ENDING_RESET,     /* the same, with a TCP reset */
};

/* How the body travels. All zero: whole and at once. */
struct sim_delivery {
    bool cut; /* break off after cut_at bytes */
    uint64_t cut_at;
    uint64_t pad_to;      /* spaces follow until the body is so long */
    uint64_t bytes_per_s; /* 0: as fast as it goes */
    bool chunked;         /* without a Content-Length */
};

struct sim_exchange {
    struct sim_request request;
    int fd;                 /* of the client */
    struct sim_reply reply; /* what to answer */
    struct sim_delivery delivery;
};

enum sim_ending sim_exchange_run(struct sim *sim, struct sim_exchange *exchange);

/* The answer did not reach the client after all. */
void sim_exchange_lost(struct sim *sim, uint64_t number);

/* Waits until the body may go on at position, for delivery.bytes_per_s; answers how many
 * bytes may go, 0 when it should not go on. */
size_t sim_exchange_pace(struct sim *sim, const struct sim_exchange *exchange,
                         uint64_t started_ms, uint64_t position);

#endif
