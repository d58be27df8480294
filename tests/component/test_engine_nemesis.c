/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_nemesis.c: stories that the nemesis of random histories told first. */
#include "story.h"
#include "world_internal.h"

#define HOUR_MS 3600000

static void a_state_that_nobody_saw_is_not_announced(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_send(world, WORLD_STRANGER, WORLD_DETECTION, "VDI-01", "Eicar");
    nq_engine_command(world_engine(world), world_case(world)->id, NQ_WANT_APPROVE,
                      "operator");
    world_settle(world); /* both in one turn: it was never held */
    assert_state(world, NQ_CASE_TAGGING);
    assert_int_equal(world_notices(world, NQ_NOTICE_HELD), 0);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_that_nobody_saw_is_not_announced),
    };
    return cmocka_run_group_tests_name("engine nemesis", tests, NULL, NULL);
}
