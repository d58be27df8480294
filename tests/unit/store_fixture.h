/* SPDX-License-Identifier: Apache-2.0 */
/* store_fixture.h: what the tests of the store share: a database in a directory of its
 * own, records to put into it, and a reader that counts and copies. */
#ifndef NQ_TESTS_STORE_FIXTURE_H
#define NQ_TESTS_STORE_FIXTURE_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/store.h"

#define LOG_MAX   1000 /* entries of the audit log */
#define CASES_MAX 600

struct fixture {
    char dir[64];
    char path[80]; /* of the database */
};

/* The database itself, or what stands beside it: its log "-wal", a copy ".v1". */
static inline const char *file_of(const struct fixture *f, const char *suffix)
{
    static char path[96];
    (void)snprintf(path, sizeof(path), "%s%s", f->path, suffix);
    return path;
}

static inline int set_up(void **state)
{
    struct fixture *f = nq_calloc(1, sizeof(*f));
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/nq-store-XXXXXX");
    if (!mkdtemp(f->dir)) {
        free(f);
        return -1;
    }
    (void)snprintf(f->path, sizeof(f->path), "%s/state.db", f->dir);
    *state = f;
    return 0;
}

/* And whatever else a test or an upgrade left beside it. */
static inline void remove_database(const struct fixture *f)
{
    DIR *dir = opendir(f->dir);
    assert_non_null(dir);
    for (const struct dirent *file; (file = readdir(dir));) {
        (void)unlinkat(dirfd(dir), file->d_name, 0);
    }
    (void)closedir(dir);
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    remove_database(f);
    const int result = rmdir(f->dir);
    free(f);
    return result;
}

#define store_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* ---- opening ------------------------------------------------------------------------ */

static inline struct nq_store *open_store(const struct fixture *f)
{
    struct nq_err err = {0};
    struct nq_store *store = nq_store_sqlite_open(f->path, LOG_MAX, &err);
    if (!store) {
        fail_msg("%s: %s", nq_code_name(err.code), err.detail);
    }
    return store;
}

static inline void assert_refused(const char *path, enum nq_code code)
{
    struct nq_err err = {0};
    struct nq_store *store = nq_store_sqlite_open(path, LOG_MAX, &err);
    if (store) {
        (void)nq_store_close(store);
        fail_msg("opened, not refused with %s", nq_code_name(code));
    }
    assert_string_equal(nq_code_name(err.code), nq_code_name(code));
    assert_true(strlen(err.detail) > 0);
}

