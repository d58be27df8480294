/* SPDX-License-Identifier: Apache-2.0 */
/* control.c: the paths under /sim, and those of the journal. */
#include "control.h"

#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "control_parts.h"

void sim_control_refuse(struct sim_reply *reply, unsigned status, const char *text)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "error", text);
    sim_reply_json(reply, status, json);
}

void sim_control_reply(struct sim_reply *reply, unsigned status, cJSON *json,
                       const struct sim_err *err)
{
    if (json != NULL) {
        sim_reply_json(reply, status, json);
    } else {
        sim_control_refuse(reply, 400, err->text);
    }
}

cJSON *sim_control_json(const struct sim_request *request, struct sim_reply *reply)
{
    struct sim_err err;
    cJSON *json = request->body_length == 0
                      ? cJSON_CreateObject()
                      : sim_json_parse(request->body, request->body_length, &err);

    if (json == NULL) {
        sim_control_refuse(reply, 400, err.text);
    }
    return json;
}

void sim_control_spread_delay(cJSON *json)
{
    cJSON *delay = cJSON_DetachItemFromObjectCaseSensitive(json, "delay_ms");

    if (delay != NULL) {
        cJSON_DeleteItemFromObjectCaseSensitive(json, "realization_delay_ms");
        cJSON_AddItemToObject(json, "realization_delay_ms", delay);
    }
}

bool sim_control_number(const struct sim_request *request, const char *name,
                        uint64_t fallback, uint64_t max, uint64_t *ret_number,
                        struct sim_reply *reply)
{
    const char *text = sim_request_param(request, name);

    *ret_number = fallback;
    if (text != NULL && !sim_parse_number(text, max, ret_number)) {
        char *why = sim_format("%s: must be a number from 0 to %llu", name,
                               (unsigned long long)max);

        sim_control_refuse(reply, 400, why);
        free(why);
        return false;
    }
    return true;
}

void sim_control_settle(struct sim *sim)
{
    if (sim->api->settle != NULL) {
        sim->api->settle(sim, sim_now_ms());
    }
}

#define SLICE_MS 50 /* how soon a waiting control call sees what time brings */

void sim_control_wait(struct sim *sim, uint64_t until_ms)
{
    uint64_t slice = sim_now_ms() + SLICE_MS;

    sim_wait(sim, slice < until_ms ? slice : until_ms);
    sim_control_settle(sim);
}

/* Waits for at least min_requests and min_changes, when they are given. */
static void get_journal(struct sim *sim, const struct sim_request *request,
                        struct sim_reply *reply)
{
    uint64_t since = 0;
    uint64_t requests = 0;
    uint64_t changes = 0;
    uint64_t timeout = 0;
    uint64_t bodies = 0;
    uint64_t until;

    if (!sim_control_number(request, "bodies", 0, 1, &bodies, reply) ||
        !sim_control_number(request, "since", 0, UINT64_MAX / 2, &since, reply) ||
        !sim_control_number(request, "min_requests", 0, SIM_JOURNAL_MAX, &requests,
                            reply) ||
        !sim_control_number(request, "min_changes", 0, SIM_JOURNAL_MAX, &changes,
                            reply) ||
        !sim_control_number(request, "timeout_ms", 10000, SIM_POLL_MAX_MS, &timeout,
                            reply)) {
        return;
    }
    until = request->now_ms + timeout;
    while (
        !sim->stopping && sim_now_ms() < until &&
        (sim->journal.request_count < requests || sim->journal.change_count < changes)) {
        sim_control_wait(sim, until);
    }
    sim_reply_json(reply, 200, sim_journal_json(&sim->journal, since, bodies != 0));
}

static void clear_journal(struct sim *sim, const struct sim_request *request,
                          struct sim_reply *reply)
{
    (void)request;
    sim_journal_clear(&sim->journal);
    sim_reply_empty(reply, 204);
}

static const struct sim_route routes[] = {
    {"GET", "/sim/journal", get_journal},
    {"POST", "/sim/journal/clear", clear_journal},
};

static const struct sim_family journal_family = {routes, SIM_COUNT_OF(routes)};

bool sim_control_is(const struct sim_request *request)
{
    return request->segment_count > 0 && strcmp(request->segments[0], "sim") == 0;
}

void sim_control_answer(struct sim *sim, struct sim_request *request,
                        struct sim_reply *reply)
{
    const struct sim_family *const families[] = {
        &journal_family, &sim_fault_family, &sim_node_control_family, sim->api->control};
    const struct sim_route *route = NULL;

    switch (sim_family_find(families, SIM_COUNT_OF(families), request, &route)) {
    case SIM_MATCH_FOUND:
        sim_control_settle(sim);
        route->handle(sim, request, reply);
        if (strcmp(request->method, "GET") != 0) {
            sim_notify(sim);
        }
        break;
    case SIM_MATCH_OTHER_METHOD:
        sim_control_refuse(reply, 405, "this path does not take that method");
        break;
    case SIM_MATCH_NONE:
        sim_control_refuse(reply, 404, "no such path under /sim");
        break;
    }
}
