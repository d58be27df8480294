/* SPDX-License-Identifier: Apache-2.0 */
/* The rungs of isolation as the policy backend proves them, against the simulator. */
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
#include "nsx/policy/firewall.h"
#include "store/record.h"
#include "world_site.h"

#define TAG       NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT)
#define MEMBER    NQ_RUNG_BIT(NQ_RUNG_GROUP_MEMBER)
#define REALIZED  NQ_RUNG_BIT(NQ_RUNG_RULE_REALIZED)
#define NOT_OUT   NQ_RUNG_BIT(NQ_RUNG_NOT_EXCLUDED)
#define DROPPED   NQ_RUNG_BIT(NQ_RUNG_TRAFFIC_DROPPED)
#define ALL_RUNGS (TAG | MEMBER | REALIZED | NOT_OUT)

#define POLICIES     "/policy/api/v1/infra/domains/default/security-policies"
#define SECURITY     "/policy/api/v1/infra/settings/firewall/security"
#define SYSTEM       "/policy/api/v1/infra/realized-state/system-excluded-virtual-machines"
#define ASSOCIATIONS "/policy/api/v1/infra/virtual-machine-group-associations"
#define SCHEDULERS   "/policy/api/v1/infra/firewall-schedulers"
#define QUARANTINE   SITE_GROUPS "quarantine"

/* When the clock jumps, more requests are sent than NSX's limit lets through. */
static int begin(void **state)
{
    const int ret = site_begin(state);
    site.sim = manager_free(site.sim);
    site.sim =
        manager_new_with("tests/data/sim/vdi.json", "{\"requests_per_second\":100000}");
    site_set_text(site.url, sizeof(site.url), manager_url(site.sim));
    return ret;
}

#define PROOF(test) cmocka_unit_test_setup_teardown(test, begin, site_end)

/* Everything known about the firewall is too old now. */
static void grow_old(void)
{
    site.ahead_ms += NQ_FIREWALL_AGE_MS;
}

static void prove(const char *id, struct site_reply *seen)
{
    (void)site_start_prove(id, seen);
    site_expect_good(seen);
}

static void expect_rungs(const char *id, unsigned rungs, const char *missing)
{
    struct site_reply seen;
    grow_old();
    prove(id, &seen);
    assert_int_equal(seen.provable, ALL_RUNGS);
    assert_int_equal(seen.vm_count, strcmp(id, NO_VM) != 0);
    assert_string_equal(seen.missing, missing);
    assert_int_equal(seen.rungs, rungs);
}

static void open_with_a_quarantined_vm(void)
{
    site_open();
    site_change(NQ_TAG_ADD, VDI_01);
    expect_rungs(VDI_01, ALL_RUNGS, "");
}

/* The quarantine policy of the seed scenario without its exceptions, with members that a
 * test adds to the policy and to the rule that drops what comes in. */
static void put_policy(const char *category, const char *of_policy, const char *of_rule)
{
    char json[1024];
    (void)snprintf(json, sizeof(json),
                   "{\"category\":\"%s\",\"sequence_number\":10,%s\"rules\":["
                   "{\"id\":\"in\",\"action\":\"DROP\",\"sequence_number\":10,"
                   "\"direction\":\"IN_OUT\",\"source_groups\":[\"ANY\"],"
                   "\"destination_groups\":[\"" QUARANTINE "\"]%s},"
                   "{\"id\":\"out\",\"action\":\"REJECT\",\"sequence_number\":20,"
                   "\"direction\":\"IN_OUT\",\"source_groups\":[\"" QUARANTINE "\"],"
                   "\"destination_groups\":[\"ANY\"]}]}",
                   category, of_policy, of_rule);
    manager_put(site.sim, "/sim/security-policies/quarantine", json);
}

static void put_scheduler(const char *members)
{
    char json[512];
    (void)snprintf(json, sizeof(json), "{\"start_date\":\"01/01/2020\",%s}", members);
    manager_put(site.sim, "/sim/firewall-schedulers/night", json);
}

