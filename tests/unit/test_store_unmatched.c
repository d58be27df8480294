/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_unmatched.c: unmatched traps survive in the store, and are read beside an engine
 * that is running, or without one, without changing anything. */
#include "store_fixture.h"

#include <sys/stat.h>
#include <sys/wait.h>

#define NOBODY 65534

static struct nq_unmatched record_of(uint32_t slot, uint32_t number, const char *text)
{
    return (struct nq_unmatched){
        .slot = slot,
        .number = number,
        .count = UINT64_C(1) << 40,
        .first_ms = INT64_C(1700000000123),
        .last_ms = INT64_C(1800000000456),
        .source = (char *)(uintptr_t) "2001:db8::1",
        .trap_oid = (char *)(uintptr_t) ".1.3.6.1.4.1.32473.1.0.190",
        .text = (char *)(uintptr_t)text,
    };
}

static void put(struct nq_store *store, uint32_t slot, uint32_t number, const char *text)
{
    const struct nq_unmatched record = record_of(slot, number, text);
    must(store->ops->put_unmatched(store, &record, reterr));
}

static void commit_one(struct nq_store *store, uint32_t slot, uint32_t number,
                       const char *text)
{
    must(store->ops->begin(store, reterr));
    put(store, slot, number, text);
    must(store->ops->commit(store, reterr));
}

/* All records by number, "NUMBER@SLOT TEXT|", in one line. */
static void add_line(void *arg, const struct nq_unmatched *record)
{
    char *line = arg;
    const size_t used = strlen(line);
    assert_int_equal(record->count, UINT64_C(1) << 40);
    assert_int_equal(record->first_ms, INT64_C(1700000000123));
    assert_int_equal(record->last_ms, INT64_C(1800000000456));
    assert_string_equal(record->source, "2001:db8::1");
    assert_string_equal(record->trap_oid, ".1.3.6.1.4.1.32473.1.0.190");
    (void)snprintf(line + used, 4096 - used, "%u@%u %.20s|", record->number, record->slot,
                   record->text);
}

static void assert_beside(const struct fixture *f, const char *expected)
{
    char line[4096] = "";
    must(nq_store_sqlite_unmatched(f->path, add_line, line, reterr));
    assert_string_equal(line, expected);
}

static void assert_loaded(struct nq_store *store, const char *expected)
{
    char line[4096] = "";
    const struct nq_store_reader reader = {.arg = line, .on_unmatched = add_line};
    must(store->ops->load(store, &reader, reterr));
    assert_string_equal(line, expected);
}

static void every_member_survives(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = open_store(f);
    commit_one(store, 49, 7, "seven");
    commit_one(store, 0, 8, "eight");
    (void)nq_store_close(store);
    store = open_store(f);
    assert_loaded(store, "7@49 seven|8@0 eight|");
    (void)nq_store_close(store);
}

static void a_slot_holds_one_trap(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = open_store(f);
    commit_one(store, 3, 1, "old");
    commit_one(store, 4, 2, "other");
    commit_one(store, 3, 3, "new");
    assert_loaded(store, "2@4 other|3@3 new|");
    must(store->ops->begin(store, reterr));
    put(store, 4, 4, "rolled back");
    store->ops->rollback(store);
    assert_loaded(store, "2@4 other|3@3 new|");
    const struct nq_unmatched outside = record_of(NQ_UNMATCHED_MAX, 9, "x");
    must(store->ops->begin(store, reterr));
    must_fail(store->ops->put_unmatched(store, &outside, reterr), NQ_STORE_WRITE);
    store->ops->rollback(store);
    (void)nq_store_close(store);
}

static void the_largest_text_survives_whole(void **state)
{
    struct fixture *f = *state;
    const size_t len = 256 * 1024;
    char *text = nq_calloc(len + 1, 1);
    memset(text, 'x', len);
    struct nq_store *store = open_store(f);
    commit_one(store, 0, 1, text);
    (void)nq_store_close(store);
    assert_int_equal(ask(f, "SELECT length(text) FROM unmatched"), len);
    free(text);
}

/* ---- beside an engine ------------------------------------------------------------------ */

