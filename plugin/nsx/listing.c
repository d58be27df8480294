/* SPDX-License-Identifier: Apache-2.0 */
/* listing.c: see listing.h. */
#include "nsx/listing.h"

#include <stdlib.h>

#include "base/mem.h"
#include "nsx/http.h"

static void ask_page(struct nq_listing *listing);

static bool read_page(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_listing *listing = arg;
    struct nq_page page;
    return listing->read(listing->arg, body, len, &page, reterr) &&
           nq_pager_step(&listing->pager, &page, &listing->more, reterr);
}

static void on_page(void *arg, const struct nq_err *err)
{
    struct nq_listing *listing = arg;
    listing->ask = NULL;
    if (!err && listing->more) {
        ask_page(listing);
        return;
    }
    nq_listing_stop(listing);
    listing->done(listing->arg, err);
}

static void ask_page(struct nq_listing *listing)
{
    char *path = NULL;
    if (listing->pager.cursor[0]) {
        char *cursor = nq_http_escape(listing->pager.cursor);
        path = nq_sprintf("%s&cursor=%s", listing->path, cursor);
        free(cursor);
    } else {
        path = nq_strdup(listing->path);
    }
    const struct nq_question question = {.path = path, .urgent = listing->urgent};
    listing->ask = nq_ask_start(listing->asker, &question, read_page, on_page, listing);
    free(path);
}

static void start(struct nq_listing *listing, const struct nq_listing *what,
                  const char *path, bool by_offset)
{
    *listing = *what;
    listing->path = nq_strdup(path);
    nq_pager_init(&listing->pager, by_offset);
    ask_page(listing);
}

void nq_listing_start(struct nq_listing *listing, struct nq_asker *asker,
                      const char *path, bool by_offset, nq_page_read_fn *read,
                      nq_ask_done_fn *done, void *arg)
{
    const struct nq_listing what = {
        .asker = asker, .read = read, .done = done, .arg = arg};
    start(listing, &what, path, by_offset);
}

void nq_listing_start_urgent(struct nq_listing *listing, struct nq_asker *asker,
                             const char *path, nq_page_read_fn *read,
                             nq_ask_done_fn *done, void *arg)
{
    const struct nq_listing what = {
        .asker = asker, .urgent = true, .read = read, .done = done, .arg = arg};
    start(listing, &what, path, false);
}

void nq_listing_stop(struct nq_listing *listing)
{
    listing->ask = nq_ask_cancel(listing->ask);
    free(listing->path);
    listing->path = NULL;
}
