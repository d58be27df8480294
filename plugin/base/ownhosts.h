/* SPDX-License-Identifier: Apache-2.0 */
/* ownhosts.h: under which names and addresses this machine is known to others.
 *
 * Owns    nothing; the descriptor of nq_own_hosts_watch() is the caller's.
 * Blocks  never: no name is resolved (gethostname(2), getifaddrs(3)).
 * Thread  any.
 * Fails   nq_own_hosts() never: what the system does not tell is left out. The watch with
 *         NQ_SYSTEM, where netlink sockets are forbidden: then no address can be read either.
 * Limits  none.
 */
#ifndef NQ_BASE_OWNHOSTS_H
#define NQ_BASE_OWNHOSTS_H

#include <stdbool.h>

#include "base/err.h"

/* Calls fn for the host name and for each address, but for loopback and link-local ones, which
 * every machine has. Texts are borrowed for the call. */
void nq_own_hosts(void (*fn)(void *arg, const char *host), void *arg);

/* A descriptor on which the kernel tells of each address that comes and goes (rtnetlink(7)).
 * The caller closes it. -1: there is none. */
int nq_own_hosts_watch(struct nq_err *reterr);

/* Have the addresses changed since this was asked last? Takes -1: always. */
bool nq_own_hosts_changed(int watch);

#endif
