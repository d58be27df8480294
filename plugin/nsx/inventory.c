/* SPDX-License-Identifier: Apache-2.0 */
/* inventory.c: see inventory.h. A VM is a row; the index leads to row numbers. */
#include "nsx/inventory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/uuid.h"
#include "nsx/hint.h"
#include "nsx/textindex.h"
#include "nsx/textpool.h"

#define FIRST_ROOM    64U
#define TYPES_MAX     16
#define ADDRESSES_MAX (NQ_INVENTORY_ADDRESSES_MAX * NQ_HINT_KEY)
#define NONE          NQ_INDEX_NONE

enum key_kind { KEY_EXTERNAL, KEY_INSTANCE, KEY_BIOS, KEY_NAME, KEY_ADDRESS, KEY_MAC };

struct row {
    nq_text_ref external_id;
    nq_text_ref display_name;
    nq_text_ref host_name;
    nq_text_ref type;
    nq_text_ref addresses; /* comma list */
    uint8_t address_count;
    bool regular;
    uint16_t round; /* of the renewal that saw it last */
    uint32_t tags;
};

struct nq_inventory {
    struct nq_pool pool;
    struct nq_index index;
    struct row *rows;
    uint32_t row_count;
    uint32_t row_room;
    nq_text_ref types[TYPES_MAX]; /* the few that exist, each kept once */
    size_t type_count;
};

bool nq_vm_type_regular(const char *type)
{
    return *type == '\0' || strcmp(type, "REGULAR") == 0;
}

static const char *text_of(const struct nq_inventory *inventory, nq_text_ref ref)
{
    return nq_pool_text(&inventory->pool, ref);
}

static uint32_t row_of(const struct nq_inventory *inventory, const char *external_id)
{
    uint32_t cursor = NONE;
    return nq_index_next(&inventory->index, &inventory->pool, KEY_EXTERNAL, external_id,
                         &cursor);
}

/* ---- life ----------------------------------------------------------------------------- */

struct nq_inventory *nq_inventory_new(void)
{
    struct nq_inventory *inventory = nq_calloc(1, sizeof(*inventory));
    nq_pool_init(&inventory->pool);
    nq_index_init(&inventory->index);
    return inventory;
}

struct nq_inventory *nq_inventory_free(struct nq_inventory *inventory)
{
    if (inventory) {
        nq_index_done(&inventory->index);
        nq_pool_done(&inventory->pool);
        free(inventory->rows);
        free(inventory);
    }
    return NULL;
}

size_t nq_inventory_count(const struct nq_inventory *inventory)
{
    return inventory->row_count;
}

size_t nq_inventory_bytes(const struct nq_inventory *inventory)
{
    return sizeof(*inventory) + nq_pool_bytes(&inventory->pool) +
           nq_index_bytes(&inventory->index) +
           inventory->row_room * sizeof(inventory->rows[0]);
}

/* ---- filling -------------------------------------------------------------------------- */

static void put_key(struct nq_inventory *inventory, enum key_kind kind, const char *text,
                    nq_text_ref ref, uint32_t number)
{
    nq_index_put(&inventory->index, &inventory->pool, kind, text, ref, number);
}

static nq_text_ref keep_type(struct nq_inventory *inventory, const char *type)
{
    for (size_t i = 0; i < inventory->type_count; i++) {
        if (strcmp(text_of(inventory, inventory->types[i]), type) == 0) {
            return inventory->types[i];
        }
    }
    const nq_text_ref ref = nq_pool_add(&inventory->pool, type);
    if (inventory->type_count < TYPES_MAX) {
        inventory->types[inventory->type_count++] = ref;
    }
    return ref;
}

/* The schema bounds names; what is longer cannot be what a trap means. */
static const char *name_or_empty(const char *name)
{
    return strlen(name) <= NQ_INVENTORY_NAME_MAX ? name : "";
}

