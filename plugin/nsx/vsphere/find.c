/* SPDX-License-Identifier: Apache-2.0 */
/* find.c: find_vms() of the vSphere backend. Addresses are learned from one VM after
 * the other (crawl.c), so that of a VM may be an hour old, and another VM may have
 * it by now. A VM that nothing but an address leads to is asked for it again, before it is
 * cut off in place of the other one. So is a VM that the crawl has not come to: what
 * protects it may be its address. */
#include <stdlib.h>

#include "base/mem.h"
#include "nsx/hint.h"
#include "nsx/vsphere/impl.h"

#define CHECKS_MAX 4 /* more VMs with one address are ambiguous anyhow */

struct candidate {
    struct find_call *find;
    char *moref;
    unsigned matched;
    struct nq_details_renewal *renewal; /* while it is asked */
};

struct find_call {
    struct nq_call call;
    struct nq_vsphere *vsphere;
    struct nq_call *inner; /* of find.c, NULL when it is over */
    size_t hint_count;
    char *hints[NQ_HINTS_MAX];
    unsigned addresses; /* set of 1 << index of the hints that are one */
    struct candidate *candidates;
    size_t count;
    size_t open; /* candidates that are being asked */
};

static void find_drop(struct nq_call *call)
{
    struct find_call *find = (struct find_call *)call;
    if (find->inner) {
        nq_call_cancel(find->inner);
    }
    for (size_t i = 0; i < find->count; i++) {
        find->candidates[i].renewal =
            nq_details_renewal_free(find->candidates[i].renewal);
        free(find->candidates[i].moref);
    }
    for (size_t i = 0; i < find->hint_count; i++) {
        free(find->hints[i]);
    }
    free(find->candidates);
    free(find);
}

/* The candidates that something still leads to, as the inventory has them now. */
static void answer(struct find_call *find)
{
    const struct nq_inventory *inventory = find->vsphere->sync.inventory;
    struct nq_vm *vms = nq_calloc(find->count, sizeof(vms[0]));
    size_t count = 0;
    for (size_t i = 0; i < find->count; i++) {
        const struct candidate *candidate = &find->candidates[i];
        if (candidate->matched != 0 && inventory &&
            nq_inventory_get(inventory, candidate->moref, &vms[count])) {
            vms[count].manager = find->vsphere->manager;
            vms[count].matched = candidate->matched;
            count++;
        }
    }
    nq_call_reply(&find->call,
                  &(struct nq_reply){.vms = vms, .vm_count = count, .missing = ""});
    free(vms);
}

/* A failure counts for nothing: the cut of a VM must not wait for a server in trouble. */
static void on_renewed(void *arg, const struct nq_err *err)
{
    struct candidate *candidate = arg;
    struct find_call *find = candidate->find;
    for (size_t i = 0; !err && i < find->hint_count; i++) {
        if ((find->addresses & 1U << i) &&
            !nq_vsphere_details_has_address(find->vsphere->details, candidate->moref,
                                            find->hints[i])) {
            candidate->matched &= ~(1U << i);
        }
    }
    candidate->renewal = nq_details_renewal_free(candidate->renewal);
    if (--find->open == 0) {
        answer(find);
    }
}

static bool is_doubted(const struct find_call *find, const struct nq_vm *vm)
{
    return (vm->matched & ~find->addresses) == 0 ||
           nq_vsphere_details_lack(find->vsphere->details, vm->external_id);
}

static void check(struct find_call *find, const struct nq_reply *reply)
{
    find->candidates = nq_calloc(reply->vm_count, sizeof(find->candidates[0]));
    for (size_t i = 0; i < reply->vm_count; i++) {
        struct candidate *candidate = &find->candidates[find->count++];
        candidate->find = find;
        candidate->moref = nq_strdup(reply->vms[i].external_id);
        candidate->matched = reply->vms[i].matched;
        if (is_doubted(find, &reply->vms[i])) {
            find->open++;
            candidate->renewal = nq_vsphere_details_renew(
                find->vsphere->details, candidate->moref, on_renewed, candidate);
        }
    }
}

static bool has_doubts(const struct find_call *find, const struct nq_reply *reply)
{
    size_t doubts = 0;
    for (size_t i = 0; !reply->err && i < reply->vm_count; i++) {
        doubts += is_doubted(find, &reply->vms[i]);
    }
    return doubts >= 1 && doubts <= CHECKS_MAX;
}

static void on_found(void *arg, const struct nq_reply *reply)
{
    struct find_call *find = arg;
    find->inner = NULL;
    if (has_doubts(find, reply)) {
        check(find, reply);
    } else {
        nq_call_reply(&find->call, reply);
    }
}

struct nq_call *nq_vsphere_find_vms(struct nq_backend *backend,
                                    const struct nq_vm_query *query, nq_reply_fn *done,
                                    void *arg)
{
    struct nq_vsphere *vsphere = (struct nq_vsphere *)backend;
    char key[NQ_HINT_KEY];
    unsigned addresses = 0;
    for (size_t i = 0; i < query->hint_count && i < NQ_HINTS_MAX; i++) {
        addresses |= nq_hint_of(query->hints[i], key) == NQ_HINT_IP ? 1U << i : 0;
    }
    struct find_call *find = nq_calloc(1, sizeof(*find));
    find->vsphere = vsphere;
    find->addresses = addresses;
    for (size_t i = 0; i < query->hint_count && i < NQ_HINTS_MAX; i++) {
        find->hints[find->hint_count++] = nq_strdup(query->hints[i]);
    }
    nq_call_open(&find->call, &vsphere->calls, find_drop, done, arg);
    find->inner = nq_find_start(&vsphere->finder, query, on_found, find);
    return &find->call;
}
