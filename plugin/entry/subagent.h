/* SPDX-License-Identifier: Apache-2.0 */
/* subagent.h: libnetsnmp as an AgentX subagent that works without a master, connects when
 * one comes, and never waits long for it.
 * Not for: what is registered (mib.h).
 *
 * Owns    the library's state; one subagent in a process.
 * Blocks  below 1 s when a master stops to answer, NQ_MASTER_ANSWER_MS when it is tried again
 *         in vain; else never.
 * Thread  the only one.
 * Fails   start(), with *reterr.
 * Limits  none.
 */
#ifndef NQ_ENTRY_SUBAGENT_H
#define NQ_ENTRY_SUBAGENT_H

#include <stdbool.h>

#include "base/err.h"

/* Prepares the library; tables may be registered from now on. master: see nq_master_use();
 * each ping_s seconds it is looked at, or for. */
bool nq_subagent_start(const char *name, const char *master, int ping_s,
                       struct nq_err *reterr) __attribute__((warn_unused_result));

/* Connects, now or as soon as there is a master. */
void nq_subagent_connect(const char *name);

/* The master is there and has read most of what we wrote, so that writing a little more does
 * not wait for it. */
bool nq_subagent_has_room(void);

/* Also after a start that failed. */
void nq_subagent_stop(const char *name);

#endif
