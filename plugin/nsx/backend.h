/* SPDX-License-Identifier: Apache-2.0 */
/* backend.h: what the engine asks of one NSX manager, whichever generation it is.
 * Not for: deciding what to do with an answer, or how often to ask.
 *
 * Owns    the implementation owns its calls; the engine holds a call only to cancel it.
 * Blocks  never, name resolution included.
 * Thread  loop thread only.
 * Fails   through nq_reply.err. A start function never calls back before it returns, calls
 *         back exactly once, and never after cancel().
 * Limits  timeout_ms of the configuration for each HTTP exchange of a call. find_vms() may
 *         wait for a whole inventory sync, at most NQ_SYNC_LIMIT_MS (sync.h).
 */
#ifndef NQ_NSX_BACKEND_H
#define NQ_NSX_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A trap names a computer by one text, which may stand for two: `name (other name)`. */
#define NQ_HINTS_MAX 3

struct nq_vm_query {
    bool fresh; /* ask NSX even if the inventory has an answer: it was of no use */
    size_t hint_count;
    const char *hints[NQ_HINTS_MAX]; /* each a UUID, an IPv4 or IPv6 address, or a name */
};

/* A VM of the inventory. Strings are borrowed until the callback returns, never NULL. */
struct nq_vm {
    const char *external_id;
    const char *display_name;
    const char *host_name;
    const char *addresses; /* comma list */
    const char *type;      /* REGULAR, EDGE, SERVICE, MP, ...; "" when NSX gives none */
    bool regular;          /* may be quarantined at all */
    bool has_our_tag;
    unsigned matched; /* find_vms: set of 1 << index of the hints that lead to it */
};

enum nq_realized {
    NQ_REALIZED_UNKNOWN = 1,
    NQ_REALIZED_IN_PROGRESS,
    NQ_REALIZED_SUCCESS,
    NQ_REALIZED_ERROR
};

/* A group of the configuration, in configured order. */
struct nq_group_view {
    bool known;                      /* NSX answered for it; else the rest is void */
    const char *const *external_ids; /* its effective VM members, sorted, no duplicates */
    size_t member_count;
    size_t tagged_count; /* members that carry our tag, as far as the inventory knows */
    enum nq_realized realized;
};

struct nq_reply {
    const struct nq_err *err; /* NULL: the call succeeded and the fields below count */
    const struct nq_vm *vms;  /* find_vms: candidates; read_vm, prove: one or none */
    size_t vm_count;
    unsigned rungs;      /* prove: set of NQ_RUNG_BIT() that hold now */
    unsigned provable;   /* prove: set that this manager can prove at all */
    const char *missing; /* prove: what is missing, one sentence, "" when nothing is */
    const struct nq_group_view *groups; /* read_groups */
    size_t group_count;
};

typedef void nq_reply_fn(void *arg, const struct nq_reply *reply);

enum nq_tag_change { NQ_TAG_ADD, NQ_TAG_REMOVE };

enum nq_manager_state {
    NQ_MANAGER_UP = 1,
    NQ_MANAGER_DEGRADED,
    NQ_MANAGER_DOWN,
    NQ_MANAGER_AUTH_FAILED
};

struct nq_manager_status {
    enum nq_manager_state state;
    const struct nq_err *last_error; /* NULL while there was none; borrowed */
};

struct nq_backend;
struct nq_call;

struct nq_backend_ops {
    /* VMs that any hint leads to; an inventory that knows none is refreshed first. */
    struct nq_call *(*find_vms)(struct nq_backend *backend,
                                const struct nq_vm_query *query, nq_reply_fn *done,
                                void *arg);

    /* One VM with its tags, read from NSX now; vm_count 0 when NSX has no such VM. */
    struct nq_call *(*read_vm)(struct nq_backend *backend, const char *external_id,
                               nq_reply_fn *done, void *arg);

    /* Adds or removes our tag as a delta. Success means NSX acknowledged it. A timeout or
     * a broken connection leaves the outcome unknown: read_vm() tells. */
    struct nq_call *(*change_tag)(struct nq_backend *backend, enum nq_tag_change change,
                                  const char *external_id, nq_reply_fn *done, void *arg);

    /* Climbs the rungs for one VM that carries our tag; vm_count 0 when NSX has no such
     * VM, else 1. */
    struct nq_call *(*prove)(struct nq_backend *backend, const char *external_id,
                             nq_reply_fn *done, void *arg);

    /* All groups of the configuration that belong to this manager. */
    struct nq_call *(*read_groups)(struct nq_backend *backend, nq_reply_fn *done,
                                   void *arg);

    void (*cancel)(struct nq_backend *backend, struct nq_call *call);
    struct nq_manager_status (*status)(const struct nq_backend *backend);
    void (*close)(struct nq_backend *backend);
};

/* Implementations embed this as their first member. */
struct nq_backend {
    const struct nq_backend_ops *ops;
};

/* Takes NULL; cancels what is under way. Always returns NULL. */
struct nq_backend *nq_backend_close(struct nq_backend *backend);

#endif
