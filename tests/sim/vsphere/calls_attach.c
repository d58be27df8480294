/* SPDX-License-Identifier: Apache-2.0 */
/* calls_attach.c: which VMs carry a tag, and putting it on and taking it off. */
#include <stdlib.h>
#include <string.h>

#include "manager.h"

static void list_vms(struct sim *sim, const struct sim_request *request,
                     struct sim_reply *reply)
{
    const struct vs_world *world = vs_world_of(sim);
    const struct vs_tag *tag = vs_request_tag(sim, request, request->args[0], reply);
    xmlNode *root;

    if (tag == NULL) {
        return;
    }
    root = vs_xml_root("basicinfolist");
    for (size_t i = 0; i < world->vm_count; i++) {
        const struct vs_vm *vm = world->vms[i];

        if (vm->is_known && vs_tag_set_has(&vm->tags, tag->number)) {
            vs_write_basicinfo(root, world, vm->moref);
        }
    }
    vs_reply_document(sim, request, reply, root);
}

static void list_vm_details(struct sim *sim, const struct sim_request *request,
                            struct sim_reply *reply)
{
    const struct vs_world *world = vs_world_of(sim);
    const struct vs_tag *tag = vs_request_tag(sim, request, request->args[0], reply);
    xmlNode *root;

    if (tag == NULL) {
        return;
    }
    root = vs_xml_root("attachedVMList");
    for (size_t i = 0; i < world->vm_count; i++) {
        const struct vs_vm *vm = world->vms[i];
        struct vs_object object;
        xmlNode *node;

        if (!vs_tag_set_has(&vm->tags, tag->number) ||
            !vs_world_describe(world, vm->moref, &object)) {
            continue;
        }
        object.style = VS_STYLE_ATTACHED;
        node = vs_xml_add(root, "attachedVM");
        vs_object_write(node, &object);
        vs_xml_text(node, "instanceUUID", vm->instance_uuid);
        vs_xml_text(node, "biosUUID", vs_vm_text(vm, "bios_uuid"));
    }
    vs_reply_document(sim, request, reply, root);
}

static void set_tag(struct sim *sim, const struct sim_request *request,
                    struct sim_reply *reply, bool attached)
{
    struct vs_world *world = vs_world_of(sim);
    const struct vs_settings *settings = &world->settings;
    struct vs_tag *tag = vs_request_tag(sim, request, request->args[0], reply);
    struct vs_vm *vm = tag == NULL ? NULL
                                   : vs_request_vm(sim, request, request->args[1],
                                                   settings->unknown_vm_status, reply);
    bool is_attached;

    if (vm == NULL) {
        return;
    }
    is_attached = vs_tag_set_has(&vm->tags, tag->number);
    if (attached && is_attached && settings->attach_again_fails) {
        vs_refuse(sim, request, reply, 400, VS_CODE_PRESENT,
                  "The tag %s is already attached to %s.", tag->id, vm->moref);
    } else if (!attached && !is_attached && settings->detach_absent_fails) {
        vs_refuse_missing(sim, request, reply, tag->id);
    } else {
        if (!request->changes_nothing) {
            (void)vs_world_set_tag(world, vm, tag, attached, request->number,
                                   request->now_ms);
        }
        sim_reply_empty(reply, 200);
    }
}

static void attach(struct sim *sim, const struct sim_request *request,
                   struct sim_reply *reply)
{
    set_tag(sim, request, reply, true);
}

static void detach(struct sim *sim, const struct sim_request *request,
                   struct sim_reply *reply)
{
    set_tag(sim, request, reply, false);
}

/* Which member of a VM a tagParameter speaks of; NULL: there is no such key. */
static const char *identity_member(const char *key)
{
    static const struct {
        const char *key;
        const char *member;
    } keys[] = {{"instance_uuid", "instance_uuid"},
                {"bios_uuid", "bios_uuid"},
                {"vmname", "display_name"}};

    for (size_t i = 0; i < SIM_COUNT_OF(keys); i++) {
        if (strcmp(keys[i].key, key) == 0) {
            return keys[i].member;
        }
    }
    return NULL;
}

static bool parameter_fits(const struct vs_vm *vm, const xmlNode *parameter)
{
    char *key = vs_xml_child_text(parameter, "key");
    char *value = vs_xml_child_text(parameter, "value");
    const char *member = key == NULL ? NULL : identity_member(key);
    bool fits =
        member != NULL && value != NULL && strcmp(vs_vm_text(vm, member), value) == 0;

    free(value);
    free(key);
    return fits;
}

/* All parameters describe one VM together. */
static bool identity_fits(const struct vs_vm *vm, xmlNode *body)
{
    xmlNode *parameter = vs_xml_find(body->children, "tagParameter");

    for (; parameter != NULL; parameter = vs_xml_find(parameter->next, "tagParameter")) {
        if (!parameter_fits(vm, parameter)) {
            return false;
        }
    }
    return true;
}

