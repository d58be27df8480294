/* SPDX-License-Identifier: Apache-2.0 */
/* policy_groups.c: read_groups() of the policy backend. One group after the other, so that
 * reading hundreds of them does not get into the way of a quarantine. */
#include "nsx/policy_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/policy_json.h"
#include "nsx/textpool.h"

struct group {
    const char *path; /* of the configuration */
    const char **ids; /* texts of the pool */
    size_t count;
    size_t room;
};

struct groups_call {
    struct nq_call call;
    struct group *groups;
    struct nq_group_view *views; /* as many */
    size_t count;
    size_t at;   /* the group being read */
    size_t open; /* questions about it without an answer */
    bool lost;   /* NSX does not answer for it */
    struct nq_timer begin;
    struct nq_listing members;
    struct nq_ask *status_ask;
    struct nq_pool ids;
};

static void groups_drop(struct nq_call *call)
{
    struct groups_call *groups = (struct groups_call *)call;
    nq_timer_clear(call->policy->loop, &groups->begin);
    nq_listing_stop(&groups->members);
    (void)nq_ask_cancel(groups->status_ask);
    for (size_t i = 0; i < groups->count; i++) {
        free(groups->groups[i].ids);
    }
    nq_pool_done(&groups->ids);
    free(groups->groups);
    free(groups->views);
    free(groups);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts the members and counts the tagged ones. A member that the inventory does not know
 * is not counted: nobody has seen its tags. */
static void close_group(struct groups_call *groups)
{
    struct group *group = &groups->groups[groups->at];
    struct nq_group_view *view = &groups->views[groups->at];
    const struct nq_inventory *inventory = groups->call.policy->sync.inventory;
    size_t count = 0;
    if (group->count > 0) {
        qsort(group->ids, group->count, sizeof(group->ids[0]), by_text);
    }
    for (size_t i = 0; i < group->count; i++) {
        struct nq_vm vm;
        if (count > 0 && strcmp(group->ids[i], group->ids[count - 1]) == 0) {
            continue;
        }
        group->ids[count++] = group->ids[i];
        if (inventory && nq_inventory_get(inventory, group->ids[i], &vm)) {
            view->tagged_count += vm.has_our_tag;
        }
    }
    view->known = !groups->lost;
    view->external_ids = group->ids;
    view->member_count = count;
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
    groups->lost = groups->lost || err;
    if (groups->open == 0) {
        close_group(groups);
        groups->at++;
        next_group(groups);
    }
}

static void add_member(void *arg, const char *external_id)
{
    struct groups_call *groups = arg;
    struct group *group = &groups->groups[groups->at];
    if (group->count == group->room) {
        group->room = group->room ? group->room * 2 : 64;
        group->ids = nq_realloc(group->ids, group->room, sizeof(group->ids[0]));
    }
    group->ids[group->count++] =
        nq_pool_text(&groups->ids, nq_pool_add(&groups->ids, external_id));
}

static bool read_members(void *arg, const char *body, size_t len,
                         struct nq_page *ret_page, struct nq_err *reterr)
{
    struct groups_call *groups = arg;
    return nq_json_members(body, len, add_member, groups, ret_page, reterr) &&
           (!nq_pool_full(&groups->ids) ||
            nq_fail(reterr, NQ_NSX_ANSWER, "groups with too many members"));
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

/* GET {group}/members/virtual-machines: the effective members, however the group's
 * expression finds them. */
static void next_group(void *arg)
{
    struct groups_call *groups = arg;
    struct nq_asker *asker = groups->call.policy->asker;
    if (groups->at == groups->count) {
        nq_call_reply(&groups->call, &(struct nq_reply){.groups = groups->views,
                                                        .group_count = groups->count,
                                                        .missing = ""});
        return;
    }
    const char *group_path = groups->groups[groups->at].path;
    char *escaped = nq_http_escape_path(group_path);
    char *members_path = nq_sprintf(
        "/policy/api/v1%s/members/virtual-machines?page_size=%d", escaped, NQ_PAGE_SIZE);
    char *status_path = nq_policy_status_path(group_path);
    groups->views[groups->at].realized = NQ_REALIZED_UNKNOWN;
    groups->lost = false;
    groups->open = 2;
    nq_listing_start(&groups->members, asker, members_path, true, read_members,
                     on_members, groups);
    groups->status_ask =
        nq_ask_start(asker, status_path, NULL, read_status, on_status, groups);
    free(status_path);
    free(members_path);
    free(escaped);
}

struct nq_call *nq_policy_read_groups(struct nq_backend *backend, nq_reply_fn *done,
                                      void *arg)
{
    struct nq_policy *policy = (struct nq_policy *)backend;
    struct groups_call *groups = nq_calloc(1, sizeof(*groups));
    const size_t most = policy->conf->group_count;
    nq_call_open(&groups->call, policy, groups_drop, done, arg);
    groups->groups = nq_calloc(most, sizeof(groups->groups[0]));
    groups->views = nq_calloc(most, sizeof(groups->views[0]));
    nq_pool_init(&groups->ids);
    for (size_t i = 0; i < most; i++) {
        if (policy->conf->groups[i].manager == policy->manager) {
            groups->groups[groups->count++].path = policy->conf->groups[i].path;
        }
    }
    /* By the timer: with no group at all the answer is ready at once. */
    nq_timer_set(policy->loop, &groups->begin, 0, next_group, groups);
    return &groups->call;
}
