/* SPDX-License-Identifier: Apache-2.0 */
/* Groups as the policy backend reads them, against the simulator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "nsx/policy/counters.h"
#include "world_site.h"

#define POLICIES   "/policy/api/v1/infra/domains/default/security-policies"
#define STATISTICS POLICIES "/quarantine/statistics"

/* The rules of the groups, as the last reply showed them. */
static struct nq_buf rules;
static bool rules_over;

static void on_rules(void *arg, const struct nq_reply *reply)
{
    (void)arg;
    assert_null(reply->err);
    nq_buf_clear(&rules);
    for (size_t i = 0; i < reply->group_count; i++) {
        const struct nq_group_view *group = &reply->groups[i];
        assert_true(nq_buf_addf(&rules, "%s{", group->rules_known ? "" : "unknown"));
        for (size_t k = 0; group->rules_known && k < group->rule_count; k++) {
            const struct nq_rule_view *rule = &group->rules[k];
            const char *id = strrchr(rule->path, '/') + 1;
            assert_true(nq_buf_addf(&rules, "%s %d %d%s", id, (int)rule->action,
                                    (int)rule->direction, rule->enabled ? "" : " off"));
            for (size_t n = 0; n < rule->series_count; n++) {
                assert_true(nq_buf_addf(
                    &rules, " h%llu",
                    (unsigned long long)rule->series[n].counts[NQ_TRAFFIC_HITS]));
                for (size_t m = 0; m < n; m++) {
                    assert_string_not_equal(rule->series[n].key, rule->series[m].key);
                }
            }
            assert_true(nq_buf_addf(&rules, ";"));
        }
        assert_true(nq_buf_addf(&rules, "}"));
    }
    rules_over = true;
}

static const char *read_rules(void)
{
    rules_over = false;
    (void)site.backend->ops->read_groups(site.backend, 0, on_rules, NULL);
    manager_run_until(site.sim, &rules_over);
    return nq_buf_text(&rules);
}

/* A statistics answer of one rule, in the flat form: its members are given. */
static void put_numbers(const char *members)
{
    char fault[512];
    (void)snprintf(fault, sizeof(fault),
                   "{\"path\":\"" STATISTICS "\",\"times\":1,\"status\":200,\"body\":"
                   "{\"results\":[{\"rule\":\"quarantine-in\",%s}]}}",
                   members);
    manager_fault(site.sim, fault);
}

static int begin(void **state)
{
    nq_buf_init(&rules, 65536);
    return site_begin(state);
}

static int end(void **state)
{
    nq_buf_done(&rules);
    return site_end(state);
}

#define RULES_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

#define VDI_RULES "{vdi-to-servers 1 3 h0;vdi-to-vdi 2 3 h0;}"

static void rules_that_name_a_group_are_shown_in_their_order(void **state)
{
    (void)state;
    site_open();
    assert_string_equal(read_rules(),
                        "{quarantine-to-connection-server 1 3 h0;"
                        "connection-server-to-quarantine 1 3 h0;quarantine-in 2 3 h0;"
                        "quarantine-out 2 3 h0;}" VDI_RULES);
    site_change(NQ_TAG_ADD, VDI_01);
    free(manager_get(site.sim,
                     "/sim/flow?from=VDI-01&to=file-server&port=445&protocol=tcp"));
    manager_forget(site.sim);
    /* NSX gathers them no faster, so they are asked for no faster. */
    assert_non_null(strstr(read_rules(), "quarantine-out 2 3 h0;"));
    assert_int_equal(manager_requests(site.sim, "GET", STATISTICS), 0);
    site.ahead_ms += site.conf.statistics_interval_ms;
    assert_non_null(strstr(read_rules(), "quarantine-out 2 3 h1;"));
    assert_int_equal(manager_requests(site.sim, "GET", STATISTICS), 1);
}

static void a_rule_without_numbers_has_no_series(void **state)
{
    (void)state;
    static const char without[] = "{quarantine-to-connection-server 1 3;"
                                  "connection-server-to-quarantine 1 3;quarantine-in 2 3;"
                                  "quarantine-out 2 3;}" VDI_RULES;
    site_open();
    manager_fault(site.sim, "{\"path\":\"" STATISTICS "\",\"times\":1,\"status\":500}");
    assert_string_equal(read_rules(), without);
    site.ahead_ms += site.conf.statistics_interval_ms;
    put_numbers("\"hit_count\":7"); /* and nothing about the others */
    assert_non_null(
        strstr(read_rules(), "quarantine 1 3;quarantine-in 2 3 h7;quarantine-"));
    site.ahead_ms += site.conf.statistics_interval_ms;
    put_numbers("\"hit_count\":-7"); /* half an answer is none */
    assert_string_equal(read_rules(), without);
}

