/* SPDX-License-Identifier: Apache-2.0 */
/* window.c: see window.h. */
#include "nsx/policy/window.h"

#include <string.h>

#define DAY_MINUTES 1440
#define ALL_DAYS    0x7FU

/* ---- texts ------------------------------------------------------------------------- */

/* Reads up to most digits and moves *text behind them; -1 when there is none. */
static int digits(const char **text, int most)
{
    int value = -1;
    for (; most > 0 && **text >= '0' && **text <= '9'; most--, (*text)++) {
        value = (value < 0 ? 0 : value * 10) + (**text - '0');
    }
    return value;
}

static bool skip(const char **text, char expected)
{
    const bool there = **text == expected;
    *text += there;
    return there;
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* MM/DD/YYYY as days since 1970. */
static bool read_date(const char *text, int64_t *ret_day)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int month = digits(&text, 2);
    const bool slash = skip(&text, '/');
    const int day = digits(&text, 2);
    const bool second = skip(&text, '/');
    const int year = digits(&text, 4);
    if (!slash || !second || *text != '\0' || month < 1 || month > 12 || year < 1970) {
        return false;
    }
    if (day < 1 || day > lengths[month - 1] + (month == 2 && is_leap(year))) {
        return false;
    }
    int64_t days = day - 1;
    for (int i = 1970; i < year; i++) {
        days += 365 + is_leap(i);
    }
    for (int i = 1; i < month; i++) {
        days += lengths[i - 1] + (i == 2 && is_leap(year));
    }
    *ret_day = days;
    return true;
}

/* H:MM or HH:MM, 24:00 included. */
static bool read_time(const char *text, int *ret_minute)
{
    const int hour = digits(&text, 2);
    const bool colon = skip(&text, ':');
    const int minute = digits(&text, 2);
    *ret_minute = hour * 60 + minute;
    return colon && *text == '\0' && hour >= 0 && minute >= 0 && minute < 60 &&
           *ret_minute <= DAY_MINUTES;
}

static bool read_weekday(const char *text, unsigned *days)
{
    static const char *const names[] = {"SUNDAY",   "MONDAY", "TUESDAY", "WEDNESDAY",
                                        "THURSDAY", "FRIDAY", "SATURDAY"};
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], text) == 0) {
            *days |= 1U << i;
            return true;
        }
    }
    return false;
}

/* ---- windows ----------------------------------------------------------------------- */

static bool read_recurring(const struct nq_scheduler *scheduler, struct nq_window *window)
{
    for (size_t i = 0; i < scheduler->day_count; i++) {
        if (!read_weekday(scheduler->days[i], &window->days)) {
            return false;
        }
    }
    if (scheduler->day_count == 0) {
        window->days = ALL_DAYS;
    }
    for (size_t i = 0; i < scheduler->interval_count; i++) {
        struct nq_interval *interval = &window->intervals[i];
        if (!read_time(scheduler->intervals[i].start, &interval->from) ||
            !read_time(scheduler->intervals[i].end, &interval->to) ||
            interval->from >= interval->to) {
            return false;
        }
    }
    window->interval_count = scheduler->interval_count;
    return true;
}

struct nq_window nq_window_read(const struct nq_scheduler *scheduler)
{
    const struct nq_window none = {0};
    struct nq_window window = {.recurring = scheduler->recurring};
    int64_t first_day;
    int64_t last_day;
    int from = 0;
    int to = DAY_MINUTES;
    if (strcmp(scheduler->timezone, "UTC") != 0 ||
        !read_date(scheduler->start_date, &first_day) ||
        !read_date(scheduler->end_date, &last_day)) {
        return none;
    }
    if (!scheduler->recurring && (!read_time(scheduler->start_time, &from) ||
                                  !read_time(scheduler->end_time, &to))) {
        return none;
    }
    if (scheduler->recurring && !read_recurring(scheduler, &window)) {
        return none;
    }
    window.first_minute = first_day * DAY_MINUTES + from;
    window.end_minute = last_day * DAY_MINUTES + to;
    window.judgeable = window.first_minute < window.end_minute;
    return window;
}

enum nq_window_state nq_window_at(const struct nq_window *window, int64_t wall_ms)
{
    if (!window->judgeable) {
        return NQ_WINDOW_UNKNOWN;
    }
    const int64_t minute = wall_ms / 60000;
    if (minute < window->first_minute || minute >= window->end_minute) {
        return NQ_WINDOW_CLOSED;
    }
    if (!window->recurring) {
        return NQ_WINDOW_OPEN;
    }
    /* 1 January 1970 was a Thursday. */
    const unsigned weekday = (unsigned)((minute / DAY_MINUTES + 4) % 7);
    const int now = (int)(minute % DAY_MINUTES);
    bool inside = window->interval_count == 0;
    for (size_t i = 0; i < window->interval_count && !inside; i++) {
        inside = now >= window->intervals[i].from && now < window->intervals[i].to;
    }
    return inside && (window->days & (1U << weekday)) ? NQ_WINDOW_OPEN : NQ_WINDOW_CLOSED;
}
