/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite.c: the store in one SQLite database. The only file that knows SQLite.
 * A commit is durable when it returns: WAL with synchronous=FULL syncs the log each time
 * (https://www.sqlite.org/pragma.html#pragma_synchronous). */
#include "store/store.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "schema_sql.h" /* made from schema.sql by the Makefile */

#define SCHEMA_VERSION      2
#define SCHEMA_VERSION_TEXT "2"
#define BUSY_TIMEOUT_MS     2000
#define SQL_MAX             4096

enum statement {
    PUT_CASE,
    DELETE_CASE,
    PUT_SIGNAL,
    PUT_SCALAR,
    RAISE_SCALAR,
    PUT_TALLY,
    PUT_UNMATCHED,
    STATEMENT_COUNT
};

/* PUT_CASE is made from nq_case_fields. */
static const char *const statement_sql[STATEMENT_COUNT] = {
    [DELETE_CASE] = "DELETE FROM quarantine_case WHERE id = ?1",
    [PUT_SIGNAL] =
        "INSERT OR REPLACE INTO signal VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
    [PUT_SCALAR] = "INSERT OR REPLACE INTO scalar VALUES (?1, ?2)",
    [RAISE_SCALAR] = "INSERT INTO scalar VALUES (?1, ?2) ON CONFLICT (name) "
                     "DO UPDATE SET value = max(value, excluded.value)",
    [PUT_TALLY] = "INSERT OR REPLACE INTO tally VALUES (?1, ?2, ?3)",
    [PUT_UNMATCHED] = "INSERT OR REPLACE INTO unmatched VALUES (?1,?2,?3,?4,?5,?6,?7,?8)",
};

static const char select_unmatched[] =
    "SELECT slot, number, count, first_ms, last_ms, source, trap_oid, text "
    "FROM unmatched ORDER BY number";
static const char last_case_name[] = "last_case";
static const char mode_name[] = "mode";

struct sqlite_store {
    struct nq_store base;
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
};

static struct sqlite_store *from_base(struct nq_store *store)
{
    return (struct sqlite_store *)store;
}

static bool fail(struct sqlite_store *store, enum nq_code code, const char *doing,
                 struct nq_err *reterr)
{
    const int primary = sqlite3_errcode(store->db) & 0xFF;
    if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) {
        code = NQ_STORE_CORRUPT;
    }
    nq_fail(reterr, code, "%s: %s", doing, sqlite3_errmsg(store->db));
    if (reterr) {
        reterr->os_errno = sqlite3_system_errno(store->db);
    }
    return false;
}

static bool run_sql(struct sqlite_store *store, const char *sql, enum nq_code code,
                    struct nq_err *reterr)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           fail(store, code, sql, reterr);
}

/* ---- writing ------------------------------------------------------------------------ */

static bool step_write(struct sqlite_store *store, sqlite3_stmt *statement,
                       struct nq_err *reterr)
{
    const bool done = sqlite3_step(statement) == SQLITE_DONE;
    if (!done) {
        fail(store, NQ_STORE_WRITE, "writing a row", reterr);
    }
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
    return done;
}

/* NULL binds SQL NULL. Static: the text outlives the step. */
static void bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    (void)sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

static bool put_scalar(struct sqlite_store *store, enum statement which, const char *name,
                       int64_t value, struct nq_err *reterr)
{
    sqlite3_stmt *statement = store->statements[which];
    bind_text(statement, 1, name);
    (void)sqlite3_bind_int64(statement, 2, value);
    return step_write(store, statement, reterr);
}

static bool put_case(struct nq_store *base, const struct nq_case *record,
                     struct nq_err *reterr)
{
    struct sqlite_store *store = from_base(base);
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
            bind_text(statement, index, *(const char *const *)member);
            break;
        }
    }
    return step_write(store, statement, reterr) &&
           put_scalar(store, RAISE_SCALAR, last_case_name, record->id, reterr);
}

