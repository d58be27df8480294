/* SPDX-License-Identifier: Apache-2.0 */
/* test_resolve.c: which VM a trap means, and when that is not certain enough. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "quarantine/resolve.h"

/* ---- splitting ---------------------------------------------------------------------- */

/* whole, first and second end with the first NULL. */
static void assert_hints(const char *text, const char *whole, const char *first,
                         const char *second)
{
    struct nq_identity identity;
    memset(&identity, 0x5A, sizeof(identity));
    nq_resolve_split(text, &identity);
    const char *const expected[NQ_HINTS_MAX] = {whole, first, second};
    size_t count = 0;
    while (count < NQ_HINTS_MAX && expected[count]) {
        assert_true(count < identity.query.hint_count);
        assert_string_equal(identity.query.hints[count], expected[count]);
        count++;
    }
    assert_int_equal(identity.query.hint_count, count);
}

static void assert_one_hint(const char *text, const char *whole)
{
    assert_hints(text, whole, NULL, NULL);
}

static void one_name_is_one_hint(void **state)
{
    (void)state;
    assert_one_hint("VDI-01", "VDI-01");
    assert_one_hint("10.0.0.5", "10.0.0.5");
    assert_one_hint("5031c3a2-0000-4000-8000-0123456789ab",
                    "5031c3a2-0000-4000-8000-0123456789ab");
    assert_one_hint("name with blanks", "name with blanks");
}

static void a_name_and_another_in_parentheses_are_two_more_hints(void **state)
{
    (void)state;
    assert_hints("VDI-01 (vdi-01.example.org)", "VDI-01 (vdi-01.example.org)", "VDI-01",
                 "vdi-01.example.org");
    assert_hints("10.0.0.5 (VDI-01)", "10.0.0.5 (VDI-01)", "10.0.0.5", "VDI-01");
    assert_hints("VDI-01(10.0.0.5)", "VDI-01(10.0.0.5)", "VDI-01", "10.0.0.5");
    assert_hints("VDI-01 (fe80::1)", "VDI-01 (fe80::1)", "VDI-01", "fe80::1");
}

static void blanks_at_any_end_do_not_count(void **state)
{
    (void)state;
    assert_one_hint("  VDI-01\t", "VDI-01");
    assert_hints("VDI-01 (other)  \n", "VDI-01 (other)", "VDI-01", "other");
    assert_hints(" VDI-01   (  other  ) ", "VDI-01   (  other  )", "VDI-01", "other");
}

static void only_the_last_parentheses_hold_the_other_name(void **state)
{
    (void)state;
    assert_hints("VDI-01 (2) (vdi-01.example.org)", "VDI-01 (2) (vdi-01.example.org)",
                 "VDI-01 (2)", "vdi-01.example.org");
}

static void empty_parentheses_hold_no_other_name(void **state)
{
    (void)state;
    assert_hints("VDI-01 ()", "VDI-01 ()", "VDI-01", NULL);
    assert_hints("VDI-01 (  )", "VDI-01 (  )", "VDI-01", NULL);
}

static void text_in_parentheses_alone_is_a_name_as_it_stands(void **state)
{
    (void)state;
    assert_one_hint("(VDI-01)", "(VDI-01)");
    assert_one_hint("()", "()");
}

static void parentheses_that_do_not_close_at_the_end_are_part_of_the_name(void **state)
{
    (void)state;
    assert_one_hint("VDI (old) 01", "VDI (old) 01");
    assert_one_hint("VDI-01 (other", "VDI-01 (other");
    assert_one_hint("VDI-01)", "VDI-01)");
    assert_one_hint(")", ")");
    assert_one_hint("(", "(");
}

static void no_text_gives_no_hint(void **state)
{
    (void)state;
    assert_one_hint(NULL, NULL);
    assert_one_hint("", NULL);
    assert_one_hint(" \t ", NULL);
}

static void a_text_of_the_longest_length_is_not_cut(void **state)
{
    (void)state;
    char text[NQ_TEXT_MAX + 2];
    memset(text, 'x', sizeof(text));
    text[NQ_TEXT_MAX] = '\0';
    assert_one_hint(text, text);

    text[NQ_TEXT_MAX] = 'x'; /* one more: cut, not written behind the end */
    text[NQ_TEXT_MAX + 1] = '\0';
    struct nq_identity identity;
    nq_resolve_split(text, &identity);
    assert_int_equal(identity.query.hint_count, 1);
    assert_int_equal(strlen(identity.query.hints[0]), NQ_TEXT_MAX);
}

