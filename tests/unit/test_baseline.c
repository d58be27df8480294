/* SPDX-License-Identifier: Apache-2.0 */
/* When a rise of counters is proof that a VM's cut-off works, and when it is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "nsx/baseline.h"

static struct nq_baselines baselines;

static int end(void **state)
{
    (void)state;
    nq_baselines_done(&baselines);
    return 0;
}

static bool look(const char *id, int64_t now_ms, int64_t read_ms, uint64_t hits,
                 uint64_t packets)
{
    const struct nq_drops drops = {true, read_ms, hits, packets};
    return nq_baseline_rose(&baselines, id, &drops, now_ms);
}

static void a_rise_of_hits_or_packets_is_seen_and_stays_seen(void **state)
{
    (void)state;
    assert_false(look("a", 0, 0, 5, 50));
    assert_false(look("a", 10, 5, 5, 50));
    assert_true(look("a", 20, 15, 6, 50));
    assert_true(look("a", 30, 25, 6, 50));
    assert_false(look("b", 0, 0, 5, 50));
    assert_true(look("b", 10, 5, 5, 51));
}

static void what_was_counted_before_the_first_look_is_no_proof(void **state)
{
    (void)state;
    assert_false(look("a", 100, 50, 5, 50));
    assert_false(look("a", 200, 60, 9, 90)); /* read before the first look */
    assert_false(look("a", 300, 250, 20, 200));
    assert_true(look("a", 400, 350, 21, 200));
}

static void a_decrease_is_a_new_beginning(void **state)
{
    (void)state;
    assert_false(look("a", 0, 0, 1000, 5000));
    assert_false(look("a", 10, 5, 0, 0));
    assert_false(look("a", 20, 15, 0, 0));
    assert_true(look("a", 30, 25, 1, 0));
    assert_true(look("a", 40, 35, 0, 0)); /* it was seen all the same */
}

static void without_numbers_nothing_is_proven(void **state)
{
    (void)state;
    const struct nq_drops none = {0};
    assert_false(look("a", 0, 0, 5, 5));
    assert_false(nq_baseline_rose(&baselines, "a", &none, 10));
    assert_true(look("a", 20, 15, 6, 5));
    assert_true(nq_baseline_rose(&baselines, "a", &none, 30));
}

static void a_vm_that_was_forgotten_starts_anew(void **state)
{
    (void)state;
    assert_false(look("a", 0, 0, 5, 5));
    assert_true(look("a", 10, 5, 6, 5));
    nq_baseline_forget(&baselines, "a");
    nq_baseline_forget(&baselines, "b");
    assert_false(look("a", 20, 20, 7, 5));
}

static void the_one_not_looked_at_for_longest_goes_first(void **state)
{
    (void)state;
    assert_false(look("first", 0, 0, 1, 1));
    assert_false(look("second", 1, 1, 1, 1));
    assert_false(look("first", 2, 2, 1, 1));
    for (int i = 0; i < NQ_BASELINES_MAX - 1; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "%d", i);
        assert_false(look(id, 3, 3, 1, 1));
    }
    assert_true(look("first", 4, 4, 2, 2));
    assert_false(look("second", 4, 4, 2, 2));
    assert_false(look("later", 5 + NQ_BASELINE_KEEP_MS, 5, 2, 2)); /* all too old */
    assert_false(look("first", 6 + NQ_BASELINE_KEEP_MS, 6, 3, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_rise_of_hits_or_packets_is_seen_and_stays_seen, end),
        cmocka_unit_test_teardown(what_was_counted_before_the_first_look_is_no_proof,
                                  end),
        cmocka_unit_test_teardown(a_decrease_is_a_new_beginning, end),
        cmocka_unit_test_teardown(without_numbers_nothing_is_proven, end),
        cmocka_unit_test_teardown(a_vm_that_was_forgotten_starts_anew, end),
        cmocka_unit_test_teardown(the_one_not_looked_at_for_longest_goes_first, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
