/* SPDX-License-Identifier: Apache-2.0 */
/* listener.h: sockets of ours that take SNMP notifications. libnetsnmp does transports, BER
 * and USM; this reads them in batches, answers informs, and tells what the kernel dropped.
 * Not for: deciding anything about a trap.
 *
 * Owns    the sockets and connections, and informs until they are answered.
 * Blocks  never; open() for reading one local file.
 * Thread  loop thread only.
 * Fails   open() with *reterr; afterwards a bad peer is only disconnected.
 * Limits  NQ_LISTENER_BATCH messages of a socket in a turn, listen.connections streams
 *         (further ones wait in the kernel until one ends, or is silent for
 *         NQ_LISTENER_IDLE_MS), NQ_LISTENER_MESSAGE_MAX bytes in a
 *         message, NQ_LISTENER_INFORMS remembered informs.
 *
 * A socket that systemd passes is used when its port or path fits an address of the
 * configuration, and stays open for the next listener of this process.
 */
#ifndef NQ_TRAP_LISTENER_H
#define NQ_TRAP_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "config/config.h"
#include "loop/loop.h"
#include "trap/trap.h"

#define NQ_LISTENER_BATCH       256
#define NQ_LISTENER_MESSAGE_MAX 65535 /* as in a UDP datagram, whatever the transport */
#define NQ_LISTENER_INFORMS     8192
#define NQ_LISTENER_IDLE_MS     10000

struct nq_listener;

/* An inform that waits for its answer. */
struct nq_inform;

/* Who hears of what came. Everything is borrowed for the call, but for the inform, which is
 * to be handed to nq_listener_answer() once, and the trap, which on_trap() may empty
 * (struct nq_trap copied, then zeroed) to keep it. */
struct nq_listener_user {
    void *arg;
    /* inform: NULL when nobody waits. */
    void (*on_trap)(void *arg, struct nq_trap *trap, struct nq_inform *inform);
    /* Not a notification, or (unauthentic) one whose SNMPv3 sender cannot be verified. */
    void (*on_refused)(void *arg, bool unauthentic, const char *source,
                       const char *reason);
    /* drops: datagrams that this socket has lost since it was made; SO_MEMINFO and
     * SO_COOKIE of socket(7). Once at the start, then whenever it has changed. */
    void (*on_drops)(void *arg, const char *address, uint64_t cookie, uint64_t drops);
};

/* Opens all addresses of conf->listen, or none. conf must outlive the listener. */
struct nq_listener *nq_listener_open(const struct nq_config *conf, struct nq_loop *loop,
                                     const struct nq_clock *clock,
                                     const struct nq_listener_user *user,
                                     struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Informs that wait are not answered, so that their senders repeat them. Takes NULL,
 * returns NULL. */
struct nq_listener *nq_listener_close(struct nq_listener *listener);

/* taken: the inform is acknowledged, and so will be its repetitions. Else nothing is said,
 * and a repetition is a new inform. */
void nq_listener_answer(struct nq_listener *listener, struct nq_inform *inform,
                        bool taken);

#endif
