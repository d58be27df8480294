/* SPDX-License-Identifier: Apache-2.0 */
/* master.h: the connection to the AgentX master, as a transport of libnetsnmp that never
 * makes us wait long. The library's own waits for ever in connect() while the queue of a
 * master that stands still is full, and in send() while its buffer is; and it waits for the
 * answer to each registration anew, although the one before had none. When the master dies
 * while the library waits for an answer, it is told so only afterwards.
 * Not for: AgentX itself, which is the library's.
 *
 * Owns    nothing between two connections but the address.
 * Blocks  NQ_MASTER_SILENT_MS in all for a master that answers nothing, then never until it
 *         is connected anew. One that answers everything, but late, is waited for once for each
 *         table when it is connected. use() for the name of a TCP host.
 * Thread  the only one.
 * Fails   use(), with *reterr. A connection that fails says why in the log, once each reason.
 * Limits  one master in a process.
 */
#ifndef NQ_ENTRY_MASTER_H
#define NQ_ENTRY_MASTER_H

#include <stdbool.h>

#include "base/err.h"

/* The library waits this long for an answer, and gives up; at the second time so do we. */
#define NQ_MASTER_ANSWER_MS 250
#define NQ_MASTER_SILENT_MS (2 * NQ_MASTER_ANSWER_MS)

/* address: unix:PATH, /PATH, tcp:HOST:PORT, or NULL for the library's default. From now on the
 * library connects by us. */
bool nq_master_use(const char *address, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* The connection stands and takes requests. */
void nq_master_is_up(void);

#endif
