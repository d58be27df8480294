/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_managers.c: several managers in one engine. An external id names a VM of one
 * manager only: vCenters number their VMs alike. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct world *world;

static int set_up(void **state)
{
    (void)state;
    world = world_new();
    world_stop(world);
    world_conf(world)->manager_count = 2;
    world_start(world);
    (void)world_add_vm(world, &(struct world_vm){.external_id = "vm-7",
                                                 .name = "HERE",
                                                 .host_name = "here",
                                                 .address = "192.0.2.70",
                                                 .type = "REGULAR"});
    (void)world_add_vm(world, &(struct world_vm){.external_id = "vm-7",
                                                 .name = "THERE",
                                                 .host_name = "there",
                                                 .address = "192.0.2.71",
                                                 .type = "REGULAR",
                                                 .manager = 1});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    return 0;
}

static const struct nq_case *case_of(const char *name)
{
    size_t count;
    const struct nq_case *const *cases = nq_engine_cases(world_engine(world), &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(cases[i]->name, name) == 0) {
            return cases[i];
        }
    }
    return NULL;
}

static void the_manager_is_known_with_the_vm(void **state)
{
    (void)state;
    world_detect(world, "THERE", "EICAR");
    world_settle(world);
    assert_int_equal(case_of("THERE")->manager, 0);
    world_run(world, 1000);
    assert_int_equal(case_of("THERE")->manager, 2);
    assert_string_equal(case_of("THERE")->manager_name, "other");
    assert_string_equal(case_of("THERE")->tag, "nsx-quarantine|isolated");
    assert_true(world_vm(world, "THERE")->tagged);
    assert_false(world_vm(world, "HERE")->tagged);
}

static void nsx_for_vsphere_calls_the_tag_by_its_value_alone(void **state)
{
    (void)state;
    world_stop(world);
    world_conf(world)->managers[1].type = NQ_MANAGER_VSPHERE;
    world_start(world);
    world_detect(world, "THERE", "EICAR");
    world_run(world, 1000);
    assert_string_equal(case_of("THERE")->tag, "isolated");
}

static void the_same_id_at_two_managers_is_two_vms(void **state)
{
    (void)state;
    world_detect(world, "HERE", "EICAR");
    world_run(world, 1000);
    world_detect(world, "THERE", "EICAR");
    world_run(world, 1000);
    assert_int_equal(world_case_count(world), 2);
    assert_int_equal(case_of("HERE")->state, NQ_CASE_ISOLATED);
    assert_int_equal(case_of("THERE")->state, NQ_CASE_ISOLATED);
    nq_engine_command(world_engine(world), case_of("THERE")->id, NQ_WANT_RELEASE, "me");
    world_run(world, 1000);
    assert_true(world_vm(world, "HERE")->tagged);
    assert_false(world_vm(world, "THERE")->tagged);
}

static void the_same_name_at_two_managers_is_held(void **state)
{
    (void)state;
    (void)world_add_vm(world, &(struct world_vm){.external_id = "vm-9",
                                                 .name = "HERE",
                                                 .host_name = "here-too",
                                                 .address = "192.0.2.72",
                                                 .type = "REGULAR",
                                                 .manager = 1});
    world_detect(world, "HERE", "EICAR");
    world_run(world, 20000);
    assert_int_equal(case_of("HERE")->state, NQ_CASE_HELD);
    assert_int_equal(case_of("HERE")->reason, NQ_REASON_AMBIGUOUS);
    assert_int_equal(world_added(world), 0);
}

static void a_case_finds_its_manager_by_name_after_a_new_order(void **state)
{
    (void)state;
    world_detect(world, "THERE", "EICAR");
    world_run(world, 1000);
    world_stop(world);
    struct nq_manager_conf *managers = world_conf(world)->managers;
    const struct nq_manager_conf first = managers[0];
    managers[0] = managers[1];
    managers[1] = first;
    world_vm(world, "THERE")->manager = 0;
    world_vm(world, "HERE")->manager = 1;
    world_start(world);
    assert_int_equal(case_of("THERE")->manager, 1);
    nq_engine_command(world_engine(world), case_of("THERE")->id, NQ_WANT_RELEASE, "me");
    world_run(world, 1000);
    assert_false(world_vm(world, "THERE")->tagged);
}

static void a_case_of_a_removed_manager_has_none(void **state)
{
    (void)state;
    world_detect(world, "THERE", "EICAR");
    world_run(world, 1000);
    world_stop(world);
    world_conf(world)->manager_count = 1;
    world_start(world);
    assert_int_equal(case_of("THERE")->manager, 0);
    assert_string_equal(case_of("THERE")->manager_name, "other");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_manager_is_known_with_the_vm),
        TEST(nsx_for_vsphere_calls_the_tag_by_its_value_alone),
        TEST(the_same_id_at_two_managers_is_two_vms),
        TEST(the_same_name_at_two_managers_is_held),
        TEST(a_case_finds_its_manager_by_name_after_a_new_order),
        TEST(a_case_of_a_removed_manager_has_none),
    };
    return cmocka_run_group_tests_name("engine managers", tests, NULL, NULL);
}
