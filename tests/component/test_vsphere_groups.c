/* SPDX-License-Identifier: Apache-2.0 */
/* Groups, their rules and what these count with NSX for vSphere, against the simulator. */
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
#include "world_site.h"

#define CONFIG      "/api/4.0/firewall/globalroot-0/config"
#define PUBLISHED   "/api/4.0/firewall/globalroot-0/status"
#define GLOBAL      "/api/4.0/firewall/config/globalconfiguration"
#define STATS       "/api/4.0/firewall/stats/rules/"
#define GROUP_PATH  "/api/2.0/services/securitygroup/securitygroup-10"
#define STATS_REST  31000
#define FACTS_FRESH 6000

static bool over;
static struct nq_err failure;
static struct nq_buf groups; /* of the last reply */
static struct nq_buf rules;

static void see_rule(const struct nq_rule_view *rule)
{
    assert_true(nq_buf_addf(&rules, "%u %s %s a%d d%d%s", rule->sequence, rule->path,
                            rule->name, (int)rule->action, (int)rule->direction,
                            rule->enabled ? "" : " off"));
    for (size_t i = 0; i < rule->series_count; i++) {
        const struct nq_rule_series *series = &rule->series[i];
        assert_int_equal(series->counts[NQ_TRAFFIC_PACKETS], 0);
        assert_true(nq_buf_addf(&rules, " %s=%llu", series->key,
                                (unsigned long long)series->counts[NQ_TRAFFIC_HITS]));
    }
    assert_true(nq_buf_addf(&rules, "\n"));
}

static void on_groups(void *arg, const struct nq_reply *reply)
{
    (void)arg;
    over = true;
    nq_buf_clear(&groups);
    nq_buf_clear(&rules);
    failure = reply->err ? *reply->err : (struct nq_err){0};
    for (size_t i = 0; i < reply->group_count; i++) {
        const struct nq_group_view *group = &reply->groups[i];
        assert_int_equal(group->group, i);
        assert_true(nq_buf_addf(&groups, "%s%zu %zu %d%s;",
                                group->known ? "" : "unknown ", group->member_count,
                                group->tagged_count, (int)group->realized,
                                group->rules_known ? "" : " no rules"));
        assert_true(nq_buf_addf(&rules, "%zu:\n", i));
        for (size_t k = 0; k < group->rule_count; k++) {
            see_rule(&group->rules[k]);
        }
    }
}

static void read_groups(void)
{
    over = false;
    assert_non_null(site.backend->ops->read_groups(site.backend, 0, on_groups, NULL));
    assert_false(over);
    manager_run_until(site.sim, &over);
}

/* The groups, when nothing that was read before counts any more. */
static void read_groups_later(void)
{
    site.ahead_ms += STATS_REST;
    read_groups();
    assert_int_equal(failure.code, NQ_OK);
}

static void open_synced(void)
{
    struct site_reply seen;
    site_open();
    site_find("VDI-01", NULL, &seen);
}

static int begin(void **state)
{
    nq_buf_init(&groups, 65536);
    nq_buf_init(&rules, 65536);
    return site_begin_vsphere(state);
}

static int end(void **state)
{
    nq_buf_done(&groups);
    nq_buf_done(&rules);
    return site_end(state);
}

/* ---- members -------------------------------------------------------------------------- */

static void members_are_counted_and_so_are_the_tagged_ones(void **state)
{
    (void)state;
    open_synced();
    read_groups_later();
    assert_string_equal(nq_buf_text(&groups), "0 0 3;3 0 3;");
    site_change(NQ_TAG_ADD, "vm-101");
    read_groups_later();
    assert_string_equal(nq_buf_text(&groups), "1 1 3;2 0 3;");
}

static void a_group_that_is_gone_leaves_the_other_one(void **state)
{
    (void)state;
    site_set_text(site.paths[0], sizeof(site.paths[0]), "securitygroup-99");
    open_synced();
    read_groups_later();
    assert_string_equal(nq_buf_text(&groups), "unknown 0 0 3;3 0 3;");
}

