/* SPDX-License-Identifier: Apache-2.0 */
/* asker_answer.c: what the end of an exchange means for its question, for the account, for
 * the node and for the rate; and whether the question may be sent once more. */
#include "nsx/asker_impl.h"

/* ---- what it says about the manager --------------------------------------------------- */

/* A single question that the manager refuses says nothing about it as a whole. */
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

void nq_asker_note_error(struct nq_asker *asker, const struct nq_err *err)
{
    asker->state = state_after(err);
    if (err) {
        asker->last_error = *err;
    }
}

/* A small role or an old release, for which nobody has to do anything. */
static bool may_be_refused(const struct nq_ask *ask, const struct nq_err *err)
{
    return ask->optional &&
           (err->code == NQ_NSX_FORBIDDEN || err->code == NQ_NSX_NOT_FOUND);
}

void nq_asker_note_limit(struct nq_asker *asker, const struct nq_pass *pass,
                         const struct nq_http_answer *answer, const struct nq_err *err,
                         bool other_node)
{
    const bool answered = answer->end == NQ_HTTP_ANSWERED;
    const bool refused =
        answered && err && err->code == NQ_NSX_BUSY &&
        (answer->status == 429 || (answer->status == 503 && !other_node));
    const int64_t retry_after_ms =
        refused ? nq_limit_retry_after_ms(nq_http_header(answer, "Retry-After", 0),
                                          nq_wall_ms(asker->clock))
                : -1;
    const enum nq_limit_end end = refused    ? NQ_LIMIT_REFUSED
                                  : answered ? NQ_LIMIT_ANSWERED
                                             : NQ_LIMIT_UNKNOWN;
    if (nq_limit_report(&asker->limit, pass->probe, end, retry_after_ms) &&
        nq_log_allows(&asker->log_limit, nq_mono_ms(asker->clock), "refused requests")) {
        nq_log(NQ_LOG_WARNING,
               "the manager asks for fewer requests manager=%s "
               "status=%d pause_ms=%lld",
               asker->name, answer->status,
               (long long)nq_limit_wait_ms(&asker->limit, true));
    }
}

static void count(struct nq_asker *asker, const struct nq_ask *ask,
                  const struct nq_http_answer *answer, bool good)
{
    const int64_t took_8ms = (nq_mono_ms(asker->clock) - ask->sent_ms) * 8;
    if (answer->end == NQ_HTTP_ANSWERED) {
        asker->latency_8ms +=
            asker->latency_8ms == 0 ? took_8ms : (took_8ms - asker->latency_8ms) / 8;
    }
    if (good) {
        asker->last_ok_ms = nq_wall_ms(asker->clock);
        asker->login_tried = 0;
    } else {
        asker->errors++;
    }
}

/* How NSX says that a call is going to disappear (RFC 9111, 5.5). */
static void note_warning(struct nq_asker *asker, const struct nq_ask *ask,
                         const struct nq_http_answer *answer)
{
    const char *warning = nq_http_header(answer, "Warning", 0);
    if (warning && !asker->warned) {
        asker->warned = true;
        nq_log(NQ_LOG_INFO, "NSX warns about a call manager=%s path=%s warning=%s",
               asker->name, ask->path, warning);
    }
}

/* The same numbers may be about a single object: then a person has to look. */
bool nq_asker_hears_sick(const struct nq_http_answer *answer,
                         const struct nq_fault *fault, const struct nq_err *err)
{
    return answer->end == NQ_HTTP_ANSWERED && err &&
           nq_judge_is_sick(answer->status, fault ? fault->code : 0) &&
           nq_err_fate(err) == NQ_FATE_RETRY;
}

/* ---- once more ------------------------------------------------------------------------ */

/* What it showed was refused, so the question was not taken up; with a new session or
 * token it is sent again, once. */
static bool renew(struct nq_ask *ask, const struct nq_http_answer *answer,
                  const struct nq_fault *fault)
{
    struct nq_asker *asker = ask->asker;
    struct nq_node *node = ask->node;
    if (answer->end != NQ_HTTP_ANSWERED || (ask->renewed & node->bit) ||
        !nq_judge_is_stale(answer->status, fault ? fault->code : 0)) {
        return false;
    }
    if (asker->login.kind) {
        if (ask->login_number == node->session_number) { /* else another one did it */
            nq_node_log_out(node);
        }
    } else if (asker->access->auth != NQ_AUTH_TOKEN ||
               (ask->login_number == asker->login.number &&
                !nq_login_reload(&asker->login))) {
        return false;
    }
    ask->renewed |= node->bit;
    return true;
}

/* What changes nothing may be asked of another node whenever this one was of no use;
 * anything else only if not a byte of it has left. */
