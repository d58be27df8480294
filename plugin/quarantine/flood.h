/* SPDX-License-Identifier: Apache-2.0 */
/* flood.h: how many traps each source may still bring: a token bucket for each listed
 * source, and one for all the others together, whose addresses anybody can make up.
 * Not for: knowing what a trap means.
 *
 * Owns    a bucket for each source.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  NQ_FLOOD_SOURCES buckets; when they are all in use, further listed sources share
 *         one.
 */
#ifndef NQ_QUARANTINE_FLOOD_H
#define NQ_QUARANTINE_FLOOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

#define NQ_FLOOD_SOURCES 1024

struct nq_flood_bucket;

/* Zeroed is empty. */
struct nq_flood {
    struct nq_flood_bucket *buckets; /* hash by source */
    size_t count;
};

void nq_flood_done(struct nq_flood *flood);

/* What a trap costs the system. A repetition of what is known may use the upper half of a
 * bucket only, so that it never keeps out a VM that was not heard of before. */
enum nq_flood_kind { NQ_FLOOD_NEWS, NQ_FLOOD_REPETITION };

/* Takes a token of the source; false: it has none for this. source: NULL or listed false
 * means the common bucket. now_ms: monotonic. */
bool nq_flood_admits(struct nq_flood *flood, const struct nq_limits_conf *limits,
                     const char *source, bool listed, enum nq_flood_kind kind,
                     int64_t now_ms);

#endif
