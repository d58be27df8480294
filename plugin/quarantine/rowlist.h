/* SPDX-License-Identifier: Apache-2.0 */
/* rowlist.h: the rows of all cases in order of their numbers, side by side, as a walk and a
 * binary search want them.
 * Not for: finding a case by anything else (episodes.c).
 *
 * Owns    the array of pointers; the cases stay their owner's.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  whoever adds has a maximum. Adding the highest number and removing the oldest row
 *         move nothing; any other removal moves the shorter side.
 */
#ifndef NQ_QUARANTINE_ROWLIST_H
#define NQ_QUARANTINE_ROWLIST_H

#include <stddef.h>

#include "store/record.h"

/* Zeroed is empty. */
struct nq_rowlist {
    struct nq_case **of; /* the rows; valid until the next change */
    size_t count;
    struct nq_case **block; /* what they lie in; removals leave room in front */
    size_t room;
};

/* No row has its number yet. */
void nq_rowlist_add(struct nq_rowlist *list, struct nq_case *record);

void nq_rowlist_remove(struct nq_rowlist *list, const struct nq_case *record);

/* Frees the array; the list is empty. */
void nq_rowlist_done(struct nq_rowlist *list);

#endif
