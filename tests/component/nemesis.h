/* SPDX-License-Identifier: Apache-2.0 */
/* nemesis.h: random histories against the real engine in its fake world (world.h), and the
 * promises that it must keep through all of them.
 * Not for: real processes and real time; those have a nemesis of their own.
 *
 * Owns    nothing: a history is plain data, and a run leaves nothing behind.
 * Blocks  for as long as the histories take; time in them is not real.
 * Thread  one.
 * Fails   with a verdict that names the promise. The same history gives the same verdict.
 * Limits  NEMESIS_OPS_MAX operations in a history.
 */
#ifndef NQ_TESTS_NEMESIS_H
#define NQ_TESTS_NEMESIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NEMESIS_OPS_MAX  80
#define NEMESIS_ARGS_MAX 3
#define NEMESIS_TEXT_MAX 4096

/* What the product promises, by the numbers of its README. */
enum nemesis_promise {
    NEMESIS_KEPT, /* no promise was broken */
    NEMESIS_FORGETS_NOTHING,
    NEMESIS_ACTS_ONCE,
    NEMESIS_TOUCHES_ONLY_OURS,
    NEMESIS_PUTS_BACK,
    NEMESIS_PROTECTS,
    NEMESIS_KEEPS_BUDGETS,
    NEMESIS_NEVER_WAITS,
    NEMESIS_IS_NEVER_SILENT,
    NEMESIS_PROMISE_END
};

/* One thing that happens. kind: a row of nemesis_kinds; each argument: an index into that
 * row's words for it. */
struct nemesis_op {
    uint8_t kind;
    uint8_t args[NEMESIS_ARGS_MAX];
};

struct nemesis_history {
    size_t count;
    struct nemesis_op ops[NEMESIS_OPS_MAX];
};

struct nemesis_verdict {
    enum nemesis_promise broken;
    size_t at; /* the operation, from 0; history.count: when all was well again */
    char text[512];
};

/* What is wrong on purpose in the world around the engine. */
enum nemesis_sabotage {
    NEMESIS_HONEST,
    NEMESIS_STORE_FORGETS, /* a new case is not among what a commit makes durable */
    NEMESIS_TAG_LIST,      /* a write replaces all tags of the VM */
    NEMESIS_SABOTAGE_END
};

/* The engine and the world that a history meets. */
struct nq_decisions;

struct nemesis_rules {
    const struct nq_decisions *decisions; /* NULL: the product's */
    enum nemesis_sabotage sabotage;
};

/* "promise 2: one event has one effect on NSX". Static. */
const char *nemesis_promise_text(enum nemesis_promise promise);

/* The history of this number: always the same one. */
void nemesis_invent(uint64_t seed, struct nemesis_history *ret_history);

/* One line for people and for NEMESIS_OPS: "detect VDI-01 Eicar listed; turn; ...". read()
 * is false for a text that is none, and says what it does not know. */
void nemesis_write(const struct nemesis_history *history, char *text, size_t size);
bool nemesis_read(const char *text, struct nemesis_history *ret_history,
                  const char **ret_unknown);

/* Lives through the history, then heals the world and waits until all is quiet. true: every
 * promise was kept. */
bool nemesis_play(const struct nemesis_history *history,
                  const struct nemesis_rules *rules, struct nemesis_verdict *ret_verdict);

/* The first of so many histories that breaks this promise (NEMESIS_KEPT: any). false: none
 * does. */
bool nemesis_find(uint64_t seed, uint64_t runs, enum nemesis_promise promise,
                  const struct nemesis_rules *rules, struct nemesis_history *ret_history,
                  struct nemesis_verdict *ret_verdict, uint64_t *ret_seed);

/* Says what a history does and what is wrong with it, on standard error. */
void nemesis_tell(const struct nemesis_history *history,
                  const struct nemesis_verdict *verdict);

/* Makes a history that breaks a promise as small and plain as it goes, the same promise
 * still broken. Returns how often it was played. */
size_t nemesis_shrink(struct nemesis_history *history, const struct nemesis_rules *rules,
                      struct nemesis_verdict *verdict);

#endif
