/* SPDX-License-Identifier: Apache-2.0 */
/* intake.h: the local socket on which `nsx-quarantine-trap` hands over traps, and the spool
 * that it fills while nobody answers there.
 * Protocol: the client writes the text of one trap and shuts down its side; the answer is
 * one line: "stored", "refused REASON" or "later REASON".
 *
 * Owns    the socket, its connections and the reading of the spool.
 * Blocks  for reading spooled files.
 * Thread  loop thread only.
 * Fails   open() with *reterr; a bad client is only disconnected.
 * Limits  NQ_INTAKE_CONNECTIONS at once (more wait in the kernel's queue),
 *         NQ_INTAKE_DEADLINE_MS for a client to send, NQ_TRAP_TEXT_MAX bytes.
 */
#ifndef NQ_ENTRY_INTAKE_H
#define NQ_ENTRY_INTAKE_H

#include "base/err.h"
#include "config/config.h"
#include "loop/loop.h"
#include "quarantine/engine.h"

#define NQ_INTAKE_CONNECTIONS 64
#define NQ_INTAKE_DEADLINE_MS 5000

struct nq_intake_server;

/* The caller holds the lock of the state directory: a socket found there is stale. */
struct nq_intake_server *nq_intake_open(const struct nq_config *conf,
                                        struct nq_loop *loop, struct nq_engine *engine,
                                        struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Takes NULL, returns NULL. Call it before the engine is closed. */
struct nq_intake_server *nq_intake_close(struct nq_intake_server *server);

#endif
