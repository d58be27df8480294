/* SPDX-License-Identifier: Apache-2.0 */
/* test_timing.c: percentiles of the newest cases are those of a plain sort, whatever came
 * before, and over a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "quarantine/timing.h"

#define OWNER "timing test"

/* The same numbers in each run; xorshift of Marsaglia. */
static uint32_t next_number(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static int compare(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a;
    const uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* The smallest of the sorted times that so many percent of them do not exceed, by trying
 * one after the other. */
static uint32_t plain_percentile(const uint32_t *sorted, size_t count, unsigned percent)
{
    size_t within = 1;
    while (within * 100 < count * percent) {
        within++;
    }
    return sorted[within - 1];
}

/* history: all times ever noted, the newest at the end. */
static void check(const struct nq_timing *timing, const uint32_t *history, size_t count)
{
    static uint32_t sorted[NQ_TIMING_CASES];
    const size_t in = count < NQ_TIMING_CASES ? count : NQ_TIMING_CASES;
    struct nq_timing_view view;
    memcpy(sorted, history + count - in, in * sizeof(*sorted));
    qsort(sorted, in, sizeof(*sorted), compare);
    nq_timing_view(timing, &view);
    assert_int_equal(view.last, history[count - 1]);
    assert_int_equal(view.p50, plain_percentile(sorted, in, 50));
    assert_int_equal(view.p95, plain_percentile(sorted, in, 95));
    assert_int_equal(view.p99, plain_percentile(sorted, in, 99));
    assert_int_equal(view.most, sorted[in - 1]);
}

static void random_histories_have_the_percentiles_of_a_plain_sort(void **state)
{
    (void)state;
    /* Few values are many doubles, many are hardly any. */
    static const uint32_t ranges[] = {1, 3, 50, 5000, UINT32_MAX};
    static uint32_t history[3 * NQ_TIMING_CASES + 7];
    struct nq_timing *timing = malloc(sizeof(*timing));
    uint32_t seed = 4711;
    for (size_t r = 0; r < sizeof(ranges) / sizeof(ranges[0]); r++) {
        *timing = (struct nq_timing){0};
        for (size_t i = 0; i < sizeof(history) / sizeof(history[0]); i++) {
            history[i] = 1 + next_number(&seed) % ranges[r];
            nq_timing_note(timing, (uint32_t)i + 1, history[i]);
            if (i < 210 || i % 97 == 0 || i % NQ_TIMING_CASES < 3) {
                check(timing, history, i + 1);
            }
        }
    }
    free(timing);
}

static void before_the_first_case_all_is_0(void **state)
{
    (void)state;
    struct nq_timing *timing = calloc(1, sizeof(*timing));
    struct nq_timing_view view = {1, 2, 3, 4, 5};
    nq_timing_view(timing, &view);
    assert_int_equal(view.last + view.p50 + view.p95 + view.p99 + view.most, 0);
    assert_false(nq_timing_has(timing, 0));
    free(timing);
}

static void the_oldest_case_goes_when_one_is_too_many(void **state)
{
    (void)state;
    struct nq_timing *timing = calloc(1, sizeof(*timing));
    struct nq_timing_view view;
    nq_timing_note(timing, 1, 90000);
    for (uint32_t id = 2; id <= NQ_TIMING_CASES; id++) {
        nq_timing_note(timing, id, 10);
    }
    nq_timing_view(timing, &view);
    assert_int_equal(view.most, 90000);
    assert_true(nq_timing_has(timing, 1));
    nq_timing_note(timing, NQ_TIMING_CASES + 1, 20);
    nq_timing_view(timing, &view);
    assert_int_equal(view.most, 20);
    assert_false(nq_timing_has(timing, 1));
    assert_true(nq_timing_has(timing, 2));
    free(timing);
}

static void what_is_kept_comes_back_at_any_moment(void **state)
{
    (void)state;
    static const size_t lengths[] = {1,
                                     2,
                                     NQ_TIMING_CASES - 1,
                                     NQ_TIMING_CASES,
                                     NQ_TIMING_CASES + 1,
                                     2 * NQ_TIMING_CASES + 500};
    static uint32_t history[2 * NQ_TIMING_CASES + 600];
    struct nq_timing *timing = malloc(sizeof(*timing));
    struct nq_timing *again = malloc(sizeof(*again));
    uint32_t seed = 1;
    for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++) {
        struct nq_tallies tallies = {0};
        *timing = (struct nq_timing){0};
        for (size_t i = 0; i < lengths[l]; i++) {
            /* Case numbers with the highest bit, too. */
            history[i] = next_number(&seed) % 20000;
            nq_timing_note(timing, UINT32_MAX - (uint32_t)i, history[i]);
            nq_timing_keep(timing, &tallies, OWNER);
        }
        nq_timing_load(again, &tallies, OWNER);
        check(again, history, lengths[l]);
        assert_memory_equal(again, timing, sizeof(*again));
        for (size_t i = lengths[l]; i < lengths[l] + 100; i++) {
            history[i] = next_number(&seed) % 20000;
            nq_timing_note(again, 1, history[i]);
        }
        check(again, history, lengths[l] + 100);
        nq_tallies_done(&tallies);
    }
    free(timing);
    free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_histories_have_the_percentiles_of_a_plain_sort),
        cmocka_unit_test(before_the_first_case_all_is_0),
        cmocka_unit_test(the_oldest_case_goes_when_one_is_too_many),
        cmocka_unit_test(what_is_kept_comes_back_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
