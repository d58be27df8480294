/* SPDX-License-Identifier: Apache-2.0 */
/* test_store.c: what is put into the store comes out of it unchanged, and only what was
 * committed. Its failures are in test_store_faults.c. */
#include "store_fixture.h"

/* ---- records ------------------------------------------------------------------------ */

static size_t size_of(enum nq_field_kind kind)
{
    static const size_t sizes[] = {
        [NQ_FIELD_U32] = sizeof(uint32_t),
        [NQ_FIELD_I64] = sizeof(int64_t),
        [NQ_FIELD_TEXT] = sizeof(char *),
    };
    return sizes[kind];
}

static void the_list_of_fields_covers_the_whole_record(void **state)
{
    (void)state;
    /* The rows stand in the order of the members, so a member without a row is a gap that
     * alignment does not explain. */
    size_t end = 0;
    for (size_t i = 0; i < nq_case_field_count; i++) {
        const struct nq_case_field *field = &nq_case_fields[i];
        const size_t size = size_of(field->kind);
        const size_t expected = (end + size - 1) / size * size;
        if (field->offset != expected) {
            fail_msg("a member before \"%s\" has no row", field->name);
        }
        end = field->offset + size;
    }
    /* What is not kept stands behind. */
    assert_int_equal(end, offsetof(struct nq_case, manager));
}

static void every_field_has_its_column_and_every_column_its_field(void **state)
{
    struct fixture *f = *state;
    (void)nq_store_close(open_store(f));
    for (size_t i = 0; i < nq_case_field_count; i++) {
        char sql[160];
        (void)snprintf(sql, sizeof(sql),
                       "SELECT count(*) FROM pragma_table_info('quarantine_case') "
                       "WHERE name = '%s' AND cid = %zu",
                       nq_case_fields[i].name, i);
        assert_int_equal(ask(f, sql), 1);
    }
    assert_int_equal(ask(f, "SELECT count(*) FROM pragma_table_info('quarantine_case')"),
                     nq_case_field_count);
}

/* Each member gets a value that no other has. */
static struct nq_case full_case(uint32_t id)
{
    struct nq_case record = {0};
    for (size_t i = 0; i < nq_case_field_count; i++) {
        void *member = (char *)&record + nq_case_fields[i].offset;
        switch (nq_case_fields[i].kind) {
        case NQ_FIELD_U32:
            *(uint32_t *)member = 1000 + (uint32_t)i;
            break;
        case NQ_FIELD_I64:
            *(int64_t *)member = INT64_C(1700000000000) + (int64_t)i;
            break;
        case NQ_FIELD_TEXT:
            *(char **)member = nq_sprintf("%s \xC3\xA9 '; DROP TABLE signal; --",
                                          nq_case_fields[i].name);
            break;
        }
    }
    record.id = id;
    record.state = NQ_CASE_VANISHED;
    record.wanted = NQ_WANT_RELEASE;
    record.reason = NQ_REASON_EXCLUDED;
    record.owner = NQ_OWNER_OURS;
    return record;
}

static void assert_same_case(const struct nq_case *a, const struct nq_case *b)
{
    for (size_t i = 0; i < nq_case_field_count; i++) {
        const void *left = nq_case_member(a, &nq_case_fields[i]);
        const void *right = nq_case_member(b, &nq_case_fields[i]);
        const char *left_text = NULL;
        const char *right_text = NULL;
        bool same = memcmp(left, right, size_of(nq_case_fields[i].kind)) == 0;
        if (nq_case_fields[i].kind == NQ_FIELD_TEXT) {
            left_text = *(const char *const *)left;
            right_text = *(const char *const *)right;
            same = left_text && right_text ? strcmp(left_text, right_text) == 0
                                           : left_text == right_text;
        }
        if (!same) {
            fail_msg("%s differs: %s, %s", nq_case_fields[i].name,
                     left_text ? left_text : "-", right_text ? right_text : "-");
        }
    }
}

/* Puts, closes, opens, loads, compares. */
static void assert_round_trip(const struct fixture *f, const struct nq_case *record)
{
    struct nq_store *store = open_store(f);
    must(store->ops->begin(store, reterr));
    must(store->ops->put_case(store, record, reterr));
    must(store->ops->commit(store, reterr));
    (void)nq_store_close(store);

    store = open_store(f);
    struct loaded *loaded = load_all(store);
    assert_int_equal(loaded->case_count, 1);
    assert_same_case(&loaded->cases[0], record);
    free_loaded(loaded);
    (void)nq_store_close(store);
}

static void every_field_of_a_case_survives(void **state)
{
    struct nq_case record = full_case(7);
    assert_round_trip(*state, &record);
    nq_case_done(&record);
}

