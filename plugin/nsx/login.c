/* SPDX-License-Identifier: Apache-2.0 */
/* login.c: see login.h. */
#include "nsx/login.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/pem.h"

/* ---- sessions ------------------------------------------------------------------------- */

/* Visible ASCII and blanks: anything else could end the line and begin another. */
static bool fits_line(const char *value)
{
    for (; *value; value++) {
        if (*value < ' ' || *value > '~') {
            return false;
        }
    }
    return true;
}

bool nq_session_add(struct nq_session *session, const char *name, const char *value,
                    struct nq_err *reterr)
{
    if (session->line_count == NQ_LOGIN_LINES || !value[0] || !fits_line(value)) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "the login gave no usable %s", name);
    }
    session->lines[session->line_count++] = nq_sprintf("%s: %s", name, value);
    return true;
}

void nq_session_done(struct nq_session *session)
{
    for (size_t i = 0; i < session->line_count; i++) {
        (void)nq_secret_free_text(session->lines[i]);
    }
    *session = (struct nq_session){0};
}

/* ---- header lines --------------------------------------------------------------------- */

/* RFC 4648, for the caller to wipe and free. */
static char *base64(const char *text)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const size_t len = strlen(text);
    char *code = nq_calloc((len + 2) / 3 * 4 + 1, 1);
    char *to = code;
    for (size_t i = 0; i < len; i += 3) {
        uint32_t bits = 0;
        for (size_t k = i; k < i + 3; k++) {
            bits = bits << 8 | (k < len ? (unsigned char)text[k] : 0U);
        }
        for (size_t k = 0; k < 4; k++) {
            *to++ = i + k > len ? '=' : digits[bits >> (18 - 6 * k) & 63U];
        }
    }
    return code;
}

static char *basic_line(const char *user, const char *password)
{
    char *plain = nq_sprintf("%s:%s", user, password);
    char *code = base64(plain);
    char *line = nq_sprintf("Authorization: Basic %s", code);
    (void)nq_secret_free_text(plain);
    (void)nq_secret_free_text(code);
    return line;
}

/* The line that each request carries, and a login by Basic. */
static char *line_of(const struct nq_login *login)
{
    const struct nq_access_conf *access = login->access;
    switch (access->auth) {
    case NQ_AUTH_BASIC:
    case NQ_AUTH_SESSION:
        return basic_line(access->user, login->secret.data);
    case NQ_AUTH_TOKEN:
        return nq_sprintf("Authorization: Bearer %s", login->secret.data);
    case NQ_AUTH_CERTIFICATE:
        break;
    }
    return NULL;
}

size_t nq_login_lines(const struct nq_login *login, const struct nq_session *session,
                      const char *ret_lines[NQ_LOGIN_LINES])
{
    size_t count = 0;
    if (login->kind) {
        for (; session && count < session->line_count; count++) {
            ret_lines[count] = session->lines[count];
        }
    } else if (login->authorization) {
        ret_lines[count++] = login->authorization;
    }
    return count;
}

/* ---- secrets -------------------------------------------------------------------------- */

static const char *secret_file(const struct nq_access_conf *access)
{
    return access->auth == NQ_AUTH_TOKEN ? access->token_file : access->password_file;
}

static bool load_secret(const struct nq_access_conf *access, struct nq_secret *secret,
                        struct nq_err *reterr)
{
    if (!nq_secret_load(secret, secret_file(access), reterr)) {
        return false;
    }
    if (access->auth == NQ_AUTH_TOKEN && !fits_line(secret->data)) {
        nq_secret_done(secret);
        return nq_fail(reterr, NQ_SECRET_FILE, "%s: a token is one line of ASCII",
                       access->token_file);
    }
    return true;
}

static bool load_certificate(struct nq_login *login, struct nq_err *reterr)
{
    const struct nq_access_conf *access = login->access;
    char *path = nq_secret_path(access->certificate_file, reterr);
    login->certificate_pem = path ? nq_pem_load("certificate_file", path, reterr) : NULL;
    free(path);
    if (!login->certificate_pem ||
        !nq_secret_load(&login->key, access->key_file, reterr)) {
        return false;
    }
    if (!strstr(login->key.data, "PRIVATE KEY-----")) {
        return nq_fail(reterr, NQ_SECRET_FILE, "%s: no private key in PEM form",
                       access->key_file);
    }
    if (strstr(login->key.data, "ENCRYPTED")) {
        return nq_fail(reterr, NQ_SECRET_FILE,
                       "%s: the key has a passphrase, which nobody is there to enter",
                       access->key_file);
    }
    return true;
}

