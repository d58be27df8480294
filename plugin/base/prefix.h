/* SPDX-License-Identifier: Apache-2.0 */
/* prefix.h: IP addresses and prefixes in their text forms, compared as what they mean.
 * Not for: names, which would have to be looked up.
 *
 * Owns    nothing: struct nq_prefix is plain data.
 * Blocks  never.
 * Thread  any.
 * Fails   parse returns false and leaves the result untouched.
 * Limits  none.
 */
#ifndef NQ_BASE_PREFIX_H
#define NQ_BASE_PREFIX_H

#include <stdbool.h>
#include <stdint.h>

/* IPv4 stands as ::ffff:0:0/96, so an IPv4 address has one form, whatever socket it came
 * from. */
struct nq_prefix {
    uint8_t address[16];
    unsigned bits; /* 0..128 */
};

/* "192.0.2.1", "192.0.2.0/24", "2001:db8::/32"; without a length the address itself. Bits
 * behind the length must be 0: 192.0.2.1/24 is a mistake, not a network. */
bool nq_prefix_parse(const char *text, struct nq_prefix *ret_prefix)
    __attribute__((warn_unused_result));

/* Whether address, an IPv4 or IPv6 address as text (a zone behind % is ignored), lies in
 * the prefix. false for any other text and for NULL. */
bool nq_prefix_holds(const struct nq_prefix *prefix, const char *address);

#endif
