/* SPDX-License-Identifier: Apache-2.0 */
/* notify.c: notifications as rows, filled from the very columns that a walk shows, and
 * sent through the host's own sinks. */
#include "mib/mib.h"

#include <string.h>

#include "base/log.h"
#include "mib/source.h"
#include "mib/tables.h"

static const oid trap_oid_name[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0}; /* snmpTrapOID.0 */

/* nqVmName, ExternalId, OperState, Reason, ReasonText, Trigger, Cause, ChangedBy */
#define ABOUT_VM(n, label, what)                                                         \
    {                                                                                    \
        .name = (label), .notice = (what), .number = (n), .table = &nq_table_vms,        \
        .columns = {3, 4, 7, 9, 10, 11, 12, 20}, .column_count = 8                       \
    }
/* nqFindingSeverity, Check, Object, Text */
#define ABOUT_FINDING(n, label, what)                                                    \
    {                                                                                    \
        .name = (label), .notice = (what), .number = (n), .table = &nq_table_findings,   \
        .columns = {3, 4, 5, 6}, .column_count = 4                                       \
    }
/* nqManagerName, State, LastError */
#define ABOUT_MANAGER(n, label, what)                                                    \
    {                                                                                    \
        .name = (label), .notice = (what), .number = (n), .table = &nq_table_managers,   \
        .columns = {2, 5, 16}, .column_count = 3                                         \
    }
/* nqGovernorState, Reason, HourCount */
#define ABOUT_GOVERNOR(n, label, what)                                                   \
    {                                                                                    \
        .name = (label), .notice = (what), .number = (n), .table = &nq_table_governor,   \
        .columns = {1, 2, 4}, .column_count = 3                                          \
    }
/* nqEngineMode */
#define ABOUT_MODE(n, label, what)                                                       \
    {                                                                                    \
        .name = (label), .notice = (what), .number = (n), .table = &nq_table_engine,     \
        .columns = {2}, .column_count = 1                                                \
    }

/* nqNotifySummaryOf, SummaryCount, Window */
#define ABOUT_OTHERS(n, label, what)                                                     \
    {                                                                                    \
        .name = (label), .notice = (what), .number = (n), .table = &nq_table_engine,     \
        .columns = {13, 14, 11}, .column_count = 3                                       \
    }

const struct nq_notification nq_mib_notifications[] = {
    ABOUT_VM(1, "nqVmIsolated", NQ_NOTICE_ISOLATED),
    ABOUT_VM(2, "nqVmReleased", NQ_NOTICE_RELEASED),
    ABOUT_VM(3, "nqVmHeld", NQ_NOTICE_HELD),
    ABOUT_VM(4, "nqVmFailed", NQ_NOTICE_FAILED),
    ABOUT_VM(5, "nqVmTagLost", NQ_NOTICE_TAG_LOST),
    ABOUT_VM(6, "nqVmRungLost", NQ_NOTICE_RUNG_LOST),
    ABOUT_MANAGER(7, "nqManagerDown", NQ_NOTICE_MANAGER_DOWN),
    ABOUT_MANAGER(8, "nqManagerUp", NQ_NOTICE_MANAGER_UP),
    ABOUT_GOVERNOR(9, "nqGovernorTripped", NQ_NOTICE_GOVERNOR_TRIPPED),
    ABOUT_FINDING(10, "nqFindingRaised", NQ_NOTICE_FINDING_RAISED),
    ABOUT_FINDING(11, "nqFindingCleared", NQ_NOTICE_FINDING_CLEARED),
    ABOUT_MODE(12, "nqModeChanged", NQ_NOTICE_MODE_CHANGED),
    ABOUT_OTHERS(13, "nqNotificationsSuppressed", NQ_NOTICE_SUPPRESSED),
};
const size_t nq_mib_notification_count = NQ_LENGTH(nq_mib_notifications);

static const struct nq_notification *find(enum nq_notice notice)
{
    for (size_t i = 0; i < nq_mib_notification_count; i++) {
        if (nq_mib_notifications[i].notice == notice) {
            return &nq_mib_notifications[i];
        }
    }
    return NULL;
}

const char *nq_mib_notification_name(enum nq_notice notice)
{
    const struct nq_notification *what = find(notice);
    return what ? what->name : "";
}

static bool add_trap_oid(const struct nq_notification *what, netsnmp_variable_list **vars)
{
    oid value[MAX_OID_LEN];
    memcpy(value, nq_oid_root, nq_oid_root_len * sizeof(oid));
    size_t len = nq_oid_root_len;
    value[len++] = NQ_ARC_NOTIFICATIONS;
    value[len++] = what->number;
    return snmp_varlist_add_variable(vars, trap_oid_name, OID_LENGTH(trap_oid_name),
                                     ASN_OBJECT_ID, value, len * sizeof(oid)) != NULL;
}

static bool build(const struct nq_notification *what, const void *row,
                  netsnmp_variable_list **vars)
{
    if (!add_trap_oid(what, vars)) {
        return false;
    }
    for (size_t i = 0; i < what->column_count; i++) {
        const struct nq_column *column =
            nq_table_column(what->table, what->columns[i], false);
        if (!column || !nq_table_append(what->table, row, column, vars)) {
            return false;
        }
    }
    return true;
}

void nq_mib_notice(void *arg, enum nq_notice notice, const void *row)
{
    struct nq_mib *mib = arg;
    const struct nq_notification *what = find(notice);
    if (!what) {
        return;
    }
    if (what->table->scalars) {
        nq_mib_refresh(mib);
        row = &mib->scalars;
    }
    netsnmp_variable_list *vars = NULL;
    if (!build(what, row, &vars)) {
        snmp_free_varbind(vars);
        nq_log(NQ_LOG_ERROR, "notification %s could not be built", what->name);
    } else if (!nq_outbox_put(&mib->outbox, vars) && mib->engine) {
        nq_engine_notice_lost(mib->engine, notice);
    }
}
