/* SPDX-License-Identifier: Apache-2.0 */
/* reading.c: one VM as NSX has it now: see impl.h.
 *
 * Its tags are GET /api/2.0/services/securitytags/vm/{vm}. When many ask at once, or the
 * release has no such call, the VMs of our few tags are read for all of them instead: a walk
 * over all tags takes minutes with some thousand VMs.
 *
 * What that call says about a VM that is gone is not documented, and error 202 is also said
 * of a VM that the tags have not seen yet. So a VM that the last sync did not show, or that
 * 202 was said of, is asked for a second time: GET /api/2.0/services/inventory/{vm}/basicinfo
 * answers 404 when NSX has no such VM. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/tags.h"
#include "nsx/vsphere/impl.h"
#include "nsx/vsphere/xml.h"

/* So many questions under way are a storm: more would only wait. */
#define SWEEP_AT 16

static void ask(struct nq_vm_tags_reading *reading, char *path, nq_ask_read_fn *read,
                nq_ask_done_fn *done)
{
    reading->ask = nq_ask_start(reading->vsphere->asker,
                                &(struct nq_question){.path = path}, read, done, reading);
    free(path);
}

static bool in_inventory(const struct nq_vm_tags_reading *reading, struct nq_vm *ret_vm)
{
    const struct nq_inventory *inventory = reading->vsphere->sync.inventory;
    return inventory && nq_inventory_get(inventory, reading->external_id, ret_vm);
}

static void finish(struct nq_vm_tags_reading *reading, const struct nq_err *err)
{
    if (!err && reading->found) {
        nq_sync_note_tags(&reading->vsphere->sync, reading->external_id, reading->tags);
    }
    reading->done(reading->arg, err);
}

/* ---- does the VM exist ------------------------------------------------------------- */

static void keep_name(void *arg, const struct nq_xml_vm *vm)
{
    struct nq_vm_tags_reading *reading = arg;
    (void)snprintf(reading->name, sizeof(reading->name), "%s", vm->name);
}

static bool read_object(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    return nq_xml_object(body, len, keep_name, arg, reterr);
}

static void on_object(void *arg, const struct nq_err *err)
{
    struct nq_vm_tags_reading *reading = arg;
    reading->ask = NULL;
    reading->found = err == NULL;
    if (err && err->code == NQ_NSX_NOT_FOUND) {
        /* Before the first sync there is one witness only, and the tags were a better
         * one: the call asked here is in no published guide. */
        reading->found = reading->tags_known && !reading->vsphere->sync.inventory;
        err = NULL;
    }
    finish(reading, err);
}

static void on_tags_end(struct nq_vm_tags_reading *reading)
{
    struct nq_vm known;
    if (reading->tags_known && in_inventory(reading, &known)) {
        reading->found = true;
        finish(reading, NULL);
        return;
    }
    char *id = nq_http_escape(reading->external_id);
    ask(reading, nq_sprintf("/api/2.0/services/inventory/%s/basicinfo", id), read_object,
        on_object);
    free(id);
}

/* ---- the tags of the VM ------------------------------------------------------------ */

static void on_swept(void *arg, const struct nq_err *err)
{
    struct nq_vm_tags_reading *reading = arg;
    if (err) {
        finish(reading, err);
        return;
    }
    reading->tags = nq_vsphere_sweep_tags(reading->vsphere->sweep, reading->external_id);
    reading->tags_known = true;
    on_tags_end(reading);
}

static void see_tag(void *arg, const struct nq_tag_facts *tag)
{
    struct nq_vm_tags_reading *reading = arg;
    reading->tags |= nq_tags_of_name(reading->vsphere->conf, tag->name);
}

static bool read_tags(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_xml_page page;
    return nq_xml_tags(body, len, see_tag, arg, &page, reterr);
}

static void on_tags(void *arg, const struct nq_err *err)
{
    struct nq_vm_tags_reading *reading = arg;
    struct nq_vsphere *vsphere = reading->vsphere;
    reading->ask = NULL;
    vsphere->has_vm_tags |= err == NULL;
    if (err && nq_vsphere_lacks_call(err) && !vsphere->has_vm_tags) {
        vsphere->lacks_vm_tags = true;
        nq_vsphere_sweep_join(vsphere->sweep, &reading->sweep, on_swept, reading);
    } else if (err && err->code != NQ_NSX_NOT_FOUND) {
        finish(reading, err);
    } else {
        reading->tags_known = err == NULL;
        on_tags_end(reading);
    }
}

/* ---- the reading ------------------------------------------------------------------- */

void nq_vm_tags_reading_start(struct nq_vm_tags_reading *reading,
                              struct nq_vsphere *vsphere, const char *external_id,
                              nq_ask_done_fn *done, void *arg)
{
    *reading = (struct nq_vm_tags_reading){.vsphere = vsphere,
                                           .external_id = nq_strdup(external_id),
                                           .done = done,
                                           .arg = arg};
    if (vsphere->lacks_vm_tags || nq_asker_backlog(vsphere->asker) >= SWEEP_AT) {
        nq_vsphere_sweep_join(vsphere->sweep, &reading->sweep, on_swept, reading);
        return;
    }
    char *id = nq_http_escape(external_id);
    ask(reading, nq_sprintf("/api/2.0/services/securitytags/vm/%s", id), read_tags,
        on_tags);
    free(id);
}

bool nq_vm_tags_reading_get(const struct nq_vm_tags_reading *reading,
                            struct nq_vm *ret_vm)
{
    if (!reading->found) {
        return false;
    }
    if (!in_inventory(reading, ret_vm)) {
        const char *type = nq_vsphere_vm_type(reading->name);
        *ret_vm = (struct nq_vm){.external_id = reading->external_id,
                                 .display_name = reading->name,
                                 .host_name = "",
                                 .addresses = "",
                                 .uuids = "",
                                 .type = type,
                                 .regular = nq_vm_type_regular(type)};
        nq_sync_want(&reading->vsphere->sync);
    }
    ret_vm->manager = reading->vsphere->manager;
    ret_vm->tags = reading->tags;
    return true;
}

void nq_vm_tags_reading_done(struct nq_vm_tags_reading *reading)
{
    reading->ask = nq_ask_cancel(reading->ask);
    nq_wait_leave(&reading->sweep);
    free(reading->external_id);
    reading->external_id = NULL;
}
