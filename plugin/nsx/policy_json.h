/* SPDX-License-Identifier: Apache-2.0 */
/* policy_json.h: the JSON of the NSX APIs that we use, to plain data and back. Pure.
 * Strict about what we need; what NSX leaves out now and then may be missing.
 * Not for: HTTP, paging, or knowing which VM matters.
 *
 * Owns    nothing: what a callback is given is borrowed until it returns.
 * Blocks  never.
 * Thread  any.
 * Fails   false and *reterr (NQ_NSX_ANSWER, what is wrong); items before the bad one were
 *         already handed out, so a failed page must be dropped as a whole.
 * Limits  a nesting of 1000 (cJSON's), NQ_CURSOR_MAX, NQ_EXTERNAL_ID_MAX, NQ_PATH_MAX.
 */
#ifndef NQ_NSX_POLICY_JSON_H
#define NQ_NSX_POLICY_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "nsx/backend.h"
#include "nsx/inventory.h"
#include "nsx/judge.h"

#define NQ_CURSOR_MAX 255
#define NQ_PATH_MAX   1023

/* What a list says about itself. */
struct nq_page {
    size_t items;
    uint32_t mark;        /* of the ids of its items: the same for the same page */
    int64_t result_count; /* -1: not given */
    char cursor[NQ_CURSOR_MAX + 1]; /* "": not given */
};

typedef void nq_vm_fn(void *arg, const struct nq_vm_facts *vm);
typedef void nq_vif_fn(void *arg, const char *owner, const char *address);
typedef void nq_text_fn(void *arg, const char *text);

/* VirtualMachine items of /api/v1/fabric/virtual-machines. A tag matches when scope and
 * tag are equal byte by byte. */
bool nq_json_vms(const char *body, size_t len, const char *scope, const char *tag,
                 nq_vm_fn *each, void *arg, struct nq_page *ret_page,
                 struct nq_err *reterr) __attribute__((warn_unused_result));

/* One call of each for every address of every VirtualNetworkInterface with an owner. */
bool nq_json_vifs(const char *body, size_t len, nq_vif_fn *each, void *arg,
                  struct nq_page *ret_page, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* The id of each RealizedVirtualMachine among the members of a group. */
bool nq_json_members(const char *body, size_t len, nq_text_fn *each, void *arg,
                     struct nq_page *ret_page, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* The path of each group that a VM belongs to. */
bool nq_json_associations(const char *body, size_t len, nq_text_fn *each, void *arg,
                          struct nq_page *ret_page, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* The path of each member of the firewall's exclude list. */
bool nq_json_exclude_list(const char *body, size_t len, nq_text_fn *each, void *arg,
                          struct nq_err *reterr) __attribute__((warn_unused_result));

/* The consolidated status of an intent. SUCCESS needs publish_status REALIZED as well,
 * where the release gives one. */
bool nq_json_realized(const char *body, size_t len, enum nq_realized *ret_realized,
                      struct nq_err *reterr) __attribute__((warn_unused_result));

/* An error body; false when this is none. related_errors say more than the error
 * itself, so the first of them that has a text gives the message. */
bool nq_json_fault(const char *body, size_t len, struct nq_fault *ret_fault);

/* The body of add_tags and remove_tags; the caller frees it. */
char *nq_json_tag_body(const char *external_id, const char *scope, const char *tag)
    __attribute__((warn_unused_result));

#endif
