/* SPDX-License-Identifier: Apache-2.0 */
/* http.c: exact decoding of request targets, replies, and route matching. */
#include "http.h"

#include <stdlib.h>
#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

/* NULL when an escape is broken or stands for NUL. In a query, + is a space. */
static char *decode(const char *text, size_t length, bool plus_is_space)
{
    char *out = sim_alloc(length + 1, 1);
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '%') {
            bool whole = length - i > 2;
            int high = whole ? hex_digit(text[i + 1]) : -1;
            int low = whole ? hex_digit(text[i + 2]) : -1;

            if (high < 0 || low < 0 || (high == 0 && low == 0)) {
                free(out);
                return NULL;
            }
            out[used++] = (char)(high * 16 + low);
            i += 2;
        } else {
            out[used++] = plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

static bool parse_path(struct sim_request *request, const char *path, size_t length,
                       struct sim_err *err)
{
    const char *end = path + length;

    if (*path != '/') {
        return sim_fail(err, "the path does not begin with a slash");
    }
    while (path < end) {
        size_t part;

        path++; /* the slash */
        part = strcspn(path, "/?");
        if (request->segment_count == SIM_SEGMENTS_MAX) {
            return sim_fail(err, "the path has too many segments");
        }
        request->segments[request->segment_count] = decode(path, part, false);
        if (request->segments[request->segment_count] == NULL) {
            return sim_fail(err, "a broken percent escape in the path");
        }
        request->segment_count++;
        path += part;
    }
    return true;
}

static bool parse_query(struct sim_request *request, const char *query,
                        struct sim_err *err)
{
    while (*query != '\0') {
        size_t part = strcspn(query, "&");
        const char *equals = memchr(query, '=', part);
        size_t name_length = equals == NULL ? part : (size_t)(equals - query);
        struct sim_param *param = &request->params[request->param_count];

        if (request->param_count == SIM_PARAMS_MAX) {
            return sim_fail(err, "too many query parameters");
        }
        request->param_count++;
        param->name = decode(query, name_length, true);
        param->value = equals == NULL ? sim_strdup("")
                                      : decode(equals + 1, part - name_length - 1, true);
        if (param->name == NULL || param->value == NULL) {
            return sim_fail(err, "a broken percent escape in the query");
        }
        query += part + (query[part] == '&');
    }
    return true;
}

bool sim_request_parse(struct sim_request *request, struct sim_err *err)
{
    size_t path_length = strcspn(request->target, "?");
    const char *query = request->target + path_length;

    return parse_path(request, request->target, path_length, err) &&
           parse_query(request, *query == '?' ? query + 1 : query, err);
}

void sim_request_done(struct sim_request *request)
{
    for (size_t i = 0; i < request->segment_count; i++) {
        free(request->segments[i]);
    }
    for (size_t i = 0; i < request->param_count; i++) {
        free(request->params[i].name);
        free(request->params[i].value);
    }
    for (size_t i = 0; i < request->field_count; i++) {
        free(request->fields[i].name);
        free(request->fields[i].value);
    }
    free(request->principal);
    free(request->method);
    free(request->target);
    free(request->body);
    *request = (struct sim_request){0};
}

const char *sim_request_param(const struct sim_request *request, const char *name)
{
    for (size_t i = 0; i < request->param_count; i++) {
        if (strcmp(request->params[i].name, name) == 0) {
            return request->params[i].value;
        }
    }
    return NULL;
}

void sim_request_add_header(struct sim_request *request, const char *name,
                            const char *value)
{
    if (request->field_count < SIM_FIELDS_MAX) {
        struct sim_param *field = &request->fields[request->field_count++];

        field->name = sim_strdup(name);
        field->value = sim_strdup(value == NULL ? "" : value);
    }
}

const char *sim_request_header(const struct sim_request *request, const char *name)
{
    for (size_t i = 0; i < request->field_count; i++) {
        if (sim_same_text(request->fields[i].name, name)) {
            return request->fields[i].value;
        }
    }
    return NULL;
}

static void set_body(struct sim_reply *reply, unsigned status, char *body,
                     const char *content_type)
{
    free(reply->body);
    free(reply->content_type);
    reply->status = status;
    reply->body = body;
    reply->length = body == NULL ? 0 : strlen(body);
    reply->content_type = sim_strdup(content_type);
}

void sim_reply_json(struct sim_reply *reply, unsigned status, cJSON *json)
{
    set_body(reply, status, cJSON_PrintUnformatted(json), NULL);
    cJSON_Delete(json);
}

void sim_reply_text(struct sim_reply *reply, unsigned status, const char *content_type,
                    const char *text)
{
    set_body(reply, status, sim_strdup(text), content_type);
}

void sim_reply_empty(struct sim_reply *reply, unsigned status)
{
    set_body(reply, status, NULL, NULL);
}

void sim_reply_header(struct sim_reply *reply, const char *name, const char *value)
{
    if (reply->header_count < SIM_HEADERS_MAX) {
        reply->headers[reply->header_count].name = sim_strdup(name);
        reply->headers[reply->header_count].value = sim_strdup(value);
        reply->header_count++;
    }
}

void sim_reply_done(struct sim_reply *reply)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        free(reply->headers[i].name);
        free(reply->headers[i].value);
    }
    free(reply->body);
    free(reply->content_type);
    *reply = (struct sim_reply){0};
}

static bool path_matches(const char *pattern, struct sim_request *request)
{
    size_t arg_count = 0;

    for (size_t i = 0; i < request->segment_count; i++) {
        size_t part;

        if (*pattern != '/') {
            return false;
        }
        pattern++;
        part = strcspn(pattern, "/");
        if (part == 2 && strncmp(pattern, "{}", 2) == 0) {
            if (*request->segments[i] == '\0' || arg_count == SIM_ARGS_MAX) {
                return false;
            }
            request->args[arg_count++] = request->segments[i];
        } else if (strlen(request->segments[i]) != part ||
                   strncmp(request->segments[i], pattern, part) != 0) {
            return false;
        }
        pattern += part;
    }
    return *pattern == '\0';
}

static enum sim_match find_route(const struct sim_family *family,
                                 struct sim_request *request,
                                 const struct sim_route **ret_route)
{
    enum sim_match match = SIM_MATCH_NONE;

    for (size_t i = 0; i < family->count; i++) {
        const struct sim_route *route = &family->routes[i];

        if (!path_matches(route->path, request)) {
            continue;
        }
        if (strcmp(route->method, request->method) == 0) {
            *ret_route = route;
            return SIM_MATCH_FOUND;
        }
        match = SIM_MATCH_OTHER_METHOD;
    }
    return match;
}

enum sim_match sim_family_find(const struct sim_family *const *families, size_t count,
                               struct sim_request *request,
                               const struct sim_route **ret_route)
{
    enum sim_match best = SIM_MATCH_NONE;

    for (size_t i = 0; i < count && best != SIM_MATCH_FOUND; i++) {
        enum sim_match match = find_route(families[i], request, ret_route);

        best = match > best ? match : best;
    }
    return best;
}
