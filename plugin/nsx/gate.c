/* SPDX-License-Identifier: Apache-2.0 */
/* gate.c: see gate.h. */
#include "nsx/gate.h"

#include <stdio.h>
#include <time.h>

void nq_gate_init(struct nq_gate *gate, const struct nq_clock *clock, int64_t pause_ms)
{
    *gate = (struct nq_gate){.clock = clock, .pause_ms = pause_ms};
}

bool nq_gate_is_shut(const struct nq_gate *gate)
{
    return gate->refused && nq_mono_ms(gate->clock) < gate->shut_until_ms;
}

enum nq_gate_answer nq_gate_ask(struct nq_gate *gate, struct nq_err *reterr)
{
    if (nq_gate_is_shut(gate)) {
        *reterr = gate->refusal;
        return NQ_GATE_SHUT;
    }
    if (gate->proven) {
        return NQ_GATE_PASS;
    }
    if (gate->on_trial) {
        return NQ_GATE_WAIT;
    }
    gate->on_trial = true;
    return NQ_GATE_TRIAL;
}

/* Only NSX itself, past its login, answers like this. */
static bool proves_account(const struct nq_err *err)
{
    return !err || err->code == NQ_NSX_FORBIDDEN || err->code == NQ_NSX_NOT_FOUND ||
           err->code == NQ_NSX_REJECTED;
}

static void shut(struct nq_gate *gate, const struct nq_err *err)
{
    const time_t until = (time_t)((nq_wall_ms(gate->clock) + gate->pause_ms) / 1000);
    struct tm when;
    char text[32] = "";
    if (gmtime_r(&until, &when)) {
        (void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%SZ", &when);
    }
    gate->proven = false;
    gate->refused = true;
    gate->shut_until_ms = nq_mono_ms(gate->clock) + gate->pause_ms;
    (void)nq_fail(&gate->refusal, NQ_NSX_AUTH, "no request until %s after %s", text,
                  err->detail);
    gate->refusal.http = err->http;
}

void nq_gate_report(struct nq_gate *gate, bool trial, const struct nq_err *err)
{
    if (trial) {
        gate->on_trial = false;
    }
    if (err && err->code == NQ_NSX_AUTH) {
        shut(gate, err);
    } else if (proves_account(err) && !nq_gate_is_shut(gate)) {
        /* An answer to a request from before the refusal proves nothing about now. */
        gate->proven = true;
        gate->refused = false;
    }
}

void nq_gate_forgive(struct nq_gate *gate)
{
    gate->proven = false;
    gate->refused = false;
}

void nq_gate_withdraw(struct nq_gate *gate)
{
    gate->on_trial = false;
}
