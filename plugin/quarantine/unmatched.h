/* SPDX-License-Identifier: Apache-2.0 */
/* unmatched.h: the traps that no trigger recognises, so that a person can make a trigger of
 * one (`nsx-quarantine learn`): the newest of each kind, how many there were, and when.
 * Not for: counting (enum nq_counter), or keeping them by itself.
 *
 * Owns    its records.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never: a trap that cannot be written as text is not noted.
 * Limits  NQ_UNMATCHED_MAX kinds; the one not seen for the longest time goes first. A flood
 *         is no flood of writes: a kind is put once a second and once more for every
 *         NQ_UNMATCHED_PIECE bytes of its text, and of new kinds so many as fill
 *         NQ_UNMATCHED_NEW_PER_S pieces a second are taken in.
 *
 * Traps are of one kind when sender, trap OID and the OIDs of the varbinds are the same.
 */
#ifndef NQ_QUARANTINE_UNMATCHED_H
#define NQ_QUARANTINE_UNMATCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "store/store.h"
#include "trap/trap.h"

#define NQ_UNMATCHED_NEW_PER_S 10
#define NQ_UNMATCHED_PIECE     16384
#define NQ_UNMATCHED_EVERY_MS  1000

/* One kind. Without a text the place is free. */
struct nq_unmatched_entry {
    struct nq_unmatched record;
    uint64_t kind;       /* hash of what makes it one */
    bool dirty;          /* the record differs from the store */
    bool put;            /* by nq_unmatched_put(), not yet committed */
    int64_t due_mono_ms; /* not put before */
};

/* Zeroed is empty. */
struct nq_unmatched_set {
    struct nq_unmatched_entry entries[NQ_UNMATCHED_MAX]; /* by slot */
    uint32_t last_number;
    bool filled;          /* the two below were begun */
    int64_t allowance_ms; /* for new kinds; a piece costs a second's share */
    int64_t allowed_mono_ms;
};

void nq_unmatched_set_done(struct nq_unmatched_set *set);

/* As it was kept. */
void nq_unmatched_load(struct nq_unmatched_set *set, const struct nq_unmatched *record);

/* No trigger recognises this trap. */
void nq_unmatched_note(struct nq_unmatched_set *set, const struct nq_trap *trap,
                       const struct nq_clock *clock);

/* Puts what is dirty and due; it stays dirty until nq_unmatched_clean(), after the
 * commit. */
bool nq_unmatched_put(struct nq_unmatched_set *set, struct nq_store *store,
                      int64_t now_mono_ms, struct nq_err *reterr)
    __attribute__((warn_unused_result));
void nq_unmatched_clean(struct nq_unmatched_set *set, int64_t now_mono_ms);

/* Milliseconds until the next one is due; -1: nothing is dirty. */
int64_t nq_unmatched_wait_ms(const struct nq_unmatched_set *set, int64_t now_mono_ms);

/* Everything dirty is due now: this is the last commit. */
void nq_unmatched_hurry(struct nq_unmatched_set *set);

#endif
