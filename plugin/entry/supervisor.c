/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor.c: see supervisor.h. */
#include "entry/supervisor.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "entry/command.h"
#include "loop/netsnmp.h"

/* ---- signals ------------------------------------------------------------------------- */

static void hold_signals(sigset_t *ret_set)
{
    (void)sigemptyset(ret_set);
    (void)sigaddset(ret_set, SIGTERM);
    (void)sigaddset(ret_set, SIGINT);
    (void)sigaddset(ret_set, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, ret_set, NULL);
}

/* Runs before the sanitizers are ready. The other commands die of a signal as all do. */
__attribute__((no_sanitize("address", "undefined"))) static void
hold_early(int argc, char **argv, char **environment)
{
    static sigset_t set;
    (void)environment;
    if (argc > 1 && strcmp(argv[1], nq_command_agent.name) == 0) {
        hold_signals(&set);
    }
}

__attribute__((section(".preinit_array"), used)) static void (*const before_libraries)(
    int argc, char **argv, char **environment) = hold_early;

static void on_signal(int fd, void *arg)
{
    const struct nq_supervisor *supervisor = arg;
    struct signalfd_siginfo info;
    if (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        supervisor->fn(supervisor->arg, (int)info.ssi_signo);
    }
}

bool nq_supervisor_open(struct nq_supervisor *supervisor, nq_supervisor_fn *fn, void *arg,
                        struct nq_err *reterr)
{
    sigset_t set;
    supervisor->fn = fn;
    supervisor->arg = arg;
    hold_signals(&set);
    (void)signal(SIGPIPE, SIG_IGN); /* a master that goes away is an error of write() */
    supervisor->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (supervisor->fd < 0) {
        return nq_fail_errno(reterr, NQ_SYSTEM, "signal descriptor");
    }
    return nq_netsnmp_watch(supervisor->fd, on_signal, supervisor, reterr);
}

void nq_supervisor_close(struct nq_supervisor *supervisor)
{
    if (supervisor->fd >= 0) {
        nq_netsnmp_unwatch(supervisor->fd);
        (void)close(supervisor->fd);
        supervisor->fd = -1;
    }
}

/* ---- ready --------------------------------------------------------------------------- */

void nq_supervisor_ready(void)
{
    static const char word[] = "READY=1";
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const size_t len = path ? strlen(path) : 0;
    if (len == 0 || len >= sizeof(address.sun_path)) {
        return;
    }
    memcpy(address.sun_path, path, len);
    if (path[0] == '@') {
        address.sun_path[0] = '\0'; /* a name without a file */
    }
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || sendto(fd, word, strlen(word), MSG_NOSIGNAL | MSG_DONTWAIT,
                         (const struct sockaddr *)&address,
                         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0) {
        nq_log(NQ_LOG_WARNING, "systemd cannot be told that the agent is ready");
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}
