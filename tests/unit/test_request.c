/* SPDX-License-Identifier: Apache-2.0 */
/* quarantine/request.h: the life of a row by RFC 2579, and what became of a request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "quarantine/request.h"
#include "row_status.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the life of a row --------------------------------------------------------------- */

static struct nq_request_step step_from(enum row_before before,
                                        const struct nq_request_change *change)
{
    char target[] = "VDI-01";
    const struct nq_request rows[ROW_BEFORE_END] = {
        [ROW_NOT_READY] = {.index = 1, .status = NQ_ROW_NOT_READY},
        [ROW_NOT_IN_SERVICE] = {.index = 1,
                                .status = NQ_ROW_NOT_IN_SERVICE,
                                .target = target},
        [ROW_ACTIVE] = {.index = 1, .status = NQ_ROW_ACTIVE, .target = target},
    };
    return nq_request_step(before == ROW_ABSENT ? NULL : &rows[before], change);
}

static char letter_of(struct nq_request_step step)
{
    static const char faults[][2] = {
        [NQ_REQUEST_WRONG_VALUE] = {'?', 'w'},
        [NQ_REQUEST_INCONSISTENT_VALUE] = {'c', 's'},
        [NQ_REQUEST_INCONSISTENT_NAME] = {'n', '?'},
        [NQ_REQUEST_TOO_MANY] = {'?', '?'},
    };
    static const char states[NQ_ROW_STATUS_END] = {
        [NQ_ROW_ACTIVE] = 'A',
        [NQ_ROW_NOT_IN_SERVICE] = 'S',
        [NQ_ROW_NOT_READY] = 'N',
        [NQ_ROW_DESTROY] = '-',
    };
    return step.fault == NQ_REQUEST_OK ? states[step.after]
                                       : faults[step.fault][step.about_status];
}

static void every_cell_leads_where_rfc_2579_says(void **state)
{
    (void)state;
    for (size_t status = 0; status < NQ_ROW_STATUS_END; status++) {
        for (enum row_before before = ROW_ABSENT; before < ROW_BEFORE_END; before++) {
            for (size_t with = 0; with < ROW_WITH_END; with++) {
                const struct nq_request_change change = {
                    .index = 1,
                    .status = (enum nq_row_status)status,
                    .target = row_with[with].target,
                    .comment = row_with[with].comment,
                };
                const char expected = row_cells[status][before][with];
                const char is = letter_of(step_from(before, &change));
                if (expected != ' ' && is != expected) {
                    fail_msg("status %zu in state %d with columns %zu: %c, not %c",
                             status, before, with, is, expected);
                }
            }
        }
    }
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
        assert_int_equal(letter_of(step_from(ROW_ACTIVE, &changes[i])), 'c');
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
        cmocka_unit_test(every_cell_leads_where_rfc_2579_says),
        cmocka_unit_test(nothing_of_a_request_that_was_carried_out_can_be_changed),
        cmocka_unit_test(a_result_follows_the_state_of_the_case),
        cmocka_unit_test(observed_is_done_once_the_vm_is_found),
        cmocka_unit_test(a_release_that_nobody_wants_any_more_has_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
