/* SPDX-License-Identifier: Apache-2.0 */
/* tags.c: change_tag() of the policy backend: who waits, what goes out together, by which of
 * the two ways, and what is given up. What becomes of each change is tags_end.c's. */
#include <stddef.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/mem.h"
#include "nsx/policy/tags_impl.h"

/* NSX publishes no ceiling for one operation. This is the one that it publishes for a list
 * of the same ids, in an ExternalIDExpression of a group. */
#define OPERATION_MAX 500

/* Operations, or single calls of the same time, under way. */
#define WRITES_MAX 2

#define PACE_MS 500

/* Changes that are told their end in one turn of the loop: each may make the engine write
 * and store. */
#define TELL_MAX 64

/* ---- writes ------------------------------------------------------------------------ */

static void drop_write(struct nq_tag_write *write)
{
    struct nq_policy_tagger *tagger = write->tagger;
    DL_DELETE(tagger->writes, write);
    nq_timer_clear(tagger->policy->loop, &write->timer);
    (void)nq_ask_cancel(write->ask);
    (void)nq_tag_operation_cancel(write->operation);
    free(write->changes);
    free(write->ids);
    free(write);
}

static void tell(void *arg)
{
    struct nq_tag_write *write = arg;
    for (int told = 0; told < TELL_MAX && write->told < write->count; told++) {
        nq_change_end_in_bulk(write, write->told++);
    }
    if (write->told < write->count) {
        nq_timer_set(write->tagger->policy->loop, &write->timer, 0, tell, write);
    } else {
        drop_write(write);
    }
}

static void on_operation(void *arg, const struct nq_err *err, bool taken,
                         const struct nq_tag_outcome *outcomes)
{
    struct nq_tag_write *write = arg;
    struct nq_policy_tagger *tagger = write->tagger;
    write->failed = err != NULL;
    write->taken = taken;
    write->outcomes = outcomes;
    if (err) {
        write->err = *err;
    }
    if (err && !taken && nq_may_lack_operations(err)) {
        nq_tag_way_set_missing(tagger, &tagger->bulk);
    }
    nq_bench_ended(&tagger->bench);
    tell(write);
}

static void on_single(void *arg, const struct nq_err *err)
{
    struct nq_tag_write *write = arg;
    struct nq_policy_tagger *tagger = write->tagger;
    struct nq_change *change = write->changes[0];
    write->ask = NULL;
    nq_bench_ended(&tagger->bench);
    drop_write(write);
    nq_change_end_single(tagger, change, err);
}

static void take(struct nq_tag_write *write, struct nq_change *change)
{
    nq_bench_rise(&change->seat);
    change->write = write;
    write->changes[write->count] = change;
    write->ids[write->count++] = nq_place_name(&change->place);
}

/* The first who waits, with all others of its direction who may share an operation. Each
 * line has one seat, so no VM comes twice. */
static void gather(struct nq_policy_tagger *tagger, struct nq_tag_write *write)
{
    struct nq_change *first = (struct nq_change *)tagger->bench.first;
    const bool may_share = !first->alone && !first->refusal.code &&
                           !nq_tag_way_missing(tagger, &tagger->bulk);
    const size_t most = may_share ? OPERATION_MAX : 1;
    const size_t room = tagger->bench.count < most ? tagger->bench.count : most;
    write->changes = nq_calloc(room, sizeof(write->changes[0]));
    write->ids = nq_calloc(room, sizeof(write->ids[0]));
    take(write, first);
    struct nq_seat *seat = NULL;
    struct nq_seat *next = NULL;
    DL_FOREACH_SAFE(tagger->bench.first, seat, next)
    {
        struct nq_change *change = (struct nq_change *)seat;
        if (write->count == room) {
            break;
        }
        if (change->direction == first->direction && !change->alone &&
            !change->refusal.code) {
            take(write, change);
        }
    }
}