static bool may_move(const struct nq_ask *ask, const struct nq_http_answer *answer,
                     bool sick)
{
    switch (answer->end) {
    case NQ_HTTP_ANSWERED:
        return ask->method == NQ_HTTP_GET && sick;
    case NQ_HTTP_UNREACHABLE:
    case NQ_HTTP_TIMEOUT:
    case NQ_HTTP_TLS:
        return ask->method == NQ_HTTP_GET || !answer->sent;
    case NQ_HTTP_CUT:
        return ask->method == NQ_HTTP_GET;
    default:
        return false;
    }
}

static void send_again(struct nq_ask *ask)
{
    struct nq_asker *asker = ask->asker;
    asker->retries++;
    if (ask->pass.trial) {
        nq_gate_withdraw(&asker->gate);
    }
    nq_ask_move(ask, NQ_ASK_WAITING);
    nq_asker_pump(asker);
}

/* The refusal was about what it showed, and says nothing about the account. */
static void finish_withdrawn(struct nq_ask *ask, const struct nq_err *err)
{
    struct nq_asker *asker = ask->asker;
    if (ask->pass.trial) {
        nq_gate_withdraw(&asker->gate);
    }
    nq_ask_finish(ask, err);
    nq_asker_pump(asker);
}

/* ---- the end of it -------------------------------------------------------------------- */

const struct nq_fault *nq_asker_fault(const struct nq_asker *asker,
                                      const struct nq_http_answer *answer,
                                      struct nq_fault *fault)
{
    const bool good = answer->status >= 200 && answer->status <= 299;
    return answer->end == NQ_HTTP_ANSWERED && !good &&
                   asker->dialect->read_fault(answer->body, answer->body_len, fault)
               ? fault
               : NULL;
}

static bool judge(struct nq_ask *ask, const struct nq_http_answer *answer,
                  const struct nq_fault *fault, struct nq_err *reterr)
{
    struct nq_err why = {0};
    const bool garbled = answer->end == NQ_HTTP_ANSWERED && answer->status >= 200 &&
                         answer->status <= 299 &&
                         !ask->read(ask->arg, answer->body, answer->body_len, &why);
    return nq_judge(answer, ask->asker->dialect->judge, fault,
                    garbled ? why.detail : NULL, reterr);
}

/* The account was refused: what was not sent yet must not be sent. And a trial that never
 * reached the login proves nothing, but who waited behind it would meet the same trouble
 * one after the other: they share its fate now. */
static void tell_waiting(struct nq_asker *asker, bool trial, bool other,
                         const struct nq_err *err)
{
    if (err->code == NQ_NSX_AUTH) {
        nq_asker_fail_waiting(asker, &asker->gate.refusal);
    } else if (trial && !other && !asker->gate.proven) {
        nq_asker_fail_waiting(asker, err);
    }
}

void nq_ask_answered(void *arg, const struct nq_http_answer *answer)
{
    struct nq_ask *ask = arg;
    struct nq_asker *asker = ask->asker;
    struct nq_node *node = ask->node;
    struct nq_fault room;
    struct nq_err err;
    const struct nq_fault *fault = nq_asker_fault(asker, answer, &room);
    const bool good = judge(ask, answer, fault, &err);
    const bool sick = nq_asker_hears_sick(answer, fault, good ? NULL : &err);
    const bool other = nq_cluster_pick(&asker->cluster, ask->tried | node->bit) != NULL;
    ask->exchange = NULL;
    count(asker, ask, answer, good);
    note_warning(asker, ask, answer);
    nq_node_hear(node, answer, sick);
    if (node->sick && asker->version_of == node) {
        asker->version_of = NULL; /* it may come back as another release */
    }
    nq_asker_note_limit(asker, &ask->pass, answer, good ? NULL : &err, other);
    if (!good && renew(ask, answer, fault)) {
        if (ask->withdrawn) {
            finish_withdrawn(ask, &err);
        } else {
            send_again(ask);
        }
        return;
    }
    if (!good && !ask->withdrawn && other && may_move(ask, answer, sick)) {
        ask->tried |= node->bit;
        send_again(ask);
        return;
    }
    if (ask != asker->version_ask && (good || !may_be_refused(ask, &err))) {
        nq_asker_note_error(asker, good ? NULL : &err);
    }
    nq_gate_report(&asker->gate, ask->pass.trial, good ? NULL : &err);
    if (!good) {
        tell_waiting(asker, ask->pass.trial, other, &err);
    }
    nq_ask_finish(ask, good ? NULL : &err);
    nq_asker_pump(asker);
    if (good) {
        nq_asker_ask_version(asker);
    }
}
