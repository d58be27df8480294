/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine.c: what the engine promises about one event and its one effect, one test a promise. */
#include "story.h"
#include "world_internal.h"

/* ---- the main job ------------------------------------------------------------------- */

static void isolates_the_vm_that_a_trap_names(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    assert_state(world, NQ_CASE_TAGGING);
    assert_true(world_answer(world)); /* find */
    assert_true(world_is_waiting(world, CALL_ADD));
    assert_true(world_answer(world)); /* add */
    assert_state(world, NQ_CASE_TAGGING);
    assert_true(world_answer(world)); /* read back */
    assert_state(world, NQ_CASE_TAGGED);
    assert_true(world_answer(world)); /* prove */
    assert_state(world, NQ_CASE_ISOLATED);

    const struct nq_case *record = world_case(world);
    assert_string_equal(record->external_id, "id-1");
    assert_string_equal(record->host_name, "vdi-01.corp.example");
    assert_string_equal(record->cause, "Eicar");
    assert_string_equal(record->tag, "nsx-quarantine|isolated");
    assert_string_equal(record->changed_by, "malware");
    assert_int_equal(record->rungs, NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT) |
                                        NQ_RUNG_BIT(NQ_RUNG_GROUP_MEMBER));
    assert_true(record->tag_time_ms > 0);
    assert_true(record->isolate_time_ms >= record->tag_time_ms);
    assert_int_equal(world_added(world), 1);
    assert_int_equal(world_notices(world, NQ_NOTICE_ISOLATED), 1);
    world_free(world);
}

static void finds_the_vm_by_each_form_of_its_name(void **state)
{
    (void)state;
    static const char *const forms[] = {"VDI-01",
                                        "vdi-01.corp.example",
                                        "10.20.1.11",
                                        "VDI-01 (10.20.1.11)",
                                        "10.20.1.11 (VDI-01)",
                                        "VDI-01 (name that NSX does not know)"};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct world *world = world_new();
        world_detect(world, forms[i], "Eicar");
        world_run(world, 2000);
        assert_state(world, NQ_CASE_ISOLATED);
        assert_string_equal(world_case(world)->external_id, "id-1");
        world_free(world);
    }
}

static void isolates_a_clone_and_not_the_vm_whose_name_it_extends(void **state)
{
    (void)state;
    struct world *world = world_new();
    const struct world_vm *clone =
        world_add_vm(world, &(struct world_vm){.external_id = "id-4",
                                               .name = "VDI-01 (2)",
                                               .host_name = "",
                                               .address = "10.20.1.14",
                                               .type = "REGULAR"});
    world_detect(world, "VDI-01 (2)", "Eicar");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_string_equal(world_case(world)->external_id, "id-4");
    assert_true(clone->tagged);
    assert_false(world_vm(world, "VDI-01")->tagged);
    world_free(world);
}

