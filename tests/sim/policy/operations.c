/* SPDX-License-Identifier: Apache-2.0 */
/* operations.c: tag operations: kept by id, run when their time has come, judged for each
 * VM by itself. */
#include <string.h>

#include "world.h"

const struct sim_operation *sim_world_find_operation(const struct sim_world *world,
                                                     const char *id)
{
    for (size_t i = 0; i < world->operation_count; i++) {
        if (strcmp(world->operations[i].id, id) == 0) {
            return &world->operations[i];
        }
    }
    return NULL;
}

void sim_world_put_operation(struct sim_world *world, const char *id, cJSON *doc,
                             uint64_t request, uint64_t now_ms)
{
    uint64_t delay = world->settings.tag_operation_delay_ms;

    world->operations = sim_grow(world->operations, world->operation_count + 1,
                                 sizeof(*world->operations));
    world->operations[world->operation_count++] = (struct sim_operation){
        .id = sim_strdup(id),
        .doc = doc,
        .begin_ms = now_ms + delay / 2,
        .end_ms = now_ms + delay,
        .request = request,
    };
}

static cJSON *resource_status(const char *id, const char *name, const char *trouble)
{
    cJSON *status = cJSON_CreateObject();

    cJSON_AddStringToObject(status, "resource_id", id);
    cJSON_AddStringToObject(status, "resource_display_name", name);
    cJSON_AddStringToObject(status, "tag_status", trouble == NULL ? "Success" : "Error");
    if (trouble != NULL) {
        cJSON_AddStringToObject(status, "details", trouble);
    }
    return status;
}

static bool is_to_fail(const struct sim_world *world, const char *external_id)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, sim_json_get(world->tag_failures, "external_ids"))
    {
        if (strcmp(item->valuestring, external_id) == 0) {
            return true;
        }
    }
    return false;
}

static cJSON *run_one(struct sim_world *world, struct sim_operation *operation,
                      enum sim_tag_action action, const char *id)
{
    const cJSON *tag_json = sim_json_get(operation->doc, "tag");
    struct sim_tag tag = {
        .scope = (char *)(uintptr_t)sim_json_text(tag_json, "scope", ""),
        .tag = (char *)(uintptr_t)sim_json_text(tag_json, "tag", ""),
    };
    const struct sim_tags tags = {.count = 1, .items = &tag};
    struct sim_vm *vm = sim_world_find_vm(world, id);
    struct sim_tags planned;

    if (vm == NULL) {
        operation->failed = true;
        return resource_status(id, "", "Virtual machine not found.");
    }
    if (is_to_fail(world, id)) {
        operation->failed = true;
        return resource_status(id, vm->current->display_name,
                               sim_json_text(world->tag_failures, "details", ""));
    }
    if (!sim_world_plan_tags(vm, action, &tags, &planned)) {
        operation->failed = true;
        return resource_status(id, vm->current->display_name, "Max tags limit exceeded.");
    }
    sim_world_apply_tags(world, vm, &planned, operation->request, operation->end_ms);
    sim_tags_done(&planned);
    return resource_status(id, vm->current->display_name, NULL);
}

static void run_list(struct sim_world *world, struct sim_operation *operation,
                     const char *name, enum sim_tag_action action)
{
    const cJSON *types = sim_json_get(operation->doc, name);
    const cJSON *type;
    const cJSON *id;
    cJSON *list;

    if (types == NULL) {
        return;
    }
    list = cJSON_AddArrayToObject(operation->status, name);
    cJSON_ArrayForEach(type, types)
    {
        cJSON *entry = cJSON_CreateObject();
        cJSON *statuses;

        cJSON_AddStringToObject(entry, "resource_type", "VirtualMachine");
        statuses = cJSON_AddArrayToObject(entry, "resource_tag_status");
        cJSON_ArrayForEach(id, sim_json_get(type, "resource_ids"))
        {
            cJSON_AddItemToArray(statuses,
                                 run_one(world, operation, action, id->valuestring));
        }
        cJSON_AddItemToArray(list, entry);
    }
}

/* An operation that was put later may end sooner, when the delay has changed. */
void sim_operations_settle(struct sim_world *world, uint64_t now_ms)
{
    for (size_t i = world->operations_done; i < world->operation_count; i++) {
        struct sim_operation *operation = &world->operations[i];

        if (operation->status == NULL && operation->end_ms <= now_ms) {
            operation->status = cJSON_CreateObject();
            run_list(world, operation, "apply_to", SIM_TAGS_ADD);
            run_list(world, operation, "remove_from", SIM_TAGS_REMOVE);
        }
    }
    while (world->operations_done < world->operation_count &&
           world->operations[world->operations_done].status != NULL) {
        world->operations_done++;
    }
}
