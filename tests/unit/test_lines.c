/* SPDX-License-Identifier: Apache-2.0 */
/* Lines by name: one at a time has its turn, in the order in which they came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nsx/lines.h"

static void turns_come_in_order_and_lines_do_not_meet(void **state)
{
    (void)state;
    struct nq_lines lines = {0};
    struct nq_place a[3] = {0};
    struct nq_place b = {0};
    assert_null(nq_lines_any(&lines));
    assert_true(nq_lines_enter(&lines, "a", &a[0]));
    assert_false(nq_lines_enter(&lines, "a", &a[1]));
    assert_true(nq_lines_enter(&lines, "b", &b));
    assert_false(nq_lines_enter(&lines, "a", &a[2]));
    assert_string_equal(nq_place_name(&a[2]), "a");
    assert_ptr_equal(nq_lines_leave(&lines, &a[0]), &a[1]);
    assert_null(nq_lines_leave(&lines, &b));
    assert_ptr_equal(nq_lines_leave(&lines, &a[1]), &a[2]);
    assert_null(nq_lines_leave(&lines, &a[2]));
    assert_null(nq_lines_any(&lines));
}

static void who_leaves_out_of_turn_gives_nobody_the_turn(void **state)
{
    (void)state;
    struct nq_lines lines = {0};
    struct nq_place a[3] = {0};
    assert_true(nq_lines_enter(&lines, "a", &a[0]));
    assert_false(nq_lines_enter(&lines, "a", &a[1]));
    assert_false(nq_lines_enter(&lines, "a", &a[2]));
    assert_null(nq_lines_leave(&lines, &a[1]));
    assert_ptr_equal(nq_lines_any(&lines), &a[0]);
    assert_ptr_equal(nq_lines_leave(&lines, &a[0]), &a[2]);
    assert_null(nq_lines_leave(&lines, &a[2]));
    assert_true(nq_lines_enter(&lines, "a", &a[1])); /* a new line of the old name */
    assert_null(nq_lines_leave(&lines, &a[1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_come_in_order_and_lines_do_not_meet),
        cmocka_unit_test(who_leaves_out_of_turn_gives_nobody_the_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
