/* SPDX-License-Identifier: Apache-2.0 */
/* protected.c: how the vSphere backend reads the members of a protected group: GET
 * /api/2.0/services/securitygroup/{group}/translation/virtualmachines, the effective
 * members, in one document. */
#include <stdlib.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/vsphere/groups_xml.h"
#include "nsx/vsphere/impl.h"

static bool read_members(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_vsphere *vsphere = arg;
    return nq_xml_vm_nodes(body, len, nq_protector_add, &vsphere->protector, reterr);
}

static void on_members(void *arg, const struct nq_err *err)
{
    struct nq_vsphere *vsphere = arg;
    vsphere->protected_ask = NULL;
    nq_protector_read(&vsphere->protector, err);
}

static void start(void *arg, const char *group)
{
    struct nq_vsphere *vsphere = arg;
    char *id = nq_http_escape(group);
    char *path =
        nq_sprintf("/api/2.0/services/securitygroup/%s/translation/virtualmachines", id);
    vsphere->protected_ask =
        nq_ask_start(vsphere->asker, &(struct nq_question){.path = path}, read_members,
                     on_members, vsphere);
    free(path);
    free(id);
}

static void stop(void *arg)
{
    struct nq_vsphere *vsphere = arg;
    vsphere->protected_ask = nq_ask_cancel(vsphere->protected_ask);
}

struct nq_protector_reader nq_vsphere_protected_reader(struct nq_vsphere *vsphere)
{
    return (struct nq_protector_reader){.arg = vsphere, .start = start, .stop = stop};
}
