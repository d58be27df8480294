/* SPDX-License-Identifier: Apache-2.0 */
/* Which rules of the distributed firewall of NSX for vSphere cut a group's members off, and
 * which definitions of a group mean our tag. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "nsx/vsphere/rules.h"

#define GROUP     "securitygroup-10"
#define OTHER     "securitygroup-11"
#define EVERYBODY "DISTRIBUTED_FIREWALL"
#define RULES_MAX 4

/* Lists as one word each: NULL is empty, "!" before it means excluded. */
struct sketch {
    enum nq_rule_action action;
    const char *from;
    const char *to;
    const char *applied;
    unsigned packets; /* 0: all */
    bool disabled;
    bool some_service;
};

static struct nq_vsphere_rule rules[RULES_MAX];
static struct nq_vsphere_object objects[RULES_MAX][3];
static char ids[RULES_MAX][2];
static char empty[1];

static void fill(struct nq_vsphere_objects *list, struct nq_vsphere_object *object,
                 const char *word)
{
    if (word) {
        list->excluded = *word == '!';
        *object = (struct nq_vsphere_object){
            .value = (char *)(uintptr_t)(list->excluded ? word + 1 : word),
            .type = empty,
            .valid = true,
        };
        list->list = object;
        list->count = 1;
    }
}

static struct nq_vsphere_verdict judge(const struct sketch *sketches, size_t count,
                                       bool has_address)
{
    const struct nq_vsphere_subject subject = {.group = GROUP,
                                               .vm = "vm-101",
                                               .cluster = "domain-c7",
                                               .has_address = has_address};
    struct nq_vsphere_verdict verdict;
    memset(rules, 0, sizeof(rules));
    assert_true(count <= RULES_MAX);
    for (size_t i = 0; i < count; i++) {
        ids[i][0] = (char)('1' + i);
        rules[i].id = ids[i];
        rules[i].name = empty;
        rules[i].section_id = empty;
        rules[i].action = sketches[i].action;
        rules[i].disabled = sketches[i].disabled;
        rules[i].any_service = !sketches[i].some_service;
        rules[i].packets = sketches[i].packets ? sketches[i].packets : NQ_PACKETS_ALL;
        fill(&rules[i].sources, &objects[i][0], sketches[i].from);
        fill(&rules[i].destinations, &objects[i][1], sketches[i].to);
        fill(&rules[i].applied_to, &objects[i][2], sketches[i].applied);
    }
    nq_vsphere_judge(rules, count, &subject, &verdict);
    return verdict;
}

#define JUDGE(has_address, ...)                                                          \
    judge((const struct sketch[]){__VA_ARGS__},                                          \
          sizeof((const struct sketch[]){__VA_ARGS__}) / sizeof(struct sketch),          \
          has_address)

static const struct sketch deny_all = {NQ_RULE_DROP, NULL, NULL, GROUP, 0, false, false};

static void one_rule_applied_to_the_group_closes_everything(void **state)
{
    (void)state;
    const struct nq_vsphere_verdict verdict = JUDGE(false, deny_all);
    assert_int_equal(verdict.closed, NQ_PACKETS_ALL);
    assert_true(verdict.by_filter);
    assert_false(verdict.by_address);
    assert_ptr_equal(verdict.named, &rules[0]);
    assert_null(verdict.allowed);
}

static void two_rules_close_one_direction_each(void **state)
{
    (void)state;
    const struct sketch in = {NQ_RULE_DROP, NULL, NULL, GROUP, NQ_PACKETS_IN, 0, 0};
    const struct sketch out = {NQ_RULE_REJECT, NULL, NULL, GROUP, NQ_PACKETS_OUT, 0, 0};
    assert_int_equal(JUDGE(false, in).closed, NQ_PACKETS_IN);
    assert_int_equal(JUDGE(false, in, out).closed, NQ_PACKETS_ALL);
}