static void the_rungs_are_proven_one_by_one(void **state)
{
    (void)state;
    site_open();
    expect_rungs(NO_VM, 0, "NSX does not list the VM");
    expect_rungs(VDI_01, NOT_OUT, "the VM does not carry our tag");
    manager_post(site.sim, "/sim/realization", "{\"membership_delay_ms\":3600000}");
    site_change(NQ_TAG_ADD, VDI_01);
    expect_rungs(VDI_01, TAG | NOT_OUT, "the VM is not in the group " QUARANTINE);
    manager_post(site.sim, "/sim/realization",
                 "{\"membership_delay_ms\":0,\"realization_delay_ms\":3600000}");
    site_change(NQ_TAG_ADD, VDI_02);
    expect_rungs(VDI_02, TAG | MEMBER | NOT_OUT,
                 "the group " QUARANTINE " is not realized yet");
}

static void a_vm_in_an_excluded_group_is_not_isolated(void **state)
{
    (void)state;
    open_with_a_quarantined_vm();
    manager_fault(site.sim, "{\"method\":\"GET\",\"path\":\"" EXCLUDED
                            "\",\"times\":1,\"status\":200,\"body\":"
                            "{\"members\":[\"" SITE_GROUPS "vdi\"]}}");
    expect_rungs(VDI_01, ALL_RUNGS, ""); /* it is in that group no more */
    manager_fault(site.sim, "{\"method\":\"GET\",\"path\":\"" EXCLUDED
                            "\",\"times\":1,\"status\":200,\"body\":"
                            "{\"members\":[\"/infra/x\",\"" QUARANTINE "\"]}}");
    expect_rungs(VDI_01, TAG | MEMBER | REALIZED,
                 "the firewall's exclude list holds the VM's group " QUARANTINE);
    expect_rungs(VDI_01, ALL_RUNGS, "");
}

/* The VM's own groups do not show it: the question with deep_check does. */
static void a_quarantine_group_inside_an_excluded_one_is_not_isolated(void **state)
{
    (void)state;
    open_with_a_quarantined_vm();
    manager_fault(site.sim, "[{\"method\":\"GET\",\"path\":\"" EXCLUDED
                            "\",\"status\":200,\"body\":{\"members\":[\"/infra/x\"]}},"
                            "{\"method\":\"POST\",\"path\":\"" EXCLUDED
                            "\",\"status\":200,\"times\":1,\"body\":"
                            "{\"path\":\"" QUARANTINE "\"}}]");
    expect_rungs(VDI_01, TAG | MEMBER | REALIZED,
                 "the firewall's exclude list holds the group " QUARANTINE);
    expect_rungs(VDI_01, ALL_RUNGS, "");
    static const char *const answers[] = {"403", "400", "404"};
    for (size_t i = 0; i < 3; i++) { /* an account that only reads is no reason to fail */
        char fault[256];
        (void)snprintf(fault, sizeof(fault),
                       "{\"method\":\"POST\",\"path\":\"%s\",\"status\":%s,\"times\":1}",
                       EXCLUDED, answers[i]);
        manager_fault(site.sim, fault);
        expect_rungs(VDI_01, ALL_RUNGS, "");
    }
}

