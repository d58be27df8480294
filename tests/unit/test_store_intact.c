/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_intact.c: files that SQLite would take for an empty database or an empty log
 * are refused as damaged and left alone; what a kill leaves behind is not. */
#include "store_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/intact.h"

static int64_t size_of(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (int64_t)info.st_size : -1;
}

static void overwrite(const char *path, off_t at, const void *bytes, size_t size)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, size, at), size);
    assert_int_equal(close(fd), 0);
}

/* A store whose process was killed: all it knows is in the log. */
static void leave_log(const struct fixture *f)
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct nq_store *store = nq_store_sqlite_open(f->path, LOG_MAX, NULL);
        _exit(store && store->ops->begin(store, NULL) &&
                      store->ops->put_counter(store, NQ_COUNT_TRAPS_RECEIVED, 7, NULL) &&
                      store->ops->commit(store, NULL)
                  ? 0
                  : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(size_of(file_of(f, "-wal")) > 0);
}

static void assert_damaged(const struct fixture *f, const char *says)
{
    const int64_t size = size_of(f->path);
    struct nq_err err = {0};
    assert_null(nq_store_sqlite_open(f->path, LOG_MAX, &err));
    assert_string_equal(nq_code_name(err.code), nq_code_name(NQ_STORE_CORRUPT));
    assert_non_null(strstr(err.detail, says));
    assert_int_equal(size_of(f->path), size);
}

static void assert_good(const struct fixture *f)
{
    struct nq_store *store = open_store(f);
    (void)nq_store_close(store);
}

static void a_log_that_a_kill_left_is_good(void **state)
{
    const struct fixture *f = *state;
    leave_log(f);
    bool missing = true;
    assert_true(nq_store_intact(f->path, &missing, NULL));
    assert_false(missing);
    assert_good(f);
}

static void an_empty_database_is_damaged(void **state)
{
    const struct fixture *f = *state;
    assert_good(f);
    assert_int_equal(truncate(f->path, 0), 0);
    assert_damaged(f, "is empty");
}

static void a_database_that_lost_all_but_its_log_is_damaged(void **state)
{
    const struct fixture *f = *state;
    leave_log(f);
    assert_int_equal(truncate(f->path, 0), 0);
    assert_damaged(f, "is empty, but its log");
    assert_int_equal(unlink(f->path), 0);
    assert_damaged(f, "is gone, but its log");
    assert_true(size_of(file_of(f, "-wal")) > 0);
}

static void each_octet_of_a_logs_head_counts(void **state)
{
    const struct fixture *f = *state;
    leave_log(f);
    unsigned char head[32];
    const int fd = open(file_of(f, "-wal"), O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, head, sizeof(head)), sizeof(head));
    assert_int_equal(close(fd), 0);
    for (size_t i = 0; i < sizeof(head); i++) {
        const unsigned char wrong = head[i] ^ 0x20U;
        bool missing = false;
        overwrite(file_of(f, "-wal"), (off_t)i, &wrong, 1);
        assert_false(nq_store_intact(f->path, &missing, NULL));
        overwrite(file_of(f, "-wal"), (off_t)i, &head[i], 1);
    }
    assert_good(f);
}

static void a_log_of_garbage_is_damaged(void **state)
{
    const struct fixture *f = *state;
    leave_log(f);
    static const char garbage[4096] = {'x', 'y'};
    overwrite(file_of(f, "-wal"), 0, garbage, sizeof(garbage));
    assert_damaged(f, "is not a log of SQLite");
}

/* A log's first write that a power failure kept from the disk, in part or in whole. */
static void a_log_that_was_never_written_is_good(void **state)
{
    const struct fixture *f = *state;
    static const char zeros[4096];
    assert_good(f);
    overwrite(file_of(f, "-wal"), 0, "7", 1);
    assert_good(f);
    overwrite(file_of(f, "-wal"), 0, zeros, sizeof(zeros));
    assert_good(f);
}

static void a_database_that_was_never_finished_is_made_anew(void **state)
{
    const struct fixture *f = *state;
    overwrite(file_of(f, ".new"), 0, "half", 4);
    assert_good(f);
    assert_int_equal(size_of(file_of(f, ".new")), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(a_log_that_a_kill_left_is_good),
        store_test(an_empty_database_is_damaged),
        store_test(a_database_that_lost_all_but_its_log_is_damaged),
        store_test(each_octet_of_a_logs_head_counts),
        store_test(a_log_of_garbage_is_damaged),
        store_test(a_log_that_was_never_written_is_good),
        store_test(a_database_that_was_never_finished_is_made_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
