/* SPDX-License-Identifier: Apache-2.0 */
/* test_trigger_language.c: what triggers, written as an admin would, make of traps. */
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
#include "base/text.h"
#include "trap/trigger.h"

#define ARC      ".1.3.6.1.4.1.32473.1"
#define TRAP_OID ARC ".0.190"
#define A        ARC ".1.1.0"
#define B        ARC ".1.2.0"

static char *borrow(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* ---- traps -------------------------------------------------------------------------- */

#define OCTETS(name, text)                                                               \
    {                                                                                    \
        .oid = (char *)(uintptr_t)(name), .type = NQ_VALUE_OCTETS,                       \
        .value = (char *)(uintptr_t)(text), .value_len = sizeof(text) - 1                \
    }
#define OTHER(name, nq_type, text)                                                       \
    {                                                                                    \
        .oid = (char *)(uintptr_t)(name), .type = (nq_type),                             \
        .value = (char *)(uintptr_t)(text), .value_len = sizeof(text) - 1                \
    }
#define UPTIME  OTHER(".1.3.6.1.2.1.1.3.0", NQ_VALUE_NUMBER, "100")
#define TRAP    OTHER(".1.3.6.1.6.3.1.1.4.1.0", NQ_VALUE_OID, TRAP_OID)
#define ADDED_1 OTHER(".1.3.6.1.6.3.18.1.3.0", NQ_VALUE_ADDRESS, "192.0.2.99")
#define ADDED_2 OCTETS(".1.3.6.1.6.3.18.1.4.0", "public")
#define SAMPLE(...)                                                                      \
    {                                                                                    \
        .varbinds = { UPTIME, TRAP, __VA_ARGS__ }                                        \
    }
#define ADDED_3 OTHER(".1.3.6.1.6.3.1.1.4.3.0", NQ_VALUE_OID, ARC)

struct sample {
    struct nq_varbind varbinds[10];
    const char *trap_oid;
};

static struct nq_trap trap_of(struct sample *sample)
{
    struct nq_trap trap = {.source = borrow("192.0.2.1"),
                           .trap_oid =
                               borrow(sample->trap_oid ? sample->trap_oid : TRAP_OID),
                           .varbinds = sample->varbinds};
    while (trap.varbind_count < 10 && sample->varbinds[trap.varbind_count].oid) {
        trap.varbind_count++;
    }
    return trap;
}

/* ---- triggers ----------------------------------------------------------------------- */

struct loaded {
    struct nq_config *conf;
    struct nq_triggers *triggers;
};

static struct loaded load(const char *text)
{
    struct nq_err err = {0};
    struct loaded loaded = {.conf =
                                nq_config_read_triggers("t", text, strlen(text), &err)};
    if (!loaded.conf) {
        fail_msg("%s: %s", text, err.detail);
    }
    loaded.triggers = nq_triggers_new(loaded.conf, &err);
    assert_non_null(loaded.triggers);
    return loaded;
}

static void unload(struct loaded *loaded)
{
    loaded->triggers = nq_triggers_free(loaded->triggers);
    loaded->conf = nq_config_free(loaded->conf);
}

/* What the one trigger with these members makes of a trap; the caller frees it. */
static struct nq_trigger_result judge(const char *members, struct sample *sample,
                                      char *ret_name, size_t size)
{
    struct nq_trigger_result result;
    const struct nq_trap trap = trap_of(sample);
    char *text = nq_sprintf("{ name = \"row\"; %s }", members);
    struct loaded loaded = load(text);
    nq_triggers_match(loaded.triggers, &trap, &result);
    (void)snprintf(ret_name, size, "%s", result.trigger ? result.trigger->name : "");
    unload(&loaded);
    free(text);
    return result;
}

static bool recognises(const char *members, struct sample *sample)
{
    char name[20];
    struct nq_trigger_result result = judge(members, sample, name, sizeof(name));
    nq_trigger_result_done(&result);
    return strcmp(name, "row") == 0;
}

static void expect_computer(const char *computer, struct sample *sample,
                            const char *wanted)
{
    char name[20];
    char *members =
        nq_sprintf("trap_oid = \"" TRAP_OID "\"; computer = { %s };", computer);
    struct nq_trigger_result result = judge(members, sample, name, sizeof(name));
    assert_string_equal(name, "row");
    if ((result.computer == NULL) != (wanted == NULL) ||
        strcmp(nq_text_or_empty(result.computer), nq_text_or_empty(wanted)) != 0) {
        fail_msg("%s: '%s' instead of '%s'", computer, nq_text_or_empty(result.computer),
                 nq_text_or_empty(wanted));
    }
    nq_trigger_result_done(&result);
    free(members);
}

/* ---- which traps -------------------------------------------------------------------- */

static void an_enterprise_recognises_both_forms_of_its_traps(void **state)
{
    static const struct {
        const char *row;
        const char *trap_oid;
        bool holds;
    } cases[] = {
        {"", ".1.3.6.1.4.1.6101.135.0.1", true},
        {"", ".1.3.6.1.4.1.6101.135.1", true},
        {"", ".1.3.6.1.4.1.6101.135.0", true}, /* specific 0 without the 0 before it */
        {"", ".1.3.6.1.4.1.6101.135.0.0", true},
        {"", ".1.3.6.1.4.1.6101.135", false},
        {"", ".1.3.6.1.4.1.6101.135.1.1", false},
        {"", ".1.3.6.1.4.1.6101.135.0.1.1", false},
        {"", ".1.3.6.1.4.1.6101.1350.1", false},
        {"", ".1.3.6.1.4.1.6101.13", false},
        {"", ".1.3.6.1.6.3.1.1.5.1", false},
        {"specific = 1;", ".1.3.6.1.4.1.6101.135.0.1", true},
        {"specific = 1;", ".1.3.6.1.4.1.6101.135.1", true},
        {"specific = 1;", ".1.3.6.1.4.1.6101.135.0.11", false},
        {"specific = 1;", ".1.3.6.1.4.1.6101.135.0.0", false},
        {"specific = [ 0, 26 ];", ".1.3.6.1.4.1.6101.135.0.26", true},
        {"specific = [ 0, 26 ];", ".1.3.6.1.4.1.6101.135.0.0", true},
        {"specific = [ 0, 26 ];", ".1.3.6.1.4.1.6101.135.0", true},
        {"specific = [ 0, 26 ];", ".1.3.6.1.4.1.6101.135.0.1", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sample sample = {{UPTIME, TRAP}, cases[i].trap_oid};
        char *members = nq_sprintf("enterprise = \"1.3.6.1.4.1.6101.135\"; %s "
                                   "action = \"note\";",
                                   cases[i].row);
        if (recognises(members, &sample) != cases[i].holds) {
            fail_msg("%s %s", cases[i].row, cases[i].trap_oid);
        }
        free(members);
    }
}

static void a_condition_may_name_its_varbind_by_place_or_not_at_all(void **state)
{
    static const struct {
        const char *condition;
        bool holds;
    } cases[] = {
        {"varbind = 1; equals = \"one\";", true},
        {"varbind = 2; equals = \"2\";", true},
        {"varbind = 3; contains = \"Alert: Malware\";", true},
        {"varbind = 4; contains = \"\";", false}, /* nobody sent a fourth one */
        {"varbind = 1; equals = \"2\";", false},
        {"any_text = true; equals = \"one\";", true},
        {"any_text = true; equals = \"2\";", false}, /* a number is no text */
        {"any_text = true; matches = \"^Sub\";", false},
        {"any_text = true; matches = \"Malware\";", true},
        {"any_text = true; key = \"alert\"; equals = \"Malware\";", true},
        {"any_text = true; key = \"one\"; contains = \"\";", false},
        {"any_text = true; equals = \"public\";", false}, /* the community */
        {"oid = \"" A "\"; equals = \"one\";", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sample sample = SAMPLE(
            OCTETS(A, "one"), OTHER(ARC ".9", NQ_VALUE_NUMBER, "2"),
            OCTETS(B, "Alert: Malware\nSubject: VDI-01"), ADDED_1, ADDED_2, ADDED_3);
        char *members = nq_sprintf("trap_oid = \"" TRAP_OID "\"; action = \"note\"; "
                                   "conditions = ( { %s } );",
                                   cases[i].condition);
        if (recognises(members, &sample) != cases[i].holds) {
            fail_msg("%s", cases[i].condition);
        }
        free(members);
    }
}

static void texts_that_give_a_key_different_values_say_nothing(void **state)
{
    static const char condition[] =
        "trap_oid = \"" TRAP_OID
        "\"; action = \"note\"; conditions = ( { any_text = true; "
        "key = \"Alert\"; equals = \"Malware\"; } );";
    struct sample agreed =
        SAMPLE(OCTETS(A, "Alert: Malware"), OCTETS(B, "x\nalert : Malware\n"));
    struct sample split =
        SAMPLE(OCTETS(A, "Alert: Malware"), OCTETS(B, "Alert: Pattern"));
    (void)state;
    /* Nor does it help to ask only whether the key is there. */
    static const char any[] = "trap_oid = \"" TRAP_OID
                              "\"; action = \"note\"; conditions = ( { any_text = true; "
                              "key = \"Alert\"; contains = \"\"; } );";
    struct sample inside = SAMPLE(OCTETS(A, "Alert: Malware\nAlert: Pattern"));
    assert_true(recognises(condition, &agreed));
    assert_true(recognises(any, &agreed));
    assert_false(recognises(condition, &split));
    assert_false(recognises(any, &split));
    assert_false(recognises(any, &inside));
}

/* ---- fields ------------------------------------------------------------------------- */

static void takes_a_field_from_a_place(void **state)
{
    struct sample sample = SAMPLE(
        OCTETS(A, "Virus,VDI-01 , a|b"), OTHER(ARC ".9", NQ_VALUE_ADDRESS, "192.0.2.12"),
        OCTETS(B, "\x00\x50\x56\xA2\x00\x13"), ADDED_1, ADDED_2, ADDED_3);
    (void)state;
    expect_computer("varbind = 1;", &sample, "Virus,VDI-01 , a|b");
    expect_computer("varbind = 1; delimiter = \",\"; item = 2;", &sample, "VDI-01");
    expect_computer("varbind = 1; delimiter = \",\"; item = 3;", &sample, "a|b");
    expect_computer("varbind = 1; delimiter = \",\"; item = 4;", &sample, NULL);
    expect_computer("varbind = 1; delimiter = \" , \"; item = 2;", &sample, "a|b");
    expect_computer("varbind = 1; delimiter = \",\"; item = 2; regex = \"[0-9]+\";",
                    &sample, "01");
    expect_computer("varbind = 2; kind = \"address\";", &sample, "192.0.2.12");
    expect_computer("varbind = 2; kind = \"mac\";", &sample, NULL);
    expect_computer("varbind = 3; kind = \"mac\";", &sample, "00:50:56:a2:00:13");
    expect_computer("varbind = 3;", &sample, NULL); /* it holds a NUL */
    expect_computer("varbind = 4;", &sample, NULL); /* never who relayed it */
    expect_computer("oid = \".1.3.6.1.6.3.18.1.3.0\";", &sample, "192.0.2.99");
    expect_computer("any_text = true;", &sample, "Virus,VDI-01 , a|b");
    expect_computer("any_text = true; kind = \"mac\";", &sample, NULL);
}

static void any_text_answers_only_when_no_text_contradicts(void **state)
{
    struct sample one = SAMPLE(OCTETS(A, "Subject: VDI-01"), OCTETS(B, "more"));
    struct sample same =
        SAMPLE(OCTETS(A, "Subject: VDI-01"), OCTETS(B, "subject:VDI-01\n"));
    struct sample two =
        SAMPLE(OCTETS(A, "Subject: VDI-01"), OCTETS(B, "Subject: VDI-02"));
    struct sample inside = SAMPLE(OCTETS(A, "Subject: VDI-01\nSubject: VDI-02"),
                                  OCTETS(B, "Subject: VDI-01"));
    struct sample hidden =
        SAMPLE(OCTETS(A, "Subject: V\0DI-01"), OCTETS(B, "Subject: VDI-02"));
    struct sample macs = SAMPLE(OCTETS(A, "00-50-56-A2-00-11"), OCTETS(B, "005056a20011"),
                                OCTETS(ARC ".9", "VDI-01"));
    (void)state;
    expect_computer("any_text = true; key = \"Subject\";", &one, "VDI-01");
    expect_computer("any_text = true; key = \"Subject\";", &same, "VDI-01");
    expect_computer("any_text = true; key = \"Subject\";", &two, NULL);
    expect_computer("any_text = true; key = \"Subject\";", &inside, NULL);
    expect_computer("any_text = true; key = \"Subject\";", &hidden, NULL);
    expect_computer("any_text = true;", &two, NULL);
    expect_computer("any_text = true; kind = \"mac\";", &macs, "00:50:56:a2:00:11");
    expect_computer("any_text = true; kind = \"uuid\";", &macs, NULL);
}

static void a_name_that_grows_too_long_when_escaped_is_no_name(void **state)
{
    char text[NQ_TEXT_MAX + 1];
    (void)state;
    memset(text, 'a', sizeof(text));
    text[NQ_TEXT_MAX - 1] = '\x01';
    struct sample sample = SAMPLE({.oid = borrow(A),
                                   .type = NQ_VALUE_OCTETS,
                                   .value = text,
                                   .value_len = NQ_TEXT_MAX});
    expect_computer("varbind = 1;", &sample, NULL);
    text[NQ_TEXT_MAX - 1] = 'a';
    text[NQ_TEXT_MAX] = '\0';
    expect_computer("varbind = 1;", &sample, text);
}

static void values_replace_whole_texts(void **state)
{
    static const struct {
        const char *text;
        const char *cause;
    } cases[] = {{"1", "Virus found"},
                 {" 1\n", "Virus found"},
                 {"2", "2"},
                 {"11", "11"},
                 {"", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sample sample = SAMPLE({.oid = borrow(A),
                                       .type = NQ_VALUE_OCTETS,
                                       .value = borrow(cases[i].text),
                                       .value_len = strlen(cases[i].text)});
        char name[20];
        struct nq_trigger_result result = judge(
            "trap_oid = \"" TRAP_OID "\"; action = \"note\"; cause = { varbind = 1; "
            "values = ( { from = \"1\"; to = \"Virus found\"; } ); };",
            &sample, name, sizeof(name));
        assert_string_equal(nq_text_or_empty(result.cause),
                            nq_text_or_empty(cases[i].cause));
        nq_trigger_result_done(&result);
    }
}

static void an_action_comes_from_the_values_and_from_nothing_else(void **state)
{
    static const struct {
        const char *text;
        enum nq_trigger_action action;
    } cases[] = {
        {"1", NQ_ACTION_QUARANTINE},
        {"3", NQ_ACTION_RELEASE},
        {"4", NQ_ACTION_SCAN_FINISHED},
        {"5", NQ_ACTION_NOTE},
        {"9", NQ_ACTION_IGNORE},
        {"release", NQ_ACTION_IGNORE}, /* no word of ours */
        {"quarantine", NQ_ACTION_IGNORE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sample sample = SAMPLE({.oid = borrow(A),
                                       .type = NQ_VALUE_OCTETS,
                                       .value = borrow(cases[i].text),
                                       .value_len = strlen(cases[i].text)},
                                      OCTETS(B, "VDI-01"));
        char name[20];
        struct nq_trigger_result result =
            judge("trap_oid = \"" TRAP_OID "\"; action = \"ignore\"; "
                  "computer = { varbind = 2; }; action_by = { any_text = true; values = ("
                  "{ from = \"1\"; to = \"quarantine\"; }, { from = \"3\"; to = "
                  "\"release\"; }, { from = \"4\"; to = \"scanFinished\"; }, "
                  "{ from = \"5\"; to = \"note\"; } ); };",
                  &sample, name, sizeof(name));
        assert_int_equal(result.action, cases[i].action);
        nq_trigger_result_done(&result);
    }
    /* Two texts that mean different actions mean none. */
    struct sample split = SAMPLE(OCTETS(A, "1"), OCTETS(B, "3"));
    char name[20];
    struct nq_trigger_result result = judge(
        "trap_oid = \"" TRAP_OID "\"; action = \"note\"; computer = { varbind = 2; }; "
        "action_by = { any_text = true; values = ( { from = \"1\"; to = \"quarantine\"; "
        "}, "
        "{ from = \"3\"; to = \"release\"; } ); };",
        &split, name, sizeof(name));
    assert_int_equal(result.action, NQ_ACTION_NOTE);
    nq_trigger_result_done(&result);
}

/* ---- encodings ---------------------------------------------------------------------- */

/* Letters whose second byte in Shift-JIS is a backslash, a bar or the n behind one. */
#define HYO "\x95\x5C"
#define SO  "\x83\x5C"
#define BO  "\x83\x7C"

static void a_text_is_converted_before_anything_looks_at_it(void **state)
{
    struct sample sample = SAMPLE(OCTETS(A, "Name: VDI-" SO "nA|" BO "|" HYO));
    (void)state;
    /* As bytes, the letter in the name begins an escaped line end, and two letters bars. */
    expect_computer("varbind = 1; key = \"name\"; delimiter = \"|\"; item = 1;", &sample,
                    "VDI-\\x83");
    char name[20];
    struct nq_trigger_result result =
        judge("trap_oid = \"" TRAP_OID "\"; encoding = \"CP932\"; "
              "conditions = ( { varbind = 1; contains = \"\xE8\xA1\xA8\"; }, "
              "{ varbind = 1; key = \"name\"; matches = \"\xE8\xA1\xA8$\"; } ); "
              "computer = { varbind = 1; key = \"name\"; delimiter = \"|\"; item = 1; }; "
              "cause = { varbind = 1; key = \"name\"; delimiter = \"|\"; item = 3; "
              "values = ( { from = \"\xE8\xA1\xA8\"; to = \"table\"; } ); }; "
              "severity = { varbind = 1; delimiter = \"|\"; item = 2; };",
              &sample, name, sizeof(name));
    assert_string_equal(name, "row");
    assert_string_equal(result.computer, "VDI-\xE3\x82\xBDnA");
    assert_string_equal(result.cause, "table");
    assert_string_equal(result.severity, "\xE3\x83\x9D");
    nq_trigger_result_done(&result);
}

static void a_text_that_cannot_be_decoded_is_none(void **state)
{
    struct sample sample =
        SAMPLE(OCTETS(A, "VDI-01\x95"), OTHER(ARC ".9", NQ_VALUE_NUMBER, "7"),
               OTHER(ARC ".10", NQ_VALUE_ADDRESS, "192.0.2.12"),
               OCTETS(B, "\x00\x50\x56\xA2\x80\xFF"));
    (void)state;
    const struct {
        const char *condition;
        bool holds;
    } cases[] = {
        {"varbind = 1; contains = \"VDI-01\";", false},
        {"varbind = 1; contains = \"\";", false},
        {"varbind = 1; key = \"x\"; contains = \"\";", false},
        {"any_text = true; matches = \"VDI\";", false},
        {"varbind = 2; equals = \"7\";", true}, /* not a text: never converted */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *members = nq_sprintf("trap_oid = \"" TRAP_OID "\"; encoding = \"CP932\"; "
                                   "action = \"note\"; conditions = ( { %s } );",
                                   cases[i].condition);
        if (recognises(members, &sample) != cases[i].holds) {
            fail_msg("%s", cases[i].condition);
        }
        free(members);
    }
    char name[20];
    struct nq_trigger_result result =
        judge("trap_oid = \"" TRAP_OID "\"; encoding = \"CP932\"; "
              "computer = { varbind = 4; kind = \"mac\"; }; cause = { varbind = 1; }; "
              "severity = { varbind = 3; };",
              &sample, name, sizeof(name));
    assert_string_equal(result.computer, "00:50:56:a2:80:ff");
    assert_null(result.cause);
    assert_string_equal(result.severity, "192.0.2.12");
    nq_trigger_result_done(&result);
}

static void every_row_sees_the_text_in_its_own_encoding(void **state)
{
    static const char rows[] =
        "{ name = \"utf8\"; trap_oid = \"" TRAP_OID "\"; encoding = \"UTF-8\"; "
        "  action = \"note\"; conditions = ( { varbind = 1; contains = \"\"; } ); },"
        "{ name = \"latin\"; trap_oid = \"" TRAP_OID "\"; encoding = \"ISO-8859-1\"; "
        "  action = \"note\"; conditions = ( { varbind = 1; equals = \"x\"; } ); },"
        "{ name = \"sjis\"; trap_oid = \"" TRAP_OID "\"; encoding = \"cp932\"; "
        "  action = \"note\"; conditions = ( { varbind = 1; equals = \"y\"; } ); },"
        "{ name = \"again\"; trap_oid = \"" TRAP_OID "\"; encoding = \"CP932\"; "
        "  action = \"note\"; cause = { varbind = 1; }; }";
    struct sample sample = SAMPLE(OCTETS(A, HYO));
    const struct nq_trap trap = trap_of(&sample);
    struct nq_trigger_result result;
    (void)state;
    struct loaded loaded = load(rows);
    nq_triggers_match(loaded.triggers, &trap, &result);
    assert_string_equal(result.trigger->name, "again");
    assert_string_equal(result.cause, "\xE8\xA1\xA8");
    nq_trigger_result_done(&result);
    unload(&loaded);
}

/* ---- explaining --------------------------------------------------------------------- */

static void add_fact(void *arg, const struct nq_trigger_conf *trigger,
                     const char *sentence)
{
    assert_true(nq_buf_addf(arg, "%s: %s\n", trigger->name, sentence));
}

static void explains_every_row_up_to_the_one_that_decides(void **state)
{
    static const char rows[] =
        "{ name = \"oid\"; trap_oid = \"" ARC ".0.19\"; action = \"note\"; },\n"
        "{ name = \"below\"; trap_oid = \"1.3.9\"; prefix = true; action = \"note\"; },\n"
        "{ name = \"enterprise\"; enterprise = \"1.3.9\"; action = \"note\"; },\n"
        "{ name = \"specific\"; enterprise = \"" ARC "\"; specific = [ 1, 2 ];\n"
        "  action = \"note\"; },\n"
        "{ name = \"missing\"; trap_oid = \"" TRAP_OID "\"; action = \"note\";\n"
        "  conditions = ( { varbind = 1; contains = \"\"; },\n"
        "                 { oid = \"1.3.5\"; contains = \"\"; } ); },\n"
        "{ name = \"place\"; trap_oid = \"" TRAP_OID "\"; action = \"note\";\n"
        "  conditions = ( { varbind = 9; contains = \"\"; } ); },\n"
        "{ name = \"key\"; trap_oid = \"" TRAP_OID "\"; action = \"note\";\n"
        "  conditions = ( { varbind = 1; key = \"Level\"; contains = \"\"; } ); },\n"
        "{ name = \"twice\"; trap_oid = \"" TRAP_OID "\"; action = \"note\";\n"
        "  conditions = ( { any_text = true; key = \"Alert\"; contains = \"\"; } ); },\n"
        "{ name = \"equals\"; trap_oid = \"" TRAP_OID "\"; action = \"note\";\n"
        "  conditions = ( { varbind = 1; key = \"Alert\"; equals = \"x\"; } ); },\n"
        "{ name = \"regex\"; trap_oid = \"" TRAP_OID "\"; action = \"note\";\n"
        "  conditions = ( { varbind = 3; matches = \"^b\"; } ); },\n"
        "{ name = \"encoding\"; trap_oid = \"" TRAP_OID "\"; action = \"note\";\n"
        "  encoding = \"UTF-8\";\n"
        "  conditions = ( { varbind = 3; matches = \"^b\"; } ); },\n"
        "{ name = \"last\"; trap_oid = \"" TRAP_OID "\"; action = \"note\";\n"
        "  action_by = { varbind = 1; key = \"Alert\"; values = ( { from = \"Malware\";\n"
        "                to = \"quarantine\"; } ); };\n"
        "  computer = { varbind = 4; kind = \"address\"; };\n"
        "  cause = { any_text = true; key = \"Alert\"; };\n"
        "  severity = { varbind = 3; }; },\n"
        "{ name = \"never\"; trap_oid = \"" TRAP_OID "\"; action = \"note\"; }";
    static const char wanted[] =
        "oid: does not match: trap OID is " TRAP_OID ", not " ARC ".0.19\n"
        "below: does not match: trap OID is " TRAP_OID ", not .1.3.9 or below\n"
        "enterprise: does not match: trap OID is " TRAP_OID ", not .1.3.9.0.NUMBER\n"
        "specific: does not match: enterprise fits, but specific 190 is none of those "
        "listed\n"
        "missing: does not match: condition 2: varbind .1.3.5 is missing\n"
        "place: does not match: condition 1: varbind 9 is missing\n"
        "key: does not match: condition 1: no line has the key 'Level'\n"
        "twice: does not match: condition 1: key 'Alert' has two different values\n"
        "equals: does not match: condition 1: its text 'Malware' is not 'x'\n"
        "regex: does not match: condition 1: its text 'a\\xFFz' does not match '^b'\n"
        "encoding: does not match: condition 1: its text is not in the encoding "
        "declared\n"
        "last: matches\n"
        "last: action_by is 'quarantine'\n"
        "last: action is quarantine\n"
        "last: computer is '192.0.2.12', an IP address\n"
        "last: cause is absent: two texts answer differently: 'Malware' and 'Pattern'\n"
        "last: severity is 'a\\xFFz'\n";
    struct sample sample = SAMPLE(OCTETS(A, "Alert: Malware"),
                                  OCTETS(B, "Alert: Pattern"), OCTETS(ARC ".8", "a\xFFz"),
                                  OTHER(ARC ".9", NQ_VALUE_ADDRESS, "192.0.2.12"));
    const struct nq_trap trap = trap_of(&sample);
    struct nq_buf facts;
    (void)state;
    struct loaded loaded = load(rows);
    nq_buf_init(&facts, 8192);
    nq_triggers_explain(loaded.triggers, &trap, add_fact, &facts);
    assert_string_equal(nq_buf_text(&facts), wanted);
    nq_buf_done(&facts);
    unload(&loaded);
}

static void explains_why_a_computer_is_absent(void **state)
{
    static const struct {
        const char *computer;
        const char *reason;
    } cases[] = {
        {"varbind = 7;", "the trap has no such varbind"},
        {"oid = \"1.3.7\";", "the trap has no such varbind"},
        {"varbind = 1; key = \"x\";", "no line has the key 'x'"},
        {"varbind = 1; key = \"k\";", "key 'k' has two different values"},
        {"varbind = 1; regex = \"Z\";", "its text does not match 'Z'"},
        {"varbind = 1; delimiter = \"|\"; item = 3;", "its text has fewer than 3 items"},
        {"varbind = 1; delimiter = \"|\"; item = 2;", "its text is empty"},
        {"varbind = 2; kind = \"mac\";", "its text 'VDI\\x1B' is not a MAC address"},
        {"varbind = 3;", "its text holds a NUL"},
        {"varbind = 4;", "its text is too long for a name"},
        {"any_text = true; kind = \"uuid\";", NULL},
    };
    char longest[NQ_TEXT_MAX + 2];
    (void)state;
    memset(longest, 'a', sizeof(longest));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sample sample = SAMPLE(OCTETS(A, "k: 1\nk: 2|"), OCTETS(B, "VDI\x1B"),
                                      OCTETS(ARC ".8", "a\0b"),
                                      {.oid = borrow(ARC ".9"),
                                       .type = NQ_VALUE_OCTETS,
                                       .value = longest,
                                       .value_len = NQ_TEXT_MAX + 1});
        const struct nq_trap trap = trap_of(&sample);
        struct nq_buf facts;
        char *text = nq_sprintf("{ name = \"t\"; trap_oid = \"" TRAP_OID "\"; "
                                "computer = { %s }; }",
                                cases[i].computer);
        char *wanted =
            nq_sprintf("t: matches\nt: action is quarantine\nt: computer is absent: %s%s",
                       nq_text_or_empty(cases[i].reason), cases[i].reason ? "\n" : "");
        struct loaded loaded = load(text);
        nq_buf_init(&facts, 8192);
        nq_triggers_explain(loaded.triggers, &trap, add_fact, &facts);
        if (strncmp(nq_buf_text(&facts), wanted, strlen(wanted)) != 0) {
            fail_msg("%s: %s", cases[i].computer, nq_buf_text(&facts));
        }
        nq_buf_done(&facts);
        unload(&loaded);
        free(wanted);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_enterprise_recognises_both_forms_of_its_traps),
        cmocka_unit_test(a_condition_may_name_its_varbind_by_place_or_not_at_all),
        cmocka_unit_test(texts_that_give_a_key_different_values_say_nothing),
        cmocka_unit_test(takes_a_field_from_a_place),
        cmocka_unit_test(any_text_answers_only_when_no_text_contradicts),
        cmocka_unit_test(a_name_that_grows_too_long_when_escaped_is_no_name),
        cmocka_unit_test(values_replace_whole_texts),
        cmocka_unit_test(an_action_comes_from_the_values_and_from_nothing_else),
        cmocka_unit_test(a_text_is_converted_before_anything_looks_at_it),
        cmocka_unit_test(a_text_that_cannot_be_decoded_is_none),
        cmocka_unit_test(every_row_sees_the_text_in_its_own_encoding),
        cmocka_unit_test(explains_every_row_up_to_the_one_that_decides),
        cmocka_unit_test(explains_why_a_computer_is_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
