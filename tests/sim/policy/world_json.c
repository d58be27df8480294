/* SPDX-License-Identifier: Apache-2.0 */
/* world_json.c: reads a world from JSON, and writes it back. */
#include <stdlib.h>
#include <string.h>

#include "schedule.h"
#include "settings.h"

static const struct sim_json_member world_members[] = {
    {"api", SIM_JSON_STRING, false},
    {"comment", SIM_JSON_ANY, false},
    {"virtual_machines", SIM_JSON_OBJECTS, true},
    {"groups", SIM_JSON_OBJECTS, false},
    {"security_policies", SIM_JSON_OBJECTS, false},
    {"services", SIM_JSON_OBJECTS, false},
    {"firewall", SIM_JSON_OBJECT, false},
    {"exclude_list", SIM_JSON_STRINGS, false},
    {"system_excluded", SIM_JSON_STRINGS, false},
    {"firewall_schedulers", SIM_JSON_OBJECTS, false},
    {"compute_managers", SIM_JSON_OBJECTS, false},
};

static const struct sim_json_member compute_manager_members[] = {
    {"resource_type", SIM_JSON_STRING, false}, {"id", SIM_JSON_STRING, false},
    {"display_name", SIM_JSON_STRING, false},  {"server", SIM_JSON_STRING, true},
    {"origin_type", SIM_JSON_STRING, false},
};

static const struct sim_json_member firewall_members[] = {
    {"resource_type", SIM_JSON_STRING, false},
    {"id", SIM_JSON_STRING, false},
    {"display_name", SIM_JSON_STRING, false},
    {"path", SIM_JSON_STRING, false},
    {"relative_path", SIM_JSON_STRING, false},
    {"enable_firewall", SIM_JSON_BOOL, false},
    {"disable_auto_drafts", SIM_JSON_BOOL, false},
    {"idfw_enabled", SIM_JSON_BOOL, false},
    {"global_addrset_mode_enabled", SIM_JSON_BOOL, false},
    {"_revision", SIM_JSON_COUNT, false},
};

/* The members of json that are settings, or those that are not. Borrowed from json: a
 * large world need not be there twice. */
static cJSON *pick_members(const cJSON *json, bool settings)
{
    cJSON *picked = cJSON_CreateObject();
    const cJSON *item;

    cJSON_ArrayForEach(item, json)
    {
        if (sim_settings_is_member(item->string) == settings) {
            cJSON_AddItemReferenceToObject(picked, item->string,
                                           (cJSON *)(uintptr_t)item);
        }
    }
    return picked;
}

static bool read_vms(struct sim_world *world, const cJSON *list, struct sim_err *err)
{
    /* A loaded world is at rest: everybody knows everything. */
    static const struct sim_delays at_once = {0};
    size_t count = (size_t)cJSON_GetArraySize(list);
    const cJSON *item;

    if (count > SIM_VMS_MAX) {
        return sim_fail(err, "virtual_machines: more than %d", SIM_VMS_MAX);
    }
    cJSON_ArrayForEach(item, list)
    {
        char *at = sim_format("virtual_machines[%zu]", world->vm_count);
        struct sim_vm *vm = sim_vm_new(item, at, err);

        free(at);
        if (vm == NULL) {
            return false;
        }
        if (sim_world_find_vm(world, sim_vm_id(vm)) != NULL) {
            (void)sim_fail(err, "virtual_machines: external_id %s is used twice",
                           sim_vm_id(vm));
            sim_vm_free(vm);
            return false;
        }
        sim_vm_announce(vm, 0, &at_once);
        sim_world_insert_vm(world, vm);
    }
    return true;
}

bool sim_world_put_group(struct sim_world *world, const cJSON *doc, const char *where,
                         struct sim_err *err)
{
    struct sim_group *group = sim_group_new(doc, where, err);
    struct sim_groups *groups = &world->groups;

    if (group == NULL) {
        return false;
    }
    for (size_t i = 0; i < groups->count; i++) {
        if (strcmp(groups->items[i]->id, group->id) == 0) {
            sim_group_free(groups->items[i]);
            groups->items[i] = group;
            return true;
        }
    }
    if (groups->count == SIM_GROUPS_MAX) {
        sim_group_free(group);
        return sim_fail(err, "%s: more than %d groups", where, SIM_GROUPS_MAX);
    }
    groups->items =
        sim_grow(groups->items, groups->count + 1, sizeof(struct sim_group *));
    groups->items[groups->count++] = group;
    return true;
}

