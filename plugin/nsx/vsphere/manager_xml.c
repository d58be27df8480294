/* SPDX-License-Identifier: Apache-2.0 */
/* manager_xml.c: see manager_xml.h. */
#include "nsx/vsphere/manager_xml.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "nsx/walk_xml.h"

#define PART_MAX 15 /* bytes of one number of a version */
#define BLANKS   " \t\r\n"

/* Copies as much as fits, never half a character. */
static void copy_text(char *out, size_t size, const char *in)
{
    (void)nq_text_escape(in, out, size);
}

static bool is_root(const struct nq_xml_place *place, const char *name)
{
    return nq_xml_is(place, "", name);
}

/* ---- version ----------------------------------------------------------------------- */

struct version {
    char major[PART_MAX + 1];
    char minor[PART_MAX + 1];
    char patch[PART_MAX + 1];
    char whole[4 * PART_MAX];
};

static bool end_version(void *arg, const struct nq_xml_place *place, const char *text,
                        struct nq_err *reterr)
{
    struct version *version = arg;
    (void)reterr;
    if (nq_xml_is(place, "versionInfo", "majorVersion")) {
        copy_text(version->major, sizeof(version->major), text);
    } else if (nq_xml_is(place, "versionInfo", "minorVersion")) {
        copy_text(version->minor, sizeof(version->minor), text);
    } else if (nq_xml_is(place, "versionInfo", "patchVersion")) {
        copy_text(version->patch, sizeof(version->patch), text);
    } else if (strcmp(nq_xml_name(place, 0), "version") == 0 && !version->whole[0]) {
        copy_text(version->whole, sizeof(version->whole), text);
    }
    return true;
}

bool nq_xml_version(const char *body, size_t len, char *out, size_t size)
{
    static const struct nq_xml_handler handler = {.end = end_version};
    struct version version = {0};
    if (!nq_xml_walk(body, len, &handler, &version, NULL)) {
        return false;
    }
    if (version.major[0] && version.minor[0]) {
        (void)snprintf(out, size, "%s.%s%s%s", version.major, version.minor,
                       version.patch[0] ? "." : "", version.patch);
        return true;
    }
    (void)snprintf(out, size, "%s", version.whole);
    return version.whole[0] != '\0';
}

/* ---- the connection to vCenter ----------------------------------------------------- */

struct word {
    char text[8];
};

static bool end_connected(void *arg, const struct nq_xml_place *place, const char *text,
                          struct nq_err *reterr)
{
    struct word *connected = arg;
    (void)reterr;
    if (nq_xml_is(place, "vcConfigStatus", "connected")) {
        copy_text(connected->text, sizeof(connected->text), text);
    }
    return true;
}

bool nq_xml_vcenter_connected(const char *body, size_t len, bool *ret_connected,
                              struct nq_err *reterr)
{
    static const struct nq_xml_handler handler = {.end = end_connected};
    struct word connected = {{0}};
    if (!nq_xml_walk(body, len, &handler, &connected, reterr)) {
        return false;
    }
    *ret_connected = strcmp(connected.text, "true") == 0;
    return *ret_connected || strcmp(connected.text, "false") == 0 ||
           nq_fail(reterr, NQ_NSX_ANSWER,
                   "vcConfigStatus does not say whether connected");
}

struct host {
    char text[NQ_HTTP_HOST_MAX + 1];
};

static bool end_vcenter(void *arg, const struct nq_xml_place *place, const char *text,
                        struct nq_err *reterr)
{
    struct host *host = arg;
    (void)reterr;
    if (nq_xml_is(place, "vcInfo", "ipAddress") && strlen(text) < sizeof(host->text)) {
        copy_text(host->text, sizeof(host->text), text);
    }
    return true;
}

bool nq_xml_vcenter_host(const char *body, size_t len, char out[NQ_HTTP_HOST_MAX + 1],
                         struct nq_err *reterr)
{
    static const struct nq_xml_handler handler = {.end = end_vcenter};
    struct host host = {{0}};
    if (!nq_xml_walk(body, len, &handler, &host, reterr)) {
        return false;
    }
    if (host.text[0] == '\0') {
        return nq_fail(reterr, NQ_NSX_ANSWER, "vcInfo does not say where vCenter is");
    }
    memcpy(out, host.text, sizeof(host.text));
    return true;
}

/* ---- token ------------------------------------------------------------------------- */

struct token {
    char *value;
};

/* White space is no part of a token; long ones come in several lines. */
static char *without_space(const char *text)
{
    char *out = nq_calloc(strlen(text) + 1, 1);
    size_t len = 0;
    for (; *text; text++) {
        if (!isspace((unsigned char)*text)) {
            out[len++] = *text;
        }
    }
    return out;
}

static bool end_token(void *arg, const struct nq_xml_place *place, const char *text,
                      struct nq_err *reterr)
{
    struct token *token = arg;
    if (nq_xml_is(place, "authToken", "value")) {
        if (token->value) {
            return nq_fail(reterr, NQ_NSX_ANSWER, "the answer holds two tokens");
        }
        token->value = without_space(text);
    }
    return true;
}

