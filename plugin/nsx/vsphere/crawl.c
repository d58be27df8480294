/* SPDX-License-Identifier: Apache-2.0 */
/* crawl.c: what the list of VMs does not tell: see impl.h.
 *
 * There is no list for this, in NSX or in vCenter, so one VM is asked for after the other:
 * vCenter, when one is configured, about UUIDs, host name and address; else NSX about
 * addresses alone (GET /api/2.0/services/translation/virtualmachine/{vm}/ipaddresses, 6.4.0
 * and later). Both know addresses and host names from VMware Tools in the guest only.
 *
 * It goes on beside the syncs, which it must not delay, and is bounded in what is under way,
 * in what one sync starts, and by the limit of requests of the server that is asked. */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "nsx/vsphere/details.h"
#include "nsx/http.h"
#include "nsx/vsphere/vcenter.h"
#include "nsx/vsphere/impl.h"
#include "nsx/vsphere/xml.h"

#define CRAWL_MAX     5000    /* VMs that one sync may start */
#define FRESH_MS      3600000 /* what was read is good for so long */
#define SLOTS_VCENTER 2       /* under way at a time */
#define SLOTS_NSX     1
#define PACE_MS       200 /* a slot rests so long between two questions */

/* One question under way: of the crawl, or of somebody who waits for it. */
struct nq_details_renewal {
    struct nq_vsphere_details *details;
    bool busy;
    struct nq_timer timer; /* while it rests */
    char *moref;           /* the VM may be forgotten meanwhile */
    struct nq_vcenter_reading vcenter;
    struct nq_ask *ask; /* to NSX */
    char *addresses[NQ_INVENTORY_ADDRESSES_MAX];
    size_t address_count;
    nq_ask_done_fn *done; /* NULL: of the crawl */
    void *arg;
};

struct nq_vsphere_details {
    struct nq_vsphere *vsphere;
    struct nq_vcenter *vcenter; /* NULL: none is configured */
    char *vcenter_name;
    struct nq_details known; /* by MoRef */
    char **queue;            /* MoRefs to be asked about */
    size_t queued;
    size_t next; /* of the queue */
    struct nq_details_renewal slots[SLOTS_VCENTER];
    bool has_call;         /* of NSX, since 6.4.0 */
    bool lacks_call;       /* an older one: it was refused and never seen */
    enum nq_code reported; /* of the last failure that was logged */
};

static void go_on(struct nq_vsphere_details *details);

/* ---- what is known ----------------------------------------------------------------- */

bool nq_vsphere_details_apply(struct nq_vsphere_details *details,
                              struct nq_inventory *inventory, const char *moref)
{
    nq_details_see(&details->known, moref);
    return nq_details_add_to(&details->known, moref, inventory);
}

bool nq_vsphere_details_lack(const struct nq_vsphere_details *details, const char *moref)
{
    return !details->lacks_call && !nq_details_knows(&details->known, moref);
}

bool nq_vsphere_details_has_address(struct nq_vsphere_details *details, const char *moref,
                                    const char *address)
{
    return nq_details_has_address(&details->known, moref, address);
}

void nq_vsphere_details_each_server(const struct nq_vsphere_details *details,
                                    nq_server_fn *fn, void *arg)
{
    if (details->vcenter) {
        nq_vcenter_each_server(details->vcenter, fn, arg);
    }
}

/* ---- what was read ----------------------------------------------------------------- */

static void report(struct nq_vsphere_details *details, const struct nq_err *err)
{
    if (err->code != details->reported) {
        char text[512];
        nq_log(NQ_LOG_WARNING,
               "Host names and addresses of VMs cannot be read now manager=%s from=%s "
               "err=%s: %s",
               details->vsphere->conf->managers[details->vsphere->manager].name,
               details->vcenter ? "vcenter" : "nsx", nq_code_name(err->code),
               nq_err_text(err, text, sizeof(text)));
        details->reported = err->code;
    }
}

