/* SPDX-License-Identifier: Apache-2.0 */
/* inventory.h: all VMs of one manager in compact form, found by UUID, IP or MAC address, or
 * name.
 * Not for: reading NSX, or choosing between candidates.
 *
 * Owns    its rows, texts and index.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   add functions return false at a limit; nothing is added then.
 * Limits  NQ_INVENTORY_VMS_MAX VMs, NQ_INVENTORY_ADDRESSES_MAX IP addresses and
 *         NQ_INVENTORY_UUIDS_MAX UUIDs of one VM, NQ_INVENTORY_NAME_MAX bytes of a name.
 *
 * NSX shows a VM twice for up to a minute while it moves: the copies share an external id
 * and become one VM here.
 */
#ifndef NQ_NSX_INVENTORY_H
#define NQ_NSX_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsx/backend.h"

#define NQ_INVENTORY_VMS_MAX       500000
#define NQ_INVENTORY_ADDRESSES_MAX 32
#define NQ_INVENTORY_UUIDS_MAX     8   /* of one VM; more are found, but not listed */
#define NQ_INVENTORY_NAME_MAX      255 /* the schema's bound; a longer one counts as none */
#define NQ_EXTERNAL_ID_MAX         255

/* A VM as NSX tells it. Texts are never NULL, "" where NSX says nothing. */
struct nq_vm_facts {
    const char *external_id;
    const char *display_name;
    const char *host_name;
    const char *type;
    const char *instance_uuid;
    const char *bios_uuid;
    unsigned tags; /* set of tags.h */
};

/* NSX gives the type of what must never be cut off (EDGE, SERVICE, MP, ...). Its absence
 * proves nothing against a VM: only a type other than REGULAR does. */
bool nq_vm_type_regular(const char *type);

struct nq_inventory;

struct nq_inventory *nq_inventory_new(void) __attribute__((warn_unused_result));

/* Takes NULL. Always returns NULL. */
struct nq_inventory *nq_inventory_free(struct nq_inventory *inventory);

/* Adds a VM or merges a copy of one: texts fill what was empty, the tag is there when one
 * copy shows it, and it is regular only when every copy is. */
bool nq_inventory_add(struct nq_inventory *inventory, const struct nq_vm_facts *vm)
    __attribute__((warn_unused_result));

/* What a later list of the same VMs shows: new ones and new names are added. The first copy
 * of a VM in a round replaces its tags, each further one adds to them. */
bool nq_inventory_renew(struct nq_inventory *inventory, const struct nq_vm_facts *vm,
                        uint16_t round) __attribute__((warn_unused_result));

/* Adds an address of a known VM, IPv4, IPv6 or MAC in any spelling; a MAC address is only a
 * way to find it. Unknown owners, texts that are no address and repetitions are passed over
 * with true. */
bool nq_inventory_add_address(struct nq_inventory *inventory, const char *owner,
                              const char *address) __attribute__((warn_unused_result));

/* Passed over for a VM that is not known. */
void nq_inventory_set_tags(struct nq_inventory *inventory, const char *external_id,
                           unsigned tags);

/* It is complete: keeps no room for more. Adding is possible all the same. */
void nq_inventory_pack(struct nq_inventory *inventory);

size_t nq_inventory_count(const struct nq_inventory *inventory);

/* Something was not added because of a limit. */
bool nq_inventory_full(const struct nq_inventory *inventory);

/* How many regular VMs were added with the display name of another one, and one of these
 * names, borrowed as above; NULL: none was. */
size_t nq_inventory_shared_names(const struct nq_inventory *inventory,
                                 const char **ret_name);

/* Bytes of heap, for measurements. */
size_t nq_inventory_bytes(const struct nq_inventory *inventory);

/* Fills *ret_vm with texts borrowed until the inventory changes; matched is 0. false when
 * the VM is not known. */
bool nq_inventory_get(const struct nq_inventory *inventory, const char *external_id,
                      struct nq_vm *ret_vm);

/* The same for the index-th of the VMs, in no particular order. */
bool nq_inventory_at(const struct nq_inventory *inventory, size_t index,
                     struct nq_vm *ret_vm);

/* VMs that the hints lead to. What a hint is decides where it is looked up: a UUID first
 * as external id, then as instanceUuid, then as biosUuid; an IP or MAC address at the VIFs;
 * else a display name, a guest host name or the first label of one, in any ASCII case.
 * Returns *ret_count VMs, each once, for the caller to free(); texts as above. NULL when
 * there is none. */
struct nq_vm *nq_inventory_find(const struct nq_inventory *inventory,
                                const struct nq_vm_query *query, size_t *ret_count)
    __attribute__((warn_unused_result));

#endif
