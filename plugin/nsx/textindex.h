/* SPDX-License-Identifier: Apache-2.0 */
/* textindex.h: from a text of some kind to all the numbers that were put under it.
 * Texts compare in any ASCII case.
 * Not for: taking anything out again.
 *
 * Owns    its tables; the texts stay those of a pool.
 * Blocks  never.
 * Thread  the thread of its owner.
 * Fails   never.
 * Limits  2^31 entries.
 */
#ifndef NQ_NSX_TEXTINDEX_H
#define NQ_NSX_TEXTINDEX_H

#include <stddef.h>
#include <stdint.h>

#include "nsx/textpool.h"

#define NQ_INDEX_NONE UINT32_MAX

struct nq_index_entry {
    uint32_t hash; /* of kind and text */
    uint32_t next; /* in its chain, or NQ_INDEX_NONE */
    uint32_t number;
    nq_text_ref text;
};

struct nq_index {
    struct nq_index_entry *entries;
    uint32_t count;
    uint32_t room;
    uint32_t *chains;     /* the newest entry of each */
    uint32_t chain_count; /* a power of two */
};

void nq_index_init(struct nq_index *index);
void nq_index_done(struct nq_index *index);

/* ref names text in the pool; 0: text is added to the pool. When the newest entry of this
 * kind and text has this number already, nothing is added. */
void nq_index_put(struct nq_index *index, struct nq_pool *pool, unsigned kind,
                  const char *text, nq_text_ref ref, uint32_t number);

/* Keeps no room for more. */
void nq_index_pack(struct nq_index *index);

/* The number of an entry with this kind and text, newest first, or NQ_INDEX_NONE. *cursor
 * is NQ_INDEX_NONE for the first call and says where the next one goes on. */
uint32_t nq_index_next(const struct nq_index *index, const struct nq_pool *pool,
                       unsigned kind, const char *text, uint32_t *cursor);

size_t nq_index_bytes(const struct nq_index *index);

#endif
