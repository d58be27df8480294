/* SPDX-License-Identifier: Apache-2.0 */
/* xml.h: the lists of NSX for vSphere about VMs and tags, from XML to plain data.
 * Pure. Elements are known by name; their order does not count, and what we do not know is
 * passed over.
 * Not for: the firewall and its groups (firewall_xml.h), the manager itself
 * (manager_xml.h), HTTP, or knowing which VM matters.
 *
 * Owns    nothing: what a callback is given is borrowed until it returns.
 * Blocks  never.
 * Thread  any.
 * Fails   false and *reterr (NQ_NSX_ANSWER, what is wrong); items before the bad one were
 *         already handed out, so a failed answer must be dropped as a whole.
 * Limits  those of walk_xml.h; NQ_OBJECT_ID_MAX bytes of an id. A longer text counts as none.
 */
#ifndef NQ_NSX_VSPHERE_XML_H
#define NQ_NSX_VSPHERE_XML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "nsx/inventory.h"

#define NQ_OBJECT_ID_MAX 63 /* securitytag-12, vm-4711, domain-c7 */

/* A word that may stand in a path as it is. */
bool nq_xml_is_id(const char *text);

/* Part of a list, where the release gives lists in parts (6.3.3 and later). */
struct nq_xml_page {
    size_t items;
    int64_t start; /* index of its first item; 0 when the list is not paged */
    int64_t total; /* items of the whole list; -1: not given, this is all of it */
};

struct nq_tag_facts {
    const char *id; /* securitytag-N */
    const char *name;
    bool universal; /* of several managers */
};

typedef void nq_tag_fn(void *arg, const struct nq_tag_facts *tag);

/* <securityTags>: all tags, or those of one VM. */
bool nq_xml_tags(const char *body, size_t len, nq_tag_fn *each, void *arg,
                 struct nq_xml_page *ret_page, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Texts are "" where this list does not tell. */
struct nq_xml_vm {
    const char *moref; /* vm-N */
    const char *name;
    const char *cluster; /* domain-cN */
    const char *instance_uuid;
    const char *bios_uuid;
};

typedef void nq_xml_vm_fn(void *arg, const struct nq_xml_vm *vm);

/* <list> and <basicinfolist> of <basicinfo>, <attachedVMList> of <attachedVM>. */
bool nq_xml_vms(const char *body, size_t len, nq_xml_vm_fn *each, void *arg,
                struct nq_err *reterr) __attribute__((warn_unused_result));

/* What NSX says about one object of vCenter: called once. */
bool nq_xml_object(const char *body, size_t len, nq_xml_vm_fn *each, void *arg,
                   struct nq_err *reterr) __attribute__((warn_unused_result));

typedef void nq_xml_text_fn(void *arg, const char *text);

/* Each address of <ipNodes>. */
bool nq_xml_addresses(const char *body, size_t len, nq_xml_text_fn *each, void *arg,
                      struct nq_err *reterr) __attribute__((warn_unused_result));

#endif
