/* SPDX-License-Identifier: Apache-2.0 */
/* views.c: what the MIB shows of the engine as a whole. */
#include "quarantine/engine_internal.h"

#include <stdio.h>

#include "base/text.h"

#define DROPS_SHOWN_MS (15 * 60 * 1000)

static uint32_t oldest_pending_ms(const struct nq_engine *engine)
{
    if (engine->state_counts[NQ_CASE_TAGGING] == 0) {
        return 0;
    }
    /* Case numbers rise with time, so the first pending row is the oldest. */
    for (size_t i = 0; i < engine->rows.count; i++) {
        const struct nq_case *record = engine->rows.of[i];
        if (record->state == NQ_CASE_TAGGING && record->tag_time_ms == 0) {
            return nq_span_ms(record->detected_ms, nq_engine_now(engine));
        }
    }
    return 0;
}

static void judge_health(const struct nq_engine *engine, struct nq_engine_view *view)
{
    size_t manager;
    struct nq_manager_status status;
    nq_managers_worst(engine, &manager, &status);
    char problem[2 * NQ_TEXT_MAX] = "";
    view->health = NQ_HEALTH_OK;
    if (engine->store_failed) {
        view->health = NQ_HEALTH_FAILED;
        nq_err_text(&engine->store_err, problem, sizeof(problem));
    } else if (status.state != NQ_MANAGER_UP && status.last_error) {
        view->health = NQ_HEALTH_DEGRADED;
        const int used =
            snprintf(problem, sizeof(problem),
                     "manager %s: ", engine->setup.conf->managers[manager].name);
        nq_err_text(status.last_error, problem + used, sizeof(problem) - (size_t)used);
    } else if (engine->dropped_ms > 0 &&
               nq_engine_now(engine) - engine->dropped_ms < DROPS_SHOWN_MS) {
        view->health = NQ_HEALTH_DEGRADED;
        (void)snprintf(problem, sizeof(problem),
                       "the kernel dropped traps (nqTrapsKernelDrops): raise "
                       "listen.receive_buffer and net.core.rmem_max");
    } else if (view->governor_state == NQ_GOVERNOR_TRIPPED) {
        view->health = NQ_HEALTH_DEGRADED;
        (void)snprintf(problem, sizeof(problem),
                       "the governor holds new cases: when that is right, set "
                       "nqGovernorRearm to rearm(2): %s",
                       view->governor_reason);
    } else if (view->cases_failed > 0) {
        view->health = NQ_HEALTH_DEGRADED;
        (void)snprintf(problem, sizeof(problem),
                       "%u cases failed: read nqVmReasonText, then set nqVmAdminState to "
                       "retry(5) or dismiss(4)",
                       view->cases_failed);
    } else {
        (void)snprintf(problem, sizeof(problem), "ok: mode %s, %u open cases",
                       nq_mode_name(engine->mode), view->cases_open);
    }
    view->health_text = nq_text_escape(problem, engine->health_text, NQ_TEXT_MAX + 1);
}

static uint32_t open_count(const struct nq_engine *engine)
{
    uint32_t count = 0;
    for (int state = NQ_CASE_OBSERVED; state < NQ_CASE_STATE_END; state++) {
        count += state == NQ_CASE_RELEASED ? 0 : engine->state_counts[state];
    }
    return count;
}

/* The oldest comparison of all managers; 0 while one of them has none. */
static int64_t reconciled_ms(const struct nq_engine *engine)
{
    int64_t oldest = INT64_MAX;
    for (size_t i = 0; i < engine->setup.conf->manager_count; i++) {
        const int64_t done = engine->reconciliations[i].done_ms;
        oldest = done < oldest ? done : oldest;
    }
    return oldest == INT64_MAX ? 0 : oldest;
}

static void view_governor(const struct nq_engine *engine, struct nq_engine_view *view)
{
    const int64_t limit = engine->setup.conf->governor.vms.hour;
    view->governor_state = nq_governor_state(
        &engine->governor, engine->mode == NQ_MODE_OBSERVE, &view->governor_hour_count,
        engine->governor_reason, NQ_TEXT_MAX + 1);
    view->governor_reason = engine->governor_reason;
    view->governor_hour_limit = (uint32_t)limit;
}

void nq_engine_view(const struct nq_engine *engine, struct nq_engine_view *ret_view)
{
    const uint32_t *counts = engine->state_counts;
    *ret_view = (struct nq_engine_view){
        .read_only = engine->setup.conf->snmp_read_only,
        .mode = engine->mode,
        .started_ms = engine->started_ms,
        .cases_open = open_count(engine),
        .cases_quarantined = counts[NQ_CASE_TAGGED] + counts[NQ_CASE_ISOLATED],
        .cases_isolated = counts[NQ_CASE_ISOLATED],
        .cases_held = counts[NQ_CASE_HELD],
        .cases_failed = counts[NQ_CASE_FAILED],
        .oldest_pending_ms = oldest_pending_ms(engine),
        .rows_changed = engine->rows_changed,
        .reconciled_ms = reconciled_ms(engine),
        .log_head = engine->log_head,
        .summary_of = engine->notices.summary_of,
        .summary_count = engine->notices.summary_count,
        .notify_burst = (uint32_t)engine->setup.conf->notifications.burst,
        .notify_window_s = (uint32_t)engine->setup.conf->notifications.window_s,
    };
    memcpy(ret_view->counters, engine->counters, sizeof(engine->counters));
    nq_timing_view(&engine->tag_times, &ret_view->tag_times);
    nq_timing_view(&engine->isolate_times, &ret_view->isolate_times);
    view_governor(engine, ret_view);
    judge_health(engine, ret_view);
}

const struct nq_case *const *nq_engine_cases(const struct nq_engine *engine,
                                             size_t *ret_count)
{
    *ret_count = engine->rows.count;
    return (const struct nq_case *const *)engine->rows.of;
}
