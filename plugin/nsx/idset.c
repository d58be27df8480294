/* SPDX-License-Identifier: Apache-2.0 */
/* idset.c: see idset.h. */
#include "nsx/idset.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/inventory.h"

#define FIRST_ROOM 16

void nq_idset_done(struct nq_idset *set)
{
    free(set->ids);
    nq_pool_done(&set->pool);
    *set = (struct nq_idset){0};
}

void nq_idset_add(struct nq_idset *set, const char *id)
{
    if (set->count == set->room) {
        if (set->room == 0) {
            nq_pool_init(&set->pool);
        }
        set->room = set->room ? set->room * 2 : FIRST_ROOM;
        set->ids = nq_realloc(set->ids, set->room, sizeof(set->ids[0]));
    }
    set->ids[set->count++] = nq_pool_text(&set->pool, nq_pool_add(&set->pool, id));
}

bool nq_idset_full(const struct nq_idset *set)
{
    return set->count >= NQ_INVENTORY_VMS_MAX || nq_pool_full(&set->pool);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void nq_idset_close(struct nq_idset *set)
{
    size_t count = 0;
    if (set->count > 0) {
        qsort(set->ids, set->count, sizeof(set->ids[0]), by_text);
    }
    for (size_t i = 0; i < set->count; i++) {
        if (count == 0 || strcmp(set->ids[i], set->ids[count - 1]) != 0) {
            set->ids[count++] = set->ids[i];
        }
    }
    set->count = count;
}

bool nq_idset_has(const struct nq_idset *set, const char *id)
{
    return set->count > 0 &&
           bsearch(&id, set->ids, set->count, sizeof(set->ids[0]), by_text) != NULL;
}

void nq_idset_copy(const struct nq_idset *from, struct nq_idset *to)
{
    *to = (struct nq_idset){0};
    for (size_t i = 0; i < from->count; i++) {
        nq_idset_add(to, from->ids[i]);
    }
}
