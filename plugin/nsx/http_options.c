/* SPDX-License-Identifier: Apache-2.0 */
/* http_options.c: what libcurl is told: whom to trust, how long to wait, what to send. */
#include "nsx/http_impl.h"

#include <string.h>

#include "base/mem.h"

/* A connection that answered within this time is taken for alive: else a write, which is not
 * repeated, would be lost to a server or a firewall that let it go. */
#define KEPT_FOR_WRITES_S 5L

#define SET(option, value) (good = good && !curl_easy_setopt(easy, option, value))

static struct curl_blob blob_of(const char *pem)
{
    return (struct curl_blob){(void *)(uintptr_t)pem, strlen(pem), CURL_BLOB_NOCOPY};
}

/* Who is let in without a CA: whoever has the pinned key, under any name. A pin names one
 * key, which is more than a CA does. libcurl compares it before it sends anything. */
static bool set_trust(const struct nq_http_conf *conf, CURL *easy)
{
    const bool pin_alone = conf->pinned_key && !conf->ca_pem;
    bool good = true;
    SET(CURLOPT_PROTOCOLS_STR, "https");
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, pin_alone ? 0L : 1L);
    SET(CURLOPT_SSL_VERIFYHOST, pin_alone ? 0L : 2L);
    if (conf->pinned_key) {
        SET(CURLOPT_PINNEDPUBLICKEY, conf->pinned_key);
    }
    if (conf->ca_pem) {
        struct curl_blob pem = blob_of(conf->ca_pem);
        SET(CURLOPT_CAINFO_BLOB, &pem);
        /* Distributions build in a directory of public CAs. Who names a CA wants that
         * one and no other. */
        SET(CURLOPT_CAPATH, NULL);
    }
    SET(CURLOPT_CERTINFO, 1L); /* taken note of in a handshake, not in each exchange */
    return good;
}

