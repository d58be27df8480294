/* SPDX-License-Identifier: Apache-2.0 */
/* test_unmatched.c: traps that no trigger recognises are kept by kind, within bounds of
 * number and of writes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "quarantine/unmatched.h"
#include "trap/text.h"

#define NAME ".1.3.6.1.6.3.1.1.4.1.0"

/* A clock, a store that copies what is put, and the set. */
struct fixture {
    struct nq_clock clock;
    int64_t now_ms;
    struct nq_store store;
    struct nq_unmatched kept[NQ_UNMATCHED_MAX];
    size_t puts;
    bool broken;
    struct nq_unmatched_set set;
};

static int64_t fake_time(const struct nq_clock *clock)
{
    return ((const struct fixture *)(const void *)clock)->now_ms;
}

static bool fake_put(struct nq_store *store, const struct nq_unmatched *record,
                     struct nq_err *reterr)
{
    struct fixture *f =
        (struct fixture *)(void *)((char *)store - offsetof(struct fixture, store));
    if (f->broken) {
        return nq_fail(reterr, NQ_STORE_WRITE, "the fake disk is full");
    }
    assert_in_range(record->slot, 0, NQ_UNMATCHED_MAX - 1);
    nq_unmatched_done(&f->kept[record->slot]);
    nq_unmatched_copy(record, &f->kept[record->slot]);
    f->puts++;
    return true;
}

static const struct nq_store_ops fake_ops = {.put_unmatched = fake_put};

static int set_up(void **state)
{
    struct fixture *f = nq_calloc(1, sizeof(*f));
    f->clock = (struct nq_clock){.wall_ms = fake_time, .mono_ms = fake_time};
    f->now_ms = 1000000;
    f->store.ops = &fake_ops;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    nq_unmatched_set_done(&f->set);
    for (size_t i = 0; i < NQ_UNMATCHED_MAX; i++) {
        nq_unmatched_done(&f->kept[i]);
    }
    free(f);
    return 0;
}

/* ---- traps --------------------------------------------------------------------------- */

static void note_text(struct fixture *f, const char *text)
{
    struct nq_trap trap;
    struct nq_err err = {0};
    if (!nq_trap_from_text(text, strlen(text), &trap, &err)) {
        fail_msg("%s", err.detail);
    }
    nq_unmatched_note(&f->set, &trap, &f->clock);
    nq_trap_done(&trap);
}

/* One varbind .1.3.9 with this number as value. */
static void note(struct fixture *f, const char *source, int kind, int value)
{
    char *text =
        nq_sprintf("-\nUDP: [%s]:0\n" NAME " .1.3.%d\n.1.3.9 %d\n", source, kind, value);
    note_text(f, text);
    free(text);
}

/* As many octets as fill so many pieces of text. */
static void note_large(struct fixture *f, int kind, size_t pieces)
{
    struct nq_buf text;
    nq_buf_init(&text, NQ_TRAP_TEXT_MAX);
    assert_true(
        nq_buf_addf(&text, "-\nUDP: [192.0.2.1]:0\n" NAME " .1.3.%d\n.1.3.9 \"", kind));
    for (size_t i = 0; i < pieces * NQ_UNMATCHED_PIECE / 3; i++) {
        assert_true(nq_buf_add(&text, "41 ", 3));
    }
    assert_true(nq_buf_add(&text, "\"\n", 2));
    note_text(f, nq_buf_text(&text));
    nq_buf_done(&text);
}

/* The end of a turn; returns how many records were put. */
static size_t commit(struct fixture *f)
{
    struct nq_err err = {0};
    const size_t before = f->puts;
    const bool done = nq_unmatched_put(&f->set, &f->store, f->now_ms, &err);
    assert_true(done == !f->broken || f->puts == before);
    if (done) {
        nq_unmatched_clean(&f->set, f->now_ms);
    }
    return f->puts - before;
}

static size_t kinds(const struct fixture *f)
{
    size_t count = 0;
    for (size_t i = 0; i < NQ_UNMATCHED_MAX; i++) {
        count += f->set.entries[i].record.text != NULL;
    }
    return count;
}

/* The kind with this trap OID, as it is in memory; NULL: none. */
static const struct nq_unmatched *of(const struct fixture *f, const char *trap_oid)
{
    for (size_t i = 0; i < NQ_UNMATCHED_MAX; i++) {
        const struct nq_unmatched *record = &f->set.entries[i].record;
        if (record->text && strcmp(record->trap_oid, trap_oid) == 0) {
            return record;
        }
    }
    return NULL;
}

/* ---- kinds --------------------------------------------------------------------------- */

