/* SPDX-License-Identifier: Apache-2.0 */
/* subagent.c: see subagent.h. */
#include "entry/subagent.h"

#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/agent/agent_callbacks.h>

#include "entry/master.h"

/* Waiting for a frozen master costs this once, twice or three times when it is looked at; with
 * the library's own values it would be 18 s. */
#define MASTER_TIMEOUT_US (NQ_MASTER_ANSWER_MS * 1000)
#define MASTER_RETRIES    0

/* Bytes that the master has not read yet; its socket holds several times as many. */
#define UNREAD_MAX 32768

/* The library's callbacks know no object of ours, and it holds one session only. */
static int master_fd = -1;

static int bound_session(int major, int minor, void *session_arg, void *arg)
{
    (void)major;
    (void)minor;
    (void)arg;
    netsnmp_session *session = session_arg;
    session->timeout = MASTER_TIMEOUT_US;
    session->retries = MASTER_RETRIES;
    return SNMPERR_SUCCESS;
}

static int on_connection(int major, int minor, void *session, void *arg)
{
    (void)major;
    (void)arg;
    const bool connected = minor == SNMPD_CALLBACK_INDEX_START;
    const netsnmp_transport *transport =
        connected ? snmp_sess_transport(snmp_sess_pointer(session)) : NULL;
    master_fd = transport ? transport->sock : -1;
    if (connected) {
        nq_master_is_up();
    }
    return SNMPERR_SUCCESS;
}

/* Walked forward to register and backward to undo it. */
static const struct {
    int major;
    int minor;
    SNMPCallback *fn;
} callbacks[] = {
    {SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_SESSION_INIT, bound_session},
    {SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START, on_connection},
    {SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, on_connection},
};

#define CALLBACK_COUNT (sizeof(callbacks) / sizeof(callbacks[0]))

bool nq_subagent_start(const char *name, const char *master, int ping_s,
                       struct nq_err *reterr)
{
    /* It reads and writes no file of its own: what it needs is set here. */
    (void)setenv("MIBS", "", 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
    netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID,
                           NETSNMP_DS_AGENT_NO_CONNECTION_WARNINGS, 1);
    if (!nq_master_use(master, reterr)) {
        return false;
    }
    netsnmp_enable_subagent();
    for (size_t i = 0; i < CALLBACK_COUNT; i++) {
        (void)snmp_register_callback(callbacks[i].major, callbacks[i].minor,
                                     callbacks[i].fn, NULL);
    }
    if (init_agent(name) != 0) {
        return nq_fail(reterr, NQ_HOST, "init_agent(%s)", name);
    }
    /* init_agent() sets its own value, so only now. */
    netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL,
                       ping_s);
    return true;
}

void nq_subagent_connect(const char *name)
{
    init_snmp(name);
}

bool nq_subagent_has_room(void)
{
    int unread = 0;
    return master_fd >= 0 && ioctl(master_fd, SIOCOUTQ, &unread) == 0 &&
           unread < UNREAD_MAX;
}

void nq_subagent_stop(const char *name)
{
    for (size_t i = CALLBACK_COUNT; i-- > 0;) {
        (void)snmp_unregister_callback(callbacks[i].major, callbacks[i].minor,
                                       callbacks[i].fn, NULL, 0);
    }
    snmp_shutdown(name);
    shutdown_agent();
}
