/* SPDX-License-Identifier: Apache-2.0 */
/* gate.c: the gate in front of all calls, and the manager as one generation of NSX. */
#include <stdlib.h>
#include <string.h>

#include "manager.h"

static const struct vs_family *const families[] = {
    &vs_token_family,  &vs_node_family,    &vs_tag_family,
    &vs_attach_family, &vs_group_family,   &vs_member_family,
    &vs_rule_family,   &vs_publish_family, &vs_address_family,
};

/* What a web server says that has no such path: none of the error forms of NSX. */
static void refuse_path(struct sim_reply *reply, unsigned status)
{
    char *page = sim_format("<html><head><title>Error report</title></head><body>"
                            "<h1>HTTP Status %u</h1></body></html>\n",
                            status);

    sim_reply_text(reply, status, "text/html;charset=utf-8", page);
    free(page);
}

static const struct vs_call *find_call(const struct sim *sim, struct sim_request *request,
                                       unsigned *ret_status)
{
    unsigned version = vs_settings_version(&vs_world_of(sim)->settings);

    *ret_status = 404;
    for (size_t i = 0; i < SIM_COUNT_OF(families); i++) {
        for (size_t k = 0; k < families[i]->count; k++) {
            const struct vs_call *call = &families[i]->calls[k];
            const struct sim_family one = {&call->route, 1};
            const struct sim_family *const list[] = {&one};
            const struct sim_route *unused;

            if (version < call->since) {
                continue;
            }
            switch (sim_family_find(list, 1, request, &unused)) {
            case SIM_MATCH_FOUND:
                return call;
            case SIM_MATCH_OTHER_METHOD:
                *ret_status = 405;
                break;
            case SIM_MATCH_NONE:
                break;
            }
        }
    }
    return NULL;
}

/* These two belong to the appliance, not to the network. */
static bool is_appliance_path(const struct sim_request *request)
{
    return strncmp(request->target, "/api/1.0/appliance-management/", 30) == 0 ||
           strncmp(request->target, "/api/2.0/services/vcconfig", 26) == 0;
}

static bool check_role(struct sim *sim, const struct sim_request *request,
                       const struct vs_call *call, struct sim_reply *reply)
{
    const struct vs_settings *settings = &vs_world_of(sim)->settings;
    const char *role = settings->role;
    bool is_admin = strcmp(role, "super_user") == 0 ||
                    strcmp(role, "enterprise_admin") == 0 ||
                    strcmp(role, "vshield_admin") == 0;

    if (strcmp(role, "none") == 0) {
        vs_refuse_unauthorized(sim, request, reply, 403,
                               "VC user does not have any role on NSX Manager");
        return false;
    }
    if ((call->writes &&
         (strcmp(role, "auditor") == 0 || strcmp(role, "network_engineer") == 0)) ||
        (is_appliance_path(request) && strchr(settings->user, '@') != NULL &&
         !is_admin)) {
        vs_refuse_unauthorized(sim, request, reply, 403,
                               "The user is not authorized to perform this operation.");
        return false;
    }
    return true;
}

/* Another client changed the same object a moment ago. */
static bool meets_conflict(struct sim *sim, const struct sim_request *request,
                           const struct vs_call *call, struct sim_reply *reply)
{
    struct vs_settings *settings = &vs_world_of(sim)->settings;

    if (!call->writes || settings->conflicts == 0) {
        return false;
    }
    settings->conflicts--;
    if (settings->conflict_form == VS_CONFLICT_HIBERNATE) {
        vs_refuse(
            sim, request, reply, 500, VS_CODE_CONFLICT,
            "org.hibernate.StaleObjectStateException: Row was updated or deleted by "
            "another transaction");
    } else {
        vs_refuse(
            sim, request, reply, 409, VS_CODE_CONFLICT,
            "Concurrent object access error. Refresh UI or fetch the latest copy of "
            "the object and retry operation.");
    }
    return true;
}

static void answer_call(struct sim *sim, struct sim_request *request,
                        struct sim_reply *reply)
{
    unsigned status;
    const struct vs_call *call = find_call(sim, request, &status);
    bool is_open = call != NULL && strcmp(call->route.path, VS_CREDENTIALS_PATH) == 0;

    if (!is_open && !vs_login_check(sim, request, reply)) {
        return;
    }
    if (call == NULL) {
        refuse_path(reply, status);
        return;
    }
    if (vs_reply_is_possible(sim, request, reply) &&
        check_role(sim, request, call, reply) &&
        !meets_conflict(sim, request, call, reply)) {
        call->route.handle(sim, request, reply);
    }
}

void vs_gate_answer(struct sim *sim, struct sim_request *request, struct sim_reply *reply)
{
    vs_world_settle(vs_world_of(sim), request->now_ms);
    if (vs_vcenter_is(request)) {
        vs_vcenter_answer(sim, request, reply);
    } else {
        answer_call(sim, request, reply);
    }
}

static void record_change(void *arg, const struct sim_change *change)
{
    struct sim *sim = arg;

    sim_journal_change(&sim->journal, change);
}

static bool open_manager(struct sim *sim, const cJSON *world, struct sim_err *err)
{
    struct vs_manager *manager = sim_alloc(1, sizeof(*manager));

    vs_xml_init();
    sim->state = manager;
    manager->world = vs_world_new(world, err);
    if (manager->world == NULL) {
        return false;
    }
    manager->world->on_change = record_change;
    manager->world->on_change_arg = sim;
    return true;
}

static void close_manager(struct sim *sim)
{
    struct vs_manager *manager = vs_manager_of(sim);

    if (manager != NULL) {
        vs_world_free(manager->world);
        free(manager);
        sim->state = NULL;
    }
}

static void settle(struct sim *sim, uint64_t now_ms)
{
    vs_world_settle(vs_world_of(sim), now_ms);
}

const struct sim_api sim_vsphere_api = {
    .name = "vsphere",
    .open = open_manager,
    .close = close_manager,
    .answer = vs_gate_answer,
    .control = &vs_control_family,
    .settle = settle,
};