static void a_repetition_replaces_the_text_and_counts_up(void **state)
{
    struct fixture *f = *state;
    note(f, "192.0.2.1", 1, 10);
    f->now_ms += 5000;
    note(f, "192.0.2.1", 1, 20);
    assert_int_equal(kinds(f), 1);
    const struct nq_unmatched *record = of(f, ".1.3.1");
    assert_int_equal(record->number, 1);
    assert_int_equal(record->count, 2);
    assert_int_equal(record->first_ms, 1000000);
    assert_int_equal(record->last_ms, 1005000);
    assert_string_equal(record->source, "192.0.2.1");
    assert_string_equal(record->text,
                        "-\nUDP: [192.0.2.1]:0\n" NAME " .1.3.1\n.1.3.9 20\n");
}

static void source_trap_oid_and_varbinds_make_a_kind(void **state)
{
    struct fixture *f = *state;
    note(f, "192.0.2.1", 1, 1);
    note(f, "192.0.2.2", 1, 1);
    note(f, "192.0.2.1", 2, 1);
    note_text(f, "-\nUDP: [192.0.2.1]:0\n" NAME " .1.3.1\n.1.3.8 1\n");
    note_text(f, "-\nUDP: [192.0.2.1]:0\n" NAME " .1.3.1\n.1.3.8 1\n.1.3.9 1\n");
    note_text(f, "-\nUDP: [192.0.2.1]:0\n" NAME " .1.3.1\n.1.3.9 1\n.1.3.8 1\n");
    assert_int_equal(kinds(f), 6);
    note_text(f, "-\nUDP: [192.0.2.1]:0\n" NAME " .1.3.1\n.1.3.9 \"41 \"\n.1.3.8 2\n");
    assert_int_equal(kinds(f), 6);
}

static void the_kind_not_seen_for_longest_goes_first(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < NQ_UNMATCHED_MAX; i++) {
        note(f, "192.0.2.1", i, 1);
        f->now_ms += 1000;
    }
    assert_int_equal(kinds(f), NQ_UNMATCHED_MAX);
    note(f, "192.0.2.1", 0, 2); /* seen again, so the second one is the oldest now */
    f->now_ms += 1000;
    note(f, "192.0.2.1", 999, 1);
    assert_int_equal(kinds(f), NQ_UNMATCHED_MAX);
    assert_non_null(of(f, ".1.3.0"));
    assert_null(of(f, ".1.3.1"));
    assert_int_equal(of(f, ".1.3.999")->number, NQ_UNMATCHED_MAX + 1);
    assert_int_equal(of(f, ".1.3.999")->count, 1);
    (void)commit(f);
    for (size_t i = 0; i < NQ_UNMATCHED_MAX; i++) {
        assert_string_equal(f->kept[i].text, f->set.entries[i].record.text);
    }
}

static void a_trap_that_cannot_be_written_is_left_out(void **state)
{
    struct fixture *f = *state;
    const struct nq_trap trap = {.source = NULL, .trap_oid = (char *)(uintptr_t) ".1.3"};
    nq_unmatched_note(&f->set, &trap, &f->clock);
    assert_int_equal(kinds(f), 0);
    assert_int_equal(nq_unmatched_wait_ms(&f->set, f->now_ms), -1);
}

/* ---- floods -------------------------------------------------------------------------- */

static void a_flood_of_one_kind_is_one_write_a_second(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 10000; i++) { /* ten seconds, a turn each millisecond */
        note(f, "192.0.2.1", 1, i);
        (void)commit(f);
        f->now_ms++;
    }
    assert_int_equal(f->puts, 10);
    assert_int_equal(of(f, ".1.3.1")->count, 10000);
    assert_int_equal(f->kept[0].count, 9001);
    assert_int_equal(nq_unmatched_wait_ms(&f->set, f->now_ms), 0);
    assert_int_equal(commit(f), 1);
    assert_int_equal(f->kept[0].count, 10000);
    assert_int_equal(nq_unmatched_wait_ms(&f->set, f->now_ms), -1);
}

static void a_flood_of_new_kinds_is_ten_a_second(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 10000; i++) {
        note(f, "192.0.2.1", i, 1);
        (void)commit(f);
        f->now_ms++;
    }
    assert_int_equal(kinds(f), NQ_UNMATCHED_MAX);
    /* What had gathered at the beginning, and ten seconds. */
    assert_in_range(f->puts, 100, NQ_UNMATCHED_NEW_PER_S * 11);
    assert_in_range(f->set.last_number, 100, NQ_UNMATCHED_NEW_PER_S * 11);
}

