/* SPDX-License-Identifier: Apache-2.0 */
/* shared.h: an answer that many want at about the same time: asked for once, given to all
 * who wait, and kept as long as it is fresh.
 * Not for: what the answer means, or questions that change something.
 *
 * Owns    the question under way and its path. What was read stays with setup.arg.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   through done, with the error of the question; a failure is not kept, and what
 *         was read before stays as it is.
 * Limits  one question under way. Those who wait are calls, which have their own limit.
 */
#ifndef NQ_NSX_SHARED_H
#define NQ_NSX_SHARED_H

#include "base/clock.h"
#include "loop/loop.h"
#include "nsx/asker.h"
#include "nsx/waits.h"

#define NQ_SHARED_PACE_MS 200

struct nq_shared;

struct nq_shared_setup {
    struct nq_asker *asker;
    struct nq_loop *loop;
    const struct nq_clock *clock;
    int64_t fresh_ms;
    nq_ask_read_fn *read; /* replaces what was read before, when it succeeds */
    void *arg;            /* of read and mend */
    /* true: the question was changed with nq_shared_set_path(), ask again. May be NULL. */
    bool (*mend)(void *arg, const struct nq_err *err);
};

/* Embedded; fields are for shared.c. */
struct nq_shared {
    struct nq_shared_setup setup;
    char *path;
    struct nq_ask *ask;
    bool known;       /* something was read */
    int64_t asked_ms; /* mono: when the question began whose answer was read */
    int64_t began_ms; /* mono: of the one under way */
    bool asked;       /* at all */
    struct nq_timer timer;
    struct nq_waits waits;
    struct nq_timer next_timer;
    struct nq_waits next; /* for the question after the one under way */
};

/* path is encoded and copied. */
void nq_shared_init(struct nq_shared *shared, const struct nq_shared_setup *setup,
                    const char *path);
/* Those who still wait are forgotten. */
void nq_shared_done(struct nq_shared *shared);

void nq_shared_set_path(struct nq_shared *shared, const char *path);

/* done is called once, never before this returns, never after nq_wait_leave(). */
void nq_shared_want(struct nq_shared *shared, struct nq_wait *wait, nq_wait_fn *done,
                    void *arg);

/* The same for who needs an answer to a question that begins after now: what was read before
 * proves nothing. Such questions begin NQ_SHARED_PACE_MS apart. */
void nq_shared_want_new(struct nq_shared *shared, struct nq_wait *wait, nq_wait_fn *done,
                        void *arg);

#endif
