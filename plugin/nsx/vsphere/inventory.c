/* SPDX-License-Identifier: Apache-2.0 */
/* inventory.c: the lists that make the inventory of the vSphere backend.
 *
 * All VMs are GET /api/2.0/services/securitygroup/scope/globalroot-0/members/VirtualMachine:
 * what may become a member of a group is the whole inventory of the paired vCenter, with
 * MoRef, name and cluster, in one document. It has neither types, tags, UUIDs, host names
 * nor addresses. NSX's own appliances are those that it put on the exclude list itself, which
 * it tells from release 6.4.0 on. Tags come from the VMs of our tag, of each watched and of each
 * protected one, never of all tags; the rest comes from crawl.c. */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "nsx/idset.h"
#include "nsx/vsphere/firewall_xml.h"
#include "nsx/vsphere/impl.h"
#include "nsx/vsphere/manager_xml.h"
#include "nsx/vsphere/xml.h"

#define STATUS_PATH "/api/2.0/services/vcconfig/status"
#define SYSTEM_PATH "/api/2.1/app/excludelist?listSystemResources=true"
#define VMS_PATH                                                                         \
    "/api/2.0/services/securitygroup/scope/globalroot-0/members/VirtualMachine"

struct nq_vsphere_inventory {
    struct nq_vsphere *vsphere;
    struct nq_inventory *filling; /* borrowed from the sync, while it reads */
    struct nq_clusters clusters;  /* of the VMs read */
    struct nq_idset system;       /* NSX's own VMs */
    struct nq_tag_listing tags;
    struct nq_ask *ask;
    size_t row;        /* of the ids of tags */
    bool overflow;     /* the readers have no other way to report a full inventory */
    bool lacks_detail; /* releases before 6.3.0: the VMs of a tag without UUIDs */
    bool connected;
    bool lost; /* the loss of vCenter was logged */
};

static void ask(struct nq_vsphere_inventory *inv, const char *path, nq_ask_read_fn *read,
                nq_ask_done_fn *done)
{
    inv->ask = nq_ask_start(inv->vsphere->asker, &(struct nq_question){.path = path},
                            read, done, inv);
}

static void end(struct nq_vsphere_inventory *inv, const struct nq_err *err)
{
    if (!err) {
        nq_clusters_done(&inv->vsphere->clusters);
        inv->vsphere->clusters = inv->clusters;
        nq_clusters_init(&inv->clusters);
        inv->vsphere->lacks_vm_tags = false; /* it may have been a proxy that said so */
    }
    nq_sync_read(&inv->vsphere->sync, err);
}

static bool too_many(const struct nq_vsphere_inventory *inv, struct nq_err *reterr)
{
    return inv->overflow &&
           !nq_fail(reterr, NQ_NSX_ANSWER, "more than %d VMs, or %d addresses of one",
                    NQ_INVENTORY_VMS_MAX, NQ_INVENTORY_ADDRESSES_MAX);
}

/* ---- the VMs of each tag ----------------------------------------------------------- */

static void ask_row(struct nq_vsphere_inventory *inv);

/* A tag may still be attached to a VM that is gone; such a one is not to come back. */
static void add_tagged(void *arg, const struct nq_xml_vm *vm)
{
    struct nq_vsphere_inventory *inv = arg;
    struct nq_vm known;
    if (nq_inventory_get(inv->filling, vm->moref, &known)) {
        const struct nq_vm_facts facts = {.external_id = vm->moref,
                                          .display_name = "",
                                          .host_name = "",
                                          .type = known.type,
                                          .instance_uuid = vm->instance_uuid,
                                          .bios_uuid = vm->bios_uuid,
                                          .tags = inv->tags.ids.list[inv->row].tags};
        inv->overflow |= !nq_inventory_add(inv->filling, &facts);
    }
}

static bool read_tagged(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_vsphere_inventory *inv = arg;
    return nq_xml_vms(body, len, add_tagged, inv, reterr) && !too_many(inv, reterr);
}

static void on_tagged(void *arg, const struct nq_err *err)
{
    struct nq_vsphere_inventory *inv = arg;
    inv->ask = NULL;
    if (err && nq_vsphere_lacks_call(err) && !inv->lacks_detail) {
        inv->lacks_detail = true;
        ask_row(inv);
    } else if (err && err->code != NQ_NSX_NOT_FOUND) { /* else the tag is gone */
        end(inv, err);
    } else {
        inv->row++;
        ask_row(inv);
    }
}

static void ask_row(struct nq_vsphere_inventory *inv)
{
    const struct nq_tag_ids *ids = &inv->tags.ids; /* those in use may change meanwhile */
    if (inv->row == ids->count) {
        end(inv, NULL);
        return;
    }
    char *path =
        nq_sprintf("/api/2.0/services/securitytags/tag/%s/%s", ids->list[inv->row].id,
                   inv->lacks_detail ? "vm" : "vmDetail");
    ask(inv, path, read_tagged, on_tagged);
    free(path);
}

