/* SPDX-License-Identifier: Apache-2.0 */
/* asker.c: the questions of asker.h from their start to their end; the files asker_*.c
 * hold what happens in between. */
#include "nsx/asker.h"

#include <stdlib.h>
#include <sys/random.h>
#include <utlist.h>

#include "base/mem.h"
#include "nsx/asker_impl.h"
#include "nsx/pem.h"

/* ---- stages --------------------------------------------------------------------------- */

static void on_patience_end(void *arg)
{
    struct nq_ask *ask = arg;
    const struct nq_asker *asker = ask->asker;
    struct nq_err err;
    if (asker->limit.refusals > 0) {
        (void)nq_fail(&err, NQ_NSX_BUSY, "not sent within %d s: NSX asked for a pause",
                      NQ_ASK_WAIT_MAX_MS / 1000);
    } else {
        (void)nq_fail(&err, NQ_NSX_TIMEOUT,
                      "not sent within %d s: %zu others are under way, %zu wait",
                      NQ_ASK_WAIT_MAX_MS / 1000, asker->sent_count, asker->waiting_count);
    }
    nq_ask_finish(ask, &err);
}

static void leave(struct nq_ask *ask)
{
    struct nq_asker *asker = ask->asker;
    nq_timer_clear(asker->loop, &ask->timer);
    switch (ask->stage) {
    case NQ_ASK_WAITING:
        DL_DELETE(asker->waiting, ask);
        asker->waiting_count--;
        break;
    case NQ_ASK_SENT:
        DL_DELETE(asker->sent, ask);
        asker->sent_count--;
        break;
    case NQ_ASK_FAILING:
        DL_DELETE(asker->failing, ask);
        break;
    }
}

/* Urgent ones wait in front of the others, for which the engine has time. */
static void queue(struct nq_asker *asker, struct nq_ask *ask)
{
    struct nq_ask *first = asker->waiting;
    while (ask->urgent && first && first->urgent) {
        first = first->next;
    }
    if (ask->urgent && first) {
        DL_PREPEND_ELEM(asker->waiting, first, ask);
    } else {
        DL_APPEND(asker->waiting, ask);
    }
}

static void enter(struct nq_ask *ask, enum nq_ask_stage stage)
{
    struct nq_asker *asker = ask->asker;
    switch (stage) {
    case NQ_ASK_WAITING:
        if (ask->stage == NQ_ASK_SENT) {
            DL_PREPEND(asker->waiting, ask); /* it has had its turn already */
        } else {
            queue(asker, ask);
        }
        asker->waiting_count++;
        nq_timer_set(asker->loop, &ask->timer, NQ_ASK_WAIT_MAX_MS, on_patience_end, ask);
        break;
    case NQ_ASK_SENT:
        DL_APPEND(asker->sent, ask);
        asker->sent_count++;
        break;
    case NQ_ASK_FAILING:
        DL_APPEND(asker->failing, ask);
        break;
    }
    ask->stage = stage;
}

void nq_ask_move(struct nq_ask *ask, enum nq_ask_stage stage)
{
    leave(ask);
    enter(ask, stage);
}

/* ---- the end of a question ------------------------------------------------------------ */

static void destroy(struct nq_ask *ask)
{
    free(ask->path);
    free(ask->body);
    free(ask);
}

void nq_ask_finish(struct nq_ask *ask, const struct nq_err *err)
{
    leave(ask);
    ask->done(ask->arg, err);
    destroy(ask);
}

static void on_failing(void *arg)
{
    struct nq_ask *ask = arg;
    nq_ask_finish(ask, &ask->err);
}

void nq_ask_fail_later(struct nq_ask *ask, const struct nq_err *err)
{
    ask->err = *err;
    nq_ask_move(ask, NQ_ASK_FAILING);
    nq_timer_set(ask->asker->loop, &ask->timer, 0, on_failing, ask);
}

void nq_asker_fail_waiting(struct nq_asker *asker, const struct nq_err *err)
{
    while (asker->waiting) {
        nq_ask_fail_later(asker->waiting, err);
    }
}

/* ---- starting and giving up ----------------------------------------------------------- */

struct nq_ask *nq_ask_start(struct nq_asker *asker, const struct nq_question *question,
                            nq_ask_read_fn *read, nq_ask_done_fn *done, void *arg)
{
    struct nq_ask *ask = nq_calloc(1, sizeof(*ask));
    *ask = (struct nq_ask){
        .asker = asker,
        .method = question->method,
        .path = nq_strdup(question->path),
        .body = nq_strdup(question->body),
        .optional = question->optional,
        .urgent = question->urgent || question->method != NQ_HTTP_GET,
        .read = read,
        .done = done,
        .arg = arg,
    };
    enter(ask, NQ_ASK_WAITING);
    if (asker->waiting_count > NQ_ASK_QUEUE_MAX) {
        struct nq_err err;
        (void)nq_fail(&err, NQ_NSX_BUSY, "%d questions wait already", NQ_ASK_QUEUE_MAX);
        nq_ask_fail_later(ask, &err);
    } else {
        nq_asker_pump(asker);
    }
    return ask;
}

