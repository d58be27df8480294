/* SPDX-License-Identifier: Apache-2.0 */
/* listener.c: see listener.h. What libnetsnmp says of each message, and the life of it all. */
#include "trap/listener_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "trap/pdu.h"
#include "trap/sender.h"

#define LOOK_MS 1000

/* ---- messages ----------------------------------------------------------------------- */

/* "UDP: [192.0.2.1]:40000->[192.0.2.2]:162": the library's name for the two ends. */
static char *peer_of(const struct nq_endpoint *endpoint, const netsnmp_pdu *pdu)
{
    char *peer = netsnmp_transport_peer_string(endpoint->transport,
                                               pdu ? pdu->transport_data : NULL,
                                               pdu ? pdu->transport_data_length : 0);
    char *copy = nq_strdup(peer ? peer : "");
    free(peer);
    return copy;
}

static char *sender_of(const char *peer)
{
    char *sender = nq_sender_from_transport(peer, strlen(peer));
    return sender ? sender : nq_strdup("unknown");
}

static void refuse(const struct nq_endpoint *endpoint, const netsnmp_pdu *pdu,
                   bool unauthentic, const char *reason)
{
    const struct nq_listener_user *user = &endpoint->listener->user;
    char *peer = peer_of(endpoint, pdu);
    char *sender = sender_of(peer);
    user->on_refused(user->arg, unauthentic, sender, reason);
    free(sender);
    free(peer);
}

static void take(struct nq_endpoint *endpoint, netsnmp_pdu *pdu)
{
    const struct nq_listener_user *user = &endpoint->listener->user;
    char *peer = peer_of(endpoint, pdu);
    char *sender = sender_of(peer);
    struct nq_trap trap = {0};
    struct nq_inform *inform = NULL;
    struct nq_err err = {0};
    if (!nq_trap_from_pdu(pdu, sender, &trap, &err)) {
        user->on_refused(user->arg, false, sender, err.detail);
    } else if (pdu->command != SNMP_MSG_INFORM ||
               nq_inform_take(endpoint, pdu, &trap, peer, &inform)) {
        user->on_trap(user->arg, &trap, inform);
    }
    nq_trap_done(&trap);
    free(sender);
    free(peer);
}

int nq_listener_on_message(int op, netsnmp_session *session, int reqid, netsnmp_pdu *pdu,
                           void *magic)
{
    (void)session;
    (void)reqid;
    struct nq_endpoint *endpoint = magic;
    if (op == NETSNMP_CALLBACK_OP_DISCONNECT) {
        endpoint->broken = true;
        return 1;
    }
    if (op != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE || !pdu) {
        return 1;
    }
    switch (pdu->command) {
    case SNMP_MSG_TRAP:
    case SNMP_MSG_TRAP2:
    case SNMP_MSG_INFORM:
        take(endpoint, pdu);
        break;
    default:
        refuse(endpoint, pdu, false, "the message is neither trap nor inform");
    }
    return 1;
}

/* What the library found wrong with a message. A sender that has yet to learn our engine ID or
 * clock is answered by a report and comes again: that is no message yet. */
static bool is_handshake(int failed)
{
    return failed == SNMPERR_USM_UNKNOWNENGINEID ||
           failed == SNMPERR_USM_NOTINTIMEWINDOW ||
           failed == SNMPERR_JUST_A_CONTEXT_PROBE;
}

int nq_listener_on_parsed(netsnmp_session *session, netsnmp_pdu *pdu, int failed)
{
    const struct nq_endpoint *endpoint = session->callback_magic;
    if (failed == SNMPERR_SUCCESS) {
        return 1;
    }
    const bool is_v3 = pdu->version == SNMP_VERSION_3;
    /* Only a message that asks for reports is sent again; a trap is lost. */
    const bool reportable = (pdu->flags & SNMP_MSG_FLAG_RPRT_BIT) != 0;
    if (!(reportable && is_handshake(failed))) {
        refuse(endpoint, pdu, is_v3 && failed != SNMPERR_ASN_PARSE_ERR,
               failed == -1 ? "it is no SNMP message" : snmp_api_errstring(failed));
    }
    return 1;
}

int nq_listener_message_len(u_char *bytes, size_t len)
{
    const int whole = asn_check_packet(bytes, len);
    /* Any length above the library's own maximum makes it close the connection. */
    return whole > NQ_LISTENER_MESSAGE_MAX ? -1 : whole;
}

/* ---- life --------------------------------------------------------------------------- */

static void look(void *arg)
{
    struct nq_listener *listener = arg;
    for (size_t i = 0; i < listener->socket_count; i++) {
        nq_endpoint_look(&listener->sockets[i]);
    }
    nq_endpoints_make_room(listener);
    nq_timer_set(listener->loop, &listener->look, LOOK_MS, look, listener);
}

struct nq_listener *nq_listener_open(const struct nq_config *conf, struct nq_loop *loop,
                                     const struct nq_clock *clock,
                                     const struct nq_listener_user *user,
                                     struct nq_err *reterr)
{
    struct nq_listener *listener = nq_calloc(1, sizeof(*listener));
    listener->conf = conf;
    listener->loop = loop;
    listener->clock = clock;
    listener->user = *user;
    listener->sockets = nq_calloc(conf->listen.address_count, sizeof(*listener->sockets));
    for (size_t i = 0; i < conf->listen.address_count; i++) {
        struct nq_endpoint *socket = &listener->sockets[i];
        socket->listener = listener;
        socket->address = conf->listen.addresses[i];
        if (!nq_endpoint_open(socket, reterr)) {
            return nq_listener_close(listener);
        }
        listener->socket_count++;
    }
    nq_timer_set(loop, &listener->look, 0, look, listener);
    return listener;
}

struct nq_listener *nq_listener_close(struct nq_listener *listener)
{
    if (!listener) {
        return NULL;
    }
    listener->closing = true;
    nq_timer_clear(listener->loop, &listener->look);
    nq_informs_done(listener);
    while (listener->silent) {
        nq_endpoint_close(listener->silent);
    }
    for (size_t i = listener->socket_count; i-- > 0;) {
        nq_endpoint_close(&listener->sockets[i]);
    }
    free(listener->sockets);
    free(listener);
    return NULL;
}
