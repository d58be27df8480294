/* SPDX-License-Identifier: Apache-2.0 */
/* membership.c: see membership.h. */
#include "nsx/vsphere/membership.h"

#include <stdlib.h>

#include "base/mem.h"
#include "nsx/bench.h"
#include "nsx/http.h"

#define LOOKUP_PATH "/api/2.0/services/securitygroup/lookup/virtualmachine/"

static void end(struct nq_vsphere_membership *membership, const struct nq_err *err)
{
    for (size_t i = 0; i < membership->count; i++) {
        nq_wait_leave(&membership->quarantines[i].wait);
    }
    membership->done(membership->arg, err);
}

/* ---- by the groups of the VM ------------------------------------------------------- */

static void add_group(void *arg, const char *id)
{
    struct nq_idset *set = arg;
    if (!nq_idset_full(set)) {
        nq_idset_add(set, id);
    }
}

static bool read_lookup(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_vsphere_membership *membership = arg;
    nq_idset_done(&membership->groups);
    if (!nq_xml_security_groups(body, len, add_group, &membership->groups, reterr)) {
        return false;
    }
    nq_idset_close(&membership->groups);
    return true;
}

/* A VM that NSX does not know is in no group; the reading of its tags tells that. */
static void on_lookup(void *arg, const struct nq_err *err)
{
    struct nq_vsphere_membership *membership = arg;
    membership->ask = NULL;
    end(membership, err && err->code == NQ_NSX_NOT_FOUND ? NULL : err);
}

static void ask_lookup(struct nq_vsphere_membership *membership)
{
    char *id = nq_http_escape(membership->external_id);
    char *path = nq_sprintf(LOOKUP_PATH "%s", id);
    membership->ask = nq_ask_start(membership->firewall->vsphere->asker,
                                   &(struct nq_question){.path = path}, read_lookup,
                                   on_lookup, membership);
    free(path);
    free(id);
}

/* ---- by the members of the groups -------------------------------------------------- */

static void on_members(void *arg, const struct nq_err *err)
{
    struct nq_vsphere_quarantine *quarantine = arg;
    struct nq_vsphere_membership *membership = quarantine->membership;
    quarantine->unknown = err && err->code == NQ_NSX_NOT_FOUND;
    membership->open--;
    if (err && !quarantine->unknown) {
        end(membership, err);
    } else if (membership->open == 0) {
        end(membership, NULL);
    }
}

static void want_members(struct nq_vsphere_membership *membership)
{
    membership->open = membership->count;
    for (size_t i = 0; i < membership->count; i++) {
        struct nq_vsphere_quarantine *quarantine = &membership->quarantines[i];
        nq_shared_want_new(&quarantine->group->members, &quarantine->wait, on_members,
                           quarantine);
    }
}

/* ---- together ---------------------------------------------------------------------- */

bool nq_vsphere_membership_start(struct nq_vsphere_membership *membership,
                                 struct nq_vsphere_firewall *firewall,
                                 const char *external_id, nq_ask_done_fn *done, void *arg)
{
    *membership = (struct nq_vsphere_membership){
        .firewall = firewall,
        .external_id = nq_strdup(external_id),
        .by_lookup = firewall->proving <= NQ_BENCH_FEW,
        .quarantines =
            nq_calloc(firewall->group_count, sizeof(membership->quarantines[0])),
        .done = done,
        .arg = arg,
    };
    for (size_t i = 0; i < firewall->group_count; i++) {
        if (firewall->groups[i].quarantine) {
            membership->quarantines[membership->count++] = (struct nq_vsphere_quarantine){
                .membership = membership, .group = &firewall->groups[i]};
        }
    }
    if (membership->count > 0 && membership->by_lookup) {
        ask_lookup(membership);
    } else {
        want_members(membership);
    }
    return membership->count > 0;
}

void nq_vsphere_membership_done(struct nq_vsphere_membership *membership)
{
    (void)nq_ask_cancel(membership->ask);
    for (size_t i = 0; i < membership->count; i++) {
        nq_wait_leave(&membership->quarantines[i].wait);
    }
    nq_idset_done(&membership->groups);
    free(membership->quarantines);
    free(membership->external_id);
    *membership = (struct nq_vsphere_membership){0};
}

bool nq_vsphere_membership_has(const struct nq_vsphere_membership *membership, size_t i)
{
    const struct nq_vsphere_quarantine *quarantine = &membership->quarantines[i];
    return membership->by_lookup
               ? nq_idset_has(&membership->groups, quarantine->group->id)
               : !quarantine->unknown && nq_idset_has(&quarantine->group->member_ids,
                                                      membership->external_id);
}
