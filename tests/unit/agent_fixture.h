/* SPDX-License-Identifier: Apache-2.0 */
/* agent_fixture.h: asks tables of mib/ through the agent library itself, in this process:
 * every request passes the library's own dispatcher, as one from the network does. */
#ifndef NQ_TESTS_AGENT_FIXTURE_H
#define NQ_TESTS_AGENT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "mib/table.h"

/* The agent's own callback transport: exported by the library, in none of its headers. */
extern int callback_master_num;

static netsnmp_session *session;
static char log_line[NQ_LOG_LINE];

struct name {
    oid arcs[MAX_OID_LEN];
    size_t len;
};

/* OID_ROOT.1 and what the test adds; ends with -1. */
static inline struct name name_of(long arc, ...)
{
    struct name name = {.len = nq_oid_root_len};
    memcpy(name.arcs, nq_oid_root, nq_oid_root_len * sizeof(oid));
    name.arcs[name.len++] = NQ_ARC_OBJECTS;
    va_list args;
    va_start(args, arc);
    for (; arc >= 0; arc = va_arg(args, long)) {
        name.arcs[name.len++] = (oid)arc;
    }
    va_end(args);
    return name;
}
#define NAME(...) name_of(__VA_ARGS__, -1L)

static inline netsnmp_pdu *request_of(int command)
{
    netsnmp_pdu *pdu = snmp_pdu_create(command);
    assert_non_null(pdu);
    pdu->version = SNMP_VERSION_2c;
    pdu->community = (u_char *)strdup("test");
    pdu->community_len = strlen("test");
    pdu->flags |= UCD_MSG_FLAG_ALWAYS_IN_VIEW;
    return pdu;
}

static inline void add(netsnmp_pdu *pdu, struct name name, u_char type, const void *value,
                       size_t len)
{
    assert_non_null(snmp_pdu_add_variable(pdu, name.arcs, name.len, type, value, len));
}

static inline int keep_response(int operation, netsnmp_session *from, int reqid,
                                netsnmp_pdu *pdu, void *magic)
{
    (void)from;
    (void)reqid;
    netsnmp_pdu **kept = magic;
    if (operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE) {
        *kept = snmp_clone_pdu(pdu);
    }
    return 1;
}

/* The caller frees what is returned with snmp_free_pdu(). */
static inline netsnmp_pdu *ask(netsnmp_pdu *pdu)
{
    netsnmp_pdu *response = NULL;
    assert_int_not_equal(snmp_async_send(session, pdu, keep_response, &response), 0);
    for (int turns = 0; !response && turns < 10; turns++) {
        (void)agent_check_and_process(0);
    }
    assert_non_null(response);
    return response;
}

static inline netsnmp_pdu *ask_one(int command, struct name name)
{
    netsnmp_pdu *pdu = request_of(command);
    add(pdu, name, ASN_NULL, NULL, 0);
    netsnmp_pdu *response = ask(pdu);
    assert_int_equal(response->errstat, SNMP_ERR_NOERROR);
    return response;
}

static inline u_char get_type(struct name name)
{
    netsnmp_pdu *response = ask_one(SNMP_MSG_GET, name);
    const u_char type = response->variables->type;
    snmp_free_pdu(response);
    return type;
}

static inline struct name next_of(struct name name)
{
    netsnmp_pdu *response = ask_one(SNMP_MSG_GETNEXT, name);
    const netsnmp_variable_list *vb = response->variables;
    struct name next = {.len = vb->name_length};
    memcpy(next.arcs, vb->name, vb->name_length * sizeof(oid));
    if (vb->type == SNMP_ENDOFMIBVIEW) {
        next.len = 0;
    }
    snmp_free_pdu(response);
    return next;
}

static inline void assert_name(struct name is, struct name should_be)
{
    assert_int_equal(is.len, should_be.len);
    assert_memory_equal(is.arcs, should_be.arcs, is.len * sizeof(oid));
}

static inline void assert_is_next(struct name name, struct name should_be)
{
    assert_name(next_of(name), should_be);
}

static inline int set_error(struct name name, u_char type, const void *value, size_t len)
{
    netsnmp_pdu *pdu = request_of(SNMP_MSG_SET);
    add(pdu, name, type, value, len);
    netsnmp_pdu *response = ask(pdu);
    const int error = (int)response->errstat;
    snmp_free_pdu(response);
    return error;
}

static inline int set_number(struct name name, long number)
{
    return set_error(name, ASN_INTEGER, &number, sizeof(number));
}

static inline int set_text(struct name name, const char *text)
{
    return set_error(name, ASN_OCTET_STR, text, strlen(text));
}

static inline void keep_line(void *arg, enum nq_log_level level, const char *line)
{
    (void)arg;
    (void)level;
    (void)snprintf(log_line, sizeof(log_line), "%s", line);
}

static inline int open_agent(void **state)
{
    (void)state;
    (void)setenv("MIBS", "", 1);
    (void)setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
    nq_log_to(keep_line, NULL);
    if (init_agent("test") != 0) {
        return -1;
    }
    init_snmp("test");
    snmp_disable_log();
    session = netsnmp_callback_open(callback_master_num, NULL, NULL, NULL);
    return session ? 0 : -1;
}

static inline int close_agent(void **state)
{
    (void)state;
    snmp_shutdown("test");
    shutdown_agent();
    return 0;
}

#endif
