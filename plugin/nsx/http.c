/* SPDX-License-Identifier: Apache-2.0 */
/* http.c: the life of the exchanges of http.h, on libcurl's multi interface. */
#include "nsx/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "nsx/http_impl.h"

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

/* ---- the answer ----------------------------------------------------------------------- */

static const char *text_info(CURL *easy, CURLINFO info)
{
    const char *text = NULL;
    (void)curl_easy_getinfo(easy, info, &text);
    return nq_text_or_empty(text);
}

const char *nq_http_header(const struct nq_http_answer *answer, const char *name,
                           size_t index)
{
    struct curl_header *line = NULL;
    if (!answer->exchange || curl_easy_header(answer->exchange->easy, name, index,
                                              CURLH_HEADER, -1, &line) != CURLHE_OK) {
        return NULL;
    }
    return line->value;
}

/* libcurl lists the chain of a new connection, the server's own certificate first. */
static int64_t expiry_of(CURL *easy)
{
    static const char key[] = "Expire date:";
    const struct curl_certinfo *chain = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain ||
        chain->num_of_certs < 1) {
        return 0;
    }
    for (const struct curl_slist *line = chain->certinfo[0]; line; line = line->next) {
        if (strncmp(line->data, key, sizeof(key) - 1) == 0) {
            const int64_t date_ms = nq_http_date_ms(line->data + sizeof(key) - 1);
            return date_ms > 0 ? date_ms : 0;
        }
    }
    return 0;
}

static void fill_answer(const struct nq_exchange *exchange, struct nq_http_answer *answer)
{
    long number = 0;
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &number);
    answer->status = (int)number;
    number = 0;
    (void)curl_easy_getinfo(exchange->easy, CURLINFO_REQUEST_SIZE, &number);
    answer->sent = number > 0;
    answer->exchange = exchange;
    answer->content_type = text_info(exchange->easy, CURLINFO_CONTENT_TYPE);
    answer->request_id = nq_text_or_empty(nq_http_header(answer, "X-Nsx-Requestid", 0));
    answer->address = text_info(exchange->easy, CURLINFO_PRIMARY_IP);
    answer->tls_expires_ms = expiry_of(exchange->easy);
}

/* ---- the end of an exchange ----------------------------------------------------------- */

static void destroy(struct nq_exchange *exchange)
{
    nq_timer_clear(exchange->http->loop, &exchange->giving_up);
    curl_easy_cleanup(exchange->easy);
    for (struct curl_slist *line = exchange->lines; line; line = line->next) {
        explicit_bzero(line->data, strlen(line->data));
    }
    curl_slist_free_all(exchange->lines);
    exchange->request_body = nq_secret_free_text(exchange->request_body);
    if (exchange->body.data) { /* it may hold a session */
        explicit_bzero(exchange->body.data, exchange->body.len);
    }
    nq_buf_done(&exchange->body);
    free(exchange->url);
    free(exchange);
}

static void detach(struct nq_exchange *exchange)
{
    DL_DELETE(exchange->http->exchanges, exchange);
    if (exchange->running) {
        exchange->running = false;
        (void)curl_multi_remove_handle(exchange->http->multi, exchange->easy);
    }
}

/* The exchange is detached first, so a callback may start and cancel what it likes. */
void nq_exchange_finish(struct nq_exchange *exchange, enum nq_http_end end,
                        const char *reason)
{
    struct nq_http_answer answer = {
        .end = end,
        .body = nq_buf_text(&exchange->body),
        .body_len = exchange->body.len,
        .content_type = "",
        .request_id = "",
        .address = "",
        .reason = reason,
    };
    detach(exchange);
    if (exchange->easy) {
        fill_answer(exchange, &answer);
    }
    exchange->done(exchange->arg, &answer);
    destroy(exchange);
}

static void on_giving_up(void *arg)
{
    struct nq_exchange *exchange = arg;
    nq_exchange_finish(exchange, NQ_HTTP_FAILED, exchange->trouble);
}

void nq_exchange_give_up_later(struct nq_exchange *exchange, const char *reason)
{
    (void)snprintf(exchange->trouble, sizeof(exchange->trouble), "%s", reason);
    nq_timer_set(exchange->http->loop, &exchange->giving_up, 0, on_giving_up, exchange);
}

/* ---- starting and giving up ----------------------------------------------------------- */

struct nq_exchange *nq_http_start(struct nq_http *http,
                                  const struct nq_http_request *request,
                                  nq_http_done_fn *done, void *arg)
{
    struct nq_exchange *exchange = nq_calloc(1, sizeof(*exchange));
    exchange->http = http;
    exchange->url = nq_sprintf("%s%s", http->base_url, request->path);
    exchange->request_body = nq_strdup(request->body);
    nq_buf_init(&exchange->body, NQ_HTTP_BODY_MAX);
    exchange->done = done;
    exchange->arg = arg;
    DL_APPEND(http->exchanges, exchange);
    exchange->running = nq_exchange_set_up(exchange, request) &&
                        curl_multi_add_handle(http->multi, exchange->easy) == CURLM_OK;
    if (!exchange->running) {
        nq_exchange_give_up_later(exchange, "libcurl does not take the request");
    }
    return exchange;
}

void nq_http_cancel(struct nq_exchange *exchange)
{
    detach(exchange);
    destroy(exchange);
}

/* ---- texts ---------------------------------------------------------------------------- */

char *nq_http_escape(const char *text)
{
    char *escaped = curl_easy_escape(NULL, text, 0);
    char *copy = nq_strdup(nq_text_or_empty(escaped));
    if (escaped) {
        explicit_bzero(escaped, strlen(escaped)); /* it may be a password */
        curl_free(escaped);
    }
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

void nq_http_host(const char *url, char out[NQ_HTTP_HOST_MAX + 1])
{
    const char *scheme = strstr(url, "://");
    const char *host = scheme ? scheme + strlen("://") : url;
    const bool bracketed = *host == '[';
    host += bracketed;
    const size_t len = strcspn(host, bracketed ? "]" : ":/");
    (void)snprintf(out, NQ_HTTP_HOST_MAX + 1, "%.*s", (int)len, host);
}

int64_t nq_http_date_ms(const char *text)
{
    const time_t date = curl_getdate(text, NULL);
    return date < 0 ? -1 : (int64_t)date * 1000;
}

/* ---- open and close ------------------------------------------------------------------- */

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
    http->base_url = nq_strdup(conf->url);
    if (!nq_http_set_up(http, conf)) {
        (void)nq_fail(reterr, NQ_NSX_UNREACHABLE,
                      "libcurl does not take the settings for %s", conf->url);
        return nq_http_close(http);
    }
    return http;
}

struct nq_http *nq_http_close(struct nq_http *http)
{
    if (!http) {
        return NULL;
    }
    struct nq_exchange *exchange = NULL;
    struct nq_exchange *next = NULL;
    DL_FOREACH_SAFE(http->exchanges, exchange, next)
    {
        nq_http_cancel(exchange);
    }
    if (http->pattern) {
        curl_easy_cleanup(http->pattern);
    }
    if (http->multi) {
        (void)curl_multi_cleanup(http->multi); /* closes the kept connections */
    }
    nq_http_leave_loop(http);
    free(http->base_url);
    free(http);
    curl_global_cleanup();
    return NULL;
}
