/* SPDX-License-Identifier: Apache-2.0 */
/* The rungs of isolation with NSX for vSphere, gained and lost, against the simulator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/record.h"
#include "world_site.h"

#define TAG       NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT)
#define MEMBER    NQ_RUNG_BIT(NQ_RUNG_GROUP_MEMBER)
#define REALIZED  NQ_RUNG_BIT(NQ_RUNG_RULE_REALIZED)
#define NOT_OUT   NQ_RUNG_BIT(NQ_RUNG_NOT_EXCLUDED)
#define DROPPED   NQ_RUNG_BIT(NQ_RUNG_TRAFFIC_DROPPED)
#define ALL_RUNGS (TAG | MEMBER | REALIZED | NOT_OUT)

#define CONFIG     "/api/4.0/firewall/globalroot-0/config"
#define PUBLISHED  "/api/4.0/firewall/globalroot-0/status"
#define NOT_FOR    "/api/2.1/app/excludelist"
#define LOOKUP     "/api/2.0/services/securitygroup/lookup/virtualmachine/"
#define TRANSLATED "/api/2.0/services/securitygroup/securitygroup-10/translation/"
#define HOSTS      "/api/4.0/firewall/objects/status/vm/"
#define STATS      "/api/4.0/firewall/stats/rules/"
#define FEATURE    "/api/2.0/nwfabric/status"

/* Longer than any shared answer is used again. */
#define LATER_MS 31000

#define IN_RULE                                                                          \
    "{\"id\":2003,\"name\":\"in\",\"action\":\"deny\",\"direction\":\"in\","             \
    "\"applied_to\":[\"securitygroup-10\"]}"
#define OUT_RULE                                                                         \
    "{\"id\":2004,\"name\":\"out\",\"action\":\"deny\",\"direction\":\"out\","           \
    "\"applied_to\":[\"securitygroup-10\"]}"

/* The rules that cut off, in place of those of the seed scenario. */
static void put_rules(const char *rules)
{
    char section[1024];
    (void)snprintf(section, sizeof(section), "{\"name\":\"Quarantine\",\"rules\":[%s]}",
                   rules);
    manager_put(site.sim, "/sim/sections/1004", section);
}

/* A VM that the backend knows and that carries our tag. */
static void open_with_tagged(const char *id)
{
    struct site_reply seen;
    site_open();
    site_find("VDI-01", NULL, &seen);
    site_change(NQ_TAG_ADD, id);
}

static void prove(const char *id, struct site_reply *seen)
{
    site.ahead_ms += LATER_MS;
    (void)site_start_prove(id, seen);
    site_expect_good(seen);
}

static void expect(const char *id, unsigned rungs, const char *missing)
{
    struct site_reply seen;
    prove(id, &seen);
    if (seen.rungs != rungs || !strstr(seen.missing, missing) ||
        (*missing == '\0' && seen.missing[0])) {
        fail_msg("rungs %x, \"%s\"", seen.rungs, seen.missing);
    }
    assert_int_equal(seen.provable, ALL_RUNGS);
    assert_int_equal(seen.vm_count, 1);
}

/* ---- gained ------------------------------------------------------------------------ */

static void a_tagged_vm_climbs_four_rungs(void **state)
{
    (void)state;
    open_with_tagged("vm-101");
    expect("vm-101", ALL_RUNGS, "");
    assert_int_equal(manager_requests(site.sim, "POST", HOSTS "vm-101/containers"), 1);
}

static void a_vm_without_our_tag_has_none_but_the_last(void **state)
{
    (void)state;
    open_with_tagged("vm-101");
    expect("vm-102", NOT_OUT, "does not carry our tag");
    assert_int_equal(manager_requests(site.sim, "POST", HOSTS), 0);
}

static void a_vm_that_nsx_does_not_know_is_not_there(void **state)
{
    struct site_reply seen;
    (void)state;
    open_with_tagged("vm-101");
    prove("vm-4711", &seen);
    assert_int_equal(seen.vm_count, 0);
    assert_int_equal(seen.rungs, 0);
}