static void each_place_that_counts_is_a_series(void **state)
{
    (void)state;
    site_open();
    manager_fault(site.sim,
                  "{\"path\":\"" STATISTICS "\",\"times\":1,\"status\":200,\"body\":"
                  "{\"results\":[{\"enforcement_point\":\"/e/1\",\"statistics\":{"
                  "\"results\":[{\"rule\":\"quarantine-in\",\"internal_rule_id\":\"1\","
                  "\"hit_count\":1},{\"rule\":\"quarantine-in\",\"internal_rule_id\":"
                  "\"2\",\"hit_count\":2}]}},{\"enforcement_point\":\"/e/2\","
                  "\"statistics\":{\"results\":[{\"rule\":\"quarantine-in\","
                  "\"internal_rule_id\":\"1\",\"hit_count\":4},{\"rule\":"
                  "\"quarantine-in\",\"internal_rule_id\":\"1\",\"hit_count\":8}]}}]}}");
    assert_non_null(strstr(read_rules(), "quarantine-in 2 3 h1 h2 h12;"));
}

static void a_rule_that_does_not_act_is_shown_as_off(void **state)
{
    (void)state;
    site_open();
    manager_put(site.sim, "/sim/security-policies/quarantine",
                "{\"category\":\"Emergency\",\"scope\":[\"" SITE_GROUPS "quarantine\"],"
                "\"rules\":[{\"id\":\"a\",\"action\":\"REJECT\",\"direction\":\"IN\","
                "\"source_groups\":[\"ANY\"],\"destination_groups\":[\"ANY\"],"
                "\"disabled\":true,\"sequence_number\":20},{\"id\":\"b\",\"action\":"
                "\"ALLOW\",\"direction\":\"OUT\",\"source_groups\":[\"" SITE_GROUPS
                "vdi\"],\"destination_groups\":[\"ANY\"],\"sequence_number\":10}]}");
    assert_string_equal(read_rules(),
                        "{b 1 2 h0;a 3 1 off h0;}{b 1 2 h0;vdi-to-servers 1 3 h0;"
                        "vdi-to-vdi 2 3 h0;}");
}

static void rules_that_may_not_be_read_leave_the_members_readable(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    manager_fault(site.sim, "{\"path\":\"" POLICIES "\",\"status\":403}");
    assert_string_equal(read_rules(), "unknown{}unknown{}");
    (void)site_start_groups(&seen);
    site_expect_good(&seen);
    assert_memory_equal(seen.groups, "0 0 3;3 0 3 ", 12);
}

static void groups_show_members_tags_and_realization(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    site_change(NQ_TAG_ADD, VDI_02);
    site_change(NQ_TAG_ADD, VDI_01);
    (void)site_start_groups(&seen);
    site_expect_good(&seen);
    assert_int_equal(seen.group_count, 2);
    assert_string_equal(seen.groups,
                        "2 2 3 50221a4c-7f10-4b6e-8a01 50221a4c-7f10-4b6e-8a02;"
                        "1 0 3 50221a4c-7f10-4b6e-8a03;");
}

static void a_group_that_does_not_exist_leaves_the_others_readable(void **state)
{
    (void)state;
    struct site_reply seen;
    site_set_text(site.paths[0], sizeof(site.paths[0]), SITE_GROUPS "none");
    site_open();
    (void)site_start_groups(&seen);
    site_expect_good(&seen);
    assert_int_equal(seen.group_count, 2);
    assert_memory_equal(seen.groups, "unknown;3 0 3 ", 14);

    manager_fault(site.sim, "{\"path\":\"" MEMBERS "vdi\",\"status\":429}");
    (void)site_start_groups(&seen);
    site_expect_failure(&seen, NQ_NSX_BUSY);
}

static void no_group_is_an_answer_too(void **state)
{
    (void)state;
    struct site_reply seen;
    site.conf.group_count = 0;
    site_open();
    (void)site_start_groups(&seen);
    site_expect_good(&seen);
    assert_int_equal(seen.group_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(groups_show_members_tags_and_realization),
        SITE_TEST(a_group_that_does_not_exist_leaves_the_others_readable),
        SITE_TEST(no_group_is_an_answer_too),
        RULES_TEST(rules_that_name_a_group_are_shown_in_their_order),
        RULES_TEST(a_rule_without_numbers_has_no_series),
        RULES_TEST(each_place_that_counts_is_a_series),
        RULES_TEST(a_rule_that_does_not_act_is_shown_as_off),
        RULES_TEST(rules_that_may_not_be_read_leave_the_members_readable),
    };
    nq_log_level(NQ_LOG_ERROR); /* what the sync reports is not under test */
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
