/* SPDX-License-Identifier: Apache-2.0 */
/* request.h: one row of nqRequestTable: its life by RFC 2579 (RowStatus), and what became of
 * it.
 * Not for: keeping rows, or carrying them out: requests.h.
 *
 * Owns    a struct nq_request owns its strings.
 * Blocks  never.
 * Thread  any: pure functions.
 * Fails   never.
 * Limits  none.
 */
#ifndef NQ_QUARANTINE_REQUEST_H
#define NQ_QUARANTINE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "store/record.h"

/* RowStatus. A row has one of the first three; the others are commands. */
enum nq_row_status {
    NQ_ROW_ACTIVE = 1,
    NQ_ROW_NOT_IN_SERVICE, /* complete: it may become active */
    NQ_ROW_NOT_READY,      /* it has no target */
    NQ_ROW_CREATE_AND_GO,
    NQ_ROW_CREATE_AND_WAIT,
    NQ_ROW_DESTROY,
    NQ_ROW_STATUS_END
};

/* nqRequestAction */
enum nq_request_action {
    NQ_REQUEST_QUARANTINE = 1,
    NQ_REQUEST_RELEASE,
    NQ_REQUEST_ACTION_END
};

/* nqRequestResult */
enum nq_request_result {
    NQ_REQUEST_PENDING = 1,
    NQ_REQUEST_DONE,
    NQ_REQUEST_HELD,
    NQ_REQUEST_FAILED,
    NQ_REQUEST_RESULT_END
};

/* nqRequestTable. Owns its strings. */
struct nq_request {
    uint32_t index;
    enum nq_request_action action;
    enum nq_row_status status; /* one of the first three */
    enum nq_request_result result;
    uint32_t case_id; /* 0: none yet */
    char *target;
    char *comment;
    char *result_text;

    /* Not shown. */
    bool settled;   /* the result is final, whatever becomes of the case */
    int64_t due_ms; /* mono: the row goes then; 0: not yet known */
};

/* What one SET brings for one row; NULL or 0: nothing for that column. */
struct nq_request_change {
    uint32_t index;
    const char *target;
    const char *comment;
    enum nq_request_action action;
    enum nq_row_status status;
};

enum nq_request_fault {
    NQ_REQUEST_OK,
    NQ_REQUEST_WRONG_VALUE,        /* nobody may set the status to that */
    NQ_REQUEST_INCONSISTENT_VALUE, /* not in the present state of the row */
    NQ_REQUEST_INCONSISTENT_NAME,  /* there is no such row, and it is not made */
    NQ_REQUEST_TOO_MANY
};

/* Where a change leads. */
struct nq_request_step {
    enum nq_request_fault fault;
    bool about_status; /* the fault is that of the status, else of another column */
    enum nq_row_status after; /* NQ_ROW_DESTROY: no row */
};

/* RFC 2579, the table of RowStatus. before: NULL: there is no row. */
struct nq_request_step nq_request_step(const struct nq_request *before,
                                       const struct nq_request_change *change);

/* What became of a request. */
struct nq_request_outcome {
    enum nq_request_result result;
    bool settled;     /* whatever becomes of the case */
    const char *text; /* static, or of the case */
};

/* What the present state of its case means for a request that is active. */
struct nq_request_outcome nq_request_judge(enum nq_request_action action,
                                           const struct nq_case *record);

#endif