static void a_vm_is_proven_before_the_first_inventory_is_there(void **state)
{
    struct site_reply seen;
    (void)state;
    open_with_tagged("vm-101");
    site.backend = nq_backend_close(site.backend);
    manager_fault(site.sim, "{\"path\":\"/api/2.0/services/securitygroup/scope/"
                            "globalroot-0/members/\",\"status\":500,\"times\":99}");
    site_open();
    (void)site_start_prove("vm-101", &seen);
    site_expect_good(&seen);
    assert_string_equal(seen.missing, "");
    assert_int_equal(seen.rungs, ALL_RUNGS);
}

static void the_forms_that_releases_differ_in_do_not_matter(void **state)
{
    (void)state;
    site_vsphere_settings("{\"rule_order\":\"other\",\"upper_case_action\":true,"
                          "\"upper_case_realized\":true,\"group_list_is_list\":false,"
                          "\"empty_lookup_nested\":false}");
    open_with_tagged("vm-101");
    expect("vm-101", ALL_RUNGS, "");
}

static void an_older_release_is_believed_without_the_hosts(void **state)
{
    (void)state;
    site_vsphere_settings("{\"version\":\"6.3.5\"}");
    open_with_tagged("vm-101");
    expect("vm-101", ALL_RUNGS, "");
    expect("vm-101", ALL_RUNGS, "");
    /* It is not asked again what it cannot tell. */
    assert_int_equal(manager_requests(site.sim, "POST", HOSTS), 1);
}

static void before_6_2_4_only_the_clusters_with_a_firewall_count(void **state)
{
    (void)state;
    site_vsphere_settings("{\"version\":\"6.2.3\"}");
    open_with_tagged("vm-101");
    expect("vm-101", ALL_RUNGS, "");
}

/* ---- lost -------------------------------------------------------------------------- */

static void a_vm_that_is_excluded_later_loses_the_last_rung(void **state)
{
    (void)state;
    open_with_tagged("vm-101");
    expect("vm-101", ALL_RUNGS, "");
    manager_put(site.sim, "/sim/lists/exclude_list",
                "[{\"vm\":\"vm-101\",\"system\":false}]");
    expect("vm-101", TAG | MEMBER | REALIZED, "exclude list");
    manager_put(site.sim, "/sim/lists/exclude_list",
                "[{\"vm\":\"vm-101\",\"system\":true}]");
    expect("vm-101", TAG | MEMBER | REALIZED, "exclude list");
}

static void a_cluster_without_firewall_does_not_isolate(void **state)
{
    (void)state;
    open_with_tagged("vm-101");
    manager_put(site.sim, "/sim/lists/clusters",
                "[{\"id\":\"domain-c7\",\"name\":\"Desktops\","
                "\"firewall_installed\":false,\"firewall_enabled\":false}]");
    expect("vm-101", TAG | MEMBER | REALIZED, "domain-c7");
}

static void a_firewall_that_is_not_in_force_does_not_isolate(void **state)
{
    (void)state;
    site_vsphere_settings("{\"firewall_state\":\"backwardCompatible\"}");
    open_with_tagged("vm-101");
    expect("vm-101", TAG | MEMBER | NOT_OUT, "not in force");
}

static void a_rule_that_is_disabled_no_longer_counts(void **state)
{
    (void)state;
    open_with_tagged("vm-101");
    expect("vm-101", ALL_RUNGS, "");
    put_rules(IN_RULE ",{\"id\":2004,\"name\":\"out\",\"action\":\"deny\","
                      "\"direction\":\"out\",\"disabled\":true,"
                      "\"applied_to\":[\"securitygroup-10\"]}");
    expect("vm-101", TAG | MEMBER | NOT_OUT,
           "no rule drops all traffic from members of the group securitygroup-10");
    put_rules("");
    expect("vm-101", TAG | MEMBER | NOT_OUT, "no enabled rule that drops or rejects");
}

