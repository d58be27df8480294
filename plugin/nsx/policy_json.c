/* SPDX-License-Identifier: Apache-2.0 */
/* policy_json.c: see policy_json.h; the only file of the policy backend that knows cJSON. */
#include "nsx/policy_json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static const char instance_key[] = "instanceUuid:";
static const char bios_key[] = "biosUuid:";

/* ---- reading values ------------------------------------------------------------------- */

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* "" for what is absent or no text. */
static const char *text(const cJSON *object, const char *name)
{
    return nq_text_or_empty(cJSON_GetStringValue(member(object, name)));
}

/* Error codes come as a number or as a string of digits. */
static int64_t number_or_digits(const cJSON *item)
{
    if (cJSON_IsNumber(item)) {
        /* Values outside cannot be converted; none of NSX's codes is near. */
        return item->valuedouble > -1e15 && item->valuedouble < 1e15
                   ? (int64_t)item->valuedouble
                   : 0;
    }
    const char *digits = cJSON_GetStringValue(item);
    char *end = NULL;
    errno = 0;
    const long long value = digits ? strtoll(digits, &end, 10) : 0;
    return digits && end != digits && *end == '\0' && errno == 0 ? value : 0;
}

/* Copies as much as fits, never half a character. */
static void copy_text(char *out, size_t size, const char *in)
{
    (void)nq_text_escape(in, out, size);
}

static bool only_space(const char *from, const char *end)
{
    for (; from < end; from++) {
        if (!strchr(" \t\r\n", *from) || *from == '\0') {
            return false;
        }
    }
    return true;
}

/* The whole body as one JSON object, for cJSON_Delete(). */
static cJSON *parse(const char *body, size_t len, struct nq_err *reterr)
{
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(body, len, &end, false);
    if (!root) {
        (void)nq_fail(reterr, NQ_NSX_ANSWER, "%s",
                      len == 0       ? "the body is empty"
                      : *body == '<' ? "the body is HTML or XML, not JSON"
                      : *body == '{' ? "the body is broken JSON"
                                     : "the body is not JSON");
        return NULL;
    }
    if (!cJSON_IsObject(root) || !only_space(end, body + len)) {
        (void)nq_fail(reterr, NQ_NSX_ANSWER, "the body is not one JSON object");
        cJSON_Delete(root);
        return NULL;
    }
    return root;
}

/* ---- lists ---------------------------------------------------------------------------- */

/* Hands out what one item of a list holds; false when the item lacks what we need. */
typedef bool item_fn(const cJSON *item, void *arg);

/* What items of one kind need, so that a message can name it. */
struct item_kind {
    item_fn *read;
    const char *id; /* member that tells items apart */
};

/* FNV-1a, gone on with. */
static uint32_t mark_with(uint32_t mark, const char *id)
{
    do {
        mark = (mark ^ (unsigned char)*id) * 16777619U;
    } while (*id++);
    return mark;
}

static bool read_page(const cJSON *root, struct nq_page *page, struct nq_err *reterr)
{
    *page = (struct nq_page){.result_count = -1};
    const cJSON *count = member(root, "result_count");
    if (count) {
        if (!cJSON_IsNumber(count) || count->valuedouble < 0 ||
            count->valuedouble > 1e12) {
            return nq_fail(reterr, NQ_NSX_ANSWER, "result_count is no count");
        }
        page->result_count = (int64_t)count->valuedouble;
    }
    const char *cursor = text(root, "cursor");
    if (strlen(cursor) > NQ_CURSOR_MAX) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "the cursor is longer than %d bytes",
                       NQ_CURSOR_MAX);
    }
    (void)snprintf(page->cursor, sizeof(page->cursor), "%s", cursor);
    return true;
}

