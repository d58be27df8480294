/* SPDX-License-Identifier: Apache-2.0 */
/* listener_socket.c: the sockets of the listener and the connections that come through them:
 * opened by libnetsnmp, read in our own loop. */
#include "trap/listener_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <net-snmp/library/large_fd_set.h>
#include <net-snmp/library/snmpUnixDomain.h>

#include "base/log.h"
#include "base/mem.h"

/* ---- sessions ----------------------------------------------------------------------- */

/* Hands the transport to the library; it is the session's from then on, also on failure. */
static bool open_session(struct nq_endpoint *endpoint, netsnmp_transport *transport)
{
    netsnmp_session session;
    snmp_sess_init(&session);
    session.version = SNMP_DEFAULT_VERSION; /* all of them */
    session.peername = NULL;
    session.callback = nq_listener_on_message;
    session.callback_magic = endpoint;
    session.authenticator = NULL;
    session.isAuthoritative = SNMP_SESS_UNKNOWNAUTH;
    endpoint->session =
        snmp_sess_add_ex(&session, transport, NULL, NULL, nq_listener_on_parsed, NULL,
                         NULL, nq_listener_message_len, NULL);
    endpoint->transport = endpoint->session ? transport : NULL;
    return endpoint->session;
}

/* One message of a datagram socket, or what a connection has brought. */
static void read_once(struct nq_endpoint *endpoint)
{
    netsnmp_large_fd_set ready;
    netsnmp_large_fd_set_init(&ready, FD_SETSIZE);
    NETSNMP_LARGE_FD_SET(endpoint->fd, &ready);
    (void)snmp_sess_read2(endpoint->session, &ready);
    netsnmp_large_fd_set_cleanup(&ready);
}

/* libnetsnmp's receive would block on a datagram that the kernel finds broken. */
static bool has_datagram(int fd)
{
    char byte;
    return recv(fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) >= 0;
}

static void on_datagrams(void *arg, int fd, unsigned events)
{
    (void)events;
    struct nq_endpoint *socket = arg;
    for (int i = 0; i < NQ_LISTENER_BATCH && has_datagram(fd); i++) {
        read_once(socket);
    }
}

/* ---- connections -------------------------------------------------------------------- */

static void unlink_connection(struct nq_endpoint *connection)
{
    struct nq_listener *listener = connection->listener;
    *(connection->older ? &connection->older->newer : &listener->silent) =
        connection->newer;
    *(connection->newer ? &connection->newer->older : &listener->lively) =
        connection->older;
    connection->older = NULL;
    connection->newer = NULL;
}

static void link_connection(struct nq_endpoint *connection)
{
    struct nq_listener *listener = connection->listener;
    connection->older = listener->lively;
    *(listener->lively ? &listener->lively->newer : &listener->silent) = connection;
    listener->lively = connection;
}

static void on_stream(void *arg, int fd, unsigned events)
{
    (void)fd;
    (void)events;
    struct nq_endpoint *connection = arg;
    connection->heard_ms = nq_mono_ms(connection->listener->clock);
    unlink_connection(connection);
    link_connection(connection);
    read_once(connection);
    /* A message that cannot be one makes the library close the socket. */
    if (connection->broken || connection->transport->sock < 0) {
        nq_endpoint_close(connection);
    }
}

/* The transport of one connection. The library's own function leaves the address of the far
 * end where the listening transport keeps more than that, and reads it there when it
 * closes: so each has a block of its own that is large enough. */
#define PEER_ROOM 1024

