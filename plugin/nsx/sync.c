/* SPDX-License-Identifier: Apache-2.0 */
/* sync.c: see sync.h.
 *
 * The list of VMs is GET /api/v1/fabric/virtual-machines: of the two lists that NSX offers
 * it is the one documented to carry guest_info, tags and type besides external_id and
 * compute_ids. Items of /policy/api/v1/infra/realized-state/virtual-machines have none of
 * the three in the published type. Not deprecated up to NSX 9.
 * Addresses come from GET /api/v1/fabric/vifs, which has no filter by address. */
#include "nsx/sync.h"

#include <stdlib.h>

#include "base/log.h"
#include "nsx/policy_json.h"

/* Without sort_by the order of a list changes between its pages, and VMs get lost. */
#define VMS_PATH  "/api/v1/fabric/virtual-machines?sort_by=external_id&page_size=1000"
#define VIFS_PATH "/api/v1/fabric/vifs?sort_by=external_id&page_size=1000"

_Static_assert(NQ_PAGE_SIZE == 1000, "the paths above name the page size");

/* What a page is read into: the readers have no other way to report a full inventory. */
struct filling {
    struct nq_inventory *inventory;
    bool overflow;
};

static void begin(void *arg);

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void schedule(struct nq_sync *sync, int64_t delay_ms)
{
    nq_timer_set(sync->setup.loop, &sync->timer, delay_ms, begin, sync);
}

static void end(struct nq_sync *sync, const struct nq_err *err)
{
    const struct nq_sync_setup *setup = &sync->setup;
    const int64_t interval_ms = setup->manager->inventory_interval_ms;
    nq_timer_clear(setup->loop, &sync->limit);
    if (!err) {
        if (!sync->inventory || sync->reported != NQ_OK) {
            nq_log(NQ_LOG_INFO, "The inventory of the manager is read manager=%s vms=%zu",
                   setup->manager->name, nq_inventory_count(sync->reading));
        }
        nq_inventory_free(sync->inventory);
        sync->inventory = sync->reading;
        sync->reported = NQ_OK;
        sync->retry_ms = setup->conf->retry_first_ms;
        schedule(sync, interval_ms);
    } else {
        if (sync->reported != err->code) {
            char text[512];
            nq_log(NQ_LOG_WARNING,
                   "The inventory of the manager cannot be read manager=%s err=%s: %s",
                   setup->manager->name, nq_code_name(err->code),
                   nq_err_text(err, text, sizeof(text)));
        }
        nq_inventory_free(sync->reading);
        sync->reported = err->code;
        schedule(sync, least(sync->retry_ms, interval_ms));
        sync->retry_ms = least(2 * sync->retry_ms, setup->conf->retry_most_ms);
    }
    sync->reading = NULL;
    setup->ended(setup->arg, err);
}

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
    struct nq_sync *sync = arg;
    const struct nq_config *conf = sync->setup.conf;
    struct filling filling = {.inventory = sync->reading};
    return nq_json_vms(body, len, conf->tag_scope, conf->tag_value, add_vm, &filling,
                       ret_page, reterr) &&
           (!filling.overflow || too_many(reterr));
}

static bool read_vifs(void *arg, const char *body, size_t len, struct nq_page *ret_page,
                      struct nq_err *reterr)
{
    struct nq_sync *sync = arg;
    struct filling filling = {.inventory = sync->reading};
    return nq_json_vifs(body, len, add_address, &filling, ret_page, reterr) &&
           (!filling.overflow || too_many(reterr));
}

static void on_vifs(void *arg, const struct nq_err *err)
{
    end(arg, err);
}

static void on_vms(void *arg, const struct nq_err *err)
{
    struct nq_sync *sync = arg;
    if (err) {
        end(sync, err);
        return;
    }
    nq_listing_start(&sync->listing, sync->setup.asker, VIFS_PATH, true, read_vifs,
                     on_vifs, sync);
}

static void on_limit(void *arg)
{
    struct nq_sync *sync = arg;
    struct nq_err err;
    nq_listing_stop(&sync->listing);
    (void)nq_fail(&err, NQ_NSX_TIMEOUT, "the lists of VMs and VIFs were not read in %d s",
                  NQ_SYNC_LIMIT_MS / 1000);
    end(sync, &err);
}

static void begin(void *arg)
{
    struct nq_sync *sync = arg;
    if (sync->reading) {
        return;
    }
    nq_timer_clear(sync->setup.loop, &sync->timer);
    sync->started = true;
    sync->started_ms = nq_mono_ms(sync->setup.clock);
    sync->reading = nq_inventory_new();
    nq_timer_set(sync->setup.loop, &sync->limit, NQ_SYNC_LIMIT_MS, on_limit, sync);
    nq_listing_start(&sync->listing, sync->setup.asker, VMS_PATH, true, read_vms, on_vms,
                     sync);
}

void nq_sync_init(struct nq_sync *sync, const struct nq_sync_setup *setup)
{
    *sync = (struct nq_sync){.setup = *setup, .retry_ms = setup->conf->retry_first_ms};
    schedule(sync, 0);
}

void nq_sync_done(struct nq_sync *sync)
{
    nq_listing_stop(&sync->listing);
    nq_timer_clear(sync->setup.loop, &sync->timer);
    nq_timer_clear(sync->setup.loop, &sync->limit);
    sync->reading = nq_inventory_free(sync->reading);
    sync->inventory = nq_inventory_free(sync->inventory);
}

void nq_sync_want(struct nq_sync *sync)
{
    if (sync->reading) {
        return;
    }
    int64_t delay_ms = 0;
    if (sync->started) {
        const int64_t age_ms = nq_mono_ms(sync->setup.clock) - sync->started_ms;
        delay_ms = age_ms < NQ_SYNC_REST_MS ? NQ_SYNC_REST_MS - age_ms : 0;
    }
    schedule(sync, delay_ms);
}

void nq_sync_note_tag(struct nq_sync *sync, const char *external_id, bool has_our_tag)
{
    if (sync->inventory) {
        nq_inventory_set_tagged(sync->inventory, external_id, has_our_tag);
    }
    if (sync->reading) {
        nq_inventory_set_tagged(sync->reading, external_id, has_our_tag);
    }
}
