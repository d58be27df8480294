/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from the firewall of NSX for vSphere, in which order and under which root
 * it may stand, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "nsx/vsphere/firewall_xml.h"

static struct nq_buf seen;
static struct nq_err err;

static int begin(void **state)
{
    (void)state;
    nq_buf_init(&seen, 1 << 20);
    err = (struct nq_err){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    nq_buf_done(&seen);
    return 0;
}

static void see_id(void *arg, const char *id)
{
    (void)arg;
    assert_true(nq_buf_addf(&seen, "[%s]", id));
}

static void see_list(const char *name, const struct nq_vsphere_objects *list)
{
    assert_true(nq_buf_addf(&seen, " %s%s", list->excluded ? "!" : "", name));
    for (size_t i = 0; i < list->count; i++) {
        assert_true(nq_buf_addf(&seen, "%c%s%s", i == 0 ? '=' : ',', list->list[i].value,
                                list->list[i].valid ? "" : "?"));
    }
}

static void see_rule(void *arg, const struct nq_vsphere_rule *rule)
{
    (void)arg;
    assert_true(nq_buf_addf(
        &seen, "[%u %s/%s %s a%d d%d p%x%s%s", rule->sequence, rule->section_id, rule->id,
        rule->name, (int)rule->action, (int)rule->direction, rule->packets,
        rule->disabled ? " off" : "", rule->any_service ? "" : " some"));
    see_list("from", &rule->sources);
    see_list("to", &rule->destinations);
    see_list("on", &rule->applied_to);
    assert_true(nq_buf_addf(&seen, "]"));
}

static bool read_rules(const char *body)
{
    return nq_xml_rules(body, strlen(body), see_rule, NULL, &err);
}

/* ---- rules ------------------------------------------------------------------------- */

#define APPLIED                                                                          \
    "<appliedToList><appliedTo><name>q</name><value>securitygroup-10</value>"            \
    "<type>SecurityGroup</type><isValid>true</isValid></appliedTo></appliedToList>"

static void reads_rules_of_layer_3_only_in_order(void **state)
{
    (void)state;
    assert_true(read_rules(
        "<firewallConfiguration timestamp=\"1\"><contextId>globalroot-0</contextId>"
        "<layer2Sections><section id=\"1\" type=\"LAYER2\"><rule id=\"1\"/></section>"
        "</layer2Sections><layer3Sections><section id=\"1004\" name=\"Q\" "
        "type=\"LAYER3\">"
        "<rule id=\"2003\" disabled=\"false\" logged=\"true\"><name>in</name>"
        "<action>deny</action>" APPLIED "<sectionId>1004</sectionId>"
        "<direction>in</direction><packetType>any</packetType></rule>"
        "<rule id=\"2004\" disabled=\"true\"><sectionId>1004</sectionId>"
        "<packetType>ipv6</packetType><direction>out</direction>" APPLIED
        "<action>REJECT</action><name>out</name></rule></section>"
        "<section id=\"2\"><rule id=\"2\"><action>Allow</action></rule></section>"
        "</layer3Sections><layer3RedirectSections><section id=\"7\"><rule id=\"9\"/>"
        "</section></layer3RedirectSections></firewallConfiguration>"));
    assert_string_equal(nq_buf_text(&seen),
                        "[1 1004/2003 in a2 d1 p3 from to on=securitygroup-10]"
                        "[2 1004/2004 out a3 d2 p8 off from to on=securitygroup-10]"
                        "[3 2/2  a1 d3 pf from to on]");
}

static void reads_rules_under_any_root(void **state)
{
    static const char *const bodies[] = {
        ("<filteredfirewallConfiguration><layer3Sections><section id=\"4\">%"
         "</section></layer3Sections></filteredfirewallConfiguration>"),
        "<sections><section id=\"4\" type=\"LAYER3\">%</section></sections>",
        "<section id=\"4\">%</section>",
    };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char body[512];
        const char *gap = strchr(bodies[i], '%');
        nq_buf_clear(&seen);
        (void)snprintf(body, sizeof(body),
                       "%.*s<rule id=\"16\"><action>BLOCK</action>"
                       "</rule>%s",
                       (int)(gap - bodies[i]), bodies[i], gap + 1);
        assert_true(read_rules(body));
        assert_string_equal(nq_buf_text(&seen), "[1 4/16  a2 d3 pf from to on]");
    }
}

