/* SPDX-License-Identifier: Apache-2.0 */
/* world_json.c: the world file, read and written. */
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define FIRST_USER_TAG 12 /* seen on a real manager: 1 to 11 are predefined */
#define FIRST_ID       1001

/* Every NSX Manager has these; their numbers differ from one to the next. */
static const struct {
    const char *name;
    const char *description;
} system_tags[] = {
    {"ANTI_VIRUS.VirusFound.threat=low", "Virus found, low threat level"},
    {"ANTI_VIRUS.VirusFound.threat=medium", "Virus found, medium threat level"},
    {"ANTI_VIRUS.VirusFound.threat=high", "Virus found, high threat level"},
    {"AntiVirus.virusFound", "Deprecated: virus found"},
    {"DATA_SECURITY.violationsFound", "Data security violation found"},
    {"IDS_IPS.threat=low", "Data violation, low threat level"},
    {"IDS_IPS.threat=medium", "Data violation, medium threat level"},
    {"IDS_IPS.threat=high", "Data violation, high threat level"},
    {"VULNERABILITY_MGMT.VulnerabilityFound.threat=low", "Low threat level"},
    {"VULNERABILITY_MGMT.VulnerabilityFound.threat=medium", "Medium threat level"},
    {"VULNERABILITY_MGMT.VulnerabilityFound.threat=high", "High threat level"},
};

static const struct sim_json_member tag_members[] = {
    {"id", SIM_JSON_STRING, false},
    {"name", SIM_JSON_STRING, true},
    {"description", SIM_JSON_STRING, false},
};

/* Members of the world file that are neither settings nor lists of world_lists.c. */
static const struct sim_json_member object_members[] = {
    {"api", SIM_JSON_STRING, false},
    {"virtual_machines", SIM_JSON_OBJECTS, true},
    {"security_tags", SIM_JSON_OBJECTS, false},
    {"security_groups", SIM_JSON_OBJECTS, false},
    {"layer3_sections", SIM_JSON_OBJECTS, false},
};

