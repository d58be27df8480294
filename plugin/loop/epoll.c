/* SPDX-License-Identifier: Apache-2.0 */
/* epoll.c: loop.h on epoll and a timerfd, which stands inside the epoll descriptor and is
 * armed for the earliest timer. The clock decides what is due; the timerfd only wakes. */
#include "loop/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/heap.h"

#define MS_PER_S     1000
#define NS_PER_MS    1000000
#define FIRST_ROOM   64
#define NOT_ARMED    INT64_MAX
#define TIMER_EVENT  UINT64_MAX
#define FD_BITS      32
#define FD_MASK      UINT32_MAX
#define WAIT_NOTHING 0

/* What is called for one descriptor; events is 0 while it is not watched. */
struct watch {
    nq_loop_fd_fn *fn;
    void *arg;
    unsigned events;
    uint32_t generation; /* tells a descriptor number from its next use */
};

struct nq_loop {
    const struct nq_clock *clock;
    int epoll_fd;
    int timer_fd;
    struct watch *watches; /* by descriptor number */
    size_t watch_room;
    uint32_t next_generation;
    struct nq_heap timers;
    int64_t armed_for; /* what the timerfd waits for, or NOT_ARMED */
    bool turning;
};

/* ---- the timerfd --------------------------------------------------------------------- */

/* One system call when the earliest timer changed, none otherwise. */
static void arm_timerfd(struct nq_loop *loop)
{
    const struct nq_timer *first = nq_heap_first(&loop->timers);
    const int64_t due_ms = first ? first->due_ms : NOT_ARMED;
    if (due_ms == loop->armed_for) {
        return;
    }
    loop->armed_for = due_ms;

    struct itimerspec when = {0};
    if (first) {
        const int64_t delay_ms = due_ms - nq_mono_ms(loop->clock);
        if (delay_ms > 0) {
            when.it_value.tv_sec = delay_ms / MS_PER_S;
            when.it_value.tv_nsec = delay_ms % MS_PER_S * NS_PER_MS;
        } else {
            when.it_value.tv_nsec = 1; /* zero would disarm it */
        }
    }
    (void)timerfd_settime(loop->timer_fd, 0, &when, NULL);
}

static void drain_timerfd(struct nq_loop *loop)
{
    uint64_t expirations;
    if (read(loop->timer_fd, &expirations, sizeof(expirations)) > 0) {
        loop->armed_for = NOT_ARMED;
    }
}

/* ---- life ---------------------------------------------------------------------------- */

struct nq_loop *nq_loop_open(const struct nq_clock *clock, struct nq_err *reterr)
{
    struct nq_loop *loop = nq_calloc(1, sizeof(*loop));
    loop->clock = clock;
    loop->armed_for = NOT_ARMED;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (loop->epoll_fd < 0 || loop->timer_fd < 0) {
        (void)nq_fail_errno(reterr, NQ_SYSTEM, "epoll or timer descriptor");
        return nq_loop_close(loop);
    }
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = TIMER_EVENT};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->timer_fd, &event) != 0) {
        (void)nq_fail_errno(reterr, NQ_SYSTEM, "timer descriptor in epoll");
        return nq_loop_close(loop);
    }
    return loop;
}

struct nq_loop *nq_loop_close(struct nq_loop *loop)
{
    if (!loop) {
        return NULL;
    }
    nq_heap_done(&loop->timers);
    if (loop->timer_fd >= 0) {
        (void)close(loop->timer_fd);
    }
    if (loop->epoll_fd >= 0) {
        (void)close(loop->epoll_fd);
    }
    free(loop->watches);
    free(loop);
    return NULL;
}

int nq_loop_fd(const struct nq_loop *loop)
{
    return loop->epoll_fd;
}

/* ---- descriptors --------------------------------------------------------------------- */

static struct watch *watch_of(struct nq_loop *loop, int fd)
{
    return fd >= 0 && (size_t)fd < loop->watch_room ? &loop->watches[fd] : NULL;
}

static void make_room(struct nq_loop *loop, size_t fd)
{
    size_t room = loop->watch_room ? loop->watch_room : FIRST_ROOM;
    while (room <= fd) {
        room *= 2;
    }
    if (room > loop->watch_room) {
        loop->watches = nq_realloc(loop->watches, room, sizeof(*loop->watches));
        for (size_t i = loop->watch_room; i < room; i++) {
            loop->watches[i] = (struct watch){0};
        }
        loop->watch_room = room;
    }
}

static uint64_t event_key(int fd, uint32_t generation)
{
    return (uint64_t)generation << FD_BITS | (uint32_t)fd;
}

