/* SPDX-License-Identifier: Apache-2.0 */
/* tagged.c: read_tagged() of the vSphere backend, from the VMs of each of our tags
 * (sweep.c): one request for each 1,024 tags of NSX and one for each that means something to
 * us, however many VMs there are.
 *
 * What becomes of a tag on a VM that is deleted is not documented. So a VM that the
 * inventory does not know is asked for, as in reading.c, before it counts: it may be new.
 * When they are more than UNKNOWN_MAX, and before the first sync, the next sync tells. */
#include <stdlib.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/idset.h"
#include "nsx/tags.h"
#include "nsx/vsphere/impl.h"
#include "nsx/vsphere/xml.h"

#define UNKNOWN_MAX 16

struct tagged_vm {
    unsigned tags;
    char *name; /* of one that the inventory does not know; NULL: it is, or is gone */
};

struct tagged_call {
    struct nq_call call;
    struct nq_vsphere *vsphere;
    struct nq_wait sweep;
    struct nq_idset ids;   /* MoRefs */
    struct tagged_vm *vms; /* of the ids */
    size_t at;             /* the VM being asked for */
    struct nq_ask *ask;
    int64_t swept_ms; /* mono: all tags were read then */
    struct nq_wait sync;
};

static void tagged_drop(struct nq_call *call)
{
    struct tagged_call *mine = (struct tagged_call *)call;
    nq_wait_leave(&mine->sweep);
    nq_wait_leave(&mine->sync);
    (void)nq_ask_cancel(mine->ask);
    for (size_t i = 0; mine->vms && i < mine->ids.count; i++) {
        free(mine->vms[i].name);
    }
    free(mine->vms);
    nq_idset_done(&mine->ids);
    free(mine);
}

/* ---- the answer -------------------------------------------------------------------- */

static bool is_known(const struct tagged_call *mine, size_t i, struct nq_vm *ret_vm)
{
    const struct nq_inventory *inventory = mine->vsphere->sync.inventory;
    return inventory && nq_inventory_get(inventory, mine->ids.ids[i], ret_vm);
}

static void answer(struct tagged_call *mine)
{
    struct nq_vm *vms = nq_calloc(mine->ids.count, sizeof(vms[0]));
    size_t count = 0;
    for (size_t i = 0; i < mine->ids.count; i++) {
        struct nq_vm *vm = &vms[count];
        const char *name = mine->vms[i].name;
        if (!is_known(mine, i, vm)) {
            if (!name) {
                continue;
            }
            const char *type = nq_vsphere_vm_type(name);
            *vm = (struct nq_vm){.external_id = mine->ids.ids[i],
                                 .display_name = name,
                                 .host_name = "",
                                 .addresses = "",
                                 .uuids = "",
                                 .type = type,
                                 .regular = nq_vm_type_regular(type)};
        }
        vm->manager = mine->vsphere->manager;
        vm->tags = mine->vms[i].tags;
        count++;
    }
    nq_call_reply(&mine->call,
                  &(struct nq_reply){.vms = vms, .vm_count = count, .missing = ""});
    free(vms);
}

/* ---- VMs that the inventory does not know ------------------------------------------ */

static void go_on(struct tagged_call *mine);

static void keep_name(void *arg, const struct nq_xml_vm *vm)
{
    struct tagged_call *mine = arg;
    free(mine->vms[mine->at].name);
    mine->vms[mine->at].name = nq_strdup(vm->name);
}

static bool read_object(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    return nq_xml_object(body, len, keep_name, arg, reterr);
}

static void on_object(void *arg, const struct nq_err *err)
{
    struct tagged_call *mine = arg;
    mine->ask = NULL;
    if (err && err->code != NQ_NSX_NOT_FOUND) {
        nq_call_fail(&mine->call, err);
        return;
    }
    mine->at++;
    go_on(mine);
}

static void ask_object(struct tagged_call *mine)
{
    char *id = nq_http_escape(mine->ids.ids[mine->at]);
    char *path = nq_sprintf("/api/2.0/services/inventory/%s/basicinfo", id);
    mine->ask = nq_ask_start(mine->vsphere->asker, &(struct nq_question){.path = path},
                             read_object, on_object, mine);
    free(path);
    free(id);
}

static void go_on(struct tagged_call *mine)
{
    struct nq_vm known;
    while (mine->at < mine->ids.count && is_known(mine, mine->at, &known)) {
        mine->at++;
    }
    if (mine->at < mine->ids.count) {
        ask_object(mine);
    } else {
        answer(mine);
    }
}

static void want_sync(struct tagged_call *mine);

/* One that was under way may have read its list before the VMs were there. */
static void on_synced(void *arg, const struct nq_err *err)
{
    struct tagged_call *mine = arg;
    if (err) {
        nq_call_fail(&mine->call, err);
    } else if (mine->vsphere->sync.listed_ms < mine->swept_ms) {
        want_sync(mine);
    } else {
        answer(mine);
    }
}

static void want_sync(struct tagged_call *mine)
{
    nq_waits_add(&mine->vsphere->synced, &mine->sync, on_synced, mine);
    nq_sync_want(&mine->vsphere->sync);
}

/* ---- the tags ---------------------------------------------------------------------- */

static void on_swept(void *arg, const struct nq_err *err)
{
    struct tagged_call *mine = arg;
    const struct nq_vsphere_sweep *sweep = mine->vsphere->sweep;
    struct nq_vm known;
    if (err) {
        nq_call_fail(&mine->call, err);
        return;
    }
    size_t unknown = 0;
    nq_vsphere_sweep_add_to(sweep, NQ_TAGS_QUARANTINE, &mine->ids);
    nq_idset_close(&mine->ids);
    mine->vms = nq_calloc(mine->ids.count, sizeof(mine->vms[0]));
    for (size_t i = 0; i < mine->ids.count; i++) {
        mine->vms[i].tags = nq_vsphere_sweep_tags(sweep, mine->ids.ids[i]);
        nq_sync_note_tags(&mine->vsphere->sync, mine->ids.ids[i], mine->vms[i].tags);
        unknown += !is_known(mine, i, &known);
    }
    mine->swept_ms = nq_mono_ms(mine->vsphere->clock);
    if (unknown > 0 && (unknown > UNKNOWN_MAX || !mine->vsphere->sync.inventory)) {
        want_sync(mine);
    } else {
        go_on(mine);
    }
}

struct nq_call *nq_vsphere_read_tagged(struct nq_backend *backend, size_t manager,
                                       nq_reply_fn *done, void *arg)
{
    struct nq_vsphere *vsphere = (struct nq_vsphere *)backend;
    struct tagged_call *mine = nq_calloc(1, sizeof(*mine));
    (void)manager;
    mine->vsphere = vsphere;
    nq_call_open(&mine->call, &vsphere->calls, tagged_drop, done, arg);
    nq_vsphere_sweep_join(vsphere->sweep, &mine->sweep, on_swept, mine);
    return &mine->call;
}
