/* SPDX-License-Identifier: Apache-2.0 */
/* listener.c: one thread owns the listening sockets, so that none is closed while
 * another thread waits on it. */
#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BACKLOG 511

struct sim_listener {
    struct sim *sim;
    sim_accept_fn *accepted;
    void *arg;
    pthread_t thread;
    int wake;               /* eventfd */
    int fds[SIM_NODES_MAX]; /* -1: closed */
    /* Under the lock of the simulator: */
    uint64_t asked; /* updates wanted, and done */
    uint64_t done;
    bool stop;
    int error; /* errno of the last port that did not open */
};

static int open_port(unsigned *port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)*port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;

    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
        listen(fd, BACKLOG) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &length) == 0) {
        *port = ntohs(address.sin_port);
        return fd;
    }
    if (fd >= 0) {
        int error = errno;

        (void)close(fd);
        errno = error;
    }
    return -1;
}

static void close_port(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

/* Under the lock. */
static void update(struct sim_listener *listener)
{
    struct sim *sim = listener->sim;

    listener->error = 0;
    for (size_t i = 0; i < sim->node_count; i++) {
        bool wanted = sim->nodes[i].state != SIM_NODE_DOWN;

        if (!wanted) {
            close_port(&listener->fds[i]);
        } else if (listener->fds[i] < 0) {
            listener->fds[i] = open_port(&sim->nodes[i].port);
            listener->error = listener->fds[i] < 0 ? errno : listener->error;
        }
    }
    listener->done = listener->asked;
    sim_notify(sim);
}

static void accept_all(struct sim_listener *listener, unsigned node)
{
    for (;;) {
        struct sockaddr_in address;
        socklen_t length = sizeof(address);
        int fd = accept4(listener->fds[node], (struct sockaddr *)&address, &length,
                         SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0) {
            return; /* none left, or one that went away: poll() tells of more */
        }
        listener->accepted(listener->arg, fd, node, (const struct sockaddr *)&address,
                           length);
    }
}

static void *run(void *arg)
{
    struct sim_listener *listener = arg;
    size_t count = listener->sim->node_count;
    bool stop = false;

    while (!stop) {
        struct pollfd polled[SIM_NODES_MAX + 1] = {
            {.fd = listener->wake, .events = POLLIN}};
        uint64_t wakes;

        for (size_t i = 0; i < count; i++) {
            polled[i + 1] = (struct pollfd){.fd = listener->fds[i], .events = POLLIN};
        }
        if (poll(polled, count + 1, -1) < 0) {
            continue; /* a signal */
        }
        for (unsigned i = 0; i < count; i++) {
            if (polled[i + 1].revents != 0) {
                accept_all(listener, i);
            }
        }
        if (polled[0].revents != 0) {
            (void)!read(listener->wake, &wakes, sizeof(wakes));
            sim_lock(listener->sim);
            update(listener);
            stop = listener->stop;
            sim_unlock(listener->sim);
        }
    }
    return NULL;
}

static void wake(struct sim_listener *listener)
{
    const uint64_t one = 1;

    (void)!write(listener->wake, &one, sizeof(one));
}

static struct sim_listener *listener_free(struct sim_listener *listener)
{
    for (size_t i = 0; i < SIM_NODES_MAX; i++) {
        close_port(&listener->fds[i]);
    }
    (void)close(listener->wake);
    free(listener);
    return NULL;
}

struct sim_listener *sim_listener_start(struct sim *sim, sim_accept_fn *accepted,
                                        void *arg, struct sim_err *err)
{
    struct sim_listener *listener = sim_alloc(1, sizeof(*listener));

    *listener = (struct sim_listener){
        .sim = sim, .accepted = accepted, .arg = arg, .wake = eventfd(0, EFD_CLOEXEC)};
    for (size_t i = 0; i < SIM_NODES_MAX; i++) {
        listener->fds[i] = -1;
    }
    if (listener->wake < 0) {
        (void)sim_fail(err, "eventfd: %s", strerror(errno));
        return listener_free(listener);
    }
    for (size_t i = 0; i < sim->node_count; i++) {
        listener->fds[i] = open_port(&sim->nodes[i].port);
        if (listener->fds[i] < 0) {
            (void)sim_fail(err, "cannot listen on 127.0.0.1 port %u: %s",
                           sim->nodes[i].port, strerror(errno));
            return listener_free(listener);
        }
    }
    if (pthread_create(&listener->thread, NULL, run, listener) != 0) {
        (void)sim_fail(err, "cannot start a thread");
        return listener_free(listener);
    }
    return listener;
}

bool sim_listener_update(struct sim_listener *listener, struct sim_err *err)
{
    uint64_t mine = ++listener->asked;

    wake(listener);
    while (listener->done < mine && !listener->sim->stopping) {
        sim_wait(listener->sim, sim_now_ms() + 1000);
    }
    return listener->error == 0 ||
           sim_fail(err, "cannot listen again: %s", strerror(listener->error));
}

struct sim_listener *sim_listener_stop(struct sim_listener *listener)
{
    sim_lock(listener->sim);
    listener->stop = true;
    sim_unlock(listener->sim);
    wake(listener);
    (void)pthread_join(listener->thread, NULL);
    return listener_free(listener);
}
