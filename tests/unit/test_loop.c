/* SPDX-License-Identifier: Apache-2.0 */
/* Every promise of loop/loop.h, with a clock that only the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop/heap.h"
#include "loop/loop.h"

#define CALLS_MAX 512

static int64_t now_ms;

static int64_t fake_ms(const struct nq_clock *clock)
{
    (void)clock;
    return now_ms;
}

static const struct nq_clock fake_clock = {.wall_ms = fake_ms, .mono_ms = fake_ms};

/* What was called, in order. */
static struct {
    int who[CALLS_MAX];
    size_t count;
} calls;

struct actor {
    struct nq_loop *loop;
    struct nq_timer timer;
    int id;
    int64_t again_ms;       /* -1: not again */
    struct nq_timer *clear; /* another one to clear, or NULL */
    int unwatch;            /* descriptor, or -1 */
    int watch;              /* descriptor, or -1 */
    struct actor *then;     /* who gets what is watched */
    unsigned events;        /* the last ones seen */
};

static void note(int id)
{
    assert_true(calls.count < CALLS_MAX);
    calls.who[calls.count++] = id;
}

static void on_fd(void *arg, int fd, unsigned events);

static void act(struct actor *actor)
{
    note(actor->id);
    if (actor->clear) {
        nq_timer_clear(actor->loop, actor->clear);
    }
    if (actor->unwatch >= 0) {
        nq_loop_unwatch(actor->loop, actor->unwatch);
    }
    if (actor->watch >= 0) {
        assert_true(nq_loop_watch(actor->loop, actor->watch, NQ_LOOP_READ, on_fd,
                                  actor->then, NULL));
    }
}

static void on_timer(void *arg)
{
    struct actor *actor = arg;
    act(actor);
    if (actor->again_ms >= 0) {
        nq_timer_set(actor->loop, &actor->timer, actor->again_ms, on_timer, actor);
    }
}

static void on_fd(void *arg, int fd, unsigned events)
{
    (void)fd;
    struct actor *actor = arg;
    actor->events = events;
    act(actor);
}

static struct actor actor_of(struct nq_loop *loop, int id)
{
    return (struct actor){
        .loop = loop, .id = id, .again_ms = -1, .unwatch = -1, .watch = -1};
}

static void set(struct actor *actor, int64_t delay_ms)
{
    nq_timer_set(actor->loop, &actor->timer, delay_ms, on_timer, actor);
}

static bool watch(struct actor *actor, int fd, unsigned events)
{
    return nq_loop_watch(actor->loop, fd, events, on_fd, actor, NULL);
}

static bool is_readable(struct nq_loop *loop, int timeout_ms)
{
    struct pollfd poller = {.fd = nq_loop_fd(loop), .events = POLLIN};
    return poll(&poller, 1, timeout_ms) == 1;
}

