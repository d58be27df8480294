/* SPDX-License-Identifier: Apache-2.0 */
/* What the audit finds wrong with a design, read from the simulator of each generation. */
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
#include "quarantine/checks.h"
#include "world_site.h"

#define FACTS_FRESH_MS 61000 /* nothing that was read before counts any more */

static struct nq_buf wrong; /* "check object: detail;" of each */
static size_t right;
static bool over;

static void take(void *arg, const struct nq_verdict *verdict)
{
    (void)arg;
    if (verdict->wrong) {
        assert_true(nq_buf_addf(&wrong, "%s %s: %s;", nq_check_row(verdict->check)->name,
                                verdict->object, verdict->detail));
    }
    right += !verdict->wrong;
}

static void on_groups(void *arg, const struct nq_reply *reply)
{
    (void)arg;
    struct nq_manager_status status = {.version = ""};
    assert_null(reply->err);
    site.backend->ops->status(site.backend, 0, &status);
    const struct nq_manager_facts manager = {.conf = &site.conf,
                                             .status = &status,
                                             .firewall = reply->firewall,
                                             .now_ms = INT64_C(1700000000000)};
    nq_checks_of_manager(&manager, take, NULL);
    for (size_t i = 0; i < reply->group_count; i++) {
        const struct nq_group_facts facts = {
            .conf = &site.conf, .view = &reply->groups[i], .tags_known = true};
        nq_checks_of_group(&facts, take, NULL);
    }
    over = true;
}

/* What is found now. */
static const char *found(void)
{
    site.ahead_ms += FACTS_FRESH_MS;
    nq_buf_clear(&wrong);
    right = 0;
    over = false;
    (void)site.backend->ops->read_groups(site.backend, 0, on_groups, NULL);
    manager_run_until(site.sim, &over);
    return nq_buf_text(&wrong);
}

static void assert_found(const char *expected)
{
    assert_string_equal(found(), expected);
}

static void open_synced(void)
{
    struct site_reply seen;
    site_open();
    site_find("VDI-01", NULL, &seen);
}

static int named(int begun)
{
    nq_buf_init(&wrong, 65536);
    site.groups[0].name = (char *)(uintptr_t) "quarantine";
    site.groups[1].name = (char *)(uintptr_t) "vdi";
    return begun;
}

/* When the clock jumps, more requests are sent than NSX's limit lets through. */
static int begin(void **state)
{
    const int begun = named(site_begin(state));
    site.sim = manager_free(site.sim);
    site.sim =
        manager_new_with("tests/data/sim/vdi.json", "{\"requests_per_second\":100000}");
    site_set_text(site.url, sizeof(site.url), manager_url(site.sim));
    return begun;
}

static int begin_vsphere(void **state)
{
    return named(site_begin_vsphere(state));
}

static int end(void **state)
{
    nq_buf_done(&wrong);
    return site_end(state);
}

#define POLICY(test)  cmocka_unit_test_setup_teardown(test, begin, end)
#define VSPHERE(test) cmocka_unit_test_setup_teardown(test, begin_vsphere, end)

/* ---- NSX ------------------------------------------------------------------------------- */

#define CONDITION(key, relation, value)                                                  \
    "{\"resource_type\":\"Condition\",\"member_type\":\"VirtualMachine\",\"key\":\"" key \
    "\",\"operator\":\"" relation "\",\"value\":\"" value "\"}"
#define AND "{\"resource_type\":\"ConjunctionOperator\",\"conjunction_operator\":\"AND\"}"

static void put_group(const char *name, const char *expression)
{
    char path[64];
    char body[1024];
    (void)snprintf(path, sizeof(path), "/sim/groups/%s", name);
    (void)snprintf(body, sizeof(body), "{\"expression\":[%s]}", expression);
    manager_put(site.sim, path, body);
}