static bool each_item(const char *body, size_t len, struct item_kind kind, void *arg,
                      struct nq_page *ret_page, struct nq_err *reterr)
{
    cJSON *root = parse(body, len, reterr);
    if (!root) {
        return false;
    }
    bool good = read_page(root, ret_page, reterr);
    const cJSON *results = member(root, "results");
    if (good && !cJSON_IsArray(results)) {
        good = nq_fail(reterr, NQ_NSX_ANSWER, "the list has no results");
    }
    if (good) {
        const cJSON *item = NULL;
        cJSON_ArrayForEach(item, results)
        {
            if (!cJSON_IsObject(item) || !kind.read(item, arg)) {
                good = nq_fail(reterr, NQ_NSX_ANSWER,
                               "item %zu of the list has no usable %s",
                               ret_page->items + 1, kind.id);
                break;
            }
            ret_page->items++;
            ret_page->mark = mark_with(ret_page->mark, text(item, kind.id));
        }
    }
    cJSON_Delete(root);
    return good;
}

struct vm_reader {
    const char *scope;
    const char *tag;
    nq_vm_fn *each;
    void *arg;
};

/* compute_ids are texts "kind:value". */
static const char *compute_id(const cJSON *vm, const char *kind)
{
    const size_t kind_len = strlen(kind);
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, member(vm, "compute_ids"))
    {
        const char *id = cJSON_GetStringValue(item);
        if (id && strncmp(id, kind, kind_len) == 0) {
            return id + kind_len;
        }
    }
    return "";
}

/* tags may be absent, and so may scope or tag of one: both default to "". */
static bool has_tag(const cJSON *vm, const char *scope, const char *tag)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, member(vm, "tags"))
    {
        if (strcmp(text(item, "scope"), scope) == 0 &&
            strcmp(text(item, "tag"), tag) == 0) {
            return true;
        }
    }
    return false;
}

static bool read_vm(const cJSON *item, void *arg)
{
    const struct vm_reader *reader = arg;
    const struct nq_vm_facts vm = {
        .external_id = text(item, "external_id"),
        .display_name = text(item, "display_name"),
        .host_name = text(member(item, "guest_info"), "computer_name"),
        .type = text(item, "type"),
        .instance_uuid = compute_id(item, instance_key),
        .bios_uuid = compute_id(item, bios_key),
        .has_our_tag = has_tag(item, reader->scope, reader->tag),
    };
    const size_t id_len = strlen(vm.external_id);
    if (id_len == 0 || id_len > NQ_EXTERNAL_ID_MAX) {
        return false;
    }
    reader->each(reader->arg, &vm);
    return true;
}

