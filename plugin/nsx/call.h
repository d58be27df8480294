/* SPDX-License-Identifier: Apache-2.0 */
/* call.h: what every backend needs for the promise of backend.h: a call answers exactly
 * once, never before its start returns, never after cancel.
 * Not for: what a call asks.
 *
 * Owns    nothing but the list; drop() of a call frees it.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  none.
 */
#ifndef NQ_NSX_CALL_H
#define NQ_NSX_CALL_H

#include "nsx/backend.h"

/* The calls under way of one backend. Embedded; zeroed is empty. */
struct nq_calls {
    struct nq_call *first;
};

/* Embedded as the first member by what each kind of call needs. */
struct nq_call {
    struct nq_calls *calls;
    struct nq_call *prev;
    struct nq_call *next;
    nq_reply_fn *done;
    void *arg;
    void (*drop)(struct nq_call *call); /* gives up what is under way, frees the call */
};

void nq_call_open(struct nq_call *call, struct nq_calls *calls,
                  void (*drop)(struct nq_call *call), nq_reply_fn *done, void *arg);

/* The last word of a call: it is dropped when this returns. */
void nq_call_reply(struct nq_call *call, const struct nq_reply *reply);
void nq_call_fail(struct nq_call *call, const struct nq_err *err);
/* One VM, or none: NULL. */
void nq_call_reply_vm(struct nq_call *call, const struct nq_vm *vm);

/* Without a word. The second form is a backend's cancel(). */
void nq_call_cancel(struct nq_call *call);
void nq_call_cancel_op(struct nq_backend *backend, struct nq_call *call);
void nq_calls_cancel_all(struct nq_calls *calls);

#endif