static bool read_schedulers(struct sim_world *world, const cJSON *list,
                            struct sim_err *err)
{
    const cJSON *item;

    world->schedulers = cJSON_CreateArray();
    cJSON_ArrayForEach(item, list)
    {
        char *at =
            sim_format("firewall_schedulers[%d]", cJSON_GetArraySize(world->schedulers));
        bool good = sim_world_put_scheduler(world, item, at, err);

        free(at);
        if (!good) {
            return false;
        }
    }
    return true;
}

static bool read_groups(struct sim_world *world, const cJSON *list, struct sim_err *err)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        char *at = sim_format("groups[%zu]", world->groups.count);
        const char *id = sim_json_text(item, "id", "");
        bool good = sim_groups_find(&world->groups, id) == NULL ||
                    sim_fail(err, "%s.id: %s is used twice", at, id);

        good = good && sim_world_put_group(world, item, at, err);
        free(at);
        if (!good) {
            return false;
        }
    }
    return true;
}

static bool read_policies(struct sim_world *world, const cJSON *list, struct sim_err *err)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        char *at = sim_format("security_policies[%zu]", world->policies.count);
        const char *id = sim_json_text(item, "id", "");
        bool good = sim_policies_find(&world->policies, id) == NULL ||
                    sim_fail(err, "%s.id: %s is used twice", at, id);

        good = good && sim_world_put_policy(world, item, at, err);
        free(at);
        if (!good) {
            return false;
        }
    }
    return true;
}

static bool read_services(struct sim_world *world, const cJSON *list, struct sim_err *err)
{
    cJSON *item;
    int index = 0;

    world->services = list == NULL ? cJSON_CreateArray() : cJSON_Duplicate(list, 1);
    cJSON_ArrayForEach(item, world->services)
    {
        char *at = sim_format("services[%d]", index++);
        char *path = sim_format("/infra/services/%s", sim_json_text(item, "id", ""));
        bool good = sim_service_check(item, at, err);

        if (good) {
            sim_json_default_text(item, "path", path);
        }
        free(path);
        free(at);
        if (!good) {
            return false;
        }
    }
    return true;
}

static bool read_firewall(struct sim_world *world, const cJSON *json, struct sim_err *err)
{
    if (json != NULL && !SIM_JSON_CHECK(json, firewall_members, "firewall", err)) {
        return false;
    }
    world->firewall = json == NULL ? cJSON_CreateObject() : cJSON_Duplicate(json, 1);
    sim_json_default_text(world->firewall, "resource_type", "DfwFirewallConfiguration");
    sim_json_default_text(world->firewall, "id", "security");
    sim_json_default_text(world->firewall, "path", "/infra/settings/firewall/security");
    if (sim_json_get(world->firewall, "enable_firewall") == NULL) {
        cJSON_AddTrueToObject(world->firewall, "enable_firewall");
    }
    world->exclude_list = cJSON_CreateObject();
    cJSON_AddStringToObject(world->exclude_list, "resource_type", "PolicyExcludeList");
    cJSON_AddStringToObject(world->exclude_list, "id", "exclude-list");
    cJSON_AddStringToObject(world->exclude_list, "path",
                            "/infra/settings/firewall/security/exclude-list");
    return true;
}

static bool read_compute_managers(struct sim_world *world, const cJSON *list,
                                  struct sim_err *err)
{
    const cJSON *item;
    int index = 0;

    world->compute_managers = cJSON_CreateArray();
    cJSON_ArrayForEach(item, list)
    {
        char *at = sim_format("compute_managers[%d]", index);
        char *id = sim_format("compute-manager-%d", ++index);
        const bool good = SIM_JSON_CHECK(item, compute_manager_members, at, err);

        if (good) {
            cJSON *manager = cJSON_Duplicate(item, 1);

            sim_json_default_text(manager, "resource_type", "ComputeManager");
            sim_json_default_text(manager, "id", id);
            sim_json_default_text(manager, "origin_type", "vCenter");
            sim_json_default_text(manager, "display_name",
                                  sim_json_text(item, "server", ""));
            cJSON_AddItemToArray(world->compute_managers, manager);
        }
        free(id);
        free(at);
        if (!good) {
            return false;
        }
    }
    return true;
}

