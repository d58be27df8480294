/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from answers about groups and the firewall, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "nsx/policy/firewall_json.h"

static struct nq_buf seen;
static struct nq_page page;
static struct nq_err err;

static const char *const paths[] = {"/g/a", NULL, "/g/c"};
static const struct nq_group_paths groups = {paths, 3};

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

static void see_text(void *arg, const char *text)
{
    (void)arg;
    assert_true(nq_buf_addf(&seen, "[%s]", text));
}

/* "any", "not", then the indexes of the groups that are named. */
static void see_end(const struct nq_rule_end *of)
{
    assert_true(
        nq_buf_addf(&seen, "|%s%s", of->any ? "any" : "", of->excluded ? "not" : ""));
    for (size_t i = 0; i < groups.count; i++) {
        if (nq_group_set_has(&of->groups, i)) {
            assert_true(nq_buf_addf(&seen, "%zu", i));
        }
    }
}

static void see_policy(void *arg, struct nq_security_policy *policy)
{
    (void)arg;
    assert_true(nq_buf_addf(&seen, "[%s %s %s %d %u %d r%lld n%lld", policy->id,
                            policy->path,
                            policy->scheduler_path ? policy->scheduler_path : "-",
                            (int)policy->category, policy->sequence, policy->enabled,
                            (long long)policy->revision, (long long)policy->told_rules));
    see_end(&policy->scope);
    assert_true(nq_buf_addf(&seen, "]"));
    nq_security_policy_done(policy);
}

static void see_rule(void *arg, struct nq_rule *rule)
{
    (void)arg;
    assert_true(nq_buf_addf(&seen, "[%s %s %s %d %d %u %d %d %u", rule->id, rule->path,
                            rule->name, (int)rule->action, (int)rule->direction,
                            rule->families, rule->enabled, rule->all_traffic,
                            rule->sequence));
    see_end(&rule->source);
    see_end(&rule->destination);
    see_end(&rule->scope);
    assert_true(nq_buf_addf(&seen, "]"));
    nq_rule_done(rule);
}

static bool read_policies(const char *body)
{
    nq_buf_clear(&seen);
    return nq_json_security_policies(body, strlen(body), &groups, see_policy, NULL, &page,
                                     &err);
}

static bool read_rules(const char *body)
{
    nq_buf_clear(&seen);
    return nq_json_rules(body, strlen(body), "/p/q", &groups, see_rule, NULL, &page,
                         &err);
}

static void reads_members_and_associations(void **state)
{
    (void)state;
    static const char members[] = "{\"results\":[{\"id\":\"e1\"},{\"id\":\"e2\"}]}";
    static const char of_vm[] = "{\"results\":[{\"path\":\"/infra/g\"}]}";
    static const char bad[] = "{\"results\":[{\"display_name\":\"VDI-01\"}]}";
    assert_true(
        nq_json_members(members, sizeof(members) - 1, see_text, NULL, &page, &err));
    assert_true(
        nq_json_associations(of_vm, sizeof(of_vm) - 1, see_text, NULL, &page, &err));
    assert_string_equal(nq_buf_text(&seen), "[e1][e2][/infra/g]");
    assert_false(nq_json_members(bad, sizeof(bad) - 1, see_text, NULL, &page, &err));
    assert_false(nq_json_associations(bad, sizeof(bad) - 1, see_text, NULL, &page, &err));
}

static void an_exclude_list_without_members_is_not_an_empty_one(void **state)
{
    (void)state;
    static const char full[] = "{\"members\":[\"/infra/a\",\"/infra/b\"]}";
    static const char empty[] = "{\"members\":[]}";
    static const char none[] = "{}";
    static const char odd[] = "{\"members\":[7]}";
    assert_true(nq_json_exclude_list(full, sizeof(full) - 1, see_text, NULL, &err));
    assert_true(nq_json_exclude_list(empty, sizeof(empty) - 1, see_text, NULL, &err));
    assert_string_equal(nq_buf_text(&seen), "[/infra/a][/infra/b]");
    assert_false(nq_json_exclude_list(none, sizeof(none) - 1, see_text, NULL, &err));
    assert_false(nq_json_exclude_list(odd, sizeof(odd) - 1, see_text, NULL, &err));
}

