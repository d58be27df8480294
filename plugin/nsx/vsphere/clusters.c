/* SPDX-License-Identifier: Apache-2.0 */
/* clusters.c: see clusters.h. */
#include "nsx/vsphere/clusters.h"

#include <stdlib.h>

#include "base/mem.h"
#include "nsx/inventory.h"

#define KIND 0U /* each index holds one kind of text */

static uint32_t look_up(const struct nq_index *index, const struct nq_pool *pool,
                        const char *text)
{
    uint32_t cursor = NQ_INDEX_NONE;
    return nq_index_next(index, pool, KIND, text, &cursor);
}

void nq_clusters_init(struct nq_clusters *clusters)
{
    *clusters = (struct nq_clusters){0};
    nq_pool_init(&clusters->pool);
    nq_index_init(&clusters->vms);
    nq_index_init(&clusters->numbers);
}

void nq_clusters_done(struct nq_clusters *clusters)
{
    nq_index_done(&clusters->vms);
    nq_index_done(&clusters->numbers);
    nq_pool_done(&clusters->pool);
    free(clusters->names);
    clusters->names = NULL;
    clusters->count = 0;
}

static uint32_t number_of(struct nq_clusters *clusters, const char *cluster)
{
    uint32_t number = look_up(&clusters->numbers, &clusters->pool, cluster);
    if (number == NQ_INDEX_NONE) {
        number = clusters->count++;
        clusters->names =
            nq_realloc(clusters->names, clusters->count, sizeof(clusters->names[0]));
        clusters->names[number] = nq_pool_add(&clusters->pool, cluster);
        nq_index_put(&clusters->numbers, &clusters->pool, KIND, cluster,
                     clusters->names[number], number);
    }
    return number;
}

void nq_clusters_put(struct nq_clusters *clusters, const char *moref, const char *cluster)
{
    if (clusters->vms.count < NQ_INVENTORY_VMS_MAX && !nq_pool_full(&clusters->pool)) {
        nq_index_put(&clusters->vms, &clusters->pool, KIND, moref, 0,
                     number_of(clusters, cluster));
    }
}

const char *nq_clusters_get(const struct nq_clusters *clusters, const char *moref)
{
    const uint32_t number = look_up(&clusters->vms, &clusters->pool, moref);
    return number == NQ_INDEX_NONE
               ? ""
               : nq_pool_text(&clusters->pool, clusters->names[number]);
}