static void a_vm_that_nsx_excludes_itself_is_not_isolated(void **state)
{
    (void)state;
    open_with_a_quarantined_vm();
    manager_fault(site.sim,
                  "{\"path\":\"" SYSTEM "\",\"times\":1,\"status\":200,\"body\":"
                  "{\"results\":[{\"external_id\":\"" VDI_01 "\"}],"
                  "\"result_count\":1}}");
    expect_rungs(VDI_01, TAG | MEMBER | REALIZED,
                 "NSX itself excludes the VM from the firewall");
    manager_fault(site.sim,
                  "{\"path\":\"" SYSTEM "\",\"times\":1,\"status\":400,\"body\":"
                  "{\"error_code\":500012}}"); /* a release without that list */
    expect_rungs(VDI_01, ALL_RUNGS, "");
    manager_forget(site.sim);
    expect_rungs(VDI_01, ALL_RUNGS, "");
    assert_int_equal(manager_requests(site.sim, "GET", SYSTEM), 0);
    site.ahead_ms += NQ_RULES_AGE_MS; /* it may have been upgraded */
    expect_rungs(VDI_01, ALL_RUNGS, "");
    assert_int_equal(manager_requests(site.sim, "GET", SYSTEM), 1);
}

static void a_firewall_that_is_switched_off_isolates_nobody(void **state)
{
    (void)state;
    open_with_a_quarantined_vm();
    manager_fault(site.sim, "{\"path\":\"" SECURITY "\",\"times\":1,\"status\":200,"
                            "\"body\":{\"enable_firewall\":false}}");
    expect_rungs(VDI_01, TAG | MEMBER | REALIZED,
                 "the distributed firewall of NSX is switched off");
    expect_rungs(VDI_01, ALL_RUNGS, "");
}

static void membership_that_is_lost_is_noticed(void **state)
{
    (void)state;
    open_with_a_quarantined_vm();
    manager_put(site.sim, "/sim/groups/quarantine",
                "{\"expression\":[{\"resource_type\":\"ExternalIDExpression\","
                "\"member_type\":\"VirtualMachine\",\"external_ids\":[\"" VDI_02
                "\"]}]}");
    expect_rungs(VDI_01, TAG | NOT_OUT, "the VM is not in the group " QUARANTINE);
}

static void a_rule_that_is_switched_off_is_noticed_at_the_next_look(void **state)
{
    (void)state;
    open_with_a_quarantined_vm();
    put_policy("Emergency", "", "");
    expect_rungs(VDI_01, ALL_RUNGS, "");
    put_policy("Emergency", "", ",\"disabled\":true");
    expect_rungs(VDI_01, TAG | MEMBER | NOT_OUT, "enable the rule quarantine/in");
    put_policy("Emergency", "", ",\"scope\":[\"" SITE_GROUPS "vdi\"]");
    expect_rungs(VDI_01, TAG | MEMBER | NOT_OUT,
                 "apply the rule quarantine/in to the group " QUARANTINE " or to ANY");
    put_policy("Emergency", "\"scope\":[\"" QUARANTINE "\"],",
               ",\"scope\":[\"" SITE_GROUPS "vdi\"]");
    expect_rungs(VDI_01, ALL_RUNGS, "");
    put_policy("Emergency", "", ",\"ip_protocol\":\"IPV4\"");
    expect_rungs(VDI_01, TAG | MEMBER | NOT_OUT,
                 "make a rule that drops the IPv6 traffic of the group " QUARANTINE);
}

static void a_rule_that_lets_all_pass_before_is_noticed(void **state)
{
    (void)state;
    open_with_a_quarantined_vm();
    manager_put(site.sim, "/sim/security-policies/help",
                "{\"category\":\"Emergency\",\"sequence_number\":5,\"rules\":[{\"id\":"
                "\"all\",\"action\":\"ALLOW\",\"source_groups\":[\"ANY\"],"
                "\"destination_groups\":[\"ANY\"]}]}");
    expect_rungs(
        VDI_01, TAG | MEMBER | NOT_OUT,
        "move the rule help/all, which allows all traffic of the group " QUARANTINE
        ", behind the rules that drop it");
    manager_put(site.sim, "/sim/security-policies/help",
                "{\"category\":\"Application\",\"sequence_number\":5,\"rules\":[{\"id\":"
                "\"all\",\"action\":\"ALLOW\",\"source_groups\":[\"ANY\"],"
                "\"destination_groups\":[\"ANY\"]}]}");
    expect_rungs(VDI_01, ALL_RUNGS, "");
}

