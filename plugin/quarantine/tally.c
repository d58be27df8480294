/* SPDX-License-Identifier: Apache-2.0 */
/* tally.c: see tally.h. */
#include "quarantine/tally.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/mem.h"

struct nq_tally {
    char *key; /* of both */
    char *owner;
    char *name;
    uint64_t value;
    bool is_dirty;
    struct nq_tally *dirty_next;
    UT_hash_handle hh;
};

static char *key_of(const char *owner, const char *name)
{
    return nq_sprintf("%s\n%s", owner, name);
}

static struct nq_tally *find(const struct nq_tallies *tallies, const char *owner,
                             const char *name)
{
    struct nq_tally *tally = NULL;
    char *key = key_of(owner, name);
    HASH_FIND_STR(tallies->entries, key, tally);
    free(key);
    return tally;
}

/* NULL at the maximum. */
static struct nq_tally *make(struct nq_tallies *tallies, const char *owner,
                             const char *name)
{
    if (tallies->count >= NQ_TALLIES_MAX) {
        return NULL;
    }
    struct nq_tally *tally = nq_calloc(1, sizeof(*tally));
    tally->key = key_of(owner, name);
    tally->owner = nq_strdup(owner);
    tally->name = nq_strdup(name);
    HASH_ADD_KEYPTR(hh, tallies->entries, tally->key, strlen(tally->key), tally);
    tallies->count++;
    return tally;
}

void nq_tallies_done(struct nq_tallies *tallies)
{
    struct nq_tally *tally = NULL;
    struct nq_tally *next = NULL;
    HASH_ITER(hh, tallies->entries, tally, next)
    {
        HASH_DEL(tallies->entries, tally);
        free(tally->key);
        free(tally->owner);
        free(tally->name);
        free(tally);
    }
    *tallies = (struct nq_tallies){0};
}

void nq_tally_load(struct nq_tallies *tallies, const char *owner, const char *name,
                   uint64_t value)
{
    struct nq_tally *tally = make(tallies, owner, name);
    if (tally) {
        tally->value = value;
    }
}

uint64_t nq_tally_get(const struct nq_tallies *tallies, const char *owner,
                      const char *name)
{
    const struct nq_tally *tally = find(tallies, owner, name);
    return tally ? tally->value : 0;
}

void nq_tally_set(struct nq_tallies *tallies, const char *owner, const char *name,
                  uint64_t value)
{
    struct nq_tally *tally = find(tallies, owner, name);
    if (tally && tally->value == value) {
        return;
    }
    tally = tally ? tally : make(tallies, owner, name);
    if (!tally) {
        return;
    }
    tally->value = value;
    if (!tally->is_dirty) {
        tally->is_dirty = true;
        tally->dirty_next = tallies->dirty;
        tallies->dirty = tally;
    }
}

void nq_tallies_each(const struct nq_tallies *tallies, const char *owners,
                     nq_tally_fn *fn, void *arg)
{
    const struct nq_tally *tally = NULL;
    const struct nq_tally *next = NULL;
    const size_t len = strlen(owners);
    HASH_ITER(hh, tallies->entries, tally, next)
    {
        if (strncmp(tally->owner, owners, len) == 0) {
            fn(arg, tally->owner, tally->name, tally->value);
        }
    }
}

uint64_t nq_tally_add(struct nq_tallies *tallies, const char *owner, const char *name,
                      uint64_t more)
{
    const uint64_t sum = nq_tally_get(tallies, owner, name) + more;
    if (more > 0) {
        nq_tally_set(tallies, owner, name, sum);
    }
    return nq_tally_get(tallies, owner, name);
}

bool nq_tallies_put(const struct nq_tallies *tallies, struct nq_store *store,
                    struct nq_err *reterr)
{
    for (const struct nq_tally *tally = tallies->dirty; tally;
         tally = tally->dirty_next) {
        if (!store->ops->put_tally(store, tally->owner, tally->name, tally->value,
                                   reterr)) {
            return false;
        }
    }
    return true;
}

void nq_tallies_clean(struct nq_tallies *tallies)
{
    for (struct nq_tally *tally = tallies->dirty; tally; tally = tally->dirty_next) {
        tally->is_dirty = false;
    }
    tallies->dirty = NULL;
}
