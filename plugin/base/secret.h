/* SPDX-License-Identifier: Apache-2.0 */
/* secret.h: a password that is read from a file, never shown and wiped after use.
 * Not for: anything that goes into a log, an error text or the environment.
 *
 * Owns    its bytes until nq_secret_done().
 * Blocks  for reading one small local file.
 * Thread  any.
 * Fails   with NQ_SECRET_FILE, the path and what is wrong with the file.
 * Limits  NQ_SECRET_MAX bytes.
 */
#ifndef NQ_BASE_SECRET_H
#define NQ_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define NQ_SECRET_MAX 4096

struct nq_secret {
    char *data; /* NUL-terminated; NULL before load and after done */
    size_t len; /* without the NUL */
};

/* Reads path: a regular file of root or of the effective user that nobody else may read
 * or write. One newline at the end does not belong to the secret. */
bool nq_secret_load(struct nq_secret *secret, const char *path, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Wipes and frees; harmless on a zeroed or already done secret. */
void nq_secret_done(struct nq_secret *secret);

#endif
