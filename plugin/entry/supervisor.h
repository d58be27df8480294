/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor.h: what passes between the agent and who started it, a person or systemd: the
 * signals that reload and stop it, and the word that it is ready.
 * Not for: what these mean (agent.c).
 *
 * Owns    one descriptor, watched by the host's loop.
 * Blocks  never.
 * Thread  the only one; open() comes before any other thread, which inherits the mask.
 * Fails   open(), with *reterr.
 * Limits  signals that come in the time of one turn count once each.
 *
 * A process that gets SIGHUP while the dynamic linker still loads it dies of it, whatever it
 * is. From the linker's last step on, before any library has begun, the agent holds what
 * comes until open().
 */
#ifndef NQ_ENTRY_SUPERVISOR_H
#define NQ_ENTRY_SUPERVISOR_H

#include <stdbool.h>

#include "base/err.h"

/* number: SIGHUP, SIGINT or SIGTERM. */
typedef void nq_supervisor_fn(void *arg, int number);

struct nq_supervisor {
    nq_supervisor_fn *fn;
    void *arg;
    int fd; /* signalfd; -1: not open */
};

bool nq_supervisor_open(struct nq_supervisor *supervisor, nq_supervisor_fn *fn, void *arg,
                        struct nq_err *reterr) __attribute__((warn_unused_result));

/* Does nothing for one that is not open. */
void nq_supervisor_close(struct nq_supervisor *supervisor);

/* sd_notify(3), READY=1: from now on systemd may send signals. */
void nq_supervisor_ready(void);

#endif
