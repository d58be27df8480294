/* SPDX-License-Identifier: Apache-2.0 */
/* calls_firewall.c: security policies, rules, and what switches them off. */
#include "policy.h"

#include <stdlib.h>
#include <string.h>

static void list_policies(struct sim *sim, const struct sim_request *request,
                          struct sim_reply *reply)
{
    const char *count = sim_request_param(request, "include_rule_count");
    struct sim_list list = {0};

    for (size_t i = 0; i < sim_world_of(sim)->policies.count; i++) {
        const struct sim_policy *policy = sim_world_of(sim)->policies.items[i];
        cJSON *json = cJSON_Duplicate(policy->doc, 1);

        if (count != NULL && strcmp(count, "true") == 0) {
            cJSON_AddNumberToObject(json, "rule_count", (double)policy->rule_count);
        }
        sim_list_take(&list, json, policy->id);
    }
    sim_list_reply(sim, request, reply, &list, SIM_PAGING_SPEC, "display_name");
}

const struct sim_policy *sim_named_policy(struct sim *sim,
                                          const struct sim_request *request,
                                          struct sim_reply *reply)
{
    const struct sim_policy *policy =
        sim_policies_find(&sim_world_of(sim)->policies, request->args[0]);

    if (policy == NULL) {
        char *path =
            sim_format("/infra/domains/default/security-policies/%s", request->args[0]);

        sim_reply_missing(sim, reply, path);
        free(path);
    }
    return policy;
}

const struct sim_rule *sim_named_rule(struct sim *sim, const struct sim_request *request,
                                      struct sim_reply *reply)
{
    const struct sim_policy *policy = sim_named_policy(sim, request, reply);
    const struct sim_rule *rule;

    if (policy == NULL) {
        return NULL;
    }
    rule = sim_policy_find_rule(policy, request->args[1]);
    if (rule == NULL) {
        char *path = sim_format("%s/rules/%s", policy->path, request->args[1]);

        sim_reply_missing(sim, reply, path);
        free(path);
    }
    return rule;
}

static void get_policy(struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply)
{
    const struct sim_policy *policy = sim_named_policy(sim, request, reply);

    if (policy != NULL) {
        sim_reply_json(reply, 200, sim_policy_json(policy));
    }
}

static void list_rules(struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply)
{
    const struct sim_policy *policy = sim_named_policy(sim, request, reply);
    struct sim_list list = {0};

    for (size_t i = 0; policy != NULL && i < policy->rule_count; i++) {
        sim_list_borrow(&list, policy->rules[i].doc, policy->rules[i].id);
    }
    if (policy != NULL) {
        sim_list_reply(sim, request, reply, &list, SIM_PAGING_SPEC, "sequence_number");
    }
}

static void get_rule(struct sim *sim, const struct sim_request *request,
                     struct sim_reply *reply)
{
    const struct sim_rule *rule = sim_named_rule(sim, request, reply);

    if (rule != NULL) {
        sim_reply_json(reply, 200, cJSON_Duplicate(rule->doc, 1));
    }
}

static void get_firewall(struct sim *sim, const struct sim_request *request,
                         struct sim_reply *reply)
{
    (void)request;
    sim_reply_json(reply, 200, cJSON_Duplicate(sim_world_of(sim)->firewall, 1));
}

static void get_exclude_list(struct sim *sim, const struct sim_request *request,
                             struct sim_reply *reply)
{
    (void)request;
    sim_reply_json(reply, 200, cJSON_Duplicate(sim_world_of(sim)->exclude_list, 1));
}

/* Is the object a member of this group: the group itself, or, deeply, inside it? */
static bool group_covers(const struct sim_world *world, const struct sim_group *group,
                         const char *path, bool deep)
{
    const struct sim_vm *vm = NULL;

    if (strcmp(group->path, path) == 0) {
        return true;
    }
    if (strncmp(path, SIM_VM_PATH, strlen(SIM_VM_PATH)) == 0) {
        vm = sim_world_find_vm(world, path + strlen(SIM_VM_PATH));
    }
    if (vm != NULL && vm->member != NULL) {
        const struct sim_subject subject = {.vm = vm->member};

        return deep && sim_group_has(&world->groups, group, &subject);
    }
    return deep && sim_group_contains(&world->groups, group, path);
}

/* The specification says what is asked, and that the answer is a reference. That what is
 * not excluded is not found is assumed. */
static void filter_exclude_list(struct sim *sim, const struct sim_request *request,
                                struct sim_reply *reply)
{
    const struct sim_world *world = sim_world_of(sim);
    const char *action = sim_request_param(request, "action");
    const char *path = sim_request_param(request, "intent_path");
    const char *deep = sim_request_param(request, "deep_check");
    const cJSON *member;

    if (action == NULL || strcmp(action, "filter") != 0 || path == NULL) {
        sim_reply_error(reply, 400, SIM_NSX_INVALID_ARGUMENT, SIM_MODULE_POLICY,
                        "action must be filter, and intent_path is required.");
        return;
    }
    cJSON_ArrayForEach(member, sim_json_get(world->exclude_list, "members"))
    {
        const struct sim_group *group =
            sim_groups_find_path(&world->groups, member->valuestring);

        if (group != NULL &&
            group_covers(world, group, path, deep != NULL && strcmp(deep, "true") == 0)) {
            cJSON *json = cJSON_CreateObject();

            cJSON_AddStringToObject(json, "path", path);
            cJSON_AddStringToObject(json, "target_id", path);
            cJSON_AddTrueToObject(json, "is_valid");
            sim_reply_json(reply, 200, json);
            return;
        }
    }
    sim_reply_error(reply, 404, SIM_NSX_NOT_FOUND, SIM_MODULE_POLICY,
                    "%s is not a member of the exclude list.", path);
}

static void list_schedulers(struct sim *sim, const struct sim_request *request,
                            struct sim_reply *reply)
{
    struct sim_list list = {0};
    const cJSON *item;

    cJSON_ArrayForEach(item, sim_world_of(sim)->schedulers)
    {
        sim_list_borrow(&list, item, sim_json_text(item, "id", ""));
    }
    sim_list_reply(sim, request, reply, &list, SIM_PAGING_SPEC, "display_name");
}

static void get_scheduler(struct sim *sim, const struct sim_request *request,
                          struct sim_reply *reply)
{
    const cJSON *scheduler =
        sim_world_find_scheduler(sim_world_of(sim), request->args[0]);

    if (scheduler == NULL) {
        char *path = sim_format("/infra/firewall-schedulers/%s", request->args[0]);

        sim_reply_missing(sim, reply, path);
        free(path);
    } else {
        sim_reply_json(reply, 200, cJSON_Duplicate(scheduler, 1));
    }
}

#define POLICIES   "/policy/api/v1/infra/domains/default/security-policies"
#define SECURITY   "/policy/api/v1/infra/settings/firewall/security"
#define SCHEDULERS "/policy/api/v1/infra/firewall-schedulers"

static const struct sim_route routes[] = {
    {"GET", POLICIES, list_policies},
    {"GET", POLICIES "/{}", get_policy},
    {"GET", POLICIES "/{}/rules", list_rules},
    {"GET", POLICIES "/{}/rules/{}", get_rule},
    {"GET", SECURITY, get_firewall},
    {"GET", SECURITY "/exclude-list", get_exclude_list},
    {"POST", SECURITY "/exclude-list", filter_exclude_list},
    {"GET", SCHEDULERS, list_schedulers},
    {"GET", SCHEDULERS "/{}", get_scheduler},
};

const struct sim_family sim_firewall_family = {routes, SIM_COUNT_OF(routes)};
