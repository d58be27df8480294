/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_governor.c: what is too much is held, in its order, until somebody rearms. */
#include "story.h"

#include <stdlib.h>

#define MORE 5

/* VDI-01 and VDI-02, and VDI-03 ... VDI-07. */
static struct world *crowded_world(enum nq_mode mode)
{
    static char names[MORE][16];
    static char ids[MORE][16];
    struct world *world = world_new_in_mode(mode);
    for (int i = 0; i < MORE; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "VDI-%02d", i + 3);
        (void)snprintf(ids[i], sizeof(ids[i]), "id-%d", 10 + i);
        (void)world_add_vm(world, &(struct world_vm){.external_id = ids[i],
                                                     .name = names[i],
                                                     .host_name = "",
                                                     .address = "",
                                                     .type = "REGULAR"});
    }
    return world;
}

static void detect_all(struct world *world, int first, int last)
{
    for (int i = first; i <= last; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "VDI-%02d", i);
        world_detect(world, name, "Eicar");
    }
    world_run(world, 3000);
}

static const struct nq_case *case_of(struct world *world, uint32_t id)
{
    size_t count;
    const struct nq_case *const *cases = nq_engine_cases(world_engine(world), &count);
    for (size_t i = 0; i < count; i++) {
        if (cases[i]->id == id) {
            return cases[i];
        }
    }
    abort();
}

static size_t count_of(struct world *world, enum nq_case_state state)
{
    size_t count;
    size_t found = 0;
    const struct nq_case *const *cases = nq_engine_cases(world_engine(world), &count);
    for (size_t i = 0; i < count; i++) {
        found += cases[i]->state == state;
    }
    return found;
}

static struct nq_engine_view view_of(struct world *world)
{
    struct nq_engine_view view;
    nq_engine_view(world_engine(world), &view);
    return view;
}

static void what_is_above_the_budget_is_held_and_not_lost(void **state)
{
    (void)state;
    struct world *world = crowded_world(NQ_MODE_ENFORCE);
    world_conf(world)->governor.vms.hour = 3;
    detect_all(world, 1, 7);
    assert_int_equal(world_added(world), 3);
    assert_int_equal(count_of(world, NQ_CASE_ISOLATED), 3);
    assert_int_equal(count_of(world, NQ_CASE_HELD), 4);
    assert_int_equal(case_of(world, 7)->reason, NQ_REASON_GOVERNOR);
    assert_int_equal(world_notices(world, NQ_NOTICE_GOVERNOR_TRIPPED), 1);
    assert_int_equal(view_of(world).governor_state, NQ_GOVERNOR_TRIPPED);
    assert_int_equal(view_of(world).governor_hour_count, 3);
    assert_int_equal(view_of(world).governor_hour_limit, 3);
    assert_int_equal(view_of(world).health, NQ_HEALTH_DEGRADED);
    assert_non_null(strstr(view_of(world).health_text, "nqGovernorRearm"));
    assert_balance(world);
    world_free(world);
}

static void tripped_survives_a_crash(void **state)
{
    (void)state;
    struct world *world = crowded_world(NQ_MODE_ENFORCE);
    world_conf(world)->governor.vms.hour = 2;
    detect_all(world, 1, 3);
    world_crash(world, false);
    assert_int_equal(view_of(world).governor_state, NQ_GOVERNOR_TRIPPED);
    world_advance(world, 24 * 3600 * 1000);
    detect_all(world, 4, 4);
    assert_int_equal(case_of(world, 4)->state, NQ_CASE_HELD);
    assert_int_equal(world_added(world), 2);
    world_free(world);
}

