/* SPDX-License-Identifier: Apache-2.0 */
/* vm.c: reading, changing and settling one VM. */
#include "vm.h"

#include <stdlib.h>
#include <string.h>

static const struct sim_json_member vm_members[] = {
    {"resource_type", SIM_JSON_STRING, false},
    {"external_id", SIM_JSON_STRING, true},
    {"display_name", SIM_JSON_STRING, true},
    {"description", SIM_JSON_STRING, false},
    {"compute_ids", SIM_JSON_STRINGS, false},
    {"host_id", SIM_JSON_STRING, false},
    {"local_id_on_host", SIM_JSON_STRING, false},
    {"source", SIM_JSON_OBJECT, false},
    {"type", SIM_JSON_STRING, false},
    {"power_state", SIM_JSON_STRING, false},
    {"guest_info", SIM_JSON_OBJECT, false},
    {"tags", SIM_JSON_OBJECTS, false},
    {"scope", SIM_JSON_OBJECTS, false},
    {"runtime_info", SIM_JSON_OBJECT, false},
    {"_last_sync_time", SIM_JSON_COUNT, false},
    {"vifs", SIM_JSON_OBJECTS, false},
    {"copies", SIM_JSON_OBJECTS, false},
};

static const struct sim_json_member guest_members[] = {
    {"os_name", SIM_JSON_STRING, false},
    {"computer_name", SIM_JSON_STRING, false},
};

static const struct sim_json_member vif_members[] = {
    {"resource_type", SIM_JSON_STRING, false},
    {"external_id", SIM_JSON_STRING, false},
    {"display_name", SIM_JSON_STRING, false},
    {"owner_vm_id", SIM_JSON_STRING, false},
    {"owner_vm_type", SIM_JSON_STRING, false},
    {"vm_local_id_on_host", SIM_JSON_STRING, false},
    {"host_id", SIM_JSON_STRING, false},
    {"mac_address", SIM_JSON_STRING, true},
    {"device_key", SIM_JSON_STRING, false},
    {"device_name", SIM_JSON_STRING, false},
    {"lport_attachment_id", SIM_JSON_STRING, false},
    {"ip_address_info", SIM_JSON_OBJECTS, false},
    {"_last_sync_time", SIM_JSON_COUNT, false},
};

static const struct sim_json_member ip_members[] = {
    {"source", SIM_JSON_STRING, false},
    {"ip_addresses", SIM_JSON_STRINGS, true},
};

static const char *const vm_types[] = {"REGULAR",      "EDGE",      "SERVICE", "MP",
                                       "INTELLIGENCE", "VC_SYSTEM", "UNKNOWN"};
static const char *const power_states[] = {"VM_RUNNING", "VM_STOPPED", "VM_SUSPENDED",
                                           "UNKNOWN"};

static bool is_one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_vifs(const cJSON *vifs, const char *where, struct sim_err *err)
{
    const cJSON *vif;
    const cJSON *info;
    int index = 0;

    if (cJSON_GetArraySize(vifs) > SIM_VIFS_MAX) {
        return sim_fail(err, "%s.vifs: more than %d", where, SIM_VIFS_MAX);
    }
    cJSON_ArrayForEach(vif, vifs)
    {
        char *at = sim_format("%s.vifs[%d]", where, index++);
        bool good = SIM_JSON_CHECK(vif, vif_members, at, err);
        int inner = 0;

        cJSON_ArrayForEach(info, sim_json_get(vif, "ip_address_info"))
        {
            char *inner_at = sim_format("%s.ip_address_info[%d]", at, inner++);

            good = good && SIM_JSON_CHECK(info, ip_members, inner_at, err);
            free(inner_at);
        }
        free(at);
        if (!good) {
            return false;
        }
    }
    return true;
}

static bool check_vm(const cJSON *json, const char *where, struct sim_tags *tags,
                     struct sim_err *err)
{
    const cJSON *guest = sim_json_get(json, "guest_info");
    char *at;
    bool good;

    if (!SIM_JSON_CHECK(json, vm_members, where, err) ||
        !check_vifs(sim_json_get(json, "vifs"), where, err)) {
        return false;
    }
    if (*sim_json_text(json, "external_id", "") == '\0') {
        return sim_fail(err, "%s.external_id: must not be empty", where);
    }
    if (!is_one_of(sim_json_text(json, "type", "REGULAR"), vm_types,
                   SIM_COUNT_OF(vm_types))) {
        return sim_fail(err, "%s.type: no such type of VM", where);
    }
    if (!is_one_of(sim_json_text(json, "power_state", "UNKNOWN"), power_states,
                   SIM_COUNT_OF(power_states))) {
        return sim_fail(err, "%s.power_state: no such power state", where);
    }
    if (cJSON_GetArraySize(sim_json_get(json, "copies")) > SIM_COPIES_MAX) {
        return sim_fail(err, "%s.copies: more than %d", where, SIM_COPIES_MAX);
    }
    at = sim_format("%s.guest_info", where);
    good = guest == NULL || SIM_JSON_CHECK(guest, guest_members, at, err);
    free(at);
    if (!good) {
        return false;
    }
    at = sim_format("%s.tags", where);
    good = sim_tags_read(sim_json_get(json, "tags"), at, tags, err);
    if (good && tags->count > SIM_TAGS_MAX) {
        good = sim_fail(err, "%s: more than %d", at, SIM_TAGS_MAX);
        sim_tags_done(tags);
    }
    free(at);
    return good;
}

