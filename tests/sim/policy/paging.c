/* SPDX-License-Identifier: Apache-2.0 */
/* paging.c: lists as NSX pages them, by its specification and as it really does. */
#include "policy.h"

#include <stdlib.h>
#include <string.h>

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
    list->is_inventory &= item.is_borrowed;
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

static bool is_sorted(const struct sortable *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (compare(&items[i - 1], &items[i]) > 0) {
            return false;
        }
    }
    return true;
}

static void sort(struct sim_list *list, const char *by, bool ascending)
{
    struct sortable *copies = sim_alloc(list->count, sizeof(*copies));
    bool is_id = strcmp(by, "external_id") == 0;

    for (size_t i = 0; i < list->count; i++) {
        /* An external id is also the id of the item, which breaks the tie. */
        copies[i].key = is_id ? NULL : sim_json_get(list->items[i].json, by);
        copies[i].item = list->items[i];
    }
    if (!is_sorted(copies, list->count)) {
        qsort(copies, list->count, sizeof(*copies), compare);
    }
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
    uint64_t max = sim_world_of(sim)->settings.page_size_max;

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

static bool find_start(const struct sim_list *list, const struct page *page,
                       bool takes_offset, size_t *ret_start)
{
    uint64_t offset;

    *ret_start = 0;
    if (page->cursor == NULL || *page->cursor == '\0') {
        return true;
    }
    if (takes_offset && sim_parse_number(page->cursor, UINT32_MAX, &offset)) {
        *ret_start = offset > list->count ? list->count : (size_t)offset;
        return true;
    }
    return sim_cursor_find(list, page->cursor, ret_start);
}

static void add_cursor(const struct sim_settings *settings, const struct sim_list *list,
                       const struct page *page, size_t start, size_t end, cJSON *json)
{
    bool repeats = settings->repeat_cursor && list->count > 0;
    char *cursor;

    if (repeats && page->cursor != NULL) {
        cJSON_AddStringToObject(json, "cursor", page->cursor);
    } else if (repeats || end < list->count) {
        cursor = sim_cursor_of(list, end < list->count ? end : start);
        cJSON_AddStringToObject(json, "cursor", cursor);
        free(cursor);
    }
}

static cJSON *page_json(const struct sim_settings *settings, const struct sim_list *list,
                        const struct page *page, enum sim_paging paging, size_t start)
{
    size_t end =
        list->count - start > page->size ? start + (size_t)page->size : list->count;
    cJSON *json = cJSON_CreateObject();
    cJSON *results = cJSON_AddArrayToObject(json, "results");

    for (size_t i = start; i < end; i++) {
        cJSON_AddItemReferenceToArray(results, list->items[i].json);
    }
    if (paging == SIM_PAGING_SPEC && start == 0 && !settings->omit_result_count) {
        cJSON_AddNumberToObject(json, "result_count", (double)list->count);
    }
    if (paging == SIM_PAGING_SPEC && !settings->omit_cursor) {
        add_cursor(settings, list, page, start, end, json);
    }
    if (page->sort_by != NULL) {
        cJSON_AddStringToObject(json, "sort_by", page->sort_by);
        cJSON_AddBoolToObject(json, "sort_ascending", page->ascending);
    }
    return json;
}

static void reply_page(struct sim *sim, struct sim_reply *reply,
                       const struct sim_list *list, const struct page *page,
                       enum sim_paging paging)
{
    const struct sim_settings *settings = &sim_world_of(sim)->settings;
    size_t start = 0;

    if (find_start(list, page, paging == SIM_PAGING_QUIRK || settings->omit_cursor,
                   &start)) {
        sim_reply_json(reply, 200, page_json(settings, list, page, paging, start));
    } else {
        bad_cursor(reply);
    }
}

/* ---- lists that are kept ---------------------------------------------------------------- */

/* The target without the two parameters in which the pages of one list differ. */
static char *key_of(const struct sim_request *request)
{
    char *key = sim_strdup(request->target);
    char *to = key + strcspn(key, "?");
    const char *from = request->target + strcspn(request->target, "?");

    while (*from != '\0') {
        size_t part = 1 + strcspn(from + 1, "&");

        if (strncmp(from + 1, "cursor=", 7) != 0 &&
            strncmp(from + 1, "page_size=", 10) != 0) {
            memcpy(to, from, part);
            to += part;
        }
        from += part;
    }
    *to = '\0';
    return key;
}

static void let_go(struct sim_kept_list *kept)
{
    free(kept->key);
    list_done(&kept->list);
    *kept = (struct sim_kept_list){0};
}

void sim_lists_done(struct sim_manager *manager)
{
    for (size_t i = 0; i < SIM_KEPT_LISTS; i++) {
        let_go(&manager->kept[i]);
    }
}

static uint64_t generation_of(const struct sim_world *world, const struct sim_list *list)
{
    return list->is_inventory ? world->inventory : world->generation;
}

/* Takes the list. */
static void keep(struct sim *sim, const struct sim_request *request,
                 enum sim_paging paging, const char *default_sort, struct sim_list *list)
{
    struct sim_manager *manager = sim_manager_of(sim);
    struct sim_kept_list *kept = &manager->kept[0];

    for (size_t i = 1; i < SIM_KEPT_LISTS; i++) {
        if (manager->kept[i].used < kept->used) {
            kept = &manager->kept[i];
        }
    }
    let_go(kept);
    *kept = (struct sim_kept_list){
        .key = key_of(request),
        .generation = generation_of(manager->world, list),
        .used = ++manager->lists,
        .paging = paging,
        .default_sort = default_sort,
        .list = *list,
    };
    *list = (struct sim_list){0};
}

/* In which order a list comes, and whether the next page would see the same list. */
static bool put_in_order(struct sim *sim, const struct page *page, enum sim_paging paging,
                         struct sim_list *list)
{
    const struct sim_settings *settings = &sim_world_of(sim)->settings;

    if (page->sort_by != NULL) {
        sort(list, page->sort_by, page->ascending);
        /* What a change of tags changes too. */
        list->is_inventory &= strcmp(page->sort_by, "_last_sync_time") != 0;
    } else if (paging == SIM_PAGING_QUIRK || settings->unstable_order) {
        disorder(list, sim_manager_of(sim)->lists++);
        return false;
    }
    return settings->stale_inventory_ms == 0;
}

bool sim_list_again(struct sim *sim, const struct sim_request *request,
                    struct sim_reply *reply)
{
    struct sim_manager *manager = sim_manager_of(sim);
    char *key = key_of(request);
    bool found = false;

    for (size_t i = 0; !found && i < SIM_KEPT_LISTS; i++) {
        struct sim_kept_list *kept = &manager->kept[i];
        struct page page;

        if (kept->key != NULL &&
            kept->generation != generation_of(manager->world, &kept->list)) {
            let_go(kept);
        }
        if (kept->key == NULL || strcmp(kept->key, key) != 0) {
            continue;
        }
        found = true;
        kept->used = ++manager->lists;
        if (read_page(sim, request, &page, reply)) {
            page.sort_by = page.sort_by == NULL ? kept->default_sort : page.sort_by;
            reply_page(sim, reply, &kept->list, &page, kept->paging);
        }
    }
    free(key);
    return found;
}

void sim_list_reply(struct sim *sim, const struct sim_request *request,
                    struct sim_reply *reply, struct sim_list *list,
                    enum sim_paging paging, const char *default_sort)
{
    struct page page;

    if (read_page(sim, request, &page, reply)) {
        bool stays;

        page.sort_by = page.sort_by == NULL ? default_sort : page.sort_by;
        stays = put_in_order(sim, &page, paging, list);
        reply_page(sim, reply, list, &page, paging);
        if (stays && list->count > page.size) {
            keep(sim, request, paging, default_sort, list);
        }
    }
    list_done(list);
}
