/* SPDX-License-Identifier: Apache-2.0 */
/* membership.h: which quarantine groups a VM is in, read now. A part of prove().
 * Few proofs ask for the groups of their VM; many share the members of the groups.
 *
 * Owns    its questions. Embedded; zeroed is done.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   through done. A VM or a group that NSX does not know is no failure.
 * Limits  those of groups_xml.h.
 */
#ifndef NQ_NSX_VSPHERE_MEMBERSHIP_H
#define NQ_NSX_VSPHERE_MEMBERSHIP_H

#include "nsx/vsphere/firewall.h"

struct nq_vsphere_membership;

/* One quarantine group. */
struct nq_vsphere_quarantine {
    struct nq_vsphere_membership *membership;
    struct nq_vsphere_group *group;
    struct nq_wait wait;
    bool unknown; /* NSX has no such group, as far as it was asked */
};

struct nq_vsphere_membership {
    struct nq_vsphere_firewall *firewall;
    char *external_id;
    bool by_lookup;
    struct nq_ask *ask;
    struct nq_idset groups; /* by_lookup: all that the VM is in */
    struct nq_vsphere_quarantine *quarantines;
    size_t count;
    size_t open; /* lists of members that are not there yet */
    nq_ask_done_fn *done;
    void *arg;
};

/* done is called once, never before this returns, never after done(). false: no quarantine
 * group is configured, and done is not called. */
bool nq_vsphere_membership_start(struct nq_vsphere_membership *membership,
                                 struct nq_vsphere_firewall *firewall,
                                 const char *external_id, nq_ask_done_fn *done,
                                 void *arg);
void nq_vsphere_membership_done(struct nq_vsphere_membership *membership);

/* After done without error: the VM is in quarantine group i of count. */
bool nq_vsphere_membership_has(const struct nq_vsphere_membership *membership, size_t i);

#endif
