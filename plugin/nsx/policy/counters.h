/* SPDX-License-Identifier: Apache-2.0 */
/* counters.h: what the rules that concern our groups count, as NSX shows it.
 * Not for: what they counted in all (the engine adds up), or which rules there are.
 *
 * Owns    the numbers. Pointers to them are good until control returns to the loop.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never: a policy whose numbers cannot be had leaves its rules without any, which
 *         is not zero.
 * Limits  one reading in statistics_interval_ms of the configuration; one
 *         question under way; NQ_SERIES_MAX places of all rules together.
 */
#ifndef NQ_NSX_POLICY_COUNTERS_H
#define NQ_NSX_POLICY_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsx/policy/firewall.h"
#include "nsx/waits.h"

#define NQ_SERIES_MAX 50000

struct nq_counters;

/* firewall must outlive them. */
struct nq_counters *nq_counters_open(struct nq_policy *policy,
                                     const struct nq_firewall *firewall)
    __attribute__((warn_unused_result));

/* Takes NULL; nobody may wait any more. Always returns NULL. */
struct nq_counters *nq_counters_close(struct nq_counters *counters);

/* Waits until the numbers are as new as they may be. */
void nq_counters_want(struct nq_counters *counters, struct nq_wait *wait,
                      nq_wait_fn *done, void *arg);

/* The same without waiting. */
void nq_counters_renew(struct nq_counters *counters);

/* When the last complete reading began, mono; false: there was none. */
bool nq_counters_read_ms(const struct nq_counters *counters, int64_t *ret_ms);

/* The places of a rule, or NULL and 0 when NSX gave no numbers. */
const struct nq_rule_series *nq_counters_get(const struct nq_counters *counters,
                                             const char *rule_path, size_t *ret_count);

#endif
