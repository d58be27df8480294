/* SPDX-License-Identifier: Apache-2.0 */
/* vcenter.c: sessions and VMs of vCenter, in the form of /rest and in that of /api. */
#include <stdlib.h>
#include <string.h>

#include "manager.h"

#define SESSION_HEADER "vmware-api-session-id"

/* /api came with vCenter 7.0; /rest stayed beside it. */
static bool is_new_form(const struct sim_request *request)
{
    return strcmp(request->segments[0], "api") == 0;
}

bool vs_vcenter_is(const struct sim_request *request)
{
    const char *first = request->segments[0];
    const char *second = request->segment_count > 1 ? request->segments[1] : "";

    return strcmp(first, "rest") == 0 ||
           (strcmp(first, "api") == 0 &&
            (strcmp(second, "session") == 0 || strcmp(second, "vcenter") == 0));
}

/* kind as in com.vmware.vapi.std.errors.not_found. */
static void refuse(const struct sim_request *request, struct sim_reply *reply,
                   unsigned status, const char *kind, const char *id, const char *text)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *value = json;
    cJSON *message = cJSON_CreateObject();
    char *type;

    cJSON_AddStringToObject(message, "id", id);
    cJSON_AddStringToObject(message, "default_message", text);
    cJSON_AddArrayToObject(message, "args");
    if (is_new_form(request)) {
        type = sim_strdup(kind);
        for (char *at = type; *at != '\0'; at++) {
            *at = (char)(*at >= 'a' && *at <= 'z' ? *at - 'a' + 'A' : *at);
        }
        cJSON_AddStringToObject(json, "error_type", type);
    } else {
        type = sim_format("com.vmware.vapi.std.errors.%s", kind);
        cJSON_AddStringToObject(json, "type", type);
        value = cJSON_AddObjectToObject(json, "value");
    }
    cJSON_AddItemToArray(cJSON_AddArrayToObject(value, "messages"), message);
    free(type);
    sim_reply_json(reply, status, json);
}

/* Under /rest every value is inside another one. */
static void reply_value(const struct sim_request *request, struct sim_reply *reply,
                        unsigned status, cJSON *value)
{
    cJSON *json = value;

    if (!is_new_form(request)) {
        json = cJSON_CreateObject();
        cJSON_AddItemToObject(json, "value", value);
    }
    sim_reply_json(reply, status, json);
}

static void refuse_login(const struct sim_request *request, struct sim_reply *reply)
{
    refuse(request, reply, 401, "unauthenticated",
           "com.vmware.vapi.endpoint.method.authentication.required",
           "Authentication required.");
}

static uint64_t session_end(const struct sim *sim, const struct sim_request *request)
{
    return request->now_ms + vs_world_of(sim)->settings.vcenter_session_s * 1000;
}

static void create_session(struct sim *sim, const struct sim_request *request,
                           struct sim_reply *reply)
{
    const struct vs_settings *settings = &vs_world_of(sim)->settings;
    char *user = NULL;
    char *password = NULL;
    bool good = vs_login_basic(request, &user, &password) &&
                strcmp(user, settings->vcenter_user) == 0 &&
                strcmp(password, settings->vcenter_password) == 0;

    if (good) {
        const char *id =
            vs_ring_issue(&vs_manager_of(sim)->sessions, "", session_end(sim, request));

        reply_value(request, reply, is_new_form(request) ? 201 : 200,
                    cJSON_CreateString(id));
    } else {
        refuse_login(request, reply);
    }
    free(password);
    free(user);
}

/* The session of the request, used now; NULL and the reply filled when it has none. */
static struct vs_issued *named_session(struct sim *sim, const struct sim_request *request,
                                       struct sim_reply *reply)
{
    const char *id = sim_request_header(request, SESSION_HEADER);
    struct vs_issued *session =
        id == NULL ? NULL
                   : vs_ring_find(&vs_manager_of(sim)->sessions, id, request->now_ms);

    if (session == NULL) {
        refuse_login(request, reply);
    } else {
        session->until_ms = session_end(sim, request);
    }
    return session;
}

