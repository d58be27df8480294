/* SPDX-License-Identifier: Apache-2.0 */
/* exchange.c: what a fault does to a request, in the order in which it can do it. */
#include "exchange.h"

#include <poll.h>

#include "api.h"

#define SLICE_MS 50 /* how soon a waiting request notices that its client went away */

static bool client_gone(int fd)
{
    struct pollfd peer = {.fd = fd, .events = POLLRDHUP};

    return poll(&peer, 1, 0) > 0;
}

/* Under the lock. A client that goes away does not shorten it: a slow server carries the
 * request out all the same. False when the simulator stops. */
static bool delay(struct sim *sim, uint64_t delay_ms)
{
    uint64_t until = sim_now_ms() + delay_ms;

    while (!sim->stopping && sim_now_ms() < until) {
        sim_wait(sim, until);
    }
    return !sim->stopping;
}

/* Under the lock. Nobody wakes it when the client goes away, so it looks now and then. */
static void hang(struct sim *sim, int fd)
{
    while (!sim->stopping && !client_gone(fd)) {
        sim_wait(sim, sim_now_ms() + SLICE_MS);
    }
}

/* Under the lock. A client that goes away changes nothing: a real server that has the
 * request carries it out. Answers whether it goes on. */
static bool hold(struct sim *sim, struct sim_exchange *exchange, bool after)
{
    struct sim_held held = {
        .request = &exchange->request, .fd = exchange->request.fd, .after = after};
    struct sim_held **last = &sim->held;

    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = &held;
    sim_notify(sim);
    while (!held.released && !sim->stopping) {
        sim_wait(sim, sim_now_ms() + 1000);
    }
    for (last = &sim->held; *last != &held; last = &(*last)->next) {
    }
    *last = held.next;
    return held.released && held.apply;
}

static void write_log(struct sim *sim, const struct sim_request *request,
                      const char *fault, enum sim_ending ending, unsigned status)
{
    static const char *const endings[] = {
        [SIM_ENDING_ANSWER] = "answered",
        [SIM_ENDING_TRUNCATED] = "truncated",
        [SIM_ENDING_CLOSE] = "closed",
        [SIM_ENDING_RESET] = "reset",
    };

    if (sim->log != NULL) {
        (void)fprintf(sim->log, "%lld #%llu %s %s %s %u%s%s\n", (long long)sim_epoch_ms(),
                      (unsigned long long)request->number, request->method,
                      request->target, endings[ending], status,
                      fault == NULL ? "" : " fault=", fault == NULL ? "" : fault);
    }
}

static void answer(struct sim *sim, struct sim_exchange *exchange)
{
    exchange->request.now_ms = sim_now_ms();
    sim->api->answer(sim, &exchange->request, &exchange->reply);
    sim_notify(sim);
}

static enum sim_ending cut(struct sim_exchange *exchange, uint64_t at)
{
    exchange->delivery.cut = at < exchange->reply.length;
    exchange->delivery.cut_at = at;
    return exchange->delivery.cut ? SIM_ENDING_TRUNCATED : SIM_ENDING_ANSWER;
}

/* Under the lock. */
static enum sim_ending follow(struct sim *sim, struct sim_exchange *exchange,
                              struct sim_plan *plan)
{
    if (!delay(sim, plan->delay_ms)) {
        return SIM_ENDING_CLOSE;
    }
    exchange->delivery.pad_to = plan->pad_to;
    exchange->delivery.bytes_per_s = plan->bytes_per_s;
    exchange->delivery.chunked = plan->chunked;
    switch (plan->kind) {
    case SIM_FAULT_HANG:
        hang(sim, exchange->request.fd);
        return SIM_ENDING_CLOSE;
    case SIM_FAULT_HOLD:
        if (!hold(sim, exchange, false)) {
            return SIM_ENDING_CLOSE;
        }
        answer(sim, exchange);
        return SIM_ENDING_ANSWER;
    case SIM_FAULT_HOLD_AFTER:
        answer(sim, exchange);
        return hold(sim, exchange, true) ? SIM_ENDING_ANSWER : SIM_ENDING_CLOSE;
    case SIM_FAULT_STATUS:
    case SIM_FAULT_HTML:
        sim_reply_done(&exchange->reply);
        exchange->reply = plan->reply;
        plan->reply = (struct sim_reply){0};
        return SIM_ENDING_ANSWER;
    case SIM_FAULT_TRUNCATE:
        answer(sim, exchange);
        return cut(exchange, plan->truncate);
    case SIM_FAULT_HALF:
        answer(sim, exchange);
        return cut(exchange, exchange->reply.length / 2);
    case SIM_FAULT_RESET:
        return SIM_ENDING_RESET;
    case SIM_FAULT_DROP_AFTER_APPLY:
        answer(sim, exchange);
        return SIM_ENDING_CLOSE;
    case SIM_FAULT_IGNORE:
        exchange->request.changes_nothing = true;
        answer(sim, exchange);
        return SIM_ENDING_ANSWER;
    case SIM_FAULT_NONE:
    case SIM_FAULT_DELAY:
    case SIM_FAULT_PAD:
    case SIM_FAULT_SLOW:
    case SIM_FAULT_CHUNKED:
        break;
    }
    answer(sim, exchange);
    return SIM_ENDING_ANSWER;
}

