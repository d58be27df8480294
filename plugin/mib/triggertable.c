/* SPDX-License-Identifier: Apache-2.0 */
/* triggertable.c: branch 10, the triggers of the configuration, as rows. */
#include "mib/source.h"
#include "mib/tables.h"

static struct nq_rows trigger_rows(void *source)
{
    const struct nq_mib *mib = source;
    struct nq_rows rows = {.stride = sizeof(struct nq_trigger_row)};
    if (mib->engine) {
        rows.base = nq_engine_triggers(mib->engine, &rows.count);
    }
    return rows;
}

#define TRIGGER(n, name, asn, kind, field)                                               \
    NQ_RO(n, name, asn, kind, struct nq_trigger_row, field)

static const struct nq_column trigger_columns[] = {
    NQ_INDEX(1, nqTriggerIndex, struct nq_trigger_row, index),
    TRIGGER(2, nqTriggerName, ASN_OCTET_STR, text, name),
    TRIGGER(3, nqTriggerAction, ASN_INTEGER, u32, action),
    TRIGGER(4, nqTriggerMatches, ASN_COUNTER64, u64, matches),
    TRIGGER(5, nqTriggerActed, ASN_COUNTER64, u64, acted),
    TRIGGER(6, nqTriggerRefused, ASN_COUNTER64, u64, refused),
    TRIGGER(7, nqTriggerLastAt, ASN_UNSIGNED, seconds, last_ms),
    TRIGGER(8, nqTriggerProof, ASN_INTEGER, u32, proof),
};

const struct nq_table nq_table_triggers = {
    .name = "nqTriggerTable",
    .branch = 10,
    .columns = trigger_columns,
    .column_count = NQ_LENGTH(trigger_columns),
    .index_offsets = {offsetof(struct nq_trigger_row, index)},
    .index_count = 1,
    .rows = trigger_rows,
};
