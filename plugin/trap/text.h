/* SPDX-License-Identifier: Apache-2.0 */
/* text.h: what snmptrapd hands to a traphandle program, turned into a struct nq_trap.
 * Takes only the form of `snmptrapd -Onxet -n`: numeric OIDs, strings as quoted hex,
 * numeric enumerations and ticks. Text in any other form could hide a forged varbind
 * behind a newline inside a string, so it is refused.
 *
 * Owns    what *ret_trap holds belongs to the caller (nq_trap_done()).
 * Blocks  never.
 * Thread  any.
 * Fails   NQ_TRAP_FORMAT or NQ_TRAP_TOO_LARGE with the line and the reason.
 * Limits  NQ_TRAP_TEXT_MAX bytes in all, and those of trap.h.
 */
#ifndef NQ_TRAP_TEXT_H
#define NQ_TRAP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "trap/trap.h"

#define NQ_TRAP_TEXT_MAX (256 * 1024)

/* How the first line of a text of our own begins; nq_config_proof_word() is its end. */
#define NQ_TEXT_OWN "nsx-quarantine proof="

/* text need not be NUL-terminated. *ret_trap is written only on success. */
bool nq_trap_from_text(const char *text, size_t len, struct nq_trap *ret_trap,
                       struct nq_err *reterr) __attribute__((warn_unused_result));

/* The same for a text that only an engine of ours can have written (text_write.h): what its
 * first line says about the sender's proof is believed. */
bool nq_trap_from_own_text(const char *text, size_t len, struct nq_trap *ret_trap,
                           struct nq_err *reterr) __attribute__((warn_unused_result));

#endif
