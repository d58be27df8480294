/* SPDX-License-Identifier: Apache-2.0 */
/* server.c: the only file that knows libmicrohttpd. */
#include "server.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "body.h"
#include "control.h"
#include "exchange.h"
#include "listener.h"
#include "tls.h"

/* A connection, from its acceptance to its end. */
struct link {
    struct link *next;
    int fd;
    unsigned node;
};

struct sim_server {
    struct sim *sim;
    struct MHD_Daemon *daemon;
    struct sim_listener *listener;
    bool is_tls;
    /* Not the lock of the simulator: libmicrohttpd calls under locks of its own. */
    pthread_mutex_t lock;
    struct link *links;
};

/* One request, from its first line to its completion. */
struct call {
    struct sim_exchange exchange;
    bool has_headers; /* the first of libmicrohttpd's calls is over */
    bool too_large;
    bool counts; /* the journal says it was answered */
};

/* ---- connections ---------------------------------------------------------------------- */

static void accepted(void *arg, int fd, unsigned node, const struct sockaddr *address,
                     socklen_t length)
{
    struct sim_server *server = arg;
    struct link *link = sim_alloc(1, sizeof(*link));

    *link = (struct link){.fd = fd, .node = node};
    (void)pthread_mutex_lock(&server->lock);
    link->next = server->links;
    server->links = link;
    (void)pthread_mutex_unlock(&server->lock);
    /* It closes fd itself when it refuses; then nobody will ever ask for the link. */
    if (MHD_add_connection(server->daemon, fd, address, length) != MHD_YES) {
        (void)pthread_mutex_lock(&server->lock);
        for (struct link **at = &server->links; *at != NULL; at = &(*at)->next) {
            if (*at == link) {
                *at = link->next;
                free(link);
                break;
            }
        }
        (void)pthread_mutex_unlock(&server->lock);
    }
}

static int fd_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    return info == NULL ? -1 : info->connect_fd;
}

/* The descriptor is closed after this call, so a link never names another connection. */
static void connection_changed(void *arg, struct MHD_Connection *connection,
                               void **context, enum MHD_ConnectionNotificationCode code)
{
    struct sim_server *server = arg;
    int fd = fd_of(connection);

    (void)context;
    if (code != MHD_CONNECTION_NOTIFY_CLOSED) {
        return;
    }
    (void)pthread_mutex_lock(&server->lock);
    for (struct link **at = &server->links; *at != NULL; at = &(*at)->next) {
        if ((*at)->fd == fd) {
            struct link *link = *at;

            *at = link->next;
            free(link);
            break;
        }
    }
    (void)pthread_mutex_unlock(&server->lock);
}

static unsigned node_of(struct sim_server *server, int fd)
{
    unsigned node = 0;

    (void)pthread_mutex_lock(&server->lock);
    for (const struct link *link = server->links; link != NULL; link = link->next) {
        if (link->fd == fd) {
            node = link->node;
        }
    }
    (void)pthread_mutex_unlock(&server->lock);
    return node;
}

static void end_connections(struct sim_server *server, const struct sim_request *asking,
                            bool all_nodes, unsigned node)
{
    (void)pthread_mutex_lock(&server->lock);
    for (const struct link *link = server->links; link != NULL; link = link->next) {
        if ((all_nodes || link->node == node) && link->fd != asking->fd) {
            (void)shutdown(link->fd, SHUT_RDWR);
        }
    }
    (void)pthread_mutex_unlock(&server->lock);
}

/* Dissolving the association makes the kernel send a reset at once, before TLS could
 * say good-bye. */
static void reset(int fd)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    (void)connect(fd, &nobody, sizeof(nobody));
}

/* ---- requests -------------------------------------------------------------------------- */

/* libmicrohttpd calls this with the request target before it decodes anything. */
static void *begin(void *arg, const char *target, struct MHD_Connection *connection)
{
    struct call *call = sim_alloc(1, sizeof(*call));

    (void)arg;
    (void)connection;
    call->exchange.request.target = sim_strdup(target);
    return call;
}

static void completed(void *arg, struct MHD_Connection *connection, void **state,
                      enum MHD_RequestTerminationCode code)
{
    struct sim_server *server = arg;
    struct call *call = *state;

    (void)connection;
    if (call == NULL) {
        return;
    }
    if (call->counts && code != MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        sim_exchange_lost(server->sim, call->exchange.request.number);
    }
    sim_request_done(&call->exchange.request);
    sim_reply_done(&call->exchange.reply);
    free(call);
    *state = NULL;
}

static enum MHD_Result add_field(void *arg, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    (void)kind;
    sim_request_add_header(arg, name, value);
    return MHD_YES;
}

static void read_headers(struct sim_server *server, struct call *call,
                         struct MHD_Connection *connection, const char *method)
{
    struct sim_request *request = &call->exchange.request;

    call->has_headers = true;
    request->method = sim_strdup(method);
    request->fd = fd_of(connection);
    request->node = node_of(server, request->fd);
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, add_field, request);
    if (server->is_tls) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

        request->principal = info == NULL ? NULL : sim_tls_client_name(info->tls_session);
    }
}

