/* SPDX-License-Identifier: Apache-2.0 */
/* timing.c: see timing.h. The ring tells which time is the oldest, the sorted copy where the
 * percentiles are. */
#include "quarantine/timing.h"

#include <stdio.h>
#include <string.h>

#define COUNT     "count" /* name of the tally beside the places of the ring */
#define NAME_SIZE 16

static uint32_t held(const struct nq_timing *timing)
{
    return timing->count < NQ_TIMING_CASES ? (uint32_t)timing->count : NQ_TIMING_CASES;
}

/* Index of the first of these times that is not below ms. */
static uint32_t place_of(const uint32_t *times, uint32_t count, uint32_t ms)
{
    uint32_t low = 0;
    uint32_t high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (times[middle] < ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void sort_in(uint32_t *times, uint32_t count, uint32_t ms)
{
    const uint32_t at = place_of(times, count, ms);
    memmove(&times[at + 1], &times[at], (count - at) * sizeof(*times));
    times[at] = ms;
}

static void sort_out(uint32_t *times, uint32_t count, uint32_t ms)
{
    const uint32_t at = place_of(times, count, ms);
    memmove(&times[at], &times[at + 1], (count - at - 1) * sizeof(*times));
}

void nq_timing_note(struct nq_timing *timing, uint32_t case_id, uint32_t ms)
{
    struct nq_timing_figure *place = &timing->ring[timing->count % NQ_TIMING_CASES];
    uint32_t count = held(timing);
    if (count == NQ_TIMING_CASES) {
        sort_out(timing->sorted, count, place->ms);
        count--;
    }
    sort_in(timing->sorted, count, ms);
    *place = (struct nq_timing_figure){.case_id = case_id, .ms = ms};
    timing->count++;
}

bool nq_timing_has(const struct nq_timing *timing, uint32_t case_id)
{
    const uint32_t count = held(timing);
    for (uint32_t i = 0; i < count; i++) {
        if (timing->ring[i].case_id == case_id) {
            return true;
        }
    }
    return false;
}

/* There is at least one case. */
static uint32_t percentile(const struct nq_timing *timing, uint32_t percent)
{
    const uint32_t rank = (held(timing) * percent + 99) / 100;
    return timing->sorted[rank - 1];
}

void nq_timing_view(const struct nq_timing *timing, struct nq_timing_view *ret_view)
{
    *ret_view = (struct nq_timing_view){0};
    if (timing->count > 0) {
        *ret_view = (struct nq_timing_view){
            .last = timing->ring[(timing->count - 1) % NQ_TIMING_CASES].ms,
            .p50 = percentile(timing, 50),
            .p95 = percentile(timing, 95),
            .p99 = percentile(timing, 99),
            .most = timing->sorted[held(timing) - 1],
        };
    }
}

/* ---- over a restart ------------------------------------------------------------------ */

static const char *name_of(uint64_t number, char *ret_name)
{
    (void)snprintf(ret_name, NAME_SIZE, "%u", (unsigned)(number % NQ_TIMING_CASES));
    return ret_name;
}

void nq_timing_load(struct nq_timing *timing, const struct nq_tallies *tallies,
                    const char *owner)
{
    const uint64_t count = nq_tally_get(tallies, owner, COUNT);
    const uint64_t oldest = count < NQ_TIMING_CASES ? 0 : count - NQ_TIMING_CASES;
    *timing = (struct nq_timing){.count = oldest};
    for (uint64_t number = oldest; number < count; number++) {
        char name[NAME_SIZE];
        const uint64_t kept = nq_tally_get(tallies, owner, name_of(number, name));
        const uint32_t ms = (uint32_t)kept;
        timing->ring[number % NQ_TIMING_CASES] =
            (struct nq_timing_figure){.case_id = (uint32_t)(kept >> 32), .ms = ms};
        sort_in(timing->sorted, (uint32_t)(number - oldest), ms);
        timing->count++;
    }
}

void nq_timing_keep(const struct nq_timing *timing, struct nq_tallies *tallies,
                    const char *owner)
{
    const uint64_t number = timing->count - 1;
    const struct nq_timing_figure *newest = &timing->ring[number % NQ_TIMING_CASES];
    char name[NAME_SIZE];
    nq_tally_set(tallies, owner, name_of(number, name),
                 (uint64_t)newest->case_id << 32 | newest->ms);
    nq_tally_set(tallies, owner, COUNT, timing->count);
}
