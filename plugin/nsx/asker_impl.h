/* SPDX-License-Identifier: Apache-2.0 */
/* asker_impl.h: what the files of the asker share; nobody else includes it.
 *
 * Owns    as asker.h says.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  none of its own.
 */
#ifndef NQ_NSX_ASKER_IMPL_H
#define NQ_NSX_ASKER_IMPL_H

#include "nsx/asker.h"
#include "nsx/cluster.h"
#include "nsx/gate.h"
#include "nsx/limit.h"
#include "nsx/login.h"

enum nq_ask_stage {
    NQ_ASK_WAITING,
    NQ_ASK_SENT,
    NQ_ASK_FAILING, /* done is called with err by the timer */
};

/* What a request was let through as; its end must be told to who let it. */
struct nq_pass {
    bool trial; /* it tries the account (gate.h) */
    bool probe; /* it tries whether a pause is over (limit.h) */
};

struct nq_ask {
    struct nq_asker *asker;
    struct nq_ask *prev;
    struct nq_ask *next;
    enum nq_ask_stage stage;
    enum nq_http_method method;
    char *path;
    char *body;
    bool optional;
    bool urgent;           /* goes before those that are not */
    bool withdrawn;        /* not to be sent once more */
    struct nq_timer timer; /* WAITING: the end of its patience; FAILING: at once */
    struct nq_err err;     /* FAILING */
    unsigned tried;        /* set of nodes that could not take it up, or answer */
    unsigned renewed;      /* set of nodes for which it has had its new login */
    struct nq_pass pass;   /* SENT, and the next four */
    struct nq_node *node;
    unsigned login_number; /* of the session or token that it showed */
    struct nq_exchange *exchange;
    int64_t sent_ms; /* mono */
    nq_ask_read_fn *read;
    nq_ask_done_fn *done;
    void *arg;
};

struct nq_asker {
    const struct nq_access_conf *access;
    const char *name;
    const struct nq_dialect *dialect;
    struct nq_loop *loop;
    const struct nq_clock *clock;
    char *ca_pem;
    struct nq_login login;
    struct nq_gate gate;
    struct nq_limit limit;
    struct nq_cluster cluster;
    struct nq_timer timer; /* when the limit lets the next one through */

    struct nq_ask *waiting; /* in order */
    size_t waiting_count;
    struct nq_ask *sent;
    size_t sent_count;
    struct nq_ask *failing;

    /* The login under way; never more than one. */
    struct nq_exchange *login_exchange;
    struct nq_node *login_node;
    struct nq_pass login_pass;
    unsigned login_tried; /* set of nodes where it failed, since anything was good */

    struct nq_ask *version_ask;
    size_t version_path;              /* of the dialect: the one asked now */
    const struct nq_node *version_of; /* the node whose version is known, or was asked */
    char version[NQ_VERSION_MAX];

    int64_t token_checked_ms; /* mono; when the file was looked at in a pause */
    enum nq_manager_state state;
    struct nq_err last_error; /* code NQ_OK: none so far */
    uint64_t requests;
    uint64_t errors;
    uint64_t retries;
    int64_t latency_8ms; /* smoothed, in eighths of a millisecond; 0: not known */
    int64_t last_ok_ms;
    bool warned; /* NSX's own warnings are logged once */
    struct nq_log_limit log_limit;
};

/* asker.c */
void nq_ask_move(struct nq_ask *ask, enum nq_ask_stage stage);
void nq_ask_finish(struct nq_ask *ask, const struct nq_err *err);
void nq_ask_fail_later(struct nq_ask *ask, const struct nq_err *err);
void nq_asker_fail_waiting(struct nq_asker *asker, const struct nq_err *err);

/* asker_send.c: sends what waits, as far as the gate, the limit and the session allow. */
void nq_asker_pump(struct nq_asker *asker);
void nq_asker_withdraw(struct nq_asker *asker, const struct nq_pass *pass);

/* asker_login.c */
void nq_asker_log_in(struct nq_asker *asker, struct nq_node *node,
                     const struct nq_pass *pass);

/* asker_answer.c */
void nq_ask_answered(void *arg, const struct nq_http_answer *answer);
void nq_asker_note_limit(struct nq_asker *asker, const struct nq_pass *pass,
                         const struct nq_http_answer *answer, const struct nq_err *err,
                         bool other_node);
void nq_asker_note_error(struct nq_asker *asker, const struct nq_err *err);

/* true: the answer says that its node cannot answer. err NULL: it is a good one. */
bool nq_asker_hears_sick(const struct nq_http_answer *answer,
                         const struct nq_fault *fault, const struct nq_err *err);

/* Reads the fault of an answer that is no 2xx; NULL: it has none. */
const struct nq_fault *nq_asker_fault(const struct nq_asker *asker,
                                      const struct nq_http_answer *answer,
                                      struct nq_fault *fault);

/* asker_version.c */
void nq_asker_ask_version(struct nq_asker *asker);

#endif