static void putting_a_case_again_replaces_every_field(void **state)
{
    struct nq_case record = full_case(7);
    const struct nq_case emptied = small_case(7);
    assert_round_trip(*state, &record);
    assert_round_trip(*state, &emptied);
    assert_round_trip(*state, &record);
    nq_case_done(&record);
}

static void the_largest_numbers_survive(void **state)
{
    struct nq_case record = small_case(UINT32_MAX);
    record.signals = UINT32_MAX;
    record.rungs = UINT32_MAX;
    record.isolate_time_ms = UINT32_MAX;
    record.detected_ms = INT64_MAX;
    record.changed_ms = INT64_MIN;
    assert_round_trip(*state, &record);
}

static void an_absent_text_and_an_empty_one_stay_different(void **state)
{
    char empty[] = "";
    struct nq_case record = small_case(7);
    record.name = empty;
    record.comment = empty;
    assert_round_trip(*state, &record); /* compares NULL with NULL, "" with "" */
}

static void every_state_reason_and_owner_can_be_kept(void **state)
{
    struct nq_store *store = open_store(*state);
    must(store->ops->begin(store, reterr));
    for (int i = 1; i < NQ_CASE_STATE_END; i++) {
        struct nq_case record = small_case(1);
        record.state = (enum nq_case_state)i;
        must(store->ops->put_case(store, &record, reterr));
    }
    for (int i = 1; i < NQ_REASON_END; i++) {
        struct nq_case record = small_case(1);
        record.reason = (enum nq_reason)i;
        must(store->ops->put_case(store, &record, reterr));
    }
    struct nq_case record = small_case(1);
    record.owner = NQ_OWNER_FOREIGN;
    must(store->ops->put_case(store, &record, reterr));
    must(store->ops->commit(store, reterr));
    (void)nq_store_close(store);
}

static void a_copy_of_a_case_shares_nothing_with_it(void **state)
{
    (void)state;
    struct nq_case record = full_case(7);
    struct nq_case copy;
    nq_case_copy(&record, &copy);
    assert_same_case(&record, &copy);
    for (size_t i = 0; i < nq_case_field_count; i++) {
        if (nq_case_fields[i].kind == NQ_FIELD_TEXT) {
            assert_ptr_not_equal(
                *(char *const *)nq_case_member(&record, &nq_case_fields[i]),
                *(char *const *)nq_case_member(&copy, &nq_case_fields[i]));
        }
    }
    nq_case_done(&record);
    nq_case_done(&record); /* nothing left to free */
    assert_string_equal(copy.comment, "comment \xC3\xA9 '; DROP TABLE signal; --");
    nq_case_done(&copy);
}

typedef const char *name_fn(int number);

static const char *state_name(int number)
{
    return nq_case_state_name((enum nq_case_state)number);
}

static const char *reason_name(int number)
{
    return nq_reason_name((enum nq_reason)number);
}

static const char *mode_name(int number)
{
    return nq_mode_name((enum nq_mode)number);
}

static const char *counter_name(int number)
{
    return nq_counter_name((enum nq_counter)number);
}

static void every_number_has_its_own_name_and_others_have_none(void **state)
{
    (void)state;
    static const struct {
        name_fn *name;
        int first, end;
    } rows[] = {
        {state_name, 1, NQ_CASE_STATE_END},
        {reason_name, 1, NQ_REASON_END},
        {mode_name, 1, NQ_MODE_END},
        {counter_name, 0, NQ_COUNTER_COUNT},
    };
    for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
        for (int i = rows[r].first; i < rows[r].end; i++) {
            assert_true(strlen(rows[r].name(i)) > 0);
            for (int other = rows[r].first; other < i; other++) {
                assert_string_not_equal(rows[r].name(i), rows[r].name(other));
            }
        }
        assert_string_equal(rows[r].name(rows[r].first - 1), "");
        assert_string_equal(rows[r].name(rows[r].end), "");
        assert_string_equal(rows[r].name(INT32_MAX), "");
    }
}

/* ---- scalars and tallies ------------------------------------------------------------- */

static void a_new_store_is_empty(void **state)
{
    struct nq_store *store = open_store(*state);
    struct loaded *loaded = load_all(store);
    assert_int_equal(loaded->case_count, 0);
    assert_int_equal(loaded->counter_count, 0);
    assert_int_equal(loaded->tally_count, 0);
    assert_int_equal(loaded->mode_count, 0);
    assert_int_equal(loaded->last_case_count, 0);
    free_loaded(loaded);
    (void)nq_store_close(store);
}

