/* SPDX-License-Identifier: Apache-2.0 */
/* world_lists.c: the parts of the world that are plain lists of JSON objects. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

static const struct sim_json_member cluster_members[] = {
    {"id", SIM_JSON_STRING, true},
    {"name", SIM_JSON_STRING, true},
    {"firewall_installed", SIM_JSON_BOOL, false},
    {"firewall_enabled", SIM_JSON_BOOL, false},
    {"status", SIM_JSON_STRING, false},
};

static const struct sim_json_member host_members[] = {
    {"id", SIM_JSON_STRING, true},
    {"name", SIM_JSON_STRING, true},
    {"cluster", SIM_JSON_STRING, true},
    /* What the host says of the last publication; absent: the truth. */
    {"status", SIM_JSON_STRING, false},
    {"error_code", SIM_JSON_COUNT, false},
};

static const struct sim_json_member ip_set_members[] = {
    {"id", SIM_JSON_STRING, true},
    {"name", SIM_JSON_STRING, true},
    {"value", SIM_JSON_STRING, true},
};

static const struct sim_json_member exclude_members[] = {
    {"vm", SIM_JSON_STRING, true},
    {"system", SIM_JSON_BOOL, false},
};

static bool check_cluster(const cJSON *item, const char *where, struct sim_err *err)
{
    return SIM_JSON_CHECK(item, cluster_members, where, err);
}

static bool check_host(const cJSON *item, const char *where, struct sim_err *err)
{
    return SIM_JSON_CHECK(item, host_members, where, err);
}

static bool check_ip_set(const cJSON *item, const char *where, struct sim_err *err)
{
    return SIM_JSON_CHECK(item, ip_set_members, where, err);
}

static bool check_excluded(const cJSON *item, const char *where, struct sim_err *err)
{
    return SIM_JSON_CHECK(item, exclude_members, where, err);
}

static void default_true(cJSON *item, const char *name)
{
    if (sim_json_get(item, name) == NULL) {
        cJSON_AddTrueToObject(item, name);
    }
}

static void complete_cluster(cJSON *cluster)
{
    bool runs;

    default_true(cluster, "firewall_installed");
    default_true(cluster, "firewall_enabled");
    runs = sim_json_bool(cluster, "firewall_installed", false) &&
           sim_json_bool(cluster, "firewall_enabled", false);
    sim_json_default_text(cluster, "status", runs ? "GREEN" : "UNKNOWN");
}

static const struct list {
    const char *name;
    size_t offset;
    bool (*check)(const cJSON *item, const char *where, struct sim_err *err);
    void (*complete)(cJSON *item); /* NULL: nothing to add */
} lists[] = {
#define AT(member) offsetof(struct vs_world, member)
    {"clusters", AT(clusters), check_cluster, complete_cluster},
    {"hosts", AT(hosts), check_host, NULL},
    {"ip_sets", AT(ip_sets), check_ip_set, NULL},
    {"applications", AT(applications), vs_service_check, NULL},
    {"exclude_list", AT(exclude_list), check_excluded, NULL},
#undef AT
};

static const struct list *find_list(const char *name)
{
    for (size_t i = 0; i < SIM_COUNT_OF(lists); i++) {
        if (strcmp(lists[i].name, name) == 0) {
            return &lists[i];
        }
    }
    return NULL;
}

bool vs_world_has_list(const char *name)
{
    return find_list(name) != NULL;
}

bool vs_world_set_list(struct vs_world *world, const char *name, const cJSON *json,
                       struct sim_err *err)
{
    const struct list *list = find_list(name);
    cJSON **place = (cJSON **)(void *)((char *)world + list->offset);
    cJSON *copy;
    cJSON *item;
    unsigned index = 0;

    if (json == NULL) {
        return true;
    }
    if (!cJSON_IsArray(json)) {
        return sim_fail(err, "%s: must be a list", name);
    }
    copy = cJSON_Duplicate(json, 1);
    cJSON_ArrayForEach(item, copy)
    {
        char *at = sim_format("%s[%u]", name, index++);
        bool good = list->check(item, at, err);

        free(at);
        if (!good) {
            cJSON_Delete(copy);
            return false;
        }
        if (list->complete != NULL) {
            list->complete(item);
        }
    }
    cJSON_Delete(*place);
    *place = copy;
    return true;
}

void vs_world_write_lists(const struct vs_world *world, cJSON *json)
{
    for (size_t i = 0; i < SIM_COUNT_OF(lists); i++) {
        const cJSON *list =
            *(cJSON *const *)(const void *)((const char *)world + lists[i].offset);

        cJSON_AddItemToObject(json, lists[i].name, cJSON_Duplicate(list, 1));
    }
}
