/* SPDX-License-Identifier: Apache-2.0 */
/* clusters.h: which vCenter cluster (domain-cN) a VM is in, by its MoRef.
 *
 * Owns    its entries.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never: what does not fit is not known.
 * Limits  NQ_INVENTORY_VMS_MAX VMs.
 */
#ifndef NQ_NSX_VSPHERE_CLUSTERS_H
#define NQ_NSX_VSPHERE_CLUSTERS_H

#include "nsx/textindex.h"
#include "nsx/textpool.h"

/* Embedded. */
struct nq_clusters {
    struct nq_pool pool;
    struct nq_index vms;     /* MoRef: number of its cluster */
    struct nq_index numbers; /* cluster: its number */
    nq_text_ref *names;      /* by number */
    uint32_t count;
};

void nq_clusters_init(struct nq_clusters *clusters);
void nq_clusters_done(struct nq_clusters *clusters);

void nq_clusters_put(struct nq_clusters *clusters, const char *moref,
                     const char *cluster);

/* "" when it is not known; borrowed until the next put or done. */
const char *nq_clusters_get(const struct nq_clusters *clusters, const char *moref);

#endif
