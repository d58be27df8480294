/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_impl.h: what the files sqlite*.c share: the open database and how its calls fail.
 * Not for: anybody outside store/sqlite*.c.
 *
 * Owns    struct sqlite_store owns the connection and its prepared statements.
 * Blocks  for local reads and writes.
 * Thread  loop thread only.
 * Fails   with false and *reterr; SQLite's text is the detail.
 * Limits  SQL_MAX bytes in a statement that is put together.
 */
#ifndef NQ_STORE_SQLITE_IMPL_H
#define NQ_STORE_SQLITE_IMPL_H

#include <sqlite3.h>

#include "base/buf.h"
#include "store/store.h"

#define SCHEMA_VERSION  2
#define BUSY_TIMEOUT_MS 2000
#define SQL_MAX         4096

enum statement {
    BEGIN_WRITING,
    COMMIT_WRITING,
    PUT_CASE,
    DELETE_CASE,
    PUT_SIGNAL,
    PUT_SCALAR,
    RAISE_SCALAR,
    PUT_TALLY,
    PUT_UNMATCHED,
    PUT_ADMISSION,
    FORGET_ADMISSIONS,
    PUT_GOVERNOR,
    PUT_LOG,
    NOTE_PRUNED,
    PRUNE_LOG,
    STATEMENT_COUNT
};

/* Where the audit log ends: what the next entry is tied to. */
struct log_end {
    uint32_t last;      /* number of the newest entry; 0: none */
    uint32_t kept_from; /* number of the oldest one that is kept, or of the next */
    char hash[NQ_HASH_TEXT];
};

struct sqlite_store {
    struct nq_store base;
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    bool logging;         /* commits go to a log, which has an index */
    uint32_t case_raised; /* the highest number put in the present transaction; 0: none */
    int64_t log_max;
    struct log_end log_committed;
    struct log_end log_pending; /* in the present transaction */
    int64_t log_prunable;       /* entries that this transaction may still prune */
};

/* Names of rows of the table scalar that are no counters. */
extern const char nq_sqlite_last_case[];
extern const char nq_sqlite_mode[];
extern const char nq_sqlite_last_log[];

static inline struct sqlite_store *nq_sqlite_of(struct nq_store *store)
{
    return (struct sqlite_store *)store;
}

/* Fails with code, or with NQ_STORE_CORRUPT when that is what SQLite says. Returns false. */
bool nq_sqlite_fail(struct sqlite_store *store, enum nq_code code, const char *doing,
                    struct nq_err *reterr);
bool nq_sqlite_run(struct sqlite_store *store, const char *sql, enum nq_code code,
                   struct nq_err *reterr);

/* Text of the first column of the first row, which must be there; NULL on failure. The
 * caller frees. */
char *nq_sqlite_value(struct sqlite_store *store, const char *sql, struct nq_err *reterr);

/* The version of the schema in the file; 0 also for an empty file. */
bool nq_sqlite_version(struct sqlite_store *store, int64_t *ret_version,
                       struct nq_err *reterr);

void nq_sqlite_close(struct nq_store *base);

/* ---- sqlite_index.c ------------------------------------------------------------------- */

/* Before the database at path is opened: reading its log writes to the index as well. */
bool nq_sqlite_room_to_open(const char *path, struct nq_err *reterr);

/* Before each transaction: what it writes to the index of the log has its place on the
 * disk. Fails with NQ_STORE_WRITE when the disk is full. */
bool nq_sqlite_room_for_index(struct sqlite_store *store, struct nq_err *reterr);

/* ---- sqlite_write.c ------------------------------------------------------------------- */

bool nq_sqlite_prepare(struct sqlite_store *store, struct nq_err *reterr);
bool nq_sqlite_begin(struct nq_store *base, struct nq_err *reterr);
bool nq_sqlite_commit(struct nq_store *base, struct nq_err *reterr);
void nq_sqlite_rollback(struct nq_store *base);

/* Runs a prepared statement once. */
bool nq_sqlite_step(struct sqlite_store *store, sqlite3_stmt *statement,
                    struct nq_err *reterr);
/* NULL binds SQL NULL. The text must outlive the step. */
void nq_sqlite_bind_text(sqlite3_stmt *statement, int index, const char *text);
bool nq_sqlite_put_scalar(struct sqlite_store *store, enum statement which,
                          const char *name, int64_t value, struct nq_err *reterr);

extern const struct nq_store_ops nq_sqlite_ops;

/* ---- sqlite_read.c -------------------------------------------------------------------- */

/* "id,manager,...": the columns in the order of nq_case_fields; values: "?,?,...". */
bool nq_sqlite_list_columns(struct nq_buf *out, bool values);
bool nq_sqlite_load(struct nq_store *base, const struct nq_store_reader *reader,
                    struct nq_err *reterr);

/* Opens the database at path to read it beside an engine. Close it with
 * nq_sqlite_close_beside() also when this failed. */
bool nq_sqlite_open_beside(struct sqlite_store *store, const char *path,
                           struct nq_err *reterr);
void nq_sqlite_close_beside(struct sqlite_store *store);

/* ---- sqlite_log.c --------------------------------------------------------------------- */

/* Finds the end of the audit log. When the newest entries are not there any more it says so
 * in an entry of its own, behind the numbers that are missing. */
bool nq_sqlite_log_open(struct sqlite_store *store, struct nq_err *reterr);
/* A transaction begins. */
void nq_sqlite_log_begin(struct sqlite_store *store);
bool nq_sqlite_put_log(struct nq_store *base, const struct nq_log_entry *entry,
                       struct nq_err *reterr);
void nq_sqlite_log_head(const struct nq_store *base, char ret_hash[NQ_HASH_TEXT]);

/* ---- sqlite_migrate.c ----------------------------------------------------------------- */

/* Brings a database of an older schema to the present one, step by step, after a copy of
 * it was kept at path.vN. */
bool nq_sqlite_migrate(struct sqlite_store *store, const char *path, int64_t version,
                       struct nq_err *reterr);

#endif
