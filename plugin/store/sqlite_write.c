/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_write.c: transactions, and the statements that put records into the database. */
#include <stdlib.h>

#include "store/sqlite_impl.h"

/* PUT_CASE is made from nq_case_fields. */
static const char *const statement_sql[STATEMENT_COUNT] = {
    [BEGIN_WRITING] = "BEGIN IMMEDIATE",
    [COMMIT_WRITING] = "COMMIT",
    [DELETE_CASE] = "DELETE FROM quarantine_case WHERE id = ?1",
    [PUT_SIGNAL] =
        "INSERT OR REPLACE INTO signal VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
    [PUT_SCALAR] = "INSERT INTO scalar VALUES (?1, ?2) ON CONFLICT (name) "
                   "DO UPDATE SET value = excluded.value",
    [RAISE_SCALAR] = "INSERT INTO scalar VALUES (?1, ?2) ON CONFLICT (name) "
                     "DO UPDATE SET value = max(value, excluded.value)",
    [PUT_TALLY] = "INSERT INTO tally VALUES (?1, ?2, ?3) ON CONFLICT (owner, name) "
                  "DO UPDATE SET value = excluded.value",
    [PUT_UNMATCHED] = "INSERT OR REPLACE INTO unmatched VALUES (?1,?2,?3,?4,?5,?6,?7,?8)",
    [PUT_ADMISSION] = "INSERT INTO admission (case_id, rehearsed, at_ms, cause, owners) "
                      "VALUES (?1,?2,?3,?4,?5)",
    [FORGET_ADMISSIONS] = "DELETE FROM admission WHERE at_ms < ?1",
    [PUT_GOVERNOR] = "INSERT OR REPLACE INTO governor VALUES (1,?1,?2,?3,?4)",
    [PUT_LOG] = "INSERT INTO log VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)",
    [NOTE_PRUNED] = "INSERT OR REPLACE INTO log_pruned "
                    "SELECT 1, number, hash FROM log WHERE number = ?1",
    [PRUNE_LOG] = "DELETE FROM log WHERE number <= ?1",
};

/* Unless it is prepared already. */
static bool prepare(struct sqlite_store *store, enum statement which, const char *sql,
                    struct nq_err *reterr)
{
    return store->statements[which] ||
           sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                              &store->statements[which], NULL) == SQLITE_OK ||
           nq_sqlite_fail(store, NQ_STORE_OPEN, sql, reterr);
}

bool nq_sqlite_prepare(struct sqlite_store *store, struct nq_err *reterr)
{
    struct nq_buf put_case_sql;
    nq_buf_init(&put_case_sql, SQL_MAX);
    bool built = nq_buf_addf(&put_case_sql, "INSERT INTO quarantine_case (") &&
                 nq_sqlite_list_columns(&put_case_sql, false) &&
                 nq_buf_addf(&put_case_sql, ") VALUES (") &&
                 nq_sqlite_list_columns(&put_case_sql, true) &&
                 /* Not INSERT OR REPLACE: that would delete the row and, with it, its
                  * signals. */
                 nq_buf_addf(&put_case_sql, ") ON CONFLICT (id) DO UPDATE SET ");
    for (size_t i = 1; i < nq_case_field_count; i++) {
        built =
            built && nq_buf_addf(&put_case_sql, "%s%s = excluded.%s", i > 1 ? "," : "",
                                 nq_case_fields[i].name, nq_case_fields[i].name);
    }
    bool prepared = built;
    for (size_t i = 0; prepared && i < STATEMENT_COUNT; i++) {
        prepared = prepare(store, (enum statement)i,
                           i == PUT_CASE ? nq_buf_text(&put_case_sql) : statement_sql[i],
                           reterr);
    }
    nq_buf_done(&put_case_sql);
    return prepared;
}

/* ---- transactions --------------------------------------------------------------------- */

/* Also for a database that has no tables yet. */
static bool run_prepared(struct sqlite_store *store, enum statement which,
                         struct nq_err *reterr)
{
    if (!prepare(store, which, statement_sql[which], reterr)) {
        return false;
    }
    sqlite3_stmt *statement = store->statements[which];
    const bool done = sqlite3_step(statement) == SQLITE_DONE ||
                      nq_sqlite_fail(store, NQ_STORE_WRITE, statement_sql[which], reterr);
    (void)sqlite3_reset(statement);
    return done;
}

bool nq_sqlite_begin(struct nq_store *base, struct nq_err *reterr)
{
    struct sqlite_store *store = nq_sqlite_of(base);
    if ((store->logging && !nq_sqlite_room_for_index(store, reterr)) ||
        !run_prepared(store, BEGIN_WRITING, reterr)) {
        return false; /* perhaps inside a transaction, which goes on */
    }
    store->case_raised = 0;
    nq_sqlite_log_begin(store);
    return true;
}

