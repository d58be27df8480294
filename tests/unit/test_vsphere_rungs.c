/* SPDX-License-Identifier: Apache-2.0 */
/* Each thing that takes a rung of isolation away with NSX for vSphere, and its sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "nsx/tags.h"
#include "nsx/vsphere/rungs.h"
#include "store/record.h"

#define TAG       NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT)
#define MEMBER    NQ_RUNG_BIT(NQ_RUNG_GROUP_MEMBER)
#define REALIZED  NQ_RUNG_BIT(NQ_RUNG_RULE_REALIZED)
#define NOT_OUT   NQ_RUNG_BIT(NQ_RUNG_NOT_EXCLUDED)
#define ALL_RUNGS (TAG | MEMBER | REALIZED | NOT_OUT)

/* A VM that is isolated, for the tests to spoil. */
static struct {
    struct nq_vsphere_object group_object;
    struct nq_vsphere_rule rule;
    struct nq_vsphere_publication cluster;
    struct nq_vsphere_firewall firewall;
    struct nq_vsphere_group group;
    struct nq_vsphere_feature feature;
    struct nq_vm vm;
    struct nq_vsphere_findings findings;
} good;

static char id_text[] = "securitygroup-10";
static char type_text[] = "SecurityGroup";
static char rule_id[] = "2003";

static int begin(void **state)
{
    (void)state;
    memset(&good, 0, sizeof(good));
    good.group_object = (struct nq_vsphere_object){id_text, type_text, true};
    good.rule = (struct nq_vsphere_rule){
        .id = rule_id,
        .section_id = rule_id,
        .name = rule_id,
        .action = NQ_RULE_DROP,
        .packets = NQ_PACKETS_ALL,
        .any_service = true,
        .applied_to = {&good.group_object, 1, false},
    };
    good.cluster = (struct nq_vsphere_publication){
        .cluster = "domain-c7",
        .realized = NQ_REALIZED_SUCCESS,
        .generation = 5,
        .generation_obj = 9,
    };
    good.firewall.rules = &good.rule;
    good.firewall.rule_count = 1;
    good.firewall.forward = true;
    good.firewall.clusters = &good.cluster;
    good.firewall.cluster_count = 1;
    good.firewall.published = good.cluster;
    good.group.id = id_text;
    good.feature = (struct nq_vsphere_feature){true, true, "GREEN"};
    good.vm = (struct nq_vm){
        .external_id = "vm-101", .addresses = "192.0.2.11", .tags = NQ_TAGS_OURS};
    good.findings = (struct nq_vsphere_findings){
        .firewall = &good.firewall,
        .vm = &good.vm,
        .cluster = "domain-c7",
        .feature = &good.feature,
        .first = &good.group,
        .group = &good.group,
        .hosts = NQ_HOSTS_ANSWERED,
        .holding = {NQ_HELD_YES, NQ_HELD_YES},
    };
    return 0;
}

static void expect(unsigned rungs, const char *words)
{
    char missing[NQ_MISSING_MAX + 1] = "";
    const unsigned seen = nq_vsphere_rungs(&good.findings, missing);
    if (seen != rungs || !strstr(missing, words) || (*words == '\0' && *missing)) {
        fail_msg("rungs %x, \"%s\"", seen, missing);
    }
    (void)begin(NULL);
}

static void by_address(void)
{
    static struct nq_vsphere_object everywhere;
    static char word[] = "DISTRIBUTED_FIREWALL";
    static struct nq_vsphere_rule rules[2];
    everywhere = (struct nq_vsphere_object){word, word, true};
    rules[0] = rules[1] = good.rule;
    rules[0].applied_to.list = rules[1].applied_to.list = &everywhere;
    rules[0].sources = rules[1].destinations =
        (struct nq_vsphere_objects){&good.group_object, 1, false};
    good.firewall.rules = rules;
    good.firewall.rule_count = 2;
}

static void nothing_spoiled_is_isolated(void **state)
{
    (void)state;
    expect(ALL_RUNGS, "");
    by_address();
    expect(ALL_RUNGS, "");
}

static void a_vm_outside_the_group_hears_why(void **state)
{
    (void)state;
    good.vm.tags = 0;
    expect(MEMBER | REALIZED | NOT_OUT, "does not carry our tag");
    good.findings.group = NULL;
    expect(TAG | NOT_OUT, "the VM is not in the group securitygroup-10");
    good.findings.first = good.findings.group = NULL;
    expect(TAG | NOT_OUT, "no quarantine group is configured");
    good.findings.group = NULL;
    good.findings.first_unknown = true;
    expect(TAG | NOT_OUT, "NSX does not know the group securitygroup-10");
    static const char *const sentences[] = {"correct the group", "by a pattern only",
                                            "NSX is at it", "keeps VMs with our tag out"};
    for (size_t i = 0; i < 4; i++) {
        good.findings.group = NULL;
        good.findings.first_read = true;
        good.group.mention = (enum nq_vsphere_mention)i;
        expect(TAG | NOT_OUT, sentences[i]);
    }
}

