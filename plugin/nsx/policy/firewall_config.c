/* SPDX-License-Identifier: Apache-2.0 */
/* firewall_config.c: the steps that read how people have configured the firewall. */
#include "nsx/policy/firewall_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/pager.h"

#define SECURITY     NQ_POLICY_API "/infra/settings/firewall/security"
#define EXCLUDE_LIST SECURITY "/exclude-list"
#define SYSTEM_LIST                                                                      \
    NQ_POLICY_API "/infra/realized-state/"                                               \
                  "system-excluded-virtual-machines?page_size=1000"

/* ---- the firewall as a whole ------------------------------------------------------- */

static bool read_settings(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_firewall *firewall = arg;
    return nq_json_firewall_enabled(body, len, &firewall->enabled, reterr);
}

static bool begin_settings(struct nq_firewall *firewall)
{
    if (firewall->at == 0) {
        nq_firewall_ask(firewall, NQ_HTTP_GET, SECURITY, read_settings);
    }
    return firewall->at == 0;
}

static bool read_exclude_list(void *arg, const char *body, size_t len,
                              struct nq_err *reterr)
{
    struct nq_firewall *firewall = arg;
    struct nq_members *to = &firewall->excluded;
    nq_members_begin(to, firewall->round_ms);
    return nq_json_exclude_list(body, len, nq_members_add, to, reterr) &&
           (firewall->excluded.count <= NQ_EXCLUDED_MAX ||
            nq_fail(reterr, NQ_NSX_ANSWER, "the exclude list holds more than %d groups",
                    NQ_EXCLUDED_MAX));
}

static bool begin_exclude_list(struct nq_firewall *firewall)
{
    if (firewall->at == 0) {
        nq_firewall_ask(firewall, NQ_HTTP_GET, EXCLUDE_LIST, read_exclude_list);
        return true;
    }
    nq_members_end(&firewall->excluded);
    return false;
}

static bool read_system_list(void *arg, const char *body, size_t len,
                             struct nq_page *ret_page, struct nq_err *reterr)
{
    struct nq_firewall *firewall = arg;
    struct nq_members *to = &firewall->system_excluded;
    return nq_json_excluded_vms(body, len, nq_members_add, to, ret_page, reterr) &&
           (!to->full ||
            nq_fail(reterr, NQ_NSX_ANSWER, "too many VMs that NSX itself excludes"));
}

/* Older releases have no such list; they are not asked for it each time. */
static bool begin_system_list(struct nq_firewall *firewall)
{
    struct nq_members *excluded = &firewall->system_excluded;
    if (firewall->at > 0) {
        nq_members_end(excluded);
        return false;
    }
    if (firewall->no_system_list &&
        firewall->round_ms - excluded->read_ms < NQ_RULES_AGE_MS) {
        return false;
    }
    nq_members_begin(excluded, firewall->round_ms);
    nq_firewall_list(firewall, SYSTEM_LIST, read_system_list);
    return true;
}

static bool end_system_list(struct nq_firewall *firewall, const struct nq_err *err)
{
    firewall->no_system_list = err && err->code == NQ_NSX_NOT_FOUND;
    return nq_firewall_good_or_gone(firewall, err);
}

/* ---- policies ---------------------------------------------------------------------- */

static void take_policy(void *arg, struct nq_security_policy *policy)
{
    struct nq_firewall_policies *next = &((struct nq_firewall *)arg)->next_policies;
    if (next->count > NQ_POLICIES_MAX) {
        nq_security_policy_done(policy);
        return;
    }
    if (next->count == next->room) {
        next->room = next->room ? next->room * 2 : 16;
        next->items = nq_realloc(next->items, next->room, sizeof(next->items[0]));
    }
    next->items[next->count++] = *policy;
}

static bool read_policies(void *arg, const char *body, size_t len,
                          struct nq_page *ret_page, struct nq_err *reterr)
{
    struct nq_firewall *firewall = arg;
    return nq_json_security_policies(body, len, &firewall->groups, take_policy, firewall,
                                     ret_page, reterr) &&
           (firewall->next_policies.count <= NQ_POLICIES_MAX ||
            nq_fail(reterr, NQ_NSX_ANSWER, "more than %d security policies",
                    NQ_POLICIES_MAX));
}

static int by_path(const void *a, const void *b)
{
    const struct nq_security_policy *left = a;
    const struct nq_security_policy *right = b;
    return strcmp(left->path, right->path);
}

