/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_verify.c: whatever somebody does to the audit log behind the engine's back is
 * found; and the log is read beside an engine, by case, time and number. */
#include "store_log_fixture.h"

#include "store/log_reader.h"

#define ENTRIES 20

/* ---- judging -------------------------------------------------------------------------- */

static struct nq_chain_check check_of(const struct fixture *f, const char *noted)
{
    struct nq_chain_check check;
    must(nq_store_sqlite_verify(f->path, noted, &check, reterr));
    return check;
}

static void assert_whole(const struct fixture *f, uint32_t first, uint32_t last)
{
    const struct nq_chain_check check = check_of(f, NULL);
    assert_string_equal(check.broken, "");
    assert_int_equal(check.first, first);
    assert_int_equal(check.last, last);
}

static void assert_broken(const struct fixture *f, const char *noted, const char *words,
                          const char *what_was_done)
{
    const struct nq_chain_check check = check_of(f, noted);
    if (!*check.broken || !strstr(check.broken, words)) {
        fail_msg("after %s: \"%s\", not \"%s\"", what_was_done, check.broken, words);
    }
}

/* A closed database whose log holds the entries that follow on those that made room. */
static void make_log(const struct fixture *f, int64_t log_max, uint32_t entries)
{
    struct nq_store *store = nq_store_sqlite_open(f->path, log_max, NULL);
    assert_non_null(store);
    for (uint32_t number = 1; number <= entries; number++) {
        commit_entries(store, number, number);
    }
    (void)nq_store_close(store);
}

static void a_log_that_nobody_touched_is_whole(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = open_store(f);
    assert_whole(f, 0, 0);
    commit_entries(store, 1, ENTRIES);
    assert_whole(f, 1, ENTRIES); /* beside the engine */
    must(store->ops->begin(store, reterr));
    put_entries(store, ENTRIES + 1, ENTRIES + 2);
    assert_whole(f, 1, ENTRIES);
    store->ops->rollback(store);
    char head[NQ_HASH_TEXT];
    store->ops->log_head(store, head);
    (void)nq_store_close(store);
    assert_string_equal(check_of(f, head).head, head);
    assert_string_equal(check_of(f, head).broken, "");
}

static void a_log_whose_oldest_entries_made_room_is_whole(void **state)
{
    struct fixture *f = *state;
    for (uint32_t entries = 10; entries <= 40; entries++) {
        remove_database(f);
        make_log(f, 10, entries);
        const struct nq_chain_check check = check_of(f, NULL);
        assert_string_equal(check.broken, "");
        assert_int_equal(check.last, entries);
        assert_int_equal(check.pruned, check.first - 1);
        assert_in_range(check.last - check.first + 1, 6, 10);
    }
}

struct deed {
    const char *sql;
    const char *found; /* words of the judgement */
};

/* Does each deed to a fresh copy of the database. */
static void assert_found(const struct fixture *f, const struct deed *deeds, size_t count)
{
    size_t size = 0;
    unsigned char *bytes = read_bytes(f->path, &size);
    for (size_t i = 0; i < count; i++) {
        remove_database(f);
        write_bytes(f->path, bytes, size);
        change(f, deeds[i].sql);
        assert_broken(f, NULL, deeds[i].found, deeds[i].sql);
    }
    free(bytes);
}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void a_changed_entry_is_found(void **state)
{
    static const char found[] = "entry 7 is not what its hash was made of";
    static const struct deed deeds[] = {
        {"UPDATE log SET at_ms = at_ms + 1 WHERE number = 7", found},
        {"UPDATE log SET case_id = 99 WHERE number = 7", found},
        {"UPDATE log SET kept_from = 2 WHERE number = 7", found},
        {"UPDATE log SET event = 'held' WHERE number = 7", found},
        {"UPDATE log SET actor = '' WHERE number = 7", found},
        {"UPDATE log SET text = text || ' ' WHERE number = 7", found},
        {"UPDATE log SET evidence = '' WHERE number = 7", found},
        {"UPDATE log SET hash = upper(hash) WHERE number = 7", found},
        {"UPDATE log SET hash = '' WHERE number = 7", found},
        /* A letter that moves from one member into the next. */
        {"UPDATE log SET event = event || substr(actor, 1, 1), actor = substr(actor, 2) "
         "WHERE number = 7",
         found},
        {"UPDATE log SET text = text || char(0) || 'more' WHERE number = 7",
         "entry 7 holds what no engine writes"},
        {"UPDATE log SET case_id = 4294967296 + case_id WHERE number = 7",
         "entry 7 holds what no engine writes"},
        {"CREATE TABLE other AS SELECT * FROM log; DROP TABLE log; "
         "ALTER TABLE other RENAME TO log; UPDATE log SET actor = NULL WHERE number = 7",
         "entry 7 holds what no engine writes"},
    };
    make_log(*state, LOG_MAX, ENTRIES);
    assert_found(*state, deeds, COUNT_OF(deeds));
}