bool nq_login_open(struct nq_login *login, const struct nq_access_conf *access,
                   const struct nq_login_kind *kind, struct nq_err *reterr)
{
    *login = (struct nq_login){.access = access};
    if (access->auth == NQ_AUTH_CERTIFICATE) {
        return load_certificate(login, reterr);
    }
    if (access->auth == NQ_AUTH_SESSION) {
        login->kind = kind;
    }
    if (access->auth != NQ_AUTH_TOKEN && strchr(access->user, ':')) {
        return nq_fail(reterr, NQ_CONFIG_VALUE,
                       "user %s: a login name cannot contain a colon (RFC 7617)",
                       access->user);
    }
    if (!load_secret(access, &login->secret, reterr)) {
        return false;
    }
    login->authorization = line_of(login);
    return true;
}

void nq_login_done(struct nq_login *login)
{
    nq_secret_done(&login->secret);
    nq_secret_done(&login->key);
    login->authorization = nq_secret_free_text(login->authorization);
    free(login->certificate_pem);
    *login = (struct nq_login){0};
}

bool nq_login_reload(struct nq_login *login)
{
    struct nq_secret fresh;
    struct nq_err err;
    if (login->access->auth == NQ_AUTH_CERTIFICATE ||
        !load_secret(login->access, &fresh, &err)) {
        return false;
    }
    if (nq_secret_same(&fresh, &login->secret)) {
        nq_secret_done(&fresh);
        return false;
    }
    nq_secret_done(&login->secret);
    login->secret = fresh;
    login->number++;
    (void)nq_secret_free_text(login->authorization);
    login->authorization = line_of(login);
    return true;
}

/* ---- asking for a session ------------------------------------------------------------- */

struct nq_exchange *nq_login_start(const struct nq_login *login, struct nq_http *http,
                                   const char *media_type, nq_http_done_fn *done,
                                   void *arg)
{
    const struct nq_login_way *way = &login->kind->ways[login->way];
    const char *line = login->authorization;
    char *body = way->body ? way->body(login->access->user, login->secret.data) : NULL;
    const struct nq_http_request request = {
        .method = NQ_HTTP_POST,
        .path = way->path,
        .media_type = media_type,
        .body = body,
        .content_type = way->content_type,
        .lines = &line,
        .line_count = way->basic ? 1 : 0,
    };
    struct nq_exchange *exchange = nq_http_start(http, &request, done, arg);
    (void)nq_secret_free_text(body);
    return exchange;
}

/* Some managers can be told to refuse Basic; then the way without it is the only one. */
static bool lacks_way(const struct nq_login *login, int status)
{
    const struct nq_login_way *way = &login->kind->ways[login->way];
    if (login->way + 1 >= login->kind->way_count) {
        return false;
    }
    return status == 404 || status == 405 ||
           (status == 403 && way[0].basic && !way[1].basic);
}

enum nq_login_result nq_login_judge(struct nq_login *login,
                                    const struct nq_http_answer *answer,
                                    nq_judge_status_fn *judge,
                                    const struct nq_fault *fault,
                                    struct nq_session *ret_session, struct nq_err *reterr)
{
    struct nq_err why = {0};
    const int status = answer->status;
    const bool answered = answer->end == NQ_HTTP_ANSWERED;
    const bool good_status = answered && status >= 200 && status <= 299;
    *ret_session = (struct nq_session){0};
    if (answered && lacks_way(login, status)) {
        login->way++;
        return NQ_LOGIN_ANOTHER;
    }
    const bool garbled = good_status && !login->kind->read(answer, ret_session, &why);
    if (nq_judge(answer, judge, fault, garbled ? why.detail : NULL, reterr)) {
        return NQ_LOGIN_GOOD;
    }
    nq_session_done(ret_session);
    login->way = 0; /* who knows what stood in our way: look again next time */
    /* A login that is understood and not granted is a refusal, whatever its number. */
    if (answered && status >= 400 && status <= 499 && status != 408 && status != 429) {
        reterr->code = NQ_NSX_AUTH;
    }
    return NQ_LOGIN_FAILED;
}