static void make_pair(int pair[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
}

static void close_pair(int pair[2])
{
    (void)close(pair[0]);
    (void)close(pair[1]);
}

static int open_loop(void **state)
{
    calls.count = 0;
    now_ms = 1000;
    *state = nq_loop_open(&fake_clock, NULL);
    return *state ? 0 : -1;
}

static int close_loop(void **state)
{
    *state = nq_loop_close(*state);
    return 0;
}

/* ---- timers -------------------------------------------------------------------------- */

static void timer_runs_once_when_due_and_not_before(void **state)
{
    struct actor a = actor_of(*state, 1);
    set(&a, 50);
    now_ms += 49;
    nq_loop_turn(*state);
    assert_int_equal(calls.count, 0);
    assert_true(a.timer.armed);
    now_ms += 1;
    nq_loop_turn(*state);
    nq_loop_turn(*state);
    assert_int_equal(calls.count, 1);
    assert_false(a.timer.armed);
}

static void timer_without_delay_waits_for_the_turn(void **state)
{
    struct actor a = actor_of(*state, 1);
    set(&a, 0);
    assert_int_equal(calls.count, 0);
    assert_true(is_readable(*state, 1000));
    nq_loop_turn(*state);
    assert_int_equal(calls.count, 1);
}

static void timers_run_in_the_order_of_their_due_times(void **state)
{
    struct actor a[4];
    const int64_t delays[] = {30, 10, 20, 10};
    for (int i = 0; i < 4; i++) {
        a[i] = actor_of(*state, i);
        set(&a[i], delays[i]);
    }
    now_ms += 100;
    nq_loop_turn(*state);
    const int expected[] = {1, 3, 2, 0};
    assert_int_equal(calls.count, 4);
    assert_memory_equal(calls.who, expected, sizeof(expected));
}

static void timer_set_again_moves(void **state)
{
    struct actor a = actor_of(*state, 1);
    set(&a, 10);
    set(&a, 100);
    now_ms += 50;
    nq_loop_turn(*state);
    assert_int_equal(calls.count, 0);
    set(&a, 0);
    nq_loop_turn(*state);
    assert_int_equal(calls.count, 1);
    now_ms += 500;
    nq_loop_turn(*state);
    assert_int_equal(calls.count, 1);
}

static void cleared_timer_never_runs_and_clearing_twice_is_harmless(void **state)
{
    struct actor a = actor_of(*state, 1);
    nq_timer_clear(*state, &a.timer);
    set(&a, 10);
    nq_timer_clear(*state, &a.timer);
    nq_timer_clear(*state, &a.timer);
    now_ms += 100;
    nq_loop_turn(*state);
    assert_int_equal(calls.count, 0);
}

static void timer_may_clear_another_that_is_due_in_the_same_turn(void **state)
{
    struct actor a = actor_of(*state, 1);
    struct actor b = actor_of(*state, 2);
    a.clear = &b.timer;
    set(&a, 1);
    set(&b, 2);
    now_ms += 10;
    nq_loop_turn(*state);
    assert_int_equal(calls.count, 1);
    assert_int_equal(calls.who[0], 1);
}

static void timer_that_sets_itself_again_runs_a_few_times_a_turn(void **state)
{
    struct actor a = actor_of(*state, 1);
    a.again_ms = 0;
    set(&a, 0);
    nq_loop_turn(*state);
    assert_int_equal(calls.count, NQ_LOOP_ROUNDS);
    assert_true(is_readable(*state, 1000));
    nq_loop_turn(*state);
    assert_int_equal(calls.count, 2 * NQ_LOOP_ROUNDS);
}

static void timers_that_set_themselves_again_are_bounded_together(void **state)
{
    enum { MANY = NQ_LOOP_BATCH / 2 + 1 };
    static struct actor many[MANY];
    for (int i = 0; i < MANY; i++) {
        many[i] = actor_of(*state, i);
        many[i].again_ms = 0;
        set(&many[i], 0);
    }
    nq_loop_turn(*state);
    assert_int_equal(calls.count, NQ_LOOP_BATCH);
    assert_true(is_readable(*state, 1000));
}

static void one_turn_runs_at_most_a_batch_of_timers_and_asks_for_more(void **state)
{
    enum { MANY = NQ_LOOP_BATCH + 10 };
    static struct actor many[MANY];
    for (int i = 0; i < MANY; i++) {
        many[i] = actor_of(*state, i);
        set(&many[i], 1);
    }
    now_ms += 5;
    nq_loop_turn(*state);
    assert_int_equal(calls.count, NQ_LOOP_BATCH);
    assert_true(is_readable(*state, 1000));
    nq_loop_turn(*state);
    assert_int_equal(calls.count, MANY);
}

static void descriptor_becomes_readable_when_a_real_timer_is_due(void **state)
{
    (void)state;
    struct nq_loop *loop = nq_loop_open(&nq_system_clock, NULL);
    struct actor a = actor_of(loop, 1);
    struct actor later = actor_of(loop, 2);
    set(&later, 60000);
    assert_false(is_readable(loop, 0));
    set(&a, 5);
    assert_true(is_readable(loop, 2000));
    nq_loop_turn(loop);
    assert_int_equal(calls.count, 1);
    assert_false(is_readable(loop, 0));
    loop = nq_loop_close(loop);
    assert_null(loop);
}

static void closing_the_loop_forgets_its_timers(void **state)
{
    (void)state;
    struct nq_loop *loop = nq_loop_open(&fake_clock, NULL);
    struct actor a = actor_of(loop, 1);
    set(&a, 10);
    loop = nq_loop_close(loop);
    assert_false(a.timer.armed);
    assert_null(nq_loop_close(loop));
}

static void heap_keeps_order_through_random_changes(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    static struct nq_timer timers[COUNT];
    memset(timers, 0, sizeof(timers));
    struct nq_heap heap = {0};
    unsigned seed = 1;
    for (int round = 0; round < 4 * COUNT; round++) {
        struct nq_timer *timer = &timers[rand_r(&seed) % COUNT];
        if (timer->armed) {
            nq_heap_remove(&heap, timer);
        } else {
            timer->due_ms = rand_r(&seed) % 500;
            nq_heap_add(&heap, timer);
        }
    }
    int64_t last_due = -1;
    uint64_t last_order = 0;
    size_t left = heap.count;
    assert_true(left > COUNT / 4);
    for (; left > 0; left--) {
        struct nq_timer *first = nq_heap_first(&heap);
        assert_true(first->due_ms > last_due ||
                    (first->due_ms == last_due && first->order > last_order));
        last_due = first->due_ms;
        last_order = first->order;
        nq_heap_remove(&heap, first);
    }
    assert_null(nq_heap_first(&heap));
    nq_heap_done(&heap);
}

/* ---- descriptors --------------------------------------------------------------------- */

static void ready_descriptor_is_called_with_what_is_ready(void **state)
{
    int pair[2];
    make_pair(pair);
    struct actor a = actor_of(*state, 1);
    assert_true(watch(&a, pair[0], NQ_LOOP_READ | NQ_LOOP_WRITE));
    nq_loop_turn(*state);
    assert_int_equal(a.events, NQ_LOOP_WRITE);
    assert_int_equal(write(pair[1], "x", 1), 1);
    nq_loop_turn(*state);
    assert_int_equal(a.events, NQ_LOOP_READ | NQ_LOOP_WRITE);
    nq_loop_unwatch(*state, pair[0]);
    close_pair(pair);
}

static void watching_again_changes_events_and_callback(void **state)
{
    int pair[2];
    make_pair(pair);
    struct actor a = actor_of(*state, 1);
    struct actor b = actor_of(*state, 2);
    assert_true(watch(&a, pair[0], NQ_LOOP_WRITE));
    assert_true(watch(&b, pair[0], NQ_LOOP_READ));
    nq_loop_turn(*state);
    assert_int_equal(calls.count, 0);
    assert_int_equal(write(pair[1], "x", 1), 1);
    nq_loop_turn(*state);
    assert_int_equal(calls.count, 1);
    assert_int_equal(calls.who[0], 2);
    close_pair(pair);
}

static void hang_up_counts_as_every_event_asked_for(void **state)
{
    int pair[2];
    make_pair(pair);
    struct actor a = actor_of(*state, 1);
    assert_true(watch(&a, pair[0], NQ_LOOP_READ));
    (void)close(pair[1]);
    nq_loop_turn(*state);
    assert_int_equal(a.events, NQ_LOOP_READ);
    nq_loop_unwatch(*state, pair[0]);
    (void)close(pair[0]);
}

static void unwatched_descriptor_is_not_called_any_more_in_the_same_turn(void **state)
{
    int first[2];
    int second[2];
    make_pair(first);
    make_pair(second);
    struct actor a = actor_of(*state, 1);
    struct actor b = actor_of(*state, 2);
    a.unwatch = second[0];
    b.unwatch = first[0];
    assert_true(watch(&a, first[0], NQ_LOOP_READ));
    assert_true(watch(&b, second[0], NQ_LOOP_READ));
    assert_int_equal(write(first[1], "x", 1), 1);
    assert_int_equal(write(second[1], "x", 1), 1);
    nq_loop_turn(*state);
    assert_int_equal(calls.count, 1);
    close_pair(first);
    close_pair(second);
}

static void
event_of_an_old_descriptor_does_not_reach_the_next_user_of_its_number(void **state)
{
    int first[2];
    int second[2];
    make_pair(first);
    make_pair(second);
    struct actor fresh = actor_of(*state, 3);
    struct actor a = actor_of(*state, 1);
    struct actor b = actor_of(*state, 2);
    a.unwatch = a.watch = second[0];
    b.unwatch = b.watch = first[0];
    a.then = b.then = &fresh;
    assert_true(watch(&a, first[0], NQ_LOOP_READ));
    assert_true(watch(&b, second[0], NQ_LOOP_READ));
    assert_int_equal(write(first[1], "x", 1), 1);
    assert_int_equal(write(second[1], "x", 1), 1);
    nq_loop_turn(*state);
    assert_int_equal(calls.count, 1);
    assert_int_not_equal(calls.who[0], 3);
    close_pair(first);
    close_pair(second);
}

static void descriptor_closed_without_unwatching_can_be_watched_again(void **state)
{
    int pair[2];
    make_pair(pair);
    struct actor a = actor_of(*state, 1);
    assert_true(watch(&a, pair[0], NQ_LOOP_READ));
    const int number = pair[0];
    close_pair(pair);
    make_pair(pair);
    assert_int_equal(pair[0], number);
    assert_true(watch(&a, pair[0], NQ_LOOP_READ));
    assert_int_equal(write(pair[1], "x", 1), 1);
    nq_loop_turn(*state);
    assert_int_equal(calls.count, 1);
    close_pair(pair);
}

static void descriptor_comes_before_a_timer_that_is_due(void **state)
{
    int pair[2];
    make_pair(pair);
    struct actor deadline = actor_of(*state, 1);
    struct actor reader = actor_of(*state, 2);
    reader.clear = &deadline.timer;
    set(&deadline, 1);
    assert_true(watch(&reader, pair[0], NQ_LOOP_READ));
    assert_int_equal(write(pair[1], "x", 1), 1);
    now_ms += 10;
    nq_loop_turn(*state);
    assert_int_equal(calls.count, 1);
    assert_int_equal(calls.who[0], 2);
    close_pair(pair);
}

static void watch_fails_with_a_reason(void **state)
{
    struct actor a = actor_of(*state, 1);
    const int bad[] = {-1, NQ_LOOP_FD_MAX};
    for (size_t i = 0; i < 2; i++) {
        struct nq_err err = {0};
        assert_false(nq_loop_watch(*state, bad[i], NQ_LOOP_READ, on_fd, &a, &err));
        assert_int_equal(err.code, NQ_SYSTEM);
        assert_true(err.detail[0] != '\0');
        nq_loop_unwatch(*state, bad[i]);
    }
    struct nq_err err = {0};
    const int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    (void)close(file);
    assert_false(nq_loop_watch(*state, file, NQ_LOOP_READ, on_fd, &a, &err));
    assert_true(err.os_errno != 0);
}

/* ---- the end of a turn --------------------------------------------------------------- */

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, open_loop, close_loop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(timer_runs_once_when_due_and_not_before),
        LOOP_TEST(timer_without_delay_waits_for_the_turn),
        LOOP_TEST(timers_run_in_the_order_of_their_due_times),
        LOOP_TEST(timer_set_again_moves),
        LOOP_TEST(cleared_timer_never_runs_and_clearing_twice_is_harmless),
        LOOP_TEST(timer_may_clear_another_that_is_due_in_the_same_turn),
        LOOP_TEST(timer_that_sets_itself_again_runs_a_few_times_a_turn),
        LOOP_TEST(timers_that_set_themselves_again_are_bounded_together),
        LOOP_TEST(one_turn_runs_at_most_a_batch_of_timers_and_asks_for_more),
        LOOP_TEST(descriptor_becomes_readable_when_a_real_timer_is_due),
        LOOP_TEST(closing_the_loop_forgets_its_timers),
        LOOP_TEST(heap_keeps_order_through_random_changes),
        LOOP_TEST(ready_descriptor_is_called_with_what_is_ready),
        LOOP_TEST(watching_again_changes_events_and_callback),
        LOOP_TEST(hang_up_counts_as_every_event_asked_for),
        LOOP_TEST(unwatched_descriptor_is_not_called_any_more_in_the_same_turn),
        LOOP_TEST(event_of_an_old_descriptor_does_not_reach_the_next_user_of_its_number),
        LOOP_TEST(descriptor_closed_without_unwatching_can_be_watched_again),
        LOOP_TEST(descriptor_comes_before_a_timer_that_is_due),
        LOOP_TEST(watch_fails_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
