/* SPDX-License-Identifier: Apache-2.0 */
/* span.h: borrowed pieces of a text, and how a trigger narrows one. Pure.
 * Not for: what a text means (trigger.h).
 *
 * Owns    nothing: a span points into a text that outlives it.
 * Blocks  never.
 * Thread  any.
 * Fails   never.
 * Limits  none.
 */
#ifndef NQ_TRAP_SPAN_H
#define NQ_TRAP_SPAN_H

#include <stdbool.h>
#include <stddef.h>

/* Not NUL-terminated; text is never NULL. */
struct nq_span {
    const char *text;
    size_t len;
};

struct nq_span nq_span_of(const char *text);
bool nq_span_same(struct nq_span a, struct nq_span b);
bool nq_span_contains(struct nq_span span, const char *part);
bool nq_span_holds_nul(struct nq_span span);

/* Without blanks and line ends at both ends. */
struct nq_span nq_span_trimmed(struct nq_span span);

/* Takes one line off the front of *rest. It ends at a newline or at the two characters
 * backslash and n, which some senders write instead. */
struct nq_span nq_span_next_line(struct nq_span *rest);

enum nq_key { NQ_KEY_FOUND, NQ_KEY_MISSING, NQ_KEY_AMBIGUOUS };

/* Narrows *span to the trimmed value of its line `key: value`; untouched unless FOUND. */
enum nq_key nq_span_key(struct nq_span *span, const char *key);

/* Narrows *span to its item-th piece (from 1), trimmed; false when there are fewer. */
bool nq_span_item(struct nq_span *span, const char *delimiter, size_t item);

/* The span as text that is safe to show, cut to what size has room for. Returns out. */
const char *nq_span_show(struct nq_span span, char *out, size_t size);

#endif