bool nq_json_vms(const char *body, size_t len, const char *scope, const char *tag,
                 nq_vm_fn *each, void *arg, struct nq_page *ret_page,
                 struct nq_err *reterr)
{
    struct vm_reader reader = {.scope = scope, .tag = tag, .each = each, .arg = arg};
    return each_item(body, len, (struct item_kind){read_vm, "external_id"}, &reader,
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
    const char *owner = text(item, "owner_vm_id");
    const cJSON *info = NULL;
    cJSON_ArrayForEach(info, member(item, "ip_address_info"))
    {
        const cJSON *address = NULL;
        cJSON_ArrayForEach(address, member(info, "ip_addresses"))
        {
            if (*owner && cJSON_IsString(address)) {
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
    return each_item(body, len, (struct item_kind){read_vif, "external_id"}, &reader,
                     ret_page, reterr);
}

struct text_reader {
    const char *name;
    size_t most;
    nq_text_fn *each;
    void *arg;
};

static bool read_text(const cJSON *item, void *arg)
{
    const struct text_reader *reader = arg;
    const char *value = text(item, reader->name);
    if (*value == '\0' || strlen(value) > reader->most) {
        return false;
    }
    reader->each(reader->arg, value);
    return true;
}

bool nq_json_members(const char *body, size_t len, nq_text_fn *each, void *arg,
                     struct nq_page *ret_page, struct nq_err *reterr)
{
    struct text_reader reader = {"id", NQ_EXTERNAL_ID_MAX, each, arg};
    return each_item(body, len, (struct item_kind){read_text, reader.name}, &reader,
                     ret_page, reterr);
}

bool nq_json_associations(const char *body, size_t len, nq_text_fn *each, void *arg,
                          struct nq_page *ret_page, struct nq_err *reterr)
{
    struct text_reader reader = {"path", NQ_PATH_MAX, each, arg};
    return each_item(body, len, (struct item_kind){read_text, reader.name}, &reader,
                     ret_page, reterr);
}

/* ---- single objects ------------------------------------------------------------------- */

bool nq_json_exclude_list(const char *body, size_t len, nq_text_fn *each, void *arg,
                          struct nq_err *reterr)
{
    cJSON *root = parse(body, len, reterr);
    if (!root) {
        return false;
    }
    /* Its absence must not pass for "nothing is excluded". */
    const cJSON *members = member(root, "members");
    bool good = cJSON_IsArray(members) ||
                nq_fail(reterr, NQ_NSX_ANSWER, "the exclude list has no members");
    const cJSON *item = good ? members->child : NULL;
    for (; item && good; item = item->next) {
        if (cJSON_IsString(item)) {
            each(arg, item->valuestring);
        } else {
            good =
                nq_fail(reterr, NQ_NSX_ANSWER, "a member of the exclude list is no path");
        }
    }
    cJSON_Delete(root);
    return good;
}

bool nq_json_realized(const char *body, size_t len, enum nq_realized *ret_realized,
                      struct nq_err *reterr)
{
    static const struct {
        const char *word;
        enum nq_realized realized;
    } words[] = {
        {"SUCCESS", NQ_REALIZED_SUCCESS},       {"IN_PROGRESS", NQ_REALIZED_IN_PROGRESS},
        {"ERROR", NQ_REALIZED_ERROR},           {"UNKNOWN", NQ_REALIZED_UNKNOWN},
        {"UNINITIALIZED", NQ_REALIZED_UNKNOWN},
    };
    cJSON *root = parse(body, len, reterr);
    if (!root) {
        return false;
    }
    const char *word = text(member(root, "consolidated_status"), "consolidated_status");
    const char *publish = text(root, "publish_status");
    bool good = false;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].word, word) == 0) {
            *ret_realized = words[i].realized;
            good = true;
        }
    }
    if (!good) {
        (void)nq_fail(reterr, NQ_NSX_ANSWER, "consolidated_status is \"%.40s\"", word);
    } else if (strcmp(publish, "ERROR") == 0) {
        *ret_realized = NQ_REALIZED_ERROR;
    } else if (*ret_realized == NQ_REALIZED_SUCCESS && *publish &&
               strcmp(publish, "REALIZED") != 0) {
        *ret_realized = NQ_REALIZED_IN_PROGRESS;
    }
    cJSON_Delete(root);
    return good;
}

/* A text that says what went wrong: error_message, else details. */
static const char *message_of(const cJSON *error)
{
    const char *message = text(error, "error_message");
    return *message ? message : text(error, "details");
}

bool nq_json_fault(const char *body, size_t len, struct nq_fault *ret_fault)
{
    *ret_fault = (struct nq_fault){0};
    cJSON *root = parse(body, len, NULL);
    if (!root) {
        return false;
    }
    ret_fault->code = number_or_digits(member(root, "error_code"));
    copy_text(ret_fault->module, sizeof(ret_fault->module), text(root, "module_name"));
    const char *message = message_of(root);
    const cJSON *related = NULL;
    cJSON_ArrayForEach(related, member(root, "related_errors"))
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

char *nq_json_tag_body(const char *external_id, const char *scope, const char *tag)
{
    cJSON *root = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(root, "external_id", external_id);
    cJSON *tags = cJSON_AddArrayToObject(root, "tags");
    cJSON *entry = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(entry, "scope", scope);
    (void)cJSON_AddStringToObject(entry, "tag", tag);
    (void)cJSON_AddItemToArray(tags, entry);
    char *printed = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    char *body = nq_strdup(nq_text_or_empty(printed));
    cJSON_free(printed);
    return body;
}
