/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_log.c: the audit log in the store: every entry is tied to the one before it, also
 * across restarts and what was rolled back, and the oldest make room. How it is judged is in
 * test_store_verify.c. Governor and admissions are here too. */
#include "store_log_fixture.h"

/* Of the entries 1 and 2, computed apart from this program, from the description in chain.h. */
#define FIRST_HASH  "17e9ac8a3a3a2bead7d4522b70d4d20b222b3be3b9b75b75bcdce400f900c039"
#define SECOND_HASH "3cc6a6c5b08d2f23c291ca0e89fe13b6cd92ba381d45ac4c8bb1209ac96c8166"

/* ---- governor and admissions ---------------------------------------------------------- */

static void put_admission(struct nq_store *store, uint32_t case_id, int64_t at_ms,
                          const char *cause, const char *groups)
{
    const struct nq_admission record = {.case_id = case_id,
                                        .rehearsed = case_id % 2,
                                        .at_ms = at_ms,
                                        .cause = (char *)(uintptr_t)cause,
                                        .groups = (char *)(uintptr_t)groups};
    must(store->ops->put_admission(store, &record, reterr));
}

static void assert_admissions(struct nq_store *store, const char *expected)
{
    struct loaded *loaded = load_all(store);
    assert_string_equal(loaded->admissions, expected);
    free_loaded(loaded);
}

static void admissions_survive_in_their_order_until_they_are_forgotten(void **state)
{
    struct nq_store *store = open_store(*state);
    must(store->ops->begin(store, reterr));
    put_admission(store, 7, 5000, "Eicar", "group a\ngroup b\n");
    put_admission(store, 6, 4000, NULL, NULL); /* the clock went back */
    put_admission(store, 7, 5000, "Eicar", "group a\n");
    must(store->ops->commit(store, reterr));
    (void)nq_store_close(store);

    store = open_store(*state);
    assert_admissions(
        store,
        "7/1@5000 Eicar group a\ngroup b\n|6/0@4000 - -|7/1@5000 Eicar group a\n|");
    must(store->ops->begin(store, reterr));
    must(store->ops->forget_admissions(store, 5000, reterr));
    put_admission(store, 8, 4500, "x", NULL);
    store->ops->rollback(store);
    must(store->ops->begin(store, reterr));
    must(store->ops->forget_admissions(store, 5000, reterr));
    must(store->ops->forget_admissions(store, 0, reterr));
    put_admission(store, 8, 4500, "x", NULL);
    must(store->ops->commit(store, reterr));
    assert_admissions(
        store,
        "7/1@5000 Eicar group a\ngroup b\n|7/1@5000 Eicar group a\n|8/0@4500 x -|");
    must(store->ops->begin(store, reterr));
    must(store->ops->forget_admissions(store, INT64_MAX, reterr));
    must(store->ops->commit(store, reterr));
    assert_admissions(store, "");
    (void)nq_store_close(store);
}

static void put_governor(struct nq_store *store, const struct nq_governor_record *record)
{
    must(store->ops->begin(store, reterr));
    must(store->ops->put_governor(store, record, reterr));
    must(store->ops->commit(store, reterr));
}

static void the_governor_is_one_record_and_survives(void **state)
{
    struct nq_store *store = open_store(*state);
    char reason[] = "10 VMs in a minute";
    struct loaded *loaded = load_all(store);
    assert_string_equal(loaded->governor, "");
    free_loaded(loaded);
    const struct nq_governor_record tripped = {
        .state = NQ_GOVERNOR_TRIPPED, .changed_ms = 7, .rearmed_ms = 5, .reason = reason};
    const struct nq_governor_record normal = {.state = NQ_GOVERNOR_NORMAL,
                                              .changed_ms = 8};
    const struct nq_governor_record none = {.state = NQ_GOVERNOR_STATE_END};
    put_governor(store, &normal);
    put_governor(store, &tripped);
    (void)nq_store_close(store);
    store = open_store(*state);
    loaded = load_all(store);
    assert_string_equal(loaded->governor, "3 7 5 10 VMs in a minute|");
    free_loaded(loaded);
    put_governor(store, &normal);
    must(store->ops->begin(store, reterr));
    must_fail(store->ops->put_governor(store, &none, reterr), NQ_STORE_WRITE);
    store->ops->rollback(store);
    loaded = load_all(store);
    assert_string_equal(loaded->governor, "1 8 0 -|");
    free_loaded(loaded);
    (void)nq_store_close(store);
}

