/* SPDX-License-Identifier: Apache-2.0 */
/* hash.h: a number for octets that are compared by it, eight at a time.
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
#include <string.h>

#define NQ_HASH_START UINT64_C(14695981039346656037)

/* Different hashes stay different: what differs in one step only never collides. */
static inline uint64_t nq_hash_step(uint64_t hash, uint64_t octets)
{
    hash = (hash ^ octets) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

static inline uint64_t nq_hash_add(uint64_t hash, const char *octets, size_t len)
{
    uint64_t eight = 0;
    size_t at = 0;
    for (; len - at >= sizeof(eight); at += sizeof(eight)) {
        memcpy(&eight, octets + at, sizeof(eight));
        hash = nq_hash_step(hash, eight);
    }
    eight = 0;
    if (at < len) {
        memcpy(&eight, octets + at, len - at);
    }
    return nq_hash_step(nq_hash_step(hash, eight), len);
}

#endif
