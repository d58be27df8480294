/* SPDX-License-Identifier: Apache-2.0 */
/* asker.c: see asker.h. */
#include "nsx/asker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/secret.h"
#include "nsx/gate.h"
#include "nsx/http.h"
#include "nsx/judge.h"
#include "nsx/policy_json.h"

#define CA_MAX ((size_t)1 << 20)

enum stage {
    AT_GATE, /* behind the one that is on trial */
    SENT,    /* given to the HTTP client */
    FAILING, /* done is called with err by the timer */
};

struct nq_ask {
    struct nq_asker *asker;
    struct nq_ask *prev;
    struct nq_ask *next;
    enum stage stage;
    bool trial;
    char *path;
    char *body;
    struct nq_exchange *exchange; /* while SENT */
    struct nq_timer timer;
    struct nq_err err;
    nq_ask_read_fn *read;
    nq_ask_done_fn *done;
    void *arg;
};

struct nq_asker {
    struct nq_loop *loop;
    struct nq_http *http;
    struct nq_secret password;
    char *ca_pem;
    struct nq_gate gate;
    struct nq_ask *asks;
    size_t at_gate_count;
    enum nq_manager_state state;
    struct nq_err last_error; /* code NQ_OK: none so far */
};

/* ---- the state of the manager --------------------------------------------------------- */

/* What one answer says about the manager as a whole; a single question that it refuses
 * says nothing. */
static enum nq_manager_state state_after(const struct nq_err *err)
{
    switch (err ? err->code : NQ_OK) {
    case NQ_NSX_UNREACHABLE:
    case NQ_NSX_TIMEOUT:
    case NQ_NSX_TLS:
        return NQ_MANAGER_DOWN;
    case NQ_NSX_AUTH:
        return NQ_MANAGER_AUTH_FAILED;
    case NQ_NSX_FORBIDDEN:
    case NQ_NSX_BUSY:
    case NQ_NSX_SERVER:
    case NQ_NSX_ANSWER:
        return NQ_MANAGER_DEGRADED;
    default:
        return NQ_MANAGER_UP;
    }
}

struct nq_manager_status nq_asker_status(const struct nq_asker *asker)
{
    return (struct nq_manager_status){
        .state = asker->state,
        .last_error = asker->last_error.code == NQ_OK ? NULL : &asker->last_error,
    };
}

/* ---- the end of a question ------------------------------------------------------------ */

static void destroy(struct nq_ask *ask)
{
    nq_timer_clear(ask->asker->loop, &ask->timer);
    free(ask->path);
    free(ask->body);
    free(ask);
}

static void finish(struct nq_ask *ask, const struct nq_err *err)
{
    DL_DELETE(ask->asker->asks, ask);
    ask->done(ask->arg, err);
    destroy(ask);
}

static void on_failing(void *arg)
{
    struct nq_ask *ask = arg;
    finish(ask, &ask->err);
}

static void fail_later(struct nq_ask *ask, const struct nq_err *err)
{
    if (ask->stage == AT_GATE) {
        ask->asker->at_gate_count--;
    }
    ask->stage = FAILING;
    ask->err = *err;
    nq_timer_set(ask->asker->loop, &ask->timer, 0, on_failing, ask);
}

/* ---- past the gate -------------------------------------------------------------------- */

static void on_answer(void *arg, const struct nq_http_answer *answer);

/* Asks the gate for a question that stands before it. */
static void try_gate(struct nq_ask *ask)
{
    struct nq_asker *asker = ask->asker;
    struct nq_err err;
    const enum nq_gate_answer answer = nq_gate_ask(&asker->gate, &err);
    switch (answer) {
    case NQ_GATE_PASS:
    case NQ_GATE_TRIAL:
        asker->at_gate_count--;
        ask->stage = SENT;
        ask->trial = answer == NQ_GATE_TRIAL;
        ask->exchange = nq_http_start(asker->http, ask->path, ask->body, on_answer, ask);
        break;
    case NQ_GATE_WAIT:
        break;
    case NQ_GATE_SHUT:
        fail_later(ask, &err);
        break;
    }
}

static void try_gate_for_all(struct nq_asker *asker)
{
    struct nq_ask *ask = NULL;
    DL_FOREACH(asker->asks, ask)
    {
        if (ask->stage == AT_GATE) {
            try_gate(ask);
        }
    }
}

/* The account was refused: what was not sent yet must not be sent. */
static void recall_unsent(struct nq_asker *asker)
{
    struct nq_ask *ask = NULL;
    DL_FOREACH(asker->asks, ask)
    {
        if (ask->stage == SENT && ask->exchange && nq_http_waits(ask->exchange)) {
            nq_http_cancel(ask->exchange);
            ask->exchange = NULL;
            fail_later(ask, &asker->gate.refusal);
        }
    }
}

/* A trial that never reached the login proves nothing. Who waited behind it would meet
 * the same trouble one after the other: they share its fate now. */
static void fail_at_gate(struct nq_asker *asker, const struct nq_err *err)
{
    struct nq_ask *ask = NULL;
    DL_FOREACH(asker->asks, ask)
    {
        if (ask->stage == AT_GATE) {
            fail_later(ask, err);
        }
    }
}

static void note(struct nq_asker *asker, const struct nq_ask *ask,
                 const struct nq_err *err)
{
    asker->state = state_after(err);
    if (err) {
        asker->last_error = *err;
    }
    nq_gate_report(&asker->gate, ask->trial, err);
    if (err && err->code == NQ_NSX_AUTH) {
        recall_unsent(asker);
    }
    if (ask->trial && err && !asker->gate.proven && !nq_gate_is_shut(&asker->gate)) {
        fail_at_gate(asker, err);
    }
    try_gate_for_all(asker);
}

