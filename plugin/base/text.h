/* SPDX-License-Identifier: Apache-2.0 */
/* text.h: text that may come from an attacker, made safe to show; and owned strings.
 * Not for: parsing.
 *
 * Owns    what the function comments say.
 * Blocks  never.
 * Thread  any.
 * Fails   never: memory that cannot be had ends the process (mem.h).
 * Limits  NQ_TEXT_MAX bytes in a text that SNMP shows (NqText of the MIB).
 */
#ifndef NQ_BASE_TEXT_H
#define NQ_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define NQ_TEXT_MAX 255

/* Copies in to out as valid UTF-8 without control characters: C0, C1, DEL and bytes that
 * are not UTF-8 become \n, \t or \xHH; a backslash before such an escape stays as it is.
 * Writes at most size bytes, always NUL-terminated, and never cuts a character or an
 * escape in two. in may be NULL (empty). Returns out. */
const char *nq_text_escape(const char *in, char *out, size_t size);

/* Replaces *field (heap, may be NULL) by an escaped copy of value, at most NQ_TEXT_MAX
 * bytes. value may be NULL (the field becomes NULL) and may be *field itself. */
void nq_text_set(char **field, const char *value);

/* The same for a formatted value. */
void nq_text_setf(char **field, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Never NULL: "" for NULL. */
const char *nq_text_or_empty(const char *text);

/* ASCII case-insensitive equality; NULL equals nothing. */
bool nq_text_same(const char *a, const char *b);

#endif
