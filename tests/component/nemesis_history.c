/* SPDX-License-Identifier: Apache-2.0 */
/* nemesis_history.c: invents histories, writes them down and reads them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nemesis_internal.h"

#define MANY_WORDS 5
#define KINDS_MAX  64 /* rows of nemesis_kinds, at most */

/* splitmix64: small, and the same everywhere. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static size_t below(uint64_t *state, size_t limit)
{
    return (size_t)(draw(state) % limit);
}

/* Of many words the first ones come more often, so that things happen to the same VM. */
static uint8_t invent_arg(uint64_t *state, const struct nemesis_words *words)
{
    const size_t one = below(state, words->count);
    const size_t other = below(state, words->count);
    return (uint8_t)(words->count < MANY_WORDS || one < other ? one : other);
}

/* Each history leaves out some kinds of things altogether, so that the others come together
 * in ways that they would not among everything at once. */
static size_t choose_kinds(uint64_t *state, unsigned *weights)
{
    size_t sum = 0;
    if (nemesis_kind_count > KINDS_MAX) {
        abort();
    }
    for (size_t i = 0; i < nemesis_kind_count; i++) {
        const struct nemesis_kind *kind = &nemesis_kinds[i];
        weights[i] = kind->always || below(state, 2) ? kind->weight : 0;
        sum += weights[i];
    }
    return sum;
}

static struct nemesis_op invent_op(uint64_t *state, const unsigned *weights, size_t sum)
{
    size_t at = below(state, sum);
    struct nemesis_op op = {0};
    while (at >= weights[op.kind]) {
        at -= weights[op.kind++];
    }
    for (size_t i = 0; i < NEMESIS_ARGS_MAX; i++) {
        const struct nemesis_words *words = &nemesis_kinds[op.kind].args[i];
        op.args[i] = words->count ? invent_arg(state, words) : 0;
    }
    return op;
}

static uint8_t kind_named(const char *name, size_t len)
{
    size_t kind = 0;
    while (kind < nemesis_kind_count && (strlen(nemesis_kinds[kind].name) != len ||
                                         strncmp(nemesis_kinds[kind].name, name, len))) {
        kind++;
    }
    return (uint8_t)kind;
}

void nemesis_invent(uint64_t seed, struct nemesis_history *ret_history)
{
    uint64_t state = seed;
    unsigned weights[KINDS_MAX];
    const size_t sum = choose_kinds(&state, weights);
    *ret_history = (struct nemesis_history){
        .count = NEMESIS_OPS_MAX / 4 + below(&state, 3 * NEMESIS_OPS_MAX / 4)};
    for (size_t i = 0; i < ret_history->count; i++) {
        ret_history->ops[i] = invent_op(&state, weights, sum);
    }
    if (below(&state, 2)) { /* half of them with another configuration from the start */
        struct nemesis_op *first = &ret_history->ops[0];
        *first = (struct nemesis_op){.kind = kind_named("restart", 7)};
        first->args[0] = invent_arg(&state, &nemesis_kinds[first->kind].args[0]);
    }
}

void nemesis_write(const struct nemesis_history *history, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < history->count; i++) {
        const struct nemesis_op *op = &history->ops[i];
        const struct nemesis_kind *kind = &nemesis_kinds[op->kind];
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s", i ? "; " : "", kind->name);
        for (size_t k = 0; used < size && k < NEMESIS_ARGS_MAX && kind->args[k].count;
             k++) {
            used += (size_t)snprintf(text + used, size - used, " %s",
                                     kind->args[k].words[op->args[k]]);
        }
        if (used >= size) {
            return;
        }
    }
}

/* The next word at *at, which moves behind it; 0 at the end of the operation. */
static size_t next_word(const char **at, const char **ret_word)
{
    *at += strspn(*at, " ");
    *ret_word = *at;
    const size_t len = strcspn(*at, " ;");
    *at += len;
    return len;
}

static bool read_op(const char **at, struct nemesis_op *ret_op, const char **ret_unknown)
{
    size_t len = next_word(at, ret_unknown);
    *ret_op = (struct nemesis_op){.kind = kind_named(*ret_unknown, len)};
    if (ret_op->kind == nemesis_kind_count) {
        return false;
    }
    const struct nemesis_kind *kind = &nemesis_kinds[ret_op->kind];
    for (size_t k = 0; k < NEMESIS_ARGS_MAX && kind->args[k].count; k++) {
        const struct nemesis_words *words = &kind->args[k];
        size_t i = 0;
        len = next_word(at, ret_unknown);
        while (i < words->count && (strlen(words->words[i]) != len ||
                                    strncmp(words->words[i], *ret_unknown, len))) {
            i++;
        }
        if (i == words->count) {
            return false;
        }
        ret_op->args[k] = (uint8_t)i;
    }
    return next_word(at, ret_unknown) == 0;
}

bool nemesis_read(const char *text, struct nemesis_history *ret_history,
                  const char **ret_unknown)
{
    *ret_history = (struct nemesis_history){0};
    *ret_unknown = text;
    while (*text) {
        if (ret_history->count == NEMESIS_OPS_MAX ||
            !read_op(&text, &ret_history->ops[ret_history->count], ret_unknown)) {
            return false;
        }
        ret_history->count++;
        text += *text == ';';
        text += strspn(text, " ");
    }
    return true;
}

void nemesis_tell(const struct nemesis_history *history,
                  const struct nemesis_verdict *verdict)
{
    char text[NEMESIS_TEXT_MAX];
    nemesis_write(history, text, sizeof(text));
    (void)fprintf(stderr, "%s\n  %s\n  at operation %zu of %zu\n  NEMESIS_OPS='%s'\n",
                  nemesis_promise_text(verdict->broken), verdict->text, verdict->at + 1,
                  history->count, text);
}
