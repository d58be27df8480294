/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_reconcile.c: what should be against what NSX shows: tags that are lost, tags of
 * others, VMs that are gone or made again. */
#include "story.h"

#include <stdlib.h>

#include "nsx/tags.h"

#define TEXT(value) (char *)(uintptr_t)(value)

static void watch_a_tag(struct world *world)
{
    static struct nq_tag_conf watched[] = {{.scope = TEXT("av"), .value = TEXT("found")}};
    world_conf(world)->watched_tags = watched;
    world_conf(world)->watched_tag_count = 1;
}

static void lose_tag(struct world *world, const char *name)
{
    world_vm(world, name)->tagged = false;
    world_vm(world, name)->member = false;
}

/* Asks for a comparison and answers it. */
static void reconcile(struct world *world)
{
    nq_engine_reconcile(world_engine(world), "operator");
    world_settle(world);
    while (world_answer_tagged(world)) { /* one may have begun before */
    }
    world_settle(world);
}

static const struct nq_case *row_at(struct world *world, size_t at)
{
    size_t count;
    const struct nq_case *const *cases = nq_engine_cases(world_engine(world), &count);
    return at < count ? cases[at] : NULL;
}

/* ---- lost tags ------------------------------------------------------------------------ */

static void a_lost_tag_is_found_by_the_comparison_and_put_back(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_conf(world)->verify_interval_ms = 3600000;
    world_restart(world);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    lose_tag(world, "VDI-01");
    world_advance(world, 1000);
    reconcile(world);
    assert_true(world_is_waiting(world, CALL_PROVE));
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_int_equal(world_added(world), 2);
    assert_int_equal(world_notices(world, NQ_NOTICE_TAG_LOST), 1);
    world_free(world);
}

static void a_tag_taken_off_may_count_as_a_release(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_conf(world)->reconcile.removed_tag = NQ_REMOVED_RELEASE;
    lose_tag(world, "VDI-01");
    world_run(world, 15000);
    assert_state(world, NQ_CASE_RELEASED);
    assert_string_equal(world_case(world)->changed_by, "reconciler");
    assert_int_equal(world_notices(world, NQ_NOTICE_RELEASED), 1);
    assert_int_equal(world_added(world), 1);
    world_detect(world, "VDI-01", "Eicar"); /* and it is immune */
    world_run(world, 2000);
    assert_int_equal(world_case_count(world), 1);
    world_free(world);
}

