/* SPDX-License-Identifier: Apache-2.0 */
/* http.h: HTTPS exchanges with one server, on the loop, each with a deadline.
 * Not for: knowing NSX or JSON, judging an answer (judge.h), queueing or repeating a
 * request (asker.h).
 *
 * Owns    its connections, the exchanges and their bodies. The loop stays the caller's.
 * Blocks  never, name resolution included.
 * Thread  loop thread only.
 * Fails   open() with *reterr; everything later arrives once, in the callback.
 * Limits  NQ_HTTP_BODY_MAX bytes of an answer and NQ_HTTP_HEAD_MAX of its header lines;
 *         timeout_ms for an exchange. How many there are at a time is the caller's.
 *
 * A start function never calls back before it returns, calls back exactly once, and never
 * after cancel or close. Neither close() nor the loop may be called inside a callback.
 */
#ifndef NQ_NSX_HTTP_H
#define NQ_NSX_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"

#define NQ_HTTP_BODY_MAX    ((size_t)16 << 20)
#define NQ_HTTP_HEAD_MAX    ((size_t)64 << 10)
#define NQ_HTTP_REASON_MAX  256
#define NQ_HTTP_ADDRESS_MAX 63
#define NQ_HTTP_HOST_MAX    253

/* How an exchange ended, before anybody looks at the status. */
enum nq_http_end {
    NQ_HTTP_ANSWERED,    /* status and body are complete */
    NQ_HTTP_UNREACHABLE, /* no connection, or it broke before the answer */
    NQ_HTTP_TIMEOUT,
    NQ_HTTP_TLS,       /* the server could not prove who it is */
    NQ_HTTP_CUT,       /* the answer broke off, or is not HTTP */
    NQ_HTTP_TOO_LARGE, /* more than NQ_HTTP_BODY_MAX, or NQ_HTTP_HEAD_MAX */
    NQ_HTTP_FAILED,    /* this machine lacks something */
    NQ_HTTP_END_COUNT
};

enum nq_http_method { NQ_HTTP_GET, NQ_HTTP_POST, NQ_HTTP_PUT, NQ_HTTP_DELETE };

struct nq_http_conf {
    const char *url;             /* https://host[:port] */
    const char *ca_pem;          /* the only CAs to trust; NULL: those of the system */
    const char *pinned_key;      /* "sha256//BASE64"; NULL: any key that a CA vouches for.
                                  * Without ca_pem it takes the place of the CAs. */
    const char *certificate_pem; /* the client's own chain; NULL: none */
    const char *key_pem;         /* its private key, without a passphrase */
    int64_t connect_timeout_ms;
    int64_t timeout_ms;
    size_t connections; /* kept open when nothing uses them */
};

/* All copied by nq_http_start(), and what may be secret wiped after use. */
struct nq_http_request {
    enum nq_http_method method;
    const char *path;         /* encoded already */
    const char *media_type;   /* of Accept; NULL: anything */
    const char *body;         /* NULL: none */
    const char *content_type; /* of the body */
    const char *const *lines; /* further header lines, "Name: value" */
    size_t line_count;
    int64_t timeout_ms; /* 0: that of the configuration */
};

/* All borrowed until the callback returns; strings and body are never NULL. */
struct nq_http_answer {
    enum nq_http_end end;
    int status;       /* 0 when there was none */
    const char *body; /* NUL-terminated */
    size_t body_len;
    const char *content_type;
    const char *request_id; /* X-Nsx-Requestid: what a support case asks for */
    const char *address;    /* of the server, as text; "" when there was no connection */
    const char *reason;     /* why it ended like this, "" for NQ_HTTP_ANSWERED */
    bool sent;              /* a byte of the request may have reached the server */
    int64_t tls_expires_ms; /* wall, end of the server's certificate; 0: not shown now,
                             * because the connection was there already */
    const struct nq_exchange *exchange; /* for nq_http_header(); NULL: no header lines */
};

struct nq_http;
struct nq_exchange;

typedef void nq_http_done_fn(void *arg, const struct nq_http_answer *answer);

/* conf is only read during the call, but the PEM texts must outlive the client. */
struct nq_http *nq_http_open(const struct nq_http_conf *conf, struct nq_loop *loop,
                             struct nq_err *reterr) __attribute__((warn_unused_result));

/* Takes NULL; gives up all exchanges without a callback. Always returns NULL. */
struct nq_http *nq_http_close(struct nq_http *http);

/* Anything but a GET is sent on a connection of its own and never repeated behind the
 * caller's back. The exchange is gone when its callback returns. */
struct nq_exchange *nq_http_start(struct nq_http *http,
                                  const struct nq_http_request *request,
                                  nq_http_done_fn *done, void *arg);

void nq_http_cancel(struct nq_exchange *exchange);

/* The value of a header line of the answer, the index-th of that name from 0; NULL: there
 * is none. Borrowed until the next call. */
const char *nq_http_header(const struct nq_http_answer *answer, const char *name,
                           size_t index);

/* Percent-encoded text (RFC 3986: all but unreserved characters), for the caller to
 * free. The path form keeps slashes. */
char *nq_http_escape(const char *text) __attribute__((warn_unused_result));
char *nq_http_escape_path(const char *path) __attribute__((warn_unused_result));

/* The host of https://host[:port], without the brackets of an IPv6 address. */
void nq_http_host(const char *url, char out[NQ_HTTP_HOST_MAX + 1]);

/* A date as HTTP and certificates write it, wall; -1: it is none. */
int64_t nq_http_date_ms(const char *text);

/* What a CURLcode means to us; here so that a test can go through all of them. */
enum nq_http_end nq_http_end_of(int curl_code);

#endif
