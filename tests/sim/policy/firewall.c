/* SPDX-License-Identifier: Apache-2.0 */
/* firewall.c: reads policies and rules, and keeps them in the order of evaluation. */
#include "firewall.h"

#include <stdlib.h>
#include <string.h>

#define DOMAIN_PATH "/infra/domains/default"

static const struct sim_json_member policy_members[] = {
    {"id", SIM_JSON_STRING, true},
    {"display_name", SIM_JSON_STRING, false},
    {"description", SIM_JSON_STRING, false},
    {"resource_type", SIM_JSON_STRING, false},
    {"category", SIM_JSON_STRING, true},
    {"comments", SIM_JSON_STRING, false},
    {"connectivity_strategy", SIM_JSON_STRING, false},
    {"default_rule_id", SIM_JSON_COUNT, false},
    {"internal_sequence_number", SIM_JSON_COUNT, false},
    {"is_default", SIM_JSON_BOOL, false},
    {"lock_modified_by", SIM_JSON_STRING, false},
    {"lock_modified_time", SIM_JSON_COUNT, false},
    {"locked", SIM_JSON_BOOL, false},
    {"rule_count", SIM_JSON_COUNT, false},
    {"rules", SIM_JSON_OBJECTS, false},
    {"scheduler_path", SIM_JSON_STRING, false},
    {"scope", SIM_JSON_STRINGS, false},
    {"sequence_number", SIM_JSON_COUNT, false},
    {"stateful", SIM_JSON_BOOL, false},
    {"tcp_strict", SIM_JSON_BOOL, false},
    {"tags", SIM_JSON_OBJECTS, false},
    SIM_POLICY_OBJECT_MEMBERS,
};

static const struct sim_json_member rule_members[] = {
    {"id", SIM_JSON_STRING, true},
    {"display_name", SIM_JSON_STRING, false},
    {"description", SIM_JSON_STRING, false},
    {"resource_type", SIM_JSON_STRING, false},
    {"action", SIM_JSON_STRING, true},
    {"direction", SIM_JSON_STRING, false},
    {"ip_protocol", SIM_JSON_STRING, false},
    {"source_groups", SIM_JSON_STRINGS, false},
    {"destination_groups", SIM_JSON_STRINGS, false},
    {"sources_excluded", SIM_JSON_BOOL, false},
    {"destinations_excluded", SIM_JSON_BOOL, false},
    {"services", SIM_JSON_STRINGS, false},
    {"service_entries", SIM_JSON_OBJECTS, false},
    {"profiles", SIM_JSON_STRINGS, false},
    {"scope", SIM_JSON_STRINGS, false},
    {"disabled", SIM_JSON_BOOL, false},
    {"logged", SIM_JSON_BOOL, false},
    {"is_default", SIM_JSON_BOOL, false},
    {"notes", SIM_JSON_STRING, false},
    {"tag", SIM_JSON_STRING, false},
    {"rule_id", SIM_JSON_COUNT, false},
    {"sequence_number", SIM_JSON_COUNT, false},
    {"tags", SIM_JSON_OBJECTS, false},
    SIM_POLICY_OBJECT_MEMBERS,
};

static const char *const category_names[] = {
    [SIM_CATEGORY_ETHERNET] = "Ethernet",
    [SIM_CATEGORY_EMERGENCY] = "Emergency",
    [SIM_CATEGORY_INFRASTRUCTURE] = "Infrastructure",
    [SIM_CATEGORY_ENVIRONMENT] = "Environment",
    [SIM_CATEGORY_APPLICATION] = "Application",
};

static const char *const action_names[] = {
    [SIM_ACTION_ALLOW] = "ALLOW",
    [SIM_ACTION_DROP] = "DROP",
    [SIM_ACTION_REJECT] = "REJECT",
    [SIM_ACTION_JUMP] = "JUMP_TO_APPLICATION",
};

/* The position is the set of enum sim_direction. */
static const char *const direction_names[] = {"", "OUT", "IN", "IN_OUT"};
static const char *const protocol_names[] = {"IPV4", "IPV6", "IPV4_IPV6"};

static bool find_word(const char *const *words, size_t count, const char *text,
                      unsigned *ret_position)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(words[i], text) == 0) {
            *ret_position = i;
            return true;
        }
    }
    return false;
}

const char *sim_action_name(enum sim_action action)
{
    return action_names[action];
}

static void default_list(cJSON *doc, const char *name, const char *only)
{
    if (sim_json_get(doc, name) == NULL) {
        cJSON_AddItemToObject(doc, name, cJSON_CreateStringArray(&only, 1));
    }
}