/* ---- the log -------------------------------------------------------------------------- */

static void assert_log(struct nq_store *store, uint32_t first, uint32_t last)
{
    struct loaded *loaded = load_all(store);
    assert_int_equal(loaded->log_count, last ? last - first + 1 : 0);
    assert_int_equal(loaded->log_first, first);
    assert_int_equal(loaded->log_last.number, last);
    free_loaded(loaded);
}

static void an_entry_survives_with_all_its_members(void **state)
{
    struct nq_store *store = open_store(*state);
    const struct nq_log_entry bare = {.number = 3};
    commit_entries(store, 1, 1);
    (void)nq_store_close(store);
    for (uint32_t number = 1; number <= 3; number++) {
        store = open_store(*state);
        struct loaded *loaded = load_all(store);
        const struct nq_log_entry *found = &loaded->log_last;
        const struct nq_log_entry wanted = number < 3 ? entry_of(number) : bare;
        assert_int_equal(found->number, number);
        assert_int_equal(found->case_id, wanted.case_id);
        assert_int_equal(found->at_ms, wanted.at_ms);
        assert_string_equal(found->event, nq_text_or_empty(wanted.event));
        assert_string_equal(found->actor, nq_text_or_empty(wanted.actor));
        assert_string_equal(found->text, nq_text_or_empty(wanted.text));
        assert_int_equal(found->evidence != NULL, wanted.evidence != NULL);
        assert_string_equal(nq_text_or_empty(found->evidence),
                            nq_text_or_empty(wanted.evidence));
        free_loaded(loaded);
        must(store->ops->begin(store, reterr));
        if (number == 1) {
            put_entries(store, 2, 2);
        } else if (number == 2) {
            must(store->ops->put_log(store, &bare, reterr));
        }
        must(store->ops->commit(store, reterr));
        (void)nq_store_close(store);
    }
}

static const char *head_of(struct nq_store *store)
{
    static char head[NQ_HASH_TEXT];
    store->ops->log_head(store, head);
    return head;
}

/* If this changes, every log out there is broken. */
static void the_hash_is_the_one_that_is_documented(void **state)
{
    struct nq_store *store = open_store(*state);
    assert_string_equal(head_of(store), "");
    commit_entries(store, 1, 1);
    assert_string_equal(head_of(store), FIRST_HASH);
    commit_entries(store, 2, 2);
    assert_string_equal(head_of(store), SECOND_HASH);
    (void)nq_store_close(store);
    store = open_store(*state);
    assert_string_equal(head_of(store), SECOND_HASH);
    (void)nq_store_close(store);
}

static void what_is_rolled_back_leaves_no_hole(void **state)
{
    struct nq_store *store = open_store(*state);
    commit_entries(store, 1, 1);
    must(store->ops->begin(store, reterr));
    put_entries(store, 2, 5);
    assert_string_equal(head_of(store), FIRST_HASH); /* not committed yet */
    store->ops->rollback(store);
    assert_string_equal(head_of(store), FIRST_HASH);
    const struct nq_log_entry hole = entry_of(3);
    must(store->ops->begin(store, reterr));
    must_fail(store->ops->put_log(store, &hole, reterr), NQ_STORE_WRITE);
    put_entries(store, 2, 2);
    const struct nq_log_entry again = entry_of(2);
    must_fail(store->ops->put_log(store, &again, reterr), NQ_STORE_WRITE);
    must(store->ops->commit(store, reterr));
    assert_string_equal(head_of(store), SECOND_HASH);
    assert_log(store, 1, 2);
    (void)nq_store_close(store);
}

static void the_newest_thousand_are_handed_over(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = nq_store_sqlite_open(f->path, 5000, NULL);
    assert_non_null(store);
    commit_entries(store, 1, NQ_LOG_SHOWN);
    assert_log(store, 1, NQ_LOG_SHOWN);
    commit_entries(store, NQ_LOG_SHOWN + 1, 2 * NQ_LOG_SHOWN + 5);
    assert_log(store, NQ_LOG_SHOWN + 6, 2 * NQ_LOG_SHOWN + 5);
    (void)nq_store_close(store);
}

/* ---- making room ---------------------------------------------------------------------- */

static int64_t count_of(const struct fixture *f)
{
    return ask(f, "SELECT count(*) FROM log");
}

