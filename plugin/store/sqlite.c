/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite.c: the store in one SQLite database: opening and closing it. Only the files
 * sqlite*.c know SQLite.
 * A commit is durable when it returns: WAL with synchronous=FULL syncs the log each time
 * (https://www.sqlite.org/pragma.html#pragma_synchronous). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "schema_sql.h" /* made from schema.sql by the Makefile */
#include "store/intact.h"
#include "store/sqlite_impl.h"

const char nq_sqlite_last_case[] = "last_case";
const char nq_sqlite_mode[] = "mode";
const char nq_sqlite_last_log[] = "last_log";

bool nq_sqlite_fail(struct sqlite_store *store, enum nq_code code, const char *doing,
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

bool nq_sqlite_run(struct sqlite_store *store, const char *sql, enum nq_code code,
                   struct nq_err *reterr)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           nq_sqlite_fail(store, code, sql, reterr);
}

char *nq_sqlite_value(struct sqlite_store *store, const char *sql, struct nq_err *reterr)
{
    sqlite3_stmt *statement = NULL;
    char *value = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        value = nq_strdup((const char *)sqlite3_column_text(statement, 0));
    }
    if (!value) {
        nq_sqlite_fail(store, NQ_STORE_OPEN, sql, reterr);
    }
    (void)sqlite3_finalize(statement);
    return value;
}

bool nq_sqlite_version(struct sqlite_store *store, int64_t *ret_version,
                       struct nq_err *reterr)
{
    char *text = nq_sqlite_value(store, "PRAGMA user_version", reterr);
    if (!text) {
        return false;
    }
    *ret_version = strtol(text, NULL, 10);
    free(text);
    return true;
}

static void close_database(struct sqlite_store *store)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(store->statements[i]);
    }
    (void)sqlite3_close(store->db);
}

void nq_sqlite_close(struct nq_store *base)
{
    struct sqlite_store *store = nq_sqlite_of(base);
    close_database(store);
    free(store);
}

static bool check_value(struct sqlite_store *store, const char *sql, const char *expected,
                        enum nq_code code, struct nq_err *reterr)
{
    char *value = nq_sqlite_value(store, sql, reterr);
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

static bool create(struct sqlite_store *store, struct nq_err *reterr)
{
    /* A database without a version, but not empty, is not ours. */
    return check_value(store, "SELECT count(*) FROM sqlite_master", "0", NQ_STORE_SCHEMA,
                       reterr) &&
           nq_sqlite_begin(&store->base, reterr) &&
           nq_sqlite_run(store, schema_sql, NQ_STORE_OPEN, reterr) &&
           nq_sqlite_commit(&store->base, reterr);
}

static bool prepare_schema(struct sqlite_store *store, const char *path,
                           struct nq_err *reterr)
{
    int64_t version = 0;
    if (!nq_sqlite_version(store, &version, reterr)) {
        return false;
    }
    if (version == 0) {
        return create(store, reterr);
    }
    if (version < 0 || version > SCHEMA_VERSION) {
        return nq_fail(reterr, NQ_STORE_SCHEMA,
                       "schema version %lld, this release has %d", (long long)version,
                       SCHEMA_VERSION);
    }
    /* What is damaged is not made over. */
    return check_value(store, "PRAGMA quick_check(1)", "ok", NQ_STORE_CORRUPT, reterr) &&
           (version == SCHEMA_VERSION || nq_sqlite_migrate(store, path, version, reterr));
}

/* The log must not be on the disk before the database has its name. */
static bool sync_folder_of(const char *path)
{
    char *folder = nq_strdup(path);
    char *slash = strrchr(folder, '/');
    if (slash) {
        *slash = '\0';
    }
    const int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    const bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return synced;
}

/* A database is made under another name and gets its own when it is complete, so that an
 * empty file is never one that somebody was about to fill. */
static bool create_file(const char *path, struct nq_err *reterr)
{
    char *fresh = nq_sprintf("%s.new", path);
    struct sqlite_store store = {0};
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    (void)unlink(fresh);
    bool created = (sqlite3_open_v2(fresh, &store.db, flags, NULL) == SQLITE_OK ||
                    nq_sqlite_fail(&store, NQ_STORE_OPEN, path, reterr)) &&
                   create(&store, reterr);
    close_database(&store);
    created =
        created && ((rename(fresh, path) == 0 && sync_folder_of(path)) ||
                    nq_fail_errno(reterr, NQ_STORE_OPEN, "%s: its new name", fresh));
    free(fresh);
    return created;
}

struct nq_store *nq_store_sqlite_open(const char *path, int64_t log_max,
                                      struct nq_err *reterr)
{
    struct sqlite_store *store = nq_calloc(1, sizeof(*store));
    store->base.ops = &nq_sqlite_ops;
    store->log_max = log_max;
    bool missing = false;
    bool opened =
        nq_store_intact(path, &missing, reterr) &&
        (!missing || create_file(path, reterr)) && nq_sqlite_room_to_open(path, reterr) &&
        (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                         NULL) == SQLITE_OK ||
         nq_sqlite_fail(store, NQ_STORE_OPEN, path, reterr));
    if (opened) {
        (void)sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MS);
    }
    /* SQLite opens what it may not write as read-only. The schema comes before the journal
     * mode, which is kept in the file: that of another release stays as it is. */
    opened =
        opened &&
        (sqlite3_db_readonly(store->db, "main") == 0 ||
         nq_fail(reterr, NQ_STORE_OPEN, "%s: not writable", path)) &&
        prepare_schema(store, path, reterr) &&
        check_value(store, "PRAGMA journal_mode=WAL", "wal", NQ_STORE_OPEN, reterr) &&
        nq_sqlite_run(store, "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON",
                      NQ_STORE_OPEN, reterr);
    store->logging = opened;
    opened =
        opened && nq_sqlite_prepare(store, reterr) && nq_sqlite_log_open(store, reterr);
    if (!opened) {
        nq_sqlite_close(&store->base);
        return NULL;
    }
    return &store->base;
}
