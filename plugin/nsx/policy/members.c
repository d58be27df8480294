/* SPDX-License-Identifier: Apache-2.0 */
/* members.c: see members.h. */
#include "nsx/policy/members.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void nq_members_init(struct nq_members *members, const char *group_path)
{
    *members = (struct nq_members){.path = nq_strdup(group_path)};
    nq_pool_init(&members->texts);
}

void nq_members_done(struct nq_members *members)
{
    nq_pool_done(&members->texts);
    free(members->ids);
    free(members->path);
    *members = (struct nq_members){0};
}

void nq_members_begin(struct nq_members *members, int64_t now_ms)
{
    nq_pool_done(&members->texts);
    nq_pool_init(&members->texts);
    members->count = 0;
    members->known = false;
    members->full = false;
    members->read_ms = now_ms;
}

void nq_members_add(void *arg, const char *text)
{
    struct nq_members *members = arg;
    if (members->count == NQ_MEMBERS_MAX || nq_pool_full(&members->texts)) {
        members->full = true;
        return;
    }
    if (members->count == members->room) {
        members->room = members->room ? members->room * 2 : 64;
        members->ids = nq_realloc(members->ids, members->room, sizeof(members->ids[0]));
    }
    members->ids[members->count++] =
        nq_pool_text(&members->texts, nq_pool_add(&members->texts, text));
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void nq_members_end(struct nq_members *members)
{
    size_t count = 0;
    if (members->count > 0) {
        qsort(members->ids, members->count, sizeof(members->ids[0]), by_text);
    }
    for (size_t i = 0; i < members->count; i++) {
        if (count == 0 || strcmp(members->ids[i], members->ids[count - 1]) != 0) {
            members->ids[count++] = members->ids[i];
        }
    }
    members->count = count;
    members->known = true;
}

bool nq_members_have(const struct nq_members *members, const char *text)
{
    return members->count > 0 &&
           bsearch(&text, members->ids, members->count, sizeof(members->ids[0]), by_text);
}
