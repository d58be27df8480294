/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_read.c: hands over what the database holds: to the engine when it starts, and to a
 * command beside it. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sqlite_impl.h"

#define TEXT(macro)     TEXT_NOW(macro)
#define TEXT_NOW(value) #value

static const char select_unmatched[] =
    "SELECT slot, number, count, first_ms, last_ms, source, trap_oid, text "
    "FROM unmatched ORDER BY number";
static const char select_admissions[] =
    "SELECT case_id, rehearsed, at_ms, cause, owners FROM admission ORDER BY number";
static const char select_governor[] =
    "SELECT state, changed_ms, rearmed_ms, reason FROM governor";
static const char select_log[] =
    "SELECT * FROM (SELECT number, case_id, at_ms, event, actor, text, evidence "
    "FROM log ORDER BY number DESC LIMIT " TEXT(NQ_LOG_SHOWN) ") ORDER BY number";

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
    if (strcmp(name, nq_sqlite_last_case) == 0) {
        reader->on_last_case(reader->arg, (uint32_t)value);
    } else if (strcmp(name, nq_sqlite_mode) == 0) {
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

/* The string stays SQLite's: a record is borrowed for the call. */
static char *text_at(sqlite3_stmt *statement, int column)
{
    return (char *)(uintptr_t)sqlite3_column_text(statement, column);
}

static void read_unmatched(sqlite3_stmt *statement, const struct nq_store_reader *reader)
{
    const struct nq_unmatched record = {
        .slot = (uint32_t)sqlite3_column_int64(statement, 0),
        .number = (uint32_t)sqlite3_column_int64(statement, 1),
        .count = (uint64_t)sqlite3_column_int64(statement, 2),
        .first_ms = sqlite3_column_int64(statement, 3),
        .last_ms = sqlite3_column_int64(statement, 4),
        .source = text_at(statement, 5),
        .trap_oid = text_at(statement, 6),
        .text = text_at(statement, 7),
    };
    if (reader->on_unmatched) {
        reader->on_unmatched(reader->arg, &record);
    }
}

static void read_admission(sqlite3_stmt *statement, const struct nq_store_reader *reader)
{
    const struct nq_admission record = {
        .case_id = (uint32_t)sqlite3_column_int64(statement, 0),
        .rehearsed = (uint32_t)sqlite3_column_int64(statement, 1),
        .at_ms = sqlite3_column_int64(statement, 2),
        .cause = text_at(statement, 3),
        .groups = text_at(statement, 4),
    };
    reader->on_admission(reader->arg, &record);
}

static void read_governor(sqlite3_stmt *statement, const struct nq_store_reader *reader)
{
    const struct nq_governor_record record = {
        .state = (enum nq_governor_state)sqlite3_column_int64(statement, 0),
        .changed_ms = sqlite3_column_int64(statement, 1),
        .rearmed_ms = sqlite3_column_int64(statement, 2),
        .reason = text_at(statement, 3),
    };
    reader->on_governor(reader->arg, &record);
}

static void read_log(sqlite3_stmt *statement, const struct nq_store_reader *reader)
{
    const struct nq_log_entry entry = {
        .number = (uint32_t)sqlite3_column_int64(statement, 0),
        .case_id = (uint32_t)sqlite3_column_int64(statement, 1),
        .at_ms = sqlite3_column_int64(statement, 2),
        .event = text_at(statement, 3),
        .actor = text_at(statement, 4),
        .text = text_at(statement, 5),
        .evidence = sqlite3_column_bytes(statement, 6) ? text_at(statement, 6) : NULL,
    };
    reader->on_log(reader->arg, &entry);
}

typedef void read_row_fn(sqlite3_stmt *statement, const struct nq_store_reader *reader);

static bool read_rows(struct sqlite_store *store, const char *sql, read_row_fn *read_row,
                      const struct nq_store_reader *reader, struct nq_err *reterr)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK) {
        return nq_sqlite_fail(store, NQ_STORE_OPEN, sql, reterr);
    }
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        read_row(statement, reader);
    }
    const bool complete =
        result == SQLITE_DONE || nq_sqlite_fail(store, NQ_STORE_OPEN, sql, reterr);
    (void)sqlite3_finalize(statement);
    return complete;
}

bool nq_sqlite_list_columns(struct nq_buf *out, bool values)
{
    bool fits = true;
    for (size_t i = 0; i < nq_case_field_count; i++) {
        fits = fits && nq_buf_addf(out, "%s%s", i ? "," : "",
                                   values ? "?" : nq_case_fields[i].name);
    }
    return fits;
}

bool nq_sqlite_load(struct nq_store *base, const struct nq_store_reader *reader,
                    struct nq_err *reterr)
{
    static const struct {
        const char *sql;
        read_row_fn *read_row;
    } tables[] = {
        {"SELECT name, value FROM scalar", read_scalar},
        {"SELECT owner, name, value FROM tally", read_tally},
        {select_unmatched, read_unmatched},
        {select_admissions, read_admission},
        {select_governor, read_governor},
        {select_log, read_log},
    };
    struct sqlite_store *store = nq_sqlite_of(base);
    struct nq_buf sql;
    nq_buf_init(&sql, SQL_MAX);
    bool loaded = nq_buf_addf(&sql, "SELECT ") && nq_sqlite_list_columns(&sql, false) &&
                  nq_buf_addf(&sql, " FROM quarantine_case ORDER BY id") &&
                  read_rows(store, nq_buf_text(&sql), read_case, reader, reterr);
    nq_buf_done(&sql);
    for (size_t i = 0; loaded && i < sizeof(tables) / sizeof(tables[0]); i++) {
        loaded = read_rows(store, tables[i].sql, tables[i].read_row, reader, reterr);
    }
    return loaded;
}

/* ---- beside an engine ----------------------------------------------------------------- */

bool nq_sqlite_open_beside(struct sqlite_store *store, const char *path,
                           struct nq_err *reterr)
{
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    *store = (struct sqlite_store){0};
    if (sqlite3_open_v2(path, &store->db, flags, NULL) != SQLITE_OK) {
        return nq_sqlite_fail(store, NQ_STORE_OPEN, path, reterr);
    }
    (void)sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
    int64_t version = 0;
    if (!nq_sqlite_version(store, &version, reterr)) {
        return false;
    }
    if (version > 0 && version < SCHEMA_VERSION) {
        return nq_fail(reterr, NQ_STORE_SCHEMA,
                       "schema version %lld: start the engine, which makes it %d",
                       (long long)version, SCHEMA_VERSION);
    }
    return version == SCHEMA_VERSION ||
           nq_fail(reterr, NQ_STORE_SCHEMA, "schema version %lld, this release has %d",
                   (long long)version, SCHEMA_VERSION);
}

void nq_sqlite_close_beside(struct sqlite_store *store)
{
    (void)sqlite3_close(store->db);
}

bool nq_store_sqlite_unmatched(const char *path, nq_unmatched_fn *fn, void *arg,
                               struct nq_err *reterr)
{
    struct sqlite_store store;
    const struct nq_store_reader reader = {.arg = arg, .on_unmatched = fn};
    const bool done =
        nq_sqlite_open_beside(&store, path, reterr) &&
        read_rows(&store, select_unmatched, read_unmatched, &reader, reterr);
    nq_sqlite_close_beside(&store);
    return done;
}
