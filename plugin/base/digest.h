/* SPDX-License-Identifier: Apache-2.0 */
/* digest.h: SHA-256 of some octets, in lower case hex.
 * Not for: numbers to compare by (hash.h), or secrets.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   with false when the library refuses; out is "" then.
 * Limits  none.
 */
#ifndef NQ_BASE_DIGEST_H
#define NQ_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#define NQ_DIGEST_TEXT 65 /* with the NUL */

bool nq_digest(const void *octets, size_t len, char out[NQ_DIGEST_TEXT])
    __attribute__((warn_unused_result));

#endif
