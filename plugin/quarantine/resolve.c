/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.c: see resolve.h. */
#include "quarantine/resolve.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

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
    (void)snprintf(ret_identity->text, sizeof(ret_identity->text), "%s",
                   nq_text_or_empty(text));

    char *whole = trim(ret_identity->text);
    const size_t len = strlen(whole);
    char *open = strrchr(whole, '(');
    if (open && open > whole && whole[len - 1] == ')') {
        whole[len - 1] = '\0';
        *open = '\0';
        add_hint(query, whole);
        add_hint(query, open + 1);
    } else {
        add_hint(query, whole);
    }
}

enum nq_case_event nq_resolve_judge(const struct nq_vm *candidates, size_t count,
                                    const struct nq_vm **ret_vm)
{
    unsigned leading = 0; /* hints that lead to any VM */
    for (size_t i = 0; i < count; i++) {
        leading |= candidates[i].matched;
    }
    if (leading == 0) {
        return NQ_EV_UNKNOWN;
    }
    const struct nq_vm *agreed = NULL;
    for (size_t i = 0; i < count; i++) {
        if (candidates[i].matched != leading) {
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
    if (!agreed->regular) {
        return NQ_EV_PROTECTED;
    }
    *ret_vm = agreed;
    return NQ_EV_FOUND;
}
