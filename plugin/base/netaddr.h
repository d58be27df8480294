/* SPDX-License-Identifier: Apache-2.0 */
/* netaddr.h: IP and MAC addresses in the spellings people and products use, and the one
 * spelling we use. Pure.
 * Not for: sockets, prefixes, names.
 *
 * Owns    nothing.
 * Blocks  never: no name is looked up.
 * Thread  any.
 * Fails   with false for what is no such address; out is then not touched.
 * Limits  none.
 */
#ifndef NQ_BASE_NETADDR_H
#define NQ_BASE_NETADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NQ_IP_TEXT  46 /* with the NUL: an IPv6 address is the longest */
#define NQ_MAC_TEXT 18 /* with the NUL: 00:50:56:aa:bb:cc */

struct nq_mac {
    uint8_t bytes[6];
};

/* Spells an address as RFC 5952 has it; an IPv4 address mapped into IPv6 as IPv4. */
bool nq_ip_spell(const char *text, char out[NQ_IP_TEXT]);

/* The same for the 4 or 16 octets of an address; any other number is none. */
bool nq_ip_spell_octets(const void *octets, size_t len, char out[NQ_IP_TEXT]);

/* Takes 00:50:56:aa:bb:cc and 00-50-56-AA-BB-CC: what cannot be a name. */
bool nq_mac_parse(const char *text, struct nq_mac *ret_mac);

/* Takes also 005056aabbcc and 0050.56aa.bbcc, which might be names: for a text that is
 * known to be a MAC address. */
bool nq_mac_parse_any(const char *text, struct nq_mac *ret_mac);

/* 00:50:56:aa:bb:cc. Returns out. */
const char *nq_mac_format(const struct nq_mac *mac, char out[NQ_MAC_TEXT]);

#endif
