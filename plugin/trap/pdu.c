/* SPDX-License-Identifier: Apache-2.0 */
/* pdu.c: see pdu.h. What text.c makes of snmptrapd's words for a message, this makes of the
 * message: both ways in lead to the same struct. */
#include "trap/pdu.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/agent/agent_trap.h>

#include "base/buf.h"
#include "base/mem.h"

#define OID_TEXT_MAX (NQ_TRAP_OID_ARCS_MAX * 11) /* a dot and ten digits each */

/* RFC 3418, snmpTrapAddress, without its instance: addForwarderInfo of snmptrapd counts that
 * up from 0. */
static const oid trap_address[] = {1, 3, 6, 1, 6, 3, 18, 1, 3};
/* snmpTrapCommunity.0: a password. Nobody behind us needs it. */
static const oid trap_community[] = {1, 3, 6, 1, 6, 3, 18, 1, 4, 0};

static bool is_below(const netsnmp_variable_list *vb, const oid *prefix, size_t len)
{
    return vb->name_length >= len &&
           memcmp(vb->name, prefix, len * sizeof(prefix[0])) == 0;
}

/* ---- values ------------------------------------------------------------------------- */

/* NULL: no OID that can be written. */
static char *oid_text(const oid *name, size_t len)
{
    struct nq_buf text;
    bool fits = len >= 2 && len <= NQ_TRAP_OID_ARCS_MAX;
    nq_buf_init(&text, OID_TEXT_MAX);
    for (size_t i = 0; fits && i < len; i++) {
        fits =
            name[i] <= UINT32_MAX && nq_buf_addf(&text, ".%lu", (unsigned long)name[i]);
    }
    if (!fits) {
        nq_buf_done(&text);
        return NULL;
    }
    return nq_buf_take(&text);
}

static void set_text(struct nq_varbind *varbind, enum nq_value_type type, char *text)
{
    varbind->type = type;
    varbind->value = text;
    varbind->value_len = text ? strlen(text) : 0;
}

static void set_octets(struct nq_varbind *varbind, const netsnmp_variable_list *vb)
{
    varbind->type = NQ_VALUE_OCTETS;
    varbind->value = nq_calloc(vb->val_len + 1, 1);
    varbind->value_len = vb->val_len;
    if (vb->val_len > 0) {
        memcpy(varbind->value, vb->val.string, vb->val_len);
    }
}

static void set_address(struct nq_varbind *varbind, const netsnmp_variable_list *vb)
{
    char text[INET_ADDRSTRLEN];
    if (vb->val_len == 4 && inet_ntop(AF_INET, vb->val.string, text, sizeof(text))) {
        set_text(varbind, NQ_VALUE_ADDRESS, nq_strdup(text));
    } else {
        set_octets(varbind, vb);
    }
}

static void set_number64(struct nq_varbind *varbind, const netsnmp_variable_list *vb,
                         bool is_signed)
{
    const uint64_t bits =
        (uint64_t)vb->val.counter64->high << 32 | (vb->val.counter64->low & UINT32_MAX);
    set_text(varbind, NQ_VALUE_NUMBER,
             is_signed ? nq_sprintf("%" PRId64, (int64_t)bits)
                       : nq_sprintf("%" PRIu64, bits));
}

/* false: the type is none that SNMP has. */
static bool set_value(struct nq_varbind *varbind, const netsnmp_variable_list *vb)
{
    switch (vb->type) {
    case ASN_OCTET_STR:
    case ASN_BIT_STR:
    case ASN_OPAQUE:
    case ASN_NSAP:
        set_octets(varbind, vb);
        return true;
    case ASN_INTEGER:
        set_text(varbind, NQ_VALUE_NUMBER, nq_sprintf("%ld", *vb->val.integer));
        return true;
    case ASN_COUNTER:
    case ASN_GAUGE: /* and Unsigned32, which is the same */
    case ASN_TIMETICKS:
    case ASN_UINTEGER:
        set_text(varbind, NQ_VALUE_NUMBER,
                 nq_sprintf("%lu", (unsigned long)*vb->val.integer & UINT32_MAX));
        return true;
    case ASN_COUNTER64:
    case ASN_OPAQUE_COUNTER64:
    case ASN_OPAQUE_U64:
        set_number64(varbind, vb, false);
        return true;
    case ASN_OPAQUE_I64:
        set_number64(varbind, vb, true);
        return true;
    case ASN_OPAQUE_FLOAT: /* as snmptrapd writes them */
        set_text(varbind, NQ_VALUE_NUMBER, nq_sprintf("%f", (double)*vb->val.floatVal));
        return true;
    case ASN_OPAQUE_DOUBLE:
        set_text(varbind, NQ_VALUE_NUMBER, nq_sprintf("%f", *vb->val.doubleVal));
        return true;
    case ASN_OBJECT_ID:
        set_text(varbind, NQ_VALUE_OID,
                 oid_text(vb->val.objid, vb->val_len / sizeof(oid)));
        return varbind->value != NULL;
    case ASN_IPADDRESS:
        set_address(varbind, vb);
        return true;
    case ASN_NULL:
    case SNMP_NOSUCHOBJECT:
    case SNMP_NOSUCHINSTANCE:
    case SNMP_ENDOFMIBVIEW:
        set_text(varbind, NQ_VALUE_NULL, nq_strdup(""));
        return true;
    default:
        return false;
    }
}

