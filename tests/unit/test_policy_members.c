/* SPDX-License-Identifier: Apache-2.0 */
/* A list of members, filled, looked into and filled again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "nsx/policy/members.h"

static struct nq_members members;

static int begin(void **state)
{
    (void)state;
    nq_members_init(&members, "/g");
    return 0;
}

static int end(void **state)
{
    (void)state;
    nq_members_done(&members);
    nq_members_done(&members); /* harmless */
    return 0;
}

static void members_are_sorted_and_there_once(void **state)
{
    (void)state;
    static const char *const texts[] = {"c", "a", "b", "a", "c"};
    assert_false(members.known);
    assert_false(nq_members_have(&members, "a"));
    nq_members_begin(&members, 7);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        nq_members_add(&members, texts[i]);
    }
    nq_members_end(&members);
    assert_true(members.known);
    assert_int_equal(members.read_ms, 7);
    assert_int_equal(members.count, 3);
    assert_string_equal(members.ids[0], "a");
    assert_string_equal(members.ids[2], "c");
    assert_true(nq_members_have(&members, "b"));
    assert_false(nq_members_have(&members, "d"));
    assert_string_equal(members.path, "/g");
}

static void a_list_that_is_begun_again_is_not_known(void **state)
{
    (void)state;
    nq_members_begin(&members, 1);
    nq_members_add(&members, "a");
    nq_members_end(&members);
    nq_members_begin(&members, 2);
    assert_false(members.known);
    nq_members_add(&members, "b");
    nq_members_end(&members);
    assert_false(nq_members_have(&members, "a"));
    assert_true(nq_members_have(&members, "b"));
}

static void what_does_not_fit_is_said(void **state)
{
    (void)state;
    char text[16];
    nq_members_begin(&members, 0);
    for (int i = 0; i < NQ_MEMBERS_MAX; i++) {
        (void)snprintf(text, sizeof(text), "%d", i);
        nq_members_add(&members, text);
    }
    assert_false(members.full);
    nq_members_add(&members, "x");
    assert_true(members.full);
    assert_int_equal(members.count, NQ_MEMBERS_MAX);
    nq_members_begin(&members, 0);
    assert_false(members.full);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(members_are_sorted_and_there_once),
        FRESH(a_list_that_is_begun_again_is_not_known),
        FRESH(what_does_not_fit_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
