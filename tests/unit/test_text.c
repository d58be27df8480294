/* SPDX-License-Identifier: Apache-2.0 */
/* test_text.c: what an attacker writes into a trap cannot leave its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"

#define CANARY 0x5A

static void assert_escapes_to(const char *in, const char *expected)
{
    char out[4 * NQ_TEXT_MAX];
    assert_string_equal(nq_text_escape(in, out, sizeof(out)), expected);
}

/* ---- what is escaped ---------------------------------------------------------------- */

static void escapes_every_control_character(void **state)
{
    (void)state;
    for (unsigned byte = 1; byte <= 0x7F; byte++) {
        const char in[] = {'a', (char)byte, 'b', '\0'};
        char expected[16];
        if (byte == '\n' || byte == '\t' || byte == '\r') {
            (void)snprintf(expected, sizeof(expected), "a\\%cb",
                           byte == '\n'   ? 'n'
                           : byte == '\t' ? 't'
                                          : 'r');
        } else if (byte < 0x20 || byte == 0x7F) {
            (void)snprintf(expected, sizeof(expected), "a\\x%02Xb", byte);
        } else {
            memcpy(expected, in, sizeof(in));
        }
        assert_escapes_to(in, expected);
    }
}

static void escapes_every_c1_control_and_keeps_the_characters_around_them(void **state)
{
    (void)state;
    for (unsigned byte = 0x80; byte <= 0xBF; byte++) {
        const char in[] = {(char)0xC2, (char)byte, '\0'};
        char expected[16];
        if (byte < 0xA0) {
            (void)snprintf(expected, sizeof(expected), "\\xC2\\x%02X", byte);
        } else {
            memcpy(expected, in, sizeof(in));
        }
        assert_escapes_to(in, expected);
    }
}

static void escapes_every_high_byte_that_stands_alone(void **state)
{
    (void)state;
    for (unsigned byte = 0x80; byte <= 0xFF; byte++) {
        const char alone[] = {(char)byte, '\0'};
        const char inside[] = {'a', (char)byte, 'b', '\0'};
        char expected[16];
        (void)snprintf(expected, sizeof(expected), "\\x%02X", byte);
        assert_escapes_to(alone, expected);
        (void)snprintf(expected, sizeof(expected), "a\\x%02Xb", byte);
        assert_escapes_to(inside, expected);
    }
}

static void escapes_what_is_not_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        /* overlong: a newline, a slash, a NUL in disguise */
        {"\xC0\x8A", "\\xC0\\x8A"},
        {"\xC1\xBF", "\\xC1\\xBF"},
        {"\xE0\x80\x8A", "\\xE0\\x80\\x8A"},
        {"\xE0\x9F\xBF", "\\xE0\\x9F\\xBF"},
        {"\xF0\x80\x80\xAF", "\\xF0\\x80\\x80\\xAF"},
        {"\xF0\x8F\xBF\xBF", "\\xF0\\x8F\\xBF\\xBF"},
        /* surrogates */
        {"\xED\xA0\x80", "\\xED\\xA0\\x80"},
        {"\xED\xBF\xBF", "\\xED\\xBF\\xBF"},
        /* above U+10FFFF, and forms of five and six bytes */
        {"\xF4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"},
        {"\xF5\x80\x80\x80", "\\xF5\\x80\\x80\\x80"},
        {"\xF8\x88\x80\x80\x80", "\\xF8\\x88\\x80\\x80\\x80"},
        /* cut at the end of the text */
        {"a\xC3", "a\\xC3"},
        {"a\xE2\x82", "a\\xE2\\x82"},
        {"a\xF0\x9F\x98", "a\\xF0\\x9F\\x98"},
        /* cut by another character, which stays */
        {"\xC3(", "\\xC3("},
        {"\xE2\x82x", "\\xE2\\x82x"},
        {"\xF0\x9F\x98\xC3\xA9", "\\xF0\\x9F\\x98\xC3\xA9"},
        {"\xE2\n", "\\xE2\\n"},
        /* a continuation without a beginning, and one too many */
        {"\x80", "\\x80"},
        {"\xC3\xA9\xA9", "\xC3\xA9\\xA9"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_escapes_to(rows[i].in, rows[i].out);
    }
}

