/* SPDX-License-Identifier: Apache-2.0 */
/* calls_node.c: the manager itself: version, link to vCenter, fabric, inventory. */
#include <stdlib.h>
#include <string.h>

#include "manager.h"

static const char *const version_names[] = {"majorVersion", "minorVersion",
                                            "patchVersion"};

/* The three numbers of the version, in its order. */
static void split_version(const struct vs_settings *settings, unsigned parts[3])
{
    unsigned version = vs_settings_version(settings);

    parts[0] = version / 10000;
    parts[1] = version / 100 % 100;
    parts[2] = version % 100;
}

/* Before 6.2.3 this one was JSON, and without the outer name. */
static void reply_old_info(const struct vs_settings *settings, const unsigned parts[3],
                           struct sim_reply *reply)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *version;

    cJSON_AddStringToObject(json, "currentLoggedInUser", settings->user);
    version = cJSON_AddObjectToObject(json, "versionInfo");
    for (size_t i = 0; i < 3; i++) {
        char *text = sim_format("%u", parts[i]);

        cJSON_AddStringToObject(version, version_names[i], text);
        free(text);
    }
    cJSON_AddStringToObject(version, "buildNumber", settings->build);
    sim_reply_json(reply, 200, json);
}

static void get_info(struct sim *sim, const struct sim_request *request,
                     struct sim_reply *reply)
{
    const struct vs_settings *settings = &vs_world_of(sim)->settings;
    unsigned parts[3];
    xmlNode *root;
    xmlNode *version;

    split_version(settings, parts);
    if (vs_settings_version(settings) < VS_VERSION(6, 2, 3)) {
        reply_old_info(settings, parts, reply);
        return;
    }
    root = vs_xml_root("globalInfo");
    vs_xml_text(root, "currentLoggedInUser", settings->user);
    version = vs_xml_add(root, "versionInfo");
    for (size_t i = 0; i < 3; i++) {
        vs_xml_number(version, version_names[i], parts[i]);
    }
    vs_xml_text(version, "buildNumber", settings->build);
    vs_reply_document(sim, request, reply, root);
}

static void get_vsm(struct sim *sim, const struct sim_request *request,
                    struct sim_reply *reply)
{
    xmlNode *root = vs_xml_root("vsmConfig");

    vs_xml_text(root, "version", vs_world_of(sim)->settings.version);
    vs_reply_document(sim, request, reply, root);
}

static void get_vcenter(struct sim *sim, const struct sim_request *request,
                        struct sim_reply *reply)
{
    const struct vs_world *world = vs_world_of(sim);
    xmlNode *root = vs_xml_root("vcInfo");

    vs_xml_text(root, "ipAddress", "127.0.0.1");
    vs_xml_text(root, "userName", world->settings.vcenter_user);
    vs_xml_text(root, "certificateThumbprint", NULL);
    vs_xml_bool(root, "assignRoleToUser", true);
    vs_xml_number(root, "vcInventoryLastUpdateTime", (uint64_t)world->last_sync_ms);
    vs_reply_document(sim, request, reply, root);
}

static void get_vcenter_status(struct sim *sim, const struct sim_request *request,
                               struct sim_reply *reply)
{
    const struct vs_world *world = vs_world_of(sim);
    xmlNode *root = vs_xml_root("vcConfigStatus");

    vs_xml_bool(root, "connected", world->settings.vcenter_connected);
    vs_xml_number(root, "lastInventorySyncTime", (uint64_t)world->last_sync_ms);
    vs_reply_document(sim, request, reply, root);
}

#define FEATURE_VERSION "5.5" /* as the API guide shows it */

static const struct {
    const char *name;
    const char *id;
} features[] = {
    {"Host preparation", "com.vmware.vshield.nsxmgr.nwfabric.hostPrep"},
    {"VXLAN", "com.vmware.vshield.nsxmgr.vxlan"},
    {"Messaging infrastructure", "com.vmware.vshield.nsxmgr.messagingInfra"},
    {"Firewall", "com.vmware.vshield.firewall"},
};

