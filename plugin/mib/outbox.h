/* SPDX-License-Identifier: Apache-2.0 */
/* outbox.h: notifications on their way to the host's sinks, a few at a time. An AgentX
 * subagent that sends many at once and reads no answer meanwhile, and a master that waits
 * for it to read, would wait for each other for ever.
 * Not for: building notifications (notify.c).
 *
 * Owns    what waits, and one alarm of the host.
 * Blocks  as long as the host's sinks do for NQ_OUTBOX_BATCH notifications.
 * Thread  the host's only one.
 * Fails   what finds no place is counted and said in the log.
 * Limits  NQ_OUTBOX_MAX wait; NQ_OUTBOX_BATCH leave in NQ_OUTBOX_PERIOD_MS.
 */
#ifndef NQ_MIB_OUTBOX_H
#define NQ_MIB_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#define NQ_OUTBOX_MAX       1000
#define NQ_OUTBOX_BATCH     8
#define NQ_OUTBOX_PERIOD_MS 20

/* The host takes a notification now without making us wait. */
typedef bool nq_outbox_fn(void);

struct nq_outbox_entry;

/* Zeroed is empty, and asks nobody. */
struct nq_outbox {
    nq_outbox_fn *may_send; /* NULL: always */
    struct nq_outbox_entry *first;
    struct nq_outbox_entry **tail;
    size_t count;
    size_t sent; /* in the present period */
    uint64_t lost;
    unsigned alarm; /* 0: no period is running */
};

/* Sends vars now or in turn, and frees them. false: there was no place for it. */
bool nq_outbox_put(struct nq_outbox *outbox, netsnmp_variable_list *vars);

/* Sends what may be sent now, forgets the rest and says so. */
void nq_outbox_done(struct nq_outbox *outbox);

#endif