static bool set_client_certificate(const struct nq_http_conf *conf, CURL *easy)
{
    bool good = true;
    if (conf->certificate_pem && conf->key_pem) {
        struct curl_blob certificate = blob_of(conf->certificate_pem);
        struct curl_blob key = blob_of(conf->key_pem);
        SET(CURLOPT_SSLCERTTYPE, "PEM");
        SET(CURLOPT_SSLCERT_BLOB, &certificate);
        SET(CURLOPT_SSLKEYTYPE, "PEM");
        SET(CURLOPT_SSLKEY_BLOB, &key);
        /* Without one OpenSSL would ask the terminal for the passphrase of a key. */
        SET(CURLOPT_KEYPASSWD, "");
    }
    return good;
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

/* libcurl keeps all header lines; this ends an answer that never stops sending them. */
static size_t on_head(char *data, size_t size, size_t count, void *arg)
{
    struct nq_exchange *exchange = arg;
    (void)data;
    exchange->head_len += size * count;
    if (exchange->head_len > NQ_HTTP_HEAD_MAX) {
        exchange->too_large = true;
        return 0;
    }
    return size * count;
}

static bool set_behaviour(const struct nq_http_conf *conf, CURL *easy)
{
    bool good = true;
    SET(CURLOPT_NOSIGNAL, 1L);
    /* A proxy from the environment would see the account. */
    SET(CURLOPT_PROXY, "");
    /* No redirect is followed and no cookie kept: a session cookie sent back without its
     * XSRF header can turn into a 403. Cookies are off unless asked for. */
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    /* Names are resolved in a thread of libcurl. Without QUICK_EXIT the end of an
     * exchange, its deadline included, would wait for that thread. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)conf->connect_timeout_ms);
    SET(CURLOPT_TIMEOUT_MS, (long)conf->timeout_ms);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_USERAGENT, "nsx-quarantine/" NQ_VERSION);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_HEADERFUNCTION, on_head);
    return good;
}

bool nq_http_set_up(struct nq_http *http, const struct nq_http_conf *conf)
{
    http->multi = curl_multi_init();
    http->pattern = curl_easy_init();
    return http->multi && http->pattern &&
           !curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS,
                              (long)(conf->connections > 0 ? conf->connections : 1)) &&
           nq_http_join_loop(http) && set_trust(conf, http->pattern) &&
           set_client_certificate(conf, http->pattern) &&
           set_behaviour(conf, http->pattern);
}

/* ---- one request ---------------------------------------------------------------------- */

static bool add_line(struct nq_exchange *exchange, const char *line)
{
    struct curl_slist *longer = curl_slist_append(exchange->lines, line);
    if (longer) {
        exchange->lines = longer;
    }
    return longer != NULL;
}

static bool add_value(struct nq_exchange *exchange, const char *name, const char *value)
{
    struct nq_buf line;
    nq_buf_init(&line, NQ_HTTP_HEAD_MAX);
    const bool good = nq_buf_addf(&line, "%s: %s", name, value) &&
                      add_line(exchange, nq_buf_text(&line));
    nq_buf_done(&line);
    return good;
}

static bool add_lines(struct nq_exchange *exchange, const struct nq_http_request *request)
{
    bool good =
        !request->media_type || add_value(exchange, "Accept", request->media_type);
    if (request->body && request->content_type) {
        good = good && add_value(exchange, "Content-Type", request->content_type);
    } else {
        /* Else libcurl calls even an empty body a form. */
        good = good && add_line(exchange, "Content-Type:");
    }
    for (size_t i = 0; i < request->line_count; i++) {
        good = good && add_line(exchange, request->lines[i]);
    }
    return good;
}

static size_t give_body(char *to, size_t size, size_t count, void *arg)
{
    struct nq_exchange *exchange = arg;
    const char *rest = exchange->request_body + exchange->body_given;
    const size_t left = strlen(rest);
    const size_t given = left < size * count ? left : size * count;
    memcpy(to, rest, given);
    exchange->body_given += given;
    return given;
}

/* On a kept connection that turns out to be dead, libcurl would send a write a second time;
 * the first may have had its effect. It cannot send again what it can read but once. */
static bool set_body_once(struct nq_exchange *exchange)
{
    CURL *easy = exchange->easy;
    bool good = true;
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE, (long)strlen(exchange->request_body));
    SET(CURLOPT_READFUNCTION, give_body);
    SET(CURLOPT_READDATA, exchange);
    SET(CURLOPT_MAXAGE_CONN, KEPT_FOR_WRITES_S);
    return good;
}

static bool set_method(struct nq_exchange *exchange, enum nq_http_method method)
{
    static const char *const names[] = {
        [NQ_HTTP_GET] = "GET",
        [NQ_HTTP_POST] = "POST",
        [NQ_HTTP_PUT] = "PUT",
        [NQ_HTTP_DELETE] = "DELETE",
    };
    CURL *easy = exchange->easy;
    const char *body = exchange->request_body;
    bool good = true;
    if (method != NQ_HTTP_GET && body) {
        good = good && set_body_once(exchange);
    } else if (body || method == NQ_HTTP_POST || method == NQ_HTTP_PUT) {
        SET(CURLOPT_POSTFIELDS, body ? body : ""); /* with Content-Length, 0 included */
    }
    SET(CURLOPT_CUSTOMREQUEST, names[method]);
    if (method != NQ_HTTP_GET && !body) {
        SET(CURLOPT_FRESH_CONNECT, 1L); /* nothing else keeps it from a second try */
    }
    return good;
}

bool nq_exchange_set_up(struct nq_exchange *exchange,
                        const struct nq_http_request *request)
{
    CURL *easy = curl_easy_duphandle(exchange->http->pattern);
    exchange->easy = easy;
    bool good = easy != NULL && add_lines(exchange, request);
    SET(CURLOPT_PRIVATE, exchange);
    SET(CURLOPT_URL, exchange->url);
    SET(CURLOPT_HTTPHEADER, exchange->lines);
    SET(CURLOPT_ERRORBUFFER, exchange->reason);
    SET(CURLOPT_WRITEDATA, exchange);
    SET(CURLOPT_HEADERDATA, exchange);
    if (request->timeout_ms > 0) {
        SET(CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    }
    return good && set_method(exchange, request->method);
}