/* ---- judging ------------------------------------------------------------------------ */

#define WHOLE_HINT  1U
#define FIRST_HINT  2U
#define SECOND_HINT 4U
#define BOTH_HINTS  (FIRST_HINT | SECOND_HINT)
#define EVERY_HINT  (WHOLE_HINT | BOTH_HINTS)

static struct nq_vm vm(const char *id, unsigned matched, bool regular)
{
    return (struct nq_vm){.external_id = id,
                          .display_name = id,
                          .host_name = "",
                          .addresses = "",
                          .type = regular ? "REGULAR" : "EDGE",
                          .regular = regular,
                          .matched = matched};
}

/* expected: the id of the VM in question, NULL when there is not just one. */
static void assert_judged(const struct nq_vm *vms, size_t count, enum nq_case_event event,
                          const char *expected)
{
    static const struct nq_vm stale = {.external_id = "stale"};
    const struct nq_vm *found = &stale;
    assert_string_equal(nq_case_event_name(nq_resolve_judge(vms, count, &found)),
                        nq_case_event_name(event));
    if (expected) {
        assert_non_null(found);
        assert_string_equal(found->external_id, expected);
    } else {
        assert_null(found);
    }
}

static void no_candidate_is_unknown(void **state)
{
    (void)state;
    assert_judged(NULL, 0, NQ_EV_UNKNOWN, NULL);
    const struct nq_vm stray = vm("stray", 0, true);
    assert_judged(&stray, 1, NQ_EV_UNKNOWN, NULL);
}

static void the_only_candidate_is_found(void **state)
{
    (void)state;
    const struct nq_vm one[] = {vm("a", WHOLE_HINT, true)};
    assert_judged(one, 1, NQ_EV_FOUND, "a");
    const struct nq_vm strays[] = {vm("x", 0, true), vm("a", WHOLE_HINT, true),
                                   vm("y", 0, false)};
    assert_judged(strays, 3, NQ_EV_FOUND, "a");
}

static void several_candidates_of_one_hint_are_ambiguous(void **state)
{
    (void)state;
    static const unsigned hints[] = {WHOLE_HINT, FIRST_HINT, SECOND_HINT};
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        const struct nq_vm vms[] = {vm("a", hints[i], true), vm("b", hints[i], true),
                                    vm("c", hints[i], true)};
        assert_judged(vms, 2, NQ_EV_AMBIGUOUS, NULL);
        assert_judged(vms, 3, NQ_EV_AMBIGUOUS, NULL);
    }
}

static void the_whole_text_counts_before_its_parts(void **state)
{
    (void)state;
    /* "VDI-01 (2)": a clone, beside the VM that it was made from. */
    const struct nq_vm clone[] = {vm("VDI-01", FIRST_HINT, true),
                                  vm("VDI-01 (2)", WHOLE_HINT, true)};
    assert_judged(clone, 2, NQ_EV_FOUND, "VDI-01 (2)");
    const struct nq_vm agreed[] = {vm("a", BOTH_HINTS, true), vm("b", WHOLE_HINT, true)};
    assert_judged(agreed, 2, NQ_EV_FOUND, "b");
    const struct nq_vm edge[] = {vm("a", BOTH_HINTS, true), vm("b", WHOLE_HINT, false)};
    assert_judged(edge, 2, NQ_EV_PROTECTED, "b");
}

static void the_parts_do_not_single_out_one_of_several_with_the_whole_name(void **state)
{
    (void)state;
    const struct nq_vm vms[] = {vm("a", EVERY_HINT, true), vm("b", WHOLE_HINT, true)};
    assert_judged(vms, 2, NQ_EV_AMBIGUOUS, NULL);
}

static void two_hints_that_agree_on_one_vm_find_it(void **state)
{
    (void)state;
    const struct nq_vm vms[] = {vm("a", BOTH_HINTS, true)};
    assert_judged(vms, 1, NQ_EV_FOUND, "a");
}

static void the_second_hint_singles_out_one_of_several(void **state)
{
    (void)state;
    const struct nq_vm vms[] = {vm("a", FIRST_HINT, true), vm("b", BOTH_HINTS, true),
                                vm("c", FIRST_HINT, true)};
    assert_judged(vms, 3, NQ_EV_FOUND, "b");
}

static void two_hints_that_disagree_are_ambiguous(void **state)
{
    (void)state;
    const struct nq_vm vms[] = {vm("a", FIRST_HINT, true), vm("b", SECOND_HINT, true)};
    assert_judged(vms, 2, NQ_EV_AMBIGUOUS, NULL);
}

