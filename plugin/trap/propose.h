/* SPDX-License-Identifier: Apache-2.0 */
/* propose.h: a trap that came -> the configuration of a trigger that would recognise it, as a
 * beginning for the administrator, with what was guessed and why as comments.
 * Not for: deciding anything. Nobody but a person puts a proposal into the configuration.
 *
 * Owns    nothing; the text belongs to the caller's buffer.
 * Blocks  never.
 * Thread  any.
 * Fails   false when the text does not fit into the buffer.
 * Limits  texts above NQ_TRIGGER_SUBJECT_MAX bytes are not looked into.
 *
 * All text of the trap is quoted so that it stays inside its string or its comment.
 */
#ifndef NQ_TRAP_PROPOSE_H
#define NQ_TRAP_PROPOSE_H

#include <stdbool.h>

#include "base/buf.h"
#include "trap/trap.h"

/* Adds one block for `triggers = ( ... );`. name: of the trigger, without quotes in it. */
bool nq_trap_propose(const struct nq_trap *trap, const char *name, struct nq_buf *out)
    __attribute__((warn_unused_result));

/* ---- what a person is shown, too ------------------------------------------------------ */

/* The octets are a text: no NUL but at the end, no control characters but line ends and
 * tabs. *ret_len: without NULs at the end. An empty one is none. */
bool nq_varbind_is_text(const struct nq_varbind *varbind, size_t *ret_len);

#endif
