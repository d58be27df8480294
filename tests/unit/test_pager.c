/* SPDX-License-Identifier: Apache-2.0 */
/* How lists end: by cursor, by count, by an empty page; and those that never would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "nsx/pager.h"

static struct nq_pager pager;
static uint32_t marks;

static bool step(size_t items, int64_t count, const char *cursor, bool *more)
{
    struct nq_page page = {.items = items, .result_count = count, .mark = ++marks};
    struct nq_err err;
    (void)snprintf(page.cursor, sizeof(page.cursor), "%s", cursor);
    return nq_pager_step(&pager, &page, more, &err);
}

static void expect_more(size_t items, int64_t count, const char *cursor, const char *next)
{
    bool more = false;
    assert_true(step(items, count, cursor, &more));
    assert_true(more);
    assert_string_equal(pager.cursor, next);
}

static void expect_end(size_t items, int64_t count, const char *cursor)
{
    bool more = true;
    assert_true(step(items, count, cursor, &more));
    assert_false(more);
}

static void follows_cursors_to_the_page_without_one(void **state)
{
    (void)state;
    nq_pager_init(&pager, true);
    assert_string_equal(pager.cursor, "");
    expect_more(1000, 2500, "0036a", "0036a");
    expect_more(1000, -1, "0036b", "0036b");
    expect_end(499, -1, ""); /* one VM vanished meanwhile */
}

static void counts_items_where_a_list_names_no_cursor(void **state)
{
    (void)state;
    nq_pager_init(&pager, true);
    expect_more(1000, -1, "", "1000");
    expect_more(1000, -1, "", "2000");
    expect_more(3, -1, "", "2003");
    expect_end(0, -1, "");
}

static void a_list_that_ends_before_its_count_is_not_complete(void **state)
{
    (void)state;
    struct nq_err err;
    nq_pager_init(&pager, true);
    expect_more(1000, 1500, "0036a", "0036a");
    expect_end(499, -1, "");
    assert_false(nq_pager_complete(&pager, &err));
    assert_int_equal(err.code, NQ_NSX_ANSWER);
    nq_pager_init(&pager, true);
    expect_more(1000, 1500, "0036a", "0036a");
    expect_end(500, -1, "");
    assert_true(nq_pager_complete(&pager, &err));
    nq_pager_init(&pager, false);
    expect_end(3, -1, ""); /* it announced none */
    assert_true(nq_pager_complete(&pager, &err));
}

static void stops_at_the_count_whatever_the_cursor_says(void **state)
{
    (void)state;
    nq_pager_init(&pager, true);
    expect_more(1000, 1001, "", "1000");
    expect_end(1, -1, "0000");
}

static void one_page_is_all_of_a_list_that_pages_as_documented(void **state)
{
    (void)state;
    nq_pager_init(&pager, false);
    expect_end(3, -1, "");
}

static void an_empty_list_ends_at_once(void **state)
{
    (void)state;
    nq_pager_init(&pager, true);
    expect_end(0, 0, "");
}

static void a_cursor_that_begins_with_four_zeros_marks_the_end(void **state)
{
    (void)state;
    nq_pager_init(&pager, true);
    expect_more(1000, -1, "00361", "00361");
    expect_end(1000, -1, "0000");
    nq_pager_init(&pager, false);
    expect_end(3, -1, "00001");
}

static void refuses_a_page_that_names_itself_next(void **state)
{
    (void)state;
    bool more = false;
    nq_pager_init(&pager, true);
    expect_more(10, -1, "a", "a");
    assert_false(step(10, -1, "a", &more));
    assert_false(more);
}

static void refuses_a_server_that_ignores_the_cursor(void **state)
{
    (void)state;
    bool more = false;
    nq_pager_init(&pager, true);
    expect_more(1000, 1500, "", "1000");
    marks--; /* the same items again; their number alone would look complete */
    assert_false(step(1000, 1500, "", &more));
}

static void refuses_a_list_without_end(void **state)
{
    (void)state;
    bool more = false;
    nq_pager_init(&pager, true);
    for (size_t i = 1; i < NQ_PAGES_MAX; i++) {
        assert_true(step(1, -1, "", &more));
    }
    assert_false(step(1, -1, "", &more));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_cursors_to_the_page_without_one),
        cmocka_unit_test(counts_items_where_a_list_names_no_cursor),
        cmocka_unit_test(a_list_that_ends_before_its_count_is_not_complete),
        cmocka_unit_test(stops_at_the_count_whatever_the_cursor_says),
        cmocka_unit_test(one_page_is_all_of_a_list_that_pages_as_documented),
        cmocka_unit_test(an_empty_list_ends_at_once),
        cmocka_unit_test(a_cursor_that_begins_with_four_zeros_marks_the_end),
        cmocka_unit_test(refuses_a_page_that_names_itself_next),
        cmocka_unit_test(refuses_a_server_that_ignores_the_cursor),
        cmocka_unit_test(refuses_a_list_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
