/* SPDX-License-Identifier: Apache-2.0 */
/* calls_groups.c: security groups as objects, the groups of a VM, and the inventory that
 * groups choose their members from. */
#include <stdlib.h>
#include <string.h>

#include "manager.h"

static void write_listed(xmlNode *parent, const struct vs_world *world,
                         const struct vs_group *group, const char *list,
                         const char *element)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, sim_json_get(group->doc, list))
    {
        struct vs_object object;

        (void)vs_world_describe(world, item->valuestring, &object);
        vs_object_write(vs_xml_add(parent, element), &object);
    }
}

static void write_dynamic(xmlNode *parent, const struct vs_world *world,
                          const struct vs_group *group)
{
    const cJSON *set;
    const cJSON *item;
    xmlNode *definition;

    if (group->set_count == 0) {
        return;
    }
    definition = vs_xml_add(parent, "dynamicMemberDefinition");
    cJSON_ArrayForEach(set, sim_json_get(group->doc, "dynamic_sets"))
    {
        xmlNode *node = vs_xml_add(definition, "dynamicSet");

        vs_xml_text(node, "operator", sim_json_text(set, "operator", "OR"));
        cJSON_ArrayForEach(item, sim_json_get(set, "criteria"))
        {
            xmlNode *criterion = vs_xml_add(node, "dynamicCriteria");
            const char *value = sim_json_text(item, "value", "");
            struct vs_object unused;

            vs_xml_text(criterion, "operator", sim_json_text(item, "operator", "OR"));
            vs_xml_text(criterion, "key", sim_json_text(item, "key", ""));
            vs_xml_text(criterion, "criteria", sim_json_text(item, "criteria", ""));
            vs_xml_text(criterion, "value", value);
            vs_xml_bool(criterion, "isValid", vs_world_describe(world, value, &unused));
        }
    }
}

void vs_write_group(xmlNode *node, const struct vs_world *world,
                    const struct vs_group *group, bool members)
{
    struct vs_object object;

    (void)vs_world_describe(world, group->id, &object);
    vs_object_write(node, &object);
    vs_xml_bool(node, "inheritanceAllowed", false);
    if (members) {
        write_listed(node, world, group, "members", "member");
        write_listed(node, world, group, "exclude_members", "excludeMember");
        write_dynamic(node, world, group);
    }
}

/* populateMembers came with 6.4.7; what earlier versions do with it nobody says. */
static void list_groups(struct sim *sim, const struct sim_request *request,
                        struct sim_reply *reply)
{
    const struct vs_world *world = vs_world_of(sim);
    bool members = vs_settings_version(&world->settings) < VS_VERSION(6, 4, 7) ||
                   vs_request_flag(request, "populateMembers", true);
    bool is_global = strcmp(request->args[0], VS_ROOT_ID) == 0;
    xmlNode *root;

    if (!is_global && strcmp(request->args[0], "universalroot-0") != 0) {
        vs_refuse_missing(sim, request, reply, request->args[0]);
        return;
    }
    root = vs_xml_root(world->settings.group_list_is_list ? "list" : "securityGroups");
    for (size_t i = 0; i < world->group_count && is_global; i++) {
        vs_write_group(vs_xml_add(root, "securitygroup"), world, world->groups[i],
                       members);
    }
    vs_reply_document(sim, request, reply, root);
}

static void get_group(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    const struct vs_world *world = vs_world_of(sim);
    const struct vs_group *group = vs_world_group(world, request->args[0]);
    xmlNode *root;

    if (group == NULL) {
        vs_refuse_missing(sim, request, reply, request->args[0]);
        return;
    }
    root = vs_xml_root("securitygroup");
    vs_write_group(root, world, group, true);
    vs_reply_document(sim, request, reply, root);
}

static void reply_groups_of(struct sim *sim, const struct sim_request *request,
                            struct sim_reply *reply, const struct vs_subject *subject)
{
    const struct vs_world *world = vs_world_of(sim);
    xmlNode *root = vs_xml_root("securityGroups");
    xmlNode *inner = NULL;

