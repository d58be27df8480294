/* SPDX-License-Identifier: Apache-2.0 */
/* http.c: http.h on libcurl's multi interface; the only file that knows libcurl. */
#include "nsx/http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "base/mem.h"
#include "base/text.h"

enum stage { WAITING, SENT, REFUSED };

struct nq_exchange {
    struct nq_http *http;
    struct nq_exchange *prev;
    struct nq_exchange *next;
    enum stage stage;
    CURL *easy; /* NULL for a refused one */
    char *url;
    char *request_body;
    struct nq_buf body;
    bool too_large;
    char reason[CURL_ERROR_SIZE]; /* filled by libcurl */
    struct nq_timer giving_up;    /* armed when it failed outside libcurl, so: */
    enum nq_http_end trouble_end;
    char trouble[NQ_HTTP_REASON_MAX];
    nq_http_done_fn *done;
    void *arg;
};

struct nq_http {
    struct nq_loop *loop;
    CURLM *multi;
    CURL *pattern; /* the options that all exchanges share; never performed */
    struct curl_slist *headers;
    char *base_url;
    struct nq_timer timer;
    struct nq_exchange *waiting; /* in order */
    size_t waiting_count;
    struct nq_exchange *sent;
    size_t sent_count;
    struct nq_exchange *refused;
    size_t concurrency;
};

enum nq_http_end nq_http_end_of(int curl_code)
{
    static const struct {
        CURLcode code;
        enum nq_http_end end;
    } table[] = {
        {CURLE_OK, NQ_HTTP_ANSWERED},
        {CURLE_OPERATION_TIMEDOUT, NQ_HTTP_TIMEOUT},
        {CURLE_COULDNT_RESOLVE_HOST, NQ_HTTP_UNREACHABLE},
        {CURLE_COULDNT_CONNECT, NQ_HTTP_UNREACHABLE},
        {CURLE_INTERFACE_FAILED, NQ_HTTP_UNREACHABLE},
        {CURLE_SEND_ERROR, NQ_HTTP_UNREACHABLE},
        {CURLE_RECV_ERROR, NQ_HTTP_UNREACHABLE},
        {CURLE_GOT_NOTHING, NQ_HTTP_UNREACHABLE},
        {CURLE_SEND_FAIL_REWIND, NQ_HTTP_UNREACHABLE},
        /* Mostly a port without TLS or a connection that broke in the handshake; what has
         * to do with trust has codes of its own. */
        {CURLE_SSL_CONNECT_ERROR, NQ_HTTP_UNREACHABLE},
        {CURLE_SSL_SHUTDOWN_FAILED, NQ_HTTP_UNREACHABLE},
        {CURLE_PEER_FAILED_VERIFICATION, NQ_HTTP_TLS},
        {CURLE_SSL_CACERT_BADFILE, NQ_HTTP_TLS},
        {CURLE_SSL_CERTPROBLEM, NQ_HTTP_TLS},
        {CURLE_SSL_CIPHER, NQ_HTTP_TLS},
        {CURLE_SSL_CRL_BADFILE, NQ_HTTP_TLS},
        {CURLE_SSL_ISSUER_ERROR, NQ_HTTP_TLS},
        {CURLE_SSL_PINNEDPUBKEYNOTMATCH, NQ_HTTP_TLS},
        {CURLE_SSL_INVALIDCERTSTATUS, NQ_HTTP_TLS},
        {CURLE_SSL_CLIENTCERT, NQ_HTTP_TLS},
        {CURLE_USE_SSL_FAILED, NQ_HTTP_TLS},
        {CURLE_PARTIAL_FILE, NQ_HTTP_CUT},
        {CURLE_WEIRD_SERVER_REPLY, NQ_HTTP_CUT},
        {CURLE_UNSUPPORTED_PROTOCOL, NQ_HTTP_CUT},
        {CURLE_BAD_CONTENT_ENCODING, NQ_HTTP_CUT},
        {CURLE_FILESIZE_EXCEEDED, NQ_HTTP_TOO_LARGE},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if ((int)table[i].code == curl_code) {
            return table[i].end;
        }
    }
    return NQ_HTTP_FAILED;
}

/* ---- the end of an exchange ----------------------------------------------------------- */

static void destroy(struct nq_exchange *exchange)
{
    nq_timer_clear(exchange->http->loop, &exchange->giving_up);
    if (exchange->easy) {
        curl_easy_cleanup(exchange->easy);
    }
    nq_buf_done(&exchange->body);
    free(exchange->request_body);
    free(exchange->url);
    free(exchange);
}

static void detach(struct nq_exchange *exchange)
{
    struct nq_http *http = exchange->http;
    switch (exchange->stage) {
    case WAITING:
        DL_DELETE(http->waiting, exchange);
        http->waiting_count--;
        break;
    case SENT:
        DL_DELETE(http->sent, exchange);
        http->sent_count--;
        (void)curl_multi_remove_handle(http->multi, exchange->easy);
        break;
    case REFUSED:
        DL_DELETE(http->refused, exchange);
        break;
    }
}