static void keeps_valid_utf8_of_every_length(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "plain ~ text",
        "\xC2\xA0",                /* U+00A0, the first after C1 */
        "M\xC3\xBCller",           /* two bytes */
        "\xDF\xBF",                /* U+07FF */
        "\xE0\xA0\x80",            /* U+0800 */
        "5 \xE2\x82\xAC",          /* three bytes */
        "\xED\x9F\xBF",            /* U+D7FF, before the surrogates */
        "\xEE\x80\x80",            /* U+E000, behind them */
        "\xEF\xBF\xBF",            /* U+FFFF */
        "\xF0\x90\x80\x80",        /* U+10000 */
        "\xF0\x9F\x98\x80 smiles", /* four bytes */
        "\xF4\x8F\xBF\xBF",        /* U+10FFFF */
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_escapes_to(texts[i], texts[i]);
    }
}

static void keeps_a_backslash_as_it_is(void **state)
{
    (void)state;
    assert_escapes_to("C:\\temp\\x41", "C:\\temp\\x41");
    assert_escapes_to("\\\n", "\\\\n");
}

static void takes_null_as_empty(void **state)
{
    (void)state;
    assert_escapes_to(NULL, "");
    assert_escapes_to("", "");
    assert_string_equal(nq_text_or_empty(NULL), "");
    assert_string_equal(nq_text_or_empty("a"), "a");
}

/* ---- sizes -------------------------------------------------------------------------- */