struct sim_world *sim_world_new(const cJSON *json, struct sim_err *err)
{
    struct sim_world *world = sim_alloc(1, sizeof(*world));
    cJSON *objects = pick_members(json, false);
    cJSON *settings = pick_members(json, true);
    bool good;

    sim_settings_init(&world->settings);
    world->realization = cJSON_CreateObject();
    world->tag_failures = cJSON_CreateObject();
    good = SIM_JSON_CHECK(objects, world_members, "", err) &&
           sim_world_set(world, settings, err) &&
           read_vms(world, sim_json_get(objects, "virtual_machines"), err) &&
           read_groups(world, sim_json_get(objects, "groups"), err) &&
           read_services(world, sim_json_get(objects, "services"), err) &&
           read_schedulers(world, sim_json_get(objects, "firewall_schedulers"), err) &&
           read_policies(world, sim_json_get(objects, "security_policies"), err) &&
           read_firewall(world, sim_json_get(objects, "firewall"), err) &&
           read_compute_managers(world, sim_json_get(objects, "compute_managers"), err) &&
           sim_world_set_exclude_list(world, sim_json_get(objects, "exclude_list"),
                                      "exclude_list", err) &&
           sim_world_set_system_excluded(world, sim_json_get(objects, "system_excluded"),
                                         "system_excluded", err);
    cJSON_Delete(settings);
    cJSON_Delete(objects);
    return good ? world : sim_world_free(world);
}

bool sim_world_set(struct sim_world *world, const cJSON *json, struct sim_err *err)
{
    static const char *const multipliers[] = {"enforcement_points", "realized_rules"};

    for (size_t i = 0; i < SIM_COUNT_OF(multipliers); i++) {
        if (sim_json_count(json, multipliers[i], 0) > SIM_PARTS_MAX) {
            return sim_fail(err, "%s: more than %d", multipliers[i], SIM_PARTS_MAX);
        }
    }
    if (!sim_settings_read(&world->settings, json, err)) {
        return false;
    }
    /* One delay alone means both steps. */
    if (sim_json_get(json, "membership_delay_ms") == NULL &&
        sim_json_get(json, "realization_delay_ms") != NULL) {
        world->settings.delays.membership_ms = world->settings.delays.realization_ms;
    }
    return true;
}

cJSON *sim_world_settings_json(const struct sim_world *world)
{
    cJSON *json = cJSON_CreateObject();

    sim_settings_write(&world->settings, json);
    return json;
}

cJSON *sim_world_json(const struct sim_world *world)
{
    cJSON *json = sim_world_settings_json(world);
    cJSON *list = cJSON_AddArrayToObject(json, "virtual_machines");

    for (size_t i = 0; i < world->vm_count; i++) {
        cJSON_AddItemToArray(list, sim_vm_json(world->vms[i]));
    }
    list = cJSON_AddArrayToObject(json, "groups");
    for (size_t i = 0; i < world->groups.count; i++) {
        cJSON_AddItemToArray(list, cJSON_Duplicate(world->groups.items[i]->doc, 1));
    }
    list = cJSON_AddArrayToObject(json, "security_policies");
    for (size_t i = 0; i < world->policies.count; i++) {
        cJSON_AddItemToArray(list, sim_policy_json(world->policies.items[i]));
    }
    cJSON_AddItemToObject(json, "services", cJSON_Duplicate(world->services, 1));
    cJSON_AddItemToObject(json, "firewall", cJSON_Duplicate(world->firewall, 1));
    cJSON_AddItemToObject(
        json, "exclude_list",
        cJSON_Duplicate(sim_json_get(world->exclude_list, "members"), 1));
    cJSON_AddItemToObject(json, "system_excluded",
                          cJSON_Duplicate(world->system_excluded, 1));
    cJSON_AddItemToObject(json, "compute_managers",
                          cJSON_Duplicate(world->compute_managers, 1));
    cJSON_AddItemToObject(json, "firewall_schedulers",
                          cJSON_Duplicate(world->schedulers, 1));
    return json;
}
