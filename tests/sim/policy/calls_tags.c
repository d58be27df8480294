/* SPDX-License-Identifier: Apache-2.0 */
/* calls_tags.c: tags as policy objects: who carries one, and bulk operations. */
#include "policy.h"

#include <stdlib.h>
#include <string.h>

#define OPERATION_PATH "/infra/tags/tag-operations/"

/* An absent or empty parameter means any. */
static bool fits(const char *wanted, const char *text)
{
    return wanted == NULL || *wanted == '\0' || strcmp(wanted, text) == 0;
}

static cJSON *resource(const struct sim_vm *vm, const cJSON *doc)
{
    cJSON *json = cJSON_CreateObject();
    char *path = sim_format("/infra/realized-state/virtual-machines/%s", sim_vm_id(vm));

    cJSON_AddStringToObject(json, "path", path);
    cJSON_AddStringToObject(json, "target_id", sim_vm_id(vm));
    cJSON_AddStringToObject(json, "target_display_name",
                            sim_json_text(doc, "display_name", ""));
    cJSON_AddStringToObject(json, "target_type", "VirtualMachine");
    cJSON_AddTrueToObject(json, "is_valid");
    free(path);
    return json;
}

struct collector {
    const char *scope;
    const char *tag;
    struct sim_list list;
};

static void add_carrier(void *arg, const struct sim_vm *vm, const cJSON *doc,
                        const cJSON *vifs)
{
    struct collector *collector = arg;
    const cJSON *tag;

    (void)vifs;
    cJSON_ArrayForEach(tag, sim_json_get(doc, "tags"))
    {
        if (fits(collector->scope, sim_json_text(tag, "scope", "")) &&
            fits(collector->tag, sim_json_text(tag, "tag", ""))) {
            sim_list_take(&collector->list, resource(vm, doc), sim_vm_id(vm));
            return;
        }
    }
}

static void list_resources(struct sim *sim, const struct sim_request *request,
                           struct sim_reply *reply)
{
    struct collector collector = {
        .scope = sim_request_param(request, "scope"),
        .tag = sim_request_param(request, "tag"),
    };

    sim_world_each_vm(sim_world_of(sim), request->now_ms, add_carrier, &collector);
    sim_list_reply(sim, request, reply, &collector.list, SIM_PAGING_SPEC, NULL);
}

static const struct sim_json_member operation_members[] = {
    {"id", SIM_JSON_STRING, false},
    {"display_name", SIM_JSON_STRING, false},
    {"resource_type", SIM_JSON_STRING, false},
    {"tag", SIM_JSON_OBJECT, true},
    {"apply_to", SIM_JSON_OBJECTS, false},
    {"remove_from", SIM_JSON_OBJECTS, false},
    {"_revision", SIM_JSON_COUNT, false},
};

static const struct sim_json_member resource_members[] = {
    {"resource_type", SIM_JSON_STRING, true},
    {"resource_ids", SIM_JSON_STRINGS, true},
};

static bool check_resources(const cJSON *body, const char *name, struct sim_err *err)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, sim_json_get(body, name))
    {
        if (!SIM_JSON_CHECK(item, resource_members, name, err)) {
            return false;
        }
        if (strcmp(sim_json_text(item, "resource_type", ""), "VirtualMachine") != 0) {
            return sim_fail(err, "%s.resource_type: only VirtualMachine is supported",
                            name);
        }
    }
    return true;
}

static bool check_operation(const cJSON *body, struct sim_err *err)
{
    cJSON *list;
    struct sim_tags tags;
    bool good;

    if (!SIM_JSON_CHECK(body, operation_members, "", err) ||
        !check_resources(body, "apply_to", err) ||
        !check_resources(body, "remove_from", err)) {
        return false;
    }
    list = cJSON_CreateArray();
    cJSON_AddItemReferenceToArray(list, (cJSON *)(uintptr_t)sim_json_get(body, "tag"));
    good = sim_tags_read(list, "tag", &tags, err);
    cJSON_Delete(list);
    if (good) {
        sim_tags_done(&tags);
    }
    return good;
}

/* A manager too old for the calls, or one where they are not allowed. */
static bool has_operations(struct sim *sim, const struct sim_request *request,
                           struct sim_reply *reply)
{
    if (!sim_world_of(sim)->settings.tag_operations) {
        sim_reply_missing(sim, reply, request->target);
    }
    return sim_world_of(sim)->settings.tag_operations;
}

