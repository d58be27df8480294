/* SPDX-License-Identifier: Apache-2.0 */
/* api.c: the gate in front of all NSX calls: login, lock-out, limits, then the route. */
#include "api.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

static const struct sim_family *const families[] = {
    &sim_node_family,     &sim_fabric_family, &sim_group_family,
    &sim_firewall_family, &sim_tag_family,
};

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

static bool knows_password(const struct sim *sim, const char *authorization)
{
    char *plain =
        sim_format("%s:%s", sim->world->settings.user, sim->world->settings.password);
    char *code = base64(plain);
    bool same = strncasecmp(authorization, "Basic ", 6) == 0 &&
                strcmp(authorization + 6 + strspn(authorization + 6, " "), code) == 0;

    free(code);
    free(plain);
    return same;
}

static void refuse_login(struct sim_reply *reply, unsigned status)
{
    sim_reply_error(reply, status, SIM_NSX_CREDENTIALS, SIM_MODULE_COMMON,
                    "The credentials were incorrect or the account specified has been "
                    "locked.");
}

/* NSX: five failures lock an account for 900 s, and tries meanwhile extend that. */
static bool check_login(struct sim *sim, const struct sim_request *request,
                        const char *authorization, struct sim_reply *reply)
{
    const struct sim_settings *settings = &sim->world->settings;
    struct sim_guard *guard = &sim->guard;
    bool locked = request->now_ms < guard->locked_until_ms;

    if (authorization == NULL) {
        refuse_login(reply, 401);
        return false;
    }
    if (!locked && knows_password(sim, authorization)) {
        guard->failures = 0;
        return true;
    }
    guard->failures++;
    if (settings->lockout_failures > 0 && guard->failures >= settings->lockout_failures) {
        guard->locked_until_ms = request->now_ms + settings->lockout_s * 1000;
    }
    refuse_login(reply, locked ? 403 : 401);
    return false;
}

/* This body carries its code as a text, unlike all others. */
static void refuse_rate(const struct sim *sim, struct sim_reply *reply, const char *what,
                        uint64_t limit, const char *unit)
{
    char *text =
        sim_format("Client '%s' exceeded %s of %llu%s", sim->world->settings.user, what,
                   (unsigned long long)limit, unit);
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "module_name", SIM_MODULE_COMMON);
    cJSON_AddStringToObject(json, "error_message", text);
    cJSON_AddStringToObject(json, "error_code", "102");
    sim_reply_json(reply, 429, json);
    free(text);
}

static bool check_rate(struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply)
{
    const struct sim_settings *settings = &sim->world->settings;
    struct sim_guard *guard = &sim->guard;

    if (request->now_ms - guard->window_ms >= 1000) {
        guard->window_ms = request->now_ms;
        guard->in_window = 0;
    }
    guard->in_window++;
    if (settings->requests_per_s > 0 && guard->in_window > settings->requests_per_s) {
        refuse_rate(sim, reply, "request rate", settings->requests_per_s, " per second");
        return false;
    }
    if (settings->concurrent > 0 && guard->in_progress > settings->concurrent) {
        refuse_rate(sim, reply, "request concurrency", settings->concurrent, "");
        return false;
    }
    return true;
}

static void dispatch(struct sim *sim, struct sim_request *request,
                     struct sim_reply *reply)
{
    const struct sim_route *route = NULL;

    switch (sim_family_find(families, SIM_COUNT_OF(families), request, &route)) {
    case SIM_MATCH_FOUND:
        route->handle(sim, request, reply);
        break;
    case SIM_MATCH_OTHER_METHOD:
        sim_reply_error(reply, 405, SIM_NSX_NO_METHOD, SIM_MODULE_COMMON,
                        "Method %s is not supported for this path.", request->method);
        break;
    case SIM_MATCH_NONE:
        sim_reply_error(reply, 404, SIM_NSX_NOT_FOUND, SIM_MODULE_COMMON,
                        "The requested object could not be found: %s", request->target);
        break;
    }
}

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

/* Real NSX starts a session for every request that logs in with Basic. */
static void add_session(struct sim_reply *reply)
{
    char id[33];
    char *cookie;

    random_hex(id, 32);
    cookie = sim_format("JSESSIONID=%s; Path=/; Secure; HttpOnly; SameSite=Lax", id);
    sim_reply_header(reply, "Set-Cookie", cookie);
    free(cookie);
}

void sim_api_answer(struct sim *sim, struct sim_request *request,
                    const char *authorization, struct sim_reply *reply)
{
    if (!check_login(sim, request, authorization, reply)) {
        return;
    }
    add_session(reply);
    if (check_rate(sim, request, reply)) {
        sim_world_settle(sim->world, request->now_ms);
        dispatch(sim, request, reply);
    }
}

void sim_reply_invalid_path(struct sim_reply *reply, const char *path)
{
    sim_reply_error(reply, 400, SIM_NSX_INVALID_PATH, SIM_MODULE_POLICY,
                    "The path=[%s] is invalid.", path);
}

void sim_reply_missing(struct sim *sim, struct sim_reply *reply, const char *path)
{
    if (sim->world->settings.missing_is_400) {
        sim_reply_invalid_path(reply, path);
    } else {
        sim_reply_error(reply, 404, SIM_NSX_NOT_FOUND, SIM_MODULE_POLICY,
                        "The requested object %s could not be found.", path);
    }
}

cJSON *sim_request_json(const struct sim_request *request, const char *module,
                        struct sim_reply *reply)
{
    struct sim_err err;
    cJSON *json = sim_json_parse(request->body, request->body_length, &err);

    if (json == NULL) {
        sim_reply_error(reply, 400, SIM_NSX_BAD_JSON, module,
                        "Json decode error: the request body is %s", err.text);
    } else if (!cJSON_IsObject(json)) {
        cJSON_Delete(json);
        json = NULL;
        sim_reply_error(reply, 400, SIM_NSX_BAD_JSON, module,
                        "Json decode error: the request body is not an object");
    }
    return json;
}
