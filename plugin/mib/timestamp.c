/* SPDX-License-Identifier: Apache-2.0 */
/* timestamp.c: see timestamp.h. */
#include "mib/timestamp.h"

#define MS_PER_TICK 10

void nq_timestamp_set(struct nq_timestamp *stamp, int64_t mono_ms, uint32_t uptime)
{
    *stamp = (struct nq_timestamp){.mono_ms = mono_ms, .ticks = uptime};
}

void nq_timestamp_follow(struct nq_timestamp *stamp, int64_t mono_ms, uint32_t uptime)
{
    const int64_t age = (mono_ms - stamp->mono_ms) / MS_PER_TICK;
    const int64_t ticks = uptime - age;
    const int64_t off = ticks - stamp->ticks;
    if (ticks < 0) {
        stamp->ticks = 0;
    } else if (off > NQ_TIMESTAMP_JITTER_TICKS || off < -NQ_TIMESTAMP_JITTER_TICKS ||
               stamp->ticks > uptime) { /* nothing happened in the future */
        stamp->ticks = (uint32_t)ticks;
    }
}
