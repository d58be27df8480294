/* SPDX-License-Identifier: Apache-2.0 */
/* netsnmp.h: a descriptor of ours in the loop of a Net-SNMP process (snmpd, our agent).
 * Not for: many descriptors: the host's registry holds 32 for everybody. Ours stand behind
 * the one of loop.h.
 *
 * Owns    nothing: the descriptor stays the caller's, who unwatches before closing it.
 * Blocks  never.
 * Thread  the host's only one.
 * Fails   watch(), with *reterr, when the registry is full.
 * Limits  those of the host. After an unwatch the host calls no other descriptor in that
 *         round; those that are ready come in the next one.
 */
#ifndef NQ_LOOP_NETSNMP_H
#define NQ_LOOP_NETSNMP_H

#include <stdbool.h>

#include "base/err.h"

typedef void nq_netsnmp_fn(int fd, void *arg);

/* Calls fn whenever fd is readable. */
bool nq_netsnmp_watch(int fd, nq_netsnmp_fn *fn, void *arg, struct nq_err *reterr)
    __attribute__((warn_unused_result));
void nq_netsnmp_unwatch(int fd);

#endif
