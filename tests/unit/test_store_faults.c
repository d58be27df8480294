/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_faults.c: what was committed survives kill -9 and a full disk, and a file
 * that is not ours, or damaged, is refused and left alone. */
#include "store_faults_fixture.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define NOBODY 65534

/* ---- durability --------------------------------------------------------------------- */

static void a_commit_has_synced_the_log_when_it_returns(void **state)
{
    struct nq_store *store = open_store(*state);
    for (uint32_t id = 1; id <= 5; id++) {
        must(store->ops->begin(store, reterr));
        put_cases(store, id, id);
        syncs = 0;
        must(store->ops->commit(store, reterr));
        assert_true(syncs >= 1);
    }
    (void)nq_store_close(store);
}

static void a_commit_that_cannot_be_synced_fails(void **state)
{
    struct nq_store *store = open_store(*state);
    commit_cases(store, 1, 3);
    must(store->ops->begin(store, reterr));
    put_cases(store, 4, 9);
    sync_fails = true;
    must_fail(store->ops->commit(store, reterr), NQ_STORE_WRITE);
    sync_fails = false;
    store->ops->rollback(store);
    commit_cases(store, 4, 9);
    (void)nq_store_close(store);
    store = open_store(*state);
    assert_cases(store, 1, 9);
    (void)nq_store_close(store);
}

/* The life of a child: no assertions, the parent judges. */
static void commit_in_child(const char *path, uint32_t first, uint32_t last, int told)
{
    struct nq_store *store = nq_store_sqlite_open(path, LOG_MAX, NULL);
    bool good = store && store->ops->begin(store, NULL);
    for (uint32_t id = first; good && id <= last; id++) {
        const struct nq_case record = small_case(id);
        good = store->ops->put_case(store, &record, NULL);
    }
    good = good && store->ops->commit(store, NULL) && write(told, "c", 1) == 1;
    if (!good) {
        _exit(2);
    }
    (void)nq_store_close(store);
}

/* Runs commit_in_child(), killed at a write. Returns whether it told of its commit;
 * *ret_done: it was not killed. */
