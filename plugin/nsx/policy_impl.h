/* SPDX-License-Identifier: Apache-2.0 */
/* policy_impl.h: what the files of the policy backend share; nobody else includes it.
 *
 * Owns    as policy.h says.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  none of its own.
 */
#ifndef NQ_NSX_POLICY_IMPL_H
#define NQ_NSX_POLICY_IMPL_H

#include "base/clock.h"
#include "config/config.h"
#include "loop/loop.h"
#include "nsx/asker.h"
#include "nsx/backend.h"
#include "nsx/inventory.h"
#include "nsx/listing.h"
#include "nsx/sync.h"

struct nq_policy {
    struct nq_backend base; /* first */
    const struct nq_config *conf;
    size_t manager; /* index into conf->managers */
    struct nq_loop *loop;
    struct nq_asker *asker;
    struct nq_sync sync;
    struct nq_call *calls;
};

/* Embedded as the first member by what each kind of call needs. */
struct nq_call {
    struct nq_policy *policy;
    struct nq_call *prev;
    struct nq_call *next;
    nq_reply_fn *done;
    void *arg;
    void (*drop)(struct nq_call *call); /* gives up what is under way, frees the call */
};

void nq_call_open(struct nq_call *call, struct nq_policy *policy,
                  void (*drop)(struct nq_call *call), nq_reply_fn *done, void *arg);

/* The last word of a call: it is dropped when this returns. */
void nq_call_reply(struct nq_call *call, const struct nq_reply *reply);
void nq_call_fail(struct nq_call *call, const struct nq_err *err);

/* One VM read from NSX now, through an inventory of its own that merges the copies. */
struct nq_vm_reading {
    struct nq_policy *policy;
    char *external_id;
    struct nq_inventory *inventory;
    bool overflow;
    struct nq_listing listing;
    nq_ask_done_fn *done;
    void *arg;
};

void nq_vm_reading_start(struct nq_vm_reading *reading, struct nq_policy *policy,
                         const char *external_id, nq_ask_done_fn *done, void *arg);

/* After done without error. false: NSX has no such VM. Borrowed from the reading. */
bool nq_vm_reading_get(const struct nq_vm_reading *reading, struct nq_vm *ret_vm);
void nq_vm_reading_done(struct nq_vm_reading *reading);

/* What NSX has made of a group: the path to ask for its realized status, for the caller
 * to free. */
char *nq_policy_status_path(const char *group_path) __attribute__((warn_unused_result));

struct nq_call *nq_policy_prove(struct nq_backend *backend, const char *external_id,
                                nq_reply_fn *done, void *arg);
struct nq_call *nq_policy_read_groups(struct nq_backend *backend, nq_reply_fn *done,
                                      void *arg);

#endif
