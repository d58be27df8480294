/* SPDX-License-Identifier: Apache-2.0 */
/* read_json.h: what every reader of JSON needs: a body as one object, its members, and the
 * lists of NSX with what they say about themselves. Pure.
 * Not for: knowing any document of NSX; the *_json.c files do.
 *
 * Owns    nothing but what nq_json_parse() returns.
 * Blocks  never.
 * Thread  any.
 * Fails   false or NULL and *reterr: NQ_NSX_ANSWER, what is wrong.
 * Limits  a nesting of 1000 (cJSON's), NQ_CURSOR_MAX.
 */
#ifndef NQ_NSX_READ_JSON_H
#define NQ_NSX_READ_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define NQ_CURSOR_MAX 255

struct cJSON; /* of libcjson; its header is for *_json.c only */

/* What a list says about itself. */
struct nq_page {
    size_t items;
    uint32_t mark;        /* of the ids of its items: the same for the same page */
    int64_t result_count; /* -1: not given */
    char cursor[NQ_CURSOR_MAX + 1]; /* "": not given */
};

/* What items of one kind of list need. */
struct nq_item_kind {
    /* Hands out what one item holds; false when it lacks what we need. */
    bool (*read)(const struct cJSON *item, void *arg);
    const char *id; /* the member that tells items apart, for messages too */
};

/* The whole body as one JSON object, for cJSON_Delete(). reterr may be NULL. */
struct cJSON *nq_json_parse(const char *body, size_t len, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* NULL when object is NULL, no object, or has no such member. */
const struct cJSON *nq_json_member(const struct cJSON *object, const char *name);

/* "" for what is absent or no text. */
const char *nq_json_text(const struct cJSON *object, const char *name);

/* Error codes and some ids come as a number or as a string of digits. 0: neither. */
int64_t nq_json_number(const struct cJSON *item);

/* Reads {"results": [...], "cursor": ..., "result_count": ...}; calls kind.read for each
 * item. Items before a bad one were already handed out. */
bool nq_json_list(const char *body, size_t len, struct nq_item_kind kind, void *arg,
                  struct nq_page *ret_page, struct nq_err *reterr)
    __attribute__((warn_unused_result));

#endif
