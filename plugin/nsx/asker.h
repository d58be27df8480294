/* SPDX-License-Identifier: Apache-2.0 */
/* asker.h: one judged question to one server or cluster: it waits for its turn, passes the
 * gate and the limit, is sent with what the login gives, and comes back as an answer that
 * was read or as one error.
 * Not for: knowing which questions there are, or repeating one that may have had an effect.
 *
 * Owns    the HTTP clients, the secrets, the sessions, and the questions under way.
 * Blocks  in open(), to read the files of secrets and certificates; after a refusal, to
 *         read the one of the password or token again.
 * Thread  loop thread only.
 * Fails   open() with *reterr; a question through its done callback, judged.
 * Limits  conf.concurrency questions under way and conf.requests_per_s requests in a
 *         second, of which limit.h keeps a part for urgent ones; NQ_ASK_QUEUE_MAX questions
 *         wait, urgent ones in front, each at most NQ_ASK_WAIT_MAX_MS at a time; those of
 *         http.h for each exchange.
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
#include "nsx/http.h"
#include "nsx/judge.h"

#define NQ_ASK_QUEUE_MAX   1024
#define NQ_ASK_WAIT_MAX_MS 60000

#define NQ_DIALECT_PATHS 2
#define NQ_VERSION_MAX   64

struct nq_asker;
struct nq_ask;
struct nq_login_kind;

/* What differs between the generations of NSX, as far as an asker cares. Constant. */
struct nq_dialect {
    const char *media_type; /* of Accept, and of Content-Type when there is a body */
    bool (*read_fault)(const char *body, size_t len, struct nq_fault *ret_fault);
    enum nq_code (*judge)(int status, int64_t fault_code);
    const struct nq_login_kind *login; /* for NQ_AUTH_SESSION; NULL: there is none */

    /* Asked of a node that is sick or idle; the next one when NSX does not know the
     * first. None: a sick node is asked again only when all are. */
    const char *probe_paths[NQ_DIALECT_PATHS];
    bool (*read_health)(const char *body, size_t len); /* of a 2xx to the first path */

    /* Asked once of each node that comes into use; the next one when the first is
     * refused. None: the version stays unknown. */
    const char *version_paths[NQ_DIALECT_PATHS];
    bool (*read_version)(const char *body, size_t len, char *out, size_t size);
};

struct nq_question {
    enum nq_http_method method;
    const char *path; /* encoded already */
    const char *body; /* NULL: none */
    bool
        optional; /* that the account may not ask this, or NSX has it not, is no trouble */
    bool urgent;  /* a tag waits for it; whatever changes something is urgent anyway */
};

/* Reads a 2xx answer. false: it is not what was asked for, *reterr says why. Must not
 * start, cancel or close anything. */
typedef bool nq_ask_read_fn(void *arg, const char *body, size_t len,
                            struct nq_err *reterr);

/* err NULL: the answer was read. The question is gone. */
typedef void nq_ask_done_fn(void *arg, const struct nq_err *err);

/* access and dialect must outlive the asker; name is what messages call the server. */
struct nq_asker *nq_asker_open(const struct nq_access_conf *access, const char *name,
                               const struct nq_dialect *dialect, struct nq_loop *loop,
                               const struct nq_clock *clock, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Takes NULL; gives up all questions without a callback. Always returns NULL. */
struct nq_asker *nq_asker_close(struct nq_asker *asker);

/* A question that changes nothing (GET) may be sent again, to another node or after a new
 * login, before done is called. Any other is sent again only when it is certain that the
 * server did not take it up. One that is refused for load (429, 503) fails; those behind it
 * wait until NSX takes requests again. */
struct nq_ask *nq_ask_start(struct nq_asker *asker, const struct nq_question *question,
                            nq_ask_read_fn *read, nq_ask_done_fn *done, void *arg);

/* Takes NULL. Always returns NULL. */
struct nq_ask *nq_ask_cancel(struct nq_ask *ask);

/* For who does not want a change any more, but wants to know when it is over. true: it may
 * have reached the server, and is not sent once more. false: nothing of it has left, or the
 * server has certainly not taken it up; to be cancelled. */
bool nq_ask_withdraw(struct nq_ask *ask) __attribute__((warn_unused_result));

/* Questions that wait or are under way. What gathers work sends it while this is small. */
size_t nq_asker_backlog(const struct nq_asker *asker);

/* true: a question started now would be sent at once, as far as the number of exchanges
 * under way decides. */
bool nq_asker_has_room(const struct nq_asker *asker);

/* The server as the last answers show it. Texts are borrowed from the asker; vms and
 * synced_ms are not its to know and stay as they are. */
void nq_asker_status(const struct nq_asker *asker, struct nq_manager_status *ret_status);

/* Calls fn for the host of each URL, and for each address at which one of them answered. */
void nq_asker_each_server(const struct nq_asker *asker, nq_server_fn *fn, void *arg);

#endif
