/* SPDX-License-Identifier: Apache-2.0 */
/* calls_tags.c: security tags as objects: list, one, create, delete. */
#include <stdlib.h>
#include <string.h>

#include "manager.h"

#define PAGE_SIZE 1024

static void fill_tag(xmlNode *node, const struct vs_world *world,
                     const struct vs_tag *tag)
{
    struct vs_object object;

    (void)vs_world_describe(world, tag->id, &object);
    vs_object_write(node, &object);
    vs_xml_bool(node, "systemResource", tag->is_system);
    vs_xml_number(node, "vmCount", tag->vm_count);
}

static void write_tag(xmlNode *parent, const struct vs_world *world,
                      const struct vs_tag *tag)
{
    fill_tag(vs_xml_add(parent, "securityTag"), world, tag);
}

/* Whether names or ids are compared. */
static bool by_name(const struct sim_request *request, const char *parameter)
{
    const char *value = sim_request_param(request, parameter);

    return value != NULL && strcmp(value, "name") == 0;
}

static bool is_wanted(const struct sim_request *request, const struct vs_tag *tag)
{
    const char *value = sim_request_param(request, "filterValue");

    return value == NULL ||
           strcmp(by_name(request, "filterBy") ? tag->name : tag->id, value) == 0;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp((*(const struct vs_tag *const *)a)->id,
                  (*(const struct vs_tag *const *)b)->id);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(const struct vs_tag *const *)a)->name,
                  (*(const struct vs_tag *const *)b)->name);
}

/* As text: securitytag-10 comes right after securitytag-1. To be freed. */
static const struct vs_tag **select_tags(const struct vs_world *world,
                                         const struct sim_request *request,
                                         size_t *ret_count)
{
    const struct vs_tag **tags =
        sim_alloc(world->tag_count, sizeof(const struct vs_tag *));
    size_t count = 0;

    for (size_t i = 0; i < world->tag_count; i++) {
        if (is_wanted(request, &world->tags[i])) {
            tags[count++] = &world->tags[i];
        }
    }
    qsort(tags, count, sizeof(*tags),
          by_name(request, "sortBy") ? compare_names : compare_ids);
    if (!vs_request_flag(request, "sortOrderAscending", true)) {
        for (size_t i = 0; i < count / 2; i++) {
            const struct vs_tag *other = tags[count - 1 - i];

            tags[count - 1 - i] = tags[i];
            tags[i] = other;
        }
    }
    *ret_count = count;
    return tags;
}

static void write_paging(xmlNode *root, const struct sim_request *request, uint64_t size,
                         uint64_t start, size_t total)
{
    xmlNode *paging = vs_xml_add(root, "pagingInfo");

    vs_xml_number(paging, "pageSize", size);
    vs_xml_number(paging, "startIndex", start);
    vs_xml_number(paging, "totalCount", total);
    vs_xml_bool(paging, "sortOrderAscending",
                vs_request_flag(request, "sortOrderAscending", true));
    vs_xml_text(paging, "sortBy", by_name(request, "sortBy") ? "name" : "objectId");
}

static void list_page(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    const struct vs_world *world = vs_world_of(sim);
    uint64_t largest = world->settings.page_size_max;
    const struct vs_tag **tags;
    uint64_t start = 0;
    uint64_t size = 0;
    size_t count;
    xmlNode *root;

    if (!vs_request_number(sim, request, "startIndex", 0, UINT32_MAX, &start, reply) ||
        !vs_request_number(sim, request, "pageSize", PAGE_SIZE, UINT32_MAX, &size,
                           reply)) {
        return;
    }
    if (size == 0) {
        size = PAGE_SIZE;
    }
    if (largest > 0 && size > largest) {
        size = largest;
    }
    tags = select_tags(world, request, &count);
    root = vs_xml_root("securityTags");
    write_paging(root, request, size, start, count);
    for (size_t i = start; i < count && i - start < size; i++) {
        write_tag(root, world, tags[i]);
    }
    free(tags);
    vs_reply_document(sim, request, reply, root);
}

/* Paging, order and filter came with 6.3.3, the filter for universal tags with 6.3.0. */
static void list_tags(struct sim *sim, const struct sim_request *request,
                      struct sim_reply *reply)
{
    const struct vs_world *world = vs_world_of(sim);
    unsigned version = vs_settings_version(&world->settings);
    bool universal =
        version >= VS_VERSION(6, 3, 0) && vs_request_flag(request, "isUniversal", false);
    xmlNode *root;