static void get_features(struct sim *sim, const struct sim_request *request,
                         struct sim_reply *reply)
{
    xmlNode *root = vs_xml_root("featureInfos");

    for (size_t i = 0; i < SIM_COUNT_OF(features); i++) {
        xmlNode *info = vs_xml_add(root, "featureInfo");

        vs_xml_text(info, "name", features[i].name);
        vs_xml_text(info, "featureId", features[i].id);
        vs_xml_text(info, "version", FEATURE_VERSION);
    }
    vs_reply_document(sim, request, reply, root);
}

static void get_fabric(struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply)
{
    const struct vs_world *world = vs_world_of(sim);
    const char *id = sim_request_param(request, "resource");
    const cJSON *cluster = id == NULL ? NULL : vs_world_cluster(world, id);
    bool installed = sim_json_bool(cluster, "firewall_installed", false);
    struct vs_object object;
    xmlNode *root;
    xmlNode *status;

    if (cluster == NULL || !vs_world_describe(world, id, &object)) {
        vs_refuse_missing(sim, request, reply, id == NULL ? "resource" : id);
        return;
    }
    root = vs_xml_root("resourceStatuses");
    status = vs_xml_add(root, "resourceStatus");
    object.style = VS_STYLE_RESOURCE;
    vs_object_write(vs_xml_add(status, "resource"), &object);
    for (size_t i = 0; i < SIM_COUNT_OF(features); i++) {
        xmlNode *feature = vs_xml_add(status, "nwFabricFeatureStatus");
        bool is_firewall = i + 1 == SIM_COUNT_OF(features);
        const char *health = installed ? "GREEN" : "UNKNOWN";

        vs_xml_text(feature, "featureId", features[i].id);
        vs_xml_text(feature, "featureVersion", FEATURE_VERSION);
        vs_xml_bool(feature, "updateAvailable", false);
        vs_xml_text(feature, "status",
                    is_firewall ? sim_json_text(cluster, "status", "") : health);
        vs_xml_bool(feature, "installed", installed);
    }
    vs_reply_document(sim, request, reply, root);
}

void vs_write_basicinfo(xmlNode *parent, const struct vs_world *world, const char *id)
{
    struct vs_object object;

    (void)vs_world_describe(world, id, &object);
    vs_object_write(vs_xml_add(parent, "basicinfo"), &object);
}

static void get_basicinfo(struct sim *sim, const struct sim_request *request,
                          struct sim_reply *reply)
{
    struct vs_object object;
    xmlNode *root;

    if (vs_type_of(request->args[0]) == VS_TYPE_OTHER ||
        !vs_world_describe(vs_world_of(sim), request->args[0], &object)) {
        vs_refuse_missing(sim, request, reply, request->args[0]);
        reply->status = 404; /* whatever the setting says: this one was seen */
        return;
    }
    root = vs_xml_root("basicinfo");
    vs_object_write(root, &object);
    vs_reply_document(sim, request, reply, root);
}

static const struct vs_call calls[] = {
    {{"GET", "/api/1.0/appliance-management/global/info", get_info}, 0, false},
    {{"GET", "/api/2.0/services/vsmconfig", get_vsm}, 0, false},
    {{"GET", "/api/2.0/services/vcconfig", get_vcenter}, 0, false},
    {{"GET", "/api/2.0/services/vcconfig/status", get_vcenter_status}, 0, false},
    {{"GET", "/api/2.0/nwfabric/features", get_features}, 0, false},
    {{"GET", "/api/2.0/nwfabric/status", get_fabric}, 0, false},
    {{"GET", "/api/2.0/nwfabric/status-without-alarms", get_fabric}, 0, false},
    {{"GET", "/api/2.0/services/inventory/{}/basicinfo", get_basicinfo}, 0, false},
};

const struct vs_family vs_node_family = {calls, SIM_COUNT_OF(calls)};