static void success_counts_only_when_it_is_published(void **state)
{
    (void)state;
    static const struct {
        const char *publish;
        const char *status;
        enum nq_realized realized;
    } rows[] = {
        {"REALIZED", "SUCCESS", NQ_REALIZED_SUCCESS},
        {NULL, "SUCCESS", NQ_REALIZED_SUCCESS}, /* releases before it was published */
        {"UNREALIZED", "SUCCESS", NQ_REALIZED_IN_PROGRESS},
        {"UNAVAILABLE", "SUCCESS", NQ_REALIZED_IN_PROGRESS},
        {"ERROR", "SUCCESS", NQ_REALIZED_ERROR},
        {"REALIZED", "IN_PROGRESS", NQ_REALIZED_IN_PROGRESS},
        {"REALIZED", "ERROR", NQ_REALIZED_ERROR},
        {"REALIZED", "UNKNOWN", NQ_REALIZED_UNKNOWN},
        {"REALIZED", "UNINITIALIZED", NQ_REALIZED_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char body[256];
        enum nq_realized realized;
        (void)snprintf(body, sizeof(body),
                       "{%s%s%s\"consolidated_status\":{\"consolidated_status\":\"%s\"}}",
                       rows[i].publish ? "\"publish_status\":\"" : "",
                       rows[i].publish ? rows[i].publish : "",
                       rows[i].publish ? "\"," : "", rows[i].status);
        assert_true(nq_json_realized(body, strlen(body), &realized, &err));
        assert_int_equal(realized, rows[i].realized);
    }
    enum nq_realized realized;
    assert_false(nq_json_realized("{}", 2, &realized, &err));
}

static void the_firewall_must_say_whether_it_is_on(void **state)
{
    (void)state;
    bool on = false;
    static const char *const odd[] = {"{}", "{\"enable_firewall\":\"true\"}", "[]", ""};
    assert_true(nq_json_firewall_enabled("{\"enable_firewall\":true}", 24, &on, &err));
    assert_true(on);
    assert_true(nq_json_firewall_enabled("{\"enable_firewall\":false}", 25, &on, &err));
    assert_false(on);
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        assert_false(nq_json_firewall_enabled(odd[i], strlen(odd[i]), &on, &err));
        assert_int_equal(err.code, NQ_NSX_ANSWER);
    }
}

static void the_filter_of_the_exclude_list_answers_with_a_reference_or_none(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        bool excluded;
    } rows[] = {
        {"{\"path\":\"/g/a\"}", true},
        {"{\"target_id\":\"/g/a\",\"is_valid\":true}", true},
        {"{}", false},
        {"", false},
    };
    bool excluded = false;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(
            nq_json_exclude_filter(rows[i].body, strlen(rows[i].body), &excluded, &err));
        assert_int_equal(excluded, rows[i].excluded);
    }
    assert_false(nq_json_exclude_filter("<html>", 6, &excluded, &err));
}

static void reads_the_vms_that_nsx_excludes_itself(void **state)
{
    (void)state;
    static const char good[] =
        "{\"results\":[{\"external_id\":\"e1\",\"type\":\"EDGE\"}]}";
    static const char bad[] = "{\"results\":[{\"id\":\"e1\"}]}";
    assert_true(
        nq_json_excluded_vms(good, sizeof(good) - 1, see_text, NULL, &page, &err));
    assert_string_equal(nq_buf_text(&seen), "[e1]");
    assert_false(nq_json_excluded_vms(bad, sizeof(bad) - 1, see_text, NULL, &page, &err));
}

