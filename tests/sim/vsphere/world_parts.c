/* SPDX-License-Identifier: Apache-2.0 */
/* world_parts.c: tags, groups, sections and lists: adding, replacing, and checking that
 * whatever they name is there. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "address.h"

struct vs_tag *vs_world_add_tag(struct vs_world *world, unsigned number, const char *name,
                                const char *description)
{
    struct vs_tag tag = {.number = number == 0 ? world->last_tag + 1 : number};

    if (tag.number > world->last_tag) {
        world->last_tag = tag.number;
    }
    tag.id = sim_format("securitytag-%u", tag.number);
    tag.name = sim_strdup(name);
    tag.description = sim_strdup(description);
    world->tags = sim_grow(world->tags, world->tag_count + 1, sizeof(tag));
    world->tags[world->tag_count] = tag;
    return &world->tags[world->tag_count++];
}

void vs_world_remove_tag(struct vs_world *world, struct vs_tag *tag, uint64_t request,
                         uint64_t now_ms)
{
    size_t at = (size_t)(tag - world->tags);

    for (size_t i = 0; i < world->vm_count; i++) {
        (void)vs_world_set_tag(world, world->vms[i], tag, false, request, now_ms);
    }
    free(tag->id);
    free(tag->name);
    free(tag->description);
    memmove(tag, tag + 1, (world->tag_count - at - 1) * sizeof(*tag));
    world->tag_count--;
}

static bool list_names(const cJSON *list, const char *id)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (strcmp(item->valuestring, id) == 0) {
            return true;
        }
    }
    return false;
}

static bool sets_name(const struct vs_group *group, const char *id)
{
    for (size_t i = 0; i < group->set_count; i++) {
        for (size_t k = 0; k < group->sets[i].count; k++) {
            const struct vs_criterion *criterion = &group->sets[i].criteria[k];

            if (criterion->key == VS_KEY_ENTITY && strcmp(criterion->value, id) == 0) {
                return true;
            }
        }
    }
    return false;
}

bool vs_world_tag_is_used(const struct vs_world *world, const struct vs_tag *tag)
{
    for (size_t i = 0; i < world->group_count; i++) {
        const struct vs_group *group = world->groups[i];

        if (list_names(sim_json_get(group->doc, "members"), tag->id) ||
            list_names(sim_json_get(group->doc, "exclude_members"), tag->id) ||
            sets_name(group, tag->id)) {
            return true;
        }
    }
    return tag->vm_count > 0;
}

bool vs_world_read_tags(struct vs_world *world, const cJSON *list, const char *where,
                        struct vs_tag_set *ret_tags, struct sim_err *err)
{
    const cJSON *item;
    unsigned index = 0;

    *ret_tags = (struct vs_tag_set){0};
    if (list != NULL && !cJSON_IsArray(list)) {
        return sim_fail(err, "%s.tags: must be a list", where);
    }
    cJSON_ArrayForEach(item, list)
    {
        const char *name =
            cJSON_IsString(item) ? item->valuestring : sim_json_text(item, "tag", "");
        const struct vs_tag *tag = vs_world_tag_named(world, name);

        if (tag == NULL) {
            vs_tag_set_done(ret_tags);
            return sim_fail(err, "%s.tags[%u]: there is no tag \"%s\"", where, index,
                            name);
        }
        vs_tag_set_add(ret_tags, tag->number);
        index++;
    }
    return true;
}

/* An object of this world, or an address. */
static bool check_name(const struct vs_world *world, const char *id, const char *where,
                       struct sim_err *err)
{
    struct vs_object unused;

    if (vs_type_of(id) == VS_TYPE_OTHER && !sim_address_range_valid(id)) {
        return sim_fail(err, "%s: %s is neither an object nor an address", where, id);
    }
    return vs_world_describe(world, id, &unused) ||
           sim_fail(err, "%s: there is no %s", where, id);
}

static bool check_names(const struct vs_world *world, const cJSON *doc,
                        const char *member, const char *where, struct sim_err *err)
{
    const cJSON *item;
    bool good = true;

    cJSON_ArrayForEach(item, sim_json_get(doc, member))
    {
        char *at = sim_format("%s.%s", where, member);

        good = good && check_name(world, item->valuestring, at, err);
        free(at);
    }
    return good;
}