static void receive(struct call *call, const char *data, size_t length)
{
    struct sim_request *request = &call->exchange.request;

    if (length > SIM_BODY_MAX - request->body_length) {
        call->too_large = true;
    }
    if (!call->too_large) {
        request->body = sim_grow(request->body, request->body_length + length + 1, 1);
        memcpy(request->body + request->body_length, data, length);
        request->body_length += length;
        request->body[request->body_length] = '\0';
    }
}

static enum MHD_Result send_reply(struct sim_server *server,
                                  struct MHD_Connection *connection, struct call *call)
{
    struct MHD_Response *response = sim_body_response(server->sim, &call->exchange);
    enum MHD_Result result =
        MHD_queue_response(connection, call->exchange.reply.status, response);

    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_text(struct sim_server *server,
                                 struct MHD_Connection *connection, struct call *call,
                                 unsigned status, const char *text)
{
    sim_reply_text(&call->exchange.reply, status, "text/plain", text);
    return send_reply(server, connection, call);
}

static enum MHD_Result serve(struct sim_server *server, struct MHD_Connection *connection,
                             struct call *call)
{
    struct sim_exchange *exchange = &call->exchange;
    struct sim_err err;
    enum sim_ending ending;

    if (call->too_large) {
        return send_text(server, connection, call, 413, "The body is too large.\n");
    }
    if (exchange->request.body == NULL) {
        exchange->request.body = sim_strdup("");
    }
    if (!sim_request_parse(&exchange->request, &err)) {
        return send_text(server, connection, call, 400, err.text);
    }
    if (sim_control_is(&exchange->request)) {
        sim_lock(server->sim);
        exchange->request.now_ms = sim_now_ms();
        sim_control_answer(server->sim, &exchange->request, &exchange->reply);
        sim_unlock(server->sim);
        return send_reply(server, connection, call);
    }
    ending = sim_exchange_run(server->sim, exchange);
    call->counts = ending == SIM_ENDING_ANSWER;
    if (ending == SIM_ENDING_RESET) {
        reset(exchange->request.fd);
    }
    if (ending == SIM_ENDING_RESET || ending == SIM_ENDING_CLOSE) {
        return MHD_NO;
    }
    return send_reply(server, connection, call);
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection,
                              const char *url, const char *method, const char *version,
                              const char *data, size_t *length, void **state)
{
    struct sim_server *server = arg;
    struct call *call = *state;

    (void)url;
    (void)version;
    if (!call->has_headers) {
        read_headers(server, call, connection, method);
        return MHD_YES;
    }
    if (*length > 0) {
        receive(call, data, *length);
        *length = 0;
        return MHD_YES;
    }
    return serve(server, connection, call);
}

/* ---- the server ------------------------------------------------------------------------ */

static struct MHD_Daemon *start_daemon(struct sim_server *server)
{
    const struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)sim_tls_retrieve},
        {MHD_OPTION_END, 0, NULL},
    };
    const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                     MHD_USE_POLL | MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET |
                     (server->is_tls ? (unsigned)MHD_USE_TLS : 0u);

    return MHD_start_daemon(
        flags, 0, NULL, NULL, handle, server, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)SIM_CONNECTIONS_MAX, MHD_OPTION_URI_LOG_CALLBACK, begin, server,
        MHD_OPTION_NOTIFY_COMPLETED, completed, server, MHD_OPTION_NOTIFY_CONNECTION,
        connection_changed, server, MHD_OPTION_ARRAY, server->is_tls ? tls : none,
        MHD_OPTION_END);
}

struct sim_server *sim_server_start(struct sim *sim, const char *cert, const char *key,
                                    struct sim_err *err)
{
    struct sim_server *server = sim_alloc(1, sizeof(*server));

    *server = (struct sim_server){.sim = sim, .is_tls = cert != NULL};
    if (pthread_mutex_init(&server->lock, NULL) != 0) {
        abort(); /* only memory can be missing */
    }
    if (server->is_tls && !sim_tls_set(cert, key, err)) {
        return sim_server_stop(server);
    }
    server->daemon = start_daemon(server);
    if (server->daemon == NULL) {
        (void)sim_fail(err, "libmicrohttpd does not start");
        return sim_server_stop(server);
    }
    server->listener = sim_listener_start(sim, accepted, server, err);
    if (server->listener == NULL) {
        return sim_server_stop(server);
    }
    sim_lock(sim);
    sim->server = server;
    sim_unlock(sim);
    return server;
}

struct sim_server *sim_server_stop(struct sim_server *server)
{
    sim_stop(server->sim);
    if (server->listener != NULL) {
        sim_listener_stop(server->listener);
    }
    if (server->daemon != NULL) {
        MHD_stop_daemon(server->daemon);
    }
    sim_tls_done();
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
    return NULL;
}

bool sim_server_set_node(struct sim_server *server, const struct sim_request *request,
                         unsigned node, enum sim_node_state state, struct sim_err *err)
{
    server->sim->nodes[node].state = state;
    if (!sim_listener_update(server->listener, err)) {
        return false;
    }
    if (state != SIM_NODE_UP) {
        end_connections(server, request, false, node);
    }
    return true;
}

bool sim_server_set_certificate(struct sim_server *server,
                                const struct sim_request *request, const char *cert,
                                const char *key, struct sim_err *err)
{
    if (!server->is_tls) {
        return sim_fail(err, "there is no certificate without TLS");
    }
    if (!sim_tls_set(cert, key, err)) {
        return false;
    }
    end_connections(server, request, true, 0);
    return true;
}
