/* SPDX-License-Identifier: Apache-2.0 */
/* uuid.h: UUIDs in their text form (RFC 4122, section 3).
 * Not for: making new ones.
 *
 * Owns    nothing: struct nq_uuid is plain data.
 * Blocks  never.
 * Thread  any.
 * Fails   parse returns false and leaves the result untouched.
 * Limits  none.
 */
#ifndef NQ_BASE_UUID_H
#define NQ_BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>

#define NQ_UUID_TEXT 37 /* with the NUL */

struct nq_uuid {
    uint8_t bytes[16];
};

/* Takes exactly 8-4-4-4-12 hexadecimal digits in either case, nothing around them. */
bool nq_uuid_parse(const char *text, struct nq_uuid *ret_uuid);

/* Lower case. Returns out. */
const char *nq_uuid_format(const struct nq_uuid *uuid, char out[NQ_UUID_TEXT]);

#endif
