/* SPDX-License-Identifier: Apache-2.0 */
/* How the nodes of a manager are found to be sick, and well again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "nsx/cluster.h"
#include "world_asker.h"

/* The timers of all nodes come once. */
static void let_probes_be_sent(void)
{
    manager_skip(at.manager, NQ_PROBE_MOST_MS);
}

/* A turn of the loop at a time, until it holds. */
static void run_until_lines(const size_t *lines, size_t wanted)
{
    struct asked asked;
    for (int i = 0; i < 200 && *lines < wanted; i++) {
        assert_int_equal(asker_get_now(VERSION, &asked), NQ_OK);
    }
    assert_int_equal(*lines, wanted);
}

static void a_sick_node_is_probed_but_not_gone_back_to(void **state)
{
    (void)state;
    struct asked asked;
    asker_open_well();
    manager_set_node(at.manager, 0, "unhealthy");
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    asker_expect_node(1);
    let_probes_be_sent();
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    assert_int_equal(at.found, 0);
    manager_set_node(at.manager, 0, "up");
    let_probes_be_sent();
    run_until_lines(&at.found, 1);
    asker_expect_node(1);
    assert_int_equal(asker_status().state, NQ_MANAGER_UP);
    manager_set_node(at.manager, 1, "down");
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    asker_expect_node(2);
}

/* A question there timed out: whether the node hangs or the question was slow is not known
 * before the probe. */
static void a_node_that_falls_silent_is_probed_at_once(void **state)
{
    (void)state;
    struct asked asked;
    asker_open_well();
    manager_fault(at.manager, "{\"node\":0,\"hang\":true}"); /* connections still work */
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    assert_int_equal(at.lost, 1);
    asker_expect_node(1);
    manager_forget(at.manager);
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    assert_int_equal(manager_requests(at.manager, "GET", VMS), 1);
}

static void a_node_that_accepts_but_does_not_speak_is_left(void **state)
{
    (void)state;
    struct asked asked;
    asker_open_well();
    manager_set_node(at.manager, 0, "hung");
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    asker_expect_node(1);
}

static void a_slow_question_does_not_make_its_node_sick(void **state)
{
    (void)state;
    struct asked asked;
    asker_open_well();
    asker_break_first("\"hang\":true,\"times\":1");
    assert_int_equal(asker_tag_now(&asked), NQ_NSX_TIMEOUT);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(asker_get_now(VERSION, &asked), NQ_OK);
    }
    asker_expect_node(0);
    assert_int_equal(at.lost, 0);
}

static void a_node_that_calls_itself_ill_is_sick(void **state)
{
    (void)state;
    asker_open_well();
    manager_fault(at.manager, "{\"node\":2,\"path\":\"" HEALTH "\",\"status\":200,"
                              "\"body\":{\"healthy\":false}}");
    let_probes_be_sent();
    run_until_lines(&at.lost, 1);
    assert_int_equal(asker_status().state, NQ_MANAGER_DEGRADED);
    asker_expect_node(0);
}

static void a_manager_without_the_health_call_is_asked_for_its_version(void **state)
{
    (void)state;
    struct asked asked;
    manager_fault(at.manager, "{\"path\":\"" HEALTH "\",\"status\":404}");
    asker_open_well();
    manager_set_node(at.manager, 0, "unhealthy");
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    manager_set_node(at.manager, 0, "up");
    let_probes_be_sent();
    run_until_lines(&at.found, 1);
}

static void a_probe_carries_no_password(void **state)
{
    (void)state;
    asker_open_well();
    manager_forget(at.manager);
    let_probes_be_sent();
    struct asked asked;
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    char *text = manager_get(at.manager, "/sim/journal?min_requests=3&timeout_ms=5000");
    const char *probe = strstr(text, HEALTH);
    assert_non_null(probe);
    const char *line = strstr(probe, "\"Authorization\":");
    assert_non_null(line);
    assert_int_equal(strncmp(line, "\"Authorization\":null", 20), 0);
    free(text);
    assert_int_equal(at.lost, 0); /* refused, but alive */
}

static void one_node_is_never_probed(void **state)
{
    (void)state;
    struct asked asked;
    asker_end(NULL);
    asker_begin(1, "{}");

    asker_open();
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    manager_fault(at.manager, "{\"path\":\"" VMS "\",\"reset\":true,\"times\":2}");
    assert_int_equal(asker_get_now(VMS, &asked), NQ_NSX_UNREACHABLE);
    for (int i = 0; i < 4; i++) {
        let_probes_be_sent();
        assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    }
    assert_int_equal(manager_requests(at.manager, "GET", HEALTH), 0);
    assert_int_equal(at.lost + at.found, 0);
}

#define CLUSTER(test)                                                                    \
    cmocka_unit_test_setup_teardown(test, asker_begin_cluster, asker_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER(a_sick_node_is_probed_but_not_gone_back_to),
        CLUSTER(a_node_that_falls_silent_is_probed_at_once),
        CLUSTER(a_node_that_accepts_but_does_not_speak_is_left),
        CLUSTER(a_slow_question_does_not_make_its_node_sick),
        CLUSTER(a_node_that_calls_itself_ill_is_sick),
        CLUSTER(a_manager_without_the_health_call_is_asked_for_its_version),
        CLUSTER(a_probe_carries_no_password),
        CLUSTER(one_node_is_never_probed),
    };
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
