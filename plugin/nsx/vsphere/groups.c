/* SPDX-License-Identifier: Apache-2.0 */
/* groups.c: read_groups() of the vSphere backend. One group after the other, so
 * that reading hundreds of them does not get into the way of a quarantine; then the rules
 * that name them, with what they have counted. */
#include "nsx/vsphere/firewall.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/tags.h"

/* What a view of a rule points to. */
struct shown {
    char *path;
    char *name;
    char *key;
    struct nq_rule_series series;
};

struct group {
    struct nq_idset members;
    struct nq_rule_view *rules;
    struct shown *shown; /* as many */
    char *why;           /* what is wrong with them */
};

struct groups_call {
    struct nq_call call;
    struct nq_vsphere_firewall *firewall;
    struct group *groups;        /* as many as the firewall has */
    struct nq_group_view *views; /* the same */
    size_t at;                   /* the group being read */
    struct nq_firewall_view view;
    bool rules_lost;    /* NSX does not answer for the rules */
    bool excluded_lost; /* nor for the exclude list */
    bool status_lost;
    struct nq_timer begin;
    struct nq_wait wait; /* for what is being read */
};

static void groups_drop(struct nq_call *call)
{
    struct groups_call *groups = (struct groups_call *)call;
    nq_timer_clear(groups->firewall->vsphere->loop, &groups->begin);
    nq_wait_leave(&groups->wait);
    for (size_t i = 0; i < groups->firewall->group_count; i++) {
        struct group *group = &groups->groups[i];
        for (size_t k = 0; k < groups->views[i].rule_count; k++) {
            free(group->shown[k].path);
            free(group->shown[k].name);
            free(group->shown[k].key);
        }
        nq_idset_done(&group->members);
        free(group->why);
        free(group->shown);
        free(group->rules);
    }
    free(groups->groups);
    free(groups->views);
    free(groups);
}

/* ---- the reply --------------------------------------------------------------------- */

static void show_rule(const struct nq_vsphere_firewall *firewall,
                      const struct nq_vsphere_rule *rule, struct nq_rule_view *view,
                      struct shown *shown)
{
    uint64_t hits = 0;
    int64_t asked_ms = 0;
    shown->path = nq_sprintf("%s/%s", rule->section_id, rule->id);
    shown->name = nq_strdup(rule->name);
    *view = (struct nq_rule_view){
        .path = shown->path,
        .name = shown->name,
        .action = rule->action,
        .direction = rule->direction,
        .enabled = !rule->disabled,
        .sequence = rule->sequence,
    };
    if (nq_vsphere_hits_get(firewall->hits, rule->id, &hits, &asked_ms)) {
        shown->key = nq_strdup(rule->id);
        shown->series = (struct nq_rule_series){.key = shown->key};
        shown->series.counts[NQ_TRAFFIC_HITS] = hits;
        view->series = &shown->series;
        view->series_count = 1;
    }
}

static bool is_shown(const struct nq_vsphere_rule *rule, const char *group)
{
    return rule->action != 0 && nq_vsphere_rule_names(rule, group);
}

static void show_rules(struct groups_call *groups, size_t index)
{
    const struct nq_vsphere_firewall *firewall = groups->firewall;
    const char *id = firewall->groups[index].id;
    struct nq_group_view *view = &groups->views[index];
    struct group *group = &groups->groups[index];
    size_t count = 0;
    for (size_t i = 0; i < firewall->rule_count; i++) {
        count += is_shown(&firewall->rules[i], id);
    }
    group->rules = nq_calloc(count, sizeof(group->rules[0]));
    group->shown = nq_calloc(count, sizeof(group->shown[0]));
    for (size_t i = 0; i < firewall->rule_count; i++) {
        if (is_shown(&firewall->rules[i], id)) {
            show_rule(firewall, &firewall->rules[i], &group->rules[view->rule_count],
                      &group->shown[view->rule_count]);
            view->rule_count++;
        }
    }
    view->rules = group->rules;
    view->rules_known = true;
}

