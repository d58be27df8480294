/* SPDX-License-Identifier: Apache-2.0 */
/* flood.c: see flood.h. */
#include "quarantine/flood.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/mem.h"

/* Names that no address has. */
#define UNLISTED "unlisted"
#define CROWD    "crowd" /* listed sources for which there was no bucket any more */

/* Tokens are counted in thousandths: rates are in traps per second, time in ms. */
#define TOKEN INT64_C(1000)

struct nq_flood_bucket {
    char *source;
    int64_t level; /* thousandths of a token */
    int64_t filled_ms;
    UT_hash_handle hh;
};

void nq_flood_done(struct nq_flood *flood)
{
    struct nq_flood_bucket *bucket = NULL;
    struct nq_flood_bucket *next = NULL;
    HASH_ITER(hh, flood->buckets, bucket, next)
    {
        HASH_DEL(flood->buckets, bucket);
        free(bucket->source);
        free(bucket);
    }
    *flood = (struct nq_flood){0};
}

static struct nq_flood_bucket *find(const struct nq_flood *flood, const char *source)
{
    struct nq_flood_bucket *bucket = NULL;
    HASH_FIND_STR(flood->buckets, source, bucket);
    return bucket;
}

static void fill(struct nq_flood_bucket *bucket, int64_t per_s, int64_t burst,
                 int64_t now_ms)
{
    const int64_t full = burst * TOKEN;
    const int64_t since_ms = now_ms - bucket->filled_ms;
    /* A bucket is full long before the product could overflow. */
    const bool long_ago = since_ms > full / per_s;
    bucket->level = long_ago ? full : bucket->level + since_ms * per_s;
    bucket->level = bucket->level > full ? full : bucket->level;
    bucket->filled_ms = now_ms;
}

static struct nq_flood_bucket *make(struct nq_flood *flood, const char *source,
                                    int64_t burst, int64_t now_ms)
{
    struct nq_flood_bucket *bucket = nq_calloc(1, sizeof(*bucket));
    bucket->source = nq_strdup(source);
    bucket->level = burst * TOKEN;
    bucket->filled_ms = now_ms;
    HASH_ADD_KEYPTR(hh, flood->buckets, bucket->source, strlen(bucket->source), bucket);
    flood->count++;
    return bucket;
}

/* A full bucket remembers nothing that a new one would not know. */
static void forget_full(struct nq_flood *flood, int64_t per_s, int64_t burst,
                        int64_t now_ms)
{
    struct nq_flood_bucket *bucket = NULL;
    struct nq_flood_bucket *next = NULL;
    HASH_ITER(hh, flood->buckets, bucket, next)
    {
        if (strcmp(bucket->source, UNLISTED) != 0) {
            fill(bucket, per_s, burst, now_ms);
            if (bucket->level == burst * TOKEN) {
                HASH_DEL(flood->buckets, bucket);
                free(bucket->source);
                free(bucket);
                flood->count--;
            }
        }
    }
}

bool nq_flood_admits(struct nq_flood *flood, const struct nq_limits_conf *limits,
                     const char *source, bool listed, enum nq_flood_kind kind,
                     int64_t now_ms)
{
    const bool own = listed && source;
    const int64_t per_s = own ? limits->traps_per_s : limits->unlisted_per_s;
    const int64_t burst = own ? limits->traps_burst : limits->unlisted_burst;
    const char *name = own ? source : UNLISTED;
    struct nq_flood_bucket *bucket = find(flood, name);
    if (!bucket && own && flood->count >= NQ_FLOOD_SOURCES) {
        forget_full(flood, per_s, burst, now_ms);
        if (flood->count >= NQ_FLOOD_SOURCES) {
            name = CROWD;
            bucket = find(flood, name);
        }
    }
    bucket = bucket ? bucket : make(flood, name, burst, now_ms);
    fill(bucket, per_s, burst, now_ms);
    const int64_t reserve = kind == NQ_FLOOD_REPETITION ? burst * TOKEN / 2 : 0;
    if (bucket->level - reserve < TOKEN) {
        return false;
    }
    bucket->level -= TOKEN;
    return true;
}
