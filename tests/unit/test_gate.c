/* SPDX-License-Identifier: Apache-2.0 */
/* How few logins a wrong password costs, with a clock that only the test moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "nsx/gate.h"

#define PAUSE_MS 900000

static int64_t now_ms;
static struct nq_gate gate;
static struct nq_err err;

static int64_t fake_ms(const struct nq_clock *clock)
{
    (void)clock;
    return now_ms;
}

static const struct nq_clock fake_clock = {.wall_ms = fake_ms, .mono_ms = fake_ms};

static int new_gate(void **state)
{
    (void)state;
    now_ms = 1000;
    nq_gate_init(&gate, &fake_clock, PAUSE_MS);
    return 0;
}

static void report(bool trial, enum nq_code code)
{
    struct nq_err failure;
    (void)nq_fail(&failure, code, "HTTP 401, request r1");
    nq_gate_report(&gate, trial, code == NQ_OK ? NULL : &failure);
}

static void lets_one_request_try_the_account_and_then_all(void **state)
{
    (void)state;
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_TRIAL);
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_WAIT);
    report(true, NQ_OK);
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_PASS);
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_PASS);
}

static void stays_shut_for_the_pause_and_says_until_when(void **state)
{
    (void)state;
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_TRIAL);
    report(true, NQ_NSX_AUTH);
    assert_true(nq_gate_is_shut(&gate));
    now_ms += PAUSE_MS - 1;
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_SHUT);
    assert_int_equal(err.code, NQ_NSX_AUTH);
    assert_string_equal(
        err.detail, "no request until 1970-01-01 00:15:01Z after HTTP 401, request r1");
    now_ms++;
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_TRIAL);
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_WAIT);
}

static void each_pause_costs_one_login(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_TRIAL);
        report(true, NQ_NSX_AUTH);
        assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_SHUT);
        now_ms += PAUSE_MS;
    }
}

static void an_answer_past_the_login_proves_the_account(void **state)
{
    (void)state;
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_TRIAL);
    report(true, NQ_NSX_NOT_FOUND);
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_PASS);
}

static void a_trial_that_did_not_reach_the_login_is_followed_by_another(void **state)
{
    (void)state;
    static const enum nq_code codes[] = {NQ_NSX_UNREACHABLE, NQ_NSX_TIMEOUT,
                                         NQ_NSX_TLS,         NQ_NSX_BUSY,
                                         NQ_NSX_SERVER,      NQ_NSX_ANSWER};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_TRIAL);
        report(true, codes[i]);
    }
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_TRIAL);
    nq_gate_withdraw(&gate);
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_TRIAL);
}

static void a_late_success_does_not_open_a_gate_that_was_shut(void **state)
{
    (void)state;
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_TRIAL);
    report(true, NQ_OK);
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_PASS);
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_PASS);
    report(false, NQ_NSX_AUTH);
    report(false, NQ_OK);
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_SHUT);
    now_ms += PAUSE_MS;
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_TRIAL);
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_WAIT);
}

static void another_account_need_not_wait_for_the_end_of_the_pause(void **state)
{
    (void)state;
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_TRIAL);
    report(true, NQ_NSX_AUTH);
    nq_gate_forgive(&gate);
    assert_false(nq_gate_is_shut(&gate));
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_TRIAL);
    assert_int_equal(nq_gate_ask(&gate, &err), NQ_GATE_WAIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lets_one_request_try_the_account_and_then_all, new_gate),
        cmocka_unit_test_setup(stays_shut_for_the_pause_and_says_until_when, new_gate),
        cmocka_unit_test_setup(each_pause_costs_one_login, new_gate),
        cmocka_unit_test_setup(an_answer_past_the_login_proves_the_account, new_gate),
        cmocka_unit_test_setup(
            a_trial_that_did_not_reach_the_login_is_followed_by_another, new_gate),
        cmocka_unit_test_setup(another_account_need_not_wait_for_the_end_of_the_pause,
                               new_gate),
        cmocka_unit_test_setup(a_late_success_does_not_open_a_gate_that_was_shut,
                               new_gate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