static void a_known_kind_is_noted_while_new_ones_flood(void **state)
{
    struct fixture *f = *state;
    note(f, "192.0.2.1", 7, 1);
    for (int i = 100; i < 1100; i++) {
        note(f, "192.0.2.66", i, 1);
        note(f, "192.0.2.1", 7, 1);
        f->now_ms++;
    }
    assert_int_equal(of(f, ".1.3.7")->count, 1001);
}

static void large_traps_are_written_less_often(void **state)
{
    struct fixture *f = *state;
    note_large(f, 1, 4);
    assert_int_equal(commit(f), 1);
    note_large(f, 1, 4);
    const int64_t wait_ms = nq_unmatched_wait_ms(&f->set, f->now_ms);
    assert_in_range(wait_ms, 4000, 6000);
    f->now_ms += wait_ms - 1;
    assert_int_equal(commit(f), 0);
    f->now_ms++;
    assert_int_equal(commit(f), 1);

    f->now_ms += 10000;
    size_t bytes = 0;
    for (int i = 0; i < 10000; i++) { /* new kinds of ten pieces, for ten seconds */
        const size_t before = f->puts;
        note_large(f, 100 + i, 10);
        bytes += commit(f) * 10 * NQ_UNMATCHED_PIECE;
        assert_true(f->puts - before <= 1);
        f->now_ms += 10;
        i += 9;
    }
    assert_in_range(bytes / (10 * NQ_UNMATCHED_PIECE), 5, 13);
}

static void the_last_commit_takes_everything(void **state)
{
    struct fixture *f = *state;
    note(f, "192.0.2.1", 1, 1);
    (void)commit(f);
    note(f, "192.0.2.1", 1, 2);
    assert_int_equal(commit(f), 0);
    nq_unmatched_hurry(&f->set);
    assert_int_equal(commit(f), 1);
    assert_int_equal(f->kept[0].count, 2);
}

/* ---- the store ----------------------------------------------------------------------- */

static void what_could_not_be_put_is_put_later(void **state)
{
    struct fixture *f = *state;
    note(f, "192.0.2.1", 1, 1);
    note(f, "192.0.2.1", 2, 1);
    f->broken = true;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(commit(f), 0);
        assert_int_equal(nq_unmatched_wait_ms(&f->set, f->now_ms), 0);
    }
    f->broken = false;
    assert_int_equal(commit(f), 2);
    assert_int_equal(commit(f), 0);
}

static void what_was_kept_goes_on_after_a_restart(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        note(f, "192.0.2.1", i, 1);
    }
    (void)commit(f);
    nq_unmatched_set_done(&f->set);
    for (size_t i = 0; i < 3; i++) {
        nq_unmatched_load(&f->set, &f->kept[i]);
    }
    assert_int_equal(kinds(f), 3);
    assert_int_equal(nq_unmatched_wait_ms(&f->set, f->now_ms), -1);
    note(f, "192.0.2.1", 1, 5);
    assert_int_equal(kinds(f), 3);
    assert_int_equal(of(f, ".1.3.1")->count, 2);
    note(f, "192.0.2.1", 9, 1);
    assert_int_equal(of(f, ".1.3.9")->number, 4);
}

static void a_record_that_is_no_trap_leaves_its_place(void **state)
{
    struct fixture *f = *state;
    struct nq_unmatched record = {.slot = 0,
                                  .number = 41,
                                  .count = 1,
                                  .source = (char *)(uintptr_t) "192.0.2.1",
                                  .trap_oid = (char *)(uintptr_t) ".1.3",
                                  .text = (char *)(uintptr_t) "no trap"};
    nq_unmatched_load(&f->set, &record);
    record.text =
        (char *)(uintptr_t) "-\nUDP: [192.0.2.1]:0\n" NAME " .1.3.1\n.1.3.9 20\n";
    record.slot = NQ_UNMATCHED_MAX;
    nq_unmatched_load(&f->set, &record);
    assert_int_equal(kinds(f), 0);
    note(f, "192.0.2.1", 1, 1);
    assert_int_equal(f->set.entries[0].record.number, 42); /* numbers are never reused */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_repetition_replaces_the_text_and_counts_up),
        TEST(source_trap_oid_and_varbinds_make_a_kind),
        TEST(the_kind_not_seen_for_longest_goes_first),
        TEST(a_trap_that_cannot_be_written_is_left_out),
        TEST(a_flood_of_one_kind_is_one_write_a_second),
        TEST(a_flood_of_new_kinds_is_ten_a_second),
        TEST(a_known_kind_is_noted_while_new_ones_flood),
        TEST(large_traps_are_written_less_often),
        TEST(the_last_commit_takes_everything),
        TEST(what_could_not_be_put_is_put_later),
        TEST(what_was_kept_goes_on_after_a_restart),
        TEST(a_record_that_is_no_trap_leaves_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