static void a_clone_that_is_too_new_is_waited_for(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01 (2)", "Eicar");
    world_settle(world);
    (void)world_answer(world); /* the inventory has only VDI-01 yet */
    assert_state(world, NQ_CASE_TAGGING);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    (void)world_add_vm(world, &(struct world_vm){.external_id = "id-7",
                                                 .name = "VDI-01 (2)",
                                                 .host_name = "",
                                                 .address = "",
                                                 .type = "REGULAR"});
    world_run(world, 3000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_string_equal(world_case(world)->external_id, "id-7");
    world_free(world);
}

static void an_addition_that_nsx_refuses_does_not_stop_a_release(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    (void)world_answer(world);
    assert_true(world_is_waiting(world, CALL_ADD));
    command(world, NQ_WANT_RELEASE);
    world_fail(world, NQ_NSX_REJECTED, false);
    world_run(world, 5000);
    assert_state(world, NQ_CASE_RELEASED);
    world_free(world);
}

static void answers_stored_only_after_the_commit(void **state)
{
    (void)state;
    struct world *world = world_new();
    const size_t commits = world_commits(world);
    world_detect(world, "VDI-01", "Eicar");
    assert_int_equal(world_stored(world), 0);
    world_settle(world);
    assert_int_equal(world_stored(world), 1);
    assert_true(world_commits(world) > commits);
    world_free(world);
}

/* Answers a search soon, as an inventory does that knows the VM. */
struct inventory {
    struct world *world;
    struct nq_timer timer;
};

static void answer_search(void *arg)
{
    const struct inventory *inventory = arg;
    struct waiting_call call;
    assert_true(world_take(inventory->world, CALL_FIND, &call));
    world_answer_truly(inventory->world, &call);
}

static void on_start(void *arg, const struct waiting_call *call)
{
    struct inventory *inventory = arg;
    if (call->kind == CALL_FIND) {
        nq_timer_set(inventory->world->loop, &inventory->timer, 0, answer_search,
                     inventory);
    }
}

static void one_commit_stands_between_a_trap_and_the_tag_of_a_known_vm(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct inventory inventory = {.world = world};
    const struct world_watch watch = {.arg = &inventory, .on_start = on_start};
    world->watch = &watch;
    const size_t commits = world_commits(world);
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    assert_true(world_is_waiting(world, CALL_ADD));
    assert_int_equal(world_stored(world), 1);
    assert_int_equal(world_commits(world), commits + 1);
    world_free(world);
}

static void a_search_that_takes_longer_keeps_no_sender_waiting(void **state)
{
    (void)state;
    struct world *world = world_new();
    for (size_t turn = 0; turn < 3; turn++) { /* more traps do not put it off any more */
        world_detect(world, turn == 0 ? "VDI-02" : "no-such-vm", "Eicar");
        nq_loop_turn(world->loop);
        assert_true(world_is_waiting(world, CALL_FIND));
        assert_int_equal(world_stored(world), turn + 1);
    }
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    world_free(world);
}

static void changes_nothing_outside_while_the_store_cannot_commit(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct nq_engine_view view;
    world_break_store(world, true);
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    assert_true(world_answer(world)); /* to look for the VM is no change */
    world_advance(world, 10000);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    assert_int_equal(world_waiting(world), 0);
    assert_int_equal(world_stored(world), 0);
    assert_int_equal(world_put_off(world), 1);
    nq_engine_view(world_engine(world), &view);
    assert_int_equal(view.health, NQ_HEALTH_FAILED);

    world_detect(world, "VDI-02", "Eicar"); /* put off at once, not taken in */
    world_advance(world, 1000);             /* the next try to commit */
    assert_int_equal(world_put_off(world), 2);

    world_break_store(world, false);
    world_run(world, 5000);
    assert_state(world, NQ_CASE_ISOLATED);
    nq_engine_view(world_engine(world), &view);
    assert_int_equal(view.health, NQ_HEALTH_OK);
    assert_balance(world);
    world_free(world);
}

/* ---- one event, one effect ---------------------------------------------------------- */

static void coalesces_repeated_signals_into_one_case(void **state)
{
    (void)state;
    struct world *world = world_new();
    for (int i = 0; i < 5; i++) {
        world_detect(world, i % 2 ? "vdi-01" : "VDI-01", "Eicar");
        world_settle(world);
    }
    world_run(world, 2000);
    world_detect(world, "VDI-01", "Another");
    world_run(world, 2000);
    assert_int_equal(world_case_count(world), 1);
    assert_int_equal(world_case(world)->signals, 6);
    assert_int_equal(world_calls(world, CALL_ADD), 1);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_ACTED), 1);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_COALESCED), 5);
    assert_balance(world);
    world_free(world);
}

