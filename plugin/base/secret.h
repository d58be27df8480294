/* SPDX-License-Identifier: Apache-2.0 */
/* secret.h: a password, token or key: read from a file, never shown, wiped after use.
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

#define NQ_SECRET_MAX 16384 /* tokens with claims and private keys, too */

struct nq_secret {
    char *data; /* NUL-terminated; NULL before load and after done */
    size_t len; /* without the NUL */
};

/* The path that a name of the configuration stands for, for the caller to free. A name
 * without a slash is a credential of systemd: a file in $CREDENTIALS_DIRECTORY. NULL and
 * *reterr when there is no such directory. */
char *nq_secret_path(const char *name, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Reads the file of that name: a regular file of root or of the effective user that nobody
 * else may read or write. Only a credential may be readable for its group: systemd grants
 * the service's user its access that way. One newline at the end does not belong to the
 * secret. */
bool nq_secret_load(struct nq_secret *secret, const char *name, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Whether both hold the same bytes. */
bool nq_secret_same(const struct nq_secret *a, const struct nq_secret *b);

/* Wipes a text and frees it. Takes NULL. Always returns NULL. */
char *nq_secret_free_text(char *text);

/* Wipes and frees; harmless on a zeroed or already done secret. */
void nq_secret_done(struct nq_secret *secret);

#endif
