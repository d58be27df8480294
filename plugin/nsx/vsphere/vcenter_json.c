/* SPDX-License-Identifier: Apache-2.0 */
/* vcenter_json.c: see vcenter_json.h. */
#include "nsx/vsphere/vcenter_json.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "nsx/read_json.h"

static void keep(char *out, size_t room, const char *text)
{
    (void)snprintf(out, room, "%s", strlen(text) < room ? text : "");
}

/* What the answer is about: its value, or all of it. */
static const cJSON *content(const cJSON *root)
{
    const cJSON *value = nq_json_member(root, "value");
    return cJSON_IsObject(value) ? value : root;
}

bool nq_vcenter_json_vm(const char *body, size_t len, struct nq_vcenter_facts *facts,
                        struct nq_err *reterr)
{
    cJSON *root = nq_json_parse(body, len, reterr);
    if (!root) {
        return false;
    }
    const cJSON *vm = content(root);
    const cJSON *identity = nq_json_member(vm, "identity");
    const bool good = *nq_json_text(vm, "name") || identity ||
                      nq_fail(reterr, NQ_NSX_ANSWER, "the VM has no name");
    if (good) {
        keep(facts->instance_uuid, sizeof(facts->instance_uuid),
             nq_json_text(identity, "instance_uuid"));
        keep(facts->bios_uuid, sizeof(facts->bios_uuid),
             nq_json_text(identity, "bios_uuid"));
    }
    cJSON_Delete(root);
    return good;
}

bool nq_vcenter_json_guest(const char *body, size_t len, struct nq_vcenter_facts *facts,
                           struct nq_err *reterr)
{
    cJSON *root = nq_json_parse(body, len, reterr);
    if (!root) {
        return false;
    }
    keep(facts->host_name, sizeof(facts->host_name),
         nq_json_text(content(root), "host_name"));
    keep(facts->address, sizeof(facts->address),
         nq_json_text(content(root), "ip_address"));
    cJSON_Delete(root);
    return true;
}

char *nq_vcenter_json_session(const char *body, size_t len, struct nq_err *reterr)
{
    cJSON *root = cJSON_ParseWithLength(body, len);
    const cJSON *value = cJSON_IsObject(root) ? nq_json_member(root, "value") : root;
    const char *id = cJSON_GetStringValue(value);
    char *session = id && *id ? nq_strdup(id) : NULL;
    if (!session) {
        (void)nq_fail(reterr, NQ_NSX_ANSWER, "the answer holds no session");
    }
    if (id) {
        explicit_bzero(value->valuestring, strlen(id));
    }
    cJSON_Delete(root);
    return session;
}

/* The name of an error is the end of its type below /rest, and a word below /api. */
static bool is_unavailable(const cJSON *root)
{
    static const char word[] = "service_unavailable";
    const char *type = nq_json_text(root, "type");
    const char *dot = strrchr(type, '.');
    return strcmp(dot ? dot + 1 : type, word) == 0 ||
           nq_text_same(nq_json_text(root, "error_type"), word);
}

bool nq_vcenter_json_fault(const char *body, size_t len, struct nq_fault *ret_fault)
{
    *ret_fault = (struct nq_fault){0};
    cJSON *root = nq_json_parse(body, len, NULL);
    if (!root) {
        return false;
    }
    const cJSON *messages = nq_json_member(content(root), "messages");
    const cJSON *first = cJSON_IsArray(messages) ? messages->child : NULL;
    const char *text = nq_json_text(first, "default_message");
    (void)nq_text_escape(*text ? text : nq_json_text(root, "type"), ret_fault->message,
                         sizeof(ret_fault->message));
    ret_fault->code = is_unavailable(root) ? NQ_VCENTER_UNAVAILABLE : 0;
    cJSON_Delete(root);
    return ret_fault->code != 0 || ret_fault->message[0];
}
