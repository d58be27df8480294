/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_log_read.c: the entries of the audit log, for a command beside the engine. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/log_reader.h"
#include "store/sqlite_impl.h"

/* Rows are taken out of the database a page at a time: a reader that holds the database for
 * as long as a person looks at a screen would keep the write-ahead log from being reused. */
#define PAGE 100

#define COLUMNS                                                                          \
    "number, case_id, at_ms, kept_from, event, actor, text, evidence, hash FROM log "

static const char select_all[] = "SELECT " COLUMNS "ORDER BY number";
static const char select_page[] =
    "SELECT " COLUMNS "WHERE number >= ?1 AND (?2 = 0 OR case_id = ?2) AND at_ms >= ?3 "
    "ORDER BY number LIMIT ?4";
static const char select_start[] =
    "SELECT min(number) FROM (SELECT number FROM log WHERE (?2 = 0 OR case_id = ?2) "
    "AND at_ms >= ?3 ORDER BY number DESC LIMIT ?4)";

/* ---- one row -------------------------------------------------------------------------- */

static int64_t number_at(sqlite3_stmt *statement, int column, int64_t min, int64_t max,
                         bool *whole)
{
    const int64_t number = sqlite3_column_int64(statement, column);
    *whole = *whole && sqlite3_column_type(statement, column) == SQLITE_INTEGER &&
             number >= min && number <= max;
    return number;
}

/* A text that goes on behind a NUL would be shown and hashed in part. */
static char *text_at(sqlite3_stmt *statement, int column, bool *whole)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    *whole = *whole && text && sqlite3_column_type(statement, column) == SQLITE_TEXT &&
             strlen(text) == (size_t)sqlite3_column_bytes(statement, column);
    return (char *)(uintptr_t)(text ? text : "");
}

/* The texts stay SQLite's. */
static struct nq_log_row row_of(sqlite3_stmt *statement)
{
    bool whole = true;
    struct nq_log_row row = {
        .entry.number = (uint32_t)number_at(statement, 0, 1, UINT32_MAX, &whole),
        .entry.case_id = (uint32_t)number_at(statement, 1, 0, UINT32_MAX, &whole),
        .entry.at_ms = number_at(statement, 2, INT64_MIN, INT64_MAX, &whole),
        .kept_from = (uint32_t)number_at(statement, 3, 1, UINT32_MAX, &whole),
        .entry.event = text_at(statement, 4, &whole),
        .entry.actor = text_at(statement, 5, &whole),
        .entry.text = text_at(statement, 6, &whole),
        .entry.evidence = text_at(statement, 7, &whole),
        .hash = text_at(statement, 8, &whole),
    };
    if (!*row.entry.evidence) {
        row.entry.evidence = NULL;
    }
    row.whole = whole;
    return row;
}

/* ---- judging -------------------------------------------------------------------------- */

static sqlite3_stmt *prepare(struct sqlite_store *store, const char *sql,
                             struct nq_err *reterr)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK) {
        nq_sqlite_fail(store, NQ_STORE_OPEN, sql, reterr);
    }
    return statement;
}

static bool start_check(struct sqlite_store *store, const char *noted,
                        struct nq_chain_check *check, struct nq_err *reterr)
{
    static const char sql[] = "SELECT number, hash FROM log_pruned";
    sqlite3_stmt *statement = prepare(store, sql, reterr);
    const int result = statement ? sqlite3_step(statement) : SQLITE_ERROR;
    if (result == SQLITE_ROW) {
        nq_chain_check_start(
            check, (uint32_t)sqlite3_column_int64(statement, 0),
            nq_text_or_empty((const char *)sqlite3_column_text(statement, 1)), noted);
    } else {
        nq_chain_check_start(check, 0, "", noted);
    }
    const bool done = result == SQLITE_ROW || result == SQLITE_DONE ||
                      (statement && nq_sqlite_fail(store, NQ_STORE_OPEN, sql, reterr));
    (void)sqlite3_finalize(statement);
    return done;
}

static bool check_rows(struct sqlite_store *store, struct nq_chain_check *check,
                       struct nq_err *reterr)
{
    sqlite3_stmt *statement = prepare(store, select_all, reterr);
    bool good = statement != NULL;
    int result = SQLITE_DONE;
    while (good && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        const struct nq_log_row row = row_of(statement);
        good = nq_chain_check_add(check, &row);
    }
    const bool read =
        statement && (!good || result == SQLITE_DONE ||
                      nq_sqlite_fail(store, NQ_STORE_OPEN, select_all, reterr));
    (void)sqlite3_finalize(statement);
    return read;
}

