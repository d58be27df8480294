/* SPDX-License-Identifier: Apache-2.0 */
/* sqlite_migrate.c: brings the database of an older release to the present schema. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/sqlite_impl.h"

/* A copy is never written over; the next one gets a number. */
#define COPIES_MAX 9

/* Row n brings version n to version n + 1. What stands here never changes again: it is what
 * releases that are out there are upgraded by. */
static const char *const steps[SCHEMA_VERSION] = {
    /* 1 to 2: guard, governor and audit. A case that may have written was admitted when it
     * was detected; none was approved. */
    [1] =
        "CREATE TABLE new_case ("
        "    id              INTEGER PRIMARY KEY,"
        "    state           INTEGER NOT NULL CHECK (state BETWEEN 1 AND 9),"
        "    wanted          INTEGER NOT NULL CHECK (wanted BETWEEN 1 AND 2),"
        "    reason          INTEGER NOT NULL CHECK (reason BETWEEN 1 AND 12),"
        "    owner           INTEGER NOT NULL CHECK (owner BETWEEN 1 AND 2),"
        "    signals         INTEGER NOT NULL,"
        "    attempts        INTEGER NOT NULL,"
        "    tag_writes      INTEGER NOT NULL,"
        "    rungs           INTEGER NOT NULL,"
        "    tag_time_ms     INTEGER NOT NULL,"
        "    isolate_time_ms INTEGER NOT NULL,"
        "    approved        INTEGER NOT NULL,"
        "    detected_ms     INTEGER NOT NULL,"
        "    changed_ms      INTEGER NOT NULL,"
        "    deadline_ms     INTEGER NOT NULL,"
        "    release_at_ms   INTEGER NOT NULL,"
        "    admitted_ms     INTEGER NOT NULL,"
        "    last_detected_ms INTEGER NOT NULL,"
        "    identity TEXT, name TEXT, manager_name TEXT, external_id TEXT,"
        "    host_name TEXT, addresses TEXT, reason_text TEXT, trigger TEXT,"
        "    cause TEXT, severity TEXT, changed_by TEXT, tag TEXT,"
        "    last_error TEXT, comment TEXT"
        ") STRICT;"
        "INSERT INTO new_case"
        "    SELECT id, state, wanted, reason, owner, signals, attempts, tag_writes,"
        "        rungs, tag_time_ms, isolate_time_ms, 0, detected_ms, changed_ms,"
        "        deadline_ms, release_at_ms, iif(tag_writes > 0, detected_ms, 0),"
        "        detected_ms, identity, name, manager_name, external_id, host_name,"
        "        addresses, reason_text, trigger, cause, severity, changed_by, tag,"
        "        last_error, comment"
        "    FROM quarantine_case;"
        "DROP TABLE quarantine_case;"
        "ALTER TABLE new_case RENAME TO quarantine_case;"
        "CREATE TABLE admission ("
        "    number INTEGER PRIMARY KEY, case_id INTEGER NOT NULL,"
        "    rehearsed INTEGER NOT NULL, at_ms INTEGER NOT NULL, cause TEXT, owners TEXT"
        ") STRICT;"
        "CREATE INDEX admission_at ON admission (at_ms);"
        "CREATE TABLE governor ("
        "    id INTEGER PRIMARY KEY CHECK (id = 1),"
        "    state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),"
        "    changed_ms INTEGER NOT NULL, rearmed_ms INTEGER NOT NULL, reason TEXT"
        ") STRICT;"
        "CREATE TABLE log ("
        "    number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL,"
        "    case_id INTEGER NOT NULL, kept_from INTEGER NOT NULL, event TEXT NOT NULL,"
        "    actor TEXT NOT NULL, text TEXT NOT NULL, evidence TEXT NOT NULL,"
        "    hash TEXT NOT NULL"
        ") STRICT;"
        "CREATE TABLE log_pruned ("
        "    id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL,"
        "    hash TEXT NOT NULL"
        ") STRICT;",
};

/* ---- the copy ------------------------------------------------------------------------- */

static bool sync_path(const char *path, int flags, struct nq_err *reterr)
{
    const int fd = open(path, flags | O_CLOEXEC);
    const bool synced = (fd >= 0 && fsync(fd) == 0) ||
                        nq_fail_errno(reterr, NQ_STORE_OPEN, "%s: not on disk", path);
    if (fd >= 0) {
        (void)close(fd);
    }
    return synced;
}

/* path.v1, or path.v1-2, ... when copies of earlier attempts are there; the caller frees.
 * NULL when there are too many. */
static char *copy_name(const char *path, int64_t version)
{
    for (int number = 1; number <= COPIES_MAX; number++) {
        char *name = number == 1
                         ? nq_sprintf("%s.v%lld", path, (long long)version)
                         : nq_sprintf("%s.v%lld-%d", path, (long long)version, number);
        if (access(name, F_OK) != 0 && errno == ENOENT) {
            return name;
        }
        free(name);
    }
    return NULL;
}

/* Under another name until it is whole and on disk: VACUUM INTO does not promise to sync. */
static bool make_copy(struct sqlite_store *store, const char *path, const char *name,
                      struct nq_err *reterr)
{
    char *part = nq_sprintf("%s.part", path);
    char *folder_of = nq_strdup(path);
    char *sql = sqlite3_mprintf("VACUUM INTO %Q", part);
    bool made = unlink(part) == 0 || errno == ENOENT ||
                nq_fail_errno(reterr, NQ_STORE_OPEN, "%s", part);
    made =
        made && nq_sqlite_run(store, sql, NQ_STORE_OPEN, reterr) &&
        sync_path(part, O_RDONLY, reterr) &&
        (rename(part, name) == 0 || nq_fail_errno(reterr, NQ_STORE_OPEN, "%s", name)) &&
        sync_path(dirname(folder_of), O_RDONLY | O_DIRECTORY, reterr);
    if (!made) {
        (void)unlink(part);
    }
    sqlite3_free(sql);
    free(folder_of);
    free(part);
    return made;
}

static bool keep_copy(struct sqlite_store *store, const char *path, int64_t version,
                      struct nq_err *reterr)
{
    char *name = copy_name(path, version);
    const bool kept =
        name ? make_copy(store, path, name, reterr)
             : nq_fail(reterr, NQ_STORE_OPEN,
                       "%s.v%lld and %d more copies are there: move them away", path,
                       (long long)version, COPIES_MAX - 1);
    free(name);
    return kept;
}

/* ---- the steps ------------------------------------------------------------------------ */

static bool step(struct sqlite_store *store, int64_t version, struct nq_err *reterr)
{
    char *number = nq_sprintf("PRAGMA user_version = %lld", (long long)version + 1);
    const bool done = nq_sqlite_begin(&store->base, reterr) &&
                      nq_sqlite_run(store, steps[version], NQ_STORE_OPEN, reterr) &&
                      nq_sqlite_run(store, number, NQ_STORE_OPEN, reterr) &&
                      nq_sqlite_commit(&store->base, reterr);
    free(number);
    if (!done) {
        nq_sqlite_rollback(&store->base);
    }
    return done;
}

bool nq_sqlite_migrate(struct sqlite_store *store, const char *path, int64_t version,
                       struct nq_err *reterr)
{
    bool done = keep_copy(store, path, version, reterr);
    while (done && version < SCHEMA_VERSION) {
        done = step(store, version++, reterr);
    }
    return done;
}
