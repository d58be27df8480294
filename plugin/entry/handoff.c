/* SPDX-License-Identifier: Apache-2.0 */
/* handoff.c: see handoff.h; the other end is intake.c. */
#include "entry/handoff.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

/* Milliseconds from now to deadline, at least 0. */
static int left_ms(int64_t deadline)
{
    const int64_t left = deadline - nq_mono_ms(&nq_system_clock);
    return left > 0 ? (int)left : 0;
}

/* A blocking socket with a time limit: unlike a non-blocking one it also waits for a place
 * in the queue of a busy engine. */
static bool limit_wait(int fd, int64_t deadline)
{
    const int left = left_ms(deadline);
    const struct timeval limit = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000};
    return left > 0 &&
           setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0;
}

static bool send_text(int fd, const struct nq_buf *text, int64_t deadline)
{
    size_t sent = 0;
    while (sent < text->len) {
        if (!limit_wait(fd, deadline)) {
            return false;
        }
        const ssize_t part = send(fd, text->data + sent, text->len - sent, MSG_NOSIGNAL);
        if (part < 0 && errno != EINTR) {
            return false;
        }
        sent += part > 0 ? (size_t)part : 0;
    }
    return shutdown(fd, SHUT_WR) == 0;
}

/* One line without its newline. */
static bool read_answer(int fd, char answer[NQ_HANDOFF_ANSWER_MAX], int64_t deadline)
{
    size_t len = 0;
    while (len < NQ_HANDOFF_ANSWER_MAX - 1 && limit_wait(fd, deadline)) {
        const ssize_t got = recv(fd, answer + len, NQ_HANDOFF_ANSWER_MAX - 1 - len, 0);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return false;
        }
        len += got > 0 ? (size_t)got : 0;
        char *eol = memchr(answer, '\n', len);
        if (eol) {
            *eol = '\0';
            return true;
        }
    }
    return false;
}

bool nq_handoff_ask(const char *path, const struct nq_buf *text,
                    char answer[NQ_HANDOFF_ANSWER_MAX])
{
    const int64_t deadline = nq_mono_ms(&nq_system_clock) + NQ_HANDOFF_DEADLINE_MS;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) {
        return false;
    }
    memcpy(address.sun_path, path, strlen(path));
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    const bool answered =
        limit_wait(fd, deadline) &&
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
        send_text(fd, text, deadline) && read_answer(fd, answer, deadline);
    (void)close(fd);
    return answered;
}
