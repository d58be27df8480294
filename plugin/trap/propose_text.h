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
struct nq_piece {
    const char *text;
    size_t len;
};

/* Without blanks and line ends around it. */
struct nq_piece nq_piece_trim(struct nq_piece span);

/* Takes a line off the front of *rest; see nq_text_next_line(). */
struct nq_piece nq_piece_next_line(struct nq_piece *rest);

/* There is text behind the first line. */
bool nq_piece_has_lines(struct nq_piece text);

/* Splits a line at the first of the marks; the key is plain and not empty. */
bool nq_piece_split(struct nq_piece line, const char *marks, struct nq_piece *ret_key,
                    struct nq_piece *ret_value);

/* Item number item (from 1) of a list, trimmed; false: there is none. */
bool nq_piece_item(struct nq_piece text, char delimiter, size_t item,
                   struct nq_piece *ret_item);

/* word stands in it, in either case, with no letter or digit beside it. */
bool nq_piece_has_word(struct nq_piece span, const char *word);

/* An address, a MAC address or a UUID: nothing that a person would write by chance. */
bool nq_piece_is_identity(struct nq_piece span);

/* A name as computers have them: a letter, and a digit or a hyphen. */
bool nq_piece_is_name(struct nq_piece span);

/* One of the words of a list that ends with NULL, in either case. */
bool nq_piece_is_one_of(struct nq_piece span, const char *const *words);

#endif