static void rearming_goes_on_in_order_as_far_as_the_budget_allows(void **state)
{
    (void)state;
    struct world *world = crowded_world(NQ_MODE_ENFORCE);
    world_conf(world)->governor.vms.hour = 2;
    detect_all(world, 1, 7);
    assert_int_equal(count_of(world, NQ_CASE_HELD), 5);
    nq_engine_rearm(world_engine(world), "nqoperator");
    world_run(world, 3000);
    assert_int_equal(world_added(world), 4);
    assert_int_equal(case_of(world, 3)->state, NQ_CASE_ISOLATED);
    assert_int_equal(case_of(world, 4)->state, NQ_CASE_ISOLATED);
    assert_int_equal(case_of(world, 5)->state, NQ_CASE_HELD);
    assert_string_equal(case_of(world, 3)->changed_by, "nqoperator");
    assert_int_equal(view_of(world).governor_state, NQ_GOVERNOR_TRIPPED);
    world_conf(world)->governor.vms.hour = 0;
    nq_engine_rearm(world_engine(world), "nqoperator");
    world_run(world, 3000);
    assert_int_equal(count_of(world, NQ_CASE_ISOLATED), 7);
    assert_int_equal(view_of(world).governor_state, NQ_GOVERNOR_NORMAL);
    world_free(world);
}

static void a_person_may_let_one_case_pass(void **state)
{
    (void)state;
    struct world *world = crowded_world(NQ_MODE_ENFORCE);
    world_conf(world)->governor.vms.hour = 1;
    detect_all(world, 1, 3);
    assert_int_equal(world_added(world), 1);
    assert_true(nq_engine_may(world_engine(world), 3, NQ_WANT_APPROVE));
    nq_engine_command(world_engine(world), 3, NQ_WANT_APPROVE, "operator");
    world_settle(world);
    world_crash(world, false); /* the approval lasts */
    world_run(world, 3000);
    assert_int_equal(case_of(world, 3)->state, NQ_CASE_ISOLATED);
    assert_int_equal(case_of(world, 2)->state, NQ_CASE_HELD);
    assert_int_equal(view_of(world).governor_hour_count, 2);
    world_free(world);
}

static void an_admitted_case_is_counted_once(void **state)
{
    (void)state;
    struct world *world = crowded_world(NQ_MODE_ENFORCE);
    world_conf(world)->governor.vms.hour = 1;
    detect_all(world, 1, 1);
    world_vm(world, "VDI-01")->tagged = false;
    world_vm(world, "VDI-01")->member = false;
    world_run(world, 15000);
    assert_int_equal(world_added(world), 2); /* it is put back */
    assert_int_equal(case_of(world, 1)->state, NQ_CASE_ISOLATED);
    world_crash(world, false);
    world_vm(world, "VDI-01")->tagged = false;
    world_run(world, 15000);
    assert_int_equal(world_added(world), 3);
    assert_int_equal(view_of(world).governor_hour_count, 1);
    world_free(world);
}

static void a_vm_that_carries_the_tag_already_is_counted(void **state)
{
    (void)state;
    struct world *world = crowded_world(NQ_MODE_ENFORCE);
    world_conf(world)->governor.vms.hour = 1;
    show_tag(world, "VDI-01");
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    (void)world_answer(world);
    world_fail(world, NQ_NSX_TIMEOUT, false); /* so that it is looked at first */
    world_run(world, 3000);
    assert_int_equal(case_of(world, 1)->state, NQ_CASE_ISOLATED);
    detect_all(world, 2, 2);
    assert_int_equal(case_of(world, 2)->state, NQ_CASE_HELD);
    world_free(world);
}

static void observe_mode_shows_when_the_governor_would_trip(void **state)
{
    (void)state;
    struct world *world = crowded_world(NQ_MODE_OBSERVE);
    world_conf(world)->governor.vms.hour = 2;
    detect_all(world, 1, 3);
    assert_int_equal(count_of(world, NQ_CASE_OBSERVED), 2);
    assert_int_equal(case_of(world, 3)->state, NQ_CASE_HELD);
    assert_int_equal(case_of(world, 3)->reason, NQ_REASON_GOVERNOR);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    assert_non_null(strstr(case_of(world, 1)->reason_text, "would be added now"));
    nq_engine_rearm(world_engine(world), "operator");
    world_run(world, 2000);
    assert_int_equal(count_of(world, NQ_CASE_OBSERVED), 3);
    world_free(world);
}

