/* SPDX-License-Identifier: Apache-2.0 */
/* vsphere.c: the vSphere backend as a whole, and what its files share. The calls that do
 * more than pass on have files of their own. */
#include "nsx/vsphere/vsphere.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/vsphere/impl.h"
#include "nsx/vsphere/judge.h"

static struct nq_vsphere *vsphere_of(struct nq_backend *backend)
{
    return (struct nq_vsphere *)backend;
}

/* ---- what its files share ---------------------------------------------------------- */

bool nq_vsphere_lacks_call(const struct nq_err *err)
{
    return (err->http == 404 || err->http == 405) && err->fault == 0;
}

const char *nq_vsphere_vm_type(const char *name)
{
    static const char *const internal[] = {"cp-template-", "cp-parent-", "cp-replica-"};
    for (size_t i = 0; i < sizeof(internal) / sizeof(internal[0]); i++) {
        if (strncmp(name, internal[i], strlen(internal[i])) == 0) {
            return "INTERNAL";
        }
    }
    return "";
}

/* ---- calls ------------------------------------------------------------------------- */

static void on_sync_end(void *arg, const struct nq_err *err)
{
    struct nq_vsphere *vsphere = arg;
    if (!err) {
        nq_vsphere_details_sync_ended(vsphere->details);
        nq_vsphere_paired_renew(vsphere->paired);
    }
    nq_find_sync_ended(&vsphere->finder, err);
    nq_waits_tell(&vsphere->synced, err);
}

struct read_call {
    struct nq_call call;
    struct nq_vm_tags_reading reading;
    struct nq_details_renewal *renewal; /* NULL: nobody is asked for more */
};

static void read_drop(struct nq_call *call)
{
    struct read_call *read = (struct read_call *)call;
    nq_vm_tags_reading_done(&read->reading);
    read->renewal = nq_details_renewal_free(read->renewal);
    free(read);
}

static void reply_read(struct read_call *read)
{
    struct nq_vm vm;
    nq_call_reply_vm(&read->call,
                     nq_vm_tags_reading_get(&read->reading, &vm) ? &vm : NULL);
}

/* A failure counts for nothing: the cut of a VM must not wait for a server in trouble. */
static void on_renewed(void *arg, const struct nq_err *err)
{
    struct read_call *read = arg;
    (void)err;
    read->renewal = nq_details_renewal_free(read->renewal);
    reply_read(read);
}

static void on_read(void *arg, const struct nq_err *err)
{
    struct read_call *read = arg;
    struct nq_vsphere_details *details = read->reading.vsphere->details;
    if (err) {
        nq_call_fail(&read->call, err);
    } else if (read->reading.found &&
               nq_vsphere_details_lack(details, read->reading.external_id)) {
        read->renewal = nq_vsphere_details_renew(details, read->reading.external_id,
                                                 on_renewed, read);
    } else {
        reply_read(read);
    }
}

static struct nq_call *read_vm(struct nq_backend *backend, const struct nq_vm_id *vm,
                               nq_reply_fn *done, void *arg)
{
    struct read_call *read = nq_calloc(1, sizeof(*read));
    nq_call_open(&read->call, &vsphere_of(backend)->calls, read_drop, done, arg);
    nq_vm_tags_reading_start(&read->reading, vsphere_of(backend), vm->external_id,
                             on_read, read);
    return &read->call;
}

static struct nq_call *read_protector(struct nq_backend *backend,
                                      const struct nq_vm_id *vm, nq_reply_fn *done,
                                      void *arg)
{
    return nq_protector_start(&vsphere_of(backend)->protector, vm->external_id, done,
                              arg);
}

static void each_server(const struct nq_backend *backend, size_t manager,
                        nq_server_fn *fn, void *arg)
{
    const struct nq_vsphere *vsphere = (const struct nq_vsphere *)backend;
    (void)manager;
    nq_asker_each_server(vsphere->asker, fn, arg);
    nq_vsphere_details_each_server(vsphere->details, fn, arg);
    nq_vsphere_paired_each(vsphere->paired, fn, arg);
}

