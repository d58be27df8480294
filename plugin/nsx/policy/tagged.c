/* SPDX-License-Identifier: Apache-2.0 */
/* tagged.c: read_tagged() of the policy backend, from the list of all VMs: the objects
 * themselves. NSX can be asked for what carries a tag, too, but a search, and the effective
 * resources of a tag, answer from an index that lags and may be rebuilt just now.
 *
 * It costs a request for each 1,000 VMs, 20 for 20,000, one after the other; who asks
 * meanwhile waits for the next list, which serves all of them. What the list shows renews
 * the inventory, and names that wait for a fresh look at it profit. A list that ends before
 * its announced length is a failure: a VM that is missing in it may carry the tag. */
#include <stdlib.h>

#include "base/mem.h"
#include "nsx/policy/impl.h"
#include "nsx/policy/json.h"
#include "nsx/tags.h"
#include "nsx/waits.h"

struct nq_tagged_reader {
    struct nq_policy *policy;
    struct nq_waits waits[2]; /* one for the list under way, one for the next */
    unsigned next;            /* of the two */
    struct nq_timer timer;    /* the start of the next list */
    bool under_way;
    int64_t begun_ms; /* mono */
    uint16_t round;
    struct nq_listing listing;
    struct nq_inventory *found; /* those with a tag, while the list is read */
    bool overflow;
};

struct tagged_call {
    struct nq_call call;
    struct nq_tagged_reader *reader;
    struct nq_wait wait;
};

/* ---- the list ---------------------------------------------------------------------- */

static void begin(void *arg);

static void start_soon(struct nq_tagged_reader *reader)
{
    nq_timer_set(reader->policy->loop, &reader->timer, 0, begin, reader);
}

static void on_listed(void *arg, const struct nq_err *err)
{
    struct nq_tagged_reader *reader = arg;
    struct nq_err short_list;
    reader->under_way = false;
    if (!err && !nq_pager_complete(&reader->listing.pager, &short_list)) {
        err = &short_list;
    }
    if (!err) {
        nq_sync_note_list(&reader->policy->sync, reader->begun_ms);
    }
    nq_waits_tell(&reader->waits[1 - reader->next], err);
    reader->found = nq_inventory_free(reader->found);
    if (reader->waits[reader->next].waiting) {
        start_soon(reader);
    }
}

static void see_vm(void *arg, const struct nq_vm_facts *vm)
{
    struct nq_tagged_reader *reader = arg;
    if (vm->tags & NQ_TAGS_QUARANTINE) {
        reader->overflow |= !nq_inventory_add(reader->found, vm);
    }
    nq_sync_note_vm(&reader->policy->sync, vm, reader->round);
}

static bool read_page(void *arg, const char *body, size_t len, struct nq_page *ret_page,
                      struct nq_err *reterr)
{
    struct nq_tagged_reader *reader = arg;
    return nq_json_vms(body, len, reader->policy->conf, see_vm, reader, ret_page,
                       reterr) &&
           (!reader->overflow ||
            nq_fail(reterr, NQ_NSX_ANSWER, "more than %d VMs with a tag",
                    NQ_INVENTORY_VMS_MAX));
}

static void begin(void *arg)
{
    struct nq_tagged_reader *reader = arg;
    struct nq_policy *policy = reader->policy;
    if (!reader->waits[reader->next].waiting) {
        return; /* they gave up */
    }
    reader->under_way = true;
    reader->next = 1 - reader->next;
    reader->begun_ms = nq_mono_ms(policy->clock);
    reader->round = ++policy->list_round;
    reader->found = nq_inventory_new();
    reader->overflow = false;
    nq_listing_start(&reader->listing, policy->asker, NQ_POLICY_VMS_PATH, true, read_page,
                     on_listed, reader);
}

/* ---- calls ------------------------------------------------------------------------- */

static void tagged_drop(struct nq_call *call)
{
    struct tagged_call *mine = (struct tagged_call *)call;
    nq_wait_leave(&mine->wait);
    free(mine);
}

/* The VM objects have no addresses; those of the last sync are the best we know. And what
 * another copy of the VM shows, which has no tag, is known to the inventory only. */
static void complete(const struct nq_policy *policy, struct nq_vm *vm)
{
    struct nq_vm known;
    vm->manager = policy->manager;
    vm->complete = policy->sync.inventory &&
                   nq_inventory_get(policy->sync.inventory, vm->external_id, &known);
    if (vm->complete) {
        vm->addresses = known.addresses;
        vm->host_name = vm->host_name[0] ? vm->host_name : known.host_name;
        vm->uuids = known.uuids;
        vm->tags |= known.tags & ~NQ_TAGS_QUARANTINE;
        if (!known.regular) {
            vm->regular = false;
            vm->type = known.type;
        }
    }
}

static void on_end(void *arg, const struct nq_err *err)
{
    struct tagged_call *mine = arg;
    const struct nq_tagged_reader *reader = mine->reader;
    if (err) {
        nq_call_fail(&mine->call, err);
        return;
    }
    const size_t count = nq_inventory_count(reader->found);
    struct nq_vm *vms = nq_calloc(count, sizeof(vms[0]));
    for (size_t i = 0; i < count; i++) {
        (void)nq_inventory_at(reader->found, i, &vms[i]);
        complete(reader->policy, &vms[i]);
    }
    nq_call_reply(&mine->call,
                  &(struct nq_reply){.vms = vms, .vm_count = count, .missing = ""});
    free(vms);
}

struct nq_call *nq_policy_read_tagged(struct nq_backend *backend, size_t manager,
                                      nq_reply_fn *done, void *arg)
{
    struct nq_policy *policy = (struct nq_policy *)backend;
    struct tagged_call *mine = nq_calloc(1, sizeof(*mine));
    (void)manager;
    mine->reader = policy->tagged;
    nq_call_open(&mine->call, &policy->calls, tagged_drop, done, arg);
    nq_waits_add(&policy->tagged->waits[policy->tagged->next], &mine->wait, on_end, mine);
    if (!policy->tagged->under_way) {
        start_soon(policy->tagged);
    }
    return &mine->call;
}

/* ---- life -------------------------------------------------------------------------- */

struct nq_tagged_reader *nq_tagged_reader_new(struct nq_policy *policy)
{
    struct nq_tagged_reader *reader = nq_calloc(1, sizeof(*reader));
    reader->policy = policy;
    return reader;
}

struct nq_tagged_reader *nq_tagged_reader_free(struct nq_tagged_reader *reader)
{
    if (reader) {
        nq_timer_clear(reader->policy->loop, &reader->timer);
        nq_listing_stop(&reader->listing);
        (void)nq_inventory_free(reader->found);
        free(reader);
    }
    return NULL;
}
