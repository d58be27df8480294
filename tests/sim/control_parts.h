/* SPDX-License-Identifier: Apache-2.0 */
/* control_parts.h: what the files behind control.h share with each other.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   in the reply: {"error": "a sentence"}.
 * Limits  none of its own.
 */
#ifndef SIM_CONTROL_PARTS_H
#define SIM_CONTROL_PARTS_H

#include "control.h"

void sim_control_refuse(struct sim_reply *reply, unsigned status, const char *text);

/* json with that status, or 400 and the sentence when there is none; json is taken. */
void sim_control_reply(struct sim_reply *reply, unsigned status, cJSON *json,
                       const struct sim_err *err);

/* The body as JSON, or NULL and the reply filled. An empty body is an empty object. */
cJSON *sim_control_json(const struct sim_request *request, struct sim_reply *reply)
    __attribute__((warn_unused_result));

/* Settings know two delays; delay_ms stands for both, as the second alone does. */
void sim_control_spread_delay(cJSON *json);

/* A number in the query; false and the reply filled when it is none. */
bool sim_control_number(const struct sim_request *request, const char *name,
                        uint64_t fallback, uint64_t max, uint64_t *ret_number,
                        struct sim_reply *reply) __attribute__((warn_unused_result));

/* Lets everything happen in the world whose time has come. */
void sim_control_settle(struct sim *sim);
/* One round of a long poll: waits for a change, and lets time bring its own. */
void sim_control_wait(struct sim *sim, uint64_t until_ms);

/* control_fault.c: breaks, holds and releases requests. */
extern const struct sim_family sim_fault_family;
/* control_node.c: takes nodes down and up, and changes the certificate. */
extern const struct sim_family sim_node_control_family;

#endif
