/* SPDX-License-Identifier: Apache-2.0 */
/* tables.h: every row of data that makes up the agent's side of NSX-QUARANTINE-MIB.
 * Not for: behaviour. table.h answers requests, notify.c sends.
 *
 * Owns    nothing: constants.
 * Blocks  never.
 * Thread  any.
 * Fails   never.
 * Limits  none.
 */
#ifndef NQ_MIB_TABLES_H
#define NQ_MIB_TABLES_H

#include <stddef.h>

#include "mib/table.h"
#include "quarantine/engine.h"

/* In rising order of their branch. The source of each is the struct nq_mib. */
extern const struct nq_table *const nq_mib_tables[];
extern const size_t nq_mib_table_count;

extern const struct nq_table nq_table_engine;   /* branch 1 */
extern const struct nq_table nq_table_cases;    /* branch 2 */
extern const struct nq_table nq_table_traps;    /* branch 3 */
extern const struct nq_table nq_table_timing;   /* branch 4 */
extern const struct nq_table nq_table_governor; /* branch 5 */
extern const struct nq_table nq_table_vms;      /* branch 6 */
extern const struct nq_table nq_table_groups;   /* branch 7 */
extern const struct nq_table nq_table_rules;    /* branch 8 */
extern const struct nq_table nq_table_managers; /* branch 9 */
extern const struct nq_table nq_table_triggers; /* branch 10 */
extern const struct nq_table nq_table_findings; /* branch 11 */
extern const struct nq_table nq_table_requests; /* branch 12 */
extern const struct nq_table nq_table_log;      /* branch 13 */

#define NQ_NOTIFICATION_OBJECTS 8

/* OID_ROOT.0.number, with these columns of the row that it is about: of a table, or the one row
 * of a branch of scalars. */
struct nq_notification {
    const char *name; /* as in the MIB module */
    enum nq_notice notice;
    oid number;
    const struct nq_table *table;
    oid columns[NQ_NOTIFICATION_OBJECTS];
    size_t column_count;
};

extern const struct nq_notification nq_mib_notifications[];
extern const size_t nq_mib_notification_count;
/* "nqVmIsolated", ...; "" when there is none. */
const char *nq_mib_notification_name(enum nq_notice notice);

#endif
