/* SPDX-License-Identifier: Apache-2.0 */
/* compute_managers.c: the vCenters that NSX works with: GET
 * /api/v1/fabric/compute-managers, from 2.5 on, results[].server is "IP address or hostname
 * of compute manager" (Manager API 2.5.1; nsxt_compute_manager of the Terraform provider,
 * which uses it up to NSX 9). A help, so a failure harms nothing; an account that may not
 * read them is not asked for more, and NSX is left alone with it for a while. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "nsx/policy/impl.h"
#include "nsx/policy/json.h"

#define VCENTERS_PATH   "/api/v1/fabric/compute-managers?page_size=1000"
#define VCENTERS_MAX    64
#define REFUSED_REST_MS 3600000

struct nq_compute_managers {
    struct nq_policy *policy;
    struct nq_ask *ask;
    bool refused;
    int64_t refused_ms; /* mono, with refused */
    char *servers[VCENTERS_MAX];
    size_t count;
};

static void forget(struct nq_compute_managers *vcenters)
{
    while (vcenters->count > 0) {
        free(vcenters->servers[--vcenters->count]);
    }
}

static void add_server(void *arg, const char *server)
{
    struct nq_compute_managers *vcenters = arg;
    if (vcenters->count < VCENTERS_MAX && strlen(server) <= NQ_HTTP_HOST_MAX) {
        vcenters->servers[vcenters->count++] = nq_strdup(server);
    }
}

static bool read_servers(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_compute_managers next = {0};
    struct nq_compute_managers *vcenters = arg;
    if (!nq_json_compute_managers(body, len, add_server, &next, reterr)) {
        forget(&next);
        return false;
    }
    forget(vcenters);
    for (size_t i = 0; i < next.count; i++) {
        vcenters->servers[vcenters->count++] = next.servers[i];
    }
    return true;
}

static void on_servers(void *arg, const struct nq_err *err)
{
    struct nq_compute_managers *vcenters = arg;
    vcenters->ask = NULL;
    vcenters->refused =
        err && (err->code == NQ_NSX_FORBIDDEN || err->code == NQ_NSX_NOT_FOUND);
    vcenters->refused_ms = nq_mono_ms(vcenters->policy->clock);
}

void nq_compute_managers_renew(struct nq_compute_managers *vcenters)
{
    const int64_t now_ms = nq_mono_ms(vcenters->policy->clock);
    if (!vcenters->ask &&
        (!vcenters->refused || now_ms - vcenters->refused_ms >= REFUSED_REST_MS)) {
        vcenters->ask =
            nq_ask_start(vcenters->policy->asker,
                         &(struct nq_question){.path = VCENTERS_PATH, .optional = true},
                         read_servers, on_servers, vcenters);
    }
}

void nq_compute_managers_each(const struct nq_compute_managers *vcenters,
                              nq_server_fn *fn, void *arg)
{
    for (size_t i = 0; i < vcenters->count; i++) {
        fn(arg, vcenters->servers[i]);
    }
}

struct nq_compute_managers *nq_compute_managers_new(struct nq_policy *policy)
{
    struct nq_compute_managers *vcenters = nq_calloc(1, sizeof(*vcenters));
    vcenters->policy = policy;
    return vcenters;
}

struct nq_compute_managers *nq_compute_managers_free(struct nq_compute_managers *vcenters)
{
    if (vcenters) {
        (void)nq_ask_cancel(vcenters->ask);
        forget(vcenters);
        free(vcenters);
    }
    return NULL;
}