/* A policy of one rule that drops everything, but for these members. */
static void put_policy(const char *category, const char *members)
{
    char body[1024];
    (void)snprintf(body, sizeof(body),
                   "{\"category\":\"%s\",\"scope\":[\"" SITE_GROUPS "quarantine\"],"
                   "\"rules\":[{\"id\":\"a\",\"direction\":\"IN_OUT\","
                   "\"sequence_number\":10,\"source_groups\":[\"ANY\"],"
                   "\"destination_groups\":[\"ANY\"],%s}]}",
                   category, members);
    manager_put(site.sim, "/sim/security-policies/quarantine", body);
}

static void the_design_of_the_guide_is_right(void **state)
{
    (void)state;
    open_synced();
    assert_found("");
    assert_true(right >= 20);
    site_change(NQ_TAG_ADD, VDI_01);
    assert_found("");
}

static void
a_watched_group_without_exclusion_is_found_before_and_after_a_tag(void **state)
{
    (void)state;
    open_synced();
    put_group("vdi", CONDITION("Name", "STARTSWITH", "VDI-"));
    assert_found("watched-keeps-tagged vdi: ;");
    site_change(NQ_TAG_ADD, VDI_01);
    assert_found("watched-holds-tagged vdi: 1 VMs;watched-keeps-tagged vdi: ;");
}

static void a_quarantine_group_with_another_tag_is_found(void **state)
{
    (void)state;
    open_synced();
    put_group("quarantine", CONDITION("Tag", "EQUALS", "another|tag"));
    assert_found("quarantine-ignores-tag quarantine: ;");
}

static void rules_that_do_not_cut_off_are_found(void **state)
{
    (void)state;
    open_synced();
    put_policy("Emergency", "\"action\":\"DROP\",\"disabled\":true");
    assert_found("quarantine-disabled quarantine: 1 rules;");
    put_policy("Emergency", "\"action\":\"ALLOW\"");
    assert_found("quarantine-allows quarantine: 1 rules;");
    put_policy("Emergency", "\"action\":\"DROP\",\"ip_protocol\":\"IPV4\"");
    assert_non_null(strstr(found(), "quarantine-leaks quarantine: make a rule that drops "
                                    "the IPv6 traffic"));
    manager_put(site.sim, "/sim/security-policies/quarantine",
                "{\"category\":\"Emergency\",\"rules\":[]}");
    assert_found("quarantine-unused quarantine: ;");
}

#define SECURITY "/policy/api/v1/infra/settings/firewall/security"
#define SYSTEM   "/policy/api/v1/infra/realized-state/system-excluded-virtual-machines"

/* The next answer to the question for the exclude list. */
static void exclude(const char *members)
{
    char fault[512];
    (void)snprintf(fault, sizeof(fault),
                   "{\"method\":\"GET\",\"path\":\"" EXCLUDED
                   "\",\"times\":1,\"status\":200,\"body\":{\"members\":[%s]}}",
                   members);
    manager_fault(site.sim, fault);
}

static void the_exclude_list_is_searched(void **state)
{
    (void)state;
    open_synced();
    put_group("some", CONDITION("Name", "EQUALS", "VDI-02"));
    exclude("\"" SITE_GROUPS "some\"");
    assert_found("members-excluded vdi: 1, one is VDI-02;");
    exclude("\"" SITE_GROUPS "quarantine\"");
    manager_fault(site.sim, "{\"path\":\"" SYSTEM "\",\"times\":1,\"status\":200,"
                            "\"body\":{\"results\":[{\"external_id\":\"" VDI_03
                            "\"}],\"result_count\":1}}");
    assert_found("group-excluded quarantine: ;members-excluded vdi: 1, one is VDI-03;");
    exclude("\"" SITE_GROUPS "vdi\"");
    assert_found("group-excluded vdi: ;members-excluded vdi: 3, one is VDI-03;");
    /* A group around the quarantine group is on the list. */
    exclude("\"/infra/x\"");
    manager_fault(site.sim, "{\"method\":\"POST\",\"path\":\"" EXCLUDED
                            "\",\"times\":1,\"status\":200,\"body\":{\"path\":"
                            "\"/infra/x\"}}");
    assert_found("group-excluded quarantine: ;");
    /* While one of its groups cannot be read, nobody can tell who is on the list. */
    exclude("\"" SITE_GROUPS "some\"");
    manager_fault(site.sim, "{\"path\":\"" MEMBERS "some/\",\"times\":1,\"status\":403}");
    assert_found("");
    const size_t without = right;
    assert_found("");
    assert_int_equal(right, without + 3);
}