static const char *text_info(CURL *easy, CURLINFO info)
{
    const char *text = NULL;
    (void)curl_easy_getinfo(easy, info, &text);
    return nq_text_or_empty(text);
}

static void fill_from_headers(const struct nq_exchange *exchange,
                              struct nq_http_answer *answer)
{
    long status = 0;
    struct curl_header *id = NULL;
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
    answer->status = (int)status;
    answer->content_type = text_info(exchange->easy, CURLINFO_CONTENT_TYPE);
    if (curl_easy_header(exchange->easy, "X-Nsx-Requestid", 0, CURLH_HEADER, -1, &id) ==
        CURLHE_OK) {
        answer->request_id = id->value;
    }
}

static void send_next(struct nq_http *http);

/* The exchange is detached, so a callback may start and cancel whatever it likes. The next
 * one is sent after it: a refused login must be able to recall what waits. */
static void finish(struct nq_exchange *exchange, enum nq_http_end end, const char *reason)
{
    struct nq_http *http = exchange->http;
    struct nq_http_answer answer = {
        .end = end,
        .body = nq_buf_text(&exchange->body),
        .body_len = exchange->body.len,
        .content_type = "",
        .request_id = "",
        .reason = reason,
    };
    detach(exchange);
    if (exchange->easy) {
        fill_from_headers(exchange, &answer);
    }
    exchange->done(exchange->arg, &answer);
    destroy(exchange);
    send_next(http);
}

static void on_giving_up(void *arg)
{
    struct nq_exchange *exchange = arg;
    finish(exchange, exchange->trouble_end, exchange->trouble);
}

static void give_up_later(struct nq_exchange *exchange, enum nq_http_end end,
                          const char *reason)
{
    exchange->trouble_end = end;
    (void)snprintf(exchange->trouble, sizeof(exchange->trouble), "%s", reason);
    nq_timer_set(exchange->http->loop, &exchange->giving_up, 0, on_giving_up, exchange);
}

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
        finish(exchange, end, reason);
    }
}

/* ---- libcurl's sockets and timer on our loop ------------------------------------------ */

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
            give_up_later(exchange, NQ_HTTP_FAILED, err.detail);
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

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct nq_exchange *exchange = arg;
    if (!nq_buf_add(&exchange->body, data, size * count)) {
        exchange->too_large = true;
        return 0;
    }
    return size * count;
}

/* ---- sending -------------------------------------------------------------------------- */

#define SET(option, value) (good = good && !curl_easy_setopt(easy, option, value))

static bool set_security(const struct nq_http_conf *conf, CURL *easy)
{
    bool good = true;
    SET(CURLOPT_PROTOCOLS_STR, "https");
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (conf->ca_pem) {
        struct curl_blob pem = {(void *)(uintptr_t)conf->ca_pem, strlen(conf->ca_pem),
                                CURL_BLOB_NOCOPY};
        SET(CURLOPT_CAINFO_BLOB, &pem);
        /* Distributions build in a directory of public CAs. Who names a CA wants that
         * one and no other. */
        SET(CURLOPT_CAPATH, NULL);
    }
    SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    SET(CURLOPT_USERNAME, conf->user);
    SET(CURLOPT_PASSWORD, conf->password->data);
    /* A proxy from the environment would see the account. */
    SET(CURLOPT_PROXY, "");
    /* No redirect is followed and no cookie kept: a session cookie sent back without its
     * XSRF header can turn into a 403. Cookies are off unless asked for. */
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    return good;
}

static bool set_behaviour(struct nq_http *http, const struct nq_http_conf *conf,
                          CURL *easy)
{
    bool good = true;
    SET(CURLOPT_NOSIGNAL, 1L);
    /* Names are resolved in a thread of libcurl. Without QUICK_EXIT the end of an
     * exchange, its deadline included, would wait for that thread. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)conf->connect_timeout_ms);
    SET(CURLOPT_TIMEOUT_MS, (long)conf->timeout_ms);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_HTTPHEADER, http->headers);
    SET(CURLOPT_USERAGENT, "nsx-quarantine/" NQ_VERSION);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
    SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
    SET(CURLOPT_CLOSESOCKETDATA, http);
    return good;
}

static bool prepare(struct nq_exchange *exchange)
{
    CURL *easy = curl_easy_duphandle(exchange->http->pattern);
    exchange->easy = easy;
    bool good = easy != NULL;
    SET(CURLOPT_PRIVATE, exchange);
    SET(CURLOPT_URL, exchange->url);
    SET(CURLOPT_ERRORBUFFER, exchange->reason);
    SET(CURLOPT_WRITEDATA, exchange);
    if (exchange->request_body) {
        SET(CURLOPT_POSTFIELDS, exchange->request_body);
        /* On a kept connection that turns out to be dead, libcurl would send the request
         * a second time; the first may have had its effect. */
        SET(CURLOPT_FRESH_CONNECT, 1L);
    }
    return good;
}

