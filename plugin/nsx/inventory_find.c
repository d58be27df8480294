/* SPDX-License-Identifier: Apache-2.0 */
/* inventory_find.c: how VMs of an inventory are found: see inventory.h. */
#include <stdlib.h>

#include "base/mem.h"
#include "nsx/hint.h"
#include "nsx/inventory_impl.h"

static const char *text_of(const struct nq_inventory *inventory, nq_text_ref ref)
{
    return nq_pool_text(&inventory->pool, ref);
}

static void show(const struct nq_inventory *inventory, const struct nq_inventory_row *row,
                 struct nq_vm *ret_vm)
{
    *ret_vm = (struct nq_vm){
        .external_id = text_of(inventory, row->external_id),
        .display_name = text_of(inventory, row->display_name),
        .host_name = text_of(inventory, row->host_name),
        .addresses = text_of(inventory, row->addresses),
        .uuids = text_of(inventory, row->uuids),
        .type = text_of(inventory, row->type),
        .regular = row->regular,
        .complete = true,
        .tags = row->tags,
    };
}

bool nq_inventory_at(const struct nq_inventory *inventory, size_t index,
                     struct nq_vm *ret_vm)
{
    if (index < inventory->row_count) {
        show(inventory, &inventory->rows[index], ret_vm);
    }
    return index < inventory->row_count;
}

bool nq_inventory_get(const struct nq_inventory *inventory, const char *external_id,
                      struct nq_vm *ret_vm)
{
    uint32_t cursor = NQ_INDEX_NONE;
    const uint32_t number = nq_index_next(&inventory->index, &inventory->pool,
                                          NQ_KEY_EXTERNAL, external_id, &cursor);
    return number != NQ_INDEX_NONE && nq_inventory_at(inventory, number, ret_vm);
}

/* Row numbers with the hints that lead to them; a row may stand there more than once. */
struct hit {
    uint32_t number;
    unsigned matched;
};

struct hits {
    struct hit *list;
    size_t count;
    size_t room;
};

static bool look_up(const struct nq_inventory *inventory, enum nq_inventory_key kind,
                    const char *key, unsigned matched, struct hits *hits)
{
    uint32_t cursor = NQ_INDEX_NONE;
    for (;;) {
        const uint32_t number =
            nq_index_next(&inventory->index, &inventory->pool, kind, key, &cursor);
        if (number == NQ_INDEX_NONE) {
            return cursor != NQ_INDEX_NONE;
        }
        if (hits->count == hits->room) {
            hits->room = hits->room ? hits->room * 2 : 4;
            hits->list = nq_realloc(hits->list, hits->room, sizeof(hits->list[0]));
        }
        hits->list[hits->count++] = (struct hit){number, matched};
    }
}

static void look_up_hint(const struct nq_inventory *inventory, const char *hint,
                         unsigned matched, struct hits *hits)
{
    char key[NQ_HINT_KEY];
    switch (nq_hint_of(hint, key)) {
    case NQ_HINT_UUID:
        (void)(look_up(inventory, NQ_KEY_EXTERNAL, key, matched, hits) ||
               look_up(inventory, NQ_KEY_INSTANCE, key, matched, hits) ||
               look_up(inventory, NQ_KEY_BIOS, key, matched, hits));
        break;
    case NQ_HINT_IP:
        (void)look_up(inventory, NQ_KEY_ADDRESS, key, matched, hits);
        break;
    case NQ_HINT_MAC:
        (void)look_up(inventory, NQ_KEY_MAC, key, matched, hits);
        break;
    case NQ_HINT_NAME:
        (void)look_up(inventory, NQ_KEY_NAME, hint, matched, hits);
        break;
    case NQ_HINT_NOTHING:
        break;
    }
}

static int by_number(const void *a, const void *b)
{
    const struct hit *left = a;
    const struct hit *right = b;
    return (left->number > right->number) - (left->number < right->number);
}

struct nq_vm *nq_inventory_find(const struct nq_inventory *inventory,
                                const struct nq_vm_query *query, size_t *ret_count)
{
    struct hits hits = {0};
    for (size_t i = 0; i < query->hint_count; i++) {
        look_up_hint(inventory, query->hints[i], 1U << i, &hits);
    }
    *ret_count = 0;
    if (hits.count == 0) {
        return NULL;
    }
    qsort(hits.list, hits.count, sizeof(hits.list[0]), by_number);
    struct nq_vm *vms = nq_calloc(hits.count, sizeof(vms[0]));
    size_t count = 0;
    for (size_t i = 0; i < hits.count; i++) {
        if (i == 0 || hits.list[i].number != hits.list[i - 1].number) {
            show(inventory, &inventory->rows[hits.list[i].number], &vms[count++]);
        }
        vms[count - 1].matched |= hits.list[i].matched;
    }
    free(hits.list);
    *ret_count = count;
    return vms;
}