static void a_policy_acts_in_its_time_window_only(void **state)
{
    (void)state;
    open_with_a_quarantined_vm();
    static const char window[] =
        "\"scheduler_path\":\"/infra/firewall-schedulers/night\",";
    static const char always[] =
        "\"end_date\":\"12/31/2098\",\"recurring\":true,\"timezone\":\"UTC\"";
    put_scheduler(always);
    put_policy("Emergency", window, "");
    expect_rungs(VDI_01, ALL_RUNGS, "");
    put_scheduler("\"end_date\":\"01/02/2020\",\"recurring\":false,\"timezone\":\"UTC\","
                  "\"start_time\":\"0:00\",\"end_time\":\"0:30\"");
    expect_rungs(
        VDI_01, TAG | MEMBER | NOT_OUT,
        "the security policy quarantine acts in a time window that is closed now");
    static const char unclear[] =
        "take the scheduler off the security policy quarantine: whether its time window "
        "is open cannot be judged";
    put_scheduler("\"end_date\":\"12/31/2098\",\"recurring\":true,"
                  "\"timezone\":\"LOCAL\"");
    expect_rungs(VDI_01, TAG | MEMBER | NOT_OUT, unclear);
    put_scheduler(always);
    manager_fault(site.sim, "{\"path\":\"" SCHEDULERS "\",\"times\":1,\"status\":404}");
    expect_rungs(VDI_01, TAG | MEMBER | NOT_OUT, unclear);
    expect_rungs(VDI_01, ALL_RUNGS, "");
}

static void the_policies_that_cut_off_must_be_realized_too(void **state)
{
    (void)state;
    open_with_a_quarantined_vm();
    manager_fault(site.sim,
                  "{\"path\":\"" STATUS "\",\"query\":\"security-policies\",\"times\":1,"
                  "\"status\":200,\"body\":{\"publish_status\":\"REALIZED\","
                  "\"consolidated_status\":{\"consolidated_status\":\"ERROR\"}}}");
    expect_rungs(VDI_01, TAG | MEMBER | NOT_OUT,
                 "the security policy quarantine is not realized: NSX reports an error");
    expect_rungs(VDI_01, ALL_RUNGS, "");
}

static void a_quarantine_group_that_does_not_exist_is_named(void **state)
{
    (void)state;
    site_set_text(site.paths[0], sizeof(site.paths[0]), SITE_GROUPS "no such group");
    site_open();
    site_change(NQ_TAG_ADD, VDI_01);
    expect_rungs(VDI_01, TAG | NOT_OUT,
                 "NSX does not know the group " SITE_GROUPS "no such group");
    site.backend = nq_backend_close(site.backend);
    site.groups[0].role = NQ_GROUP_WATCHED;
    site_open();
    expect_rungs(VDI_01, TAG | NOT_OUT,
                 "no quarantine group is configured for this manager");
}

static void a_proof_with_a_question_unanswered_is_no_proof(void **state)
{
    (void)state;
    static const char *const paths[] = {ONE_VM,
                                        ASSOCIATIONS,
                                        SECURITY,
                                        EXCLUDED,
                                        SYSTEM,
                                        POLICIES,
                                        POLICIES "/quarantine/rules",
                                        STATUS};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        char fault[256];
        struct site_reply seen;
        site_open();
        site_change(NQ_TAG_ADD, VDI_01);
        (void)snprintf(fault, sizeof(fault), "{\"path\":\"%s\",\"status\":500}",
                       paths[i]);
        manager_fault(site.sim, fault);
        (void)site_start_prove(VDI_01, &seen);
        site_expect_failure(&seen, NQ_NSX_SERVER);
        assert_int_equal(seen.rungs, 0);
        assert_int_equal(site_end(state) + begin(state),
                         0); /* what was cancelled is over */
    }
}

