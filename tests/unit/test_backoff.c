/* SPDX-License-Identifier: Apache-2.0 */
/* test_backoff.c: the waits between attempts grow, spread and have a limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "quarantine/backoff.h"

static const uint32_t randoms[] = {0,         1, 2, 499, 500, 501, 12345, UINT32_MAX - 1,
                                   UINT32_MAX};
#define RANDOMS (sizeof(randoms) / sizeof(randoms[0]))

/* The step that the header describes, in other words. */
static int64_t step_of(uint32_t attempts, int64_t first_ms, int64_t most_ms)
{
    const unsigned doublings = attempts - 1;
    if (doublings >= 40 || (first_ms << doublings) > most_ms) {
        return most_ms;
    }
    return first_ms << doublings;
}

static void no_failure_means_no_wait(void **state)
{
    (void)state;
    for (size_t i = 0; i < RANDOMS; i++) {
        assert_int_equal(nq_backoff_ms(0, 1000, 60000, randoms[i]), 0);
    }
}

static void stays_between_half_a_step_and_the_step(void **state)
{
    (void)state;
    static const int64_t firsts[] = {1, 2, 3, 200, 1000, 59999};
    for (size_t f = 0; f < sizeof(firsts) / sizeof(firsts[0]); f++) {
        for (uint32_t attempts = 1; attempts < 80; attempts++) {
            const int64_t step = step_of(attempts, firsts[f], 60000);
            for (size_t i = 0; i < RANDOMS; i++) {
                const int64_t wait =
                    nq_backoff_ms(attempts, firsts[f], 60000, randoms[i]);
                assert_true(2 * wait >= step);
                assert_true(wait <= step);
                assert_true(wait >= 1);
            }
        }
    }
}

static void both_ends_of_the_spread_occur(void **state)
{
    (void)state;
    assert_int_equal(nq_backoff_ms(1, 1000, 60000, 0), 500);
    assert_int_equal(nq_backoff_ms(1, 1000, 60000, 500), 1000);
    assert_int_equal(nq_backoff_ms(1, 1000, 60000, 501), 500);
    assert_int_equal(nq_backoff_ms(4, 1000, 60000, 0), 4000);
}

static void never_falls_while_the_attempts_grow(void **state)
{
    (void)state;
    for (size_t i = 0; i < RANDOMS; i++) {
        /* The largest wait of one attempt is the smallest of the next. */
        int64_t least_before = 0;
        for (uint32_t attempts = 1; attempts < 80; attempts++) {
            const int64_t least = nq_backoff_ms(attempts, 7, 60000, 0);
            assert_true(least >= least_before);
            least_before = least;
            assert_true(nq_backoff_ms(attempts, 7, 60000, randoms[i]) >= least);
        }
        assert_int_equal(least_before, 30000);
    }
}

static void the_cap_holds_for_any_number_of_attempts(void **state)
{
    (void)state;
    static const uint32_t attempts[] = {17, 63, 64, 65, 1000000, UINT32_MAX};
    for (size_t a = 0; a < sizeof(attempts) / sizeof(attempts[0]); a++) {
        for (size_t i = 0; i < RANDOMS; i++) {
            const int64_t wait = nq_backoff_ms(attempts[a], 1000, 60000, randoms[i]);
            assert_in_range(wait, 30000, 60000);
        }
    }
}

static void a_cap_that_is_no_power_of_two_steps_is_reached_exactly(void **state)
{
    (void)state;
    /* The upper half of 777 is 389 to 777; 388 is the largest that random adds. */
    assert_int_equal(nq_backoff_ms(50, 100, 777, 388), 777);
    assert_int_equal(nq_backoff_ms(50, 100, 777, 0), 389);
}

static void a_first_step_above_the_cap_is_cut_to_the_cap(void **state)
{
    (void)state;
    for (uint32_t attempts = 1; attempts < 5; attempts++) {
        for (size_t i = 0; i < RANDOMS; i++) {
            assert_in_range(nq_backoff_ms(attempts, 90000, 60000, randoms[i]), 30000,
                            60000);
        }
    }
}

static void the_smallest_steps_do_not_divide_by_zero(void **state)
{
    (void)state;
    for (size_t i = 0; i < RANDOMS; i++) {
        assert_int_equal(nq_backoff_ms(1, 1, 1, randoms[i]), 1);
        assert_int_equal(nq_backoff_ms(9, 1, 1, randoms[i]), 1);
        assert_int_equal(nq_backoff_ms(1, 0, 0, randoms[i]), 0);
        assert_int_equal(nq_backoff_ms(9, 5, 0, randoms[i]), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_failure_means_no_wait),
        cmocka_unit_test(stays_between_half_a_step_and_the_step),
        cmocka_unit_test(both_ends_of_the_spread_occur),
        cmocka_unit_test(never_falls_while_the_attempts_grow),
        cmocka_unit_test(the_cap_holds_for_any_number_of_attempts),
        cmocka_unit_test(a_cap_that_is_no_power_of_two_steps_is_reached_exactly),
        cmocka_unit_test(a_first_step_above_the_cap_is_cut_to_the_cap),
        cmocka_unit_test(the_smallest_steps_do_not_divide_by_zero),
    };
    return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
