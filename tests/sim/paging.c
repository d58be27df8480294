/* SPDX-License-Identifier: Apache-2.0 */
/* paging.c: lists as NSX pages them, by its specification and as it really does. */
#include "api.h"

#include <stdlib.h>
#include <string.h>

#define CURSOR_PREFIX                                                                    \
    "0036" /* real cursors often begin so; they mean nothing to clients */

struct page {
    const char *cursor; /* NULL: the first page */
    uint64_t size;
    const char *sort_by;
    bool ascending;
};

static void add(struct sim_list *list, struct sim_item item)
{
    /* Powers of two, so that long lists do not move with every item. */
    if ((list->count & (list->count - 1)) == 0) {
        size_t room = list->count == 0 ? 1 : list->count * 2;

        list->items = sim_grow(list->items, room, sizeof(*list->items));
    }
    list->items[list->count++] = item;
}

void sim_list_take(struct sim_list *list, cJSON *json, const char *id)
{
    add(list, (struct sim_item){.json = json, .id = id});
}

void sim_list_borrow(struct sim_list *list, const cJSON *json, const char *id)
{
    add(list, (struct sim_item){
                  .json = (cJSON *)(uintptr_t)json, .is_borrowed = true, .id = id});
}

static void list_done(struct sim_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!list->items[i].is_borrowed) {
            cJSON_Delete(list->items[i].json);
        }
    }
    free(list->items);
    *list = (struct sim_list){0};
}

/* qsort_r has two incompatible forms, so the key travels with the items. */
struct sortable {
    const cJSON *key;
    struct sim_item item;
};

static int compare(const void *a, const void *b)
{
    const struct sortable *left = a;
    const struct sortable *right = b;
    int order = 0;

    if (cJSON_IsNumber(left->key) && cJSON_IsNumber(right->key)) {
        order = (left->key->valuedouble > right->key->valuedouble) -
                (left->key->valuedouble < right->key->valuedouble);
    } else {
        order = strcmp(cJSON_IsString(left->key) ? left->key->valuestring : "",
                       cJSON_IsString(right->key) ? right->key->valuestring : "");
    }
    return order != 0 ? order : strcmp(left->item.id, right->item.id);
}

static void sort(struct sim_list *list, const char *by, bool ascending)
{
    struct sortable *copies = sim_alloc(list->count, sizeof(*copies));

    for (size_t i = 0; i < list->count; i++) {
        copies[i].key = sim_json_get(list->items[i].json, by);
        copies[i].item = list->items[i];
    }
    qsort(copies, list->count, sizeof(*copies), compare);
    for (size_t i = 0; i < list->count; i++) {
        list->items[ascending ? i : list->count - 1 - i] = copies[i].item;
    }
    free(copies);
}

/* A different order for every answer, but the same orders in every run. */
static void disorder(struct sim_list *list, uint64_t seed)
{
    uint64_t state = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15);

    for (size_t i = list->count; i > 1; i--) {
        struct sim_item item = list->items[i - 1];
        size_t other;

        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        other = (size_t)(state % i);
        list->items[i - 1] = list->items[other];
        list->items[other] = item;
    }
}

static bool read_page(const struct sim *sim, const struct sim_request *request,
                      struct page *page, struct sim_reply *reply)
{
    const char *size = sim_request_param(request, "page_size");
    const char *ascending = sim_request_param(request, "sort_ascending");
    uint64_t max = sim->world->settings.page_size_max;

    page->cursor = sim_request_param(request, "cursor");
    page->sort_by = sim_request_param(request, "sort_by");
    page->ascending = ascending == NULL || strcmp(ascending, "true") == 0;
    page->size = 1000;
    if (size != NULL && !sim_parse_number(size, 1000, &page->size)) {
        sim_reply_error(reply, 400, SIM_NSX_INVALID_ARGUMENT, SIM_MODULE_COMMON,
                        "page_size must be a number from 0 to 1000.");
        return false;
    }
    if (ascending != NULL && !page->ascending && strcmp(ascending, "false") != 0) {
        sim_reply_error(reply, 400, SIM_NSX_INVALID_ARGUMENT, SIM_MODULE_COMMON,
                        "sort_ascending must be true or false.");
        return false;
    }
    if (page->size == 0 || page->size > max) {
        page->size = max;
    }
    return true;
}

