/* SPDX-License-Identifier: Apache-2.0 */
/* cursor.c: the opaque cursor between two pages of a list. */
#include <stdlib.h>
#include <string.h>

#include "policy.h"

/* Real cursors often begin so; they mean nothing to clients. */
#define CURSOR_PREFIX "0036"
#define LIST_MAX      UINT32_MAX

/* How many items of the same id stand directly before this one: copies of a VM share it. */
static size_t same_before(const struct sim_list *list, size_t at)
{
    size_t count = 0;

    while (count < at &&
           strcmp(list->items[at - count - 1].id, list->items[at].id) == 0) {
        count++;
    }
    return count;
}

/* An opaque cursor is, in hexadecimal, the place of the item that comes next, how many of the
 * same id stand before it, and its id. */
char *sim_cursor_of(const struct sim_list *list, size_t at)
{
    char *text;
    char *cursor;
    size_t used = strlen(CURSOR_PREFIX);

    text = sim_format("%zu/%zu/%s", at, same_before(list, at), list->items[at].id);
    cursor = sim_alloc(used + strlen(text) * 2 + 1, 1);
    memcpy(cursor, CURSOR_PREFIX, used);
    for (const char *at_text = text; *at_text != '\0'; at_text++) {
        unsigned byte = (unsigned char)*at_text;

        cursor[used++] = "0123456789abcdef"[byte >> 4];
        cursor[used++] = "0123456789abcdef"[byte & 15];
    }
    free(text);
    return cursor;
}

/* The text inside an opaque cursor, or NULL; the caller frees it. */
static char *open_cursor(const char *cursor)
{
    static const char digits[] = "0123456789abcdef";
    size_t prefix = strlen(CURSOR_PREFIX);
    size_t length = strlen(cursor);
    char *text;

    if (strncmp(cursor, CURSOR_PREFIX, prefix) != 0 || length % 2 != 0 ||
        strspn(cursor, digits) != length) {
        return NULL;
    }
    text = sim_alloc(length / 2, 1);
    for (size_t i = prefix; i < length; i += 2) {
        size_t high = (size_t)(strchr(digits, cursor[i]) - digits);
        size_t low = (size_t)(strchr(digits, cursor[i + 1]) - digits);

        text[(i - prefix) / 2] = (char)(high * 16 + low);
    }
    return text;
}

/* Cuts "number/" off the front of *text. */
static bool cut_number(char **text, uint64_t *ret_number)
{
    char *number = *text;
    char *slash = number == NULL ? NULL : strchr(number, '/');

    if (slash == NULL) {
        return false;
    }
    *slash = '\0';
    *text = slash + 1;
    return sim_parse_number(number, LIST_MAX, ret_number);
}

static bool is_at(const struct sim_list *list, size_t at, const char *id, uint64_t before)
{
    return at < list->count && strcmp(list->items[at].id, id) == 0 &&
           same_before(list, at) == before;
}

bool sim_cursor_find(const struct sim_list *list, const char *cursor, size_t *ret_start)
{
    char *text = open_cursor(cursor);
    char *id = text;
    uint64_t at = 0;
    uint64_t before = 0;
    bool found = cut_number(&id, &at) && cut_number(&id, &before);

    /* Its place, unless the list has changed since. */
    if (found && !is_at(list, at, id, before)) {
        at = 0;
        while (at < list->count && !is_at(list, at, id, before)) {
            at++;
        }
        found = at < list->count;
    }
    *ret_start = at;
    free(text);
    return found;
}