static bool add_varbind(struct nq_trap *trap, const netsnmp_variable_list *vb,
                        struct nq_err *reterr)
{
    struct nq_varbind *varbind = &trap->varbinds[trap->varbind_count++];
    *varbind = (struct nq_varbind){.oid = oid_text(vb->name, vb->name_length)};
    if (!varbind->oid) {
        return nq_fail(reterr, NQ_TRAP_FORMAT, "varbind %zu has no OID that there can be",
                       trap->varbind_count);
    }
    if (vb->val_len > NQ_TRAP_VALUE_MAX) {
        return nq_fail(reterr, NQ_TRAP_TOO_LARGE, "varbind %zu has more octets than %d",
                       trap->varbind_count, NQ_TRAP_VALUE_MAX);
    }
    if (is_below(vb, trap_community, OID_LENGTH(trap_community))) {
        set_text(varbind, NQ_VALUE_OCTETS, nq_strdup(""));
        return true;
    }
    return set_value(varbind, vb) ||
           nq_fail(reterr, NQ_TRAP_FORMAT, "varbind %zu has a value of no SNMP type",
                   trap->varbind_count);
}

static bool add_varbinds(struct nq_trap *trap, const netsnmp_pdu *pdu,
                         struct nq_err *reterr)
{
    size_t count = 0;
    for (const netsnmp_variable_list *vb = pdu->variables; vb; vb = vb->next_variable) {
        count++;
    }
    if (count > NQ_TRAP_VARBINDS_MAX) {
        return nq_fail(reterr, NQ_TRAP_TOO_LARGE, "the trap has more varbinds than %d",
                       NQ_TRAP_VARBINDS_MAX);
    }
    trap->varbinds = nq_calloc(count, sizeof(*trap->varbinds));
    for (const netsnmp_variable_list *vb = pdu->variables; vb; vb = vb->next_variable) {
        if (!add_varbind(trap, vb, reterr)) {
            return false;
        }
    }
    return true;
}

/* ---- the sender --------------------------------------------------------------------- */

/* The last one: a forwarder appends, and what stands in front may come from the sender. The
 * agent-addr of a v1 trap is the sender's own word and does not count. */
static char *find_forwarded_for(const netsnmp_pdu *pdu)
{
    char text[INET_ADDRSTRLEN] = "";
    for (const netsnmp_variable_list *vb = pdu->variables; vb; vb = vb->next_variable) {
        if (is_below(vb, trap_address, OID_LENGTH(trap_address))) {
            const bool good = vb->type == ASN_IPADDRESS && vb->val_len == 4 &&
                              inet_ntop(AF_INET, vb->val.string, text, sizeof(text));
            text[0] = good ? text[0] : '\0';
        }
    }
    return text[0] ? nq_strdup(text) : NULL;
}

/* Text only: with a NUL inside it is no name, and fits no row. */
static char *copy_name(const void *octets, size_t len)
{
    if (!octets || memchr(octets, '\0', len)) {
        return NULL;
    }
    return nq_strndup(octets, len);
}

static void set_security(struct nq_trap *trap, const netsnmp_pdu *pdu)
{
    switch (pdu->version) {
    case SNMP_VERSION_1:
    case SNMP_VERSION_2c:
        trap->version = pdu->version == SNMP_VERSION_1 ? NQ_SNMP_V1 : NQ_SNMP_V2C;
        trap->community = pdu->community_len > 0
                              ? copy_name(pdu->community, pdu->community_len)
                              : nq_strdup("");
        break;
    case SNMP_VERSION_3:
        trap->version = NQ_SNMP_V3;
        trap->user = copy_name(pdu->securityName, pdu->securityNameLen);
        trap->level = (enum nq_security_level)pdu->securityLevel;
        break;
    default:
        break;
    }
}

/* ---- the trap ----------------------------------------------------------------------- */

static bool read_pdu(const netsnmp_pdu *pdu, const netsnmp_pdu *original,
                     const char *source, struct nq_trap *trap, struct nq_err *reterr)
{
    trap->source = nq_strdup(source);
    trap->forwarded_for = find_forwarded_for(original);
    set_security(trap, original);
    if (!add_varbinds(trap, pdu, reterr)) {
        return false;
    }
    const char *reason = nq_trap_complete(trap);
    return !reason || nq_fail(reterr, NQ_TRAP_FORMAT, "%s", reason);
}

bool nq_trap_from_pdu(netsnmp_pdu *pdu, const char *source, struct nq_trap *ret_trap,
                      struct nq_err *reterr)
{
    const bool is_v1 = pdu->command == SNMP_MSG_TRAP;
    if (!is_v1 && pdu->command != SNMP_MSG_TRAP2 && pdu->command != SNMP_MSG_INFORM) {
        return nq_fail(reterr, NQ_TRAP_FORMAT, "the message is neither trap nor inform");
    }
    netsnmp_pdu *v2 = is_v1 ? convert_v1pdu_to_v2(pdu) : pdu;
    if (!v2) {
        return nq_fail(reterr, NQ_TRAP_FORMAT, "the v1 trap has no meaning in v2");
    }
    struct nq_trap trap = {0};
    const bool done = read_pdu(v2, pdu, source, &trap, reterr);
    if (is_v1) {
        snmp_free_pdu(v2);
    }
    if (!done) {
        nq_trap_done(&trap);
        return false;
    }
    *ret_trap = trap;
    return true;
}
