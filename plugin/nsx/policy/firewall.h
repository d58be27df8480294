/* SPDX-License-Identifier: Apache-2.0 */
/* firewall.h: what one manager's distributed firewall does to the quarantine groups,
 * read once for all who ask at about the same time.
 * Not for: one VM (prove.c), or what rules count (counters.h).
 *
 * Owns    what it read. Pointers to it are good until control returns to the loop.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   through done; what was known before stays.
 * Limits  NQ_POLICIES_MAX, NQ_RULES_MAX, NQ_EXCLUDED_MAX groups excluded,
 *         NQ_MEMBERS_MAX members of one group; one question under way at a time.
 *
 * The configuration of the firewall is at most NQ_FIREWALL_AGE_MS old, what NSX has made of
 * it NQ_STATUS_AGE_MS. The list of policies is read each time; the rules of a policy only
 * when it has changed, when NQ_RULES_AGE_MS have passed (a few policies at a time), or
 * when they matter for a group: a rule may change without its policy.
 */
#ifndef NQ_NSX_POLICY_FIREWALL_H
#define NQ_NSX_POLICY_FIREWALL_H

#include <stdbool.h>
#include <stddef.h>

#include "nsx/backend.h"
#include "nsx/policy/impl.h"
#include "nsx/policy/members.h"
#include "nsx/policy/rules.h"
#include "nsx/waits.h"

#define NQ_FIREWALL_AGE_MS 5000
#define NQ_STATUS_AGE_MS   1000
#define NQ_RULES_AGE_MS    600000
#define NQ_RULES_AGED_MAX  10 /* policies read again in one round for their age alone */
#define NQ_EXCLUDED_MAX    1000

/* A group and what NSX has made of it. */
struct nq_quarantine_fact {
    size_t group;     /* index into the groups of the configuration */
    const char *path; /* of the configuration */
    bool exists;      /* NSX knows it */
    enum nq_realized realized;
    bool excluded; /* the exclude list holds it, however deep */
    struct nq_cut cut;
};

struct nq_firewall;

struct nq_firewall *nq_firewall_open(struct nq_policy *policy)
    __attribute__((warn_unused_result));

/* Takes NULL; nobody may wait any more. Always returns NULL. */
struct nq_firewall *nq_firewall_close(struct nq_firewall *firewall);

/* Waits until everything is fresh. Those who ask about one VM each need its membership
 * too: when many of them wait, the members of the groups are listed once for all. */
void nq_firewall_want(struct nq_firewall *firewall, struct nq_wait *wait, bool one_vm,
                      nq_wait_fn *done, void *arg);

/* true: what the last round found, membership included, needs no new one yet. */
bool nq_firewall_is_fresh(const struct nq_firewall *firewall);

/* ---- after done without error ------------------------------------------------------ */

bool nq_firewall_enabled(const struct nq_firewall *firewall);

/* The quarantine groups of this manager. */
const struct nq_quarantine_fact *
nq_firewall_quarantines(const struct nq_firewall *firewall, size_t *ret_count);

/* Paths of groups that the firewall leaves alone. */
const char *const *nq_firewall_excluded(const struct nq_firewall *firewall,
                                        size_t *ret_count);

/* NSX itself keeps this VM out of the firewall. */
bool nq_firewall_vm_excluded(const struct nq_firewall *firewall, const char *external_id);

/* true: nq_firewall_is_member() knows the members of the quarantine and excluded groups;
 * false: ask for the groups of the VM. */
bool nq_firewall_members_known(const struct nq_firewall *firewall);
bool nq_firewall_is_member(const struct nq_firewall *firewall, const char *group_path,
                           const char *external_id);

/* All policies in the order of evaluation, with the rules that matter. none before the
 * first reading. */
const struct nq_security_policy *nq_firewall_policies(const struct nq_firewall *firewall,
                                                      size_t *ret_count);

#endif
