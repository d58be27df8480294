/* SPDX-License-Identifier: Apache-2.0 */
/* notices.c: what leaves as notifications: what is about the engine and its managers, and how
 * many of one kind. What is above the budget of a kind is counted, and one summary at the end
 * of the window tells how many. */
#include "quarantine/engine_internal.h"

#include <inttypes.h>

#define MS_PER_S 1000

static void deliver(struct nq_engine *engine, enum nq_notice notice, const void *row)
{
    const struct nq_observer *observer = &engine->setup.observer;
    if (observer->on_notice) {
        observer->on_notice(observer->arg, notice, row);
    }
}

/* ---- the budget of a kind -------------------------------------------------------------- */

static void await_windows(struct nq_engine *engine);

static struct nq_notice_window *window_of(struct nq_engine *engine, enum nq_notice notice)
{
    struct nq_notice_window *window = &engine->notices.windows[notice];
    if (window->ends_ms == 0) {
        window->ends_ms = nq_mono_ms(engine->setup.clock) +
                          engine->setup.conf->notifications.window_s * MS_PER_S;
        await_windows(engine);
    }
    return window;
}

static void tell_summary(struct nq_engine *engine, enum nq_notice notice, uint32_t over)
{
    engine->notices.summary_of = notice;
    engine->notices.summary_count = over;
    deliver(engine, NQ_NOTICE_SUPPRESSED, NULL);
    nq_engine_wake(engine); /* the count becomes durable, if nothing else made it so */
}

static void on_window(void *arg)
{
    struct nq_engine *engine = arg;
    for (int notice = 0; notice < NQ_NOTICE_END; notice++) {
        struct nq_notice_window *window = &engine->notices.windows[notice];
        if (window->ends_ms == 0 || nq_mono_ms(engine->setup.clock) < window->ends_ms) {
            continue;
        }
        const uint32_t over = window->over;
        *window = (struct nq_notice_window){0}; /* the next one begins a window */
        if (over > 0) {
            tell_summary(engine, (enum nq_notice)notice, over);
        }
    }
    await_windows(engine);
}

/* One timer for all kinds, at the end of the first window. */
static void await_windows(struct nq_engine *engine)
{
    int64_t first_ms = 0;
    for (int notice = 0; notice < NQ_NOTICE_END; notice++) {
        const int64_t ends_ms = engine->notices.windows[notice].ends_ms;
        if (ends_ms > 0 && (first_ms == 0 || ends_ms < first_ms)) {
            first_ms = ends_ms;
        }
    }
    if (first_ms > 0) {
        const int64_t wait_ms = first_ms - nq_mono_ms(engine->setup.clock);
        nq_timer_set(engine->setup.loop, &engine->notices.window_end,
                     wait_ms > 0 ? wait_ms : 0, on_window, engine);
    }
}

/* Not made durable by a turn of its own: in a storm that would be one more commit each. */
static void hold_back(struct nq_engine *engine, struct nq_notice_window *window)
{
    window->over++;
    nq_engine_count(engine, NQ_COUNT_NOTICES_SUPPRESSED);
}

void nq_notices_out(struct nq_engine *engine, enum nq_notice notice, const void *row)
{
    const int64_t burst = engine->setup.conf->notifications.burst;
    if (burst == 0) {
        deliver(engine, notice, row);
        return;
    }
    struct nq_notice_window *window = window_of(engine, notice);
    if (window->passed < burst) {
        window->passed++;
        deliver(engine, notice, row);
    } else {
        hold_back(engine, window);
    }
}

void nq_engine_notice_lost(struct nq_engine *engine, enum nq_notice notice)
{
    if (notice == NQ_NOTICE_SUPPRESSED) { /* what it was about is counted already */
        nq_engine_count(engine, NQ_COUNT_NOTICES_SUPPRESSED);
    } else {
        hold_back(engine, window_of(engine, notice));
    }
}

void nq_notices_close(struct nq_engine *engine)
{
    uint64_t over = 0;
    for (int notice = 0; notice < NQ_NOTICE_END; notice++) {
        over += engine->notices.windows[notice].over;
    }
    nq_timer_clear(engine->setup.loop, &engine->notices.window_end);
    if (over > 0) {
        nq_log(NQ_LOG_WARNING,
               "notifications were held back and not summarised before the stop: "
               "count=%" PRIu64 ": read nqVmTable",
               over);
        nq_engine_wake(engine); /* the last commit takes the count along */
    }
}

/* ---- what is about no case ------------------------------------------------------------- */

void nq_engine_notice(struct nq_engine *engine, enum nq_notice notice)
{
    engine->notices.of_engine[notice] = true;
}

static void announce_managers(struct nq_engine *engine)
{
    for (size_t i = 0; i < engine->setup.conf->manager_count; i++) {
        const enum nq_notice notice = engine->manager_watches[i].notice;
        engine->manager_watches[i].notice = NQ_NOTICE_NONE;
        if (notice != NQ_NOTICE_NONE) {
            size_t count;
            nq_notices_out(engine, notice, &nq_engine_managers(engine, &count)[i]);
        }
    }
}

void nq_notices_announce(struct nq_engine *engine)
{
    for (int notice = 0; notice < NQ_NOTICE_END; notice++) {
        const bool due = engine->notices.of_engine[notice];
        engine->notices.of_engine[notice] = false;
        if (due) {
            nq_notices_out(engine, (enum nq_notice)notice, NULL);
        }
    }
    announce_managers(engine);
}
