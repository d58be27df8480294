/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from answers of NSX, what may be missing in them, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "nsx/policy/json.h"

static struct nq_buf seen;
static struct nq_page page;
static struct nq_err err;

static int begin(void **state)
{
    (void)state;
    nq_buf_init(&seen, 65536);
    return 0;
}

static int end(void **state)
{
    (void)state;
    nq_buf_done(&seen);
    return 0;
}

static const struct nq_config conf = {
    .tag_scope = (char *)(uintptr_t) "nsx-quarantine",
    .tag_value = (char *)(uintptr_t) "isolated",
};

static void see_vm(void *arg, const struct nq_vm_facts *vm)
{
    (void)arg;
    assert_true(nq_buf_addf(&seen, "[%s|%s|%s|%s|%s|%s|%d]", vm->external_id,
                            vm->display_name, vm->host_name, vm->type, vm->instance_uuid,
                            vm->bios_uuid, (int)vm->tags));
}

static void see_vif(void *arg, const char *owner, const char *address)
{
    (void)arg;
    assert_true(nq_buf_addf(&seen, "[%s %s]", owner, address));
}

static bool read_vms(const char *body)
{
    return nq_json_vms(body, strlen(body), &conf, see_vm, NULL, &page, &err);
}

static void reads_all_that_a_vm_tells(void **state)
{
    (void)state;
    assert_true(read_vms(
        "{\"result_count\":7,\"cursor\":\"00361\",\"results\":[{\"external_id\":\"e1\","
        "\"display_name\":\"VDI-01\",\"compute_ids\":[\"moIdOnHost:1\",\"instanceUuid:"
        "i1\","
        "\"biosUuid:b1\"],\"type\":\"REGULAR\",\"guest_info\":{\"computer_name\":\"h1\"},"
        "\"tags\":[{\"scope\":\"a\",\"tag\":\"b\"},{\"scope\":\"nsx-quarantine\","
        "\"tag\":\"isolated\"}]}]}\n"));
    assert_string_equal(nq_buf_text(&seen), "[e1|VDI-01|h1|REGULAR|i1|b1|1]");
    assert_int_equal(page.items, 1);
    assert_int_equal(page.result_count, 7);
    assert_string_equal(page.cursor, "00361");
}

static void takes_a_vm_of_which_only_the_external_id_is_known(void **state)
{
    (void)state;
    assert_true(read_vms("{\"results\":[{\"external_id\":\"e1\"}]}"));
    assert_string_equal(nq_buf_text(&seen), "[e1||||||0]");
    assert_int_equal(page.result_count, -1);
    assert_string_equal(page.cursor, "");
}

static void only_the_exact_tag_is_ours(void **state)
{
    (void)state;
    static const char *const other[] = {
        "{\"scope\":\"nsx-quarantine\"}",
        "{\"tag\":\"isolated\"}",
        "{\"scope\":\"NSX-quarantine\",\"tag\":\"isolated\"}",
        "{\"scope\":\"nsx-quarantine\",\"tag\":\"isolated \"}",
        "{\"scope\":\"isolated\",\"tag\":\"nsx-quarantine\"}",
        "{}",
        "null",
        "\"nsx-quarantine|isolated\"",
    };
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        char body[256];
        (void)snprintf(body, sizeof(body),
                       "{\"results\":[{\"external_id\":\"e\",\"tags\":[%s]}]}", other[i]);
        nq_buf_clear(&seen);
        assert_true(read_vms(body));
        assert_string_equal(nq_buf_text(&seen), "[e||||||0]");
    }
}

static void the_same_items_give_the_same_mark(void **state)
{
    (void)state;
    assert_true(
        read_vms("{\"results\":[{\"external_id\":\"ab\"},{\"external_id\":\"c\"}]}"));
    const uint32_t mark = page.mark;
    assert_true(
        read_vms("{\"results\":[{\"external_id\":\"a\"},{\"external_id\":\"bc\"}]}"));
    assert_int_not_equal(page.mark, mark);
    assert_true(read_vms("{\"results\":[{\"external_id\":\"ab\",\"type\":\"EDGE\"},"
                         "{\"external_id\":\"c\"}]}"));
    assert_int_equal(page.mark, mark);
}

