/* SPDX-License-Identifier: Apache-2.0 */
/* control_change.c: the routes under /sim that change the world behind NSX's back, as
 * vCenter and administrators do. */
#include "control_parts.h"

#include <string.h>

/* New settings also end a lock-out, so that a test can go on. */
static void set_settings(struct sim *sim, const cJSON *json, struct sim_reply *reply)
{
    struct sim_err err;

    if (!cJSON_IsObject(json)) {
        sim_control_refuse(reply, 400, "must be an object");
    } else if (!sim_world_set(sim->world, json, &err)) {
        sim_control_refuse(reply, 400, err.text);
    } else {
        sim->guard.failures = 0;
        sim->guard.locked_until_ms = 0;
        sim_reply_json(reply, 200, sim_world_settings_json(sim->world));
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
    {"delay_ms", SIM_JSON_COUNT, false},
    {"membership_delay_ms", SIM_JSON_COUNT, false},
    {"realization_delay_ms", SIM_JSON_COUNT, false},
};

static void post_realization(struct sim *sim, const struct sim_request *request,
                             struct sim_reply *reply)
{
    cJSON *json = sim_control_json(request, reply);
    struct sim_err err;

    if (json == NULL) {
        return;
    }
    if (SIM_JSON_CHECK(json, realization_members, "", &err)) {
        cJSON *both = cJSON_DetachItemFromObjectCaseSensitive(json, "delay_ms");

        if (both != NULL) {
            cJSON_DeleteItemFromObjectCaseSensitive(json, "realization_delay_ms");
            cJSON_AddItemToObject(json, "realization_delay_ms", both);
        }
        set_settings(sim, json, reply);
    } else {
        sim_control_refuse(reply, 400, err.text);
    }
    cJSON_Delete(json);
}

static struct sim_vm *named_vm(struct sim *sim, const struct sim_request *request,
                               struct sim_reply *reply)
{
    struct sim_vm *vm = sim_world_find_vm(sim->world, request->args[0]);

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
    cJSON *json = sim_control_json(request, reply);
    struct sim_err err;

    if (json == NULL) {
        return;
    }
    if (sim_world_add_vm(sim->world, json, request->now_ms, &err)) {
        sim_reply_json(reply, 201,
                       sim_vm_json(sim->world->vms[sim->world->vm_count - 1]));
    } else {
        sim_control_refuse(reply, 400, err.text);
    }
    cJSON_Delete(json);
}

static void patch_vm(struct sim *sim, const struct sim_request *request,
                     struct sim_reply *reply)
{
    struct sim_vm *vm = named_vm(sim, request, reply);
    cJSON *json = vm == NULL ? NULL : sim_control_json(request, reply);
    struct sim_err err;

    if (json == NULL) {
        return;
    }
    if (sim_world_patch_vm(sim->world, vm, json, request->now_ms, &err)) {
        sim_reply_json(reply, 200, sim_vm_json(vm));
    } else {
        sim_control_refuse(reply, 400, err.text);
    }
    cJSON_Delete(json);
}

static void delete_vm(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    struct sim_vm *vm = named_vm(sim, request, reply);

    if (vm != NULL) {
        sim_world_remove_vm(sim->world, vm);
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

static void put_group(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    cJSON *json = read_named(request, reply);
    struct sim_err err;

    if (json == NULL) {
        return;
    }
    if (sim_world_put_group(sim->world, json, "group", &err)) {
        sim_reply_empty(reply, 204);
    } else {
        sim_control_refuse(reply, 400, err.text);
    }
    cJSON_Delete(json);
}

static void put_policy(struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply)
{
    cJSON *json = read_named(request, reply);
    struct sim_err err;

    if (json == NULL) {
        return;
    }
    if (sim_world_put_policy(sim->world, json, "policy", &err)) {
        sim_reply_empty(reply, 204);
    } else {
        sim_control_refuse(reply, 400, err.text);
    }
    cJSON_Delete(json);
}

static const struct sim_json_member firewall_members[] = {
    {"enable_firewall", SIM_JSON_BOOL, false},
    {"exclude_list", SIM_JSON_STRINGS, false},
};

static void patch_firewall(struct sim *sim, const struct sim_request *request,
                           struct sim_reply *reply)
{
    cJSON *json = sim_control_json(request, reply);
    struct sim_err err;

    if (json == NULL) {
        return;
    }
    if (!SIM_JSON_CHECK(json, firewall_members, "", &err) ||
        (sim_json_get(json, "exclude_list") != NULL &&
         !sim_world_set_exclude_list(sim->world, sim_json_get(json, "exclude_list"),
                                     "exclude_list", &err))) {
        sim_control_refuse(reply, 400, err.text);
    } else {
        cJSON_DeleteItemFromObjectCaseSensitive(json, "exclude_list");
        sim_json_merge(sim->world->firewall, json);
        sim_reply_empty(reply, 204);
    }
    cJSON_Delete(json);
}

static const struct sim_route routes[] = {
    {"PATCH", "/sim/settings", patch_settings},
    {"POST", "/sim/realization", post_realization},
    {"POST", "/sim/vms", post_vm},
    {"GET", "/sim/vms/{}", get_vm},
    {"PATCH", "/sim/vms/{}", patch_vm},
    {"DELETE", "/sim/vms/{}", delete_vm},
    {"PUT", "/sim/groups/{}", put_group},
    {"PUT", "/sim/security-policies/{}", put_policy},
    {"PATCH", "/sim/firewall", patch_firewall},
};

const struct sim_family sim_change_family = {routes, SIM_COUNT_OF(routes)};
