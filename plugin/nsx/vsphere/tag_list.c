/* SPDX-License-Identifier: Apache-2.0 */
/* tag_list.c: from the names of our tags to their ids in this NSX: see
 * impl.h. GET /api/2.0/services/securitytags/tag gives all tags at once before
 * 6.3.3, and from then on in parts, with pagingInfo. What an older release makes of the
 * parameters for that is not documented, so the first part is asked for without any. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "nsx/tags.h"
#include "nsx/vsphere/impl.h"
#include "nsx/vsphere/xml.h"

#define TAGS_PATH "/api/2.0/services/securitytags/tag"
#define PART_SIZE 1024 /* what NSX takes when nobody says anything */
#define PARTS_MAX 200

const char *nq_vsphere_our_tag(const struct nq_vsphere *vsphere)
{
    const struct nq_tag_ids *ids = &vsphere->tag_ids;
    for (size_t i = 0; ids->known && i < ids->count; i++) {
        if (ids->list[i].tags & NQ_TAGS_OURS) {
            return ids->list[i].id;
        }
    }
    return "";
}

static void add_id(struct nq_tag_ids *ids, const char *id, unsigned tags, bool universal)
{
    struct nq_tag_id *row = &ids->list[ids->count++];
    *row = (struct nq_tag_id){.tags = tags, .universal = universal};
    (void)snprintf(row->id, sizeof(row->id), "%s", id);
}

void nq_vsphere_keep_our_tag(struct nq_vsphere *vsphere, const char *id)
{
    if (vsphere->tag_ids.count < NQ_TAG_IDS_MAX) {
        add_id(&vsphere->tag_ids, id,
               nq_tags_of_name(vsphere->conf, vsphere->conf->tag_value), false);
    }
}

/* Parts may overlap when tags are made or deleted meanwhile. */
static void keep_tag(void *arg, const struct nq_tag_facts *tag)
{
    struct nq_tag_listing *listing = arg;
    struct nq_tag_ids *ids = &listing->ids;
    const unsigned meaning = nq_tags_of_name(listing->vsphere->conf, tag->name);
    for (size_t i = 0; i < ids->count; i++) {
        if (strcmp(ids->list[i].id, tag->id) == 0) {
            return;
        }
    }
    if (meaning != 0 && ids->count == NQ_TAG_IDS_MAX) {
        listing->overflow = true;
    } else if (meaning != 0) {
        add_id(ids, tag->id, meaning, tag->universal);
    }
}

static bool has_local_twin(const struct nq_tag_ids *ids, const struct nq_tag_id *row)
{
    for (size_t i = 0; i < ids->count; i++) {
        if (ids->list[i].tags & row->tags & NQ_TAGS_QUARANTINE &&
            !ids->list[i].universal) {
            return true;
        }
    }
    return false;
}

/* Names are unique within a scope. A universal tag can have the name of a local one; ours
 * is local, and so is what other products set on one manager. But each of the two protects,
 * when its name is to protect. */
static void prefer_local(struct nq_tag_ids *ids)
{
    for (size_t i = 0; i < ids->count; i++) {
        if (ids->list[i].universal && has_local_twin(ids, &ids->list[i])) {
            ids->list[i].tags &= ~NQ_TAGS_QUARANTINE;
        }
    }
}

static bool read_part(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_tag_listing *listing = arg;
    struct nq_xml_page page;
    if (!nq_xml_tags(body, len, keep_tag, listing, &page, reterr)) {
        return false;
    }
    if (listing->overflow) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "more than %d tags with our names",
                       NQ_TAG_IDS_MAX);
    }
    if (page.start != listing->next) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "the list of tags begins at %lld, not %lld",
                       (long long)page.start, (long long)listing->next);
    }
    listing->next += (int64_t)page.items;
    listing->more = page.total > listing->next;
    if (listing->more && (page.items == 0 || listing->parts >= PARTS_MAX)) {
        return nq_fail(reterr, NQ_NSX_ANSWER, "the list of %lld tags stops after %lld",
                       (long long)page.total, (long long)listing->next);
    }
    return true;
}

static void ask_part(struct nq_tag_listing *listing);

static void on_part(void *arg, const struct nq_err *err)
{
    struct nq_tag_listing *listing = arg;
    listing->ask = NULL;
    if (!err && listing->more) {
        ask_part(listing);
        return;
    }
    if (!err) {
        prefer_local(&listing->ids);
        listing->ids.known = true;
        listing->vsphere->tag_ids = listing->ids;
    }
    listing->done(listing->arg, err);
}

static void ask_part(struct nq_tag_listing *listing)
{
    char *path = listing->parts == 0
                     ? nq_strdup(TAGS_PATH)
                     : nq_sprintf("%s?startIndex=%lld&pageSize=%d", TAGS_PATH,
                                  (long long)listing->next, PART_SIZE);
    listing->parts++;
    listing->ask =
        nq_ask_start(listing->vsphere->asker, &(struct nq_question){.path = path},
                     read_part, on_part, listing);
    free(path);
}

void nq_tag_listing_start(struct nq_tag_listing *listing, struct nq_vsphere *vsphere,
                          nq_ask_done_fn *done, void *arg)
{
    *listing = (struct nq_tag_listing){.vsphere = vsphere, .done = done, .arg = arg};
    ask_part(listing);
}

void nq_tag_listing_stop(struct nq_tag_listing *listing)
{
    listing->ask = nq_ask_cancel(listing->ask);
}