/* NSX forgets the tags of a VM that is away for long: nobody took them off. */
static void a_vm_that_returns_without_its_tag_gets_it_back(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_conf(world)->reconcile.removed_tag = NQ_REMOVED_RELEASE;
    world_vm(world, "VDI-01")->gone = true;
    world_run(world, 15000);
    assert_state(world, NQ_CASE_VANISHED);
    world_vm(world, "VDI-01")->gone = false;
    lose_tag(world, "VDI-01");
    world_run(world, 15000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_int_equal(world_added(world), 2);
    world_free(world);
}

static void a_comparison_does_not_doubt_what_changed_meanwhile(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_settle(world); /* the first comparison is under way */
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    const size_t proofs = world_calls(world, CALL_PROVE);
    world_vm(world, "VDI-01")->tagged = false; /* as NSX showed it when it was asked */
    assert_true(world_answer_tagged(world));
    world_vm(world, "VDI-01")->tagged = true;
    world_settle(world);
    assert_int_equal(world_calls(world, CALL_PROVE), proofs);
    world_free(world);
}

static void a_rule_that_changes_makes_every_proof_doubtful(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    struct nq_rule_view rule = {.path = "/rule",
                                .name = "drop",
                                .action = NQ_RULE_DROP,
                                .direction = NQ_RULE_IN_OUT,
                                .enabled = true};
    const struct nq_group_view group = {.group = 0,
                                        .known = true,
                                        .realized = NQ_REALIZED_SUCCESS,
                                        .rules_known = true,
                                        .rules = &rule,
                                        .rule_count = 1};
    world_answer_groups(world, &group, 1);
    world_advance(world, 1000000);
    while (world_answer(world)) {
    }
    const size_t proofs = world_calls(world, CALL_PROVE);
    world_answer_groups(world, &group, 1); /* as it was */
    assert_int_equal(world_calls(world, CALL_PROVE), proofs);
    rule.enabled = false;
    world_advance(world, 1000000);
    while (world_answer(world)) {
    }
    const size_t before = world_calls(world, CALL_PROVE);
    world_answer_groups(world, &group, 1);
    assert_int_equal(world_calls(world, CALL_PROVE), before + 1);
    world_free(world);
}

static void a_proof_that_is_late_is_reported_once(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    (void)world_answer(world);
    (void)world_answer(world);
    world_vm(world, "VDI-01")->member = false; /* the group lags */
    world_run(world, 60000);
    assert_state(world, NQ_CASE_TAGGED);
    assert_reason(world, NQ_REASON_RUNG_LOST);
    assert_int_equal(world_notices(world, NQ_NOTICE_RUNG_LOST), 1);
    size_t count;
    const struct nq_log_entry *const *log = nq_engine_log(world_engine(world), &count);
    assert_string_equal(log[count - 1]->event, "late");
    world_vm(world, "VDI-01")->member = true;
    world_run(world, 15000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void a_lost_rung_is_a_change_with_a_notification(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_vm(world, "VDI-01")->member = false;
    world_run(world, 12000);
    assert_state(world, NQ_CASE_TAGGED);
    assert_reason(world, NQ_REASON_RUNG_LOST);
    assert_int_equal(world_notices(world, NQ_NOTICE_RUNG_LOST), 1);
    world_free(world);
}

/* ---- tags of others ------------------------------------------------------------------- */

static void a_tag_of_somebody_else_is_shown_and_never_touched(void **state)
{
    (void)state;
    struct world *world = world_new();
    watch_a_tag(world);
    world_vm(world, "VDI-02")->more_tags = NQ_TAGS_WATCHED(0);
    reconcile(world);
    assert_int_equal(world_case_count(world), 1);
    const struct nq_case *row = world_case(world);
    assert_int_equal(row->owner, NQ_OWNER_FOREIGN);
    assert_int_equal(row->state, NQ_CASE_TAGGED);
    assert_string_equal(row->name, "VDI-02");
    assert_string_equal(row->tag, "av|found");
    for (int wanted = 1; wanted < NQ_WANT_END; wanted++) {
        if (wanted != NQ_WANT_QUARANTINE) { /* as it reads */
            assert_false(
                nq_engine_may(world_engine(world), row->id, (enum nq_wanted)wanted));
        }
    }
    struct nq_engine_view view;
    nq_engine_view(world_engine(world), &view);
    assert_int_equal(view.cases_open, 0);
    assert_int_equal(view.cases_quarantined, 0);
    const uint32_t id = row->id;
    world_crash(world, false);
    assert_int_equal(world_case(world)->id, id); /* the same row after a restart */
    world_run(world, 30000);
    assert_int_equal(world_added(world) + world_removed(world), 0);

    world_vm(world, "VDI-02")->more_tags = 0;
    world_advance(world, 1000);
    reconcile(world);
    assert_int_equal(world_case_count(world), 0);
    world_free(world);
}

static void our_tag_set_by_somebody_else_is_shown(void **state)
{
    (void)state;
    struct world *world = world_new();
    show_tag(world, "VDI-01");
    reconcile(world);
    assert_int_equal(world_case(world)->owner, NQ_OWNER_FOREIGN);
    assert_string_equal(world_case(world)->tag, "nsx-quarantine|isolated");
    world_free(world);
}

static void a_case_of_ours_takes_the_place_of_a_foreign_row(void **state)
{
    (void)state;
    struct world *world = world_new();
    watch_a_tag(world);
    world_vm(world, "VDI-01")->more_tags = NQ_TAGS_WATCHED(0);
    reconcile(world);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_int_equal(world_case(world)->owner, NQ_OWNER_OURS);
    world_advance(world, 1000);
    reconcile(world);
    assert_int_equal(world_case_count(world), 1);
    command(world, NQ_WANT_RELEASE);
    world_run(world, 2000);
    assert_state(world, NQ_CASE_RELEASED);
    world_advance(world, 1000);
    reconcile(world);
    assert_int_equal(world_case_count(world), 2); /* theirs is still there */
    assert_int_equal(world_case(world)->owner, NQ_OWNER_FOREIGN);
    world_free(world);
}

static void a_list_that_failed_takes_no_row_away(void **state)
{
    (void)state;
    struct world *world = world_new();
    watch_a_tag(world);
    world_vm(world, "VDI-02")->more_tags = NQ_TAGS_WATCHED(0);
    reconcile(world);
    nq_engine_reconcile(world_engine(world), "operator");
    world_settle(world);
    world_fail_tagged(world, NQ_NSX_SERVER);
    assert_int_equal(world_case_count(world), 1);
    world_free(world);
}

static void a_foreign_row_goes_with_its_manager(void **state)
{
    (void)state;
    struct world *world = world_new();
    watch_a_tag(world);
    world_vm(world, "VDI-02")->more_tags = NQ_TAGS_WATCHED(0);
    reconcile(world);
    assert_int_equal(world_case_count(world), 1);
    world_conf(world)->managers[0].name = TEXT("renamed");
    world_restart(world);
    assert_int_equal(world_case_count(world), 0);
    world_free(world);
}

/* ---- VMs that are gone ---------------------------------------------------------------- */

static struct world *recreated_world(enum nq_recreated_vm policy)
{
    struct world *world = isolated_world();
    world_conf(world)->reconcile.recreated_vm = policy;
    world_vm(world, "VDI-01")->gone = true;
    (void)world_add_vm(world, &(struct world_vm){.external_id = "id-new",
                                                 .name = "VDI-01",
                                                 .host_name = "",
                                                 .address = "10.20.1.99",
                                                 .type = "REGULAR"});
    return world;
}

static void a_vm_made_again_is_left_alone_by_default(void **state)
{
    (void)state;
    struct world *world = recreated_world(NQ_RECREATED_LEAVE);
    world_run(world, 30000);
    assert_state(world, NQ_CASE_VANISHED);
    assert_non_null(strstr(world_case(world)->reason_text, "id-new"));
    assert_int_equal(world_added(world), 1);
    world_free(world);
}

static void a_vm_made_again_may_be_followed(void **state)
{
    (void)state;
    struct world *world = recreated_world(NQ_RECREATED_FOLLOW);
    world_run(world, 30000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_string_equal(world_case(world)->external_id, "id-new");
    assert_int_equal(world_added(world), 2);
    assert_int_equal(world_case_count(world), 1);
    command(world, NQ_WANT_RELEASE);
    world_run(world, 2000);
    assert_state(world, NQ_CASE_RELEASED);
    world_free(world);
}

static void a_detection_for_a_vanished_vm_is_about_the_new_one(void **state)
{
    (void)state;
    struct world *world = recreated_world(NQ_RECREATED_LEAVE);
    world_run(world, 15000);
    assert_state(world, NQ_CASE_VANISHED);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 3000);
    assert_int_equal(world_case_count(world), 2);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_string_equal(world_case(world)->external_id, "id-new");
    world_free(world);
}

/* It came after the VM was made again, and before we knew. */
static void a_detection_just_before_we_know_is_followed_too(void **state)
{
    (void)state;
    struct world *world = recreated_world(NQ_RECREATED_LEAVE);
    world_advance(world, 10);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 30000);
    assert_int_equal(world_case_count(world), 1);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_string_equal(world_case(world)->external_id, "id-new");
    world_free(world);
}

static void two_new_vms_of_one_name_are_none(void **state)
{
    (void)state;
    struct world *world = recreated_world(NQ_RECREATED_FOLLOW);
    (void)world_add_vm(world, &(struct world_vm){.external_id = "id-new-2",
                                                 .name = "VDI-01",
                                                 .host_name = "",
                                                 .address = "",
                                                 .type = "REGULAR"});
    world_run(world, 30000);
    assert_state(world, NQ_CASE_VANISHED);
    assert_int_equal(world_added(world), 1);
    world_free(world);
}

static void a_detection_for_a_vm_that_is_back_finds_its_case(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_conf(world)->verify_interval_ms = 3600000;
    world_vm(world, "VDI-01")->gone = true;
    world_advance(world, 20000);
    world_run(world, 1000);
    assert_state(world, NQ_CASE_VANISHED);
    world_vm(world, "VDI-01")->gone = false;
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 3000);
    assert_int_equal(row_at(world, 0)->state, NQ_CASE_ISOLATED);
    assert_int_equal(row_at(world, 1)->state, NQ_CASE_RELEASED); /* merged */
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lost_tag_is_found_by_the_comparison_and_put_back),
        cmocka_unit_test(a_tag_taken_off_may_count_as_a_release),
        cmocka_unit_test(a_vm_that_returns_without_its_tag_gets_it_back),
        cmocka_unit_test(a_comparison_does_not_doubt_what_changed_meanwhile),
        cmocka_unit_test(a_rule_that_changes_makes_every_proof_doubtful),
        cmocka_unit_test(a_proof_that_is_late_is_reported_once),
        cmocka_unit_test(a_lost_rung_is_a_change_with_a_notification),
        cmocka_unit_test(a_tag_of_somebody_else_is_shown_and_never_touched),
        cmocka_unit_test(our_tag_set_by_somebody_else_is_shown),
        cmocka_unit_test(a_case_of_ours_takes_the_place_of_a_foreign_row),
        cmocka_unit_test(a_list_that_failed_takes_no_row_away),
        cmocka_unit_test(a_foreign_row_goes_with_its_manager),
        cmocka_unit_test(a_vm_made_again_is_left_alone_by_default),
        cmocka_unit_test(a_vm_made_again_may_be_followed),
        cmocka_unit_test(a_detection_for_a_vanished_vm_is_about_the_new_one),
        cmocka_unit_test(a_detection_just_before_we_know_is_followed_too),
        cmocka_unit_test(two_new_vms_of_one_name_are_none),
        cmocka_unit_test(a_detection_for_a_vm_that_is_back_finds_its_case),
    };
    return cmocka_run_group_tests_name("engine_reconcile", tests, NULL, NULL);
}
