/* SPDX-License-Identifier: Apache-2.0 */
/* value.h: how one field of a row struct becomes the octets of one SNMP value.
 * Not for: knowing tables or requests.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  NQ_TEXT_MAX octets in a text; longer ones are cut between characters.
 */
#ifndef NQ_MIB_VALUE_H
#define NQ_MIB_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "base/text.h"

struct nq_value {
    size_t len; /* of the member in use, in bytes */
    union {
        u_long number;
        struct counter64 counter;
        u_char octets[NQ_TEXT_MAX + 1];
    } as;
};

/* field points at the member of the row that the column names. */
typedef void nq_value_fn(const void *field, struct nq_value *ret_value);

nq_value_fn nq_value_u32;     /* uint32_t or an enum */
nq_value_fn nq_value_u64;     /* uint64_t: Counter64 */
nq_value_fn nq_value_text;    /* char *: NqText; NULL is "" */
nq_value_fn nq_value_date;    /* int64_t ms since 1970: DateAndTime; 0 is eight zeros */
nq_value_fn nq_value_seconds; /* int64_t ms since 1970: Unix seconds */
nq_value_fn nq_value_bits;    /* uint32_t set of 1 << bit: BITS of at most 8 bits */

/* Sizes of the fields, for the rows' compile-time check. */
#define NQ_SIZE_u32     sizeof(uint32_t)
#define NQ_SIZE_u64     sizeof(uint64_t)
#define NQ_SIZE_text    sizeof(char *)
#define NQ_SIZE_date    sizeof(int64_t)
#define NQ_SIZE_seconds sizeof(int64_t)
#define NQ_SIZE_bits    sizeof(uint32_t)

#endif
