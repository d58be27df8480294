/* SPDX-License-Identifier: Apache-2.0 */
/* schedule.c: recurring windows by day and hour, and single ones between two moments. */
#include "schedule.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "groups.h"

static const struct sim_json_member scheduler_members[] = {
    {"id", SIM_JSON_STRING, true},
    {"display_name", SIM_JSON_STRING, false},
    {"description", SIM_JSON_STRING, false},
    {"resource_type", SIM_JSON_STRING, false},
    {"tags", SIM_JSON_OBJECTS, false},
    {"recurring", SIM_JSON_BOOL, true},
    {"timezone", SIM_JSON_STRING, true},
    {"start_date", SIM_JSON_STRING, true},
    {"end_date", SIM_JSON_STRING, true},
    {"start_time", SIM_JSON_STRING, false},
    {"end_time", SIM_JSON_STRING, false},
    {"days", SIM_JSON_STRINGS, false},
    {"time_interval", SIM_JSON_OBJECTS, false},
    SIM_POLICY_OBJECT_MEMBERS,
};

static const struct sim_json_member interval_members[] = {
    {"start_interval", SIM_JSON_STRING, true},
    {"end_interval", SIM_JSON_STRING, true},
};

/* As struct tm counts them. */
static const char *const day_names[] = {"SUNDAY",   "MONDAY", "TUESDAY", "WEDNESDAY",
                                        "THURSDAY", "FRIDAY", "SATURDAY"};

/* Two or three numbers between single separators, as in 12/22/2019 and 9:30. */
static bool read_numbers(const char *text, char separator, size_t count,
                         unsigned *numbers)
{
    for (size_t i = 0; i < count; i++) {
        size_t part = strspn(text, "0123456789");
        char *digits = sim_strndup(text, part);
        uint64_t number = 0;
        bool good = part <= 4 && sim_parse_number(digits, 9999, &number) &&
                    text[part] == (i + 1 < count ? separator : '\0');

        free(digits);
        if (!good) {
            return false;
        }
        numbers[i] = (unsigned)number;
        text += part + 1;
    }
    return true;
}

/* A date as a number whose order is that of time: year, month, day. */
static bool read_date(const cJSON *doc, const char *name, unsigned *ret_date)
{
    unsigned n[3] = {0};

    if (!read_numbers(sim_json_text(doc, name, ""), '/', 3, n) || n[0] < 1 || n[0] > 12 ||
        n[1] < 1 || n[1] > 31) {
        return false;
    }
    *ret_date = (n[2] * 100 + n[0]) * 100 + n[1];
    return true;
}

/* A time of the day in minutes. */
static bool read_time(const cJSON *doc, const char *name, unsigned *ret_minutes)
{
    unsigned n[2] = {0};

    if (!read_numbers(sim_json_text(doc, name, ""), ':', 2, n) || n[0] > 24 ||
        n[1] % 30 != 0 || n[0] * 60 + n[1] > 24 * 60) {
        return false;
    }
    *ret_minutes = n[0] * 60 + n[1];
    return true;
}

static bool check_recurring(const cJSON *doc, const char *where, struct sim_err *err)
{
    const cJSON *item;
    unsigned minutes;

    cJSON_ArrayForEach(item, sim_json_get(doc, "days"))
    {
        bool known = false;

        for (size_t i = 0; i < SIM_COUNT_OF(day_names); i++) {
            known = known || strcmp(item->valuestring, day_names[i]) == 0;
        }
        if (!known) {
            return sim_fail(err, "%s.days: no such day: %s", where, item->valuestring);
        }
    }
    cJSON_ArrayForEach(item, sim_json_get(doc, "time_interval"))
    {
        if (!SIM_JSON_CHECK(item, interval_members, where, err)) {
            return false;
        }
        if (!read_time(item, "start_interval", &minutes) ||
            !read_time(item, "end_interval", &minutes)) {
            return sim_fail(err, "%s.time_interval: must be as 9:30", where);
        }
    }
    return (sim_json_get(doc, "start_time") == NULL &&
            sim_json_get(doc, "end_time") == NULL) ||
           sim_fail(err, "%s: start_time and end_time only when not recurring", where);
}

