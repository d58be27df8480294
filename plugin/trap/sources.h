/* SPDX-License-Identifier: Apache-2.0 */
/* sources.h: who sent a trap, and how sure that is.
 * Not for: deciding what follows from it; the engine does.
 *
 * Owns    the communities it has read; nq_sources_free() wipes them.
 * Blocks  new() for reading small local files.
 * Thread  loop thread only.
 * Fails   new() on a community file that cannot be used.
 * Limits  NQ_CONFIG_SOURCES_MAX rows.
 */
#ifndef NQ_TRAP_SOURCES_H
#define NQ_TRAP_SOURCES_H

#include <stdbool.h>

#include "base/err.h"
#include "config/config.h"
#include "trap/trap.h"

struct nq_sources;

struct nq_standing {
    enum nq_proof proof;
    const struct nq_source_conf *row; /* borrowed: the row that fits; NULL: none does */
    const char *source;               /* borrowed from the trap: who sent it */
    const char *via; /* borrowed: the forwarder that passed it, or NULL */
};

/* conf must outlive the result. */
struct nq_sources *nq_sources_new(const struct nq_config *conf, struct nq_err *reterr)
    __attribute__((warn_unused_result));
struct nq_sources *nq_sources_free(struct nq_sources *sources);

/* The row that proves most wins. A row fits when all that it gives fits; what a trap does
 * not tell fits nothing: snmptrapd tells its handlers neither community nor user.
 *
 * A trap from the address of a forwarder was sent by whom the trap says it was forwarded
 * for, because snmptrapd's addForwarderInfo writes that behind everything its sender could
 * write. Nobody else's word about a third address counts. A forwarder that says nothing
 * leaves the sender unknown, which proves nothing. */
void nq_sources_judge(const struct nq_sources *sources, const struct nq_trap *trap,
                      struct nq_standing *ret_standing);

/* "192.0.2.66 by way of 127.0.0.1, SNMPv3 user dsm": for people, escaped by the reader. */
const char *nq_standing_text(const struct nq_standing *standing,
                             const struct nq_trap *trap, char *out, size_t size);

#endif
