/* SPDX-License-Identifier: Apache-2.0 */
/* service.h: the whole product behind two calls, the same in both hosts: configuration,
 * store, triggers, NSX, engine, intake socket, spool and listeners, in that order; and
 * back.
 * Not for: registering anything with SNMP (mib.h) or running a loop (the host does).
 *
 * Owns    everything it opens. start() and stop() may alternate any number of times.
 * Blocks  for reading local files at start.
 * Thread  loop thread only.
 * Fails   start() with *reterr; nothing stays open then.
 * Limits  those of its parts.
 */
#ifndef NQ_ENTRY_SERVICE_H
#define NQ_ENTRY_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "quarantine/engine.h"

struct nq_service;

/* config_file: path of the configuration. is_snmp_engine: this process may have our own SNMP
 * engine ID and users; in snmpd it may not. The observer hears of facts. */
struct nq_service *nq_service_start(const char *config_file, bool is_snmp_engine,
                                    struct nq_observer observer, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Opens the listeners of the configuration, once, when libnetsnmp is set up. On failure the
 * service is to be stopped. */
bool nq_service_listen(struct nq_service *service, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Takes NULL, returns NULL. */
struct nq_service *nq_service_stop(struct nq_service *service);

/* The one descriptor that the host watches, and what it calls when it is readable. */
int nq_service_fd(const struct nq_service *service);
void nq_service_turn(struct nq_service *service);

/* Tells one state from another, as long as the process lives. */
struct nq_state_id {
    uint64_t device;
    uint64_t inode; /* of the database; 0: it cannot be told */
};

struct nq_state_id nq_service_state(const struct nq_service *service);

/* Another engine took the state that was ours: this one is to be stopped. */
bool nq_service_is_lost(const struct nq_service *service);

/* Borrowed. */
struct nq_engine *nq_service_engine(const struct nq_service *service);

#endif
