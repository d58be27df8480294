/* SPDX-License-Identifier: Apache-2.0 */
/* scalars.c: branches 1 to 5 as rows: engine, cases, traps, timing, governor. */
#include "mib/tables.h"

#include "mib/source.h"

static struct nq_rows scalar_rows(void *source)
{
    struct nq_mib *mib = source;
    nq_mib_refresh(mib);
    return (struct nq_rows){
        .base = &mib->scalars, .count = 1, .stride = sizeof(mib->scalars)};
}

/* ---- what can be set ----------------------------------------------------------------- */

static int needs_engine(void *source, const void *row, const struct nq_new_value *value)
{
    (void)row;
    (void)value;
    const struct nq_mib *mib = source;
    return mib->engine ? SNMP_ERR_NOERROR : SNMP_ERR_RESOURCEUNAVAILABLE;
}

static void set_mode(void *source, const void *row, const struct nq_new_value *value)
{
    (void)row;
    struct nq_mib *mib = source;
    if (mib->engine) { /* it may have gone since RESERVE */
        nq_engine_set_mode(mib->engine, (enum nq_mode)value->number, value->actor);
    }
}

static const struct nq_writer mode_writer = {
    .low = NQ_MODE_OBSERVE,
    .high = NQ_MODE_END - 1,
    .may = needs_engine,
    .commit = set_mode,
};

static void reconcile(void *source, const void *row, const struct nq_new_value *value)
{
    (void)row;
    struct nq_mib *mib = source;
    if (mib->engine && value->number == NQ_PUSH_NOW) {
        nq_engine_reconcile(mib->engine, value->actor);
    }
}

static const struct nq_writer reconcile_writer = {
    .low = NQ_PUSH_IDLE,
    .high = NQ_PUSH_END - 1,
    .may = needs_engine,
    .commit = reconcile,
};

static void rearm(void *source, const void *row, const struct nq_new_value *value)
{
    (void)row;
    struct nq_mib *mib = source;
    if (mib->engine && value->number == NQ_PUSH_NOW) {
        nq_engine_rearm(mib->engine, value->actor);
    }
}

static const struct nq_writer rearm_writer = {
    .low = NQ_PUSH_IDLE,
    .high = NQ_PUSH_END - 1,
    .may = needs_engine,
    .commit = rearm,
};

/* ---- the rows ------------------------------------------------------------------------ */

#define ENGINE(n, name, asn, kind, field)                                                \
    NQ_RO(n, name, asn, kind, struct nq_scalars, field)
#define ENGINE_RW(n, name, asn, kind, field, writer)                                     \
    NQ_RW(n, name, asn, kind, struct nq_scalars, field, writer)
#define COUNT(n, name, counter)                                                          \
    NQ_RO(n, name, ASN_COUNTER64, u64, struct nq_scalars, view.counters[counter])

static const struct nq_column engine_columns[] = {
    ENGINE(1, nqEngineVersion, ASN_OCTET_STR, text, version),
    ENGINE_RW(2, nqEngineMode, ASN_INTEGER, u32, view.mode, &mode_writer),
    ENGINE(3, nqEngineHealth, ASN_INTEGER, u32, view.health),
    ENGINE(4, nqEngineHealthText, ASN_OCTET_STR, text, view.health_text),
    ENGINE(5, nqEngineStarted, ASN_OCTET_STR, date, view.started_ms),
    ENGINE(6, nqEngineHost, ASN_INTEGER, u32, host),
    ENGINE_RW(7, nqEngineReconcile, ASN_INTEGER, u32, idle, &reconcile_writer),
    ENGINE(8, nqEngineReconciledAt, ASN_UNSIGNED, seconds, view.reconciled_ms),
    ENGINE(9, nqEngineLogHead, ASN_OCTET_STR, text, view.log_head),
    ENGINE(10, nqNotifyBurst, ASN_UNSIGNED, u32, view.notify_burst),
    ENGINE(11, nqNotifyWindow, ASN_UNSIGNED, u32, view.notify_window_s),
    COUNT(12, nqNotifySuppressed, NQ_COUNT_NOTICES_SUPPRESSED),
    ENGINE(13, nqNotifySummaryOf, ASN_OCTET_STR, text, summary_of),
    ENGINE(14, nqNotifySummaryCount, ASN_UNSIGNED, u32, view.summary_count),
};

