/* SPDX-License-Identifier: Apache-2.0 */
/* members.h: the VMs in a group, or other texts, listed once for many who ask.
 * Not for: asking NSX.
 *
 * Owns    its texts. Embedded; zeroed is empty.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   full says that the limit was met; what came after it is not there.
 * Limits  NQ_MEMBERS_MAX of them.
 */
#ifndef NQ_NSX_POLICY_MEMBERS_H
#define NQ_NSX_POLICY_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsx/textpool.h"

#define NQ_MEMBERS_MAX 500000

struct nq_members {
    char *path;      /* of the group */
    bool known;      /* the list is complete */
    bool full;       /* something did not fit */
    int64_t read_ms; /* mono, when the reading began; with known */
    struct nq_pool texts;
    const char **ids; /* sorted once it is known */
    size_t count;
    size_t room;
};

/* An empty list that is not known yet. */
void nq_members_init(struct nq_members *members, const char *group_path);
void nq_members_done(struct nq_members *members);

/* Starts over. */
void nq_members_begin(struct nq_members *members, int64_t now_ms);

/* members is a struct nq_members: readers of lists call this for each text. */
void nq_members_add(void *members, const char *text);

/* Sorts them and drops what is there twice. */
void nq_members_end(struct nq_members *members);

bool nq_members_have(const struct nq_members *members, const char *text);

#endif
