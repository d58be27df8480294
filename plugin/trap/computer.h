/* SPDX-License-Identifier: Apache-2.0 */
/* computer.h: the text, or the octets, by which a trap names a computer: which kind they
 * are, and its one spelling. Pure.
 * Not for: finding the computer (nsx/find.h).
 *
 * Owns    what it returns belongs to the caller.
 * Blocks  never.
 * Thread  any.
 * Fails   with NULL for what is not of the kind that was declared.
 * Limits  none.
 */
#ifndef NQ_TRAP_COMPUTER_H
#define NQ_TRAP_COMPUTER_H

#include <stddef.h>

#include "config/config.h"
#include "trap/span.h"

/* What a text is taken for when it is looked up: never ANY. A MAC address has its marks
 * then (00:50:56:aa:bb:cc): bare digits may be a name. */
enum nq_computer_kind nq_computer_kind_of(const char *text);

/* "a MAC address"; "an address, a name ..." has no sense for ANY, which is "anything". */
const char *nq_computer_kind_text(enum nq_computer_kind kind);

/* The text in the spelling of that kind: lower case, addresses as RFC 5952 has them. ANY and
 * NAME stay as they are. */
char *nq_computer_spell(enum nq_computer_kind kind, struct nq_span text);

/* The same for the octets of an address (4 or 16) or of a MAC address (6) that stand for
 * themselves, not as text. 16 octets that are the text of an address are no octets. */
char *nq_computer_spell_octets(enum nq_computer_kind kind, const char *octets,
                               size_t len);

#endif
