/* SPDX-License-Identifier: Apache-2.0 */
/* ownhosts.h: under which names and addresses this machine is known to others.
 *
 * Owns    nothing.
 * Blocks  never: no name is resolved (gethostname(2), getifaddrs(3)).
 * Thread  any.
 * Fails   never: what the system does not tell is left out.
 * Limits  none.
 */
#ifndef NQ_BASE_OWNHOSTS_H
#define NQ_BASE_OWNHOSTS_H

/* Calls fn for the host name and for each address, but for loopback and link-local ones, which
 * every machine has. Texts are borrowed for the call. */
void nq_own_hosts(void (*fn)(void *arg, const char *host), void *arg);

#endif