static void default_bool(cJSON *doc, const char *name, bool value)
{
    if (sim_json_get(doc, name) == NULL) {
        cJSON_AddBoolToObject(doc, name, value);
    }
}

static bool read_rule(const cJSON *json, const struct sim_policy *policy, uint64_t number,
                      const char *where, struct sim_rule *rule, struct sim_err *err)
{
    unsigned action = 0;
    unsigned direction = 0;
    unsigned protocol = 0;

    if (!SIM_JSON_CHECK(json, rule_members, where, err)) {
        return false;
    }
    if (!find_word(action_names, SIM_COUNT_OF(action_names),
                   sim_json_text(json, "action", ""), &action) ||
        (action == SIM_ACTION_JUMP && policy->category != SIM_CATEGORY_ENVIRONMENT)) {
        return sim_fail(err,
                        "%s.action: must be ALLOW, DROP, REJECT, or in category "
                        "Environment JUMP_TO_APPLICATION",
                        where);
    }
    if (!find_word(direction_names, SIM_COUNT_OF(direction_names),
                   sim_json_text(json, "direction", "IN_OUT"), &direction) ||
        direction == 0) {
        return sim_fail(err, "%s.direction: must be IN, OUT or IN_OUT", where);
    }
    if (!find_word(protocol_names, SIM_COUNT_OF(protocol_names),
                   sim_json_text(json, "ip_protocol", "IPV4_IPV6"), &protocol)) {
        return sim_fail(err, "%s.ip_protocol: must be IPV4, IPV6 or IPV4_IPV6", where);
    }
    rule->id = sim_strdup(sim_json_text(json, "id", ""));
    rule->path = sim_format("%s/rules/%s", policy->path, rule->id);
    rule->action = (enum sim_action)action;
    rule->directions = direction;
    rule->disabled = sim_json_bool(json, "disabled", false);
    rule->sources_excluded = sim_json_bool(json, "sources_excluded", false);
    rule->destinations_excluded = sim_json_bool(json, "destinations_excluded", false);
    rule->sequence_number = sim_json_count(json, "sequence_number", 0);

    rule->doc = cJSON_Duplicate(json, 1);
    sim_policy_defaults(rule->doc, "Rule", policy->path, rule->path);
    sim_json_default_text(rule->doc, "direction", "IN_OUT");
    sim_json_default_text(rule->doc, "ip_protocol", "IPV4_IPV6");
    default_list(rule->doc, "source_groups", "ANY");
    default_list(rule->doc, "destination_groups", "ANY");
    default_list(rule->doc, "services", "ANY");
    default_list(rule->doc, "profiles", "ANY");
    default_list(rule->doc, "scope", "ANY");
    default_bool(rule->doc, "disabled", false);
    default_bool(rule->doc, "logged", false);
    default_bool(rule->doc, "sources_excluded", false);
    default_bool(rule->doc, "destinations_excluded", false);
    default_bool(rule->doc, "is_default", false);
    if (sim_json_get(rule->doc, "sequence_number") == NULL) {
        cJSON_AddNumberToObject(rule->doc, "sequence_number", 0);
    }
    if (sim_json_get(rule->doc, "rule_id") == NULL) {
        cJSON_AddNumberToObject(rule->doc, "rule_id", (double)number);
    }
    return true;
}

static void rule_done(struct sim_rule *rule)
{
    cJSON_Delete(rule->doc);
    free(rule->path);
    free(rule->id);
}

/* Insertion keeps the order of the file among equal sequence numbers: NSX promises no
 * order there, so any will do, but it should be the same in every run. */
static void insert_rule(struct sim_policy *policy, const struct sim_rule *rule)
{
    size_t at = policy->rule_count;

    policy->rules = sim_grow(policy->rules, policy->rule_count + 1, sizeof(*rule));
    while (at > 0 && policy->rules[at - 1].sequence_number > rule->sequence_number) {
        policy->rules[at] = policy->rules[at - 1];
        at--;
    }
    policy->rules[at] = *rule;
    policy->rule_count++;
}

static bool read_rules(struct sim_policy *policy, const cJSON *rules, size_t position,
                       const char *where, struct sim_err *err)
{
    const cJSON *item;
    uint64_t index = 0;

    if (cJSON_GetArraySize(rules) > SIM_RULES_MAX) {
        return sim_fail(err, "%s.rules: more than %d", where, SIM_RULES_MAX);
    }
    cJSON_ArrayForEach(item, rules)
    {
        char *at = sim_format("%s.rules[%u]", where, (unsigned)index);
        struct sim_rule rule = {0};
        bool good = read_rule(item, policy, 1000 + position * SIM_RULES_MAX + index, at,
                              &rule, err);

        if (good && sim_policy_find_rule(policy, rule.id) != NULL) {
            rule_done(&rule);
            good = sim_fail(err, "%s.id: used twice", at);
        }
        free(at);
        if (!good) {
            return false;
        }
        insert_rule(policy, &rule);
        index++;
    }
    return true;
}