static bool check_group(const struct vs_world *world, const struct vs_group *group,
                        struct sim_err *err)
{
    for (size_t i = 0; i < group->set_count; i++) {
        for (size_t k = 0; k < group->sets[i].count; k++) {
            const struct vs_criterion *criterion = &group->sets[i].criteria[k];

            if (criterion->key == VS_KEY_ENTITY &&
                !check_name(world, criterion->value, group->id, err)) {
                return false;
            }
        }
    }
    return check_names(world, group->doc, "members", group->id, err) &&
           check_names(world, group->doc, "exclude_members", group->id, err);
}

static bool check_section(const struct vs_world *world, const struct vs_section *section,
                          struct sim_err *err)
{
    for (size_t i = 0; i < section->rule_count; i++) {
        const cJSON *doc = section->rules[i].doc;
        const char *name = sim_json_text(doc, "name", "");
        const cJSON *service;

        if (!check_names(world, doc, "applied_to", name, err) ||
            !check_names(world, doc, "sources", name, err) ||
            !check_names(world, doc, "destinations", name, err)) {
            return false;
        }
        cJSON_ArrayForEach(service, sim_json_get(doc, "services"))
        {
            const char *id = sim_json_text(service, "application", NULL);

            if (id != NULL && vs_world_application(world, id) == NULL) {
                return sim_fail(err, "%s.services: there is no %s", name, id);
            }
        }
    }
    return true;
}

bool vs_world_check_names(const struct vs_world *world, struct sim_err *err)
{
    for (size_t i = 0; i < world->group_count; i++) {
        if (!check_group(world, world->groups[i], err)) {
            return false;
        }
    }
    for (size_t i = 0; i < world->section_count; i++) {
        if (!check_section(world, world->sections[i], err)) {
            return false;
        }
    }
    return true;
}

bool vs_world_put_group(struct vs_world *world, const cJSON *json, const char *where,
                        struct sim_err *err)
{
    struct vs_group *group = vs_group_new(json, where, err);

    if (group == NULL) {
        return false;
    }
    for (size_t i = 0; i < world->group_count; i++) {
        if (strcmp(world->groups[i]->id, group->id) == 0) {
            vs_group_free(world->groups[i]);
            world->groups[i] = group;
            world->objects_generation++;
            return true;
        }
    }
    if (world->group_count == VS_GROUPS_MAX) {
        vs_group_free(group);
        return sim_fail(err, "%s: more than %d groups", where, VS_GROUPS_MAX);
    }
    world->groups = sim_grow(world->groups, world->group_count + 1, sizeof(group));
    world->groups[world->group_count++] = group;
    return true;
}

static void publish(struct vs_world *world, struct vs_section *section, uint64_t now_ms)
{
    if (section->generation <= world->generation) {
        section->generation = world->generation + 1;
    }
    world->generation = section->generation;
    if (world->objects_generation < world->generation) {
        world->objects_generation = world->generation;
    }
    world->publish_at_ms = now_ms + world->settings.delays.realization_ms;
}

bool vs_world_put_section(struct vs_world *world, const cJSON *json, const char *where,
                          uint64_t now_ms, struct sim_err *err)
{
    struct vs_section *section = vs_section_new(json, &world->next_id, where, err);
    size_t at = 0;

    if (section == NULL) {
        return false;
    }
    while (at < world->section_count && world->sections[at]->id != section->id) {
        at++;
    }
    if (at == VS_SECTIONS_MAX) {
        vs_section_free(section);
        return sim_fail(err, "%s: more than %d sections", where, VS_SECTIONS_MAX);
    }
    publish(world, section, now_ms);
    if (at < world->section_count) {
        vs_section_free(world->sections[at]);
        world->sections[at] = section;
        return true;
    }
    world->sections = sim_grow(world->sections, at + 1, sizeof(section));
    if (at > 0 && world->sections[at - 1]->is_default) {
        world->sections[at] = world->sections[at - 1];
        at--;
    }
    world->sections[at] = section;
    world->section_count++;
    return true;
}
