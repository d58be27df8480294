/* SPDX-License-Identifier: Apache-2.0 */
/* intake.c: see intake.h. */
#include "entry/intake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "trap/spool.h"
#include "trap/text.h"

#define BACKLOG        512
#define READ_SIZE      16384
#define SPOOL_EVERY_MS 2000
#define SPOOL_BATCH    500

struct connection {
    struct nq_intake_server *server;
    int fd;
    struct nq_buf text;
    struct nq_timer deadline;
    struct connection *next;
    struct connection **link;
};

/* A spooled trap on its way through the engine. */
struct spooled {
    struct nq_intake_server *server;
    char *name;
    struct spooled *next;
    struct spooled **link;
};

struct nq_intake_server {
    const struct nq_config *conf;
    struct nq_loop *loop;
    struct nq_engine *engine;
    int fd;
    size_t connection_count;
    struct connection *connections;
    struct spooled *spooled;
    struct nq_timer spool_timer;
};

static bool watch_listener(struct nq_intake_server *server, struct nq_err *reterr);

/* ---- connections -------------------------------------------------------------------- */

static void close_connection(struct connection *connection)
{
    struct nq_intake_server *server = connection->server;
    nq_engine_forget(server->engine, connection);
    nq_timer_clear(server->loop, &connection->deadline);
    nq_loop_unwatch(server->loop, connection->fd);
    (void)close(connection->fd);
    nq_buf_done(&connection->text);
    *connection->link = connection->next;
    if (connection->next) {
        connection->next->link = connection->link;
    }
    free(connection);
    if (server->connection_count-- == NQ_INTAKE_CONNECTIONS && server->fd >= 0) {
        (void)watch_listener(server, NULL);
    }
}

static void on_answer(void *arg, enum nq_intake verdict, const char *reason)
{
    static const char *const words[] = {
        [NQ_INTAKE_STORED] = "stored",
        [NQ_INTAKE_REFUSED] = "refused",
        [NQ_INTAKE_LATER] = "later",
    };
    struct connection *connection = arg;
    char line[NQ_ERR_DETAIL + 16];
    const int len = snprintf(line, sizeof(line), "%s%s%s\n", words[verdict],
                             *reason ? " " : "", reason);
    /* A client that has gone repeats the trap; the repetition coalesces. */
    (void)send(connection->fd, line, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
    close_connection(connection);
}

static void on_deadline(void *arg)
{
    nq_log(NQ_LOG_WARNING, "a client of the intake socket did not finish in time");
    close_connection(arg);
}

static void on_readable(void *arg, int fd, unsigned events)
{
    (void)events;
    struct connection *connection = arg;
    struct nq_intake_server *server = connection->server;
    char bytes[READ_SIZE];
    const ssize_t got = read(fd, bytes, sizeof(bytes));
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got < 0) {
        close_connection(connection);
        return;
    }
    const bool kept = got == 0 || nq_buf_add(&connection->text, bytes, (size_t)got);
    if (got > 0 && kept && connection->text.len <= NQ_TRAP_TEXT_MAX) {
        return;
    }
    /* The whole text is here, or more of it than any trap has, which the engine counts and
     * refuses; from now on only its answer matters. */
    nq_loop_unwatch(server->loop, fd);
    nq_timer_clear(server->loop, &connection->deadline);
    nq_engine_trap_text(server->engine, nq_buf_text(&connection->text),
                        connection->text.len, NQ_WAY_HANDLER, on_answer, connection);
}

static void on_connect(void *arg, int listener, unsigned events)
{
    (void)events;
    struct nq_intake_server *server = arg;
    const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        return; /* it went away, or we are out of descriptors and the kernel keeps it */
    }
    struct connection *connection = nq_calloc(1, sizeof(*connection));
    connection->server = server;
    connection->fd = fd;
    nq_buf_init(&connection->text, NQ_TRAP_TEXT_MAX + READ_SIZE);
    connection->next = server->connections;
    connection->link = &server->connections;
    if (connection->next) {
        connection->next->link = &connection->next;
    }
    server->connections = connection;
    server->connection_count++;
    if (!nq_loop_watch(server->loop, fd, NQ_LOOP_READ, on_readable, connection, NULL)) {
        close_connection(connection);
        return;
    }
    nq_timer_set(server->loop, &connection->deadline, NQ_INTAKE_DEADLINE_MS, on_deadline,
                 connection);
    if (server->connection_count == NQ_INTAKE_CONNECTIONS) {
        nq_loop_unwatch(server->loop, server->fd);
    }
}

