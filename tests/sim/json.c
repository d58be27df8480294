/* SPDX-License-Identifier: Apache-2.0 */
/* json.c: one table-driven check, so that no reader of JSON writes its own messages. */
#include "json.h"

#include <stdlib.h>
#include <string.h>

static void *alloc_or_abort(size_t size)
{
    return sim_alloc(1, size);
}

void sim_json_init(void)
{
    cJSON_Hooks hooks = {.malloc_fn = alloc_or_abort, .free_fn = free};

    cJSON_InitHooks(&hooks);
}

cJSON *sim_json_parse(const char *text, size_t length, struct sim_err *err)
{
    const char *end = text;
    cJSON *value;

    /* cJSON stops at a NUL byte and would call the rest of the body white space. */
    if (memchr(text, '\0', length) != NULL) {
        (void)sim_fail(err, "a NUL byte in the text");
        return NULL;
    }
    value = cJSON_ParseWithLengthOpts(text, length + 1, &end, 1);
    if (value == NULL) {
        (void)sim_fail(err, "not valid JSON at byte %zu", (size_t)(end - text));
    }
    return value;
}

static bool all_of(const cJSON *array, cJSON_bool (*is_kind)(const cJSON *))
{
    const cJSON *item;

    if (!cJSON_IsArray(array)) {
        return false;
    }
    cJSON_ArrayForEach(item, array)
    {
        if (!is_kind(item)) {
            return false;
        }
    }
    return true;
}

static bool is_count(const cJSON *value)
{
    /* Exact up to 2^53, far above every delay and counter here. */
    return cJSON_IsNumber(value) && value->valuedouble >= 0 &&
           value->valuedouble <= 9007199254740992.0 &&
           (double)(uint64_t)value->valuedouble >= value->valuedouble;
}

static const char *const kind_text[] = {
    [SIM_JSON_ANY] = "a value",
    [SIM_JSON_STRING] = "a string",
    [SIM_JSON_STRINGS] = "a list of strings",
    [SIM_JSON_COUNT] = "a whole number of 0 or more",
    [SIM_JSON_BOOL] = "true or false",
    [SIM_JSON_OBJECT] = "an object",
    [SIM_JSON_OBJECTS] = "a list of objects",
};

static bool has_kind(const cJSON *value, enum sim_json_kind kind)
{
    switch (kind) {
    case SIM_JSON_ANY:
        return true;
    case SIM_JSON_STRING:
        return cJSON_IsString(value);
    case SIM_JSON_STRINGS:
        return all_of(value, cJSON_IsString);
    case SIM_JSON_COUNT:
        return is_count(value);
    case SIM_JSON_BOOL:
        return cJSON_IsBool(value);
    case SIM_JSON_OBJECT:
        return cJSON_IsObject(value);
    case SIM_JSON_OBJECTS:
        return all_of(value, cJSON_IsObject);
    }
    return false;
}

static const struct sim_json_member *find_member(const struct sim_json_member *members,
                                                 size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(members[i].name, name) == 0) {
            return &members[i];
        }
    }
    return NULL;
}

bool sim_json_check(const cJSON *object, const struct sim_json_member *members,
                    size_t count, const char *where, struct sim_err *err)
{
    const char *dot = *where == '\0' ? "" : ".";
    const cJSON *item;

    if (!cJSON_IsObject(object)) {
        return sim_fail(err, "%s: must be an object",
                        *where == '\0' ? "the text" : where);
    }
    cJSON_ArrayForEach(item, object)
    {
        const struct sim_json_member *member = find_member(members, count, item->string);

        if (member == NULL) {
            return sim_fail(err, "%s%s%s: no such member", where, dot, item->string);
        }
        if (sim_json_get(object, item->string) != item) {
            return sim_fail(err, "%s%s%s: given twice", where, dot, item->string);
        }
        if (!has_kind(item, member->kind)) {
            return sim_fail(err, "%s%s%s: must be %s", where, dot, item->string,
                            kind_text[member->kind]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (members[i].required && sim_json_get(object, members[i].name) == NULL) {
            return sim_fail(err, "%s%s%s: missing, must be %s", where, dot,
                            members[i].name, kind_text[members[i].kind]);
        }
    }
    return true;
}

const cJSON *sim_json_get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

const char *sim_json_text(const cJSON *object, const char *name, const char *fallback)
{
    const cJSON *item = sim_json_get(object, name);

    return cJSON_IsString(item) ? item->valuestring : fallback;
}

uint64_t sim_json_count(const cJSON *object, const char *name, uint64_t fallback)
{
    const cJSON *item = sim_json_get(object, name);

    return item != NULL && is_count(item) ? (uint64_t)item->valuedouble : fallback;
}

bool sim_json_bool(const cJSON *object, const char *name, bool fallback)
{
    const cJSON *item = sim_json_get(object, name);

    return cJSON_IsBool(item) ? (bool)cJSON_IsTrue(item) : fallback;
}

void sim_json_default_text(cJSON *object, const char *name, const char *value)
{
    if (sim_json_get(object, name) == NULL) {
        cJSON_AddStringToObject(object, name, value);
    }
}

void sim_json_merge(cJSON *object, const cJSON *patch)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, patch)
    {
        cJSON_DeleteItemFromObjectCaseSensitive(object, item->string);
        if (!cJSON_IsNull(item)) {
            cJSON_AddItemToObject(object, item->string, cJSON_Duplicate(item, 1));
        }
    }
}
