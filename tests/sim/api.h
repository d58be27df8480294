/* SPDX-License-Identifier: Apache-2.0 */
/* api.h: one generation of NSX, behind the part of the simulator that all share.
 * The member "api" of the world file chooses it: "policy" (default) or "vsphere".
 *
 * Owns    a generation owns sim->state.
 * Blocks  never; whoever waits uses sim_wait(), which gives up the lock.
 * Thread  every function under the lock of the simulator, but open() and close().
 * Fails   open(): false and a sentence that names the member of the world file.
 * Limits  those of the generation.
 */
#ifndef SIM_API_H
#define SIM_API_H

#include "sim.h"

struct sim_api {
    const char *name;
    /* Builds the world from the JSON object of the world file into sim->state. */
    bool (*open)(struct sim *sim, const cJSON *world, struct sim_err *err);
    void (*close)(struct sim *sim); /* also after a failed open() */
    /* Every request that is not below /sim: login, limits, route, reply. */
    void (*answer)(struct sim *sim, struct sim_request *request, struct sim_reply *reply);
    /* Its own routes below /sim, beside the shared ones. */
    const struct sim_family *control;
    /* Lets everything happen whose time has come; called before each control route and
     * while one waits. NULL: nothing happens by itself. */
    void (*settle)(struct sim *sim, uint64_t now_ms);
    /* Adds the headers that every answer of this generation carries, that of a fault
     * included. NULL: none. */
    void (*stamp)(const struct sim_request *request, struct sim_reply *reply);
};

extern const struct sim_api sim_policy_api;
extern const struct sim_api sim_vsphere_api;

/* The generation of that name, or NULL. */
const struct sim_api *sim_api_find(const char *name);

#endif
