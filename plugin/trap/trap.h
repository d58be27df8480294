/* SPDX-License-Identifier: Apache-2.0 */
/* trap.h: one received notification, normalised (RFC 3584 section 3): a v1 trap has
 * become sysUpTime.0, snmpTrapOID.0 and its varbinds before it gets here.
 * Not for: meaning. trigger.h decides what a trap says.
 *
 * Owns    its strings; nq_trap_done() frees them.
 * Blocks  never.
 * Thread  any.
 * Fails   never.
 * Limits  the NQ_TRAP_* numbers below; a trap above them is refused, not cut.
 */
#ifndef NQ_TRAP_TRAP_H
#define NQ_TRAP_TRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h" /* enum nq_proof */

#define NQ_TRAP_VARBINDS_MAX 128
#define NQ_TRAP_VALUE_MAX    65535 /* octets in one value: a UDP datagram holds no more */
#define NQ_TRAP_OID_ARCS_MAX 128   /* RFC 2578 section 3.5 */

/* What each notification begins with, and a password that none of us keeps: its value is
 * emptied by whoever reads it and never written. RFC 3418, RFC 3584. */
#define NQ_OID_SYS_UP_TIME    ".1.3.6.1.2.1.1.3.0"
#define NQ_OID_SNMP_TRAP      ".1.3.6.1.6.3.1.1.4.1.0"
#define NQ_OID_TRAP_COMMUNITY ".1.3.6.1.6.3.18.1.4.0"

enum nq_value_type {
    NQ_VALUE_OCTETS,  /* OCTET STRING, BITS, Opaque: value holds the octets */
    NQ_VALUE_NUMBER,  /* any integer, also TimeTicks; value is its decimal text */
    NQ_VALUE_OID,     /* value is dotted text with a leading dot */
    NQ_VALUE_ADDRESS, /* IpAddress in dotted form */
    NQ_VALUE_NULL,    /* value is empty */
};

struct nq_varbind {
    char *oid; /* ".1.3.6.1....": digits and dots, with a leading dot */
    enum nq_value_type type;
    char *value; /* value_len octets and a NUL behind them; may hold NULs */
    size_t value_len;
};

enum nq_snmp_version {
    NQ_SNMP_UNKNOWN, /* snmptrapd does not tell it to its handlers */
    NQ_SNMP_V1,
    NQ_SNMP_V2C,
    NQ_SNMP_V3,
};

struct nq_trap {
    char
        *source; /* transport address of the sender as text: "127.0.0.1", "::1", "unix" */
    char *forwarded_for; /* whom the sender says it forwards: the last snmpTrapAddress of
                          * the message (RFC 3584 section 3.1); NULL: nobody */
    enum nq_snmp_version version;
    char *community; /* v1, v2c: its octets and a NUL; NULL: not known */
    char *user;      /* v3: the security name that the message was authenticated for */
    enum nq_security_level level; /* v3 */
    enum nq_proof proof;          /* decided by an engine before; 0: not yet */
    char *trap_oid;               /* value of snmpTrapOID.0, with a leading dot */
    uint64_t uptime_ticks;        /* sysUpTime.0, hundredths of a second; 0 when absent */
    struct nq_varbind *varbinds;  /* all of them, the two above included, in order */
    size_t varbind_count;
};

/* Frees what trap holds and empties it; not the struct. */
void nq_trap_done(struct nq_trap *trap);

/* Takes trap_oid and uptime_ticks out of the varbinds, of which they are the first two (RFC
 * 3416 section 4.2.6). Returns NULL, or why it is no notification: a sentence. */
const char *nq_trap_complete(struct nq_trap *trap) __attribute__((warn_unused_result));

/* First varbind with this OID, or NULL. */
const struct nq_varbind *nq_trap_varbind(const struct nq_trap *trap, const char *oid);

#endif
