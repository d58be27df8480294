/* SPDX-License-Identifier: Apache-2.0 */
/* test_propose.c: from traps of many shapes a person gets a beginning that names the right
 * varbinds, and no text of a trap leaves its string or its comment. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "trap/propose.h"
#include "trap/view.h"
#include "trap/text.h"

#define EXAMPLE ".1.3.6.1.4.1.32473.1"
#define NAME    ".1.3.6.1.6.3.1.1.4.1.0"

/* A trap whose varbinds EXAMPLE.1, .2, ... are these texts; NULL ends the list. */
static struct nq_trap trap_of(const char *const *texts)
{
    struct nq_buf text;
    struct nq_trap trap;
    struct nq_err err = {0};
    nq_buf_init(&text, NQ_TRAP_TEXT_MAX);
    assert_true(nq_buf_addf(&text, "-\nUDP: [192.0.2.1]:0\n.1.3.6.1.2.1.1.3.0 5\n" NAME
                                   " " EXAMPLE ".0.190\n"));
    for (size_t i = 0; texts[i]; i++) {
        assert_true(nq_buf_addf(&text, EXAMPLE ".%zu \"", i + 1));
        for (const char *c = texts[i]; *c; c++) {
            assert_true(nq_buf_addf(&text, "%02X ", (unsigned char)*c));
        }
        assert_true(nq_buf_addf(&text, "\"\n"));
    }
    if (!nq_trap_from_text(nq_buf_text(&text), text.len, &trap, &err)) {
        fail_msg("%s", err.detail);
    }
    nq_buf_done(&text);
    return trap;
}

static char *proposal_of(const struct nq_trap *trap)
{
    struct nq_buf out;
    nq_buf_init(&out, 65536);
    assert_true(nq_trap_propose(trap, "learned-1", &out));
    return nq_buf_take(&out);
}

static char *propose(const char *const *texts)
{
    struct nq_trap trap = trap_of(texts);
    char *text = proposal_of(&trap);
    nq_trap_done(&trap);
    return text;
}

static void assert_holds(const char *text, const char *expected)
{
    if (!strstr(text, expected)) {
        fail_msg("no '%s' in:\n%s", expected, text);
    }
}

static void assert_proposed(const char *const *texts, const char *const *expected)
{
    char *text = propose(texts);
    for (; *expected; expected++) {
        assert_holds(text, *expected);
    }
    free(text);
}

#define TEXTS(...)    ((const char *const[]){__VA_ARGS__, NULL})
#define EXPECTED(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- what is found ------------------------------------------------------------------- */

static void lines_with_keys_become_fields_and_the_alert_a_condition(void **state)
{
    (void)state;
    static const char *const marks[] = {"\n", "\r\n", "\\n"};
    for (size_t i = 0; i < 3; i++) {
        char *text = nq_sprintf("Alert: Malware Detected%sSubject: VDI-01 (10.0.0.11)%s"
                                "Severity: Critical%s",
                                marks[i], marks[i], marks[i]);
        assert_proposed(
            TEXTS("190", text),
            EXPECTED("    trap_oid = \"" EXAMPLE ".0.190\";\n",
                     "enterprise = \"" EXAMPLE "\"; specific = 190;",
                     "{ oid = \"" EXAMPLE ".2\"; key = \"Alert\"; "
                     "equals = \"Malware Detected\"; }",
                     "    computer = { oid = \"" EXAMPLE ".2\"; key = \"Subject\"; };\n",
                     "    cause = { oid = \"" EXAMPLE ".2\"; key = \"Alert\"; };\n",
                     "    severity = { oid = \"" EXAMPLE ".2\"; key = \"Severity\"; };\n",
                     "#   computer: the line with this key, here: VDI-01 (10.0.0.11)\n"));
        free(text);
    }
}

