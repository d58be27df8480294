/* SPDX-License-Identifier: Apache-2.0 */
/* limit.h: keeps us below the request rate of a manager, and away from one that is
 * overloaded. NSX refuses a client above 100 requests in a second (429) and sheds load
 * with 503. After such a refusal nothing is sent for a while, then one request probes.
 * Not for: how many exchanges are under way (asker.h). Pure state, no requests.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  per_s requests in any NQ_LIMIT_WINDOW_MS, a fifth of them, at most ten, for urgent
 *         ones only; a pause of NQ_LIMIT_FIRST_MS, doubled each time up to
 *         NQ_LIMIT_MOST_MS, or what the manager asks for, up to
 *         NQ_LIMIT_RETRY_AFTER_MAX_MS.
 */
#ifndef NQ_NSX_LIMIT_H
#define NQ_NSX_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

#define NQ_LIMIT_RATE_MAX           100
#define NQ_LIMIT_FIRST_MS           500
#define NQ_LIMIT_MOST_MS            30000
#define NQ_LIMIT_RETRY_AFTER_MAX_MS 300000

/* A little over a second: what leaves evenly may arrive closer together. */
#define NQ_LIMIT_WINDOW_MS 1050

/* nq_limit_wait_ms(): until the probe is over. */
#define NQ_LIMIT_AFTER_PROBE (-1)

typedef uint32_t nq_random_fn(void *arg);

/* How a request ended, as far as a limit cares. */
enum nq_limit_end {
    NQ_LIMIT_ANSWERED,
    NQ_LIMIT_REFUSED, /* too many, or too much */
    NQ_LIMIT_UNKNOWN, /* no answer, or given up: it says nothing about load */
};

struct nq_limit {
    const struct nq_clock *clock;
    nq_random_fn *random;
    void *random_arg;
    size_t per_s;
    int64_t sent_ms[NQ_LIMIT_RATE_MAX]; /* mono, of the last per_s requests: a ring */
    size_t next;                        /* the oldest one of the ring, once it is full */
    size_t filled;
    unsigned refusals;     /* in a row; 0: no pause */
    int64_t pause_ends_ms; /* mono; with refusals */
    bool probing;          /* the pause is over, one request tries */
};

void nq_limit_init(struct nq_limit *limit, const struct nq_clock *clock, size_t per_s,
                   nq_random_fn *random, void *random_arg);

/* 0: a request may be sent now. Above: ask again after so long. */
int64_t nq_limit_wait_ms(const struct nq_limit *limit, bool urgent);

/* true: there is no pause, and a request of no importance may be sent now. */
bool nq_limit_has_spare(const struct nq_limit *limit);

/* Notes that a request is sent now. true: it is the probe, and its end must be told. */
bool nq_limit_take(struct nq_limit *limit);

/* retry_after_ms: what the manager asked for, -1 for nothing. true: a pause begins. */
bool nq_limit_report(struct nq_limit *limit, bool probe, enum nq_limit_end end,
                     int64_t retry_after_ms);

/* A Retry-After header: seconds, or a date (RFC 9110, 10.2.3). -1 for NULL and for what
 * is neither. */
int64_t nq_limit_retry_after_ms(const char *text, int64_t now_wall_ms);

#endif