static bool check_identity(struct sim *sim, const struct sim_request *request,
                           xmlNode *body, struct sim_reply *reply)
{
    xmlNode *parameter = vs_xml_find(body->children, "tagParameter");
    bool good = parameter != NULL;

    for (; good && parameter != NULL;
         parameter = vs_xml_find(parameter->next, "tagParameter")) {
        char *key = vs_xml_child_text(parameter, "key");

        good = key != NULL && identity_member(key) != NULL;
        free(key);
    }
    if (!good) {
        vs_refuse(sim, request, reply, 400, VS_CODE_BAD_REQUEST,
                  "tagParameter needs a key of instance_uuid, bios_uuid, vmname.");
    }
    return good;
}

/* By identity, without a look at the inventory: who is not there is no error. */
static void act_by_identity(struct sim *sim, const struct sim_request *request,
                            struct sim_reply *reply)
{
    struct vs_world *world = vs_world_of(sim);
    const char *action = sim_request_param(request, "action");
    struct vs_tag *tag = vs_request_tag(sim, request, request->args[0], reply);
    bool attached = action != NULL && strcmp(action, "attach") == 0;
    xmlNode *body;

    if (tag == NULL) {
        return;
    }
    if (!attached && (action == NULL || strcmp(action, "detach") != 0)) {
        vs_refuse(sim, request, reply, 400, VS_CODE_BAD_REQUEST,
                  "action must be attach or detach.");
        return;
    }
    body = vs_request_document(sim, request, "securityTagAssignment", reply);
    if (body == NULL) {
        return;
    }
    if (check_identity(sim, request, body, reply)) {
        for (size_t i = 0; i < world->vm_count && !request->changes_nothing; i++) {
            if (identity_fits(world->vms[i], body)) {
                (void)vs_world_set_tag(world, world->vms[i], tag, attached,
                                       request->number, request->now_ms);
            }
        }
        sim_reply_empty(reply, 200);
    }
    vs_xml_free(body);
}

/* Adds the tags of the body to those that the VM has. */
static void assign_tags(struct sim *sim, const struct sim_request *request,
                        struct vs_vm *vm, struct sim_reply *reply)
{
    struct vs_world *world = vs_world_of(sim);
    xmlNode *body = vs_request_document(sim, request, "securityTags", reply);
    struct vs_tag_set wanted = {0};
    xmlNode *node;
    bool good = body != NULL;

    if (body == NULL) {
        return;
    }
    for (node = vs_xml_find(body->children, "securityTag"); good && node != NULL;
         node = vs_xml_find(node->next, "securityTag")) {
        char *id = vs_xml_child_text(node, "objectId");
        const struct vs_tag *tag =
            vs_request_tag(sim, request, id == NULL ? "objectId" : id, reply);

        good = tag != NULL;
        if (good) {
            vs_tag_set_add(&wanted, tag->number);
        }
        free(id);
    }
    for (size_t i = 0; good && i < wanted.count && !request->changes_nothing; i++) {
        (void)vs_world_set_tag(world, vm, vs_world_tag(world, wanted.numbers[i]), true,
                               request->number, request->now_ms);
    }
    if (good) {
        sim_reply_empty(reply, 200);
    }
    vs_tag_set_done(&wanted);
    vs_xml_free(body);
}

static void act_on_vm(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    struct vs_world *world = vs_world_of(sim);
    const char *action = sim_request_param(request, "action");
    struct vs_vm *vm = vs_request_vm(sim, request, request->args[0],
                                     world->settings.unknown_vm_status, reply);

    if (vm == NULL) {
        return;
    }
    if (action != NULL && strcmp(action, "ASSIGN_TAGS") == 0) {
        assign_tags(sim, request, vm, reply);
    } else if (action != NULL && strcmp(action, "CLEAR_ALL_TAGS") == 0) {
        while (vm->tags.count > 0 && !request->changes_nothing) {
            (void)vs_world_set_tag(world, vm, vs_world_tag(world, vm->tags.numbers[0]),
                                   false, request->number, request->now_ms);
        }
        sim_reply_empty(reply, 200);
    } else {
        vs_refuse(sim, request, reply, 400, VS_CODE_BAD_REQUEST,
                  "action must be ASSIGN_TAGS or CLEAR_ALL_TAGS.");
    }
}

#define TAG "/api/2.0/services/securitytags/tag/{}"

static const struct vs_call calls[] = {
    {{"GET", TAG "/vm", list_vms}, 0, false},
    {{"GET", TAG "/vmDetail", list_vm_details}, VS_VERSION(6, 3, 0), false},
    {{"PUT", TAG "/vm/{}", attach}, 0, true},
    {{"DELETE", TAG "/vm/{}", detach}, 0, true},
    {{"POST", TAG "/vm", act_by_identity}, VS_VERSION(6, 3, 0), true},
    {{"POST", "/api/2.0/services/securitytags/vm/{}", act_on_vm},
     VS_VERSION(6, 3, 0),
     true},
};

const struct vs_family vs_attach_family = {calls, SIM_COUNT_OF(calls)};
