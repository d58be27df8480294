/* SPDX-License-Identifier: Apache-2.0 */
/* textindex.c: see textindex.h. A hash table with chains, all of it in two arrays. */
#include "nsx/textindex.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define FIRST_CHAINS 64U

/* FNV-1a over the kind and the text in lower case. Each step maps different states to
 * different states, so one text under two kinds has two hashes; the kind need not be
 * kept to tell them apart. */
static uint32_t hash_of(unsigned kind, const char *text)
{
    uint32_t hash = (2166136261U ^ kind) * 16777619U;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 'A' && c <= 'Z') {
            c = (unsigned char)(c - 'A' + 'a');
        }
        hash = (hash ^ c) * 16777619U;
    }
    return hash;
}

static uint32_t *chain_of(const struct nq_index *index, uint32_t hash)
{
    return &index->chains[hash & (index->chain_count - 1)];
}

static void link_entry(struct nq_index *index, uint32_t at)
{
    uint32_t *chain = chain_of(index, index->entries[at].hash);
    index->entries[at].next = *chain;
    *chain = at;
}

/* Links the entries in their order: the newest stays first in its chain. */
static void set_chains(struct nq_index *index, uint32_t count)
{
    free(index->chains);
    index->chains = nq_calloc(count, sizeof(index->chains[0]));
    memset(index->chains, 0xFF, count * sizeof(index->chains[0])); /* NQ_INDEX_NONE */
    index->chain_count = count;
    for (uint32_t i = 0; i < index->count; i++) {
        link_entry(index, i);
    }
}

void nq_index_init(struct nq_index *index)
{
    *index = (struct nq_index){0};
    set_chains(index, FIRST_CHAINS);
}

void nq_index_done(struct nq_index *index)
{
    free(index->entries);
    free(index->chains);
    *index = (struct nq_index){0};
}

void nq_index_pack(struct nq_index *index)
{
    if (index->count > 0 && index->count < index->room) {
        index->room = index->count;
        index->entries =
            nq_realloc(index->entries, index->room, sizeof(index->entries[0]));
    }
}

uint32_t nq_index_next(const struct nq_index *index, const struct nq_pool *pool,
                       unsigned kind, const char *text, uint32_t *cursor)
{
    const uint32_t hash = hash_of(kind, text);
    uint32_t at =
        *cursor == NQ_INDEX_NONE ? *chain_of(index, hash) : index->entries[*cursor].next;
    while (at != NQ_INDEX_NONE) {
        const struct nq_index_entry *entry = &index->entries[at];
        if (entry->hash == hash && nq_text_same(nq_pool_text(pool, entry->text), text)) {
            *cursor = at;
            return entry->number;
        }
        at = entry->next;
    }
    return NQ_INDEX_NONE;
}

/* Only the newest entry is looked at: a search through all would make a name that
 * thousands of VMs share ("localhost") cost the square of their number. */
void nq_index_put(struct nq_index *index, struct nq_pool *pool, unsigned kind,
                  const char *text, nq_text_ref ref, uint32_t number)
{
    uint32_t cursor = NQ_INDEX_NONE;
    if (nq_index_next(index, pool, kind, text, &cursor) == number) {
        return;
    }
    if (index->count == index->room) {
        index->room = index->room ? index->room + index->room / 2 : FIRST_CHAINS;
        index->entries =
            nq_realloc(index->entries, index->room, sizeof(index->entries[0]));
    }
    const uint32_t at = index->count++;
    index->entries[at] = (struct nq_index_entry){
        .hash = hash_of(kind, text),
        .number = number,
        .text = ref ? ref : nq_pool_add(pool, text),
    };
    if (index->count > index->chain_count) {
        set_chains(index, index->chain_count * 2);
    } else {
        link_entry(index, at);
    }
}

size_t nq_index_bytes(const struct nq_index *index)
{
    return index->room * sizeof(index->entries[0]) +
           index->chain_count * sizeof(index->chains[0]);
}