static void reads_sources_destinations_and_services(void **state)
{
    (void)state;
    assert_true(read_rules(
        "<section id=\"4\"><rule id=\"16\"><name>n</name><action>drop-all</action>"
        "<services><service><name>SMB</name><value>application-9</value></service>"
        "</services><sources excluded=\"true\"><source><value>securitygroup-10</value>"
        "<type>SecurityGroup</type><isValid>false</isValid></source><source>"
        "<type>Ipv4Address</type><value>192.0.2.1</value></source></sources>"
        "<destinations excluded=\"false\"><destination><value>vm-1</value></destination>"
        "</destinations></rule></section>"));
    assert_string_equal(nq_buf_text(&seen),
                        "[1 4/16 n a0 d3 pf some !from=securitygroup-10?,192.0.2.1 "
                        "to=vm-1 on]");
}

static void a_rule_without_an_id_is_refused(void **state)
{
    (void)state;
    assert_false(read_rules("<section id=\"4\"><rule><action>deny</action></rule>"
                            "</section>"));
    assert_int_equal(err.code, NQ_NSX_ANSWER);
    assert_non_null(strstr(err.detail, "without an id"));
}

static void what_is_no_xml_is_refused(void **state)
{
    static const char *const bodies[] = {"",
                                         "securitygroup-10",
                                         "{\"rules\":[]}",
                                         "<section id=\"4\"><rule id=\"1\">",
                                         "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
                                         "<a></b>"};
    (void)state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        err = (struct nq_err){0};
        assert_false(read_rules(bodies[i]));
        assert_int_equal(err.code, NQ_NSX_ANSWER);
        assert_true(err.detail[0] != '\0');
    }
    assert_string_equal(nq_buf_text(&seen), "");
}

static void more_levels_than_any_document_has_are_refused(void **state)
{
    char body[3 * 100 + 1] = "";
    (void)state;
    for (size_t i = 0; i < 100; i++) {
        memcpy(body + 3 * i, "<a>", 4);
    }
    assert_false(read_rules(body));
    assert_non_null(strstr(err.detail, "levels"));
}

/* ---- exclude list, publication, state ---------------------------------------------- */

static void reads_the_exclude_list(void **state)
{
    static const char body[] =
        "<VshieldAppConfiguration><excludeListConfiguration>"
        "<objectId>excludeList-1</objectId><excludeMember><member>"
        "<objectId>vm-28</objectId><scope><id>domain-c18</id></scope></member>"
        "<systemResource>false</systemResource></excludeMember><excludeMember><member>"
        "<objectId>vm-24</objectId></member><systemResource>true</systemResource>"
        "</excludeMember><excludeMember><member><objectId>vm-25</objectId></member>"
        "</excludeMember></excludeListConfiguration></VshieldAppConfiguration>";
    (void)state;
    assert_true(nq_xml_exclude_list(body, strlen(body), see_id, NULL, &err));
    assert_true(nq_buf_addf(&seen, " "));
    assert_true(nq_xml_system_vms(body, strlen(body), see_id, NULL, &err));
    assert_string_equal(nq_buf_text(&seen), "[vm-28][vm-24][vm-25] [vm-24]");
}

static void see_publication(void *arg, const struct nq_vsphere_publication *publication)
{
    (void)arg;
    assert_true(nq_buf_addf(
        &seen, "[%s %d%s %lld %lld]", publication->cluster, (int)publication->realized,
        publication->host_error ? " error" : "", (long long)publication->generation,
        (long long)publication->generation_obj));
}

static void reads_how_far_each_cluster_is(void **state)
{
    static const char body[] =
        "<firewallStatus><clusterList><clusterStatus><clusterId>domain-c33</clusterId>"
        "<status>published</status><generationNumber>7</generationNumber>"
        "<generationNumberObjects>9</generationNumberObjects><hostStatusList>"
        "<hostStatus><hostId>host-1</hostId><status>inprogress</status>"
        "<errorCode>0</errorCode><generationNumber>1</generationNumber></hostStatus>"
        "</hostStatusList></clusterStatus><clusterStatus><hostStatusList><hostStatus>"
        "<errorCode>1301</errorCode></hostStatus></hostStatusList>"
        "<clusterId>domain-c41</clusterId><status>inprogress</status></clusterStatus>"
        "</clusterList><status>inprogress</status><startTime>1</startTime>"
        "<generationNumber>8</generationNumber></firewallStatus>";
    (void)state;
    assert_true(nq_xml_firewall_status(body, strlen(body), see_publication, NULL, &err));
    assert_string_equal(nq_buf_text(&seen), "[domain-c33 3 7 9][domain-c41 2 error 0 0]"
                                            "[ 2 error 8 0]");
}

