/* SPDX-License-Identifier: Apache-2.0 */
/* test_timestamp.c: a TimeStamp is one of the sysUpTime that counts now. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mib/timestamp.h"

#define HAPPENED_MS INT64_C(1000000) /* by our clock */
#define HAPPENED    5000U            /* sysUpTime then */

static struct nq_timestamp stamp;

static int set_up(void **state)
{
    (void)state;
    nq_timestamp_set(&stamp, HAPPENED_MS, HAPPENED);
    return 0;
}

/* What is shown so many milliseconds later, at this sysUpTime. */
static uint32_t shown(int64_t later_ms, uint32_t uptime)
{
    nq_timestamp_follow(&stamp, HAPPENED_MS + later_ms, uptime);
    return stamp.ticks;
}

static void the_value_stays_between_two_events(void **state)
{
    (void)state;
    assert_int_equal(shown(0, HAPPENED), HAPPENED);
    for (uint32_t ticks = 0; ticks < 100000; ticks += 7) {
        /* sysUpTime comes a little early or late. */
        assert_int_equal(shown((int64_t)ticks * 10 + ticks % 10, HAPPENED + ticks),
                         HAPPENED);
        assert_int_equal(shown((int64_t)ticks * 10, HAPPENED + ticks + 3), HAPPENED);
    }
}

static void what_happened_before_sysuptime_was_0_is_0(void **state)
{
    (void)state;
    assert_int_equal(shown(20000, 500), 0);
    assert_int_equal(shown(21000, 600), 0);
    /* Also when the value would be one of the past again. */
    assert_int_equal(shown(20000 + 1000000, 100500), 0);
    /* Also when the master began soon after the event, which was soon after it began. */
    nq_timestamp_set(&stamp, HAPPENED_MS, 44);
    assert_int_equal(shown(5000, 450), 0);
}

static void what_happened_since_is_shifted(void **state)
{
    (void)state;
    /* A master that is 300 s older, or whose sysUpTime began 30 s before the event. */
    assert_int_equal(shown(1000, HAPPENED + 30000 + 100), HAPPENED + 30000);
    (void)set_up(NULL);
    assert_int_equal(shown(20000, 5000), 3000);
    assert_int_equal(shown(30000, 6000), 3000);
}

static void nothing_happened_in_the_future(void **state)
{
    (void)state;
    nq_timestamp_set(&stamp, HAPPENED_MS, 90);
    assert_int_equal(shown(200, 5), 0); /* a master that began 150 ms after the event */
    (void)set_up(NULL);
    assert_int_equal(shown(0, HAPPENED - 2), HAPPENED - 2);
}

static void the_wrap_of_sysuptime_makes_it_0(void **state)
{
    (void)state;
    nq_timestamp_set(&stamp, HAPPENED_MS, UINT32_MAX - 10);
    assert_int_equal(shown(50, UINT32_MAX - 5), UINT32_MAX - 10);
    assert_int_equal(shown(5000, 489), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_value_stays_between_two_events, set_up),
        cmocka_unit_test_setup(what_happened_before_sysuptime_was_0_is_0, set_up),
        cmocka_unit_test_setup(what_happened_since_is_shifted, set_up),
        cmocka_unit_test_setup(nothing_happened_in_the_future, set_up),
        cmocka_unit_test_setup(the_wrap_of_sysuptime_makes_it_0, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
