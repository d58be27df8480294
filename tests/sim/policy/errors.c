/* SPDX-License-Identifier: Apache-2.0 */
/* errors.c: the error form of NSX, and the refusals that several calls share. */
#include <stdarg.h>
#include <stdio.h>

#include "policy.h"

static const char *status_name(unsigned status)
{
    static const struct {
        unsigned status;
        const char *name;
    } names[] = {
        {400, "BAD_REQUEST"},         {401, "UNAUTHORIZED"},
        {403, "FORBIDDEN"},           {404, "NOT_FOUND"},
        {405, "METHOD_NOT_ALLOWED"},  {409, "CONFLICT"},
        {412, "PRECONDITION_FAILED"}, {413, "PAYLOAD_TOO_LARGE"},
        {429, "TOO_MANY_REQUESTS"},   {503, "SERVICE_UNAVAILABLE"},
    };

    for (size_t i = 0; i < SIM_COUNT_OF(names); i++) {
        if (names[i].status == status) {
            return names[i].name;
        }
    }
    return "INTERNAL_SERVER_ERROR";
}

void sim_reply_error(struct sim_reply *reply, unsigned status, int code,
                     const char *module, const char *fmt, ...)
{
    cJSON *json = cJSON_CreateObject();
    struct sim_err text;
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text.text, sizeof(text.text), fmt, args);
    va_end(args);
    cJSON_AddStringToObject(json, "httpStatus", status_name(status));
    cJSON_AddNumberToObject(json, "error_code", code);
    cJSON_AddStringToObject(json, "module_name", module);
    cJSON_AddStringToObject(json, "error_message", text.text);
    sim_reply_json(reply, status, json);
}

void sim_reply_invalid_path(struct sim_reply *reply, const char *path)
{
    sim_reply_error(reply, 400, SIM_NSX_INVALID_PATH, SIM_MODULE_POLICY,
                    "The path=[%s] is invalid.", path);
}

void sim_reply_missing(struct sim *sim, struct sim_reply *reply, const char *path)
{
    if (sim_world_of(sim)->settings.missing_is_400) {
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
