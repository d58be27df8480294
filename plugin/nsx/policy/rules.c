/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c: see rules.h. */
#include "nsx/policy/rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What traffic of a group can be: each flow is decided by the first rule that matches. */
#define FLOW_OUT_V4 1U
#define FLOW_OUT_V6 2U
#define FLOW_IN_V4  4U
#define FLOW_IN_V6  8U
#define FLOW_OUT    (FLOW_OUT_V4 | FLOW_OUT_V6)
#define FLOW_IN     (FLOW_IN_V4 | FLOW_IN_V6)
#define FLOW_V4     (FLOW_OUT_V4 | FLOW_IN_V4)
#define FLOW_V6     (FLOW_OUT_V6 | FLOW_IN_V6)
#define FLOW_ALL    (FLOW_OUT | FLOW_IN)

/* ---- plain data -------------------------------------------------------------------- */

void nq_group_set_add(struct nq_group_set *set, size_t group)
{
    set->words[group / 64] |= UINT64_C(1) << (group % 64);
}

bool nq_group_set_has(const struct nq_group_set *set, size_t group)
{
    return (set->words[group / 64] >> (group % 64)) & 1U;
}

bool nq_group_set_empty(const struct nq_group_set *set)
{
    uint64_t any = 0;
    for (size_t i = 0; i < sizeof(set->words) / sizeof(set->words[0]); i++) {
        any |= set->words[i];
    }
    return any == 0;
}

void nq_rule_done(struct nq_rule *rule)
{
    free(rule->id);
    free(rule->path);
    free(rule->name);
    *rule = (struct nq_rule){0};
}

void nq_security_policy_drop_rules(struct nq_security_policy *policy)
{
    for (size_t i = 0; i < policy->rule_count; i++) {
        nq_rule_done(&policy->rules[i]);
    }
    free(policy->rules);
    policy->rules = NULL;
    policy->rule_count = 0;
}

void nq_security_policy_done(struct nq_security_policy *policy)
{
    nq_security_policy_drop_rules(policy);
    free(policy->id);
    free(policy->path);
    free(policy->scheduler_path);
    *policy = (struct nq_security_policy){0};
}

