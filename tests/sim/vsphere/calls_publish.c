/* SPDX-License-Identifier: Apache-2.0 */
/* calls_publish.c: whether the firewall acts on the rules: state, publication, counters,
 * exclude list, and what a host really has of a group. */
#include <stdlib.h>
#include <string.h>

#include "dfw.h"
#include "manager.h"

/* The words are published, the form of the answer is not. */
static void get_state(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    xmlNode *root = vs_xml_root("firewallState");

    vs_xml_text(root, "state", vs_world_of(sim)->settings.firewall_state);
    vs_reply_document(sim, request, reply, root);
}

static const char *status_word(const struct vs_world *world)
{
    return vs_world_is_in_progress(world) ? "inprogress" : "published";
}

static void write_generations(xmlNode *node, const struct vs_world *world,
                              uint64_t generation, uint64_t objects, const char *cluster)
{
    vs_xml_number(node, "generationNumber", generation);
    if (cluster != NULL) {
        vs_xml_text(node, "clusterId", cluster);
    }
    if (vs_settings_version(&world->settings) >= VS_VERSION(6, 2, 4)) {
        vs_xml_number(node, "generationNumberObjects", objects);
    }
}

static void write_host(xmlNode *list, const struct vs_world *world, const cJSON *host,
                       bool runs)
{
    xmlNode *node = vs_xml_add(list, "hostStatus");
    const char *own = sim_json_text(host, "status", NULL);
    const char *word = runs ? status_word(world) : "inprogress";

    vs_xml_text(node, "hostId", sim_json_text(host, "id", ""));
    vs_xml_text(node, "hostName", sim_json_text(host, "name", ""));
    vs_xml_text(node, "status", own != NULL ? own : word);
    vs_xml_number(node, "errorCode", sim_json_count(host, "error_code", 0));
    vs_xml_number(node, "startTime", world->generation);
    vs_xml_number(node, "endTime", world->enforced_generation);
    write_generations(node, world, world->enforced_generation, world->enforced_objects,
                      sim_json_text(host, "cluster", ""));
}

/* A cluster has published when its hosts have. */
static const char *cluster_word(const struct vs_world *world, const char *id, bool runs)
{
    const cJSON *host;

    cJSON_ArrayForEach(host, world->hosts)
    {
        if (strcmp(sim_json_text(host, "cluster", ""), id) == 0 &&
            sim_json_get(host, "status") != NULL) {
            return sim_json_text(host, "status", "");
        }
    }
    return runs ? status_word(world) : "inprogress";
}

static void write_cluster(xmlNode *list, const struct vs_world *world,
                          const cJSON *cluster)
{
    const char *id = sim_json_text(cluster, "id", "");
    bool runs = sim_json_bool(cluster, "firewall_installed", false) &&
                sim_json_bool(cluster, "firewall_enabled", false);
    xmlNode *node;
    xmlNode *hosts;
    const cJSON *host;

    /* Until 6.2.3 clusters without the firewall were listed, for ever in progress. */
    if (!runs && vs_settings_version(&world->settings) >= VS_VERSION(6, 2, 4)) {
        return;
    }
    node = vs_xml_add(list, "clusterStatus");
    vs_xml_text(node, "clusterId", id);
    vs_xml_text(node, "status", cluster_word(world, id, runs));
    write_generations(node, world, world->enforced_generation, world->enforced_objects,
                      NULL);
    hosts = vs_xml_add(node, "hostStatusList");
    cJSON_ArrayForEach(host, world->hosts)
    {
        if (strcmp(sim_json_text(host, "cluster", ""), id) == 0) {
            write_host(hosts, world, host, runs);
        }
    }
}

static void get_status(struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply)
{
    const struct vs_world *world = vs_world_of(sim);
    xmlNode *root = vs_xml_root("firewallStatus");
    xmlNode *list;
    const cJSON *cluster;

    vs_xml_number(root, "startTime", world->generation);
    vs_xml_text(root, "status", status_word(world));
    write_generations(root, world, world->generation, world->objects_generation, NULL);
    list = vs_xml_add(root, "clusterList");
    cJSON_ArrayForEach(cluster, world->clusters)
    {
        write_cluster(list, world, cluster);
    }
    vs_reply_document(sim, request, reply, root);
}

/* Of one section: the same, for all sections are published together here. */
static void get_section_status(struct sim *sim, const struct sim_request *request,
                               struct sim_reply *reply)
{
    uint64_t id = 0;

    if (!sim_parse_number(request->args[0], UINT32_MAX, &id) ||
        vs_world_section(vs_world_of(sim), id) == NULL) {
        vs_refuse(sim, request, reply, 400, VS_CODE_NO_SECTION, "Invalid section id : %s",
                  request->args[0]);
        return;
    }
    get_status(sim, request, reply);
}

