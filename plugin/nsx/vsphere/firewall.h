/* SPDX-License-Identifier: Apache-2.0 */
/* firewall.h: what prove() and read_groups() of the vSphere backend know together:
 * the firewall and the groups, read once for all who ask at about the same time.
 * Only firewall.c, hits.c, prove.c and groups.c include it.
 *
 * Owns    everything that was read, and the questions under way.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   through the waits of shared.h.
 * Limits  NQ_VSPHERE_CLUSTERS_MAX clusters, NQ_VSPHERE_STATS_MAX counters in a round, and
 *         those of firewall_xml.h.
 */
#ifndef NQ_NSX_VSPHERE_FIREWALL_H
#define NQ_NSX_VSPHERE_FIREWALL_H

#include "nsx/idset.h"
#include "nsx/baseline.h"
#include "nsx/shared.h"
#include "nsx/vsphere/firewall_xml.h"
#include "nsx/vsphere/impl.h"

#define NQ_VSPHERE_CLUSTERS_MAX 1024
#define NQ_VSPHERE_STATS_MAX    100

/* A group of the configuration that belongs to this manager. */
struct nq_vsphere_group {
    struct nq_vsphere_firewall *firewall;
    size_t group;   /* index into conf->groups */
    const char *id; /* securitygroup-N, of the configuration */
    bool quarantine;
    struct nq_shared members;
    struct nq_idset member_ids;
    struct nq_shared definition;
    enum nq_vsphere_mention mention; /* of our tag in the definition */
    bool unclear; /* there is more to it than is judged, or our tag was not known then */
    uint32_t counted_rules; /* which rules cut off when hits were last looked at */
};

struct nq_vsphere_cluster; /* firewall.c */
struct nq_vsphere_hits;    /* hits.c */

struct nq_vsphere_firewall {
    struct nq_vsphere *vsphere;

    struct nq_shared config;       /* wanted by nq_vsphere_rules_want() only */
    int64_t config_generation;     /* of the rules; 0: not known */
    int64_t asking_generation;     /* the same for those that are being read */
    struct nq_vsphere_rule *rules; /* those that may matter, in the order of evaluation */
    size_t rule_count;

    struct nq_shared status;
    struct nq_vsphere_publication published; /* as a whole */
    struct nq_vsphere_publication *clusters;
    size_t cluster_count;

    struct nq_shared state;
    bool forward; /* the distributed firewall is in force */

    struct nq_shared exclude_list;
    struct nq_idset excluded;

    struct nq_vsphere_cluster *features;
    struct nq_vsphere_group *groups;
    size_t group_count;

    size_t proving;            /* calls of prove() under way */
    bool lacks_containers;     /* this release cannot say what the hosts hold */
    int64_t try_containers_ms; /* mono: with lacks_containers, ask again after this */
    struct nq_vsphere_hits *hits;
    struct nq_baselines baselines;
};

/* Wants the rules; to be called when the status was read, which tells whether they are still
 * the same: the document may be megabytes. Else like nq_shared_want(). */
void nq_vsphere_rules_want(struct nq_vsphere_firewall *firewall, struct nq_wait *wait,
                           nq_wait_fn *done, void *arg);

/* The firewall of one cluster: what to wait for, and after that what was read. NULL: there
 * are too many clusters. */
struct nq_shared *nq_vsphere_cluster(struct nq_vsphere_firewall *firewall,
                                     const char *cluster,
                                     const struct nq_vsphere_feature **ret_feature);

/* How far the rules have come in a cluster; NULL when the status does not list it. */
const struct nq_vsphere_publication *
nq_vsphere_published(const struct nq_vsphere_firewall *firewall, const char *cluster);

/* What concerns one object only leaves the rest readable: NSX does not know it, or refuses
 * to tell. */
bool nq_vsphere_of_one_object(const struct nq_err *err);

/* ---- hits.c ------------------------------------------------------------------- */

struct nq_vsphere_hits *nq_vsphere_hits_new(struct nq_vsphere_firewall *firewall);
struct nq_vsphere_hits *nq_vsphere_hits_free(struct nq_vsphere_hits *hits);

/* Starts a round over the rules that name a group, unless the last one is too near. */
void nq_vsphere_hits_poll(struct nq_vsphere_hits *hits);

/* The same, and done is called when no round is under way: always without error, because
 * what could not be read is just not known. Never before this returns. */
void nq_vsphere_hits_want(struct nq_vsphere_hits *hits, struct nq_wait *wait,
                          nq_wait_fn *done, void *arg);

/* false: not known. *ret_asked_ms: mono, when the question began. */
bool nq_vsphere_hits_get(const struct nq_vsphere_hits *hits, const char *rule_id,
                         uint64_t *ret_hits, int64_t *ret_asked_ms);

#endif
