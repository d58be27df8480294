/* SPDX-License-Identifier: Apache-2.0 */
/* asker.h: one judged question to one manager: sent over HTTP, past the gate.
 * Not for: knowing which questions there are, or repeating one.
 *
 * Owns    the HTTP client, the password, the CA, and the questions under way.
 * Blocks  in open(), to read the password and CA files.
 * Thread  loop thread only.
 * Fails   open() with *reterr; a question through its done callback, judged.
 * Limits  those of http.h; NQ_HTTP_QUEUE_MAX questions wait for one on trial.
 *
 * A start function never calls back before it returns, calls back exactly once, and never
 * after cancel or close. Close must not be called inside a callback.
 */
#ifndef NQ_NSX_ASKER_H
#define NQ_NSX_ASKER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/err.h"
#include "config/config.h"
#include "loop/loop.h"
#include "nsx/backend.h"

struct nq_asker;
struct nq_ask;

/* Reads a 2xx answer. false: it is not what was asked for, *reterr says why. Must not
 * start, cancel or close anything. */
typedef bool nq_ask_read_fn(void *arg, const char *body, size_t len,
                            struct nq_err *reterr);

/* err NULL: the answer was read. The question is gone. */
typedef void nq_ask_done_fn(void *arg, const struct nq_err *err);

/* conf must outlive the asker. */
struct nq_asker *nq_asker_open(const struct nq_manager_conf *conf, struct nq_loop *loop,
                               const struct nq_clock *clock, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Takes NULL; gives up all questions without a callback. Always returns NULL. */
struct nq_asker *nq_asker_close(struct nq_asker *asker);

/* path is encoded already. body NULL: GET, else POST. */
struct nq_ask *nq_ask_start(struct nq_asker *asker, const char *path, const char *body,
                            nq_ask_read_fn *read, nq_ask_done_fn *done, void *arg);

/* Takes NULL. Always returns NULL. */
struct nq_ask *nq_ask_cancel(struct nq_ask *ask);

/* The manager as the last answers show it; last_error is borrowed from the asker. */
struct nq_manager_status nq_asker_status(const struct nq_asker *asker);

#endif
