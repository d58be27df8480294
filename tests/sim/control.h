/* SPDX-License-Identifier: Apache-2.0 */
/* control.h: the paths under /sim: the world as tests and demos see and steer it.
 * None of this exists in NSX; it asks for no login.
 *
 * Owns    nothing that outlives a request.
 * Blocks  the long polls, up to SIM_POLL_MAX_MS, without holding the lock.
 * Thread  under the lock of the simulator.
 * Fails   in the reply: {"error": "a sentence"}.
 * Limits  SIM_POLL_MAX_MS.
 */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "sim.h"

#define SIM_POLL_MAX_MS 120000

bool sim_control_is(const struct sim_request *request);
void sim_control_answer(struct sim *sim, struct sim_request *request,
                        struct sim_reply *reply);

#endif
