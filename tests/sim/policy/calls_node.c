/* SPDX-License-Identifier: Apache-2.0 */
/* calls_node.c: what a client asks first: is the manager alive, and which release is it. */
#include "policy.h"

static void get_version(struct sim *sim, const struct sim_request *request,
                        struct sim_reply *reply)
{
    cJSON *json = cJSON_CreateObject();

    (void)request;
    cJSON_AddStringToObject(json, "node_version",
                            sim_world_of(sim)->settings.node_version);
    cJSON_AddStringToObject(json, "product_version",
                            sim_world_of(sim)->settings.product_version);
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

/* ApiServiceConfig, without certificate and ciphers. */
static void get_api_service(struct sim *sim, const struct sim_request *request,
                            struct sim_reply *reply)
{
    const struct sim_settings *settings = &sim_world_of(sim)->settings;
    cJSON *json = cJSON_CreateObject();

    (void)request;
    cJSON_AddStringToObject(json, "resource_type", "ApiServiceConfig");
    cJSON_AddStringToObject(json, "id", "reverse_proxy_config");
    cJSON_AddStringToObject(json, "display_name", "reverse_proxy_config");
    cJSON_AddNumberToObject(json, "session_timeout",
                            (double)(settings->session_idle_ms / 1000));
    cJSON_AddNumberToObject(json, "connection_timeout", 30);
    cJSON_AddStringToObject(json, "redirect_host", "");
    cJSON_AddNumberToObject(json, "client_api_rate_limit",
                            (double)settings->requests_per_s);
    cJSON_AddNumberToObject(json, "client_api_concurrency_limit",
                            (double)settings->concurrent);
    cJSON_AddNumberToObject(json, "global_api_concurrency_limit", 199);
    cJSON_AddBoolToObject(json, "basic_authentication_enabled", settings->basic_login);
    cJSON_AddBoolToObject(json, "cookie_based_authentication_enabled",
                          settings->cookie_login);
    cJSON_AddNumberToObject(json, "_revision", 0);
    sim_reply_json(reply, 200, json);
}

static const struct sim_route routes[] = {
    {"GET", "/api/v1/cluster/api-service", get_api_service},
    {"GET", "/api/v1/node/version", get_version},
    {"GET", "/api/v1/reverse-proxy/node/health", get_health},
};

const struct sim_family sim_node_family = {routes, SIM_COUNT_OF(routes)};
