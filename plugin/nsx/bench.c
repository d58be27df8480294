/* SPDX-License-Identifier: Apache-2.0 */
/* bench.c: see bench.h. */
#include "nsx/bench.h"

#include <utlist.h>

static void on_timer(void *arg);

static void set_timer(struct nq_bench *bench, int64_t delay_ms)
{
    nq_timer_set(bench->setup.loop, &bench->timer, delay_ms > 0 ? delay_ms : 0, on_timer,
                 bench);
}

static int64_t until_beat_ms(const struct nq_bench *bench)
{
    const struct nq_bench_setup *setup = &bench->setup;
    if (!bench->storm || bench->count >= setup->plenty) {
        return 0;
    }
    return bench->next_ms - nq_mono_ms(setup->clock);
}

static void schedule(struct nq_bench *bench)
{
    if (bench->count > 0) {
        set_timer(bench, bench->admitted > 0 ? 0 : until_beat_ms(bench));
    }
}

static void beat(struct nq_bench *bench)
{
    struct nq_seat *seat = NULL;
    DL_FOREACH(bench->first, seat)
    {
        seat->admitted = true;
    }
    bench->admitted = bench->count;
    bench->storm = bench->count + bench->under_way > NQ_BENCH_FEW;
    bench->next_ms = nq_mono_ms(bench->setup.clock) + bench->setup.pace_ms;
}

static void on_timer(void *arg)
{
    struct nq_bench *bench = arg;
    if (until_beat_ms(bench) <= 0) {
        beat(bench);
    }
    while (bench->admitted > 0 && bench->setup.dispatch(bench->setup.arg)) {
    }
    if (bench->count > bench->admitted) {
        set_timer(bench, until_beat_ms(bench));
    }
}

void nq_bench_init(struct nq_bench *bench, const struct nq_bench_setup *setup)
{
    *bench = (struct nq_bench){.setup = *setup};
}

void nq_bench_done(struct nq_bench *bench)
{
    nq_timer_clear(bench->setup.loop, &bench->timer);
}

void nq_bench_sit(struct nq_bench *bench, struct nq_seat *seat)
{
    seat->bench = bench;
    seat->admitted = false;
    DL_APPEND(bench->first, seat);
    bench->count++;
    schedule(bench);
}

void nq_bench_sit_again(struct nq_bench *bench, struct nq_seat *seat)
{
    seat->bench = bench;
    seat->admitted = true;
    DL_PREPEND(bench->first, seat);
    bench->count++;
    bench->admitted++;
    schedule(bench);
}

void nq_bench_rise(struct nq_seat *seat)
{
    struct nq_bench *bench = seat->bench;
    if (bench) {
        DL_DELETE(bench->first, seat);
        bench->count--;
        bench->admitted -= seat->admitted;
        seat->bench = NULL;
    }
}

void nq_bench_began(struct nq_bench *bench)
{
    bench->under_way++;
}

void nq_bench_ended(struct nq_bench *bench)
{
    bench->under_way--;
    schedule(bench);
}
