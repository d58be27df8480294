/* SPDX-License-Identifier: Apache-2.0 */
/* hostlog.h: our log lines among those of the Net-SNMP process we live in.
 *
 * Owns    nothing.
 * Blocks  as long as the host's log does.
 * Thread  the host's only one.
 * Fails   never.
 * Limits  those of log.h.
 */
#ifndef NQ_ENTRY_HOSTLOG_H
#define NQ_ENTRY_HOSTLOG_H

/* From now on nq_log() goes where the host's own lines go. nq_log_to(NULL, NULL) undoes
 * it. */
void nq_hostlog_use(void);

#endif
