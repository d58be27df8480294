/* SPDX-License-Identifier: Apache-2.0 */
/* session.c: sessions: a cookie and a token that belong together, on one node. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "policy.h"

#define COOKIE "JSESSIONID="

static void random_hex(char *out, size_t digits)
{
    unsigned char bytes[16] = {0};

    if (getrandom(bytes, sizeof(bytes), 0) < 0) {
        abort();
    }
    for (size_t i = 0; i < digits; i++) {
        out[i] = "0123456789ABCDEF"[bytes[i / 2] >> (i % 2 * 4) & 15];
    }
    out[digits] = '\0';
}

/* The value of the cookie inside a Cookie header, and its length; NULL: not there. */
static const char *find_cookie(const struct sim_request *request, size_t *ret_length)
{
    const char *text = sim_request_header(request, "Cookie");

    while (text != NULL && *text != '\0') {
        text += strspn(text, "; ");
        if (strncmp(text, COOKIE, strlen(COOKIE)) == 0) {
            text += strlen(COOKIE);
            *ret_length = strcspn(text, "; ");
            return text;
        }
        text += strcspn(text, ";");
    }
    return NULL;
}

bool sim_session_is_named(const struct sim_request *request)
{
    size_t length;

    return find_cookie(request, &length) != NULL;
}

static void forget(struct sim_sessions *sessions, struct sim_session *session)
{
    *session = sessions->items[--sessions->count];
}

struct sim_session *sim_session_find(struct sim *sim, const struct sim_request *request)
{
    struct sim_sessions *sessions = &sim_manager_of(sim)->sessions;
    uint64_t idle_ms = sim_world_of(sim)->settings.session_idle_ms;
    size_t length = 0;
    const char *id = find_cookie(request, &length);

    for (size_t i = 0; id != NULL && i < sessions->count; i++) {
        struct sim_session *session = &sessions->items[i];

        if (session->node != request->node || strlen(session->id) != length ||
            strncmp(session->id, id, length) != 0) {
            continue;
        }
        if (request->now_ms - session->used_ms >= idle_ms) {
            forget(sessions, session);
            return NULL;
        }
        session->used_ms = request->now_ms;
        return session;
    }
    return NULL;
}

const struct sim_session *sim_session_start(struct sim *sim,
                                            const struct sim_request *request,
                                            struct sim_reply *reply)
{
    struct sim_sessions *sessions = &sim_manager_of(sim)->sessions;
    struct sim_session *session = &sessions->items[0];
    char *cookie;

    if (sessions->count < SIM_SESSIONS_MAX) {
        session = &sessions->items[sessions->count++];
    } else {
        for (size_t i = 1; i < sessions->count; i++) {
            if (sessions->items[i].used_ms < session->used_ms) {
                session = &sessions->items[i];
            }
        }
    }
    random_hex(session->id, 32);
    random_hex(session->xsrf, 32);
    session->node = request->node;
    session->used_ms = request->now_ms;
    cookie = sim_format(COOKIE "%s; Path=/; Secure; HttpOnly; SameSite=Lax", session->id);
    sim_reply_header(reply, "Set-Cookie", cookie);
    free(cookie);
    return session;
}

bool sim_session_is_create(const struct sim_request *request)
{
    return strcmp(request->method, "POST") == 0 && request->segment_count == 3 &&
           strcmp(request->segments[0], "api") == 0 &&
           strcmp(request->segments[1], "session") == 0 &&
           strcmp(request->segments[2], "create") == 0;
}

static bool is_form(const struct sim_request *request)
{
    static const char form[] = "application/x-www-form-urlencoded";
    const char *type = sim_request_header(request, "Content-Type");

    return type != NULL && strncasecmp(type, form, sizeof(form) - 1) == 0;
}

/* A form is written like the query of a target. */
static bool read_form(const struct sim_request *request, struct sim_request *ret_form)
{
    struct sim_err err;

    *ret_form = (struct sim_request){.target = sim_format("/?%s", request->body)};
    return sim_request_parse(ret_form, &err);
}

static bool is_text(const char *text, const char *expected)
{
    return text != NULL && strcmp(text, expected) == 0;
}

static void create(struct sim *sim, const struct sim_request *request,
                   struct sim_reply *reply)
{
    const struct sim_settings *settings = &sim_world_of(sim)->settings;
    struct sim_request form = {0};
    bool correct;

    if (!settings->cookie_login) {
        sim_reply_error(reply, 403, SIM_NSX_CREDENTIALS, SIM_MODULE_COMMON,
                        "Cookie-based authentication is disabled.");
        return;
    }
    if (!is_form(request) || !read_form(request, &form)) {
        sim_request_done(&form);
        sim_reply_error(reply, 400, SIM_NSX_INVALID_ARGUMENT, SIM_MODULE_COMMON,
                        "The request body is not a form.");
        return;
    }
    correct = is_text(sim_request_param(&form, "j_username"), settings->user) &&
              is_text(sim_request_param(&form, "j_password"), settings->password);
    sim_request_done(&form);
    if (sim_login_password(sim, request, correct, reply)) {
        const struct sim_session *session = sim_session_start(sim, request, reply);

        sim_reply_header(reply, "X-XSRF-TOKEN", session->xsrf);
        sim_reply_empty(reply, 200);
    }
}

static void destroy(struct sim *sim, const struct sim_request *request,
                    struct sim_reply *reply)
{
    struct sim_session *session = sim_session_find(sim, request);

    if (session != NULL) {
        forget(&sim_manager_of(sim)->sessions, session);
    }
    sim_reply_empty(reply, 200);
}

static const struct sim_route routes[] = {
    {"POST", "/api/session/create", create},
    {"POST", "/api/session/destroy", destroy},
};

const struct sim_family sim_session_family = {routes, SIM_COUNT_OF(routes)};