static bool delete_case(struct nq_store *base, uint32_t id, struct nq_err *reterr)
{
    struct sqlite_store *store = from_base(base);
    (void)sqlite3_bind_int64(store->statements[DELETE_CASE], 1, id);
    return step_write(store, store->statements[DELETE_CASE], reterr);
}

static bool put_signal(struct nq_store *base, const struct nq_signal *signal,
                       struct nq_err *reterr)
{
    struct sqlite_store *store = from_base(base);
    sqlite3_stmt *statement = store->statements[PUT_SIGNAL];
    const uint32_t ring = NQ_SIGNALS_PER_CASE - 1;
    const uint32_t slot = signal->number <= 1 ? 0 : 1 + (signal->number - 2) % ring;
    (void)sqlite3_bind_int64(statement, 1, signal->case_id);
    (void)sqlite3_bind_int64(statement, 2, slot);
    (void)sqlite3_bind_int64(statement, 3, signal->number);
    (void)sqlite3_bind_int64(statement, 4, signal->received_ms);
    bind_text(statement, 5, signal->source);
    bind_text(statement, 6, signal->trigger);
    bind_text(statement, 7, signal->identity);
    bind_text(statement, 8, signal->cause);
    bind_text(statement, 9, signal->severity);
    bind_text(statement, 10, signal->evidence);
    return step_write(store, statement, reterr);
}

static bool put_counter(struct nq_store *base, enum nq_counter counter, uint64_t value,
                        struct nq_err *reterr)
{
    return put_scalar(from_base(base), PUT_SCALAR, nq_counter_name(counter),
                      (int64_t)value, reterr);
}

static bool put_tally(struct nq_store *base, const char *owner, const char *name,
                      uint64_t value, struct nq_err *reterr)
{
    struct sqlite_store *store = from_base(base);
    sqlite3_stmt *statement = store->statements[PUT_TALLY];
    bind_text(statement, 1, owner);
    bind_text(statement, 2, name);
    (void)sqlite3_bind_int64(statement, 3, (int64_t)value);
    return step_write(store, statement, reterr);
}

static bool put_unmatched(struct nq_store *base, const struct nq_unmatched *record,
                          struct nq_err *reterr)
{
    struct sqlite_store *store = from_base(base);
    sqlite3_stmt *statement = store->statements[PUT_UNMATCHED];
    (void)sqlite3_bind_int64(statement, 1, record->slot);
    (void)sqlite3_bind_int64(statement, 2, record->number);
    (void)sqlite3_bind_int64(statement, 3, (int64_t)record->count);
    (void)sqlite3_bind_int64(statement, 4, record->first_ms);
    (void)sqlite3_bind_int64(statement, 5, record->last_ms);
    bind_text(statement, 6, record->source);
    bind_text(statement, 7, record->trap_oid);
    bind_text(statement, 8, record->text);
    return step_write(store, statement, reterr);
}

static bool put_mode(struct nq_store *base, enum nq_mode mode, struct nq_err *reterr)
{
    return put_scalar(from_base(base), PUT_SCALAR, mode_name, mode, reterr);
}

static bool put_admission(struct nq_store *base, const struct nq_admission *record,
                          struct nq_err *reterr)
{
    (void)base;
    (void)record;
    (void)reterr;
    return true;
}

static bool forget_admissions(struct nq_store *base, int64_t at_ms, struct nq_err *reterr)
{
    (void)base;
    (void)at_ms;
    (void)reterr;
    return true;
}

static bool put_governor(struct nq_store *base, const struct nq_governor_record *record,
                         struct nq_err *reterr)
{
    (void)base;
    (void)record;
    (void)reterr;
    return true;
}

static bool put_log(struct nq_store *base, const struct nq_log_entry *entry,
                    struct nq_err *reterr)
{
    (void)base;
    (void)entry;
    (void)reterr;
    return true;
}