static void status(const struct nq_backend *backend, size_t manager,
                   struct nq_manager_status *ret_status)
{
    const struct nq_vsphere *vsphere = (const struct nq_vsphere *)backend;
    (void)manager;
    nq_asker_status(vsphere->asker, ret_status);
    nq_sync_status(&vsphere->sync, ret_status);
}

/* ---- life -------------------------------------------------------------------------- */

static void close_vsphere(struct nq_backend *backend)
{
    struct nq_vsphere *vsphere = vsphere_of(backend);
    nq_calls_cancel_all(&vsphere->calls);
    nq_vsphere_changes_done(vsphere);
    nq_protector_done(&vsphere->protector);
    vsphere->firewall = nq_vsphere_firewall_free(vsphere->firewall);
    vsphere->sweep = nq_vsphere_sweep_free(vsphere->sweep);
    nq_sync_done(&vsphere->sync);
    vsphere->inventory = nq_vsphere_inventory_free(vsphere->inventory);
    vsphere->paired = nq_vsphere_paired_free(vsphere->paired);
    vsphere->details = nq_vsphere_details_free(vsphere->details);
    nq_clusters_done(&vsphere->clusters);
    vsphere->asker = nq_asker_close(vsphere->asker);
    free(vsphere);
}

static const struct nq_backend_ops ops = {
    .find_vms = nq_vsphere_find_vms,
    .read_vm = read_vm,
    .change_tag = nq_vsphere_change_tag,
    .prove = nq_vsphere_prove,
    .read_groups = nq_vsphere_read_groups,
    .read_tagged = nq_vsphere_read_tagged,
    .read_protector = read_protector,
    .each_server = each_server,
    .cancel = nq_call_cancel_op,
    .status = status,
    .close = close_vsphere,
};

struct nq_backend *nq_vsphere_open(const struct nq_config *conf, size_t manager,
                                   struct nq_loop *loop, const struct nq_clock *clock,
                                   struct nq_err *reterr)
{
    const struct nq_manager_conf *manager_conf = &conf->managers[manager];
    struct nq_asker *asker = nq_asker_open(&manager_conf->access, manager_conf->name,
                                           &nq_vsphere_dialect, loop, clock, reterr);
    if (!asker) {
        return NULL;
    }
    struct nq_vsphere *vsphere = nq_calloc(1, sizeof(*vsphere));
    vsphere->base.ops = &ops;
    vsphere->conf = conf;
    vsphere->manager = manager;
    vsphere->loop = loop;
    vsphere->clock = clock;
    vsphere->asker = asker;
    vsphere->details = nq_vsphere_details_new(vsphere, reterr);
    if (!vsphere->details) {
        vsphere->asker = nq_asker_close(asker);
        free(vsphere);
        return NULL;
    }
    nq_clusters_init(&vsphere->clusters);
    vsphere->finder = (struct nq_finder){.calls = &vsphere->calls,
                                         .sync = &vsphere->sync,
                                         .loop = loop,
                                         .manager = manager,
                                         .clock = clock};
    vsphere->inventory = nq_vsphere_inventory_new(vsphere);
    vsphere->paired = nq_vsphere_paired_new(vsphere);
    vsphere->sweep = nq_vsphere_sweep_new(vsphere);
    vsphere->firewall = nq_vsphere_firewall_new(vsphere);
    const struct nq_protector_setup protector = {
        .conf = conf,
        .manager = manager,
        .reader = nq_vsphere_protected_reader(vsphere),
        .calls = &vsphere->calls,
        .loop = loop,
        .clock = clock,
    };
    nq_protector_init(&vsphere->protector, &protector);
    const struct nq_sync_setup setup = {
        .conf = conf,
        .manager = manager_conf,
        .reader = nq_vsphere_inventory_reader(vsphere),
        .loop = loop,
        .clock = clock,
        .ended = on_sync_end,
        .arg = vsphere,
    };
    nq_sync_init(&vsphere->sync, &setup);
    return &vsphere->base;
}
