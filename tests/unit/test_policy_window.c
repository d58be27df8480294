/* SPDX-License-Identifier: Apache-2.0 */
/* When the time window of a scheduler is open, and when that cannot be said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nsx/policy/window.h"

/* Friday, 1 March 2024, 00:00 UTC: the day after a leap day. */
#define FRIDAY INT64_C(1709251200000)
#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static struct nq_scheduler recurring(void)
{
    return (struct nq_scheduler){
        .timezone = "UTC",
        .start_date = "02/29/2024",
        .end_date = "03/02/2024",
        .recurring = true,
        .start_time = "",
        .end_time = "",
    };
}

static enum nq_window_state at(const struct nq_scheduler *scheduler, int64_t wall_ms)
{
    const struct nq_window window = nq_window_read(scheduler);
    return nq_window_at(&window, wall_ms);
}

static void a_window_without_days_and_hours_is_open_from_first_to_last_day(void **state)
{
    (void)state;
    const struct nq_scheduler scheduler = recurring();
    assert_int_equal(at(&scheduler, FRIDAY - DAY - 1), NQ_WINDOW_CLOSED);
    assert_int_equal(at(&scheduler, FRIDAY - DAY), NQ_WINDOW_OPEN);
    assert_int_equal(at(&scheduler, FRIDAY + 2 * DAY - 1), NQ_WINDOW_OPEN);
    assert_int_equal(at(&scheduler, FRIDAY + 2 * DAY), NQ_WINDOW_CLOSED);
}

static void days_and_hours_narrow_a_window(void **state)
{
    (void)state;
    struct nq_scheduler scheduler = recurring();
    scheduler.day_count = 2;
    scheduler.days[0] = "FRIDAY";
    scheduler.days[1] = "SUNDAY";
    assert_int_equal(at(&scheduler, FRIDAY - 1), NQ_WINDOW_CLOSED);
    assert_int_equal(at(&scheduler, FRIDAY), NQ_WINDOW_OPEN);
    assert_int_equal(at(&scheduler, FRIDAY + DAY), NQ_WINDOW_CLOSED);
    scheduler.interval_count = 2;
    scheduler.intervals[0] = (struct nq_interval_text){"9:00", "10:30"};
    scheduler.intervals[1] = (struct nq_interval_text){"23:30", "24:00"};
    assert_int_equal(at(&scheduler, FRIDAY + 9 * HOUR - 1), NQ_WINDOW_CLOSED);
    assert_int_equal(at(&scheduler, FRIDAY + 9 * HOUR), NQ_WINDOW_OPEN);
    assert_int_equal(at(&scheduler, FRIDAY + 10 * HOUR + 30 * MINUTE), NQ_WINDOW_CLOSED);
    assert_int_equal(at(&scheduler, FRIDAY + DAY - 1), NQ_WINDOW_OPEN);
}

static void a_window_that_does_not_recur_is_one_stretch(void **state)
{
    (void)state;
    struct nq_scheduler scheduler = recurring();
    scheduler.recurring = false;
    scheduler.start_time = "22:00";
    scheduler.end_time = "06:00";
    assert_int_equal(at(&scheduler, FRIDAY - 2 * HOUR - 1), NQ_WINDOW_CLOSED);
    assert_int_equal(at(&scheduler, FRIDAY - 2 * HOUR), NQ_WINDOW_OPEN);
    assert_int_equal(at(&scheduler, FRIDAY + 12 * HOUR), NQ_WINDOW_OPEN);
    assert_int_equal(at(&scheduler, FRIDAY + DAY + 6 * HOUR), NQ_WINDOW_CLOSED);
}

static void what_does_not_read_as_documented_cannot_be_judged(void **state)
{
    (void)state;
    static const char *const dates[] = {
        "",           "2024-03-01", "13/01/2024",  "02/30/2024",
        "00/01/2024", "03/00/2024", "03/01/2024x", "03/01/1969"};
    static const char *const times[] = {"",      "9",     "9.00", "25:00",
                                        "24:01", "10:60", "9:00 "};
    struct nq_scheduler scheduler;
    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        scheduler = recurring();
        scheduler.start_date = dates[i];
        assert_int_equal(at(&scheduler, FRIDAY), NQ_WINDOW_UNKNOWN);
    }
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        scheduler = recurring();
        scheduler.recurring = false;
        scheduler.start_time = times[i];
        scheduler.end_time = "23:00";
        assert_int_equal(at(&scheduler, FRIDAY), NQ_WINDOW_UNKNOWN);
        scheduler = recurring();
        scheduler.interval_count = 1;
        scheduler.intervals[0] = (struct nq_interval_text){"00:00", times[i]};
        assert_int_equal(at(&scheduler, FRIDAY), NQ_WINDOW_UNKNOWN);
    }
    scheduler = recurring();
    scheduler.timezone = "LOCAL";
    assert_int_equal(at(&scheduler, FRIDAY), NQ_WINDOW_UNKNOWN);
    scheduler = recurring();
    scheduler.day_count = 1;
    scheduler.days[0] = "Friday";
    assert_int_equal(at(&scheduler, FRIDAY), NQ_WINDOW_UNKNOWN);
    scheduler = recurring();
    scheduler.end_date = "02/28/2024";
    assert_int_equal(at(&scheduler, FRIDAY), NQ_WINDOW_UNKNOWN);
    const struct nq_window none = {0};
    assert_int_equal(nq_window_at(&none, FRIDAY), NQ_WINDOW_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_without_days_and_hours_is_open_from_first_to_last_day),
        cmocka_unit_test(days_and_hours_narrow_a_window),
        cmocka_unit_test(a_window_that_does_not_recur_is_one_stretch),
        cmocka_unit_test(what_does_not_read_as_documented_cannot_be_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
