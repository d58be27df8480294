/* SPDX-License-Identifier: Apache-2.0 */
/* listing.h: a list read page by page to its end, as one question.
 *
 * Owns    the page under way. Embedded in the struct that owns it; zeroed is stopped.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   through done, with the error of the first page that failed.
 * Limits  those of pager.h.
 */
#ifndef NQ_NSX_LISTING_H
#define NQ_NSX_LISTING_H

#include "nsx/asker.h"
#include "nsx/pager.h"

/* Reads one page and fills *ret_page; may be called before a later page fails. */
typedef bool nq_page_read_fn(void *arg, const char *body, size_t len,
                             struct nq_page *ret_page, struct nq_err *reterr);

struct nq_listing {
    struct nq_asker *asker;
    struct nq_ask *ask; /* NULL: stopped or at its end */
    char *path;
    bool urgent;
    struct nq_pager pager;
    bool more;
    nq_page_read_fn *read;
    nq_ask_done_fn *done;
    void *arg;
};

/* path is encoded and has a query part already. by_offset as in pager.h. done is called
 * once, never before this returns; the listing is stopped then. */
void nq_listing_start(struct nq_listing *listing, struct nq_asker *asker,
                      const char *path, bool by_offset, nq_page_read_fn *read,
                      nq_ask_done_fn *done, void *arg);

/* The same for one that a tag waits for, as in asker.h; never by offset. */
void nq_listing_start_urgent(struct nq_listing *listing, struct nq_asker *asker,
                             const char *path, nq_page_read_fn *read,
                             nq_ask_done_fn *done, void *arg);

/* After this done is not called. */
void nq_listing_stop(struct nq_listing *listing);

#endif
