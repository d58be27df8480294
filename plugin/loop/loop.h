/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h: descriptors and timers behind ONE descriptor that a host watches.
 * The host (snmpd or our agent) owns the real loop and its select(); its registry holds
 * only 32 descriptors, so everything of ours stands behind a private epoll descriptor.
 *
 * Owns    the epoll descriptor and a timerfd. Watched descriptors stay the caller's.
 * Blocks  never: nq_loop_turn() only takes what is ready.
 * Thread  loop thread only.
 * Fails   open and watch, with *reterr; nothing else.
 * Limits  NQ_LOOP_BATCH descriptors and NQ_LOOP_BATCH timers a turn, so that the host gets
 *         its turn too; descriptor numbers below NQ_LOOP_FD_MAX.
 */
#ifndef NQ_LOOP_LOOP_H
#define NQ_LOOP_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

#define NQ_LOOP_BATCH  64
#define NQ_LOOP_ROUNDS 8 /* that timers without delay may lead on in one turn */
#define NQ_LOOP_FD_MAX 65536

enum nq_loop_events { NQ_LOOP_READ = 1, NQ_LOOP_WRITE = 2 };

struct nq_loop;

typedef void nq_loop_fd_fn(void *arg, int fd, unsigned events);
typedef void nq_loop_timer_fn(void *arg);

/* A timer is a member of the struct it belongs to, zeroed before first use. */
struct nq_timer {
    int64_t due_ms; /* mono; valid while armed */
    bool armed;
    nq_loop_timer_fn *fn;
    void *arg;
    uint64_t order; /* equal due times run in the order they were set */
    size_t slot;    /* place in the loop's heap */
};

struct nq_loop *nq_loop_open(const struct nq_clock *clock, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Takes NULL. Always returns NULL. Timers and watches still set are forgotten. */
struct nq_loop *nq_loop_close(struct nq_loop *loop);

/* The descriptor that becomes readable when nq_loop_turn() has something to do. */
int nq_loop_fd(const struct nq_loop *loop);

/* Runs what is due and ready now: first descriptors, then timers, so that an answer which
 * is there beats its deadline. Not to be called from a callback. A callback may watch,
 * unwatch, set and clear anything, itself included; an unwatched descriptor is not called
 * any more in this turn. */
void nq_loop_turn(struct nq_loop *loop);

/* Calls fn when fd is ready; events is a set of enum nq_loop_events, not empty. An error
 * or a hang-up counts as every event asked for. Repeating it for the same fd changes
 * events, fn and arg. */
bool nq_loop_watch(struct nq_loop *loop, int fd, unsigned events, nq_loop_fd_fn *fn,
                   void *arg, struct nq_err *reterr) __attribute__((warn_unused_result));
void nq_loop_unwatch(struct nq_loop *loop, int fd);

/* Calls fn once when delay_ms (>= 0) have passed, never before this returns; set again, it
 * moves. Clearing one that is not armed does nothing. */
void nq_timer_set(struct nq_loop *loop, struct nq_timer *timer, int64_t delay_ms,
                  nq_loop_timer_fn *fn, void *arg);
void nq_timer_clear(struct nq_loop *loop, struct nq_timer *timer);

#endif
