/* SPDX-License-Identifier: Apache-2.0 */
/* http_impl.h: what the files of the HTTP client share; nobody else includes it.
 *
 * Owns    as http.h says.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  none of its own.
 */
#ifndef NQ_NSX_HTTP_IMPL_H
#define NQ_NSX_HTTP_IMPL_H

#include <curl/curl.h>

#include "base/buf.h"
#include "nsx/http.h"

struct nq_exchange {
    struct nq_http *http;
    struct nq_exchange *prev;
    struct nq_exchange *next;
    CURL *easy;
    bool running; /* libcurl has it */
    char *url;
    char *request_body;
    size_t body_given; /* bytes of it that libcurl has read */
    struct curl_slist *lines;
    struct nq_buf body;
    size_t head_len;
    bool too_large;
    char reason[CURL_ERROR_SIZE]; /* filled by libcurl */
    struct nq_timer giving_up;    /* armed when it failed outside libcurl, so: */
    char trouble[NQ_HTTP_REASON_MAX];
    nq_http_done_fn *done;
    void *arg;
};

struct nq_http {
    struct nq_loop *loop;
    CURLM *multi;
    CURL *pattern; /* the options that all exchanges share; never performed */
    char *base_url;
    struct nq_timer timer;
    struct nq_exchange *exchanges;
};

/* http.c */
void nq_exchange_finish(struct nq_exchange *exchange, enum nq_http_end end,
                        const char *reason);
void nq_exchange_give_up_later(struct nq_exchange *exchange, const char *reason);

/* http_loop.c: libcurl's sockets and timer on our loop */
bool nq_http_join_loop(struct nq_http *http);
void nq_http_leave_loop(struct nq_http *http);

/* http_options.c: what libcurl is told */
bool nq_http_set_up(struct nq_http *http, const struct nq_http_conf *conf);
bool nq_exchange_set_up(struct nq_exchange *exchange,
                        const struct nq_http_request *request);

#endif
