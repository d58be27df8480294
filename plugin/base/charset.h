/* SPDX-License-Identifier: Apache-2.0 */
/* charset.h: text in a declared encoding becomes UTF-8, whole or not at all (iconv(3)).
 * Not for: guessing which encoding a text is in.
 *
 * Owns    the converter, until nq_charset_close().
 * Blocks  open: for reading the converter's module from the local disk, once.
 * Thread  the thread of its owner: a converter has a state.
 * Fails   NQ_CONFIG_VALUE for a name that this system does not know; a conversion with
 *         false, for bytes that the encoding does not have.
 * Limits  NQ_CHARSET_NAME_MAX bytes in a name; the maximum of the buffer given.
 */
#ifndef NQ_BASE_CHARSET_H
#define NQ_BASE_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define NQ_CHARSET_NAME_MAX 40

struct nq_charset;

/* The name stands alone: no /, so that nobody asks for //IGNORE or //TRANSLIT, which would
 * turn a text into another one. */
struct nq_charset *nq_charset_open(const char *name, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Takes NULL. Always returns NULL. */
struct nq_charset *nq_charset_close(struct nq_charset *charset);

/* Adds the whole text to out. On false out is empty: there is no partial text. */
bool nq_charset_to_utf8(struct nq_charset *charset, const char *text, size_t len,
                        struct nq_buf *out) __attribute__((warn_unused_result));

#endif