static bool is_object_member(const char *name)
{
    for (size_t i = 0; i < SIM_COUNT_OF(object_members); i++) {
        if (strcmp(object_members[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool read_settings(struct vs_world *world, const cJSON *json, struct sim_err *err)
{
    cJSON *settings = cJSON_CreateObject();
    cJSON *objects = cJSON_CreateObject();
    const cJSON *item;
    bool good = true;

    cJSON_ArrayForEach(item, json)
    {
        cJSON *part = is_object_member(item->string) ? objects : settings;

        if (!vs_world_has_list(item->string)) {
            cJSON_AddItemReferenceToObject(part, item->string, (cJSON *)(uintptr_t)item);
        }
    }
    good = SIM_JSON_CHECK(objects, object_members, "", err) &&
           vs_settings_read(&world->settings, settings, err);
    cJSON_Delete(objects);
    cJSON_Delete(settings);
    return good;
}

static bool read_tag(struct vs_world *world, const cJSON *json, const char *where,
                     struct sim_err *err)
{
    const char *id = sim_json_text(json, "id", NULL);
    unsigned number = FIRST_USER_TAG;

    if (!SIM_JSON_CHECK(json, tag_members, where, err)) {
        return false;
    }
    if (id != NULL) {
        number = vs_id_number(id, "securitytag-");
        if (number == 0 || vs_world_tag(world, number) != NULL) {
            return sim_fail(err, "%s.id: must be as in securitytag-12, and given once",
                            where);
        }
    }
    while (vs_world_tag(world, number) != NULL) {
        number++;
    }
    if (vs_world_tag_named(world, sim_json_text(json, "name", "")) != NULL) {
        return sim_fail(err, "%s.name: given twice", where);
    }
    (void)vs_world_add_tag(world, number, sim_json_text(json, "name", ""),
                           sim_json_text(json, "description", ""));
    return true;
}

/* In the numbers that the file leaves free. */
static void add_system_tags(struct vs_world *world)
{
    unsigned number = 1;

    for (size_t i = 0; i < SIM_COUNT_OF(system_tags); i++) {
        struct vs_tag *tag = vs_world_tag_named(world, system_tags[i].name);

        while (tag == NULL && vs_world_tag(world, number) != NULL) {
            number++;
        }
        if (tag == NULL) {
            tag = vs_world_add_tag(world, number, system_tags[i].name,
                                   system_tags[i].description);
        }
        tag->is_system = true;
    }
}

typedef bool read_fn(struct vs_world *world, const cJSON *json, const char *where,
                     struct sim_err *err);

static bool read_each(struct vs_world *world, const cJSON *json, const char *name,
                      read_fn *read, struct sim_err *err)
{
    const cJSON *item;
    unsigned index = 0;

    cJSON_ArrayForEach(item, sim_json_get(json, name))
    {
        char *at = sim_format("%s[%u]", name, index++);
        bool good = read(world, item, at, err);

        free(at);
        if (!good) {
            return false;
        }
    }
    return true;
}

static bool read_section(struct vs_world *world, const cJSON *json, const char *where,
                         struct sim_err *err)
{
    return vs_world_put_section(world, json, where, 0, err);
}

static bool read_vm(struct vs_world *world, const cJSON *json, const char *where,
                    struct sim_err *err)
{
    return vs_world_add_vm(world, json, where, 0, err) != NULL;
}

static bool add_defaults(struct vs_world *world, struct sim_err *err)
{
    static const char defaults[] =
        "{\"clusters\": [{\"id\": \"domain-c7\", \"name\": \"Desktops\"}],"
        " \"hosts\": [{\"id\": \"host-9\", \"name\": \"esx-01.corp.example\","
        " \"cluster\": \"domain-c7\"}],"
        " \"ip_sets\": [], \"applications\": [], \"exclude_list\": []}";
    cJSON *json = sim_json_parse(defaults, sizeof(defaults) - 1, err);
    const cJSON *list;
    bool good = true;

    cJSON_ArrayForEach(list, json)
    {
        good = good && vs_world_set_list(world, list->string, list, err);
    }
    cJSON_Delete(json);
    return good;
}

static bool add_default_section(struct vs_world *world, struct sim_err *err)
{
    static const char text[] =
        "{\"id\": 2, \"name\": \"Default Section Layer3\", \"is_default\": true,"
        " \"rules\": [{\"id\": 2, \"name\": \"Default Rule\", \"action\": \"allow\"}]}";
    cJSON *json;
    bool good;

    if (world->section_count > 0 &&
        world->sections[world->section_count - 1]->is_default) {
        return true;
    }
    json = sim_json_parse(text, sizeof(text) - 1, err);
    good = vs_world_put_section(world, json, "layer3_sections", 0, err);
    cJSON_Delete(json);
    return good;
}

static bool read_world(struct vs_world *world, const cJSON *json, struct sim_err *err)
{
    const cJSON *item;

    if (!cJSON_IsObject(json)) {
        return sim_fail(err, "the text: must be an object");
    }
    if (!read_settings(world, json, err) || !add_defaults(world, err) ||
        !read_each(world, json, "security_tags", read_tag, err)) {
        return false;
    }
    add_system_tags(world);
    cJSON_ArrayForEach(item, json)
    {
        if (vs_world_has_list(item->string) &&
            !vs_world_set_list(world, item->string, item, err)) {
            return false;
        }
    }
    if (cJSON_GetArraySize(world->clusters) == 0) {
        return sim_fail(err, "clusters: empty");
    }
    if (!read_each(world, json, "virtual_machines", read_vm, err) ||
        !read_each(world, json, "security_groups", vs_world_put_group, err) ||
        !read_each(world, json, "layer3_sections", read_section, err) ||
        !add_default_section(world, err)) {
        return false;
    }
    for (size_t i = 0; i < world->vm_count; i++) {
        struct vs_vm *vm = world->vms[i];

        /* What the file says has been so for long. */
        vm->is_known = true;
        vm->pending[0].member_at_ms = 0;
        vm->pending[0].enforced_at_ms = 0;
    }
    world->publish_at_ms = 0;
    vs_world_settle(world, 0);
    return vs_world_check_names(world, err);
}

struct vs_world *vs_world_new(const cJSON *json, struct sim_err *err)
{
    struct vs_world *world = sim_alloc(1, sizeof(*world));

    vs_settings_init(&world->settings);
    world->next_id = FIRST_ID;
    return read_world(world, json, err) ? world : vs_world_free(world);
}

struct vs_world *vs_world_free(struct vs_world *world)
{
    if (world == NULL) {
        return NULL;
    }
    HASH_CLEAR(by_moref, world->by_moref);
    HASH_CLEAR(by_uuid, world->by_uuid);
    for (size_t i = 0; i < world->vm_count; i++) {
        vs_vm_free(world->vms[i]);
    }
    for (size_t i = 0; i < world->tag_count; i++) {
        free(world->tags[i].id);
        free(world->tags[i].name);
        free(world->tags[i].description);
    }
    for (size_t i = 0; i < world->group_count; i++) {
        vs_group_free(world->groups[i]);
    }
    for (size_t i = 0; i < world->section_count; i++) {
        vs_section_free(world->sections[i]);
    }
    free(world->vms);
    free(world->tags);
    free(world->groups);
    free(world->sections);
    cJSON_Delete(world->clusters);
    cJSON_Delete(world->hosts);
    cJSON_Delete(world->ip_sets);
    cJSON_Delete(world->applications);
    cJSON_Delete(world->exclude_list);
    vs_settings_done(&world->settings);
    free(world);
    return NULL;
}

static void write_tags(const struct vs_world *world, cJSON *list)
{
    for (size_t i = 0; i < world->tag_count; i++) {
        const struct vs_tag *tag = &world->tags[i];
        cJSON *json = cJSON_CreateObject();

        cJSON_AddStringToObject(json, "id", tag->id);
        cJSON_AddStringToObject(json, "name", tag->name);
        cJSON_AddStringToObject(json, "description", tag->description);
        cJSON_AddItemToArray(list, json);
    }
}

cJSON *vs_world_json(const struct vs_world *world)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *list;

    cJSON_AddStringToObject(json, "api", "vsphere");
    vs_settings_write(&world->settings, json);
    vs_world_write_lists(world, json);
    write_tags(world, cJSON_AddArrayToObject(json, "security_tags"));
    list = cJSON_AddArrayToObject(json, "virtual_machines");
    for (size_t i = 0; i < world->vm_count; i++) {
        cJSON_AddItemToArray(list, vs_world_vm_json(world, world->vms[i]));
    }
    list = cJSON_AddArrayToObject(json, "security_groups");
    for (size_t i = 0; i < world->group_count; i++) {
        cJSON_AddItemToArray(list, cJSON_Duplicate(world->groups[i]->doc, 1));
    }
    list = cJSON_AddArrayToObject(json, "layer3_sections");
    for (size_t i = 0; i < world->section_count; i++) {
        cJSON_AddItemToArray(list, vs_section_json(world->sections[i]));
    }
    return json;
}
