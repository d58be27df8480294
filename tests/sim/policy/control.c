/* SPDX-License-Identifier: Apache-2.0 */
/* control.c: the routes under /sim that look at the world, and those that change it
 * behind NSX's back, as vCenter and administrators do. */
#include <string.h>

#include "control_parts.h"
#include "flow.h"
#include "policy.h"

static void get_world(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    (void)request;
    sim_reply_json(reply, 200, sim_world_json(sim_world_of(sim)));
}

static void get_flow(struct sim *sim, const struct sim_request *request,
                     struct sim_reply *reply)
{
    struct sim_err err;
    cJSON *json = sim_flow_ask(sim_world_of(sim), request, &err);

    sim_control_reply(reply, 200, json, &err);
}

static void get_settings(struct sim *sim, const struct sim_request *request,
                         struct sim_reply *reply)
{
    (void)request;
    sim_reply_json(reply, 200, sim_world_settings_json(sim_world_of(sim)));
}

/* New settings also end a lock-out, so that a test can go on. */
static void set_settings(struct sim *sim, const cJSON *json, struct sim_reply *reply)
{
    struct sim_err err;

    if (!cJSON_IsObject(json)) {
        sim_control_refuse(reply, 400, "must be an object");
    } else if (!sim_world_set(sim_world_of(sim), json, &err)) {
        sim_control_refuse(reply, 400, err.text);
    } else {
        sim_world_of(sim)->generation++;
        sim_world_of(sim)->inventory++;
        sim_manager_of(sim)->guard.failures = 0;
        sim_manager_of(sim)->guard.locked_until_ms = 0;
        sim_reply_json(reply, 200, sim_world_settings_json(sim_world_of(sim)));
    }
}

static void patch_settings(struct sim *sim, const struct sim_request *request,
                           struct sim_reply *reply)
{
    cJSON *json = sim_control_json(request, reply);

    if (json != NULL) {
        set_settings(sim, json, reply);
        cJSON_Delete(json);
    }
}

static const struct sim_json_member realization_members[] = {
    {"path", SIM_JSON_STRING, false},
    {"state", SIM_JSON_STRING, false},
    {"delay_ms", SIM_JSON_COUNT, false},
    {"membership_delay_ms", SIM_JSON_COUNT, false},
    {"realization_delay_ms", SIM_JSON_COUNT, false},
};

