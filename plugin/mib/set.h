/* SPDX-License-Identifier: Apache-2.0 */
/* set.h: what both kinds of SET share: of columns (set.c) and of rows (set_rows.c).
 * Not for: anybody outside these two files.
 *
 * Owns    see struct nq_requester.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   with the SNMP error that fits.
 * Limits  NQ_TEXT_MAX octets in a text.
 */
#ifndef NQ_MIB_SET_H
#define NQ_MIB_SET_H

#include "mib/table.h"

/* Who sets. */
struct nq_requester {
    const char *name;
    const char *model; /* "usm", "v2c", ..., "agentx", "unknown" */
    const char *level;
    char *address; /* heap, the caller frees it; may be NULL */
};

struct nq_requester nq_set_requester(const netsnmp_agent_request_info *reqinfo);

/* wrongType, wrongLength or wrongValue; text needs room for NQ_TEXT_MAX and a NUL. */
int nq_set_take(const struct nq_column *column, const netsnmp_variable_list *vb,
                char *text, struct nq_new_value *ret_value);

/* To the log and to face->on_set. row: before the change; NULL: there is none yet. */
void nq_set_log(const struct nq_face *face, const struct nq_column *column,
                const void *row, oid instance, const struct nq_new_value *value,
                const struct nq_requester *who);

/* The request ends with that error; the log says so, up to its limit. */
void nq_set_refuse(const struct nq_face *face, netsnmp_agent_request_info *reqinfo,
                   netsnmp_request_info *request, int error);

/* What a reason to refuse is called in this phase: RFC 3416 knows one name for those that
 * come after RESERVE. */
int nq_set_error(int mode, int error);

/* All requests of RESERVE1, ACTION or COMMIT, for a table with a maker. */
void nq_set_rows(const struct nq_face *face, netsnmp_agent_request_info *reqinfo,
                 netsnmp_request_info *requests);

#endif
