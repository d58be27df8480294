/* SPDX-License-Identifier: Apache-2.0 */
/* counters_json.h: the JSON of firewall statistics, to plain data. Pure.
 * Not for: adding up, or knowing what a number was before.
 *
 * Owns    nothing: what a callback is given is borrowed until it returns.
 * Blocks  never.
 * Thread  any.
 * Fails   false and *reterr (NQ_NSX_ANSWER, what is wrong); what was handed out before must
 *         be dropped.
 * Limits  numbers up to 2^63; those above 2^53 are right to 16 digits.
 */
#ifndef NQ_NSX_POLICY_COUNTERS_JSON_H
#define NQ_NSX_POLICY_COUNTERS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "nsx/backend.h"

/* What one place counts for one rule. */
struct nq_rule_count {
    const char *rule; /* path or id */
    const char *key;  /* of struct nq_rule_series */
    uint64_t counts[NQ_TRAFFIC_COUNT];
};

typedef void nq_rule_count_fn(void *arg, const struct nq_rule_count *count);

/* The statistics of a policy, by enforcement point or as a flat list of rules. A number
 * that is missing is 0; one that is no count, or too large to be exact, fails. */
bool nq_json_statistics(const char *body, size_t len, nq_rule_count_fn *each, void *arg,
                        struct nq_err *reterr) __attribute__((warn_unused_result));

#endif
