/* SPDX-License-Identifier: Apache-2.0 */
/* protected.c: how the policy backend reads the members of a protected group: GET
 * {group}/members/virtual-machines, the effective members, however the group's expression
 * finds them. A list that ends too early would leave VMs without protection, so it is a
 * failure. */
#include <stdlib.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/policy/firewall_json.h"
#include "nsx/policy/impl.h"

static bool read_members(void *arg, const char *body, size_t len,
                         struct nq_page *ret_page, struct nq_err *reterr)
{
    struct nq_policy *policy = arg;
    return nq_json_members(body, len, nq_protector_add, &policy->protector, ret_page,
                           reterr);
}

static void on_members(void *arg, const struct nq_err *err)
{
    struct nq_policy *policy = arg;
    struct nq_err short_list;
    if (!err && !nq_pager_complete(&policy->protected_list.pager, &short_list)) {
        err = &short_list;
    }
    nq_protector_read(&policy->protector, err);
}

static void start(void *arg, const char *path)
{
    struct nq_policy *policy = arg;
    char *escaped = nq_http_escape_path(path);
    char *members = nq_sprintf("/policy/api/v1%s/members/virtual-machines?page_size=%d",
                               escaped, NQ_PAGE_SIZE);
    nq_listing_start(&policy->protected_list, policy->asker, members, true, read_members,
                     on_members, policy);
    free(members);
    free(escaped);
}

static void stop(void *arg)
{
    struct nq_policy *policy = arg;
    nq_listing_stop(&policy->protected_list);
}

struct nq_protector_reader nq_policy_protected_reader(struct nq_policy *policy)
{
    return (struct nq_protector_reader){.arg = policy, .start = start, .stop = stop};
}
