/* SPDX-License-Identifier: Apache-2.0 */
/* log_reader.h: the audit log read beside an engine that may be running, or without one.
 * Not for: writing (store.h), or what the hashes mean (chain.h).
 *
 * Owns    nothing; opens the database read-only and for one call alone.
 * Blocks  for local reads.
 * Thread  any; one call at a time for a file.
 * Fails   as nq_store_sqlite_unmatched() of store.h.
 * Limits  some hundred entries in memory, whatever the log holds.
 */
#ifndef NQ_STORE_LOG_READER_H
#define NQ_STORE_LOG_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/chain.h"

/* Which entries; a zeroed one asks for all. */
struct nq_log_query {
    uint32_t case_id; /* of this case only; 0: of all, and of none */
    int64_t since_ms; /* not older than this */
    uint32_t last;    /* only the newest of them; 0: all */
};

/* A row is borrowed for the call. false ends the reading, which is no failure. */
typedef bool nq_log_row_fn(void *arg, const struct nq_log_row *row);

/* Hands over the entries by number. The engine is not hindered, however long fn takes: what
 * it prunes or adds meanwhile is left out or comes at the end. */
bool nq_store_sqlite_log(const char *path, const struct nq_log_query *query,
                         nq_log_row_fn *fn, void *arg, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Judges the whole log as it is at one moment. noted: a hash that one of its entries must
 * have, or NULL. False only when it cannot be read: ret_check->broken is the judgement. */
bool nq_store_sqlite_verify(const char *path, const char *noted,
                            struct nq_chain_check *ret_check, struct nq_err *reterr)
    __attribute__((warn_unused_result));

#endif
