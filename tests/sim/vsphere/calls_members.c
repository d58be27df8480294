/* SPDX-License-Identifier: Apache-2.0 */
/* calls_members.c: what a group holds in the end: VMs, addresses, network interfaces. */
#include <stdlib.h>
#include <string.h>

#include "manager.h"

void vs_write_addresses(xmlNode *parent, const char *name, const struct vs_vm *vm,
                        const cJSON *vnic)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, sim_json_get(vnic, "addresses"))
    {
        if (vs_vm_is_discovered(vm)) {
            vs_xml_text(parent, name, item->valuestring);
        }
    }
}

typedef void write_fn(xmlNode *root, const struct vs_vm *vm);

static void translate(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply, const char *name, write_fn *write)
{
    const struct vs_world *world = vs_world_of(sim);
    const struct vs_group *group = vs_world_group(world, request->args[0]);
    xmlNode *root;

    if (group == NULL) {
        vs_refuse_missing(sim, request, reply, request->args[0]);
        return;
    }
    root = vs_xml_root(name);
    for (size_t i = 0; i < world->vm_count; i++) {
        struct vs_subject subject = vs_world_member(world->vms[i]);

        if (vs_group_has(world, group, &subject)) {
            write(root, world->vms[i]);
        }
    }
    vs_reply_document(sim, request, reply, root);
}

static void write_vm(xmlNode *root, const struct vs_vm *vm)
{
    xmlNode *node = vs_xml_add(root, "vmnode");

    vs_xml_text(node, "vmId", vm->moref);
    vs_xml_text(node, "vmName", vs_vm_name(vm));
}

static void write_addresses(xmlNode *root, const struct vs_vm *vm)
{
    const cJSON *vnic;

    cJSON_ArrayForEach(vnic, vs_vm_vnics(vm))
    {
        if (vs_vm_is_discovered(vm)) {
            vs_write_addresses(vs_xml_add(vs_xml_add(root, "ipNode"), "ipAddresses"),
                               "string", vm, vnic);
        }
    }
}

static void write_macs(xmlNode *root, const struct vs_vm *vm)
{
    const cJSON *vnic;

    cJSON_ArrayForEach(vnic, vs_vm_vnics(vm))
    {
        vs_xml_text(vs_xml_add(root, "macNode"), "macAddress",
                    sim_json_text(vnic, "mac_address", ""));
    }
}

static void write_vnics(xmlNode *root, const struct vs_vm *vm)
{
    const cJSON *vnic;
    size_t index = 0;

    cJSON_ArrayForEach(vnic, vs_vm_vnics(vm))
    {
        xmlNode *node = vs_xml_add(root, "vnicNode");
        char *id = vs_vm_vnic_id(vm, index++);

        vs_xml_text(node, "uuid", id);
        vs_write_addresses(vs_xml_add(node, "ipAddresses"), "string", vm, vnic);
        vs_xml_text(node, "macAddress", sim_json_text(vnic, "mac_address", ""));
        free(id);
    }
}

static void get_vms(struct sim *sim, const struct sim_request *request,
                    struct sim_reply *reply)
{
    translate(sim, request, reply, "vmnodes", write_vm);
}

static void get_addresses(struct sim *sim, const struct sim_request *request,
                          struct sim_reply *reply)
{
    translate(sim, request, reply, "ipNodes", write_addresses);
}

static void get_macs(struct sim *sim, const struct sim_request *request,
                     struct sim_reply *reply)
{
    translate(sim, request, reply, "macNodes", write_macs);
}

static void get_vnics(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    translate(sim, request, reply, "vnicNodes", write_vnics);
}

#define TRANSLATION "/api/2.0/services/securitygroup/{}/translation"

static const struct vs_call calls[] = {
    {{"GET", TRANSLATION "/virtualmachines", get_vms}, 0, false},
    {{"GET", TRANSLATION "/ipaddresses", get_addresses}, 0, false},
    {{"GET", TRANSLATION "/macaddresses", get_macs}, 0, false},
    {{"GET", TRANSLATION "/vnics", get_vnics}, 0, false},
};

const struct vs_family vs_member_family = {calls, SIM_COUNT_OF(calls)};
