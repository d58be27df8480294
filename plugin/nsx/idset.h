/* SPDX-License-Identifier: Apache-2.0 */
/* idset.h: a set of ids that is filled once and then asked.
 *
 * Owns    its texts.
 * Blocks  never.
 * Thread  the thread of its owner.
 * Fails   never; nq_idset_full() before adding.
 * Limits  NQ_INVENTORY_VMS_MAX ids.
 */
#ifndef NQ_NSX_IDSET_H
#define NQ_NSX_IDSET_H

#include <stdbool.h>
#include <stddef.h>

#include "nsx/textpool.h"

/* Zeroed is empty. */
struct nq_idset {
    struct nq_pool pool;
    const char **ids;
    size_t count;
    size_t room;
};

void nq_idset_done(struct nq_idset *set);

/* The same id may be added again. */
void nq_idset_add(struct nq_idset *set, const char *id);

/* true: add no more. */
bool nq_idset_full(const struct nq_idset *set);

/* To be called after the last nq_idset_add(): then ids are sorted and different. */
void nq_idset_close(struct nq_idset *set);
bool nq_idset_has(const struct nq_idset *set, const char *id);

/* *to is overwritten by a copy of a closed set. */
void nq_idset_copy(const struct nq_idset *from, struct nq_idset *to);

#endif
