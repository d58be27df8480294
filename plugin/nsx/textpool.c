/* SPDX-License-Identifier: Apache-2.0 */
/* textpool.c: see textpool.h. A reference is the block's number and the offset in it. */
#include "nsx/textpool.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SHIFT       16
#define BLOCK_BYTES (1U << SHIFT)
#define BLOCKS_MAX  (1U << (32 - SHIFT))
#define BLOCKS_KEPT 256U /* what nq_pool_full() leaves */

static void add_block(struct nq_pool *pool)
{
    pool->blocks = nq_realloc(pool->blocks, pool->count + 1, sizeof(pool->blocks[0]));
    pool->blocks[pool->count++] = nq_calloc(BLOCK_BYTES, 1);
    pool->used = 0;
}

void nq_pool_init(struct nq_pool *pool)
{
    *pool = (struct nq_pool){0};
    add_block(pool);
    pool->used = 1; /* byte 0 is the empty text */
}

void nq_pool_done(struct nq_pool *pool)
{
    for (uint32_t i = 0; i < pool->count; i++) {
        free(pool->blocks[i]);
    }
    free(pool->blocks);
    *pool = (struct nq_pool){0};
}

nq_text_ref nq_pool_add(struct nq_pool *pool, const char *text)
{
    const uint32_t len = (uint32_t)strnlen(text, NQ_POOL_TEXT_MAX);
    if (len == 0 || pool->count == BLOCKS_MAX) {
        return 0;
    }
    if (pool->used + len + 1 > BLOCK_BYTES) {
        add_block(pool);
    }
    const uint32_t offset = pool->used;
    memcpy(pool->blocks[pool->count - 1] + offset, text, len); /* zeroed: a NUL follows */
    pool->used += len + 1;
    return (pool->count - 1) << SHIFT | offset;
}

const char *nq_pool_text(const struct nq_pool *pool, nq_text_ref ref)
{
    return pool->blocks[ref >> SHIFT] + (ref & (BLOCK_BYTES - 1));
}

bool nq_pool_full(const struct nq_pool *pool)
{
    return pool->count >= BLOCKS_MAX - BLOCKS_KEPT;
}

size_t nq_pool_bytes(const struct nq_pool *pool)
{
    return pool->count * (BLOCK_BYTES + sizeof(pool->blocks[0]));
}
