/* SPDX-License-Identifier: Apache-2.0 */
/* xml.c: see xml.h. A kind of list is data: its roots, its items, and which
 * element of an item goes into which field. */
#include "nsx/vsphere/xml.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/uuid.h"
#include "nsx/walk_xml.h"

#define NAMES_MAX     4
#define FIELDS_MAX    8
#define ADDRESSES_MAX NQ_INVENTORY_ADDRESSES_MAX
#define NUMBER_MAX    20 /* digits of an int64_t */

/* What one item tells, and what the list tells about itself. */
struct item {
    char id[NQ_OBJECT_ID_MAX + 1];
    char name[NQ_INVENTORY_NAME_MAX + 1];
    char universal[8];
    char cluster[NQ_OBJECT_ID_MAX + 1];
    char instance_uuid[NQ_UUID_TEXT];
    char bios_uuid[NQ_UUID_TEXT];
    char addresses[ADDRESSES_MAX][INET6_ADDRSTRLEN];
    size_t address_count;
};

/* The element <name> right inside <parent>, which is the item or right inside it. */
struct field {
    const char *parent;
    const char *name;
    size_t offset;
    size_t room;
};

#define FIELD(parent, name, member)                                                      \
    {                                                                                    \
        parent, name, offsetof(struct item, member), sizeof(((struct item *)0)->member)  \
    }

struct reader;

struct kind {
    const char *roots[NAMES_MAX];
    const char *items[NAMES_MAX];
    struct field fields[FIELDS_MAX];
    const char *addresses; /* what holds addresses, each in a <string> */
    bool (*emit)(struct reader *reader);
    const char *needs; /* of an item, for messages */
};

struct reader {
    const struct kind *kind;
    struct item item;
    size_t items;
    char start[NUMBER_MAX + 1];
    char total[NUMBER_MAX + 1];
    nq_tag_fn *each_tag;
    nq_xml_vm_fn *each_vm;
    nq_xml_text_fn *each_text;
    void *arg;
};

bool nq_xml_is_id(const char *text)
{
    return *text && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789-_") == strlen(text);
}

/* ---- one way to read all of them --------------------------------------------------- */

static bool is_one_of(const char *const names[NAMES_MAX], const char *name)
{
    for (size_t i = 0; i < NAMES_MAX && names[i]; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* What does not fit is not what it should be. */
static void keep(char *out, size_t room, const char *text)
{
    (void)snprintf(out, room, "%s", strlen(text) < room ? text : "");
}

/* An item stands right below the root; something of its name deeper down is none. */
static bool is_item(const struct reader *reader, const struct nq_xml_place *place)
{
    return is_one_of(reader->kind->items, nq_xml_name(place, 0)) &&
           *nq_xml_name(place, 1) && !*nq_xml_name(place, 2);
}

static bool begin(void *arg, const struct nq_xml_place *place, struct nq_err *reterr)
{
    struct reader *reader = arg;
    const struct kind *kind = reader->kind;
    if (!*nq_xml_name(place, 1) && !is_one_of(kind->roots, nq_xml_name(place, 0))) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "<%.32s> where <%s> was expected",
                       nq_xml_name(place, 0), kind->roots[0]);
    }
    if (is_item(reader, place)) {
        memset(&reader->item, 0, sizeof(reader->item));
    }
    return true;
}

static void take_address(struct reader *reader, const struct nq_xml_place *place,
                         const char *text)
{
    struct item *item = &reader->item;
    if (reader->kind->addresses && item->address_count < ADDRESSES_MAX &&
        nq_xml_is(place, reader->kind->addresses, "string")) {
        keep(item->addresses[item->address_count++], INET6_ADDRSTRLEN, text);
    }
}

static bool end(void *arg, const struct nq_xml_place *place, const char *text,
                struct nq_err *reterr)
{
    struct reader *reader = arg;
    const struct kind *kind = reader->kind;
    for (size_t i = 0; i < FIELDS_MAX && kind->fields[i].name; i++) {
        const struct field *field = &kind->fields[i];
        const size_t top = is_one_of(kind->items, field->parent) ? 3 : 4;
        if (nq_xml_is(place, field->parent, field->name) && !*nq_xml_name(place, top)) {
            keep((char *)&reader->item + field->offset, field->room, text);
        }
    }
    take_address(reader, place, text);
    if (nq_xml_is(place, "pagingInfo", "startIndex")) {
        keep(reader->start, sizeof(reader->start), text);
    } else if (nq_xml_is(place, "pagingInfo", "totalCount")) {
        keep(reader->total, sizeof(reader->total), text);
    }
    if (is_item(reader, place)) {
        reader->items++;
        return kind->emit(reader) ||
               nq_fail(reterr, NQ_NSX_ANSWER, "item %zu of the list has no usable %s",
                       reader->items, kind->needs);
    }
    return true;
}

static bool read_list(const char *body, size_t len, struct reader *reader,
                      struct nq_err *reterr)
{
    static const struct nq_xml_handler handler = {.begin = begin, .end = end};
    return nq_xml_walk(body, len, &handler, reader, reterr);
}

/* ---- tags -------------------------------------------------------------------------- */

