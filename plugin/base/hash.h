/* SPDX-License-Identifier: Apache-2.0 */
/* hash.h: a number for octets that are compared by it (FNV-1a, 64 bits).
 * Not for: secrets, or where whoever finds a collision gains something.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   never.
 * Limits  none.
 */
#ifndef NQ_BASE_HASH_H
#define NQ_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define NQ_HASH_START UINT64_C(14695981039346656037)

static inline uint64_t nq_hash_add(uint64_t hash, const char *octets, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)octets[i]) * UINT64_C(1099511628211);
    }
    return hash;
}

#endif
