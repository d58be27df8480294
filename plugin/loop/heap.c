/* SPDX-License-Identifier: Apache-2.0 */
/* heap.c: see heap.h. Each timer knows its slot, so that clearing one needs no search. */
#include "loop/heap.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

#define FIRST_ROOM 64

static bool is_before(const struct nq_timer *a, const struct nq_timer *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void place(struct nq_heap *heap, size_t slot, struct nq_timer *timer)
{
    heap->slots[slot] = timer;
    timer->slot = slot;
}

static void sift_up(struct nq_heap *heap, size_t slot, struct nq_timer *timer)
{
    while (slot > 0) {
        const size_t parent = (slot - 1) / 2;
        if (!is_before(timer, heap->slots[parent])) {
            break;
        }
        place(heap, slot, heap->slots[parent]);
        slot = parent;
    }
    place(heap, slot, timer);
}

static void sift_down(struct nq_heap *heap, size_t slot, struct nq_timer *timer)
{
    for (;;) {
        size_t child = 2 * slot + 1;
        if (child >= heap->count) {
            break;
        }
        if (child + 1 < heap->count &&
            is_before(heap->slots[child + 1], heap->slots[child])) {
            child++;
        }
        if (!is_before(heap->slots[child], timer)) {
            break;
        }
        place(heap, slot, heap->slots[child]);
        slot = child;
    }
    place(heap, slot, timer);
}

void nq_heap_add(struct nq_heap *heap, struct nq_timer *timer)
{
    if (heap->count == heap->room) {
        heap->room = heap->room ? 2 * heap->room : FIRST_ROOM;
        heap->slots = nq_realloc(heap->slots, heap->room, sizeof(*heap->slots));
    }
    timer->armed = true;
    timer->order = heap->next_order++;
    sift_up(heap, heap->count++, timer);
}

void nq_heap_remove(struct nq_heap *heap, struct nq_timer *timer)
{
    const size_t slot = timer->slot;
    timer->armed = false;

    struct nq_timer *const last = heap->slots[--heap->count];
    if (last == timer) {
        return;
    }
    /* The last one fills the hole; it may belong above or below it. */
    if (slot > 0 && is_before(last, heap->slots[(slot - 1) / 2])) {
        sift_up(heap, slot, last);
    } else {
        sift_down(heap, slot, last);
    }
}

struct nq_timer *nq_heap_first(const struct nq_heap *heap)
{
    return heap->count > 0 ? heap->slots[0] : NULL;
}

void nq_heap_done(struct nq_heap *heap)
{
    for (size_t i = 0; i < heap->count; i++) {
        heap->slots[i]->armed = false;
    }
    free(heap->slots);
    *heap = (struct nq_heap){0};
}
