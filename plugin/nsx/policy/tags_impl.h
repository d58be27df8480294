/* SPDX-License-Identifier: Apache-2.0 */
/* tags_impl.h: what the files of change_tag() share; nobody else includes it.
 *
 * Owns    as impl.h says of the tagger.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  none of its own.
 */
#ifndef NQ_NSX_POLICY_TAGS_IMPL_H
#define NQ_NSX_POLICY_TAGS_IMPL_H

#include "nsx/lines.h"
#include "nsx/policy/impl.h"

struct nq_change_call;

struct nq_change {
    struct nq_seat seat;   /* first; taken while it waits and it is its turn */
    struct nq_place place; /* in the line of its VM: never two of one VM at a time */
    enum nq_tag_change direction;
    struct nq_change_call *call; /* NULL: nobody waits for its end any more */
    struct nq_tag_write *write;  /* it is under way; NULL: it waits */
    bool alone;                  /* NSX refused an operation that it shared with others */
    /* Of the single call, which may mean that NSX has no such call: an operation is tried.
     * code NQ_OK: none. */
    struct nq_err refusal;
};

struct nq_change_call {
    struct nq_call call;
    struct nq_policy_tagger *tagger;
    struct nq_change *change; /* NULL: it is over */
};

/* A question under way, and after its end until all its changes are told. */
struct nq_tag_write {
    struct nq_policy_tagger *tagger;
    struct nq_tag_write *prev;
    struct nq_tag_write *next;
    struct nq_change **changes;
    const char **ids;
    size_t count;
    size_t told;
    struct nq_ask *ask;                 /* a single call, or NULL */
    struct nq_tag_operation *operation; /* or NULL */
    struct nq_timer timer;
    bool failed;
    bool taken;
    struct nq_err err; /* with failed */
    const struct nq_tag_outcome *outcomes;
};

/* One of the two ways to write: what is known about it. */
struct nq_tag_way {
    bool works;
    int64_t missing_until_ms; /* mono */
};

struct nq_policy_tagger {
    struct nq_policy *policy;
    struct nq_bench bench;
    struct nq_lines lines;
    struct nq_tag_write *writes;
    struct nq_tag_way single;
    struct nq_tag_way bulk;
};

/* ---- tags_end.c -------------------------------------------------------------------- */

struct nq_change *nq_change_at(struct nq_place *place);

/* Frees the change; the next of its line takes a seat. */
void nq_change_leave(struct nq_policy_tagger *tagger, struct nq_change *change);

/* It is to be sent in another way. Who has nobody left who waits for it is not sent. */
void nq_change_again(struct nq_policy_tagger *tagger, struct nq_change *change);

/* What follows from the end of a single call; from that of an operation for its index-th
 * change. */
void nq_change_end_single(struct nq_policy_tagger *tagger, struct nq_change *change,
                          const struct nq_err *err);
void nq_change_end_in_bulk(struct nq_tag_write *write, size_t index);

bool nq_tag_way_missing(const struct nq_policy_tagger *tagger,
                        const struct nq_tag_way *way);
void nq_tag_way_set_missing(struct nq_policy_tagger *tagger, struct nq_tag_way *way);

/* The right to operations is one of its own: single calls may be allowed all the same. */
bool nq_may_lack_operations(const struct nq_err *err);

#endif
