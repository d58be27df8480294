/* SPDX-License-Identifier: Apache-2.0 */
/* api_fabric.c: the inventory: virtual machines, their interfaces, and the tag calls of
 * the Manager API. */
#include "api.h"

#include <stdlib.h>
#include <string.h>

/* A filter is a query parameter that must equal the member of the same name. */
static bool passes(const cJSON *json, const struct sim_request *request,
                   const char *const *filters, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *wanted = sim_request_param(request, filters[i]);

        if (wanted != NULL && strcmp(wanted, sim_json_text(json, filters[i], "")) != 0) {
            return false;
        }
    }
    return true;
}

/* Known faults of the inventory: NSX may hold several copies of one VM for a minute, with
 * one external id but another power state or host. */
static void add_copies(struct sim_list *list, const struct sim_vm *vm)
{
    const cJSON *copy;

    cJSON_ArrayForEach(copy, vm->copies)
    {
        cJSON *json = cJSON_Duplicate(vm->doc, 1);

        sim_json_merge(json, copy);
        sim_list_take(list, json, sim_vm_id(vm));
    }
}

static void list_vms(struct sim *sim, const struct sim_request *request,
                     struct sim_reply *reply)
{
    static const char *const filters[] = {"external_id", "display_name", "host_id"};
    const char *excluded_type = sim_request_param(request, "exclude_vm_type");
    struct sim_list list = {0};

    for (size_t i = 0; i < sim->world->vm_count; i++) {
        const struct sim_vm *vm = sim->world->vms[i];

        if (passes(vm->doc, request, filters, SIM_COUNT_OF(filters)) &&
            (excluded_type == NULL ||
             strcmp(excluded_type, sim_json_text(vm->doc, "type", "")) != 0)) {
            sim_list_borrow(&list, vm->doc, sim_vm_id(vm));
            add_copies(&list, vm);
        }
    }
    sim_list_reply(sim, request, reply, &list, SIM_PAGING_SPEC, NULL);
}

static void list_realized_vms(struct sim *sim, const struct sim_request *request,
                              struct sim_reply *reply)
{
    struct sim_list list = {0};

    for (size_t i = 0; i < sim->world->vm_count; i++) {
        const struct sim_vm *vm = sim->world->vms[i];

        sim_list_borrow(&list, vm->doc, sim_vm_id(vm));
        add_copies(&list, vm);
    }
    sim_list_reply(
        sim, request, reply, &list,
        sim->world->settings.vm_paging_quirk ? SIM_PAGING_QUIRK : SIM_PAGING_SPEC, NULL);
}

static void list_vifs(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    static const char *const filters[] = {"owner_vm_id", "host_id",
                                          "lport_attachment_id"};
    const char *vm_id = sim_request_param(request, "vm_id");
    struct sim_list list = {0};

    for (size_t i = 0; i < sim->world->vm_count; i++) {
        const struct sim_vm *vm = sim->world->vms[i];
        const cJSON *vif;

        if (vm_id != NULL && strcmp(vm_id, sim_vm_id(vm)) != 0) {
            continue;
        }
        cJSON_ArrayForEach(vif, vm->vifs)
        {
            if (passes(vif, request, filters, SIM_COUNT_OF(filters))) {
                sim_list_borrow(&list, vif, sim_json_text(vif, "external_id", ""));
            }
        }
    }
    sim_list_reply(sim, request, reply, &list, SIM_PAGING_SPEC, NULL);
}

static const struct {
    const char *name;
    enum sim_tag_action action;
} tag_actions[] = {
    {"add_tags", SIM_TAGS_ADD},
    {"remove_tags", SIM_TAGS_REMOVE},
    {"update_tags", SIM_TAGS_REPLACE},
};

static const struct sim_json_member update_members[] = {
    {"external_id", SIM_JSON_STRING, true},
    {"tags", SIM_JSON_OBJECTS, true},
};

static void change_tags(struct sim *sim, const struct sim_request *request,
                        enum sim_tag_action action, const cJSON *body,
                        struct sim_reply *reply)
{
    const char *id = sim_json_text(body, "external_id", "");
    struct sim_tags tags;
    struct sim_tags planned;
    struct sim_err err;
    struct sim_vm *vm;

    if (!SIM_JSON_CHECK(body, update_members, "", &err)) {
        sim_reply_error(reply, 400, SIM_NSX_BAD_JSON, SIM_MODULE_INVENTORY,
                        "Json decode error: %s", err.text);
        return;
    }
    if (!sim_tags_read(sim_json_get(body, "tags"), "tags", &tags, &err)) {
        sim_reply_error(reply, 400, SIM_NSX_INVALID_ARGUMENT, SIM_MODULE_INVENTORY, "%s",
                        err.text);
        return;
    }
    vm = sim_world_find_vm(sim->world, id);
    if (vm == NULL) {
        sim_reply_error(reply, 404, SIM_NSX_NOT_FOUND, SIM_MODULE_INVENTORY,
                        "Virtual machine with external id %s could not be found.", id);
    } else if (!sim_world_plan_tags(vm, action, &tags, &planned)) {
        sim_reply_error(reply, 400, SIM_NSX_TAG_LIMIT, SIM_MODULE_INVENTORY,
                        "Max tags limit exceeded: a virtual machine carries at most %d.",
                        SIM_TAGS_MAX);
    } else {
        if (!request->changes_nothing) {
            sim_world_apply_tags(sim->world, vm, &planned, request->number,
                                 request->now_ms);
        }
        sim_tags_done(&planned);
        sim_reply_empty(reply, 204);
    }
    sim_tags_done(&tags);
}

static void post_vms(struct sim *sim, const struct sim_request *request,
                     struct sim_reply *reply)
{
    const char *name = sim_request_param(request, "action");

    for (size_t i = 0; name != NULL && i < SIM_COUNT_OF(tag_actions); i++) {
        if (strcmp(tag_actions[i].name, name) == 0) {
            cJSON *body = sim_request_json(request, SIM_MODULE_INVENTORY, reply);

            if (body != NULL) {
                change_tags(sim, request, tag_actions[i].action, body, reply);
                cJSON_Delete(body);
            }
            return;
        }
    }
    sim_reply_error(reply, 400, SIM_NSX_INVALID_ARGUMENT, SIM_MODULE_INVENTORY,
                    "action must be add_tags, remove_tags or update_tags.");
}

static const struct sim_route routes[] = {
    {"GET", "/api/v1/fabric/virtual-machines", list_vms},
    {"POST", "/api/v1/fabric/virtual-machines", post_vms},
    {"GET", "/api/v1/fabric/vifs", list_vifs},
    {"GET", "/policy/api/v1/infra/realized-state/virtual-machines", list_realized_vms},
};

const struct sim_family sim_fabric_family = {routes, SIM_COUNT_OF(routes)};
