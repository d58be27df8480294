/* SPDX-License-Identifier: Apache-2.0 */
/* object.c: types by the form of the id, and the common elements. */
#include "object.h"

#include <ctype.h>
#include <string.h>

/* One NSX Manager, so these never differ. */
#define VSM_UUID "42030D04-DA84-841C-B02B-3D0F845AF88A"
#define NODE_ID  "6438f0c2-593c-4237-b116-7c958fffa15b"

static const struct row {
    const char *prefix;
    enum vs_type type;
    const char *name;
} rows[] = {
    {"vm-", VS_TYPE_VM, "VirtualMachine"},
    {"securitytag-", VS_TYPE_TAG, "SecurityTag"},
    {"securitygroup-", VS_TYPE_GROUP, "SecurityGroup"},
    {"ipset-", VS_TYPE_IP_SET, "IPSet"},
    {"application-", VS_TYPE_APPLICATION, "Application"},
    {"domain-c", VS_TYPE_CLUSTER, "ClusterComputeResource"},
    {"host-", VS_TYPE_HOST, "HostSystem"},
    {"datacenter-", VS_TYPE_DATACENTER, "Datacenter"},
    {"dvportgroup-", VS_TYPE_NETWORK, "DistributedVirtualPortgroup"},
    {"virtualwire-", VS_TYPE_NETWORK, "VirtualWire"},
    {VS_EVERYWHERE, VS_TYPE_FIREWALL, VS_EVERYWHERE},
    {"ALL_EDGES", VS_TYPE_EDGES, "ALL_EDGES"},
    {"globalroot-", VS_TYPE_OTHER, "GlobalRoot"},
    {"excludeList-", VS_TYPE_OTHER, "ExcludeList"},
};

static const struct row *find_row(const char *id)
{
    for (size_t i = 0; i < SIM_COUNT_OF(rows); i++) {
        if (strncmp(id, rows[i].prefix, strlen(rows[i].prefix)) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

/* 8-4-4-4-12 digits, a dot, three digits. */
static bool is_vnic(const char *id)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx.ddd";

    for (size_t i = 0; i < sizeof(form); i++) {
        unsigned char c = (unsigned char)id[i];

        if (form[i] == 'x'   ? !isxdigit(c)
            : form[i] == 'd' ? !isdigit(c)
                             : c != (unsigned char)form[i]) {
            return false;
        }
    }
    return true;
}

enum vs_type vs_type_of(const char *id)
{
    const struct row *row = find_row(id);

    if (row != NULL) {
        return row->type;
    }
    return is_vnic(id) ? VS_TYPE_VNIC : VS_TYPE_OTHER;
}

const char *vs_type_name(const char *id)
{
    const struct row *row = find_row(id);

    if (row != NULL) {
        return row->name;
    }
    if (is_vnic(id)) {
        return "Vnic";
    }
    return strchr(id, ':') != NULL ? "Ipv6Address" : "Ipv4Address";
}

unsigned vs_id_number(const char *id, const char *prefix)
{
    size_t length = strlen(prefix);
    uint64_t number = 0;

    if (strncmp(id, prefix, length) != 0 || id[length] == '0' ||
        !sim_parse_number(id + length, UINT32_MAX, &number)) {
        return 0;
    }
    return (unsigned)number;
}

static void write_type(xmlNode *node, const char *id)
{
    vs_xml_text(vs_xml_add(node, "type"), "typeName", vs_type_name(id));
}

void vs_object_write(xmlNode *node, const struct vs_object *object)
{
    vs_xml_text(node, "objectId", object->id);
    vs_xml_text(node, "objectTypeName", vs_type_name(object->id));
    vs_xml_text(node, object->style == VS_STYLE_RESOURCE ? "nsxmgrUuid" : "vsmUuid",
                VSM_UUID);
    if (object->style == VS_STYLE_FULL) {
        vs_xml_text(node, "nodeId", NODE_ID);
    }
    vs_xml_number(node, "revision", object->revision);
    write_type(node, object->id);
    if (object->name != NULL) {
        vs_xml_text(node, "name", object->name);
    }
    if (object->description != NULL) {
        vs_xml_text(node, "description", object->description);
    }
    if (object->scope != NULL) {
        xmlNode *scope = vs_xml_add(node, "scope");

        vs_xml_text(scope, "id", object->scope);
        vs_xml_text(scope, "objectTypeName", vs_type_name(object->scope));
        vs_xml_text(scope, "name", object->scope_name);
    }
    vs_xml_text(node, "clientHandle", NULL);
    if (object->style != VS_STYLE_ATTACHED) {
        vs_xml_text(node, "extendedAttributes", NULL);
    }
    if (object->style != VS_STYLE_RESOURCE) {
        vs_xml_bool(node, "isUniversal", false);
        vs_xml_number(node, "universalRevision", 0);
    }
}
