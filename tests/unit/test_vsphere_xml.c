/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from the lists of NSX for vSphere, what may be missing in them or stand in
 * another order, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "nsx/vsphere/xml.h"

static struct nq_buf seen;
static struct nq_xml_page page;
static struct nq_err err;

static int begin(void **state)
{
    (void)state;
    nq_buf_init(&seen, 65536);
    err = (struct nq_err){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    nq_buf_done(&seen);
    return 0;
}

static void see_tag(void *arg, const struct nq_tag_facts *tag)
{
    (void)arg;
    assert_true(
        nq_buf_addf(&seen, "[%s|%s|%d]", tag->id, tag->name, (int)tag->universal));
}

static void see_vm(void *arg, const struct nq_xml_vm *vm)
{
    (void)arg;
    assert_true(nq_buf_addf(&seen, "[%s|%s|%s|%s|%s]", vm->moref, vm->name, vm->cluster,
                            vm->instance_uuid, vm->bios_uuid));
}

static void see_text(void *arg, const char *text)
{
    (void)arg;
    assert_true(nq_buf_addf(&seen, "[%s]", text));
}

static bool read_tags(const char *body)
{
    return nq_xml_tags(body, strlen(body), see_tag, NULL, &page, &err);
}

static bool read_vms(const char *body)
{
    return nq_xml_vms(body, strlen(body), see_vm, NULL, &err);
}

/* ---- tags -------------------------------------------------------------------------- */

static void reads_a_list_of_tags(void **state)
{
    (void)state;
    assert_true(read_tags(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<securityTags>"
        "<securityTag><objectId>securitytag-3</objectId><objectTypeName>SecurityTag"
        "</objectTypeName><vsmUuid>42</vsmUuid><nodeId>1</nodeId><revision>0</revision>"
        "<type><typeName>SecurityTag</typeName></type>"
        "<name>ANTI_VIRUS.VirusFound.threat=high</name><description>x</description>"
        "<clientHandle></clientHandle><extendedAttributes/><isUniversal>false"
        "</isUniversal><universalRevision>0</universalRevision><systemResource>true"
        "</systemResource><vmCount>2</vmCount></securityTag>"
        "<securityTag><objectId>securitytag-12</objectId><name>a &amp; b</name>"
        "<isUniversal>true</isUniversal></securityTag></securityTags>"));
    assert_string_equal(nq_buf_text(&seen),
                        "[securitytag-3|ANTI_VIRUS.VirusFound.threat=high|0]"
                        "[securitytag-12|a & b|1]");
    assert_int_equal(page.items, 2);
    assert_int_equal(page.start, 0);
    assert_int_equal(page.total, -1);
}

static void reads_what_a_list_says_about_its_parts(void **state)
{
    (void)state;
    assert_true(read_tags(
        "<securityTags><pagingInfo><pageSize>1024</pageSize><startIndex>1024</startIndex>"
        "<totalCount>1500</totalCount><sortOrderAscending>true</sortOrderAscending>"
        "<sortBy>name</sortBy></pagingInfo></securityTags>"));
    assert_int_equal(page.start, 1024);
    assert_int_equal(page.total, 1500);
    assert_int_equal(page.items, 0);
}

static void refuses_numbers_that_are_none(void **state)
{
    static const char *const bad[] = {
        "<totalCount>-1</totalCount>",
        "<totalCount>many</totalCount>",
        "<totalCount>7</totalCount><startIndex>1x</startIndex>",
        "<totalCount>99999999999999999999</totalCount>",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char body[256];
        (void)snprintf(body, sizeof(body),
                       "<securityTags><pagingInfo>%s</pagingInfo></securityTags>",
                       bad[i]);
        assert_false(read_tags(body));
        assert_int_equal(err.code, NQ_NSX_ANSWER);
    }
}

static void a_tag_without_a_usable_id_spoils_the_list(void **state)
{
    (void)state;
    assert_false(read_tags("<securityTags><securityTag><name>a</name></securityTag>"
                           "</securityTags>"));
    assert_non_null(strstr(err.detail, "objectId"));
    assert_false(read_tags("<securityTags><securityTag><objectId>../tag/a</objectId>"
                           "</securityTag></securityTags>"));
}

static void fields_of_one_tag_are_not_those_of_the_next(void **state)
{
    (void)state;
    assert_true(read_tags("<securityTags><securityTag><objectId>securitytag-1</objectId>"
                          "<name>a</name><isUniversal>true</isUniversal></securityTag>"
                          "<securityTag><objectId>securitytag-2</objectId></securityTag>"
                          "</securityTags>"));
    assert_string_equal(nq_buf_text(&seen), "[securitytag-1|a|1][securitytag-2||0]");
}

/* ---- VMs --------------------------------------------------------------------------- */

static void reads_the_whole_inventory(void **state)
{
    (void)state;
    assert_true(read_vms(
        "<list><basicinfo><objectId>vm-17</objectId><objectTypeName>VirtualMachine"
        "</objectTypeName><revision>3</revision><type><typeName>VirtualMachine"
        "</typeName></type><name>VDI-01</name><scope><id>domain-c7</id><objectTypeName>"
        "ClusterComputeResource</objectTypeName><name>c7</name></scope><clientHandle/>"
        "</basicinfo><basicinfo><name>VDI-02</name><scope><name>c8</name>"
        "<id>domain-c8</id></scope><objectId>vm-18</objectId></basicinfo></list>"));
    assert_string_equal(nq_buf_text(&seen),
                        "[vm-17|VDI-01|domain-c7||][vm-18|VDI-02|domain-c8||]");
}

static void count_vm(void *arg, const struct nq_xml_vm *vm)
{
    size_t *count = arg;
    (void)vm;
    ++*count;
}

/* An inventory has no pages: one document, however many VMs there are. */
static void reads_a_document_of_many_megabytes(void **state)
{
    const size_t vms = 50000;
    struct nq_buf body;
    size_t count = 0;
    (void)state;
    nq_buf_init(&body, 16 << 20);
    assert_true(nq_buf_addf(&body, "<list>"));
    for (size_t i = 0; i < vms; i++) {
        assert_true(
            nq_buf_addf(&body,
                        "<basicinfo><objectId>vm-%zu</objectId><objectTypeName>"
                        "VirtualMachine</objectTypeName><name>VDI-%zu</name><scope>"
                        "<id>domain-c7</id></scope></basicinfo>",
                        i, i));
    }
    assert_true(nq_buf_addf(&body, "</list>"));
    assert_true(body.len > 5 << 20);
    assert_true(nq_xml_vms(nq_buf_text(&body), body.len, count_vm, &count, &err));
    assert_int_equal(count, vms);
    nq_buf_done(&body);
}

static void reads_the_vms_of_a_tag_with_and_without_their_uuids(void **state)
{
    (void)state;
    assert_true(read_vms("<basicinfolist><basicinfo><objectId>vm-1</objectId><name>a"
                         "</name></basicinfo></basicinfolist>"));
    assert_true(read_vms(
        "<attachedVMList><attachedVM><objectId>vm-2</objectId><name>b</name><scope>"
        "<id>domain-c7</id></scope>"
        "<instanceUUID>520932b3-b531-7b4a-d3fe-76f0fdd82736</instanceUUID>"
        "<biosUUID>423f7c14-6463-8ebc-d06d-2a284b24cabb</biosUUID></attachedVM>"
        "</attachedVMList>"));
    assert_string_equal(nq_buf_text(&seen),
                        "[vm-1|a|||][vm-2|b|domain-c7|520932b3-b531-7b4a-d3fe-"
                        "76f0fdd82736|423f7c14-6463-8ebc-d06d-2a284b24cabb]");
}

static void an_empty_list_is_a_list(void **state)
{
    (void)state;
    assert_true(read_vms("<list/>"));
    assert_true(read_vms("<attachedVMList></attachedVMList>"));
    assert_true(read_tags("<securityTags/>"));
    assert_string_equal(nq_buf_text(&seen), "");
}

static void what_is_no_such_list_is_not_an_empty_one(void **state)
{
    static const char *const bad[] = {
        "",
        "  ",
        "<html><body>Gateway timeout</body></html>",
        "<!DOCTYPE html><html></html>",
        "{\"objectId\":\"vm-1\"}",
        "<vmnodes/>",
        "<list><basicinfo><objectId>vm-1</objectId></basicinfo>", /* cut off */
        "<list></list><list/>",
        "<!DOCTYPE l [<!ENTITY a \"b\">]><list>&a;</list>"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err = (struct nq_err){0};
        assert_false(read_vms(bad[i]));
        assert_int_equal(err.code, NQ_NSX_ANSWER);
        assert_true(err.detail[0] != '\0');
    }
}

static void an_item_inside_an_item_is_none(void **state)
{
    (void)state;
    assert_true(read_vms("<list><basicinfo><objectId>vm-1</objectId><extra><basicinfo>"
                         "<name>x</name></basicinfo></extra></basicinfo></list>"));
    assert_string_equal(nq_buf_text(&seen), "[vm-1||||]");
}

static void a_name_that_is_too_long_counts_as_none(void **state)
{
    char name[NQ_INVENTORY_NAME_MAX + 2];
    char body[1024];
    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    (void)snprintf(body, sizeof(body),
                   "<list><basicinfo><objectId>vm-1</objectId><name>%s</name>"
                   "</basicinfo></list>",
                   name);
    assert_true(read_vms(body));
    assert_string_equal(nq_buf_text(&seen), "[vm-1||||]");
}

static void reads_one_object_whatever_its_root(void **state)
{
    static const char body[] =
        "<basicinfo><objectId>vm-9</objectId><type><name>no</name></type>"
        "<name>VDI-09</name><scope><id>domain-c1</id></scope></basicinfo>";
    (void)state;
    assert_true(nq_xml_object(body, strlen(body), see_vm, NULL, &err));
    assert_string_equal(nq_buf_text(&seen), "[vm-9|VDI-09|domain-c1||]");
    assert_false(nq_xml_object("<x/>", 4, see_vm, NULL, &err));
}

/* ---- addresses --------------------------------------------------------------------- */

static void reads_the_addresses_of_a_vm(void **state)
{
    static const char body[] =
        "<ipNodes><ipNode><ipAddresses><string>fe80::250:56ff:feaf:8dda</string>"
        "<string>10.16.181.134</string></ipAddresses></ipNode><ipNode><ipAddresses>"
        "<string>192.168.0.18</string></ipAddresses></ipNode></ipNodes>";
    (void)state;
    assert_true(nq_xml_addresses(body, strlen(body), see_text, NULL, &err));
    assert_string_equal(nq_buf_text(&seen),
                        "[fe80::250:56ff:feaf:8dda][10.16.181.134][192.168.0.18]");
}

int main(void)
{
#define READS(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        READS(reads_a_list_of_tags),
        READS(reads_what_a_list_says_about_its_parts),
        READS(refuses_numbers_that_are_none),
        READS(a_tag_without_a_usable_id_spoils_the_list),
        READS(fields_of_one_tag_are_not_those_of_the_next),
        READS(reads_the_whole_inventory),
        READS(reads_a_document_of_many_megabytes),
        READS(reads_the_vms_of_a_tag_with_and_without_their_uuids),
        READS(an_empty_list_is_a_list),
        READS(what_is_no_such_list_is_not_an_empty_one),
        READS(an_item_inside_an_item_is_none),
        READS(a_name_that_is_too_long_counts_as_none),
        READS(reads_one_object_whatever_its_root),
        READS(reads_the_addresses_of_a_vm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
