/* SPDX-License-Identifier: Apache-2.0 */
/* guest.h: the service as a guest in a Net-SNMP process: registered in its MIB tree,
 * watched by its loop, opened again by its alarms. The same in both hosts.
 * Not for: being a process (agent.c) or a module (dlmod.c).
 *
 * Owns    the MIB registrations, the service, one alarm, one watched descriptor.
 * Blocks  as service.h says.
 * Thread  the host's only one.
 * Fails   start(), open() and reload() with *reterr; what fails later is tried again.
 * Limits  one try in NQ_GUEST_RETRY_S seconds.
 */
#ifndef NQ_ENTRY_GUEST_H
#define NQ_ENTRY_GUEST_H

#include <stdbool.h>

#include "base/err.h"
#include "mib/mib.h"

#define NQ_GUEST_RETRY_S 10

struct nq_guest;

/* Registers the MIB and nothing else: safe before the host forks. may_notify: see
 * outbox.h. */
struct nq_guest *nq_guest_start(enum nq_host host, nq_outbox_fn *may_notify,
                                const char *config_file, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Closes and unregisters everything. Takes NULL, returns NULL. */
struct nq_guest *nq_guest_stop(struct nq_guest *guest);

/* The file that the next open reads; copied. */
void nq_guest_configure(struct nq_guest *guest, const char *config_file);

/* Starts the service now, without its listeners. On failure the MIB says why. */
bool nq_guest_open(struct nq_guest *guest, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Opens the listeners of a service that was just started; init_snmp() comes first. */
bool nq_guest_listen(struct nq_guest *guest, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Starts all of it in the host's next round, and tries again until it runs. Each new
 * reason of failure is logged. */
void nq_guest_open_soon(struct nq_guest *guest);

/* Takes the configuration up again. One that is not valid changes nothing: the service
 * goes on with the old one. */
bool nq_guest_reload(struct nq_guest *guest, struct nq_err *reterr)
    __attribute__((warn_unused_result));

#endif