/* The highest numbers ever used, once for the whole transaction. */
static bool raise_numbers(struct sqlite_store *store, struct nq_err *reterr)
{
    const uint32_t log = store->log_pending.last;
    return (store->case_raised == 0 ||
            nq_sqlite_put_scalar(store, RAISE_SCALAR, nq_sqlite_last_case,
                                 store->case_raised, reterr)) &&
           (log == store->log_committed.last ||
            nq_sqlite_put_scalar(store, RAISE_SCALAR, nq_sqlite_last_log, log, reterr));
}

/* What is written into a file that no path leads to any more is durable for nobody. */
static bool is_in_its_place(struct sqlite_store *store, struct nq_err *reterr)
{
    int moved = 0;
    (void)sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return moved == 0 ||
           nq_fail(
               reterr, NQ_STORE_WRITE,
               "%s was moved or removed while it is open: put it back, or restart the "
               "engine, which begins with what is there then",
               sqlite3_db_filename(store->db, "main"));
}

bool nq_sqlite_commit(struct nq_store *base, struct nq_err *reterr)
{
    struct sqlite_store *store = nq_sqlite_of(base);
    if (!is_in_its_place(store, reterr) || !raise_numbers(store, reterr) ||
        !run_prepared(store, COMMIT_WRITING, reterr)) {
        return false;
    }
    store->log_committed = store->log_pending;
    return true;
}

void nq_sqlite_rollback(struct nq_store *base)
{
    struct sqlite_store *store = nq_sqlite_of(base);
    /* SQLite rolls back by itself on some errors; a second time would only be an error. */
    if (!sqlite3_get_autocommit(store->db)) {
        (void)nq_sqlite_run(store, "ROLLBACK", NQ_STORE_WRITE, NULL);
    }
}

/* ---- records -------------------------------------------------------------------------- */

bool nq_sqlite_step(struct sqlite_store *store, sqlite3_stmt *statement,
                    struct nq_err *reterr)
{
    const bool done = sqlite3_step(statement) == SQLITE_DONE;
    if (!done) {
        nq_sqlite_fail(store, NQ_STORE_WRITE, "writing a row", reterr);
    }
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
    return done;
}

void nq_sqlite_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    (void)sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

bool nq_sqlite_put_scalar(struct sqlite_store *store, enum statement which,
                          const char *name, int64_t value, struct nq_err *reterr)
{
    sqlite3_stmt *statement = store->statements[which];
    nq_sqlite_bind_text(statement, 1, name);
    (void)sqlite3_bind_int64(statement, 2, value);
    return nq_sqlite_step(store, statement, reterr);
}

static bool put_case(struct nq_store *base, const struct nq_case *record,
                     struct nq_err *reterr)
{
    struct sqlite_store *store = nq_sqlite_of(base);
    sqlite3_stmt *statement = store->statements[PUT_CASE];
    for (size_t i = 0; i < nq_case_field_count; i++) {
        const void *member = nq_case_member(record, &nq_case_fields[i]);
        const int index = (int)i + 1;
        switch (nq_case_fields[i].kind) {
        case NQ_FIELD_U32:
            (void)sqlite3_bind_int64(statement, index, *(const uint32_t *)member);
            break;
        case NQ_FIELD_I64:
            (void)sqlite3_bind_int64(statement, index, *(const int64_t *)member);
            break;
        case NQ_FIELD_TEXT:
            nq_sqlite_bind_text(statement, index, *(const char *const *)member);
            break;
        }
    }
    if (record->id > store->case_raised) {
        store->case_raised = record->id;
    }
    return nq_sqlite_step(store, statement, reterr);
}

static bool delete_case(struct nq_store *base, uint32_t id, struct nq_err *reterr)
{
    struct sqlite_store *store = nq_sqlite_of(base);
    (void)sqlite3_bind_int64(store->statements[DELETE_CASE], 1, id);
    return nq_sqlite_step(store, store->statements[DELETE_CASE], reterr);
}

static bool put_signal(struct nq_store *base, const struct nq_signal *signal,
                       struct nq_err *reterr)
{
    struct sqlite_store *store = nq_sqlite_of(base);
    sqlite3_stmt *statement = store->statements[PUT_SIGNAL];
    const uint32_t ring = NQ_SIGNALS_PER_CASE - 1;
    const uint32_t slot = signal->number <= 1 ? 0 : 1 + (signal->number - 2) % ring;
    (void)sqlite3_bind_int64(statement, 1, signal->case_id);
    (void)sqlite3_bind_int64(statement, 2, slot);
    (void)sqlite3_bind_int64(statement, 3, signal->number);
    (void)sqlite3_bind_int64(statement, 4, signal->received_ms);
    nq_sqlite_bind_text(statement, 5, signal->source);
    nq_sqlite_bind_text(statement, 6, signal->trigger);
    nq_sqlite_bind_text(statement, 7, signal->identity);
    nq_sqlite_bind_text(statement, 8, signal->cause);
    nq_sqlite_bind_text(statement, 9, signal->severity);
    nq_sqlite_bind_text(statement, 10, signal->evidence);
    return nq_sqlite_step(store, statement, reterr);
}