static void reads_all_that_a_security_policy_tells(void **state)
{
    (void)state;
    assert_true(read_policies(
        "{\"result_count\":1,\"results\":[{\"id\":\"q\",\"path\":\"/p/q\",\"category\":"
        "\"Emergency\",\"sequence_number\":10,\"scope\":[\"/g/c\",\"/g/x\"],"
        "\"scheduler_path\":\"/s/1\",\"_revision\":7,\"rule_count\":3}]}"));
    assert_string_equal(nq_buf_text(&seen), "[q /p/q /s/1 2 10 1 r7 n3|2]");
    assert_int_equal(page.result_count, 1);
}

static void of_a_security_policy_only_the_path_must_be_there(void **state)
{
    (void)state;
    assert_true(read_policies("{\"results\":[{\"path\":\"/p/q\"}]}"));
    assert_string_equal(nq_buf_text(&seen), "[q /p/q - 5 0 1 r-1 n-1|any]");
    assert_true(read_policies("{\"results\":[{\"path\":\"/p/q\",\"category\":\"New\","
                              "\"scope\":[\"any\"],\"marked_for_delete\":true,"
                              "\"sequence_number\":99999999999,\"_revision\":\"7\"}]}"));
    assert_string_equal(nq_buf_text(&seen), "[q /p/q - 6 4294967295 0 r-1 n-1|any]");
    assert_false(read_policies("{\"results\":[{\"id\":\"q\"}]}"));
    assert_false(read_policies("{\"results\":[{\"path\":\"q\"}]}"));
    assert_false(read_policies("{\"results\":[7]}"));
    assert_false(read_policies("{}"));
}

static void reads_all_that_a_rule_tells(void **state)
{
    (void)state;
    assert_true(read_rules(
        "{\"results\":[{\"id\":\"r\",\"display_name\":\"#4 in\",\"action\":\"REJECT\","
        "\"direction\":\"OUT\",\"ip_protocol\":\"IPV6\",\"sequence_number\":30,"
        "\"source_groups\":[\"/g/a\"],\"destination_groups\":[\"ANY\"],"
        "\"destinations_excluded\":false,\"services\":[\"ANY\"],\"profiles\":[\"Any\"],"
        "\"scope\":[\"/g/a\",\"/g/c\"],\"disabled\":false,\"rule_id\":2003},"
        "{\"id\":\"s\",\"action\":\"DROP\",\"source_groups\":[\"/g/x\"],"
        "\"sources_excluded\":true,\"services\":[\"/infra/services/SMB\"],"
        "\"disabled\":true}]}"));
    assert_string_equal(nq_buf_text(&seen), "[r /p/q/rules/r #4 in 3 2 2 1 1 30|0|any|02]"
                                            "[s /p/q/rules/s s 2 3 3 0 0 0|not|any|any]");
}

