/* SPDX-License-Identifier: Apache-2.0 */
/* json.c: see json.h. */
#include "nsx/vsphere/json.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/text.h"
#include "nsx/read_json.h"

bool nq_vsphere_json_fault(const char *body, size_t len, struct nq_fault *ret_fault)
{
    *ret_fault = (struct nq_fault){0};
    cJSON *root = nq_json_parse(body, len, NULL);
    if (!root) {
        return false;
    }
    const char *details = nq_json_text(root, "details");
    const char *cause = nq_json_text(root, "rootCauseString");
    ret_fault->code = nq_json_number(nq_json_member(root, "errorCode"));
    (void)nq_text_escape(*details ? details : cause, ret_fault->message,
                         sizeof(ret_fault->message));
    (void)nq_text_escape(nq_json_text(root, "moduleName"), ret_fault->module,
                         sizeof(ret_fault->module));
    cJSON_Delete(root);
    return ret_fault->code != 0 || ret_fault->message[0];
}

/* A part of a version comes as a number or as a text. */
static const char *part(const cJSON *info, const char *name, char out[24])
{
    const cJSON *item = nq_json_member(info, name);
    const char *text = cJSON_GetStringValue(item);
    if (text) {
        return text;
    }
    out[0] = '\0';
    if (cJSON_IsNumber(item)) {
        (void)snprintf(out, 24, "%lld", (long long)nq_json_number(item));
    }
    return out;
}

bool nq_vsphere_json_version(const char *body, size_t len, char *out, size_t size)
{
    char digits[3][24];
    cJSON *root = nq_json_parse(body, len, NULL);
    const cJSON *info = nq_json_member(root, "versionInfo");
    const char *major = part(info, "majorVersion", digits[0]);
    const char *minor = part(info, "minorVersion", digits[1]);
    const char *patch = part(info, "patchVersion", digits[2]);
    const bool known = *major && *minor;
    if (known) {
        (void)snprintf(out, size, "%s.%s%s%s", major, minor, *patch ? "." : "", patch);
    }
    cJSON_Delete(root);
    return known;
}