static bool put_counter(struct nq_store *base, enum nq_counter counter, uint64_t value,
                        struct nq_err *reterr)
{
    return nq_sqlite_put_scalar(nq_sqlite_of(base), PUT_SCALAR, nq_counter_name(counter),
                                (int64_t)value, reterr);
}

static bool put_tally(struct nq_store *base, const char *owner, const char *name,
                      uint64_t value, struct nq_err *reterr)
{
    struct sqlite_store *store = nq_sqlite_of(base);
    sqlite3_stmt *statement = store->statements[PUT_TALLY];
    nq_sqlite_bind_text(statement, 1, owner);
    nq_sqlite_bind_text(statement, 2, name);
    (void)sqlite3_bind_int64(statement, 3, (int64_t)value);
    return nq_sqlite_step(store, statement, reterr);
}

static bool put_unmatched(struct nq_store *base, const struct nq_unmatched *record,
                          struct nq_err *reterr)
{
    struct sqlite_store *store = nq_sqlite_of(base);
    sqlite3_stmt *statement = store->statements[PUT_UNMATCHED];
    (void)sqlite3_bind_int64(statement, 1, record->slot);
    (void)sqlite3_bind_int64(statement, 2, record->number);
    (void)sqlite3_bind_int64(statement, 3, (int64_t)record->count);
    (void)sqlite3_bind_int64(statement, 4, record->first_ms);
    (void)sqlite3_bind_int64(statement, 5, record->last_ms);
    nq_sqlite_bind_text(statement, 6, record->source);
    nq_sqlite_bind_text(statement, 7, record->trap_oid);
    nq_sqlite_bind_text(statement, 8, record->text);
    return nq_sqlite_step(store, statement, reterr);
}

static bool put_mode(struct nq_store *base, enum nq_mode mode, struct nq_err *reterr)
{
    return nq_sqlite_put_scalar(nq_sqlite_of(base), PUT_SCALAR, nq_sqlite_mode, mode,
                                reterr);
}

static bool put_admission(struct nq_store *base, const struct nq_admission *record,
                          struct nq_err *reterr)
{
    struct sqlite_store *store = nq_sqlite_of(base);
    sqlite3_stmt *statement = store->statements[PUT_ADMISSION];
    (void)sqlite3_bind_int64(statement, 1, record->case_id);
    (void)sqlite3_bind_int64(statement, 2, record->rehearsed);
    (void)sqlite3_bind_int64(statement, 3, record->at_ms);
    nq_sqlite_bind_text(statement, 4, record->cause);
    nq_sqlite_bind_text(statement, 5, record->groups);
    return nq_sqlite_step(store, statement, reterr);
}

static bool forget_admissions(struct nq_store *base, int64_t at_ms, struct nq_err *reterr)
{
    struct sqlite_store *store = nq_sqlite_of(base);
    (void)sqlite3_bind_int64(store->statements[FORGET_ADMISSIONS], 1, at_ms);
    return nq_sqlite_step(store, store->statements[FORGET_ADMISSIONS], reterr);
}

static bool put_governor(struct nq_store *base, const struct nq_governor_record *record,
                         struct nq_err *reterr)
{
    struct sqlite_store *store = nq_sqlite_of(base);
    sqlite3_stmt *statement = store->statements[PUT_GOVERNOR];
    (void)sqlite3_bind_int64(statement, 1, record->state);
    (void)sqlite3_bind_int64(statement, 2, record->changed_ms);
    (void)sqlite3_bind_int64(statement, 3, record->rearmed_ms);
    nq_sqlite_bind_text(statement, 4, record->reason);
    return nq_sqlite_step(store, statement, reterr);
}

const struct nq_store_ops nq_sqlite_ops = {
    .load = nq_sqlite_load,
    .begin = nq_sqlite_begin,
    .put_case = put_case,
    .delete_case = delete_case,
    .put_signal = put_signal,
    .put_counter = put_counter,
    .put_tally = put_tally,
    .put_unmatched = put_unmatched,
    .put_mode = put_mode,
    .put_admission = put_admission,
    .forget_admissions = forget_admissions,
    .put_governor = put_governor,
    .put_log = nq_sqlite_put_log,
    .log_head = nq_sqlite_log_head,
    .commit = nq_sqlite_commit,
    .rollback = nq_sqlite_rollback,
    .close = nq_sqlite_close,
};
