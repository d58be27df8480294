/* SPDX-License-Identifier: Apache-2.0 */
/* shared.c: see shared.h. */
#include "nsx/shared.h"

#include <stdlib.h>

#include "base/mem.h"

void nq_shared_init(struct nq_shared *shared, const struct nq_shared_setup *setup,
                    const char *path)
{
    *shared = (struct nq_shared){.setup = *setup, .path = nq_strdup(path)};
}

void nq_shared_done(struct nq_shared *shared)
{
    nq_timer_clear(shared->setup.loop, &shared->timer);
    shared->ask = nq_ask_cancel(shared->ask);
    nq_timer_clear(shared->setup.loop, &shared->next_timer);
    nq_waits_forget(&shared->waits);
    nq_waits_forget(&shared->next);
    free(shared->path);
    shared->path = NULL;
}

void nq_shared_set_path(struct nq_shared *shared, const char *path)
{
    free(shared->path);
    shared->path = nq_strdup(path);
}

static void ask(struct nq_shared *shared);

static bool on_answer(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct nq_shared *shared = arg;
    if (!shared->setup.read(shared->setup.arg, body, len, reterr)) {
        return false;
    }
    shared->known = true;
    shared->asked_ms = shared->began_ms;
    return true;
}

static void ask_next(void *arg)
{
    struct nq_shared *shared = arg;
    if (shared->ask) {
        return; /* another one asks; its end comes back to those who wait */
    }
    nq_waits_move(&shared->next, &shared->waits);
    if (shared->waits.waiting) {
        ask(shared);
    }
}

static void serve_next(struct nq_shared *shared)
{
    if (shared->ask || shared->next_timer.armed || !shared->next.waiting) {
        return;
    }
    const int64_t since_ms = nq_mono_ms(shared->setup.clock) - shared->began_ms;
    const bool now = !shared->asked || since_ms >= NQ_SHARED_PACE_MS;
    nq_timer_set(shared->setup.loop, &shared->next_timer,
                 now ? 0 : NQ_SHARED_PACE_MS - since_ms, ask_next, shared);
}

static void on_end(void *arg, const struct nq_err *err)
{
    struct nq_shared *shared = arg;
    shared->ask = NULL;
    if (err && shared->setup.mend && shared->setup.mend(shared->setup.arg, err)) {
        ask(shared);
        return;
    }
    nq_waits_tell(&shared->waits, err);
    serve_next(shared);
}

static void ask(struct nq_shared *shared)
{
    shared->asked = true;
    shared->began_ms = nq_mono_ms(shared->setup.clock);
    shared->ask =
        nq_ask_start(shared->setup.asker, &(struct nq_question){.path = shared->path},
                     on_answer, on_end, shared);
}

static void on_fresh(void *arg)
{
    struct nq_shared *shared = arg;
    nq_waits_tell(&shared->waits, NULL);
}

void nq_shared_want(struct nq_shared *shared, struct nq_wait *wait, nq_wait_fn *done,
                    void *arg)
{
    nq_waits_add(&shared->waits, wait, done, arg);
    if (shared->ask) {
        return;
    }
    if (shared->known &&
        nq_mono_ms(shared->setup.clock) - shared->asked_ms < shared->setup.fresh_ms) {
        nq_timer_set(shared->setup.loop, &shared->timer, 0, on_fresh, shared);
    } else {
        ask(shared);
    }
}

void nq_shared_want_new(struct nq_shared *shared, struct nq_wait *wait, nq_wait_fn *done,
                        void *arg)
{
    nq_waits_add(&shared->next, wait, done, arg);
    serve_next(shared);
}