/* Makes the first name that is not empty the one that is shown, and every one a key. */
static void put_name(struct nq_inventory *inventory, nq_text_ref *shown, const char *name,
                     uint32_t number)
{
    if (*name == '\0' || strcmp(text_of(inventory, *shown), name) == 0) {
        return; /* nothing, or a key already */
    }
    const bool first = *shown == 0;
    if (first) {
        *shown = nq_pool_add(&inventory->pool, name);
    }
    put_key(inventory, KEY_NAME, name, first ? *shown : 0, number);
}

static void put_first_label(struct nq_inventory *inventory, const char *host_name,
                            uint32_t number)
{
    char label[NQ_INVENTORY_NAME_MAX + 1];
    const size_t len = strcspn(host_name, ".");
    if (len > 0 && host_name[len] == '.') {
        memcpy(label, host_name, len);
        label[len] = '\0';
        put_key(inventory, KEY_NAME, label, 0, number);
    }
}

static void put_uuid(struct nq_inventory *inventory, enum key_kind kind,
                     const char *uuid_text, uint32_t number)
{
    struct nq_uuid uuid;
    char canonical[NQ_UUID_TEXT];
    if (nq_uuid_parse(uuid_text, &uuid)) {
        (void)nq_uuid_format(&uuid, canonical);
        const nq_text_ref id = inventory->rows[number].external_id;
        const bool same = strcmp(text_of(inventory, id), canonical) == 0;
        put_key(inventory, kind, canonical, same ? id : 0, number);
    }
}

static uint32_t add_row(struct nq_inventory *inventory, const char *external_id)
{
    if (inventory->row_count == inventory->row_room) {
        inventory->row_room = inventory->row_room
                                  ? inventory->row_room + inventory->row_room / 2
                                  : FIRST_ROOM;
        inventory->rows =
            nq_realloc(inventory->rows, inventory->row_room, sizeof(inventory->rows[0]));
    }
    const uint32_t number = inventory->row_count++;
    const nq_text_ref id = nq_pool_add(&inventory->pool, external_id);
    inventory->rows[number] = (struct row){.external_id = id, .regular = true};
    put_key(inventory, KEY_EXTERNAL, external_id, id, number);
    return number;
}

bool nq_inventory_add(struct nq_inventory *inventory, const struct nq_vm_facts *vm)
{
    const size_t id_len = strlen(vm->external_id);
    if (id_len == 0 || id_len > NQ_EXTERNAL_ID_MAX || nq_pool_full(&inventory->pool)) {
        return false;
    }
    uint32_t number = row_of(inventory, vm->external_id);
    if (number == NONE) {
        if (inventory->row_count >= NQ_INVENTORY_VMS_MAX) {
            return false;
        }
        number = add_row(inventory, vm->external_id);
    }
    struct row *row = &inventory->rows[number];
    if (row->regular) { /* a copy that is not regular stays the one that counts */
        row->type = keep_type(inventory, name_or_empty(vm->type));
        row->regular = nq_vm_type_regular(vm->type);
    }
    row->tags |= vm->tags;
    const char *host_name = name_or_empty(vm->host_name);
    put_name(inventory, &row->display_name, name_or_empty(vm->display_name), number);
    if (strcmp(text_of(inventory, row->host_name), host_name) != 0) {
        put_name(inventory, &row->host_name, host_name, number);
        put_first_label(inventory, host_name, number);
    }
    put_uuid(inventory, KEY_INSTANCE, vm->instance_uuid, number);
    put_uuid(inventory, KEY_BIOS, vm->bios_uuid, number);
    return true;
}

bool nq_inventory_renew(struct nq_inventory *inventory, const struct nq_vm_facts *vm,
                        uint16_t round)
{
    if (!nq_inventory_add(inventory, vm)) {
        return false;
    }
    struct row *row = &inventory->rows[row_of(inventory, vm->external_id)];
    if (row->round != round) {
        row->round = round;
        row->tags = vm->tags;
    }
    return true;
}