/* What the rules as a whole do to the group. */
static void show_cut(struct groups_call *groups, size_t index)
{
    const struct nq_vsphere_firewall *firewall = groups->firewall;
    const char *id = firewall->groups[index].id;
    struct nq_group_view *view = &groups->views[index];
    const struct nq_vsphere_rule *allowed = NULL;
    char **why = &groups->groups[index].why;
    if (!firewall->groups[index].quarantine) {
        return;
    }
    view->cut =
        nq_vsphere_judge_group(firewall->rules, firewall->rule_count, id, &allowed);
    if (view->cut == NQ_CUT_OPEN && allowed) {
        *why = nq_sprintf("rule %s (%.60s) allows traffic of %s first", allowed->id,
                          allowed->name, id);
    } else if (view->cut == NQ_CUT_OPEN) {
        *why = nq_sprintf("make rules that drop all traffic from and to %s", id);
    }
    view->cut_why = *why ? *why : "";
}

static void show_excluded(struct groups_call *groups, size_t index)
{
    const struct nq_vsphere_firewall *firewall = groups->firewall;
    const struct nq_inventory *inventory = firewall->vsphere->sync.inventory;
    struct nq_group_view *view = &groups->views[index];
    for (size_t i = 0; i < view->member_count; i++) {
        struct nq_vm vm;
        if (nq_idset_has(&firewall->excluded, view->external_ids[i]) && inventory &&
            nq_inventory_get(inventory, view->external_ids[i], &vm) && vm.regular) {
            view->excluded_members++;
            view->excluded_member = vm.display_name;
        }
    }
}

/* The worst of the clusters that the members are in, because before 6.2.4 a cluster
 * without firewall keeps the whole "inprogress" for ever; without members the whole. */
static enum nq_realized realized(const struct nq_vsphere *vsphere,
                                 const struct nq_idset *members)
{
    const struct nq_vsphere_firewall *firewall = vsphere->firewall;
    const char *last = NULL;
    enum nq_realized worst = NQ_REALIZED_SUCCESS;
    bool any = false;
    for (size_t i = 0; i < members->count; i++) {
        const char *cluster = nq_clusters_get(&vsphere->clusters, members->ids[i]);
        const struct nq_vsphere_publication *published =
            cluster == last ? NULL : nq_vsphere_published(firewall, cluster);
        last = cluster;
        if (!published) {
            continue;
        }
        any = true;
        if (published->host_error) {
            return NQ_REALIZED_ERROR;
        }
        if (published->realized != NQ_REALIZED_SUCCESS) {
            worst = published->realized;
        }
    }
    return any ? worst : firewall->published.realized;
}

static void answer(void *arg, const struct nq_err *err)
{
    struct groups_call *groups = arg;
    const struct nq_vsphere_firewall *firewall = groups->firewall;
    (void)err;
    for (size_t i = 0; i < firewall->group_count; i++) {
        if (!groups->rules_lost) {
            show_rules(groups, i);
            show_cut(groups, i);
        }
        if (!groups->excluded_lost) {
            show_excluded(groups, i);
            groups->views[i].exclusion_known = true;
        }
        groups->views[i].realized =
            groups->status_lost ? NQ_REALIZED_UNKNOWN
                                : realized(firewall->vsphere, &groups->groups[i].members);
    }
    nq_call_reply(&groups->call, &(struct nq_reply){.groups = groups->views,
                                                    .group_count = firewall->group_count,
                                                    .firewall = &groups->view,
                                                    .missing = ""});
}

/* ---- rules ------------------------------------------------------------------------- */

static void on_config(void *arg, const struct nq_err *err)
{
    struct groups_call *groups = arg;
    if (err && !nq_vsphere_of_one_object(err)) {
        nq_call_fail(&groups->call, err);
        return;
    }
    groups->rules_lost = err != NULL;
    groups->view.trouble = err ? err->code : groups->view.trouble;
    groups->view.known = groups->view.known && !err;
    nq_vsphere_hits_want(groups->firewall->hits, &groups->wait, answer, groups);
}

static void on_status(void *arg, const struct nq_err *err)
{
    struct groups_call *groups = arg;
    if (err && !nq_vsphere_of_one_object(err)) {
        nq_call_fail(&groups->call, err);
        return;
    }
    groups->status_lost = err != NULL;
    nq_vsphere_rules_want(groups->firewall, &groups->wait, on_config, groups);
}

/* Nobody's groups hang on these two, so no failure of them ends the call. */
static void on_excluded(void *arg, const struct nq_err *err)
{
    struct groups_call *groups = arg;
    groups->excluded_lost = err != NULL;
    groups->view.trouble = err ? err->code : groups->view.trouble;
    groups->view.known = groups->view.known && !err;
    nq_shared_want(&groups->firewall->status, &groups->wait, on_status, groups);
}

