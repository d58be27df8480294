/* SPDX-License-Identifier: Apache-2.0 */
/* world_json.c: reads a world from JSON, replaces parts of it, and writes it back. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"

static const struct sim_json_member world_members[] = {
    {"comment", SIM_JSON_ANY, false},
    {"virtual_machines", SIM_JSON_OBJECTS, true},
    {"groups", SIM_JSON_OBJECTS, false},
    {"security_policies", SIM_JSON_OBJECTS, false},
    {"services", SIM_JSON_OBJECTS, false},
    {"firewall", SIM_JSON_OBJECT, false},
    {"exclude_list", SIM_JSON_STRINGS, false},
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

/* The members of json that are settings, as an object of their own. */
static cJSON *pick_settings(cJSON *json)
{
    cJSON *picked = cJSON_CreateObject();
    cJSON *next = json->child;

    while (next != NULL) {
        cJSON *item = next;

        next = item->next;
        if (sim_settings_is_member(item->string)) {
            cJSON_DetachItemViaPointer(json, item);
            cJSON_AddItemToObject(picked, item->string, item);
        }
    }
    return picked;
}

static int compare_ids(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;

    return strcmp(*left, *right);
}

/* By sorting: comparing each with each would take minutes for a large world. */
static bool check_unique_vms(const struct sim_world *world, struct sim_err *err)
{
    const char **ids = sim_alloc(world->vm_count, sizeof(*ids));
    bool good = true;

    for (size_t i = 0; i < world->vm_count; i++) {
        ids[i] = sim_vm_id(world->vms[i]);
    }
    qsort(ids, world->vm_count, sizeof(*ids), compare_ids);
    for (size_t i = 1; good && i < world->vm_count; i++) {
        if (strcmp(ids[i - 1], ids[i]) == 0) {
            good =
                sim_fail(err, "virtual_machines: external_id %s is used twice", ids[i]);
        }
    }
    free(ids);
    return good;
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
    world->vms = sim_alloc(count, sizeof(struct sim_vm *));
    cJSON_ArrayForEach(item, list)
    {
        char *at = sim_format("virtual_machines[%zu]", world->vm_count);
        struct sim_vm *vm = sim_vm_new(item, at, err);

        free(at);
        if (vm == NULL) {
            return false;
        }
        sim_vm_announce(vm, 0, &at_once);
        world->vms[world->vm_count++] = vm;
    }
    return check_unique_vms(world, err);
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

/* The counters of a rule that keeps its id survive unless the rule itself is rewritten:
 * users report that NSX starts a rewritten rule at zero. */
static void keep_counters(const struct sim_policy *from, struct sim_policy *to)
{
    for (size_t i = 0; i < to->rule_count; i++) {
        struct sim_rule *rule = &to->rules[i];
        const struct sim_rule *before = sim_policy_find_rule(from, rule->id);

        if (before != NULL && cJSON_Compare(before->doc, rule->doc, 1)) {
            rule->counters = before->counters;
        }
    }
}

bool sim_world_put_policy(struct sim_world *world, const cJSON *doc, const char *where,
                          struct sim_err *err)
{
    struct sim_policies *policies = &world->policies;
    struct sim_policy *policy = sim_policy_new(doc, world->policies_made++, where, err);

    if (policy == NULL) {
        return false;
    }
    if (!sim_policy_check_names(policy, where, &world->groups, world->services, err)) {
        sim_policy_free(policy);
        return false;
    }
    for (size_t i = 0; i < policies->count; i++) {
        if (strcmp(policies->items[i]->id, policy->id) == 0) {
            keep_counters(policies->items[i], policy);
            sim_policy_free(policies->items[i]);
            policies->count--;
            memmove(&policies->items[i], &policies->items[i + 1],
                    (policies->count - i) * sizeof(struct sim_policy *));
            break;
        }
    }
    if (policies->count == SIM_POLICIES_MAX) {
        sim_policy_free(policy);
        return sim_fail(err, "%s: more than %d policies", where, SIM_POLICIES_MAX);
    }
    sim_policies_add(policies, policy);
    return true;
}

bool sim_world_set_exclude_list(struct sim_world *world, const cJSON *members,
                                const char *where, struct sim_err *err)
{
    const cJSON *item;
    int index = 0;

    cJSON_ArrayForEach(item, members)
    {
        if (!cJSON_IsString(item) ||
            sim_groups_find_path(&world->groups, item->valuestring) == NULL) {
            return sim_fail(err, "%s[%d]: no such group", where, index);
        }
        index++;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(world->exclude_list, "members");
    cJSON_AddItemToObject(world->exclude_list, "members",
                          members == NULL ? cJSON_CreateArray()
                                          : cJSON_Duplicate(members, 1));
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

struct sim_world *sim_world_new(const cJSON *json, struct sim_err *err)
{
    struct sim_world *world = sim_alloc(1, sizeof(*world));
    cJSON *objects = cJSON_Duplicate(json, 1);
    cJSON *settings = pick_settings(objects);
    bool good;

    sim_settings_init(&world->settings);
    good = SIM_JSON_CHECK(objects, world_members, "", err) &&
           sim_world_set(world, settings, err) &&
           read_vms(world, sim_json_get(objects, "virtual_machines"), err) &&
           read_groups(world, sim_json_get(objects, "groups"), err) &&
           read_services(world, sim_json_get(objects, "services"), err) &&
           read_policies(world, sim_json_get(objects, "security_policies"), err) &&
           read_firewall(world, sim_json_get(objects, "firewall"), err) &&
           sim_world_set_exclude_list(world, sim_json_get(objects, "exclude_list"),
                                      "exclude_list", err);
    cJSON_Delete(settings);
    cJSON_Delete(objects);
    return good ? world : sim_world_free(world);
}

static char *read_file(const char *path, size_t *ret_length, struct sim_err *err)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t length = 0;
    size_t got = 0;

    if (file == NULL) {
        (void)sim_fail(err, "%s", strerror(errno));
        return NULL;
    }
    do {
        text = sim_grow(text, length + 65536 + 1, 1);
        got = fread(text + length, 1, 65536, file);
        length += got;
    } while (got > 0 && length <= SIM_WORLD_BYTES_MAX);
    if (ferror(file) || length > SIM_WORLD_BYTES_MAX) {
        (void)sim_fail(err, ferror(file) ? "cannot be read" : "too large");
        free(text);
        text = NULL;
    } else {
        text[length] = '\0';
        *ret_length = length;
    }
    (void)fclose(file);
    return text;
}

struct sim_world *sim_world_open(const char *path, struct sim_err *err)
{
    size_t length = 0;
    char *text = read_file(path, &length, err);
    struct sim_world *world = NULL;
    cJSON *json;

    if (text == NULL) {
        return NULL;
    }
    json = sim_json_parse(text, length, err);
    free(text);
    if (json != NULL && !cJSON_IsObject(json)) {
        (void)sim_fail(err, "a world is a JSON object");
    } else if (json != NULL) {
        world = sim_world_new(json, err);
    }
    cJSON_Delete(json);
    return world;
}

bool sim_world_set(struct sim_world *world, const cJSON *json, struct sim_err *err)
{
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
    return json;
}
