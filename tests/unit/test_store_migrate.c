/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_migrate.c: the databases of all releases (tests/data/stores) are upgraded step by
 * step, nothing is lost, a copy is kept, and a kill or a full disk leaves the old version or
 * the new one. */
#include "store_faults_fixture.h"

#include <sys/wait.h>

#define STORES  "tests/data/stores"
#define CURRENT 2
#define COPIES  9

static void bring(const struct fixture *f, const char *name)
{
    char path[PATH_MAX];
    size_t size = 0;
    (void)snprintf(path, sizeof(path), STORES "/%s", name);
    unsigned char *bytes = read_bytes(path, &size);
    assert_non_null(bytes);
    remove_database(f);
    write_bytes(f->path, bytes, size);
    free(bytes);
}

static int64_t version_of(const struct fixture *f)
{
    return ask(f, "PRAGMA user_version");
}

/* The first column of the first row of the database of that suffix. */
static int64_t ask_file(const struct fixture *f, const char *suffix, const char *sql)
{
    struct fixture other = *f;
    (void)snprintf(other.path, sizeof(other.path), "%.70s%.9s", f->path, suffix);
    return ask(&other, sql);
}

static bool is_there(const struct fixture *f, const char *suffix)
{
    return access(file_of(f, suffix), F_OK) == 0;
}

/* ---- nothing is lost ------------------------------------------------------------------ */

#define OLD_COLUMNS                                                                      \
    "id, state, wanted, reason, owner, signals, attempts, tag_writes, rungs, "           \
    "tag_time_ms, isolate_time_ms, detected_ms, changed_ms, deadline_ms, "               \
    "release_at_ms, identity, name, manager_name, external_id, host_name, addresses, "   \
    "reason_text, trigger, cause, severity, changed_by, tag, last_error, comment "

/* Rows of a table of schema 1 that are not in the present one as they were. */
static int64_t lost(const struct fixture *f, const char *columns, const char *table)
{
    char sql[1024];
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    char *writable = nq_sprintf("%s/schema-1.db", f->dir); /* WAL needs files beside it */
    size_t size = 0;
    unsigned char *bytes = read_bytes(STORES "/schema-1.db", &size);
    write_bytes(writable, bytes, size);
    free(bytes);
    (void)snprintf(sql, sizeof(sql), "ATTACH '%s' AS old", writable);
    free(writable);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    (void)snprintf(sql, sizeof(sql),
                   "SELECT count(*) FROM (SELECT %s FROM old.%s EXCEPT SELECT %s FROM "
                   "main.%s)",
                   columns, table, columns, table);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const int64_t count = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return count;
}

