/* SPDX-License-Identifier: Apache-2.0 */
/* reception.h: what our own listeners bring, handed to the engine. A trap that the engine
 * cannot store now is spooled, for nobody sends it again; an inform is left unanswered, so
 * that its sender does.
 * Not for: sockets (listener.h) or the handler's socket (intake.h).
 *
 * Owns    the listener, its SNMPv3 users, and what waits for the engine's verdict.
 * Blocks  open() for reading local files; for two fsyncs of a trap that is spooled.
 * Thread  loop thread only.
 * Fails   open() with *reterr.
 * Limits  those of listener.h.
 */
#ifndef NQ_ENTRY_RECEPTION_H
#define NQ_ENTRY_RECEPTION_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"
#include "config/config.h"
#include "loop/loop.h"
#include "quarantine/engine.h"

struct nq_reception;

struct nq_reception_setup {
    const struct nq_config *conf;
    const struct nq_sources *sources;
    struct nq_loop *loop;
    const struct nq_clock *clock;
    struct nq_engine *engine;
    bool is_snmp_engine; /* our process is one for nobody else: it gets our engine ID */
};

/* Without addresses to listen on there is nothing to do, which is no failure. What setup
 * names must outlive the reception. */
struct nq_reception *nq_reception_open(const struct nq_reception_setup *setup,
                                       struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Takes NULL, returns NULL. Call it before the engine is closed. */
struct nq_reception *nq_reception_close(struct nq_reception *reception);

#endif
