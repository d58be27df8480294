/* SPDX-License-Identifier: Apache-2.0 */
/* How often we may ask, and how long we keep away after a refusal, with a clock and a
 * chance that only the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nsx/limit.h"

#define WALL_MS INT64_C(1780000000000)

static int64_t now_ms;
static uint32_t chance;
static struct nq_limit limit;

static int64_t fake_ms(const struct nq_clock *clock)
{
    (void)clock;
    return now_ms;
}

static uint32_t fake_random(void *arg)
{
    (void)arg;
    return chance;
}

static const struct nq_clock fake_clock = {.wall_ms = fake_ms, .mono_ms = fake_ms};

static void new_limit(size_t per_s)
{
    now_ms = 1000;
    chance = 0;
    nq_limit_init(&limit, &fake_clock, per_s, fake_random, NULL);
}

static int with_fifty(void **state)
{
    (void)state;
    new_limit(50);
    return 0;
}

/* ---- the rate --------------------------------------------------------------------------- */

/* xorshift: the same numbers in each run */
static uint32_t next_number(void)
{
    static uint32_t number = 2463534242U;
    number ^= number << 13;
    number ^= number >> 17;
    number ^= number << 5;
    return number;
}

static void a_part_is_kept_for_what_is_urgent(void **state)
{
    (void)state;
    static const struct {
        size_t per_s;
        size_t routine;
    } rows[] = {{1, 1}, {4, 4}, {5, 4}, {50, 40}, {100, 90}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t sent = 0;
        new_limit(rows[i].per_s);
        for (; nq_limit_wait_ms(&limit, false) == 0; sent++) {
            (void)nq_limit_take(&limit);
        }
        assert_int_equal(sent, rows[i].routine);
        assert_int_equal(nq_limit_wait_ms(&limit, false), NQ_LIMIT_WINDOW_MS);
        for (; nq_limit_wait_ms(&limit, true) == 0; sent++) {
            (void)nq_limit_take(&limit);
        }
        assert_int_equal(sent, rows[i].per_s);
        now_ms += NQ_LIMIT_WINDOW_MS;
        assert_int_equal(nq_limit_wait_ms(&limit, false), 0);
    }
}

static void no_second_ever_has_more_requests_than_allowed(void **state)
{
    (void)state;
    static int64_t sent_ms[20000];
    static const size_t rates[] = {1, 7, 50, 99, 100, 4000};
    for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
        const size_t most = rates[r] < 100 ? rates[r] : 100;
        size_t count = 0;
        new_limit(rates[r]);
        for (int arrival = 0; arrival < 20000; arrival++) {
            /* storms, trickles and pauses */
            const uint32_t kind = next_number() % 100;
            now_ms += kind < 80   ? 0
                      : kind < 95 ? next_number() % 20
                                  : next_number() % 3000;
            if (nq_limit_wait_ms(&limit, true) == 0) {
                assert_false(nq_limit_take(&limit));
                sent_ms[count++] = now_ms;
            }
        }
        assert_true(count > most);
        for (size_t i = most; i < count; i++) {
            assert_true(sent_ms[i] - sent_ms[i - most] > 1000);
        }
    }
}

static void who_waits_as_told_may_send_then_and_not_before(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        assert_int_equal(nq_limit_wait_ms(&limit, true), 0);
        (void)nq_limit_take(&limit);
    }
    const int64_t wait_ms = nq_limit_wait_ms(&limit, true);
    assert_int_equal(wait_ms, NQ_LIMIT_WINDOW_MS);
    assert_false(nq_limit_has_spare(&limit));
    now_ms += wait_ms - 1;
    assert_int_equal(nq_limit_wait_ms(&limit, true), 1);
    now_ms++;
    assert_int_equal(nq_limit_wait_ms(&limit, true), 0);
    assert_true(nq_limit_has_spare(&limit));
}

/* ---- the pause -------------------------------------------------------------------------- */

static bool refuse(bool probe, int64_t retry_after_ms)
{
    return nq_limit_report(&limit, probe, NQ_LIMIT_REFUSED, retry_after_ms);
}

static void pauses_double_up_to_the_maximum_and_end_with_an_answer(void **state)
{
    (void)state;
    static const int64_t expected[] = {500,   1000,  2000,  4000, 8000,
                                       16000, 30000, 30000, 30000};
    bool probe = nq_limit_take(&limit);
    assert_false(probe);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        chance = (uint32_t)(expected[i] / 2); /* the longest of the lot */
        assert_int_equal(refuse(probe, -1), i == 0);
        assert_int_equal(nq_limit_wait_ms(&limit, true), expected[i]);
        now_ms += expected[i];
        assert_int_equal(nq_limit_wait_ms(&limit, true), 0);
        probe = nq_limit_take(&limit);
        assert_true(probe);
    }
    assert_false(nq_limit_report(&limit, probe, NQ_LIMIT_ANSWERED, -1));
    assert_int_equal(nq_limit_wait_ms(&limit, true), 0);
    assert_false(nq_limit_take(&limit));
    chance = 0;
    assert_true(refuse(false, -1));
    assert_int_equal(nq_limit_wait_ms(&limit, true), 250);
}

