/* SPDX-License-Identifier: Apache-2.0 */
/* store.h: where cases, signals and counters survive kill -9 and power loss.
 * Not for: deciding anything.
 *
 * Owns    the implementation owns its files; records are copied in, never kept.
 * Blocks  commit() for one fsync; everything else for a local read or write.
 * Thread  loop thread only.
 * Fails   with false and *reterr; after a failed call inside a transaction the caller
 *         calls rollback() and may begin again with the same records.
 * Limits  the first signal of a case and its NQ_SIGNALS_PER_CASE - 1 newest are kept.
 */
#ifndef NQ_STORE_STORE_H
#define NQ_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/record.h"

#define NQ_SIGNALS_PER_CASE 50

/* What load() hands over. Records are only borrowed; copy what is kept. */
struct nq_store_reader {
    void *arg;
    void (*on_case)(void *arg, const struct nq_case *record);
    void (*on_counter)(void *arg, enum nq_counter counter, uint64_t value);
    void (*on_tally)(void *arg, const char *owner, const char *name, uint64_t value);
    void (*on_mode)(void *arg, enum nq_mode mode); /* only when one was put */
    void (*on_last_case)(void *arg, uint32_t id);  /* highest case number ever used */
    void (*on_unmatched)(void *arg, const struct nq_unmatched *record); /* or NULL */
    void (*on_admission)(void *arg,
                         const struct nq_admission *record); /* in their order */
    void (*on_governor)(void *arg, const struct nq_governor_record *record);
    /* The newest NQ_LOG_SHOWN entries, in their order. */
    void (*on_log)(void *arg, const struct nq_log_entry *entry);
};

struct nq_store;

struct nq_store_ops {
    bool (*load)(struct nq_store *store, const struct nq_store_reader *reader,
                 struct nq_err *reterr);
    bool (*begin)(struct nq_store *store, struct nq_err *reterr);
    bool (*put_case)(struct nq_store *store, const struct nq_case *record,
                     struct nq_err *reterr);
    bool (*delete_case)(struct nq_store *store, uint32_t id, struct nq_err *reterr);
    bool (*put_signal)(struct nq_store *store, const struct nq_signal *signal,
                       struct nq_err *reterr);
    bool (*put_counter)(struct nq_store *store, enum nq_counter counter, uint64_t value,
                        struct nq_err *reterr);
    /* A number that belongs to something of the configuration or of NSX. */
    bool (*put_tally)(struct nq_store *store, const char *owner, const char *name,
                      uint64_t value, struct nq_err *reterr);
    /* Replaces what stands in the record's slot. */
    bool (*put_unmatched)(struct nq_store *store, const struct nq_unmatched *record,
                          struct nq_err *reterr);
    bool (*put_mode)(struct nq_store *store, enum nq_mode mode, struct nq_err *reterr);
    bool (*put_admission)(struct nq_store *store, const struct nq_admission *record,
                          struct nq_err *reterr);
    /* Deletes the admissions before at_ms. */
    bool (*forget_admissions)(struct nq_store *store, int64_t at_ms,
                              struct nq_err *reterr);
    bool (*put_governor)(struct nq_store *store, const struct nq_governor_record *record,
                         struct nq_err *reterr);
    /* Appends to the audit log, whose last entry has the number before this one. */
    bool (*put_log)(struct nq_store *store, const struct nq_log_entry *entry,
                    struct nq_err *reterr);
    bool (*commit)(struct nq_store *store, struct nq_err *reterr); /* durable on true */
    void (*rollback)(struct nq_store *store);
    /* The hash of the newest entry that is committed; "" before the first one. */
    void (*log_head)(const struct nq_store *store, char ret_hash[NQ_HASH_TEXT]);
    void (*close)(struct nq_store *store);
};

/* Implementations embed this as their first member. */
struct nq_store {
    const struct nq_store_ops *ops;
};

/* Opens (and creates) the SQLite database at path; WAL, synchronous=FULL. NULL and
 * *reterr when it cannot be opened, is damaged, or has a schema newer than ours. */
struct nq_store *nq_store_sqlite_open(const char *path, int64_t log_max,
                                      struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Hands over the unmatched traps of the database at path by number, beside an engine that may
 * be running; opens it read-only and for this call alone. */
typedef void nq_unmatched_fn(void *arg, const struct nq_unmatched *record);
bool nq_store_sqlite_unmatched(const char *path, nq_unmatched_fn *fn, void *arg,
                               struct nq_err *reterr) __attribute__((warn_unused_result));

/* Takes NULL. Always returns NULL. */
struct nq_store *nq_store_close(struct nq_store *store);

#endif