static void a_removed_inserted_or_moved_entry_is_found(void **state)
{
    static const struct deed deeds[] = {
        {"DELETE FROM log WHERE number = 7", "entry 7 is missing"},
        {"DELETE FROM log WHERE number BETWEEN 7 AND 9", "entries 7 to 9 are missing"},
        {"DELETE FROM log WHERE number = 7; UPDATE log SET number = number - 1 "
         "WHERE number > 7",
         "entry 7 is not what its hash was made of"},
        {"DELETE FROM log WHERE number = 1", "entry 1 is missing"},
        {"UPDATE log SET number = 99 WHERE number = 7; UPDATE log SET number = 7 WHERE "
         "number = 8; UPDATE log SET number = 8 WHERE number = 99",
         "entry 7 is not what its hash was made of"},
        {"INSERT INTO log SELECT 21, at_ms, case_id, kept_from, event, actor, text, "
         "evidence, hash FROM log WHERE number = 20",
         "entry 21 is not what its hash was made of"},
        {"INSERT INTO log SELECT 0, at_ms, case_id, kept_from, event, actor, text, "
         "evidence, hash FROM log WHERE number = 20",
         "entry 0 holds what no engine writes"},
        {"INSERT INTO log SELECT 4294967297, at_ms, case_id, kept_from, event, actor, "
         "text, evidence, hash FROM log WHERE number = 1",
         "holds what no engine writes"},
    };
    make_log(*state, LOG_MAX, ENTRIES);
    assert_found(*state, deeds, COUNT_OF(deeds));
}

static void a_cut_at_either_end_is_found(void **state)
{
    static const struct deed deeds[] = {
        {"DELETE FROM log WHERE number > 18", "entries 19 to 20 are missing at the end"},
        {"DELETE FROM log WHERE number = 20", "entry 20 is missing at the end"},
        {"DELETE FROM log", "entries 1 to 20 are missing at the end"},
        {"DELETE FROM log WHERE number < 6", "entries 1 to 5 are missing"},
        /* As if they had made room. */
        {"INSERT INTO log_pruned SELECT 1, number, hash FROM log WHERE number = 5; "
         "DELETE FROM log WHERE number < 6",
         "entry 6 is the oldest; the newest says that it is 1"},
        {"UPDATE scalar SET value = 10 WHERE name = 'last_log'",
         "entry 20 is there, but only 10 were written"},
    };
    make_log(*state, LOG_MAX, ENTRIES);
    assert_found(*state, deeds, COUNT_OF(deeds));
}

