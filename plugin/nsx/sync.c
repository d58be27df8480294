/* SPDX-License-Identifier: Apache-2.0 */
/* sync.c: see sync.h. */
#include "nsx/sync.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "nsx/tags.h"

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
        nq_inventory_pack(sync->reading);
        nq_mem_give_back();
        sync->inventory = sync->reading;
        sync->full = false;
        sync->reported = NQ_OK;
        sync->synced_ms = nq_wall_ms(setup->clock);
        sync->listed_ms = sync->started_ms;
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
        sync->full = nq_inventory_full(sync->reading);
        nq_inventory_free(sync->reading);
        sync->reported = err->code;
        schedule(sync, least(sync->retry_ms, interval_ms));
        sync->retry_ms = least(2 * sync->retry_ms, setup->conf->retry_most_ms);
    }
    sync->reading = NULL;
    setup->ended(setup->arg, err);
}

void nq_sync_read(struct nq_sync *sync, const struct nq_err *err)
{
    end(sync, err);
}

static void on_limit(void *arg)
{
    struct nq_sync *sync = arg;
    struct nq_err err;
    sync->setup.reader.stop(sync->setup.reader.arg);
    (void)nq_fail(&err, NQ_NSX_TIMEOUT, "the list of VMs was not read in %d s",
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
    sync->setup.reader.start(sync->setup.reader.arg, sync->reading);
}

void nq_sync_init(struct nq_sync *sync, const struct nq_sync_setup *setup)
{
    *sync = (struct nq_sync){.setup = *setup, .retry_ms = setup->conf->retry_first_ms};
    schedule(sync, 0);
}

void nq_sync_done(struct nq_sync *sync)
{
    if (sync->reading) {
        sync->setup.reader.stop(sync->setup.reader.arg);
    }
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

/* What does not fit is left to the next sync, which reports it. */
void nq_sync_note_vm(struct nq_sync *sync, const struct nq_vm_facts *vm, uint16_t round)
{
    if (sync->inventory) {
        (void)!nq_inventory_renew(sync->inventory, vm, round);
    }
}

void nq_sync_note_list(struct nq_sync *sync, int64_t begun_ms)
{
    if (begun_ms > sync->listed_ms) {
        sync->listed_ms = begun_ms;
    }
}

void nq_sync_note_tags(struct nq_sync *sync, const char *external_id, unsigned tags)
{
    struct nq_inventory *const both[] = {sync->inventory, sync->reading};
    for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
        if (both[i]) {
            nq_inventory_set_tags(both[i], external_id, tags);
        }
    }
}

void nq_sync_note_our_tag(struct nq_sync *sync, const char *external_id, bool present)
{
    struct nq_inventory *const both[] = {sync->inventory, sync->reading};
    for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
        struct nq_vm vm;
        if (both[i] && nq_inventory_get(both[i], external_id, &vm)) {
            nq_inventory_set_tags(both[i], external_id,
                                  present ? vm.tags | NQ_TAGS_OURS
                                          : vm.tags & ~NQ_TAGS_OURS);
        }
    }
}

void nq_sync_status(const struct nq_sync *sync, struct nq_manager_status *ret_status)
{
    ret_status->vms = sync->inventory ? nq_inventory_count(sync->inventory) : 0;
    ret_status->synced_ms = sync->synced_ms;
    ret_status->inventory_full = sync->full;
    ret_status->shared_name = NULL;
    ret_status->shared_names =
        sync->inventory
            ? nq_inventory_shared_names(sync->inventory, &ret_status->shared_name)
            : 0;
}
