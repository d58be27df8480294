/* SPDX-License-Identifier: Apache-2.0 */
/* story.h: what the stories about the engine share. Included by the test programs only. */
#ifndef NQ_TESTS_STORY_H
#define NQ_TESTS_STORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "quarantine/case.h"
#include "world.h"

#define assert_state(world, expected)                                                    \
    assert_string_equal(nq_case_state_name(world_case(world)->state),                    \
                        nq_case_state_name(expected))
#define assert_reason(world, expected)                                                   \
    assert_string_equal(nq_reason_name(world_case(world)->reason),                       \
                        nq_reason_name(expected))

static inline struct world *isolated_world(void)
{
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    return world;
}

static inline void command(struct world *world, enum nq_wanted wanted)
{
    const uint32_t id = world_case(world)->id;
    assert_true(nq_engine_may(world_engine(world), id, wanted));
    nq_engine_command(world_engine(world), id, wanted, "operator");
    world_settle(world);
}

/* NSX refuses the removal that waits, and the read that follows shows the tag. */
static inline void refuse_removal(struct world *world)
{
    assert_true(world_is_waiting(world, CALL_REMOVE));
    world_fail(world, NQ_NSX_FORBIDDEN, false);
    assert_state(world, NQ_CASE_RELEASING);
    assert_true(world_is_waiting(world, CALL_READ));
    (void)world_answer(world);
    assert_state(world, NQ_CASE_FAILED);
    assert_reason(world, NQ_REASON_NSX_REFUSED);
}

/* The tag of an addition that NSX took in comes to light. */
static inline void show_tag(struct world *world, const char *name)
{
    world_vm(world, name)->tagged = true;
    world_vm(world, name)->member = true;
}

static inline void assert_balance(const struct world *world)
{
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_RECEIVED),
                     world_counter(world, NQ_COUNT_TRAPS_ACTED) +
                         world_counter(world, NQ_COUNT_TRAPS_COALESCED) +
                         world_counter(world, NQ_COUNT_TRAPS_IGNORED) +
                         world_counter(world, NQ_COUNT_TRAPS_HELD) +
                         world_counter(world, NQ_COUNT_TRAPS_REFUSED) +
                         world_counter(world, NQ_COUNT_TRAPS_MALFORMED));
}

#endif
