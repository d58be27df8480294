/* SPDX-License-Identifier: Apache-2.0 */
/* control.c: the routes under /sim that look at the world and change it behind the back
 * of NSX, as vCenter and administrators do. */
#include <string.h>

#include "control_parts.h"
#include "flow.h"
#include "manager.h"

static void get_world(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    (void)request;
    sim_reply_json(reply, 200, vs_world_json(vs_world_of(sim)));
}

static void get_flow(struct sim *sim, const struct sim_request *request,
                     struct sim_reply *reply)
{
    struct sim_err err;
    cJSON *json = vs_flow_ask(vs_world_of(sim), request, &err);

    sim_control_reply(reply, 200, json, &err);
}

static void reply_settings(struct sim *sim, struct sim_reply *reply)
{
    cJSON *json = cJSON_CreateObject();

    vs_settings_write(&vs_world_of(sim)->settings, json);
    sim_reply_json(reply, 200, json);
}

static void get_settings(struct sim *sim, const struct sim_request *request,
                         struct sim_reply *reply)
{
    (void)request;
    reply_settings(sim, reply);
}

/* New settings also end a lock-out, so that a test can go on. */
static void set_settings(struct sim *sim, const cJSON *json, struct sim_reply *reply)
{
    struct sim_err err;

    if (!cJSON_IsObject(json)) {
        sim_control_refuse(reply, 400, "must be an object");
    } else if (!vs_settings_read(&vs_world_of(sim)->settings, json, &err)) {
        sim_control_refuse(reply, 400, err.text);
    } else {
        vs_manager_of(sim)->failures = 0;
        vs_manager_of(sim)->locked_until_ms = 0;
        reply_settings(sim, reply);
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
        sim_control_spread_delay(json);
        set_settings(sim, json, reply);
    } else {
        sim_control_refuse(reply, 400, err.text);
    }
    cJSON_Delete(json);
}

static struct vs_vm *named_vm(struct sim *sim, const struct sim_request *request,
                              struct sim_reply *reply)
{
    struct vs_vm *vm = vs_world_vm(vs_world_of(sim), request->args[0]);

    if (vm == NULL) {
        sim_control_refuse(reply, 404, "no VM has this MoRef");
    }
    return vm;
}

static void get_vm(struct sim *sim, const struct sim_request *request,
                   struct sim_reply *reply)
{
    const struct vs_vm *vm = named_vm(sim, request, reply);

    if (vm != NULL) {
        sim_reply_json(reply, 200, vs_world_vm_json(vs_world_of(sim), vm));
    }
}

static void post_vm(struct sim *sim, const struct sim_request *request,
                    struct sim_reply *reply)
{
    cJSON *json = sim_control_json(request, reply);
    const struct vs_vm *vm;
    struct sim_err err;

    if (json == NULL) {
        return;
    }
    vm = vs_world_add_vm(vs_world_of(sim), json, "vm", request->now_ms, &err);
    sim_control_reply(reply, 201,
                      vm == NULL ? NULL : vs_world_vm_json(vs_world_of(sim), vm), &err);
    cJSON_Delete(json);
}

static void patch_vm(struct sim *sim, const struct sim_request *request,
                     struct sim_reply *reply)
{
    struct vs_vm *vm = named_vm(sim, request, reply);
    cJSON *json = vm == NULL ? NULL : sim_control_json(request, reply);
    struct sim_err err;
    bool good;

    if (json == NULL) {
        return;
    }
    good = vs_world_patch_vm(vs_world_of(sim), vm, json, request->now_ms, &err);
    sim_control_reply(reply, 200, good ? vs_world_vm_json(vs_world_of(sim), vm) : NULL,
                      &err);
    cJSON_Delete(json);
}

static void delete_vm(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    struct vs_vm *vm = named_vm(sim, request, reply);

    if (vm != NULL) {
        vs_world_remove_vm(vs_world_of(sim), vm);
        sim_reply_empty(reply, 204);
    }
}

static void put_group(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    cJSON *json = sim_control_json(request, reply);
    struct sim_err err;

    if (json == NULL) {
        return;
    }
    /* The id in the path wins: the document need not repeat it. */
    cJSON_DeleteItemFromObjectCaseSensitive(json, "id");
    cJSON_AddStringToObject(json, "id", request->args[0]);
    if (vs_world_put_group(vs_world_of(sim), json, "group", &err)) {
        sim_reply_empty(reply, 204);
    } else {
        sim_control_refuse(reply, 400, err.text);
    }
    cJSON_Delete(json);
}

static void put_section(struct sim *sim, const struct sim_request *request,
                        struct sim_reply *reply)
{
    cJSON *json = sim_control_json(request, reply);
    uint64_t id = 0;
    struct sim_err err;

    if (json == NULL) {
        return;
    }
    if (!sim_parse_number(request->args[0], UINT32_MAX, &id) || id == 0) {
        cJSON_Delete(json);
        sim_control_refuse(reply, 404, "the id of a section is a number");
        return;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(json, "id");
    cJSON_AddNumberToObject(json, "id", (double)id);
    if (vs_world_put_section(vs_world_of(sim), json, "section", request->now_ms, &err)) {
        sim_reply_empty(reply, 204);
    } else {
        sim_control_refuse(reply, 400, err.text);
    }
    cJSON_Delete(json);
}

static void put_list(struct sim *sim, const struct sim_request *request,
                     struct sim_reply *reply)
{
    cJSON *json = sim_control_json(request, reply);
    const char *name = request->args[0];
    struct sim_err err;

    if (json == NULL) {
        return;
    }
    if (!vs_world_has_list(name)) {
        sim_control_refuse(reply, 404, "there is no such list");
    } else if (vs_world_set_list(vs_world_of(sim), name, json, &err)) {
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
    {"PUT", "/sim/sections/{}", put_section},
    {"PUT", "/sim/lists/{}", put_list},
};

const struct sim_family vs_control_family = {routes, SIM_COUNT_OF(routes)};
