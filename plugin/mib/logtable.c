/* SPDX-License-Identifier: Apache-2.0 */
/* logtable.c: branch 13, the newest entries of the audit log, as rows. */
#include "mib/source.h"
#include "mib/tables.h"

static struct nq_rows log_rows(void *source)
{
    const struct nq_mib *mib = source;
    struct nq_rows rows = {0};
    if (mib->engine) {
        rows.base = nq_engine_log(mib->engine, &rows.count);
    }
    return rows;
}

#define ENTRY(n, name, asn, kind, field)                                                 \
    NQ_RO(n, name, asn, kind, struct nq_log_entry, field)

static const struct nq_column log_columns[] = {
    NQ_INDEX(1, nqLogIndex, struct nq_log_entry, number),
    ENTRY(2, nqLogAt, ASN_UNSIGNED, seconds, at_ms),
    ENTRY(3, nqLogCase, ASN_UNSIGNED, u32, case_id),
    ENTRY(4, nqLogEvent, ASN_OCTET_STR, text, event),
    ENTRY(5, nqLogActor, ASN_OCTET_STR, text, actor),
    ENTRY(6, nqLogText, ASN_OCTET_STR, text, text),
};

const struct nq_table nq_table_log = {
    .name = "nqLogTable",
    .branch = 13,
    .columns = log_columns,
    .column_count = NQ_LENGTH(log_columns),
    .index_offsets = {offsetof(struct nq_log_entry, number)},
    .index_count = 1,
    .rows = log_rows,
};
