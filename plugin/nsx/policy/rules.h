/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h: security policies and their rules as plain data, and the judgement
 * whether they cut a group off. Pure.
 * Not for: reading them (firewall.h), or whether NSX has realized them.
 *
 * Owns    a policy owns its texts and rules; nq_security_policy_done() frees them.
 * Blocks  never.
 * Thread  any.
 * Fails   never: a group that is not cut off comes with a sentence that says why.
 * Limits  NQ_RULES_MAX rules that matter, NQ_POLICIES_MAX policies, NQ_CUT_RULES_MAX rules
 *         that cut one group off, NQ_CUT_WHY bytes of a sentence.
 *
 * Only what is certain counts. Whether a rule matches a group is known when the rule names
 * the group or ANY; what other groups hold is not looked into.
 */
#ifndef NQ_NSX_POLICY_RULES_H
#define NQ_NSX_POLICY_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "nsx/backend.h"
#include "nsx/policy/window.h"

#define NQ_POLICIES_MAX  5000
#define NQ_RULES_MAX     20000
#define NQ_CUT_RULES_MAX 16
#define NQ_CUT_WHY       256

/* A set of groups, by their index in the configuration. */
struct nq_group_set {
    uint64_t words[NQ_CONFIG_GROUPS_MAX / 64];
};

void nq_group_set_add(struct nq_group_set *set, size_t group);
bool nq_group_set_has(const struct nq_group_set *set, size_t group);
bool nq_group_set_empty(const struct nq_group_set *set);

/* Source, destination or scope. */
struct nq_rule_end {
    bool any;
    bool excluded; /* everything but what is named */
    struct nq_group_set groups;
};

#define NQ_FAMILY_IPV4 1U
#define NQ_FAMILY_IPV6 2U

struct nq_rule {
    char *id;
    char *path;
    char *name;
    enum nq_rule_action action;
    enum nq_rule_direction direction;
    unsigned families; /* set of NQ_FAMILY_ */
    bool enabled;
    bool all_traffic; /* no service and no profile narrows it */
    uint32_t sequence;
    struct nq_rule_end source;
    struct nq_rule_end destination;
    struct nq_rule_end scope;
};

/* In the order in which NSX evaluates them. */
enum nq_dfw_category {
    NQ_CATEGORY_ETHERNET = 1,
    NQ_CATEGORY_EMERGENCY,
    NQ_CATEGORY_INFRASTRUCTURE,
    NQ_CATEGORY_ENVIRONMENT,
    NQ_CATEGORY_APPLICATION,
    NQ_CATEGORY_OTHER, /* one that we do not know: behind the rules that we do */
};

struct nq_security_policy {
    char *id;
    char *path;
    char *scheduler_path; /* NULL: it acts at all times */
    enum nq_dfw_category category;
    uint32_t sequence;
    bool enabled;
    struct nq_rule_end scope;    /* unless any, it takes the place of its rules' scopes */
    enum nq_window_state window; /* with a scheduler: now */
    enum nq_realized realized;   /* of those that cut a group off */
    int64_t revision;            /* -1: not told */
    int64_t told_rules;          /* their count by the list; -1: not told */
    int64_t rules_read_ms;       /* mono; with rules_known */
    bool rules_known;
    size_t rule_count; /* of those that matter, in the order of evaluation */
    struct nq_rule *rules;
};

void nq_rule_done(struct nq_rule *rule);
void nq_security_policy_drop_rules(struct nq_security_policy *policy);
void nq_security_policy_done(struct nq_security_policy *policy);

/* For qsort(): the order of evaluation. */
int nq_security_policy_order(const void *a, const void *b);
int nq_rule_order(const void *a, const void *b);

/* The rule names the group as source, destination or effective scope. */
bool nq_rule_names(const struct nq_security_policy *policy, const struct nq_rule *rule,
                   size_t group);

/* The rule can make a difference for one of the groups: it names one, or is so wide that
 * it may decide before a rule that does. Any other need not be kept. */
bool nq_rule_matters(const struct nq_security_policy *policy, const struct nq_rule *rule);

/* The rule and what it stands in are switched on, as far as can be told. */
bool nq_rule_enabled(const struct nq_security_policy *policy, const struct nq_rule *rule);

/* How the rules cut a group off. The pointers are those of the policies judged. */
struct nq_cut {
    bool holds;           /* in both directions, IPv4 and IPv6 */
    char why[NQ_CUT_WHY]; /* "" when it holds, else what to do */
    size_t rule_count;    /* that drop, whether they suffice or not */
    struct nq_cut_rule {
        const struct nq_security_policy *policy;
        const struct nq_rule *rule;
    } rules[NQ_CUT_RULES_MAX];
};

/* policies are in the order of evaluation. group_path is for the sentence. */
void nq_rules_judge(const struct nq_security_policy *policies, size_t count, size_t group,
                    const char *group_path, struct nq_cut *ret_cut);

#endif