static void put_operation(struct sim *sim, const struct sim_request *request,
                          struct sim_reply *reply)
{
    const char *id = request->args[0];
    cJSON *body;
    char *path;
    struct sim_err err;

    if (!has_operations(sim, request, reply)) {
        return;
    }
    body = sim_request_json(request, SIM_MODULE_POLICY, reply);
    if (body == NULL) {
        return;
    }
    if (!check_operation(body, &err)) {
        cJSON_Delete(body);
        sim_reply_error(reply, 400, SIM_NSX_BAD_JSON, SIM_MODULE_POLICY,
                        "Json decode error: %s", err.text);
        return;
    }
    if (sim_world_find_operation(sim_world_of(sim), id) != NULL) {
        cJSON_Delete(body);
        sim_reply_error(reply, 409, SIM_NSX_REVISION, SIM_MODULE_POLICY,
                        "The tag operation %s exists already.", id);
        return;
    }
    if (sim_world_of(sim)->operation_count == SIM_OPERATIONS_MAX) {
        cJSON_Delete(body);
        sim_reply_error(reply, 503, SIM_NSX_INVALID_ARGUMENT, SIM_MODULE_POLICY,
                        "More than %d tag operations.", SIM_OPERATIONS_MAX);
        return;
    }
    path = sim_format(OPERATION_PATH "%s", id);
    sim_json_default_text(body, "id", id);
    sim_policy_defaults(body, "TagBulkOperation", "/infra", path);
    free(path);
    sim_reply_json(reply, 200, cJSON_Duplicate(body, 1));
    if (request->changes_nothing) {
        cJSON_Delete(body);
    } else {
        sim_world_put_operation(sim_world_of(sim), id, body, request->number,
                                request->now_ms);
        sim_world_settle(sim_world_of(sim), request->now_ms);
    }
}

static const struct sim_operation *named_operation(struct sim *sim,
                                                   const struct sim_request *request,
                                                   struct sim_reply *reply)
{
    const struct sim_operation *operation;

    if (!has_operations(sim, request, reply)) {
        return NULL;
    }
    operation = sim_world_find_operation(sim_world_of(sim), request->args[0]);
    if (operation == NULL) {
        char *path = sim_format(OPERATION_PATH "%s", request->args[0]);

        sim_reply_missing(sim, reply, path);
        free(path);
    }
    return operation;
}

static void get_operation(struct sim *sim, const struct sim_request *request,
                          struct sim_reply *reply)
{
    const struct sim_operation *operation = named_operation(sim, request, reply);

    if (operation != NULL) {
        sim_reply_json(reply, 200, cJSON_Duplicate(operation->doc, 1));
    }
}

static const char *operation_word(const struct sim_operation *operation, uint64_t now_ms)
{
    if (operation->status != NULL) {
        return operation->failed ? "Error" : "Success";
    }
    return now_ms < operation->begin_ms ? "Pending" : "Running";
}

static void get_operation_status(struct sim *sim, const struct sim_request *request,
                                 struct sim_reply *reply)
{
    const struct sim_operation *operation = named_operation(sim, request, reply);
    char *path;
    cJSON *json;

    if (operation == NULL) {
        return;
    }
    json = operation->status != NULL ? cJSON_Duplicate(operation->status, 1)
                                     : cJSON_CreateObject();
    path = sim_format(OPERATION_PATH "%s", operation->id);
    cJSON_AddStringToObject(json, "path", path);
    cJSON_AddStringToObject(json, "status", operation_word(operation, request->now_ms));
    cJSON_AddItemToObject(json, "tag",
                          cJSON_Duplicate(sim_json_get(operation->doc, "tag"), 1));
    free(path);
    sim_reply_json(reply, 200, json);
}

#define TAGS "/policy/api/v1/infra/tags"

static const struct sim_route routes[] = {
    {"GET", TAGS "/effective-resources", list_resources},
    {"PUT", TAGS "/tag-operations/{}", put_operation},
    {"GET", TAGS "/tag-operations/{}", get_operation},
    {"GET", TAGS "/tag-operations/{}/status", get_operation_status},
};

const struct sim_family sim_tag_family = {routes, SIM_COUNT_OF(routes)};
