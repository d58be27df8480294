/* SPDX-License-Identifier: Apache-2.0 */
/* view.c: immutable views of a VM and the set operations on tags. */
#include "view.h"

#include <stdlib.h>
#include <string.h>

struct sim_view *sim_view_new(const cJSON *vm, const struct sim_tags *tags)
{
    struct sim_view *view = sim_alloc(1, sizeof(*view));
    const cJSON *guest = sim_json_get(vm, "guest_info");

    view->refs = 1;
    view->external_id = sim_strdup(sim_json_text(vm, "external_id", ""));
    view->display_name = sim_strdup(sim_json_text(vm, "display_name", ""));
    view->os_name = sim_strdup(sim_json_text(guest, "os_name", ""));
    view->computer_name = sim_strdup(sim_json_text(guest, "computer_name", ""));
    sim_tags_copy(&view->tags, tags);
    return view;
}

struct sim_view *sim_view_ref(struct sim_view *view)
{
    if (view != NULL) {
        view->refs++;
    }
    return view;
}

struct sim_view *sim_view_free(struct sim_view *view)
{
    if (view == NULL || --view->refs > 0) {
        return NULL;
    }
    free(view->external_id);
    free(view->display_name);
    free(view->os_name);
    free(view->computer_name);
    sim_tags_done(&view->tags);
    free(view);
    return NULL;
}

/* Characters, not bytes: the schema counts Unicode code points. */
static size_t count_characters(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++) {
        count += ((unsigned char)*text & 0xC0u) != 0x80u;
    }
    return count;
}

static const struct sim_json_member tag_members[] = {
    {"scope", SIM_JSON_STRING, false},
    {"tag", SIM_JSON_STRING, false},
};

bool sim_tags_read(const cJSON *list, const char *where, struct sim_tags *tags,
                   struct sim_err *err)
{
    struct sim_tags read = {0};
    const cJSON *item;
    int index = 0;

    cJSON_ArrayForEach(item, list)
    {
        char *at = sim_format("%s[%d]", where, index++);
        /* The set does not write to them; it copies. */
        struct sim_tag tag = {
            .scope = (char *)(uintptr_t)sim_json_text(item, "scope", ""),
            .tag = (char *)(uintptr_t)sim_json_text(item, "tag", ""),
        };
        bool good = SIM_JSON_CHECK(item, tag_members, at, err);

        if (good && count_characters(tag.scope) > SIM_SCOPE_MAX) {
            good =
                sim_fail(err, "%s.scope: longer than %d characters", at, SIM_SCOPE_MAX);
        }
        if (good && count_characters(tag.tag) > SIM_TAG_MAX) {
            good = sim_fail(err, "%s.tag: longer than %d characters", at, SIM_TAG_MAX);
        }
        free(at);
        if (!good) {
            sim_tags_done(&read);
            return false;
        }
        (void)sim_tags_add(&read, &tag);
    }
    *tags = read;
    return true;
}

void sim_tags_copy(struct sim_tags *to, const struct sim_tags *from)
{
    *to = (struct sim_tags){0};
    for (size_t i = 0; i < from->count; i++) {
        (void)sim_tags_add(to, &from->items[i]);
    }
}

void sim_tags_done(struct sim_tags *tags)
{
    for (size_t i = 0; i < tags->count; i++) {
        free(tags->items[i].scope);
        free(tags->items[i].tag);
    }
    free(tags->items);
    *tags = (struct sim_tags){0};
}

/* The position of tag, or tags->count. */
static size_t find(const struct sim_tags *tags, const struct sim_tag *tag)
{
    size_t i = 0;

    while (i < tags->count && (strcmp(tags->items[i].scope, tag->scope) != 0 ||
                               strcmp(tags->items[i].tag, tag->tag) != 0)) {
        i++;
    }
    return i;
}

bool sim_tags_has(const struct sim_tags *tags, const struct sim_tag *tag)
{
    return find(tags, tag) < tags->count;
}

bool sim_tags_add(struct sim_tags *tags, const struct sim_tag *tag)
{
    if (sim_tags_has(tags, tag)) {
        return false;
    }
    tags->items = sim_grow(tags->items, tags->count + 1, sizeof(*tags->items));
    tags->items[tags->count].scope = sim_strdup(tag->scope);
    tags->items[tags->count].tag = sim_strdup(tag->tag);
    tags->count++;
    return true;
}

bool sim_tags_remove(struct sim_tags *tags, const struct sim_tag *tag)
{
    size_t at = find(tags, tag);

    if (at == tags->count) {
        return false;
    }
    free(tags->items[at].scope);
    free(tags->items[at].tag);
    tags->count--;
    memmove(&tags->items[at], &tags->items[at + 1],
            (tags->count - at) * sizeof(*tags->items));
    return true;
}

bool sim_tags_same(const struct sim_tags *a, const struct sim_tags *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (!sim_tags_has(b, &a->items[i])) {
            return false;
        }
    }
    return true;
}

cJSON *sim_tags_json(const struct sim_tags *tags)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < tags->count; i++) {
        cJSON *tag = cJSON_CreateObject();

        cJSON_AddStringToObject(tag, "scope", tags->items[i].scope);
        cJSON_AddStringToObject(tag, "tag", tags->items[i].tag);
        cJSON_AddItemToArray(list, tag);
    }
    return list;
}
