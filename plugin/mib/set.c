/* SPDX-License-Identifier: Apache-2.0 */
/* set.c: the phases of a SET for table.c. RESERVE finds every reason to refuse, in the
 * order of RFC 3416 section 4.2.5. Under AgentX our loop may turn between the phases, so
 * ACTION looks once more, while all varbinds can still be refused together. COMMIT hands
 * over and never fails. Nothing is kept before it: UNDO and FREE have nothing to do. */
#include "mib/set.h"

#include <stdlib.h>
#include <string.h>

#include <net-snmp/library/snmp_transport.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#define ACTOR_UNKNOWN "snmp"
#define PDU_OF_AGENTX 193 /* libnetsnmp: AGENTX_VERSION_1, in no installed header */

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

#define NAME_OF(names, number)                                                           \
    ((number) >= 0 && (size_t)(number) < NQ_LENGTH(names) && (names)[number]             \
         ? (names)[number]                                                               \
         : "unknown")

static const char *const level_names[] = {
    [SNMP_SEC_LEVEL_NOAUTH] = "noAuthNoPriv",
    [SNMP_SEC_LEVEL_AUTHNOPRIV] = "authNoPriv",
    [SNMP_SEC_LEVEL_AUTHPRIV] = "authPriv",
};

/* SnmpSecurityModel; each version of SNMP below 3 is one. */
static const char *const model_names[] = {
    [SNMP_SEC_MODEL_SNMPv1] = "v1",
    [SNMP_SEC_MODEL_SNMPv2c] = "v2c",
    [SNMP_SEC_MODEL_USM] = "usm",
    [SNMP_SEC_MODEL_TSM] = "tsm",
};

/* Inside snmpd the PDU tells; AgentX (RFC 2741) does not carry who asked, and the name
 * that v1 and v2c have, the community, is a secret. */
struct nq_requester nq_set_requester(const netsnmp_agent_request_info *reqinfo)
{
    struct nq_requester who = {
        .name = ACTOR_UNKNOWN, .model = "unknown", .level = "unknown"};
    const netsnmp_agent_session *asp = reqinfo->asp;
    if (!asp || !asp->pdu) {
        return who;
    }
    netsnmp_pdu *const pdu = asp->pdu;
    switch (pdu->version) {
    case PDU_OF_AGENTX:
        who.model = "agentx";
        return who;
    case SNMP_VERSION_1:
        who.model = model_names[SNMP_SEC_MODEL_SNMPv1];
        who.level = level_names[SNMP_SEC_LEVEL_NOAUTH];
        break;
    case SNMP_VERSION_2c:
        who.model = model_names[SNMP_SEC_MODEL_SNMPv2c];
        who.level = level_names[SNMP_SEC_LEVEL_NOAUTH];
        break;
    case SNMP_VERSION_3:
        who.model = NAME_OF(model_names, pdu->securityModel);
        who.level = NAME_OF(level_names, pdu->securityLevel);
        if (pdu->securityName && pdu->securityName[0] != '\0') {
            who.name = pdu->securityName;
        }
        break;
    default:
        return who;
    }
    netsnmp_transport *transport =
        asp->session ? snmp_sess_transport(snmp_sess_pointer(asp->session)) : NULL;
    if (transport && transport->f_fmtaddr && pdu->transport_data) {
        who.address = transport->f_fmtaddr(transport, pdu->transport_data,
                                           pdu->transport_data_length);
    }
    return who;
}

/* ---- the record of it ---------------------------------------------------------------- */

void nq_set_log(const struct nq_face *face, const struct nq_column *column,
                const void *row, oid instance, const struct nq_new_value *value,
                const struct nq_requester *who)
{
    struct nq_value old = {0};
    if (row) {
        column->read((const char *)row + column->offset, &old);
    }
    char what[NQ_LOG_LINE];
    const int len = snprintf(what, sizeof(what), "level=%s model=%s from=\"%s\"",
                             who->level, who->model, nq_text_or_empty(who->address));
    char *const values = what + len;
    const size_t room = sizeof(what) - (size_t)len;
    if (column->type == ASN_INTEGER) {
        (void)snprintf(values, room, " old=%lu new=%ld", old.as.number, value->number);
    } else {
        (void)snprintf(values, room, " old=\"%s\" new=\"%s\"",
                       (const char *)old.as.octets, value->text);
    }
    nq_log(NQ_LOG_NOTICE, "SET %s.%lu: actor=%s %s", column->name, instance, who->name,
           what);
    if (face->on_set) {
        const struct nq_set_done done = {
            .table = face->table,
            .column = column,
            .instance = (uint32_t)instance,
            .actor = who->name,
            .text = what,
        };
        face->on_set(face->source, &done);
    }
}

