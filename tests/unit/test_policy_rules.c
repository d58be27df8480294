/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules cut a group off, which do not, and what an operator is told then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nsx/policy/rules.h"

#define MINE       0
#define OTHER      70 /* beyond the first word of a set */
#define RULES_MAX  8
#define GROUP_PATH "/g/mine"

static struct nq_security_policy policies[4];
static struct nq_rule rules[4][RULES_MAX];
static char ids[4][RULES_MAX][16];
static struct nq_cut cut;

/* What a test changes about a rule that would drop everything from or to the group. */
static const struct nq_rule_end any = {.any = true};

static struct nq_rule_end end_of(size_t group)
{
    struct nq_rule_end end = {0};
    nq_group_set_add(&end.groups, group);
    return end;
}

static struct nq_rule_end all_but(size_t group)
{
    struct nq_rule_end end = end_of(group);
    end.excluded = true;
    return end;
}

static struct nq_security_policy *policy(size_t index, enum nq_dfw_category category)
{
    static char names[][4] = {"p0", "p1", "p2", "p3"};
    policies[index] = (struct nq_security_policy){
        .id = names[index],
        .path = names[index],
        .category = category,
        .enabled = true,
        .scope = any,
        .rules = rules[index],
    };
    return &policies[index];
}

static struct nq_rule *rule(size_t index, enum nq_rule_action action,
                            struct nq_rule_end source, struct nq_rule_end destination)
{
    const size_t at = policies[index].rule_count++;
    (void)snprintf(ids[index][at], sizeof(ids[index][at]), "r%zu", at);
    rules[index][at] = (struct nq_rule){
        .id = ids[index][at],
        .path = ids[index][at],
        .action = action,
        .direction = NQ_RULE_IN_OUT,
        .families = NQ_FAMILY_IPV4 | NQ_FAMILY_IPV6,
        .enabled = true,
        .all_traffic = true,
        .source = source,
        .destination = destination,
        .scope = any,
    };
    return &rules[index][at];
}

/* The usual design: one rule for each direction, in one policy. */
static void usual(void)
{
    (void)policy(0, NQ_CATEGORY_EMERGENCY);
    (void)rule(0, NQ_RULE_DROP, end_of(MINE), any);
    (void)rule(0, NQ_RULE_REJECT, any, end_of(MINE));
}

static void expect(size_t count, const char *why)
{
    nq_rules_judge(policies, count, MINE, GROUP_PATH, &cut);
    assert_string_equal(cut.why, why);
    assert_int_equal(cut.holds, *why == '\0');
}

static void two_rules_that_drop_both_directions_cut_off(void **state)
{
    (void)state;
    usual();
    expect(1, "");
    assert_int_equal(cut.rule_count, 2);
    assert_ptr_equal(cut.rules[0].policy, &policies[0]);
    assert_ptr_equal(cut.rules[1].rule, &rules[0][1]);
}

static void rules_for_in_and_out_in_two_policies_add_up(void **state)
{
    (void)state;
    (void)policy(0, NQ_CATEGORY_EMERGENCY);
    rule(0, NQ_RULE_DROP, end_of(MINE), any)->direction = NQ_RULE_OUT;
    expect(1, "make a rule that drops the incoming traffic of the group " GROUP_PATH);
    (void)policy(1, NQ_CATEGORY_APPLICATION);
    rule(1, NQ_RULE_DROP, any, end_of(MINE))->direction = NQ_RULE_IN;
    expect(2, "");
    rules[1][0].direction = NQ_RULE_OUT;
    expect(2, "make a rule that drops the incoming traffic of the group " GROUP_PATH);
}

static void a_rule_applied_to_the_group_cuts_off_alone(void **state)
{
    (void)state;
    (void)policy(0, NQ_CATEGORY_INFRASTRUCTURE);
    rule(0, NQ_RULE_DROP, any, any)->scope = end_of(MINE);
    expect(1, "");
    rules[0][0].scope = any;
    policies[0].scope = end_of(MINE);
    expect(1, "");
    policies[0].scope = any; /* a last rule for everybody is no quarantine */
    expect(1, "make a rule that drops all traffic of the group " GROUP_PATH);
}

static void rules_that_allow_are_no_quarantine(void **state)
{
    (void)state;
    (void)policy(0, NQ_CATEGORY_EMERGENCY);
    (void)rule(0, NQ_RULE_ALLOW, end_of(MINE), any);
    (void)rule(0, NQ_RULE_ALLOW, any, end_of(MINE));
    expect(1, "make a rule that drops all traffic of the group " GROUP_PATH);
}

static void exceptions_in_the_rule_itself_are_by_design(void **state)
{
    (void)state;
    (void)policy(0, NQ_CATEGORY_EMERGENCY);
    (void)rule(0, NQ_RULE_DROP, end_of(MINE), all_but(OTHER));
    (void)rule(0, NQ_RULE_DROP, all_but(OTHER), end_of(MINE));
    expect(1, "");
    rules[0][0].destination = all_but(MINE); /* they may talk to each other */
    expect(1, "make a rule that drops the outgoing traffic of the group " GROUP_PATH);
}