/* A silent VM drops nothing: the rung is provable once it was seen, and stays. */
static void drops_that_are_counted_are_a_rung_of_their_own(void **state)
{
    (void)state;
    struct site_reply seen;
    open_with_a_quarantined_vm();
    (void)site_start_groups(&seen); /* waits for the counters */
    site_expect_good(&seen);
    expect_rungs(VDI_01, ALL_RUNGS, "");
    site.ahead_ms += site.conf.statistics_interval_ms;
    (void)site_start_groups(&seen);
    site_expect_good(&seen);
    expect_rungs(VDI_01, ALL_RUNGS, ""); /* silence */

    free(manager_get(site.sim,
                     "/sim/flow?from=VDI-01&to=file-server&port=445&protocol=tcp"));
    site.ahead_ms += site.conf.statistics_interval_ms;
    (void)site_start_groups(&seen);
    site_expect_good(&seen);
    prove(VDI_01, &seen);
    assert_int_equal(seen.rungs, ALL_RUNGS | DROPPED);
    assert_int_equal(seen.provable, ALL_RUNGS | DROPPED);
    manager_fault(site.sim,
                  "{\"path\":\"" POLICIES "/quarantine/statistics\",\"times\":1,"
                  "\"status\":200,\"body\":{\"results\":[" /* a reset */
                  "{\"rule\":\"quarantine-in\",\"hit_count\":0},"
                  "{\"rule\":\"quarantine-out\",\"hit_count\":0}]}}");
    site.ahead_ms += site.conf.statistics_interval_ms;
    (void)site_start_groups(&seen);
    site_expect_good(&seen);
    prove(VDI_01, &seen);
    assert_int_equal(seen.provable, ALL_RUNGS | DROPPED);

    /* A new quarantine has a new beginning. */
    site_change(NQ_TAG_REMOVE, VDI_01);
    expect_rungs(VDI_01, NOT_OUT, "the VM does not carry our tag");
    site_change(NQ_TAG_ADD, VDI_01);
    expect_rungs(VDI_01, ALL_RUNGS, "");
}

static void without_counters_the_other_rungs_are_proven(void **state)
{
    (void)state;
    site_open();
    manager_fault(site.sim,
                  "{\"path\":\"" POLICIES "/quarantine/statistics\",\"status\":403}");
    site_change(NQ_TAG_ADD, VDI_01);
    for (int i = 0; i < 3; i++) {
        struct site_reply seen;
        expect_rungs(VDI_01, ALL_RUNGS, "");
        site.ahead_ms += site.conf.statistics_interval_ms;
        (void)site_start_groups(&seen);
        site_expect_good(&seen);
    }
}

static size_t all_requests(void)
{
    return manager_requests(site.sim, "GET", "/api") +
           manager_requests(site.sim, "GET", "/policy") +
           manager_requests(site.sim, "POST", "/policy");
}

static void what_is_fresh_is_not_asked_for_again(void **state)
{
    (void)state;
    struct site_reply seen;
    open_with_a_quarantined_vm();
    (void)site_start_groups(&seen);
    site_expect_good(&seen);
    prove(VDI_01, &seen);
    site_rest(); /* the sync of the start asks, too */
    manager_forget(site.sim);
    prove(VDI_01, &seen);
    assert_int_equal(manager_requests(site.sim, "GET", SECURITY), 0);
    /* The VM, its groups, and what NSX has made of group and policy since; on a machine so
     * slow that NQ_STATUS_AGE_MS have passed, the last three twice. */
    assert_in_range(all_requests(), 1, 7);
    site.ahead_ms += NQ_STATUS_AGE_MS;
    manager_forget(site.sim);
    prove(VDI_01, &seen);
    assert_int_equal(manager_requests(site.sim, "GET", POLICIES), 0);
    assert_int_equal(manager_requests(site.sim, "GET", STATUS), 2);
    grow_old();
    manager_forget(site.sim);
    prove(VDI_01, &seen);
    assert_int_equal(manager_requests(site.sim, "GET", POLICIES "?"), 1);
    assert_int_equal(manager_requests(site.sim, "GET", POLICIES "/quarantine/rules"), 1);
    assert_int_equal(manager_requests(site.sim, "GET", POLICIES "/no-rules"), 0);
}