static void get_stats(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    const struct vs_world *world = vs_world_of(sim);
    bool table = world->settings.table_stats_names;
    struct vs_section *section;
    const struct vs_rule *rule;
    uint64_t id = 0;
    xmlNode *root;

    rule = sim_parse_number(request->args[0], UINT32_MAX, &id)
               ? vs_world_rule(world, id, &section)
               : NULL;
    if (rule == NULL) {
        vs_refuse(sim, request, reply, 400, VS_CODE_NO_RULE, "Invalid rule id : %s",
                  request->args[0]);
        return;
    }
    root = vs_xml_root("ruleStats");
    vs_xml_number(root, "ruleId", rule->id);
    vs_xml_number(root, table ? "hitcount" : "hitCount", rule->hits.count);
    vs_xml_number(root, table ? "firstHitTime" : "firstHitCount",
                  (uint64_t)rule->hits.first_ms);
    vs_xml_number(root, table ? "lastHitTime" : "lastHitCount",
                  (uint64_t)rule->hits.last_ms);
    vs_reply_document(sim, request, reply, root);
}

static void reset_stats(struct sim *sim, const struct sim_request *request,
                        struct sim_reply *reply)
{
    struct vs_world *world = vs_world_of(sim);
    const char *action = sim_request_param(request, "action");

    if (action == NULL || strcmp(action, "reset") != 0) {
        vs_refuse(sim, request, reply, 400, VS_CODE_BAD_REQUEST, "action must be reset.");
        return;
    }
    for (size_t i = 0; i < world->section_count && !request->changes_nothing; i++) {
        for (size_t k = 0; k < world->sections[i]->rule_count; k++) {
            world->sections[i]->rules[k].hits = (struct vs_hits){0};
        }
    }
    sim_reply_empty(reply, 200);
}

static void get_global(struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply)
{
    const struct vs_settings *settings = &vs_world_of(sim)->settings;
    unsigned version = vs_settings_version(settings);
    xmlNode *root = vs_xml_root("globalConfiguration");

    vs_xml_bool(root, "layer3RuleOptimize", false);
    vs_xml_bool(root, "layer2RuleOptimize", true);
    vs_xml_bool(root, "tcpStrictOption", false);
    if (version >= VS_VERSION(6, 4, 0)) {
        vs_xml_bool(root, "enableGlobalContainers", true);
    }
    if (version >= VS_VERSION(6, 4, 2)) {
        vs_xml_bool(root, "ruleStatsDisabled", !settings->rule_stats);
    }
    vs_reply_document(sim, request, reply, root);
}

static void get_excluded(struct sim *sim, const struct sim_request *request,
                         struct sim_reply *reply)
{
    const struct vs_world *world = vs_world_of(sim);
    bool system = vs_settings_version(&world->settings) >= VS_VERSION(6, 4, 0) &&
                  vs_request_flag(request, "listSystemResources", false);
    const struct vs_object list = {.id = "excludeList-1"};
    xmlNode *root = vs_xml_root("VshieldAppConfiguration");
    xmlNode *node = vs_xml_add(root, "excludeListConfiguration");
    const cJSON *item;

    vs_object_write(node, &list);
    cJSON_ArrayForEach(item, world->exclude_list)
    {
        bool is_system = sim_json_bool(item, "system", false);
        struct vs_object object;
        xmlNode *member;

        if ((is_system && !system) ||
            !vs_world_describe(world, sim_json_text(item, "vm", ""), &object)) {
            continue;
        }
        member = vs_xml_add(node, "excludeMember");
        vs_object_write(vs_xml_add(member, "member"), &object);
        vs_xml_bool(member, "systemResource", is_system);
    }
    vs_reply_document(sim, request, reply, root);
}

static void get_flow_config(struct sim *sim, const struct sim_request *request,
                            struct sim_reply *reply)
{
    xmlNode *root = vs_xml_root("FlowConfiguration");

    vs_xml_bool(root, "collectFlows", vs_world_of(sim)->settings.collect_flows);
    vs_xml_bool(root, "ignoreBlockedFlows", false);
    vs_xml_bool(root, "ignoreLayer2Flows", false);
    vs_reply_document(sim, request, reply, root);
}

#define CONTAINERS_MAX 5 /* of either list, as documented */

static const char *realized_word(const struct vs_world *world, const char *word)
{
    static const char *const words[][2] = {
        {"yes", "Yes"}, {"no", "No"}, {"not found", "Not found"}};

    for (size_t i = 0; i < SIM_COUNT_OF(words); i++) {
        if (strcmp(words[i][0], word) == 0) {
            return words[i][world->settings.upper_case_realized];
        }
    }
    return word;
}

/* What the host of the VM has: yes when the container holds an address of the network
 * interface; for applied-to, when it holds the interface itself. */
