/* SPDX-License-Identifier: Apache-2.0 */
/* groups.c: read_groups() of the policy backend. One group after the other, so that
 * reading hundreds of them does not get into the way of a quarantine; then their rules. */
#include "nsx/policy/impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/tags.h"
#include "nsx/policy/counters.h"
#include "nsx/policy/firewall.h"
#include "nsx/policy/firewall_json.h"
#include "nsx/policy/group_json.h"
#include "nsx/policy/members.h"

/* Groups of the exclude list whose members are looked at. */
#define EXCLUDED_MAX 16

struct groups_call {
    struct nq_call call;
    struct nq_policy *policy;
    struct nq_members *members; /* of each group */
    struct nq_group_view *views;
    size_t count;
    size_t at;   /* the group being read */
    size_t open; /* questions about it without an answer */
    bool lost;   /* NSX does not answer for it */
    struct nq_timer begin;
    struct nq_listing listing;
    struct nq_ask *status_ask;
    struct nq_ask *definition_ask;
    struct nq_wait wait; /* for the rules, then for their counters */
    struct nq_firewall_view firewall;
    struct nq_members excluded; /* VMs that the firewall leaves alone */
    size_t excluded_at;         /* the group of the exclude list being read */
    bool excluded_lost;         /* one of them could not be read */
    struct nq_rule_view *rules; /* of all groups, one group after the other */
    size_t rule_count;
    size_t rule_room;
};

static void groups_drop(struct nq_call *call)
{
    struct groups_call *groups = (struct groups_call *)call;
    nq_timer_clear(groups->policy->loop, &groups->begin);
    nq_listing_stop(&groups->listing);
    nq_wait_leave(&groups->wait);
    nq_members_done(&groups->excluded);
    (void)nq_ask_cancel(groups->status_ask);
    (void)nq_ask_cancel(groups->definition_ask);
    for (size_t i = 0; i < groups->count; i++) {
        nq_members_done(&groups->members[i]);
    }
    free(groups->rules);
    free(groups->members);
    free(groups->views);
    free(groups);
}

/* GET {group}/members/virtual-machines: the effective members, however the group's
 * expression finds them. For the caller to free. */
static char *members_path_of(const char *group_path)
{
    char *escaped = nq_http_escape_path(group_path);
    char *path = nq_sprintf("/policy/api/v1%s/members/virtual-machines?page_size=%d",
                            escaped, NQ_PAGE_SIZE);
    free(escaped);
    return path;
}

/* ---- rules ------------------------------------------------------------------------- */

static void add_rule(struct groups_call *groups, const struct nq_security_policy *policy,
                     const struct nq_rule *rule)
{
    if (groups->rule_count == groups->rule_room) {
        groups->rule_room = groups->rule_room ? groups->rule_room * 2 : 16;
        groups->rules =
            nq_realloc(groups->rules, groups->rule_room, sizeof(groups->rules[0]));
    }
    struct nq_rule_view *view = &groups->rules[groups->rule_count++];
    *view = (struct nq_rule_view){
        .path = rule->path,
        .name = rule->name,
        .action = rule->action,
        .direction = rule->direction,
        .enabled = nq_rule_enabled(policy, rule),
        .sequence = rule->sequence,
    };
    view->series =
        nq_counters_get(groups->policy->counters, rule->path, &view->series_count);
}

static void add_rules(struct groups_call *groups, struct nq_group_view *view)
{
    size_t count = 0;
    const struct nq_security_policy *policies =
        nq_firewall_policies(groups->policy->firewall, &count);
    const size_t before = groups->rule_count;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < policies[i].rule_count; k++) {
            if (nq_rule_names(&policies[i], &policies[i].rules[k], view->group)) {
                add_rule(groups, &policies[i], &policies[i].rules[k]);
            }
        }
    }
    view->rule_count = groups->rule_count - before;
    view->rules_known = true;
}

/* What the rules and the exclude list do to the group. */
static void add_cut(struct groups_call *groups, struct nq_group_view *view)
{
    const struct nq_firewall *firewall = groups->policy->firewall;
    size_t count = 0;
    const struct nq_quarantine_fact *facts = nq_firewall_quarantines(firewall, &count);
    for (size_t i = 0; i < count; i++) {
        if (facts[i].group == view->group) {
            view->cut = facts[i].cut.holds ? NQ_CUT_HOLDS : NQ_CUT_OPEN;
            view->cut_why = facts[i].cut.why;
            view->excluded = facts[i].excluded;
        }
    }
    const char *const *excluded = nq_firewall_excluded(firewall, &count);
    for (size_t i = 0; i < count; i++) {
        view->excluded =
            view->excluded ||
            strcmp(excluded[i], groups->policy->conf->groups[view->group].path) == 0;
    }
}