static void a_rule_for_ipv4_leaves_ipv6_open(void **state)
{
    (void)state;
    const struct sketch v4 = {NQ_RULE_DROP, NULL, NULL, GROUP, NQ_PACKETS_V4, 0, 0};
    const struct sketch v6 = {NQ_RULE_DROP, NULL, NULL, GROUP, NQ_PACKETS_V6, 0, 0};
    assert_int_equal(JUDGE(true, v4).closed, NQ_PACKETS_V4);
    assert_int_equal(JUDGE(true, v4, v6).closed, NQ_PACKETS_ALL);
}

static void a_rule_by_source_or_destination_needs_an_address(void **state)
{
    (void)state;
    const struct sketch out = {NQ_RULE_DROP, GROUP, NULL, EVERYBODY, 0, 0, 0};
    const struct sketch in = {NQ_RULE_DROP, NULL, GROUP, EVERYBODY, 0, 0, 0};
    const struct nq_vsphere_verdict known = JUDGE(true, out, in);
    assert_int_equal(known.closed, NQ_PACKETS_ALL);
    assert_true(known.by_address);
    assert_false(known.by_filter);
    assert_int_equal(JUDGE(true, out).closed, NQ_PACKETS_OUT);
    assert_int_equal(JUDGE(true, in).closed, NQ_PACKETS_IN);
    assert_int_equal(JUDGE(false, out, in).closed, 0);
}

static void a_rule_between_members_closes_nothing_else(void **state)
{
    (void)state;
    const struct sketch inside = {NQ_RULE_DROP, GROUP, GROUP, EVERYBODY, 0, 0, 0};
    const struct sketch partial = {NQ_RULE_DROP, GROUP, OTHER, GROUP, 0, 0, 0};
    assert_int_equal(JUDGE(true, inside).closed, 0);
    assert_int_equal(JUDGE(true, partial).closed, 0);
}

static void a_disabled_rule_or_one_for_some_services_closes_nothing(void **state)
{
    (void)state;
    const struct sketch disabled = {NQ_RULE_DROP, NULL, NULL, GROUP, 0, true, false};
    const struct sketch smb = {NQ_RULE_DROP, NULL, NULL, GROUP, 0, false, true};
    assert_int_equal(JUDGE(true, disabled).closed, 0);
    assert_null(JUDGE(true, disabled).named);
    assert_int_equal(JUDGE(true, smb).closed, 0);
    assert_non_null(JUDGE(true, smb).named);
}

static void all_but_the_group_is_not_the_group(void **state)
{
    (void)state;
    const struct sketch others = {NQ_RULE_DROP, "!" GROUP, NULL, EVERYBODY, 0, 0, 0};
    const struct sketch spared = {NQ_RULE_DROP, NULL, "!" OTHER, GROUP, 0, 0, 0};
    assert_int_equal(JUDGE(true, others).closed, 0);
    assert_null(JUDGE(true, others).named);
    assert_int_equal(JUDGE(true, spared).closed, 0);
}

static void a_rule_that_is_not_applied_to_the_vm_does_nothing(void **state)
{
    (void)state;
    const struct sketch elsewhere = {NQ_RULE_DROP, GROUP, NULL, OTHER, 0, 0, 0};
    const struct sketch nowhere = {NQ_RULE_DROP, GROUP, NULL, NULL, 0, 0, 0};
    const struct sketch cluster = {NQ_RULE_DROP, GROUP, NULL, "domain-c7", 0, 0, 0};
    assert_int_equal(JUDGE(true, elsewhere).closed, 0);
    assert_int_equal(JUDGE(true, nowhere).closed, 0);
    assert_int_equal(JUDGE(true, cluster).closed, NQ_PACKETS_OUT);
}

