/* SPDX-License-Identifier: Apache-2.0 */
/* backoff.h: how long to wait before the next attempt.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any; a pure function.
 * Fails   never.
 * Limits  the result is at least half of the step and at most most_ms.
 */
#ifndef NQ_QUARANTINE_BACKOFF_H
#define NQ_QUARANTINE_BACKOFF_H

#include <stdint.h>

/* attempts: failures so far. 0 gives 0. Otherwise first_ms doubled for each further
 * attempt, at most most_ms, of which the upper half is spread by random (any number), so
 * that many cases do not come back at the same moment. */
int64_t nq_backoff_ms(uint32_t attempts, int64_t first_ms, int64_t most_ms,
                      uint32_t random);

#endif