/* The rules of a policy that has not changed are still good, unless they matter: a rule
 * can be switched off without its policy noticing. *aged: policies read again for their
 * age alone, few in one round so that nobody waits long. */
static bool still_good(const struct nq_firewall *firewall,
                       const struct nq_security_policy *old,
                       const struct nq_security_policy *policy, size_t *aged)
{
    if (!old->rules_known || old->rule_count > 0 || old->revision < 0 ||
        old->revision != policy->revision || old->told_rules != policy->told_rules) {
        return false;
    }
    const bool too_old = firewall->round_ms - old->rules_read_ms >= NQ_RULES_AGE_MS;
    *aged += too_old;
    return !too_old || *aged > NQ_RULES_AGED_MAX;
}

/* A list whose order changes between its pages may show a policy twice. */
static void sort_policies(struct nq_firewall_policies *policies)
{
    size_t count = 0;
    if (policies->count > 0) {
        qsort(policies->items, policies->count, sizeof(policies->items[0]),
              nq_security_policy_order);
    }
    for (size_t i = 0; i < policies->count; i++) {
        if (count > 0 && by_path(&policies->items[count - 1], &policies->items[i]) == 0) {
            nq_security_policy_done(&policies->items[i]);
        } else {
            policies->items[count++] = policies->items[i];
        }
    }
    policies->count = count;
}

/* The new list takes the place of the old one; rules are read in the next step. */
static void replace_policies(struct nq_firewall *firewall)
{
    struct nq_firewall_policies *old = &firewall->policies;
    struct nq_firewall_policies *next = &firewall->next_policies;
    size_t aged = 0;
    sort_policies(next);
    for (size_t i = 0; i < firewall->quarantine_count; i++) {
        firewall->quarantines[i].cut = (struct nq_cut){0}; /* points into the old list */
    }
    if (old->count > 0) {
        qsort(old->items, old->count, sizeof(old->items[0]), by_path);
    }
    for (size_t i = 0; i < next->count; i++) {
        struct nq_security_policy *policy = &next->items[i];
        struct nq_security_policy *known =
            old->count == 0
                ? NULL
                : bsearch(policy, old->items, old->count, sizeof(old->items[0]), by_path);
        if (!known) {
            policy->rules_known = policy->told_rules == 0;
            policy->rules_read_ms = firewall->round_ms;
            continue;
        }
        policy->rules_known =
            policy->told_rules == 0 || still_good(firewall, known, policy, &aged);
        policy->rules_read_ms = known->rules_read_ms;
        policy->realized = known->realized;
        if (policy->told_rules != 0) { /* until they are read again */
            policy->rules = known->rules;
            policy->rule_count = known->rule_count;
            known->rules = NULL;
            known->rule_count = 0;
        }
    }
    nq_firewall_free_policies(old);
    *old = *next;
    *next = (struct nq_firewall_policies){0};
    firewall->kept_rules = 0;
}

static bool begin_policies(struct nq_firewall *firewall)
{
    if (firewall->at == firewall->domain_count) {
        replace_policies(firewall);
        return false;
    }
    char *domain = nq_http_escape_path(firewall->domains[firewall->at]);
    char *path = nq_sprintf(NQ_POLICY_API "%s/security-policies?include_rule_count=true"
                                          "&page_size=%d",
                            domain, NQ_PAGE_SIZE);
    nq_firewall_list(firewall, path, read_policies);
    free(path);
    free(domain);
    return true;
}

/* ---- rules ------------------------------------------------------------------------- */

static void take_rule(void *arg, struct nq_rule *rule)
{
    struct nq_firewall *firewall = arg;
    if (!nq_rule_matters(&firewall->policies.items[firewall->at], rule) ||
        firewall->kept_rules > NQ_RULES_MAX) {
        nq_rule_done(rule);
        return;
    }
    firewall->next_rules = nq_realloc(firewall->next_rules, firewall->next_rule_count + 1,
                                      sizeof(struct nq_rule));
    firewall->next_rules[firewall->next_rule_count++] = *rule;
    firewall->kept_rules++;
}

static bool read_rules(void *arg, const char *body, size_t len, struct nq_page *ret_page,
                       struct nq_err *reterr)
{
    struct nq_firewall *firewall = arg;
    return nq_json_rules(body, len, firewall->policies.items[firewall->at].path,
                         &firewall->groups, take_rule, firewall, ret_page, reterr) &&
           (firewall->kept_rules <= NQ_RULES_MAX ||
            nq_fail(reterr, NQ_NSX_ANSWER, "more than %d firewall rules concern groups",
                    NQ_RULES_MAX));
}

