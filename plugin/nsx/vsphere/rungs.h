/* SPDX-License-Identifier: Apache-2.0 */
/* rungs.h: the rungs of isolation of one VM, from what prove() has found. Pure.
 * Not for: asking NSX.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never: what is not certain is a missing rung.
 * Limits  NQ_MISSING_MAX bytes of a sentence.
 */
#ifndef NQ_NSX_VSPHERE_RUNGS_H
#define NQ_NSX_VSPHERE_RUNGS_H

#include "nsx/vsphere/firewall.h"

#define NQ_MISSING_MAX 255

/* Whether the hosts were asked what they hold of the VM. */
enum nq_vsphere_hosts {
    NQ_HOSTS_NOT_ASKED,
    NQ_HOSTS_MUTE, /* this release has no such question */
    NQ_HOSTS_REFUSED,
    NQ_HOSTS_ANSWERED,
};

struct nq_vsphere_findings {
    const struct nq_vsphere_firewall *firewall; /* its facts were read */
    const struct nq_vm *vm;
    const char *cluster;                      /* "": not known */
    const struct nq_vsphere_feature *feature; /* of the cluster; NULL: not known */
    const struct nq_vsphere_group *first; /* quarantine group; NULL: none configured */
    bool first_unknown;                   /* NSX has no such group */
    bool first_read;                      /* its definition was read */
    struct nq_vsphere_group *group;       /* that the VM is in; NULL: none */
    enum nq_vsphere_hosts hosts;
    struct nq_vsphere_holding holding;
};

/* The rules cut the members of the group off as far as can be said without the hosts.
 * missing: "" or a sentence so far; the reason goes there when it is empty. */
bool nq_vsphere_rules_hold(const struct nq_vsphere_findings *findings,
                           const struct nq_vsphere_group *group, char *missing);

/* The firewall is there for the VM. missing as above. */
bool nq_vsphere_not_excluded(const struct nq_vsphere_findings *findings, char *missing);

/* The set of rungs that hold, but for the one about dropped traffic; missing as above. */
unsigned nq_vsphere_rungs(const struct nq_vsphere_findings *findings, char *missing);

/* What the rules that cut the group off have counted together, and a number for which
 * rules these are. */
struct nq_drops nq_vsphere_drops(const struct nq_vsphere_firewall *firewall,
                                 const struct nq_vsphere_group *group,
                                 uint32_t *ret_rules);

#endif