static void they_are_read_beside_an_open_store(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = open_store(f);
    assert_beside(f, "");
    commit_one(store, 0, 1, "one");
    assert_beside(f, "1@0 one|");
    must(store->ops->begin(store, reterr));
    put(store, 1, 2, "not yet");
    assert_beside(f, "1@0 one|");
    must(store->ops->commit(store, reterr));
    assert_beside(f, "1@0 one|2@1 not yet|");
    commit_one(store, 2, 3, "three");
    (void)nq_store_close(store);
}

static void reading_changes_nothing_and_the_engine_opens_afterwards(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = open_store(f);
    commit_one(store, 0, 1, "one");
    (void)nq_store_close(store);
    size_t before_size = 0;
    size_t size = 0;
    unsigned char *before = read_bytes(f->path, &before_size);
    assert_beside(f, "1@0 one|");
    unsigned char *after = read_bytes(f->path, &size);
    assert_int_equal(size, before_size);
    assert_memory_equal(after, before, size);
    free(before);
    free(after);
    store = open_store(f);
    commit_one(store, 1, 2, "two");
    (void)nq_store_close(store);
    assert_beside(f, "1@0 one|2@1 two|");
}

static void they_are_read_after_a_kill(void **state)
{
    struct fixture *f = *state;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct nq_store *store = nq_store_sqlite_open(f->path, LOG_MAX, NULL);
        const struct nq_unmatched record = record_of(0, 1, "one");
        const bool good = store && store->ops->begin(store, NULL) &&
                          store->ops->put_unmatched(store, &record, NULL) &&
                          store->ops->commit(store, NULL);
        _exit(good ? 0 : 1); /* nothing is closed: the log is as a kill leaves it */
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(access(file_of(f, "-wal"), F_OK), 0);
    assert_beside(f, "1@0 one|");
    struct nq_store *store = open_store(f);
    assert_loaded(store, "1@0 one|");
    (void)nq_store_close(store);
}

/* Root may look; whatever it leaves behind must not lock out the engine's user. */
static void a_look_by_root_does_not_lock_out_the_owner(void **state)
{
    struct fixture *f = *state;
    if (geteuid() != 0) {
        skip();
    }
    assert_int_equal(chown(f->dir, NOBODY, NOBODY), 0);
    assert_int_equal(seteuid(NOBODY), 0);
    struct nq_store *store = nq_store_sqlite_open(f->path, LOG_MAX, NULL);
    const bool opened = store != NULL;
    (void)nq_store_close(store);
    assert_int_equal(seteuid(0), 0);
    assert_true(opened);
    assert_beside(f, "");
    assert_int_equal(seteuid(NOBODY), 0);
    struct nq_err err = {0};
    store = nq_store_sqlite_open(f->path, LOG_MAX, &err);
    const struct nq_unmatched record = record_of(0, 1, "one");
    const bool written = store && store->ops->begin(store, &err) &&
                         store->ops->put_unmatched(store, &record, &err) &&
                         store->ops->commit(store, &err);
    (void)nq_store_close(store);
    assert_int_equal(seteuid(0), 0);
    if (!written) {
        fail_msg("%s", err.detail);
    }
}

static void what_is_no_database_of_ours_is_refused(void **state)
{
    struct fixture *f = *state;
    must_fail(nq_store_sqlite_unmatched(f->path, add_line, NULL, reterr), NQ_STORE_OPEN);
    assert_int_equal(access(f->path, F_OK), -1); /* looking creates nothing */
    write_bytes(f->path, "no database at all, not even a little", 37);
    must_fail(nq_store_sqlite_unmatched(f->path, add_line, NULL, reterr),
              NQ_STORE_CORRUPT);
    remove_database(f);
    change(f, "CREATE TABLE other (name TEXT); PRAGMA user_version = 3");
    must_fail(nq_store_sqlite_unmatched(f->path, add_line, NULL, reterr),
              NQ_STORE_SCHEMA);
    remove_database(f);
    change(f, "CREATE TABLE other (name TEXT); PRAGMA user_version = 2");
    must_fail(nq_store_sqlite_unmatched(f->path, add_line, NULL, reterr), NQ_STORE_OPEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(every_member_survives),
        store_test(a_slot_holds_one_trap),
        store_test(the_largest_text_survives_whole),
        store_test(they_are_read_beside_an_open_store),
        store_test(reading_changes_nothing_and_the_engine_opens_afterwards),
        store_test(they_are_read_after_a_kill),
        store_test(a_look_by_root_does_not_lock_out_the_owner),
        store_test(what_is_no_database_of_ours_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
