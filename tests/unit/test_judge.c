/* SPDX-License-Identifier: Apache-2.0 */
/* What every status, error code and end of an exchange is judged to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "nsx/judge.h"

static struct nq_err judged;

static bool judge(int status, int64_t fault_code, const char *message,
                  const char *garbled)
{
    const struct nq_http_answer answer = {.end = NQ_HTTP_ANSWERED,
                                          .status = status,
                                          .body = "",
                                          .content_type = "",
                                          .request_id = "req-7",
                                          .reason = ""};
    struct nq_fault fault = {.code = fault_code};
    (void)snprintf(fault.message, sizeof(fault.message), "%s", message);
    judged = (struct nq_err){0};
    return nq_judge(&answer, nq_judge_policy, fault_code || *message ? &fault : NULL,
                    garbled, &judged);
}

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

static void every_status_has_one_meaning(void **state)
{
    (void)state;
    for (int status = 100; status <= 599; status++) {
        const bool good = judge(status, 0, "", NULL);
        if (good != (expected(status) == NQ_OK) || judged.code != expected(status)) {
            fail_msg("HTTP %d is %s, not %s", status, nq_code_name(judged.code),
                     nq_code_name(expected(status)));
        }
        if (!good) {
            assert_int_equal(judged.http, status);
            assert_non_null(strstr(judged.detail, "req-7"));
        }
    }
}

static void error_codes_refine_the_status(void **state)
{
    (void)state;
    static const struct {
        int status;
        int64_t fault_code;
        enum nq_code code;
        enum nq_fate fate;
    } rows[] = {
        {403, 403, NQ_NSX_AUTH, NQ_FATE_RETRY},
        {403, 98, NQ_NSX_AUTH, NQ_FATE_RETRY},
        {403, 505, NQ_NSX_FORBIDDEN, NQ_FATE_STOP},
        {404, 600, NQ_NSX_NOT_FOUND, NQ_FATE_STOP},
        {404, 202, NQ_NSX_NOT_FOUND, NQ_FATE_STOP},
        {400, 500012, NQ_NSX_NOT_FOUND, NQ_FATE_STOP},
        {400, 287, NQ_NSX_REJECTED, NQ_FATE_STOP},
        {400, 500030, NQ_NSX_REJECTED, NQ_FATE_STOP},
        {400, 500045, NQ_NSX_SERVER, NQ_FATE_RETRY},
        {400, 60508, NQ_NSX_BUSY, NQ_FATE_RETRY},
        {400, 60514, NQ_NSX_BUSY, NQ_FATE_RETRY},
        {400, 60515, NQ_NSX_BUSY, NQ_FATE_RETRY},
        {400, 500087, NQ_NSX_SERVER, NQ_FATE_RETRY},
        {400, 500232, NQ_NSX_SERVER, NQ_FATE_RETRY},
        {400, 100148, NQ_NSX_SERVER, NQ_FATE_RETRY},
        {404, 500090, NQ_NSX_SERVER, NQ_FATE_RETRY},
        {429, 102, NQ_NSX_BUSY, NQ_FATE_RETRY},
        {500, 607, NQ_NSX_SERVER, NQ_FATE_RETRY},
        {500, 98, NQ_NSX_SERVER, NQ_FATE_RETRY},
        {500, 99, NQ_NSX_AUTH, NQ_FATE_RETRY},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_false(judge(rows[i].status, rows[i].fault_code, "why", NULL));
        if (judged.code != rows[i].code || nq_err_fate(&judged) != rows[i].fate) {
            fail_msg("HTTP %d code %d is %s", rows[i].status, (int)rows[i].fault_code,
                     nq_code_name(judged.code));
        }
    }
}

static void a_good_status_with_a_body_of_no_use_is_no_success(void **state)
{
    (void)state;
    assert_false(judge(200, 0, "", "the body is not JSON"));
    assert_int_equal(judged.code, NQ_NSX_ANSWER);
    assert_string_equal(judged.detail, "HTTP 200, request req-7: the body is not JSON");
}

static void a_long_hostile_message_leaves_the_numbers_readable(void **state)
{
    (void)state;
    char message[NQ_FAULT_TEXT];
    memset(message, 'm', sizeof(message));
    message[0] = '\n';
    message[1] = '\x1b';
    message[sizeof(message) - 1] = '\0';
    assert_false(judge(400, 500157, message, NULL));
    assert_non_null(
        strstr(judged.detail, "HTTP 400, error 500157, request req-7: \\n\\x1B"));
    assert_true(strlen(judged.detail) < NQ_ERR_DETAIL);
}

static void every_end_without_an_answer_is_an_error_that_may_pass(void **state)
{
    (void)state;
    for (int end = 0; end < NQ_HTTP_END_COUNT; end++) {
        const struct nq_http_answer answer = {.end = (enum nq_http_end)end,
                                              .body = "",
                                              .content_type = "",
                                              .request_id = "",
                                              .reason = "because"};
        if (end == NQ_HTTP_ANSWERED) {
            continue;
        }
        assert_false(nq_judge(&answer, nq_judge_policy, NULL, NULL, &judged));
        assert_int_not_equal(judged.code, NQ_OK);
        assert_int_equal(nq_err_fate(&judged), NQ_FATE_RETRY);
        assert_string_equal(judged.detail, "because");
        assert_int_equal(judged.http, 0);
    }
}

static void only_what_did_not_look_at_a_password_calls_for_a_new_session(void **state)
{
    (void)state;
    for (int status = 100; status <= 599; status++) {
        assert_int_equal(nq_judge_is_stale(status, 0), status == 401);
        assert_int_equal(nq_judge_is_stale(status, 98), status == 401 || status == 403);
    }
    assert_false(nq_judge_is_stale(403, 403)); /* password wrong or account locked */
    assert_false(nq_judge_is_stale(403, 505));
}

