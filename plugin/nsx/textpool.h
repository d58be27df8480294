/* SPDX-License-Identifier: Apache-2.0 */
/* textpool.h: many small texts in few large blocks, named by 32 bits; freed all at once.
 * Not for: texts that change or leave one by one.
 *
 * Owns    its blocks. A text never moves while the pool lives.
 * Blocks  never.
 * Thread  the thread of its owner.
 * Fails   never; ask nq_pool_full() before adding.
 * Limits  NQ_POOL_TEXT_MAX bytes a text, 4 GiB together.
 */
#ifndef NQ_NSX_TEXTPOOL_H
#define NQ_NSX_TEXTPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NQ_POOL_TEXT_MAX 4095

typedef uint32_t nq_text_ref; /* 0 is "" */

struct nq_pool {
    char **blocks;
    uint32_t count;
    uint32_t used; /* bytes of the last block */
};

void nq_pool_init(struct nq_pool *pool);
void nq_pool_done(struct nq_pool *pool);

/* A longer text is cut. */
nq_text_ref nq_pool_add(struct nq_pool *pool, const char *text);
const char *nq_pool_text(const struct nq_pool *pool, nq_text_ref ref);

/* true: leave some room for what belongs to the last text, and add no more. */
bool nq_pool_full(const struct nq_pool *pool);

size_t nq_pool_bytes(const struct nq_pool *pool);

#endif
