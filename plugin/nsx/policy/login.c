/* SPDX-License-Identifier: Apache-2.0 */
/* login.c: sessions of the Policy API: a form in, a cookie and a token out. A
 * session is not ended by us: NSX forgets it when it is idle, half an hour by default. */
#include <string.h>

#include "base/mem.h"
#include "nsx/login.h"

#define COOKIE "JSESSIONID="
#define TOKEN  "X-XSRF-TOKEN"

/* Unencoded, a password with & or + or % in it would be another one. */
static char *form(const char *user, const char *password)
{
    char *safe_user = nq_http_escape(user);
    char *safe_password = nq_http_escape(password);
    char *text = nq_sprintf("j_username=%s&j_password=%s", safe_user, safe_password);
    (void)nq_secret_free_text(safe_user);
    (void)nq_secret_free_text(safe_password);
    return text;
}

/* NAME=VALUE without the attributes behind it, for the caller to wipe and free. */
static char *find_cookie(const struct nq_http_answer *answer)
{
    const char *line = NULL;
    for (size_t i = 0; (line = nq_http_header(answer, "Set-Cookie", i)); i++) {
        if (strncmp(line, COOKIE, sizeof(COOKIE) - 1) == 0) {
            return nq_strndup(line, strcspn(line, "; "));
        }
    }
    return NULL;
}

static bool read_session(const struct nq_http_answer *answer,
                         struct nq_session *ret_session, struct nq_err *reterr)
{
    char *cookie = find_cookie(answer);
    const char *token = nq_http_header(answer, TOKEN, 0);
    const bool good =
        nq_session_add(ret_session, "Cookie", cookie ? cookie : "", reterr) &&
        nq_session_add(ret_session, TOKEN, token ? token : "", reterr);
    (void)nq_secret_free_text(cookie);
    return good;
}

static const struct nq_login_way ways[] = {
    {.path = "/api/session/create",
     .content_type = "application/x-www-form-urlencoded",
     .body = form},
};

const struct nq_login_kind nq_login_policy = {
    .ways = ways,
    .way_count = sizeof(ways) / sizeof(ways[0]),
    .read = read_session,
};
