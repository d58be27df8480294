/* SPDX-License-Identifier: Apache-2.0 */
/* calls_fabric.c: the inventory: virtual machines, their interfaces, the vCenters that they
 * come from, and the tag calls of the Manager API. */
#include <string.h>

#include "policy.h"

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

struct collector {
    const struct sim_request *request;
    struct sim_list list;
};

/* Known faults of the inventory: NSX may hold several copies of one VM for a minute, with
 * one external id but another power state or host. */
static void add_vm(void *arg, const struct sim_vm *vm, const cJSON *doc,
                   const cJSON *vifs)
{
    struct collector *collector = arg;
    const cJSON *copy;

    (void)vifs;
    sim_list_borrow(&collector->list, doc, sim_vm_id(vm));
    cJSON_ArrayForEach(copy, vm->copies)
    {
        cJSON *json = cJSON_Duplicate(doc, 1);

        sim_json_merge(json, copy);
        sim_list_take(&collector->list, json, sim_vm_id(vm));
    }
}

static void add_fitting_vm(void *arg, const struct sim_vm *vm, const cJSON *doc,
                           const cJSON *vifs)
{
    static const char *const filters[] = {"external_id", "display_name", "host_id"};
    const struct sim_request *request = ((struct collector *)arg)->request;
    const char *excluded_type = sim_request_param(request, "exclude_vm_type");

    if (passes(doc, request, filters, SIM_COUNT_OF(filters)) &&
        (excluded_type == NULL ||
         strcmp(excluded_type, sim_json_text(doc, "type", "")) != 0)) {
        add_vm(arg, vm, doc, vifs);
    }
}

static void list_vms(struct sim *sim, const struct sim_request *request,
                     struct sim_reply *reply)
{
    const char *id = sim_request_param(request, "external_id");
    struct collector collector = {.request = request, .list = {.is_inventory = true}};

    if (id != NULL) {
        sim_world_one_vm(sim_world_of(sim), id, request->now_ms, add_fitting_vm,
                         &collector);
    } else {
        sim_world_each_vm(sim_world_of(sim), request->now_ms, add_fitting_vm, &collector);
    }
    sim_list_reply(sim, request, reply, &collector.list, SIM_PAGING_SPEC, NULL);
}

static void list_realized_vms(struct sim *sim, const struct sim_request *request,
                              struct sim_reply *reply)
{
    struct collector collector = {.request = request, .list = {.is_inventory = true}};

    sim_world_each_vm(sim_world_of(sim), request->now_ms, add_vm, &collector);
    sim_list_reply(sim, request, reply, &collector.list,
                   sim_world_of(sim)->settings.vm_paging_quirk ? SIM_PAGING_QUIRK
                                                               : SIM_PAGING_SPEC,
                   NULL);
}

struct system_collector {
    struct collector collector;
    const cJSON *listed;
};

static void add_system_vm(void *arg, const struct sim_vm *vm, const cJSON *doc,
                          const cJSON *vifs)
{
    struct system_collector *collector = arg;

    if (sim_vm_is_system(vm, collector->listed)) {
        add_vm(&collector->collector, vm, doc, vifs);
    }
}

static void list_system_excluded(struct sim *sim, const struct sim_request *request,
                                 struct sim_reply *reply)
{
    struct system_collector collector = {
        .collector = {.request = request},
        .listed = sim_world_of(sim)->system_excluded,
    };

    sim_world_each_vm(sim_world_of(sim), request->now_ms, add_system_vm, &collector);
    sim_list_reply(sim, request, reply, &collector.collector.list, SIM_PAGING_SPEC, NULL);
}

static void add_vifs(void *arg, const struct sim_vm *vm, const cJSON *doc,
                     const cJSON *vifs)
{
    static const char *const filters[] = {"owner_vm_id", "host_id",
                                          "lport_attachment_id"};
    struct collector *collector = arg;
    const cJSON *vif;

    (void)vm;
    (void)doc;
    cJSON_ArrayForEach(vif, vifs)
    {
        if (passes(vif, collector->request, filters, SIM_COUNT_OF(filters))) {
            sim_list_borrow(&collector->list, vif, sim_json_text(vif, "external_id", ""));
        }
    }
}

static void list_vifs(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    const char *vm_id = sim_request_param(request, "vm_id");
    struct collector collector = {.request = request, .list = {.is_inventory = true}};

    if (vm_id != NULL) {
        sim_world_one_vm(sim_world_of(sim), vm_id, request->now_ms, add_vifs, &collector);
    } else {
        sim_world_each_vm(sim_world_of(sim), request->now_ms, add_vifs, &collector);
    }
    sim_list_reply(sim, request, reply, &collector.list, SIM_PAGING_SPEC, NULL);
}

static void list_compute_managers(struct sim *sim, const struct sim_request *request,
                                  struct sim_reply *reply)
{
    static const char *const filters[] = {"server", "display_name", "origin_type"};
    struct sim_list list = {0};
    const cJSON *manager;

    cJSON_ArrayForEach(manager, sim_world_of(sim)->compute_managers)
    {
        if (passes(manager, request, filters, SIM_COUNT_OF(filters))) {
            sim_list_borrow(&list, manager, sim_json_text(manager, "id", ""));
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
    vm = sim_world_find_vm(sim_world_of(sim), id);
    if (vm == NULL) {
        sim_reply_error(reply, 404, SIM_NSX_NOT_FOUND, SIM_MODULE_INVENTORY,
                        "Virtual machine with external id %s could not be found.", id);
    } else if (!sim_world_plan_tags(vm, action, &tags, &planned)) {
        sim_reply_error(reply, 400, SIM_NSX_TAG_LIMIT, SIM_MODULE_INVENTORY,
                        "Max tags limit exceeded: a virtual machine carries at most %d.",
                        SIM_TAGS_MAX);
    } else {
        if (!request->changes_nothing) {
            sim_world_apply_tags(sim_world_of(sim), vm, &planned, request->number,
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
            cJSON *body;

            if (tag_actions[i].action != SIM_TAGS_REPLACE &&
                !sim_world_of(sim)->settings.add_remove_tags) {
                sim_reply_error(reply, 404, SIM_NSX_NOT_FOUND, SIM_MODULE_COMMON,
                                "The requested object could not be found: %s",
                                request->target);
                return;
            }
            body = sim_request_json(request, SIM_MODULE_INVENTORY, reply);

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

#define REALIZED "/policy/api/v1/infra/realized-state"

static const struct sim_route routes[] = {
    {"GET", "/api/v1/fabric/virtual-machines", list_vms},
    {"POST", "/api/v1/fabric/virtual-machines", post_vms},
    {"GET", "/api/v1/fabric/vifs", list_vifs},
    {"GET", "/api/v1/fabric/compute-managers", list_compute_managers},
    {"GET", REALIZED "/virtual-machines", list_realized_vms},
    {"GET", REALIZED "/enforcement-points/{}/virtual-machines", list_realized_vms},
    {"GET", REALIZED "/system-excluded-virtual-machines", list_system_excluded},
};

const struct sim_family sim_fabric_family = {routes, SIM_COUNT_OF(routes)};