static bool check_single(const cJSON *doc, const char *where, struct sim_err *err)
{
    unsigned minutes;

    if (sim_json_get(doc, "days") != NULL || sim_json_get(doc, "time_interval") != NULL) {
        return sim_fail(err, "%s: days and time_interval only when recurring", where);
    }
    return (read_time(doc, "start_time", &minutes) &&
            read_time(doc, "end_time", &minutes)) ||
           sim_fail(err, "%s: start_time and end_time must be as 9:30", where);
}

static bool check(const cJSON *doc, const char *where, struct sim_err *err)
{
    const char *zone = sim_json_text(doc, "timezone", "");
    unsigned date;

    if (!SIM_JSON_CHECK(doc, scheduler_members, where, err)) {
        return false;
    }
    if (strcmp(zone, "UTC") != 0 && strcmp(zone, "LOCAL") != 0) {
        return sim_fail(err, "%s.timezone: must be UTC or LOCAL", where);
    }
    if (!read_date(doc, "start_date", &date) || !read_date(doc, "end_date", &date)) {
        return sim_fail(err, "%s: start_date and end_date must be as 12/22/2019", where);
    }
    return sim_json_bool(doc, "recurring", true) ? check_recurring(doc, where, err)
                                                 : check_single(doc, where, err);
}

cJSON *sim_schedule_new(const cJSON *doc, const char *where, struct sim_err *err)
{
    cJSON *copy;
    char *path;

    if (!check(doc, where, err)) {
        return NULL;
    }
    copy = cJSON_Duplicate(doc, 1);
    path = sim_format("/infra/firewall-schedulers/%s", sim_json_text(doc, "id", ""));
    sim_policy_defaults(copy, "PolicyFirewallScheduler", "/infra", path);
    free(path);
    return copy;
}

const cJSON *sim_schedule_find(const cJSON *schedulers, const char *path)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, schedulers)
    {
        if (strcmp(sim_json_text(item, "path", ""), path) == 0) {
            return item;
        }
    }
    return NULL;
}

static bool on_day(const cJSON *scheduler, int weekday)
{
    const cJSON *days = sim_json_get(scheduler, "days");
    const cJSON *item;

    cJSON_ArrayForEach(item, days)
    {
        if (strcmp(item->valuestring, day_names[weekday]) == 0) {
            return true;
        }
    }
    return cJSON_GetArraySize(days) == 0;
}

static bool at_time(const cJSON *scheduler, unsigned minutes)
{
    const cJSON *intervals = sim_json_get(scheduler, "time_interval");
    const cJSON *item;

    cJSON_ArrayForEach(item, intervals)
    {
        unsigned start = 0;
        unsigned end = 0;

        if (read_time(item, "start_interval", &start) &&
            read_time(item, "end_interval", &end) && minutes >= start && minutes < end) {
            return true;
        }
    }
    return cJSON_GetArraySize(intervals) == 0;
}

bool sim_schedule_is_active(const cJSON *scheduler, int64_t epoch_ms)
{
    bool utc = strcmp(sim_json_text(scheduler, "timezone", ""), "UTC") == 0;
    time_t seconds = (time_t)(epoch_ms / 1000);
    unsigned start_date = 0;
    unsigned end_date = 0;
    unsigned start_time = 0;
    unsigned end_time = 24 * 60;
    struct tm now;
    unsigned date;
    unsigned minutes;

    if ((utc ? gmtime_r(&seconds, &now) : localtime_r(&seconds, &now)) == NULL) {
        abort();
    }
    date = ((unsigned)(now.tm_year + 1900) * 100 + (unsigned)now.tm_mon + 1) * 100 +
           (unsigned)now.tm_mday;
    minutes = (unsigned)(now.tm_hour * 60 + now.tm_min);
    (void)read_date(scheduler, "start_date", &start_date);
    (void)read_date(scheduler, "end_date", &end_date);
    if (sim_json_bool(scheduler, "recurring", true)) {
        return date >= start_date && date <= end_date && on_day(scheduler, now.tm_wday) &&
               at_time(scheduler, minutes);
    }
    (void)read_time(scheduler, "start_time", &start_time);
    (void)read_time(scheduler, "end_time", &end_time);
    return (date > start_date || (date == start_date && minutes >= start_time)) &&
           (date < end_date || (date == end_date && minutes < end_time));
}