static void refuses_what_is_no_list_of_vms_and_says_why(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *why;
    } rows[] = {
        {"", "the body is empty"},
        {"<!DOCTYPE html><html></html>", "the body is HTML or XML, not JSON"},
        {"{\"results\":[{\"external_id\":\"e1\"", "the body is broken JSON"},
        {"gateway", "the body is not JSON"},
        {"[]", "the body is not one JSON object"},
        {"\"text\"", "the body is not one JSON object"},
        {"{\"results\":[]} {}", "the body is not one JSON object"},
        {"{}", "the list has no results"},
        {"{\"results\":{}}", "the list has no results"},
        {"{\"results\":[],\"result_count\":\"x\"}", "result_count is no count"},
        {"{\"results\":[],\"result_count\":-1}", "result_count is no count"},
        {"{\"results\":[],\"result_count\":1e300}", "result_count is no count"},
        {"{\"results\":[{\"external_id\":\"e1\"},{}]}",
         "item 2 of the list has no usable external_id"},
        {"{\"results\":[{\"external_id\":7}]}",
         "item 1 of the list has no usable external_id"},
        {"{\"results\":[null]}", "item 1 of the list has no usable external_id"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_false(read_vms(rows[i].body));
        assert_int_equal(err.code, NQ_NSX_ANSWER);
        assert_string_equal(err.detail, rows[i].why);
    }
}

static void refuses_endless_nesting_and_an_endless_cursor(void **state)
{
    (void)state;
    struct nq_buf deep;
    nq_buf_init(&deep, 200000);
    assert_true(nq_buf_addf(&deep, "{\"results\":"));
    for (int i = 0; i < 50000; i++) {
        assert_true(nq_buf_add(&deep, "[", 1));
    }
    assert_false(read_vms(nq_buf_text(&deep)));
    nq_buf_clear(&deep);
    assert_true(nq_buf_addf(&deep, "{\"results\":[],\"cursor\":\"%0300d\"}", 1));
    assert_false(read_vms(nq_buf_text(&deep)));
    assert_string_equal(err.detail, "the cursor is longer than 255 bytes");
    nq_buf_done(&deep);
}

static void every_shorter_prefix_of_an_answer_is_refused(void **state)
{
    (void)state;
    static const char body[] =
        "{\"results\":[{\"external_id\":\"e1\",\"tags\":[{\"scope\":\"s\"}]}],"
        "\"result_count\":1}";
    for (size_t len = 0; len < sizeof(body) - 1; len++) {
        assert_false(nq_json_vms(body, len, &conf, see_vm, NULL, &page, &err));
    }
    assert_true(nq_json_vms(body, sizeof(body) - 1, &conf, see_vm, NULL, &page, &err));
}

static void reads_the_addresses_of_interfaces_that_have_an_owner(void **state)
{
    (void)state;
    static const char body[] =
        "{\"results\":[{\"external_id\":\"v1\",\"owner_vm_id\":\"e1\",\"mac_address\":"
        "\"00:50:56:a2:00:11\",\"ip_address_info\":"
        "[{\"source\":\"VM_TOOLS\",\"ip_addresses\":[\"192.0.2.1\",\"2001:db8::1\"]},"
        "{\"ip_addresses\":[7,\"192.0.2.2\"]},{}]},"
        "{\"external_id\":\"v2\",\"owner_vm_id\":\"e2\",\"mac_address\":7},"
        "{\"external_id\":\"v3\",\"ip_address_info\":[{\"ip_addresses\":[\"192.0.2.3\"]}]"
        "}"
        "]}";
    assert_true(nq_json_vifs(body, sizeof(body) - 1, see_vif, NULL, &page, &err));
    assert_string_equal(nq_buf_text(&seen),
                        "[e1 00:50:56:a2:00:11][e1 192.0.2.1][e1 2001:db8::1]"
                        "[e1 192.0.2.2]");
    assert_int_equal(page.items, 3);
}

static void see_server(void *arg, const char *server)
{
    (void)arg;
    assert_true(nq_buf_addf(&seen, "[%s]", server));
}

