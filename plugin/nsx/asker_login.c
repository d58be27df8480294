/* SPDX-License-Identifier: Apache-2.0 */
/* asker_login.c: the one login under way, and what it means for those who wait for it. */
#include "nsx/asker_impl.h"

static void on_login(void *arg, const struct nq_http_answer *answer);

void nq_asker_log_in(struct nq_asker *asker, struct nq_node *node,
                     const struct nq_pass *pass)
{
    asker->login_node = node;
    asker->login_pass = *pass;
    asker->requests++;
    asker->login_exchange = nq_login_start(&asker->login, node->http,
                                           asker->dialect->media_type, on_login, asker);
}

static void log_refusal(struct nq_asker *asker, const struct nq_err *err)
{
    if (nq_log_allows(&asker->log_limit, nq_mono_ms(asker->clock), "refused logins")) {
        nq_log(NQ_LOG_WARNING, "the login is refused manager=%s node=%s err=\"%s\"",
               asker->name, asker->login_node->url, err->detail);
    }
}

/* Nobody's question failed, but all that wait need a login. A refused one ends all of them
 * at the gate; trouble of the node leaves them to the next node, overload to a later time.
 */
static void on_failure(struct nq_asker *asker, const struct nq_http_answer *answer,
                       const struct nq_err *err)
{
    const bool refused = err->code == NQ_NSX_AUTH;
    asker->login_tried |= asker->login_node->bit;
    const bool other = nq_cluster_pick(&asker->cluster, asker->login_tried) != NULL;
    asker->errors++;
    nq_asker_note_error(asker, err);
    nq_asker_note_limit(asker, &asker->login_pass, answer, err, other);
    nq_gate_report(&asker->gate, asker->login_pass.trial, err);
    if (refused) {
        log_refusal(asker, err);
    }
    if (refused || !other) {
        asker->login_tried = 0;
    }
    if (!refused && !other && asker->limit.refusals == 0) {
        nq_asker_fail_waiting(asker, err);
    }
}

static void on_login(void *arg, const struct nq_http_answer *answer)
{
    struct nq_asker *asker = arg;
    struct nq_node *node = asker->login_node;
    struct nq_session session;
    struct nq_fault room;
    struct nq_err err;
    const struct nq_fault *fault = nq_asker_fault(asker, answer, &room);
    const enum nq_login_result result = nq_login_judge(
        &asker->login, answer, asker->dialect->judge, fault, &session, &err);
    asker->login_exchange = NULL;
    nq_node_hear(node, answer,
                 result == NQ_LOGIN_FAILED && nq_asker_hears_sick(answer, fault, &err));
    switch (result) {
    case NQ_LOGIN_GOOD:
        nq_node_log_in(node, &session);
        asker->login_tried = 0;
        nq_asker_note_limit(asker, &asker->login_pass, answer, NULL, false);
        nq_gate_report(&asker->gate, asker->login_pass.trial, NULL);
        break;
    case NQ_LOGIN_ANOTHER:
        nq_asker_note_limit(asker, &asker->login_pass, answer, NULL, false);
        nq_gate_withdraw(&asker->gate);
        break;
    case NQ_LOGIN_FAILED:
        on_failure(asker, answer, &err);
        break;
    }
    nq_asker_pump(asker);
}
