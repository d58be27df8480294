/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h: what rules of the distributed firewall of NSX for vSphere do to the
 * members of one group, and what a group's definition says about a tag. Pure.
 * Only what is certain counts: a rule that might not match everything is passed over.
 * Not for: reading XML, or knowing where a rule came from.
 *
 * Owns    a rule kept with nq_vsphere_rule_copy() owns its texts.
 * Blocks  never.
 * Thread  any.
 * Fails   never.
 * Limits  none of its own.
 */
#ifndef NQ_NSX_VSPHERE_RULES_H
#define NQ_NSX_VSPHERE_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "nsx/backend.h"

/* One entry of a list: securitygroup-10, vm-41, 10.0.0.0/8, DISTRIBUTED_FIREWALL, ... */
struct nq_vsphere_object {
    char *value;
    char *type;
    bool valid; /* false: what it names was deleted */
};

/* Sources, destinations or places of application of a rule. An empty list of sources or
 * destinations means any; an empty list of places tells nothing. */
struct nq_vsphere_objects {
    struct nq_vsphere_object *list;
    size_t count;
    bool excluded; /* all but these */
};

/* Kinds of packets, as a set: what a rule says about its two directions and families. */
#define NQ_PACKETS_IN  0x3U
#define NQ_PACKETS_OUT 0xcU
#define NQ_PACKETS_V4  0x5U
#define NQ_PACKETS_V6  0xaU
#define NQ_PACKETS_ALL 0xfU

struct nq_vsphere_rule {
    char *id;
    char *section_id;
    char *name;
    enum nq_rule_action action; /* 0: a word that we do not know */
    enum nq_rule_direction direction;
    unsigned packets;  /* set of NQ_PACKETS_... of its direction and packet type */
    uint32_t sequence; /* in the order of evaluation, from 1 */
    bool disabled;
    bool any_service;
    struct nq_vsphere_objects sources;
    struct nq_vsphere_objects destinations;
    struct nq_vsphere_objects applied_to;
};

void nq_vsphere_rule_copy(const struct nq_vsphere_rule *rule,
                          struct nq_vsphere_rule *ret_copy);
/* Frees what the rule owns, not the struct. */
void nq_vsphere_rule_done(struct nq_vsphere_rule *rule);

/* The rule names the object as source, destination or place of application. */
bool nq_vsphere_rule_names(const struct nq_vsphere_rule *rule, const char *id);

/* The rule may decide all traffic of some VM, whoever is at the other end. Others need not
 * be kept for nq_vsphere_judge(). */
bool nq_vsphere_rule_matters(const struct nq_vsphere_rule *rule);

/* A VM as the firewall sees it. */
struct nq_vsphere_subject {
    const char *group;   /* that it is a member of */
    const char *vm;      /* MoRef */
    const char *cluster; /* "" when it is not known */
    bool has_address;    /* NSX knows one, so that rules can match it by address */
};

struct nq_vsphere_verdict {
    unsigned closed; /* packets that a rule which names the group drops or rejects */
    /* The first enabled drop or reject that names the group at all, and a rule that
     * certainly allows what a later one of them would drop. NULL: none. */
    const struct nq_vsphere_rule *named;
    const struct nq_vsphere_rule *allowed;
    bool by_filter;  /* some of it because a rule is applied to the group */
    bool by_address; /* some of it because an address is in the group's set */
};

/* rules in the order of evaluation: the first that matches a packet decides. */
void nq_vsphere_judge(const struct nq_vsphere_rule *rules, size_t count,
                      const struct nq_vsphere_subject *subject,
                      struct nq_vsphere_verdict *ret_verdict);

/* true: the rule is one of those that close something in this verdict's sense: enabled,
 * drops or rejects, names the group. Their hits are counted. */
bool nq_vsphere_rule_cuts_off(const struct nq_vsphere_rule *rule, const char *group);

/* What the rules do to the members of a group, whichever VMs these are and wherever: what
 * hangs on a single VM or cluster is not known. *ret_allowed: with NQ_CUT_OPEN, a rule that
 * certainly allows what a later one drops; NULL: none. */
enum nq_cut_state nq_vsphere_judge_group(const struct nq_vsphere_rule *rules,
                                         size_t count, const char *group,
                                         const struct nq_vsphere_rule **ret_allowed);

/* ---- definitions of groups --------------------------------------------------------- */

/* What of a definition can mean our tag. */
enum nq_vsphere_part_kind {
    NQ_PART_MEMBER,    /* value is the id of an object */
    NQ_PART_EXCLUDED,  /* the same */
    NQ_PART_CRITERION, /* key, criteria, value */
};

struct nq_vsphere_part {
    enum nq_vsphere_part_kind kind;
    const char *key;
    const char *criteria;
    const char *value;
};

enum nq_vsphere_mention {
    NQ_MENTION_NONE,     /* nothing in the definition means our tag */
    NQ_MENTION_PERHAPS,  /* a regular expression over tag names */
    NQ_MENTION_YES,      /* members are those with our tag, perhaps with conditions */
    NQ_MENTION_EXCLUDED, /* those with our tag are kept out */
};

/* The part may hide something about our tag: another group, or a comparison of tags that
 * is not known here. */
bool nq_vsphere_part_is_unclear(const struct nq_vsphere_part *part);

/* Takes the mention so far (at first NONE) and one more part of the definition. */
enum nq_vsphere_mention nq_vsphere_mention(enum nq_vsphere_mention so_far,
                                           const struct nq_vsphere_part *part,
                                           const char *tag_id, const char *tag_name);

#endif
