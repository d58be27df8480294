/* SPDX-License-Identifier: Apache-2.0 */
/* inventory_impl.h: what the files of the inventory share; nobody else includes it.
 *
 * Owns    as inventory.h says.
 * Blocks  never.
 * Thread  the thread of its owner.
 * Fails   never.
 * Limits  none of its own.
 */
#ifndef NQ_NSX_INVENTORY_IMPL_H
#define NQ_NSX_INVENTORY_IMPL_H

#include "nsx/inventory.h"
#include "nsx/textindex.h"
#include "nsx/textpool.h"

#define NQ_INVENTORY_TYPES_MAX 16

enum nq_inventory_key {
    NQ_KEY_EXTERNAL,
    NQ_KEY_INSTANCE,
    NQ_KEY_BIOS,
    NQ_KEY_NAME,
    NQ_KEY_ADDRESS,
    NQ_KEY_MAC
};

struct nq_inventory_row {
    nq_text_ref external_id;
    nq_text_ref display_name;
    nq_text_ref host_name;
    nq_text_ref type;
    nq_text_ref addresses; /* comma list */
    nq_text_ref uuids;     /* comma list */
    uint8_t address_count;
    bool regular;
    uint16_t round; /* of the renewal that saw it last */
    uint32_t tags;
};

struct nq_inventory {
    struct nq_pool pool;
    struct nq_index index;
    struct nq_inventory_row *rows;
    uint32_t row_count;
    uint32_t row_room;
    nq_text_ref types[NQ_INVENTORY_TYPES_MAX]; /* the few that exist, each kept once */
    size_t type_count;
    bool full;           /* something met a limit */
    size_t shared_count; /* see nq_inventory_shared_names() */
    nq_text_ref shared_name;
    uint32_t owner; /* row of the last address: the next one is often of the same VM */
};

#endif
