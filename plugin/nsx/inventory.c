/* SPDX-License-Identifier: Apache-2.0 */
/* inventory.c: how an inventory is filled: see inventory.h. A VM is a row; the index leads
 * to row numbers. */
#include "nsx/inventory_impl.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/uuid.h"
#include "nsx/hint.h"

#define FIRST_ROOM    64U
#define ADDRESSES_MAX (NQ_INVENTORY_ADDRESSES_MAX * NQ_HINT_KEY)
#define UUIDS_MAX     (NQ_INVENTORY_UUIDS_MAX * NQ_UUID_TEXT)
#define NONE          NQ_INDEX_NONE
#define SHARED_LOOKS  8

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
    return nq_index_next(&inventory->index, &inventory->pool, NQ_KEY_EXTERNAL,
                         external_id, &cursor);
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

bool nq_inventory_full(const struct nq_inventory *inventory)
{
    return inventory->full;
}

size_t nq_inventory_shared_names(const struct nq_inventory *inventory,
                                 const char **ret_name)
{
    *ret_name =
        inventory->shared_count > 0 ? text_of(inventory, inventory->shared_name) : NULL;
    return inventory->shared_count;
}

size_t nq_inventory_bytes(const struct nq_inventory *inventory)
{
    return sizeof(*inventory) + nq_pool_bytes(&inventory->pool) +
           nq_index_bytes(&inventory->index) +
           inventory->row_room * sizeof(inventory->rows[0]);
}

/* For the functions that add: false. */
static bool is_full(struct nq_inventory *inventory)
{
    inventory->full = true;
    return false;
}

/* ---- filling -------------------------------------------------------------------------- */

static void put_key(struct nq_inventory *inventory, enum nq_inventory_key kind,
                    const char *text, nq_text_ref ref, uint32_t number)
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
    if (inventory->type_count < NQ_INVENTORY_TYPES_MAX) {
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
    put_key(inventory, NQ_KEY_NAME, name, first ? *shown : 0, number);
}

static void put_first_label(struct nq_inventory *inventory, const char *host_name,
                            uint32_t number)
{
    char label[NQ_INVENTORY_NAME_MAX + 1];
    const size_t len = strcspn(host_name, ".");
    if (len > 0 && host_name[len] == '.') {
        memcpy(label, host_name, len);
        label[len] = '\0';
        put_key(inventory, NQ_KEY_NAME, label, 0, number);
    }
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

/* A text of the pool that ends with the UUID serves as its key; 0: none does. */
static nq_text_ref kept_uuid(const struct nq_inventory *inventory,
                             const struct nq_inventory_row *row, const char *uuid)
{
    const nq_text_ref refs[] = {row->external_id, row->uuids};
    for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
        const char *text = text_of(inventory, refs[i]);
        const size_t len = strlen(text);
        const size_t tail = NQ_UUID_TEXT - 1;
        if (len >= tail && strcmp(text + len - tail, uuid) == 0) {
            return refs[i] + (nq_text_ref)(len - tail);
        }
    }
    return 0;
}

/* What is listed and what is found. Copies of a VM have the same UUIDs, so the list is
 * written once; one that had to grow stays behind in the pool. */
static void put_uuids(struct nq_inventory *inventory, const struct nq_vm_facts *vm,
                      uint32_t number)
{
    const char *const texts[] = {vm->external_id, vm->instance_uuid, vm->bios_uuid};
    static const enum nq_inventory_key kinds[] = {NQ_KEY_EXTERNAL, NQ_KEY_INSTANCE,
                                                  NQ_KEY_BIOS};
    char canonical[sizeof(texts) / sizeof(texts[0])][NQ_UUID_TEXT] = {""};
    char list[UUIDS_MAX];
    struct nq_inventory_row *row = &inventory->rows[number];
    const size_t before = strlen(text_of(inventory, row->uuids));
    size_t len = before;
    memcpy(list, text_of(inventory, row->uuids), len + 1);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct nq_uuid uuid;
        if (nq_uuid_parse(texts[i], &uuid) &&
            !in_comma_list(list, nq_uuid_format(&uuid, canonical[i])) &&
            len + 1 + NQ_UUID_TEXT <= sizeof(list)) {
            len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
                                    len ? "," : "", canonical[i]);
        }
    }
    if (len > before) {
        const bool same = strcmp(text_of(inventory, row->external_id), list) == 0;
        row->uuids = same ? row->external_id : nq_pool_add(&inventory->pool, list);
    }
    for (size_t i = 1; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (canonical[i][0]) {
            put_key(inventory, kinds[i], canonical[i],
                    kept_uuid(inventory, row, canonical[i]), number);
        }
    }
}

/* Counts a VM whose display name is that of another one, before the name becomes a key. Of
 * many with one key only the newest are looked at, so that the count costs no square. */
