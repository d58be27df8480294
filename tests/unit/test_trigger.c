/* SPDX-License-Identifier: Apache-2.0 */
/* test_trigger.c: which rows recognise a trap, and what they read out of it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "trap/trigger.h"

#define TRAP_OID ".1.3.6.1.4.1.32473.1.0.190"
#define NUMBER   ".1.3.6.1.4.1.32473.1.1.1.0"
#define TEXT     ".1.3.6.1.4.1.32473.1.1.2.0"

#define ALERT "Alert: Malware Detected\nSubject: VDI-01 (10.0.0.11)\nSeverity: Critical"

/* Configurations and traps own their strings; these tests only lend them. */
static char *borrow(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* A trap with the number 190 and one text. The strings are borrowed. */
struct sample {
    struct nq_varbind varbinds[2];
    struct nq_trap trap;
};

static void make_sample(struct sample *sample, const char *text, size_t len)
{
    sample->varbinds[0] = (struct nq_varbind){.oid = borrow(NUMBER),
                                              .type = NQ_VALUE_NUMBER,
                                              .value = borrow("190"),
                                              .value_len = 3};
    sample->varbinds[1] = (struct nq_varbind){.oid = borrow(TEXT),
                                              .type = NQ_VALUE_OCTETS,
                                              .value = borrow(text),
                                              .value_len = len};
    sample->trap = (struct nq_trap){.source = borrow("192.0.2.1"),
                                    .trap_oid = borrow(TRAP_OID),
                                    .varbinds = sample->varbinds,
                                    .varbind_count = 2};
}

static struct nq_trigger_conf make_trigger(const char *name)
{
    return (struct nq_trigger_conf){.name = borrow(name),
                                    .action = NQ_ACTION_QUARANTINE,
                                    .trap_oid = borrow(TRAP_OID)};
}

static struct nq_trigger_result match(struct nq_trigger_conf *rows, size_t count,
                                      const struct nq_trap *trap)
{
    const struct nq_config conf = {.triggers = rows, .trigger_count = count};
    struct nq_err err = {0};
    struct nq_trigger_result result;
    struct nq_triggers *triggers = nq_triggers_new(&conf, &err);
    if (!triggers) {
        fail_msg("%s", err.detail);
    }
    nq_triggers_match(triggers, trap, &result);
    assert_null(nq_triggers_free(triggers));
    return result;
}

/* ---- the OID ------------------------------------------------------------------------ */

static void compares_trap_oids_by_whole_arcs(void **state)
{
    static const struct {
        const char *row;
        bool prefix;
        bool holds;
    } cases[] = {
        {TRAP_OID, false, true},
        {TRAP_OID, true, true},
        {".1.3.6.1.4.1.32473.1.0", true, true},
        {".1.3.6.1.4.1.32473.1.0", false, false},
        {".1.3.6.1.4.1.32473.1.0.19", true, false}, /* .19 is not the arc 190 */
        {".1.3.6.1.4.1.3247", true, false},
        {TRAP_OID ".1", true, false},
        {".1.3.6.1.4.1.32473.1.0.191", false, false},
    };
    struct sample sample;
    (void)state;
    make_sample(&sample, ALERT, strlen(ALERT));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct nq_trigger_conf row = make_trigger("row");
        row.trap_oid = borrow(cases[i].row);
        row.oid_prefix = cases[i].prefix;
        struct nq_trigger_result result = match(&row, 1, &sample.trap);
        if ((result.trigger != NULL) != cases[i].holds) {
            fail_msg("%s prefix=%d", cases[i].row, cases[i].prefix);
        }
        nq_trigger_result_done(&result);
    }
}

static void the_first_row_that_holds_wins(void **state)
{
    struct sample sample;
    (void)state;
    make_sample(&sample, ALERT, strlen(ALERT));
    struct nq_condition_conf never = {
        .oid = borrow(NUMBER), .kind = NQ_CONDITION_EQUALS, .operand = borrow("192")};
    struct nq_trigger_conf rows[] = {make_trigger("first"), make_trigger("second"),
                                     make_trigger("third")};
    rows[0].conditions = &never;
    rows[0].condition_count = 1;
    struct nq_trigger_result result = match(rows, 3, &sample.trap);
    assert_ptr_equal(result.trigger, &rows[1]);
    nq_trigger_result_done(&result);
}

static void a_trap_that_no_row_recognises_has_no_trigger(void **state)
{
    struct sample sample;
    (void)state;
    make_sample(&sample, ALERT, strlen(ALERT));
    struct nq_trigger_result result = match(NULL, 0, &sample.trap);
    assert_null(result.trigger);
    nq_trigger_result_done(&result);
}

/* ---- conditions --------------------------------------------------------------------- */

static bool holds(const char *oid, const char *key, enum nq_condition_kind kind,
                  const char *operand, const char *text, size_t len)
{
    struct sample sample;
    make_sample(&sample, text, len);
    struct nq_condition_conf condition = {
        .oid = borrow(oid), .key = borrow(key), .kind = kind, .operand = borrow(operand)};
    struct nq_trigger_conf row = make_trigger("row");
    row.conditions = &condition;
    row.condition_count = 1;
    struct nq_trigger_result result = match(&row, 1, &sample.trap);
    const bool answer = result.trigger != NULL;
    nq_trigger_result_done(&result);
    return answer;
}