static bool is_excluded(const struct groups_call *groups, const char *external_id)
{
    return nq_members_have(&groups->excluded, external_id) ||
           nq_firewall_vm_excluded(groups->policy->firewall, external_id);
}

static void add_excluded_members(struct groups_call *groups, struct nq_group_view *view)
{
    const struct nq_inventory *inventory = groups->policy->sync.inventory;
    for (size_t i = 0; i < view->member_count; i++) {
        struct nq_vm vm;
        if (is_excluded(groups, view->external_ids[i]) && inventory &&
            nq_inventory_get(inventory, view->external_ids[i], &vm) && vm.regular) {
            view->excluded_members++;
            view->excluded_member = vm.display_name;
        }
    }
}

/* The rules are borrowed from the firewall, so this is done in one go. */
static void on_counters(void *arg, const struct nq_err *err)
{
    struct groups_call *groups = arg;
    (void)err; /* there is none: rules without numbers are shown without */
    for (size_t i = 0; i < groups->count && groups->firewall.known; i++) {
        add_rules(groups, &groups->views[i]);
        add_cut(groups, &groups->views[i]);
        add_excluded_members(groups, &groups->views[i]);
        groups->views[i].exclusion_known = !groups->excluded_lost;
    }
    groups->firewall.enabled = nq_firewall_enabled(groups->policy->firewall);
    size_t at = 0;
    for (size_t i = 0; i < groups->count; i++) { /* the array does not move any more */
        if (groups->views[i].rule_count > 0) {
            groups->views[i].rules = &groups->rules[at];
            at += groups->views[i].rule_count;
        }
    }
    nq_call_reply(&groups->call, &(struct nq_reply){.groups = groups->views,
                                                    .group_count = groups->count,
                                                    .firewall = &groups->firewall,
                                                    .missing = ""});
}

static bool read_excluded(void *arg, const char *body, size_t len,
                          struct nq_page *ret_page, struct nq_err *reterr)
{
    struct groups_call *groups = arg;
    return nq_json_members(body, len, nq_members_add, &groups->excluded, ret_page,
                           reterr);
}

static void next_excluded(struct groups_call *groups);

static void on_excluded(void *arg, const struct nq_err *err)
{
    struct groups_call *groups = arg;
    groups->excluded_lost =
        groups->excluded_lost || (err && err->code != NQ_NSX_NOT_FOUND);
    groups->excluded_at++;
    next_excluded(groups);
}

/* Who is in the first groups of the exclude list; then the counters. */
static void next_excluded(struct groups_call *groups)
{
    size_t count = 0;
    const char *const *paths = nq_firewall_excluded(groups->policy->firewall, &count);
    if (groups->excluded_at == count || groups->excluded_at == EXCLUDED_MAX) {
        nq_members_end(&groups->excluded);
        nq_counters_want(groups->policy->counters, &groups->wait, on_counters, groups);
        return;
    }
    char *path = members_path_of(paths[groups->excluded_at]);
    nq_listing_start(&groups->listing, groups->policy->asker, path, true, read_excluded,
                     on_excluded, groups);
    free(path);
}

static void on_firewall(void *arg, const struct nq_err *err)
{
    struct groups_call *groups = arg;
    groups->firewall.known = err == NULL;
    groups->firewall.trouble = err ? err->code : NQ_OK;
    if (err) {
        on_counters(groups, NULL);
    } else {
        next_excluded(groups);
    }
}

/* ---- members ----------------------------------------------------------------------- */

/* Counts the tagged members. One that the inventory does not know is not counted: nobody
 * has seen its tags. */
static void close_group(struct groups_call *groups)
{
    struct nq_members *members = &groups->members[groups->at];
    struct nq_group_view *view = &groups->views[groups->at];
    const struct nq_inventory *inventory = groups->policy->sync.inventory;
    nq_members_end(members);
    for (size_t i = 0; i < members->count; i++) {
        struct nq_vm vm;
        if (inventory && nq_inventory_get(inventory, members->ids[i], &vm)) {
            view->tagged_count += (vm.tags & NQ_TAGS_QUARANTINE) != 0;
        }
    }
    view->known = !groups->lost;
    view->external_ids = members->ids;
    view->member_count = members->count;
}

static void next_group(void *arg);

