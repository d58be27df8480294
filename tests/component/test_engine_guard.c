/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_guard.c: what the engine does not quarantine, and what waits for a person. */
#include "story.h"

/* ---- what must not be quarantined --------------------------------------------------- */

static void observe_mode_never_writes(void **state)
{
    (void)state;
    struct world *world = world_new_in_mode(NQ_MODE_OBSERVE);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 60000);
    assert_state(world, NQ_CASE_OBSERVED);
    assert_reason(world, NQ_REASON_OBSERVE_MODE);
    assert_string_equal(world_case(world)->external_id, "id-1");
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    assert_false(nq_engine_may(world_engine(world), 1, NQ_WANT_APPROVE));
    world_free(world);
}

static void arming_goes_on_with_observed_cases_and_lasts(void **state)
{
    (void)state;
    struct world *world = world_new_in_mode(NQ_MODE_OBSERVE);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 1000);
    nq_engine_set_mode(world_engine(world), NQ_MODE_ENFORCE, "operator");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_crash(world, false);
    world_detect(world, "VDI-02", "Eicar");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void disarming_turns_a_pending_write_into_an_observation(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    nq_engine_set_mode(world_engine(world), NQ_MODE_OBSERVE, "operator");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_OBSERVED);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    world_free(world);
}

static void stopped_mode_stops_all_writes_until_it_ends(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    nq_engine_set_mode(world_engine(world), NQ_MODE_STOPPED, "operator");
    world_run(world, 60000);
    assert_state(world, NQ_CASE_TAGGING);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    nq_engine_set_mode(world_engine(world), NQ_MODE_ENFORCE, "operator");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);

    nq_engine_set_mode(world_engine(world), NQ_MODE_STOPPED, "operator");
    command(world, NQ_WANT_RELEASE);
    world_run(world, 60000);
    assert_state(world, NQ_CASE_RELEASING);
    assert_int_equal(world_calls(world, CALL_REMOVE), 0);
    nq_engine_set_mode(world_engine(world), NQ_MODE_OBSERVE, "operator");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_RELEASED);
    world_free(world);
}

/* After a start NSX may show a VM before the inventory is read. */
static void a_vm_of_which_not_all_is_known_is_not_written_to(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_vm(world, "VDI-01")->not_in_inventory = true;
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 60000);
    assert_state(world, NQ_CASE_TAGGING);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    assert_non_null(strstr(world_case(world)->reason_text, "inventory"));

    world_vm(world, "VDI-01")->not_in_inventory = false;
    world_run(world, 60000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_int_equal(world_calls(world, CALL_ADD), 1);
    world_free(world);
}

static void holds_a_computer_that_no_vm_has(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "nobody", "Eicar");
    world_run(world, 3000);
    assert_state(world, NQ_CASE_TAGGING); /* the inventory may still catch up */
    assert_reason(world, NQ_REASON_UNKNOWN_VM);
    world_run(world, 10000);
    assert_state(world, NQ_CASE_HELD);
    assert_reason(world, NQ_REASON_UNKNOWN_VM);
    assert_int_equal(world_notices(world, NQ_NOTICE_HELD), 1);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    world_free(world);
}

static void holds_an_ambiguous_name_and_acts_after_approval(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct world_vm *twin =
        world_add_vm(world, &(struct world_vm){.external_id = "id-3",
                                               .name = "VDI-01",
                                               .host_name = "",
                                               .address = "10.20.1.13",
                                               .type = "REGULAR"});
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 20000);
    assert_state(world, NQ_CASE_HELD);
    assert_reason(world, NQ_REASON_AMBIGUOUS);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    twin->gone = true;
    command(world, NQ_WANT_APPROVE);
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_string_equal(world_case(world)->changed_by, "operator");
    world_free(world);
}

static void writing_back_what_was_read_approves_nothing(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "nobody", "Eicar");
    world_run(world, 20000);
    assert_state(world, NQ_CASE_HELD);
    command(world, world_case(world)->wanted);
    world_run(world, 1000);
    assert_state(world, NQ_CASE_HELD);
    world_free(world);
}

static void two_names_that_disagree_are_ambiguous(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01 (10.20.1.12)", "Eicar");
    world_run(world, 20000);
    assert_state(world, NQ_CASE_HELD);
    assert_reason(world, NQ_REASON_AMBIGUOUS);
    assert_int_equal(world_added(world), 0);
    world_free(world);
}

static void never_tags_an_edge(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "edge-1", "Eicar");
    world_run(world, 1000);
    assert_state(world, NQ_CASE_HELD);
    assert_reason(world, NQ_REASON_PROTECTED);
    command(world, NQ_WANT_APPROVE); /* no path goes around it */
    world_run(world, 20000);
    assert_state(world, NQ_CASE_HELD);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(observe_mode_never_writes),
        cmocka_unit_test(arming_goes_on_with_observed_cases_and_lasts),
        cmocka_unit_test(disarming_turns_a_pending_write_into_an_observation),
        cmocka_unit_test(a_vm_of_which_not_all_is_known_is_not_written_to),
        cmocka_unit_test(stopped_mode_stops_all_writes_until_it_ends),
        cmocka_unit_test(holds_a_computer_that_no_vm_has),
        cmocka_unit_test(holds_an_ambiguous_name_and_acts_after_approval),
        cmocka_unit_test(writing_back_what_was_read_approves_nothing),
        cmocka_unit_test(two_names_that_disagree_are_ambiguous),
        cmocka_unit_test(never_tags_an_edge),
    };
    return cmocka_run_group_tests_name("engine guard", tests, NULL, NULL);
}
