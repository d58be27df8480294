/* SPDX-License-Identifier: Apache-2.0 */
/* How the statistics of rules are read, in all the forms they come in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "nsx/policy/counters_json.h"

static struct nq_buf seen;
static struct nq_err err;

static int begin(void **state)
{
    (void)state;
    nq_buf_init(&seen, 65536);
    return 0;
}

static int end(void **state)
{
    (void)state;
    nq_buf_done(&seen);
    return 0;
}

static void see(void *arg, const struct nq_rule_count *count)
{
    (void)arg;
    assert_true(nq_buf_addf(&seen, "[%s %s", count->rule, count->key));
    for (size_t i = 0; i < NQ_TRAFFIC_COUNT; i++) {
        assert_true(nq_buf_addf(&seen, " %llu", (unsigned long long)count->counts[i]));
    }
    assert_true(nq_buf_addf(&seen, "]"));
}

static bool read_text(const char *body)
{
    nq_buf_clear(&seen);
    return nq_json_statistics(body, strlen(body), see, NULL, &err);
}

static void reads_rules_by_enforcement_point(void **state)
{
    (void)state;
    assert_true(
        read_text("{\"results\":[{\"enforcement_point\":\"/e/1\",\"statistics\":{"
                  "\"internal_section_id\":\"q\",\"results\":[{\"rule\":\"/p/q/rules/r\","
                  "\"internal_rule_id\":\"2003\",\"packet_count\":1,\"byte_count\":2,"
                  "\"session_count\":3,\"hit_count\":4,\"popularity_index\":5},"
                  "{\"rule\":\"s\",\"internal_rule_id\":2004,\"hit_count\":7}]}},"
                  "{\"enforcement_point\":\"/e/2\",\"container_cluster_path\":\"/c\","
                  "\"statistics\":{\"results\":[{\"rule\":\"s\",\"internal_rule_id\":"
                  "\"2004\"}]}}]}"));
    assert_string_equal(nq_buf_text(&seen),
                        "[/p/q/rules/r /e/1||2003 1 2 3 4][s /e/1||2004 0 0 0 7]"
                        "[s /e/2|/c|2004 0 0 0 0]");
}

static void reads_the_flat_form(void **state)
{
    (void)state;
    assert_true(read_text("{\"results\":[{\"rule\":\"r\",\"internal_rule_id\":\"1\","
                          "\"packet_count\":9007199254740993},{\"rule\":\"r\"}]}"));
    assert_string_equal(nq_buf_text(&seen),
                        "[r ||1 9007199254740992 0 0 0][r || 0 0 0 0]");
}

static void what_names_no_rule_is_passed_over(void **state)
{
    (void)state;
    assert_true(read_text("{\"results\":[{\"hit_count\":1},{},7,null,{\"statistics\":{}},"
                          "{\"statistics\":{\"results\":[{\"hit_count\":1}]}},"
                          "{\"statistics\":7}]}"));
    assert_string_equal(nq_buf_text(&seen), "");
}

static void what_is_no_count_is_refused(void **state)
{
    (void)state;
    static const char *const odd[] = {"-1",    "1.5",  "1e300",
                                      "\"7\"", "null", "9223372036854775808"};
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        char body[128];
        (void)snprintf(body, sizeof(body),
                       "{\"results\":[{\"rule\":\"r\",\"hit_count\":%s}]}", odd[i]);
        assert_false(read_text(body));
        assert_int_equal(err.code, NQ_NSX_ANSWER);
        assert_non_null(strstr(err.detail, "hit_count"));
    }
    assert_false(read_text("{}"));
    assert_string_equal(err.detail, "the statistics have no results");
    assert_false(read_text("[]"));
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(reads_rules_by_enforcement_point),
        FRESH(reads_the_flat_form),
        FRESH(what_names_no_rule_is_passed_over),
        FRESH(what_is_no_count_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