/* What concerns one group only leaves the others readable; the rest ends the call. */
static bool of_one_group(const struct nq_err *err)
{
    return err->code == NQ_NSX_NOT_FOUND || err->code == NQ_NSX_FORBIDDEN ||
           err->code == NQ_NSX_REJECTED;
}

static void on_part(struct groups_call *groups, const struct nq_err *err)
{
    groups->open--;
    if (err && !of_one_group(err)) {
        nq_call_fail(&groups->call, err);
        return;
    }
    if (err) {
        groups->lost = true;
        groups->views[groups->at].trouble = err->code;
    }
    if (groups->open == 0) {
        close_group(groups);
        groups->at++;
        next_group(groups);
    }
}

static bool read_members(void *arg, const char *body, size_t len,
                         struct nq_page *ret_page, struct nq_err *reterr)
{
    struct groups_call *groups = arg;
    struct nq_members *members = &groups->members[groups->at];
    return nq_json_members(body, len, nq_members_add, members, ret_page, reterr) &&
           (!members->full || nq_fail(reterr, NQ_NSX_ANSWER,
                                      "a group of more than %d VMs", NQ_MEMBERS_MAX));
}

static void on_members(void *arg, const struct nq_err *err)
{
    on_part(arg, err);
}

static bool read_status(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct groups_call *groups = arg;
    return nq_json_realized(body, len, &groups->views[groups->at].realized, reterr);
}

static void on_status(void *arg, const struct nq_err *err)
{
    struct groups_call *groups = arg;
    groups->status_ask = NULL;
    on_part(groups, err);
}

static bool read_definition(void *arg, const char *body, size_t len,
                            struct nq_err *reterr)
{
    struct groups_call *groups = arg;
    const struct nq_config *conf = groups->policy->conf;
    return nq_json_definition(body, len, conf->tag_scope, conf->tag_value,
                              &groups->views[groups->at].definition, reterr);
}

/* Without it the definition is not known, which concerns nobody but the audit. */
static void on_definition(void *arg, const struct nq_err *err)
{
    struct groups_call *groups = arg;
    (void)err;
    groups->definition_ask = NULL;
    on_part(groups, NULL);
}

/* GET {group}: its expression. */
static void ask_definition(struct groups_call *groups, const char *group_path)
{
    char *escaped = nq_http_escape_path(group_path);
    char *path = nq_sprintf("/policy/api/v1%s", escaped);
    groups->definition_ask =
        nq_ask_start(groups->policy->asker, &(struct nq_question){.path = path},
                     read_definition, on_definition, groups);
    free(path);
    free(escaped);
}

static void next_group(void *arg)
{
    struct groups_call *groups = arg;
    struct nq_asker *asker = groups->policy->asker;
    if (groups->at == groups->count && groups->count > 0) {
        nq_firewall_want(groups->policy->firewall, &groups->wait, false, on_firewall,
                         groups);
        return;
    }
    if (groups->count == 0) {
        on_counters(groups, NULL);
        return;
    }
    const char *group_path = groups->members[groups->at].path;
    char *members_path = members_path_of(group_path);
    char *status_path = nq_policy_status_path(group_path);
    groups->views[groups->at].realized = NQ_REALIZED_UNKNOWN;
    groups->lost = false;
    groups->open = 3;
    nq_listing_start(&groups->listing, asker, members_path, true, read_members,
                     on_members, groups);
    groups->status_ask = nq_ask_start(asker, &(struct nq_question){.path = status_path},
                                      read_status, on_status, groups);
    ask_definition(groups, group_path);
    free(status_path);
    free(members_path);
}

struct nq_call *nq_policy_read_groups(struct nq_backend *backend, size_t manager,
                                      nq_reply_fn *done, void *arg)
{
    struct nq_policy *policy = (struct nq_policy *)backend;
    (void)manager;
    struct groups_call *groups = nq_calloc(1, sizeof(*groups));
    const size_t most = policy->conf->group_count;
    groups->policy = policy;
    nq_call_open(&groups->call, &policy->calls, groups_drop, done, arg);
    nq_members_init(&groups->excluded, "");
    groups->members = nq_calloc(most, sizeof(groups->members[0]));
    groups->views = nq_calloc(most, sizeof(groups->views[0]));
    for (size_t i = 0; i < most; i++) {
        if (policy->conf->groups[i].manager == policy->manager) {
            groups->views[groups->count].group = i;
            nq_members_init(&groups->members[groups->count++],
                            policy->conf->groups[i].path);
        }
    }
    /* By the timer: with no group at all the answer is ready at once. */
    nq_timer_set(policy->loop, &groups->begin, 0, next_group, groups);
    return &groups->call;
}
