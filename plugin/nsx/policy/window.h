/* SPDX-License-Identifier: Apache-2.0 */
/* window.h: is the time window of a firewall scheduler open? Pure.
 * A security policy with a scheduler acts in that window only. Hosts apply it in the time
 * zone that the scheduler names; only UTC is the same everywhere, so any other zone, and
 * anything that does not read as documented, cannot be judged.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   never: what cannot be read gives a window that cannot be judged.
 * Limits  NQ_WINDOW_INTERVALS_MAX intervals of a day; years 1970 to 9999.
 */
#ifndef NQ_NSX_POLICY_WINDOW_H
#define NQ_NSX_POLICY_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NQ_WINDOW_INTERVALS_MAX 48 /* times are multiples of 30 minutes */
#define NQ_WINDOW_DAYS_MAX      7

enum nq_window_state { NQ_WINDOW_UNKNOWN, NQ_WINDOW_OPEN, NQ_WINDOW_CLOSED };

/* A scheduler as NSX tells it. Texts are never NULL, "" where NSX says nothing. */
struct nq_scheduler {
    const char *timezone;
    const char *start_date; /* 02/22/2019 */
    const char *end_date;   /* the last day */
    bool recurring;
    /* Not recurring: from start_time of the first day to end_time of the last one. */
    const char *start_time; /* 9:00 */
    const char *end_time;
    /* Recurring: on these days of the week, all when there are none; in these intervals,
     * the whole day when there are none. */
    size_t day_count;
    const char *days[NQ_WINDOW_DAYS_MAX]; /* MONDAY, ... */
    size_t interval_count;
    struct nq_interval_text {
        const char *start;
        const char *end;
    } intervals[NQ_WINDOW_INTERVALS_MAX];
};

/* The same as numbers. Zeroed: cannot be judged. */
struct nq_window {
    bool judgeable;
    bool recurring;
    int64_t first_minute; /* UTC, since 1970 */
    int64_t end_minute;   /* the first one after it */
    unsigned days;        /* set of 1 << day of the week, Sunday is 0 */
    size_t interval_count;
    struct nq_interval {
        int from; /* minutes of the day */
        int to;
    } intervals[NQ_WINDOW_INTERVALS_MAX];
};

struct nq_window nq_window_read(const struct nq_scheduler *scheduler);

enum nq_window_state nq_window_at(const struct nq_window *window, int64_t wall_ms);

#endif
