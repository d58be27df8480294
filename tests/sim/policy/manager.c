/* SPDX-License-Identifier: Apache-2.0 */
/* manager.c: an NSX-T manager as one generation of the simulator. */
#include <stdlib.h>
#include <sys/random.h>

#include "policy.h"

static void record_change(void *arg, const struct sim_change *change)
{
    struct sim *sim = arg;

    sim_journal_change(&sim->journal, change);
}

static bool open_manager(struct sim *sim, const cJSON *world, struct sim_err *err)
{
    struct sim_manager *manager = sim_alloc(1, sizeof(*manager));

    sim->state = manager;
    manager->world = sim_world_new(world, err);
    if (manager->world == NULL) {
        return false;
    }
    manager->world->on_change = record_change;
    manager->world->on_change_arg = sim;
    return true;
}

static void close_manager(struct sim *sim)
{
    struct sim_manager *manager = sim_manager_of(sim);

    if (manager != NULL) {
        sim_lists_done(manager);
        sim_world_free(manager->world);
        free(manager);
        sim->state = NULL;
    }
}

static void settle(struct sim *sim, uint64_t now_ms)
{
    sim_world_settle(sim_world_of(sim), now_ms);
}

static void add_request_id(const struct sim_request *request, struct sim_reply *reply)
{
    unsigned char b[16] = {0};
    char *id;

    (void)request;
    if (getrandom(b, sizeof(b), 0) < 0) {
        abort();
    }
    id = sim_format("%02x%02x%02x%02x-%02x%02x-4%x%02x-a%x%02x-%02x%02x%02x%02x%02x%02x",
                    b[0], b[1], b[2], b[3], b[4], b[5], b[6] & 15u, b[7], b[8] & 15u,
                    b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    sim_reply_header(reply, "X-Nsx-Requestid", id);
    free(id);
}

const struct sim_api sim_policy_api = {
    .name = "policy",
    .open = open_manager,
    .close = close_manager,
    .answer = sim_gate_answer,
    .control = &sim_policy_control_family,
    .settle = settle,
    .stamp = add_request_id,
};