static void counters_mode_and_tallies_survive(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = open_store(f);
    must(store->ops->begin(store, reterr));
    for (int i = 0; i < NQ_COUNTER_COUNT; i++) {
        must(store->ops->put_counter(store, (enum nq_counter)i, 1, reterr));
        must(store->ops->put_counter(store, (enum nq_counter)i, UINT64_MAX - (uint64_t)i,
                                     reterr));
    }
    must(store->ops->put_mode(store, NQ_MODE_ENFORCE, reterr));
    must(store->ops->put_mode(store, NQ_MODE_STOPPED, reterr));
    must(store->ops->put_tally(store, "group a", "left", 1, reterr));
    must(store->ops->put_tally(store, "group a", "left", 2, reterr));
    must(store->ops->put_tally(store, "group b", "left", UINT64_MAX, reterr));
    must(store->ops->commit(store, reterr));
    (void)nq_store_close(store);

    store = open_store(f);
    struct loaded *loaded = load_all(store);
    assert_int_equal(loaded->counter_count, NQ_COUNTER_COUNT);
    for (int i = 0; i < NQ_COUNTER_COUNT; i++) {
        assert_true(loaded->counters[i] == UINT64_MAX - (uint64_t)i);
    }
    assert_int_equal(loaded->mode_count, 1);
    assert_int_equal(loaded->mode, NQ_MODE_STOPPED);
    assert_int_equal(loaded->tally_count, 2);
    assert_string_equal(loaded->tally_owners[0], "group a");
    assert_true(loaded->tallies[0] == 2);
    assert_string_equal(loaded->tally_owners[1], "group b");
    assert_true(loaded->tallies[1] == UINT64_MAX);
    assert_int_equal(loaded->last_case_count, 0);
    free_loaded(loaded);
    (void)nq_store_close(store);
}

static uint32_t last_case_of(struct nq_store *store)
{
    struct loaded *loaded = load_all(store);
    assert_int_equal(loaded->last_case_count, 1);
    const uint32_t last = loaded->last_case;
    free_loaded(loaded);
    return last;
}

static void the_highest_case_number_never_goes_back(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = open_store(f);
    commit_cases(store, 1, 9);
    assert_int_equal(last_case_of(store), 9);
    must(store->ops->begin(store, reterr));
    for (uint32_t id = 1; id <= 9; id++) {
        must(store->ops->delete_case(store, id, reterr));
    }
    must(store->ops->commit(store, reterr));
    assert_cases(store, 0, 0);
    assert_int_equal(last_case_of(store), 9);

    commit_cases(store, 4, 4);
    assert_int_equal(last_case_of(store), 9);
    (void)nq_store_close(store);
    store = open_store(f);
    assert_int_equal(last_case_of(store), 9);
    commit_cases(store, 10, 10);
    assert_int_equal(last_case_of(store), 10);
    (void)nq_store_close(store);
}

static void cases_are_loaded_in_rising_order(void **state)
{
    struct nq_store *store = open_store(*state);
    must(store->ops->begin(store, reterr));
    for (uint32_t id = 300; id >= 1; id--) {
        put_cases(store, id, id);
    }
    must(store->ops->commit(store, reterr));
    assert_cases(store, 1, 300);
    (void)nq_store_close(store);
}

static void deleting_a_case_that_is_not_there_is_no_error(void **state)
{
    struct nq_store *store = open_store(*state);
    must(store->ops->begin(store, reterr));
    must(store->ops->delete_case(store, 4711, reterr));
    must(store->ops->commit(store, reterr));
    (void)nq_store_close(store);
}

/* ---- signals ------------------------------------------------------------------------ */

static void put_signals(struct nq_store *store, uint32_t case_id, uint32_t count)
{
    must(store->ops->begin(store, reterr));
    for (uint32_t number = 1; number <= count; number++) {
        char evidence[32];
        (void)snprintf(evidence, sizeof(evidence), "evidence %u", number);
        const struct nq_signal signal = {.case_id = case_id,
                                         .number = number,
                                         .received_ms = 1000 + (int64_t)number,
                                         .source = "127.0.0.1",
                                         .trigger = "dsm",
                                         .identity = "VDI-01",
                                         .cause = "Eicar",
                                         .severity = NULL,
                                         .evidence = evidence};
        must(store->ops->put_signal(store, &signal, reterr));
    }
    must(store->ops->commit(store, reterr));
}

