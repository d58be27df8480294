/* SPDX-License-Identifier: Apache-2.0 */
/* decisions.h: everything that the engine decides by, as data: the table of a case's life,
 * the checks that stand right before a tag is added, and what traps do. Tests hand the engine
 * a copy with one row broken, to see that somebody notices.
 * Not for: users of the engine.
 *
 * Owns    nothing: constants.
 * Blocks  never.
 * Thread  any.
 * Fails   never.
 * Limits  none.
 */
#ifndef NQ_QUARANTINE_DECISIONS_H
#define NQ_QUARANTINE_DECISIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "quarantine/case.h"
#include "quarantine/engine.h"

struct nq_arrival;
struct nq_episode;

/* true: nothing against the addition. false: the case was told what follows. */
typedef bool nq_check_fn(struct nq_episode *episode);

nq_check_fn nq_check_mode;     /* the engine may write */
nq_check_fn nq_check_guard;    /* the VM is not protected */
nq_check_fn nq_check_governor; /* the case was admitted */

/* What a trap does by the action of its trigger. */
struct nq_act {
    enum nq_intake (*take)(struct nq_arrival *arrival);
    bool needs_computer;
};

#define NQ_ACTS (NQ_ACTION_IGNORE + 1)

extern const struct nq_act nq_acts[NQ_ACTS]; /* actions.c */

#define NQ_CHECKS_MAX 3

struct nq_decisions {
    const struct nq_case_table *table;
    nq_check_fn *checks[NQ_CHECKS_MAX]; /* in this order */
    size_t check_count;
    const struct nq_act *acts; /* by enum nq_trigger_action */
};

/* The product's. */
extern const struct nq_decisions nq_decisions;

#endif
