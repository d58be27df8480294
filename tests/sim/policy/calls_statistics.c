/* SPDX-License-Identifier: Apache-2.0 */
/* calls_statistics.c: the counters of rules, as they come from several enforcement points
 * and from the several rules that one rule becomes there. */
#include <stdlib.h>
#include <string.h>

#include "policy.h"

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

/* Which part of a whole one answer is; all parts add up to it. */
struct part {
    uint64_t number; /* from 0 */
    uint64_t count;
};

static double share(uint64_t total, const struct part *part)
{
    return (double)(total / part->count + (part->number < total % part->count));
}

static cJSON *rule_statistics(const struct sim_world *world, const struct sim_rule *rule,
                              const struct part *part, uint64_t realized)
{
    const struct sim_counters *counters = &rule->counters;
    struct totals totals = add_up(&world->policies);
    cJSON *json = cJSON_CreateObject();
    char *number =
        sim_format("%llu", (unsigned long long)(sim_json_count(rule->doc, "rule_id", 0) +
                                                realized * 1000000));

    cJSON_AddStringToObject(json, "rule", rule->path);
    cJSON_AddStringToObject(json, "internal_rule_id", number);
    cJSON_AddNumberToObject(json, "packet_count", share(counters->packets, part));
    cJSON_AddNumberToObject(json, "byte_count", share(counters->bytes, part));
    cJSON_AddNumberToObject(json, "session_count", share(counters->sessions, part));
    cJSON_AddNumberToObject(json, "hit_count", share(counters->hits, part));
    cJSON_AddNumberToObject(json, "popularity_index", 0);
    cJSON_AddNumberToObject(json, "max_popularity_index", 0);
    cJSON_AddNumberToObject(json, "max_session_count", (double)totals.max_sessions);
    cJSON_AddNumberToObject(json, "total_session_count", (double)totals.sessions);
    free(number);
    return json;
}

static bool is_uncounted(const struct sim_world *world, const struct sim_rule *rule)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, world->settings.uncounted_rules)
    {
        if (strcmp(item->valuestring, rule->id) == 0) {
            return true;
        }
    }
    return false;
}

/* What one enforcement point says of a rule: nothing, or once for each realized rule. */
static void add_rule(const struct sim_world *world, const struct sim_rule *rule,
                     uint64_t point, cJSON *list)
{
    uint64_t realized = world->settings.realized_rules;

    for (uint64_t i = 0; !is_uncounted(world, rule) && i < realized; i++) {
        const struct part part = {
            .number = point * realized + i,
            .count = world->settings.enforcement_points * realized,
        };

        cJSON_AddItemToArray(list, rule_statistics(world, rule, &part, i));
    }
}

static char *point_path(uint64_t point)
{
    return point == 0 ? sim_strdup("/infra/sites/default/enforcement-points/default")
                      : sim_format("/infra/sites/default/enforcement-points/default-%llu",
                                   (unsigned long long)point + 1);
}

/* The schema is nested by enforcement point; examples of the specification are flat. */
static void add_point(uint64_t point, cJSON *statistics, cJSON *results)
{
    char *path = point_path(point);
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "enforcement_point", path);
    cJSON_AddItemToObject(json, "statistics", statistics);
    cJSON_AddItemToArray(results, json);
    free(path);
}

static bool is_asked(const struct sim_request *request, uint64_t point)
{
    const char *wanted = sim_request_param(request, "enforcement_point_path");
    char *path = point_path(point);
    bool same = wanted == NULL || strcmp(wanted, path) == 0;

    free(path);
    return same;
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
    const struct sim_world *world = sim_world_of(sim);
    const struct sim_policy *policy = sim_named_policy(sim, request, reply);
    cJSON *results;

    if (policy == NULL) {
        return;
    }
    results = cJSON_CreateArray();
    for (uint64_t point = 0; point < world->settings.enforcement_points; point++) {
        bool flat = world->settings.flat_statistics;
        cJSON *rules = flat ? results : cJSON_CreateArray();

        for (size_t i = 0; is_asked(request, point) && i < policy->rule_count; i++) {
            add_rule(world, &policy->rules[i], point, rules);
        }
        if (!flat && is_asked(request, point)) {
            cJSON *section = cJSON_CreateObject();

            cJSON_AddStringToObject(section, "internal_section_id", policy->id);
            cJSON_AddNumberToObject(section, "result_count", cJSON_GetArraySize(rules));
            cJSON_AddItemToObject(section, "results", rules);
            add_point(point, section, results);
        } else if (!flat) {
            cJSON_Delete(rules);
        }
    }
    reply_results(reply, results);
}

static void get_rule_statistics(struct sim *sim, const struct sim_request *request,
                                struct sim_reply *reply)
{
    const struct sim_world *world = sim_world_of(sim);
    const struct sim_rule *rule = sim_named_rule(sim, request, reply);
    cJSON *results;

    if (rule == NULL) {
        return;
    }
    results = cJSON_CreateArray();
    for (uint64_t point = 0; point < world->settings.enforcement_points; point++) {
        cJSON *rules = cJSON_CreateArray();
        cJSON *item;

        if (is_asked(request, point)) {
            add_rule(world, rule, point, rules);
        }
        while ((item = cJSON_DetachItemFromArray(rules, 0)) != NULL) {
            if (world->settings.flat_statistics) {
                cJSON_AddItemToArray(results, item);
            } else {
                add_point(point, item, results);
            }
        }
        cJSON_Delete(rules);
    }
    reply_results(reply, results);
}

static void reset(struct sim_policies *policies)
{
    for (size_t i = 0; i < policies->count; i++) {
        for (size_t k = 0; k < policies->items[i]->rule_count; k++) {
            policies->items[i]->rules[k].counters = (struct sim_counters){0};
        }
    }
}

static void post_stats(struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply)
{
    static const char *const categories[] = {"DFW", "EDGE", "BRIDGEFIREWALL"};
    const char *action = sim_request_param(request, "action");
    const char *category = sim_request_param(request, "category");

    for (size_t i = 0; action != NULL && strcmp(action, "reset") == 0 &&
                       category != NULL && i < SIM_COUNT_OF(categories);
         i++) {
        if (strcmp(category, categories[i]) == 0) {
            if (i == 0 && !request->changes_nothing) {
                reset(&sim_world_of(sim)->policies);
            }
            sim_reply_empty(reply, 200);
            return;
        }
    }
    sim_reply_error(reply, 400, SIM_NSX_INVALID_ARGUMENT, SIM_MODULE_POLICY,
                    "action must be reset, and category DFW, EDGE or BRIDGEFIREWALL.");
}

#define POLICIES "/policy/api/v1/infra/domains/default/security-policies"

static const struct sim_route routes[] = {
    {"GET", POLICIES "/{}/statistics", get_policy_statistics},
    {"GET", POLICIES "/{}/rules/{}/statistics", get_rule_statistics},
    {"POST", "/policy/api/v1/infra/settings/firewall/stats", post_stats},
};

const struct sim_family sim_statistics_family = {routes, SIM_COUNT_OF(routes)};
