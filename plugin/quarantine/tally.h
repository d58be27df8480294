/* SPDX-License-Identifier: Apache-2.0 */
/* tally.h: numbers by owner and name that survive a restart: counters of groups, rules and
 * managers, and the last reading of each counter of NSX.
 * Not for: numbers of the engine as a whole (enum nq_counter), or keeping them by itself.
 *
 * Owns    its entries.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   at the maximum a new entry is not made: it reads as 0 and adds nothing.
 * Limits  NQ_TALLIES_MAX entries.
 *
 * Owners are texts: "group MANAGER PATH", "rule MANAGER PATH", "series MANAGER PATH KEY",
 * "manager NAME", "trigger NUMBER NAME", "timing tag", "timing isolate",
 * "finding CHECK LENGTH:MANAGER OBJECT", "findings".
 */
#ifndef NQ_QUARANTINE_TALLY_H
#define NQ_QUARANTINE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

#define NQ_TALLIES_MAX 200000

struct nq_tally;

/* Zeroed is empty. */
struct nq_tallies {
    struct nq_tally *entries; /* hash by owner and name */
    struct nq_tally *dirty;
    uint32_t count;
};

void nq_tallies_done(struct nq_tallies *tallies);

/* As it was kept. */
void nq_tally_load(struct nq_tallies *tallies, const char *owner, const char *name,
                   uint64_t value);

uint64_t nq_tally_get(const struct nq_tallies *tallies, const char *owner,
                      const char *name);
void nq_tally_set(struct nq_tallies *tallies, const char *owner, const char *name,
                  uint64_t value);

/* Calls fn for each whose owner begins so; borrowed for the call. */
typedef void nq_tally_fn(void *arg, const char *owner, const char *name, uint64_t value);
void nq_tallies_each(const struct nq_tallies *tallies, const char *owners,
                     nq_tally_fn *fn, void *arg);

/* Returns the sum. */
uint64_t nq_tally_add(struct nq_tallies *tallies, const char *owner, const char *name,
                      uint64_t more);

/* Puts what has changed; it stays dirty until nq_tallies_clean(), after the commit. */
bool nq_tallies_put(const struct nq_tallies *tallies, struct nq_store *store,
                    struct nq_err *reterr) __attribute__((warn_unused_result));
void nq_tallies_clean(struct nq_tallies *tallies);

#endif
