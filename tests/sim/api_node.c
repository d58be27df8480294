/* SPDX-License-Identifier: Apache-2.0 */
/* api_node.c: what a client asks first: is the manager alive, and which release is it. */
#include "api.h"

static void get_version(struct sim *sim, const struct sim_request *request,
                        struct sim_reply *reply)
{
    cJSON *json = cJSON_CreateObject();

    (void)request;
    cJSON_AddStringToObject(json, "node_version", sim->world->settings.node_version);
    cJSON_AddStringToObject(json, "product_version",
                            sim->world->settings.product_version);
    sim_reply_json(reply, 200, json);
}

static void get_health(struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply)
{
    cJSON *json = cJSON_CreateObject();

    (void)sim;
    (void)request;
    cJSON_AddTrueToObject(json, "healthy");
    sim_reply_json(reply, 200, json);
}

static const struct sim_route routes[] = {
    {"GET", "/api/v1/node/version", get_version},
    {"GET", "/api/v1/reverse-proxy/node/health", get_health},
};

const struct sim_family sim_node_family = {routes, SIM_COUNT_OF(routes)};