static void the_first_rule_that_matches_decides(void **state)
{
    (void)state;
    const struct sketch allow = {NQ_RULE_ALLOW, NULL, NULL, EVERYBODY, 0, 0, 0};
    const struct sketch allow_in = {NQ_RULE_ALLOW, NULL, GROUP, EVERYBODY, 0, 0, 0};
    const struct nq_vsphere_verdict before = JUDGE(true, allow, deny_all);
    assert_int_equal(before.closed, 0);
    assert_ptr_equal(before.allowed, &rules[0]);
    assert_int_equal(JUDGE(true, allow_in, deny_all).closed, NQ_PACKETS_OUT);
    assert_ptr_equal(JUDGE(true, allow_in, deny_all).allowed, &rules[0]);
    assert_null(JUDGE(true, allow).allowed); /* nothing would have dropped it */
    const struct nq_vsphere_verdict after = JUDGE(true, deny_all, allow);
    assert_int_equal(after.closed, NQ_PACKETS_ALL);
    assert_null(after.allowed);
}

static void an_allow_that_is_not_certain_is_passed_over(void **state)
{
    (void)state;
    const struct sketch manage = {NQ_RULE_ALLOW, GROUP, OTHER, EVERYBODY, 0, 0, 0};
    const struct sketch dns = {NQ_RULE_ALLOW, NULL, NULL, GROUP, 0, false, true};
    const struct sketch off = {NQ_RULE_ALLOW, NULL, NULL, GROUP, 0, true, false};
    const struct sketch foreign = {NQ_RULE_ALLOW, NULL, NULL, OTHER, 0, 0, 0};
    assert_int_equal(JUDGE(true, manage, dns, off, deny_all).closed, NQ_PACKETS_ALL);
    assert_int_equal(JUDGE(true, foreign, deny_all).closed, NQ_PACKETS_ALL);
}

static void a_drop_that_does_not_name_the_group_is_no_quarantine(void **state)
{
    (void)state;
    const struct sketch default_drop = {NQ_RULE_DROP, NULL, NULL, EVERYBODY, 0, 0, 0};
    const struct sketch allow = {NQ_RULE_ALLOW, NULL, NULL, EVERYBODY, 0, 0, 0};
    assert_int_equal(JUDGE(true, default_drop).closed, 0);
    assert_null(JUDGE(true, default_drop).named);
    /* But what it drops no later rule allows. */
    assert_int_equal(JUDGE(true, default_drop, allow, deny_all).closed, NQ_PACKETS_ALL);
}

static void an_unknown_action_decides_nothing(void **state)
{
    (void)state;
    const struct sketch strange = {0, NULL, NULL, GROUP, 0, false, false};
    assert_int_equal(JUDGE(true, strange).closed, 0);
    assert_int_equal(JUDGE(true, strange, deny_all).closed, NQ_PACKETS_ALL);
}

static void an_object_that_was_deleted_names_nothing(void **state)
{
    (void)state;
    (void)JUDGE(true, deny_all);
    assert_true(nq_vsphere_rule_names(&rules[0], GROUP));
    assert_true(nq_vsphere_rule_cuts_off(&rules[0], GROUP));
    objects[0][2].valid = false;
    assert_false(nq_vsphere_rule_names(&rules[0], GROUP));
    assert_false(nq_vsphere_rule_cuts_off(&rules[0], GROUP));
}

static void a_copy_is_independent(void **state)
{
    (void)state;
    struct nq_vsphere_rule copy;
    (void)JUDGE(true, deny_all);
    nq_vsphere_rule_copy(&rules[0], &copy);
    memset(rules, 0, sizeof(rules));
    memset(objects, 0, sizeof(objects));
    assert_string_equal(copy.applied_to.list[0].value, GROUP);
    assert_string_equal(copy.id, "1");
    assert_true(nq_vsphere_rule_matters(&copy));
    nq_vsphere_rule_done(&copy);
}

/* ---- definitions ------------------------------------------------------------------- */

static enum nq_vsphere_mention mention(enum nq_vsphere_part_kind kind, const char *key,
                                       const char *criteria, const char *value)
{
    const struct nq_vsphere_part part = {kind, key, criteria, value};
    return nq_vsphere_mention(NQ_MENTION_NONE, &part, "securitytag-12",
                              "ANTI_VIRUS.VirusFound.threat=high");
}

