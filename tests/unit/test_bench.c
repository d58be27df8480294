/* SPDX-License-Identifier: Apache-2.0 */
/* When those who wait are sent: a few at once, a storm to the beat, plenty without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nsx/bench.h"

#define PACE_MS 500
#define PLENTY  100
#define SEATS   200

static int64_t now_ms;

static int64_t fake_ms(const struct nq_clock *clock)
{
    (void)clock;
    return now_ms;
}

static const struct nq_clock fake_clock = {.wall_ms = fake_ms, .mono_ms = fake_ms};

static struct nq_loop *loop;
static struct nq_bench bench;
static struct nq_seat seats[SEATS];
static size_t used;
static size_t most;       /* dispatches under way */
static size_t share;      /* seats that one dispatch takes */
static size_t dispatched; /* seats */

static bool dispatch(void *arg)
{
    (void)arg;
    if (bench.under_way >= most) {
        return false;
    }
    for (size_t i = 0; i < share && bench.first; i++) {
        nq_bench_rise(bench.first);
        dispatched++;
    }
    nq_bench_began(&bench);
    return true;
}

static int begin(void **state)
{
    (void)state;
    now_ms = 1000;
    loop = nq_loop_open(&fake_clock, NULL);
    const struct nq_bench_setup setup = {
        .dispatch = dispatch,
        .loop = loop,
        .clock = &fake_clock,
        .pace_ms = PACE_MS,
        .plenty = PLENTY,
    };
    nq_bench_init(&bench, &setup);
    used = 0;
    most = SIZE_MAX;
    share = SIZE_MAX;
    dispatched = 0;
    return loop ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    while (bench.first) {
        nq_bench_rise(bench.first);
    }
    nq_bench_done(&bench);
    loop = nq_loop_close(loop);
    return 0;
}

static void sit(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        nq_bench_sit(&bench, &seats[used++]);
    }
}

/* What is dispatched when so much time has passed. */
static size_t after(int64_t ms)
{
    const size_t before = dispatched;
    now_ms += ms;
    for (int turn = 0; turn < 3; turn++) {
        nq_loop_turn(loop);
    }
    return dispatched - before;
}

static void a_lone_one_goes_at_the_end_of_the_turn_and_not_before(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) { /* also the twentieth in the same millisecond */
        sit(1);
        assert_int_equal(dispatched, (size_t)i);
        assert_int_equal(after(0), 1);
        nq_bench_ended(&bench);
    }
}

static void those_of_one_turn_go_together(void **state)
{
    (void)state;
    sit(3);
    assert_int_equal(after(0), 3);
    assert_int_equal(bench.under_way, 1);
}

static void who_finds_no_room_goes_when_something_ends(void **state)
{
    (void)state;
    most = 1;
    share = 1;
    sit(3);
    assert_int_equal(after(0), 1);
    assert_int_equal(after(10 * PACE_MS), 0);
    nq_bench_ended(&bench);
    assert_int_equal(after(0), 1);
}

static void in_a_storm_all_go_at_the_beat(void **state)
{
    (void)state;
    sit(NQ_BENCH_FEW + 1);
    assert_int_equal(after(0), NQ_BENCH_FEW + 1); /* the storm begins with this */
    nq_bench_ended(&bench);
    sit(1);
    assert_int_equal(after(PACE_MS - 1), 0);
    sit(NQ_BENCH_FEW);
    assert_int_equal(after(1), NQ_BENCH_FEW + 1);
    nq_bench_ended(&bench);
    sit(1);
    assert_int_equal(after(PACE_MS), 1); /* one alone in a beat: it is over */
    nq_bench_ended(&bench);
    sit(1);
    assert_int_equal(after(0), 1);
}

static void plenty_do_not_wait_for_the_beat(void **state)
{
    (void)state;
    sit(NQ_BENCH_FEW + 1);
    assert_int_equal(after(0), NQ_BENCH_FEW + 1);
    sit(PLENTY - 1);
    assert_int_equal(after(0), 0);
    sit(1);
    assert_int_equal(after(0), PLENTY);
}

static void who_was_admitted_needs_no_second_beat(void **state)
{
    (void)state;
    most = 1;
    share = 2;
    sit(6);
    assert_int_equal(after(0), 2);
    sit(1); /* after the beat */
    nq_bench_ended(&bench);
    assert_int_equal(after(0), 2);
    nq_bench_ended(&bench);
    assert_int_equal(after(0), 2);
    nq_bench_ended(&bench);
    assert_int_equal(after(0), 0);
    assert_int_equal(after(PACE_MS), 1);
}

static void who_sits_again_is_the_first_and_admitted(void **state)
{
    (void)state;
    sit(NQ_BENCH_FEW + 1);
    assert_int_equal(after(0), NQ_BENCH_FEW + 1);
    share = 1;
    sit(1);
    nq_bench_sit_again(&bench, &seats[used]);
    assert_ptr_equal(bench.first, &seats[used]);
    assert_int_equal(after(0), 1);
    assert_int_equal(bench.count, 1);
    assert_int_equal(after(PACE_MS), 1);
}

static void who_rises_is_not_sent(void **state)
{
    (void)state;
    sit(3);
    nq_bench_rise(&seats[1]);
    nq_bench_rise(&seats[1]);
    assert_int_equal(after(0), 2);
    sit(1);
    nq_bench_rise(&seats[3]);
    assert_int_equal(after(0), 0);
    assert_int_equal(bench.count + bench.admitted, 0);
}

#define BENCH_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BENCH_TEST(a_lone_one_goes_at_the_end_of_the_turn_and_not_before),
        BENCH_TEST(those_of_one_turn_go_together),
        BENCH_TEST(who_finds_no_room_goes_when_something_ends),
        BENCH_TEST(in_a_storm_all_go_at_the_beat),
        BENCH_TEST(plenty_do_not_wait_for_the_beat),
        BENCH_TEST(who_was_admitted_needs_no_second_beat),
        BENCH_TEST(who_sits_again_is_the_first_and_admitted),
        BENCH_TEST(who_rises_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