static void keys_of_many_products_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *key;
    } rows[] = {
        {"Computer Name: PC-7", "Computer Name"},
        {"Time: 10:00\nInfected Host: pc7", "Infected Host"},
        {"HOSTNAME:pc7\nIP:10.0.0.1", "HOSTNAME"},
        {"Device-Name: pc7\nServer: ofsc", "Device-Name"},
        {"Server: ofsc\nEndpoint: pc7", "Endpoint"},
        {"Target: 10.0.0.5", "Target"},
        {"IP address: 10.0.0.5", "IP address"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *expected = nq_sprintf(
            "    computer = { oid = \"" EXAMPLE ".1\"; key = \"%s\"; };\n", rows[i].key);
        assert_proposed(TEXTS(rows[i].text), EXPECTED(expected));
        free(expected);
    }
}

static void a_key_that_two_lines_give_different_values_is_not_taken(void **state)
{
    (void)state;
    char *text = propose(TEXTS("Subject: VDI-01\nSubject: DC-01\nHost: VDI-02"));
    assert_holds(text, "key = \"Host\"");
    assert_null(strstr(text, "key = \"Subject\""));
    free(text);
    text = propose(TEXTS("Subject: VDI-01\nSubject:\nHost: VDI-02"));
    assert_null(strstr(text, "key = \"Subject\""));
    free(text);
    text = propose(TEXTS("Subject: VDI-01\nsubject: VDI-01\nHost: VDI-02"));
    assert_holds(text, "key = \"Subject\"");
    free(text);
}

static void addresses_in_lists_become_items(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *field;
    } rows[] = {
        {"a,10.0.0.1,b", "delimiter = \",\"; item = 2;"},
        {"a;b; 00:50:56:aa:bb:01", "delimiter = \";\"; item = 3;"},
        {"00-50-56-AA-BB-01|b|c", "delimiter = \"|\"; item = 1;"},
        {"a\tb\t2001:db8::1", "delimiter = \"\\x09\"; item = 3;"},
        {"a,b,c,422f6f0a-1111-2222-3333-444455556666", "delimiter = \",\"; item = 4;"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *expected = nq_sprintf("    computer = { oid = \"" EXAMPLE ".2\"; %s };\n",
                                    rows[i].field);
        assert_proposed(TEXTS("VDI-9", rows[i].text), EXPECTED(expected));
        free(expected);
    }
    assert_proposed(TEXTS("x,10.0.0.1,critical"),
                    EXPECTED("    severity = { oid = \"" EXAMPLE
                             ".1\"; delimiter = \",\"; item = 3; };\n"));
}

static void a_list_of_keys_and_values_in_one_line_is_taken_apart(void **state)
{
    (void)state;
    assert_proposed(
        TEXTS("Virus: Eicar, Computer: VDI-01, Severity=High"),
        EXPECTED("    computer = { oid = \"" EXAMPLE ".1\"; delimiter = \",\"; item = 2; "
                 "regex = \"^[^:=]*[:=] *(.*)$\"; group = 1; };\n",
                 "here: VDI-01\n", "contains = \"Virus\"; }",
                 "    severity = { oid = \"" EXAMPLE ".1\"; delimiter = \",\"; item = 3; "
                 "regex = ",
                 "here: High\n"));
}

static void without_keys_and_lists_whole_texts_are_looked_at(void **state)
{
    (void)state;
    assert_proposed(TEXTS("Virus found in a file", "10.0.0.5", "High"),
                    EXPECTED("    computer = { oid = \"" EXAMPLE ".2\"; };\n",
                             "    cause = { oid = \"" EXAMPLE ".1\"; };\n",
                             "    severity = { oid = \"" EXAMPLE ".3\"; };\n",
                             "# conditions = ("));
    assert_proposed(TEXTS("Virus found", "vdi-01.example.com"),
                    EXPECTED("    computer = { oid = \"" EXAMPLE ".2\"; };\n"));
    assert_proposed(TEXTS("Virus found on 10.0.0.5 today"),
                    EXPECTED("    computer = { oid = \"" EXAMPLE
                             ".1\"; regex = \"[0-9]+\\\\.[0-9]+\\\\.[0-9]+\\\\.[0-9]+\"; "
                             "group = 0; };\n",
                             "here: 10.0.0.5\n"));
}

