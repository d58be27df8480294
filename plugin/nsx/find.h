/* SPDX-License-Identifier: Apache-2.0 */
/* find.h: find_vms() of every backend: answered from the inventory, after a sync, or after
 * a look at what else bears the name.
 * Not for: reading the inventory (sync.h), or choosing between candidates.
 *
 * Owns    its calls.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   with the error of the sync that the call waited for.
 * Limits  NQ_HINTS_MAX hints; the wait is that of a sync, NQ_SYNC_LIMIT_MS.
 */
#ifndef NQ_NSX_FIND_H
#define NQ_NSX_FIND_H

#include "nsx/asker.h"
#include "nsx/call.h"
#include "nsx/sync.h"

/* A name that leads to one VM of a list this old may lead to two by now. */
#define NQ_FIND_FRESH_MS 5000

/* How a generation of NSX reads the VMs of one display name, where it can. */
struct nq_name_reader {
    /* Reads them into the inventory in use, then calls done once, never before it returns.
     * What it returns is for stop(). */
    void *(*start)(void *arg, const char *name, nq_ask_done_fn *done, void *done_arg);
    /* To be called once for each start, also inside done; done is not called after it. */
    void (*stop)(void *reading);
    void *arg;
};

/* Embedded in a backend. */
struct nq_finder {
    struct nq_calls *calls;
    struct nq_sync *sync;
    struct nq_loop *loop;
    size_t manager; /* what the VMs found are said to belong to */
    const struct nq_clock *clock;
    struct nq_name_reader names; /* start NULL: there is none */
};

struct nq_call *nq_find_start(struct nq_finder *finder, const struct nq_vm_query *query,
                              nq_reply_fn *done, void *arg);

/* To be called at the end of each sync. */
void nq_find_sync_ended(struct nq_finder *finder, const struct nq_err *err);

#endif
