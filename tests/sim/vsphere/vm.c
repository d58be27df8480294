/* SPDX-License-Identifier: Apache-2.0 */
/* vm.c: reading a VM, and the queue of its views. */
#include "vm.h"

#include <stdlib.h>
#include <string.h>

#include "object.h"

bool vs_tag_set_has(const struct vs_tag_set *set, unsigned number)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->numbers[i] == number) {
            return true;
        }
    }
    return false;
}

void vs_tag_set_add(struct vs_tag_set *set, unsigned number)
{
    if (!vs_tag_set_has(set, number)) {
        set->numbers = sim_grow(set->numbers, set->count + 1, sizeof(*set->numbers));
        set->numbers[set->count++] = number;
    }
}

void vs_tag_set_remove(struct vs_tag_set *set, unsigned number)
{
    size_t kept = 0;

    for (size_t i = 0; i < set->count; i++) {
        if (set->numbers[i] != number) {
            set->numbers[kept++] = set->numbers[i];
        }
    }
    set->count = kept;
}

void vs_tag_set_copy(struct vs_tag_set *to, const struct vs_tag_set *from)
{
    *to = (struct vs_tag_set){0};
    for (size_t i = 0; i < from->count; i++) {
        vs_tag_set_add(to, from->numbers[i]);
    }
}

void vs_tag_set_done(struct vs_tag_set *set)
{
    free(set->numbers);
    *set = (struct vs_tag_set){0};
}

static const struct sim_json_member vm_members[] = {
    {"external_id", SIM_JSON_STRING, true},
    {"display_name", SIM_JSON_STRING, true},
    {"instance_uuid", SIM_JSON_STRING, false},
    {"bios_uuid", SIM_JSON_STRING, false},
    {"cluster", SIM_JSON_STRING, false},
    {"host", SIM_JSON_STRING, false},
    {"guest_host_name", SIM_JSON_STRING, false},
    {"guest_os", SIM_JSON_STRING, false},
    {"power_state", SIM_JSON_STRING, false},
    {"template", SIM_JSON_BOOL, false},
    {"ip_discovered", SIM_JSON_BOOL, false},
    {"vnics", SIM_JSON_OBJECTS, false},
    {"tags", SIM_JSON_ANY, false},
};

static const struct sim_json_member vnic_members[] = {
    {"name", SIM_JSON_STRING, false},
    {"mac_address", SIM_JSON_STRING, true},
    {"network", SIM_JSON_STRING, false},
    {"addresses", SIM_JSON_STRINGS, false},
};

static bool check_vnics(const cJSON *vnics, const char *where, struct sim_err *err)
{
    const cJSON *vnic;
    unsigned index = 0;

    cJSON_ArrayForEach(vnic, vnics)
    {
        char *at = sim_format("%s.vnics[%u]", where, index++);
        bool good = SIM_JSON_CHECK(vnic, vnic_members, at, err);

        free(at);
        if (!good) {
            return false;
        }
    }
    return index <= VS_VNICS_MAX ||
           sim_fail(err, "%s.vnics: more than %d", where, VS_VNICS_MAX);
}

static bool check_vm(const cJSON *json, const char *where, struct sim_err *err)
{
    if (!SIM_JSON_CHECK(json, vm_members, where, err)) {
        return false;
    }
    if (vs_id_number(sim_json_text(json, "external_id", ""), "vm-") == 0) {
        return sim_fail(err, "%s.external_id: must be a MoRef, as in vm-101", where);
    }
    return check_vnics(sim_json_get(json, "vnics"), where, err);
}

static void complete(cJSON *doc)
{
    unsigned number = vs_id_number(sim_json_text(doc, "external_id", ""), "vm-");
    char *uuid = sim_format("50130c1a-7f10-4b6e-8a00-%012u", number);
    char *bios = sim_format("42130c1a-7f10-4b6e-8a00-%012u", number);
    cJSON *vnic;
    unsigned index = 1;

    sim_json_default_text(doc, "instance_uuid", uuid);
    sim_json_default_text(doc, "bios_uuid", bios);
    sim_json_default_text(doc, "guest_host_name", "");
    sim_json_default_text(doc, "guest_os", "");
    sim_json_default_text(doc, "power_state", "POWERED_ON");
    if (sim_json_get(doc, "template") == NULL) {
        cJSON_AddFalseToObject(doc, "template");
    }
    if (sim_json_get(doc, "ip_discovered") == NULL) {
        cJSON_AddTrueToObject(doc, "ip_discovered");
    }
    if (sim_json_get(doc, "vnics") == NULL) {
        cJSON_AddArrayToObject(doc, "vnics");
    }
    cJSON_ArrayForEach(vnic, sim_json_get(doc, "vnics"))
    {
        char *name = sim_format("Network adapter %u", index++);

        sim_json_default_text(vnic, "name", name);
        sim_json_default_text(vnic, "network", "dvportgroup-20");
        if (sim_json_get(vnic, "addresses") == NULL) {
            cJSON_AddArrayToObject(vnic, "addresses");
        }
        free(name);
    }
    free(bios);
    free(uuid);
}

static void take_doc(struct vs_vm *vm, const cJSON *json)
{
    cJSON *doc = cJSON_Duplicate(json, 1);

    cJSON_DeleteItemFromObjectCaseSensitive(doc, "tags");
    complete(doc);
    cJSON_Delete(vm->doc);
    vm->doc = doc;
    if (vm->moref == NULL) { /* it never changes, and the index points to it */
        vm->moref = sim_strdup(sim_json_text(doc, "external_id", ""));
    }
    free(vm->instance_uuid);
    vm->instance_uuid = sim_strdup(sim_json_text(doc, "instance_uuid", ""));
}