static void a_cut_of_a_log_that_made_room_is_found(void **state)
{
    static const struct deed deeds[] = {
        {"DELETE FROM log WHERE number = 16", "entry 16 is missing"},
        {"DELETE FROM log_pruned", "entries 1 to 15 are missing"},
        {"UPDATE log_pruned SET hash = 'x'", "entry 16 is not what its hash was made of"},
        {"UPDATE log_pruned SET number = 17, hash = (SELECT hash FROM log WHERE number = "
         "17); DELETE FROM log WHERE number < 18",
         "entry 18 is the oldest; the newest says that it is 16"},
    };
    make_log(*state, 10, ENTRIES + 2);
    assert_whole(*state, 16, ENTRIES + 2);
    assert_found(*state, deeds, COUNT_OF(deeds));
}

static void a_cut_at_the_end_stays_visible_when_the_engine_goes_on(void **state)
{
    struct fixture *f = *state;
    make_log(f, LOG_MAX, ENTRIES);
    change(f, "DELETE FROM log WHERE number > 17");
    struct nq_store *store = open_store(f);
    commit_entries(store, ENTRIES + 2, ENTRIES + 5);
    (void)nq_store_close(store);
    assert_broken(f, NULL, "entries 18 to 20 are missing", "a cut and a start");
}

/* Whoever may write everything can make everything anew; what was noted elsewhere stays. */
static void
a_new_log_in_place_of_the_old_one_is_found_by_a_hash_noted_before(void **state)
{
    struct fixture *f = *state;
    make_log(f, LOG_MAX, ENTRIES / 2);
    char noted[NQ_HASH_TEXT];
    (void)snprintf(noted, sizeof(noted), "%s", check_of(f, NULL).head);
    struct nq_store *store = open_store(f);
    commit_entries(store, ENTRIES / 2 + 1, ENTRIES);
    (void)nq_store_close(store);
    assert_string_equal(check_of(f, noted).broken, ""); /* it went on since then */

    change(f, "DELETE FROM log WHERE number > 5; UPDATE scalar SET value = 5 "
              "WHERE name = 'last_log'");
    assert_whole(f, 1, 5);
    assert_broken(f, noted, "no entry that is kept has the hash that was noted", "a cut");
    remove_database(f);
    store = open_store(f);
    commit_entries(store, 1, 1);
    struct nq_log_entry other = entry_of(2);
    other.case_id = 4711;
    must(store->ops->begin(store, reterr));
    must(store->ops->put_log(store, &other, reterr));
    must(store->ops->commit(store, reterr));
    commit_entries(store, 3, ENTRIES);
    (void)nq_store_close(store);
    assert_whole(f, 1, ENTRIES);
    assert_broken(f, noted, "no entry that is kept has the hash that was noted",
                  "a new log");
}

/* ---- reading -------------------------------------------------------------------------- */

struct reading {
    struct nq_store *store; /* an engine that goes on meanwhile, or NULL */
    uint32_t numbers[400];
    size_t count;
    size_t stop_at; /* 0: never */
};

static bool on_row(void *arg, const struct nq_log_row *row)
{
    struct reading *reading = arg;
    assert_true(row->whole);
    assert_true(reading->count < 400);
    assert_int_equal(strlen(row->hash), NQ_HASH_TEXT - 1);
    assert_int_equal(row->entry.case_id, row->entry.number % 3);
    assert_string_equal(row->entry.event, "isolated");
    reading->numbers[reading->count++] = row->entry.number;
    return reading->count != reading->stop_at;
}

static void read_log(const struct fixture *f, struct nq_log_query query,
                     struct reading *reading)
{
    reading->count = 0;
    must(nq_store_sqlite_log(f->path, &query, on_row, reading, reterr));
}

