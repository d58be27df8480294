/* SPDX-License-Identifier: Apache-2.0 */
/* asker_send.c: what lets a waiting question out: the gate, the limit, a node and its
 * session; in that order, and for the first one that waits only. */
#include "nsx/asker_impl.h"

#define TOKEN_CHECK_MS 1000

void nq_asker_withdraw(struct nq_asker *asker, const struct nq_pass *pass)
{
    if (pass->trial) {
        nq_gate_withdraw(&asker->gate);
    }
    (void)nq_limit_report(&asker->limit, pass->probe, NQ_LIMIT_UNKNOWN, -1);
}

/* A token is no password: a refused one locks nobody out, so a new one need not wait for
 * the end of the pause. */
static bool has_new_token(struct nq_asker *asker)
{
    const int64_t now_ms = nq_mono_ms(asker->clock);
    if (asker->access->auth != NQ_AUTH_TOKEN ||
        now_ms - asker->token_checked_ms < TOKEN_CHECK_MS) {
        return false;
    }
    asker->token_checked_ms = now_ms;
    return nq_login_reload(&asker->login);
}

static bool is_shut(struct nq_asker *asker)
{
    if (!nq_gate_is_shut(&asker->gate)) {
        return false;
    }
    if (has_new_token(asker)) {
        nq_gate_forgive(&asker->gate);
        return false;
    }
    return true;
}

static void on_limit(void *arg)
{
    nq_asker_pump(arg);
}

/* Whoever has to wait is sent by the timer, or by the answer to the limit's probe. */
static bool is_limited(struct nq_asker *asker, const struct nq_ask *ask)
{
    const int64_t wait_ms = nq_limit_wait_ms(&asker->limit, ask->urgent);
    if (wait_ms > 0) {
        nq_timer_set(asker->loop, &asker->timer, wait_ms, on_limit, asker);
    }
    return wait_ms != 0;
}

static bool passes_gate(struct nq_asker *asker, struct nq_pass *ret_pass)
{
    struct nq_err err;
    const bool after_refusal = asker->gate.refused;
    const enum nq_gate_answer answer = nq_gate_ask(&asker->gate, &err);
    *ret_pass = (struct nq_pass){.trial = answer == NQ_GATE_TRIAL};
    if (answer == NQ_GATE_TRIAL && after_refusal) {
        (void)nq_login_reload(&asker->login); /* somebody may have corrected it */
    }
    return answer == NQ_GATE_PASS || answer == NQ_GATE_TRIAL;
}

static void send(struct nq_ask *ask, struct nq_node *node,
                 const struct nq_session *session, const struct nq_pass *pass)
{
    struct nq_asker *asker = ask->asker;
    const char *lines[NQ_LOGIN_LINES];
    const struct nq_http_request request = {
        .method = ask->method,
        .path = ask->path,
        .media_type = asker->dialect->media_type,
        .body = ask->body,
        .content_type = asker->dialect->media_type,
        .lines = lines,
        .line_count = nq_login_lines(&asker->login, session, lines),
    };
    nq_ask_move(ask, NQ_ASK_SENT);
    ask->pass = *pass;
    ask->node = node;
    ask->login_number = asker->login.kind ? node->session_number : asker->login.number;
    ask->sent_ms = nq_mono_ms(asker->clock);
    ask->exchange = nq_http_start(node->http, &request, nq_ask_answered, ask);
    asker->requests++;
}

/* false: the first one has to wait, and so have those behind it. */
static bool send_first(struct nq_asker *asker)
{
    struct nq_ask *ask = asker->waiting;
    struct nq_pass pass;
    if (is_shut(asker)) {
        nq_asker_fail_waiting(asker, &asker->gate.refusal);
        return false;
    }
    if (is_limited(asker, ask)) {
        return false;
    }
    struct nq_node *node =
        nq_cluster_pick(&asker->cluster, ask->tried | asker->login_tried);
    if (!node) { /* nobody lets us in where it was not yet */
        asker->login_tried = 0;
        nq_ask_fail_later(ask, &asker->last_error);
        return true;
    }
    const struct nq_session *session = nq_node_session(node);
    const bool needs_login = asker->login.kind && !session;
    if ((needs_login && asker->login_exchange) || !passes_gate(asker, &pass)) {
        return false;
    }
    pass.probe = nq_limit_take(&asker->limit);
    if (needs_login) {
        nq_asker_log_in(asker, node, &pass);
        return false;
    }
    send(ask, node, session, &pass);
    return true;
}

void nq_asker_pump(struct nq_asker *asker)
{
    while (asker->waiting && asker->sent_count < (size_t)asker->access->concurrency &&
           send_first(asker)) {
    }
}