bool nq_loop_watch(struct nq_loop *loop, int fd, unsigned events, nq_loop_fd_fn *fn,
                   void *arg, struct nq_err *reterr)
{
    if (fd < 0 || fd >= NQ_LOOP_FD_MAX) {
        return nq_fail(reterr, NQ_SYSTEM, "descriptor %d is not below %d", fd,
                       NQ_LOOP_FD_MAX);
    }
    make_room(loop, (size_t)fd);
    struct watch *watch = &loop->watches[fd];
    const bool known = watch->events != 0;
    const uint32_t generation = known ? watch->generation : loop->next_generation++;

    struct epoll_event event = {.data.u64 = event_key(fd, generation)};
    event.events |= events & NQ_LOOP_READ ? (uint32_t)EPOLLIN : 0U;
    event.events |= events & NQ_LOOP_WRITE ? (uint32_t)EPOLLOUT : 0U;
    int result =
        epoll_ctl(loop->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    if (result != 0 && known && errno == ENOENT) {
        /* Closed without unwatching, and the number is in use again. */
        result = epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event);
    }
    if (result != 0) {
        return nq_fail_errno(reterr, NQ_SYSTEM, "descriptor %d in epoll", fd);
    }
    *watch =
        (struct watch){.fn = fn, .arg = arg, .events = events, .generation = generation};
    return true;
}

void nq_loop_unwatch(struct nq_loop *loop, int fd)
{
    struct watch *watch = watch_of(loop, fd);
    if (watch && watch->events != 0) {
        *watch = (struct watch){0};
        /* Fails harmlessly when the descriptor is closed already. */
        (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    }
}

static void dispatch(struct nq_loop *loop, const struct epoll_event *event)
{
    const int fd = (int)(event->data.u64 & FD_MASK);
    const struct watch *watch = watch_of(loop, fd);
    if (!watch || watch->events == 0 ||
        event->data.u64 != event_key(fd, watch->generation)) {
        return; /* unwatched by an earlier callback of this turn */
    }
    unsigned ready = 0;
    ready |= event->events & EPOLLIN ? (unsigned)NQ_LOOP_READ : 0U;
    ready |= event->events & EPOLLOUT ? (unsigned)NQ_LOOP_WRITE : 0U;
    if (event->events & (EPOLLERR | EPOLLHUP)) {
        ready |= watch->events;
    }
    ready &= watch->events;
    if (ready != 0) {
        watch->fn(watch->arg, fd, ready);
    }
}

/* ---- timers -------------------------------------------------------------------------- */

void nq_timer_set(struct nq_loop *loop, struct nq_timer *timer, int64_t delay_ms,
                  nq_loop_timer_fn *fn, void *arg)
{
    if (timer->armed) {
        nq_heap_remove(&loop->timers, timer);
    }
    const int64_t now = nq_mono_ms(loop->clock);
    const int64_t delay = delay_ms > 0 ? delay_ms : 0;
    timer->due_ms = delay < NOT_ARMED - now ? now + delay : NOT_ARMED - 1;
    timer->fn = fn;
    timer->arg = arg;
    nq_heap_add(&loop->timers, timer);
    if (!loop->turning) {
        arm_timerfd(loop);
    }
}

void nq_timer_clear(struct nq_loop *loop, struct nq_timer *timer)
{
    if (!timer->armed) {
        return;
    }
    nq_heap_remove(&loop->timers, timer);
    if (!loop->turning) {
        arm_timerfd(loop);
    }
}

/* What is due of the timers that were set before `fence`, at most so many. Returns how many
 * may still run. */
static int run_round(struct nq_loop *loop, uint64_t fence, int most)
{
    const int64_t now = nq_mono_ms(loop->clock);
    while (most > 0) {
        struct nq_timer *timer = nq_heap_first(&loop->timers);
        if (!timer || timer->due_ms > now || timer->order >= fence) {
            break;
        }
        nq_heap_remove(&loop->timers, timer);
        timer->fn(timer->arg);
        most--;
    }
    return most;
}

/* What leads from one thing to the next "soon" gets there in one turn of the host, whose own
 * work would stand between; a timer that always sets itself again cannot keep the host out. */
static void run_timers(struct nq_loop *loop)
{
    int left = NQ_LOOP_BATCH;
    for (int round = 0; round < NQ_LOOP_ROUNDS && left > 0; round++) {
        left = run_round(loop, loop->timers.next_order, left);
    }
}

/* ---- the turn ------------------------------------------------------------------------ */

void nq_loop_turn(struct nq_loop *loop)
{
    struct epoll_event events[NQ_LOOP_BATCH];
    loop->turning = true;

    const int count = epoll_wait(loop->epoll_fd, events, NQ_LOOP_BATCH, WAIT_NOTHING);
    for (int i = 0; i < count; i++) {
        if (events[i].data.u64 == TIMER_EVENT) {
            drain_timerfd(loop);
        } else {
            dispatch(loop, &events[i]);
        }
    }
    run_timers(loop);
    loop->turning = false;
    arm_timerfd(loop);
}
