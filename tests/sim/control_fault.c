/* SPDX-License-Identifier: Apache-2.0 */
/* control_fault.c: the routes under /sim that break requests, and hold them so that a
 * test can kill its client at an exact point. */
#include "control_parts.h"

#include <poll.h>

static void get_faults(struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply)
{
    (void)request;
    sim_reply_json(reply, 200, sim_faults_json(&sim->faults));
}

static void post_faults(struct sim *sim, const struct sim_request *request,
                        struct sim_reply *reply)
{
    cJSON *json = sim_control_json(request, reply);
    struct sim_err err;

    if (json == NULL) {
        return;
    }
    if (sim_faults_add(&sim->faults, json, &err)) {
        sim_reply_json(reply, 201, sim_faults_json(&sim->faults));
    } else {
        sim_control_refuse(reply, 400, err.text);
    }
    cJSON_Delete(json);
}

static void delete_faults(struct sim *sim, const struct sim_request *request,
                          struct sim_reply *reply)
{
    (void)request;
    sim_faults_clear(&sim->faults);
    sim_reply_empty(reply, 204);
}

static uint64_t count_held(const struct sim *sim)
{
    uint64_t count = 0;

    for (const struct sim_held *held = sim->held; held != NULL; held = held->next) {
        count += !held->released;
    }
    return count;
}

static cJSON *held_json(const struct sim_held *held)
{
    struct pollfd peer = {.fd = held->fd, .events = POLLRDHUP};
    cJSON *json = cJSON_CreateObject();

    cJSON_AddNumberToObject(json, "number", (double)held->request->number);
    cJSON_AddStringToObject(json, "method", held->request->method);
    cJSON_AddStringToObject(json, "path", held->request->target);
    cJSON_AddBoolToObject(json, "applied", held->after);
    cJSON_AddBoolToObject(json, "client_gone", poll(&peer, 1, 0) > 0);
    return json;
}

static void get_held(struct sim *sim, const struct sim_request *request,
                     struct sim_reply *reply)
{
    uint64_t count = 0;
    uint64_t timeout = 0;
    uint64_t until;
    cJSON *json;
    cJSON *list;

    if (!sim_control_number(request, "count", 0, 10000, &count, reply) ||
        !sim_control_number(request, "timeout_ms", 10000, SIM_POLL_MAX_MS, &timeout,
                            reply)) {
        return;
    }
    until = request->now_ms + timeout;
    while (!sim->stopping && sim_now_ms() < until && count_held(sim) < count) {
        sim_control_wait(sim, until);
    }
    json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "count", (double)count_held(sim));
    cJSON_AddBoolToObject(json, "reached", count_held(sim) >= count);
    list = cJSON_AddArrayToObject(json, "held");
    for (const struct sim_held *held = sim->held; held != NULL; held = held->next) {
        if (!held->released) {
            cJSON_AddItemToArray(list, held_json(held));
        }
    }
    sim_reply_json(reply, 200, json);
}

static const struct sim_json_member release_members[] = {
    {"all", SIM_JSON_BOOL, false},
    {"number", SIM_JSON_COUNT, false},
    {"apply", SIM_JSON_BOOL, false},
};

static uint64_t release(struct sim *sim, const cJSON *which)
{
    bool all = sim_json_bool(which, "all", sim_json_get(which, "number") == NULL);
    uint64_t number = sim_json_count(which, "number", 0);
    uint64_t count = 0;

    for (struct sim_held *held = sim->held; held != NULL; held = held->next) {
        if (!held->released && (all || held->request->number == number)) {
            held->released = true;
            held->apply = sim_json_bool(which, "apply", true);
            count++;
        }
    }
    return count;
}

static void post_release(struct sim *sim, const struct sim_request *request,
                         struct sim_reply *reply)
{
    cJSON *body = sim_control_json(request, reply);
    int items = cJSON_IsArray(body) ? cJSON_GetArraySize(body) : 1;
    uint64_t count = 0;
    struct sim_err err;
    cJSON *json;

    if (body == NULL) {
        return;
    }
    for (int i = 0; i < items; i++) {
        const cJSON *which = cJSON_IsArray(body) ? cJSON_GetArrayItem(body, i) : body;

        if (!SIM_JSON_CHECK(which, release_members, "", &err)) {
            sim_control_refuse(reply, 400, err.text);
            cJSON_Delete(body);
            return;
        }
        count += release(sim, which);
    }
    cJSON_Delete(body);
    json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "released", (double)count);
    sim_reply_json(reply, 200, json);
}

static const struct sim_route routes[] = {
    {"GET", "/sim/faults", get_faults},       {"POST", "/sim/faults", post_faults},
    {"DELETE", "/sim/faults", delete_faults}, {"GET", "/sim/held", get_held},
    {"POST", "/sim/release", post_release},
};

const struct sim_family sim_fault_family = {routes, SIM_COUNT_OF(routes)};