static void a_vm_that_is_shown_late_costs_no_second_look_at_the_firewall(void **state)
{
    (void)state;
    struct site_reply seen;
    open_with_a_quarantined_vm();
    prove(VDI_01, &seen);
    prove(VDI_01, &seen); /* so often that the members are listed */
    site.ahead_ms += NQ_STATUS_AGE_MS;
    manager_forget(site.sim);
    manager_fault(site.sim, "{\"method\":\"GET\",\"path\":\"" VMS
                            "\",\"query\":\"external_id\",\"hold\":true,\"times\":1}");
    (void)site_start_prove(VDI_01, &seen);
    free(manager_get(site.sim, "/sim/held?count=1"));
    while (manager_requests(site.sim, "GET", MEMBERS "quarantine/members") +
               manager_requests(site.sim, "GET", ASSOCIATIONS) ==
           0) { /* turns the loop */
    }
    const size_t looks = manager_requests(site.sim, "GET", STATUS);
    for (int i = 0; i < 20; i++) {
        free(manager_get(site.sim, "/sim/settings")); /* and the last answer is read */
    }
    manager_post(site.sim, "/sim/release", "{\"all\":true}");
    site_expect_good(&seen);
    assert_int_equal(seen.rungs, ALL_RUNGS);
    assert_int_equal(manager_requests(site.sim, "GET", STATUS), looks);
}

/* A policy that concerns no group of ours. */
static void put_other(int revision)
{
    char json[512];
    (void)snprintf(
        json, sizeof(json),
        "{\"category\":\"Application\",\"_revision\":%d,\"rules\":[{\"id\":\"r\","
        "\"action\":\"ALLOW\",\"source_groups\":[\"" SITE_GROUPS
        "file-servers\"],\"destination_groups\":[\"ANY\"]}]}",
        revision);
    manager_put(site.sim, "/sim/security-policies/other", json);
}

static size_t readings_of_other(void)
{
    grow_old();
    expect_rungs(VDI_01, ALL_RUNGS, "");
    const size_t count = manager_requests(site.sim, "GET", POLICIES "/other/rules");
    manager_forget(site.sim);
    return count;
}

static void rules_that_do_not_matter_are_read_when_their_policy_changes(void **state)
{
    (void)state;
    open_with_a_quarantined_vm();
    put_other(1);
    assert_int_equal(readings_of_other(), 1);
    assert_int_equal(readings_of_other(), 0);
    put_other(2);
    assert_int_equal(readings_of_other(), 1);
    assert_int_equal(readings_of_other(), 0);
    site.ahead_ms += NQ_RULES_AGE_MS;
    assert_int_equal(readings_of_other(), 1);
    assert_int_equal(readings_of_other(), 0);
}

static void more_policies_than_can_be_are_an_error_that_says_so(void **state)
{
    (void)state;
    struct site_reply seen;
    struct nq_buf fault;
    nq_buf_init(&fault, (size_t)1 << 20);
    assert_true(nq_buf_addf(&fault, "{\"path\":\"" POLICIES
                                    "\",\"status\":200,\"body\":{\"results\":["));
    for (int i = 0; i <= NQ_POLICIES_MAX; i++) {
        assert_true(nq_buf_addf(&fault, "%s{\"path\":\"/p/%d\"}", i ? "," : "", i));
    }
    assert_true(nq_buf_addf(&fault, "]}}"));
    site_open();
    manager_fault(site.sim, nq_buf_text(&fault));
    nq_buf_done(&fault);
    (void)site_start_prove(VDI_01, &seen);
    site_expect_failure(&seen, NQ_NSX_ANSWER);
    assert_non_null(strstr(seen.detail, "more than 5000 security policies"));
}

