/* SPDX-License-Identifier: Apache-2.0 */
/* cursor.c: the opaque cursor between two pages of a list. */
#include <stdlib.h>
#include <string.h>

#include "policy.h"

/* Real cursors often begin so; they mean nothing to clients. */
#define CURSOR_PREFIX "0036"

/* An opaque cursor names the item that comes next, in hexadecimal, and how many of the
 * same id come before it: copies of a VM share one. */
char *sim_cursor_of(const struct sim_list *list, size_t at)
{
    const char *id = list->items[at].id;
    size_t before = 0;
    char *text;
    char *cursor;
    size_t used = strlen(CURSOR_PREFIX);

    for (size_t i = 0; i < at; i++) {
        before += strcmp(list->items[i].id, id) == 0;
    }
    text = sim_format("%zu/%s", before, id);
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

bool sim_cursor_find(const struct sim_list *list, const char *cursor, size_t *ret_start)
{
    char *text = open_cursor(cursor);
    char *id = text == NULL ? NULL : strchr(text, '/');
    uint64_t before = 0;
    bool found = false;

    if (id != NULL) {
        *id++ = '\0';
        found = sim_parse_number(text, list->count, &before);
    }
    for (size_t i = 0; found && i < list->count; i++) {
        if (strcmp(list->items[i].id, id) == 0 && before-- == 0) {
            *ret_start = i;
            free(text);
            return true;
        }
    }
    free(text);
    return false;
}
