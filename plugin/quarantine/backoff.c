/* SPDX-License-Identifier: Apache-2.0 */
/* backoff.c: capped exponential back-off with jitter. */
#include "quarantine/backoff.h"

int64_t nq_backoff_ms(uint32_t attempts, int64_t first_ms, int64_t most_ms,
                      uint32_t random)
{
    if (attempts == 0) {
        return 0;
    }
    int64_t step = first_ms;
    for (uint32_t i = 1; i < attempts && step < most_ms; i++) {
        step *= 2;
    }
    if (step > most_ms) {
        step = most_ms;
    }
    const int64_t half = step / 2;
    return step - half + (half > 0 ? (int64_t)random % (half + 1) : 0);
}
