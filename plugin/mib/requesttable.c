/* SPDX-License-Identifier: Apache-2.0 */
/* requesttable.c: branch 12, quarantine and release by name, as rows that a SET makes. */
#include "mib/source.h"
#include "mib/tables.h"
#include "quarantine/requests.h"

enum column {
    COLUMN_TARGET = 2,
    COLUMN_ACTION = 3,
    COLUMN_COMMENT = 4,
    COLUMN_STATUS = 8,
};

static struct nq_rows request_rows(void *source)
{
    const struct nq_mib *mib = source;
    struct nq_rows rows = {.stride = sizeof(struct nq_request)};
    if (mib->engine) {
        rows.base = nq_engine_requests(mib->engine, &rows.count);
    }
    return rows;
}

/* ---- SET ----------------------------------------------------------------------------- */

static const char *text_at(const struct nq_row_change *change, enum column column)
{
    return change->values[column] ? change->values[column]->text : NULL;
}

/* 0: the SET does not name the column. */
static long number_at(const struct nq_row_change *change, enum column column)
{
    return change->values[column] ? change->values[column]->number : 0;
}

static struct nq_request_change change_of(const struct nq_row_change *change)
{
    return (struct nq_request_change){
        .index = change->index,
        .target = text_at(change, COLUMN_TARGET),
        .comment = text_at(change, COLUMN_COMMENT),
        .action = (enum nq_request_action)number_at(change, COLUMN_ACTION),
        .status = (enum nq_row_status)number_at(change, COLUMN_STATUS),
    };
}

static int may_request(void *source, const struct nq_row_change *change, oid *ret_column,
                       bool *ret_makes)
{
    static const int errors[] = {
        [NQ_REQUEST_OK] = SNMP_ERR_NOERROR,
        [NQ_REQUEST_WRONG_VALUE] = SNMP_ERR_WRONGVALUE,
        [NQ_REQUEST_INCONSISTENT_VALUE] = SNMP_ERR_INCONSISTENTVALUE,
        [NQ_REQUEST_INCONSISTENT_NAME] = SNMP_ERR_INCONSISTENTNAME,
        [NQ_REQUEST_TOO_MANY] = SNMP_ERR_RESOURCEUNAVAILABLE,
    };
    const struct nq_mib *mib = source;
    if (!mib->engine) {
        return SNMP_ERR_RESOURCEUNAVAILABLE;
    }
    const struct nq_request_change what = change_of(change);
    const struct nq_request_step step =
        nq_engine_may_request(mib->engine, &what, change->others);
    if (step.about_status) {
        *ret_column = COLUMN_STATUS;
    } else { /* the first of the others that is named */
        *ret_column = what.target   ? COLUMN_TARGET
                      : what.action ? COLUMN_ACTION
                                    : COLUMN_COMMENT;
    }
    *ret_makes = !change->row && step.after != NQ_ROW_DESTROY;
    return errors[step.fault];
}

static void request(void *source, const struct nq_row_change *change, const char *actor)
{
    const struct nq_mib *mib = source;
    if (mib->engine) { /* it may have gone since RESERVE */
        const struct nq_request_change what = change_of(change);
        nq_engine_request(mib->engine, &what, actor);
    }
}

static const struct nq_row_maker request_maker = {.may = may_request, .commit = request};

/* ---- the rows ------------------------------------------------------------------------ */

static const struct nq_writer text_limits = {0};
static const struct nq_writer action_limits = {
    .low = NQ_REQUEST_QUARANTINE,
    .high = NQ_REQUEST_ACTION_END - 1,
};
static const struct nq_writer status_limits = {
    .low = NQ_ROW_ACTIVE,
    .high = NQ_ROW_STATUS_END - 1,
};

#define REQUEST(n, name, asn, kind, field)                                               \
    NQ_RO(n, name, asn, kind, struct nq_request, field)
#define REQUEST_RC(n, name, asn, kind, field, limits)                                    \
    NQ_RC(n, name, asn, kind, struct nq_request, field, limits)

static const struct nq_column request_columns[] = {
    NQ_INDEX(1, nqRequestIndex, struct nq_request, index),
    REQUEST_RC(COLUMN_TARGET, nqRequestTarget, ASN_OCTET_STR, text, target, &text_limits),
    REQUEST_RC(COLUMN_ACTION, nqRequestAction, ASN_INTEGER, u32, action, &action_limits),
    REQUEST_RC(COLUMN_COMMENT, nqRequestComment, ASN_OCTET_STR, text, comment,
               &text_limits),
    REQUEST(5, nqRequestCase, ASN_UNSIGNED, u32, case_id),
    REQUEST(6, nqRequestResult, ASN_INTEGER, u32, result),
    REQUEST(7, nqRequestResultText, ASN_OCTET_STR, text, result_text),
    REQUEST_RC(COLUMN_STATUS, nqRequestRowStatus, ASN_INTEGER, u32, status,
               &status_limits),
};

const struct nq_table nq_table_requests = {
    .name = "nqRequestTable",
    .branch = 12,
    .columns = request_columns,
    .column_count = NQ_LENGTH(request_columns),
    .index_offsets = {offsetof(struct nq_request, index)},
    .index_count = 1,
    .rows = request_rows,
    .maker = &request_maker,
};