static int compare(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

int nq_security_policy_order(const void *a, const void *b)
{
    const struct nq_security_policy *left = a;
    const struct nq_security_policy *right = b;
    int order = compare(left->category, right->category);
    order = order ? order : compare(left->sequence, right->sequence);
    return order ? order : strcmp(left->path, right->path);
}

/* NSX does not say which of two rules with one number comes first. Here it is the one that
 * lets traffic pass: isolation must not hang on luck. */
int nq_rule_order(const void *a, const void *b)
{
    const struct nq_rule *left = a;
    const struct nq_rule *right = b;
    int order = compare(left->sequence, right->sequence);
    order = order
                ? order
                : compare(left->action != NQ_RULE_ALLOW, right->action != NQ_RULE_ALLOW);
    return order ? order : strcmp(left->path, right->path);
}

/* ---- one rule ---------------------------------------------------------------------- */

static const struct nq_rule_end *scope_of(const struct nq_security_policy *policy,
                                          const struct nq_rule *rule)
{
    return policy->scope.any ? &rule->scope : &policy->scope;
}

/* It names the group, to have it. */
static bool names(const struct nq_rule_end *end, size_t group)
{
    return !end->excluded && nq_group_set_has(&end->groups, group);
}

bool nq_rule_names(const struct nq_security_policy *policy, const struct nq_rule *rule,
                   size_t group)
{
    return nq_group_set_has(&rule->source.groups, group) ||
           nq_group_set_has(&rule->destination.groups, group) ||
           nq_group_set_has(&scope_of(policy, rule)->groups, group);
}

bool nq_rule_matters(const struct nq_security_policy *policy, const struct nq_rule *rule)
{
    const bool wide = (rule->source.any || rule->source.excluded) &&
                      (rule->destination.any || rule->destination.excluded) &&
                      rule->all_traffic;
    return !nq_group_set_empty(&rule->source.groups) ||
           !nq_group_set_empty(&rule->destination.groups) ||
           !nq_group_set_empty(&scope_of(policy, rule)->groups) ||
           (wide && (rule->action == NQ_RULE_ALLOW || rule->action == NQ_RULE_JUMP));
}

static bool closed(const struct nq_security_policy *policy)
{
    return policy->scheduler_path && policy->window == NQ_WINDOW_CLOSED;
}

static bool unclear(const struct nq_security_policy *policy)
{
    return policy->scheduler_path && policy->window == NQ_WINDOW_UNKNOWN;
}

bool nq_rule_enabled(const struct nq_security_policy *policy, const struct nq_rule *rule)
{
    return rule->enabled && policy->enabled && !closed(policy);
}

static bool applies(const struct nq_security_policy *policy, const struct nq_rule *rule,
                    size_t group)
{
    const struct nq_rule_end *scope = scope_of(policy, rule);
    return scope->any || names(scope, group);
}

/* The flows that direction and protocol leave. */
static unsigned narrowed(const struct nq_rule *rule, unsigned flows)
{
    flows &= rule->direction == NQ_RULE_OUT  ? FLOW_OUT
             : rule->direction == NQ_RULE_IN ? FLOW_IN
                                             : FLOW_ALL;
    flows &= (rule->families & NQ_FAMILY_IPV4 ? FLOW_V4 : 0) |
             (rule->families & NQ_FAMILY_IPV6 ? FLOW_V6 : 0);
    return flows;
}

/* The flows of the group that the rule drops as a whole. Its far end is ANY, or everything
 * but some exceptions that are not the group itself. */
static unsigned dropped(const struct nq_rule *rule, size_t group)
{
    const struct nq_rule_end *ends[] = {&rule->source, &rule->destination};
    static const unsigned leaving[] = {FLOW_OUT, FLOW_IN};
    unsigned flows = 0;
    for (size_t i = 0; i < 2; i++) {
        const struct nq_rule_end *far = ends[1 - i];
        if ((ends[i]->any || names(ends[i], group)) &&
            (far->any || (far->excluded && !nq_group_set_has(&far->groups, group)))) {
            flows |= leaving[i];
        }
    }
    return narrowed(rule, flows);
}

/* The flows of the group that an ALLOW or JUMP takes away from the rules behind it. */
static unsigned passed(const struct nq_rule *rule, size_t group)
{
    const struct nq_rule_end *ends[] = {&rule->source, &rule->destination};
    static const unsigned leaving[] = {FLOW_OUT, FLOW_IN};
    unsigned flows = 0;
    for (size_t i = 0; i < 2; i++) {
        const bool near_fits =
            ends[i]->any || names(ends[i], group) ||
            (ends[i]->excluded && !nq_group_set_has(&ends[i]->groups, group));
        const struct nq_rule_end *far = ends[1 - i];
        if (near_fits && (far->any || far->excluded || names(far, group))) {
            flows |= leaving[i];
        }
    }
    return narrowed(rule, flows);
}

/* ---- the verdict ------------------------------------------------------------------- */

struct judging {
    size_t group;
    const char *group_path;
    struct nq_cut *cut;
    unsigned open;   /* flows that no rule has decided yet */
    unsigned passed; /* flows that a rule lets through */
    unsigned jumped; /* flows for which the rest of Environment is skipped */
    const struct nq_security_policy *passing_policy; /* the first that lets through */
    const struct nq_rule *passing_rule;
    bool late; /* a rule drops what another has let through already */
};

static void say(struct judging *judging, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The first sentence stays: its rule would come first. */
static void say(struct judging *judging, const char *fmt, ...)
{
    if (judging->cut->why[0] == '\0') {
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(judging->cut->why, sizeof(judging->cut->why), fmt, args);
        va_end(args);
    }
}

/* Says why a rule that names the group and drops does not count; false when it does. */
static bool idle(struct judging *judging, const struct nq_security_policy *policy,
                 const struct nq_rule *rule)
{
    if (!rule->enabled) {
        say(judging, "enable the rule %s/%s", policy->id, rule->id);
    } else if (!policy->enabled) {
        say(judging, "enable the security policy %s", policy->id);
    } else if (closed(policy)) {
        say(judging, "the security policy %s acts in a time window that is closed now",
            policy->id);
    } else if (unclear(policy)) {
        say(judging,
            "take the scheduler off the security policy %s: whether its time window is "
            "open cannot be judged",
            policy->id);
    } else if (policy->category == NQ_CATEGORY_ETHERNET) {
        say(judging, "move the rule %s/%s out of the category Ethernet", policy->id,
            rule->id);
    } else if (!applies(policy, rule, judging->group)) {
        say(judging, "apply the rule %s/%s to the group %s or to ANY", policy->id,
            rule->id, judging->group_path);
    } else if (!rule->all_traffic) {
        say(judging, "let the rule %s/%s drop all services", policy->id, rule->id);
    } else {
        return false;
    }
    return true;
}

static void judge_drop(struct judging *judging, const struct nq_security_policy *policy,
                       const struct nq_rule *rule)
{
    struct nq_cut *cut = judging->cut;
    if (!nq_rule_names(policy, rule, judging->group) ||
        dropped(rule, judging->group) == 0 || idle(judging, policy, rule)) {
        return;
    }
    unsigned flows = dropped(rule, judging->group);
    if (policy->category == NQ_CATEGORY_ENVIRONMENT) {
        flows &= ~judging->jumped;
    }
    judging->late |= (flows & judging->passed) != 0;
    flows &= judging->open;
    if (flows != 0 && cut->rule_count < NQ_CUT_RULES_MAX) {
        cut->rules[cut->rule_count++] = (struct nq_cut_rule){policy, rule};
        judging->open &= ~flows;
    }
}

/* A policy whose window cannot be judged may be acting. */
static unsigned let_through(const struct judging *judging,
                            const struct nq_security_policy *policy,
                            const struct nq_rule *rule)
{
    if (!nq_rule_enabled(policy, rule) || policy->category == NQ_CATEGORY_ETHERNET ||
        !applies(policy, rule, judging->group) || !rule->all_traffic) {
        return 0;
    }
    return passed(rule, judging->group) & judging->open;
}

static void judge_allow(struct judging *judging, const struct nq_security_policy *policy,
                        const struct nq_rule *rule)
{
    unsigned flows = let_through(judging, policy, rule);
    if (policy->category == NQ_CATEGORY_ENVIRONMENT) {
        flows &= ~judging->jumped;
    }
    if (flows != 0 && !judging->passing_rule) {
        judging->passing_policy = policy;
        judging->passing_rule = rule;
    }
    judging->open &= ~flows;
    judging->passed |= flows;
}

static void judge_rule(struct judging *judging, const struct nq_security_policy *policy,
                       const struct nq_rule *rule)
{
    switch (rule->action) {
    case NQ_RULE_DROP:
    case NQ_RULE_REJECT:
        judge_drop(judging, policy, rule);
        break;
    case NQ_RULE_JUMP:
        judging->jumped |= let_through(judging, policy, rule);
        break;
    case NQ_RULE_ALLOW:
        judge_allow(judging, policy, rule);
        break;
    }
}

static const char *flows_word(unsigned flows)
{
    return flows == FLOW_ALL                ? "all"
           : (flows & FLOW_OUT) == FLOW_OUT ? "the outgoing"
           : (flows & FLOW_IN) == FLOW_IN   ? "the incoming"
           : (flows & FLOW_V6) != 0         ? "the IPv6"
                                            : "the IPv4";
}

void nq_rules_judge(const struct nq_security_policy *policies, size_t count, size_t group,
                    const char *group_path, struct nq_cut *ret_cut)
{
    struct judging judging = {
        .group = group, .group_path = group_path, .cut = ret_cut, .open = FLOW_ALL};
    *ret_cut = (struct nq_cut){0};
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < policies[i].rule_count; k++) {
            judge_rule(&judging, &policies[i], &policies[i].rules[k]);
        }
    }
    ret_cut->holds = judging.open == 0 && judging.passed == 0;
    if (ret_cut->holds) {
        ret_cut->why[0] = '\0';
    } else if (judging.late) {
        say(&judging,
            "move the rule %s/%s, which allows all traffic of the group %s, behind the "
            "rules that drop it",
            judging.passing_policy->id, judging.passing_rule->id, group_path);
    } else {
        say(&judging, "make a rule that drops %s traffic of the group %s",
            flows_word(judging.open | judging.passed), group_path);
    }
}