/* Under the lock. A node that is not up does nothing of what it is asked. */
static enum sim_ending fail_node(struct sim *sim, struct sim_exchange *exchange)
{
    const struct sim_node *node = &sim->nodes[exchange->request.node];

    while (node->state == SIM_NODE_HUNG && !sim->stopping &&
           !client_gone(exchange->request.fd)) {
        sim_wait(sim, sim_now_ms() + SLICE_MS);
    }
    if (node->state != SIM_NODE_UNHEALTHY) {
        return SIM_ENDING_CLOSE;
    }
    sim_reply_text(&exchange->reply, 503, "text/html",
                   "<html><body><h1>503 Service Unavailable</h1></body></html>\n");
    return SIM_ENDING_ANSWER;
}

/* Under the lock. Answers what went wrong on purpose, or NULL. */
static const char *run(struct sim *sim, struct sim_exchange *exchange,
                       enum sim_ending *ret_ending)
{
    struct sim_plan plan;
    const char *fault;

    if (sim->nodes[exchange->request.node].state != SIM_NODE_UP) {
        sim_journal_fault(&sim->journal, exchange->request.number, "node");
        sim_notify(sim);
        *ret_ending = fail_node(sim, exchange);
        return "node";
    }
    plan = sim_faults_take(&sim->faults, &exchange->request);
    fault = sim_fault_name(plan.kind);
    sim_journal_fault(&sim->journal, exchange->request.number, fault);
    sim_notify(sim);
    *ret_ending = follow(sim, exchange, &plan);
    sim_plan_done(&plan);
    return fault;
}

enum sim_ending sim_exchange_run(struct sim *sim, struct sim_exchange *exchange)
{
    struct sim_request *request = &exchange->request;
    struct sim_reply *reply = &exchange->reply;
    enum sim_ending ending;
    const char *fault;
    unsigned status = 0;

    sim_lock(sim);
    request->number = sim_journal_begin(&sim->journal, request);
    sim->in_progress++;
    fault = run(sim, exchange, &ending);
    if (sim->api->stamp != NULL) {
        sim->api->stamp(request, reply);
    }
    if (ending == SIM_ENDING_ANSWER || ending == SIM_ENDING_TRUNCATED) {
        status = reply->status;
    }
    sim->in_progress--;
    sim_journal_answer(&sim->journal, request->number, status, reply,
                       ending == SIM_ENDING_ANSWER && !client_gone(request->fd));
    write_log(sim, request, fault, ending, status);
    sim_notify(sim);
    sim_unlock(sim);
    return ending;
}

void sim_exchange_lost(struct sim *sim, uint64_t number)
{
    sim_lock(sim);
    sim_journal_lost(&sim->journal, number);
    sim_notify(sim);
    sim_unlock(sim);
}

/* A tenth of a second's worth at a time, the first at once. */
size_t sim_exchange_pace(struct sim *sim, const struct sim_exchange *exchange,
                         uint64_t started_ms, uint64_t position)
{
    uint64_t rate = exchange->delivery.bytes_per_s;
    uint64_t piece = rate >= 10 ? rate / 10 : 1;
    uint64_t due_ms = started_ms + position * 1000 / rate;

    sim_lock(sim);
    while (!sim->stopping && sim_now_ms() < due_ms &&
           !client_gone(exchange->request.fd)) {
        uint64_t slice = sim_now_ms() + SLICE_MS;

        sim_wait(sim, slice < due_ms ? slice : due_ms);
    }
    if (sim->stopping || client_gone(exchange->request.fd)) {
        piece = 0;
    }
    sim_unlock(sim);
    return (size_t)piece;
}