static void empty_queue(struct nq_vsphere_details *details)
{
    while (details->next < details->queued) {
        free(details->queue[details->next++]);
    }
    free(details->queue);
    details->queue = NULL;
    details->queued = 0;
    details->next = 0;
}

static void keep(struct nq_details_renewal *slot)
{
    struct nq_vsphere_details *details = slot->details;
    struct nq_vsphere *vsphere = details->vsphere;
    const struct nq_detail_facts facts = {
        .instance_uuid = slot->vcenter.facts.instance_uuid,
        .bios_uuid = slot->vcenter.facts.bios_uuid,
        .host_name = slot->vcenter.facts.host_name,
        .addresses = (const char *const *)slot->addresses,
        .address_count = slot->address_count,
    };
    nq_details_keep(&details->known, slot->moref, &facts, nq_mono_ms(vsphere->clock));
    /* An inventory that is full says so at the next sync. */
    (void)nq_details_add_to(&details->known, slot->moref, vsphere->sync.inventory);
    (void)nq_details_add_to(&details->known, slot->moref, vsphere->sync.reading);
}

static void clear_slot(struct nq_details_renewal *slot)
{
    nq_vcenter_reading_stop(&slot->vcenter);
    slot->ask = nq_ask_cancel(slot->ask);
    while (slot->address_count > 0) {
        free(slot->addresses[--slot->address_count]);
    }
    free(slot->moref);
    slot->moref = NULL;
}

static void on_rested(void *arg)
{
    struct nq_details_renewal *slot = arg;
    slot->busy = false;
    go_on(slot->details);
}

static void on_read(struct nq_details_renewal *slot, const struct nq_err *err)
{
    struct nq_vsphere_details *details = slot->details;
    if (slot->done) {
        if (!err) {
            keep(slot);
        }
        slot->done(slot->arg, err);
        return;
    }
    if (err) {
        report(details, err);
        empty_queue(details); /* until the next sync */
    } else {
        keep(slot);
        details->reported = NQ_OK;
    }
    clear_slot(slot);
    nq_timer_set(details->vsphere->loop, &slot->timer, PACE_MS, on_rested, slot);
}

static void on_vcenter(void *arg, const struct nq_err *err)
{
    struct nq_details_renewal *slot = arg;
    const char *address = slot->vcenter.facts.address;
    if (!err && *address) {
        slot->addresses[slot->address_count++] = nq_strdup(address);
    }
    on_read(slot, err);
}

static void keep_address(void *arg, const char *address)
{
    struct nq_details_renewal *slot = arg;
    if (slot->address_count < NQ_INVENTORY_ADDRESSES_MAX) {
        slot->addresses[slot->address_count++] = nq_strdup(address);
    }
}

static bool read_addresses(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    return nq_xml_addresses(body, len, keep_address, arg, reterr);
}

static void on_nsx(void *arg, const struct nq_err *err)
{
    struct nq_details_renewal *slot = arg;
    struct nq_vsphere_details *details = slot->details;
    slot->ask = NULL;
    details->has_call |= err == NULL;
    const bool lacks = err && nq_vsphere_lacks_call(err);
    details->lacks_call |= lacks && !details->has_call;
    if (lacks && slot->done) {
        on_read(slot, err);
    } else if (lacks && !details->has_call) {
        empty_queue(details);
        clear_slot(slot);
        slot->busy = false;
    } else {
        on_read(slot, err && err->code != NQ_NSX_NOT_FOUND ? err : NULL);
    }
}

/* ---- asking ------------------------------------------------------------------------ */

