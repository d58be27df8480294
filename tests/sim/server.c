/* SPDX-License-Identifier: Apache-2.0 */
/* server.c: the only file that knows libmicrohttpd. */
#include "server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "control.h"
#include "exchange.h"

struct sim_server {
    struct sim *sim;
    struct MHD_Daemon *daemon;
    unsigned port;
};

/* One request, from its first line to its completion. */
struct call {
    struct sim_exchange exchange;
    bool has_headers; /* the first of libmicrohttpd's calls is over */
    bool too_large;
    bool counts; /* the journal says it was answered */
};

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

static void add_request_id(struct MHD_Response *response)
{
    unsigned char b[16] = {0};
    char *id;

    if (getrandom(b, sizeof(b), 0) < 0) {
        abort();
    }
    id = sim_format("%02x%02x%02x%02x-%02x%02x-4%x%02x-a%x%02x-%02x%02x%02x%02x%02x%02x",
                    b[0], b[1], b[2], b[3], b[4], b[5], b[6] & 15u, b[7], b[8] & 15u,
                    b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    (void)MHD_add_response_header(response, "X-Nsx-Requestid", id);
    free(id);
}

/* Hands out the first bytes of a body that was announced whole, then breaks off. */
static ssize_t read_part(void *arg, uint64_t position, char *buffer, size_t room)
{
    const struct sim_exchange *exchange = arg;
    uint64_t left = exchange->truncate - position;

    if (position >= exchange->truncate) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (left < room) {
        room = (size_t)left;
    }
    memcpy(buffer, exchange->reply.body + position, room);
    return (ssize_t)room;
}

static struct MHD_Response *make_response(struct sim_exchange *exchange,
                                          enum sim_ending ending)
{
    struct sim_reply *reply = &exchange->reply;
    struct MHD_Response *response;

    if (ending == SIM_ENDING_TRUNCATED) {
        response = MHD_create_response_from_callback(reply->length, 4096, read_part,
                                                     exchange, NULL);
    } else {
        response = MHD_create_response_from_buffer(
            reply->length, reply->body == NULL ? (void *)(uintptr_t) "" : reply->body,
            MHD_RESPMEM_MUST_COPY);
    }
    if (response == NULL) {
        abort(); /* memory */
    }
    if (reply->body != NULL) {
        const char *type = reply->content_type;

        (void)MHD_add_response_header(response, "Content-Type",
                                      type == NULL ? "application/json;charset=UTF-8"
                                                   : type);
    }
    for (size_t i = 0; i < reply->header_count; i++) {
        (void)MHD_add_response_header(response, reply->headers[i].name,
                                      reply->headers[i].value);
    }
    return response;
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, struct call *call,
                                  enum sim_ending ending, bool is_nsx)
{
    struct MHD_Response *response = make_response(&call->exchange, ending);
    enum MHD_Result result;

    if (is_nsx) {
        add_request_id(response);
    }
    result = MHD_queue_response(connection, call->exchange.reply.status, response);
    MHD_destroy_response(response);
    return result;
}

/* Dissolving the association makes the kernel send a reset at once, before TLS could
 * say good-bye. */
static void reset(int fd)
{
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    (void)connect(fd, &nobody, sizeof(nobody));
}

static enum MHD_Result serve(struct sim_server *server, struct MHD_Connection *connection,
                             struct call *call)
{
    struct sim_exchange *exchange = &call->exchange;
    struct sim_err err;
    enum sim_ending ending;

    if (call->too_large) {
        sim_reply_error(&exchange->reply, 413, 413, "common-services",
                        "The request body is too large.");
        return send_reply(connection, call, SIM_ENDING_ANSWER, true);
    }
    if (exchange->request.body == NULL) {
        exchange->request.body = sim_strdup("");
    }
    if (!sim_request_parse(&exchange->request, &err)) {
        sim_reply_error(&exchange->reply, 400, 400, "common-services", "%s", err.text);
        return send_reply(connection, call, SIM_ENDING_ANSWER, true);
    }
    if (sim_control_is(&exchange->request)) {
        sim_lock(server->sim);
        exchange->request.now_ms = sim_now_ms();
        sim_control_answer(server->sim, &exchange->request, &exchange->reply);
        sim_unlock(server->sim);
        return send_reply(connection, call, SIM_ENDING_ANSWER, false);
    }
    exchange->authorization =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
    ending = sim_exchange_run(server->sim, exchange);
    call->counts = ending == SIM_ENDING_ANSWER;
    if (ending == SIM_ENDING_RESET) {
        reset(exchange->fd);
    }
    if (ending == SIM_ENDING_RESET || ending == SIM_ENDING_CLOSE) {
        return MHD_NO;
    }
    return send_reply(connection, call, ending, true);
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
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

        call->has_headers = true;
        call->exchange.request.method = sim_strdup(method);
        call->exchange.fd = info == NULL ? -1 : info->connect_fd;
        return MHD_YES;
    }
    if (*length > 0) {
        receive(call, data, *length);
        *length = 0;
        return MHD_YES;
    }
    return serve(server, connection, call);
}

static struct MHD_Daemon *start_daemon(struct sim_server *server, const char *cert,
                                       const char *key, unsigned port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
        {MHD_OPTION_END, 0, NULL},
    };
    const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                     MHD_USE_POLL | (cert == NULL ? 0u : (unsigned)MHD_USE_TLS);

    return MHD_start_daemon(flags, 0, NULL, NULL, handle, server, MHD_OPTION_SOCK_ADDR,
                            (const struct sockaddr *)&address,
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned)SIM_CONNECTIONS_MAX,
                            MHD_OPTION_URI_LOG_CALLBACK, begin, server,
                            MHD_OPTION_NOTIFY_COMPLETED, completed, server,
                            MHD_OPTION_ARRAY, cert == NULL ? none : tls, MHD_OPTION_END);
}

struct sim_server *sim_server_start(struct sim *sim, const char *cert, const char *key,
                                    unsigned port, struct sim_err *err)
{
    struct sim_server *server = sim_alloc(1, sizeof(*server));
    const union MHD_DaemonInfo *info;

    server->sim = sim;
    server->daemon = start_daemon(server, cert, key, port);
    if (server->daemon == NULL) {
        free(server);
        (void)sim_fail(err, "cannot listen on 127.0.0.1 port %u%s", port,
                       cert == NULL ? "" : ", or certificate and key do not fit");
        return NULL;
    }
    info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    server->port = info == NULL ? 0 : info->port;
    return server;
}

unsigned sim_server_port(const struct sim_server *server)
{
    return server->port;
}

struct sim_server *sim_server_stop(struct sim_server *server)
{
    sim_stop(server->sim);
    MHD_stop_daemon(server->daemon);
    free(server);
    return NULL;
}
