/* SPDX-License-Identifier: Apache-2.0 */
/* text_write.h: a struct nq_trap turned into the text that text.h reads, so that a trap
 * which came another way can be spooled, kept and tried out: what is written reads as the
 * same trap, and that one is written as the same text.
 * Not for: showing a trap to people. Community, user, level and version are not written.
 *
 * Owns    the text belongs to the caller's buffer.
 * Blocks  never.
 * Thread  any.
 * Fails   NQ_TRAP_TOO_LARGE when the text does not fit, NQ_TRAP_FORMAT for a trap without
 *         a sender; *ret_text is empty then.
 * Limits  NQ_TRAP_TEXT_MAX bytes, and the maximum of the buffer.
 */
#ifndef NQ_TRAP_TEXT_WRITE_H
#define NQ_TRAP_TEXT_WRITE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "trap/text.h"

/* Replaces what ret_text holds. proof: what is known about the sender, for the first line
 * (nq_trap_from_own_text()); 0: nothing is said. */
bool nq_trap_to_text(const struct nq_trap *trap, enum nq_proof proof,
                     struct nq_buf *ret_text, struct nq_err *reterr)
    __attribute__((warn_unused_result));

#endif