struct nq_ask *nq_ask_cancel(struct nq_ask *ask)
{
    if (!ask) {
        return NULL;
    }
    struct nq_asker *asker = ask->asker;
    const bool was_sent = ask->stage == NQ_ASK_SENT;
    const struct nq_pass pass = ask->pass;
    leave(ask);
    if (was_sent) {
        nq_http_cancel(ask->exchange);
    }
    destroy(ask);
    if (was_sent) { /* who cancels all that wait must not send them by it */
        nq_asker_withdraw(asker, &pass);
        nq_asker_pump(asker);
    }
    return NULL;
}

bool nq_ask_withdraw(struct nq_ask *ask)
{
    ask->withdrawn = true;
    return ask->stage == NQ_ASK_SENT;
}

/* ---- what others see ------------------------------------------------------------------ */

size_t nq_asker_backlog(const struct nq_asker *asker)
{
    return asker->waiting_count + asker->sent_count;
}

bool nq_asker_has_room(const struct nq_asker *asker)
{
    return asker->waiting_count == 0 &&
           asker->sent_count < (size_t)asker->access->concurrency;
}

void nq_asker_status(const struct nq_asker *asker, struct nq_manager_status *ret_status)
{
    const struct nq_node *node = nq_cluster_current(&asker->cluster);
    const bool half_well = asker->cluster.count > 1 && asker->state == NQ_MANAGER_UP &&
                           nq_cluster_any_sick(&asker->cluster);
    ret_status->state = half_well ? NQ_MANAGER_DEGRADED : asker->state;
    ret_status->url = node->url;
    ret_status->version = asker->version;
    ret_status->requests = asker->requests + asker->cluster.probes;
    ret_status->errors = asker->errors;
    ret_status->retries = asker->retries;
    ret_status->in_flight = asker->sent_count;
    ret_status->queue = asker->waiting_count;
    ret_status->latency_ms = (uint32_t)((asker->latency_8ms + 4) / 8);
    ret_status->last_ok_ms = asker->last_ok_ms;
    ret_status->tls_expires_ms = node->tls_expires_ms;
    ret_status->last_error = asker->last_error.code == NQ_OK ? NULL : &asker->last_error;
}

void nq_asker_each_server(const struct nq_asker *asker, nq_server_fn *fn, void *arg)
{
    nq_cluster_each_server(&asker->cluster, fn, arg);
}

/* ---- open and close ------------------------------------------------------------------- */

static uint32_t random_of_kernel(void *arg)
{
    uint32_t number = 0;
    (void)arg;
    (void)!getrandom(&number, sizeof(number), GRND_NONBLOCK); /* jitter may be 0 once */
    return number;
}

static bool open_parts(struct nq_asker *asker, struct nq_err *reterr)
{
    const struct nq_access_conf *access = asker->access;
    if (!nq_login_open(&asker->login, access, asker->dialect->login, reterr)) {
        return false;
    }
    if (access->ca_file) {
        asker->ca_pem = nq_pem_load("ca_file", access->ca_file, reterr);
        if (!asker->ca_pem) {
            return false;
        }
    }
    const struct nq_cluster_setup setup = {
        .access = access,
        .name = asker->name,
        .dialect = asker->dialect,
        .login = &asker->login,
        .ca_pem = asker->ca_pem,
        .limit = &asker->limit,
        .loop = asker->loop,
        .clock = asker->clock,
        .random = random_of_kernel,
    };
    return nq_cluster_open(&asker->cluster, &setup, reterr);
}

struct nq_asker *nq_asker_open(const struct nq_access_conf *access, const char *name,
                               const struct nq_dialect *dialect, struct nq_loop *loop,
                               const struct nq_clock *clock, struct nq_err *reterr)
{
    struct nq_asker *asker = nq_calloc(1, sizeof(*asker));
    struct nq_err err;
    asker->access = access;
    asker->name = name;
    asker->dialect = dialect;
    asker->loop = loop;
    asker->clock = clock;
    asker->state = NQ_MANAGER_DEGRADED; /* nothing is known yet */
    nq_gate_init(&asker->gate, clock, access->auth_pause_ms);
    nq_limit_init(&asker->limit, clock, (size_t)access->requests_per_s, random_of_kernel,
                  NULL);
    if (!open_parts(asker, &err)) {
        (void)nq_fail(reterr, err.code, "%s: %s", name, err.detail);
        return nq_asker_close(asker);
    }
    return asker;
}

static void drop_all(struct nq_ask *list, struct nq_loop *loop)
{
    struct nq_ask *ask = NULL;
    struct nq_ask *next = NULL;
    DL_FOREACH_SAFE(list, ask, next)
    {
        nq_timer_clear(loop, &ask->timer);
        destroy(ask);
    }
}

struct nq_asker *nq_asker_close(struct nq_asker *asker)
{
    if (!asker) {
        return NULL;
    }
    nq_cluster_close(&asker->cluster); /* with it all exchanges */
    nq_timer_clear(asker->loop, &asker->timer);
    drop_all(asker->waiting, asker->loop);
    drop_all(asker->sent, asker->loop);
    drop_all(asker->failing, asker->loop);
    nq_login_done(&asker->login);
    free(asker->ca_pem);
    free(asker);
    return NULL;
}
