/* SPDX-License-Identifier: Apache-2.0 */
/* groups.c: the group as an object, and membership by walking its expression. */
#include "groups.h"

#include <stdlib.h>
#include <string.h>

#include "expression.h"

#define DOMAIN_PATH "/infra/domains/default"

static const struct sim_json_member group_members[] = {
    {"id", SIM_JSON_STRING, true},
    {"display_name", SIM_JSON_STRING, false},
    {"description", SIM_JSON_STRING, false},
    {"resource_type", SIM_JSON_STRING, false},
    {"expression", SIM_JSON_OBJECTS, false},
    {"extended_expression", SIM_JSON_OBJECTS, false},
    {"exclude", SIM_JSON_OBJECTS, false},
    {"tags", SIM_JSON_OBJECTS, false},
    {"reference", SIM_JSON_BOOL, false},
    {"state", SIM_JSON_STRING, false},
    SIM_POLICY_OBJECT_MEMBERS,
};

void sim_policy_defaults(cJSON *doc, const char *type, const char *parent_path,
                         const char *path)
{
    const char *id = sim_json_text(doc, "id", "");

    sim_json_default_text(doc, "resource_type", type);
    sim_json_default_text(doc, "display_name", id);
    sim_json_default_text(doc, "path", path);
    sim_json_default_text(doc, "relative_path", id);
    sim_json_default_text(doc, "parent_path", parent_path);
    sim_json_default_text(doc, "_create_user", "admin");
    sim_json_default_text(doc, "_last_modified_user", "admin");
    sim_json_default_text(doc, "_protection", "NOT_PROTECTED");
    if (sim_json_get(doc, "marked_for_delete") == NULL) {
        cJSON_AddFalseToObject(doc, "marked_for_delete");
    }
    if (sim_json_get(doc, "overridden") == NULL) {
        cJSON_AddFalseToObject(doc, "overridden");
    }
    if (sim_json_get(doc, "_system_owned") == NULL) {
        cJSON_AddFalseToObject(doc, "_system_owned");
    }
    if (sim_json_get(doc, "_revision") == NULL) {
        cJSON_AddNumberToObject(doc, "_revision", 0);
    }
}

struct sim_group *sim_group_new(const cJSON *doc, const char *where, struct sim_err *err)
{
    struct sim_group *group;
    char *at;
    bool good;

    if (!SIM_JSON_CHECK(doc, group_members, where, err)) {
        return NULL;
    }
    group = sim_alloc(1, sizeof(*group));
    group->id = sim_strdup(sim_json_text(doc, "id", ""));
    group->path = sim_format(DOMAIN_PATH "/groups/%s", group->id);
    group->doc = cJSON_Duplicate(doc, 1);
    sim_policy_defaults(group->doc, "Group", DOMAIN_PATH, group->path);
    if (sim_json_get(group->doc, "expression") == NULL) {
        cJSON_AddArrayToObject(group->doc, "expression");
    }

    at = sim_format("%s.expression", where);
    good = sim_expression_read(sim_json_get(doc, "expression"), at, &group->members, err);
    free(at);
    if (good) {
        at = sim_format("%s.exclude", where);
        good =
            sim_expression_read(sim_json_get(doc, "exclude"), at, &group->excluded, err);
        free(at);
    }
    return good ? group : sim_group_free(group);
}

struct sim_group *sim_group_free(struct sim_group *group)
{
    if (group != NULL) {
        sim_expression_free(group->members);
        sim_expression_free(group->excluded);
        cJSON_Delete(group->doc);
        free(group->path);
        free(group->id);
        free(group);
    }
    return NULL;
}

void sim_groups_done(struct sim_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++) {
        sim_group_free(groups->items[i]);
    }
    free(groups->items);
    *groups = (struct sim_groups){0};
}

struct sim_group *sim_groups_find(const struct sim_groups *groups, const char *id)
{
    for (size_t i = 0; i < groups->count; i++) {
        if (strcmp(groups->items[i]->id, id) == 0) {
            return groups->items[i];
        }
    }
    return NULL;
}