static bool in_comma_list(const char *list, const char *word)
{
    const size_t len = strlen(word);
    while (*list) {
        const size_t piece = strcspn(list, ",");
        if (piece == len && memcmp(list, word, len) == 0) {
            return true;
        }
        list += piece;
        list += strspn(list, ",");
    }
    return false;
}

static bool add_ip(struct nq_inventory *inventory, uint32_t number, const char *normal)
{
    struct row *row = &inventory->rows[number];
    const char *list = text_of(inventory, row->addresses);
    if (in_comma_list(list, normal)) {
        return true;
    }
    if (row->address_count >= NQ_INVENTORY_ADDRESSES_MAX) {
        return false;
    }
    /* The old list stays behind in the pool: few VMs have more than two addresses. */
    char longer[ADDRESSES_MAX];
    (void)snprintf(longer, sizeof(longer), "%s%s%s", list, *list ? "," : "", normal);
    row->addresses = nq_pool_add(&inventory->pool, longer);
    row->address_count++;
    put_key(inventory, KEY_ADDRESS, normal, row->address_count == 1 ? row->addresses : 0,
            number);
    return true;
}

bool nq_inventory_add_address(struct nq_inventory *inventory, const char *owner,
                              const char *address)
{
    char normal[NQ_HINT_KEY];
    const uint32_t number = row_of(inventory, owner);
    const enum nq_hint kind = nq_hint_of(address, normal);
    if (number == NONE || (kind != NQ_HINT_IP && kind != NQ_HINT_MAC)) {
        return true;
    }
    if (nq_pool_full(&inventory->pool)) {
        return false;
    }
    if (kind == NQ_HINT_IP) {
        return add_ip(inventory, number, normal);
    }
    put_key(inventory, KEY_MAC, normal, 0, number);
    return true;
}

void nq_inventory_set_tags(struct nq_inventory *inventory, const char *external_id,
                           unsigned tags)
{
    const uint32_t number = row_of(inventory, external_id);
    if (number != NONE) {
        inventory->rows[number].tags = tags;
    }
}

/* ---- finding -------------------------------------------------------------------------- */

static void show(const struct nq_inventory *inventory, const struct row *row,
                 struct nq_vm *ret_vm)
{
    *ret_vm = (struct nq_vm){
        .external_id = text_of(inventory, row->external_id),
        .display_name = text_of(inventory, row->display_name),
        .host_name = text_of(inventory, row->host_name),
        .addresses = text_of(inventory, row->addresses),
        .type = text_of(inventory, row->type),
        .regular = row->regular,
        .tags = row->tags,
    };
}

bool nq_inventory_get(const struct nq_inventory *inventory, const char *external_id,
                      struct nq_vm *ret_vm)
{
    const uint32_t number = row_of(inventory, external_id);
    if (number != NONE) {
        show(inventory, &inventory->rows[number], ret_vm);
    }
    return number != NONE;
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

static bool look_up(const struct nq_inventory *inventory, enum key_kind kind,
                    const char *key, unsigned matched, struct hits *hits)
{
    uint32_t cursor = NONE;
    for (;;) {
        const uint32_t number =
            nq_index_next(&inventory->index, &inventory->pool, kind, key, &cursor);
        if (number == NONE) {
            return cursor != NONE;
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
        (void)(look_up(inventory, KEY_EXTERNAL, key, matched, hits) ||
               look_up(inventory, KEY_INSTANCE, key, matched, hits) ||
               look_up(inventory, KEY_BIOS, key, matched, hits));
        break;
    case NQ_HINT_IP:
        (void)look_up(inventory, KEY_ADDRESS, key, matched, hits);
        break;
    case NQ_HINT_MAC:
        (void)look_up(inventory, KEY_MAC, key, matched, hits);
        break;
    case NQ_HINT_NAME:
        (void)look_up(inventory, KEY_NAME, hint, matched, hits);
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
