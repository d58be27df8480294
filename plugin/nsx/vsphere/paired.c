/* SPDX-License-Identifier: Apache-2.0 */
/* paired.c: where the vCenter is that NSX is paired with: GET /api/2.0/services/vcconfig,
 * whose ipAddress is "FQDN or IP address of vCenter server" (API guide). A help, so a failure
 * harms nothing; not every role may ask, and one that may not is not asked for a while. */
#include <stdlib.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/vsphere/impl.h"
#include "nsx/vsphere/manager_xml.h"

#define CONFIG_PATH     "/api/2.0/services/vcconfig"
#define REFUSED_REST_MS 3600000

struct nq_vsphere_paired {
    struct nq_vsphere *vsphere;
    struct nq_ask *ask;
    bool refused;
    int64_t refused_ms;              /* mono, with refused */
    char host[NQ_HTTP_HOST_MAX + 1]; /* "" while it is not known */
};

static bool read_config(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_vsphere_paired *paired = arg;
    return nq_xml_vcenter_host(body, len, paired->host, reterr);
}

static void on_config(void *arg, const struct nq_err *err)
{
    struct nq_vsphere_paired *paired = arg;
    paired->ask = NULL;
    paired->refused =
        err && (err->code == NQ_NSX_FORBIDDEN || err->code == NQ_NSX_NOT_FOUND);
    paired->refused_ms = nq_mono_ms(paired->vsphere->clock);
}

void nq_vsphere_paired_renew(struct nq_vsphere_paired *paired)
{
    const int64_t now_ms = nq_mono_ms(paired->vsphere->clock);
    if (!paired->ask &&
        (!paired->refused || now_ms - paired->refused_ms >= REFUSED_REST_MS)) {
        paired->ask =
            nq_ask_start(paired->vsphere->asker,
                         &(struct nq_question){.path = CONFIG_PATH, .optional = true},
                         read_config, on_config, paired);
    }
}

void nq_vsphere_paired_each(const struct nq_vsphere_paired *paired, nq_server_fn *fn,
                            void *arg)
{
    if (paired->host[0]) {
        fn(arg, paired->host);
    }
}

struct nq_vsphere_paired *nq_vsphere_paired_new(struct nq_vsphere *vsphere)
{
    struct nq_vsphere_paired *paired = nq_calloc(1, sizeof(*paired));
    paired->vsphere = vsphere;
    return paired;
}

struct nq_vsphere_paired *nq_vsphere_paired_free(struct nq_vsphere_paired *paired)
{
    if (paired) {
        (void)nq_ask_cancel(paired->ask);
        free(paired);
    }
    return NULL;
}
