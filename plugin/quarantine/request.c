/* SPDX-License-Identifier: Apache-2.0 */
/* request.c: see request.h. */
#include "quarantine/request.h"

#include <stddef.h>

#include "base/text.h"

/* ---- its life ------------------------------------------------------------------------ */

/* Where a cell of the table of RFC 2579 leads. */
enum move {
    WRONG,     /* nobody may set the status to that */
    NOT_NOW,   /* not in the present state of the row */
    NO_ROW,    /* a column of a row that is not there and is not made */
    PREPARES,  /* the row waits, with a target or without */
    WAITS,     /* the row waits, and needs its target for that */
    ACTIVATES, /* the row is carried out, and needs its target for that */
    STAYS,     /* the row was carried out and stays as it is */
    GOES,
    MOVE_END
};

/* By the status that the SET names (0: none) and the one that the row has (0: no row). */
static const enum move life[NQ_ROW_STATUS_END][NQ_ROW_NOT_READY + 1] = {
    /*                         no row    active   notInService notReady */
    [0] = {NO_ROW, STAYS, PREPARES, PREPARES},
    [NQ_ROW_ACTIVE] = {NOT_NOW, STAYS, ACTIVATES, ACTIVATES},
    [NQ_ROW_NOT_IN_SERVICE] = {NOT_NOW, NOT_NOW, WAITS, WAITS},
    [NQ_ROW_NOT_READY] = {WRONG, WRONG, WRONG, WRONG},
    [NQ_ROW_CREATE_AND_GO] = {ACTIVATES, NOT_NOW, NOT_NOW, NOT_NOW},
    [NQ_ROW_CREATE_AND_WAIT] = {PREPARES, NOT_NOW, NOT_NOW, NOT_NOW},
    [NQ_ROW_DESTROY] = {GOES, GOES, GOES, GOES},
};

#define TO(status)                                                                       \
    {                                                                                    \
        .fault = NQ_REQUEST_OK, .after = (status)                                        \
    }
#define FAULT(what, status_is_guilty)                                                    \
    {                                                                                    \
        .fault = NQ_REQUEST_##what, .about_status = (status_is_guilty)                   \
    }

/* Without a target, with one. STAYS: other columns named, or none. */
static const struct nq_request_step moves[MOVE_END][2] = {
    [WRONG] = {FAULT(WRONG_VALUE, true), FAULT(WRONG_VALUE, true)},
    [NOT_NOW] = {FAULT(INCONSISTENT_VALUE, true), FAULT(INCONSISTENT_VALUE, true)},
    [NO_ROW] = {FAULT(INCONSISTENT_NAME, false), FAULT(INCONSISTENT_NAME, false)},
    [PREPARES] = {TO(NQ_ROW_NOT_READY), TO(NQ_ROW_NOT_IN_SERVICE)},
    [WAITS] = {FAULT(INCONSISTENT_VALUE, true), TO(NQ_ROW_NOT_IN_SERVICE)},
    [ACTIVATES] = {FAULT(INCONSISTENT_VALUE, true), TO(NQ_ROW_ACTIVE)},
    [STAYS] = {FAULT(INCONSISTENT_VALUE, false), TO(NQ_ROW_ACTIVE)},
    [GOES] = {TO(NQ_ROW_DESTROY), TO(NQ_ROW_DESTROY)},
};

static bool has_target(const struct nq_request *before,
                       const struct nq_request_change *change)
{
    const char *target = change->target ? change->target : before ? before->target : NULL;
    return nq_text_or_empty(target)[0] != '\0';
}

static bool changes_columns(const struct nq_request_change *change)
{
    return change->target || change->comment || change->action;
}

struct nq_request_step nq_request_step(const struct nq_request *before,
                                       const struct nq_request_change *change)
{
    const enum move move = life[change->status][before ? before->status : 0];
    const bool fits =
        move == STAYS ? !changes_columns(change) : has_target(before, change);
    return moves[move][fits];
}

/* ---- what became of it --------------------------------------------------------------- */

/* One row for each state of the case. text NULL: its nqVmReasonText. */
static const struct nq_request_outcome of_quarantine[NQ_CASE_STATE_END] = {
    [NQ_CASE_OBSERVED] = {NQ_REQUEST_DONE, false,
                          "observe mode: the VM would have been isolated"},
    [NQ_CASE_HELD] = {NQ_REQUEST_HELD, false, NULL},
    [NQ_CASE_TAGGING] = {NQ_REQUEST_PENDING, false, "NSX has not acknowledged the tag"},
    [NQ_CASE_TAGGED] = {NQ_REQUEST_PENDING, false, "tagged, not proven to be isolated"},
    [NQ_CASE_ISOLATED] = {NQ_REQUEST_DONE, true, "isolated"},
    [NQ_CASE_RELEASING] = {NQ_REQUEST_PENDING, false, "its release is wanted meanwhile"},
    [NQ_CASE_RELEASED] = {NQ_REQUEST_FAILED, true,
                          "the case was released before it was isolated"},
    [NQ_CASE_FAILED] = {NQ_REQUEST_FAILED, false, NULL},
    [NQ_CASE_VANISHED] = {NQ_REQUEST_PENDING, false, "the VM left the inventory of NSX"},
};

static const struct nq_request_outcome of_release[NQ_CASE_STATE_END] = {
    [NQ_CASE_OBSERVED] = {NQ_REQUEST_PENDING, false, "not released yet"},
    [NQ_CASE_HELD] = {NQ_REQUEST_HELD, false, NULL},
    [NQ_CASE_TAGGING] = {NQ_REQUEST_PENDING, false, "not released yet"},
    [NQ_CASE_TAGGED] = {NQ_REQUEST_PENDING, false, "not released yet"},
    [NQ_CASE_ISOLATED] = {NQ_REQUEST_PENDING, false, "not released yet"},
    [NQ_CASE_RELEASING] = {NQ_REQUEST_PENDING, false, "the tag is not gone yet"},
    [NQ_CASE_RELEASED] = {NQ_REQUEST_DONE, true, "released"},
    [NQ_CASE_FAILED] = {NQ_REQUEST_FAILED, false, NULL},
    [NQ_CASE_VANISHED] = {NQ_REQUEST_PENDING, false, "the VM left the inventory of NSX"},
};

static const struct nq_request_outcome looking = {NQ_REQUEST_PENDING, false,
                                                  "observe mode: the VM is looked for"};
static const struct nq_request_outcome taken_back = {
    NQ_REQUEST_FAILED, true,
    "quarantine is wanted: the release was refused or taken back"};

static const struct nq_request_outcome *outcome_of(enum nq_request_action action,
                                                   const struct nq_case *record)
{
    if (action == NQ_REQUEST_RELEASE) {
        const bool wanted = record->wanted == NQ_WANT_RELEASE;
        return wanted || record->state == NQ_CASE_RELEASED ? &of_release[record->state]
                                                           : &taken_back;
    }
    if (record->state == NQ_CASE_OBSERVED && !record->external_id) {
        return &looking;
    }
    return &of_quarantine[record->state];
}

struct nq_request_outcome nq_request_judge(enum nq_request_action action,
                                           const struct nq_case *record)
{
    struct nq_request_outcome outcome = *outcome_of(action, record);
    if (!outcome.text) {
        outcome.text = nq_text_or_empty(record->reason_text);
    }
    return outcome;
}
