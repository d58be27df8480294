/* SPDX-License-Identifier: Apache-2.0 */
/* What definitions of groups say about our tag, as NSX writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "nsx/policy/group_json.h"

#define VM(key, relation, value)                                                         \
    "{\"resource_type\":\"Condition\",\"member_type\":\"VirtualMachine\",\"key\":\"" key \
    "\",\"operator\":\"" relation "\",\"value\":\"" value "\"}"
#define AND                                                                              \
    ",{\"resource_type\":\"ConjunctionOperator\",\"conjunction_operator\":\"AND\"},"
#define GROUP(items)                                                                     \
    "{\"id\":\"g\",\"expression\":[" items "],\"extended_expression\":[]}"
#define OURS "nsx-quarantine|isolated"
#define IDS                                                                              \
    "{\"resource_type\":\"ExternalIDExpression\",\"member_type\":\"VirtualMachine\","    \
    "\"external_ids\":[\"a\"]}"

static enum nq_definition definition(const char *body)
{
    struct nq_err err = {0};
    enum nq_definition result = NQ_DEFINITION_UNKNOWN;
    assert_true(nq_json_definition(body, strlen(body), "nsx-quarantine", "isolated",
                                   &result, &err));
    return result;
}

static void a_condition_for_our_tag_takes_in(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        GROUP(VM("Tag", "EQUALS", OURS)),
        GROUP(VM("Tag", "EQUALS", "NSX-Quarantine|Isolated")),
        GROUP(VM("Tag", "EQUALS", "|isolated")), /* any scope */
        GROUP(IDS
              ",{\"resource_type\":\"ConjunctionOperator\"}," VM("Tag", "EQUALS", OURS)),
        GROUP("{\"resource_type\":\"NestedExpression\",\"expressions\":[" VM(
            "Name", "STARTSWITH", "x") AND VM("Tag", "EQUALS", OURS) "]}"),
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        assert_int_equal(definition(bodies[i]), NQ_DEFINITION_TAKES_IN);
    }
}

static void a_condition_against_our_tag_keeps_out(void **state)
{
    (void)state;
    assert_int_equal(definition(GROUP(VM("Name", "STARTSWITH", "VDI-")
                                          AND VM("Tag", "NOTEQUALS", OURS))),
                     NQ_DEFINITION_KEEPS_OUT);
}

static void what_is_about_other_things_ignores_it(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        GROUP(""),
        GROUP(IDS),
        GROUP(VM("Name", "EQUALS", OURS)),
        GROUP(VM("Tag", "EQUALS", "other|isolated")),
        GROUP(VM("Tag", "EQUALS", "nsx-quarantine|other")),
        GROUP(VM("Tag", "EQUALS", "|other")),
        GROUP("{\"resource_type\":\"Condition\",\"member_type\":\"Segment\",\"key\":"
              "\"Tag\",\"operator\":\"EQUALS\",\"value\":\"" OURS "\"}"),
        "{}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        assert_int_equal(definition(bodies[i]), NQ_DEFINITION_IGNORES);
    }
}

static void what_may_mean_it_is_not_judged(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        GROUP("{\"resource_type\":\"PathExpression\",\"paths\":[\"/infra/g\"]}"),
        GROUP("{\"resource_type\":\"NewExpression\"}"),
        GROUP("7"),
        GROUP(VM("Tag", "CONTAINS", "|iso")),
        GROUP(VM("Tag", "NOTEQUALS", "other|tag")),
        GROUP(VM("Tag", "EQUALS", "isolated")),
        GROUP("{\"resource_type\":\"Condition\",\"member_type\":\"VirtualMachine\","
              "\"key\":\"Tag\",\"operator\":\"EQUALS\",\"scope_operator\":\"NOTEQUALS\","
              "\"value\":\"" OURS "\"}"),
        "{\"expression\":[],\"exclude\":{\"x\":1}}",
        "{\"expression\":[],\"extended_expression\":[{}]}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        assert_int_equal(definition(bodies[i]), NQ_DEFINITION_UNKNOWN);
    }
}

static void what_is_no_group_is_no_answer(void **state)
{
    (void)state;
    static const char *const bodies[] = {"", "[]", "<html>", "{\"expression\":["};
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct nq_err err = {0};
        enum nq_definition result = NQ_DEFINITION_UNKNOWN;
        assert_false(
            nq_json_definition(bodies[i], strlen(bodies[i]), "s", "t", &result, &err));
        assert_int_equal(err.code, NQ_NSX_ANSWER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_condition_for_our_tag_takes_in),
        cmocka_unit_test(a_condition_against_our_tag_keeps_out),
        cmocka_unit_test(what_is_about_other_things_ignores_it),
        cmocka_unit_test(what_may_mean_it_is_not_judged),
        cmocka_unit_test(what_is_no_group_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
