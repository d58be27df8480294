/* SPDX-License-Identifier: Apache-2.0 */
/* gate.c: the gate in front of all NSX calls: login, lock-out, limits, then the route. */
#include <stdlib.h>
#include <string.h>

#include "policy.h"

static const struct sim_family *const families[] = {
    &sim_session_family,  &sim_node_family,       &sim_fabric_family, &sim_group_family,
    &sim_firewall_family, &sim_statistics_family, &sim_tag_family,
};

/* The body of 429 carries its code as a text, unlike all others. */
static void refuse_rate(const struct sim *sim, struct sim_reply *reply, unsigned status,
                        const char *what, uint64_t limit, const char *unit)
{
    char *text =
        sim_format("Client '%s' exceeded %s of %llu%s", sim_world_of(sim)->settings.user,
                   what, (unsigned long long)limit, unit);

    if (status == 429) {
        cJSON *json = cJSON_CreateObject();

        cJSON_AddStringToObject(json, "module_name", SIM_MODULE_COMMON);
        cJSON_AddStringToObject(json, "error_message", text);
        cJSON_AddStringToObject(json, "error_code", "102");
        sim_reply_json(reply, status, json);
    } else {
        sim_reply_error(reply, status, 102, SIM_MODULE_COMMON, "%s", text);
    }
    free(text);
}

static bool check_rate(struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply)
{
    const struct sim_settings *settings = &sim_world_of(sim)->settings;
    struct sim_guard *guard = &sim_manager_of(sim)->guard;

    if (request->now_ms - guard->window_ms >= 1000) {
        guard->window_ms = request->now_ms;
        guard->in_window = 0;
    }
    guard->in_window++;
    if (settings->requests_per_s > 0 && guard->in_window > settings->requests_per_s) {
        refuse_rate(sim, reply, 429, "request rate", settings->requests_per_s,
                    " per second");
        return false;
    }
    if (settings->concurrent > 0 && sim->in_progress > settings->concurrent) {
        refuse_rate(sim, reply, settings->overload_is_503 ? 503 : 429,
                    "request concurrency", settings->concurrent, "");
        return false;
    }
    return true;
}

/* What the specification calls deprecated. */
static bool is_deprecated(const struct sim_route *route)
{
    return strstr(route->path, "/realized-state/enforcement-points/") != NULL;
}

static void handle(struct sim *sim, const struct sim_route *route,
                   const struct sim_request *request, struct sim_reply *reply)
{
    if (is_deprecated(route)) {
        sim_reply_header(reply, "Warning", "299 - \"Deprecated API\"");
    }
    if (strcmp(request->method, "GET") != 0 || !sim_list_again(sim, request, reply)) {
        route->handle(sim, request, reply);
    }
}

static void dispatch(struct sim *sim, struct sim_request *request,
                     struct sim_reply *reply)
{
    const struct sim_route *route = NULL;

    switch (sim_family_find(families, SIM_COUNT_OF(families), request, &route)) {
    case SIM_MATCH_FOUND:
        handle(sim, route, request, reply);
        break;
    case SIM_MATCH_OTHER_METHOD:
        sim_reply_error(reply, 405, SIM_NSX_NO_METHOD, SIM_MODULE_COMMON,
                        "Method %s is not supported for this path.", request->method);
        break;
    case SIM_MATCH_NONE:
        sim_reply_error(reply, 404, SIM_NSX_NOT_FOUND, SIM_MODULE_COMMON,
                        "The requested object could not be found: %s", request->target);
        break;
    }
}

void sim_gate_answer(struct sim *sim, struct sim_request *request,
                     struct sim_reply *reply)
{
    if (!sim_session_is_create(request) && !sim_login_check(sim, request, reply)) {
        return;
    }
    if (check_rate(sim, request, reply)) {
        sim_world_settle(sim_world_of(sim), request->now_ms);
        dispatch(sim, request, reply);
    }
}
