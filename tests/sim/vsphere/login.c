/* SPDX-License-Identifier: Apache-2.0 */
/* login.c: who asks: Basic and tokens, the lock-out, and the calls that hand out tokens. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "manager.h"

#define TOKEN_MINUTES_MAX 1440

static int base64_value(char c)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c == '\0' ? NULL : strchr(digits, c);

    return found == NULL ? -1 : (int)(found - digits);
}

/* NULL when it is not base64. To be freed. */
static char *base64_decode(const char *text)
{
    char *out = sim_alloc(strlen(text) + 1, 1);
    size_t used = 0;
    uint32_t bits = 0;
    unsigned have = 0;

    for (; base64_value(*text) >= 0; text++) {
        bits = bits << 6 | (uint32_t)base64_value(*text);
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[used++] = (char)(bits >> have & 0xFF);
        }
    }
    text += strspn(text, "=");
    if (*text != '\0') {
        free(out);
        return NULL;
    }
    return out;
}

/* What follows the scheme in the Authorization header, or NULL for another one. */
static const char *after_scheme(const struct sim_request *request, const char *scheme)
{
    const char *header = sim_request_header(request, "Authorization");
    size_t length = strlen(scheme);

    if (header == NULL || strncasecmp(header, scheme, length) != 0 ||
        header[length] != ' ') {
        return NULL;
    }
    return header + length + strspn(header + length, " ");
}

bool vs_login_basic(const struct sim_request *request, char **ret_user,
                    char **ret_password)
{
    const char *code = after_scheme(request, "Basic");
    char *plain = code == NULL ? NULL : base64_decode(code);
    const char *colon = plain == NULL ? NULL : strchr(plain, ':');

    if (colon != NULL) {
        *ret_user = sim_strndup(plain, (size_t)(colon - plain));
        *ret_password = sim_strdup(colon + 1);
    }
    free(plain);
    return colon != NULL;
}

const char *vs_ring_issue(struct vs_ring *ring, const char *prefix, uint64_t until_ms)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    struct vs_issued *issued = &ring->items[ring->next];
    unsigned char bytes[64] = {0};
    size_t used = strlen(prefix);

    ring->next = (ring->next + 1) % VS_KEYS_MAX;
    if (getrandom(bytes, sizeof(bytes), 0) < 0) {
        abort();
    }
    *issued = (struct vs_issued){.until_ms = until_ms};
    memcpy(issued->text, prefix, used);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        issued->text[used++] = digits[bytes[i] & 63];
    }
    return issued->text;
}

struct vs_issued *vs_ring_find(struct vs_ring *ring, const char *text, uint64_t now_ms)
{
    for (size_t i = 0; i < VS_KEYS_MAX; i++) {
        struct vs_issued *issued = &ring->items[i];

        if (issued->text[0] != '\0' && strcmp(issued->text, text) == 0) {
            return now_ms < issued->until_ms ? issued : NULL;
        }
    }
    return NULL;
}

bool vs_login_password(struct sim *sim, const struct sim_request *request,
                       const char *user, const char *password, struct sim_reply *reply)
{
    struct vs_manager *manager = vs_manager_of(sim);
    const struct vs_settings *settings = &manager->world->settings;
    bool locked = request->now_ms < manager->locked_until_ms;

    if (!locked && strcmp(user, settings->user) == 0 &&
        strcmp(password, settings->password) == 0) {
        manager->failures = 0;
        return true;
    }
    manager->failures++;
    if (settings->lockout_failures > 0 &&
        manager->failures >= settings->lockout_failures) {
        manager->locked_until_ms = request->now_ms + settings->lockout_s * 1000;
    }
    vs_refuse_unauthorized(sim, request, reply, locked ? 403 : 401,
                           locked ? "The account is locked."
                                  : "The credentials were not accepted.");
    return false;
}

static bool check_basic(struct sim *sim, const struct sim_request *request,
                        struct sim_reply *reply)
{
    char *user = NULL;
    char *password = NULL;
    bool good;

    if (!vs_world_of(sim)->settings.basic_login ||
        !vs_login_basic(request, &user, &password)) {
        vs_refuse_unauthorized(sim, request, reply, 401, "A login is required.");
        return false;
    }
    good = vs_login_password(sim, request, user, password, reply);
    free(password);
    free(user);
    return good;
}