struct vs_vm *vs_vm_new(const cJSON *json, const char *where, struct sim_err *err)
{
    struct vs_vm *vm;

    if (!check_vm(json, where, err)) {
        return NULL;
    }
    vm = sim_alloc(1, sizeof(*vm));
    take_doc(vm, json);
    return vm;
}

static void free_view(struct vs_view *view)
{
    if (view != NULL && --view->refs == 0) {
        free(view->name);
        free(view->guest_host_name);
        free(view->guest_os);
        vs_tag_set_done(&view->tags);
        free(view);
    }
}

struct vs_vm *vs_vm_free(struct vs_vm *vm)
{
    if (vm != NULL) {
        for (size_t i = 0; i < vm->pending_count; i++) {
            free_view(vm->pending[i].view);
        }
        free(vm->pending);
        free_view(vm->member);
        free_view(vm->enforced);
        vs_tag_set_done(&vm->tags);
        cJSON_Delete(vm->doc);
        free(vm->moref);
        free(vm->instance_uuid);
        free(vm);
    }
    return NULL;
}

bool vs_vm_patch(struct vs_vm *vm, const cJSON *patch, const char *where,
                 struct sim_err *err)
{
    cJSON *json;
    bool good;

    if (!cJSON_IsObject(patch)) {
        return sim_fail(err, "%s: must be an object", where);
    }
    if (strcmp(sim_json_text(patch, "external_id", vm->moref), vm->moref) != 0) {
        return sim_fail(err, "%s.external_id: cannot change", where);
    }
    json = cJSON_Duplicate(vm->doc, 1);
    sim_json_merge(json, patch);
    good = check_vm(json, where, err);
    if (good) {
        take_doc(vm, json);
    }
    cJSON_Delete(json);
    return good;
}

const char *vs_vm_text(const struct vs_vm *vm, const char *member)
{
    return sim_json_text(vm->doc, member, "");
}

const char *vs_vm_name(const struct vs_vm *vm)
{
    return vs_vm_text(vm, "display_name");
}

const cJSON *vs_vm_vnics(const struct vs_vm *vm)
{
    return sim_json_get(vm->doc, "vnics");
}

char *vs_vm_vnic_id(const struct vs_vm *vm, size_t index)
{
    return sim_format("%s.%03zu", vm->instance_uuid, index);
}

bool vs_vm_is_discovered(const struct vs_vm *vm)
{
    return sim_json_bool(vm->doc, "ip_discovered", true);
}

bool vs_vm_has_address(const struct vs_vm *vm, const char *address)
{
    const cJSON *vnic;
    const cJSON *item;

    cJSON_ArrayForEach(vnic, vs_vm_vnics(vm))
    {
        cJSON_ArrayForEach(item, sim_json_get(vnic, "addresses"))
        {
            if (sim_same_text(item->valuestring, address)) {
                return true;
            }
        }
    }
    return false;
}

static struct vs_view *make_view(const struct vs_vm *vm)
{
    struct vs_view *view = sim_alloc(1, sizeof(*view));

    view->refs = 1;
    view->name = sim_strdup(vs_vm_name(vm));
    view->guest_host_name = sim_strdup(vs_vm_text(vm, "guest_host_name"));
    view->guest_os = sim_strdup(vs_vm_text(vm, "guest_os"));
    vs_tag_set_copy(&view->tags, &vm->tags);
    return view;
}

static uint64_t later_of(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void vs_vm_announce(struct vs_vm *vm, uint64_t now_ms, const struct vs_delays *delays)
{
    uint64_t begin = vm->is_known ? now_ms : later_of(now_ms, vm->known_at_ms);
    struct vs_pending next = {
        .view = make_view(vm),
        .member_at_ms = begin + delays->membership_ms,
        .enforced_at_ms = begin + delays->realization_ms,
    };

    /* Changes arrive in their order, and the firewall never before the group. */
    if (vm->pending_count > 0) {
        const struct vs_pending *last = &vm->pending[vm->pending_count - 1];

        next.member_at_ms = later_of(next.member_at_ms, last->member_at_ms);
        next.enforced_at_ms = later_of(next.enforced_at_ms, last->enforced_at_ms);
    }
    next.enforced_at_ms = later_of(next.enforced_at_ms, next.member_at_ms);
    vm->pending = sim_grow(vm->pending, vm->pending_count + 1, sizeof(*vm->pending));
    vm->pending[vm->pending_count++] = next;
}

unsigned vs_vm_settle(struct vs_vm *vm, uint64_t now_ms, bool vcenter_connected)
{
    unsigned progress = VS_PROGRESS_NONE;
    size_t done = 0;

    if (!vm->is_known) {
        vm->is_known = vcenter_connected && vm->known_at_ms <= now_ms;
    }
    for (size_t i = 0; vm->is_known && i < vm->pending_count; i++) {
        struct vs_pending *pending = &vm->pending[i];

        if (!pending->is_member_view && pending->member_at_ms <= now_ms) {
            free_view(vm->member);
            vm->member = pending->view;
            vm->member->refs++;
            pending->is_member_view = true;
            progress |= VS_PROGRESS_MEMBER;
        }
        if (pending->enforced_at_ms <= now_ms) {
            free_view(vm->enforced);
            vm->enforced = pending->view;
            done = i + 1;
            progress |= VS_PROGRESS_ENFORCED;
        }
    }
    vm->pending_count -= done;
    if (done > 0 && vm->pending_count > 0) {
        memmove(vm->pending, vm->pending + done,
                vm->pending_count * sizeof(*vm->pending));
    }
    return progress;
}