static bool run_child(const struct fixture *f, uint32_t first, uint32_t last,
                      int kill_after, bool *ret_done)
{
    int told[2];
    assert_int_equal(pipe(told), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        set_fault(KILL_MINUS_NINE, kill_after);
        commit_in_child(f->path, first, last, told[1]);
        _exit(0);
    }
    (void)close(told[1]);
    char word = '\0';
    const bool committed = read(told[0], &word, 1) == 1;
    (void)close(told[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    *ret_done = WIFEXITED(status);
    if (*ret_done) {
        assert_int_equal(WEXITSTATUS(status), 0);
    } else {
        assert_int_equal(WTERMSIG(status), SIGKILL);
    }
    return committed;
}

static void a_kill_at_any_write_leaves_all_of_a_transaction_or_nothing(void **state)
{
    struct fixture *f = *state;
    bool done = false;
    int kills = 0;
    int kept = 0;
    for (; !done; kills++) {
        assert_true(kills < 500);
        remove_database(f);
        struct nq_store *store = open_store(f);
        commit_cases(store, 1, 3);
        (void)nq_store_close(store);

        const bool committed = run_child(f, 4, 90, kills, &done);
        store = open_store(f);
        struct loaded *loaded = load_all(store);
        const size_t found = loaded->case_count;
        free_loaded(loaded);
        assert_true(found == 90 || (found == 3 && !committed));
        assert_cases(store, 1, (uint32_t)found);
        kept += committed;
        /* The next life goes on from there. */
        commit_cases(store, 4, 91);
        assert_cases(store, 1, 91);
        (void)nq_store_close(store);
    }
    assert_true(kills > 5 && kept > 1); /* killed before the commit and behind it */
}

static void a_kill_while_the_database_is_created_leaves_one_that_opens(void **state)
{
    struct fixture *f = *state;
    bool done = false;
    int kills = 0;
    for (; !done; kills++) {
        assert_true(kills < 500);
        remove_database(f);
        const bool committed = run_child(f, 1, 5, kills, &done);
        struct nq_store *store = open_store(f);
        struct loaded *loaded = load_all(store);
        const size_t found = loaded->case_count;
        free_loaded(loaded);
        assert_true(found == 5 || (found == 0 && !committed));
        commit_cases(store, 1, 6);
        assert_cases(store, 1, 6);
        (void)nq_store_close(store);
    }
    assert_true(kills > 5);
}

static void a_kill_inside_the_next_transaction_keeps_the_one_before(void **state)
{
    struct fixture *f = *state;
    int told[2];
    assert_int_equal(pipe(told), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct nq_store *store = nq_store_sqlite_open(f->path, LOG_MAX, NULL);
        const struct nq_case first = small_case(1);
        const struct nq_case second = small_case(2);
        const bool good = store && store->ops->begin(store, NULL) &&
                          store->ops->put_case(store, &first, NULL) &&
                          store->ops->commit(store, NULL) &&
                          store->ops->begin(store, NULL) &&
                          store->ops->put_case(store, &second, NULL) &&
                          store->ops->delete_case(store, 1, NULL);
        (void)!write(told[1], good ? "g" : "b", 1);
        for (;;) {
            (void)pause();
        }
    }
    (void)close(told[1]);
    char word = '\0';
    assert_int_equal(read(told[0], &word, 1), 1);
    (void)close(told[0]);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(word, 'g');

    struct nq_store *store = open_store(f);
    assert_cases(store, 1, 1);
    (void)nq_store_close(store);
}

/* ---- a full disk, and other failures inside a transaction ----------------------------- */

/* false when any call failed; it was rolled back then. */
static bool try_to_commit(struct nq_store *store, uint32_t first, uint32_t last,
                          enum nq_code expected)
{
    struct nq_err err = {0};
    bool good = store->ops->begin(store, &err);
    for (uint32_t id = first; good && id <= last; id++) {
        const struct nq_case record = small_case(id);
        good = store->ops->put_case(store, &record, &err);
    }
    good = good && store->ops->commit(store, &err);
    if (!good) {
        assert_string_equal(nq_code_name(err.code), nq_code_name(expected));
        store->ops->rollback(store);
    }
    return good;
}

static void a_disk_that_is_full_at_any_write_loses_nothing(void **state)
{
    struct fixture *f = *state;
    int refusals = 0;
    for (bool good = false; !good; refusals += !good) {
        assert_true(refusals < 500);
        remove_database(f);
        struct nq_store *store = open_store(f);
        commit_cases(store, 1, 3);
        set_fault(DISK_FULL, refusals);
        good = try_to_commit(store, 4, 90, NQ_STORE_WRITE);
        set_fault(NO_FAULT, 0);
        assert_cases(store, 1, good ? 90 : 3);
        /* Space again: the same records. */
        commit_cases(store, 4, 90);
        (void)nq_store_close(store);
        store = open_store(f);
        assert_cases(store, 1, 90);
        (void)nq_store_close(store);
    }
    assert_true(refusals > 2);
}

static void a_disk_that_stays_full_is_refused_again_and_again(void **state)
{
    struct nq_store *store = open_store(*state);
    commit_cases(store, 1, 3);
    set_fault(DISK_FULL, 0);
    for (int i = 0; i < 10; i++) {
        assert_false(try_to_commit(store, 4, 9, NQ_STORE_WRITE));
        assert_cases(store, 1, 3); /* what is there can be read */
    }
    set_fault(NO_FAULT, 0);
    commit_cases(store, 4, 9);
    assert_cases(store, 1, 9);
    (void)nq_store_close(store);
}

static off_t size_of(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? info.st_size : 0;
}

static void the_limit_of_a_file_s_size_is_a_full_disk_too(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = open_store(f);
    commit_cases(store, 1, 3);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit tight = {.rlim_cur = (rlim_t)size_of(file_of(f, "-wal")) + 100,
                                 .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    const bool good = try_to_commit(store, 4, 90, NQ_STORE_WRITE);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);

    assert_false(good);
    assert_cases(store, 1, 3);
    commit_cases(store, 4, 90);
    (void)nq_store_close(store);
    store = open_store(f);
    assert_cases(store, 1, 90);
    (void)nq_store_close(store);
}

/* A place of the index that the disk has no block for is a SIGBUS when it is written. */
static void an_index_of_the_log_without_its_blocks_is_an_error_and_no_signal(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = open_store(f);
    commit_cases(store, 1, 3);
    const off_t size = size_of(file_of(f, "-shm"));
    assert_true(size > 0);
    assert_int_equal(truncate(file_of(f, "-shm"), 0), 0);
    for (int i = 0; i < 3; i++) {
        assert_false(try_to_commit(store, 4, 9, NQ_STORE_WRITE));
    }
    assert_int_equal(truncate(file_of(f, "-shm"), size), 0);
    commit_cases(store, 4, 9);
    assert_cases(store, 1, 9);
    (void)nq_store_close(store);
}

static void a_database_that_was_moved_away_takes_nothing_until_it_is_back(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = open_store(f);
    commit_cases(store, 1, 3);
    char away[128];
    (void)snprintf(away, sizeof(away), "%s-away", f->path);
    assert_int_equal(rename(f->path, away), 0);
    assert_false(try_to_commit(store, 4, 9, NQ_STORE_WRITE));
    assert_cases(store, 1, 3);
    assert_int_equal(rename(away, f->path), 0);
    commit_cases(store, 4, 9);
    (void)nq_store_close(store);
    store = open_store(f);
    assert_cases(store, 1, 9);
    (void)nq_store_close(store);
}

static void a_record_that_the_schema_forbids_spoils_only_its_transaction(void **state)
{
    struct nq_store *store = open_store(*state);
    struct nq_case bad = small_case(1);
    bad.state = NQ_CASE_STATE_END;
    const struct nq_signal stray = {.case_id = 4711, .number = 1};
    must(store->ops->begin(store, reterr));
    must_fail(store->ops->put_case(store, &bad, reterr), NQ_STORE_WRITE);
    must_fail(store->ops->put_signal(store, &stray, reterr), NQ_STORE_WRITE);
    store->ops->rollback(store);
    commit_cases(store, 1, 3);
    assert_cases(store, 1, 3);
    (void)nq_store_close(store);
}

static void a_transaction_inside_another_is_refused(void **state)
{
    struct nq_store *store = open_store(*state);
    must_fail(store->ops->commit(store, reterr), NQ_STORE_WRITE);
    must(store->ops->begin(store, reterr));
    must_fail(store->ops->begin(store, reterr), NQ_STORE_WRITE);
    put_cases(store, 1, 1);
    store->ops->rollback(store);
    commit_cases(store, 1, 3);
    assert_cases(store, 1, 3);
    (void)nq_store_close(store);
}

/* ---- files that are not ours, or not whole --------------------------------------------- */

static void a_directory_that_does_not_exist_is_named(void **state)
{
    const struct fixture *f = *state;
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/no/such/state.db", f->dir);
    assert_refused(path, NQ_STORE_OPEN);
    struct nq_err err = {0};
    assert_null(nq_store_sqlite_open(path, LOG_MAX, &err));
    assert_non_null(strstr(err.detail, path));
    assert_refused(f->dir, NQ_STORE_OPEN); /* the directory itself */
    assert_null(nq_store_sqlite_open(path, LOG_MAX, NULL));
}

static void assert_bytes_same(const struct fixture *f, const unsigned char *before,
                              size_t size_before)
{
    size_t size = 0;
    unsigned char *after = read_bytes(f->path, &size);
    assert_int_equal(size, size_before);
    assert_memory_equal(after, before, size);
    free(after);
}

static void a_database_of_another_release_is_refused_and_left_alone(void **state)
{
    struct fixture *f = *state;
    static const char *const changes[] = {
        "PRAGMA user_version = 3",
        "PRAGMA user_version = -1",
        "PRAGMA user_version = 3; PRAGMA journal_mode = DELETE",
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        remove_database(f);
        struct nq_store *store = open_store(f);
        commit_cases(store, 1, 3);
        (void)nq_store_close(store);
        change(f, changes[i]);
        size_t size = 0;
        unsigned char *before = read_bytes(f->path, &size);
        assert_refused(f->path, NQ_STORE_SCHEMA);
        assert_bytes_same(f, before, size);
        free(before);
    }
}

static void a_database_that_is_not_ours_is_refused_and_left_alone(void **state)
{
    const struct fixture *f = *state;
    /* Without a version of the schema, as the database of any other program may be. */
    change(f, "CREATE TABLE other (name TEXT); INSERT INTO other VALUES ('precious')");
    size_t size = 0;
    unsigned char *before = read_bytes(f->path, &size);
    assert_refused(f->path, NQ_STORE_SCHEMA);
    assert_bytes_same(f, before, size);
    free(before);
}

static void a_file_that_is_no_database_is_refused_and_left_alone(void **state)
{
    const struct fixture *f = *state;
    unsigned char bytes[10000];
    /* From two bytes on: SQLite takes a file of one byte for an empty one. */
    for (size_t size = 2; size <= sizeof(bytes); size += 1111) {
        memset(bytes, 'x', sizeof(bytes));
        write_bytes(f->path, bytes, size);
        assert_refused(f->path, NQ_STORE_CORRUPT);
        assert_bytes_same(f, bytes, size);
    }
}

/* The bytes of a closed database of many pages. */
static unsigned char *many_pages(const struct fixture *f, size_t *ret_size)
{
    struct nq_store *store = open_store(f);
    char text[NQ_TEXT_MAX + 1];
    memset(text, 't', sizeof(text) - 1);
    text[NQ_TEXT_MAX] = '\0';
    must(store->ops->begin(store, reterr));
    for (uint32_t id = 1; id <= 100; id++) {
        struct nq_case record = small_case(id);
        record.comment = text;
        const struct nq_signal signal = {.case_id = id, .number = 1, .evidence = text};
        char path[64];
        (void)snprintf(path, sizeof(path), "/infra/%u", id);
        must(store->ops->put_case(store, &record, reterr));
        must(store->ops->put_signal(store, &signal, reterr));
        must(store->ops->put_tally(store, path, "left", 0, reterr));
    }
    must(store->ops->commit(store, reterr));
    (void)nq_store_close(store);
    return read_bytes(f->path, ret_size);
}

static void a_damaged_page_is_found_when_the_store_opens(void **state)
{
    const struct fixture *f = *state;
    const size_t page = 4096;
    size_t size = 0;
    unsigned char *bytes = many_pages(f, &size);
    assert_true(size > 15 * page);
    for (size_t at = 0; at < size; at += page) {
        static const int patterns[] = {0xFF, 0x5A};
        for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
            unsigned char saved[4096];
            memcpy(saved, bytes + at, page);
            memset(bytes + at, patterns[i], page);
            write_bytes(f->path, bytes, size);
            assert_refused(f->path, NQ_STORE_CORRUPT);
            memcpy(bytes + at, saved, page);
        }
    }
    write_bytes(f->path, bytes, size);
    struct nq_store *store = open_store(f);
    assert_cases(store, 1, 100);
    (void)nq_store_close(store);
    free(bytes);
}

static void a_file_that_was_cut_is_found_when_the_store_opens(void **state)
{
    const struct fixture *f = *state;
    size_t size = 0;
    unsigned char *bytes = many_pages(f, &size);
    for (size_t kept = 4096; kept < size; kept += 4096) {
        write_bytes(f->path, bytes, kept);
        assert_refused(f->path, NQ_STORE_CORRUPT);
    }
    free(bytes);
}

static void a_database_that_cannot_be_written_is_refused_when_it_opens(void **state)
{
    const struct fixture *f = *state;
    struct nq_store *store = open_store(f);
    commit_cases(store, 1, 3);
    (void)nq_store_close(store);
    assert_int_equal(chmod(f->path, 0444), 0);
    /* For root no file is read-only. */
    const bool root = geteuid() == 0;
    if (root) {
        assert_int_equal(chown(f->dir, NOBODY, NOBODY), 0);
        assert_int_equal(seteuid(NOBODY), 0);
    }
    struct nq_err err = {0};
    store = nq_store_sqlite_open(f->path, LOG_MAX, &err);
    const bool opened = store != NULL;
    (void)nq_store_close(store);
    if (root) {
        assert_int_equal(seteuid(0), 0);
    }
    assert_false(opened);
    assert_string_equal(nq_code_name(err.code), nq_code_name(NQ_STORE_OPEN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(a_commit_has_synced_the_log_when_it_returns),
        store_test(a_commit_that_cannot_be_synced_fails),
        store_test(a_kill_at_any_write_leaves_all_of_a_transaction_or_nothing),
        store_test(a_kill_while_the_database_is_created_leaves_one_that_opens),
        store_test(a_kill_inside_the_next_transaction_keeps_the_one_before),
        store_test(a_disk_that_is_full_at_any_write_loses_nothing),
        store_test(a_disk_that_stays_full_is_refused_again_and_again),
        store_test(the_limit_of_a_file_s_size_is_a_full_disk_too),
        store_test(an_index_of_the_log_without_its_blocks_is_an_error_and_no_signal),
        store_test(a_database_that_was_moved_away_takes_nothing_until_it_is_back),
        store_test(a_record_that_the_schema_forbids_spoils_only_its_transaction),
        store_test(a_transaction_inside_another_is_refused),
        store_test(a_directory_that_does_not_exist_is_named),
        store_test(a_database_of_another_release_is_refused_and_left_alone),
        store_test(a_database_that_is_not_ours_is_refused_and_left_alone),
        store_test(a_file_that_is_no_database_is_refused_and_left_alone),
        store_test(a_damaged_page_is_found_when_the_store_opens),
        store_test(a_file_that_was_cut_is_found_when_the_store_opens),
        store_test(a_database_that_cannot_be_written_is_refused_when_it_opens),
    };
    return cmocka_run_group_tests_name("store faults", tests, inject_faults, NULL);
}