static void two_hints_that_agree_on_two_vms_are_ambiguous(void **state)
{
    (void)state;
    const struct nq_vm vms[] = {vm("a", BOTH_HINTS, true), vm("b", BOTH_HINTS, true)};
    assert_judged(vms, 2, NQ_EV_AMBIGUOUS, NULL);
}

static void a_hint_that_leads_nowhere_does_not_disturb_the_other(void **state)
{
    (void)state;
    const struct nq_vm first[] = {vm("a", FIRST_HINT, true)};
    assert_judged(first, 1, NQ_EV_FOUND, "a");
    const struct nq_vm second[] = {vm("a", SECOND_HINT, true)};
    assert_judged(second, 1, NQ_EV_FOUND, "a");
    const struct nq_vm several[] = {vm("a", SECOND_HINT, true),
                                    vm("b", SECOND_HINT, true)};
    assert_judged(several, 2, NQ_EV_AMBIGUOUS, NULL);
}

static void a_vm_that_is_not_regular_is_protected_and_named(void **state)
{
    (void)state;
    const struct nq_vm edge[] = {vm("edge", BOTH_HINTS, false)};
    assert_judged(edge, 1, NQ_EV_PROTECTED, "edge");
    const struct nq_vm chosen[] = {vm("a", FIRST_HINT, true),
                                   vm("edge", BOTH_HINTS, false)};
    assert_judged(chosen, 2, NQ_EV_PROTECTED, "edge");
}

static void a_regular_vm_beside_a_protected_one_is_still_ambiguous(void **state)
{
    (void)state;
    const struct nq_vm vms[] = {vm("a", FIRST_HINT, true), vm("edge", FIRST_HINT, false)};
    assert_judged(vms, 2, NQ_EV_AMBIGUOUS, NULL);
}

static void the_order_of_candidates_does_not_matter(void **state)
{
    (void)state;
    /* Every set of three candidates, each matched by any hints, regular or not. */
    for (unsigned code = 0; code < 16 * 16 * 16; code++) {
        struct nq_vm vms[3];
        for (unsigned i = 0; i < 3; i++) {
            const unsigned bits = code >> (4 * i) & 15U;
            static const char *const ids[] = {"a", "b", "c"};
            vms[i] = vm(ids[i], bits & EVERY_HINT, bits & 8U);
        }
        const struct nq_vm *found = NULL;
        const enum nq_case_event event = nq_resolve_judge(vms, 3, &found);
        const struct nq_vm turned[3] = {vms[2], vms[0], vms[1]};
        assert_judged(turned, 3, event, found ? found->external_id : NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_name_is_one_hint),
        cmocka_unit_test(a_name_and_another_in_parentheses_are_two_more_hints),
        cmocka_unit_test(blanks_at_any_end_do_not_count),
        cmocka_unit_test(only_the_last_parentheses_hold_the_other_name),
        cmocka_unit_test(empty_parentheses_hold_no_other_name),
        cmocka_unit_test(text_in_parentheses_alone_is_a_name_as_it_stands),
        cmocka_unit_test(parentheses_that_do_not_close_at_the_end_are_part_of_the_name),
        cmocka_unit_test(no_text_gives_no_hint),
        cmocka_unit_test(a_text_of_the_longest_length_is_not_cut),
        cmocka_unit_test(no_candidate_is_unknown),
        cmocka_unit_test(the_only_candidate_is_found),
        cmocka_unit_test(several_candidates_of_one_hint_are_ambiguous),
        cmocka_unit_test(the_whole_text_counts_before_its_parts),
        cmocka_unit_test(the_parts_do_not_single_out_one_of_several_with_the_whole_name),
        cmocka_unit_test(two_hints_that_agree_on_one_vm_find_it),
        cmocka_unit_test(the_second_hint_singles_out_one_of_several),
        cmocka_unit_test(two_hints_that_disagree_are_ambiguous),
        cmocka_unit_test(two_hints_that_agree_on_two_vms_are_ambiguous),
        cmocka_unit_test(a_hint_that_leads_nowhere_does_not_disturb_the_other),
        cmocka_unit_test(a_vm_that_is_not_regular_is_protected_and_named),
        cmocka_unit_test(a_regular_vm_beside_a_protected_one_is_still_ambiguous),
        cmocka_unit_test(the_order_of_candidates_does_not_matter),
    };
    return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
