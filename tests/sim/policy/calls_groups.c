/* SPDX-License-Identifier: Apache-2.0 */
/* calls_groups.c: groups, their members, the groups of a VM, and whether an intent is
 * realized. */
#include "policy.h"

#include <stdlib.h>
#include <string.h>

static void list_groups(struct sim *sim, const struct sim_request *request,
                        struct sim_reply *reply)
{
    struct sim_list list = {0};

    for (size_t i = 0; i < sim_world_of(sim)->groups.count; i++) {
        const struct sim_group *group = sim_world_of(sim)->groups.items[i];

        sim_list_borrow(&list, group->doc, group->id);
    }
    sim_list_reply(sim, request, reply, &list, SIM_PAGING_SPEC, "display_name");
}

static void get_group(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    const struct sim_group *group =
        sim_groups_find(&sim_world_of(sim)->groups, request->args[0]);

    if (group == NULL) {
        char *path = sim_format("/infra/domains/default/groups/%s", request->args[0]);

        sim_reply_missing(sim, reply, path);
        free(path);
        return;
    }
    sim_reply_json(reply, 200, cJSON_Duplicate(group->doc, 1));
}

/* RealizedVirtualMachine: a short form of the VM, whose id is the external id. */
static cJSON *realized_vm(const struct sim_vm *vm)
{
    static const char *const copied[] = {"display_name", "compute_ids", "power_state",
                                         "host_id", "local_id_on_host"};
    cJSON *json = cJSON_CreateObject();
    char *path = sim_format(SIM_VM_PATH "%s", sim_vm_id(vm));

    cJSON_AddStringToObject(json, "id", sim_vm_id(vm));
    for (size_t i = 0; i < SIM_COUNT_OF(copied); i++) {
        cJSON_AddItemToObject(json, copied[i],
                              cJSON_Duplicate(sim_json_get(vm->doc, copied[i]), 1));
    }
    cJSON_AddStringToObject(json, "path", path);
    cJSON_AddStringToObject(json, "relative_path", sim_vm_id(vm));
    cJSON_AddStringToObject(json, "parent_path",
                            "/infra/realized-state/enforcement-points/default");
    cJSON_AddStringToObject(json, "resource_type", "RealizedVirtualMachine");
    cJSON_AddStringToObject(json, "state", "REALIZED");
    free(path);
    return json;
}

static void list_members(struct sim *sim, const struct sim_request *request,
                         struct sim_reply *reply)
{
    const struct sim_world *world = sim_world_of(sim);
    const struct sim_group *group = sim_groups_find(&world->groups, request->args[0]);
    struct sim_list list = {0};

    if (group == NULL) {
        char *path = sim_format("/infra/domains/default/groups/%s", request->args[0]);

        sim_reply_invalid_path(reply, path);
        free(path);
        return;
    }
    for (size_t i = 0; i < world->vm_count; i++) {
        const struct sim_vm *vm = world->vms[i];
        const struct sim_subject subject = {.vm = vm->member};

        if (vm->member != NULL && sim_group_has(&world->groups, group, &subject)) {
            sim_list_take(&list, realized_vm(vm), sim_vm_id(vm));
        }
    }
    sim_list_reply(sim, request, reply, &list, SIM_PAGING_SPEC, NULL);
}

static cJSON *association(const struct sim_group *group)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "path", group->path);
    cJSON_AddStringToObject(json, "target_id", group->path);
    cJSON_AddStringToObject(json, "target_display_name",
                            sim_json_text(group->doc, "display_name", group->id));
    cJSON_AddStringToObject(json, "target_type", "Group");
    cJSON_AddTrueToObject(json, "is_valid");
    return json;
}

/* Assumed: an unknown VM is in no group, rather than an error. */
static void list_associations(struct sim *sim, const struct sim_request *request,
                              struct sim_reply *reply)
{
    const char *id = sim_request_param(request, "vm_external_id");
    const struct sim_groups *groups = &sim_world_of(sim)->groups;
    const struct sim_vm *vm;
    struct sim_list list = {0};

    if (id == NULL || *id == '\0') {
        sim_reply_error(reply, 400, SIM_NSX_INVALID_ARGUMENT, SIM_MODULE_POLICY,
                        "vm_external_id is required.");
        return;
    }
    vm = sim_world_find_vm(sim_world_of(sim), id);
    for (size_t i = 0; vm != NULL && vm->member != NULL && i < groups->count; i++) {
        const struct sim_subject subject = {.vm = vm->member};

        if (sim_group_has(groups, groups->items[i], &subject)) {
            sim_list_take(&list, association(groups->items[i]), groups->items[i]->id);
        }
    }
    sim_list_reply(sim, request, reply, &list, SIM_PAGING_SPEC, NULL);
}

