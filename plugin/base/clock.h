/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h: the two clocks, replaceable by tests.
 * Deadlines use mono_ms (never jumps); what people read and the store keeps uses wall_ms.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   never.
 * Limits  none.
 */
#ifndef NQ_BASE_CLOCK_H
#define NQ_BASE_CLOCK_H

#include <stdint.h>

struct nq_clock {
    int64_t (*wall_ms)(const struct nq_clock *clock); /* since 1970-01-01 UTC */
    int64_t (*mono_ms)(const struct nq_clock *clock); /* since an unknown moment, >= 0 */
};

extern const struct nq_clock nq_system_clock;

static inline int64_t nq_wall_ms(const struct nq_clock *clock)
{
    return clock->wall_ms(clock);
}

static inline int64_t nq_mono_ms(const struct nq_clock *clock)
{
    return clock->mono_ms(clock);
}

#endif