static void a_firewall_that_is_off_or_hidden_is_found(void **state)
{
    (void)state;
    open_synced();
    manager_fault(site.sim, "{\"method\":\"GET\",\"path\":\"" SECURITY
                            "\",\"times\":1,\"status\":200,\"body\":"
                            "{\"enable_firewall\":false}}");
    assert_found("firewall-off nsx-1: ;");
    manager_fault(site.sim, "{\"path\":\"" EXCLUDED "\",\"status\":403,\"times\":1}");
    assert_found("firewall-unreadable nsx-1: ;");
}

static void groups_that_are_missing_or_hidden_are_found(void **state)
{
    (void)state;
    site_set_text(site.paths[0], sizeof(site.paths[0]), SITE_GROUPS "none");
    open_synced();
    manager_fault(site.sim, "{\"path\":\"" MEMBERS "vdi/\",\"status\":403,\"times\":1}");
    assert_found("quarantine-missing quarantine: ;group-unreadable vdi: ;");
}

/* ---- NSX for vSphere ------------------------------------------------------------------- */

static void a_definition_that_was_read_before_our_tag_is_known_tells_nothing(void **state)
{
    (void)state;
    site_open();
    assert_found("");
    site_change(NQ_TAG_ADD, "vm-101");
    site.ahead_ms -= FACTS_FRESH_MS - 6000; /* only definitions may be so old */
    assert_found("");
}

static void the_design_of_the_guide_is_right_in_nsx_for_vsphere(void **state)
{
    (void)state;
    open_synced();
    assert_found("");
    assert_true(right >= 20);
    site_change(NQ_TAG_ADD, "vm-101");
    assert_found("");
}

static void put_section(const char *rules)
{
    char body[2048];
    (void)snprintf(body, sizeof(body),
                   "{\"id\":1004,\"name\":\"Quarantine\",\"rules\":[%s]}", rules);
    manager_put(site.sim, "/sim/sections/1004", body);
}

#define RULE(id, action, members)                                                        \
    "{\"id\":" id ",\"name\":\"r" id "\",\"action\":\"" action "\"" members "}"
#define ON_GROUP ",\"applied_to\":[\"securitygroup-10\"]"

static void rules_of_nsx_for_vsphere_that_do_not_cut_off_are_found(void **state)
{
    (void)state;
    open_synced();
    put_section(RULE("1", "deny", ON_GROUP ",\"disabled\":true"));
    assert_found("quarantine-disabled quarantine: 1 rules;");
    put_section(RULE("1", "allow", ON_GROUP));
    assert_found("quarantine-allows quarantine: 1 rules;");
    put_section("");
    assert_found("quarantine-unused quarantine: ;");
    put_section(RULE("1", "allow", "") "," RULE("2", "deny", ON_GROUP));
    assert_found("quarantine-leaks quarantine: rule 1 (r1) allows traffic of "
                 "securitygroup-10 first;");
    put_section(RULE("2", "deny", ON_GROUP ",\"direction\":\"in\""));
    assert_found(
        "quarantine-leaks quarantine: make rules that drop all traffic from and to "
        "securitygroup-10;");
}

static void rules_by_address_are_found_and_rules_by_cluster_are_left_open(void **state)
{
    (void)state;
    open_synced();
    put_section(RULE("1", "deny", ",\"sources\":[\"securitygroup-10\"]") "," RULE(
        "2", "deny", ",\"destinations\":[\"securitygroup-10\"]"));
    assert_found("quarantine-by-address quarantine: ;");
    put_section(
        RULE("1", "deny", ",\"sources\":[\"securitygroup-10\"],\"applied_to\":[\"domain-c7\"]") "," RULE(
            "2", "deny",
            ",\"destinations\":[\"securitygroup-10\"],\"applied_to\":[\"domain-c7\"]"));
    assert_found("");
}