static void a_status_without_a_word_is_refused(void **state)
{
    static const char body[] =
        "<firewallStatus><startTime>1</startTime></firewallStatus>";
    (void)state;
    assert_false(nq_xml_firewall_status(body, strlen(body), see_publication, NULL, &err));
}

static void finds_the_state_wherever_it_stands(void **state)
{
    bool forward = false;
    (void)state;
    assert_true(nq_xml_firewall_state("<s>forward</s>", 14, &forward, &err));
    assert_true(forward);
    assert_true(nq_xml_firewall_state("forward\n", 8, &forward, &err));
    assert_true(forward);
    assert_true(
        nq_xml_firewall_state("<a><b>1</b><c>switchFailed</c></a>", 34, &forward, &err));
    assert_false(forward);
    assert_false(nq_xml_firewall_state("<a>ok</a>", 9, &forward, &err));
    assert_false(nq_xml_firewall_state("", 0, &forward, &err));
}

static void reads_the_firewall_among_the_features_of_a_cluster(void **state)
{
    static const char body[] =
        "<resourceStatuses><resourceStatus><resource><objectId>domain-c7</objectId>"
        "</resource><nwFabricFeatureStatus><installed>true</installed>"
        "<status>GREEN</status><featureId>com.vmware.vshield.firewall</featureId>"
        "</nwFabricFeatureStatus><nwFabricFeatureStatus>"
        "<featureId>com.vmware.vshield.nsxmgr.vxlan</featureId><status>RED</status>"
        "<installed>false</installed></nwFabricFeatureStatus></resourceStatus>"
        "</resourceStatuses>";
    struct nq_vsphere_feature feature;
    (void)state;
    assert_true(nq_xml_firewall_feature(body, strlen(body), &feature, &err));
    assert_true(feature.found);
    assert_true(feature.installed);
    assert_string_equal(feature.status, "GREEN");
    assert_true(nq_xml_firewall_feature("<resourceStatuses/>", 19, &feature, &err));
    assert_false(feature.found);
}

/* ---- counters ---------------------------------------------------------------------- */

static bool read_hits(const char *body, uint64_t *ret_hits)
{
    return nq_xml_rule_hits(body, strlen(body), ret_hits, &err);
}

static void reads_hits_in_both_spellings(void **state)
{
    uint64_t hits = 0;
    (void)state;
    assert_true(read_hits("<ruleStats><ruleId>1001</ruleId><hitCount>111</hitCount>"
                          "<firstHitCount>1525987274749</firstHitCount>"
                          "<lastHitCount>1525987274749</lastHitCount></ruleStats>",
                          &hits));
    assert_true(hits == 111);
    assert_true(read_hits("<ruleStats><lastHitTime>5</lastHitTime>"
                          "<hitcount>9007199254740993</hitcount></ruleStats>",
                          &hits));
    assert_true(hits == 9007199254740993U);
    assert_false(read_hits("<ruleStats><hitCount>-1</hitCount></ruleStats>", &hits));
    assert_false(read_hits(
        "<ruleStats><hitCount>99999999999999999999</hitCount></ruleStats>", &hits));
    assert_false(read_hits("<ruleStats><ruleId>1</ruleId></ruleStats>", &hits));
}

static void knows_whether_hits_are_counted(void **state)
{
    bool counts = false;
    (void)state;
    assert_true(nq_xml_counts_hits("<globalConfiguration/>", 22, &counts, &err));
    assert_true(counts);
    static const char off[] = "<globalConfiguration><ruleStatsDisabled>true"
                              "</ruleStatsDisabled></globalConfiguration>";
    assert_true(nq_xml_counts_hits(off, strlen(off), &counts, &err));
    assert_false(counts);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_rules_of_layer_3_only_in_order),
        TEST(reads_rules_under_any_root),
        TEST(reads_sources_destinations_and_services),
        TEST(a_rule_without_an_id_is_refused),
        TEST(what_is_no_xml_is_refused),
        TEST(more_levels_than_any_document_has_are_refused),
        TEST(reads_the_exclude_list),
        TEST(reads_how_far_each_cluster_is),
        TEST(a_status_without_a_word_is_refused),
        TEST(finds_the_state_wherever_it_stands),
        TEST(reads_the_firewall_among_the_features_of_a_cluster),
        TEST(reads_hits_in_both_spellings),
        TEST(knows_whether_hits_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