static void both_families_must_be_dropped(void **state)
{
    (void)state;
    usual();
    rules[0][0].families = rules[0][1].families = NQ_FAMILY_IPV4;
    expect(1, "make a rule that drops the IPv6 traffic of the group " GROUP_PATH);
    rules[0][0].families = rules[0][1].families = NQ_FAMILY_IPV6;
    expect(1, "make a rule that drops the IPv4 traffic of the group " GROUP_PATH);
    rules[0][0].families = rules[0][1].families = 0;
    expect(1, "make a rule that drops all traffic of the group " GROUP_PATH);
}

static void a_rule_that_does_not_act_is_named(void **state)
{
    (void)state;
    static char scheduler[] = "/s";
    usual();
    rules[0][1].enabled = false;
    expect(1, "enable the rule p0/r1");
    usual();
    policies[0].enabled = false;
    expect(1, "enable the security policy p0");
    usual();
    policies[0].category = NQ_CATEGORY_ETHERNET;
    expect(1, "move the rule p0/r0 out of the category Ethernet");
    usual();
    rules[0][0].scope = end_of(OTHER);
    expect(1, "apply the rule p0/r0 to the group " GROUP_PATH " or to ANY");
    usual();
    rules[0][0].all_traffic = false;
    expect(1, "let the rule p0/r0 drop all services");
    usual();
    policies[0].scheduler_path = scheduler;
    policies[0].window = NQ_WINDOW_CLOSED;
    expect(1, "the security policy p0 acts in a time window that is closed now");
    policies[0].window = NQ_WINDOW_UNKNOWN;
    expect(1, "take the scheduler off the security policy p0: whether its time window is "
              "open cannot be judged");
    policies[0].window = NQ_WINDOW_OPEN;
    expect(1, "");
}

static void the_scope_of_a_policy_takes_the_place_of_that_of_its_rules(void **state)
{
    (void)state;
    usual();
    rules[0][0].scope = rules[0][1].scope = end_of(MINE);
    policies[0].scope = end_of(OTHER);
    expect(1, "apply the rule p0/r0 to the group " GROUP_PATH " or to ANY");
    rules[0][0].scope = rules[0][1].scope = end_of(OTHER);
    policies[0].scope = end_of(MINE);
    expect(1, "");
}

static void a_rule_that_lets_all_pass_before_is_named(void **state)
{
    (void)state;
    static const char why[] =
        "move the rule p0/r0, which allows all traffic of the group " GROUP_PATH
        ", behind the rules that drop it";
    const struct nq_rule_end mine = end_of(MINE);
    const struct nq_rule_end ends[][2] = {
        {any, any}, {mine, any}, {any, mine}, {mine, mine}, {all_but(OTHER), any}};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        (void)policy(0, NQ_CATEGORY_EMERGENCY);
        (void)rule(0, NQ_RULE_ALLOW, ends[i][0], ends[i][1]);
        (void)rule(0, NQ_RULE_DROP, mine, any);
        (void)rule(0, NQ_RULE_DROP, any, mine);
        expect(1, why);
    }
}

static void what_lets_only_some_pass_before_is_by_design(void **state)
{
    (void)state;
    const struct nq_rule_end mine = end_of(MINE);
    (void)policy(0, NQ_CATEGORY_ETHERNET); /* a table of its own */
    (void)rule(0, NQ_RULE_ALLOW, any, any);
    (void)policy(1, NQ_CATEGORY_EMERGENCY);
    (void)rule(1, NQ_RULE_ALLOW, mine, end_of(OTHER));
    rule(1, NQ_RULE_ALLOW, any, any)->all_traffic = false;
    rule(1, NQ_RULE_ALLOW, any, any)->enabled = false;
    rule(1, NQ_RULE_ALLOW, any, any)->scope = end_of(OTHER);
    (void)rule(1, NQ_RULE_DROP, mine, any);
    (void)rule(1, NQ_RULE_DROP, any, mine);
    (void)policy(2, NQ_CATEGORY_APPLICATION);
    (void)rule(2, NQ_RULE_ALLOW, any, any);
    expect(3, "");
}

static void a_window_that_cannot_be_judged_may_let_pass(void **state)
{
    (void)state;
    static char scheduler[] = "/s";
    (void)policy(0, NQ_CATEGORY_EMERGENCY);
    policies[0].scheduler_path = scheduler;
    (void)rule(0, NQ_RULE_ALLOW, any, any);
    (void)policy(1, NQ_CATEGORY_EMERGENCY);
    (void)rule(1, NQ_RULE_DROP, end_of(MINE), any);
    (void)rule(1, NQ_RULE_DROP, any, end_of(MINE));
    policies[0].window = NQ_WINDOW_CLOSED;
    expect(2, "");
    policies[0].window = NQ_WINDOW_UNKNOWN;
    expect(2, "move the rule p0/r0, which allows all traffic of the group " GROUP_PATH
              ", behind the rules that drop it");
}