static void start(struct nq_details_renewal *slot, char *moref)
{
    struct nq_vsphere_details *details = slot->details;
    slot->busy = true;
    slot->moref = moref;
    if (details->vcenter) {
        nq_vcenter_reading_start(&slot->vcenter, details->vcenter, moref, on_vcenter,
                                 slot);
        return;
    }
    char *id = nq_http_escape(moref);
    char *path =
        nq_sprintf("/api/2.0/services/translation/virtualmachine/%s/ipaddresses", id);
    slot->vcenter.facts = (struct nq_vcenter_facts){0};
    slot->ask = nq_ask_start(details->vsphere->asker, &(struct nq_question){.path = path},
                             read_addresses, on_nsx, slot);
    free(path);
    free(id);
}

/* Somebody who could not wait may have asked meanwhile. */
static bool has_next(struct nq_vsphere_details *details)
{
    const int64_t older_ms = nq_mono_ms(details->vsphere->clock) - FRESH_MS;
    while (details->next < details->queued &&
           !nq_details_is_due(&details->known, details->queue[details->next], older_ms)) {
        free(details->queue[details->next++]);
    }
    return details->next < details->queued;
}

static void go_on(struct nq_vsphere_details *details)
{
    const size_t slots = details->vcenter ? SLOTS_VCENTER : SLOTS_NSX;
    for (size_t i = 0; i < slots && has_next(details); i++) {
        if (!details->slots[i].busy) {
            start(&details->slots[i], details->queue[details->next++]);
        }
    }
}

void nq_vsphere_details_sync_ended(struct nq_vsphere_details *details)
{
    const int64_t older_ms = nq_mono_ms(details->vsphere->clock) - FRESH_MS;
    nq_details_end_list(&details->known);
    empty_queue(details);
    if (!details->lacks_call) {
        details->queue = nq_calloc(CRAWL_MAX, sizeof(details->queue[0]));
        details->queued =
            nq_details_due(&details->known, older_ms, CRAWL_MAX, details->queue);
        go_on(details);
    }
}

/* ---- asking about one VM now ------------------------------------------------------- */

struct nq_details_renewal *nq_vsphere_details_renew(struct nq_vsphere_details *details,
                                                    const char *moref,
                                                    nq_ask_done_fn *done, void *arg)
{
    struct nq_details_renewal *renewal = nq_calloc(1, sizeof(*renewal));
    renewal->details = details;
    renewal->done = done;
    renewal->arg = arg;
    start(renewal, nq_strdup(moref));
    return renewal;
}

struct nq_details_renewal *nq_details_renewal_free(struct nq_details_renewal *renewal)
{
    if (renewal) {
        clear_slot(renewal);
        free(renewal);
    }
    return NULL;
}

/* ---- life -------------------------------------------------------------------------- */

struct nq_vsphere_details *nq_vsphere_details_new(struct nq_vsphere *vsphere,
                                                  struct nq_err *reterr)
{
    const struct nq_manager_conf *manager = &vsphere->conf->managers[vsphere->manager];
    struct nq_vsphere_details *details = nq_calloc(1, sizeof(*details));
    details->vsphere = vsphere;
    for (size_t i = 0; i < SLOTS_VCENTER; i++) {
        details->slots[i].details = details;
    }
    if (manager->vcenter.url_count > 0) {
        details->vcenter_name = nq_sprintf("vCenter of %s", manager->name);
        details->vcenter = nq_vcenter_open(&manager->vcenter, details->vcenter_name,
                                           vsphere->loop, vsphere->clock, reterr);
        if (!details->vcenter) {
            return nq_vsphere_details_free(details);
        }
    }
    return details;
}

struct nq_vsphere_details *nq_vsphere_details_free(struct nq_vsphere_details *details)
{
    if (!details) {
        return NULL;
    }
    for (size_t i = 0; i < SLOTS_VCENTER; i++) {
        nq_timer_clear(details->vsphere->loop, &details->slots[i].timer);
        clear_slot(&details->slots[i]);
    }
    nq_details_done(&details->known);
    empty_queue(details);
    details->vcenter = nq_vcenter_close(details->vcenter);
    free(details->vcenter_name);
    free(details);
    return NULL;
}
