/* SPDX-License-Identifier: Apache-2.0 */
/* test_outbox.c: notifications leave a few at a time, and only when the host takes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/log.h"
#include "mib/outbox.h"

static size_t sent;
static bool open_door;

/* Takes the place of libnetsnmpagent's. */
void send_v2trap(netsnmp_variable_list *vars);
void send_v2trap(netsnmp_variable_list *vars)
{
    assert_non_null(vars);
    sent++;
}

static bool may_send(void)
{
    return open_door;
}

static netsnmp_variable_list *notification(void)
{
    static const oid name[] = {1, 3, 6, 1};
    netsnmp_variable_list *vars = NULL;
    (void)snmp_varlist_add_variable(&vars, name, OID_LENGTH(name), ASN_NULL, NULL, 0);
    return vars;
}

static void put(struct nq_outbox *outbox, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_true(nq_outbox_put(outbox, notification()));
    }
}

/* Runs the host's alarms until as many are sent; a host without them never ends. */
static void run_until(size_t wanted)
{
    const time_t limit = time(NULL) + 20;
    while (sent < wanted && time(NULL) < limit) {
        const size_t before = sent;
        run_alarms();
        assert_true(sent - before <= NQ_OUTBOX_BATCH);
    }
    assert_int_equal(sent, wanted);
}

static int set_up(void **state)
{
    (void)state;
    sent = 0;
    open_door = true;
    init_snmp_alarm();
    return 0;
}

static void a_few_leave_at_once_and_the_rest_in_turn(void **state)
{
    (void)state;
    struct nq_outbox outbox = {.may_send = may_send};
    put(&outbox, 1);
    assert_int_equal(sent, 1);
    put(&outbox, 3 * NQ_OUTBOX_BATCH);
    assert_int_equal(sent, NQ_OUTBOX_BATCH);
    run_until(3 * NQ_OUTBOX_BATCH + 1);
    nq_outbox_done(&outbox);
}

static void nothing_leaves_while_the_host_takes_nothing(void **state)
{
    (void)state;
    struct nq_outbox outbox = {.may_send = may_send};
    open_door = false;
    put(&outbox, 5);
    run_alarms();
    assert_int_equal(sent, 0);
    open_door = true;
    run_until(5);
    nq_outbox_done(&outbox);
}

static void quiet(void *arg, enum nq_log_level level, const char *line)
{
    (void)level;
    (void)line;
    ++*(size_t *)arg;
}

static void what_finds_no_place_is_said(void **state)
{
    (void)state;
    struct nq_outbox outbox = {.may_send = may_send};
    size_t lines = 0;
    nq_log_to(quiet, &lines);
    open_door = false;
    put(&outbox, NQ_OUTBOX_MAX);
    for (int i = 0; i < 7; i++) {
        assert_false(nq_outbox_put(&outbox, notification()));
    }
    assert_int_equal(outbox.count, NQ_OUTBOX_MAX);
    assert_int_equal(outbox.lost, 7);
    open_door = true;
    run_until(NQ_OUTBOX_MAX);
    for (const time_t limit = time(NULL) + 20; lines == 0 && time(NULL) < limit;) {
        run_alarms();
    }
    assert_int_equal(lines, 1);
    nq_log_to(NULL, NULL);
    nq_outbox_done(&outbox);
}

static void what_is_left_at_the_end_is_freed_and_said(void **state)
{
    (void)state;
    struct nq_outbox outbox = {.may_send = may_send};
    size_t lines = 0;
    nq_log_to(quiet, &lines);
    open_door = false;
    put(&outbox, 30);
    open_door = true;
    nq_outbox_done(&outbox);
    assert_int_equal(sent, NQ_OUTBOX_BATCH);
    assert_int_equal(outbox.count, 0);
    assert_int_equal(lines, 1);
    nq_outbox_done(&outbox);
    assert_int_equal(lines, 1); /* nothing was left */
    nq_log_to(NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_few_leave_at_once_and_the_rest_in_turn, set_up),
        cmocka_unit_test_setup(nothing_leaves_while_the_host_takes_nothing, set_up),
        cmocka_unit_test_setup(what_finds_no_place_is_said, set_up),
        cmocka_unit_test_setup(what_is_left_at_the_end_is_freed_and_said, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
