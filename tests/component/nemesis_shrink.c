/* SPDX-License-Identifier: Apache-2.0 */
/* nemesis_shrink.c: from a history that breaks a promise to the smallest that still does. */
#include <string.h>

#include "nemesis_internal.h"

struct shrinker {
    const struct nemesis_rules *rules;
    struct nemesis_history *best;
    struct nemesis_verdict *verdict;
    size_t plays;
};

/* Takes the candidate if it still breaks the same promise. */
static bool accepts(struct shrinker *shrinker, const struct nemesis_history *candidate)
{
    struct nemesis_verdict verdict;
    shrinker->plays++;
    if (nemesis_play(candidate, shrinker->rules, &verdict) ||
        verdict.broken != shrinker->verdict->broken) {
        return false;
    }
    *shrinker->best = *candidate;
    *shrinker->verdict = verdict;
    return true;
}

/* What comes after the broken promise did not break it. */
static void cut_end(struct shrinker *shrinker)
{
    struct nemesis_history candidate = *shrinker->best;
    if (shrinker->verdict->at + 1 < candidate.count) {
        candidate.count = shrinker->verdict->at + 1;
        (void)accepts(shrinker, &candidate);
    }
}

/* Leaves out pieces, large ones first. */
static bool leave_out(struct shrinker *shrinker)
{
    bool smaller = false;
    for (size_t len = (shrinker->best->count + 1) / 2; len > 0; len /= 2) {
        for (size_t at = 0; at + len <= shrinker->best->count;) {
            struct nemesis_history candidate = *shrinker->best;
            memmove(&candidate.ops[at], &candidate.ops[at + len],
                    (candidate.count - at - len) * sizeof(candidate.ops[0]));
            candidate.count -= len;
            if (accepts(shrinker, &candidate)) {
                smaller = true;
            } else {
                at += len;
            }
        }
    }
    return smaller;
}

/* The plainest word that still does, for each argument. */
static bool plain_words(struct shrinker *shrinker)
{
    bool plainer = false;
    for (size_t i = 0; i < shrinker->best->count; i++) {
        for (size_t k = 0; k < NEMESIS_ARGS_MAX; k++) {
            for (uint8_t word = 0; word < shrinker->best->ops[i].args[k]; word++) {
                struct nemesis_history candidate = *shrinker->best;
                candidate.ops[i].args[k] = word;
                if (accepts(shrinker, &candidate)) {
                    plainer = true;
                    break;
                }
            }
        }
    }
    return plainer;
}

size_t nemesis_shrink(struct nemesis_history *history, const struct nemesis_rules *rules,
                      struct nemesis_verdict *verdict)
{
    struct shrinker shrinker = {rules, history, verdict, 0};
    cut_end(&shrinker);
    bool smaller = true;
    while (smaller) { /* each may open a way for the other; both only ever go down */
        smaller = leave_out(&shrinker);
        smaller = plain_words(&shrinker) || smaller;
    }
    return shrinker.plays;
}
