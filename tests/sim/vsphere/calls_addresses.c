/* SPDX-License-Identifier: Apache-2.0 */
/* calls_addresses.c: what NSX knows of the addresses of VMs. */
#include <stdlib.h>
#include <string.h>

#include "manager.h"

#define POLICY_ID "spoofguardpolicy-1"

static void get_addresses(struct sim *sim, const struct sim_request *request,
                          struct sim_reply *reply)
{
    const struct vs_vm *vm = vs_request_vm(
        sim, request, request->args[0], vs_world_of(sim)->settings.missing_status, reply);
    const cJSON *vnic;
    xmlNode *root;

    if (vm == NULL) {
        return;
    }
    root = vs_xml_root("ipNodes");
    cJSON_ArrayForEach(vnic, vs_vm_vnics(vm))
    {
        vs_write_addresses(vs_xml_add(vs_xml_add(root, "ipNode"), "ipAddresses"),
                           "string", vm, vnic);
    }
    vs_reply_document(sim, request, reply, root);
}

static void list_policies(struct sim *sim, const struct sim_request *request,
                          struct sim_reply *reply)
{
    xmlNode *root = vs_xml_root("spoofguardPolicies");
    xmlNode *policy = vs_xml_add(root, "spoofguardPolicy");

    vs_xml_text(policy, "policyId", POLICY_ID);
    vs_xml_text(policy, "name", "Default Policy");
    vs_xml_text(policy, "description", "Default SpoofGuard policy");
    vs_xml_text(policy, "operationMode", "DISABLE");
    vs_xml_bool(policy, "allowLocalIPs", false);
    vs_reply_document(sim, request, reply, root);
}

static void write_guarded(xmlNode *root, const struct vs_vm *vm)
{
    const cJSON *vnic;
    size_t index = 0;

    cJSON_ArrayForEach(vnic, vs_vm_vnics(vm))
    {
        xmlNode *node = vs_xml_add(root, "spoofguard");
        char *uuid = vs_vm_vnic_id(vm, index++);

        vs_xml_text(node, "id", uuid);
        vs_xml_text(node, "vnicUuid", uuid);
        vs_write_addresses(vs_xml_add(node, "detectedIpAddress"), "ipAddress", vm, vnic);
        vs_xml_text(node, "detectedMacAddress", sim_json_text(vnic, "mac_address", ""));
        free(uuid);
    }
}

/* ACTIVE: of VMs that run; the lists of what was approved are empty, nothing is. */
static void list_guarded(struct sim *sim, const struct sim_request *request,
                         struct sim_reply *reply)
{
    const struct vs_world *world = vs_world_of(sim);
    const char *list = sim_request_param(request, "list");
    bool all = list != NULL && strcmp(list, "ALL") == 0;
    bool active = list == NULL || all || strcmp(list, "ACTIVE") == 0;
    bool inactive = all || (list != NULL && strcmp(list, "INACTIVE") == 0);
    xmlNode *root;

    if (strcmp(request->args[0], POLICY_ID) != 0) {
        vs_refuse_missing(sim, request, reply, request->args[0]);
        return;
    }
    root = vs_xml_root("spoofguardList");
    for (size_t i = 0; i < world->vm_count; i++) {
        const struct vs_vm *vm = world->vms[i];
        bool runs = strcmp(vs_vm_text(vm, "power_state"), "POWERED_ON") == 0;

        if (vm->is_known && (runs ? active : inactive)) {
            write_guarded(root, vm);
        }
    }
    vs_reply_document(sim, request, reply, root);
}

#define GUARD "/api/4.0/services/spoofguard"

static const struct vs_call calls[] = {
    {{"GET", "/api/2.0/services/translation/virtualmachine/{}/ipaddresses",
      get_addresses},
     VS_VERSION(6, 4, 0),
     false},
    {{"GET", GUARD "/policies/", list_policies}, 0, false}, /* the slash is needed */
    {{"GET", GUARD "/{}", list_guarded}, 0, false},
};

const struct vs_family vs_address_family = {calls, SIM_COUNT_OF(calls)};