static bool begin_rules(struct nq_firewall *firewall)
{
    struct nq_firewall_policies *policies = &firewall->policies;
    while (firewall->at < policies->count && policies->items[firewall->at].rules_known) {
        firewall->at++;
    }
    if (firewall->at == policies->count) {
        return false;
    }
    char *policy = nq_http_escape_path(policies->items[firewall->at].path);
    char *path = nq_sprintf(NQ_POLICY_API "%s/rules?page_size=%d", policy, NQ_PAGE_SIZE);
    nq_firewall_list(firewall, path, read_rules);
    free(path);
    free(policy);
    return true;
}

/* A policy that went away since the list was read has no rules any more. */
static bool end_rules(struct nq_firewall *firewall, const struct nq_err *err)
{
    if (err && err->code != NQ_NSX_NOT_FOUND) {
        return false;
    }
    struct nq_security_policy *policy = &firewall->policies.items[firewall->at++];
    nq_security_policy_drop_rules(policy);
    policy->rules = firewall->next_rules;
    policy->rule_count = firewall->next_rule_count;
    policy->rules_known = true;
    policy->rules_read_ms = firewall->round_ms;
    firewall->next_rules = NULL;
    firewall->next_rule_count = 0;
    if (policy->rule_count > 0) {
        qsort(policy->rules, policy->rule_count, sizeof(policy->rules[0]), nq_rule_order);
    }
    return true;
}

/* ---- schedulers -------------------------------------------------------------------- */

const struct nq_firewall_scheduler *
nq_firewall_find_scheduler(const struct nq_firewall *firewall, const char *path)
{
    for (size_t i = 0; i < firewall->scheduler_count; i++) {
        if (strcmp(firewall->schedulers[i].path, path) == 0) {
            return &firewall->schedulers[i];
        }
    }
    return NULL;
}

static bool read_scheduler(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_firewall *firewall = arg;
    return nq_json_scheduler(
        body, len, &firewall->schedulers[firewall->scheduler_count - 1].window, reterr);
}

/* Each scheduler of a policy with rules that matter, once. */
static bool begin_schedulers(struct nq_firewall *firewall)
{
    if (firewall->at == 0) {
        for (size_t i = 0; i < firewall->scheduler_count; i++) {
            free(firewall->schedulers[i].path);
        }
        firewall->scheduler_count = 0;
    }
    for (; firewall->at < firewall->policies.count; firewall->at++) {
        const struct nq_security_policy *policy = &firewall->policies.items[firewall->at];
        if (policy->rule_count == 0 || !policy->scheduler_path ||
            nq_firewall_find_scheduler(firewall, policy->scheduler_path)) {
            continue;
        }
        firewall->schedulers =
            nq_realloc(firewall->schedulers, firewall->scheduler_count + 1,
                       sizeof(firewall->schedulers[0]));
        firewall->schedulers[firewall->scheduler_count++] =
            (struct nq_firewall_scheduler){.path = nq_strdup(policy->scheduler_path)};
        char *escaped = nq_http_escape_path(policy->scheduler_path);
        char *path = nq_sprintf(NQ_POLICY_API "%s", escaped);
        nq_firewall_ask(firewall, NQ_HTTP_GET, path, read_scheduler);
        free(path);
        free(escaped);
        return true;
    }
    return false;
}

/* A window that cannot be read cannot be judged; that is said where it counts. */
static bool end_scheduler(struct nq_firewall *firewall, const struct nq_err *err)
{
    firewall->at++;
    return !err || nq_err_fate(err) == NQ_FATE_STOP || err->code == NQ_NSX_ANSWER;
}

/* ---- the steps --------------------------------------------------------------------- */

const struct nq_firewall_step nq_firewall_read_settings = {NQ_PART_CONFIG, begin_settings,
                                                           nq_firewall_good};
const struct nq_firewall_step nq_firewall_read_exclude_list = {
    NQ_PART_CONFIG, begin_exclude_list, nq_firewall_good};
const struct nq_firewall_step nq_firewall_read_system_list = {
    NQ_PART_CONFIG, begin_system_list, end_system_list};
const struct nq_firewall_step nq_firewall_read_policies = {NQ_PART_CONFIG, begin_policies,
                                                           nq_firewall_good};
const struct nq_firewall_step nq_firewall_read_rules = {NQ_PART_CONFIG, begin_rules,
                                                        end_rules};
const struct nq_firewall_step nq_firewall_read_schedulers = {
    NQ_PART_CONFIG, begin_schedulers, end_scheduler};