/* Ends the test with the error when a call on the store fails. */
#define must(call)                                                                       \
    do {                                                                                 \
        struct nq_err err = {0};                                                         \
        struct nq_err *const reterr = &err;                                              \
        if (!(call)) {                                                                   \
            fail_msg("%s: %s: %s", #call, nq_code_name(err.code), err.detail);           \
        }                                                                                \
    } while (0)

/* Ends the test when a call succeeds, or fails for another reason. */
#define must_fail(call, expected)                                                        \
    do {                                                                                 \
        struct nq_err err = {0};                                                         \
        struct nq_err *const reterr = &err;                                              \
        assert_false(call);                                                              \
        assert_string_equal(nq_code_name(err.code), nq_code_name(expected));             \
        assert_true(strlen(err.detail) > 0);                                             \
    } while (0)

/* ---- records ------------------------------------------------------------------------ */

/* The least that the schema accepts. */
static inline struct nq_case small_case(uint32_t id)
{
    return (struct nq_case){.id = id,
                            .state = NQ_CASE_TAGGING,
                            .wanted = NQ_WANT_QUARANTINE,
                            .reason = NQ_REASON_NONE,
                            .owner = NQ_OWNER_OURS};
}

static inline void put_cases(struct nq_store *store, uint32_t first, uint32_t last)
{
    for (uint32_t id = first; id <= last; id++) {
        const struct nq_case record = small_case(id);
        must(store->ops->put_case(store, &record, reterr));
    }
}

static inline void commit_cases(struct nq_store *store, uint32_t first, uint32_t last)
{
    must(store->ops->begin(store, reterr));
    put_cases(store, first, last);
    must(store->ops->commit(store, reterr));
}

/* ---- reading ------------------------------------------------------------------------ */

struct loaded {
    size_t case_count;
    struct nq_case cases[CASES_MAX];
    size_t counter_count;
    uint64_t counters[NQ_COUNTER_COUNT];
    size_t tally_count;
    char tally_owners[4][64];
    uint64_t tallies[4];
    size_t mode_count;
    enum nq_mode mode;
    size_t last_case_count;
    uint32_t last_case;
    char admissions[512]; /* "CASE/REHEARSED@AT CAUSE GROUPS|" */
    char governor[512];   /* "STATE CHANGED REARMED REASON|" */
    size_t log_count;
    uint32_t log_first;
    struct nq_log_entry log_last;
};

static inline void on_case(void *arg, const struct nq_case *record)
{
    struct loaded *loaded = arg;
    if (loaded->case_count < CASES_MAX) {
        nq_case_copy(record, &loaded->cases[loaded->case_count]);
    }
    loaded->case_count++;
}

static inline void on_counter(void *arg, enum nq_counter counter, uint64_t value)
{
    struct loaded *loaded = arg;
    loaded->counters[counter] = value;
    loaded->counter_count++;
}

static inline void on_tally(void *arg, const char *owner, const char *name,
                            uint64_t value)
{
    struct loaded *loaded = arg;
    (void)name;
    if (loaded->tally_count < 4) {
        (void)snprintf(loaded->tally_owners[loaded->tally_count],
                       sizeof(loaded->tally_owners[0]), "%s", owner);
        loaded->tallies[loaded->tally_count] = value;
    }
    loaded->tally_count++;
}

static inline void on_mode(void *arg, enum nq_mode mode)
{
    struct loaded *loaded = arg;
    loaded->mode = mode;
    loaded->mode_count++;
}

static inline void on_last_case(void *arg, uint32_t id)
{
    struct loaded *loaded = arg;
    loaded->last_case = id;
    loaded->last_case_count++;
}

static inline void on_admission(void *arg, const struct nq_admission *record)
{
    struct loaded *loaded = arg;
    const size_t used = strlen(loaded->admissions);
    (void)snprintf(loaded->admissions + used, sizeof(loaded->admissions) - used,
                   "%u/%u@%lld %s %s|", record->case_id, record->rehearsed,
                   (long long)record->at_ms, record->cause ? record->cause : "-",
                   record->groups ? record->groups : "-");
}

static inline void on_governor(void *arg, const struct nq_governor_record *record)
{
    struct loaded *loaded = arg;
    const size_t used = strlen(loaded->governor);
    (void)snprintf(loaded->governor + used, sizeof(loaded->governor) - used,
                   "%d %lld %lld %s|", (int)record->state, (long long)record->changed_ms,
                   (long long)record->rearmed_ms, record->reason ? record->reason : "-");
}

static inline void on_log(void *arg, const struct nq_log_entry *entry)
{
    struct loaded *loaded = arg;
    if (loaded->log_count == 0) {
        loaded->log_first = entry->number;
    } else {
        assert_int_equal(entry->number, loaded->log_last.number + 1);
    }
    loaded->log_count++;
    nq_log_entry_done(&loaded->log_last);
    nq_log_entry_copy(entry, &loaded->log_last);
}

/* What the store holds now; done with free_loaded(). */
static inline struct loaded *load_all(struct nq_store *store)
{
    struct loaded *loaded = nq_calloc(1, sizeof(*loaded));
    const struct nq_store_reader reader = {.arg = loaded,
                                           .on_case = on_case,
                                           .on_counter = on_counter,
                                           .on_tally = on_tally,
                                           .on_mode = on_mode,
                                           .on_last_case = on_last_case,
                                           .on_admission = on_admission,
                                           .on_governor = on_governor,
                                           .on_log = on_log};
    must(store->ops->load(store, &reader, reterr));
    assert_true(loaded->case_count <= CASES_MAX);
    return loaded;
}

static inline void free_loaded(struct loaded *loaded)
{
    for (size_t i = 0; i < loaded->case_count; i++) {
        nq_case_done(&loaded->cases[i]);
    }
    nq_log_entry_done(&loaded->log_last);
    free(loaded);
}

/* The cases of the store are exactly first to last; none when last is 0. */
static inline void assert_cases(struct nq_store *store, uint32_t first, uint32_t last)
{
    struct loaded *loaded = load_all(store);
    assert_int_equal(loaded->case_count, last ? last - first + 1 : 0);
    for (size_t i = 0; i < loaded->case_count; i++) {
        assert_int_equal(loaded->cases[i].id, first + i);
    }
    free_loaded(loaded);
}

/* The first column of the first row, asked of the file and not of the store. */
static inline int64_t ask(const struct fixture *f, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const int64_t value = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return value;
}

static inline void change(const struct fixture *f, const char *sql)
{
    sqlite3 *db = NULL;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    assert_int_equal(sqlite3_open_v2(f->path, &db, flags, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The bytes of a file, NULL when it is not there. The caller frees. */
static inline unsigned char *read_bytes(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    *ret_size = 0;
    if (!file) {
        return NULL;
    }
    const size_t most = 4U << 20;
    unsigned char *bytes = nq_calloc(most, 1);
    *ret_size = fread(bytes, 1, most, file);
    assert_true(*ret_size < most);
    (void)fclose(file);
    return bytes;
}

static inline void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

#endif