static void definitions_of_nsx_for_vsphere_are_judged_where_they_are_clear(void **state)
{
    (void)state;
    open_synced();
    manager_put(
        site.sim, "/sim/groups/securitygroup-11",
        "{\"id\":\"securitygroup-11\",\"name\":\"VDI\",\"members\":[\"vm-101\"]}");
    assert_found("watched-keeps-tagged vdi: ;");
    site_change(NQ_TAG_ADD, "vm-101");
    assert_found("watched-holds-tagged vdi: 1 VMs;watched-keeps-tagged vdi: ;");
    site_change(NQ_TAG_REMOVE, "vm-101");
    /* The quarantine group itself is kept out: that is for NSX to work out. */
    manager_put(site.sim, "/sim/groups/securitygroup-11",
                "{\"id\":\"securitygroup-11\",\"name\":\"VDI\",\"members\":[\"vm-101\"],"
                "\"exclude_members\":[\"securitygroup-10\"]}");
    assert_found("");
    manager_put(site.sim, "/sim/groups/securitygroup-10",
                "{\"id\":\"securitygroup-10\",\"name\":\"Quarantine\"}");
    assert_found("quarantine-ignores-tag quarantine: ;");
}

static void what_nsx_for_vsphere_excludes_hides_or_lacks_is_found(void **state)
{
    (void)state;
    site_set_text(site.paths[0], sizeof(site.paths[0]), "securitygroup-99");
    open_synced();
    manager_put(site.sim, "/sim/lists/exclude_list",
                "[{\"vm\":\"vm-190\",\"system\":true},{\"vm\":\"vm-102\"}]");
    assert_found(
        "quarantine-missing quarantine: ;members-excluded vdi: 1, one is VDI-02;");
    manager_fault(site.sim,
                  "{\"path\":\"/api/2.1/app/excludelist\",\"status\":403,\"times\":1}");
    assert_found("firewall-unreadable nsx-1: ;quarantine-missing quarantine: ;");
}

static void a_manager_that_cannot_tell_its_exclude_list_still_shows_groups(void **state)
{
    (void)state;
    open_synced();
    manager_fault(site.sim, "[{\"path\":\"/api/2.1/app/excludelist\",\"status\":500},"
                            "{\"path\":\"/api/4.0/firewall/globalroot-0/state\","
                            "\"status\":500}]");
    assert_found("");
    assert_true(right > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POLICY(the_design_of_the_guide_is_right),
        POLICY(a_watched_group_without_exclusion_is_found_before_and_after_a_tag),
        POLICY(a_quarantine_group_with_another_tag_is_found),
        POLICY(rules_that_do_not_cut_off_are_found),
        POLICY(the_exclude_list_is_searched),
        POLICY(a_firewall_that_is_off_or_hidden_is_found),
        POLICY(groups_that_are_missing_or_hidden_are_found),
        VSPHERE(a_definition_that_was_read_before_our_tag_is_known_tells_nothing),
        VSPHERE(the_design_of_the_guide_is_right_in_nsx_for_vsphere),
        VSPHERE(rules_of_nsx_for_vsphere_that_do_not_cut_off_are_found),
        VSPHERE(rules_by_address_are_found_and_rules_by_cluster_are_left_open),
        VSPHERE(definitions_of_nsx_for_vsphere_are_judged_where_they_are_clear),
        VSPHERE(what_nsx_for_vsphere_excludes_hides_or_lacks_is_found),
        VSPHERE(a_manager_that_cannot_tell_its_exclude_list_still_shows_groups),
    };
    nq_log_level(NQ_LOG_ERROR); /* what the sync reports is not under test */
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
