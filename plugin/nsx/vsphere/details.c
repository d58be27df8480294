/* SPDX-License-Identifier: Apache-2.0 */
/* details.c: see details.h. */
#include "nsx/vsphere/details.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/mem.h"
#include "base/text.h"
#include "nsx/hint.h"

struct nq_detail {
    UT_hash_handle hh;
    char *id;
    char *instance_uuid; /* NULL: not known, as are the next two */
    char *bios_uuid;
    char *host_name;
    char **addresses;
    size_t address_count;
    bool known;       /* somebody was asked */
    int64_t known_ms; /* with known */
    unsigned seen;    /* number of the list that showed the VM last */
};

static void clear_addresses(struct nq_detail *detail)
{
    while (detail->address_count > 0) {
        free(detail->addresses[--detail->address_count]);
    }
    free(detail->addresses);
    detail->addresses = NULL;
}

static void drop(struct nq_details *details, struct nq_detail *detail)
{
    HASH_DEL(details->all, detail);
    clear_addresses(detail);
    free(detail->id);
    free(detail->instance_uuid);
    free(detail->bios_uuid);
    free(detail->host_name);
    free(detail);
}

static struct nq_detail *find(const struct nq_details *details, const char *id)
{
    struct nq_detail *detail = NULL;
    HASH_FIND_STR(details->all, id, detail);
    return detail;
}

void nq_details_done(struct nq_details *details)
{
    while (details->all) {
        drop(details, details->all);
    }
}

/* ---- lists ------------------------------------------------------------------------- */

void nq_details_see(struct nq_details *details, const char *id)
{
    struct nq_detail *detail = find(details, id);
    if (!detail) {
        detail = nq_calloc(1, sizeof(*detail));
        detail->id = nq_strdup(id);
        HASH_ADD_KEYPTR(hh, details->all, detail->id, strlen(detail->id), detail);
    }
    detail->seen = details->lists;
}

void nq_details_end_list(struct nq_details *details)
{
    struct nq_detail *detail = NULL;
    struct nq_detail *next = NULL;
    HASH_ITER(hh, details->all, detail, next)
    {
        if (detail->seen != details->lists) {
            drop(details, detail);
        }
    }
    details->lists++;
}

/* ---- answers ----------------------------------------------------------------------- */

static void replace(char **field, const char *value)
{
    free(*field);
    *field = *value ? nq_strdup(value) : NULL;
}

void nq_details_keep(struct nq_details *details, const char *id,
                     const struct nq_detail_facts *facts, int64_t now_ms)
{
    struct nq_detail *detail = find(details, id);
    if (!detail) {
        return;
    }
    detail->known = true;
    detail->known_ms = now_ms;
    replace(&detail->instance_uuid, facts->instance_uuid);
    replace(&detail->bios_uuid, facts->bios_uuid);
    replace(&detail->host_name, facts->host_name);
    clear_addresses(detail);
    if (facts->address_count > 0) {
        detail->addresses = nq_calloc(facts->address_count, sizeof(char *));
    }
    for (size_t i = 0; i < facts->address_count; i++) {
        detail->addresses[detail->address_count++] = nq_strdup(facts->addresses[i]);
    }
}

bool nq_details_add_to(const struct nq_details *details, const char *id,
                       struct nq_inventory *inventory)
{
    struct nq_vm known;
    const struct nq_detail *detail = find(details, id);
    if (!detail || !detail->known || !inventory ||
        !nq_inventory_get(inventory, id, &known)) {
        return true;
    }
    const struct nq_vm_facts facts = {.external_id = id,
                                      .display_name = "",
                                      .host_name = nq_text_or_empty(detail->host_name),
                                      .type = known.type,
                                      .instance_uuid =
                                          nq_text_or_empty(detail->instance_uuid),
                                      .bios_uuid = nq_text_or_empty(detail->bios_uuid)};
    bool fits = nq_inventory_add(inventory, &facts);
    for (size_t i = 0; i < detail->address_count; i++) {
        fits = fits && nq_inventory_add_address(inventory, id, detail->addresses[i]);
    }
    return fits;
}

bool nq_details_knows(const struct nq_details *details, const char *id)
{
    const struct nq_detail *detail = find(details, id);
    return detail && detail->known;
}

bool nq_details_has_address(const struct nq_details *details, const char *id,
                            const char *address)
{
    char key[NQ_HINT_KEY];
    char own[NQ_HINT_KEY];
    const struct nq_detail *detail = find(details, id);
    if (!detail || nq_hint_of(address, key) != NQ_HINT_IP) {
        return false;
    }
    for (size_t i = 0; i < detail->address_count; i++) {
        if (nq_hint_of(detail->addresses[i], own) == NQ_HINT_IP &&
            strcmp(own, key) == 0) {
            return true;
        }
    }
    return false;
}

bool nq_details_is_due(const struct nq_details *details, const char *id, int64_t older_ms)
{
    const struct nq_detail *detail = find(details, id);
    return detail && (!detail->known || detail->known_ms <= older_ms);
}

size_t nq_details_due(const struct nq_details *details, int64_t older_ms, size_t most,
                      char **ret_ids)
{
    size_t count = 0;
    for (int known = 0; known <= 1; known++) {
        for (const struct nq_detail *detail = details->all; detail && count < most;
             detail = detail->hh.next) {
            if (detail->known == (known == 1) &&
                (!detail->known || detail->known_ms <= older_ms)) {
                ret_ids[count++] = nq_strdup(detail->id);
            }
        }
    }
    return count;
}
