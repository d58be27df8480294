/* SPDX-License-Identifier: Apache-2.0 */
/* inventory.c: the lists that make the inventory of the policy backend.
 *
 * The list of VMs is GET /api/v1/fabric/virtual-machines: of the two lists that NSX offers
 * it is the one documented to carry guest_info, tags and type besides external_id and
 * compute_ids. Items of /policy/api/v1/infra/realized-state/virtual-machines have none of
 * the three in the published type. Not deprecated up to NSX 9.
 * Addresses come from GET /api/v1/fabric/vifs, which has no filter by address. */
#include "nsx/policy/impl.h"
#include "nsx/policy/json.h"

#define VIFS_PATH "/api/v1/fabric/vifs?sort_by=external_id&page_size=1000"

_Static_assert(NQ_PAGE_SIZE == 1000, "the paths name the page size");

/* What a page is read into: the readers have no other way to report a full inventory. */
struct filling {
    struct nq_inventory *inventory;
    bool overflow;
};

static bool too_many(struct nq_err *reterr)
{
    return nq_fail(reterr, NQ_NSX_ANSWER, "more than %d VMs, or %d addresses of one",
                   NQ_INVENTORY_VMS_MAX, NQ_INVENTORY_ADDRESSES_MAX);
}

static void add_vm(void *arg, const struct nq_vm_facts *vm)
{
    struct filling *filling = arg;
    filling->overflow |= !nq_inventory_add(filling->inventory, vm);
}

static void add_address(void *arg, const char *owner, const char *address)
{
    struct filling *filling = arg;
    filling->overflow |= !nq_inventory_add_address(filling->inventory, owner, address);
}

static bool read_vms(void *arg, const char *body, size_t len, struct nq_page *ret_page,
                     struct nq_err *reterr)
{
    struct nq_policy *policy = arg;
    struct filling filling = {.inventory = policy->filling};
    return nq_json_vms(body, len, policy->conf, add_vm, &filling, ret_page, reterr) &&
           (!filling.overflow || too_many(reterr));
}

static bool read_vifs(void *arg, const char *body, size_t len, struct nq_page *ret_page,
                      struct nq_err *reterr)
{
    struct nq_policy *policy = arg;
    struct filling filling = {.inventory = policy->filling};
    return nq_json_vifs(body, len, add_address, &filling, ret_page, reterr) &&
           (!filling.overflow || too_many(reterr));
}

static void on_vifs(void *arg, const struct nq_err *err)
{
    struct nq_policy *policy = arg;
    nq_sync_read(&policy->sync, err);
}

static void on_vms(void *arg, const struct nq_err *err)
{
    struct nq_policy *policy = arg;
    if (err) {
        nq_sync_read(&policy->sync, err);
        return;
    }
    nq_listing_start(&policy->inventory_list, policy->asker, VIFS_PATH, true, read_vifs,
                     on_vifs, policy);
}

static void start(void *arg, struct nq_inventory *into)
{
    struct nq_policy *policy = arg;
    policy->filling = into;
    nq_listing_start(&policy->inventory_list, policy->asker, NQ_POLICY_VMS_PATH, true,
                     read_vms, on_vms, policy);
}

static void stop(void *arg)
{
    struct nq_policy *policy = arg;
    nq_listing_stop(&policy->inventory_list);
}

struct nq_sync_reader nq_policy_inventory_reader(struct nq_policy *policy)
{
    return (struct nq_sync_reader){.arg = policy, .start = start, .stop = stop};
}
