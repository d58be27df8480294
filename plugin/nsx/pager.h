/* SPDX-License-Identifier: Apache-2.0 */
/* pager.h: which page of a list comes next, for lists as NSX really pages them. Pure.
 *
 * By its documentation a page names the cursor of the next one. In practice some lists
 * give neither cursor nor result_count and take the number of items so far as a cursor
 * instead. And a server that ignores the cursor must not be read forever.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   with NQ_NSX_ANSWER when a list repeats itself or does not end.
 * Limits  NQ_PAGES_MAX pages.
 */
#ifndef NQ_NSX_PAGER_H
#define NQ_NSX_PAGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "nsx/read_json.h"

#define NQ_PAGE_SIZE 1000 /* the most that NSX gives */
#define NQ_PAGES_MAX 2000

struct nq_pager {
    char cursor[NQ_CURSOR_MAX + 1]; /* of the page to ask for; "" for the first */
    size_t pages;
    size_t items;
    int64_t expected; /* result_count of the first page, or -1 */
    uint32_t mark;    /* of the page before */
    bool by_offset;   /* a page without cursor need not be the last */
};

/* by_offset: the list is one of those that may page without saying so. */
void nq_pager_init(struct nq_pager *pager, bool by_offset);

/* Takes note of a page. *ret_more: ask for the page at pager->cursor. */
bool nq_pager_step(struct nq_pager *pager, const struct nq_page *page, bool *ret_more,
                   struct nq_err *reterr) __attribute__((warn_unused_result));

/* After the last page: false when the list has fewer items than it said. What is missing
 * may be anything, so who needs all of it has to read it again. */
bool nq_pager_complete(const struct nq_pager *pager, struct nq_err *reterr)
    __attribute__((warn_unused_result));

#endif
