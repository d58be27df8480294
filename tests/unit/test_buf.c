/* SPDX-License-Identifier: Apache-2.0 */
/* test_buf.c: a buffer grows to its maximum and not one byte further. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void is_empty_text_before_anything_is_added(void **state)
{
    (void)state;
    struct nq_buf buf;
    nq_buf_init(&buf, 10);
    assert_string_equal(nq_buf_text(&buf), "");
    assert_int_equal(buf.len, 0);
    assert_null(buf.data);
    nq_buf_done(&buf);
}

static void honours_its_maximum_exactly_for_every_size(void **state)
{
    (void)state;
    char bytes[602];
    memset(bytes, 'x', sizeof(bytes));
    for (size_t max = 0; max <= 600; max++) {
        struct nq_buf buf;
        nq_buf_init(&buf, max);
        assert_false(nq_buf_add(&buf, bytes, max + 1));
        assert_int_equal(buf.len, 0);
        assert_true(nq_buf_add(&buf, bytes, max));
        assert_int_equal(buf.len, max);
        assert_int_equal(strlen(nq_buf_text(&buf)), max);
        assert_false(nq_buf_add(&buf, "y", 1));
        assert_true(nq_buf_add(&buf, "y", 0));
        assert_int_equal(strlen(nq_buf_text(&buf)), max);
        nq_buf_done(&buf);
    }
}

static void reaches_its_maximum_byte_by_byte(void **state)
{
    (void)state;
    struct nq_buf buf;
    nq_buf_init(&buf, 1000);
    for (size_t i = 0; i < 1000; i++) {
        const char byte = (char)('a' + i % 26);
        assert_true(nq_buf_add(&buf, &byte, 1));
        assert_int_equal(buf.len, i + 1);
        assert_int_equal(buf.data[i + 1], '\0');
    }
    assert_false(nq_buf_add(&buf, "!", 1));
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(buf.data[i], 'a' + i % 26);
    }
    nq_buf_done(&buf);
}

static void adds_nothing_when_it_does_not_fit(void **state)
{
    (void)state;
    struct nq_buf buf;
    nq_buf_init(&buf, 8);
    assert_true(nq_buf_add(&buf, "12345", 5));
    assert_false(nq_buf_add(&buf, "6789", 4));
    assert_string_equal(nq_buf_text(&buf), "12345");
    assert_false(nq_buf_addf(&buf, "%s", "6789"));
    assert_string_equal(nq_buf_text(&buf), "12345");
    assert_false(nq_buf_add(&buf, "x", SIZE_MAX)); /* no sum may wrap around */
    assert_string_equal(nq_buf_text(&buf), "12345");
    assert_true(nq_buf_add(&buf, "678", 3));
    assert_string_equal(nq_buf_text(&buf), "12345678");
    nq_buf_done(&buf);
}

static void keeps_bytes_of_every_value(void **state)
{
    (void)state;
    struct nq_buf buf;
    nq_buf_init(&buf, 10);
    assert_true(nq_buf_add(&buf, "a\0b", 3));
    assert_true(nq_buf_add(&buf, "\xFF", 1));
    assert_int_equal(buf.len, 4);
    assert_memory_equal(buf.data, "a\0b\xFF", 5);
    nq_buf_done(&buf);
}

static void formats_text_of_any_length(void **state)
{
    (void)state;
    struct nq_buf buf;
    nq_buf_init(&buf, 5000);
    assert_true(nq_buf_addf(&buf, "%d-%s", 7, "seven"));
    assert_string_equal(nq_buf_text(&buf), "7-seven");
    assert_true(nq_buf_addf(&buf, "%4000s", "."));
    assert_int_equal(buf.len, 4007);
    assert_true(nq_buf_addf(&buf, "%s", ""));
    assert_int_equal(buf.len, 4007);
    nq_buf_done(&buf);
}

static void taking_moves_the_text_out_and_leaves_it_usable(void **state)
{
    (void)state;
    struct nq_buf buf;
    nq_buf_init(&buf, 4);
    assert_true(nq_buf_add(&buf, "abcd", 4));
    char *first = nq_buf_take(&buf);
    assert_string_equal(first, "abcd");
    assert_int_equal(buf.len, 0);
    assert_string_equal(nq_buf_text(&buf), "");

    assert_true(nq_buf_add(&buf, "efgh", 4));
    assert_false(nq_buf_add(&buf, "i", 1)); /* the maximum stays */
    assert_string_equal(first, "abcd");
    char *second = nq_buf_take(&buf);
    assert_string_equal(second, "efgh");
    free(first);
    free(second);
    nq_buf_done(&buf);
}

static void taking_from_an_empty_buffer_gives_empty_text(void **state)
{
    (void)state;
    struct nq_buf buf;
    nq_buf_init(&buf, 4);
    char *text = nq_buf_take(&buf);
    assert_non_null(text);
    assert_string_equal(text, "");
    free(text);
    nq_buf_done(&buf);
}

static void clearing_empties_it_and_keeps_room_and_maximum(void **state)
{
    (void)state;
    struct nq_buf buf;
    nq_buf_init(&buf, 6);
    nq_buf_clear(&buf);
    assert_string_equal(nq_buf_text(&buf), "");
    assert_true(nq_buf_add(&buf, "abcdef", 6));
    const size_t room = buf.room;
    nq_buf_clear(&buf);
    assert_string_equal(nq_buf_text(&buf), "");
    assert_int_equal(buf.len, 0);
    assert_int_equal(buf.room, room);
    assert_true(nq_buf_add(&buf, "ghijkl", 6));
    assert_false(nq_buf_add(&buf, "m", 1));
    assert_string_equal(nq_buf_text(&buf), "ghijkl");
    nq_buf_done(&buf);
}

static void freeing_twice_does_nothing(void **state)
{
    (void)state;
    struct nq_buf buf;
    nq_buf_init(&buf, 6);
    assert_true(nq_buf_add(&buf, "abc", 3));
    nq_buf_done(&buf);
    nq_buf_done(&buf);
    assert_string_equal(nq_buf_text(&buf), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_empty_text_before_anything_is_added),
        cmocka_unit_test(honours_its_maximum_exactly_for_every_size),
        cmocka_unit_test(reaches_its_maximum_byte_by_byte),
        cmocka_unit_test(adds_nothing_when_it_does_not_fit),
        cmocka_unit_test(keeps_bytes_of_every_value),
        cmocka_unit_test(formats_text_of_any_length),
        cmocka_unit_test(taking_moves_the_text_out_and_leaves_it_usable),
        cmocka_unit_test(taking_from_an_empty_buffer_gives_empty_text),
        cmocka_unit_test(clearing_empties_it_and_keeps_room_and_maximum),
        cmocka_unit_test(freeing_twice_does_nothing),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