static void delete_session(struct sim *sim, const struct sim_request *request,
                           struct sim_reply *reply)
{
    struct vs_issued *session = named_session(sim, request, reply);

    if (session != NULL) {
        *session = (struct vs_issued){0};
        sim_reply_empty(reply, is_new_form(request) ? 204 : 200);
    }
}

/* filter.names, filter.names.1, filter.names.2 under /rest; names under /api. */
static bool is_name_filter(const struct sim_request *request, const char *name)
{
    static const char old[] = "filter.names";

    if (is_new_form(request)) {
        return strcmp(name, "names") == 0;
    }
    return strncmp(name, old, sizeof(old) - 1) == 0 &&
           (name[sizeof(old) - 1] == '\0' || name[sizeof(old) - 1] == '.');
}

static bool is_wanted(const struct sim_request *request, const struct vs_vm *vm)
{
    bool filtered = false;

    for (size_t i = 0; i < request->param_count; i++) {
        if (!is_name_filter(request, request->params[i].name)) {
            continue;
        }
        filtered = true;
        if (strcmp(request->params[i].value, vs_vm_name(vm)) == 0) {
            return true;
        }
    }
    return !filtered;
}

static cJSON *summary(const struct vs_vm *vm)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "vm", vm->moref);
    cJSON_AddStringToObject(json, "name", vs_vm_name(vm));
    cJSON_AddStringToObject(json, "power_state", vs_vm_text(vm, "power_state"));
    cJSON_AddNumberToObject(json, "cpu_count", 2);
    cJSON_AddNumberToObject(json, "memory_size_MiB", 4096);
    return json;
}

static uint64_t list_cap(const struct vs_settings *settings)
{
    if (settings->vcenter_cap > 0) {
        return settings->vcenter_cap;
    }
    return settings->vcenter_form == VS_VCENTER_70 ? 4000 : 1000;
}

/* More than the cap is an error, not a shorter list. */
static void list_vms(struct sim *sim, const struct sim_request *request,
                     struct sim_reply *reply)
{
    const struct vs_world *world = vs_world_of(sim);
    uint64_t cap = list_cap(&world->settings);
    cJSON *list = cJSON_CreateArray();
    uint64_t count = 0;

    for (size_t i = 0; i < world->vm_count && count <= cap; i++) {
        const struct vs_vm *vm = world->vms[i];

        if (is_wanted(request, vm) && !sim_json_bool(vm->doc, "template", false)) {
            cJSON_AddItemToArray(list, summary(vm));
            count++;
        }
    }
    if (count > cap) {
        cJSON_Delete(list);
        refuse(
            request, reply, (unsigned)world->settings.vcenter_cap_status,
            "unable_to_allocate_resource", "com.vmware.api.vcenter.vm.too_many_matches",
            "Too many virtual machines. Add more filter criteria to reduce the number.");
        return;
    }
    reply_value(request, reply, 200, list);
}

static const struct vs_vm *named_vm(struct sim *sim, const struct sim_request *request,
                                    struct sim_reply *reply)
{
    const struct vs_vm *vm = vs_world_vm(vs_world_of(sim), request->args[0]);

    if (vm == NULL) {
        refuse(request, reply, 404, "not_found", "com.vmware.api.vcenter.vm.not_found",
               "Virtual machine was not found.");
    }
    return vm;
}

/* identity is there from API 6.7.1 on. */
static void get_vm(struct sim *sim, const struct sim_request *request,
                   struct sim_reply *reply)
{
    const struct vs_vm *vm = named_vm(sim, request, reply);
    cJSON *json;
    cJSON *identity;

    if (vm == NULL) {
        return;
    }
    json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "name", vs_vm_name(vm));
    cJSON_AddStringToObject(json, "power_state", vs_vm_text(vm, "power_state"));
    if (vs_world_of(sim)->settings.vcenter_form != VS_VCENTER_65) {
        identity = cJSON_AddObjectToObject(json, "identity");
        cJSON_AddStringToObject(identity, "name", vs_vm_name(vm));
        cJSON_AddStringToObject(identity, "bios_uuid", vs_vm_text(vm, "bios_uuid"));
        cJSON_AddStringToObject(identity, "instance_uuid", vm->instance_uuid);
    }
    reply_value(request, reply, 200, json);
}

