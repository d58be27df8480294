/* SPDX-License-Identifier: Apache-2.0 */
/* firewall_json.h: the JSON of groups and of the firewall, to plain data. Pure. Strict about what an isolation hangs on; what NSX leaves out may be missing,
 * words that we do not know make a rule that is passed over.
 * Not for: HTTP, paging, or judging what was read.
 *
 * Owns    nothing: what a callback is given is borrowed until it returns, unless said.
 * Blocks  never.
 * Thread  any.
 * Fails   false and *reterr (NQ_NSX_ANSWER, what is wrong); items before the bad one were
 *         already handed out, so a failed page must be dropped as a whole.
 * Limits  those of read_json.h, NQ_EXTERNAL_ID_MAX, NQ_PATH_MAX.
 */
#ifndef NQ_NSX_POLICY_FIREWALL_JSON_H
#define NQ_NSX_POLICY_FIREWALL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "nsx/backend.h"
#include "nsx/policy/rules.h"
#include "nsx/policy/window.h"
#include "nsx/read_json.h"

#define NQ_PATH_MAX 1023

typedef void nq_text_fn(void *arg, const char *text);

/* ---- groups ------------------------------------------------------------------------ */

/* The id of each RealizedVirtualMachine among the members of a group. */
bool nq_json_members(const char *body, size_t len, nq_text_fn *each, void *arg,
                     struct nq_page *ret_page, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* The path of each group that a VM belongs to. */
bool nq_json_associations(const char *body, size_t len, nq_text_fn *each, void *arg,
                          struct nq_page *ret_page, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* The consolidated status of an intent. SUCCESS needs publish_status REALIZED as well,
 * where the release gives one. */
bool nq_json_realized(const char *body, size_t len, enum nq_realized *ret_realized,
                      struct nq_err *reterr) __attribute__((warn_unused_result));

/* ---- what the firewall leaves alone ------------------------------------------------ */

/* Whether the distributed firewall is switched on. */
bool nq_json_firewall_enabled(const char *body, size_t len, bool *ret_enabled,
                              struct nq_err *reterr) __attribute__((warn_unused_result));

/* The path of each member of the exclude list. */
bool nq_json_exclude_list(const char *body, size_t len, nq_text_fn *each, void *arg,
                          struct nq_err *reterr) __attribute__((warn_unused_result));

/* The answer to the question whether the exclude list holds an object, deep down: a
 * reference to what holds it, or none. */
bool nq_json_exclude_filter(const char *body, size_t len, bool *ret_excluded,
                            struct nq_err *reterr) __attribute__((warn_unused_result));

/* The external id of each VM that NSX itself keeps out of the firewall. */
bool nq_json_excluded_vms(const char *body, size_t len, nq_text_fn *each, void *arg,
                          struct nq_page *ret_page, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* ---- policies and rules ------------------------------------------------------------ */

/* The groups of the configuration by their index; NULL for those of other managers. */
struct nq_group_paths {
    const char *const *paths;
    size_t count;
};

/* The item is the callee's from now on, to be freed with nq_security_policy_done() or
 * nq_rule_done(). */
typedef void nq_security_policy_fn(void *arg, struct nq_security_policy *policy);
typedef void nq_rule_fn(void *arg, struct nq_rule *rule);

/* The list of security policies, which has no rules in it. */
bool nq_json_security_policies(const char *body, size_t len,
                               const struct nq_group_paths *groups,
                               nq_security_policy_fn *each, void *arg,
                               struct nq_page *ret_page, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* The list of the rules of the policy with this path. */
bool nq_json_rules(const char *body, size_t len, const char *policy_path,
                   const struct nq_group_paths *groups, nq_rule_fn *each, void *arg,
                   struct nq_page *ret_page, struct nq_err *reterr)
    __attribute__((warn_unused_result));

bool nq_json_scheduler(const char *body, size_t len, struct nq_window *ret_window,
                       struct nq_err *reterr) __attribute__((warn_unused_result));

#endif
