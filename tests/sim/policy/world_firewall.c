/* SPDX-License-Identifier: Apache-2.0 */
/* world_firewall.c: replaces parts of the firewall: policies, schedulers, exclusions. */
#include <stdlib.h>
#include <string.h>

#include "schedule.h"
#include "world.h"

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

static bool check_scheduler_name(const struct sim_world *world,
                                 const struct sim_policy *policy, const char *where,
                                 struct sim_err *err)
{
    const char *path = sim_json_text(policy->doc, "scheduler_path", NULL);

    return path == NULL || sim_schedule_find(world->schedulers, path) != NULL ||
           sim_fail(err, "%s.scheduler_path: no such scheduler: %s", where, path);
}

bool sim_world_put_policy(struct sim_world *world, const cJSON *doc, const char *where,
                          struct sim_err *err)
{
    struct sim_policies *policies = &world->policies;
    struct sim_policy *policy = sim_policy_new(doc, world->policies_made++, where, err);

    if (policy == NULL) {
        return false;
    }
    if (!sim_policy_check_names(policy, where, &world->groups, world->services, err) ||
        !check_scheduler_name(world, policy, where, err)) {
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

bool sim_world_set_system_excluded(struct sim_world *world, const cJSON *ids,
                                   const char *where, struct sim_err *err)
{
    const cJSON *item;
    int index = 0;

    cJSON_ArrayForEach(item, ids)
    {
        if (sim_world_find_vm(world, item->valuestring) == NULL) {
            return sim_fail(err, "%s[%d]: no such VM", where, index);
        }
        index++;
    }
    cJSON_Delete(world->system_excluded);
    world->system_excluded = ids == NULL ? cJSON_CreateArray() : cJSON_Duplicate(ids, 1);
    return true;
}

const cJSON *sim_world_find_scheduler(const struct sim_world *world, const char *id)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, world->schedulers)
    {
        if (strcmp(sim_json_text(item, "id", ""), id) == 0) {
            return item;
        }
    }
    return NULL;
}

bool sim_world_put_scheduler(struct sim_world *world, const cJSON *doc, const char *where,
                             struct sim_err *err)
{
    cJSON *scheduler = sim_schedule_new(doc, where, err);
    cJSON *before;

    if (scheduler == NULL) {
        return false;
    }
    before = (cJSON *)(uintptr_t)sim_world_find_scheduler(
        world, sim_json_text(scheduler, "id", ""));
    if (before != NULL) {
        cJSON_ReplaceItemViaPointer(world->schedulers, before, scheduler);
    } else {
        cJSON_AddItemToArray(world->schedulers, scheduler);
    }
    return true;
}
