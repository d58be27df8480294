/* SPDX-License-Identifier: Apache-2.0 */
/* sweep.c: the VMs of our few tags, read once for all who want to know the tags of
 * a VM at that moment: see impl.h. A sweep is one request for the list of tags and
 * one for each tag of ours, however many VMs are asked about; it is for a storm, and for
 * releases that have no list of the tags of a VM. */
#include <stdlib.h>

#include "base/mem.h"
#include "nsx/idset.h"
#include "nsx/vsphere/impl.h"
#include "nsx/vsphere/xml.h"

struct nq_vsphere_sweep {
    struct nq_vsphere *vsphere;
    struct nq_waits waits[2]; /* one for the sweep under way, one for the next */
    unsigned next;            /* of the two */
    struct nq_timer timer;    /* the start of the next sweep */
    bool under_way;
    struct nq_tag_listing listing;
    struct nq_ask *ask;
    size_t row;
    struct nq_idset vms[NQ_TAG_IDS_MAX]; /* MoRefs, valid while those who wait are told */
};

static void ask_row(struct nq_vsphere_sweep *sweep);

static void clear(struct nq_vsphere_sweep *sweep)
{
    for (size_t i = 0; i < NQ_TAG_IDS_MAX; i++) {
        nq_idset_done(&sweep->vms[i]);
        sweep->vms[i] = (struct nq_idset){0};
    }
}

static void begin(void *arg);

static void start_soon(struct nq_vsphere_sweep *sweep)
{
    nq_timer_set(sweep->vsphere->loop, &sweep->timer, 0, begin, sweep);
}

static void end(struct nq_vsphere_sweep *sweep, const struct nq_err *err)
{
    sweep->under_way = false;
    for (size_t i = 0; i < NQ_TAG_IDS_MAX; i++) {
        nq_idset_close(&sweep->vms[i]);
    }
    nq_waits_tell(&sweep->waits[1 - sweep->next], err);
    clear(sweep);
    if (sweep->waits[sweep->next].waiting) {
        start_soon(sweep);
    }
}

static void see_vm(void *arg, const struct nq_xml_vm *vm)
{
    struct nq_vsphere_sweep *sweep = arg;
    if (!nq_idset_full(&sweep->vms[sweep->row])) {
        nq_idset_add(&sweep->vms[sweep->row], vm->moref);
    }
}

static bool read_vms(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_vsphere_sweep *sweep = arg;
    return nq_xml_vms(body, len, see_vm, sweep, reterr) &&
           (!nq_idset_full(&sweep->vms[sweep->row]) ||
            nq_fail(reterr, NQ_NSX_ANSWER, "more than %d VMs of one tag",
                    NQ_INVENTORY_VMS_MAX));
}

static void on_row(void *arg, const struct nq_err *err)
{
    struct nq_vsphere_sweep *sweep = arg;
    sweep->ask = NULL;
    if (err && err->code != NQ_NSX_NOT_FOUND) { /* else the tag is gone: nobody has it */
        end(sweep, err);
        return;
    }
    sweep->row++;
    ask_row(sweep);
}

static void ask_row(struct nq_vsphere_sweep *sweep)
{
    const struct nq_tag_ids *ids = &sweep->listing.ids;
    if (sweep->row == ids->count) {
        end(sweep, NULL);
        return;
    }
    char *path =
        nq_sprintf("/api/2.0/services/securitytags/tag/%s/vm", ids->list[sweep->row].id);
    sweep->ask = nq_ask_start(sweep->vsphere->asker, &(struct nq_question){.path = path},
                              read_vms, on_row, sweep);
    free(path);
}

static void on_listed(void *arg, const struct nq_err *err)
{
    struct nq_vsphere_sweep *sweep = arg;
    if (err) {
        end(sweep, err);
        return;
    }
    sweep->row = 0;
    ask_row(sweep);
}

static void begin(void *arg)
{
    struct nq_vsphere_sweep *sweep = arg;
    sweep->under_way = true;
    sweep->next = 1 - sweep->next;
    nq_tag_listing_start(&sweep->listing, sweep->vsphere, on_listed, sweep);
}

void nq_vsphere_sweep_join(struct nq_vsphere_sweep *sweep, struct nq_wait *wait,
                           nq_wait_fn *done, void *arg)
{
    /* Not for the one under way: what it has read is older than the question. */
    nq_waits_add(&sweep->waits[sweep->next], wait, done, arg);
    if (!sweep->under_way) {
        start_soon(sweep);
    }
}

unsigned nq_vsphere_sweep_tags(const struct nq_vsphere_sweep *sweep, const char *moref)
{
    unsigned tags = 0;
    for (size_t i = 0; i < sweep->listing.ids.count; i++) {
        tags |= nq_idset_has(&sweep->vms[i], moref) ? sweep->listing.ids.list[i].tags : 0;
    }
    return tags;
}

void nq_vsphere_sweep_add_to(const struct nq_vsphere_sweep *sweep, unsigned tags,
                             struct nq_idset *set)
{
    for (size_t i = 0; i < sweep->listing.ids.count; i++) {
        const struct nq_idset *vms = &sweep->vms[i];
        const bool wanted = (sweep->listing.ids.list[i].tags & tags) != 0;
        for (size_t k = 0; wanted && k < vms->count; k++) {
            nq_idset_add(set, vms->ids[k]);
        }
    }
}

struct nq_vsphere_sweep *nq_vsphere_sweep_new(struct nq_vsphere *vsphere)
{
    struct nq_vsphere_sweep *sweep = nq_calloc(1, sizeof(*sweep));
    sweep->vsphere = vsphere;
    return sweep;
}

struct nq_vsphere_sweep *nq_vsphere_sweep_free(struct nq_vsphere_sweep *sweep)
{
    if (sweep) {
        nq_timer_clear(sweep->vsphere->loop, &sweep->timer);
        nq_tag_listing_stop(&sweep->listing);
        sweep->ask = nq_ask_cancel(sweep->ask);
        clear(sweep);
        free(sweep);
    }
    return NULL;
}
