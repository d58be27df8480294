/* SPDX-License-Identifier: Apache-2.0 */
/* pager.c: see pager.h. */
#include "nsx/pager.h"

#include <stdio.h>
#include <string.h>

/* What some releases give with the last page; clients of other projects take a cursor that
 * begins so for the end. Real ones begin otherwise ("0036..."). */
#define END_CURSOR "0000"

void nq_pager_init(struct nq_pager *pager, bool by_offset)
{
    *pager = (struct nq_pager){.expected = -1, .by_offset = by_offset};
}

bool nq_pager_step(struct nq_pager *pager, const struct nq_page *page, bool *ret_more,
                   struct nq_err *reterr)
{
    pager->pages++;
    pager->items += page->items;
    if (pager->pages == 1) {
        pager->expected = page->result_count;
    }
    *ret_more = false;
    if (page->items == 0) {
        return true;
    }
    if (pager->pages > 1 && page->mark == pager->mark) {
        return nq_fail(reterr, NQ_NSX_ANSWER,
                       "page %zu of the list repeats the one before", pager->pages);
    }
    pager->mark = page->mark;
    if (pager->expected >= 0 && pager->items >= (size_t)pager->expected) {
        return true;
    }
    if (strncmp(page->cursor, END_CURSOR, sizeof(END_CURSOR) - 1) == 0) {
        return true;
    }
    if (page->cursor[0]) {
        if (strcmp(page->cursor, pager->cursor) == 0) {
            return nq_fail(reterr, NQ_NSX_ANSWER,
                           "page %zu of the list names itself next", pager->pages);
        }
        pager->by_offset = false; /* it pages as documented */
        (void)snprintf(pager->cursor, sizeof(pager->cursor), "%s", page->cursor);
    } else if (pager->by_offset) {
        (void)snprintf(pager->cursor, sizeof(pager->cursor), "%zu", pager->items);
    } else {
        return true;
    }
    if (pager->pages >= NQ_PAGES_MAX) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "the list has not ended after %d pages",
                       NQ_PAGES_MAX);
    }
    *ret_more = true;
    return true;
}

bool nq_pager_complete(const struct nq_pager *pager, struct nq_err *reterr)
{
    return pager->expected < 0 || pager->items >= (size_t)pager->expected ||
           nq_fail(reterr, NQ_NSX_ANSWER, "the list ends after %zu of %lld items",
                   pager->items, (long long)pager->expected);
}
