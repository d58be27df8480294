/* SPDX-License-Identifier: Apache-2.0 */
/* set.c: the phases of a SET for table.c. RESERVE finds every reason to refuse, in the
 * order of RFC 3416 section 4.2.5; COMMIT only hands over, so ACTION, UNDO and FREE have
 * nothing to do and a SET of several varbinds happens as a whole or not at all. */
#include "mib/set.h"

#include <stdlib.h>
#include <string.h>

#include <net-snmp/library/snmp_transport.h>

#include "base/log.h"
#include "base/text.h"

#define ACTOR_UNKNOWN "snmp"

/* ---- the value ----------------------------------------------------------------------- */

/* UTF-8 without control characters is exactly what escaping leaves as it is. */
static bool is_plain_text(const char *text, size_t len)
{
    char escaped[4 * NQ_TEXT_MAX + 1];
    return strlen(text) == len &&
           strcmp(nq_text_escape(text, escaped, sizeof(escaped)), text) == 0;
}

int nq_set_take(const struct nq_column *column, const netsnmp_variable_list *vb,
                char *text, struct nq_new_value *ret_value)
{
    *ret_value = (struct nq_new_value){.text = text};
    text[0] = '\0';
    if (vb->type != column->type) {
        return SNMP_ERR_WRONGTYPE;
    }
    if (column->type == ASN_INTEGER) {
        if (vb->val_len != sizeof(*vb->val.integer)) {
            return SNMP_ERR_WRONGLENGTH;
        }
        ret_value->number = *vb->val.integer;
        const struct nq_writer *writer = column->writer;
        return ret_value->number < writer->low || ret_value->number > writer->high
                   ? SNMP_ERR_WRONGVALUE
                   : SNMP_ERR_NOERROR;
    }
    if (vb->val_len > NQ_TEXT_MAX) {
        return SNMP_ERR_WRONGLENGTH;
    }
    if (vb->val_len > 0) {
        memcpy(text, vb->val.string, vb->val_len);
    }
    text[vb->val_len] = '\0';
    return is_plain_text(text, vb->val_len) ? SNMP_ERR_NOERROR : SNMP_ERR_WRONGVALUE;
}

/* ---- who sets ------------------------------------------------------------------------ */

static const char *level_name(int level)
{
    switch (level) {
    case SNMP_SEC_LEVEL_NOAUTH:
        return "noAuthNoPriv";
    case SNMP_SEC_LEVEL_AUTHNOPRIV:
        return "authNoPriv";
    case SNMP_SEC_LEVEL_AUTHPRIV:
        return "authPriv";
    default:
        return "unknown";
    }
}

/* Inside snmpd the PDU tells; AgentX (RFC 2741) does not carry who asked, and the name
 * that v1 and v2c have, the community, is a secret. */
struct nq_requester nq_set_requester(const netsnmp_agent_request_info *reqinfo)
{
    struct nq_requester who = {.name = ACTOR_UNKNOWN, .level = "unknown"};
    const netsnmp_agent_session *asp = reqinfo->asp;
    if (!asp || !asp->pdu) {
        return who;
    }
    netsnmp_pdu *const pdu = asp->pdu;
    if (pdu->version != SNMP_VERSION_1 && pdu->version != SNMP_VERSION_2c &&
        pdu->version != SNMP_VERSION_3) {
        return who;
    }
    if (pdu->version == SNMP_VERSION_3) {
        who.level = level_name(pdu->securityLevel);
        if (pdu->securityName && pdu->securityName[0] != '\0') {
            who.name = pdu->securityName;
        }
    }
    netsnmp_transport *transport =
        asp->session ? snmp_sess_transport(snmp_sess_pointer(asp->session)) : NULL;
    if (transport && transport->f_fmtaddr && pdu->transport_data) {
        who.address = transport->f_fmtaddr(transport, pdu->transport_data,
                                           pdu->transport_data_length);
    }
    return who;
}

void nq_set_log(const struct nq_column *column, const void *row, oid instance,
                const struct nq_new_value *value, const struct nq_requester *who)
{
    struct nq_value old = {0};
    if (row) {
        column->read((const char *)row + column->offset, &old);
    }
    if (column->type == ASN_INTEGER) {
        nq_log(NQ_LOG_NOTICE, "SET %s.%lu: actor=%s level=%s from=\"%s\" old=%lu new=%ld",
               column->name, instance, who->name, who->level,
               nq_text_or_empty(who->address), old.as.number, value->number);
    } else {
        nq_log(NQ_LOG_NOTICE,
               "SET %s.%lu: actor=%s level=%s from=\"%s\" old=\"%s\" new=\"%s\"",
               column->name, instance, who->name, who->level,
               nq_text_or_empty(who->address), (const char *)old.as.octets, value->text);
    }
}

/* ---- the phases ---------------------------------------------------------------------- */

/* What a varbind of a SET means, once it passed every check that needs no engine. */
struct target {
    const struct nq_column *column;
    const void *row;
    oid instance; /* last sub-identifier, for the log */
    struct nq_new_value value;
    char text[NQ_TEXT_MAX + 1];
};

static int aim(const struct nq_face *face, const netsnmp_variable_list *vb,
               struct target *ret_target)
{
    const oid *index;
    size_t index_len;
    if (!nq_table_split(face->table, vb, &ret_target->column, &index, &index_len) ||
        ret_target->column->access != NQ_READ_WRITE) {
        return SNMP_ERR_NOTWRITABLE;
    }
    const int error =
        nq_set_take(ret_target->column, vb, ret_target->text, &ret_target->value);
    if (error != SNMP_ERR_NOERROR) {
        return error;
    }
    const struct nq_rows rows = face->table->rows(face->source);
    ret_target->row = nq_table_find(face->table, &rows, index, index_len);
    if (!ret_target->row) {
        return SNMP_ERR_NOCREATION;
    }
    ret_target->instance = nq_table_arc(index[index_len - 1]);
    return SNMP_ERR_NOERROR;
}

static int reserve(const struct nq_face *face, const netsnmp_variable_list *vb)
{
    struct target target;
    const int error = aim(face, vb, &target);
    if (error != SNMP_ERR_NOERROR || !target.column->writer->may) {
        return error;
    }
    return target.column->writer->may(face->source, target.row, &target.value);
}

static int commit(const struct nq_face *face, const netsnmp_agent_request_info *reqinfo,
                  const netsnmp_variable_list *vb)
{
    struct target target;
    if (aim(face, vb, &target) != SNMP_ERR_NOERROR) {
        /* Under AgentX our loop may turn between the phases, and the row be gone. */
        return SNMP_ERR_COMMITFAILED;
    }
    struct nq_requester who = nq_set_requester(reqinfo);
    target.value.actor = who.name;
    nq_set_log(target.column, target.row, target.instance, &target.value, &who);
    target.column->writer->commit(face->source, target.row, &target.value);
    free(who.address);
    return SNMP_ERR_NOERROR;
}

void nq_table_set(const struct nq_face *face, netsnmp_agent_request_info *reqinfo,
                  netsnmp_request_info *request)
{
    int error = SNMP_ERR_NOERROR;
    switch (reqinfo->mode) {
    case MODE_SET_RESERVE1: /* all varbinds pass here before any reaches COMMIT */
        error = reserve(face, request->requestvb);
        break;
    case MODE_SET_COMMIT:
        error = commit(face, reqinfo, request->requestvb);
        break;
    default: /* RESERVE2, ACTION, UNDO, FREE: RESERVE1 kept nothing */
        break;
    }
    if (error != SNMP_ERR_NOERROR) {
        netsnmp_set_request_error(reqinfo, request, error);
    }
}
