/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_log_faults.c: whatever fails while the audit log is written, the chain has no hole
 * and goes on: a kill, a full disk, a sync, and each statement by itself. */
#include "store_faults_fixture.h"
#include "store_log_fixture.h"

#include <sys/wait.h>

#include "store/log_reader.h"

#define KEPT   10 /* entries, so that every fifth or so makes room */
#define BEFORE 23
#define AFTER  47

static struct nq_store *open_small(const struct fixture *f)
{
    struct nq_store *store = nq_store_sqlite_open(f->path, KEPT, NULL);
    assert_non_null(store);
    return store;
}

/* Entries up to last are committed, and the head of the log is the store's. */
static void assert_log_is(const struct fixture *f, struct nq_store *store, uint32_t last)
{
    struct nq_chain_check check;
    char head[NQ_HASH_TEXT];
    must(nq_store_sqlite_verify(f->path, NULL, &check, reterr));
    store->ops->log_head(store, head);
    assert_string_equal(check.broken, "");
    assert_int_equal(check.last, last);
    assert_string_equal(check.head, head);
    assert_in_range(check.last - check.first + 1, KEPT / 2, KEPT);
}

/* One transaction; no assertions, a child runs it too. */
static bool try_entries(struct nq_store *store, uint32_t first, uint32_t last,
                        struct nq_err *reterr)
{
    bool good = store->ops->begin(store, reterr);
    for (uint32_t number = first; good && number <= last; number++) {
        const struct nq_log_entry entry = entry_of(number);
        good = store->ops->put_log(store, &entry, reterr);
    }
    good = good && store->ops->commit(store, reterr);
    if (!good) {
        store->ops->rollback(store);
    }
    return good;
}

static struct nq_store *start(const struct fixture *f)
{
    remove_database(f);
    struct nq_store *store = open_small(f);
    commit_entries(store, 1, BEFORE);
    assert_log_is(f, store, BEFORE);
    return store;
}

static void a_kill_at_any_write_leaves_a_whole_chain(void **state)
{
    const struct fixture *f = *state;
    bool done = false;
    int kills = 0;
    int committed = 0;
    for (; !done; kills++) {
        assert_true(kills < 500);
        (void)nq_store_close(start(f));
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            set_fault(KILL_MINUS_NINE, kills);
            struct nq_store *store = nq_store_sqlite_open(f->path, KEPT, NULL);
            const bool good = store && try_entries(store, BEFORE + 1, AFTER, NULL);
            (void)nq_store_close(store);
            _exit(good ? 0 : 1);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        done = WIFEXITED(status);
        assert_true(!done || WEXITSTATUS(status) == 0);

        struct nq_store *store = open_small(f);
        struct loaded *loaded = load_all(store);
        const uint32_t last = loaded->log_last.number;
        free_loaded(loaded);
        assert_true(last == AFTER || (last == BEFORE && !done));
        assert_log_is(f, store, last);
        commit_entries(store, last + 1, last + 9);
        assert_log_is(f, store, last + 9);
        (void)nq_store_close(store);
        committed += last == AFTER;
    }
    assert_true(kills > 5 && committed > 1 && committed < kills);
}

static void a_full_disk_at_any_write_leaves_no_hole(void **state)
{
    const struct fixture *f = *state;
    int refusals = 0;
    for (bool good = false; !good; refusals += !good) {
        assert_true(refusals < 500);
        struct nq_store *store = start(f);
        struct nq_err failure = {0};
        set_fault(DISK_FULL, refusals);
        good = try_entries(store, BEFORE + 1, AFTER, &failure);
        set_fault(NO_FAULT, 0);
        assert_log_is(f, store, good ? AFTER : BEFORE);
        if (!good) {
            assert_string_equal(nq_code_name(failure.code), nq_code_name(NQ_STORE_WRITE));
            must(try_entries(store, BEFORE + 1, AFTER, reterr));
            assert_log_is(f, store, AFTER);
        }
        (void)nq_store_close(store);
    }
    assert_true(refusals > 2);
}

static void a_commit_that_cannot_be_synced_leaves_no_hole(void **state)
{
    const struct fixture *f = *state;
    struct nq_store *store = start(f);
    sync_fails = true;
    for (int i = 0; i < 5; i++) {
        must_fail(try_entries(store, BEFORE + 1, AFTER, reterr), NQ_STORE_WRITE);
        assert_log_is(f, store, BEFORE);
    }
    sync_fails = false;
    must(try_entries(store, BEFORE + 1, AFTER, reterr));
    assert_log_is(f, store, AFTER);
    (void)nq_store_close(store);
}

/* Each statement of an entry by itself, through a trigger that refuses. */
static void a_statement_that_fails_spoils_only_its_transaction(void **state)
{
    const struct fixture *f = *state;
    static const char *const moments[] = {
        "INSERT ON log WHEN new.number = 25",
        "INSERT ON log WHEN new.number = 47",
        "INSERT ON log_pruned",
        "DELETE ON log",
        "UPDATE ON scalar WHEN new.name = 'last_log'",
    };
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        char sql[160];
        (void)nq_store_close(start(f));
        (void)snprintf(sql, sizeof(sql),
                       "CREATE TRIGGER refuse BEFORE %s BEGIN SELECT RAISE(ABORT, 'no'); "
                       "END",
                       moments[i]);
        change(f, sql);
        struct nq_store *store = open_small(f);
        must_fail(try_entries(store, BEFORE + 1, AFTER, reterr), NQ_STORE_WRITE);
        assert_log_is(f, store, BEFORE);
        (void)nq_store_close(store);
        change(f, "DROP TRIGGER refuse");
        store = open_small(f);
        must(try_entries(store, BEFORE + 1, AFTER, reterr));
        assert_log_is(f, store, AFTER);
        (void)nq_store_close(store);
    }
}

/* The evidence that entries are gone is not given up for an early start. */
static void
a_cut_that_cannot_be_noted_refuses_the_start_and_is_noted_at_the_next(void **state)
{
    const struct fixture *f = *state;
    (void)nq_store_close(start(f));
    change(f, "DELETE FROM log WHERE number = 23; CREATE TRIGGER refuse BEFORE INSERT ON "
              "log BEGIN SELECT RAISE(ABORT, 'no'); END");
    assert_refused(f->path, NQ_STORE_WRITE);
    change(f, "DROP TRIGGER refuse");
    (void)nq_store_close(open_small(f));
    assert_int_equal(ask(f, "SELECT max(number) FROM log WHERE event = 'logCut'"), 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(a_kill_at_any_write_leaves_a_whole_chain),
        store_test(a_full_disk_at_any_write_leaves_no_hole),
        store_test(a_commit_that_cannot_be_synced_leaves_no_hole),
        store_test(a_statement_that_fails_spoils_only_its_transaction),
        store_test(a_cut_that_cannot_be_noted_refuses_the_start_and_is_noted_at_the_next),
    };
    return cmocka_run_group_tests_name("store log faults", tests, inject_faults, NULL);
}
