/* SPDX-License-Identifier: Apache-2.0 */
/* http_loop.c: libcurl's sockets and its one timer on our loop. */
#include "nsx/http_impl.h"

#include <sys/socket.h>
#include <unistd.h>

static void collect(struct nq_http *http)
{
    int left = 0;
    const CURLMsg *message = NULL;
    while ((message = curl_multi_info_read(http->multi, &left))) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        const CURLcode code = message->data.result;
        struct nq_exchange *exchange = NULL;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
        const enum nq_http_end end =
            exchange->too_large ? NQ_HTTP_TOO_LARGE : nq_http_end_of((int)code);
        const char *reason = "";
        if (end != NQ_HTTP_ANSWERED) {
            reason = exchange->reason[0] ? exchange->reason : curl_easy_strerror(code);
        }
        nq_exchange_finish(exchange, end, reason);
    }
}

static void act(struct nq_http *http, curl_socket_t fd, int what)
{
    int running = 0;
    (void)curl_multi_socket_action(http->multi, fd, what, &running);
    collect(http);
}

static void on_ready(void *arg, int fd, unsigned events)
{
    act(arg, fd,
        (events & NQ_LOOP_READ ? CURL_CSELECT_IN : 0) |
            (events & NQ_LOOP_WRITE ? CURL_CSELECT_OUT : 0));
}

static void on_due(void *arg)
{
    act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer(CURLM *multi, long timeout_ms, void *arg)
{
    (void)multi;
    struct nq_http *http = arg;
    if (timeout_ms < 0) {
        nq_timer_clear(http->loop, &http->timer);
    } else {
        nq_timer_set(http->loop, &http->timer, timeout_ms, on_due, http);
    }
    return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
    (void)unused;
    struct nq_http *http = arg;
    if (what == CURL_POLL_REMOVE) {
        nq_loop_unwatch(http->loop, fd);
        return 0;
    }
    const unsigned events = (what & CURL_POLL_IN ? (unsigned)NQ_LOOP_READ : 0U) |
                            (what & CURL_POLL_OUT ? (unsigned)NQ_LOOP_WRITE : 0U);
    struct nq_err err;
    if (!nq_loop_watch(http->loop, fd, events, on_ready, http, &err)) {
        /* Returning an error would end every exchange of the multi handle. */
        struct nq_exchange *exchange = NULL;
        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &exchange);
        if (exchange) {
            nq_exchange_give_up_later(exchange, err.detail);
        }
    }
    return 0;
}

/* The host runs programs (snmpd: extend, pass): they must not inherit our connections. */
static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    (void)arg;
    (void)purpose;
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* libcurl may close a socket that it has not asked us to unwatch. */
static int on_close(void *arg, curl_socket_t fd)
{
    struct nq_http *http = arg;
    nq_loop_unwatch(http->loop, fd);
    return close(fd);
}

bool nq_http_join_loop(struct nq_http *http)
{
    return !curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket) &&
           !curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http) &&
           !curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer) &&
           !curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http) &&
           !curl_easy_setopt(http->pattern, CURLOPT_OPENSOCKETFUNCTION, on_open) &&
           !curl_easy_setopt(http->pattern, CURLOPT_CLOSESOCKETFUNCTION, on_close) &&
           !curl_easy_setopt(http->pattern, CURLOPT_CLOSESOCKETDATA, http);
}

void nq_http_leave_loop(struct nq_http *http)
{
    nq_timer_clear(http->loop, &http->timer);
}
