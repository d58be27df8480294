/* SPDX-License-Identifier: Apache-2.0 */
/* propose_text.h: lines, keys and lists in a text, and what a piece of it looks like. Private
 * to the proposals of trap/.
 * Not for: traps that are acted on; trigger.h reads those.
 *
 * Owns    nothing: a span is a borrowed piece of a value.
 * Blocks  never.
 * Thread  any.
 * Fails   with false.
 * Limits  keys of 48 bytes of plain ASCII.
 */
#ifndef NQ_TRAP_PROPOSE_TEXT_H
#define NQ_TRAP_PROPOSE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Not NUL-terminated. */
struct nq_span {
    const char *text;
    size_t len;
};

/* Without blanks and line ends around it. */
struct nq_span nq_span_trim(struct nq_span span);

/* Takes a line off the front of *rest; see nq_text_next_line(). */
struct nq_span nq_span_next_line(struct nq_span *rest);

/* There is text behind the first line. */
bool nq_span_has_lines(struct nq_span text);

/* Splits a line at the first of the marks; the key is plain and not empty. */
bool nq_span_split(struct nq_span line, const char *marks, struct nq_span *ret_key,
                   struct nq_span *ret_value);

/* Item number item (from 1) of a list, trimmed; false: there is none. */
bool nq_span_item(struct nq_span text, char delimiter, size_t item,
                  struct nq_span *ret_item);

/* word stands in it, in either case, with no letter or digit beside it. */
bool nq_span_has_word(struct nq_span span, const char *word);

/* An address, a MAC address or a UUID: nothing that a person would write by chance. */
bool nq_span_is_identity(struct nq_span span);

/* A name as computers have them: a letter, and a digit or a hyphen. */
bool nq_span_is_name(struct nq_span span);

/* One of the words of a list that ends with NULL, in either case. */
bool nq_span_is_one_of(struct nq_span span, const char *const *words);

#endif
