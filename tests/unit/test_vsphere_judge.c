/* SPDX-License-Identifier: Apache-2.0 */
/* Every status and every error code of NSX for vSphere that clients in the field have met,
 * and what it is judged to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "nsx/vsphere/judge.h"

static enum nq_code expected(int status)
{
    switch (status) {
    case 401:
        return NQ_NSX_AUTH;
    case 403:
        return NQ_NSX_FORBIDDEN;
    case 404:
        return NQ_NSX_NOT_FOUND;
    case 408:
    case 504:
        return NQ_NSX_TIMEOUT;
    case 409:
    case 412:
        return NQ_NSX_SERVER;
    case 429:
    case 503:
        return NQ_NSX_BUSY;
    default:
        return status < 200   ? NQ_NSX_ANSWER
               : status < 300 ? NQ_OK
               : status < 400 ? NQ_NSX_ANSWER
               : status < 500 ? NQ_NSX_REJECTED
                              : NQ_NSX_SERVER;
    }
}

static void every_status_without_a_code_has_its_meaning(void **state)
{
    (void)state;
    for (int status = 100; status < 600; status++) {
        assert_int_equal(nq_judge_vsphere(status, 0), expected(status));
        assert_int_equal(nq_judge_vsphere(status, 987654), expected(status));
    }
    assert_int_equal(nq_judge_vsphere(0, 0), NQ_NSX_ANSWER);
    assert_int_equal(nq_judge_vsphere(999, 0), NQ_NSX_ANSWER);
}

static void a_known_code_counts_whatever_the_status(void **state)
{
    static const struct {
        int64_t fault_code;
        enum nq_code code;
    } rows[] = {
        {202, NQ_NSX_NOT_FOUND},    {203, NQ_NSX_REJECTED},
        {204, NQ_NSX_FORBIDDEN},    {209, NQ_NSX_REJECTED},
        {210, NQ_NSX_REJECTED},     {275, NQ_NSX_REJECTED},
        {276, NQ_NSX_REJECTED},     {300, NQ_NSX_NOT_FOUND},
        {100029, NQ_NSX_NOT_FOUND}, {100046, NQ_NSX_NOT_FOUND},
        {100089, NQ_NSX_NOT_FOUND}, {100092, NQ_NSX_REJECTED},
        {110510, NQ_NSX_REJECTED},  {NQ_VSPHERE_CONFLICT, NQ_NSX_SERVER},
    };
    static const int statuses[] = {303, 400, 401, 403, 404, 405, 409, 500, 503};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t j = 0; j < sizeof(statuses) / sizeof(statuses[0]); j++) {
            assert_int_equal(nq_judge_vsphere(statuses[j], rows[i].fault_code),
                             rows[i].code);
        }
        assert_int_equal(nq_judge_vsphere(200, rows[i].fault_code), NQ_OK);
    }
}

/* The body of the error reaches the one who decides. */
static void an_error_keeps_its_code(void **state)
{
    const struct nq_http_answer answer = {.end = NQ_HTTP_ANSWERED,
                                          .status = 400,
                                          .body = "",
                                          .content_type = "",
                                          .request_id = "",
                                          .reason = ""};
    struct nq_fault fault = {.code = NQ_VSPHERE_NAME_USED};
    struct nq_err err;
    (void)state;
    (void)snprintf(fault.message, sizeof(fault.message), "%s", "exists already");
    assert_false(nq_judge(&answer, nq_judge_vsphere, &fault, NULL, &err));
    assert_int_equal(err.code, NQ_NSX_REJECTED);
    assert_int_equal(err.fault, NQ_VSPHERE_NAME_USED);
    assert_int_equal(err.http, 400);
    assert_string_equal(err.detail, "HTTP 400, error 210: exists already");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_without_a_code_has_its_meaning),
        cmocka_unit_test(a_known_code_counts_whatever_the_status),
        cmocka_unit_test(an_error_keeps_its_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