/* What NSX always shows and a world file need not repeat. */
static void complete_vm(cJSON *doc)
{
    const char *id = sim_json_text(doc, "external_id", "");

    sim_json_default_text(doc, "resource_type", "VirtualMachine");
    sim_json_default_text(doc, "type", "REGULAR");
    sim_json_default_text(doc, "power_state", "VM_RUNNING");
    sim_json_default_text(doc, "host_id", "8d3c1f4e-52b1-4b0a-9a55-3a6f0c8e4d01");
    sim_json_default_text(doc, "local_id_on_host", id);
    if (sim_json_get(doc, "compute_ids") == NULL) {
        static const char *const prefixes[] = {
            "instanceUuid:", "externalId:", "biosUuid:"};
        cJSON *ids = cJSON_AddArrayToObject(doc, "compute_ids");

        for (size_t i = 0; i < SIM_COUNT_OF(prefixes); i++) {
            char *text = sim_format("%s%s", prefixes[i], id);

            cJSON_AddItemToArray(ids, cJSON_CreateString(text));
            free(text);
        }
    }
    if (sim_json_get(doc, "_last_sync_time") == NULL) {
        cJSON_AddNumberToObject(doc, "_last_sync_time", (double)sim_epoch_ms());
    }
}

static void complete_vifs(cJSON *vifs, const cJSON *vm)
{
    cJSON *vif;
    int key = 4000; /* the device key of the first network card of a vSphere VM */

    cJSON_ArrayForEach(vif, vifs)
    {
        const char *id = sim_json_text(vm, "external_id", "");
        char *device = sim_format("%d", key++);
        char *vif_id;

        sim_json_default_text(vif, "resource_type", "VirtualNetworkInterface");
        sim_json_default_text(vif, "device_key", device);
        vif_id = sim_format("%s-%s", id, sim_json_text(vif, "device_key", device));
        sim_json_default_text(vif, "external_id", vif_id);
        sim_json_default_text(vif, "display_name", vif_id);
        sim_json_default_text(vif, "owner_vm_id", id);
        sim_json_default_text(vif, "owner_vm_type", sim_json_text(vm, "type", "REGULAR"));
        sim_json_default_text(vif, "vm_local_id_on_host",
                              sim_json_text(vm, "local_id_on_host", id));
        sim_json_default_text(vif, "host_id", sim_json_text(vm, "host_id", ""));
        free(vif_id);
        free(device);
    }
}

static void set_doc_tags(cJSON *doc, const struct sim_tags *tags)
{
    cJSON_DeleteItemFromObjectCaseSensitive(doc, "tags");
    if (tags->count > 0) { /* NSX leaves the member out when there is none */
        cJSON_AddItemToObject(doc, "tags", sim_tags_json(tags));
    }
}

static cJSON *detach_list(cJSON *doc, const char *name)
{
    cJSON *list = cJSON_DetachItemFromObjectCaseSensitive(doc, name);

    return list == NULL ? cJSON_CreateArray() : list;
}

static bool read_into(struct sim_vm *vm, const cJSON *json, const char *where,
                      struct sim_err *err)
{
    struct sim_tags tags;

    if (!check_vm(json, where, &tags, err)) {
        return false;
    }
    cJSON_Delete(vm->doc);
    cJSON_Delete(vm->vifs);
    cJSON_Delete(vm->copies);
    vm->doc = cJSON_Duplicate(json, 1);
    vm->vifs = detach_list(vm->doc, "vifs");
    vm->copies = detach_list(vm->doc, "copies");
    complete_vm(vm->doc);
    complete_vifs(vm->vifs, vm->doc);
    set_doc_tags(vm->doc, &tags);
    sim_view_free(vm->current);
    vm->current = sim_view_new(vm->doc, &tags);
    sim_tags_done(&tags);
    if (vm->id == NULL) {
        vm->id = sim_strdup(vm->current->external_id);
    }
    return true;
}

struct sim_vm *sim_vm_new(const cJSON *json, const char *where, struct sim_err *err)
{
    struct sim_vm *vm = sim_alloc(1, sizeof(*vm));

    vm->gone_ms = UINT64_MAX;
    return read_into(vm, json, where, err) ? vm : sim_vm_free(vm);
}

struct sim_vm *sim_vm_free(struct sim_vm *vm)
{
    if (vm != NULL) {
        sim_vm_forget(vm, UINT64_MAX);
        free(vm->past);
        free(vm->id);
        for (size_t i = 0; i < vm->pending_count; i++) {
            sim_view_free(vm->pending[i].view);
        }
        free(vm->pending);
        sim_view_free(vm->current);
        sim_view_free(vm->member);
        sim_view_free(vm->enforced);
        cJSON_Delete(vm->doc);
        cJSON_Delete(vm->vifs);
        cJSON_Delete(vm->copies);
        free(vm);
    }
    return NULL;
}