static void merges_two_identities_of_one_vm(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_detect(world, "10.20.1.11", "Eicar");
    world_run(world, 2000);
    size_t count;
    const struct nq_case *const *cases = nq_engine_cases(world_engine(world), &count);
    assert_int_equal(count, 2);
    assert_int_equal(cases[0]->state, NQ_CASE_ISOLATED);
    assert_int_equal(cases[0]->signals, 2);
    assert_int_equal(cases[1]->state, NQ_CASE_RELEASED);
    assert_non_null(strstr(cases[1]->reason_text, "case 1"));
    assert_int_equal(world_added(world), 1);
    assert_int_equal(world_removed(world), 0);

    world_detect(world, "10.20.1.11", "Eicar"); /* now known to be case 1 */
    world_run(world, 2000);
    cases = nq_engine_cases(world_engine(world), &count);
    assert_int_equal(count, 2);
    assert_int_equal(cases[0]->signals, 3);
    world_free(world);
}

static void crash_at_every_answer_ends_isolated_with_one_tag(void **state)
{
    (void)state;
    /* 0: right after the trap was stored; then after each answer of NSX. */
    for (int applied = 0; applied <= 1; applied++) {
        for (int point = 0; point < 6; point++) {
            struct world *world = world_new();
            world_detect(world, "VDI-01", "Eicar");
            world_settle(world);
            for (int i = 0; i < point; i++) {
                (void)world_answer(world);
            }
            world_crash(world, applied);
            world_run(world, 30000);
            assert_int_equal(world_case_count(world), 1);
            assert_state(world, NQ_CASE_ISOLATED);
            assert_int_equal(world_added(world), 1);
            assert_int_equal(world_removed(world), 0);
            world_free(world);
        }
    }
}

static void a_trap_that_was_not_answered_is_forgotten_by_a_crash(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_crash(world, false); /* before the loop turned: nothing was committed */
    world_run(world, 2000);
    assert_int_equal(world_stored(world), 0);
    assert_int_equal(world_case_count(world), 0);
    world_free(world);
}

static void a_release_is_never_undone_by_a_crash(void **state)
{
    (void)state;
    for (int applied = 0; applied <= 1; applied++) {
        for (int point = 0; point < 4; point++) {
            struct world *world = isolated_world();
            command(world, NQ_WANT_RELEASE);
            for (int i = 0; i < point; i++) {
                (void)world_answer(world);
            }
            world_crash(world, applied);
            world_run(world, 30000);
            assert_state(world, NQ_CASE_RELEASED);
            assert_false(world_vm(world, "VDI-01")->tagged);
            assert_int_equal(world_added(world), 1);
            assert_int_equal(world_removed(world), 1);
            world_free(world);
        }
    }
}

static void a_lost_answer_is_read_back_not_repeated(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    (void)world_answer(world);
    world_fail(world, NQ_NSX_TIMEOUT, true); /* applied, but the answer got lost */
    assert_reason(world, NQ_REASON_NSX_UNREACHABLE);
    world_run(world, 5000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_int_equal(world_calls(world, CALL_ADD), 1);
    world_free(world);
}

static void a_success_that_was_not_applied_is_seen(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    (void)world_answer(world);
    world_lie(world);
    (void)world_answer(world); /* the read back does not show the tag */
    assert_state(world, NQ_CASE_TAGGING);
    assert_reason(world, NQ_REASON_NSX_REFUSED);
    world_run(world, 5000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_int_equal(world_added(world), 1);
    world_free(world);
}

/* ---- input -------------------------------------------------------------------------- */

static void counts_every_trap_in_one_class(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_trap_text(world, "not a trap");
    world_trap_text(world, "UDP: [10.1.1.1]:1->[10.1.1.2]:162\n"
                           "UDP: [10.1.1.1]:1->[10.1.1.2]:162\n"
                           ".1.3.6.1.2.1.1.3.0 1\n"
                           ".1.3.6.1.6.3.1.1.4.1.0 .1.3.6.1.6.3.1.1.5.3\n");
    world_trap_text(world, "UDP: [10.1.1.1]:1->[10.1.1.2]:162\n"
                           "UDP: [10.1.1.1]:1->[10.1.1.2]:162\n"
                           ".1.3.6.1.2.1.1.3.0 1\n"
                           ".1.3.6.1.6.3.1.1.4.1.0 .1.3.6.1.4.1.32473.1\n");
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_RECEIVED), 4);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_MALFORMED), 2);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_IGNORED), 1);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_ACTED), 1);
    assert_int_equal(world_refused(world), 2);
    assert_int_equal(world_stored(world), 2);
    assert_balance(world);
    world_crash(world, false);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_RECEIVED), 4);
    assert_balance(world);
    world_free(world);
}