static bool watch_listener(struct nq_intake_server *server, struct nq_err *reterr)
{
    return nq_loop_watch(server->loop, server->fd, NQ_LOOP_READ, on_connect, server,
                         reterr);
}

static int open_listener(const char *path, struct nq_err *reterr)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) {
        nq_fail(reterr, NQ_STATE_DIR, "intake socket %s: longer than %zu characters",
                path, sizeof(address.sun_path) - 1);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        nq_fail_errno(reterr, NQ_STATE_DIR, "intake socket");
        return -1;
    }
    (void)unlink(path);
    /* Group access: snmptrapd runs its handlers in the group of the state directory. */
    const mode_t before = umask(0117);
    const int bound = bind(fd, (const struct sockaddr *)&address, sizeof(address));
    (void)umask(before);
    if (bound != 0 || listen(fd, BACKLOG) != 0) {
        nq_fail_errno(reterr, NQ_STATE_DIR, "intake socket %s", path);
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* ---- spool -------------------------------------------------------------------------- */

static void free_spooled(struct spooled *spooled)
{
    *spooled->link = spooled->next;
    if (spooled->next) {
        spooled->next->link = spooled->link;
    }
    free(spooled->name);
    free(spooled);
}

static void read_spool(void *arg);

static void on_spooled(void *arg, enum nq_intake verdict, const char *reason)
{
    struct spooled *spooled = arg;
    struct nq_intake_server *server = spooled->server;
    const char *dir = server->conf->spool_directory;
    if (verdict == NQ_INTAKE_STORED) {
        nq_spool_remove(dir, spooled->name);
    } else if (verdict == NQ_INTAKE_REFUSED) {
        nq_log(NQ_LOG_WARNING, "spooled trap refused: file=%s reason=%s", spooled->name,
               reason);
        nq_spool_refuse(dir, spooled->name);
    }
    free_spooled(spooled);
}

static void on_file(void *arg, const char *name, const char *text, size_t len, bool own)
{
    struct nq_intake_server *server = arg;
    struct spooled *spooled = nq_calloc(1, sizeof(*spooled));
    spooled->server = server;
    spooled->name = nq_strdup(name);
    spooled->next = server->spooled;
    spooled->link = &server->spooled;
    if (spooled->next) {
        spooled->next->link = &spooled->next;
    }
    server->spooled = spooled;
    nq_engine_trap_text(server->engine, text, len, own ? NQ_WAY_OWN_SPOOL : NQ_WAY_SPOOL,
                        on_spooled, spooled);
}

static void read_spool(void *arg)
{
    struct nq_intake_server *server = arg;
    size_t count = 0;
    if (!server->spooled) { /* else the last batch is still on its way: no file twice */
        count =
            nq_spool_read(server->conf->spool_directory, SPOOL_BATCH, on_file, server);
        if (count > 0) {
            nq_log(NQ_LOG_INFO, "spooled traps taken in: count=%zu", count);
        }
    }
    nq_timer_set(server->loop, &server->spool_timer,
                 count == SPOOL_BATCH ? 0 : SPOOL_EVERY_MS, read_spool, server);
}

/* ---- life --------------------------------------------------------------------------- */

struct nq_intake_server *nq_intake_open(const struct nq_config *conf,
                                        struct nq_loop *loop, struct nq_engine *engine,
                                        struct nq_err *reterr)
{
    if (!nq_spool_prepare(conf->spool_directory, reterr)) {
        return NULL;
    }
    const int fd = open_listener(conf->intake_socket, reterr);
    if (fd < 0) {
        return NULL;
    }
    struct nq_intake_server *server = nq_calloc(1, sizeof(*server));
    server->conf = conf;
    server->loop = loop;
    server->engine = engine;
    server->fd = fd;
    if (!watch_listener(server, reterr)) {
        return nq_intake_close(server);
    }
    nq_timer_set(loop, &server->spool_timer, 0, read_spool, server);
    return server;
}

struct nq_intake_server *nq_intake_close(struct nq_intake_server *server)
{
    if (!server) {
        return NULL;
    }
    nq_timer_clear(server->loop, &server->spool_timer);
    nq_loop_unwatch(server->loop, server->fd);
    (void)close(server->fd);
    (void)unlink(server->conf->intake_socket);
    server->fd = -1;
    while (server->connections) {
        close_connection(server->connections);
    }
    while (server->spooled) {
        nq_engine_forget(server->engine, server->spooled);
        free_spooled(server->spooled);
    }
    free(server);
    return NULL;
}
