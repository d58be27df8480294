/* SPDX-License-Identifier: Apache-2.0 */
/* sender.h: who sent a trap, out of the text by which snmptrapd names a transport.
 * Not for: trusting it; the source of a datagram can be forged.
 *
 * Owns    nothing; the result belongs to the caller.
 * Blocks  never: no name is looked up.
 * Thread  any.
 * Fails   with NULL.
 * Limits  none of its own.
 */
#ifndef NQ_TRAP_SENDER_H
#define NQ_TRAP_SENDER_H

#include <stddef.h>

/* "192.0.2.1", "2001:db8::1", "fe80::1%eth0", "unix"; NULL: line names no sender. One host
 * has one text. line need not be NUL-terminated. */
char *nq_sender_from_transport(const char *line, size_t len)
    __attribute__((warn_unused_result));

#endif
