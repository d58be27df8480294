/* SPDX-License-Identifier: Apache-2.0 */
/* world_find.c: objects by their ids, and what they are called. */
#include <stdlib.h>
#include <string.h>

#include "world.h"

struct vs_vm *vs_world_vm(const struct vs_world *world, const char *moref)
{
    struct vs_vm *vm = NULL;

    HASH_FIND(by_moref, world->by_moref, moref, (unsigned)strlen(moref), vm);
    return vm;
}

struct vs_vm *vs_world_known_vm(const struct vs_world *world, const char *id)
{
    struct vs_vm *vm = vs_world_vm(world, id);

    if (vm == NULL) {
        HASH_FIND(by_uuid, world->by_uuid, id, (unsigned)strlen(id), vm);
    }
    return vm != NULL && vm->is_known ? vm : NULL;
}

struct vs_tag *vs_world_tag(const struct vs_world *world, unsigned number)
{
    for (size_t i = 0; i < world->tag_count; i++) {
        if (world->tags[i].number == number) {
            return &world->tags[i];
        }
    }
    return NULL;
}

struct vs_tag *vs_world_tag_named(const struct vs_world *world, const char *name)
{
    for (size_t i = 0; i < world->tag_count; i++) {
        if (strcmp(world->tags[i].name, name) == 0) {
            return &world->tags[i];
        }
    }
    return NULL;
}

struct vs_group *vs_world_group(const struct vs_world *world, const char *id)
{
    for (size_t i = 0; i < world->group_count; i++) {
        if (strcmp(world->groups[i]->id, id) == 0) {
            return world->groups[i];
        }
    }
    return NULL;
}

static const cJSON *find_listed(const cJSON *list, const char *id)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (strcmp(sim_json_text(item, "id", ""), id) == 0) {
            return item;
        }
    }
    return NULL;
}

const cJSON *vs_world_cluster(const struct vs_world *world, const char *id)
{
    return find_listed(world->clusters, id);
}

const cJSON *vs_world_ip_set(const struct vs_world *world, const char *id)
{
    return find_listed(world->ip_sets, id);
}

const cJSON *vs_world_application(const struct vs_world *world, const char *id)
{
    return find_listed(world->applications, id);
}

struct vs_section *vs_world_section(const struct vs_world *world, uint64_t id)
{
    for (size_t i = 0; i < world->section_count; i++) {
        if (world->sections[i]->id == id) {
            return world->sections[i];
        }
    }
    return NULL;
}

struct vs_rule *vs_world_rule(const struct vs_world *world, uint64_t id,
                              struct vs_section **ret_section)
{
    for (size_t i = 0; i < world->section_count; i++) {
        struct vs_rule *rule = vs_section_rule(world->sections[i], id);

        if (rule != NULL) {
            *ret_section = world->sections[i];
            return rule;
        }
    }
    return NULL;
}

bool vs_world_is_excluded(const struct vs_world *world, const char *moref)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, world->exclude_list)
    {
        if (strcmp(sim_json_text(item, "vm", ""), moref) == 0) {
            return true;
        }
    }
    return false;
}

bool vs_world_is_protected(const struct vs_world *world, const struct vs_vm *vm)
{
    const cJSON *cluster = vs_world_cluster(world, vs_vm_text(vm, "cluster"));

    return sim_json_bool(cluster, "firewall_installed", false) &&
           sim_json_bool(cluster, "firewall_enabled", false);
}

static bool describe_listed(const cJSON *item, struct vs_object *object,
                            const char *scope, const char *scope_name)
{
    object->name = sim_json_text(item, "name", "");
    object->scope = scope;
    object->scope_name = scope_name;
    return item != NULL;
}

static bool describe_vm(const struct vs_world *world, const char *moref,
                        struct vs_object *object)
{
    const struct vs_vm *vm = vs_world_vm(world, moref);
    const cJSON *cluster;

    if (vm == NULL || !vm->is_known) {
        return false;
    }
    cluster = vs_world_cluster(world, vs_vm_text(vm, "cluster"));
    object->id = vm->moref;
    object->name = vs_vm_name(vm);
    object->revision = vm->revision;
    object->scope = sim_json_text(cluster, "id", "");
    object->scope_name = sim_json_text(cluster, "name", "");
    return true;
}

static bool describe_tag(const struct vs_world *world, const char *id,
                         struct vs_object *object)
{
    const struct vs_tag *tag = vs_world_tag(world, vs_id_number(id, "securitytag-"));

    if (tag != NULL) {
        object->name = tag->name;
        object->description = *tag->description == '\0' ? NULL : tag->description;
    }
    return tag != NULL;
}

static bool describe_group(const struct vs_world *world, const char *id,
                           struct vs_object *object)
{
    const struct vs_group *group = vs_world_group(world, id);

    if (group != NULL) {
        (void)describe_listed(group->doc, object, VS_ROOT_ID, "Global");
        object->description = sim_json_text(group->doc, "description", "");
    }
    return group != NULL;
}

bool vs_world_describe(const struct vs_world *world, const char *id,
                       struct vs_object *ret_object)
{
    *ret_object = (struct vs_object){.id = id};
    switch (vs_type_of(id)) {
    case VS_TYPE_VM:
        return describe_vm(world, id, ret_object);
    case VS_TYPE_TAG:
        return describe_tag(world, id, ret_object);
    case VS_TYPE_GROUP:
        return describe_group(world, id, ret_object);
    case VS_TYPE_IP_SET:
        return describe_listed(vs_world_ip_set(world, id), ret_object, VS_ROOT_ID,
                               "Global");
    case VS_TYPE_APPLICATION:
        return describe_listed(vs_world_application(world, id), ret_object, VS_ROOT_ID,
                               "Global");
    case VS_TYPE_CLUSTER:
        return describe_listed(vs_world_cluster(world, id), ret_object, VS_DATACENTER_ID,
                               VS_DATACENTER_NAME);
    case VS_TYPE_HOST:
        return describe_listed(
            find_listed(world->hosts, id), ret_object,
            sim_json_text(find_listed(world->hosts, id), "cluster", ""), NULL);
    case VS_TYPE_DATACENTER:
        ret_object->name = VS_DATACENTER_NAME;
        return strcmp(id, VS_DATACENTER_ID) == 0;
    case VS_TYPE_NETWORK:
    case VS_TYPE_FIREWALL:
    case VS_TYPE_EDGES:
        ret_object->name = id;
        return true;
    case VS_TYPE_VNIC:
    case VS_TYPE_OTHER: /* addresses have no name */
        return true;
    }
    return false;
}

struct vs_subject vs_world_member(const struct vs_vm *vm)
{
    return (struct vs_subject){.vm = vm, .view = vm->member};
}