static void send_next(struct nq_http *http)
{
    while (http->waiting && http->sent_count < http->concurrency) {
        struct nq_exchange *exchange = http->waiting;
        detach(exchange);
        if (prepare(exchange) &&
            curl_multi_add_handle(http->multi, exchange->easy) == CURLM_OK) {
            exchange->stage = SENT;
            DL_APPEND(http->sent, exchange);
            http->sent_count++;
        } else {
            exchange->stage = REFUSED;
            DL_APPEND(http->refused, exchange);
            give_up_later(exchange, NQ_HTTP_FAILED, "libcurl does not take the request");
        }
    }
}

struct nq_exchange *nq_http_start(struct nq_http *http, const char *path,
                                  const char *body, nq_http_done_fn *done, void *arg)
{
    struct nq_exchange *exchange = nq_calloc(1, sizeof(*exchange));
    exchange->http = http;
    exchange->url = nq_sprintf("%s%s", http->base_url, path);
    exchange->request_body = nq_strdup(body);
    nq_buf_init(&exchange->body, NQ_HTTP_BODY_MAX);
    exchange->done = done;
    exchange->arg = arg;
    if (http->waiting_count >= NQ_HTTP_QUEUE_MAX) {
        exchange->stage = REFUSED;
        DL_APPEND(http->refused, exchange);
        give_up_later(exchange, NQ_HTTP_QUEUE_FULL, "too many requests are waiting");
        return exchange;
    }
    exchange->stage = WAITING;
    DL_APPEND(http->waiting, exchange);
    http->waiting_count++;
    send_next(http);
    return exchange;
}

void nq_http_cancel(struct nq_exchange *exchange)
{
    struct nq_http *http = exchange->http;
    const bool was_sent = exchange->stage == SENT;
    detach(exchange);
    destroy(exchange);
    if (was_sent) { /* who cancels all that wait must not send them by it */
        send_next(http);
    }
}

bool nq_http_waits(const struct nq_exchange *exchange)
{
    return exchange->stage == WAITING;
}

char *nq_http_escape(const char *text)
{
    char *escaped = curl_easy_escape(NULL, text, 0);
    char *copy = nq_strdup(nq_text_or_empty(escaped));
    curl_free(escaped);
    return copy;
}

char *nq_http_escape_path(const char *path)
{
    char *escaped = nq_http_escape(path);
    char *to = escaped;
    for (const char *from = escaped; *from; to++) {
        const bool slash = strncmp(from, "%2F", 3) == 0;
        *to = slash ? '/' : *from;
        from += slash ? 3 : 1;
    }
    *to = '\0';
    return escaped;
}

/* ---- open and close ------------------------------------------------------------------- */

static bool add_header(struct nq_http *http, const char *line)
{
    struct curl_slist *longer = curl_slist_append(http->headers, line);
    if (longer) {
        http->headers = longer;
    }
    return longer != NULL;
}

static bool set_up_curl(struct nq_http *http, const struct nq_http_conf *conf)
{
    http->multi = curl_multi_init();
    http->pattern = curl_easy_init();
    return http->multi && http->pattern && add_header(http, "Accept: application/json") &&
           add_header(http, "Content-Type: application/json") &&
           !curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket) &&
           !curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http) &&
           !curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer) &&
           !curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http) &&
           !curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS,
                              (long)conf->concurrency) &&
           set_security(conf, http->pattern) && set_behaviour(http, conf, http->pattern);
}

struct nq_http *nq_http_open(const struct nq_http_conf *conf, struct nq_loop *loop,
                             struct nq_err *reterr)
{
    /* Counted by libcurl: each open has its cleanup in close. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        (void)nq_fail(reterr, NQ_NSX_UNREACHABLE, "libcurl cannot be started");
        return NULL;
    }
    struct nq_http *http = nq_calloc(1, sizeof(*http));
    http->loop = loop;
    http->concurrency = conf->concurrency > 0 ? conf->concurrency : 1;
    http->base_url = nq_strdup(conf->url);
    if (!set_up_curl(http, conf)) {
        (void)nq_fail(reterr, NQ_NSX_UNREACHABLE,
                      "libcurl does not take the settings for %s", conf->url);
        return nq_http_close(http);
    }
    return http;
}

static void drop_all(struct nq_exchange *list)
{
    struct nq_exchange *exchange = NULL;
    struct nq_exchange *next = NULL;
    DL_FOREACH_SAFE(list, exchange, next)
    {
        detach(exchange);
        destroy(exchange);
    }
}

struct nq_http *nq_http_close(struct nq_http *http)
{
    if (!http) {
        return NULL;
    }
    drop_all(http->waiting); /* first, so that none is sent now */
    drop_all(http->refused);
    drop_all(http->sent);
    if (http->pattern) {
        curl_easy_cleanup(http->pattern);
    }
    if (http->multi) {
        (void)curl_multi_cleanup(http->multi); /* closes the kept connections */
    }
    nq_timer_clear(http->loop, &http->timer);
    curl_slist_free_all(http->headers);
    free(http->base_url);
    free(http);
    curl_global_cleanup();
    return NULL;
}