static void an_allow_before_the_drop_is_named(void **state)
{
    (void)state;
    open_with_tagged("vm-101");
    put_rules("{\"id\":2000,\"name\":\"oops\",\"action\":\"allow\"}," IN_RULE
              "," OUT_RULE);
    expect("vm-101", TAG | MEMBER | NOT_OUT, "rule 2000 (oops) allows");
}

static void rules_by_address_need_an_address(void **state)
{
    (void)state;
    open_with_tagged("vm-101");
    put_rules("{\"id\":2003,\"name\":\"in\",\"action\":\"deny\","
              "\"destinations\":[\"securitygroup-10\"]},"
              "{\"id\":2004,\"name\":\"out\",\"action\":\"deny\","
              "\"sources\":[\"securitygroup-10\"]}");
    expect("vm-101", ALL_RUNGS, "");
    manager_post(site.sim, "/sim/vms",
                 "{\"external_id\":\"vm-555\",\"display_name\":\"VDI-55\","
                 "\"cluster\":\"domain-c7\",\"host\":\"host-11\",\"vnics\":[{\"name\":"
                 "\"Network adapter 1\",\"mac_address\":\"00:50:56:a2:00:55\","
                 "\"network\":\"dvportgroup-20\",\"addresses\":[]}]}");
    struct site_reply seen;
    site_find("VDI-55", NULL, &seen);
    site_change(NQ_TAG_ADD, "vm-555");
    expect("vm-555", TAG | MEMBER | NOT_OUT, "by address");
    put_rules(IN_RULE "," OUT_RULE);
    expect("vm-555", ALL_RUNGS, "");
}

static void a_group_without_the_tag_is_told_from_one_that_is_slow(void **state)
{
    (void)state;
    open_with_tagged("vm-101");
    manager_put(site.sim, "/sim/groups/securitygroup-10",
                "{\"name\":\"quarantine\",\"members\":[]}");
    expect("vm-101", TAG | NOT_OUT, "does not name our tag");
    manager_put(site.sim, "/sim/groups/securitygroup-10",
                "{\"name\":\"quarantine\",\"members\":[\"securitytag-12\"],"
                "\"exclude_members\":[\"vm-101\"]}");
    expect("vm-101", TAG | NOT_OUT, "its definition names our tag: NSX is at it");
}

static void a_group_that_nsx_does_not_know_is_named(void **state)
{
    (void)state;
    site_set_text(site.paths[0], sizeof(site.paths[0]), "securitygroup-99");
    open_with_tagged("vm-101");
    expect("vm-101", TAG | NOT_OUT, "NSX does not know the group securitygroup-99");
}

static void the_hosts_have_the_last_word(void **state)
{
    (void)state;
    site_vsphere_settings("{\"realization_delay_ms\":3600000}");
    open_with_tagged("vm-101");
    struct site_reply seen;
    prove("vm-101", &seen);
    assert_int_equal(seen.rungs & REALIZED, 0);
    assert_true(seen.missing[0] != '\0');
}

static void a_release_that_refuses_a_parameter_is_asked_without_it(void **state)
{
    (void)state;
    open_with_tagged("vm-101");
    manager_forget(site.sim); /* the inventory asks for it, too */
    manager_fault(site.sim, "{\"path\":\"" NOT_FOR "?list\",\"status\":400,\"times\":9,"
                            "\"body\":\"<error><errorCode>1</errorCode></error>\"}");
    expect("vm-101", ALL_RUNGS, "");
    expect("vm-101", ALL_RUNGS, "");
    assert_int_equal(manager_requests(site.sim, "GET", NOT_FOR "?list"), 1);
    assert_int_equal(manager_requests(site.sim, "GET", NOT_FOR), 3);
}

static void a_cluster_that_may_not_be_read_is_no_proof(void **state)
{
    (void)state;
    open_with_tagged("vm-101");
    manager_fault(site.sim, "{\"path\":\"" FEATURE "\",\"status\":403,\"times\":9,"
                            "\"body\":\"<error><errorCode>204</errorCode></error>\"}");
    expect("vm-101", TAG | MEMBER | REALIZED, "does not tell about the firewall");
}