static void the_oldest_entries_make_room_and_the_last_of_them_is_noted(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = nq_store_sqlite_open(f->path, 10, NULL);
    assert_non_null(store);
    commit_entries(store, 1, 10);
    assert_int_equal(count_of(f), 10);
    assert_int_equal(ask(f, "SELECT count(*) FROM log_pruned"), 0);
    const int64_t noted = ask(f, "SELECT count(*) FROM log WHERE number = 5");
    assert_int_equal(noted, 1);
    must(store->ops->begin(store, reterr));
    put_entries(store, 11, 11);
    store->ops->rollback(store);
    assert_int_equal(count_of(f), 10);

    change(f, "CREATE TABLE fifth AS SELECT hash FROM log WHERE number = 5");
    commit_entries(store, 11, 11);
    assert_int_equal(count_of(f), 6);
    assert_int_equal(ask(f, "SELECT min(number) FROM log"), 6);
    assert_int_equal(
        ask(f, "SELECT number FROM log_pruned, fifth WHERE log_pruned.hash = fifth.hash"),
        5);
    assert_int_equal(ask(f, "SELECT kept_from FROM log WHERE number = 11"), 6);
    assert_int_equal(ask(f, "SELECT kept_from FROM log WHERE number = 10"), 1);
    (void)nq_store_close(store);

    for (uint32_t number = 12; number <= 200; number++) {
        store = nq_store_sqlite_open(f->path, 10, NULL);
        assert_non_null(store);
        commit_entries(store, number, number);
        (void)nq_store_close(store);
        assert_in_range(count_of(f), 6, 10);
    }
    assert_int_equal(ask(f, "SELECT count(*) FROM log_pruned"), 1);
}

static void one_transaction_with_more_entries_than_are_kept_keeps_the_newest(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = nq_store_sqlite_open(f->path, LOG_MAX, NULL);
    assert_non_null(store);
    commit_entries(store, 1, 7 * LOG_MAX);
    assert_in_range(count_of(f), LOG_MAX / 2, LOG_MAX);
    (void)nq_store_close(store);
}

static void a_lowered_limit_is_reached_in_bounded_steps(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = nq_store_sqlite_open(f->path, 100000, NULL);
    assert_non_null(store);
    uint32_t last = 20 * LOG_MAX;
    commit_entries(store, 1, last);
    (void)nq_store_close(store);
    store = open_store(f);
    commit_entries(store, last + 1, last + 20); /* one transaction, many entries */
    last += 20;
    assert_in_range(count_of(f), 19 * LOG_MAX, 20 * LOG_MAX);
    for (int64_t before = last; before > LOG_MAX;) {
        last++;
        commit_entries(store, last, last);
        const int64_t after = count_of(f);
        assert_true(after < before && before - after <= LOG_MAX);
        before = after;
    }
    assert_int_equal(ask(f, "SELECT max(number) FROM log"), last);
    (void)nq_store_close(store);
}

/* ---- somebody took the newest entries away -------------------------------------------- */

static void a_cut_at_the_end_is_written_down_at_the_next_start(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = open_store(f);
    commit_entries(store, 1, 9);
    (void)nq_store_close(store);
    change(f, "DELETE FROM log WHERE number > 6");
    store = open_store(f);
    assert_int_equal(ask(f, "SELECT max(number) FROM log"), 10);
    assert_int_equal(ask(f, "SELECT count(*) FROM log WHERE event = 'logCut' AND text = "
                            "'entries 7 to 9 of this log were not there any more at the "
                            "start'"),
                     1);
    commit_entries(store, 11, 12);
    (void)nq_store_close(store);
    store = open_store(f);
    assert_int_equal(ask(f, "SELECT count(*) FROM log"), 9);
    commit_entries(store, 13, 13);
    (void)nq_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(admissions_survive_in_their_order_until_they_are_forgotten),
        store_test(the_governor_is_one_record_and_survives),
        store_test(an_entry_survives_with_all_its_members),
        store_test(the_hash_is_the_one_that_is_documented),
        store_test(what_is_rolled_back_leaves_no_hole),
        store_test(the_newest_thousand_are_handed_over),
        store_test(the_oldest_entries_make_room_and_the_last_of_them_is_noted),
        store_test(one_transaction_with_more_entries_than_are_kept_keeps_the_newest),
        store_test(a_lowered_limit_is_reached_in_bounded_steps),
        store_test(a_cut_at_the_end_is_written_down_at_the_next_start),
    };
    return cmocka_run_group_tests_name("store log", tests, NULL, NULL);
}
