/* SPDX-License-Identifier: Apache-2.0 */
/* gate.h: keeps a wrong password from locking the account.
 * NSX locks an account after five failed logins, and each further try makes it longer. So
 * until the account has proven good, one request is tried at a time; after a refusal none
 * is sent for a pause. Pure state, no requests.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   a closed gate gives NQ_NSX_AUTH with the reason and the time it opens.
 * Limits  when a password that was good is changed in NSX, the requests under way at that
 *         moment fail too: with Basic keep the concurrency below five. With sessions, and
 *         with a new account, it is never more than one refused login in a pause.
 */
#ifndef NQ_NSX_GATE_H
#define NQ_NSX_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

enum nq_gate_answer {
    NQ_GATE_PASS,  /* send it */
    NQ_GATE_TRIAL, /* send it, as the one request that tries the account */
    NQ_GATE_WAIT,  /* another request is on trial: ask again after it */
    NQ_GATE_SHUT,  /* do not send it */
};

struct nq_gate {
    const struct nq_clock *clock;
    int64_t pause_ms;
    bool proven;           /* the account was good at the last answer */
    bool on_trial;         /* the one request is under way */
    bool refused;          /* by refusal, at the last answer */
    int64_t shut_until_ms; /* mono; with refused */
    struct nq_err refusal; /* says until when, too */
};

void nq_gate_init(struct nq_gate *gate, const struct nq_clock *clock, int64_t pause_ms);

/* reterr is filled for NQ_GATE_SHUT only. */
enum nq_gate_answer nq_gate_ask(struct nq_gate *gate, struct nq_err *reterr);

bool nq_gate_is_shut(const struct nq_gate *gate);

/* The end of a request that was sent. err NULL: a good answer. */
void nq_gate_report(struct nq_gate *gate, bool trial, const struct nq_err *err);

/* The account is another one now: a pause because of the old one is over. */
void nq_gate_forgive(struct nq_gate *gate);

/* A request on trial was given up. */
void nq_gate_withdraw(struct nq_gate *gate);

#endif