static void note_shared_name(struct nq_inventory *inventory, uint32_t number,
                             const char *name)
{
    uint32_t cursor = NONE;
    if (*name == '\0' || inventory->rows[number].display_name != 0 ||
        !inventory->rows[number].regular) {
        return;
    }
    for (int looks = 0; looks < SHARED_LOOKS; looks++) {
        const uint32_t other = nq_index_next(&inventory->index, &inventory->pool,
                                             NQ_KEY_NAME, name, &cursor);
        if (other == NONE) {
            return;
        }
        const struct nq_inventory_row *row = &inventory->rows[other];
        if (other != number && row->regular &&
            nq_text_same(text_of(inventory, row->display_name), name)) {
            inventory->shared_name = row->display_name;
            inventory->shared_count++;
            return;
        }
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
    inventory->rows[number] =
        (struct nq_inventory_row){.external_id = id, .regular = true};
    put_key(inventory, NQ_KEY_EXTERNAL, external_id, id, number);
    return number;
}

bool nq_inventory_add(struct nq_inventory *inventory, const struct nq_vm_facts *vm)
{
    const size_t id_len = strlen(vm->external_id);
    if (id_len == 0 || id_len > NQ_EXTERNAL_ID_MAX) {
        return false;
    }
    if (nq_pool_full(&inventory->pool)) {
        return is_full(inventory);
    }
    uint32_t number = row_of(inventory, vm->external_id);
    if (number == NONE) {
        if (inventory->row_count >= NQ_INVENTORY_VMS_MAX) {
            return is_full(inventory);
        }
        number = add_row(inventory, vm->external_id);
    }
    struct nq_inventory_row *row = &inventory->rows[number];
    if (row->regular) { /* a copy that is not regular stays the one that counts */
        row->type = keep_type(inventory, name_or_empty(vm->type));
        row->regular = nq_vm_type_regular(vm->type);
    }
    row->tags |= vm->tags;
    const char *host_name = name_or_empty(vm->host_name);
    note_shared_name(inventory, number, name_or_empty(vm->display_name));
    put_name(inventory, &row->display_name, name_or_empty(vm->display_name), number);
    if (strcmp(text_of(inventory, row->host_name), host_name) != 0) {
        put_name(inventory, &row->host_name, host_name, number);
        put_first_label(inventory, host_name, number);
    }
    put_uuids(inventory, vm, number);
    return true;
}

bool nq_inventory_renew(struct nq_inventory *inventory, const struct nq_vm_facts *vm,
                        uint16_t round)
{
    if (!nq_inventory_add(inventory, vm)) {
        return false;
    }
    struct nq_inventory_row *row = &inventory->rows[row_of(inventory, vm->external_id)];
    if (row->round != round) {
        row->round = round;
        row->tags = vm->tags;
    }
    return true;
}

static bool add_ip(struct nq_inventory *inventory, uint32_t number, const char *normal)
{
    struct nq_inventory_row *row = &inventory->rows[number];
    const char *list = text_of(inventory, row->addresses);
    if (in_comma_list(list, normal)) {
        return true;
    }
    if (row->address_count >= NQ_INVENTORY_ADDRESSES_MAX) {
        return is_full(inventory);
    }
    /* The old list stays behind in the pool: few VMs have more than two addresses. */
    char longer[ADDRESSES_MAX];
    (void)snprintf(longer, sizeof(longer), "%s%s%s", list, *list ? "," : "", normal);
    row->addresses = nq_pool_add(&inventory->pool, longer);
    row->address_count++;
    const size_t head = strlen(text_of(inventory, row->addresses)) - strlen(normal);
    put_key(inventory, NQ_KEY_ADDRESS, normal, row->addresses + (nq_text_ref)head,
            number);
    return true;
}

static uint32_t owner_of(struct nq_inventory *inventory, const char *owner)
{
    const uint32_t last = inventory->owner;
    if (last >= inventory->row_count ||
        strcasecmp(text_of(inventory, inventory->rows[last].external_id), owner) != 0) {
        inventory->owner = row_of(inventory, owner);
    }
    return inventory->owner;
}

bool nq_inventory_add_address(struct nq_inventory *inventory, const char *owner,
                              const char *address)
{
    char normal[NQ_HINT_KEY];
    const uint32_t number = owner_of(inventory, owner);
    const enum nq_hint kind = nq_hint_of(address, normal);
    if (number == NONE || (kind != NQ_HINT_IP && kind != NQ_HINT_MAC)) {
        return true;
    }
    if (nq_pool_full(&inventory->pool)) {
        return is_full(inventory);
    }
    if (kind == NQ_HINT_IP) {
        return add_ip(inventory, number, normal);
    }
    put_key(inventory, NQ_KEY_MAC, normal, 0, number);
    return true;
}

void nq_inventory_pack(struct nq_inventory *inventory)
{
    nq_index_pack(&inventory->index);
    if (inventory->row_count > 0 && inventory->row_count < inventory->row_room) {
        inventory->row_room = inventory->row_count;
        inventory->rows =
            nq_realloc(inventory->rows, inventory->row_room, sizeof(inventory->rows[0]));
    }
}

void nq_inventory_set_tags(struct nq_inventory *inventory, const char *external_id,
                           unsigned tags)
{
    const uint32_t number = row_of(inventory, external_id);
    if (number != NONE) {
        inventory->rows[number].tags = tags;
    }
}