static void assert_nothing_lost(const struct fixture *f)
{
    static const struct {
        const char *columns, *table;
        int64_t rows;
    } tables[] = {
        {OLD_COLUMNS, "quarantine_case", 9},
        {"*", "signal", 12},
        {"*", "scalar", 8},
        {"*", "tally", 38},
        {"*", "unmatched", 2},
    };
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        char sql[64];
        (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", tables[i].table);
        assert_int_equal(ask(f, sql), tables[i].rows);
        assert_int_equal(lost(f, tables[i].columns, tables[i].table), 0);
    }
    assert_int_equal(ask(f, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

static void every_database_that_a_release_left_opens_and_works(void **state)
{
    struct fixture *f = *state;
    DIR *dir = opendir(STORES);
    assert_non_null(dir);
    int found = 0;
    for (const struct dirent *file; (file = readdir(dir));) {
        if (file->d_name[0] == '.') {
            continue;
        }
        bring(f, file->d_name);
        struct nq_store *store = open_store(f);
        struct loaded *loaded = load_all(store);
        const size_t cases = loaded->case_count;
        const uint32_t last_log = loaded->log_last.number;
        assert_true(cases >= 7);
        assert_true(loaded->tally_count > 0 && loaded->counter_count > 0);
        assert_int_equal(loaded->last_case, loaded->cases[cases - 1].id);
        assert_string_equal(loaded->cases[0].comment, "ticket 4711, \xC3\xBCmlaut");
        free_loaded(loaded);
        const struct nq_log_entry entry = {.number = last_log + 1};
        must(store->ops->begin(store, reterr));
        must(store->ops->put_log(store, &entry, reterr));
        put_cases(store, 100, 101);
        must(store->ops->commit(store, reterr));
        (void)nq_store_close(store);
        assert_int_equal(version_of(f), CURRENT);
        found++;
    }
    (void)closedir(dir);
    assert_int_equal(found, CURRENT);
}

static void
the_rows_of_schema_1_are_all_there_and_the_new_members_have_a_meaning(void **state)
{
    struct fixture *f = *state;
    bring(f, "schema-1.db");
    assert_int_equal(version_of(f), 1);
    (void)nq_store_close(open_store(f));
    assert_nothing_lost(f);
    assert_int_equal(ask(f, "SELECT count(*) FROM quarantine_case WHERE approved <> 0 OR "
                            "last_detected_ms <> detected_ms"),
                     0);
    assert_int_equal(ask(f, "SELECT count(*) FROM quarantine_case WHERE tag_writes > 0 "
                            "AND admitted_ms = detected_ms"),
                     7);
    assert_int_equal(ask(f, "SELECT count(*) FROM quarantine_case WHERE tag_writes = 0 "
                            "AND admitted_ms = 0"),
                     2);
}

/* What the schema says, without blanks and quotes. */
static char *schema_of(const struct fixture *f)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT group_concat(replace(replace(replace(sql, ' ', ''), "
                           "char(10), ''), '\"', ''), ';') FROM (SELECT sql FROM "
                           "sqlite_master WHERE sql IS NOT NULL ORDER BY name)",
                           -1, &statement, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    char *schema = nq_strdup((const char *)sqlite3_column_text(statement, 0));
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
    return schema;
}

static void an_upgraded_database_has_the_schema_of_a_new_one(void **state)
{
    struct fixture *f = *state;
    (void)nq_store_close(open_store(f));
    char *fresh = schema_of(f);
    bring(f, "schema-1.db");
    (void)nq_store_close(open_store(f));
    char *upgraded = schema_of(f);
    assert_string_equal(upgraded, fresh);
    free(upgraded);
    free(fresh);
}

/* ---- the copy ------------------------------------------------------------------------- */

static void assert_copy(const struct fixture *f, const char *suffix, int64_t cases)
{
    assert_true(is_there(f, suffix));
    assert_int_equal(ask_file(f, suffix, "PRAGMA user_version"), 1);
    assert_int_equal(ask_file(f, suffix, "SELECT count(*) FROM quarantine_case"), cases);
    assert_int_equal(ask_file(f, suffix,
                              "SELECT count(*) FROM pragma_integrity_check "
                              "WHERE integrity_check = 'ok'"),
                     1);
}

static void a_copy_of_the_old_database_is_kept_and_never_written_over(void **state)
{
    struct fixture *f = *state;
    bring(f, "schema-1.db");
    (void)nq_store_close(open_store(f));
    assert_copy(f, ".v1", 9);
    assert_false(is_there(f, ".part"));
    (void)nq_store_close(open_store(f)); /* no upgrade, no copy */
    assert_false(is_there(f, ".v1-2"));

    /* Somebody went back to it, the old release worked on, and then comes another try. */
    for (int copies = 2; copies <= COPIES; copies++) {
        char suffix[16];
        (void)snprintf(suffix, sizeof(suffix), ".v1-%d", copies);
        char *copy = nq_strdup(file_of(f, ".v1"));
        size_t size = 0;
        unsigned char *bytes = read_bytes(copy, &size);
        write_bytes(f->path, bytes, size);
        free(bytes);
        free(copy);
        change(f, "DELETE FROM quarantine_case WHERE id = 9");
        write_bytes(file_of(f, ".part"), "left behind", 11);
        (void)nq_store_close(open_store(f));
        assert_copy(f, suffix, 8);
        assert_copy(f, ".v1", 9);
        assert_false(is_there(f, ".part"));
    }
    size_t size = 0;
    unsigned char *bytes = read_bytes(file_of(f, ".v1"), &size);
    write_bytes(f->path, bytes, size);
    free(bytes);
    assert_refused(f->path, NQ_STORE_OPEN);
    assert_int_equal(version_of(f), 1);
    assert_int_equal(unlink(file_of(f, ".v1-5")), 0);
    (void)nq_store_close(open_store(f));
    assert_copy(f, ".v1-5", 9);
}

static void a_damaged_database_is_not_made_over(void **state)
{
    struct fixture *f = *state;
    bring(f, "schema-1.db");
    size_t size = 0;
    unsigned char *bytes = read_bytes(f->path, &size);
    memset(bytes + 5 * 4096, 0x5A, 4096);
    write_bytes(f->path, bytes, size);
    free(bytes);
    assert_refused(f->path, NQ_STORE_CORRUPT);
    assert_false(is_there(f, ".v1"));
}

/* ---- faults --------------------------------------------------------------------------- */

/* The database is of one version or the other, and the next start goes on. */
static void assert_recovers(const struct fixture *f, int *ret_version)
{
    *ret_version = (int)version_of(f);
    assert_true(*ret_version == 1 || *ret_version == CURRENT);
    if (is_there(f, ".v1")) {
        assert_copy(f, ".v1", 9);
    } else {
        assert_int_equal(*ret_version, 1); /* no step without a copy */
    }
    (void)nq_store_close(open_store(f));
    assert_nothing_lost(f);
    assert_false(is_there(f, ".part"));
}

static void a_kill_at_any_write_leaves_the_old_version_or_the_new_one(void **state)
{
    struct fixture *f = *state;
    int seen[CURRENT + 1] = {0};
    int copies = 0;
    bool done = false;
    for (int writes = 0; !done; writes++) {
        assert_true(writes < 500);
        bring(f, "schema-1.db");
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            set_fault(KILL_MINUS_NINE, writes);
            _exit(nq_store_sqlite_open(f->path, LOG_MAX, NULL) ? 0 : 1);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        done = WIFEXITED(status);
        assert_true(done ? WEXITSTATUS(status) == 0 : WTERMSIG(status) == SIGKILL);
        copies += is_there(f, ".v1");
        int version = 0;
        assert_recovers(f, &version);
        seen[version]++;
    }
    /* Killed before the copy, between copy and step, and behind it. */
    assert_true(seen[1] > 5 && seen[CURRENT] > 0);
    assert_true(copies > seen[CURRENT]);
}

static void a_disk_that_is_full_at_any_write_leaves_the_old_version(void **state)
{
    struct fixture *f = *state;
    bool opened = false;
    int refusals = 0;
    for (; !opened; refusals += !opened) {
        assert_true(refusals < 500);
        bring(f, "schema-1.db");
        struct nq_err err = {0};
        set_fault(DISK_FULL, refusals);
        struct nq_store *store = nq_store_sqlite_open(f->path, LOG_MAX, &err);
        set_fault(NO_FAULT, 0);
        opened = store != NULL;
        (void)nq_store_close(store);
        if (!opened) {
            assert_string_not_equal(nq_code_name(err.code),
                                    nq_code_name(NQ_STORE_CORRUPT));
            assert_false(is_there(f, ".part"));
        }
        int version = 0;
        assert_recovers(f, &version);
        assert_int_equal(version, opened ? CURRENT : 1);
    }
    assert_true(refusals > 5);
}

static void a_copy_that_cannot_be_synced_is_no_copy(void **state)
{
    struct fixture *f = *state;
    static const char *const paths[] = {".part", NULL};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        bring(f, "schema-1.db");
        sync_fails_in = paths[i];
        sync_fails = true;
        assert_refused(f->path, NQ_STORE_OPEN);
        sync_fails = false;
        assert_false(is_there(f, ".v1"));
        assert_false(is_there(f, ".part"));
        int version = 0;
        assert_recovers(f, &version);
        assert_int_equal(version, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(every_database_that_a_release_left_opens_and_works),
        store_test(the_rows_of_schema_1_are_all_there_and_the_new_members_have_a_meaning),
        store_test(an_upgraded_database_has_the_schema_of_a_new_one),
        store_test(a_copy_of_the_old_database_is_kept_and_never_written_over),
        store_test(a_damaged_database_is_not_made_over),
        store_test(a_kill_at_any_write_leaves_the_old_version_or_the_new_one),
        store_test(a_disk_that_is_full_at_any_write_leaves_the_old_version),
        store_test(a_copy_that_cannot_be_synced_is_no_copy),
    };
    return cmocka_run_group_tests_name("store migrate", tests, inject_faults, NULL);
}
