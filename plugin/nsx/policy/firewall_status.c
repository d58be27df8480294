/* SPDX-License-Identifier: Apache-2.0 */
/* firewall_status.c: the steps that judge what was configured, read how far NSX has
 * come with it, and list who is in the groups. */
#include "nsx/policy/firewall_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/pager.h"

/* ---- judging ----------------------------------------------------------------------- */

/* Not a question. The verdict changes with the time, when a window opens or closes. */
static bool judge(struct nq_firewall *firewall)
{
    const int64_t wall_ms = nq_wall_ms(firewall->policy->clock);
    for (size_t i = 0; i < firewall->policies.count; i++) {
        struct nq_security_policy *policy = &firewall->policies.items[i];
        const struct nq_firewall_scheduler *scheduler =
            policy->scheduler_path
                ? nq_firewall_find_scheduler(firewall, policy->scheduler_path)
                : NULL;
        policy->window =
            scheduler ? nq_window_at(&scheduler->window, wall_ms) : NQ_WINDOW_UNKNOWN;
    }
    for (size_t i = 0; i < firewall->quarantine_count; i++) {
        struct nq_quarantine_fact *fact = &firewall->quarantines[i];
        nq_rules_judge(firewall->policies.items, firewall->policies.count, fact->group,
                       fact->path, &fact->cut);
    }
    return false;
}

/* ---- excluded groups --------------------------------------------------------------- */

static bool read_nested(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_firewall *firewall = arg;
    return nq_json_exclude_filter(body, len,
                                  &firewall->quarantines[firewall->at].excluded, reterr);
}

/* POST exclude-list?action=filter changes nothing: it asks whether the list holds the
 * group, itself or through a group around it. */
static bool begin_nested(struct nq_firewall *firewall)
{
    if (firewall->at == firewall->quarantine_count) {
        return false;
    }
    struct nq_quarantine_fact *fact = &firewall->quarantines[firewall->at];
    fact->excluded = false;
    if (firewall->excluded.count == 0) {
        firewall->at++;
        return begin_nested(firewall);
    }
    char *intent = nq_http_escape(fact->path);
    char *path = nq_sprintf(NQ_POLICY_API "/infra/settings/firewall/security/exclude-list"
                                          "?action=filter&intent_path=%s&deep_check=true",
                            intent);
    nq_firewall_ask(firewall, NQ_HTTP_POST, path, read_nested);
    free(path);
    free(intent);
    return true;
}

/* A group that is not in the list may be answered with an error, and an account that only
 * reads may be refused. The groups of each VM are compared with the list all the same. */
static bool end_nested(struct nq_firewall *firewall, const struct nq_err *err)
{
    firewall->at++;
    return !err || err->code == NQ_NSX_NOT_FOUND || err->code == NQ_NSX_REJECTED ||
           err->code == NQ_NSX_FORBIDDEN;
}

/* ---- realization ------------------------------------------------------------------- */

static bool read_group(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_firewall *firewall = arg;
    struct nq_quarantine_fact *fact = &firewall->quarantines[firewall->at];
    fact->exists = true;
    return nq_json_realized(body, len, &fact->realized, reterr);
}

static bool begin_groups(struct nq_firewall *firewall)
{
    if (firewall->at == firewall->quarantine_count) {
        return false;
    }
    struct nq_quarantine_fact *fact = &firewall->quarantines[firewall->at];
    fact->exists = false;
    fact->realized = NQ_REALIZED_UNKNOWN;
    char *path = nq_policy_status_path(fact->path);
    nq_firewall_ask(firewall, NQ_HTTP_GET, path, read_group);
    free(path);
    return true;
}

static bool cuts(const struct nq_firewall *firewall,
                 const struct nq_security_policy *policy)
{
    for (size_t i = 0; i < firewall->quarantine_count; i++) {
        const struct nq_cut *cut = &firewall->quarantines[i].cut;
        for (size_t k = 0; k < cut->rule_count; k++) {
            if (cut->rules[k].policy == policy) {
                return true;
            }
        }
    }
    return false;
}

static bool read_realized(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_firewall *firewall = arg;
    return nq_json_realized(body, len, &firewall->policies.items[firewall->at].realized,
                            reterr);
}

