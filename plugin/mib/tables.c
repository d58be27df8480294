/* SPDX-License-Identifier: Apache-2.0 */
/* tables.c: branches 6 and 7, cases and groups, as rows; and the list of all branches. */
#include "mib/tables.h"

#include "mib/source.h"

/* ---- nqVmTable ----------------------------------------------------------------------- */

static struct nq_rows vm_rows(void *source)
{
    const struct nq_mib *mib = source;
    struct nq_rows rows = {0};
    if (mib->engine) {
        rows.base = nq_engine_cases(mib->engine, &rows.count);
    }
    return rows;
}

static int may_command(void *source, const void *row, const struct nq_new_value *value)
{
    const struct nq_mib *mib = source;
    const struct nq_case *record = row;
    return nq_engine_may(mib->engine, record->id, (enum nq_wanted)value->number)
               ? SNMP_ERR_NOERROR
               : SNMP_ERR_INCONSISTENTVALUE;
}

static void command(void *source, const void *row, const struct nq_new_value *value)
{
    const struct nq_mib *mib = source;
    const struct nq_case *record = row;
    nq_engine_command(mib->engine, record->id, (enum nq_wanted)value->number,
                      value->actor);
}

static void comment(void *source, const void *row, const struct nq_new_value *value)
{
    const struct nq_mib *mib = source;
    const struct nq_case *record = row;
    nq_engine_comment(mib->engine, record->id, value->text, value->actor);
}

static const struct nq_writer admin_writer = {
    .low = NQ_WANT_QUARANTINE,
    .high = NQ_WANT_END - 1,
    .may = may_command,
    .commit = command,
};

static const struct nq_writer comment_writer = {.commit = comment};

#define VM(n, name, asn, kind, field) NQ_RO(n, name, asn, kind, struct nq_case, field)
#define VM_RW(n, name, asn, kind, field, writer)                                         \
    NQ_RW(n, name, asn, kind, struct nq_case, field, writer)

static const struct nq_column vm_columns[] = {
    NQ_INDEX(1, nqVmCase, struct nq_case, id),
    VM(2, nqVmManager, ASN_UNSIGNED, u32, manager),
    VM(3, nqVmName, ASN_OCTET_STR, text, name),
    VM(4, nqVmExternalId, ASN_OCTET_STR, text, external_id),
    VM(5, nqVmHostName, ASN_OCTET_STR, text, host_name),
    VM(6, nqVmAddresses, ASN_OCTET_STR, text, addresses),
    VM(7, nqVmOperState, ASN_INTEGER, u32, state),
    VM_RW(8, nqVmAdminState, ASN_INTEGER, u32, wanted, &admin_writer),
    VM(9, nqVmReason, ASN_INTEGER, u32, reason),
    VM(10, nqVmReasonText, ASN_OCTET_STR, text, reason_text),
    VM(11, nqVmTrigger, ASN_OCTET_STR, text, trigger),
    VM(12, nqVmCause, ASN_OCTET_STR, text, cause),
    VM(13, nqVmSignals, ASN_COUNTER, u32, signals),
    VM(14, nqVmRungs, ASN_OCTET_STR, bits, rungs),
    VM(15, nqVmDetected, ASN_OCTET_STR, date, detected_ms),
    VM(16, nqVmDetectedAt, ASN_UNSIGNED, seconds, detected_ms),
    VM(17, nqVmTagTime, ASN_UNSIGNED, u32, tag_time_ms),
    VM(18, nqVmIsolateTime, ASN_UNSIGNED, u32, isolate_time_ms),
    VM(19, nqVmChangedAt, ASN_UNSIGNED, seconds, changed_ms),
    VM(20, nqVmChangedBy, ASN_OCTET_STR, text, changed_by),
    VM(21, nqVmReleaseAt, ASN_UNSIGNED, seconds, release_at_ms),
    VM(22, nqVmOwner, ASN_INTEGER, u32, owner),
    VM(23, nqVmTag, ASN_OCTET_STR, text, tag),
    VM(24, nqVmLastError, ASN_OCTET_STR, text, last_error),
    VM_RW(25, nqVmComment, ASN_OCTET_STR, text, comment, &comment_writer),
};

const struct nq_table nq_table_vms = {
    .name = "nqVmTable",
    .branch = 6,
    .columns = vm_columns,
    .column_count = NQ_LENGTH(vm_columns),
    .index_offsets = {offsetof(struct nq_case, id)},
    .index_count = 1,
    .rows = vm_rows,
    .is_live = nq_mib_has_engine,
};

/* ---- nqGroupTable -------------------------------------------------------------------- */

static struct nq_rows group_rows(void *source)
{
    const struct nq_mib *mib = source;
    struct nq_rows rows = {.stride = sizeof(struct nq_group_row)};
    if (mib->engine) {
        rows.base = nq_engine_groups(mib->engine, &rows.count);
    }
    return rows;
}

#define GROUP(n, name, asn, kind, field)                                                 \
    NQ_RO(n, name, asn, kind, struct nq_group_row, field)

static const struct nq_column group_columns[] = {
    NQ_INDEX(1, nqGroupIndex, struct nq_group_row, index),
    GROUP(2, nqGroupManager, ASN_UNSIGNED, u32, manager),
    GROUP(3, nqGroupName, ASN_OCTET_STR, text, name),
    GROUP(4, nqGroupPath, ASN_OCTET_STR, text, path),
    GROUP(5, nqGroupRole, ASN_INTEGER, u32, role),
    GROUP(6, nqGroupMembers, ASN_GAUGE, u32, members),
    GROUP(7, nqGroupTagged, ASN_GAUGE, u32, tagged),
    GROUP(8, nqGroupEntered, ASN_COUNTER64, u64, counters.entered),
    GROUP(9, nqGroupLeft, ASN_COUNTER64, u64, counters.left),
    GROUP(10, nqGroupCases, ASN_COUNTER64, u64, counters.cases),
    GROUP(11, nqGroupReleases, ASN_COUNTER64, u64, counters.releases),
    GROUP(12, nqGroupFailures, ASN_COUNTER64, u64, counters.failures),
    GROUP(13, nqGroupChangedAt, ASN_UNSIGNED, seconds, changed_ms),
    GROUP(14, nqGroupPackets, ASN_COUNTER64, u64, traffic[NQ_TRAFFIC_PACKETS]),
    GROUP(15, nqGroupBytes, ASN_COUNTER64, u64, traffic[NQ_TRAFFIC_BYTES]),
    GROUP(16, nqGroupSessions, ASN_COUNTER64, u64, traffic[NQ_TRAFFIC_SESSIONS]),
    GROUP(17, nqGroupHits, ASN_COUNTER64, u64, traffic[NQ_TRAFFIC_HITS]),
    GROUP(18, nqGroupRealized, ASN_INTEGER, u32, realized),
};

const struct nq_table nq_table_groups = {
    .name = "nqGroupTable",
    .branch = 7,
    .columns = group_columns,
    .column_count = NQ_LENGTH(group_columns),
    .index_offsets = {offsetof(struct nq_group_row, index)},
    .index_count = 1,
    .rows = group_rows,
};

/* ---- all branches -------------------------------------------------------------------- */

const struct nq_table *const nq_mib_tables[] = {
    &nq_table_engine,   &nq_table_cases,    &nq_table_traps,    &nq_table_timing,
    &nq_table_governor, &nq_table_vms,      &nq_table_groups,   &nq_table_rules,
    &nq_table_managers, &nq_table_triggers, &nq_table_findings, &nq_table_requests,
    &nq_table_log,
};
const size_t nq_mib_table_count = NQ_LENGTH(nq_mib_tables);
