/* SPDX-License-Identifier: Apache-2.0 */
/* trap.c: the life of a struct nq_trap, shared by everything that makes one. */
#include "trap/trap.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"

void nq_trap_done(struct nq_trap *trap)
{
    for (size_t i = 0; i < trap->varbind_count; i++) {
        free(trap->varbinds[i].oid);
        free(trap->varbinds[i].value);
    }
    free(trap->varbinds);
    free(trap->source);
    free(trap->forwarded_for);
    (void)nq_secret_free_text(trap->community);
    free(trap->user);
    free(trap->trap_oid);
    *trap = (struct nq_trap){0};
}

static bool is_ticks(const struct nq_varbind *varbind)
{
    return varbind->type == NQ_VALUE_NUMBER && varbind->value_len <= 10 &&
           varbind->value[strspn(varbind->value, "0123456789")] == '\0' &&
           strtoull(varbind->value, NULL, 10) <= UINT32_MAX;
}

/* Some senders leave sysUpTime.0 out; what the trap is must be said in one of the two
 * places. */
const char *nq_trap_complete(struct nq_trap *trap)
{
    const struct nq_varbind *uptime = NULL;
    const struct nq_varbind *name = NULL;
    for (size_t i = 0; i < trap->varbind_count && i < 2; i++) {
        const struct nq_varbind *varbind = &trap->varbinds[i];
        if (!uptime && strcmp(varbind->oid, NQ_OID_SYS_UP_TIME) == 0) {
            uptime = varbind;
        }
        if (!name && strcmp(varbind->oid, NQ_OID_SNMP_TRAP) == 0) {
            name = varbind;
        }
    }
    if (!name || (name != trap->varbinds && !uptime)) {
        return "sysUpTime.0 and snmpTrapOID.0 do not come first";
    }
    if (name->type != NQ_VALUE_OID) {
        return "snmpTrapOID.0 is not an OID";
    }
    if (uptime && !is_ticks(uptime)) {
        return "sysUpTime.0 is no number of ticks (snmptrapd needs -Ot)";
    }
    trap->uptime_ticks = uptime ? strtoull(uptime->value, NULL, 10) : 0;
    trap->trap_oid = nq_strdup(name->value);
    return NULL;
}

const struct nq_varbind *nq_trap_varbind(const struct nq_trap *trap, const char *oid)
{
    for (size_t i = 0; i < trap->varbind_count; i++) {
        if (strcmp(trap->varbinds[i].oid, oid) == 0) {
            return &trap->varbinds[i];
        }
    }
    return NULL;
}