static void log_head(const struct nq_store *base, char ret_hash[NQ_HASH_TEXT])
{
    (void)base;
    ret_hash[0] = '\0';
}

static bool begin(struct nq_store *base, struct nq_err *reterr)
{
    return run_sql(from_base(base), "BEGIN IMMEDIATE", NQ_STORE_WRITE, reterr);
}

static bool commit(struct nq_store *base, struct nq_err *reterr)
{
    return run_sql(from_base(base), "COMMIT", NQ_STORE_WRITE, reterr);
}

static void rollback(struct nq_store *base)
{
    struct sqlite_store *store = from_base(base);
    /* SQLite rolls back by itself on some errors; a second time would only be an error. */
    if (!sqlite3_get_autocommit(store->db)) {
        (void)run_sql(store, "ROLLBACK", NQ_STORE_WRITE, NULL);
    }
}

/* ---- reading ------------------------------------------------------------------------ */

static void read_case(sqlite3_stmt *statement, const struct nq_store_reader *reader)
{
    struct nq_case record = {0};
    for (size_t i = 0; i < nq_case_field_count; i++) {
        char *member = (char *)&record + nq_case_fields[i].offset;
        switch (nq_case_fields[i].kind) {
        case NQ_FIELD_U32:
            *(uint32_t *)(void *)member =
                (uint32_t)sqlite3_column_int64(statement, (int)i);
            break;
        case NQ_FIELD_I64:
            *(int64_t *)(void *)member = sqlite3_column_int64(statement, (int)i);
            break;
        case NQ_FIELD_TEXT:
            *(char **)(void *)member =
                nq_strdup((const char *)sqlite3_column_text(statement, (int)i));
            break;
        }
    }
    reader->on_case(reader->arg, &record);
    nq_case_done(&record);
}

static void read_scalar(sqlite3_stmt *statement, const struct nq_store_reader *reader)
{
    const char *name = (const char *)sqlite3_column_text(statement, 0);
    const int64_t value = sqlite3_column_int64(statement, 1);
    if (strcmp(name, last_case_name) == 0) {
        reader->on_last_case(reader->arg, (uint32_t)value);
    } else if (strcmp(name, mode_name) == 0) {
        reader->on_mode(reader->arg, (enum nq_mode)value);
    }
    for (int counter = 0; counter < NQ_COUNTER_COUNT; counter++) {
        if (strcmp(name, nq_counter_name((enum nq_counter)counter)) == 0) {
            reader->on_counter(reader->arg, (enum nq_counter)counter, (uint64_t)value);
        }
    }
}

static void read_tally(sqlite3_stmt *statement, const struct nq_store_reader *reader)
{
    reader->on_tally(reader->arg, (const char *)sqlite3_column_text(statement, 0),
                     (const char *)sqlite3_column_text(statement, 1),
                     (uint64_t)sqlite3_column_int64(statement, 2));
}

/* The strings stay SQLite's: the record is borrowed for the call. */
static void read_unmatched(sqlite3_stmt *statement, const struct nq_store_reader *reader)
{
    char *texts[3];
    for (int i = 0; i < 3; i++) {
        texts[i] = (char *)(uintptr_t)sqlite3_column_text(statement, 5 + i);
    }
    const struct nq_unmatched record = {
        .slot = (uint32_t)sqlite3_column_int64(statement, 0),
        .number = (uint32_t)sqlite3_column_int64(statement, 1),
        .count = (uint64_t)sqlite3_column_int64(statement, 2),
        .first_ms = sqlite3_column_int64(statement, 3),
        .last_ms = sqlite3_column_int64(statement, 4),
        .source = texts[0],
        .trap_oid = texts[1],
        .text = texts[2],
    };
    if (reader->on_unmatched) {
        reader->on_unmatched(reader->arg, &record);
    }
}

typedef void read_row_fn(sqlite3_stmt *statement, const struct nq_store_reader *reader);

