/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c: the kernel's clocks. */
#include "base/clock.h"

#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec now;
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t wall_ms(const struct nq_clock *clock)
{
    (void)clock;
    return read_ms(CLOCK_REALTIME);
}

static int64_t mono_ms(const struct nq_clock *clock)
{
    (void)clock;
    return read_ms(CLOCK_MONOTONIC);
}

const struct nq_clock nq_system_clock = {.wall_ms = wall_ms, .mono_ms = mono_ms};
