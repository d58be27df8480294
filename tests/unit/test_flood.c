/* SPDX-License-Identifier: Apache-2.0 */
/* test_flood.c: how many traps each source may bring. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "quarantine/flood.h"

static const struct nq_limits_conf limits = {
    .traps_per_s = 10, .traps_burst = 100, .unlisted_per_s = 1, .unlisted_burst = 5};

static size_t admitted(struct nq_flood *flood, const char *source, bool listed,
                       enum nq_flood_kind kind, int64_t now_ms, size_t tries)
{
    size_t count = 0;
    for (size_t i = 0; i < tries; i++) {
        count += nq_flood_admits(flood, &limits, source, listed, kind, now_ms);
    }
    return count;
}

static void a_source_has_its_burst_and_then_its_rate(void **state)
{
    (void)state;
    struct nq_flood flood = {0};
    assert_int_equal(admitted(&flood, "a", true, NQ_FLOOD_NEWS, 1000, 500), 100);
    assert_int_equal(admitted(&flood, "a", true, NQ_FLOOD_NEWS, 1099, 5), 0);
    assert_int_equal(admitted(&flood, "a", true, NQ_FLOOD_NEWS, 1100, 5), 1);
    assert_int_equal(admitted(&flood, "a", true, NQ_FLOOD_NEWS, 3100, 500), 20);
    assert_int_equal(admitted(&flood, "a", true, NQ_FLOOD_NEWS, INT64_MAX / 2, 500), 100);
    nq_flood_done(&flood);
}

static void one_source_takes_nothing_from_another(void **state)
{
    (void)state;
    struct nq_flood flood = {0};
    assert_int_equal(admitted(&flood, "a", true, NQ_FLOOD_NEWS, 0, 500), 100);
    assert_int_equal(admitted(&flood, "b", true, NQ_FLOOD_NEWS, 0, 500), 100);
    nq_flood_done(&flood);
}

static void strangers_share_one_bucket_whatever_they_call_themselves(void **state)
{
    (void)state;
    struct nq_flood flood = {0};
    size_t count = 0;
    for (int i = 0; i < 5000; i++) {
        char source[32];
        (void)snprintf(source, sizeof(source), "203.0.%d.%d", i / 250, i % 250);
        count += nq_flood_admits(&flood, &limits, source, false, NQ_FLOOD_NEWS, 0);
    }
    count += nq_flood_admits(&flood, &limits, NULL, true, NQ_FLOOD_NEWS, 0);
    assert_int_equal(count, 5);
    assert_int_equal(flood.count, 1);
    assert_int_equal(admitted(&flood, "a", true, NQ_FLOOD_NEWS, 0, 500), 100);
    nq_flood_done(&flood);
}

static void repetitions_leave_half_of_the_bucket(void **state)
{
    (void)state;
    struct nq_flood flood = {0};
    assert_int_equal(admitted(&flood, "a", true, NQ_FLOOD_REPETITION, 0, 500), 50);
    assert_int_equal(admitted(&flood, "a", true, NQ_FLOOD_NEWS, 0, 500), 50);
    nq_flood_done(&flood);
}

static void the_number_of_buckets_is_bounded(void **state)
{
    (void)state;
    struct nq_flood flood = {0};
    for (int i = 0; i < 5000; i++) {
        char source[32];
        (void)snprintf(source, sizeof(source), "2001:db8::%x", i);
        assert_true(nq_flood_admits(&flood, &limits, source, true, NQ_FLOOD_NEWS, 0) ||
                    i > NQ_FLOOD_SOURCES);
        assert_true(flood.count <= NQ_FLOOD_SOURCES + 1);
    }
    /* All are full again: there is room for others. */
    assert_true(nq_flood_admits(&flood, &limits, "new", true, NQ_FLOOD_NEWS, 60000));
    assert_true(flood.count < 3);
    nq_flood_done(&flood);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_has_its_burst_and_then_its_rate),
        cmocka_unit_test(one_source_takes_nothing_from_another),
        cmocka_unit_test(strangers_share_one_bucket_whatever_they_call_themselves),
        cmocka_unit_test(repetitions_leave_half_of_the_bucket),
        cmocka_unit_test(the_number_of_buckets_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
