/* SPDX-License-Identifier: Apache-2.0 */
/* firewall.h: security policies, their rules and the services rules name.
 *
 * Owns    a policy owns its document, its rules and their counters.
 * Blocks  never.
 * Thread  under the lock of the simulator.
 * Fails   sim_policy_new(), sim_service_check(): NULL or false and a sentence.
 * Limits  SIM_RULES_MAX rules in a policy, as in NSX.
 */
#ifndef SIM_FIREWALL_H
#define SIM_FIREWALL_H

#include "groups.h"

#define SIM_RULES_MAX 1000

/* In the order in which NSX evaluates them. */
enum sim_category {
    SIM_CATEGORY_ETHERNET,
    SIM_CATEGORY_EMERGENCY,
    SIM_CATEGORY_INFRASTRUCTURE,
    SIM_CATEGORY_ENVIRONMENT,
    SIM_CATEGORY_APPLICATION,
};

enum sim_action { SIM_ACTION_ALLOW, SIM_ACTION_DROP, SIM_ACTION_REJECT, SIM_ACTION_JUMP };

enum sim_direction { SIM_DIRECTION_OUT = 1, SIM_DIRECTION_IN = 2 };

struct sim_counters {
    uint64_t hits;
    uint64_t sessions;
    uint64_t packets;
    uint64_t bytes;
};

struct sim_rule {
    char *id;
    char *path;
    cJSON *doc; /* as the API shows it */
    enum sim_action action;
    unsigned directions; /* set of enum sim_direction */
    bool disabled;
    bool sources_excluded;
    bool destinations_excluded;
    uint64_t sequence_number;
    struct sim_counters counters;
};

struct sim_policy {
    char *id;
    char *path;
    cJSON *doc; /* without the rules */
    enum sim_category category;
    uint64_t sequence_number;
    size_t rule_count;
    struct sim_rule *rules; /* in the order of evaluation */
};

struct sim_policies {
    size_t count;
    struct sim_policy **items; /* in the order of evaluation */
};

/* position numbers the rules that carry no rule_id, and must differ between policies. */
struct sim_policy *sim_policy_new(const cJSON *json, size_t position, const char *where,
                                  struct sim_err *err)
    __attribute__((warn_unused_result));
struct sim_policy *sim_policy_free(struct sim_policy *policy); /* takes, returns NULL */

/* Every group and service that the rules name exists. */
bool sim_policy_check_names(const struct sim_policy *policy, const char *where,
                            const struct sim_groups *groups, const cJSON *services,
                            struct sim_err *err) __attribute__((warn_unused_result));

void sim_policies_add(struct sim_policies *policies, struct sim_policy *policy);
void sim_policies_done(struct sim_policies *policies);
struct sim_policy *sim_policies_find(const struct sim_policies *policies, const char *id);
struct sim_rule *sim_policy_find_rule(const struct sim_policy *policy, const char *id);

/* The policy with its rules, as GET of one policy answers. */
cJSON *sim_policy_json(const struct sim_policy *policy);

/* A Service document: {"id", "service_entries": [L4PortSetServiceEntry, ...]}. */
bool sim_service_check(const cJSON *service, const char *where, struct sim_err *err)
    __attribute__((warn_unused_result));

const char *sim_action_name(enum sim_action action);

#endif
