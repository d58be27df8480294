/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.h: time windows outside of which a security policy does not act.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   sim_schedule_new(): NULL and a sentence that names the member.
 * Limits  none of its own.
 */
#ifndef SIM_SCHEDULE_H
#define SIM_SCHEDULE_H

#include "json.h"

/* A checked copy of a PolicyFirewallScheduler, with what NSX itself fills in. */
cJSON *sim_schedule_new(const cJSON *doc, const char *where, struct sim_err *err)
    __attribute__((warn_unused_result));

/* The scheduler of that path, or NULL. */
const cJSON *sim_schedule_find(const cJSON *schedulers, const char *path);

bool sim_schedule_is_active(const cJSON *scheduler, int64_t epoch_ms);

#endif