    for (size_t i = 0; i < world->group_count; i++) {
        if (!vs_group_has(world, world->groups[i], subject)) {
            continue;
        }
        if (inner == NULL) {
            inner = vs_xml_add(root, "securityGroups");
        }
        vs_write_group(vs_xml_add(inner, "securitygroup"), world, world->groups[i], true);
    }
    if (inner == NULL && world->settings.empty_lookup_nested) {
        (void)vs_xml_add(root, "securityGroups");
    }
    vs_reply_document(sim, request, reply, root);
}

static void lookup_vm(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    const struct vs_vm *vm = vs_request_vm(
        sim, request, request->args[0], vs_world_of(sim)->settings.missing_status, reply);
    struct vs_subject subject;

    if (vm != NULL) {
        subject = vs_world_member(vm);
        reply_groups_of(sim, request, reply, &subject);
    }
}

/* The VM that NSX knows this address of, or the address alone. */
static void lookup_address(struct sim *sim, const struct sim_request *request,
                           struct sim_reply *reply)
{
    const struct vs_world *world = vs_world_of(sim);
    struct vs_subject subject = {.address_count = 1, .addresses = &request->args[0]};

    for (size_t i = 0; i < world->vm_count; i++) {
        const struct vs_vm *vm = world->vms[i];

        if (vs_vm_is_discovered(vm) && vs_vm_has_address(vm, request->args[0])) {
            subject.vm = vm;
            subject.view = vm->member;
        }
    }
    reply_groups_of(sim, request, reply, &subject);
}

static const char *const member_types[] = {
    "VirtualMachine", "SecurityTag", "SecurityGroup", "IPSet", "ClusterComputeResource"};

static void list_member_types(struct sim *sim, const struct sim_request *request,
                              struct sim_reply *reply)
{
    xmlNode *root = vs_xml_root("list");

    for (size_t i = 0; i < SIM_COUNT_OF(member_types); i++) {
        vs_xml_text(root, "string", member_types[i]);
    }
    vs_reply_document(sim, request, reply, root);
}

static void write_ids(xmlNode *root, const struct vs_world *world, const cJSON *list)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        vs_write_basicinfo(root, world, sim_json_text(item, "id", ""));
    }
}

/* All VMs that NSX knows, or all objects of another type; there is no paging. */
static void list_selectable(struct sim *sim, const struct sim_request *request,
                            struct sim_reply *reply)
{
    const struct vs_world *world = vs_world_of(sim);
    const char *type = request->args[0];
    xmlNode *root = vs_xml_root("list");

    if (strcmp(type, "VirtualMachine") == 0) {
        for (size_t i = 0; i < world->vm_count; i++) {
            if (world->vms[i]->is_known) {
                vs_write_basicinfo(root, world, world->vms[i]->moref);
            }
        }
    } else if (strcmp(type, "SecurityTag") == 0) {
        for (size_t i = 0; i < world->tag_count; i++) {
            vs_write_basicinfo(root, world, world->tags[i].id);
        }
    } else if (strcmp(type, "SecurityGroup") == 0) {
        for (size_t i = 0; i < world->group_count; i++) {
            vs_write_basicinfo(root, world, world->groups[i]->id);
        }
    } else if (strcmp(type, "IPSet") == 0) {
        write_ids(root, world, world->ip_sets);
    } else if (strcmp(type, "ClusterComputeResource") == 0) {
        write_ids(root, world, world->clusters);
    } else {
        vs_xml_free(root);
        vs_refuse_missing(sim, request, reply, type);
        return;
    }
    vs_reply_document(sim, request, reply, root);
}

#define GROUPS "/api/2.0/services/securitygroup"

static const struct vs_call calls[] = {
    {{"GET", GROUPS "/scope/{}", list_groups}, 0, false},
    {{"GET", GROUPS "/scope/globalroot-0/memberTypes", list_member_types}, 0, false},
    {{"GET", GROUPS "/scope/globalroot-0/members/{}", list_selectable}, 0, false},
    {{"GET", GROUPS "/{}", get_group}, 0, false},
    {{"GET", GROUPS "/lookup/virtualmachine/{}", lookup_vm}, 0, false},
    {{"GET", GROUPS "/lookup/ipaddress/{}", lookup_address}, VS_VERSION(6, 3, 0), false},
};

const struct vs_family vs_group_family = {calls, SIM_COUNT_OF(calls)};