static void arming_many_observed_cases_keeps_the_budget(void **state)
{
    (void)state;
    struct world *world = crowded_world(NQ_MODE_OBSERVE);
    detect_all(world, 1, 7);
    assert_int_equal(count_of(world, NQ_CASE_OBSERVED), 7);
    world_conf(world)->governor.vms.minute = 2;
    nq_engine_set_mode(world_engine(world), NQ_MODE_ENFORCE, "operator");
    world_run(world, 3000);
    assert_int_equal(world_added(world), 2);
    assert_int_equal(count_of(world, NQ_CASE_HELD), 5);
    world_free(world);
}

/* The mode changes between the rehearsal and the write. */
static void a_rehearsal_is_no_admission(void **state)
{
    (void)state;
    struct world *world = crowded_world(NQ_MODE_ENFORCE);
    world_conf(world)->governor.vms.minute = 1;
    detect_all(world, 1, 1);
    world_detect(world, "VDI-02", "Eicar");
    world_settle(world);
    nq_engine_set_mode(world_engine(world), NQ_MODE_OBSERVE, "operator");
    (void)world_answer(
        world); /* found, and held: the budget of a rehearsal counts it too */
    nq_engine_set_mode(world_engine(world), NQ_MODE_ENFORCE, "operator");
    world_run(world, 3000);
    assert_int_equal(world_added(world), 1);
    world_free(world);
}

static void a_part_of_a_watched_group_is_a_budget_too(void **state)
{
    (void)state;
    struct world *world = crowded_world(NQ_MODE_ENFORCE);
    static const char *const vdi[] = {"id-1", "id-10", "id-11", "id-2"};
    const struct nq_group_view groups[] = {
        {.group = 0, .known = true, .realized = NQ_REALIZED_SUCCESS},
        {.group = 1,
         .known = true,
         .external_ids = vdi,
         .member_count = 4,
         .realized = NQ_REALIZED_SUCCESS},
    };
    world_conf(world)->governor.percent.hour = 50;
    world_answer_groups(world, groups, 2);
    detect_all(world, 1, 3);
    assert_int_equal(world_added(world), 2);
    assert_int_equal(case_of(world, 3)->state, NQ_CASE_HELD);
    assert_non_null(strstr(view_of(world).governor_reason, "/infra/v"));
    world_free(world);
}

static void a_detection_for_a_held_case_joins_it(void **state)
{
    (void)state;
    struct world *world = crowded_world(NQ_MODE_ENFORCE);
    world_conf(world)->governor.vms.hour = 1;
    detect_all(world, 1, 2);
    world_detect(world, "VDI-02", "Eicar");
    world_run(world, 1000);
    assert_int_equal(world_case_count(world), 2);
    assert_int_equal(case_of(world, 2)->signals, 2);
    assert_int_equal(case_of(world, 2)->state, NQ_CASE_HELD);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_above_the_budget_is_held_and_not_lost),
        cmocka_unit_test(tripped_survives_a_crash),
        cmocka_unit_test(rearming_goes_on_in_order_as_far_as_the_budget_allows),
        cmocka_unit_test(a_person_may_let_one_case_pass),
        cmocka_unit_test(an_admitted_case_is_counted_once),
        cmocka_unit_test(a_vm_that_carries_the_tag_already_is_counted),
        cmocka_unit_test(observe_mode_shows_when_the_governor_would_trip),
        cmocka_unit_test(arming_many_observed_cases_keeps_the_budget),
        cmocka_unit_test(a_rehearsal_is_no_admission),
        cmocka_unit_test(a_part_of_a_watched_group_is_a_budget_too),
        cmocka_unit_test(a_detection_for_a_held_case_joins_it),
    };
    return cmocka_run_group_tests_name("engine_governor", tests, NULL, NULL);
}