static void the_text_that_names_the_computer_is_not_the_cause_as_a_whole(void **state)
{
    (void)state;
    char *text = propose(TEXTS("Computer: VDI-01 in the hall", "Something was found"));
    assert_holds(text, "    cause = { oid = \"" EXAMPLE ".2\"; };\n");
    free(text);
    text = propose(TEXTS("Computer: VDI-01 in the hall"));
    assert_holds(text, "#   cause: nothing looks like it\n");
    free(text);
}

static void an_address_by_type_counts_but_not_that_of_the_agent(void **state)
{
    (void)state;
    static const char text[] = "-\nUDP: [192.0.2.1]:0\n" NAME " " EXAMPLE ".0.1\n" EXAMPLE
                               ".1 10.0.0.9\n.1.3.6.1.6.3.18.1.3.0 10.0.0.1\n";
    struct nq_trap trap;
    assert_true(nq_trap_from_text(text, sizeof(text) - 1, &trap, NULL));
    char *proposal = proposal_of(&trap);
    assert_holds(proposal, "    computer = { oid = \"" EXAMPLE ".1\"; };\n");
    free(proposal);
    trap.varbind_count =
        1; /* what is left: the name, and the agent's address behind it */
    struct nq_varbind agent = trap.varbinds[2];
    trap.varbinds[2] = trap.varbinds[1];
    trap.varbinds[1] = agent;
    trap.varbind_count = 2;
    proposal = proposal_of(&trap);
    assert_holds(proposal, "action = \"ignore\";");
    assert_holds(proposal, "#   computer: nothing looks like it\n");
    assert_null(strstr(proposal, "    computer ="));
    free(proposal);
    trap.varbind_count = 3;
    nq_trap_done(&trap);
}

static void a_second_varbind_of_one_oid_is_named_by_its_place(void **state)
{
    (void)state;
    struct nq_trap trap = trap_of(TEXTS("nothing of note", "Subject: VDI-01"));
    free(trap.varbinds[3].oid);
    trap.varbinds[3].oid = nq_strdup(trap.varbinds[2].oid);
    char *text = proposal_of(&trap);
    assert_holds(text, "    computer = { varbind = 2; key = \"Subject\"; };\n");
    free(text);
    nq_trap_done(&trap);
}

static void a_text_that_is_not_utf_8_is_pointed_out(void **state)
{
    (void)state;
    assert_proposed(TEXTS("Computer: \x83\x41-01"),
                    EXPECTED("# encoding = \"SHIFT_JIS\";", "here: \\x83A-01\n"));
    char *text = propose(TEXTS("Computer: B\xC3\xBCro-01"));
    assert_null(strstr(text, "encoding"));
    free(text);
}

/* ---- hostile text -------------------------------------------------------------------- */

/* Every line is a comment, or what a block may consist of. */
static void assert_well_formed(const char *text)
{
    bool in_string = false;
    bool in_comment = false;
    int depth = 0;
    for (const char *c = text; *c; c++) {
        assert_true(*c == '\n' || ((unsigned char)*c >= ' ' && *c != 0x7F));
        if (in_comment) {
            in_comment = *c != '\n';
        } else if (in_string) {
            assert_true(*c != '\n');
            in_string = *c != '"';
            c += *c == '\\';
            assert_true(*c >= ' ');
        } else if (*c == '#') {
            in_comment = true;
        } else {
            in_string = *c == '"';
            depth += (*c == '{' || *c == '(') - (*c == '}' || *c == ')');
            assert_true(depth >= 0);
        }
    }
    assert_false(in_string);
    assert_int_equal(depth, 0);
}