static void on_state(void *arg, const struct nq_err *err)
{
    struct groups_call *groups = arg;
    groups->view = (struct nq_firewall_view){.known = err == NULL,
                                             .trouble = err ? err->code : NQ_OK,
                                             .enabled = groups->firewall->forward};
    nq_shared_want(&groups->firewall->exclude_list, &groups->wait, on_excluded, groups);
}

/* ---- members ----------------------------------------------------------------------- */

static void next_group(void *arg);

/* Counts the tagged members. One that the inventory does not know is not counted: nobody
 * has seen its tags. */
static void close_group(struct groups_call *groups)
{
    const struct nq_inventory *inventory = groups->firewall->vsphere->sync.inventory;
    const struct nq_idset *members = &groups->groups[groups->at].members;
    struct nq_group_view *view = &groups->views[groups->at];
    for (size_t i = 0; i < members->count; i++) {
        struct nq_vm vm;
        if (inventory && nq_inventory_get(inventory, members->ids[i], &vm)) {
            view->tagged_count += (vm.tags & NQ_TAGS_QUARANTINE) != 0;
        }
    }
    view->known = true;
    view->external_ids = members->ids;
    view->member_count = members->count;
}

static enum nq_definition definition_of(const struct nq_vsphere_group *group)
{
    static const enum nq_definition known[] = {
        [NQ_MENTION_NONE] = NQ_DEFINITION_IGNORES,
        [NQ_MENTION_PERHAPS] = NQ_DEFINITION_UNKNOWN,
        [NQ_MENTION_YES] = NQ_DEFINITION_TAKES_IN,
        [NQ_MENTION_EXCLUDED] = NQ_DEFINITION_KEEPS_OUT,
    };
    return group->unclear && group->mention == NQ_MENTION_NONE ? NQ_DEFINITION_UNKNOWN
                                                               : known[group->mention];
}

static void on_definition(void *arg, const struct nq_err *err)
{
    struct groups_call *groups = arg;
    if (!err) {
        groups->views[groups->at].definition =
            definition_of(&groups->firewall->groups[groups->at]);
    }
    groups->at++;
    next_group(groups);
}

static void on_members(void *arg, const struct nq_err *err)
{
    struct groups_call *groups = arg;
    if (err && !nq_vsphere_of_one_object(err)) {
        nq_call_fail(&groups->call, err);
        return;
    }
    if (!err) {
        nq_idset_copy(&groups->firewall->groups[groups->at].member_ids,
                      &groups->groups[groups->at].members);
        close_group(groups);
        nq_shared_want(&groups->firewall->groups[groups->at].definition, &groups->wait,
                       on_definition, groups);
        return;
    }
    groups->views[groups->at].trouble = err->code;
    groups->at++;
    next_group(groups);
}

static void next_group(void *arg)
{
    struct groups_call *groups = arg;
    struct nq_vsphere_firewall *firewall = groups->firewall;
    if (groups->at < firewall->group_count) {
        nq_shared_want(&firewall->groups[groups->at].members, &groups->wait, on_members,
                       groups);
        return;
    }
    nq_shared_want(&firewall->state, &groups->wait, on_state, groups);
}

struct nq_call *nq_vsphere_read_groups(struct nq_backend *backend, size_t manager,
                                       nq_reply_fn *done, void *arg)
{
    struct nq_vsphere *vsphere = (struct nq_vsphere *)backend;
    const struct nq_vsphere_firewall *firewall = vsphere->firewall;
    struct groups_call *groups = nq_calloc(1, sizeof(*groups));
    (void)manager; /* there is one only */
    groups->firewall = vsphere->firewall;
    groups->groups = nq_calloc(firewall->group_count, sizeof(groups->groups[0]));
    groups->views = nq_calloc(firewall->group_count, sizeof(groups->views[0]));
    for (size_t i = 0; i < firewall->group_count; i++) {
        groups->views[i].group = firewall->groups[i].group;
    }
    nq_call_open(&groups->call, &vsphere->calls, groups_drop, done, arg);
    /* By the timer: nothing calls back before this returns. */
    nq_timer_set(vsphere->loop, &groups->begin, 0, next_group, groups);
    return &groups->call;
}