static void three_forms_of_a_definition_mean_our_tag(void **state)
{
    (void)state;
    static const char tag[] = "VM.SECURITY_TAG";
    assert_int_equal(mention(NQ_PART_MEMBER, "", "", "securitytag-12"), NQ_MENTION_YES);
    assert_int_equal(mention(NQ_PART_CRITERION, "ENTITY", "belongs_to", "securitytag-12"),
                     NQ_MENTION_YES);
    assert_int_equal(
        mention(NQ_PART_CRITERION, tag, "=", "ANTI_VIRUS.VirusFound.threat=high"),
        NQ_MENTION_YES);
    assert_int_equal(mention(NQ_PART_CRITERION, tag, "contains", "VirusFound"),
                     NQ_MENTION_YES);
    assert_int_equal(mention(NQ_PART_CRITERION, tag, "starts_with", "ANTI_VIRUS"),
                     NQ_MENTION_YES);
    assert_int_equal(mention(NQ_PART_CRITERION, tag, "ends_with", "high"),
                     NQ_MENTION_YES);
    assert_int_equal(mention(NQ_PART_CRITERION, tag, "similar_to", "ANTI.*"),
                     NQ_MENTION_PERHAPS);
}

static void other_tags_and_keys_do_not_mean_it(void **state)
{
    (void)state;
    assert_int_equal(mention(NQ_PART_MEMBER, "", "", "securitytag-1"), NQ_MENTION_NONE);
    assert_int_equal(mention(NQ_PART_CRITERION, "VM.SECURITY_TAG", "=", "ANTI_VIRUS"),
                     NQ_MENTION_NONE);
    assert_int_equal(mention(NQ_PART_CRITERION, "VM.SECURITY_TAG", "!=", "x"),
                     NQ_MENTION_NONE);
    assert_int_equal(mention(NQ_PART_CRITERION, "VM.NAME", "contains", "VirusFound"),
                     NQ_MENTION_NONE);
}

static void an_exclusion_of_the_tag_outweighs_everything(void **state)
{
    (void)state;
    const struct nq_vsphere_part member = {NQ_PART_MEMBER, "", "", "securitytag-12"};
    assert_int_equal(mention(NQ_PART_EXCLUDED, "", "", "securitytag-12"),
                     NQ_MENTION_EXCLUDED);
    assert_int_equal(
        nq_vsphere_mention(NQ_MENTION_EXCLUDED, &member, "securitytag-12", "isolated"),
        NQ_MENTION_EXCLUDED);
    /* While the tag has no id, an empty value is not it. */
    const struct nq_vsphere_part nothing = {NQ_PART_MEMBER, "", "", ""};
    assert_int_equal(nq_vsphere_mention(NQ_MENTION_NONE, &nothing, "", "isolated"),
                     NQ_MENTION_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_rule_applied_to_the_group_closes_everything),
        cmocka_unit_test(two_rules_close_one_direction_each),
        cmocka_unit_test(a_rule_for_ipv4_leaves_ipv6_open),
        cmocka_unit_test(a_rule_by_source_or_destination_needs_an_address),
        cmocka_unit_test(a_rule_between_members_closes_nothing_else),
        cmocka_unit_test(a_disabled_rule_or_one_for_some_services_closes_nothing),
        cmocka_unit_test(all_but_the_group_is_not_the_group),
        cmocka_unit_test(a_rule_that_is_not_applied_to_the_vm_does_nothing),
        cmocka_unit_test(the_first_rule_that_matches_decides),
        cmocka_unit_test(an_allow_that_is_not_certain_is_passed_over),
        cmocka_unit_test(a_drop_that_does_not_name_the_group_is_no_quarantine),
        cmocka_unit_test(an_unknown_action_decides_nothing),
        cmocka_unit_test(an_object_that_was_deleted_names_nothing),
        cmocka_unit_test(a_copy_is_independent),
        cmocka_unit_test(three_forms_of_a_definition_mean_our_tag),
        cmocka_unit_test(other_tags_and_keys_do_not_mean_it),
        cmocka_unit_test(an_exclusion_of_the_tag_outweighs_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