static void chance_takes_at_most_half_of_a_pause(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        new_limit(50);
        chance = next_number();
        (void)refuse(false, -1);
        assert_in_range(nq_limit_wait_ms(&limit, true), 250, 500);
    }
}

static void one_request_probes_when_the_pause_is_over(void **state)
{
    (void)state;
    (void)refuse(false, -1);
    now_ms += 500;
    assert_int_equal(nq_limit_wait_ms(&limit, true), 0);
    assert_false(nq_limit_has_spare(&limit));
    assert_true(nq_limit_take(&limit));
    assert_int_equal(nq_limit_wait_ms(&limit, true), NQ_LIMIT_AFTER_PROBE);
    /* It comes to nothing: the next one probes. */
    (void)nq_limit_report(&limit, true, NQ_LIMIT_UNKNOWN, -1);
    assert_int_equal(nq_limit_wait_ms(&limit, true), 0);
    assert_true(nq_limit_take(&limit));
    (void)nq_limit_report(&limit, true, NQ_LIMIT_ANSWERED, -1);
    assert_int_equal(nq_limit_wait_ms(&limit, true), 0);
    assert_false(nq_limit_take(&limit));
    assert_int_equal(nq_limit_wait_ms(&limit, true), 0);
}

static void what_was_under_way_neither_doubles_nor_ends_a_pause(void **state)
{
    (void)state;
    assert_true(refuse(false, -1));
    assert_false(refuse(false, -1));
    assert_false(refuse(false, -1));
    assert_int_equal(nq_limit_wait_ms(&limit, true), 250);
    (void)nq_limit_report(&limit, false, NQ_LIMIT_ANSWERED, -1);
    assert_int_equal(nq_limit_wait_ms(&limit, true), 250);
    (void)refuse(false, 2000);
    assert_int_equal(nq_limit_wait_ms(&limit, true), 2000);
    (void)refuse(false, 1000);
    assert_int_equal(nq_limit_wait_ms(&limit, true), 2000);
}

static void the_manager_may_ask_for_a_longer_pause_but_not_for_any(void **state)
{
    (void)state;
    (void)refuse(false, 7000);
    assert_int_equal(nq_limit_wait_ms(&limit, true), 7000);
    new_limit(50);
    (void)refuse(false, 0);
    assert_int_equal(nq_limit_wait_ms(&limit, true), 250);
    new_limit(50);
    (void)refuse(false, INT64_MAX / 2);
    assert_int_equal(nq_limit_wait_ms(&limit, true), NQ_LIMIT_RETRY_AFTER_MAX_MS);
}

static void retry_after_is_seconds_or_a_date(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"0", 0},
        {"12", 12000},
        {"99999999999999999999999", NQ_LIMIT_RETRY_AFTER_MAX_MS * INT64_C(1000)},
        {"Thu, 28 May 2026 20:26:50 GMT", 10000},
        {"Thu, 28 May 2026 20:26:30 GMT", 0},
        {"-5", -1},
        {"5s", -1},
        {"soon", -1},
        {"", -1},
        {NULL, -1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const int64_t ms = nq_limit_retry_after_ms(rows[i].text, WALL_MS);
        if (ms != rows[i].ms) {
            fail_msg("%s: %lld", rows[i].text, (long long)ms);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_is_kept_for_what_is_urgent),
        cmocka_unit_test(no_second_ever_has_more_requests_than_allowed),
        cmocka_unit_test_setup(who_waits_as_told_may_send_then_and_not_before,
                               with_fifty),
        cmocka_unit_test_setup(pauses_double_up_to_the_maximum_and_end_with_an_answer,
                               with_fifty),
        cmocka_unit_test(chance_takes_at_most_half_of_a_pause),
        cmocka_unit_test_setup(one_request_probes_when_the_pause_is_over, with_fifty),
        cmocka_unit_test_setup(what_was_under_way_neither_doubles_nor_ends_a_pause,
                               with_fifty),
        cmocka_unit_test_setup(the_manager_may_ask_for_a_longer_pause_but_not_for_any,
                               with_fifty),
        cmocka_unit_test(retry_after_is_seconds_or_a_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
