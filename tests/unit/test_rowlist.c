/* SPDX-License-Identifier: Apache-2.0 */
/* quarantine/rowlist.h: the order of the rows, however they come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

#include "quarantine/rowlist.h"

#define CASES 500

static struct nq_case cases[CASES];

static uint32_t random_below(uint32_t *seed, uint32_t limit)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % limit;
}

static int number_cases(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < CASES; i++) {
        cases[i].id = i + 1;
    }
    return 0;
}

static void rows_stay_sorted_and_complete_in_any_order_of_changes(void **state)
{
    (void)state;
    bool there[CASES] = {false};
    struct nq_rowlist list = {0};
    uint32_t seed = 4711;
    for (int step = 0; step < 20000; step++) {
        /* Fills it, empties it, and so on. */
        const bool adds = random_below(&seed, 4) != (step / 2000 % 2 ? 0 : 1);
        const uint32_t i = random_below(&seed, CASES);
        if (adds && !there[i]) {
            nq_rowlist_add(&list, &cases[i]);
            there[i] = true;
        } else if (!adds && there[i]) {
            nq_rowlist_remove(&list, &cases[i]);
            there[i] = false;
        }
        size_t at = 0;
        for (uint32_t k = 0; k < CASES && step % 50 == 0; k++) {
            if (there[k]) {
                assert_true(at < list.count);
                assert_ptr_equal(list.of[at++], &cases[k]);
            }
        }
        assert_true(step % 50 != 0 || at == list.count);
    }
    nq_rowlist_done(&list);
    assert_int_equal(list.count, 0);
}

static void the_oldest_and_the_newest_row_come_and_go_without_moving_others(void **state)
{
    (void)state;
    struct nq_rowlist list = {0};
    for (size_t i = 0; i < 100; i++) {
        nq_rowlist_add(&list, &cases[i]);
    }
    struct nq_case **middle = &list.of[50];
    for (size_t i = 0; i < 30; i++) {
        nq_rowlist_remove(&list, &cases[i]);
        nq_rowlist_remove(&list, &cases[99 - i]);
    }
    assert_ptr_equal(list.of, middle - 20);
    assert_ptr_equal(list.of[20], &cases[50]);
    nq_rowlist_done(&list);
}

static void
rows_that_pass_through_take_no_more_room_than_those_that_are_there(void **state)
{
    (void)state;
    struct nq_rowlist list = {0};
    for (size_t i = 0; i < 100000; i++) {
        cases[i % CASES].id = (uint32_t)i + 1;
        nq_rowlist_add(&list, &cases[i % CASES]);
        if (list.count > 10) {
            nq_rowlist_remove(&list, list.of[0]);
        }
    }
    assert_true(list.room <= 64);
    assert_int_equal(list.of[9]->id, 100000);
    nq_rowlist_done(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(rows_stay_sorted_and_complete_in_any_order_of_changes,
                               number_cases),
        cmocka_unit_test_setup(
            the_oldest_and_the_newest_row_come_and_go_without_moving_others,
            number_cases),
        cmocka_unit_test_setup(
            rows_that_pass_through_take_no_more_room_than_those_that_are_there,
            number_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