static void hosts_that_nobody_may_ask_are_no_proof(void **state)
{
    (void)state;
    open_with_tagged("vm-101");
    manager_fault(site.sim, "{\"path\":\"" HOSTS "\",\"status\":400,\"times\":9,"
                            "\"body\":\"<error><errorCode>1</errorCode></error>\"}");
    expect("vm-101", TAG | MEMBER | NOT_OUT, "NSX does not say whether the hosts");
}

static void what_breaks_fails_the_call(void **state)
{
    struct site_reply seen;
    (void)state;
    open_with_tagged("vm-101");
    manager_fault(site.sim, "{\"path\":\"" PUBLISHED "\",\"status\":500,\"times\":5}");
    (void)site_start_prove("vm-101", &seen);
    site_expect_failure(&seen, NQ_NSX_SERVER);
}

/* ---- traffic ----------------------------------------------------------------------- */

static void send_traffic(void)
{
    free(manager_get(site.sim, "/sim/flow?from=VDI-01&to=VDI-02&protocol=tcp&port=445"));
}

static void traffic_that_is_dropped_is_the_fifth_rung(void **state)
{
    struct site_reply seen;
    (void)state;
    open_with_tagged("vm-101");
    send_traffic(); /* before anybody looked: it does not count */
    for (size_t i = 0; i < 3; i++) {
        prove("vm-101", &seen);
        assert_int_equal(seen.rungs, ALL_RUNGS);
        assert_int_equal(seen.provable, ALL_RUNGS);
        while (manager_requests(site.sim, "GET", STATS) < 4 * (i + 1)) {
            site_find("VDI-01", NULL, &seen);
        }
    }
    send_traffic();
    prove("vm-101", &seen); /* begins a round of counters */
    while (manager_requests(site.sim, "GET", STATS) < 16) {
        site_find("VDI-01", NULL, &seen);
    }
    /* The last of these was asked; its answer comes before one of the next proofs. */
    for (int i = 0; i < 1000 && !(seen.rungs & DROPPED); i++) {
        prove("vm-101", &seen);
    }
    assert_int_equal(seen.rungs, ALL_RUNGS | DROPPED);
    assert_int_equal(seen.provable, ALL_RUNGS | DROPPED);
    /* Without the tag it starts anew. */
    site_change(NQ_TAG_REMOVE, "vm-101");
    expect("vm-101", NOT_OUT, "tag");
    site_change(NQ_TAG_ADD, "vm-101");
    expect("vm-101", ALL_RUNGS, "");
}

/* Looks once and waits for the counters of so many rules. */
static void look_and_count(size_t rules)
{
    struct site_reply seen;
    manager_forget(site.sim);
    prove("vm-101", &seen);
    assert_int_equal(seen.provable, ALL_RUNGS);
    while (manager_requests(site.sim, "GET", STATS) < rules) {
        site_find("VDI-01", NULL, &seen);
    }
}

static void what_a_new_rule_has_counted_before_is_no_rise(void **state)
{
    (void)state;
    put_rules(OUT_RULE);
    open_with_tagged("vm-101");
    look_and_count(3);
    look_and_count(3);
    put_rules(IN_RULE "," OUT_RULE);
    manager_fault(site.sim,
                  "{\"path\":\"" STATS "2003\",\"status\":200,\"times\":9,\"body\":"
                  "\"<ruleStats><hitCount>50</hitCount></ruleStats>\"}");
    look_and_count(4);
    look_and_count(4);
    look_and_count(4);
}

static void a_release_without_counters_proves_four_rungs(void **state)
{
    struct site_reply seen;
    (void)state;
    site_vsphere_settings("{\"version\":\"6.4.1\"}");
    open_with_tagged("vm-101");
    for (size_t i = 0; i < 3; i++) {
        send_traffic();
        prove("vm-101", &seen);
        assert_int_equal(seen.rungs, ALL_RUNGS);
    }
    assert_true(manager_requests(site.sim, "GET", STATS) <= 1);
}

/* ---- sharing ----------------------------------------------------------------------- */

#define CROWD 40

