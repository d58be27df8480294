/* SPDX-License-Identifier: Apache-2.0 */
/* json.c: see json.h. */
#include "nsx/policy/json.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "nsx/read_json.h"
#include "nsx/tags.h"

static const char instance_key[] = "instanceUuid:";
static const char bios_key[] = "biosUuid:";

/* Copies as much as fits, never half a character. */
static void copy_text(char *out, size_t size, const char *in)
{
    (void)nq_text_escape(in, out, size);
}

struct vm_reader {
    const struct nq_config *conf;
    nq_vm_fn *each;
    void *arg;
};

/* compute_ids are texts "kind:value". */
static const char *compute_id(const cJSON *vm, const char *kind)
{
    const size_t kind_len = strlen(kind);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, nq_json_member(vm, "compute_ids"))
    {
        const char *id = cJSON_GetStringValue(item);
        if (id && strncmp(id, kind, kind_len) == 0) {
            return id + kind_len;
        }
    }
    return "";
}

/* tags may be absent, and so may scope or tag of one: both default to "". */
static unsigned tags_of(const cJSON *vm, const struct nq_config *conf)
{
    unsigned tags = 0;
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, nq_json_member(vm, "tags"))
    {
        tags |= nq_tags_of(conf, nq_json_text(item, "scope"), nq_json_text(item, "tag"));
    }
    return tags;
}

static bool read_vm(const cJSON *item, void *arg)
{
    const struct vm_reader *reader = arg;
    const struct nq_vm_facts vm = {
        .external_id = nq_json_text(item, "external_id"),
        .display_name = nq_json_text(item, "display_name"),
        .host_name = nq_json_text(nq_json_member(item, "guest_info"), "computer_name"),
        .type = nq_json_text(item, "type"),
        .instance_uuid = compute_id(item, instance_key),
        .bios_uuid = compute_id(item, bios_key),
        .tags = tags_of(item, reader->conf),
    };
    const size_t id_len = strlen(vm.external_id);
    if (id_len == 0 || id_len > NQ_EXTERNAL_ID_MAX) {
        return false;
    }
    reader->each(reader->arg, &vm);
    return true;
}

bool nq_json_vms(const char *body, size_t len, const struct nq_config *conf,
                 nq_vm_fn *each, void *arg, struct nq_page *ret_page,
                 struct nq_err *reterr)
{
    struct vm_reader reader = {.conf = conf, .each = each, .arg = arg};
    return nq_json_list(body, len, (struct nq_item_kind){read_vm, "external_id"}, &reader,
                        ret_page, reterr);
}

struct vif_reader {
    nq_vif_fn *each;
    void *arg;
};

/* A VIF without owner or addresses is of no use to us, and no fault of the list. */
static bool read_vif(const cJSON *item, void *arg)
{
    const struct vif_reader *reader = arg;
    const char *owner = nq_json_text(item, "owner_vm_id");
    const char *mac = nq_json_text(item, "mac_address");
    const cJSON *info = NULL;
    if (*owner == '\0') {
        return true;
    }
    if (*mac) {
        reader->each(reader->arg, owner, mac);
    }
    cJSON_ArrayForEach(info, nq_json_member(item, "ip_address_info"))
    {
        const cJSON *address = NULL;
        cJSON_ArrayForEach(address, nq_json_member(info, "ip_addresses"))
        {
            if (cJSON_IsString(address)) {
                reader->each(reader->arg, owner, address->valuestring);
            }
        }
    }
    return true;
}

bool nq_json_vifs(const char *body, size_t len, nq_vif_fn *each, void *arg,
                  struct nq_page *ret_page, struct nq_err *reterr)
{
    struct vif_reader reader = {.each = each, .arg = arg};
    return nq_json_list(body, len, (struct nq_item_kind){read_vif, "external_id"},
                        &reader, ret_page, reterr);
}

struct server_reader {
    nq_server_text_fn *each;
    void *arg;
};

static bool read_server(const cJSON *item, void *arg)
{
    const struct server_reader *reader = arg;
    const char *server = nq_json_text(item, "server");
    if (*server) {
        reader->each(reader->arg, server);
    }
    return true;
}

bool nq_json_compute_managers(const char *body, size_t len, nq_server_text_fn *each,
                              void *arg, struct nq_err *reterr)
{
    struct server_reader reader = {.each = each, .arg = arg};
    struct nq_page page;
    return nq_json_list(body, len, (struct nq_item_kind){read_server, "id"}, &reader,
                        &page, reterr);
}

/* ---- single objects ---------------------------------------------------------------- */

/* A text that says what went wrong: error_message, else details. */
static const char *message_of(const cJSON *error)
{
    const char *message = nq_json_text(error, "error_message");
    return *message ? message : nq_json_text(error, "details");
}

