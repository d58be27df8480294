/* SPDX-License-Identifier: Apache-2.0 */
/* usm.h: the SNMPv3 users that may send us notifications, in libnetsnmp's user table.
 * Not for: deciding what a user may do; sources.h does.
 *
 * Owns    the users it added; close() takes them out again. The table belongs to the
 *         process: inside snmpd its own users are there too.
 * Blocks  open() for reading one small local file.
 * Thread  loop thread only.
 * Fails   open() with *reterr and the line; no user of the file is there then.
 * Limits  NQ_USM_USERS_MAX users.
 */
#ifndef NQ_TRAP_USM_H
#define NQ_TRAP_USM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define NQ_USM_USERS_MAX 256

struct nq_usm;

/* file: as nq_secret_path() takes it. Its lines are empty, comments (#), or
 *     createUser [-e ENGINEID] NAME TYPE "AUTH" [TYPE "PRIV"]
 * as snmptrapd.conf(5) has it. */
struct nq_usm *nq_usm_open(const char *file, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Takes NULL, returns NULL. */
struct nq_usm *nq_usm_close(struct nq_usm *usm);

/* Makes this process the SNMP engine (RFC 3411) of that number, started for the boots-th
 * time. Senders of informs know us by it, so it must last, and boots must rise. Call it
 * before nq_usm_open(), and not where the process is one already (snmpd). */
bool nq_usm_set_engine(uint64_t number, uint32_t boots, struct nq_err *reterr)
    __attribute__((warn_unused_result));

#endif