static void a_jump_skips_the_rest_of_its_category_only(void **state)
{
    (void)state;
    (void)policy(0, NQ_CATEGORY_ENVIRONMENT);
    (void)rule(0, NQ_RULE_JUMP, any, any);
    (void)rule(0, NQ_RULE_DROP, end_of(MINE), any);
    (void)rule(0, NQ_RULE_DROP, any, end_of(MINE));
    expect(1, "make a rule that drops all traffic of the group " GROUP_PATH);
    policies[0].rules[0].enabled = false;
    expect(1, "");
    policies[0].rules[0].enabled = true;
    (void)policy(1, NQ_CATEGORY_APPLICATION);
    (void)rule(1, NQ_RULE_DROP, end_of(MINE), any);
    (void)rule(1, NQ_RULE_DROP, any, end_of(MINE));
    expect(2, "");
}

static void rules_of_other_groups_do_not_count(void **state)
{
    (void)state;
    (void)policy(0, NQ_CATEGORY_EMERGENCY);
    (void)rule(0, NQ_RULE_DROP, end_of(OTHER), any);
    (void)rule(0, NQ_RULE_DROP, any, end_of(OTHER));
    (void)rule(0, NQ_RULE_DROP, end_of(MINE), end_of(OTHER));
    expect(1, "make a rule that drops all traffic of the group " GROUP_PATH);
    expect(0, "make a rule that drops all traffic of the group " GROUP_PATH);
}

static void policies_and_rules_stand_in_the_order_of_evaluation(void **state)
{
    (void)state;
    (void)policy(0, NQ_CATEGORY_APPLICATION);
    (void)policy(1, NQ_CATEGORY_EMERGENCY);
    policies[1].sequence = 20;
    (void)policy(2, NQ_CATEGORY_EMERGENCY);
    policies[2].sequence = 10;
    (void)policy(3, NQ_CATEGORY_ETHERNET);
    policies[3].sequence = UINT32_MAX;
    qsort(policies, 4, sizeof(policies[0]), nq_security_policy_order);
    char order[16] = "";
    for (size_t i = 0; i < 4; i++) {
        (void)strncat(order, policies[i].id, 2);
    }
    assert_string_equal(order, "p3p2p1p0");

    usual();
    rule(0, NQ_RULE_ALLOW, any, any)->sequence = 0; /* one number for all three */
    qsort(rules[0], 3, sizeof(rules[0][0]), nq_rule_order);
    assert_int_equal(rules[0][0].action, NQ_RULE_ALLOW);
}

static void rules_that_cannot_make_a_difference_need_not_be_kept(void **state)
{
    (void)state;
    struct nq_security_policy *of = policy(0, NQ_CATEGORY_EMERGENCY);
    const struct nq_rule_end nothing = {0};
    assert_true(nq_rule_matters(of, rule(0, NQ_RULE_DROP, end_of(OTHER), nothing)));
    assert_true(nq_rule_matters(of, rule(0, NQ_RULE_DROP, nothing, end_of(OTHER))));
    assert_true(nq_rule_matters(of, rule(0, NQ_RULE_ALLOW, any, any)));
    assert_true(nq_rule_matters(of, rule(0, NQ_RULE_JUMP, any, any)));
    assert_false(nq_rule_matters(of, rule(0, NQ_RULE_DROP, any, any)));
    assert_false(nq_rule_matters(of, rule(0, NQ_RULE_ALLOW, nothing, any)));
    struct nq_rule *narrow = rule(0, NQ_RULE_ALLOW, any, any);
    narrow->all_traffic = false;
    assert_false(nq_rule_matters(of, narrow));
    of->scope = end_of(OTHER);
    assert_true(nq_rule_matters(of, narrow));
    assert_true(nq_rule_names(of, narrow, OTHER));
    assert_false(nq_rule_names(of, narrow, MINE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_rules_that_drop_both_directions_cut_off),
        cmocka_unit_test(rules_for_in_and_out_in_two_policies_add_up),
        cmocka_unit_test(a_rule_applied_to_the_group_cuts_off_alone),
        cmocka_unit_test(rules_that_allow_are_no_quarantine),
        cmocka_unit_test(exceptions_in_the_rule_itself_are_by_design),
        cmocka_unit_test(both_families_must_be_dropped),
        cmocka_unit_test(a_rule_that_does_not_act_is_named),
        cmocka_unit_test(the_scope_of_a_policy_takes_the_place_of_that_of_its_rules),
        cmocka_unit_test(a_rule_that_lets_all_pass_before_is_named),
        cmocka_unit_test(what_lets_only_some_pass_before_is_by_design),
        cmocka_unit_test(a_window_that_cannot_be_judged_may_let_pass),
        cmocka_unit_test(a_jump_skips_the_rest_of_its_category_only),
        cmocka_unit_test(rules_of_other_groups_do_not_count),
        cmocka_unit_test(policies_and_rules_stand_in_the_order_of_evaluation),
        cmocka_unit_test(rules_that_cannot_make_a_difference_need_not_be_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