static void the_first_signal_and_the_newest_are_kept(void **state)
{
    struct fixture *f = *state;
    static const uint32_t counts[] = {1, 2, 49, 50, 51, 98, 99, 100, 101, 250};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        remove_database(f);
        struct nq_store *store = open_store(f);
        commit_cases(store, 1, 1);
        put_signals(store, 1, counts[i]);
        (void)nq_store_close(store);

        const uint32_t kept =
            counts[i] < NQ_SIGNALS_PER_CASE ? counts[i] : NQ_SIGNALS_PER_CASE;
        assert_int_equal(ask(f, "SELECT count(*) FROM signal"), kept);
        assert_int_equal(ask(f, "SELECT min(number) FROM signal"), 1);
        assert_int_equal(ask(f, "SELECT max(number) FROM signal"), counts[i]);
        char sql[96];
        (void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM signal WHERE number > %d",
                       (int)counts[i] - (int)kept + 1);
        assert_int_equal(ask(f, sql), kept - 1);
    }
}

static void every_field_of_a_signal_is_kept_in_its_column(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = open_store(f);
    commit_cases(store, 1, 1);
    put_signals(store, 1, 3);
    (void)nq_store_close(store);
    assert_int_equal(
        ask(f, "SELECT count(*) FROM signal WHERE case_id = 1 AND number = 3 "
               "AND received_ms = 1003 AND source = '127.0.0.1' AND trigger = 'dsm' "
               "AND identity = 'VDI-01' AND cause = 'Eicar' AND severity IS NULL "
               "AND evidence = 'evidence 3'"),
        1);
}

static void changing_a_case_keeps_its_signals_and_deleting_it_deletes_them(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = open_store(f);
    commit_cases(store, 1, 2);
    put_signals(store, 1, 5);
    put_signals(store, 2, 60);
    commit_cases(store, 1, 2);
    assert_int_equal(ask(f, "SELECT count(*) FROM signal WHERE case_id = 1"), 5);
    must(store->ops->begin(store, reterr));
    must(store->ops->delete_case(store, 2, reterr));
    must(store->ops->commit(store, reterr));
    assert_int_equal(ask(f, "SELECT count(*) FROM signal WHERE case_id = 1"), 5);
    assert_int_equal(ask(f, "SELECT count(*) FROM signal WHERE case_id = 2"), 0);
    (void)nq_store_close(store);
}

/* ---- transactions ------------------------------------------------------------------- */

static void what_is_rolled_back_is_gone(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = open_store(f);
    commit_cases(store, 1, 3);
    must(store->ops->begin(store, reterr));
    put_cases(store, 4, 9);
    must(store->ops->delete_case(store, 1, reterr));
    must(store->ops->put_mode(store, NQ_MODE_ENFORCE, reterr));
    store->ops->rollback(store);
    store->ops->rollback(store); /* nothing to roll back: no harm */
    assert_cases(store, 1, 3);
    assert_int_equal(last_case_of(store), 3);
    (void)nq_store_close(store);
    store = open_store(f);
    assert_cases(store, 1, 3);
    (void)nq_store_close(store);
}

static void what_was_not_committed_at_the_close_is_gone(void **state)
{
    struct fixture *f = *state;
    struct nq_store *store = open_store(f);
    commit_cases(store, 1, 3);
    must(store->ops->begin(store, reterr));
    put_cases(store, 4, 9);
    (void)nq_store_close(store);
    store = open_store(f);
    assert_cases(store, 1, 3);
    commit_cases(store, 4, 4);
    assert_cases(store, 1, 4);
    (void)nq_store_close(store);
}

static void closing_nothing_is_allowed(void **state)
{
    (void)state;
    assert_null(nq_store_close(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_of_fields_covers_the_whole_record),
        store_test(every_field_has_its_column_and_every_column_its_field),
        store_test(every_field_of_a_case_survives),
        store_test(putting_a_case_again_replaces_every_field),
        store_test(the_largest_numbers_survive),
        store_test(an_absent_text_and_an_empty_one_stay_different),
        store_test(every_state_reason_and_owner_can_be_kept),
        cmocka_unit_test(a_copy_of_a_case_shares_nothing_with_it),
        cmocka_unit_test(every_number_has_its_own_name_and_others_have_none),
        store_test(a_new_store_is_empty),
        store_test(counters_mode_and_tallies_survive),
        store_test(the_highest_case_number_never_goes_back),
        store_test(cases_are_loaded_in_rising_order),
        store_test(deleting_a_case_that_is_not_there_is_no_error),
        store_test(the_first_signal_and_the_newest_are_kept),
        store_test(every_field_of_a_signal_is_kept_in_its_column),
        store_test(changing_a_case_keeps_its_signals_and_deleting_it_deletes_them),
        store_test(what_is_rolled_back_is_gone),
        store_test(what_was_not_committed_at_the_close_is_gone),
        cmocka_unit_test(closing_nothing_is_allowed),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
