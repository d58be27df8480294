/* SPDX-License-Identifier: Apache-2.0 */
/* object.h: what all managed objects have in common: an id that names the type, and the
 * same dozen elements in every answer.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   never.
 * Limits  none of its own.
 */
#ifndef VS_OBJECT_H
#define VS_OBJECT_H

#include "xml.h"

enum vs_type {
    VS_TYPE_OTHER, /* no object of this world: perhaps an address */
    VS_TYPE_VM,
    VS_TYPE_TAG,
    VS_TYPE_GROUP,
    VS_TYPE_IP_SET,
    VS_TYPE_APPLICATION,
    VS_TYPE_CLUSTER,
    VS_TYPE_HOST,
    VS_TYPE_DATACENTER,
    VS_TYPE_NETWORK, /* distributed port group or logical switch */
    VS_TYPE_VNIC,    /* <instance UUID>.<number of three digits> */
    VS_TYPE_FIREWALL,
    VS_TYPE_EDGES,
};

#define VS_DATACENTER_ID   "datacenter-2"
#define VS_DATACENTER_NAME "Datacenter"
#define VS_ROOT_ID         "globalroot-0"
#define VS_EVERYWHERE      "DISTRIBUTED_FIREWALL"

enum vs_type vs_type_of(const char *id);
/* The name of the type in the API: SecurityGroup, VirtualMachine, Ipv4Address, ... */
const char *vs_type_name(const char *id);

/* The number behind prefix, as 12 in securitytag-12; 0 when id is not of that form. */
unsigned vs_id_number(const char *id, const char *prefix);

/* Which of the common elements an answer has. */
enum vs_style {
    VS_STYLE_FULL,
    VS_STYLE_ATTACHED, /* as <attachedVM>: no nodeId, no extendedAttributes */
    VS_STYLE_RESOURCE, /* as the fabric: the manager's UUID by another name, no more */
};

struct vs_object {
    const char *id;
    const char *name;
    const char *description; /* NULL: left out */
    const char *scope;       /* id of the scope; NULL: left out */
    const char *scope_name;
    uint64_t revision;
    enum vs_style style;
};

/* Adds the common elements to node. */
void vs_object_write(xmlNode *node, const struct vs_object *object);

#endif