bool nq_json_fault(const char *body, size_t len, struct nq_fault *ret_fault)
{
    *ret_fault = (struct nq_fault){0};
    cJSON *root = nq_json_parse(body, len, NULL);
    if (!root) {
        return false;
    }
    ret_fault->code = nq_json_number(nq_json_member(root, "error_code"));
    copy_text(ret_fault->module, sizeof(ret_fault->module),
              nq_json_text(root, "module_name"));
    const char *message = message_of(root);
    const cJSON *related = NULL;
    cJSON_ArrayForEach(related, nq_json_member(root, "related_errors"))
    {
        if (*message_of(related)) {
            message = message_of(related);
            break;
        }
    }
    copy_text(ret_fault->message, sizeof(ret_fault->message), message);
    const bool any = ret_fault->code != 0 || ret_fault->message[0];
    cJSON_Delete(root);
    return any;
}

/* ---- tags -------------------------------------------------------------------------- */

static cJSON *tag_object(const char *scope, const char *tag)
{
    cJSON *object = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(object, "scope", scope);
    (void)cJSON_AddStringToObject(object, "tag", tag);
    return object;
}

/* Prints and deletes. */
static char *print(cJSON *root)
{
    char *printed = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    char *body = nq_strdup(nq_text_or_empty(printed));
    cJSON_free(printed);
    return body;
}

char *nq_json_tag_body(const char *external_id, const char *scope, const char *tag)
{
    cJSON *root = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(root, "external_id", external_id);
    cJSON *tags = cJSON_AddArrayToObject(root, "tags");
    (void)cJSON_AddItemToArray(tags, tag_object(scope, tag));
    return print(root);
}

char *nq_json_operation_body(const char *list, const char *scope, const char *tag,
                             const char *const *external_ids, size_t count)
{
    cJSON *root = cJSON_CreateObject();
    (void)cJSON_AddItemToObject(root, "tag", tag_object(scope, tag));
    cJSON *resource = cJSON_CreateObject();
    (void)cJSON_AddItemToArray(cJSON_AddArrayToObject(root, list), resource);
    (void)cJSON_AddStringToObject(resource, "resource_type", "VirtualMachine");
    cJSON *ids = cJSON_AddArrayToObject(resource, "resource_ids");
    for (size_t i = 0; i < count; i++) {
        (void)cJSON_AddItemToArray(ids, cJSON_CreateString(external_ids[i]));
    }
    return print(root);
}

static void each_verdict(const cJSON *resources, nq_verdict_fn *each, void *arg)
{
    const cJSON *resource = NULL;
    cJSON_ArrayForEach(resource, resources)
    {
        const cJSON *item = NULL;
        cJSON_ArrayForEach(item, nq_json_member(resource, "resource_tag_status"))
        {
            const char *word = nq_json_text(item, "tag_status");
            const bool good = strcmp(word, "Success") == 0;
            if (good || strcmp(word, "Error") == 0) {
                each(arg, nq_json_text(item, "resource_id"), good,
                     nq_json_text(item, "details"));
            }
        }
    }
}

bool nq_json_operation(const char *body, size_t len, nq_verdict_fn *each, void *arg,
                       enum nq_operation_state *ret_state, struct nq_err *reterr)
{
    static const char *const words[] = {
        [NQ_OPERATION_PENDING] = "Pending",
        [NQ_OPERATION_RUNNING] = "Running",
        [NQ_OPERATION_SUCCESS] = "Success",
        [NQ_OPERATION_ERROR] = "Error",
    };
    cJSON *root = nq_json_parse(body, len, reterr);
    if (!root) {
        return false;
    }
    const char *word = nq_json_text(root, "status");
    bool good = false;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i], word) == 0) {
            *ret_state = (enum nq_operation_state)i;
            good = true;
        }
    }
    if (good) {
        each_verdict(nq_json_member(root, "apply_to"), each, arg);
        each_verdict(nq_json_member(root, "remove_from"), each, arg);
    } else {
        (void)nq_fail(reterr, NQ_NSX_ANSWER, "the status of the operation is \"%.40s\"",
                      word);
    }
    cJSON_Delete(root);
    return good;
}

/* ---- the node ---------------------------------------------------------------------- */

bool nq_json_object(const char *body, size_t len, struct nq_err *reterr)
{
    cJSON *root = nq_json_parse(body, len, reterr);
    cJSON_Delete(root);
    return root != NULL;
}

bool nq_json_version(const char *body, size_t len, char *out, size_t size)
{
    cJSON *root = nq_json_parse(body, len, NULL);
    const char *product = nq_json_text(root, "product_version");
    copy_text(out, size, *product ? product : nq_json_text(root, "node_version"));
    cJSON_Delete(root);
    return *out != '\0';
}

bool nq_json_health(const char *body, size_t len)
{
    cJSON *root = nq_json_parse(body, len, NULL);
    const bool sick = cJSON_IsFalse(nq_json_member(root, "healthy"));
    cJSON_Delete(root);
    return root != NULL && !sick;
}