const char *sim_vm_id(const struct sim_vm *vm)
{
    return vm->id;
}

cJSON *sim_vm_json(const struct sim_vm *vm)
{
    cJSON *json = cJSON_Duplicate(vm->doc, 1);

    cJSON_AddItemToObject(json, "vifs", cJSON_Duplicate(vm->vifs, 1));
    if (cJSON_GetArraySize(vm->copies) > 0) {
        cJSON_AddItemToObject(json, "copies", cJSON_Duplicate(vm->copies, 1));
    }
    return json;
}

bool sim_vm_patch(struct sim_vm *vm, const cJSON *patch, const char *where,
                  struct sim_err *err)
{
    const char *id = sim_json_text(patch, "external_id", sim_vm_id(vm));
    cJSON *json;
    bool good;

    if (!cJSON_IsObject(patch)) {
        return sim_fail(err, "%s: must be an object", where);
    }
    if (strcmp(id, sim_vm_id(vm)) != 0) {
        return sim_fail(err, "%s.external_id: cannot change", where);
    }
    json = sim_vm_json(vm);
    sim_json_merge(json, patch);
    good = read_into(vm, json, where, err);
    cJSON_Delete(json);
    return good;
}

void sim_vm_set_tags(struct sim_vm *vm, const struct sim_tags *tags)
{
    struct sim_view *view = sim_view_new(vm->doc, tags);

    sim_view_free(vm->current);
    vm->current = view;
    set_doc_tags(vm->doc, tags);
    cJSON_DeleteItemFromObjectCaseSensitive(vm->doc, "_last_sync_time");
    cJSON_AddNumberToObject(vm->doc, "_last_sync_time", (double)sim_epoch_ms());
}

static uint64_t later_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void sim_vm_announce(struct sim_vm *vm, uint64_t now_ms, const struct sim_delays *delays)
{
    struct sim_pending next = {
        .view = sim_view_ref(vm->current),
        .member_at_ms = now_ms + delays->membership_ms,
        .enforced_at_ms = now_ms + delays->realization_ms,
    };

    /* Changes arrive in their order, and the firewall never before the group. */
    if (vm->pending_count > 0) {
        const struct sim_pending *last = &vm->pending[vm->pending_count - 1];

        next.member_at_ms = later_of(next.member_at_ms, last->member_at_ms);
        next.enforced_at_ms = later_of(next.enforced_at_ms, last->enforced_at_ms);
    }
    next.enforced_at_ms = later_of(next.enforced_at_ms, next.member_at_ms);
    vm->pending = sim_grow(vm->pending, vm->pending_count + 1, sizeof(*vm->pending));
    vm->pending[vm->pending_count++] = next;
    (void)sim_vm_settle(vm, now_ms);
}

bool sim_vm_settle(struct sim_vm *vm, uint64_t now_ms)
{
    bool arrived = false;
    size_t done = 0;

    for (size_t i = 0; i < vm->pending_count; i++) {
        struct sim_pending *pending = &vm->pending[i];

        if (!pending->is_member_view && pending->member_at_ms <= now_ms) {
            sim_view_free(vm->member);
            vm->member = sim_view_ref(pending->view);
            pending->is_member_view = true;
            arrived = true;
        }
        if (pending->enforced_at_ms <= now_ms) {
            sim_view_free(vm->enforced);
            vm->enforced = pending->view;
            done = i + 1;
        }
    }
    vm->pending_count -= done;
    if (done > 0 && vm->pending_count > 0) {
        memmove(vm->pending, vm->pending + done,
                vm->pending_count * sizeof(*vm->pending));
    }
    return arrived || done > 0;
}

bool sim_vm_has_port(const struct sim_vm *vm)
{
    const cJSON *vif;

    cJSON_ArrayForEach(vif, vm->vifs)
    {
        if (sim_json_get(vif, "lport_attachment_id") != NULL) {
            return true;
        }
    }
    return false;
}

bool sim_vm_is_system(const struct sim_vm *vm, const cJSON *listed)
{
    static const char *const own[] = {"EDGE", "SERVICE", "MP", "INTELLIGENCE",
                                      "VC_SYSTEM"};
    const cJSON *item;

    cJSON_ArrayForEach(item, listed)
    {
        if (strcmp(item->valuestring, vm->id) == 0) {
            return true;
        }
    }
    return is_one_of(sim_json_text(vm->doc, "type", ""), own, SIM_COUNT_OF(own));
}

bool sim_vm_has_address(const struct sim_vm *vm, const char *address)
{
    const cJSON *vif;
    const cJSON *info;
    const cJSON *item;

    cJSON_ArrayForEach(vif, vm->vifs)
    {
        cJSON_ArrayForEach(info, sim_json_get(vif, "ip_address_info"))
        {
            cJSON_ArrayForEach(item, sim_json_get(info, "ip_addresses"))
            {
                if (sim_same_text(item->valuestring, address)) {
                    return true;
                }
            }
        }
    }
    return false;
}