static bool read_rows(struct sqlite_store *store, const char *sql, read_row_fn *read_row,
                      const struct nq_store_reader *reader, struct nq_err *reterr)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK) {
        return fail(store, NQ_STORE_OPEN, sql, reterr);
    }
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        read_row(statement, reader);
    }
    const bool complete =
        result == SQLITE_DONE || fail(store, NQ_STORE_OPEN, sql, reterr);
    (void)sqlite3_finalize(statement);
    return complete;
}

/* "id,manager,...": the columns in the order of nq_case_fields; values: "?,?,...". */
static void list_columns(struct nq_buf *out, bool values)
{
    for (size_t i = 0; i < nq_case_field_count; i++) {
        const bool fits =
            nq_buf_addf(out, "%s%s", i ? "," : "", values ? "?" : nq_case_fields[i].name);
        (void)
            fits; /* SQL_MAX is far above what the list needs; a unit test opens a store */
    }
}

static bool load(struct nq_store *base, const struct nq_store_reader *reader,
                 struct nq_err *reterr)
{
    struct sqlite_store *store = from_base(base);
    struct nq_buf sql;
    nq_buf_init(&sql, SQL_MAX);
    bool built = nq_buf_addf(&sql, "SELECT ");
    list_columns(&sql, false);
    built = built && nq_buf_addf(&sql, " FROM quarantine_case ORDER BY id");
    const bool loaded =
        built && read_rows(store, nq_buf_text(&sql), read_case, reader, reterr) &&
        read_rows(store, "SELECT name, value FROM scalar", read_scalar, reader, reterr) &&
        read_rows(store, "SELECT owner, name, value FROM tally", read_tally, reader,
                  reterr) &&
        read_rows(store, select_unmatched, read_unmatched, reader, reterr);
    nq_buf_done(&sql);
    return loaded;
}

/* ---- opening and closing ------------------------------------------------------------ */

static void close_store(struct nq_store *base)
{
    struct sqlite_store *store = from_base(base);
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(store->statements[i]);
    }
    (void)sqlite3_close(store->db);
    free(store);
}

static const struct nq_store_ops sqlite_ops = {
    .load = load,
    .begin = begin,
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
    .put_log = put_log,
    .log_head = log_head,
    .commit = commit,
    .rollback = rollback,
    .close = close_store,
};

/* Reads one number or text of a PRAGMA; NULL on failure. The caller frees. */
static char *pragma(struct sqlite_store *store, const char *sql, struct nq_err *reterr)
{
    sqlite3_stmt *statement = NULL;
    char *value = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        value = nq_strdup((const char *)sqlite3_column_text(statement, 0));
    }
    if (!value) {
        fail(store, NQ_STORE_OPEN, sql, reterr);
    }
    (void)sqlite3_finalize(statement);
    return value;
}

static bool check_pragma(struct sqlite_store *store, const char *sql,
                         const char *expected, enum nq_code code, struct nq_err *reterr)
{
    char *value = pragma(store, sql, reterr);
    if (!value) {
        return false;
    }
    const bool same = strcmp(value, expected) == 0;
    if (!same) {
        nq_fail(reterr, code, "%s gives \"%s\"", sql, value);
    }
    free(value);
    return same;
}

static bool prepare_schema(struct sqlite_store *store, struct nq_err *reterr)
{
    char *text = pragma(store, "PRAGMA user_version", reterr);
    if (!text) {
        return false;
    }
    const long version = strtol(text, NULL, 10);
    free(text);
    if (version == 0 && !check_pragma(store, "SELECT count(*) FROM sqlite_master", "0",
                                      NQ_STORE_SCHEMA, reterr)) {
        return false; /* a database, but not ours */
    }
    if (version == 0) {
        return begin(&store->base, reterr) &&
               run_sql(store, schema_sql, NQ_STORE_OPEN, reterr) &&
               commit(&store->base, reterr);
    }
    if (version != SCHEMA_VERSION) {
        return nq_fail(reterr, NQ_STORE_SCHEMA, "schema version %ld, this release has %d",
                       version, SCHEMA_VERSION);
    }
    return check_pragma(store, "PRAGMA quick_check(1)", "ok", NQ_STORE_CORRUPT, reterr);
}