static bool dispatch(void *arg)
{
    struct nq_policy_tagger *tagger = arg;
    const bool no_bulk = nq_tag_way_missing(tagger, &tagger->bulk);
    if (tagger->bench.under_way >= (no_bulk ? NQ_BENCH_FEW : WRITES_MAX)) {
        return false;
    }
    struct nq_tag_write *write = nq_calloc(1, sizeof(*write));
    write->tagger = tagger;
    DL_APPEND(tagger->writes, write);
    gather(tagger, write);
    nq_bench_began(&tagger->bench);
    if (!no_bulk && (write->count > 1 || write->changes[0]->refusal.code ||
                     nq_tag_way_missing(tagger, &tagger->single))) {
        write->operation =
            nq_tag_operation_start(tagger->policy, write->changes[0]->direction,
                                   write->ids, write->count, on_operation, write);
    } else {
        write->ask = nq_tag_single_start(tagger->policy, write->changes[0]->direction,
                                         write->ids[0], on_single, write);
    }
    return true;
}

/* ---- calls ------------------------------------------------------------------------- */

/* Nothing of the write has left: the others in it wait again. */
static void take_back(struct nq_tag_write *write)
{
    struct nq_policy_tagger *tagger = write->tagger;
    nq_bench_ended(&tagger->bench);
    for (size_t i = write->count; i > 0;
         i--) { /* from the last: each takes the first place */
        nq_change_again(tagger, write->changes[i - 1]);
    }
    drop_write(write);
}

/* What may have left for NSX goes on, so that the next change of the VM does not overtake
 * it; but it is not sent once more. */
static void withdraw(struct nq_tag_write *write)
{
    const bool over = !write->ask && !write->operation;
    if (over || (write->operation ? nq_tag_operation_withdraw(write->operation)
                                  : nq_ask_withdraw(write->ask))) {
        return;
    }
    take_back(write);
}

static void drop_call(struct nq_call *call)
{
    struct nq_change_call *mine = (struct nq_change_call *)call;
    struct nq_change *change = mine->change;
    if (change) {
        change->call = NULL;
    }
    if (change && change->write) {
        withdraw(change->write);
    } else if (change) {
        nq_change_leave(mine->tagger, change);
    }
    free(mine);
}

struct nq_call *nq_policy_change_tag(struct nq_backend *backend,
                                     enum nq_tag_change direction,
                                     const struct nq_vm_id *vm, nq_reply_fn *done,
                                     void *arg)
{
    struct nq_policy *policy = (struct nq_policy *)backend;
    struct nq_change_call *call = nq_calloc(1, sizeof(*call));
    struct nq_change *change = nq_calloc(1, sizeof(*change));
    call->tagger = policy->tagger;
    call->change = change;
    change->call = call;
    change->direction = direction;
    nq_call_open(&call->call, &policy->calls, drop_call, done, arg);
    if (nq_lines_enter(&policy->tagger->lines, vm->external_id, &change->place)) {
        nq_bench_sit(&policy->tagger->bench, &change->seat);
    }
    return &call->call;
}

/* ---- life -------------------------------------------------------------------------- */

void nq_policy_tagger_retry(struct nq_policy_tagger *tagger)
{
    tagger->single = (struct nq_tag_way){0};
    tagger->bulk = (struct nq_tag_way){0};
}

struct nq_policy_tagger *nq_policy_tagger_new(struct nq_policy *policy)
{
    struct nq_policy_tagger *tagger = nq_calloc(1, sizeof(*tagger));
    tagger->policy = policy;
    const struct nq_bench_setup setup = {
        .dispatch = dispatch,
        .arg = tagger,
        .loop = policy->loop,
        .clock = policy->clock,
        .pace_ms = PACE_MS,
        .plenty = OPERATION_MAX,
    };
    nq_bench_init(&tagger->bench, &setup);
    return tagger;
}

/* Only what is under way is left of the lines: all others had a call. */
struct nq_policy_tagger *nq_policy_tagger_free(struct nq_policy_tagger *tagger)
{
    if (!tagger) {
        return NULL;
    }
    struct nq_place *place = NULL;
    while (tagger->writes) {
        drop_write(tagger->writes);
    }
    while ((place = nq_lines_any(&tagger->lines)) != NULL) {
        nq_change_leave(tagger, nq_change_at(place));
    }
    nq_bench_done(&tagger->bench);
    free(tagger);
    return NULL;
}
