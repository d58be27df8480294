/* SPDX-License-Identifier: Apache-2.0 */
/* propose_find.h: guesses which part of a trap names the computer, the cause and the
 * severity. Private to trap/.
 * Not for: traps that are acted on; trigger.h does what the configuration says.
 *
 * Owns    nothing: spans point into the trap.
 * Blocks  never.
 * Thread  any.
 * Fails   never: without a guess, why is NULL.
 * Limits  as propose.h.
 */
#ifndef NQ_TRAP_PROPOSE_FIND_H
#define NQ_TRAP_PROPOSE_FIND_H

#include <stdbool.h>
#include <stddef.h>

#include "trap/propose_text.h"
#include "trap/trap.h"

struct nq_guess {
    const char *why; /* static; NULL: no guess */
    size_t varbind;  /* index */
    struct nq_span key;
    size_t item; /* of a list, from 1; 0: no list */
    char delimiter;
    const char *regex; /* NULL: none */
    int group;
    struct nq_span value; /* what the field would be */
    bool is_a_kind;       /* a cause that is the kind of event, not the name of a thing */
};

void nq_guess_computer(const struct nq_trap *trap, struct nq_guess *ret_guess);
/* What was taken for the computer is not taken for the cause. */
void nq_guess_cause(const struct nq_trap *trap, const struct nq_guess *computer,
                    struct nq_guess *ret_guess);
void nq_guess_severity(const struct nq_trap *trap, struct nq_guess *ret_guess);

/* Some text is not UTF-8. */
bool nq_has_foreign_text(const struct nq_trap *trap);

#endif