static void what_the_hosts_do_not_have_yet_is_in_progress(void **state)
{
    (void)state;
    site_vsphere_settings("{\"realization_delay_ms\":3600000}");
    open_synced();
    manager_put(site.sim, "/sim/sections/1004", "{\"name\":\"Quarantine\",\"rules\":[]}");
    read_groups_later();
    assert_non_null(strstr(nq_buf_text(&groups), "3 0 2;"));
}

static void the_clusters_of_the_members_decide_about_a_group(void **state)
{
    (void)state;
    open_synced();
    manager_put(site.sim, "/sim/lists/hosts",
                "[{\"id\":\"host-11\",\"name\":\"a\",\"cluster\":\"domain-c7\","
                "\"status\":\"inprogress\"}]");
    read_groups_later();
    assert_string_equal(nq_buf_text(&groups), "0 0 3;3 0 2;");
    manager_put(site.sim, "/sim/lists/hosts",
                "[{\"id\":\"host-11\",\"name\":\"a\",\"cluster\":\"domain-c7\","
                "\"error_code\":7}]");
    read_groups_later();
    assert_string_equal(nq_buf_text(&groups), "0 0 3;3 0 4;");
}

static void trouble_fails_the_call(void **state)
{
    (void)state;
    open_synced();
    manager_fault(site.sim, "{\"path\":\"" PUBLISHED "\",\"status\":500,\"times\":9}");
    read_groups();
    assert_int_equal(failure.code, NQ_NSX_SERVER);
}

static void rules_that_may_not_be_read_are_not_known(void **state)
{
    (void)state;
    open_synced();
    manager_fault(site.sim, "{\"path\":\"" CONFIG "\",\"status\":403,\"times\":9,"
                            "\"body\":\"<error><errorCode>204</errorCode></error>\"}");
    read_groups_later();
    assert_string_equal(nq_buf_text(&groups), "0 0 3 no rules;3 0 3 no rules;");
}

/* ---- rules ---------------------------------------------------------------------------- */

static void rules_stand_in_the_order_of_evaluation(void **state)
{
    (void)state;
    site_vsphere_settings("{\"rule_stats\":false}");
    open_synced();
    read_groups_later();
    assert_string_equal(nq_buf_text(&rules),
                        "0:\n"
                        "1 1004/2001 #1 Quarantine to connection server a1 d3\n"
                        "2 1004/2002 #1 Connection server to quarantine a1 d3\n"
                        "3 1004/2003 #4 Quarantine in blocked a2 d1\n"
                        "4 1004/2004 #5 Quarantine out blocked a2 d2\n"
                        "1:\n"
                        "5 1005/2005 #2 VDI to servers a1 d3\n"
                        "6 1005/2006 #3 VDI to VDI blocked a2 d3\n");
    /* Collection is off, so no rule is asked for. */
    assert_int_equal(manager_requests(site.sim, "GET", STATS), 0);
}

static void hits_are_counted_rule_by_rule(void **state)
{
    (void)state;
    open_synced();
    site_change(NQ_TAG_ADD, "vm-101");
    free(manager_get(site.sim, "/sim/flow?from=VDI-01&to=VDI-02&protocol=tcp&port=445"));
    read_groups_later();
    assert_non_null(strstr(nq_buf_text(&rules),
                           "4 1004/2004 #5 Quarantine out blocked a2 "
                           "d2 2004=1\n"));
    assert_non_null(strstr(nq_buf_text(&rules), " 2003=0\n"));
    assert_int_equal(manager_requests(site.sim, "GET", STATS), 6);
}

static void numbers_are_repeated_between_two_rounds(void **state)
{
    (void)state;
    open_synced();
    read_groups_later();
    manager_forget(site.sim);
    site.ahead_ms += FACTS_FRESH;
    read_groups();
    assert_non_null(strstr(nq_buf_text(&rules), " 2003=0\n"));
    assert_int_equal(manager_requests(site.sim, "GET", STATS), 0);
    assert_int_equal(manager_requests(site.sim, "GET", GLOBAL), 0);
    assert_int_equal(manager_requests(site.sim, "GET", PUBLISHED), 1);
    assert_int_equal(manager_requests(site.sim, "GET", GROUP_PATH), 1);
}