/* The consolidated states of the Policy API. */
static bool is_state(const char *text)
{
    static const char *const states[] = {"SUCCESS", "IN_PROGRESS", "ERROR", "UNKNOWN",
                                         "UNINITIALIZED"};

    for (size_t i = 0; i < SIM_COUNT_OF(states); i++) {
        if (strcmp(states[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* One group, policy or rule. Without state and delay it is as it was. */
static void set_realization(struct sim *sim, const struct sim_request *request,
                            cJSON *json, struct sim_reply *reply)
{
    struct sim_world *world = sim_world_of(sim);
    const char *state = sim_json_text(json, "state", NULL);
    cJSON *path;

    if (state != NULL && !is_state(state)) {
        sim_control_refuse(reply, 400,
                           "state: must be SUCCESS, IN_PROGRESS, ERROR, UNKNOWN or "
                           "UNINITIALIZED");
        return;
    }
    path = cJSON_DetachItemFromObjectCaseSensitive(json, "path");
    cJSON_DeleteItemFromObjectCaseSensitive(world->realization, path->valuestring);
    if (json->child != NULL) {
        cJSON_AddItemToObject(world->realization, path->valuestring,
                              cJSON_Duplicate(json, 1));
    }
    cJSON_Delete(path);
    sim_world_touch(world, request->now_ms);
    sim_reply_json(reply, 200, cJSON_Duplicate(world->realization, 1));
}

static void post_realization(struct sim *sim, const struct sim_request *request,
                             struct sim_reply *reply)
{
    cJSON *json = sim_control_json(request, reply);
    struct sim_err err;

    if (json == NULL) {
        return;
    }
    if (!SIM_JSON_CHECK(json, realization_members, "", &err)) {
        sim_control_refuse(reply, 400, err.text);
    } else if (sim_json_get(json, "path") != NULL) {
        set_realization(sim, request, json, reply);
    } else {
        sim_control_spread_delay(json);
        set_settings(sim, json, reply);
    }
    cJSON_Delete(json);
}

static const struct sim_json_member failure_members[] = {
    {"external_ids", SIM_JSON_STRINGS, true},
    {"details", SIM_JSON_STRING, false},
};

/* Tag operations fail for these VMs from now on; an empty list ends it. */
static void post_tag_failures(struct sim *sim, const struct sim_request *request,
                              struct sim_reply *reply)
{
    cJSON *json = sim_control_json(request, reply);
    struct sim_err err;

    if (json == NULL) {
        return;
    }
    if (SIM_JSON_CHECK(json, failure_members, "", &err)) {
        cJSON_Delete(sim_world_of(sim)->tag_failures);
        sim_world_of(sim)->tag_failures = json;
        sim_reply_empty(reply, 204);
    } else {
        sim_control_refuse(reply, 400, err.text);
        cJSON_Delete(json);
    }
}

static struct sim_vm *named_vm(struct sim *sim, const struct sim_request *request,
                               struct sim_reply *reply)
{
    struct sim_vm *vm = sim_world_find_vm(sim_world_of(sim), request->args[0]);

    if (vm == NULL) {
        sim_control_refuse(reply, 404, "no VM has this external id");
    }
    return vm;
}

static void get_vm(struct sim *sim, const struct sim_request *request,
                   struct sim_reply *reply)
{
    const struct sim_vm *vm = named_vm(sim, request, reply);

    if (vm != NULL) {
        sim_reply_json(reply, 200, sim_vm_json(vm));
    }
}

static void post_vm(struct sim *sim, const struct sim_request *request,
                    struct sim_reply *reply)
{
    struct sim_world *world = sim_world_of(sim);
    cJSON *json = sim_control_json(request, reply);
    struct sim_err err;
    bool good;

    if (json == NULL) {
        return;
    }
    good = sim_world_add_vm(world, json, request->now_ms, &err);
    sim_control_reply(reply, 201,
                      good ? sim_vm_json(world->vms[world->vm_count - 1]) : NULL, &err);
    cJSON_Delete(json);
}

static void patch_vm(struct sim *sim, const struct sim_request *request,
                     struct sim_reply *reply)
{
    struct sim_vm *vm = named_vm(sim, request, reply);
    cJSON *json = vm == NULL ? NULL : sim_control_json(request, reply);
    struct sim_err err;
    bool good;

    if (json == NULL) {
        return;
    }
    good = sim_world_patch_vm(sim_world_of(sim), vm, json, request->now_ms, &err);
    sim_control_reply(reply, 200, good ? sim_vm_json(vm) : NULL, &err);
    cJSON_Delete(json);
}

static void delete_vm(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    struct sim_vm *vm = named_vm(sim, request, reply);

    if (vm != NULL) {
        sim_world_remove_vm(sim_world_of(sim), vm, request->now_ms);
        sim_reply_empty(reply, 204);
    }
}

/* The id in the path wins: the document need not repeat it. */
static cJSON *read_named(const struct sim_request *request, struct sim_reply *reply)
{
    cJSON *json = sim_control_json(request, reply);

    if (json != NULL && !cJSON_IsObject(json)) {
        cJSON_Delete(json);
        sim_control_refuse(reply, 400, "must be an object");
        return NULL;
    }
    if (json != NULL) {
        cJSON_DeleteItemFromObjectCaseSensitive(json, "id");
        cJSON_AddStringToObject(json, "id", request->args[0]);
    }
    return json;
}

/* json is taken, and may be NULL: then the reply is filled already. */
static void put_object(struct sim *sim, const struct sim_request *request, cJSON *json,
                       const char *what,
                       bool (*put)(struct sim_world *, const cJSON *, const char *,
                                   struct sim_err *),
                       struct sim_reply *reply)
{
    struct sim_err err;

    if (json == NULL) {
        return;
    }
    if (put(sim_world_of(sim), json, what, &err)) {
        sim_world_touch(sim_world_of(sim), request->now_ms);
        sim_reply_empty(reply, 204);
    } else {
        sim_control_refuse(reply, 400, err.text);
    }
    cJSON_Delete(json);
}

static void put_group(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    put_object(sim, request, read_named(request, reply), "group", sim_world_put_group,
               reply);
}

static void put_policy(struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply)
{
    put_object(sim, request, read_named(request, reply), "policy", sim_world_put_policy,
               reply);
}

static void put_scheduler(struct sim *sim, const struct sim_request *request,
                          struct sim_reply *reply)
{
    put_object(sim, request, read_named(request, reply), "scheduler",
               sim_world_put_scheduler, reply);
}

static const struct sim_json_member firewall_members[] = {
    {"enable_firewall", SIM_JSON_BOOL, false},
    {"exclude_list", SIM_JSON_STRINGS, false},
    {"system_excluded", SIM_JSON_STRINGS, false},
};

static bool change_firewall(struct sim_world *world, cJSON *json, struct sim_err *err)
{
    const cJSON *excluded = sim_json_get(json, "exclude_list");
    const cJSON *system_excluded = sim_json_get(json, "system_excluded");

    if (!SIM_JSON_CHECK(json, firewall_members, "", err) ||
        (excluded != NULL &&
         !sim_world_set_exclude_list(world, excluded, "exclude_list", err)) ||
        (system_excluded != NULL &&
         !sim_world_set_system_excluded(world, system_excluded, "system_excluded",
                                        err))) {
        return false;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(json, "exclude_list");
    cJSON_DeleteItemFromObjectCaseSensitive(json, "system_excluded");
    sim_json_merge(world->firewall, json);
    return true;
}

static void patch_firewall(struct sim *sim, const struct sim_request *request,
                           struct sim_reply *reply)
{
    cJSON *json = sim_control_json(request, reply);
    struct sim_err err;

    if (json == NULL) {
        return;
    }
    if (change_firewall(sim_world_of(sim), json, &err)) {
        sim_world_touch(sim_world_of(sim), request->now_ms);
        sim_reply_empty(reply, 204);
    } else {
        sim_control_refuse(reply, 400, err.text);
    }
    cJSON_Delete(json);
}

static const struct sim_route routes[] = {
    {"GET", "/sim/world", get_world},
    {"GET", "/sim/flow", get_flow},
    {"GET", "/sim/settings", get_settings},
    {"PATCH", "/sim/settings", patch_settings},
    {"POST", "/sim/realization", post_realization},
    {"POST", "/sim/vms", post_vm},
    {"GET", "/sim/vms/{}", get_vm},
    {"PATCH", "/sim/vms/{}", patch_vm},
    {"DELETE", "/sim/vms/{}", delete_vm},
    {"PUT", "/sim/groups/{}", put_group},
    {"PUT", "/sim/security-policies/{}", put_policy},
    {"PUT", "/sim/firewall-schedulers/{}", put_scheduler},
    {"POST", "/sim/tag-failures", post_tag_failures},
    {"PATCH", "/sim/firewall", patch_firewall},
};

const struct sim_family sim_policy_control_family = {routes, SIM_COUNT_OF(routes)};