static void entries_are_chosen_by_case_time_and_number(void **state)
{
    struct fixture *f = *state;
    struct reading reading = {0};
    make_log(f, LOG_MAX, 1);
    struct nq_store *store = open_store(f);
    commit_entries(store, 2, 350);
    const struct {
        struct nq_log_query query;
        size_t count;
        uint32_t first, last;
    } rows[] = {
        {{0}, 350, 1, 350},
        {{.last = 1}, 1, 350, 350},
        {{.last = 205}, 205, 146, 350},
        {{.last = 100000}, 350, 1, 350},
        {{.case_id = 2}, 117, 2, 350},
        {{.case_id = 1, .last = 2}, 2, 346, 349},
        {{.since_ms = INT64_C(1700000000000) + 101}, 250, 101, 350},
        {{.since_ms = INT64_C(1700000000000) + 340, .case_id = 2}, 4, 341, 350},
        {{.case_id = 77}, 0, 0, 0},
        {{.since_ms = INT64_MAX}, 0, 0, 0},
        {{.since_ms = INT64_MAX, .last = 5}, 0, 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        read_log(f, rows[i].query, &reading);
        assert_int_equal(reading.count, rows[i].count);
        if (reading.count) {
            assert_int_equal(reading.numbers[0], rows[i].first);
            assert_int_equal(reading.numbers[reading.count - 1], rows[i].last);
        }
    }
    reading.stop_at = 120;
    read_log(f, (struct nq_log_query){0}, &reading);
    assert_int_equal(reading.count, 120);
    (void)nq_store_close(store);
}

static bool on_row_slowly(void *arg, const struct nq_log_row *row)
{
    struct reading *reading = arg;
    if (row->entry.number == 50) {
        /* Much happens while somebody looks at the first page. */
        for (uint32_t number = 401; number <= 900; number += 100) {
            commit_entries(reading->store, number, number + 99);
        }
    }
    return on_row(arg, row);
}

static void a_slow_reader_does_not_hold_the_engine(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = nq_store_sqlite_open(f->path, 400, NULL);
    assert_non_null(store);
    commit_entries(store, 1, 400);
    struct reading reading = {.store = store};
    const struct nq_log_query all = {0};
    must(nq_store_sqlite_log(f->path, &all, on_row_slowly, &reading, reterr));
    /* The first page as it was, then what is left of the log. */
    assert_int_equal(reading.numbers[99], 100);
    assert_true(reading.numbers[100] > 400);
    assert_int_equal(reading.numbers[reading.count - 1], 900);
    (void)nq_store_close(store);
}

static void what_is_no_database_of_ours_is_refused(void **state)
{
    struct fixture *f = *state;
    struct nq_chain_check check;
    struct reading reading = {0};
    const struct nq_log_query all = {0};
    must_fail(nq_store_sqlite_verify(f->path, NULL, &check, reterr), NQ_STORE_OPEN);
    must_fail(nq_store_sqlite_log(f->path, &all, on_row, &reading, reterr),
              NQ_STORE_OPEN);
    change(f, "CREATE TABLE other (name TEXT); PRAGMA user_version = 1");
    must_fail(nq_store_sqlite_verify(f->path, NULL, &check, reterr), NQ_STORE_SCHEMA);
    must_fail(nq_store_sqlite_log(f->path, &all, on_row, &reading, reterr),
              NQ_STORE_SCHEMA);
    change(f, "PRAGMA user_version = 2");
    must_fail(nq_store_sqlite_verify(f->path, NULL, &check, reterr), NQ_STORE_OPEN);
    must_fail(nq_store_sqlite_log(f->path, &all, on_row, &reading, reterr),
              NQ_STORE_OPEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        store_test(a_log_that_nobody_touched_is_whole),
        store_test(a_log_whose_oldest_entries_made_room_is_whole),
        store_test(a_changed_entry_is_found),
        store_test(a_removed_inserted_or_moved_entry_is_found),
        store_test(a_cut_at_either_end_is_found),
        store_test(a_cut_of_a_log_that_made_room_is_found),
        store_test(a_cut_at_the_end_stays_visible_when_the_engine_goes_on),
        store_test(a_new_log_in_place_of_the_old_one_is_found_by_a_hash_noted_before),
        store_test(entries_are_chosen_by_case_time_and_number),
        store_test(a_slow_reader_does_not_hold_the_engine),
        store_test(what_is_no_database_of_ours_is_refused),
    };
    return cmocka_run_group_tests_name("store verify", tests, NULL, NULL);
}