static void a_node_is_sick_when_it_says_so_itself(void **state)
{
    (void)state;
    for (int status = 100; status <= 599; status++) {
        assert_int_equal(nq_judge_is_sick(status, 0), status >= 502 && status <= 504);
    }
    assert_true(nq_judge_is_sick(500, 98));
    assert_false(nq_judge_is_sick(500, 99));
    assert_false(nq_judge_is_sick(500, 607));
    assert_false(nq_judge_is_sick(403, 98));
}

static void every_curl_code_has_an_end(void **state)
{
    (void)state;
    static const struct {
        CURLcode code;
        enum nq_http_end end;
    } known[] = {
        {CURLE_COULDNT_RESOLVE_HOST, NQ_HTTP_UNREACHABLE},
        {CURLE_COULDNT_CONNECT, NQ_HTTP_UNREACHABLE},
        {CURLE_RECV_ERROR, NQ_HTTP_UNREACHABLE},
        {CURLE_GOT_NOTHING, NQ_HTTP_UNREACHABLE},
        {CURLE_OPERATION_TIMEDOUT, NQ_HTTP_TIMEOUT},
        {CURLE_PEER_FAILED_VERIFICATION, NQ_HTTP_TLS},
        {CURLE_SSL_CACERT_BADFILE, NQ_HTTP_TLS},
        {CURLE_SSL_ISSUER_ERROR, NQ_HTTP_TLS},
        {CURLE_PARTIAL_FILE, NQ_HTTP_CUT},
        {CURLE_OUT_OF_MEMORY, NQ_HTTP_FAILED},
    };
    for (int code = 1; code < CURL_LAST; code++) {
        assert_int_not_equal(nq_http_end_of(code), NQ_HTTP_ANSWERED);
    }
    assert_int_equal(nq_http_end_of(CURLE_OK), NQ_HTTP_ANSWERED);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        assert_int_equal(nq_http_end_of((int)known[i].code), known[i].end);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_one_meaning),
        cmocka_unit_test(error_codes_refine_the_status),
        cmocka_unit_test(a_good_status_with_a_body_of_no_use_is_no_success),
        cmocka_unit_test(a_long_hostile_message_leaves_the_numbers_readable),
        cmocka_unit_test(every_end_without_an_answer_is_an_error_that_may_pass),
        cmocka_unit_test(only_what_did_not_look_at_a_password_calls_for_a_new_session),
        cmocka_unit_test(a_node_is_sick_when_it_says_so_itself),
        cmocka_unit_test(every_curl_code_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