static void many_proofs_share_what_is_the_same_for_all(void **state)
{
    static struct site_reply seen[CROWD];
    (void)state;
    open_with_tagged("vm-101");
    manager_forget(site.sim);
    for (size_t i = 0; i < CROWD; i++) {
        (void)site_start_prove(i == 0 ? "vm-101" : "vm-102", &seen[i]);
    }
    for (size_t i = 0; i < CROWD; i++) {
        site_expect_good(&seen[i]);
        assert_int_equal(seen[i].rungs, i == 0 ? ALL_RUNGS : NOT_OUT);
    }
    assert_int_equal(manager_requests(site.sim, "GET", CONFIG), 1);
    assert_int_equal(manager_requests(site.sim, "GET", PUBLISHED), 1);
    assert_int_equal(manager_requests(site.sim, "GET", NOT_FOR), 1);
    assert_int_equal(manager_requests(site.sim, "GET", FEATURE), 1);
    assert_int_equal(manager_requests(site.sim, "GET", TRANSLATED), 1);
    assert_true(manager_requests(site.sim, "GET", LOOKUP) <= 4);
    assert_int_equal(manager_requests(site.sim, "POST", HOSTS), 1);
}

static void a_proof_that_is_cancelled_does_not_answer(void **state)
{
    struct site_reply gone;
    struct site_reply seen;
    (void)state;
    open_with_tagged("vm-101");
    struct nq_call *call = site_start_prove("vm-101", &gone);
    (void)site_start_prove("vm-101", &seen);
    site.backend->ops->cancel(site.backend, call);
    site_expect_good(&seen);
    assert_int_equal(seen.rungs, ALL_RUNGS);
    assert_int_equal(gone.calls, 0);
    /* And one that is under way when all ends. */
    (void)site_start_prove("vm-101", &gone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VSPHERE_TEST(a_tagged_vm_climbs_four_rungs),
        VSPHERE_TEST(a_vm_without_our_tag_has_none_but_the_last),
        VSPHERE_TEST(a_vm_that_nsx_does_not_know_is_not_there),
        VSPHERE_TEST(a_vm_is_proven_before_the_first_inventory_is_there),
        VSPHERE_TEST(the_forms_that_releases_differ_in_do_not_matter),
        VSPHERE_TEST(an_older_release_is_believed_without_the_hosts),
        VSPHERE_TEST(before_6_2_4_only_the_clusters_with_a_firewall_count),
        VSPHERE_TEST(a_vm_that_is_excluded_later_loses_the_last_rung),
        VSPHERE_TEST(a_cluster_without_firewall_does_not_isolate),
        VSPHERE_TEST(a_firewall_that_is_not_in_force_does_not_isolate),
        VSPHERE_TEST(a_rule_that_is_disabled_no_longer_counts),
        VSPHERE_TEST(an_allow_before_the_drop_is_named),
        VSPHERE_TEST(rules_by_address_need_an_address),
        VSPHERE_TEST(a_group_without_the_tag_is_told_from_one_that_is_slow),
        VSPHERE_TEST(a_group_that_nsx_does_not_know_is_named),
        VSPHERE_TEST(the_hosts_have_the_last_word),
        VSPHERE_TEST(a_release_that_refuses_a_parameter_is_asked_without_it),
        VSPHERE_TEST(a_cluster_that_may_not_be_read_is_no_proof),
        VSPHERE_TEST(hosts_that_nobody_may_ask_are_no_proof),
        VSPHERE_TEST(what_breaks_fails_the_call),
        VSPHERE_TEST(traffic_that_is_dropped_is_the_fifth_rung),
        VSPHERE_TEST(what_a_new_rule_has_counted_before_is_no_rise),
        VSPHERE_TEST(a_release_without_counters_proves_four_rungs),
        VSPHERE_TEST(many_proofs_share_what_is_the_same_for_all),
        VSPHERE_TEST(a_proof_that_is_cancelled_does_not_answer),
    };
    nq_log_level(NQ_LOG_ERROR); /* what the sync reports is not under test */
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