static void bad_cursor(struct sim_reply *reply)
{
    sim_reply_error(reply, 400, SIM_NSX_INVALID_ARGUMENT, SIM_MODULE_COMMON,
                    "The cursor is not valid.");
}

/* An opaque cursor names the item that comes next, in hexadecimal. */
static char *cursor_of(const char *id)
{
    size_t length = strlen(id);
    size_t prefix = strlen(CURSOR_PREFIX);
    char *cursor = sim_alloc(prefix + length * 2 + 1, 1);

    memcpy(cursor, CURSOR_PREFIX, prefix);
    for (size_t i = 0; i < length; i++) {
        unsigned byte = (unsigned char)id[i];

        cursor[prefix + i * 2] = "0123456789abcdef"[byte >> 4];
        cursor[prefix + i * 2 + 1] = "0123456789abcdef"[byte & 15];
    }
    return cursor;
}

static bool names_item(const char *cursor, const char *id)
{
    char *expected = cursor_of(id);
    bool same = strcmp(expected, cursor) == 0;

    free(expected);
    return same;
}

static bool find_start(const struct sim_list *list, const struct page *page,
                       enum sim_paging paging, size_t *ret_start)
{
    uint64_t offset;

    *ret_start = 0;
    if (page->cursor == NULL || *page->cursor == '\0') {
        return true;
    }
    if (paging == SIM_PAGING_QUIRK) {
        if (!sim_parse_number(page->cursor, UINT64_MAX / 2, &offset)) {
            return false;
        }
        *ret_start = offset > list->count ? list->count : (size_t)offset;
        return true;
    }
    for (size_t i = 0; i < list->count; i++) {
        if (names_item(page->cursor, list->items[i].id)) {
            *ret_start = i;
            return true;
        }
    }
    return false;
}

static cJSON *page_json(const struct sim_list *list, const struct page *page,
                        enum sim_paging paging, size_t start)
{
    size_t end =
        list->count - start > page->size ? start + (size_t)page->size : list->count;
    cJSON *json = cJSON_CreateObject();
    cJSON *results = cJSON_AddArrayToObject(json, "results");

    for (size_t i = start; i < end; i++) {
        cJSON_AddItemReferenceToArray(results, list->items[i].json);
    }
    if (paging == SIM_PAGING_SPEC) {
        if (start == 0) {
            cJSON_AddNumberToObject(json, "result_count", (double)list->count);
        }
        if (end < list->count) {
            char *cursor = cursor_of(list->items[end].id);

            cJSON_AddStringToObject(json, "cursor", cursor);
            free(cursor);
        }
    }
    if (page->sort_by != NULL) {
        cJSON_AddStringToObject(json, "sort_by", page->sort_by);
        cJSON_AddBoolToObject(json, "sort_ascending", page->ascending);
    }
    return json;
}

void sim_list_reply(struct sim *sim, const struct sim_request *request,
                    struct sim_reply *reply, struct sim_list *list,
                    enum sim_paging paging, const char *default_sort)
{
    struct page page;
    size_t start = 0;

    if (!read_page(sim, request, &page, reply)) {
        list_done(list);
        return;
    }
    if (page.sort_by == NULL) {
        page.sort_by = default_sort;
    }
    if (page.sort_by != NULL) {
        sort(list, page.sort_by, page.ascending);
    } else if (paging == SIM_PAGING_QUIRK) {
        disorder(list, sim->lists++);
    }
    if (find_start(list, &page, paging, &start)) {
        sim_reply_json(reply, 200, page_json(list, &page, paging, start));
    } else {
        bad_cursor(reply);
    }
    list_done(list);
}