/* The pieces that text is made of, each longer than one byte when shown. */
static const struct {
    const char *in, *out;
} pieces[] = {
    {"a", "a"},
    {"\n", "\\n"},
    {"\x01", "\\x01"},
    {"\xC3\xA9", "\xC3\xA9"},
    {"\xC2\x85", "\\xC2\\x85"},
    {"\xE2\x82\xAC", "\xE2\x82\xAC"},
    {"\xFF", "\\xFF"},
    {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
    {"b", "b"},
};
#define PIECES (sizeof(pieces) / sizeof(pieces[0]))

static void ends_at_the_end_of_a_piece_for_every_size(void **state)
{
    (void)state;
    char in[64] = "";
    char whole[64] = "";
    size_t ends[PIECES + 1] = {0}; /* where a piece of the output ends */
    size_t in_len = 0;
    for (size_t i = 0; i < PIECES; i++) {
        memcpy(in + in_len, pieces[i].in, strlen(pieces[i].in) + 1);
        memcpy(whole + ends[i], pieces[i].out, strlen(pieces[i].out) + 1);
        in_len += strlen(pieces[i].in);
        ends[i + 1] = ends[i] + strlen(pieces[i].out);
    }
    for (size_t size = 0; size <= sizeof(whole); size++) {
        unsigned char room[sizeof(whole) + 2];
        memset(room, CANARY, sizeof(room));
        char *out = (char *)room + 1;
        assert_ptr_equal(nq_text_escape(in, out, size), out);

        size_t kept = 0;
        for (size_t i = 0; i <= PIECES; i++) {
            kept = ends[i] < size ? ends[i] : kept;
        }
        assert_int_equal(room[0], CANARY);
        for (size_t i = size ? kept + 1 : 0; i < sizeof(whole) + 1; i++) {
            assert_int_equal((unsigned char)out[i], CANARY);
        }
        if (size > 0) {
            assert_int_equal(strlen(out), kept);
            assert_memory_equal(out, whole, kept);
        }
    }
}

static void the_output_stays_within_every_size_for_any_bytes(void **state)
{
    (void)state;
    uint32_t random = 1; /* the same bytes in each run */
    for (int round = 0; round < 300; round++) {
        char in[24];
        for (size_t i = 0; i < sizeof(in) - 1; i++) {
            random = random * 1664525U + 1013904223U;
            const char byte = (char)(random >> 24);
            in[i] = (char)(byte ? byte : 'z');
        }
        in[sizeof(in) - 1] = '\0';
        char whole[4 * sizeof(in)];
        nq_text_escape(in, whole, sizeof(whole));
        for (const char *p = whole; *p; p++) {
            assert_true((unsigned char)*p >= 0x20 && *p != 0x7F);
        }
        for (size_t size = 1; size <= sizeof(whole); size++) {
            unsigned char out[sizeof(whole) + 1];
            memset(out, CANARY, sizeof(out));
            nq_text_escape(in, (char *)out, size);
            const size_t len = strlen((char *)out);
            assert_true(len < size);
            assert_memory_equal(out, whole, len);
            for (size_t i = len + 1; i < sizeof(out); i++) {
                assert_int_equal(out[i], CANARY);
            }
        }
    }
}

static void escaping_twice_changes_nothing(void **state)
{
    (void)state;
    char once[64];
    nq_text_escape("a\n\x01\xFF\xC3\xA9\xC2\x80\\", once, sizeof(once));
    assert_escapes_to(once, once);
}

/* ---- fields ------------------------------------------------------------------------- */

static void a_field_is_replaced_by_an_escaped_copy(void **state)
{
    (void)state;
    char *field = NULL;
    nq_text_set(&field, "one\ntwo");
    assert_string_equal(field, "one\\ntwo");
    nq_text_set(&field, "three");
    assert_string_equal(field, "three");
    nq_text_set(&field, "");
    assert_string_equal(field, "");
    nq_text_set(&field, NULL);
    assert_null(field);
}

static void a_field_may_be_its_own_value(void **state)
{
    (void)state;
    char *field = nq_strdup("raw\ttext");
    nq_text_set(&field, field);
    assert_string_equal(field, "raw\\ttext");
    nq_text_set(&field, field + 3);
    assert_string_equal(field, "\\ttext");
    nq_text_setf(&field, "%s and %s", field, field);
    assert_string_equal(field, "\\ttext and \\ttext");
    free(field);
}

static void a_field_holds_at_most_the_bytes_that_snmp_shows(void **state)
{
    (void)state;
    char value[NQ_TEXT_MAX + 2];
    char *field = NULL;
    memset(value, 'x', sizeof(value));
    value[NQ_TEXT_MAX + 1] = '\0';
    nq_text_set(&field, value);
    assert_int_equal(strlen(field), NQ_TEXT_MAX);

    /* A character that does not fit goes as a whole. */
    memcpy(value + NQ_TEXT_MAX - 1, "\xC3\xA9", 3);
    nq_text_set(&field, value);
    assert_int_equal(strlen(field), NQ_TEXT_MAX - 1);

    memset(value, '\n', NQ_TEXT_MAX);
    value[NQ_TEXT_MAX] = '\0';
    nq_text_set(&field, value);
    assert_int_equal(strlen(field), NQ_TEXT_MAX - 1); /* 127 times two bytes */

    nq_text_setf(&field, "%2000d", 1);
    assert_int_equal(strlen(field), NQ_TEXT_MAX);
    free(field);
}

static void compares_without_case_and_null_equals_nothing(void **state)
{
    (void)state;
    assert_true(nq_text_same("VDI-01", "vdi-01"));
    assert_false(nq_text_same("VDI-01", "VDI-010"));
    assert_false(nq_text_same(NULL, ""));
    assert_false(nq_text_same("", NULL));
    assert_false(nq_text_same(NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_every_control_character),
        cmocka_unit_test(escapes_every_c1_control_and_keeps_the_characters_around_them),
        cmocka_unit_test(escapes_every_high_byte_that_stands_alone),
        cmocka_unit_test(escapes_what_is_not_utf8),
        cmocka_unit_test(keeps_valid_utf8_of_every_length),
        cmocka_unit_test(keeps_a_backslash_as_it_is),
        cmocka_unit_test(takes_null_as_empty),
        cmocka_unit_test(ends_at_the_end_of_a_piece_for_every_size),
        cmocka_unit_test(the_output_stays_within_every_size_for_any_bytes),
        cmocka_unit_test(escaping_twice_changes_nothing),
        cmocka_unit_test(a_field_is_replaced_by_an_escaped_copy),
        cmocka_unit_test(a_field_may_be_its_own_value),
        cmocka_unit_test(a_field_holds_at_most_the_bytes_that_snmp_shows),
        cmocka_unit_test(compares_without_case_and_null_equals_nothing),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