    if (version >= VS_VERSION(6, 3, 3) && !universal) {
        list_page(sim, request, reply);
        return;
    }
    root = vs_xml_root("securityTags");
    for (size_t i = 0; i < world->tag_count && !universal; i++) {
        write_tag(root, world, &world->tags[i]);
    }
    vs_reply_document(sim, request, reply, root);
}

static void get_tag(struct sim *sim, const struct sim_request *request,
                    struct sim_reply *reply)
{
    const struct vs_tag *tag = vs_request_tag(sim, request, request->args[0], reply);
    xmlNode *root;

    if (tag == NULL) {
        return;
    }
    root = vs_xml_root("securityTag");
    fill_tag(root, vs_world_of(sim), tag);
    vs_reply_document(sim, request, reply, root);
}

static void create_tag(struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply)
{
    struct vs_world *world = vs_world_of(sim);
    xmlNode *body = vs_request_document(sim, request, "securityTag", reply);
    char *name = body == NULL ? NULL : vs_xml_child_text(body, "name");
    char *description = body == NULL ? NULL : vs_xml_child_text(body, "description");

    if (body == NULL) {
        return;
    }
    if (name == NULL || *name == '\0') {
        vs_refuse(sim, request, reply, 400, VS_CODE_BAD_REQUEST, "The name is missing.");
    } else if (vs_world_tag_named(world, name) != NULL) {
        vs_refuse(
            sim, request, reply, 400, VS_CODE_SAME_NAME,
            "Another object with same name : %s already exists in the current scope "
            ": Global.",
            name);
    } else if (world->tag_count == VS_TAGS_MAX) {
        vs_refuse(sim, request, reply, 500, VS_CODE_BAD_REQUEST, "More than %d tags.",
                  VS_TAGS_MAX);
    } else if (request->changes_nothing) {
        vs_reply_created(sim, reply, "securitytag-0");
    } else {
        vs_reply_created(
            sim, reply,
            vs_world_add_tag(world, 0, name, description == NULL ? "" : description)->id);
    }
    free(description);
    free(name);
    vs_xml_free(body);
}

static void delete_tag(struct sim *sim, const struct sim_request *request,
                       struct sim_reply *reply)
{
    struct vs_world *world = vs_world_of(sim);
    struct vs_tag *tag = vs_request_tag(sim, request, request->args[0], reply);

    if (tag == NULL) {
        return;
    }
    if (tag->is_system) {
        vs_refuse(sim, request, reply, 400, VS_CODE_FORBIDDEN,
                  "The operation is not permitted on the system resource %s.", tag->id);
    } else if (!vs_request_flag(request, "force", false) &&
               vs_world_tag_is_used(world, tag)) {
        vs_refuse(sim, request, reply, 400, VS_CODE_IN_USE, "The object %s is in use.",
                  tag->id);
    } else {
        if (!request->changes_nothing) {
            vs_world_remove_tag(world, tag, request->number, request->now_ms);
        }
        sim_reply_empty(reply, 200);
    }
}

#define TAGS "/api/2.0/services/securitytags"

/* Here because it lists tags; attaching them is calls_attach.c. */
static void list_tags_of_vm(struct sim *sim, const struct sim_request *request,
                            struct sim_reply *reply)
{
    const struct vs_world *world = vs_world_of(sim);
    const struct vs_vm *vm;
    xmlNode *root;

    if (world->settings.vm_tags_since_630 &&
        vs_settings_version(&world->settings) < VS_VERSION(6, 3, 0)) {
        sim_reply_empty(reply, 404);
        return;
    }
    vm = vs_request_vm(sim, request, request->args[0], world->settings.missing_status,
                       reply);
    if (vm == NULL) {
        return;
    }
    root = vs_xml_root("securityTags");
    for (size_t i = 0; i < vm->tags.count; i++) {
        const struct vs_tag *tag = vs_world_tag(world, vm->tags.numbers[i]);

        if (tag != NULL) {
            write_tag(root, world, tag);
        }
    }
    vs_reply_document(sim, request, reply, root);
}

static const struct vs_call calls[] = {
    {{"GET", TAGS "/tag", list_tags}, 0, false},
    {{"POST", TAGS "/tag", create_tag}, 0, true},
    {{"GET", TAGS "/tag/{}", get_tag}, 0, false},
    {{"DELETE", TAGS "/tag/{}", delete_tag}, 0, true},
    {{"GET", TAGS "/vm/{}", list_tags_of_vm}, 0, false},
};

const struct vs_family vs_tag_family = {calls, SIM_COUNT_OF(calls)};
