/* SPDX-License-Identifier: Apache-2.0 */
/* timing.h: how long one step took for the newest cases, with exact percentiles.
 * Not for: deciding which cases count (times.c).
 *
 * Owns    nothing but itself.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  the NQ_TIMING_CASES newest cases. Noting one moves at most as many numbers;
 *         reading costs the same at any time.
 *
 * A percentile is the nearest rank: the smallest time that so many percent of the cases, or
 * more, did not exceed. It is always the time of a case, never between two.
 */
#ifndef NQ_QUARANTINE_TIMING_H
#define NQ_QUARANTINE_TIMING_H

#include <stdbool.h>
#include <stdint.h>

#include "quarantine/tally.h"

#define NQ_TIMING_CASES 1000

/* Of one case. */
struct nq_timing_figure {
    uint32_t case_id;
    uint32_t ms;
};

/* Zeroed is empty. */
struct nq_timing {
    uint64_t count; /* ever noted */
    struct nq_timing_figure
        ring[NQ_TIMING_CASES];        /* number n is at n % NQ_TIMING_CASES */
    uint32_t sorted[NQ_TIMING_CASES]; /* the times in the ring */
};

/* What nqTiming shows; all 0 before the first case. */
struct nq_timing_view {
    uint32_t last;
    uint32_t p50;
    uint32_t p95;
    uint32_t p99;
    uint32_t most;
};

void nq_timing_note(struct nq_timing *timing, uint32_t case_id, uint32_t ms);
/* The case is one of those that count. */
bool nq_timing_has(const struct nq_timing *timing, uint32_t case_id);
void nq_timing_view(const struct nq_timing *timing, struct nq_timing_view *ret_view);

/* As it was kept under this owner; and keeps what was noted last. */
void nq_timing_load(struct nq_timing *timing, const struct nq_tallies *tallies,
                    const char *owner);
void nq_timing_keep(const struct nq_timing *timing, struct nq_tallies *tallies,
                    const char *owner);

#endif
