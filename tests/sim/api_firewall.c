/* SPDX-License-Identifier: Apache-2.0 */
/* api_firewall.c: security policies, rules, their counters, and what switches them off. */
#include "api.h"

#include <stdlib.h>
#include <string.h>

#define ENFORCEMENT_POINT "/infra/sites/default/enforcement-points/default"

static void list_policies(struct sim *sim, const struct sim_request *request,
                          struct sim_reply *reply)
{
    const char *count = sim_request_param(request, "include_rule_count");
    struct sim_list list = {0};

    for (size_t i = 0; i < sim->world->policies.count; i++) {
        const struct sim_policy *policy = sim->world->policies.items[i];
        cJSON *json = cJSON_Duplicate(policy->doc, 1);

        if (count != NULL && strcmp(count, "true") == 0) {
            cJSON_AddNumberToObject(json, "rule_count", (double)policy->rule_count);
        }
        sim_list_take(&list, json, policy->id);
    }
    sim_list_reply(sim, request, reply, &list, SIM_PAGING_SPEC, "display_name");
}

/* The policy of the first argument, or NULL and the reply filled. */
static const struct sim_policy *
named_policy(struct sim *sim, const struct sim_request *request, struct sim_reply *reply)
{
    const struct sim_policy *policy =
        sim_policies_find(&sim->world->policies, request->args[0]);

    if (policy == NULL) {
        char *path =
            sim_format("/infra/domains/default/security-policies/%s", request->args[0]);

        sim_reply_missing(sim, reply, path);
        free(path);
    }
    return policy;
}

/* The rule of the second argument, or NULL and the reply filled. */
static const struct sim_rule *
named_rule(struct sim *sim, const struct sim_request *request, struct sim_reply *reply)
{
    const struct sim_policy *policy = named_policy(sim, request, reply);
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
    const struct sim_policy *policy = named_policy(sim, request, reply);

    if (policy != NULL) {
        sim_reply_json(reply, 200, sim_policy_json(policy));
    }
}

static void list_rules(struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply)
{
    const struct sim_policy *policy = named_policy(sim, request, reply);
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
    const struct sim_rule *rule = named_rule(sim, request, reply);

    if (rule != NULL) {
        sim_reply_json(reply, 200, cJSON_Duplicate(rule->doc, 1));
    }
}

struct totals {
    uint64_t max_sessions;
    uint64_t sessions;
};

/* These two aggregate over all rules of the manager, not over one policy. */
static struct totals add_up(const struct sim_policies *policies)
{
    struct totals totals = {0};

    for (size_t i = 0; i < policies->count; i++) {
        for (size_t k = 0; k < policies->items[i]->rule_count; k++) {
            uint64_t sessions = policies->items[i]->rules[k].counters.sessions;

            totals.sessions += sessions;
            totals.max_sessions =
                sessions > totals.max_sessions ? sessions : totals.max_sessions;
        }
    }
    return totals;
}

static cJSON *rule_statistics(const struct sim_world *world, const struct sim_rule *rule)
{
    const struct sim_counters *counters = &rule->counters;
    struct totals totals = add_up(&world->policies);
    cJSON *json = cJSON_CreateObject();
    char *number =
        sim_format("%llu", (unsigned long long)sim_json_count(rule->doc, "rule_id", 0));

    cJSON_AddStringToObject(json, "rule", rule->path);
    cJSON_AddStringToObject(json, "internal_rule_id", number);
    cJSON_AddNumberToObject(json, "packet_count", (double)counters->packets);
    cJSON_AddNumberToObject(json, "byte_count", (double)counters->bytes);
    cJSON_AddNumberToObject(json, "session_count", (double)counters->sessions);
    cJSON_AddNumberToObject(json, "hit_count", (double)counters->hits);
    cJSON_AddNumberToObject(json, "popularity_index", 0);
    cJSON_AddNumberToObject(json, "max_popularity_index", 0);
    cJSON_AddNumberToObject(json, "max_session_count", (double)totals.max_sessions);
    cJSON_AddNumberToObject(json, "total_session_count", (double)totals.sessions);
    free(number);
    return json;
}

/* The schema is nested by enforcement point; examples of the specification are flat. */
static cJSON *for_enforcement_point(cJSON *statistics)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "enforcement_point", ENFORCEMENT_POINT);
    cJSON_AddItemToObject(json, "statistics", statistics);
    return json;
}

static void reply_results(struct sim_reply *reply, cJSON *results)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddItemToObject(json, "results", results);
    cJSON_AddNumberToObject(json, "result_count", cJSON_GetArraySize(results));
    sim_reply_json(reply, 200, json);
}

static void get_policy_statistics(struct sim *sim, const struct sim_request *request,
                                  struct sim_reply *reply)
{
    const struct sim_policy *policy = named_policy(sim, request, reply);
    cJSON *rules;

    if (policy == NULL) {
        return;
    }
    rules = cJSON_CreateArray();
    for (size_t i = 0; i < policy->rule_count; i++) {
        cJSON_AddItemToArray(rules, rule_statistics(sim->world, &policy->rules[i]));
    }
    if (sim->world->settings.flat_statistics) {
        reply_results(reply, rules);
    } else {
        cJSON *section = cJSON_CreateObject();
        cJSON *list = cJSON_CreateArray();

        cJSON_AddStringToObject(section, "internal_section_id", policy->id);
        cJSON_AddNumberToObject(section, "result_count", (double)policy->rule_count);
        cJSON_AddItemToObject(section, "results", rules);
        cJSON_AddItemToArray(list, for_enforcement_point(section));
        reply_results(reply, list);
    }
}

static void get_rule_statistics(struct sim *sim, const struct sim_request *request,
                                struct sim_reply *reply)
{
    const struct sim_rule *rule = named_rule(sim, request, reply);
    cJSON *list;
    cJSON *statistics;

    if (rule == NULL) {
        return;
    }
    list = cJSON_CreateArray();
    statistics = rule_statistics(sim->world, rule);
    cJSON_AddItemToArray(list, sim->world->settings.flat_statistics
                                   ? statistics
                                   : for_enforcement_point(statistics));
    reply_results(reply, list);
}

static void get_firewall(struct sim *sim, const struct sim_request *request,
                         struct sim_reply *reply)
{
    (void)request;
    sim_reply_json(reply, 200, cJSON_Duplicate(sim->world->firewall, 1));
}

static void get_exclude_list(struct sim *sim, const struct sim_request *request,
                             struct sim_reply *reply)
{
    (void)request;
    sim_reply_json(reply, 200, cJSON_Duplicate(sim->world->exclude_list, 1));
}

#define POLICIES "/policy/api/v1/infra/domains/default/security-policies"
#define SECURITY "/policy/api/v1/infra/settings/firewall/security"

static const struct sim_route routes[] = {
    {"GET", POLICIES, list_policies},
    {"GET", POLICIES "/{}", get_policy},
    {"GET", POLICIES "/{}/rules", list_rules},
    {"GET", POLICIES "/{}/rules/{}", get_rule},
    {"GET", POLICIES "/{}/statistics", get_policy_statistics},
    {"GET", POLICIES "/{}/rules/{}/statistics", get_rule_statistics},
    {"GET", SECURITY, get_firewall},
    {"GET", SECURITY "/exclude-list", get_exclude_list},
};

const struct sim_family sim_firewall_family = {routes, SIM_COUNT_OF(routes)};