struct sim_group *sim_groups_find_path(const struct sim_groups *groups, const char *path)
{
    for (size_t i = 0; i < groups->count; i++) {
        if (strcmp(groups->items[i]->path, path) == 0) {
            return groups->items[i];
        }
    }
    return NULL;
}

static bool group_has(const struct sim_groups *groups, const struct sim_group *group,
                      const struct sim_subject *subject, unsigned depth);

static bool lists_id(const struct sim_expression *ids, const struct sim_subject *subject)
{
    for (size_t i = 0; subject->vm != NULL && i < ids->text_count; i++) {
        if (strcmp(ids->texts[i], subject->vm->external_id) == 0) {
            return true;
        }
    }
    return false;
}

/* Paths lead to groups or to realized VMs. Other paths (segments, ports) name objects
 * that this world does not have, so nobody is a member through them. */
static bool lists_path(const struct sim_groups *groups,
                       const struct sim_expression *paths,
                       const struct sim_subject *subject, unsigned depth)
{
    for (size_t i = 0; i < paths->text_count; i++) {
        const char *path = paths->texts[i];
        const struct sim_group *inner = sim_groups_find_path(groups, path);

        if (inner != NULL && depth < SIM_NESTING_MAX &&
            group_has(groups, inner, subject, depth + 1)) {
            return true;
        }
        if (subject->vm != NULL && strncmp(path, SIM_VM_PATH, strlen(SIM_VM_PATH)) == 0 &&
            strcmp(path + strlen(SIM_VM_PATH), subject->vm->external_id) == 0) {
            return true;
        }
    }
    return false;
}

static bool lists_address(const struct sim_expression *addresses,
                          const struct sim_subject *subject)
{
    for (size_t i = 0; i < addresses->text_count; i++) {
        for (size_t k = 0; k < subject->address_count; k++) {
            if (sim_address_in(subject->addresses[k], addresses->texts[i])) {
                return true;
            }
        }
    }
    return false;
}

static bool holds(const struct sim_groups *groups, const struct sim_expression *node,
                  const struct sim_subject *subject, unsigned depth)
{
    bool all = node->kind == SIM_EXPRESSION_AND;

    switch (node->kind) {
    case SIM_EXPRESSION_CONDITION:
        return subject->vm != NULL && sim_condition_holds(&node->condition, subject->vm);
    case SIM_EXPRESSION_IDS:
        return lists_id(node, subject);
    case SIM_EXPRESSION_PATHS:
        return lists_path(groups, node, subject, depth);
    case SIM_EXPRESSION_ADDRESSES:
        return lists_address(node, subject);
    case SIM_EXPRESSION_NOBODY:
        return false;
    case SIM_EXPRESSION_AND:
    case SIM_EXPRESSION_OR:
        for (size_t i = 0; i < node->child_count; i++) {
            if (holds(groups, node->children[i], subject, depth) != all) {
                return !all;
            }
        }
        return all;
    }
    return false;
}

static bool group_has(const struct sim_groups *groups, const struct sim_group *group,
                      const struct sim_subject *subject, unsigned depth)
{
    return holds(groups, group->members, subject, depth) &&
           !holds(groups, group->excluded, subject, depth);
}

bool sim_group_has(const struct sim_groups *groups, const struct sim_group *group,
                   const struct sim_subject *subject)
{
    return group_has(groups, group, subject, 0);
}

static bool expression_contains(const struct sim_groups *groups,
                                const struct sim_expression *node, const char *path,
                                unsigned depth)
{
    for (size_t i = 0; i < node->child_count; i++) {
        if (expression_contains(groups, node->children[i], path, depth)) {
            return true;
        }
    }
    for (size_t i = 0; node->kind == SIM_EXPRESSION_PATHS && i < node->text_count; i++) {
        const struct sim_group *inner = sim_groups_find_path(groups, node->texts[i]);

        if (strcmp(node->texts[i], path) == 0 ||
            (inner != NULL && depth < SIM_NESTING_MAX &&
             expression_contains(groups, inner->members, path, depth + 1))) {
            return true;
        }
    }
    return false;
}

bool sim_group_contains(const struct sim_groups *groups, const struct sim_group *group,
                        const char *path)
{
    return expression_contains(groups, group->members, path, 0);
}
