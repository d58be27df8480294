/* SPDX-License-Identifier: Apache-2.0 */
/* flow.h: the question `may A talk to B` as a query, and its answer as JSON.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   sim_flow_ask(): NULL and a sentence.
 * Limits  none of its own.
 */
#ifndef SIM_FLOW_H
#define SIM_FLOW_H

#include "http.h"
#include "world.h"

/* from, to: external id, display name or address; port and protocol as they are. */
cJSON *sim_flow_ask(struct sim_world *world, const struct sim_request *request,
                    struct sim_err *err) __attribute__((warn_unused_result));

#endif
