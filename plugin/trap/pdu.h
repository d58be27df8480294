/* SPDX-License-Identifier: Apache-2.0 */
/* pdu.h: a notification as libnetsnmp has decoded it, turned into a struct nq_trap.
 * Not for: transports or BER; that is libnetsnmp's and listener.c's.
 *
 * Owns    what *ret_trap holds belongs to the caller (nq_trap_done()).
 * Blocks  never.
 * Thread  any.
 * Fails   NQ_TRAP_FORMAT or NQ_TRAP_TOO_LARGE with the reason.
 * Limits  those of trap.h.
 */
#ifndef NQ_TRAP_PDU_H
#define NQ_TRAP_PDU_H

#include <stdbool.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "base/err.h"
#include "trap/trap.h"

/* Takes a v1 trap, a v2 trap or an inform; a v1 trap becomes what RFC 3584 section 3.1
 * says. source: the sender's address as sender.h has it; copied. *ret_trap is written only
 * on success. pdu is not changed. */
bool nq_trap_from_pdu(netsnmp_pdu *pdu, const char *source, struct nq_trap *ret_trap,
                      struct nq_err *reterr) __attribute__((warn_unused_result));

#endif
