/* SPDX-License-Identifier: Apache-2.0 */
/* firewall_xml.h: the XML of NSX for vSphere about the distributed firewall, to
 * plain data. Pure.
 * Elements are known by their names, never by their place; words in any case. Strict about
 * what we need; whatever the root is called, because that differs between releases.
 * Not for: HTTP, or knowing which rule or VM matters.
 *
 * Owns    nothing: what a callback is given is borrowed until it returns.
 * Blocks  never.
 * Thread  any.
 * Fails   false and *reterr (NQ_NSX_ANSWER, what is wrong); items before the bad one were
 *         already handed out, so a failed document must be dropped as a whole.
 * Limits  NQ_VSPHERE_RULES_MAX rules, NQ_VSPHERE_OBJECTS_MAX entries in one list of a rule,
 *         NQ_EXTERNAL_ID_MAX bytes of an id, and those of walk_xml.h.
 */
#ifndef NQ_NSX_VSPHERE_FIREWALL_XML_H
#define NQ_NSX_VSPHERE_FIREWALL_XML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "nsx/vsphere/groups_xml.h"
#include "nsx/vsphere/rules.h"

#define NQ_VSPHERE_RULES_MAX   100000
#define NQ_VSPHERE_OBJECTS_MAX 10000

typedef void nq_vsphere_rule_fn(void *arg, const struct nq_vsphere_rule *rule);

/* Each rule of the layer 3 sections in the order of evaluation: of the whole firewall, of
 * sections, or of one section. */
bool nq_xml_rules(const char *body, size_t len, nq_vsphere_rule_fn *each, void *arg,
                  struct nq_err *reterr) __attribute__((warn_unused_result));

/* The id of each VM that the firewall leaves alone. */
bool nq_xml_exclude_list(const char *body, size_t len, nq_vsphere_id_fn *each, void *arg,
                         struct nq_err *reterr) __attribute__((warn_unused_result));

/* Of these, the id of each one that NSX itself put there: its manager, controllers, edges. */
bool nq_xml_system_vms(const char *body, size_t len, nq_vsphere_id_fn *each, void *arg,
                       struct nq_err *reterr) __attribute__((warn_unused_result));

/* How far the last publication has come, as a whole or in one cluster. */
struct nq_vsphere_publication {
    char cluster[64]; /* "" for the whole */
    enum nq_realized realized;
    bool host_error;        /* one of its hosts reports an error code */
    int64_t generation;     /* of the rules; 0: not given */
    int64_t generation_obj; /* of what they refer to; 0: not given */
};

typedef void nq_vsphere_publication_fn(void *arg,
                                       const struct nq_vsphere_publication *publication);

/* Each cluster, at last the whole. */
bool nq_xml_firewall_status(const char *body, size_t len, nq_vsphere_publication_fn *each,
                            void *arg, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Whether the distributed firewall is in force, and not the one that it replaces: state
 * "forward". Where the word stands is not documented, so it is looked for. */
bool nq_xml_firewall_state(const char *body, size_t len, bool *ret_forward,
                           struct nq_err *reterr) __attribute__((warn_unused_result));

/* The firewall among the features of a cluster. */
struct nq_vsphere_feature {
    bool found;
    bool installed;
    char status[16]; /* GREEN, RED, YELLOW, UNKNOWN, as NSX writes it */
};

bool nq_xml_firewall_feature(const char *body, size_t len,
                             struct nq_vsphere_feature *ret_feature,
                             struct nq_err *reterr) __attribute__((warn_unused_result));

/* How often a rule was hit. */
bool nq_xml_rule_hits(const char *body, size_t len, uint64_t *ret_hits,
                      struct nq_err *reterr) __attribute__((warn_unused_result));

/* true: hits are counted; so it is where the release does not say. */
bool nq_xml_counts_hits(const char *body, size_t len, bool *ret_counts,
                        struct nq_err *reterr) __attribute__((warn_unused_result));

#endif
