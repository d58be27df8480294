/* SPDX-License-Identifier: Apache-2.0 */
/* login.h: what makes a request acceptable: the header lines of an account, a token or a
 * session, and the request that asks for a session.
 * Not for: deciding when to log in, or how often (asker.h, gate.h).
 *
 * Owns    the secrets and the lines made of them; all are wiped when they go.
 * Blocks  in open() and reload(), to read small local files.
 * Thread  loop thread only.
 * Fails   open() with *reterr; nq_login_judge() with what a refused login is.
 * Limits  NQ_LOGIN_LINES header lines; NQ_SECRET_MAX bytes of a secret.
 */
#ifndef NQ_NSX_LOGIN_H
#define NQ_NSX_LOGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "config/config.h"
#include "nsx/http.h"
#include "nsx/judge.h"

#define NQ_LOGIN_LINES 2

/* ---- sessions ------------------------------------------------------------------------- */

/* What a server gave us to show with each request. Zeroed is empty. */
struct nq_session {
    char *lines[NQ_LOGIN_LINES]; /* "Name: value", secret */
    size_t line_count;
    int64_t lifetime_ms; /* from now; 0: until it is refused */
};

/* Adds a header line. false: name and value would not make one line (RFC 9110, 5.5). */
bool nq_session_add(struct nq_session *session, const char *name, const char *value,
                    struct nq_err *reterr) __attribute__((warn_unused_result));

/* Wipes it; it is empty afterwards. */
void nq_session_done(struct nq_session *session);

/* One way to ask for a session: a POST. */
struct nq_login_way {
    const char *path;
    bool basic;               /* the account stands in an Authorization header */
    const char *content_type; /* of the body; NULL: there is none */
    /* A body with the account in it, for the caller to wipe and free. */
    char *(*body)(const char *user, const char *password);
};

/* How one kind of server gives sessions. Constant. */
struct nq_login_kind {
    /* In the order in which they are tried. The next one is tried when the server does
     * not have this one: 404, 405, or 403 for one with Basic before one without. */
    const struct nq_login_way *ways;
    size_t way_count;
    /* Reads a 2xx answer, its headers included, into an empty session. */
    bool (*read)(const struct nq_http_answer *answer, struct nq_session *ret_session,
                 struct nq_err *reterr);
};

/* POST /api/session/create of the Policy API: JSESSIONID and X-XSRF-TOKEN. */
extern const struct nq_login_kind nq_login_policy;

/* ---- the account ---------------------------------------------------------------------- */

/* Embedded in an asker. */
struct nq_login {
    const struct nq_access_conf *access;
    const struct nq_login_kind *kind; /* NULL: each request brings all it needs */
    struct nq_secret secret;          /* password or token */
    char *authorization;              /* a header line made of it, secret; NULL: none */
    struct nq_secret key;             /* of the client certificate */
    char *certificate_pem;            /* NULL: none */
    size_t way;                       /* of the kind: what the server is known to have */
    unsigned number;                  /* of the secret: another one after a reload */
};

/* access must outlive the login; kind: what NQ_AUTH_SESSION means, NULL for nothing. After
 * a failure, too, nq_login_done() must follow. */
bool nq_login_open(struct nq_login *login, const struct nq_access_conf *access,
                   const struct nq_login_kind *kind, struct nq_err *reterr)
    __attribute__((warn_unused_result));
void nq_login_done(struct nq_login *login);

/* Reads the file of the password or token again. true: it holds another one now, which is
 * used from now on. A file that is of no use leaves all as it was. */
bool nq_login_reload(struct nq_login *login);

/* The header lines that make a request acceptable; session NULL: there is none. Returns
 * how many; they are borrowed until the login or the session changes. */
size_t nq_login_lines(const struct nq_login *login, const struct nq_session *session,
                      const char *ret_lines[NQ_LOGIN_LINES]);

/* Asks for a session. */
struct nq_exchange *nq_login_start(const struct nq_login *login, struct nq_http *http,
                                   const char *media_type, nq_http_done_fn *done,
                                   void *arg);

enum nq_login_result {
    NQ_LOGIN_GOOD,    /* *ret_session is filled */
    NQ_LOGIN_ANOTHER, /* the server lacks this way: start again for the next one */
    NQ_LOGIN_FAILED,  /* *reterr says why; NQ_NSX_AUTH: the account was refused */
};

/* What an answer to nq_login_start() means. fault and judge as for nq_judge(). */
enum nq_login_result
nq_login_judge(struct nq_login *login, const struct nq_http_answer *answer,
               nq_judge_status_fn *judge, const struct nq_fault *fault,
               struct nq_session *ret_session, struct nq_err *reterr);

#endif
