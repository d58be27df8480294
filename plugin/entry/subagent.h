/* SPDX-License-Identifier: Apache-2.0 */
/* subagent.h: libnetsnmp as an AgentX subagent that works without a master, connects when
 * one comes, and never waits long for it.
 * Not for: what is registered (mib.h).
 *
 * Owns    the library's state; one subagent in a process.
 * Blocks  below 1 s for a master that does not answer, once in 15 s; else never.
 * Thread  the only one.
 * Fails   start(), with *reterr.
 * Limits  none.
 */
#ifndef NQ_ENTRY_SUBAGENT_H
#define NQ_ENTRY_SUBAGENT_H

#include <stdbool.h>

#include "base/err.h"

/* Prepares the library; tables may be registered from now on. master: its address, or
 * NULL for the library's default. */
bool nq_subagent_start(const char *name, const char *master, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Connects, now or as soon as there is a master. */
void nq_subagent_connect(const char *name);

/* The master is there and has read most of what we wrote, so that writing a little more does
 * not wait for it. */
bool nq_subagent_has_room(void);

/* Also after a start that failed. */
void nq_subagent_stop(const char *name);

#endif
