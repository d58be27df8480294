/* SPDX-License-Identifier: Apache-2.0 */
/* baseline.c: see baseline.h. */
#include "nsx/baseline.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/mem.h"

/* The order of the hash table is that of the last look. */
struct nq_baseline {
    UT_hash_handle hh;
    char *external_id;
    int64_t since_ms; /* the first look */
    int64_t seen_ms;  /* the last look */
    bool begun;       /* hits and packets are those of the beginning */
    bool rose;
    uint64_t hits;
    uint64_t packets;
};

static void drop(struct nq_baselines *baselines, struct nq_baseline *entry)
{
    HASH_DEL(baselines->entries, entry);
    free(entry->external_id);
    free(entry);
}

static struct nq_baseline *find(const struct nq_baselines *baselines,
                                const char *external_id)
{
    struct nq_baseline *entry = NULL;
    HASH_FIND_STR(baselines->entries, external_id, entry);
    return entry;
}

static void make_room(struct nq_baselines *baselines, int64_t now_ms)
{
    while (baselines->entries &&
           (HASH_COUNT(baselines->entries) >= NQ_BASELINES_MAX ||
            now_ms - baselines->entries->seen_ms > NQ_BASELINE_KEEP_MS)) {
        drop(baselines, baselines->entries);
    }
}

/* Moves the entry behind all others. */
static struct nq_baseline *look_at(struct nq_baselines *baselines,
                                   const char *external_id, int64_t now_ms)
{
    struct nq_baseline *entry = find(baselines, external_id);
    if (entry) {
        HASH_DEL(baselines->entries, entry);
    } else {
        make_room(baselines, now_ms);
        entry = nq_calloc(1, sizeof(*entry));
        entry->external_id = nq_strdup(external_id);
        entry->since_ms = now_ms;
    }
    entry->seen_ms = now_ms;
    HASH_ADD_KEYPTR(hh, baselines->entries, entry->external_id,
                    strlen(entry->external_id), entry);
    return entry;
}

bool nq_baseline_rose(struct nq_baselines *baselines, const char *external_id,
                      const struct nq_drops *drops, int64_t now_ms)
{
    struct nq_baseline *entry = look_at(baselines, external_id, now_ms);
    if (!drops->known || drops->read_ms < entry->since_ms) {
        return entry->rose;
    }
    if (!entry->begun || drops->hits < entry->hits || drops->packets < entry->packets) {
        entry->begun = true;
        entry->hits = drops->hits;
        entry->packets = drops->packets;
    }
    entry->rose =
        entry->rose || drops->hits > entry->hits || drops->packets > entry->packets;
    return entry->rose;
}

void nq_baseline_forget(struct nq_baselines *baselines, const char *external_id)
{
    struct nq_baseline *entry = find(baselines, external_id);
    if (entry) {
        drop(baselines, entry);
    }
}

void nq_baselines_done(struct nq_baselines *baselines)
{
    while (baselines->entries) {
        drop(baselines, baselines->entries);
    }
}
