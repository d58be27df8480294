/* SPDX-License-Identifier: Apache-2.0 */
/* quarantine/request.h: the life of a row by RFC 2579, and what became of a request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "quarantine/request.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the life of a row --------------------------------------------------------------- */

#define OK      NQ_REQUEST_OK
#define WRONG   NQ_REQUEST_WRONG_VALUE
#define NOT_NOW NQ_REQUEST_INCONSISTENT_VALUE
#define NO_NAME NQ_REQUEST_INCONSISTENT_NAME

/* Columns of the table of RFC 2579, RowStatus. */
enum before { ABSENT, NOT_READY, NOT_IN_SERVICE, ACTIVE, BEFORE_END };

struct expected {
    enum nq_request_fault fault;
    bool about_status;
    enum nq_row_status after;
};

static struct nq_request_step step_from(enum before before,
                                        const struct nq_request_change *change)
{
    char target[] = "VDI-01";
    const struct nq_request rows[BEFORE_END] = {
        [NOT_READY] = {.index = 1, .status = NQ_ROW_NOT_READY},
        [NOT_IN_SERVICE] = {.index = 1,
                            .status = NQ_ROW_NOT_IN_SERVICE,
                            .target = target},
        [ACTIVE] = {.index = 1, .status = NQ_ROW_ACTIVE, .target = target},
    };
    return nq_request_step(before == ABSENT ? NULL : &rows[before], change);
}

static void assert_step(enum before before, const struct nq_request_change *change,
                        struct expected expected)
{
    const struct nq_request_step step = step_from(before, change);
    if (step.fault != expected.fault) {
        fail_msg("from %d status %d target %s: fault %d, expected %d", before,
                 change->status, change->target ? change->target : "-", step.fault,
                 expected.fault);
    }
    if (expected.fault == OK) {
        assert_int_equal(step.after, expected.after);
    } else {
        assert_int_equal(step.about_status, expected.about_status);
    }
}

static void a_status_without_a_target_leads_where_rfc_2579_says(void **state)
{
    (void)state;
    static const struct expected table[NQ_ROW_STATUS_END][BEFORE_END] = {
        [NQ_ROW_CREATE_AND_GO] = {{NOT_NOW, true, 0},
                                  {NOT_NOW, true, 0},
                                  {NOT_NOW, true, 0},
                                  {NOT_NOW, true, 0}},
        [NQ_ROW_CREATE_AND_WAIT] = {{OK, false, NQ_ROW_NOT_READY},
                                    {NOT_NOW, true, 0},
                                    {NOT_NOW, true, 0},
                                    {NOT_NOW, true, 0}},
        [NQ_ROW_ACTIVE] = {{NOT_NOW, true, 0},
                           {NOT_NOW, true, 0},
                           {OK, false, NQ_ROW_ACTIVE},
                           {OK, false, NQ_ROW_ACTIVE}},
        [NQ_ROW_NOT_IN_SERVICE] = {{NOT_NOW, true, 0},
                                   {NOT_NOW, true, 0},
                                   {OK, false, NQ_ROW_NOT_IN_SERVICE},
                                   {NOT_NOW, true, 0}},
        [NQ_ROW_NOT_READY] = {{WRONG, true, 0},
                              {WRONG, true, 0},
                              {WRONG, true, 0},
                              {WRONG, true, 0}},
        [NQ_ROW_DESTROY] = {{OK, false, NQ_ROW_DESTROY},
                            {OK, false, NQ_ROW_DESTROY},
                            {OK, false, NQ_ROW_DESTROY},
                            {OK, false, NQ_ROW_DESTROY}},
    };
    for (enum nq_row_status status = NQ_ROW_ACTIVE; status < NQ_ROW_STATUS_END;
         status++) {
        for (enum before before = ABSENT; before < BEFORE_END; before++) {
            assert_step(before, &(struct nq_request_change){.index = 1, .status = status},
                        table[status][before]);
        }
    }
}

static void a_target_in_the_same_set_completes_the_row(void **state)
{
    (void)state;
    static const struct {
        enum before before;
        enum nq_row_status status;
        struct expected expected;
    } moves[] = {
        {ABSENT, NQ_ROW_CREATE_AND_GO, {OK, false, NQ_ROW_ACTIVE}},
        {ABSENT, NQ_ROW_CREATE_AND_WAIT, {OK, false, NQ_ROW_NOT_IN_SERVICE}},
        {ABSENT, NQ_ROW_ACTIVE, {NOT_NOW, true, 0}},
        {ABSENT, 0, {NO_NAME, false, 0}},
        {NOT_READY, NQ_ROW_ACTIVE, {OK, false, NQ_ROW_ACTIVE}},
        {NOT_READY, NQ_ROW_NOT_IN_SERVICE, {OK, false, NQ_ROW_NOT_IN_SERVICE}},
        {NOT_READY, 0, {OK, false, NQ_ROW_NOT_IN_SERVICE}},
        {NOT_IN_SERVICE, 0, {OK, false, NQ_ROW_NOT_IN_SERVICE}},
        {ACTIVE, 0, {NOT_NOW, false, 0}},
        {ACTIVE, NQ_ROW_ACTIVE, {NOT_NOW, false, 0}},
        {ACTIVE, NQ_ROW_DESTROY, {OK, false, NQ_ROW_DESTROY}},
    };
    for (size_t i = 0; i < LENGTH(moves); i++) {
        assert_step(moves[i].before,
                    &(struct nq_request_change){
                        .index = 1, .status = moves[i].status, .target = "VDI-02"},
                    moves[i].expected);
    }
}

