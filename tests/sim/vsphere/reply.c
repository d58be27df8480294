/* SPDX-License-Identifier: Apache-2.0 */
/* reply.c: what a client accepts and sends, and the error forms of NSX. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manager.h"

enum form { FORM_XML, FORM_JSON, FORM_NONE };

/* Clients saw the answer to a request without Accept turn into JSON with 6.4.5. */
static enum form default_form(const struct vs_settings *settings)
{
    switch (settings->default_format) {
    case VS_FORMAT_XML:
        return FORM_XML;
    case VS_FORMAT_JSON:
        return FORM_JSON;
    default:
        return vs_settings_version(settings) >= VS_VERSION(6, 4, 5) ? FORM_JSON
                                                                    : FORM_XML;
    }
}

static bool accepts(const char *header, const char *type)
{
    size_t length = strlen(type);

    while (*header != '\0') {
        header += strspn(header, " ,");
        if (strncmp(header, type, length) == 0 && strchr(" ,;", header[length]) != NULL) {
            return true; /* strchr() finds the NUL at the end too */
        }
        header += strcspn(header, ",");
    }
    return false;
}

static enum form wanted_form(const struct sim *sim, const struct sim_request *request)
{
    const struct vs_settings *settings = &vs_world_of(sim)->settings;
    const char *header = sim_request_header(request, "Accept");
    unsigned version = vs_settings_version(settings);

    if (header == NULL || accepts(header, "*/*") || accepts(header, "application/*")) {
        return default_form(settings);
    }
    if (accepts(header, "application/xml") || accepts(header, "text/xml")) {
        return FORM_XML;
    }
    /* JSON came with 6.4; what earlier versions could do was called experimental. */
    if (accepts(header, "application/json")) {
        return version >= VS_VERSION(6, 4, 0) ? FORM_JSON : FORM_XML;
    }
    if (accepts(header, "application/*+xml")) {
        return version >= VS_VERSION(6, 4, 5) ? FORM_NONE : FORM_XML;
    }
    return accepts(header, "text/plain") ? FORM_XML : FORM_NONE;
}

bool vs_reply_is_possible(const struct sim *sim, const struct sim_request *request,
                          struct sim_reply *reply)
{
    if (wanted_form(sim, request) != FORM_NONE) {
        return true;
    }
    sim_reply_empty(reply, 406);
    return false;
}

static void reply_document(const struct sim *sim, const struct sim_request *request,
                           struct sim_reply *reply, unsigned status, xmlNode *root)
{
    char *text;

    if (wanted_form(sim, request) == FORM_JSON) {
        sim_reply_json(reply, status, vs_xml_json(root));
        return;
    }
    text = vs_xml_print(root);
    sim_reply_text(reply, status, "application/xml;charset=UTF-8", text);
    free(text);
}

void vs_reply_document(const struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply, xmlNode *root)
{
    reply_document(sim, request, reply, 200, root);
}

void vs_reply_created(const struct sim *sim, struct sim_reply *reply, const char *id)
{
    sim_reply_text(reply, 201,
                   vs_world_of(sim)->settings.create_says_xml
                       ? "application/xml;charset=UTF-8"
                       : "text/plain;charset=UTF-8",
                   id);
}

static void refuse_json(struct sim_reply *reply, unsigned status, unsigned code,
                        const char *module, const char *text)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddNumberToObject(json, "errorCode", code);
    cJSON_AddStringToObject(json, "details", text);
    cJSON_AddNullToObject(json, "rootCauseString");
    cJSON_AddStringToObject(json, "moduleName", module);
    sim_reply_json(reply, status, json);
}

static void refuse_text(const struct sim *sim, const struct sim_request *request,
                        struct sim_reply *reply, unsigned status, unsigned code,
                        const char *text)
{
    const char *module = code >= 100000 ? VS_MODULE_FIREWALL : VS_MODULE;
    bool many = vs_world_of(sim)->settings.error_form == VS_ERROR_LIST;
    xmlNode *root;
    xmlNode *error;

    if (wanted_form(sim, request) == FORM_JSON) {
        refuse_json(reply, status, code, module, text);
        return;
    }
    root = vs_xml_root(many ? "errors" : "error");
    error = many ? vs_xml_add(root, "error") : root;
    vs_xml_text(error, "details", text);
    vs_xml_number(error, "errorCode", code);
    vs_xml_text(error, "moduleName", module);
    reply_document(sim, request, reply, status, root);
}