static bool read_servers(const char *body)
{
    return nq_json_compute_managers(body, strlen(body), see_server, NULL, &err);
}

static void reads_where_the_vcenters_are(void **state)
{
    (void)state;
    assert_true(
        read_servers("{\"results\":[{\"id\":\"c1\",\"server\":"
                     "\"vcenter.corp.example\"},{\"id\":\"c2\",\"server\":\"\"},"
                     "{\"id\":\"c3\"},{\"id\":\"c4\",\"server\":\"2001:db8::5\"}]}"));
    assert_string_equal(nq_buf_text(&seen), "[vcenter.corp.example][2001:db8::5]");
    assert_true(read_servers("{\"results\":[]}"));
    assert_false(read_servers("{\"server\":\"vcenter\"}"));
    assert_int_equal(err.code, NQ_NSX_ANSWER);
}

static void reads_error_bodies_in_all_their_forms(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        bool is_fault;
        int64_t code;
        const char *message;
    } rows[] = {
        {"{\"httpStatus\":\"FORBIDDEN\",\"error_code\":403,\"module_name\":\"common\","
         "\"error_message\":\"locked\"}",
         true, 403, "locked"},
        {"{\"error_code\":\"102\",\"error_message\":\"rate\"}", true, 102, "rate"},
        {"{\"error_code\":500157,\"error_message\":\"general\",\"related_errors\":"
         "[{\"error_code\":1},{\"error_code\":610717,\"error_message\":\"too many "
         "tags\"}]}",
         true, 500157, "too many tags"},
        {"{\"error_code\":5,\"error_message\":\"general\",\"related_errors\":"
         "[{\"details\":\"the detail\"}]}",
         true, 5, "the detail"},
        {"{\"error_code\":600,\"details\":\"gone\\n\\u001b[2J\"}", true, 600,
         "gone\\n\\x1B[2J"},
        {"{\"error_message\":\"only text\"}", true, 0, "only text"},
        {"{\"error_code\":\"12x\"}", false, 0, ""},
        {"{\"error_code\":1e30}", false, 0, ""},
        {"{\"error_code\":[]}", false, 0, ""},
        {"{}", false, 0, ""},
        {"<html>", false, 0, ""},
        {"", false, 0, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct nq_fault fault;
        assert_int_equal(nq_json_fault(rows[i].body, strlen(rows[i].body), &fault),
                         rows[i].is_fault);
        assert_int_equal(fault.code, rows[i].code);
        assert_string_equal(fault.message, rows[i].message);
    }
}

static void a_list_counts_in_numbers_and_in_digits(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int64_t count;
        const char *cursor;
    } rows[] = {
        {"{\"results\":[]}", -1, ""},
        {"{\"results\":[],\"result_count\":\"12\",\"cursor\":\"0036\"}", 12, "0036"},
        {"{\"results\":[],\"result_count\":\"0\",\"cursor\":17}", 0, "17"},
        {"{\"results\":[],\"result_count\":0,\"cursor\":null}", 0, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_true(read_vms(rows[i].body));
        assert_int_equal(page.result_count, rows[i].count);
        assert_string_equal(page.cursor, rows[i].cursor);
    }
}

static void see_verdict(void *arg, const char *external_id, bool good,
                        const char *details)
{
    (void)arg;
    assert_true(nq_buf_addf(&seen, "[%s %d %s]", external_id, good, details));
}

static enum nq_operation_state state_of(const char *body)
{
    enum nq_operation_state state = NQ_OPERATION_PENDING;
    assert_true(nq_json_operation(body, strlen(body), see_verdict, NULL, &state, &err));
    return state;
}