#define MANY 300

static void many_proofs_at_once_share_the_lists(void **state)
{
    (void)state;
    static struct site_reply seen[MANY];
    open_with_a_quarantined_vm();
    grow_old();
    manager_forget(site.sim);
    for (size_t i = 0; i < MANY; i++) {
        (void)site_start_prove(i % 2 ? VDI_01 : VDI_02, &seen[i]);
    }
    for (size_t i = 0; i < MANY; i++) {
        site_expect_good(&seen[i]);
        assert_int_equal(seen[i].rungs, i % 2 ? ALL_RUNGS : NOT_OUT);
    }
    assert_int_equal(manager_requests(site.sim, "GET", ASSOCIATIONS), 0);
    assert_in_range(manager_requests(site.sim, "GET", MEMBERS "quarantine/members"), 1,
                    2);
    assert_int_equal(manager_requests(site.sim, "GET", SECURITY "/exclude-list"), 1);

    manager_fault(site.sim,
                  "{\"method\":\"GET\",\"path\":\"" EXCLUDED
                  "\",\"status\":200,\"body\":{\"members\":[\"/infra/x\",\"" SITE_GROUPS
                  "vdi\"]}}");
    grow_old();
    for (size_t i = 0; i < MANY; i++) {
        (void)site_start_prove(i % 2 ? VDI_01 : VDI_02, &seen[i]);
    }
    for (size_t i = 0; i < MANY; i++) {
        site_expect_good(&seen[i]);
        assert_int_equal(seen[i].rungs, i % 2 ? ALL_RUNGS : 0);
    }
    assert_int_equal(manager_requests(site.sim, "GET", ASSOCIATIONS), 0);
}

static void nothing_is_heard_after_a_cancel(void **state)
{
    (void)state;
    struct site_reply first;
    struct site_reply second;
    open_with_a_quarantined_vm();
    grow_old();
    struct nq_call *call = site_start_prove(VDI_01, &first);
    (void)site_start_prove(VDI_01, &second);
    site.backend->ops->cancel(site.backend, call);
    site_expect_good(&second);
    assert_int_equal(first.calls, 0);
    assert_int_equal(second.rungs, ALL_RUNGS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROOF(the_rungs_are_proven_one_by_one),
        PROOF(a_vm_in_an_excluded_group_is_not_isolated),
        PROOF(a_quarantine_group_inside_an_excluded_one_is_not_isolated),
        PROOF(a_vm_that_nsx_excludes_itself_is_not_isolated),
        PROOF(a_firewall_that_is_switched_off_isolates_nobody),
        PROOF(membership_that_is_lost_is_noticed),
        PROOF(a_rule_that_is_switched_off_is_noticed_at_the_next_look),
        PROOF(a_rule_that_lets_all_pass_before_is_noticed),
        PROOF(a_policy_acts_in_its_time_window_only),
        PROOF(the_policies_that_cut_off_must_be_realized_too),
        PROOF(a_quarantine_group_that_does_not_exist_is_named),
        PROOF(a_proof_with_a_question_unanswered_is_no_proof),
        PROOF(drops_that_are_counted_are_a_rung_of_their_own),
        PROOF(without_counters_the_other_rungs_are_proven),
        PROOF(what_is_fresh_is_not_asked_for_again),
        PROOF(a_vm_that_is_shown_late_costs_no_second_look_at_the_firewall),
        PROOF(rules_that_do_not_matter_are_read_when_their_policy_changes),
        PROOF(more_policies_than_can_be_are_an_error_that_says_so),
        PROOF(many_proofs_at_once_share_the_lists),
        PROOF(nothing_is_heard_after_a_cancel),
    };
    nq_log_level(NQ_LOG_ERROR); /* what the sync reports is not under test */
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