static const struct nq_column cases_columns[] = {
    ENGINE(1, nqCasesOpen, ASN_GAUGE, u32, view.cases_open),
    ENGINE(2, nqCasesQuarantined, ASN_GAUGE, u32, view.cases_quarantined),
    ENGINE(3, nqCasesIsolated, ASN_GAUGE, u32, view.cases_isolated),
    ENGINE(4, nqCasesHeld, ASN_GAUGE, u32, view.cases_held),
    ENGINE(5, nqCasesFailed, ASN_GAUGE, u32, view.cases_failed),
    COUNT(6, nqCasesOpened, NQ_COUNT_CASES_OPENED),
    COUNT(7, nqCasesReleased, NQ_COUNT_CASES_RELEASED),
    ENGINE(8, nqCasesOldestPending, ASN_UNSIGNED, u32, view.oldest_pending_ms),
    ENGINE(9, nqCasesLastChange, ASN_TIMETICKS, u32, last_change.ticks),
};

static const struct nq_column traps_columns[] = {
    COUNT(1, nqTrapsReceived, NQ_COUNT_TRAPS_RECEIVED),
    COUNT(2, nqTrapsActed, NQ_COUNT_TRAPS_ACTED),
    COUNT(3, nqTrapsCoalesced, NQ_COUNT_TRAPS_COALESCED),
    COUNT(4, nqTrapsIgnored, NQ_COUNT_TRAPS_IGNORED),
    COUNT(5, nqTrapsHeld, NQ_COUNT_TRAPS_HELD),
    COUNT(6, nqTrapsRefused, NQ_COUNT_TRAPS_REFUSED),
    COUNT(7, nqTrapsMalformed, NQ_COUNT_TRAPS_MALFORMED),
    COUNT(8, nqTrapsSpooled, NQ_COUNT_TRAPS_SPOOLED),
    COUNT(9, nqTrapsKernelDrops, NQ_COUNT_TRAPS_KERNEL_DROPS),
};

static const struct nq_column timing_columns[] = {
    ENGINE(1, nqTimingTagLast, ASN_UNSIGNED, u32, view.tag_times.last),
    ENGINE(2, nqTimingTagP50, ASN_UNSIGNED, u32, view.tag_times.p50),
    ENGINE(3, nqTimingTagP95, ASN_UNSIGNED, u32, view.tag_times.p95),
    ENGINE(4, nqTimingTagP99, ASN_UNSIGNED, u32, view.tag_times.p99),
    ENGINE(5, nqTimingTagMax, ASN_UNSIGNED, u32, view.tag_times.most),
    ENGINE(11, nqTimingIsolateLast, ASN_UNSIGNED, u32, view.isolate_times.last),
    ENGINE(12, nqTimingIsolateP50, ASN_UNSIGNED, u32, view.isolate_times.p50),
    ENGINE(13, nqTimingIsolateP95, ASN_UNSIGNED, u32, view.isolate_times.p95),
    ENGINE(14, nqTimingIsolateP99, ASN_UNSIGNED, u32, view.isolate_times.p99),
    ENGINE(15, nqTimingIsolateMax, ASN_UNSIGNED, u32, view.isolate_times.most),
};

static const struct nq_column governor_columns[] = {
    ENGINE(1, nqGovernorState, ASN_INTEGER, u32, view.governor_state),
    ENGINE(2, nqGovernorReason, ASN_OCTET_STR, text, view.governor_reason),
    ENGINE_RW(3, nqGovernorRearm, ASN_INTEGER, u32, idle, &rearm_writer),
    ENGINE(4, nqGovernorHourCount, ASN_GAUGE, u32, view.governor_hour_count),
    ENGINE(5, nqGovernorHourLimit, ASN_GAUGE, u32, view.governor_hour_limit),
};

#define SCALAR_BRANCH(label, number, rows_of, live)                                      \
    {                                                                                    \
        .name = (label), .branch = (number), .scalars = true, .columns = (rows_of),      \
        .column_count = NQ_LENGTH(rows_of),                                              \
        .index_offsets = {offsetof(struct nq_scalars, instance)}, .index_count = 1,      \
        .rows = scalar_rows, .is_live = (live)                                           \
    }

const struct nq_table nq_table_engine =
    SCALAR_BRANCH("nqEngine", 1, engine_columns, NULL);
const struct nq_table nq_table_cases =
    SCALAR_BRANCH("nqCases", 2, cases_columns, nq_mib_has_engine);
const struct nq_table nq_table_traps =
    SCALAR_BRANCH("nqTraps", 3, traps_columns, nq_mib_has_engine);
const struct nq_table nq_table_timing =
    SCALAR_BRANCH("nqTiming", 4, timing_columns, nq_mib_has_engine);
const struct nq_table nq_table_governor =
    SCALAR_BRANCH("nqGovernor", 5, governor_columns, nq_mib_has_engine);
