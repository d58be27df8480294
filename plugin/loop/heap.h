/* SPDX-License-Identifier: Apache-2.0 */
/* heap.h: the armed timers of one loop, earliest first: a binary heap of pointers.
 * Not for: clocks or running anything (epoll.c).
 *
 * Owns    the array of pointers; the timers stay the caller's.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  as many timers as the program has structs with one in them; add and remove cost
 *         O(log n).
 */
#ifndef NQ_LOOP_HEAP_H
#define NQ_LOOP_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"

struct nq_heap {
    struct nq_timer **slots;
    size_t count;
    size_t room;
    uint64_t next_order;
};

/* The timer must not be armed; its due_ms is set. */
void nq_heap_add(struct nq_heap *heap, struct nq_timer *timer);

/* The timer must be in this heap. */
void nq_heap_remove(struct nq_heap *heap, struct nq_timer *timer);

/* The earliest timer, or NULL. */
struct nq_timer *nq_heap_first(const struct nq_heap *heap);

/* Disarms every timer and frees the array. */
void nq_heap_done(struct nq_heap *heap);

#endif