static void write_container(xmlNode *list, const struct vs_world *world,
                            const struct vs_vm *vm, const char *id, bool is_applied)
{
    struct vs_subject subject = {.vm = vm, .view = vm->enforced};
    struct vs_object unused;
    bool is_there = vs_type_of(id) != VS_TYPE_OTHER &&
                    vs_world_describe(world, id, &unused) &&
                    vs_dfw_unprotected(world, vm) == NULL;
    bool holds = is_there && vs_entity_has(world, id, &subject);
    xmlNode *container = vs_xml_add(list, "container");
    xmlNode *total;
    const cJSON *vnic;
    size_t index = 0;
    bool any = false;

    vs_xml_text(container, "id", id);
    vs_xml_text(container, "realized", "");
    total = vs_xml_find(container->children, "realized");
    cJSON_ArrayForEach(vnic, vs_vm_vnics(vm))
    {
        bool known = vs_vm_is_discovered(vm) &&
                     cJSON_GetArraySize(sim_json_get(vnic, "addresses")) > 0;
        bool realized = holds && (is_applied || known);
        const char *word = realized ? "yes" : "no";
        xmlNode *node = vs_xml_add(container, "vmVnic");
        char *uuid = vs_vm_vnic_id(vm, index++);

        any = any || realized;
        vs_xml_text(node, "uuid", uuid);
        vs_xml_text(node, "realized",
                    realized_word(world, is_there ? word : "not found"));
        if (realized && !is_applied) {
            vs_write_addresses(node, "ipAddress", vm, vnic);
        }
        free(uuid);
    }
    xmlNodeSetContent(total, (const xmlChar *)realized_word(world, !is_there ? "not found"
                                                                   : any     ? "yes"
                                                                             : "no"));
}

/* False and the reply filled when the list is longer than allowed, or shorter. */
static bool write_containers(struct sim *sim, const struct sim_request *request,
                             struct sim_reply *reply, xmlNode *root, xmlNode *body,
                             const struct vs_vm *vm, bool is_applied)
{
    xmlNode *from =
        vs_xml_find(body->children, is_applied ? "appliedToList" : "sourceOrDestList");
    const char *element = is_applied ? "appliedTo" : "container";
    xmlNode *to = vs_xml_add(root, is_applied ? "appliedTos" : "sourceOrDest");
    xmlNode *node = from == NULL ? NULL : vs_xml_find(from->children, element);
    unsigned count = 0;

    for (; node != NULL; node = vs_xml_find(node->next, element)) {
        char *id = vs_xml_child_text(node, "value");

        if (id != NULL) {
            write_container(to, vs_world_of(sim), vm, id, is_applied);
        }
        free(id);
        count++;
    }
    if (count > CONTAINERS_MAX || (count == 0 && !is_applied)) {
        vs_refuse(sim, request, reply, 400, VS_CODE_BAD_REQUEST,
                  "%s must have %d to %d entries.",
                  is_applied ? "appliedToList" : "sourceOrDestList", is_applied ? 0 : 1,
                  CONTAINERS_MAX);
        return false;
    }
    return true;
}

static void post_containers(struct sim *sim, const struct sim_request *request,
                            struct sim_reply *reply)
{
    const struct vs_vm *vm = vs_request_vm(
        sim, request, request->args[0], vs_world_of(sim)->settings.missing_status, reply);
    xmlNode *body =
        vm == NULL ? NULL : vs_request_document(sim, request, "vmContainerList", reply);
    xmlNode *root;

    if (body == NULL) {
        return;
    }
    root = vs_xml_root("firewallVMStatus");
    if (write_containers(sim, request, reply, root, body, vm, false) &&
        write_containers(sim, request, reply, root, body, vm, true)) {
        vs_reply_document(sim, request, reply, root);
    } else {
        vs_xml_free(root);
    }
    vs_xml_free(body);
}

#define FIREWALL "/api/4.0/firewall"

static const struct vs_call calls[] = {
    {{"GET", FIREWALL "/globalroot-0/state", get_state}, 0, false},
    {{"GET", FIREWALL "/globalroot-0/status", get_status}, 0, false},
    {{"GET", FIREWALL "/globalroot-0/status/layer3sections/{}", get_section_status},
     0,
     false},
    {{"GET", FIREWALL "/stats/rules/{}", get_stats}, VS_VERSION(6, 4, 2), false},
    {{"POST", FIREWALL "/stats/rules", reset_stats}, VS_VERSION(6, 4, 2), true},
    {{"GET", FIREWALL "/config/globalconfiguration", get_global}, 0, false},
    {{"POST", FIREWALL "/objects/status/vm/{}/containers", post_containers},
     VS_VERSION(6, 4, 0),
     false},
    {{"GET", "/api/2.1/app/excludelist", get_excluded}, 0, false},
    {{"GET", "/api/2.1/app/flow/config", get_flow_config}, 0, false},
};

const struct vs_family vs_publish_family = {calls, SIM_COUNT_OF(calls)};
