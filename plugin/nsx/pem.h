/* SPDX-License-Identifier: Apache-2.0 */
/* pem.h: certificates from a file, as text for the HTTP client.
 * Not for: private keys (base/secret.h), or judging a certificate.
 *
 * Owns    nothing; the caller frees the text.
 * Blocks  for reading one local file.
 * Thread  any.
 * Fails   with NQ_CONFIG_VALUE, the option and the path.
 * Limits  NQ_PEM_MAX bytes.
 */
#ifndef NQ_NSX_PEM_H
#define NQ_NSX_PEM_H

#include "base/err.h"

#define NQ_PEM_MAX ((size_t)1 << 20)

/* NULL and *reterr when path cannot be read or holds no certificate. option is what the
 * configuration calls it. */
char *nq_pem_load(const char *option, const char *path, struct nq_err *reterr)
    __attribute__((warn_unused_result));

#endif
