/* SPDX-License-Identifier: Apache-2.0 */
/* request.c: see request.h. */
#include "quarantine/request.h"

#include <stddef.h>

#include "base/text.h"

/* ---- its life ------------------------------------------------------------------------ */

static struct nq_request_step at_fault(enum nq_request_fault fault, bool about_status)
{
    return (struct nq_request_step){.fault = fault, .about_status = about_status};
}

static struct nq_request_step leads_to(enum nq_row_status after)
{
    return (struct nq_request_step){.fault = NQ_REQUEST_OK, .after = after};
}

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

/* A row that is not there. */
static struct nq_request_step make(const struct nq_request_change *change, bool complete)
{
    switch ((int)change->status) {
    case NQ_ROW_CREATE_AND_GO:
        return complete ? leads_to(NQ_ROW_ACTIVE)
                        : at_fault(NQ_REQUEST_INCONSISTENT_VALUE, true);
    case NQ_ROW_CREATE_AND_WAIT:
        return leads_to(complete ? NQ_ROW_NOT_IN_SERVICE : NQ_ROW_NOT_READY);
    case 0:
        return at_fault(NQ_REQUEST_INCONSISTENT_NAME, false);
    default:
        return at_fault(NQ_REQUEST_INCONSISTENT_VALUE, true);
    }
}

/* One that is there and was never active. */
static struct nq_request_step prepare(const struct nq_request_change *change,
                                      bool complete)
{
    switch ((int)change->status) {
    case NQ_ROW_ACTIVE:
    case NQ_ROW_NOT_IN_SERVICE:
        return complete ? leads_to(change->status)
                        : at_fault(NQ_REQUEST_INCONSISTENT_VALUE, true);
    case 0:
        return leads_to(complete ? NQ_ROW_NOT_IN_SERVICE : NQ_ROW_NOT_READY);
    default:
        return at_fault(NQ_REQUEST_INCONSISTENT_VALUE, true);
    }
}

/* One that was carried out. */
static struct nq_request_step keep(const struct nq_request_change *change)
{
    if (change->status && change->status != NQ_ROW_ACTIVE) {
        return at_fault(NQ_REQUEST_INCONSISTENT_VALUE, true);
    }
    return changes_columns(change) ? at_fault(NQ_REQUEST_INCONSISTENT_VALUE, false)
                                   : leads_to(NQ_ROW_ACTIVE);
}

struct nq_request_step nq_request_step(const struct nq_request *before,
                                       const struct nq_request_change *change)
{
    if (change->status == NQ_ROW_NOT_READY) {
        return at_fault(NQ_REQUEST_WRONG_VALUE, true);
    }
    if (change->status == NQ_ROW_DESTROY) {
        return leads_to(NQ_ROW_DESTROY);
    }
    const bool complete = has_target(before, change);
    if (!before) {
        return make(change, complete);
    }
    return before->status == NQ_ROW_ACTIVE ? keep(change) : prepare(change, complete);
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
