/* SPDX-License-Identifier: Apache-2.0 */
/* scalars.c: branches 1 to 3 as rows: engine, cases, traps. */
#include "mib/tables.h"

#include "mib/source.h"

static struct nq_rows scalar_rows(void *source)
{
    struct nq_mib *mib = source;
    nq_mib_refresh(mib);
    return (struct nq_rows){
        .base = &mib->scalars, .count = 1, .stride = sizeof(mib->scalars)};
}

/* ---- nqEngineMode -------------------------------------------------------------------- */

static int may_set_mode(void *source, const void *row, const struct nq_new_value *value)
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
    .may = may_set_mode,
    .commit = set_mode,
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
    ENGINE(9, nqCasesLastChange, ASN_TIMETICKS, u32, last_change),
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

#define SCALAR_BRANCH(label, number, rows_of)                                            \
    {                                                                                    \
        .name = (label), .branch = (number), .scalars = true, .columns = (rows_of),      \
        .column_count = NQ_LENGTH(rows_of),                                              \
        .index_offsets = {offsetof(struct nq_scalars, instance)}, .index_count = 1,      \
        .rows = scalar_rows                                                              \
    }

const struct nq_table nq_table_engine = SCALAR_BRANCH("nqEngine", 1, engine_columns);
const struct nq_table nq_table_cases = SCALAR_BRANCH("nqCases", 2, cases_columns);
const struct nq_table nq_table_traps = SCALAR_BRANCH("nqTraps", 3, traps_columns);