void vs_refuse(const struct sim *sim, const struct sim_request *request,
               struct sim_reply *reply, unsigned status, unsigned code, const char *fmt,
               ...)
{
    struct sim_err text;
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text.text, sizeof(text.text), fmt, args);
    va_end(args);
    refuse_text(sim, request, reply, status, code, text.text);
}

void vs_refuse_missing(const struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply, const char *id)
{
    vs_refuse(sim, request, reply, (unsigned)vs_world_of(sim)->settings.missing_status,
              VS_CODE_NOT_FOUND,
              "The requested object : %s could not be found. Object identifiers are case "
              "sensitive.",
              id);
}

void vs_refuse_unauthorized(const struct sim *sim, const struct sim_request *request,
                            struct sim_reply *reply, unsigned status, const char *text)
{
    switch (vs_world_of(sim)->settings.login_body) {
    case VS_LOGIN_HTML: {
        char *page = sim_format("<html><head><title>Error</title></head><body><h1>HTTP "
                                "Status %u</h1><p>%s</p></body></html>\n",
                                status, text);

        sim_reply_text(reply, status, "text/html;charset=utf-8", page);
        free(page);
        break;
    }
    case VS_LOGIN_EMPTY:
        sim_reply_empty(reply, status);
        break;
    default:
        refuse_text(sim, request, reply, status, status, text);
        break;
    }
}

xmlNode *vs_request_document(const struct sim *sim, const struct sim_request *request,
                             const char *root, struct sim_reply *reply)
{
    const char *type = sim_request_header(request, "Content-Type");
    struct sim_err err;
    xmlNode *document;

    if (type == NULL ||
        (!accepts(type, "application/xml") && !accepts(type, "text/xml"))) {
        vs_refuse(sim, request, reply, 415, VS_CODE_BAD_REQUEST,
                  "The content type of the request body must be application/xml.");
        return NULL;
    }
    document = vs_xml_parse(request->body, request->body_length, root, &err);
    if (document == NULL) {
        vs_refuse(sim, request, reply, 400, VS_CODE_BAD_REQUEST, "%s", err.text);
    }
    return document;
}

bool vs_request_number(const struct sim *sim, const struct sim_request *request,
                       const char *name, uint64_t fallback, uint64_t max,
                       uint64_t *ret_number, struct sim_reply *reply)
{
    const char *text = sim_request_param(request, name);

    *ret_number = fallback;
    if (text != NULL && !sim_parse_number(text, max, ret_number)) {
        vs_refuse(sim, request, reply, 400, VS_CODE_BAD_REQUEST,
                  "Invalid value for the parameter %s.", name);
        return false;
    }
    return true;
}

bool vs_request_flag(const struct sim_request *request, const char *name, bool fallback)
{
    const char *text = sim_request_param(request, name);

    return text == NULL ? fallback : strcmp(text, "true") == 0;
}

struct vs_vm *vs_request_vm(const struct sim *sim, const struct sim_request *request,
                            const char *id, uint64_t status, struct sim_reply *reply)
{
    struct vs_vm *vm = vs_world_known_vm(vs_world_of(sim), id);

    if (vm == NULL) {
        vs_refuse_missing(sim, request, reply, id);
        reply->status = (unsigned)status;
    }
    return vm;
}

struct vs_tag *vs_request_tag(const struct sim *sim, const struct sim_request *request,
                              const char *id, struct sim_reply *reply)
{
    struct vs_tag *tag = vs_world_tag(vs_world_of(sim), vs_id_number(id, "securitytag-"));

    if (tag == NULL) {
        vs_refuse_missing(sim, request, reply, id);
    }
    return tag;
}
