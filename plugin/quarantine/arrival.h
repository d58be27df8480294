/* SPDX-License-Identifier: Apache-2.0 */
/* arrival.h: a trap between its reception (intake.c) and what it does (actions.c). Private to
 * this folder.
 *
 * Owns    the texts of the trigger's result; the trap stays its owner's.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never: each verdict counts the trap.
 * Limits  none of its own.
 */
#ifndef NQ_QUARANTINE_ARRIVAL_H
#define NQ_QUARANTINE_ARRIVAL_H

#include "quarantine/engine_internal.h"

/* A trap on its way in. */
struct nq_arrival {
    struct nq_engine *engine;
    const struct nq_trap *trap;
    enum nq_way way;
    struct nq_standing standing;
    struct nq_trigger_result result;
    bool proven;                /* the sender is as sure as the trigger wants */
    char reason[NQ_ERR_DETAIL]; /* why it is refused; for its sender and the log */
};

/* The verdicts: each counts the trap once, in one class. */
enum nq_intake nq_arrival_counted(struct nq_arrival *arrival, enum nq_counter counter);
enum nq_intake nq_arrival_ignored(struct nq_arrival *arrival);
enum nq_intake nq_arrival_refused(struct nq_arrival *arrival, enum nq_counter counter,
                                  const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Does what the trigger says; there is one, and the sender was judged. */
enum nq_intake nq_arrival_act(struct nq_arrival *arrival);

#endif
