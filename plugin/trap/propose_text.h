/* SPDX-License-Identifier: Apache-2.0 */
/* propose_text.h: keys in a text, and what a piece of it looks like. Private
 * to the proposals of trap/.
 * Not for: traps that are acted on; trigger.h reads those.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   with false.
 * Limits  keys of 48 bytes of plain ASCII.
 */
#ifndef NQ_TRAP_PROPOSE_TEXT_H
#define NQ_TRAP_PROPOSE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "trap/span.h"

/* There is text behind the first line. */
bool nq_propose_has_lines(struct nq_span text);

/* Splits a line at the first of the marks; the key is plain and not empty. */
bool nq_propose_split(struct nq_span line, const char *marks, struct nq_span *ret_key,
                      struct nq_span *ret_value);

/* word stands in it, in either case, with no letter or digit beside it. */
bool nq_propose_has_word(struct nq_span span, const char *word);

/* An address, a MAC address or a UUID: nothing that a person would write by chance. */
bool nq_propose_is_identity(struct nq_span span);

/* A name as computers have them: a letter, and a digit or a hyphen. */
bool nq_propose_is_name(struct nq_span span);

/* One of the words of a list that ends with NULL, in either case. */
bool nq_propose_is_one_of(struct nq_span span, const char *const *words);

#endif