static void rules_are_read_again_when_they_changed_or_after_a_minute(void **state)
{
    (void)state;
    open_synced();
    read_groups_later();
    manager_forget(site.sim);
    site.ahead_ms += FACTS_FRESH;
    read_groups();
    assert_int_equal(manager_requests(site.sim, "GET", CONFIG), 0);
    manager_put(site.sim, "/sim/sections/1004", "{\"name\":\"Quarantine\",\"rules\":[]}");
    site.ahead_ms += FACTS_FRESH;
    read_groups();
    assert_int_equal(manager_requests(site.sim, "GET", CONFIG), 1);
    assert_null(strstr(nq_buf_text(&rules), "1004/"));
    site.ahead_ms += 60000;
    read_groups();
    assert_int_equal(manager_requests(site.sim, "GET", CONFIG), 2);
}

static void a_release_without_counters_has_no_series(void **state)
{
    (void)state;
    site_vsphere_settings("{\"version\":\"6.4.1\"}");
    open_synced();
    read_groups_later();
    assert_null(strchr(nq_buf_text(&rules), '='));
    read_groups_later();
    assert_int_equal(manager_requests(site.sim, "GET", STATS), 1);
}

static void many_rules_take_turns(void **state)
{
    struct nq_buf section;
    (void)state;
    nq_buf_init(&section, 65536);
    assert_true(nq_buf_addf(&section, "{\"name\":\"Quarantine\",\"rules\":["));
    for (int i = 0; i < 130; i++) {
        assert_true(nq_buf_addf(&section,
                                "%s{\"id\":%d,\"name\":\"r\",\"action\":\"deny\","
                                "\"applied_to\":[\"securitygroup-10\"]}",
                                i ? "," : "", 3000 + i));
    }
    assert_true(nq_buf_addf(&section, "]}"));
    manager_put(site.sim, "/sim/sections/1004", nq_buf_text(&section));
    nq_buf_done(&section);
    open_synced();
    manager_forget(site.sim);
    read_groups_later();
    assert_int_equal(manager_requests(site.sim, "GET", STATS), 100);
    assert_null(strstr(nq_buf_text(&rules), " 3129="));
    read_groups_later();
    assert_int_equal(manager_requests(site.sim, "GET", STATS), 200);
    assert_non_null(strstr(nq_buf_text(&rules), " 3129=0\n"));
}

static void a_reading_that_is_cancelled_does_not_answer(void **state)
{
    (void)state;
    open_synced();
    over = false;
    struct nq_call *call =
        site.backend->ops->read_groups(site.backend, 0, on_groups, NULL);
    site.backend->ops->cancel(site.backend, call);
    struct site_reply seen;
    site_find("VDI-01", NULL, &seen);
    assert_false(over);
    /* And one that is under way when all ends. */
    (void)site.backend->ops->read_groups(site.backend, 0, on_groups, NULL);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(members_are_counted_and_so_are_the_tagged_ones),
        TEST(a_group_that_is_gone_leaves_the_other_one),
        TEST(what_the_hosts_do_not_have_yet_is_in_progress),
        TEST(the_clusters_of_the_members_decide_about_a_group),
        TEST(trouble_fails_the_call),
        TEST(rules_that_may_not_be_read_are_not_known),
        TEST(rules_stand_in_the_order_of_evaluation),
        TEST(hits_are_counted_rule_by_rule),
        TEST(numbers_are_repeated_between_two_rounds),
        TEST(rules_are_read_again_when_they_changed_or_after_a_minute),
        TEST(a_release_without_counters_has_no_series),
        TEST(many_rules_take_turns),
        TEST(a_reading_that_is_cancelled_does_not_answer),
    };
    nq_log_level(NQ_LOG_ERROR); /* what the sync reports is not under test */
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