static const char *first_address(const struct vs_vm *vm)
{
    const cJSON *vnic;

    cJSON_ArrayForEach(vnic, vs_vm_vnics(vm))
    {
        const cJSON *item = cJSON_GetArrayItem(sim_json_get(vnic, "addresses"), 0);

        if (item != NULL) {
            return item->valuestring;
        }
    }
    return NULL;
}

/* VMware Tools say it, so they must run. */
static void get_guest(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    const struct vs_vm *vm = named_vm(sim, request, reply);
    cJSON *json;
    cJSON *name;

    if (vm == NULL) {
        return;
    }
    if (strcmp(vs_vm_text(vm, "power_state"), "POWERED_ON") != 0 ||
        *vs_vm_text(vm, "guest_host_name") == '\0') {
        refuse(request, reply, 503, "service_unavailable",
               "com.vmware.api.vcenter.vm.guest.tools_not_running",
               "VMware Tools is not running in the virtual machine.");
        return;
    }
    json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "name", "WINDOWS_9_64");
    cJSON_AddStringToObject(json, "family", "WINDOWS");
    name = cJSON_AddObjectToObject(json, "full_name");
    cJSON_AddStringToObject(name, "default_message", vs_vm_text(vm, "guest_os"));
    cJSON_AddStringToObject(name, "id", "vmsg.guestos");
    cJSON_AddArrayToObject(name, "args");
    cJSON_AddStringToObject(json, "host_name", vs_vm_text(vm, "guest_host_name"));
    if (first_address(vm) != NULL) {
        cJSON_AddStringToObject(json, "ip_address", first_address(vm));
    }
    reply_value(request, reply, 200, json);
}

#define OLD_SESSION "/rest/com/vmware/cis/session"

static const struct sim_route routes_65[] = {
    {"POST", OLD_SESSION, create_session},
    {"DELETE", OLD_SESSION, delete_session},
    {"GET", "/rest/vcenter/vm", list_vms},
    {"GET", "/rest/vcenter/vm/{}", get_vm},
};

static const struct sim_route routes_67[] = {
    {"GET", "/rest/vcenter/vm/{}/guest/identity", get_guest},
};

static const struct sim_route routes_70[] = {
    {"POST", "/api/session", create_session},
    {"DELETE", "/api/session", delete_session},
    {"GET", "/api/vcenter/vm", list_vms},
    {"GET", "/api/vcenter/vm/{}", get_vm},
    {"GET", "/api/vcenter/vm/{}/guest/identity", get_guest},
};

static const struct sim_family family_65 = {routes_65, SIM_COUNT_OF(routes_65)};
static const struct sim_family family_67 = {routes_67, SIM_COUNT_OF(routes_67)};
static const struct sim_family family_70 = {routes_70, SIM_COUNT_OF(routes_70)};

void vs_vcenter_answer(struct sim *sim, struct sim_request *request,
                       struct sim_reply *reply)
{
    static const struct sim_family *const families[] = {&family_65, &family_67,
                                                        &family_70};
    static const size_t counts[] = {
        [VS_VCENTER_65] = 1, [VS_VCENTER_67] = 2, [VS_VCENTER_70] = 3};
    const struct sim_route *route = NULL;
    enum sim_match match = sim_family_find(
        families, counts[vs_world_of(sim)->settings.vcenter_form], request, &route);

    if (match == SIM_MATCH_NONE) {
        refuse(request, reply, 404, "not_found", "com.vmware.vapi.rest.not_found",
               "There is no such path.");
    } else if (match == SIM_MATCH_OTHER_METHOD) {
        refuse(request, reply, 405, "operation_not_found", "com.vmware.vapi.rest.method",
               "This path does not take that method.");
    } else if (route->handle == create_session ||
               named_session(sim, request, reply) != NULL) {
        route->handle(sim, request, reply);
    }
}
