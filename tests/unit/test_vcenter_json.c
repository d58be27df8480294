/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from the vCenter REST API, below /rest and below /api. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "nsx/vsphere/vcenter_json.h"

#define INSTANCE "5009c1f3-0000-4000-8000-000000000001"
#define BIOS     "4209c1f3-0000-4000-8000-000000000001"

static struct nq_vcenter_facts facts;
static struct nq_err err;

static bool read_vm(const char *body)
{
    facts = (struct nq_vcenter_facts){0};
    return nq_vcenter_json_vm(body, strlen(body), &facts, &err);
}

static bool read_guest(const char *body)
{
    facts = (struct nq_vcenter_facts){0};
    return nq_vcenter_json_guest(body, strlen(body), &facts, &err);
}

static void reads_the_uuids_in_both_forms(void **state)
{
    (void)state;
    assert_true(
        read_vm("{\"value\":{\"name\":\"VDI-01\",\"identity\":{\"name\":\"VDI-01\","
                "\"instance_uuid\":\"" INSTANCE "\",\"bios_uuid\":\"" BIOS "\"}}}"));
    assert_string_equal(facts.instance_uuid, INSTANCE);
    assert_string_equal(facts.bios_uuid, BIOS);
    assert_true(read_vm("{\"name\":\"VDI-01\",\"identity\":{\"instance_uuid\":\"" INSTANCE
                        "\",\"bios_uuid\":\"" BIOS "\"}}"));
    assert_string_equal(facts.instance_uuid, INSTANCE);
    assert_string_equal(facts.bios_uuid, BIOS);
}

static void an_older_release_has_no_uuids(void **state)
{
    (void)state;
    assert_true(read_vm("{\"value\":{\"name\":\"VDI-01\",\"memory\":{}}}"));
    assert_string_equal(facts.instance_uuid, "");
    assert_string_equal(facts.bios_uuid, "");
}

static void what_is_no_vm_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "[]",
                                      "\"x\"",
                                      "{}",
                                      "{\"value\":{}}",
                                      "<html/>",
                                      "{\"value\":{\"name\":\"VDI"};
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(read_vm(bad[i]));
        assert_int_equal(err.code, NQ_NSX_ANSWER);
    }
}

static void reads_who_the_guest_is(void **state)
{
    (void)state;
    assert_true(read_guest("{\"value\":{\"name\":\"WINDOWS_9_64\",\"host_name\":"
                           "\"vdi-01.example.org\",\"ip_address\":\"10.0.0.1\"}}"));
    assert_string_equal(facts.host_name, "vdi-01.example.org");
    assert_string_equal(facts.address, "10.0.0.1");
    assert_true(read_guest("{\"host_name\":\"vdi-02\"}"));
    assert_string_equal(facts.host_name, "vdi-02");
    assert_string_equal(facts.address, "");
    assert_false(read_guest("<html/>"));
}

static void reads_a_session_in_both_forms(void **state)
{
    static const char *const good[] = {"{\"value\":\"b00b1e5\"}", "\"b00b1e5\"",
                                       "\"b00b1e5\"\n"};
    static const char *const bad[] = {"",     "{}", "{\"value\":\"\"}",
                                      "\"\"", "12", "{\"value\":{\"a\":1}}"};
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        char *session = nq_vcenter_json_session(good[i], strlen(good[i]), &err);
        assert_non_null(session);
        assert_string_equal(session, "b00b1e5");
        free(session);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_null(nq_vcenter_json_session(bad[i], strlen(bad[i]), &err));
    }
}

static void knows_that_the_tools_do_not_run(void **state)
{
    static const char rest[] =
        "{\"type\":\"com.vmware.vapi.std.errors.service_unavailable\",\"value\":{"
        "\"messages\":[{\"default_message\":\"VMware Tools is not running\"}]}}";
    static const char api[] = "{\"error_type\":\"SERVICE_UNAVAILABLE\",\"messages\":[]}";
    static const char other[] =
        "{\"type\":\"com.vmware.vapi.std.errors.not_found\",\"value\":{\"messages\":[]}}";
    struct nq_fault fault;
    (void)state;
    assert_true(nq_vcenter_json_fault(rest, strlen(rest), &fault));
    assert_int_equal(fault.code, NQ_VCENTER_UNAVAILABLE);
    assert_string_equal(fault.message, "VMware Tools is not running");
    assert_true(nq_vcenter_json_fault(api, strlen(api), &fault));
    assert_int_equal(fault.code, NQ_VCENTER_UNAVAILABLE);
    assert_true(nq_vcenter_json_fault(other, strlen(other), &fault));
    assert_int_equal(fault.code, 0);
    assert_false(nq_vcenter_json_fault("<html/>", 7, &fault));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_uuids_in_both_forms),
        cmocka_unit_test(an_older_release_has_no_uuids),
        cmocka_unit_test(what_is_no_vm_is_refused),
        cmocka_unit_test(reads_who_the_guest_is),
        cmocka_unit_test(reads_a_session_in_both_forms),
        cmocka_unit_test(knows_that_the_tools_do_not_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
