/* SPDX-License-Identifier: Apache-2.0 */
/* group_json.h: what the definition of a group says about one tag. Pure.
 * Not for: HTTP, or who is in the group: NSX evaluates definitions, and its word on the
 * members is what isolation hangs on.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   false and *reterr (NQ_NSX_ANSWER) for what is no group. What is not understood
 *         makes the definition unknown.
 * Limits  those of read_json.h.
 */
#ifndef NQ_NSX_POLICY_GROUP_JSON_H
#define NQ_NSX_POLICY_GROUP_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "nsx/backend.h"

bool nq_json_definition(const char *body, size_t len, const char *scope, const char *tag,
                        enum nq_definition *ret_definition, struct nq_err *reterr)
    __attribute__((warn_unused_result));

#endif