static cJSON *status_object(const char *word)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "consolidated_status", word);
    return json;
}

static cJSON *enforcement_point_status(const char *word)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *enforced = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "resource_type", "ConsolidatedStatusNsxT");
    cJSON_AddStringToObject(json, "site_path", "/infra/sites/default");
    cJSON_AddStringToObject(json, "enforcement_point_path",
                            "/infra/sites/default/enforcement-points/default");
    cJSON_AddStringToObject(json, "enforcement_point_id", "default");
    cJSON_AddItemToObject(json, "consolidated_status", status_object(word));
    cJSON_AddItemToObject(enforced, "enforced_status", cJSON_CreateObject());
    cJSON_AddStringToObject(cJSON_GetObjectItemCaseSensitive(enforced, "enforced_status"),
                            "status", word);
    cJSON_AddItemToObject(json, "enforced_status", enforced);
    return json;
}

static bool exists(const struct sim_world *world, const char *path)
{
    if (sim_groups_find_path(&world->groups, path) != NULL) {
        return true;
    }
    for (size_t i = 0; i < world->policies.count; i++) {
        const struct sim_policy *policy = world->policies.items[i];

        if (strcmp(policy->path, path) == 0) {
            return true;
        }
        for (size_t k = 0; k < policy->rule_count; k++) {
            if (strcmp(policy->rules[k].path, path) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* What somebody asked to fail or to be slow comes first. Policies and rules are realized
 * at once, groups with their members. */
static const char *state_of(const struct sim_world *world, const char *path,
                            uint64_t now_ms)
{
    const struct sim_group *group = sim_groups_find_path(&world->groups, path);
    const cJSON *asked = sim_json_get(world->realization, path);
    const char *state = sim_json_text(asked, "state", NULL);

    if (state != NULL) {
        return state;
    }
    if (now_ms < world->changed_ms + sim_json_count(asked, "delay_ms", 0) ||
        (group != NULL && sim_world_group_in_progress(world, group))) {
        return "IN_PROGRESS";
    }
    return "SUCCESS";
}

static const char *publish_status(const char *state)
{
    static const struct {
        const char *state;
        const char *published;
    } pairs[] = {
        {"SUCCESS", "REALIZED"}, {"IN_PROGRESS", "UNREALIZED"}, {"ERROR", "ERROR"}};

    for (size_t i = 0; i < SIM_COUNT_OF(pairs); i++) {
        if (strcmp(pairs[i].state, state) == 0) {
            return pairs[i].published;
        }
    }
    return "UNAVAILABLE";
}

static void get_status(struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply)
{
    const char *path = sim_request_param(request, "intent_path");
    const char *enforced = sim_request_param(request, "include_enforced_status");
    const char *word;
    cJSON *json;

    if (path == NULL) {
        sim_reply_error(reply, 400, SIM_NSX_INVALID_ARGUMENT, SIM_MODULE_POLICY,
                        "intent_path is required.");
        return;
    }
    if (!exists(sim_world_of(sim), path)) {
        sim_reply_invalid_path(reply, path);
        return;
    }
    word = state_of(sim_world_of(sim), path, request->now_ms);
    json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "intent_path", path);
    cJSON_AddStringToObject(json, "publish_status", publish_status(word));
    cJSON_AddItemToObject(json, "consolidated_status", status_object(word));
    if (enforced != NULL && strcmp(enforced, "true") == 0) {
        cJSON *list =
            cJSON_AddArrayToObject(json, "consolidated_status_per_enforcement_point");

        cJSON_AddItemToArray(list, enforcement_point_status(word));
    }
    sim_reply_json(reply, 200, json);
}

#define GROUPS "/policy/api/v1/infra/domains/default/groups"

static const struct sim_route routes[] = {
    {"GET", GROUPS, list_groups},
    {"GET", GROUPS "/{}", get_group},
    {"GET", GROUPS "/{}/members/virtual-machines", list_members},
    {"GET", "/policy/api/v1/infra/virtual-machine-group-associations", list_associations},
    {"GET", "/policy/api/v1/infra/realized-state/status", get_status},
};

const struct sim_family sim_group_family = {routes, SIM_COUNT_OF(routes)};