static void what_narrows_the_traffic_of_a_rule_is_seen(void **state)
{
    (void)state;
    static const struct {
        const char *member;
        int all;
    } rows[] = {
        {"\"services\":[\"ANY\"]", 1},
        {"\"services\":[\"/infra/services/A\",\"ANY\"]", 1},
        {"\"services\":[]", 0},
        {"\"profiles\":[\"/infra/context-profiles/DNS\"]", 0},
        {"\"service_entries\":[]", 1},
        {"\"service_entries\":[{\"resource_type\":\"L4PortSetServiceEntry\"}]", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char body[256];
        char expected[64];
        (void)snprintf(body, sizeof(body),
                       "{\"results\":[{\"id\":\"r\",\"action\":\"DROP\",%s}]}",
                       rows[i].member);
        (void)snprintf(expected, sizeof(expected),
                       "[r /p/q/rules/r r 2 3 3 1 %d 0|any|any|any]", rows[i].all);
        assert_true(read_rules(body));
        assert_string_equal(nq_buf_text(&seen), expected);
    }
}

static void an_end_that_names_nothing_or_denies_any_is_not_any(void **state)
{
    (void)state;
    assert_true(read_rules("{\"results\":[{\"id\":\"r\",\"action\":\"DROP\","
                           "\"source_groups\":[],\"destination_groups\":[\"ANY\"],"
                           "\"destinations_excluded\":true,\"scope\":[7,null]}]}"));
    assert_string_equal(nq_buf_text(&seen), "[r /p/q/rules/r r 2 3 3 1 1 0||not|]");
}

static void rules_with_words_that_we_do_not_know_are_passed_over(void **state)
{
    (void)state;
    assert_true(read_rules("{\"results\":[{\"id\":\"r\",\"action\":\"DETOUR\"},"
                           "{\"id\":\"r\"},{\"id\":\"r\",\"action\":7},"
                           "{\"id\":\"r\",\"action\":\"DROP\",\"direction\":\"UP\"}]}"));
    assert_string_equal(nq_buf_text(&seen), "");
    assert_int_equal(page.items, 4);
    assert_true(read_rules("{\"results\":[{\"id\":\"r\",\"action\":\"DROP\","
                           "\"ip_protocol\":\"IPV8\"}]}"));
    assert_string_equal(nq_buf_text(&seen), "[r /p/q/rules/r r 2 3 0 1 1 0|any|any|any]");
    assert_false(read_rules("{\"results\":[{\"action\":\"DROP\"}]}"));
    assert_string_equal(err.detail, "item 1 of the list has no usable id");
}

static enum nq_window_state window_of(const char *body, int64_t wall_ms)
{
    struct nq_window window;
    assert_true(nq_json_scheduler(body, strlen(body), &window, &err));
    return nq_window_at(&window, wall_ms);
}

static void a_scheduler_is_read_and_what_is_odd_cannot_be_judged(void **state)
{
    (void)state;
    static const char good[] =
        "{\"resource_type\":\"PolicyFirewallScheduler\",\"timezone\":\"UTC\","
        "\"start_date\":\"01/01/1970\",\"end_date\":\"01/07/1970\",\"recurring\":true,"
        "\"days\":[\"THURSDAY\",\"FRIDAY\"],"
        "\"time_interval\":[{\"start_interval\":\"1:00\",\"end_interval\":\"2:00\"}]}";
    assert_int_equal(window_of(good, 0), NQ_WINDOW_CLOSED);
    assert_int_equal(window_of(good, 3600000), NQ_WINDOW_OPEN);
    assert_int_equal(window_of("{\"timezone\":\"UTC\",\"start_date\":\"01/01/1970\","
                               "\"end_date\":\"01/02/1970\",\"recurring\":false,"
                               "\"start_time\":\"0:00\",\"end_time\":\"0:30\"}",
                               1),
                     NQ_WINDOW_OPEN);
    assert_int_equal(window_of("{}", 0), NQ_WINDOW_UNKNOWN);
    assert_int_equal(
        window_of("{\"timezone\":\"UTC\",\"start_date\":\"01/01/1970\",\"end_date\":"
                  "\"01/02/1970\",\"recurring\":true,\"days\":[1,2,3,4,5,6,7,8]}",
                  0),
        NQ_WINDOW_UNKNOWN);
    struct nq_window window;
    assert_false(nq_json_scheduler("[]", 2, &window, &err));
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(reads_members_and_associations),
        FRESH(an_exclude_list_without_members_is_not_an_empty_one),
        FRESH(success_counts_only_when_it_is_published),
        FRESH(the_firewall_must_say_whether_it_is_on),
        FRESH(the_filter_of_the_exclude_list_answers_with_a_reference_or_none),
        FRESH(reads_the_vms_that_nsx_excludes_itself),
        FRESH(reads_all_that_a_security_policy_tells),
        FRESH(of_a_security_policy_only_the_path_must_be_there),
        FRESH(reads_all_that_a_rule_tells),
        FRESH(what_narrows_the_traffic_of_a_rule_is_seen),
        FRESH(an_end_that_names_nothing_or_denies_any_is_not_any),
        FRESH(rules_with_words_that_we_do_not_know_are_passed_over),
        FRESH(a_scheduler_is_read_and_what_is_odd_cannot_be_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