static netsnmp_transport *accept_transport(netsnmp_transport *listening)
{
    void *own = listening->data;
    const int own_len = listening->data_length;
    listening->data = NULL;
    listening->data_length = 0;
    const int fd = listening->f_accept(listening);
    void *peer = listening->data;
    const int peer_len = listening->data_length;
    listening->data = own;
    listening->data_length = own_len;
    netsnmp_transport *transport = fd < 0 ? NULL : netsnmp_transport_copy(listening);
    if (!transport) {
        free(peer);
        if (fd >= 0) {
            (void)close(fd);
        }
        return NULL;
    }
    free(transport->data);
    transport->data = nq_calloc(1, PEER_ROOM);
    transport->data_length = 0;
    if (peer && peer_len > 0 && peer_len <= PEER_ROOM &&
        listening->domain != netsnmp_UnixDomain) {
        memcpy(transport->data, peer, (size_t)peer_len);
        transport->data_length = peer_len;
    }
    free(peer);
    transport->sock = fd;
    transport->flags &= ~(unsigned)NETSNMP_TRANSPORT_FLAG_LISTEN;
    return transport;
}

static void on_connect(void *arg, int fd, unsigned events);

/* All streams share the places, so all listening sockets wait together. A watch that fails
 * is tried again with the next look. */
static void set_full(struct nq_listener *listener, bool is_full)
{
    listener->is_full = is_full;
    for (size_t i = 0; i < listener->socket_count; i++) {
        struct nq_endpoint *socket = &listener->sockets[i];
        if (socket->accepts && is_full) {
            nq_loop_unwatch(listener->loop, socket->fd);
        } else if (socket->accepts &&
                   !nq_loop_watch(listener->loop, socket->fd, NQ_LOOP_READ, on_connect,
                                  socket, NULL)) {
            listener->is_full = true;
        }
    }
}

void nq_endpoints_make_room(struct nq_listener *listener)
{
    const size_t most = (size_t)listener->conf->listen.connections;
    const int64_t now_ms = nq_mono_ms(listener->clock);
    if (listener->connection_count >= most && listener->silent &&
        now_ms - listener->silent->heard_ms > NQ_LISTENER_IDLE_MS) {
        nq_endpoint_close(listener->silent);
    }
    const bool is_full = listener->connection_count >= most;
    if (is_full != listener->is_full) {
        set_full(listener, is_full);
    }
}

static void on_connect(void *arg, int fd, unsigned events)
{
    (void)fd;
    (void)events;
    struct nq_endpoint *socket = arg;
    struct nq_listener *listener = socket->listener;
    netsnmp_transport *transport = accept_transport(socket->transport);
    if (!transport) {
        return; /* it went away, or we are out of descriptors and the kernel keeps it */
    }
    (void)fcntl(transport->sock, F_SETFD, FD_CLOEXEC);
    struct nq_endpoint *connection = nq_calloc(1, sizeof(*connection));
    connection->listener = listener;
    connection->address = socket->address;
    connection->fd = transport->sock;
    connection->is_stream = true;
    connection->heard_ms = nq_mono_ms(listener->clock);
    if (!open_session(connection, transport)) {
        free(connection);
        return;
    }
    link_connection(connection);
    listener->connection_count++;
    if (!nq_loop_watch(listener->loop, connection->fd, NQ_LOOP_READ, on_stream,
                       connection, NULL)) {
        nq_endpoint_close(connection);
        return;
    }
    nq_endpoints_make_room(listener);
}

/* ---- sockets ------------------------------------------------------------------------ */

static bool is_local(const char *address)
{
    return strncmp(address, "unix:", 5) == 0;
}

#define PASSED_FIRST 3 /* sd_listen_fds(3) */

/* How many sockets systemd has passed to this process. */
static int passed_count(void)
{
    const char *pid = getenv("LISTEN_PID");
    const char *count = getenv("LISTEN_FDS");
    return pid && count && strtol(pid, NULL, 10) == (long)getpid()
               ? (int)strtol(count, NULL, 10)
               : 0;
}

/* The library closes what it uses; a duplicate leaves the original for the next listener of
 * this process. */
static void keep_passed(struct nq_endpoint *socket, netsnmp_transport *transport)
{
    const int after = PASSED_FIRST + passed_count();
    const int fd = transport->sock;
    if (fd < PASSED_FIRST || fd >= after) {
        return;
    }
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, after);
    if (copy >= 0) {
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        transport->sock = copy;
        socket->is_passed = true;
    }
}

