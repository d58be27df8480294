/* SPDX-License-Identifier: Apache-2.0 */
/* mib_fixture.h: the real MIB in front of the real engine, with one isolated VM (case 1), to
 * be asked through the agent library itself. A program includes it once. */
#ifndef NQ_TESTS_MIB_FIXTURE_H
#define NQ_TESTS_MIB_FIXTURE_H

#include "../unit/agent_fixture.h"
#include "mib/mib.h"
#include "story.h"

#define REQUESTS 12L /* branch of nqRequestTable */

static struct world *world;
static struct nq_mib *mib;

static inline int open_mib_in(enum nq_host host)
{
    world = isolated_world();
    mib = nq_mib_start(host, NULL, NULL);
    if (!mib) {
        return -1;
    }
    nq_mib_serve(mib, world_engine(world), NULL);
    return 0;
}

static inline int close_mib(void **state)
{
    (void)state;
    mib = nq_mib_stop(mib);
    world_free(world);
    return 0;
}

#endif
