/* SPDX-License-Identifier: Apache-2.0 */
/* http.h: HTTPS exchanges with one server, on the loop, each with a deadline.
 * Not for: knowing NSX or JSON, judging an answer (judge.h), or repeating a request.
 *
 * Owns    its connections, the exchanges and their bodies. The loop stays the caller's.
 * Blocks  never, name resolution included.
 * Thread  loop thread only.
 * Fails   open() with *reterr; everything later arrives once, in the callback.
 * Limits  NQ_HTTP_BODY_MAX bytes of an answer; conf.concurrency exchanges at a time and
 *         NQ_HTTP_QUEUE_MAX waiting behind them; timeout_ms for an exchange, counted from
 *         the moment it leaves the queue.
 *
 * A start function never calls back before it returns, calls back exactly once, and never
 * after cancel or close. Neither close() nor the loop may be called inside a callback.
 */
#ifndef NQ_NSX_HTTP_H
#define NQ_NSX_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "loop/loop.h"

#define NQ_HTTP_BODY_MAX   ((size_t)16 << 20)
#define NQ_HTTP_QUEUE_MAX  1024
#define NQ_HTTP_REASON_MAX 256

/* How an exchange ended, before anybody looks at the status. */
enum nq_http_end {
    NQ_HTTP_ANSWERED,    /* status and body are complete */
    NQ_HTTP_UNREACHABLE, /* no connection, or it broke before the answer */
    NQ_HTTP_TIMEOUT,
    NQ_HTTP_TLS,        /* the server could not prove who it is */
    NQ_HTTP_CUT,        /* the answer broke off, or is not HTTP */
    NQ_HTTP_TOO_LARGE,  /* more than NQ_HTTP_BODY_MAX */
    NQ_HTTP_QUEUE_FULL, /* never sent */
    NQ_HTTP_FAILED,     /* this machine lacks something */
    NQ_HTTP_END_COUNT
};

struct nq_http_conf {
    const char *url; /* https://host[:port] */
    const char *user;
    const struct nq_secret *password;
    const char *ca_pem; /* the only CAs to trust; NULL: those of the system */
    int64_t connect_timeout_ms;
    int64_t timeout_ms;
    size_t concurrency;
};

/* All borrowed until the callback returns; strings and body are never NULL. */
struct nq_http_answer {
    enum nq_http_end end;
    int status;       /* 0 when there was none */
    const char *body; /* NUL-terminated */
    size_t body_len;
    const char *content_type;
    const char *request_id; /* X-Nsx-Requestid: what a support case asks for */
    const char *reason;     /* why it ended like this, "" for NQ_HTTP_ANSWERED */
};

struct nq_http;
struct nq_exchange;

typedef void nq_http_done_fn(void *arg, const struct nq_http_answer *answer);

/* conf is only read during the call, but ca_pem must outlive the client. */
struct nq_http *nq_http_open(const struct nq_http_conf *conf, struct nq_loop *loop,
                             struct nq_err *reterr) __attribute__((warn_unused_result));

/* Takes NULL; gives up all exchanges without a callback. Always returns NULL. */
struct nq_http *nq_http_close(struct nq_http *http);

/* body NULL: GET path. Else: POST the JSON text body to path; it is sent on a connection
 * of its own and never repeated behind the caller's back. The exchange is gone when its
 * callback returns. */
struct nq_exchange *nq_http_start(struct nq_http *http, const char *path,
                                  const char *body, nq_http_done_fn *done, void *arg);

void nq_http_cancel(struct nq_exchange *exchange);

/* true while the exchange waits behind others and nothing of it was sent. */
bool nq_http_waits(const struct nq_exchange *exchange);

/* Percent-encoded text (RFC 3986: all but unreserved characters), for the caller to
 * free. The path form keeps slashes. */
char *nq_http_escape(const char *text) __attribute__((warn_unused_result));
char *nq_http_escape_path(const char *path) __attribute__((warn_unused_result));

/* What a CURLcode means to us; here so that a test can go through all of them. */
enum nq_http_end nq_http_end_of(int curl_code);

#endif