static void on_answer(void *arg, const struct nq_http_answer *answer)
{
    struct nq_ask *ask = arg;
    struct nq_err err;
    struct nq_err why = {0};
    struct nq_fault fault;
    const bool good_status = answer->status >= 200 && answer->status <= 299;
    const bool any_fault = answer->end == NQ_HTTP_ANSWERED && !good_status &&
                           nq_json_fault(answer->body, answer->body_len, &fault);
    const bool garbled = answer->end == NQ_HTTP_ANSWERED && good_status &&
                         !ask->read(ask->arg, answer->body, answer->body_len, &why);
    const bool good =
        nq_judge(answer, any_fault ? &fault : NULL, garbled ? why.detail : NULL, &err);
    ask->exchange = NULL;
    note(ask->asker, ask, good ? NULL : &err);
    finish(ask, good ? NULL : &err);
}

/* ---- starting and giving up ----------------------------------------------------------- */

struct nq_ask *nq_ask_start(struct nq_asker *asker, const char *path, const char *body,
                            nq_ask_read_fn *read, nq_ask_done_fn *done, void *arg)
{
    struct nq_ask *ask = nq_calloc(1, sizeof(*ask));
    *ask = (struct nq_ask){
        .asker = asker,
        .stage = AT_GATE,
        .path = nq_strdup(path),
        .body = nq_strdup(body),
        .read = read,
        .done = done,
        .arg = arg,
    };
    DL_APPEND(asker->asks, ask);
    asker->at_gate_count++;
    if (asker->at_gate_count > NQ_HTTP_QUEUE_MAX) {
        struct nq_err err;
        (void)nq_fail(&err, NQ_NSX_BUSY, "%d questions wait for the login already",
                      NQ_HTTP_QUEUE_MAX);
        fail_later(ask, &err);
    } else {
        try_gate(ask);
    }
    return ask;
}

struct nq_ask *nq_ask_cancel(struct nq_ask *ask)
{
    if (!ask) {
        return NULL;
    }
    struct nq_asker *asker = ask->asker;
    const bool was_trial = ask->trial && ask->stage == SENT;
    DL_DELETE(asker->asks, ask);
    if (ask->stage == AT_GATE) {
        asker->at_gate_count--;
    }
    if (ask->exchange) {
        nq_http_cancel(ask->exchange);
    }
    destroy(ask);
    if (was_trial) {
        nq_gate_withdraw(&asker->gate);
        try_gate_for_all(asker);
    }
    return NULL;
}

/* ---- open and close ------------------------------------------------------------------- */

static bool load_ca(struct nq_asker *asker, const struct nq_manager_conf *conf,
                    struct nq_err *reterr)
{
    FILE *file = fopen(conf->ca_file, "re");
    if (!file) {
        return nq_fail_errno(reterr, NQ_CONFIG_VALUE, "manager %s: ca_file %s",
                             conf->name, conf->ca_file);
    }
    struct nq_buf pem;
    nq_buf_init(&pem, CA_MAX);
    char piece[4096];
    size_t got = 0;
    bool fits = true;
    while (fits && (got = fread(piece, 1, sizeof(piece), file)) > 0) {
        fits = nq_buf_add(&pem, piece, got);
    }
    const bool good = fits && !ferror(file) &&
                      strstr(nq_buf_text(&pem), "-----BEGIN CERTIFICATE-----") != NULL;
    (void)fclose(file);
    if (good) {
        asker->ca_pem = nq_buf_take(&pem);
    } else {
        (void)nq_fail(reterr, NQ_CONFIG_VALUE,
                      "manager %s: ca_file %s holds no certificates in PEM form",
                      conf->name, conf->ca_file);
    }
    nq_buf_done(&pem);
    return good;
}

struct nq_asker *nq_asker_open(const struct nq_manager_conf *conf, struct nq_loop *loop,
                               const struct nq_clock *clock, struct nq_err *reterr)
{
    struct nq_asker *asker = nq_calloc(1, sizeof(*asker));
    asker->loop = loop;
    asker->state = NQ_MANAGER_DEGRADED; /* nothing is known yet */
    nq_gate_init(&asker->gate, clock, conf->auth_pause_ms);
    if (!nq_secret_load(&asker->password, conf->password_file, reterr) ||
        (conf->ca_file && !load_ca(asker, conf, reterr))) {
        return nq_asker_close(asker);
    }
    const struct nq_http_conf http_conf = {
        .url = conf->url,
        .user = conf->user,
        .password = &asker->password,
        .ca_pem = asker->ca_pem,
        .connect_timeout_ms = conf->connect_timeout_ms,
        .timeout_ms = conf->timeout_ms,
        .concurrency = (size_t)conf->concurrency,
    };
    asker->http = nq_http_open(&http_conf, loop, reterr);
    if (!asker->http) {
        return nq_asker_close(asker);
    }
    return asker;
}

struct nq_asker *nq_asker_close(struct nq_asker *asker)
{
    if (!asker) {
        return NULL;
    }
    asker->http = nq_http_close(asker->http); /* with it all exchanges */
    struct nq_ask *ask = NULL;
    struct nq_ask *next = NULL;
    DL_FOREACH_SAFE(asker->asks, ask, next)
    {
        destroy(ask);
    }
    nq_secret_done(&asker->password);
    free(asker->ca_pem);
    free(asker);
    return NULL;
}
