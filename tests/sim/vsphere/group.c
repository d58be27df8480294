/* SPDX-License-Identifier: Apache-2.0 */
/* group.c: reads a group and its criteria. */
#include "group.h"

#include <stdlib.h>
#include <string.h>

#include "object.h"

static const struct sim_json_member group_members[] = {
    {"id", SIM_JSON_STRING, true},
    {"name", SIM_JSON_STRING, true},
    {"description", SIM_JSON_STRING, false},
    {"members", SIM_JSON_STRINGS, false},
    {"exclude_members", SIM_JSON_STRINGS, false},
    {"dynamic_sets", SIM_JSON_OBJECTS, false},
};

static const struct sim_json_member set_members[] = {
    {"operator", SIM_JSON_STRING, false},
    {"criteria", SIM_JSON_OBJECTS, true},
};

static const struct sim_json_member criterion_members[] = {
    {"operator", SIM_JSON_STRING, false},
    {"key", SIM_JSON_STRING, true},
    {"criteria", SIM_JSON_STRING, true},
    {"value", SIM_JSON_STRING, true},
};

static const char *const keys[] = {
    [VS_KEY_TAG] = "VM.SECURITY_TAG",
    [VS_KEY_NAME] = "VM.NAME",
    [VS_KEY_GUEST_HOST] = "VM.GUEST_HOST_NAME",
    [VS_KEY_GUEST_OS] = "VM.GUEST_OS_FULL_NAME",
    [VS_KEY_ENTITY] = "ENTITY",
};

static const char *const relations[] = {
    [VS_RELATION_EQUALS] = "=",           [VS_RELATION_DIFFERS] = "!=",
    [VS_RELATION_CONTAINS] = "contains",  [VS_RELATION_STARTS] = "starts_with",
    [VS_RELATION_ENDS] = "ends_with",     [VS_RELATION_SIMILAR] = "similar_to",
    [VS_RELATION_BELONGS] = "belongs_to",
};

static bool find_word(const char *const *words, size_t count, const char *word,
                      const char *where, const char *member, unsigned *ret_index,
                      struct sim_err *err)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(words[i], word) == 0) {
            *ret_index = i;
            return true;
        }
    }
    return sim_fail(err, "%s.%s: there is no \"%s\"", where, member, word);
}

/* Absent: OR. */
static bool read_operator(const cJSON *json, const char *where, bool *ret_and,
                          struct sim_err *err)
{
    static const char *const words[] = {"OR", "AND"};
    unsigned index = 0;
    bool good = find_word(words, 2, sim_json_text(json, "operator", "OR"), where,
                          "operator", &index, err);

    *ret_and = index == 1;
    return good;
}

static bool read_criterion(const cJSON *json, const char *where,
                           struct vs_criterion *criterion, struct sim_err *err)
{
    unsigned key = 0;
    unsigned relation = 0;
    bool unused;

    if (!SIM_JSON_CHECK(json, criterion_members, where, err) ||
        !read_operator(json, where, &unused, err) ||
        !find_word(keys, SIM_COUNT_OF(keys), sim_json_text(json, "key", ""), where, "key",
                   &key, err) ||
        !find_word(relations, SIM_COUNT_OF(relations),
                   sim_json_text(json, "criteria", ""), where, "criteria", &relation,
                   err)) {
        return false;
    }
    if ((key == VS_KEY_ENTITY) != (relation == VS_RELATION_BELONGS)) {
        return sim_fail(err, "%s.criteria: belongs_to goes with ENTITY, and only with it",
                        where);
    }
    *criterion = (struct vs_criterion){.key = (enum vs_key)key,
                                       .relation = (enum vs_relation)relation,
                                       .value = sim_json_text(json, "value", "")};
    if (relation == VS_RELATION_SIMILAR) {
        char *whole = sim_format("^(%s)$", criterion->value);
        bool good = regcomp(&criterion->regex, whole, REG_EXTENDED | REG_NOSUB) == 0;

        free(whole);
        return good || sim_fail(err, "%s.value: not a regular expression", where);
    }
    return true;
}

/* The operator of the criteria is the same for all of one set; the first one's counts. */
static bool read_set(const cJSON *json, const char *where, struct vs_set *set,
                     struct sim_err *err)
{
    const cJSON *list = sim_json_get(json, "criteria");
    const cJSON *item;

    if (!SIM_JSON_CHECK(json, set_members, where, err) ||
        !read_operator(json, where, &set->joins_by_and, err)) {
        return false;
    }
    if (cJSON_GetArraySize(list) == 0) {
        return sim_fail(err, "%s.criteria: empty", where);
    }
    if (!read_operator(cJSON_GetArrayItem(list, 0), where, &set->all_must_hold, err)) {
        return false;
    }
    set->criteria =
        sim_alloc((size_t)cJSON_GetArraySize(list), sizeof(struct vs_criterion));
    cJSON_ArrayForEach(item, list)
    {
        char *at = sim_format("%s.criteria[%zu]", where, set->count);
        bool good = read_criterion(item, at, &set->criteria[set->count], err);

        free(at);
        if (!good) {
            return false;
        }
        set->count++;
    }
    return true;
}

struct vs_group *vs_group_new(const cJSON *json, const char *where, struct sim_err *err)
{
    struct vs_group *group;
    const cJSON *item;

    if (!SIM_JSON_CHECK(json, group_members, where, err)) {
        return NULL;
    }
    if (vs_id_number(sim_json_text(json, "id", ""), "securitygroup-") == 0) {
        (void)sim_fail(err, "%s.id: must be as in securitygroup-10", where);
        return NULL;
    }
    group = sim_alloc(1, sizeof(*group));
    group->doc = cJSON_Duplicate(json, 1);
    group->id = sim_json_text(group->doc, "id", "");
    item = sim_json_get(group->doc, "dynamic_sets");
    group->sets = sim_alloc((size_t)cJSON_GetArraySize(item), sizeof(struct vs_set));
    cJSON_ArrayForEach(item, sim_json_get(group->doc, "dynamic_sets"))
    {
        char *at = sim_format("%s.dynamic_sets[%zu]", where, group->set_count);
        bool good = read_set(item, at, &group->sets[group->set_count++], err);

        free(at);
        if (!good) {
            return vs_group_free(group);
        }
    }
    return group;
}

struct vs_group *vs_group_free(struct vs_group *group)
{
    if (group == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < group->set_count; i++) {
        struct vs_set *set = &group->sets[i];

        for (size_t k = 0; k < set->count; k++) {
            if (set->criteria[k].relation == VS_RELATION_SIMILAR) {
                regfree(&set->criteria[k].regex);
            }
        }
        free(set->criteria);
    }
    free(group->sets);
    cJSON_Delete(group->doc);
    free(group);
    return NULL;
}
