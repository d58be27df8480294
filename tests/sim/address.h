/* SPDX-License-Identifier: Apache-2.0 */
/* address.h: is an IPv4 or IPv6 address inside a range of addresses.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   never; what is no address is in no range.
 * Limits  none of its own.
 */
#ifndef SIM_ADDRESS_H
#define SIM_ADDRESS_H

#include <stdbool.h>

/* range is an address, a CIDR block or `first-last`; both of one family. */
bool sim_address_in(const char *address, const char *range);
bool sim_address_range_valid(const char *range);

#endif
