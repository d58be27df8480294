/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.c: see resolve.h. */
#include "quarantine/resolve.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WHOLE 1U /* the bit of the first hint */

/* Cuts white space at both ends of the text that starts at begin. */
static char *trim(char *begin)
{
    while (isspace((unsigned char)*begin)) {
        begin++;
    }
    size_t len = strlen(begin);
    while (len > 0 && isspace((unsigned char)begin[len - 1])) {
        begin[--len] = '\0';
    }
    return begin;
}

static void add_hint(struct nq_vm_query *query, char *text)
{
    const char *hint = trim(text);
    if (*hint && query->hint_count < NQ_HINTS_MAX) {
        query->hints[query->hint_count++] = hint;
    }
}

void nq_resolve_split(const char *text, struct nq_identity *ret_identity)
{
    struct nq_vm_query *query = &ret_identity->query;
    *query = (struct nq_vm_query){0};
    (void)snprintf(ret_identity->whole, sizeof(ret_identity->whole), "%s",
                   nq_text_or_empty(text));
    memcpy(ret_identity->parts, ret_identity->whole, sizeof(ret_identity->parts));
    add_hint(query, ret_identity->whole);

    char *parts = trim(ret_identity->parts);
    const size_t len = strlen(parts);
    char *open = strrchr(parts, '(');
    if (open && open > parts && parts[len - 1] == ')') {
        parts[len - 1] = '\0';
        *open = '\0';
        add_hint(query, parts);
        add_hint(query, open + 1);
    }
}

/* The hints that count: the whole text if it leads anywhere, else all that do. */
static unsigned counting_hints(const struct nq_vm *candidates, size_t count)
{
    unsigned leading = 0;
    for (size_t i = 0; i < count; i++) {
        leading |= candidates[i].matched;
    }
    return leading & WHOLE ? WHOLE : leading;
}

enum nq_case_event nq_resolve_judge(const struct nq_vm *candidates, size_t count,
                                    const struct nq_vm **ret_vm)
{
    *ret_vm = NULL;
    const unsigned hints = counting_hints(candidates, count);
    if (hints == 0) {
        return NQ_EV_UNKNOWN;
    }
    const struct nq_vm *agreed = NULL;
    for (size_t i = 0; i < count; i++) {
        if ((candidates[i].matched & hints) != hints) {
            continue;
        }
        if (agreed) {
            return NQ_EV_AMBIGUOUS;
        }
        agreed = &candidates[i];
    }
    if (!agreed) {
        return NQ_EV_AMBIGUOUS;
    }
    *ret_vm = agreed;
    return agreed->regular ? NQ_EV_FOUND : NQ_EV_PROTECTED;
}

bool nq_resolve_is_weak(const struct nq_vm_query *query, const struct nq_vm *vm)
{
    const unsigned all_parts = (1U << query->hint_count) - 1 - WHOLE;
    return !(vm->matched & WHOLE) && (vm->matched & all_parts) != all_parts;
}
