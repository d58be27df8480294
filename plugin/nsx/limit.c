/* SPDX-License-Identifier: Apache-2.0 */
/* limit.c: see limit.h. */
#include "nsx/limit.h"

#include <sys/param.h>

#include "nsx/http.h"

/* One of so many requests is kept for urgent ones, but no more than what a storm of tags
 * needs. */
#define RESERVED_PART 5
#define RESERVED_MOST 10

void nq_limit_init(struct nq_limit *limit, const struct nq_clock *clock, size_t per_s,
                   nq_random_fn *random, void *random_arg)
{
    *limit = (struct nq_limit){
        .clock = clock,
        .random = random,
        .random_arg = random_arg,
        .per_s = MAX(1, MIN(per_s, NQ_LIMIT_RATE_MAX)),
    };
}

int64_t nq_limit_wait_ms(const struct nq_limit *limit, bool urgent)
{
    const int64_t now_ms = nq_mono_ms(limit->clock);
    const size_t reserved = urgent ? 0 : MIN(limit->per_s / RESERVED_PART, RESERVED_MOST);
    const size_t most = limit->per_s - reserved;
    int64_t wait_ms = 0;
    if (limit->probing) {
        return NQ_LIMIT_AFTER_PROBE;
    }
    if (limit->refusals > 0) {
        wait_ms = MAX(0, limit->pause_ends_ms - now_ms);
    }
    if (limit->filled >= most) {
        const size_t before = (limit->next + limit->per_s - most) % limit->per_s;
        const int64_t free_ms = limit->sent_ms[before] + NQ_LIMIT_WINDOW_MS;
        wait_ms = MAX(wait_ms, free_ms - now_ms);
    }
    return wait_ms;
}

bool nq_limit_has_spare(const struct nq_limit *limit)
{
    return limit->refusals == 0 && nq_limit_wait_ms(limit, false) == 0;
}

bool nq_limit_take(struct nq_limit *limit)
{
    limit->sent_ms[limit->next] = nq_mono_ms(limit->clock);
    limit->next = (limit->next + 1) % limit->per_s;
    limit->filled = MIN(limit->filled + 1, limit->per_s);
    limit->probing = limit->refusals > 0;
    return limit->probing;
}

/* Half of it is left to chance: many clients that were refused together must not come
 * back together. */
static int64_t back_off_ms(const struct nq_limit *limit)
{
    const unsigned doublings = MIN(limit->refusals - 1, 16U);
    const int64_t full_ms =
        MIN((int64_t)NQ_LIMIT_FIRST_MS << doublings, (int64_t)NQ_LIMIT_MOST_MS);
    const int64_t half_ms = full_ms / 2;
    return half_ms + limit->random(limit->random_arg) % (half_ms + 1);
}

bool nq_limit_report(struct nq_limit *limit, bool probe, enum nq_limit_end end,
                     int64_t retry_after_ms)
{
    const int64_t asked_ms = MIN(retry_after_ms, NQ_LIMIT_RETRY_AFTER_MAX_MS);
    const int64_t now_ms = nq_mono_ms(limit->clock);
    const bool first = limit->refusals == 0;
    if (probe) {
        limit->probing = false;
    }
    if (end == NQ_LIMIT_REFUSED && (probe || first)) {
        limit->refusals++;
        limit->pause_ends_ms = now_ms + MAX(asked_ms, back_off_ms(limit));
    } else if (end == NQ_LIMIT_REFUSED) {
        /* It was under way before the pause, and makes it longer only if asked to. */
        limit->pause_ends_ms = MAX(limit->pause_ends_ms, now_ms + asked_ms);
    } else if (end == NQ_LIMIT_ANSWERED && probe) {
        limit->refusals = 0;
    }
    return first && limit->refusals > 0;
}

/* Whole seconds, of which far more than the maximum may be asked for. -1: no number. */
static int64_t seconds_of(const char *text)
{
    int64_t seconds = -1;
    for (; *text >= '0' && *text <= '9'; text++) {
        seconds = MIN(MAX(seconds, 0) * 10 + (*text - '0'), NQ_LIMIT_RETRY_AFTER_MAX_MS);
    }
    return *text == '\0' ? seconds : -1;
}

int64_t nq_limit_retry_after_ms(const char *text, int64_t now_wall_ms)
{
    if (!text) {
        return -1;
    }
    const int64_t seconds = seconds_of(text);
    if (seconds >= 0) {
        return seconds * 1000;
    }
    const int64_t date_ms = nq_http_date_ms(text);
    return date_ms < 0 ? -1 : MAX(0, date_ms - now_wall_ms);
}
