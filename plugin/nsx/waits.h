/* SPDX-License-Identifier: Apache-2.0 */
/* waits.h: those who wait for one event, told in the order in which they came.
 *
 * Owns    nothing: a wait is embedded in who waits.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  none of its own.
 */
#ifndef NQ_NSX_WAITS_H
#define NQ_NSX_WAITS_H

#include "base/err.h"

/* err NULL: what was waited for is there. */
typedef void nq_wait_fn(void *arg, const struct nq_err *err);

/* Zeroed is not waiting. */
struct nq_wait {
    struct nq_wait **list; /* NULL: not waiting */
    struct nq_wait *prev;
    struct nq_wait *next;
    nq_wait_fn *done;
    void *arg;
};

/* Zeroed is empty. */
struct nq_waits {
    struct nq_wait *waiting;
    struct nq_wait *serving; /* those who are being told */
};

void nq_waits_add(struct nq_waits *waits, struct nq_wait *wait, nq_wait_fn *done,
                  void *arg);

/* Does nothing for one that does not wait. */
void nq_wait_leave(struct nq_wait *wait);

/* Who is told may leave other waits and add new ones: those wait for the next time. */
void nq_waits_tell(struct nq_waits *waits, const struct nq_err *err);

/* Those who wait for one thing wait for another from now on. */
void nq_waits_move(struct nq_waits *from, struct nq_waits *to);

/* Nobody is told. */
void nq_waits_forget(struct nq_waits *waits);

#endif
