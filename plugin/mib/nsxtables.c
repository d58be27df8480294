/* SPDX-License-Identifier: Apache-2.0 */
/* nsxtables.c: branches 8, 9 and 11, the firewall rules and the managers of NSX and what is
 * wrong with its design, as rows. */
#include "mib/source.h"
#include "mib/tables.h"

/* ---- nqRuleTable --------------------------------------------------------------------- */

static struct nq_rows rule_rows(void *source)
{
    const struct nq_mib *mib = source;
    struct nq_rows rows = {.stride = sizeof(struct nq_rule_row)};
    if (mib->engine) {
        rows.base = nq_engine_rules(mib->engine, &rows.count);
    }
    return rows;
}

#define RULE(n, name, asn, kind, field)                                                  \
    NQ_RO(n, name, asn, kind, struct nq_rule_row, field)

static const struct nq_column rule_columns[] = {
    NQ_INDEX(1, nqRuleIndex, struct nq_rule_row, index),
    RULE(2, nqRuleName, ASN_OCTET_STR, text, name),
    RULE(3, nqRulePath, ASN_OCTET_STR, text, path),
    RULE(4, nqRuleAction, ASN_INTEGER, u32, action),
    RULE(5, nqRuleDirection, ASN_INTEGER, u32, direction),
    RULE(6, nqRuleEnabled, ASN_INTEGER, u32, enabled),
    RULE(7, nqRulePackets, ASN_COUNTER64, u64, traffic[NQ_TRAFFIC_PACKETS]),
    RULE(8, nqRuleBytes, ASN_COUNTER64, u64, traffic[NQ_TRAFFIC_BYTES]),
    RULE(9, nqRuleSessions, ASN_COUNTER64, u64, traffic[NQ_TRAFFIC_SESSIONS]),
    RULE(10, nqRuleHits, ASN_COUNTER64, u64, traffic[NQ_TRAFFIC_HITS]),
    RULE(11, nqRuleSequence, ASN_UNSIGNED, u32, sequence),
};

const struct nq_table nq_table_rules = {
    .name = "nqRuleTable",
    .branch = 8,
    .columns = rule_columns,
    .column_count = NQ_LENGTH(rule_columns),
    .index_offsets = {offsetof(struct nq_rule_row, group),
                      offsetof(struct nq_rule_row, index)},
    .index_count = 2,
    .rows = rule_rows,
};

/* ---- nqManagerTable ------------------------------------------------------------------ */

static struct nq_rows manager_rows(void *source)
{
    const struct nq_mib *mib = source;
    struct nq_rows rows = {.stride = sizeof(struct nq_manager_row)};
    if (mib->engine) {
        rows.base = nq_engine_managers(mib->engine, &rows.count);
    }
    return rows;
}

#define MANAGER(n, name, asn, kind, field)                                               \
    NQ_RO(n, name, asn, kind, struct nq_manager_row, field)

static const struct nq_column manager_columns[] = {
    NQ_INDEX(1, nqManagerIndex, struct nq_manager_row, index),
    MANAGER(2, nqManagerName, ASN_OCTET_STR, text, name),
    MANAGER(3, nqManagerType, ASN_INTEGER, u32, type),
    MANAGER(4, nqManagerUrl, ASN_OCTET_STR, text, url),
    MANAGER(5, nqManagerState, ASN_INTEGER, u32, state),
    MANAGER(6, nqManagerVersion, ASN_OCTET_STR, text, version),
    MANAGER(7, nqManagerRequests, ASN_COUNTER64, u64, requests),
    MANAGER(8, nqManagerErrors, ASN_COUNTER64, u64, errors),
    MANAGER(9, nqManagerRetries, ASN_COUNTER64, u64, retries),
    MANAGER(10, nqManagerInFlight, ASN_GAUGE, u32, in_flight),
    MANAGER(11, nqManagerQueue, ASN_GAUGE, u32, queue),
    MANAGER(12, nqManagerLatency, ASN_UNSIGNED, u32, latency_ms),
    MANAGER(13, nqManagerLastOkAt, ASN_UNSIGNED, seconds, last_ok_ms),
    MANAGER(14, nqManagerVms, ASN_GAUGE, u32, vms),
    MANAGER(15, nqManagerSyncedAt, ASN_UNSIGNED, seconds, synced_ms),
    MANAGER(16, nqManagerLastError, ASN_OCTET_STR, text, last_error),
    MANAGER(17, nqManagerTlsExpiresAt, ASN_UNSIGNED, seconds, tls_expires_ms),
};

const struct nq_table nq_table_managers = {
    .name = "nqManagerTable",
    .branch = 9,
    .columns = manager_columns,
    .column_count = NQ_LENGTH(manager_columns),
    .index_offsets = {offsetof(struct nq_manager_row, index)},
    .index_count = 1,
    .rows = manager_rows,
};

/* ---- nqFindingTable ------------------------------------------------------------------ */

static struct nq_rows finding_rows(void *source)
{
    const struct nq_mib *mib = source;
    struct nq_rows rows = {0};
    if (mib->engine) {
        rows.base = nq_engine_findings(mib->engine, &rows.count);
    }
    return rows;
}

#define FINDING(n, name, asn, kind, field)                                               \
    NQ_RO(n, name, asn, kind, struct nq_finding, field)

static const struct nq_column finding_columns[] = {
    NQ_INDEX(1, nqFindingIndex, struct nq_finding, index),
    FINDING(2, nqFindingManager, ASN_UNSIGNED, u32, manager),
    FINDING(3, nqFindingSeverity, ASN_INTEGER, u32, severity),
    FINDING(4, nqFindingCheck, ASN_OCTET_STR, text, check),
    FINDING(5, nqFindingObject, ASN_OCTET_STR, text, object),
    FINDING(6, nqFindingText, ASN_OCTET_STR, text, text),
    FINDING(7, nqFindingSince, ASN_UNSIGNED, seconds, since_ms),
};

const struct nq_table nq_table_findings = {
    .name = "nqFindingTable",
    .branch = 11,
    .columns = finding_columns,
    .column_count = NQ_LENGTH(finding_columns),
    .index_offsets = {offsetof(struct nq_finding, index)},
    .index_count = 1,
    .rows = finding_rows,
};