static bool prepare_statements(struct sqlite_store *store, struct nq_err *reterr)
{
    struct nq_buf put_case_sql;
    nq_buf_init(&put_case_sql, SQL_MAX);
    bool built = nq_buf_addf(&put_case_sql, "INSERT INTO quarantine_case (");
    list_columns(&put_case_sql, false);
    built = built && nq_buf_addf(&put_case_sql, ") VALUES (");
    list_columns(&put_case_sql, true);
    /* Not INSERT OR REPLACE: that would delete the row and, with it, its signals. */
    built = built && nq_buf_addf(&put_case_sql, ") ON CONFLICT (id) DO UPDATE SET ");
    for (size_t i = 1; i < nq_case_field_count; i++) {
        built =
            built && nq_buf_addf(&put_case_sql, "%s%s = excluded.%s", i > 1 ? "," : "",
                                 nq_case_fields[i].name, nq_case_fields[i].name);
    }
    bool prepared = built;
    for (size_t i = 0; prepared && i < STATEMENT_COUNT; i++) {
        const char *sql = i == PUT_CASE ? nq_buf_text(&put_case_sql) : statement_sql[i];
        prepared = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                      &store->statements[i], NULL) == SQLITE_OK ||
                   fail(store, NQ_STORE_OPEN, sql, reterr);
    }
    nq_buf_done(&put_case_sql);
    return prepared;
}

struct nq_store *nq_store_sqlite_open(const char *path, int64_t log_max,
                                      struct nq_err *reterr)
{
    (void)log_max;
    struct sqlite_store *store = nq_calloc(1, sizeof(*store));
    store->base.ops = &sqlite_ops;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    bool opened = sqlite3_open_v2(path, &store->db, flags, NULL) == SQLITE_OK ||
                  fail(store, NQ_STORE_OPEN, path, reterr);
    if (opened) {
        (void)sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
    }
    /* SQLite opens what it may not write as read-only. The schema comes before the journal
     * mode, which is kept in the file: that of another release stays as it is. */
    opened =
        opened &&
        (sqlite3_db_readonly(store->db, "main") == 0 ||
         nq_fail(reterr, NQ_STORE_OPEN, "%s: not writable", path)) &&
        prepare_schema(store, reterr) &&
        check_pragma(store, "PRAGMA journal_mode=WAL", "wal", NQ_STORE_OPEN, reterr) &&
        run_sql(store, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON", NQ_STORE_OPEN,
                reterr) &&
        prepare_statements(store, reterr);
    if (!opened) {
        close_store(&store->base);
        return NULL;
    }
    return &store->base;
}

bool nq_store_sqlite_unmatched(const char *path, nq_unmatched_fn *fn, void *arg,
                               struct nq_err *reterr)
{
    struct sqlite_store store = {0};
    const struct nq_store_reader reader = {.arg = arg, .on_unmatched = fn};
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    bool done = sqlite3_open_v2(path, &store.db, flags, NULL) == SQLITE_OK ||
                fail(&store, NQ_STORE_OPEN, path, reterr);
    if (done) {
        (void)sqlite3_busy_timeout(store.db, BUSY_TIMEOUT_MS);
    }
    done = done &&
           check_pragma(&store, "PRAGMA user_version", SCHEMA_VERSION_TEXT,
                        NQ_STORE_SCHEMA, reterr) &&
           read_rows(&store, select_unmatched, read_unmatched, &reader, reterr);
    (void)sqlite3_close(store.db);
    return done;
}
