/* SPDX-License-Identifier: Apache-2.0 */
/* json.h: the JSON of the NSX APIs that we use, to plain data and back. Pure.
 * Strict about what we need; what NSX leaves out now and then may be missing.
 * Not for: HTTP, paging, or knowing which VM matters.
 *
 * Owns    nothing: what a callback is given is borrowed until it returns.
 * Blocks  never.
 * Thread  any.
 * Fails   false and *reterr (NQ_NSX_ANSWER, what is wrong); items before the bad one were
 *         already handed out, so a failed page must be dropped as a whole.
 * Limits  those of read_json.h, NQ_EXTERNAL_ID_MAX.
 */
#ifndef NQ_NSX_POLICY_JSON_H
#define NQ_NSX_POLICY_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "config/config.h"
#include "nsx/backend.h"
#include "nsx/inventory.h"
#include "nsx/judge.h"
#include "nsx/read_json.h"

typedef void nq_vm_fn(void *arg, const struct nq_vm_facts *vm);
typedef void nq_vif_fn(void *arg, const char *owner, const char *address);

/* VirtualMachine items of /api/v1/fabric/virtual-machines; conf names the tags that mean
 * something. */
bool nq_json_vms(const char *body, size_t len, const struct nq_config *conf,
                 nq_vm_fn *each, void *arg, struct nq_page *ret_page,
                 struct nq_err *reterr) __attribute__((warn_unused_result));

/* One call of each for every MAC and IP address of every VirtualNetworkInterface with an
 * owner. */
bool nq_json_vifs(const char *body, size_t len, nq_vif_fn *each, void *arg,
                  struct nq_page *ret_page, struct nq_err *reterr)
    __attribute__((warn_unused_result));

typedef void nq_server_text_fn(void *arg, const char *server);

/* Where each of the compute managers is: address or host name. */
bool nq_json_compute_managers(const char *body, size_t len, nq_server_text_fn *each,
                              void *arg, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* An error body; false when this is none. related_errors say more than the error
 * itself, so the first of them that has a text gives the message. */
bool nq_json_fault(const char *body, size_t len, struct nq_fault *ret_fault);

/* The body of add_tags and remove_tags; the caller frees it. */
char *nq_json_tag_body(const char *external_id, const char *scope, const char *tag)
    __attribute__((warn_unused_result));

/* How far a tag operation has come. Values up to NQ_OPERATION_RUNNING are not the last. */
enum nq_operation_state {
    NQ_OPERATION_PENDING,
    NQ_OPERATION_RUNNING,
    NQ_OPERATION_SUCCESS,
    NQ_OPERATION_ERROR
};

/* What became of one VM of a tag operation; details is "" when there are none. */
typedef void nq_verdict_fn(void *arg, const char *external_id, bool good,
                           const char *details);

/* The status of a tag operation. A VM with a tag_status that is neither Success nor Error
 * is passed over: it has none yet. */
bool nq_json_operation(const char *body, size_t len, nq_verdict_fn *each, void *arg,
                       enum nq_operation_state *ret_state, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* The body of a tag operation; list is "apply_to" or "remove_from". The caller frees it. */
char *nq_json_operation_body(const char *list, const char *scope, const char *tag,
                             const char *const *external_ids, size_t count)
    __attribute__((warn_unused_result));

/* Any JSON object: for answers of which only their being one counts. */
bool nq_json_object(const char *body, size_t len, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* GET /api/v1/node/version: the product's version, else the node's. Writes at most size
 * bytes. false: the answer has neither. */
bool nq_json_version(const char *body, size_t len, char *out, size_t size);

/* GET /api/v1/reverse-proxy/node/health: true unless it says that the node is not well. */
bool nq_json_health(const char *body, size_t len);

#endif