static void rules_that_do_not_hold_are_named(void **state)
{
    (void)state;
    good.firewall.forward = false;
    expect(TAG | MEMBER | NOT_OUT, "not in force");
    good.rule.packets = NQ_PACKETS_OUT;
    expect(TAG | MEMBER | NOT_OUT, "no rule drops all traffic to members");
    good.rule.packets = NQ_PACKETS_V4;
    expect(TAG | MEMBER | NOT_OUT, "no rule drops all IPv6 traffic to and from members");
    good.firewall.rule_count = 0;
    expect(TAG | MEMBER | NOT_OUT, "no enabled rule that drops or rejects names");
    good.cluster.realized = NQ_REALIZED_IN_PROGRESS;
    expect(TAG | MEMBER | NOT_OUT, "not published yet in the cluster domain-c7");
    good.firewall.cluster_count = 0;
    good.firewall.published.realized = NQ_REALIZED_UNKNOWN;
    expect(TAG | MEMBER | NOT_OUT, "not published yet");
    /* Before 6.2.4 the whole stays in progress while some cluster has no firewall. */
    good.firewall.published.realized = NQ_REALIZED_IN_PROGRESS;
    expect(ALL_RUNGS, "");
}

static void the_hosts_must_hold_what_the_rules_need(void **state)
{
    (void)state;
    good.findings.holding.by_address = NQ_HELD_NO;
    expect(ALL_RUNGS, ""); /* no rule needs the address */
    good.findings.holding.by_filter = NQ_HELD_NO;
    expect(TAG | MEMBER | NOT_OUT, "do not hold the VM yet in the group");
    good.findings.holding.by_filter = NQ_HELD_NOT_FOUND;
    expect(TAG | MEMBER | NOT_OUT, "powered on");
    good.findings.holding.by_filter = NQ_HELD_UNKNOWN;
    expect(TAG | MEMBER | NOT_OUT, "NSX does not say");
    good.findings.hosts = NQ_HOSTS_REFUSED;
    expect(TAG | MEMBER | NOT_OUT, "NSX does not say");
    by_address();
    good.findings.holding.by_filter = NQ_HELD_NOT_FOUND;
    expect(ALL_RUNGS, ""); /* no rule is applied to the group */
    by_address();
    good.findings.holding.by_address = NQ_HELD_NO;
    expect(TAG | MEMBER | NOT_OUT, "apply the rules to the group");
}

static void without_the_hosts_the_numbers_must_do(void **state)
{
    (void)state;
    good.findings.hosts = NQ_HOSTS_MUTE;
    expect(ALL_RUNGS, "");
    good.findings.hosts = NQ_HOSTS_MUTE;
    good.cluster.generation_obj = 8;
    expect(TAG | MEMBER | NOT_OUT, "do not have the newest groups");
    good.findings.hosts = NQ_HOSTS_MUTE;
    good.cluster.host_error = true;
    expect(TAG | MEMBER | NOT_OUT, "reports an error");
    good.findings.hosts = NQ_HOSTS_MUTE;
    good.vm.addresses = "";
    expect(ALL_RUNGS, "");
    by_address();
    good.findings.hosts = NQ_HOSTS_MUTE;
    good.vm.addresses = "";
    expect(TAG | MEMBER | NOT_OUT, "no address of the VM is known");
}

static void what_the_firewall_leaves_alone_is_named(void **state)
{
    struct nq_idset excluded = {0};
    (void)state;
    nq_idset_add(&excluded, "vm-102");
    nq_idset_add(&excluded, "vm-101");
    nq_idset_add(&excluded, "vm-101");
    nq_idset_close(&excluded);
    assert_int_equal(excluded.count, 2);
    good.firewall.excluded = excluded;
    good.findings.hosts = NQ_HOSTS_NOT_ASKED;
    expect(TAG | MEMBER | REALIZED, "exclude list");
    nq_idset_done(&excluded);
    good.findings.cluster = "";
    expect(TAG | MEMBER | REALIZED, "cluster is not known");
    good.findings.feature = NULL;
    expect(TAG | MEMBER | REALIZED, "does not tell about the firewall");
    good.feature.found = false;
    expect(TAG | MEMBER | REALIZED, "does not tell about the firewall");
    good.feature.installed = false;
    expect(TAG | MEMBER | REALIZED, "no distributed firewall is installed");
    (void)snprintf(good.feature.status, sizeof(good.feature.status), "RED");
    expect(TAG | MEMBER | REALIZED, "cluster domain-c7 is RED");
    (void)snprintf(good.cluster.cluster, sizeof(good.cluster.cluster), "domain-c8");
    expect(TAG | MEMBER | REALIZED, "cluster domain-c7 is off");
}

#define TEST(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_spoiled_is_isolated),
        TEST(a_vm_outside_the_group_hears_why),
        TEST(rules_that_do_not_hold_are_named),
        TEST(the_hosts_must_hold_what_the_rules_need),
        TEST(without_the_hosts_the_numbers_must_do),
        TEST(what_the_firewall_leaves_alone_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