static void hostile_text_stays_in_its_string_or_comment(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "Alert: \"; action = \"release\"; x = \"\nSubject: a\"b\\c",
        "Alert: \\\nSubject: \\\\\"",
        "Al\"ert: x\nSub\\ject: Host: }{",
        "Alert: \x1b[31m\x01\nSubject: \x9b\x84",
        "Alert: @include \"/etc/passwd\"\nSubject: */ # //",
        "Virus\": a, Computer\\: b, Sev\"erity: c",
        "Computer: x,y,\"10.0.0.1\",10.0.0.1",
        "\", Host: a-1, x: b",
        "%s%n: %s%n, Host: %n, x: y",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char *text = propose(TEXTS(texts[i]));
        assert_well_formed(text);
        free(text);
    }
    assert_proposed(TEXTS(texts[0]),
                    EXPECTED("equals = \"\\\"; action = \\\"release\\\"; x = \\\"\";"));
}

static void any_bytes_make_a_well_formed_proposal(void **state)
{
    (void)state;
    static const char bits[] = "\"\\{}#\n:,;=| Host01.Alert\t\x80\xc3\x7f";
    uint32_t seed = 4711;
    for (int i = 0; i < 3000; i++) {
        char text[120];
        for (size_t k = 0; k < sizeof(text) - 1; k++) {
            seed = seed * 1664525U + 1013904223U;
            text[k] = bits[(seed >> 16) % (sizeof(bits) - 1)];
        }
        text[sizeof(text) - 1] = '\0';
        char *proposal = propose(TEXTS("Alert: x", text));
        assert_well_formed(proposal);
        free(proposal);
    }
}

static void a_buffer_that_is_too_small_is_said(void **state)
{
    (void)state;
    struct nq_trap trap = trap_of(TEXTS("Alert: x\nSubject: VDI-01"));
    char *whole = proposal_of(&trap);
    const size_t len = strlen(whole);
    for (size_t max = 0; max < len; max++) {
        struct nq_buf out;
        nq_buf_init(&out, max);
        assert_false(nq_trap_propose(&trap, "learned-1", &out));
        nq_buf_done(&out);
    }
    free(whole);
    nq_trap_done(&trap);
}

static void places_are_counted_behind_the_trap_s_name(void **state)
{
    (void)state;
    struct nq_trap trap = trap_of(TEXTS("a", "b"));
    static const size_t places[] = {0, 0, 1, 2};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(nq_view_place_of(&trap, i), places[i]);
    }
    nq_trap_done(&trap);
    static const char text[] = "-\nUDP: [192.0.2.1]:0\n" NAME " .1.3\n"
                               ".1.3.6.1.6.3.18.1.3.0 10.0.0.1\n.1.3.9 1\n"
                               ".1.3.6.1.6.3.18.1.4.0 \"41 \"\n.1.3.8 1\n"
                               ".1.3.6.1.6.3.1.1.4.3.0 .1.3\n";
    static const size_t counted[] = {0, 0, 1, 0, 2, 0};
    assert_true(nq_trap_from_text(text, sizeof(text) - 1, &trap, NULL));
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(nq_view_place_of(&trap, i), counted[i]);
    }
    nq_trap_done(&trap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_with_keys_become_fields_and_the_alert_a_condition),
        cmocka_unit_test(keys_of_many_products_are_known),
        cmocka_unit_test(a_key_that_two_lines_give_different_values_is_not_taken),
        cmocka_unit_test(addresses_in_lists_become_items),
        cmocka_unit_test(a_list_of_keys_and_values_in_one_line_is_taken_apart),
        cmocka_unit_test(without_keys_and_lists_whole_texts_are_looked_at),
        cmocka_unit_test(the_text_that_names_the_computer_is_not_the_cause_as_a_whole),
        cmocka_unit_test(an_address_by_type_counts_but_not_that_of_the_agent),
        cmocka_unit_test(a_second_varbind_of_one_oid_is_named_by_its_place),
        cmocka_unit_test(a_text_that_is_not_utf_8_is_pointed_out),
        cmocka_unit_test(hostile_text_stays_in_its_string_or_comment),
        cmocka_unit_test(any_bytes_make_a_well_formed_proposal),
        cmocka_unit_test(a_buffer_that_is_too_small_is_said),
        cmocka_unit_test(places_are_counted_behind_the_trap_s_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