/* Group access to a unix socket: snmptrapd runs in the group of our directories. */
static netsnmp_transport *open_transport(struct nq_endpoint *socket)
{
    const mode_t before = umask(0117);
    netsnmp_transport *transport = netsnmp_tdomain_transport(socket->address, 1, "udp");
    (void)umask(before);
    if (transport) {
        keep_passed(socket, transport);
    }
    return transport;
}

static int64_t buffer_of(int fd)
{
    int bytes = 0;
    socklen_t len = sizeof(bytes);
    return getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &len) == 0 ? bytes : 0;
}

/* Linux doubles what is asked for, for its own bookkeeping (socket(7)). */
static void widen_buffer(const struct nq_endpoint *socket)
{
    const int64_t wanted = socket->listener->conf->listen.receive_buffer;
    const int bytes = (int)wanted;
    if (buffer_of(socket->fd) < 2 * wanted) {
        (void)setsockopt(socket->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    }
    const int64_t got = buffer_of(socket->fd) / 2;
    if (got < wanted) {
        nq_log(NQ_LOG_WARNING,
               "%s has a receive buffer of %" PRId64 " bytes instead of %" PRId64
               ", so a burst of traps may be lost: sysctl -w net.core.rmem_max=%" PRId64
               ", or let nsx-quarantine.socket make the socket",
               socket->address, got, wanted, wanted);
    }
}

bool nq_endpoint_open(struct nq_endpoint *socket, struct nq_err *reterr)
{
    errno = 0;
    netsnmp_transport *transport = open_transport(socket);
    if (!transport) {
        return nq_fail_errno(reterr, NQ_LISTEN, "%s", socket->address);
    }
    socket->accepts = (transport->flags & NETSNMP_TRANSPORT_FLAG_LISTEN) != 0;
    socket->fd = transport->sock;
    if (!open_session(socket, transport)) {
        return nq_fail_errno(reterr, NQ_LISTEN, "%s", socket->address);
    }
    if (!socket->accepts) {
        widen_buffer(socket);
    }
    if (!nq_loop_watch(socket->listener->loop, socket->fd, NQ_LOOP_READ,
                       socket->accepts ? on_connect : on_datagrams, socket, reterr)) {
        nq_endpoint_close(socket);
        return false;
    }
    nq_log(NQ_LOG_INFO, "listening for notifications address=%s passed=%s",
           socket->address, socket->is_passed ? "yes" : "no");
    return true;
}

void nq_endpoint_close(struct nq_endpoint *endpoint)
{
    struct nq_listener *listener = endpoint->listener;
    nq_loop_unwatch(listener->loop, endpoint->fd);
    nq_informs_forget_endpoint(listener, endpoint);
    if (endpoint->is_passed && is_local(endpoint->address)) {
        /* The library would remove the path, which belongs to systemd. */
        (void)close(endpoint->transport->sock);
        endpoint->transport->sock = -1;
    }
    (void)snmp_sess_close(endpoint->session);
    if (endpoint->is_stream) {
        unlink_connection(endpoint);
        listener->connection_count--;
        free(endpoint);
        if (listener->is_full && !listener->closing) {
            nq_endpoints_make_room(listener);
        }
    }
}

void nq_endpoint_look(struct nq_endpoint *socket)
{
    const struct nq_listener_user *user = &socket->listener->user;
    uint32_t memory[SK_MEMINFO_VARS] = {0};
    uint64_t cookie = 0;
    socklen_t len = sizeof(memory);
    socklen_t cookie_len = sizeof(cookie);
    if (socket->accepts ||
        getsockopt(socket->fd, SOL_SOCKET, SO_MEMINFO, memory, &len) != 0 ||
        getsockopt(socket->fd, SOL_SOCKET, SO_COOKIE, &cookie, &cookie_len) != 0) {
        return;
    }
    const uint64_t drops = memory[SK_MEMINFO_DROPS];
    if (!socket->told || drops != socket->drops) {
        socket->told = true;
        socket->drops = drops;
        user->on_drops(user->arg, socket->address, cookie, drops);
    }
}