static void refuses_what_does_not_fit_any_more(void **state)
{
    (void)state;
    struct world *world = world_new();
    char name[32];
    for (int i = 0; i < 12; i++) {
        (void)snprintf(name, sizeof(name), "unknown-%d", i);
        world_detect(world, name, "Eicar");
        world_settle(world);
    }
    assert_int_equal(world_case_count(world), 10);
    assert_int_equal(world_refused(world), 2);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_REFUSED), 2);
    assert_balance(world);
    world_free(world);
}

static void commands_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    struct nq_engine *engine = world_engine(world);
    assert_false(nq_engine_may(engine, 1, NQ_WANT_APPROVE));
    assert_false(nq_engine_may(engine, 1, NQ_WANT_DISMISS));
    assert_false(nq_engine_may(engine, 1, NQ_WANT_RETRY));
    assert_true(nq_engine_may(engine, 1, NQ_WANT_QUARANTINE)); /* it is so already */
    assert_true(nq_engine_may(engine, 1, NQ_WANT_RELEASE));
    assert_false(nq_engine_may(engine, 99, NQ_WANT_RELEASE));
    nq_engine_command(engine, 1, NQ_WANT_DISMISS, "operator");
    nq_engine_command(engine, 99, NQ_WANT_RELEASE, "operator");
    world_run(world, 1000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void a_comment_is_kept(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    nq_engine_comment(world_engine(world), 1, "ticket 4711", "operator");
    world_settle(world);
    world_crash(world, false);
    assert_string_equal(world_case(world)->comment, "ticket 4711");
    world_free(world);
}

static void isolated_vms_are_looked_at_again_together(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_run(world, 3000);
    world_detect(world, "VDI-02", "Eicar");
    world_run(world, 1000);
    assert_state(world, NQ_CASE_ISOLATED);
    for (int second = 0; second < 11 && world_waiting(world) == 0; second++) {
        world_advance(world, 1000);
    }
    /* One round of questions to NSX serves both. */
    assert_int_equal(world_waiting(world), 2);
    assert_true(world_is_waiting(world, CALL_PROVE));
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(isolates_the_vm_that_a_trap_names),
        cmocka_unit_test(isolated_vms_are_looked_at_again_together),
        cmocka_unit_test(finds_the_vm_by_each_form_of_its_name),
        cmocka_unit_test(isolates_a_clone_and_not_the_vm_whose_name_it_extends),
        cmocka_unit_test(a_clone_that_is_too_new_is_waited_for),
        cmocka_unit_test(an_addition_that_nsx_refuses_does_not_stop_a_release),
        cmocka_unit_test(answers_stored_only_after_the_commit),
        cmocka_unit_test(one_commit_stands_between_a_trap_and_the_tag_of_a_known_vm),
        cmocka_unit_test(a_search_that_takes_longer_keeps_no_sender_waiting),
        cmocka_unit_test(changes_nothing_outside_while_the_store_cannot_commit),
        cmocka_unit_test(coalesces_repeated_signals_into_one_case),
        cmocka_unit_test(merges_two_identities_of_one_vm),
        cmocka_unit_test(crash_at_every_answer_ends_isolated_with_one_tag),
        cmocka_unit_test(a_trap_that_was_not_answered_is_forgotten_by_a_crash),
        cmocka_unit_test(a_release_is_never_undone_by_a_crash),
        cmocka_unit_test(a_lost_answer_is_read_back_not_repeated),
        cmocka_unit_test(a_success_that_was_not_applied_is_seen),
        cmocka_unit_test(counts_every_trap_in_one_class),
        cmocka_unit_test(refuses_what_does_not_fit_any_more),
        cmocka_unit_test(commands_that_make_no_sense_are_refused),
        cmocka_unit_test(a_comment_is_kept),
    };
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