static bool end_check(struct sqlite_store *store, struct nq_chain_check *check,
                      struct nq_err *reterr)
{
    char *highest = nq_sqlite_value(
        store, "SELECT coalesce(max(value), 0) FROM scalar WHERE name = 'last_log'",
        reterr);
    if (highest && !*check->broken) {
        (void)nq_chain_check_end(check, (uint32_t)strtoul(highest, NULL, 10));
    }
    free(highest);
    return highest != NULL;
}

bool nq_store_sqlite_verify(const char *path, const char *noted,
                            struct nq_chain_check *ret_check, struct nq_err *reterr)
{
    struct sqlite_store store;
    const bool read = nq_sqlite_open_beside(&store, path, reterr) &&
                      nq_sqlite_run(&store, "BEGIN", NQ_STORE_OPEN, reterr) &&
                      start_check(&store, noted, ret_check, reterr) &&
                      check_rows(&store, ret_check, reterr) &&
                      end_check(&store, ret_check, reterr);
    nq_sqlite_close_beside(&store);
    return read;
}

/* ---- listing -------------------------------------------------------------------------- */

struct page {
    struct nq_log_row rows[PAGE];
    size_t count;
};

static void empty_page(struct page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        nq_log_entry_done(&page->rows[i].entry);
        free((char *)(uintptr_t)page->rows[i].hash);
    }
    page->count = 0;
}

static void bind_query(sqlite3_stmt *statement, const struct nq_log_query *query,
                       int64_t start, int64_t limit)
{
    (void)sqlite3_bind_int64(statement, 1, start);
    (void)sqlite3_bind_int64(statement, 2, query->case_id);
    (void)sqlite3_bind_int64(statement, 3, query->since_ms ? query->since_ms : INT64_MIN);
    (void)sqlite3_bind_int64(statement, 4, limit);
}

static bool read_start(struct sqlite_store *store, const struct nq_log_query *query,
                       int64_t *ret_start, struct nq_err *reterr)
{
    *ret_start = INT64_MIN;
    if (query->last == 0) {
        return true;
    }
    sqlite3_stmt *statement = prepare(store, select_start, reterr);
    if (!statement) {
        return false;
    }
    bind_query(statement, query, 0, query->last);
    const bool read = sqlite3_step(statement) == SQLITE_ROW ||
                      nq_sqlite_fail(store, NQ_STORE_OPEN, select_start, reterr);
    *ret_start = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    return read;
}

/* *start is behind the page then. */
static bool read_page(struct sqlite_store *store, const struct nq_log_query *query,
                      int64_t *start, struct page *page, struct nq_err *reterr)
{
    sqlite3_stmt *statement = prepare(store, select_page, reterr);
    if (!statement) {
        return false;
    }
    bind_query(statement, query, *start, PAGE);
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW && page->count < PAGE) {
        const struct nq_log_row row = row_of(statement);
        struct nq_log_row *kept = &page->rows[page->count++];
        *kept = row;
        nq_log_entry_copy(&row.entry, &kept->entry);
        kept->hash = nq_strdup(row.hash);
        const int64_t number = sqlite3_column_int64(statement, 0);
        *start = number < INT64_MAX ? number + 1 : number;
    }
    const bool read = result == SQLITE_DONE ||
                      nq_sqlite_fail(store, NQ_STORE_OPEN, select_page, reterr);
    (void)sqlite3_finalize(statement);
    return read;
}

bool nq_store_sqlite_log(const char *path, const struct nq_log_query *query,
                         nq_log_row_fn *fn, void *arg, struct nq_err *reterr)
{
    struct sqlite_store store;
    struct page *page = nq_calloc(1, sizeof(*page));
    int64_t start = 0;
    bool read = nq_sqlite_open_beside(&store, path, reterr) &&
                read_start(&store, query, &start, reterr);
    bool more = read;
    while (more) {
        read = read_page(&store, query, &start, page, reterr);
        more = read && page->count == PAGE;
        for (size_t i = 0; read && i < page->count; i++) {
            if (!fn(arg, &page->rows[i])) {
                more = false;
                break;
            }
        }
        empty_page(page);
    }
    free(page);
    nq_sqlite_close_beside(&store);
    return read;
}