/* Of each policy that takes part in cutting off a group. */
static bool begin_realized(struct nq_firewall *firewall)
{
    for (; firewall->at < firewall->policies.count; firewall->at++) {
        struct nq_security_policy *policy = &firewall->policies.items[firewall->at];
        if (cuts(firewall, policy)) {
            policy->realized = NQ_REALIZED_UNKNOWN;
            char *path = nq_policy_status_path(policy->path);
            nq_firewall_ask(firewall, NQ_HTTP_GET, path, read_realized);
            free(path);
            return true;
        }
    }
    return false;
}

/* ---- members ----------------------------------------------------------------------- */

/* A list for each quarantine group and each excluded one; those there were stay good. */
static void match_lists(struct nq_firewall *firewall)
{
    const size_t count = firewall->quarantine_count + firewall->excluded.count;
    struct nq_members *lists = nq_calloc(count, sizeof(lists[0]));
    for (size_t i = 0; i < count; i++) {
        const char *path = nq_firewall_listed_path(firewall, i);
        for (size_t k = 0; k < firewall->members_count && !lists[i].path; k++) {
            struct nq_members *old = &firewall->members[k];
            if (old->path && strcmp(old->path, path) == 0) {
                lists[i] = *old;
                *old = (struct nq_members){0};
            }
        }
        if (!lists[i].path) {
            nq_members_init(&lists[i], path);
        }
    }
    for (size_t k = 0; k < firewall->members_count; k++) {
        nq_members_done(&firewall->members[k]);
    }
    free(firewall->members);
    firewall->members = lists;
    firewall->members_count = count;
}

static bool read_members(void *arg, const char *body, size_t len,
                         struct nq_page *ret_page, struct nq_err *reterr)
{
    struct nq_firewall *firewall = arg;
    struct nq_members *to = &firewall->members[firewall->at];
    return nq_json_members(body, len, nq_members_add, to, ret_page, reterr) &&
           (!to->full || nq_fail(reterr, NQ_NSX_ANSWER, "a group of more than %d VMs",
                                 NQ_MEMBERS_MAX));
}

/* Excluded groups are as old as the configuration may be. */
static bool listed_lately(const struct nq_firewall *firewall)
{
    const struct nq_members *members = &firewall->members[firewall->at];
    return firewall->at >= firewall->quarantine_count && members->known &&
           firewall->round_ms - members->read_ms < NQ_FIREWALL_AGE_MS;
}

/* GET {group}/members/virtual-machines: the effective members, however the group's
 * expression finds them. */
static bool begin_members(struct nq_firewall *firewall)
{
    if (firewall->at == 0) {
        match_lists(firewall);
    }
    while (firewall->at < firewall->members_count && listed_lately(firewall)) {
        firewall->at++;
    }
    if (firewall->at == firewall->members_count) {
        return false;
    }
    struct nq_members *members = &firewall->members[firewall->at];
    char *group = nq_http_escape_path(members->path);
    char *path = nq_sprintf(NQ_POLICY_API "%s/members/virtual-machines?page_size=%d",
                            group, NQ_PAGE_SIZE);
    nq_members_begin(members, firewall->round_ms);
    nq_firewall_list(firewall, path, read_members);
    free(path);
    free(group);
    return true;
}

/* A group that NSX does not know, or that holds no VMs at all, has no members. */
static bool end_members(struct nq_firewall *firewall, const struct nq_err *err)
{
    const bool good =
        !err || err->code == NQ_NSX_NOT_FOUND || err->code == NQ_NSX_REJECTED;
    if (good) {
        nq_members_end(&firewall->members[firewall->at++]);
    }
    return good;
}

/* ---- the steps --------------------------------------------------------------------- */

const struct nq_firewall_step nq_firewall_judge = {NQ_PART_CONFIG | NQ_PART_STATUS, judge,
                                                   nq_firewall_good};
const struct nq_firewall_step nq_firewall_read_nested = {NQ_PART_CONFIG, begin_nested,
                                                         end_nested};
const struct nq_firewall_step nq_firewall_read_groups = {NQ_PART_STATUS, begin_groups,
                                                         nq_firewall_good_or_gone};
const struct nq_firewall_step nq_firewall_read_realized = {NQ_PART_STATUS, begin_realized,
                                                           nq_firewall_good_or_gone};
const struct nq_firewall_step nq_firewall_read_members = {NQ_PART_MEMBERS, begin_members,
                                                          end_members};
