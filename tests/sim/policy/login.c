/* SPDX-License-Identifier: Apache-2.0 */
/* login.c: who asks: one user with a password and a lock-out, tokens, certificates. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy.h"

static char *base64(const char *text)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t length = strlen(text);
    char *out = sim_alloc((length + 2) / 3 * 4 + 1, 1);
    size_t used = 0;

    for (size_t i = 0; i < length; i += 3) {
        uint32_t bits = 0;

        for (size_t k = 0; k < 3; k++) {
            bits = bits << 8 | (i + k < length ? (unsigned char)text[i + k] : 0u);
        }
        for (size_t k = 0; k < 4; k++) {
            out[used++] = i + k > length ? '=' : digits[bits >> (18 - 6 * k) & 63];
        }
    }
    return out;
}

/* What follows the scheme in an Authorization header, or NULL for another scheme. */
static const char *after_scheme(const char *authorization, const char *scheme)
{
    size_t length = strlen(scheme);

    if (strncasecmp(authorization, scheme, length) != 0 || authorization[length] != ' ') {
        return NULL;
    }
    authorization += length;
    return authorization + strspn(authorization, " ");
}

static bool knows_password(const struct sim_settings *settings, const char *given)
{
    char *plain = sim_format("%s:%s", settings->user, settings->password);
    char *code = base64(plain);
    bool same = strcmp(given, code) == 0;

    free(code);
    free(plain);
    return same;
}

static bool lists(const cJSON *list, const char *text)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (strcmp(item->valuestring, text) == 0) {
            return true;
        }
    }
    return false;
}

static bool refuse(struct sim_reply *reply, unsigned status)
{
    sim_reply_error(reply, status, SIM_NSX_CREDENTIALS, SIM_MODULE_COMMON,
                    "The credentials were incorrect or the account specified has been "
                    "locked.");
    return false;
}

static bool refuse_session(struct sim_reply *reply)
{
    sim_reply_error(reply, 403, SIM_NSX_SESSION, SIM_MODULE_COMMON,
                    "The session or its XSRF token is not valid.");
    return false;
}

/* NSX: five failures lock an account for 900 s, and tries meanwhile extend that. */
bool sim_login_password(struct sim *sim, const struct sim_request *request, bool correct,
                        struct sim_reply *reply)
{
    const struct sim_settings *settings = &sim_world_of(sim)->settings;
    struct sim_guard *guard = &sim_manager_of(sim)->guard;
    bool locked = request->now_ms < guard->locked_until_ms;

    if (!locked && correct) {
        guard->failures = 0;
        return true;
    }
    guard->failures++;
    if (settings->lockout_failures > 0 && guard->failures >= settings->lockout_failures) {
        guard->locked_until_ms = request->now_ms + settings->lockout_s * 1000;
    }
    return refuse(reply, locked ? 403 : 401);
}

static bool check_authorization(struct sim *sim, const struct sim_request *request,
                                const char *authorization, struct sim_reply *reply)
{
    const struct sim_settings *settings = &sim_world_of(sim)->settings;
    const char *token = after_scheme(authorization, "Bearer");
    const char *pair = after_scheme(authorization, "Basic");

    if (token != NULL) {
        return lists(settings->bearer_tokens, token) || refuse(reply, 401);
    }
    if (!settings->basic_login) {
        return refuse(reply, 401);
    }
    if (!sim_login_password(sim, request, pair != NULL && knows_password(settings, pair),
                            reply)) {
        return false;
    }
    (void)sim_session_start(sim, request, reply);
    return true;
}

/* The cookie of a living session needs its token, whatever else the request carries; a
 * dead cookie is as good as none when there is another login. A password wins over the
 * certificate. */
bool sim_login_check(struct sim *sim, const struct sim_request *request,
                     struct sim_reply *reply)
{
    const struct sim_settings *settings = &sim_world_of(sim)->settings;
    const char *authorization = sim_request_header(request, "Authorization");
    const struct sim_session *session = sim_session_find(sim, request);

    if (session != NULL) {
        const char *token = sim_request_header(request, "X-XSRF-TOKEN");

        return (token != NULL && strcmp(token, session->xsrf) == 0) ||
               refuse_session(reply);
    }
    if (authorization != NULL) {
        return check_authorization(sim, request, authorization, reply);
    }
    if (request->principal != NULL && lists(settings->principals, request->principal)) {
        return true;
    }
    if (sim_session_is_named(request) && settings->unknown_session_is_403) {
        return refuse_session(reply);
    }
    return refuse(reply, 401);
}
