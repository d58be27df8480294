/* SPDX-License-Identifier: Apache-2.0 */
/* rowlist.c: see rowlist.h. Numbers rise, so nearly every row is added behind the last one,
 * and cases end in the order of their age, so most leave from the front. */
#include "quarantine/rowlist.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_ROOM 64

/* Index of the first row whose id is not below id. */
static size_t position(const struct nq_rowlist *list, uint32_t id)
{
    size_t low = 0;
    size_t high = list->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (list->of[middle]->id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void move(struct nq_case **to, struct nq_case *const *from, size_t count)
{
    memmove(to, from, count * sizeof(*to));
}

/* Sees to it that there is room behind the last row. Moving all rows to the front is paid
 * for by the removals that made more room there than there are rows. */
static void make_room(struct nq_rowlist *list)
{
    const size_t front = list->block ? (size_t)(list->of - list->block) : 0;
    if (front + list->count < list->room) {
        return;
    }
    if (front > list->count) {
        move(list->block, list->of, list->count);
        list->of = list->block;
        return;
    }
    list->room = list->room ? 2 * list->room : FIRST_ROOM;
    list->block = nq_realloc(list->block, list->room, sizeof(*list->block));
    list->of = list->block + front;
}

void nq_rowlist_add(struct nq_rowlist *list, struct nq_case *record)
{
    make_room(list);
    const size_t at = position(list, record->id);
    move(&list->of[at + 1], &list->of[at], list->count - at);
    list->of[at] = record;
    list->count++;
}

void nq_rowlist_remove(struct nq_rowlist *list, const struct nq_case *record)
{
    const size_t at = position(list, record->id);
    list->count--;
    if (at < list->count / 2) {
        move(&list->of[1], &list->of[0], at);
        list->of++;
    } else {
        move(&list->of[at], &list->of[at + 1], list->count - at);
    }
}

void nq_rowlist_done(struct nq_rowlist *list)
{
    free(list->block);
    *list = (struct nq_rowlist){0};
}
