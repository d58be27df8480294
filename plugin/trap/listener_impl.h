/* SPDX-License-Identifier: Apache-2.0 */
/* listener_impl.h: what the files of the listener share: listener.c (messages),
 * listener_socket.c (sockets and connections) and listener_inform.c (informs). Nobody else
 * includes it. */
#ifndef NQ_TRAP_LISTENER_IMPL_H
#define NQ_TRAP_LISTENER_IMPL_H

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <uthash.h>

#include "trap/listener.h"

/* A socket that is read: one of the configuration, or a connection that came through one. */
struct nq_endpoint {
    struct nq_listener *listener;
    const char *address;          /* of the configuration, also for a connection */
    void *session;                /* of libnetsnmp's single session API */
    netsnmp_transport *transport; /* the session's */
    int fd;
    bool accepts;   /* stream: connections come here, messages do not */
    bool is_stream; /* a connection */
    bool is_passed; /* systemd owns the socket */
    bool broken;    /* the peer has gone; close it when the library is done */
    uint64_t drops; /* as they were told last */
    bool told;
    int64_t heard_ms;          /* connections: mono */
    struct nq_endpoint *newer; /* connections: from the one that was silent longest ... */
    struct nq_endpoint *older; /* ... to the one that spoke last */
};

struct nq_listener {
    const struct nq_config *conf;
    struct nq_loop *loop;
    const struct nq_clock *clock;
    struct nq_listener_user user;
    struct nq_endpoint *sockets;
    size_t socket_count;
    struct nq_endpoint *silent; /* connections, see nq_endpoint */
    struct nq_endpoint *lively;
    size_t connection_count;
    bool closing;
    bool is_full;              /* no connection is taken: the kernel keeps them waiting */
    struct nq_inform *informs; /* hash by key, oldest first */
    size_t inform_count;
    struct nq_timer look; /* at the drops */
};

/* ---- listener.c --------------------------------------------------------------------- */

/* libnetsnmp calls these for a message of the endpoint that is their magic. */
int nq_listener_on_message(int op, netsnmp_session *session, int reqid, netsnmp_pdu *pdu,
                           void *magic);
int nq_listener_on_parsed(netsnmp_session *session, netsnmp_pdu *pdu, int failed);
/* The length of the message that begins here, 0 while that is not known. */
int nq_listener_message_len(u_char *bytes, size_t len);

/* ---- listener_socket.c -------------------------------------------------------------- */

/* Opens *socket, whose listener and address are set, and watches it. */
bool nq_endpoint_open(struct nq_endpoint *socket, struct nq_err *reterr);
/* Closes a socket, or a connection, which it also frees. */
void nq_endpoint_close(struct nq_endpoint *endpoint);
/* Takes connections again as far as there is room, or one is idle that can go. */
void nq_endpoints_make_room(struct nq_listener *listener);
/* Tells the user what the kernel has dropped. */
void nq_endpoint_look(struct nq_endpoint *socket);

/* ---- listener_inform.c -------------------------------------------------------------- */

/* The inform that this message is, new or known; its answer is kept with it. true: the
 * caller hands it on; false: it is a repetition, which needs nothing more. */
bool nq_inform_take(struct nq_endpoint *endpoint, netsnmp_pdu *pdu,
                    const struct nq_trap *trap, const char *peer,
                    struct nq_inform **ret_inform);
/* Answers to this endpoint can no longer be sent. */
void nq_informs_forget_endpoint(struct nq_listener *listener,
                                const struct nq_endpoint *endpoint);
void nq_informs_done(struct nq_listener *listener);

#endif