static bool emit_tag(struct reader *reader)
{
    const struct item *item = &reader->item;
    const struct nq_tag_facts tag = {.id = item->id,
                                     .name = item->name,
                                     .universal = strcmp(item->universal, "true") == 0};
    const bool good = nq_xml_is_id(item->id);
    if (good) {
        reader->each_tag(reader->arg, &tag);
    }
    return good;
}

static const struct kind tags = {
    .roots = {"securityTags"},
    .items = {"securityTag"},
    .fields = {FIELD("securityTag", "objectId", id), FIELD("securityTag", "name", name),
               FIELD("securityTag", "isUniversal", universal)},
    .emit = emit_tag,
    .needs = "objectId",
};

/* false: not a count. */
static bool read_count(const char *text, int64_t *ret_count)
{
    char *rest = NULL;
    errno = 0;
    const long long count = strtoll(text, &rest, 10);
    if (rest == text || *rest || errno != 0 || count < 0) {
        return false;
    }
    *ret_count = count;
    return true;
}

bool nq_xml_tags(const char *body, size_t len, nq_tag_fn *each, void *arg,
                 struct nq_xml_page *ret_page, struct nq_err *reterr)
{
    struct reader reader = {.kind = &tags, .each_tag = each, .arg = arg};
    if (!read_list(body, len, &reader, reterr)) {
        return false;
    }
    *ret_page = (struct nq_xml_page){.items = reader.items, .total = -1};
    return (!*reader.total || (read_count(reader.total, &ret_page->total) &&
                               read_count(reader.start, &ret_page->start))) ||
           nq_fail(reterr, NQ_NSX_ANSWER, "pagingInfo holds no usable numbers");
}

/* ---- VMs --------------------------------------------------------------------------- */

static bool emit_vm(struct reader *reader)
{
    const struct item *item = &reader->item;
    const struct nq_xml_vm vm = {.moref = item->id,
                                 .name = item->name,
                                 .cluster = item->cluster,
                                 .instance_uuid = item->instance_uuid,
                                 .bios_uuid = item->bios_uuid};
    const bool good = nq_xml_is_id(item->id);
    if (good) {
        reader->each_vm(reader->arg, &vm);
    }
    return good;
}

static const struct kind vms = {
    .roots = {"list", "basicinfolist", "attachedVMList"},
    .items = {"basicinfo", "attachedVM"},
    .fields = {FIELD("basicinfo", "objectId", id), FIELD("basicinfo", "name", name),
               FIELD("attachedVM", "objectId", id), FIELD("attachedVM", "name", name),
               FIELD("attachedVM", "instanceUUID", instance_uuid),
               FIELD("attachedVM", "biosUUID", bios_uuid), FIELD("scope", "id", cluster)},
    .emit = emit_vm,
    .needs = "objectId",
};

bool nq_xml_vms(const char *body, size_t len, nq_xml_vm_fn *each, void *arg,
                struct nq_err *reterr)
{
    struct reader reader = {.kind = &vms, .each_vm = each, .arg = arg};
    return read_list(body, len, &reader, reterr);
}

/* The call is not documented, so nobody knows the name of its root. */
static bool end_object(void *arg, const struct nq_xml_place *place, const char *text,
                       struct nq_err *reterr)
{
    struct reader *reader = arg;
    struct item *item = &reader->item;
    (void)reterr;
    if (*nq_xml_name(place, 1) && !*nq_xml_name(place, 2)) {
        if (strcmp(nq_xml_name(place, 0), "objectId") == 0) {
            keep(item->id, sizeof(item->id), text);
        } else if (strcmp(nq_xml_name(place, 0), "name") == 0) {
            keep(item->name, sizeof(item->name), text);
        }
    } else if (nq_xml_is(place, "scope", "id")) {
        keep(item->cluster, sizeof(item->cluster), text);
    }
    return true;
}

bool nq_xml_object(const char *body, size_t len, nq_xml_vm_fn *each, void *arg,
                   struct nq_err *reterr)
{
    static const struct nq_xml_handler handler = {.end = end_object};
    struct reader reader = {.kind = &vms, .each_vm = each, .arg = arg};
    return nq_xml_walk(body, len, &handler, &reader, reterr) &&
           (emit_vm(&reader) ||
            nq_fail(reterr, NQ_NSX_ANSWER, "the object has no usable objectId"));
}

/* ---- addresses --------------------------------------------------------------------- */

static bool emit_addresses(struct reader *reader)
{
    for (size_t i = 0; i < reader->item.address_count; i++) {
        reader->each_text(reader->arg, reader->item.addresses[i]);
    }
    return true;
}

static const struct kind addresses = {
    .roots = {"ipNodes"},
    .items = {"ipNode"},
    .addresses = "ipAddresses",
    .emit = emit_addresses,
    .needs = "ipAddresses",
};

bool nq_xml_addresses(const char *body, size_t len, nq_xml_text_fn *each, void *arg,
                      struct nq_err *reterr)
{
    struct reader reader = {.kind = &addresses, .each_text = each, .arg = arg};
    return read_list(body, len, &reader, reterr);
}
