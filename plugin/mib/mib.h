/* SPDX-License-Identifier: Apache-2.0 */
/* mib.h: NSX-QUARANTINE-MIB in front of an engine, the same in both hosts.
 * Not for: state. Every value is read from the engine's rows when it is asked for; no
 * request causes I/O.
 *
 * Owns    the handler registrations.
 * Blocks  never (sending a notification writes to the host's sinks).
 * Thread  loop thread only.
 * Fails   start() when a registration is refused; nothing stays registered then.
 * Limits  none of its own.
 */
#ifndef NQ_MIB_MIB_H
#define NQ_MIB_MIB_H

#include <stdbool.h>

#include "base/err.h"
#include "mib/outbox.h"
#include "quarantine/engine.h"

/* nqEngineHost */
enum nq_host { NQ_HOST_AGENTX = 1, NQ_HOST_DLMOD = 2 };

struct nq_mib;

/* Registers everything, behind an engine that owns its state and is at the same master. The
 * engine may be NULL at first and whenever it could not be opened: then scalars of branch 1
 * answer with health failed(3) and health_text, and there is nothing else. may_notify: see
 * outbox.h. */
struct nq_mib *nq_mib_start(enum nq_host host, nq_outbox_fn *may_notify,
                            struct nq_err *reterr) __attribute__((warn_unused_result));

/* Unregisters everything, in reverse. Takes NULL, returns NULL. */
struct nq_mib *nq_mib_stop(struct nq_mib *mib);

/* Steps before those who own no state, or behind those who do. Registers everything anew; on
 * failure it stands behind. */
bool nq_mib_rank(struct nq_mib *mib, bool owns_state, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Which engine answers from now on (NULL: none, and why). */
void nq_mib_serve(struct nq_mib *mib, struct nq_engine *engine, const char *why_not);

/* Call it after each turn of the engine's loop: keeps nqCasesLastChange exact. */
void nq_mib_note_changes(struct nq_mib *mib);

/* Sends notification nqVmIsolated, ... as soon as the host takes it; for struct nq_observer.
 * arg is the struct nq_mib. */
void nq_mib_notice(void *arg, enum nq_notice notice, const void *row);

#endif
