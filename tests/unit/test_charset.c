/* SPDX-License-Identifier: Apache-2.0 */
/* test_charset.c: a text is converted whole or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/charset.h"
#include "base/mem.h"

static void converts_whole_texts_and_nothing_else(void **state)
{
    static const struct {
        const char *encoding;
        const char *text;
        size_t len;
        const char *utf8; /* NULL: it cannot be decoded */
    } rows[] = {
        {"UTF-8", "\xE8\xA1\xA8", 3, "\xE8\xA1\xA8"},
        {"UTF-8", "a\xE8\xA1", 3, NULL},    /* cut */
        {"UTF-8", "a\xC0\xAF", 3, NULL},    /* not the shortest form */
        {"UTF-8", "\xED\xA0\x80", 3, NULL}, /* half of a pair */
        {"UTF-8", "", 0, ""},
        {"CP932", "\x95\x5C", 2, "\xE8\xA1\xA8"}, /* its second byte is a backslash */
        {"CP932", "\x83\x5C|", 3, "\xE3\x82\xBD|"},
        {"CP932", "C:\\a", 4, "C:\\a"},
        {"CP932", "\x87\x40", 2, "\xE2\x91\xA0"}, /* a letter of Microsoft's */
        {"SHIFT_JIS", "\x87\x40", 2, NULL},
        {"SHIFT_JIS", "\x95\x5C", 2, "\xE8\xA1\xA8"},
        {"SHIFT_JIS", "\x95", 1, NULL},
        {"shift_jis", "ok\x80", 3, NULL},
        {"ISO-8859-1", "\xFC", 1, "\xC3\xBC"},
        {"UTF-16LE", "V\0D\0", 4, "VD"},
        {"UTF-16LE", "V\0D", 3, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct nq_err err = {0};
        struct nq_buf out;
        struct nq_charset *charset = nq_charset_open(rows[i].encoding, &err);
        assert_non_null(charset);
        for (int again = 0; again < 2; again++) { /* no text changes the next one */
            nq_buf_init(&out, 100);
            const bool done =
                nq_charset_to_utf8(charset, rows[i].text, rows[i].len, &out);
            if (done != (rows[i].utf8 != NULL) ||
                (done && strcmp(nq_buf_text(&out), rows[i].utf8) != 0)) {
                fail_msg("row %zu: '%s'", i, nq_buf_text(&out));
            }
            assert_true(done || out.len == 0);
            nq_buf_done(&out);
        }
        assert_null(nq_charset_close(charset));
    }
    assert_null(nq_charset_close(NULL));
}

static void a_text_that_would_become_too_long_is_none(void **state)
{
    enum { LETTERS = 4096 };
    struct nq_err err = {0};
    struct nq_buf out;
    (void)state;
    char *text = nq_calloc(LETTERS, 2);
    for (size_t i = 0; i < LETTERS; i++) {
        memcpy(text + 2 * i, "\x95\x5C", 2);
    }
    struct nq_charset *charset = nq_charset_open("CP932", &err);
    assert_non_null(charset);
    nq_buf_init(&out, (size_t)3 * LETTERS);
    assert_true(nq_charset_to_utf8(charset, text, (size_t)2 * LETTERS, &out));
    assert_int_equal(out.len, 3 * LETTERS);
    nq_buf_done(&out);
    nq_buf_init(&out, (size_t)3 * LETTERS - 1);
    assert_false(nq_charset_to_utf8(charset, text, (size_t)2 * LETTERS, &out));
    assert_int_equal(out.len, 0);
    nq_buf_done(&out);
    (void)nq_charset_close(charset);
    free(text);
}

/* ISO-2022-JP: behind an escape sequence every two bytes are a letter. */
static void a_broken_text_leaves_nothing_behind_for_the_next_one(void **state)
{
    struct nq_err err = {0};
    struct nq_buf out;
    (void)state;
    struct nq_charset *charset = nq_charset_open("ISO-2022-JP", &err);
    assert_non_null(charset);
    nq_buf_init(&out, 100);
    assert_true(nq_charset_to_utf8(charset, "\x1B$BI=", 5, &out));
    assert_string_equal(nq_buf_text(&out), "\xE8\xA1\xA8");
    nq_buf_clear(&out);
    assert_false(nq_charset_to_utf8(charset, "\x1B$BI=\xFF", 6, &out));
    assert_true(nq_charset_to_utf8(charset, "I=", 2, &out));
    assert_string_equal(nq_buf_text(&out), "I=");
    nq_buf_done(&out);
    (void)nq_charset_close(charset);
}

static void refuses_names_that_are_unknown_or_ask_for_more(void **state)
{
    static const char *const names[] = {"",
                                        "KLINGON-8",
                                        "UTF-8//IGNORE",
                                        "UTF-8//TRANSLIT",
                                        "SHIFT_JIS/",
                                        "UTF 8",
                                        "../UTF-8",
                                        "ISO-8859-1-ISO-8859-1-ISO-8859-1-ISO-8859-1"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct nq_err err = {0};
        assert_null(nq_charset_open(names[i], &err));
        assert_int_equal(err.code, NQ_CONFIG_VALUE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(converts_whole_texts_and_nothing_else),
        cmocka_unit_test(a_text_that_would_become_too_long_is_none),
        cmocka_unit_test(a_broken_text_leaves_nothing_behind_for_the_next_one),
        cmocka_unit_test(refuses_names_that_are_unknown_or_ask_for_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
