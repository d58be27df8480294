/* SPDX-License-Identifier: Apache-2.0 */
/* bench.h: where calls of one kind wait, so that few go out at once and many together.
 * A lone call goes out at the end of the loop turn. In a storm there is a pace: who comes
 * between its beats is admitted at the next one, with all the others.
 * Not for: knowing what the calls ask, or how many one question can serve.
 *
 * Owns    a timer. Seats are embedded in what waits and stay its own.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  none on those who wait: each is a call of the engine, which has its own.
 */
#ifndef NQ_NSX_BENCH_H
#define NQ_NSX_BENCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "loop/loop.h"

/* Up to so many at a time, waiting and under way, are no storm. */
#define NQ_BENCH_FEW 4

/* Embedded; zeroed is not seated. */
struct nq_seat {
    struct nq_bench *bench;
    struct nq_seat *prev;
    struct nq_seat *next;
    bool admitted;
};

/* Starts a question for the first who waits, and for all whom it serves as well: they
 * rise, and nq_bench_began() is called. false: not now; it is asked again when a question
 * is over. Calls back nobody. */
typedef bool nq_bench_dispatch_fn(void *arg);

struct nq_bench_setup {
    nq_bench_dispatch_fn *dispatch;
    void *arg;
    struct nq_loop *loop;
    const struct nq_clock *clock;
    int64_t pace_ms; /* between the beats in a storm */
    size_t plenty;   /* when so many wait, they are admitted without a beat */
};

/* Embedded; others read count, first and under_way and may change setup.pace_ms. */
struct nq_bench {
    struct nq_bench_setup setup;
    struct nq_seat *first;
    size_t count;
    size_t admitted; /* of them */
    size_t under_way;
    bool storm;      /* at the last beat */
    int64_t next_ms; /* mono, the next beat of a storm */
    struct nq_timer timer;
};

void nq_bench_init(struct nq_bench *bench, const struct nq_bench_setup *setup);

/* Nobody may sit there any more. */
void nq_bench_done(struct nq_bench *bench);

/* Takes the last place. dispatch is never called before this returns. */
void nq_bench_sit(struct nq_bench *bench, struct nq_seat *seat);

/* Takes the first place, admitted: for whom the question did not serve. */
void nq_bench_sit_again(struct nq_bench *bench, struct nq_seat *seat);

/* Does nothing for a seat that is free. */
void nq_bench_rise(struct nq_seat *seat);

/* A question went out; one is over. */
void nq_bench_began(struct nq_bench *bench);
void nq_bench_ended(struct nq_bench *bench);

#endif