char *nq_xml_auth_token(const char *body, size_t len, struct nq_err *reterr)
{
    static const struct nq_xml_handler handler = {.end = end_token};
    struct token token = {0};
    bool good = nq_xml_walk(body, len, &handler, &token, reterr);
    if (good && (!token.value || !*token.value)) {
        good = nq_fail(reterr, NQ_NSX_ANSWER, "the answer holds no token");
    }
    if (!good && token.value) {
        explicit_bzero(token.value, strlen(token.value));
        free(token.value);
        token.value = NULL;
    }
    return token.value;
}

/* ---- errors ------------------------------------------------------------------------ */

static bool begin_fault(void *arg, const struct nq_xml_place *place,
                        struct nq_err *reterr)
{
    (void)arg;
    return *nq_xml_name(place, 1) != '\0' || is_root(place, "error") ||
           is_root(place, "errors") ||
           nq_fail(reterr, NQ_NSX_ANSWER, "the body is no error of NSX");
}

/* Of several errors the first one that says something counts. */
static bool end_fault(void *arg, const struct nq_xml_place *place, const char *text,
                      struct nq_err *reterr)
{
    struct nq_fault *fault = arg;
    (void)reterr;
    if (nq_xml_is(place, "error", "errorCode") && fault->code == 0) {
        char *rest = NULL;
        errno = 0;
        const long long code = strtoll(text, &rest, 10);
        fault->code = rest != text && *rest == '\0' && errno == 0 ? code : 0;
    } else if (nq_xml_is(place, "error", "details") && !fault->message[0]) {
        copy_text(fault->message, sizeof(fault->message), text);
    } else if (nq_xml_is(place, "error", "moduleName") && !fault->module[0]) {
        copy_text(fault->module, sizeof(fault->module), text);
    }
    return true;
}

bool nq_xml_fault(const char *body, size_t len, struct nq_fault *ret_fault)
{
    static const struct nq_xml_handler handler = {.begin = begin_fault, .end = end_fault};
    *ret_fault = (struct nq_fault){0};
    return nq_xml_walk(body, len, &handler, ret_fault, NULL) &&
           (ret_fault->code != 0 || ret_fault->message[0]);
}

/* ---- what was made ----------------------------------------------------------------- */

static bool end_new(void *arg, const struct nq_xml_place *place, const char *text,
                    struct nq_err *reterr)
{
    char *id = arg;
    (void)reterr;
    if (nq_xml_is(place, "securityTag", "objectId")) {
        (void)snprintf(id, NQ_OBJECT_ID_MAX + 1, "%s",
                       strlen(text) <= NQ_OBJECT_ID_MAX ? text : "");
    }
    return true;
}

bool nq_xml_new_id(const char *body, size_t len, char out[NQ_OBJECT_ID_MAX + 1],
                   struct nq_err *reterr)
{
    static const struct nq_xml_handler handler = {.end = end_new};
    const char *first = body + strspn(body, BLANKS);
    *out = '\0';
    if (*first == '<') {
        if (!nq_xml_walk(body, len, &handler, out, reterr)) {
            return false;
        }
    } else {
        size_t id_len = strcspn(first, BLANKS);
        const char *rest = first + id_len;
        if (id_len <= NQ_OBJECT_ID_MAX && rest[strspn(rest, BLANKS)] == '\0') {
            (void)snprintf(out, NQ_OBJECT_ID_MAX + 1, "%.*s", (int)id_len, first);
        }
    }
    return nq_xml_is_id(out) ||
           nq_fail(reterr, NQ_NSX_ANSWER, "no id of what was to be made");
}

/* ---- what we send ------------------------------------------------------------------ */

static char *escape(const char *text)
{
    static const struct {
        char plain;
        const char *escaped;
    } specials[] = {
        {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"},
    };
    char *out = nq_calloc(6 * strlen(text) + 1, 1);
    char *at = out;
    for (; *text; text++) {
        const char *piece = text;
        size_t len = 1;
        for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++) {
            if (*text == specials[i].plain) {
                piece = specials[i].escaped;
                len = strlen(piece);
            }
        }
        memcpy(at, piece, len);
        at += len;
    }
    return out;
}

/* The published schema wants all of these elements, in this order. */
char *nq_xml_tag_body(const char *name)
{
    char *escaped = escape(name);
    char *body = nq_sprintf("<securityTag><objectTypeName>SecurityTag</objectTypeName>"
                            "<type><typeName>SecurityTag</typeName></type>"
                            "<name>%s</name><isUniversal>false</isUniversal>"
                            "<description>Set by nsx-quarantine on VMs that are cut off."
                            "</description><extendedAttributes></extendedAttributes>"
                            "</securityTag>",
                            escaped);
    free(escaped);
    return body;
}

char *nq_xml_credentials(const char *user, const char *password)
{
    char *user_text = escape(user);
    char *password_text = escape(password);
    char *body = nq_sprintf("<credentials><username>%s</username><password>%s</password>"
                            "</credentials>",
                            user_text, password_text);
    explicit_bzero(password_text, strlen(password_text));
    free(password_text);
    free(user_text);
    return body;
}