bool vs_login_check(struct sim *sim, const struct sim_request *request,
                    struct sim_reply *reply)
{
    const char *token = after_scheme(request, "AUTHTOKEN");

    if (token == NULL) {
        return check_basic(sim, request, reply);
    }
    if (vs_ring_find(&vs_manager_of(sim)->tokens, token, request->now_ms) == NULL) {
        vs_refuse_unauthorized(sim, request, reply, 401,
                               "The token is not valid or has expired.");
        return false;
    }
    return true;
}

static void reply_token(struct sim *sim, const struct sim_request *request,
                        struct sim_reply *reply)
{
    const struct vs_settings *settings = &vs_world_of(sim)->settings;
    uint64_t minutes = 0;
    const char *token;
    xmlNode *root;

    if (!vs_request_number(sim, request, "expiresInMinutes", settings->token_minutes,
                           TOKEN_MINUTES_MAX, &minutes, reply)) {
        return;
    }
    if (minutes == 0 && sim_request_param(request, "expiresInMinutes") != NULL) {
        vs_refuse(sim, request, reply, 400, VS_CODE_BAD_REQUEST,
                  "expiresInMinutes must be 1 to %d.", TOKEN_MINUTES_MAX);
        return;
    }
    token = vs_ring_issue(&vs_manager_of(sim)->tokens, "eyJ0eXAiOiJKV1QifQ.",
                          request->now_ms + minutes * 60000);
    root = vs_xml_root("authToken");
    if (settings->token_wrapped) {
        char *wrapped =
            sim_format("%.40s\n                         %s", token, token + 40);

        vs_xml_text(root, "value", wrapped);
        free(wrapped);
    } else {
        vs_xml_text(root, "value", token);
    }
    vs_reply_document(sim, request, reply, root);
}

/* With credentials in the body; the header does not count. */
static void post_credentials(struct sim *sim, const struct sim_request *request,
                             struct sim_reply *reply)
{
    xmlNode *body = vs_request_document(sim, request, "credentials", reply);
    char *user;
    char *password;

    if (body == NULL) {
        return;
    }
    user = vs_xml_child_text(body, "username");
    password = vs_xml_child_text(body, "password");
    if (user == NULL || password == NULL) {
        vs_refuse(sim, request, reply, 400, VS_CODE_BAD_REQUEST,
                  "username and password are required.");
    } else if (vs_login_password(sim, request, user, password, reply)) {
        reply_token(sim, request, reply);
    }
    free(password);
    free(user);
    vs_xml_free(body);
}

static void get_expiration(struct sim *sim, const struct sim_request *request,
                           struct sim_reply *reply)
{
    xmlNode *root = vs_xml_root("authTokenExpiry");

    vs_xml_number(root, "defaultExpiryInMinutes",
                  vs_world_of(sim)->settings.token_minutes);
    vs_reply_document(sim, request, reply, root);
}

static void get_basic(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    xmlNode *root = vs_xml_root("basicAuthStatus");

    vs_xml_bool(root, "disableBasicAuth", !vs_world_of(sim)->settings.basic_login);
    vs_reply_document(sim, request, reply, root);
}

static void invalidate(struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply)
{
    const char *user = sim_request_param(request, "userId");

    if (user == NULL || strcmp(user, vs_world_of(sim)->settings.user) != 0) {
        vs_refuse_missing(sim, request, reply, user == NULL ? "userId" : user);
        return;
    }
    if (!request->changes_nothing) {
        vs_manager_of(sim)->tokens = (struct vs_ring){0};
    }
    sim_reply_empty(reply, 200);
}

#define AUTH "/api/2.0/services/auth"

static const struct vs_call calls[] = {
    {{"POST", AUTH "/token", reply_token}, VS_VERSION(6, 4, 0), false},
    {{"GET", AUTH "/tokenexpiration", get_expiration}, VS_VERSION(6, 4, 0), false},
    {{"POST", AUTH "/tokeninvalidation", invalidate}, VS_VERSION(6, 4, 1), true},
    {{"GET", AUTH "/basic", get_basic}, VS_VERSION(6, 4, 2), false},
    {{"POST", VS_CREDENTIALS_PATH, post_credentials}, VS_VERSION(6, 4, 2), false},
};

const struct vs_family vs_token_family = {calls, SIM_COUNT_OF(calls)};