struct sim_policy *sim_policy_new(const cJSON *json, size_t position, const char *where,
                                  struct sim_err *err)
{
    struct sim_policy *policy;
    unsigned category = 0;

    if (!SIM_JSON_CHECK(json, policy_members, where, err)) {
        return NULL;
    }
    if (!find_word(category_names, SIM_COUNT_OF(category_names),
                   sim_json_text(json, "category", ""), &category)) {
        (void)sim_fail(err,
                       "%s.category: must be Ethernet, Emergency, Infrastructure, "
                       "Environment or Application",
                       where);
        return NULL;
    }
    policy = sim_alloc(1, sizeof(*policy));
    policy->id = sim_strdup(sim_json_text(json, "id", ""));
    policy->path = sim_format(DOMAIN_PATH "/security-policies/%s", policy->id);
    policy->category = (enum sim_category)category;
    policy->sequence_number = sim_json_count(json, "sequence_number", 0);
    policy->doc = cJSON_Duplicate(json, 1);
    cJSON_DeleteItemFromObjectCaseSensitive(policy->doc, "rules");
    cJSON_DeleteItemFromObjectCaseSensitive(policy->doc, "rule_count");
    sim_policy_defaults(policy->doc, "SecurityPolicy", DOMAIN_PATH, policy->path);
    default_list(policy->doc, "scope", "ANY");
    default_bool(policy->doc, "stateful", true);
    default_bool(policy->doc, "tcp_strict", true);
    default_bool(policy->doc, "locked", false);
    default_bool(policy->doc, "is_default", false);
    if (sim_json_get(policy->doc, "sequence_number") == NULL) {
        cJSON_AddNumberToObject(policy->doc, "sequence_number", 0);
    }
    if (sim_json_get(policy->doc, "internal_sequence_number") == NULL) {
        cJSON_AddNumberToObject(policy->doc, "internal_sequence_number",
                                (double)(category * 1000000 + policy->sequence_number));
    }
    return read_rules(policy, sim_json_get(json, "rules"), position, where, err)
               ? policy
               : sim_policy_free(policy);
}

struct sim_policy *sim_policy_free(struct sim_policy *policy)
{
    if (policy != NULL) {
        for (size_t i = 0; i < policy->rule_count; i++) {
            rule_done(&policy->rules[i]);
        }
        free(policy->rules);
        cJSON_Delete(policy->doc);
        free(policy->path);
        free(policy->id);
        free(policy);
    }
    return NULL;
}

static bool comes_after(const struct sim_policy *a, const struct sim_policy *b)
{
    return a->category != b->category ? a->category > b->category
                                      : a->sequence_number > b->sequence_number;
}

void sim_policies_add(struct sim_policies *policies, struct sim_policy *policy)
{
    size_t at = policies->count;

    policies->items =
        sim_grow(policies->items, policies->count + 1, sizeof(*policies->items));
    while (at > 0 && comes_after(policies->items[at - 1], policy)) {
        policies->items[at] = policies->items[at - 1];
        at--;
    }
    policies->items[at] = policy;
    policies->count++;
}

void sim_policies_done(struct sim_policies *policies)
{
    for (size_t i = 0; i < policies->count; i++) {
        sim_policy_free(policies->items[i]);
    }
    free(policies->items);
    *policies = (struct sim_policies){0};
}

struct sim_policy *sim_policies_find(const struct sim_policies *policies, const char *id)
{
    for (size_t i = 0; i < policies->count; i++) {
        if (strcmp(policies->items[i]->id, id) == 0) {
            return policies->items[i];
        }
    }
    return NULL;
}

struct sim_rule *sim_policy_find_rule(const struct sim_policy *policy, const char *id)
{
    for (size_t i = 0; i < policy->rule_count; i++) {
        if (strcmp(policy->rules[i].id, id) == 0) {
            return &policy->rules[i];
        }
    }
    return NULL;
}

cJSON *sim_policy_json(const struct sim_policy *policy)
{
    cJSON *json = cJSON_Duplicate(policy->doc, 1);
    cJSON *rules = cJSON_AddArrayToObject(json, "rules");

    for (size_t i = 0; i < policy->rule_count; i++) {
        cJSON_AddItemToArray(rules, cJSON_Duplicate(policy->rules[i].doc, 1));
    }
    cJSON_AddNumberToObject(json, "rule_count", (double)policy->rule_count);
    return json;
}
