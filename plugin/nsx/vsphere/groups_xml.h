/* SPDX-License-Identifier: Apache-2.0 */
/* groups_xml.h: the XML of NSX for vSphere about security groups and their members,
 * to plain data, and the one request that has a body. Pure.
 * Elements are known by their names, never by their place; whatever the root is called,
 * because that differs between releases.
 * Not for: HTTP, or knowing which group or VM matters.
 *
 * Owns    nothing: what a callback is given is borrowed until it returns.
 * Blocks  never.
 * Thread  any.
 * Fails   false and *reterr (NQ_NSX_ANSWER, what is wrong); items before the bad one were
 *         already handed out, so a failed document must be dropped as a whole.
 * Limits  NQ_EXTERNAL_ID_MAX bytes of an id, and those of walk_xml.h.
 */
#ifndef NQ_NSX_VSPHERE_GROUPS_XML_H
#define NQ_NSX_VSPHERE_GROUPS_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "nsx/inventory.h"
#include "nsx/vsphere/rules.h"

typedef void nq_vsphere_id_fn(void *arg, const char *id);
typedef void nq_vsphere_part_fn(void *arg, const struct nq_vsphere_part *part);

/* The id of each security group: of one, of a list, or of a lookup, which nests. */
bool nq_xml_security_groups(const char *body, size_t len, nq_vsphere_id_fn *each,
                            void *arg, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* The parts of the definition of one security group. */
bool nq_xml_group_definition(const char *body, size_t len, nq_vsphere_part_fn *each,
                             void *arg, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* The id of each VM that is an effective member of a group. */
bool nq_xml_vm_nodes(const char *body, size_t len, nq_vsphere_id_fn *each, void *arg,
                     struct nq_err *reterr) __attribute__((warn_unused_result));

/* What the hosts have made of a group for one VM, from the worst. */
enum nq_vsphere_held {
    NQ_HELD_UNKNOWN, /* not in the answer, or a word that we do not know */
    NQ_HELD_NOT_FOUND,
    NQ_HELD_NO,
    NQ_HELD_YES, /* at every network interface */
};

struct nq_vsphere_holding {
    enum nq_vsphere_held by_address; /* as source or destination */
    enum nq_vsphere_held by_filter;  /* as place of application */
};

bool nq_xml_vm_containers(const char *body, size_t len, const char *group,
                          struct nq_vsphere_holding *ret_holding, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* The question that goes with it; the caller frees it. */
char *nq_xml_vm_containers_body(const char *group) __attribute__((warn_unused_result));

#endif
