/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from the groups of NSX for vSphere and from what the hosts hold of them,
 * and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "nsx/vsphere/groups_xml.h"

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

static void see_part(void *arg, const struct nq_vsphere_part *part)
{
    (void)arg;
    assert_true(nq_buf_addf(&seen, "[%d|%s|%s|%s]", (int)part->kind, part->key,
                            part->criteria, part->value));
}

/* ---- groups ------------------------------------------------------------------------ */

#define ONE_GROUP                                                                        \
    "<securitygroup><objectId>securitygroup-10</objectId><objectTypeName>SecurityGroup"  \
    "</objectTypeName><name>quarantine</name><scope><id>globalroot-0</id></scope>"       \
    "<member><objectId>securitytag-12</objectId><name>isolated</name></member>"          \
    "<excludeMember><objectId>vm-130</objectId></excludeMember>"                         \
    "<dynamicMemberDefinition><dynamicSet><operator>OR</operator><dynamicCriteria>"      \
    "<operator>OR</operator><value>a&amp;b</value><key>VM.SECURITY_TAG</key>"            \
    "<criteria>contains</criteria><isValid>true</isValid></dynamicCriteria>"             \
    "<dynamicCriteria><key>ENTITY</key><criteria>belongs_to</criteria>"                  \
    "<value>securitytag-12</value></dynamicCriteria></dynamicSet>"                       \
    "</dynamicMemberDefinition></securitygroup>"

static void reads_groups_under_any_root(void **state)
{
    static const char *const bodies[] = {
        ONE_GROUP,
        "<list>" ONE_GROUP "</list>",
        "<securityGroups>" ONE_GROUP "</securityGroups>",
        ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<securityGroups><securityGroups>"
         "\n " ONE_GROUP "</securityGroups></securityGroups>"),
    };
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        nq_buf_clear(&seen);
        assert_true(
            nq_xml_security_groups(bodies[i], strlen(bodies[i]), see_id, NULL, &err));
        assert_string_equal(nq_buf_text(&seen), "[securitygroup-10]");
    }
}

static void a_vm_in_no_group_has_an_empty_lookup(void **state)
{
    static const char nested[] = "<securityGroups><securityGroups/></securityGroups>";
    (void)state;
    assert_true(nq_xml_security_groups(nested, strlen(nested), see_id, NULL, &err));
    assert_true(nq_xml_security_groups("<securityGroups/>", 17, see_id, NULL, &err));
    assert_string_equal(nq_buf_text(&seen), "");
}

static void reads_the_parts_of_a_definition(void **state)
{
    (void)state;
    assert_true(
        nq_xml_group_definition(ONE_GROUP, strlen(ONE_GROUP), see_part, NULL, &err));
    assert_string_equal(nq_buf_text(&seen), "[0|||securitytag-12][1|||vm-130]"
                                            "[2|VM.SECURITY_TAG|contains|a&b]"
                                            "[2|ENTITY|belongs_to|securitytag-12]");
}

static void reads_members(void **state)
{
    static const char body[] = "<vmnodes><vmnode><vmId>vm-101</vmId><vmName>VDI-01"
                               "</vmName></vmnode><vmnode><vmName>x</vmName>"
                               "<vmId>vm-102</vmId></vmnode></vmnodes>";
    (void)state;
    assert_true(nq_xml_vm_nodes(body, strlen(body), see_id, NULL, &err));
    assert_string_equal(nq_buf_text(&seen), "[vm-101][vm-102]");
}

static void a_member_without_an_id_is_refused(void **state)
{
    static const char body[] = "<vmnodes><vmnode><vmId></vmId></vmnode></vmnodes>";
    (void)state;
    assert_false(nq_xml_vm_nodes(body, strlen(body), see_id, NULL, &err));
    assert_int_equal(err.code, NQ_NSX_ANSWER);
}

/* ---- what the hosts hold ----------------------------------------------------------- */

#define CONTAINER(id, word, first, second)                                               \
    "<container><id>" id "</id><realized>" word "</realized><vmVnic><uuid>u.001</uuid>"  \
    "<realized>" first "</realized></vmVnic><vmVnic><uuid>u.000</uuid><realized>" second \
    "</realized><ipAddress>10.0.0.1</ipAddress></vmVnic></container>"

static struct nq_vsphere_holding holding_of(const char *body)
{
    struct nq_vsphere_holding holding = {0};
    assert_true(
        nq_xml_vm_containers(body, strlen(body), "securitygroup-10", &holding, &err));
    return holding;
}

static void every_interface_must_be_held(void **state)
{
    (void)state;
    const struct nq_vsphere_holding all =
        holding_of("<firewallVMStatus><sourceOrDest>" CONTAINER(
            "securitygroup-10", "yes", "Yes",
            "yes") "</sourceOrDest><appliedTos>" CONTAINER("securitygroup-10", "yes",
                                                           "yes",
                                                           "YES") "</appliedTos></"
                                                                  "firewallVMStatus>");
    assert_int_equal(all.by_address, NQ_HELD_YES);
    assert_int_equal(all.by_filter, NQ_HELD_YES);
    const struct nq_vsphere_holding some =
        holding_of("<firewallVMStatus><appliedTos>" CONTAINER(
            "securitygroup-10", "yes", "yes",
            "Not found") "</appliedTos><sourceOrDest>" CONTAINER("securitygroup-10",
                                                                 "yes", "no",
                                                                 "yes") "</"
                                                                        "sourceOrDest></"
                                                                        "firewallVMStatus"
                                                                        ">");
    assert_int_equal(some.by_address, NQ_HELD_NO);
    assert_int_equal(some.by_filter, NQ_HELD_NOT_FOUND);
}

static void another_group_proves_nothing(void **state)
{
    (void)state;
    const struct nq_vsphere_holding other =
        holding_of("<firewallVMStatus><sourceOrDest>" CONTAINER(
            "securitygroup-11", "yes", "yes",
            "yes") "</sourceOrDest></firewallVMStatus>");
    assert_int_equal(other.by_address, NQ_HELD_UNKNOWN);
    assert_int_equal(other.by_filter, NQ_HELD_UNKNOWN);
}

static void the_question_names_the_group_in_both_places(void **state)
{
    char *body = nq_xml_vm_containers_body("securitygroup-10");
    (void)state;
    assert_string_equal(
        body,
        "<vmContainerList><sourceOrDestList><container><name>securitygroup-10</name>"
        "<value>securitygroup-10</value><type>SecurityGroup</type></container>"
        "</sourceOrDestList><appliedToList><appliedTo><name>securitygroup-10</name>"
        "<value>securitygroup-10</value><type>SecurityGroup</type></appliedTo>"
        "</appliedToList></vmContainerList>");
    free(body);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_groups_under_any_root),
        TEST(a_vm_in_no_group_has_an_empty_lookup),
        TEST(reads_the_parts_of_a_definition),
        TEST(reads_members),
        TEST(a_member_without_an_id_is_refused),
        TEST(every_interface_must_be_held),
        TEST(another_group_proves_nothing),
        TEST(the_question_names_the_group_in_both_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
