/* SPDX-License-Identifier: Apache-2.0 */
/* hint.h: what a text that names a computer is, and its one spelling. Pure.
 * Not for: looking anything up (inventory.h).
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   never: what is nothing else is a name.
 * Limits  none.
 */
#ifndef NQ_NSX_HINT_H
#define NQ_NSX_HINT_H

#include <stdbool.h>

#define NQ_HINT_KEY 46 /* with the NUL: an IPv6 address is the longest */

enum nq_hint { NQ_HINT_NOTHING, NQ_HINT_UUID, NQ_HINT_IP, NQ_HINT_MAC, NQ_HINT_NAME };

/* out receives the spelling: a UUID and a MAC address in lower case, the latter without
 * its marks; an address as RFC 5952 has it, an IPv4 address mapped into IPv6 as IPv4; ""
 * for a name, which has no other spelling than its own. */
enum nq_hint nq_hint_of(const char *text, char out[NQ_HINT_KEY]);

#endif