static void on_tag_list(void *arg, const struct nq_err *err)
{
    struct nq_vsphere_inventory *inv = arg;
    if (err) {
        end(inv, err);
        return;
    }
    inv->row = 0;
    ask_row(inv);
}

/* ---- all VMs ----------------------------------------------------------------------- */

static void add_vm(void *arg, const struct nq_xml_vm *vm)
{
    struct nq_vsphere_inventory *inv = arg;
    const struct nq_vm_facts facts = {.external_id = vm->moref,
                                      .display_name = vm->name,
                                      .host_name = "",
                                      .type = nq_idset_has(&inv->system, vm->moref)
                                                  ? "SYSTEM"
                                                  : nq_vsphere_vm_type(vm->name),
                                      .instance_uuid = vm->instance_uuid,
                                      .bios_uuid = vm->bios_uuid};
    inv->overflow |=
        !nq_inventory_add(inv->filling, &facts) ||
        !nq_vsphere_details_apply(inv->vsphere->details, inv->filling, vm->moref);
    nq_clusters_put(&inv->clusters, vm->moref, vm->cluster);
}

static bool read_vms(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_vsphere_inventory *inv = arg;
    return nq_xml_vms(body, len, add_vm, inv, reterr) && !too_many(inv, reterr);
}

static void on_vms(void *arg, const struct nq_err *err)
{
    struct nq_vsphere_inventory *inv = arg;
    inv->ask = NULL;
    if (err) {
        end(inv, err);
        return;
    }
    nq_tag_listing_start(&inv->tags, inv->vsphere, on_tag_list, inv);
}

/* ---- NSX's own VMs ----------------------------------------------------------------- */

static void add_system(void *arg, const char *moref)
{
    struct nq_vsphere_inventory *inv = arg;
    if (!nq_idset_full(&inv->system)) {
        nq_idset_add(&inv->system, moref);
    }
}

static bool read_system(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_vsphere_inventory *inv = arg;
    return nq_xml_system_vms(body, len, add_system, inv, reterr);
}

/* Older releases, and some roles, do not tell. What was not read is not known to be NSX's
 * own, as it was before; a manager in trouble is not asked on. */
static void on_system(void *arg, const struct nq_err *err)
{
    struct nq_vsphere_inventory *inv = arg;
    inv->ask = NULL;
    if (err && nq_err_fate(err) != NQ_FATE_STOP) {
        end(inv, err);
        return;
    }
    nq_idset_close(&inv->system);
    ask(inv, VMS_PATH, read_vms, on_vms);
}

/* ---- does NSX see its vCenter ------------------------------------------------------ */

static bool read_status(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_vsphere_inventory *inv = arg;
    return nq_xml_vcenter_connected(body, len, &inv->connected, reterr);
}

/* Without vCenter the list of VMs stays as it was: old, and still the best there is. Not
 * every role may ask this. */
static void on_status(void *arg, const struct nq_err *err)
{
    struct nq_vsphere_inventory *inv = arg;
    inv->ask = NULL;
    if (!err && inv->connected == inv->lost) {
        const char *name = inv->vsphere->conf->managers[inv->vsphere->manager].name;
        inv->lost = !inv->connected;
        if (inv->lost) {
            nq_log(NQ_LOG_WARNING,
                   "NSX Manager has lost its vCenter, its list of VMs is old manager=%s",
                   name);
        } else {
            nq_log(NQ_LOG_INFO, "NSX Manager has its vCenter back manager=%s", name);
        }
    }
    ask(inv, SYSTEM_PATH, read_system, on_system);
}

static void start(void *arg, struct nq_inventory *into)
{
    struct nq_vsphere_inventory *inv = arg;
    inv->filling = into;
    inv->overflow = false;
    inv->lacks_detail = false;
    nq_clusters_done(&inv->clusters); /* of a sync that was stopped */
    nq_clusters_init(&inv->clusters);
    nq_idset_done(&inv->system);
    ask(inv, STATUS_PATH, read_status, on_status);
}

static void stop(void *arg)
{
    struct nq_vsphere_inventory *inv = arg;
    inv->ask = nq_ask_cancel(inv->ask);
    nq_tag_listing_stop(&inv->tags);
}

/* ---- life -------------------------------------------------------------------------- */

struct nq_vsphere_inventory *nq_vsphere_inventory_new(struct nq_vsphere *vsphere)
{
    struct nq_vsphere_inventory *inv = nq_calloc(1, sizeof(*inv));
    inv->vsphere = vsphere;
    nq_clusters_init(&inv->clusters);
    return inv;
}

struct nq_vsphere_inventory *nq_vsphere_inventory_free(struct nq_vsphere_inventory *inv)
{
    if (inv) {
        nq_clusters_done(&inv->clusters);
        nq_idset_done(&inv->system);
        free(inv);
    }
    return NULL;
}

struct nq_sync_reader nq_vsphere_inventory_reader(struct nq_vsphere *vsphere)
{
    return (struct nq_sync_reader){
        .arg = vsphere->inventory, .start = start, .stop = stop};
}