static void conditions_look_at_the_text_of_a_value(void **state)
{
    static const struct {
        const char *oid;
        const char *key;
        enum nq_condition_kind kind;
        const char *operand;
        bool holds;
    } cases[] = {
        {NUMBER, NULL, NQ_CONDITION_EQUALS, "190", true},
        {NUMBER, NULL, NQ_CONDITION_EQUALS, "19", false},
        {NUMBER, NULL, NQ_CONDITION_MATCHES, "^19[0-2]$", true},
        {NUMBER, NULL, NQ_CONDITION_MATCHES, "^19[1-2]$", false},
        {TEXT, NULL, NQ_CONDITION_CONTAINS, "Severity: Critical", true},
        {TEXT, NULL, NQ_CONDITION_CONTAINS, "severity: critical", false},
        {TEXT, NULL, NQ_CONDITION_CONTAINS, "", true},
        {TEXT, NULL, NQ_CONDITION_EQUALS, "Alert: Malware Detected", false},
        {TEXT, NULL, NQ_CONDITION_EQUALS, ALERT, true},
        {TEXT, "alert", NQ_CONDITION_EQUALS, "Malware Detected", true},
        {TEXT, "Severity", NQ_CONDITION_MATCHES, "^(High|Critical)$", true},
        {TEXT, "Level", NQ_CONDITION_CONTAINS, "", false},
        {".1.3.6.1.4.1.32473.9", NULL, NQ_CONDITION_CONTAINS, "", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (holds(cases[i].oid, cases[i].key, cases[i].kind, cases[i].operand, ALERT,
                  strlen(ALERT)) != cases[i].holds) {
            fail_msg("case %zu: '%s'", i, cases[i].operand);
        }
    }
}

static void all_conditions_must_hold(void **state)
{
    struct sample sample;
    (void)state;
    make_sample(&sample, ALERT, strlen(ALERT));
    struct nq_condition_conf both[] = {
        {.oid = borrow(NUMBER), .kind = NQ_CONDITION_EQUALS, .operand = borrow("190")},
        {.oid = borrow(TEXT),
         .kind = NQ_CONDITION_MATCHES,
         .operand = borrow("Pattern Update")}};
    struct nq_trigger_conf row = make_trigger("row");
    row.conditions = both;
    row.condition_count = 2;
    struct nq_trigger_result result = match(&row, 1, &sample.trap);
    assert_null(result.trigger);
    nq_trigger_result_done(&result);
}

static void text_behind_a_nul_is_never_matched_by_an_expression(void **state)
{
    (void)state;
    assert_false(holds(TEXT, NULL, NQ_CONDITION_MATCHES, "Mal", "Mal\0ware", 8));
    assert_true(holds(TEXT, NULL, NQ_CONDITION_CONTAINS, "ware", "Mal\0ware", 8));
    assert_true(holds(TEXT, NULL, NQ_CONDITION_MATCHES, "^Mal$", "Mal\0", 4));
    assert_true(holds(TEXT, NULL, NQ_CONDITION_EQUALS, "Mal", "Mal\0\0", 5));
}

static void an_expression_does_not_match_a_text_beyond_the_maximum(void **state)
{
    (void)state;
    char *text = nq_calloc(NQ_TRIGGER_SUBJECT_MAX + 2, 1);
    memset(text, 'a', NQ_TRIGGER_SUBJECT_MAX + 1);
    assert_true(
        holds(TEXT, NULL, NQ_CONDITION_MATCHES, "a", text, NQ_TRIGGER_SUBJECT_MAX));
    assert_false(
        holds(TEXT, NULL, NQ_CONDITION_MATCHES, "a", text, NQ_TRIGGER_SUBJECT_MAX + 1));
    free(text);
}

/* ---- fields ------------------------------------------------------------------------- */

/* The computer that a row reads from text; the caller frees. */
static char *computer(const char *text, size_t len, const char *key, const char *regex,
                      int group)
{
    struct sample sample;
    make_sample(&sample, text, len);
    struct nq_trigger_conf row = make_trigger("row");
    row.computer = (struct nq_field_conf){
        .oid = borrow(TEXT), .key = borrow(key), .regex = borrow(regex), .group = group};
    struct nq_trigger_result result = match(&row, 1, &sample.trap);
    char *name = result.computer;
    result.computer = NULL;
    nq_trigger_result_done(&result);
    return name;
}

static void finds_the_value_of_a_key(void **state)
{
    static const struct {
        const char *text;
        const char *key;
        const char *regex;
        int group;
        const char *found;
    } cases[] = {
        {ALERT, "Subject", NULL, 0, "VDI-01 (10.0.0.11)"},
        {ALERT, "SUBJECT", NULL, 0, "VDI-01 (10.0.0.11)"},
        {ALERT, "Subject", "^([^(]*[^( ])", 1, "VDI-01"},
        {ALERT, "Subject", "\\(([^)]*)\\)", 1, "10.0.0.11"},
        {ALERT, "Subject", "VDI-[0-9]+", 0, "VDI-01"},
        {ALERT, "Subject", "\\[(.*)\\]", 1, NULL},
        {ALERT, "Subject", "(x)|VDI", 1, NULL}, /* the group took no part */
        {ALERT, "Target", NULL, 0, NULL},
        {ALERT, "Sub", NULL, 0, NULL},
        {"Alert: M\\nSubject: VDI-02\\nSeverity: Critical\\n", "Subject", NULL, 0,
         "VDI-02"},
        {"Alert: M\r\nSubject:VDI-03\r\n", "Subject", NULL, 0, "VDI-03"},
        {"  Subject :  VDI-04  ", "Subject", NULL, 0, "VDI-04"},
        {"Subject: a:b", "Subject", NULL, 0, "a:b"},
        {"Subject:\nSeverity: x", "Subject", NULL, 0, NULL},
        {"Subject: A\nSubject: A", "Subject", NULL, 0, "A"},
        {"Subject: A\nSubject: B", "Subject", NULL, 0, NULL},
        {"VDI-05", NULL, NULL, 0, "VDI-05"},
        {" VDI-06\n", NULL, NULL, 0, "VDI-06"},
        {"", NULL, NULL, 0, NULL},
        {"a\x01z", NULL, NULL, 0, "a\\x01z"}, /* made safe to show */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *name = computer(cases[i].text, strlen(cases[i].text), cases[i].key,
                              cases[i].regex, cases[i].group);
        if (strcmp(nq_text_or_empty(name), nq_text_or_empty(cases[i].found)) != 0 ||
            (name == NULL) != (cases[i].found == NULL)) {
            fail_msg("case %zu: '%s' instead of '%s'", i, nq_text_or_empty(name),
                     nq_text_or_empty(cases[i].found));
        }
        free(name);
    }
}

static void a_name_with_a_nul_inside_is_no_name(void **state)
{
    (void)state;
    assert_null(computer("VDI\0-01", 7, NULL, NULL, 0));
    char *name = computer("VDI\0", 4, NULL, NULL, 0);
    assert_string_equal(name, "VDI");
    free(name);
}

static void a_name_that_would_be_cut_is_no_name(void **state)
{
    char text[NQ_TEXT_MAX + 2];
    (void)state;
    memset(text, 'a', sizeof(text));
    char *name = computer(text, NQ_TEXT_MAX, NULL, NULL, 0);
    assert_non_null(name);
    assert_int_equal(strlen(name), NQ_TEXT_MAX);
    free(name);
    assert_null(computer(text, NQ_TEXT_MAX + 1, NULL, NULL, 0));
}

static void reads_cause_and_severity_as_well(void **state)
{
    struct sample sample;
    (void)state;
    make_sample(&sample, ALERT, strlen(ALERT));
    struct nq_trigger_conf row = make_trigger("row");
    row.cause = (struct nq_field_conf){.oid = borrow(TEXT), .key = borrow("Alert")};
    row.severity = (struct nq_field_conf){.oid = borrow(TEXT), .key = borrow("Severity")};
    struct nq_trigger_result result = match(&row, 1, &sample.trap);
    assert_ptr_equal(result.trigger, &row);
    assert_null(result.computer); /* it matched, and names nobody */
    assert_string_equal(result.cause, "Malware Detected");
    assert_string_equal(result.severity, "Critical");
    nq_trigger_result_done(&result);
    assert_null(result.cause);
}

static void refuses_an_expression_that_does_not_compile(void **state)
{
    struct nq_trigger_conf row = make_trigger("row");
    const struct nq_config conf = {.triggers = &row, .trigger_count = 1};
    struct nq_err err = {0};
    (void)state;
    row.computer.regex = borrow("(");
    assert_null(nq_triggers_new(&conf, &err));
    assert_int_equal(err.code, NQ_CONFIG_VALUE);
    assert_non_null(strstr(err.detail, "expression '('"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_trap_oids_by_whole_arcs),
        cmocka_unit_test(the_first_row_that_holds_wins),
        cmocka_unit_test(a_trap_that_no_row_recognises_has_no_trigger),
        cmocka_unit_test(conditions_look_at_the_text_of_a_value),
        cmocka_unit_test(all_conditions_must_hold),
        cmocka_unit_test(text_behind_a_nul_is_never_matched_by_an_expression),
        cmocka_unit_test(an_expression_does_not_match_a_text_beyond_the_maximum),
        cmocka_unit_test(finds_the_value_of_a_key),
        cmocka_unit_test(a_name_with_a_nul_inside_is_no_name),
        cmocka_unit_test(a_name_that_would_be_cut_is_no_name),
        cmocka_unit_test(reads_cause_and_severity_as_well),
        cmocka_unit_test(refuses_an_expression_that_does_not_compile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