static void an_empty_target_is_none(void **state)
{
    (void)state;
    const struct nq_request_change emptied = {.index = 1, .target = ""};
    assert_step(NOT_IN_SERVICE, &emptied, (struct expected){OK, false, NQ_ROW_NOT_READY});
    const struct nq_request_change go = {
        .index = 1, .target = "", .status = NQ_ROW_CREATE_AND_GO};
    assert_step(ABSENT, &go, (struct expected){NOT_NOW, true, 0});
    const struct nq_request_change active = {
        .index = 1, .target = "", .status = NQ_ROW_ACTIVE};
    assert_step(NOT_IN_SERVICE, &active, (struct expected){NOT_NOW, true, 0});
}

static void nothing_of_a_request_that_was_carried_out_can_be_changed(void **state)
{
    (void)state;
    const struct nq_request_change changes[] = {
        {.index = 1, .target = "VDI-01"},
        {.index = 1, .comment = "x"},
        {.index = 1, .comment = "x", .status = NQ_ROW_ACTIVE},
        {.index = 1, .action = NQ_REQUEST_RELEASE},
    };
    for (size_t i = 0; i < LENGTH(changes); i++) {
        assert_step(ACTIVE, &changes[i], (struct expected){NOT_NOW, false, 0});
    }
}

/* ---- what became of it --------------------------------------------------------------- */

static void a_result_follows_the_state_of_the_case(void **state)
{
    (void)state;
    static const enum nq_request_result results[NQ_CASE_STATE_END][2] = {
        [NQ_CASE_OBSERVED] = {NQ_REQUEST_DONE, NQ_REQUEST_PENDING},
        [NQ_CASE_HELD] = {NQ_REQUEST_HELD, NQ_REQUEST_HELD},
        [NQ_CASE_TAGGING] = {NQ_REQUEST_PENDING, NQ_REQUEST_PENDING},
        [NQ_CASE_TAGGED] = {NQ_REQUEST_PENDING, NQ_REQUEST_PENDING},
        [NQ_CASE_ISOLATED] = {NQ_REQUEST_DONE, NQ_REQUEST_PENDING},
        [NQ_CASE_RELEASING] = {NQ_REQUEST_PENDING, NQ_REQUEST_PENDING},
        [NQ_CASE_RELEASED] = {NQ_REQUEST_FAILED, NQ_REQUEST_DONE},
        [NQ_CASE_FAILED] = {NQ_REQUEST_FAILED, NQ_REQUEST_FAILED},
        [NQ_CASE_VANISHED] = {NQ_REQUEST_PENDING, NQ_REQUEST_PENDING},
    };
    char reason[] = "its reason";
    char id[] = "id-1";
    for (int s = NQ_CASE_OBSERVED; s < NQ_CASE_STATE_END; s++) {
        struct nq_case record = {.id = 1,
                                 .state = (enum nq_case_state)s,
                                 .external_id = id,
                                 .reason_text = reason};
        record.wanted = NQ_WANT_QUARANTINE;
        struct nq_request_outcome outcome =
            nq_request_judge(NQ_REQUEST_QUARANTINE, &record);
        assert_int_equal(outcome.result, results[s][0]);
        assert_int_equal(outcome.settled, s == NQ_CASE_ISOLATED || s == NQ_CASE_RELEASED);
        assert_int_not_equal(strlen(outcome.text), 0);

        record.wanted = NQ_WANT_RELEASE;
        outcome = nq_request_judge(NQ_REQUEST_RELEASE, &record);
        assert_int_equal(outcome.result, results[s][1]);
        assert_int_equal(outcome.settled, s == NQ_CASE_RELEASED);
        assert_int_not_equal(strlen(outcome.text), 0);
        if (s == NQ_CASE_HELD || s == NQ_CASE_FAILED) {
            assert_string_equal(outcome.text, "its reason");
        }
    }
}

static void observed_is_done_once_the_vm_is_found(void **state)
{
    (void)state;
    struct nq_case record = {
        .id = 1, .state = NQ_CASE_OBSERVED, .wanted = NQ_WANT_QUARANTINE};
    assert_int_equal(nq_request_judge(NQ_REQUEST_QUARANTINE, &record).result,
                     NQ_REQUEST_PENDING);
    char id[] = "id-1";
    record.external_id = id;
    const struct nq_request_outcome outcome =
        nq_request_judge(NQ_REQUEST_QUARANTINE, &record);
    assert_int_equal(outcome.result, NQ_REQUEST_DONE);
    assert_non_null(strstr(outcome.text, "observe mode"));
}

static void a_release_that_nobody_wants_any_more_has_failed(void **state)
{
    (void)state;
    for (int s = NQ_CASE_OBSERVED; s < NQ_CASE_STATE_END; s++) {
        const struct nq_case record = {
            .id = 1, .state = (enum nq_case_state)s, .wanted = NQ_WANT_QUARANTINE};
        assert_int_equal(nq_request_judge(NQ_REQUEST_RELEASE, &record).result,
                         s == NQ_CASE_RELEASED ? NQ_REQUEST_DONE : NQ_REQUEST_FAILED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_status_without_a_target_leads_where_rfc_2579_says),
        cmocka_unit_test(a_target_in_the_same_set_completes_the_row),
        cmocka_unit_test(an_empty_target_is_none),
        cmocka_unit_test(nothing_of_a_request_that_was_carried_out_can_be_changed),
        cmocka_unit_test(a_result_follows_the_state_of_the_case),
        cmocka_unit_test(observed_is_done_once_the_vm_is_found),
        cmocka_unit_test(a_release_that_nobody_wants_any_more_has_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
