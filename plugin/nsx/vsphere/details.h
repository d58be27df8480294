/* SPDX-License-Identifier: Apache-2.0 */
/* details.h: host names, UUIDs and addresses of VMs that a list of VMs does not tell, kept
 * from one reading of the list to the next.
 * Not for: asking for them.
 *
 * Owns    its entries and their texts.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   false when an inventory is full.
 * Limits  the VMs of the last list, NQ_INVENTORY_ADDRESSES_MAX addresses of one.
 */
#ifndef NQ_NSX_DETAILS_H
#define NQ_NSX_DETAILS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsx/inventory.h"

struct nq_detail;

/* Embedded; zeroed is empty. */
struct nq_details {
    struct nq_detail *all; /* by id */
    unsigned lists;        /* read so far */
};

/* What an answer says about one VM; "" for what it does not say. */
struct nq_detail_facts {
    const char *instance_uuid;
    const char *bios_uuid;
    const char *host_name;
    const char *const *addresses;
    size_t address_count;
};

void nq_details_done(struct nq_details *details);

/* The list that is being read has this VM. */
void nq_details_see(struct nq_details *details, const char *id);

/* The list was complete: forgets the VMs that it did not show. */
void nq_details_end_list(struct nq_details *details);

/* Replaces what was known; passed over for a VM that no list has shown. */
void nq_details_keep(struct nq_details *details, const char *id,
                     const struct nq_detail_facts *facts, int64_t now_ms);

/* Adds what is known of a VM to its entry in an inventory; both may be missing. */
bool nq_details_add_to(const struct nq_details *details, const char *id,
                       struct nq_inventory *inventory);

/* Somebody was asked about the VM and answered. */
bool nq_details_knows(const struct nq_details *details, const char *id);

/* Whether the last answer about the VM had this address, in any spelling. */
bool nq_details_has_address(const struct nq_details *details, const char *id,
                            const char *address);

/* Nothing is known of the VM, or the answer is older. */
bool nq_details_is_due(const struct nq_details *details, const char *id,
                       int64_t older_ms);

/* Copies the ids of VMs of which nothing is known, then of those whose answer is older,
 * for the caller to free; at most `most`. Returns how many. */
size_t nq_details_due(const struct nq_details *details, int64_t older_ms, size_t most,
                      char **ret_ids);

#endif