static void reads_how_far_a_tag_operation_is_and_what_became_of_each_vm(void **state)
{
    (void)state;
    assert_int_equal(state_of("{\"status\":\"Pending\"}"), NQ_OPERATION_PENDING);
    assert_int_equal(state_of("{\"status\":\"Running\",\"apply_to\":[{}]}"),
                     NQ_OPERATION_RUNNING);
    assert_int_equal(state_of("{\"status\":\"Success\",\"remove_from\":[]}"),
                     NQ_OPERATION_SUCCESS);
    assert_string_equal(nq_buf_text(&seen), "");
    assert_int_equal(
        state_of("{\"status\":\"Error\",\"apply_to\":[{\"resource_type\":"
                 "\"VirtualMachine\",\"resource_tag_status\":[{\"resource_id\":\"e1\","
                 "\"tag_status\":\"Success\"},{\"resource_id\":\"e2\",\"tag_status\":"
                 "\"Error\",\"details\":\"too many\"},{\"resource_id\":\"e3\","
                 "\"tag_status\":\"Pending\"}]}],\"remove_from\":[{"
                 "\"resource_tag_status\":[{\"resource_id\":\"e4\",\"tag_status\":"
                 "\"Success\"}]}]}"),
        NQ_OPERATION_ERROR);
    assert_string_equal(nq_buf_text(&seen), "[e1 1 ][e2 0 too many][e4 1 ]");
}

static void refuses_what_is_no_status_of_an_operation(void **state)
{
    (void)state;
    static const char *const bodies[] = {"", "{}", "{\"status\":7}",
                                         "{\"status\":\"success\"}", "<html>"};
    enum nq_operation_state any;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        assert_false(nq_json_operation(bodies[i], strlen(bodies[i]), see_verdict, NULL,
                                       &any, &err));
        assert_int_equal(err.code, NQ_NSX_ANSWER);
    }
}

static void writes_the_body_of_a_tag_operation(void **state)
{
    (void)state;
    static const char *const ids[] = {"e1", "e\"2"};
    char *body = nq_json_operation_body("apply_to", "s", "t", ids, 2);
    assert_string_equal(body, "{\"tag\":{\"scope\":\"s\",\"tag\":\"t\"},\"apply_to\":["
                              "{\"resource_type\":\"VirtualMachine\",\"resource_ids\":["
                              "\"e1\",\"e\\\"2\"]}]}");
    free(body);
}

static void reads_version_and_health_of_a_node(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *version; /* NULL: none */
        bool healthy;
    } rows[] = {
        {"{\"node_version\":\"4.2.1.0\",\"product_version\":\"4.2.1.0.0.1\"}",
         "4.2.1.0.0.1", true},
        {"{\"node_version\":\"3.2\"}", "3.2", true},
        {"{\"healthy\":true}", NULL, true},
        {"{\"healthy\":false,\"components_health\":\"x\"}", NULL, false},
        {"<html>", NULL, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char version[16] = "";
        const size_t len = strlen(rows[i].body);
        assert_int_equal(nq_json_version(rows[i].body, len, version, sizeof(version)),
                         rows[i].version != NULL);
        assert_string_equal(version, rows[i].version ? rows[i].version : "");
        assert_int_equal(nq_json_health(rows[i].body, len), rows[i].healthy);
    }
}

static void writes_the_body_of_a_tag_change(void **state)
{
    (void)state;
    char *body = nq_json_tag_body("e\"1", "nsx-quarantine", "isolated");
    assert_string_equal(body, "{\"external_id\":\"e\\\"1\",\"tags\":[{\"scope\":"
                              "\"nsx-quarantine\",\"tag\":\"isolated\"}]}");
    free(body);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(reads_all_that_a_vm_tells),
        FRESH(takes_a_vm_of_which_only_the_external_id_is_known),
        FRESH(only_the_exact_tag_is_ours),
        FRESH(the_same_items_give_the_same_mark),
        FRESH(refuses_what_is_no_list_of_vms_and_says_why),
        FRESH(refuses_endless_nesting_and_an_endless_cursor),
        FRESH(every_shorter_prefix_of_an_answer_is_refused),
        FRESH(reads_the_addresses_of_interfaces_that_have_an_owner),
        FRESH(reads_where_the_vcenters_are),
        FRESH(reads_error_bodies_in_all_their_forms),
        FRESH(a_list_counts_in_numbers_and_in_digits),
        FRESH(reads_how_far_a_tag_operation_is_and_what_became_of_each_vm),
        FRESH(refuses_what_is_no_status_of_an_operation),
        FRESH(writes_the_body_of_a_tag_operation),
        FRESH(reads_version_and_health_of_a_node),
        FRESH(writes_the_body_of_a_tag_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
