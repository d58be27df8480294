/* SPDX-License-Identifier: Apache-2.0 */
/* sync.h: keeps an inventory of all VMs of a manager: read in full, by time and on demand.
 *
 * Owns    the inventory in use and the one being read; the new one replaces the old one
 *         only when it is complete.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   through the ended callback; then the old inventory stays in use.
 * Limits  one sync at a time, one start in NQ_SYNC_REST_MS, NQ_SYNC_LIMIT_MS for one, and
 *         those of inventory.h.
 */
#ifndef NQ_NSX_SYNC_H
#define NQ_NSX_SYNC_H

#include "base/clock.h"
#include "config/config.h"
#include "loop/loop.h"
#include "nsx/inventory.h"

#define NQ_SYNC_REST_MS  1000
#define NQ_SYNC_LIMIT_MS 600000

/* How the lists of one generation of NSX are read. */
struct nq_sync_reader {
    void *arg;
    /* Reads everything into the inventory, then calls nq_sync_read() once, never before
     * it returns. */
    void (*start)(void *arg, struct nq_inventory *into);
    /* After this nq_sync_read() is not called. */
    void (*stop)(void *arg);
};

struct nq_sync_setup {
    const struct nq_config *conf; /* outlives the sync */
    const struct nq_manager_conf *manager;
    struct nq_sync_reader reader;
    struct nq_loop *loop;
    const struct nq_clock *clock;
    void (*ended)(
        void *arg,
        const struct nq_err *err); /* after each sync; err NULL: the inventory is new */
    void *arg;
};

/* Embedded; fields are for sync.c, but for inventory. */
struct nq_sync {
    struct nq_sync_setup setup;
    struct nq_inventory *inventory; /* NULL before the first success */
    struct nq_inventory *reading;   /* NULL: no sync under way */
    struct nq_timer timer;          /* the next start */
    struct nq_timer limit;          /* the end of the one under way */
    int64_t synced_ms;              /* wall, of the last success; 0: none yet */
    int64_t started_ms;             /* mono, of the last sync; valid when started */
    int64_t listed_ms; /* mono, start of the last complete list of VMs; with inventory */
    bool started;
    int64_t retry_ms;      /* the next wait after a failure */
    bool full;             /* the last one met a limit */
    enum nq_code reported; /* of the last failure that was logged */
};

/* Starts the first sync soon, never before this returns. */
void nq_sync_init(struct nq_sync *sync, const struct nq_sync_setup *setup);
void nq_sync_done(struct nq_sync *sync);

/* Fills what comes from the inventory: vms to shared_name. */
void nq_sync_status(const struct nq_sync *sync, struct nq_manager_status *ret_status);

/* The end of what reader.start() began. */
void nq_sync_read(struct nq_sync *sync, const struct nq_err *err);

/* Makes a sync end as soon as may be: the one under way, or a new one. */
void nq_sync_want(struct nq_sync *sync);

/* Keeps what a later list shows of a VM; the round as in inventory.h. */
void nq_sync_note_vm(struct nq_sync *sync, const struct nq_vm_facts *vm, uint16_t round);

/* Such a list, begun at this time (mono), was complete. */
void nq_sync_note_list(struct nq_sync *sync, int64_t begun_ms);

/* Keeps what a later read or write of one VM has shown: all its tags, or our own alone. */
void nq_sync_note_tags(struct nq_sync *sync, const char *external_id, unsigned tags);
void nq_sync_note_our_tag(struct nq_sync *sync, const char *external_id, bool present);

#endif
