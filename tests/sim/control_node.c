/* SPDX-License-Identifier: Apache-2.0 */
/* control_node.c: the routes under /sim for what happens to a cluster: nodes go down,
 * hang or fall ill, and the certificate is replaced. */
#include <string.h>

#include "control_parts.h"
#include "server.h"

static const char *const state_names[] = {
    [SIM_NODE_UP] = "up",
    [SIM_NODE_DOWN] = "down",
    [SIM_NODE_HUNG] = "hung",
    [SIM_NODE_UNHEALTHY] = "unhealthy",
};

static void reply_nodes(const struct sim *sim, struct sim_reply *reply)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < sim->node_count; i++) {
        cJSON *node = cJSON_CreateObject();

        cJSON_AddNumberToObject(node, "port", sim->nodes[i].port);
        cJSON_AddStringToObject(node, "state", state_names[sim->nodes[i].state]);
        cJSON_AddItemToArray(list, node);
    }
    sim_reply_json(reply, 200, list);
}

static void get_nodes(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    (void)request;
    reply_nodes(sim, reply);
}

static const struct sim_json_member node_members[] = {
    {"state", SIM_JSON_STRING, true},
};

static void set_node(struct sim *sim, const struct sim_request *request, unsigned node,
                     const cJSON *json, struct sim_reply *reply)
{
    struct sim_err err;

    if (!SIM_JSON_CHECK(json, node_members, "", &err)) {
        sim_control_refuse(reply, 400, err.text);
        return;
    }
    for (unsigned i = 0; i < SIM_COUNT_OF(state_names); i++) {
        if (strcmp(state_names[i], sim_json_text(json, "state", "")) != 0) {
            continue;
        }
        if (i == SIM_NODE_DOWN && node == request->node) {
            sim_control_refuse(reply, 409, "ask another node to take this one down");
        } else if (sim_server_set_node(sim->server, request, node, (enum sim_node_state)i,
                                       &err)) {
            reply_nodes(sim, reply);
        } else {
            sim_control_refuse(reply, 500, err.text);
        }
        return;
    }
    sim_control_refuse(reply, 400, "state: must be up, down, hung or unhealthy");
}

static void post_node(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    uint64_t node = 0;
    cJSON *json;

    if (!sim_parse_number(request->args[0], sim->node_count - 1, &node)) {
        sim_control_refuse(reply, 404, "no such node");
        return;
    }
    json = sim_control_json(request, reply);
    if (json != NULL) {
        set_node(sim, request, (unsigned)node, json, reply);
        cJSON_Delete(json);
    }
}

static const struct sim_json_member certificate_members[] = {
    {"cert", SIM_JSON_STRING, true},
    {"key", SIM_JSON_STRING, true},
};

static void post_certificate(struct sim *sim, const struct sim_request *request,
                             struct sim_reply *reply)
{
    cJSON *json = sim_control_json(request, reply);
    struct sim_err err;

    if (json == NULL) {
        return;
    }
    if (SIM_JSON_CHECK(json, certificate_members, "", &err) &&
        sim_server_set_certificate(sim->server, request, sim_json_text(json, "cert", ""),
                                   sim_json_text(json, "key", ""), &err)) {
        sim_reply_empty(reply, 204);
    } else {
        sim_control_refuse(reply, 400, err.text);
    }
    cJSON_Delete(json);
}

static const struct sim_route routes[] = {
    {"GET", "/sim/nodes", get_nodes},
    {"POST", "/sim/nodes/{}", post_node},
    {"POST", "/sim/certificate", post_certificate},
};

const struct sim_family sim_node_control_family = {routes, SIM_COUNT_OF(routes)};