void nq_set_refuse(const struct nq_face *face, netsnmp_agent_request_info *reqinfo,
                   netsnmp_request_info *request, int error)
{
    static struct nq_log_limit limit; /* one for the process: the log is one, too */
    netsnmp_set_request_error(reqinfo, request, error);
    if (!nq_log_allows(&limit, nq_mono_ms(&nq_system_clock), "refused SETs")) {
        return;
    }
    const struct nq_column *column = NULL;
    const oid *index = NULL;
    size_t index_len = 0;
    (void)nq_table_split(face->table, request->requestvb, &column, &index, &index_len);
    struct nq_requester who = nq_set_requester(reqinfo);
    nq_log(NQ_LOG_WARNING,
           "SET refused: object=%s instance=%lu actor=%s level=%s model=%s from=\"%s\" "
           "error=%s",
           column ? column->name : face->table->name,
           column && index_len > 0 ? nq_table_arc(index[index_len - 1]) : 0, who.name,
           who.level, who.model, nq_text_or_empty(who.address), snmp_errstring(error));
    free(who.address);
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
        return nq_face_is_live(face) ? SNMP_ERR_NOCREATION : SNMP_ERR_RESOURCEUNAVAILABLE;
    }
    ret_target->instance = nq_table_arc(index[index_len - 1]);
    return SNMP_ERR_NOERROR;
}

static int check(const struct nq_face *face, const netsnmp_variable_list *vb)
{
    struct target target;
    const int error = aim(face, vb, &target);
    if (error != SNMP_ERR_NOERROR || !target.column->writer->may) {
        return error;
    }
    return target.column->writer->may(face->source, target.row, &target.value);
}

static void commit(const struct nq_face *face, netsnmp_agent_request_info *reqinfo,
                   const netsnmp_request_info *request)
{
    struct target target;
    if (aim(face, request->requestvb, &target) != SNMP_ERR_NOERROR) {
        /* The row went after ACTION: as if the SET had come right before that. */
        nq_log(NQ_LOG_WARNING, "SET too late: the row of %s is gone", face->table->name);
        return;
    }
    struct nq_requester who = nq_set_requester(reqinfo);
    target.value.actor = who.name;
    nq_set_log(face, target.column, target.row, target.instance, &target.value, &who);
    target.column->writer->commit(face->source, target.row, &target.value);
    free(who.address);
}

static void set_cell(const struct nq_face *face, netsnmp_agent_request_info *reqinfo,
                     netsnmp_request_info *request)
{
    if (reqinfo->mode == MODE_SET_COMMIT) {
        commit(face, reqinfo, request);
        return;
    }
    const int error = check(face, request->requestvb);
    if (error != SNMP_ERR_NOERROR) {
        nq_set_refuse(face, reqinfo, request, nq_set_error(reqinfo->mode, error));
    }
}

int nq_set_error(int mode, int error)
{
    return mode == MODE_SET_ACTION ? SNMP_ERR_COMMITFAILED : error;
}

void nq_table_set(const struct nq_face *face, netsnmp_agent_request_info *reqinfo,
                  netsnmp_request_info *requests)
{
    if (reqinfo->mode != MODE_SET_RESERVE1 && reqinfo->mode != MODE_SET_ACTION &&
        reqinfo->mode != MODE_SET_COMMIT) {
        return;
    }
    /* What has passed ACTION is carried out. */
    if (reqinfo->mode != MODE_SET_COMMIT && (NQ_BUILT_READ_ONLY || face->read_only)) {
        nq_set_refuse(face, reqinfo, requests,
                      nq_set_error(reqinfo->mode, SNMP_ERR_NOTWRITABLE));
        return;
    }
    if (face->table->maker) {
        nq_set_rows(face, reqinfo, requests);
        return;
    }
    for (netsnmp_request_info *request = requests; request; request = request->next) {
        if (!request->processed) {
            set_cell(face, reqinfo, request);
        }
    }
}
