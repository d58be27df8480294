/* SPDX-License-Identifier: Apache-2.0 */
/* tags.c: change_tag() of the policy backend: who waits, what goes out together, by
 * which of the two ways, and what becomes of each change. */
#include "nsx/policy/impl.h"

#include <stddef.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/mem.h"
#include "nsx/lines.h"

/* NSX publishes no ceiling for one operation. This is the one that it publishes for a list
 * of the same ids, in an ExternalIDExpression of a group. */
#define OPERATION_MAX 500

/* Operations, or single calls of the same time, under way. */
#define WRITES_MAX 2

#define PACE_MS        500
#define WAY_MISSING_MS 3600000

/* Changes that are told their end in one turn of the loop: each may make the engine write
 * and store. */
#define TELL_MAX 64

struct change_call;

struct change {
    struct nq_seat seat;   /* first; taken while it waits and it is its turn */
    struct nq_place place; /* in the line of its VM: never two of one VM at a time */
    enum nq_tag_change direction;
    struct change_call *call; /* NULL: nobody waits for its end any more */
    bool under_way;
    bool alone; /* NSX refused an operation that it shared with others */
    /* Of the single call, which may mean that NSX has no such call: an operation is tried.
     * code NQ_OK: none. */
    struct nq_err refusal;
};

struct change_call {
    struct nq_call call;
    struct nq_policy_tagger *tagger;
    struct change *change; /* NULL: it is over */
};

/* A question under way, and after its end until all its changes are told. */
struct write {
    struct nq_policy_tagger *tagger;
    struct write *prev;
    struct write *next;
    struct change **changes;
    const char **ids;
    size_t count;
    size_t told;
    struct nq_ask *ask;                 /* a single call, or NULL */
    struct nq_tag_operation *operation; /* or NULL */
    struct nq_timer timer;
    bool failed;
    bool taken;
    struct nq_err err; /* with failed */
    const struct nq_tag_outcome *outcomes;
};

/* One of the two ways to write: what is known about it. */
struct way {
    bool works;
    int64_t missing_until_ms; /* mono */
};

struct nq_policy_tagger {
    struct nq_policy *policy;
    struct nq_bench bench;
    struct nq_lines lines;
    struct write *writes;
    struct way single;
    struct way bulk;
};

/* ---- lines ------------------------------------------------------------------------- */

static struct change *change_at(struct nq_place *place)
{
    return (struct change *)((char *)place - offsetof(struct change, place));
}

/* Frees the change; the next of its line takes a seat. */
static void leave(struct nq_policy_tagger *tagger, struct change *change)
{
    nq_bench_rise(&change->seat);
    struct nq_place *next = nq_lines_leave(&tagger->lines, &change->place);
    free(change);
    if (next) {
        nq_bench_sit(&tagger->bench, &change_at(next)->seat);
    }
}

/* ---- the end of a change ----------------------------------------------------------- */

static void settle(struct nq_policy_tagger *tagger, struct change *change,
                   const struct nq_err *err)
{
    struct change_call *call = change->call;
    if (!err) {
        nq_sync_note_our_tag(&tagger->policy->sync, nq_place_name(&change->place),
                             change->direction == NQ_TAG_ADD);
    }
    const struct nq_err last = err ? *err : (struct nq_err){.code = NQ_OK};
    leave(tagger, change);
    if (call) {
        call->change = NULL;
        nq_call_reply(&call->call,
                      &(struct nq_reply){.err = err ? &last : NULL, .missing = ""});
    }
}

static void again(struct nq_policy_tagger *tagger, struct change *change)
{
    change->under_way = false;
    nq_bench_sit_again(&tagger->bench, &change->seat);
}

static bool is_missing(const struct nq_policy_tagger *tagger, const struct way *way)
{
    return nq_mono_ms(tagger->policy->clock) < way->missing_until_ms;
}

static void set_missing(struct nq_policy_tagger *tagger, struct way *way)
{
    way->works = false;
    way->missing_until_ms = nq_mono_ms(tagger->policy->clock) + WAY_MISSING_MS;
}

/* Does this manager lack the call? 404 may mean the VM instead. */
static bool may_lack_call(const struct nq_err *err)
{
    return err->code == NQ_NSX_NOT_FOUND || err->http == 405;
}

/* The right to operations is one of its own: single calls may be allowed all the same. */
static bool may_lack_operations(const struct nq_err *err)
{
    return may_lack_call(err) || err->code == NQ_NSX_FORBIDDEN;
}

static void end_single(struct nq_policy_tagger *tagger, struct change *change,
                       const struct nq_err *err)
{
    tagger->single.works |= !err;
    if (!err || !may_lack_call(err) || tagger->single.works || change->alone ||
        change->refusal.code || is_missing(tagger, &tagger->bulk)) {
        settle(tagger, change, err);
    } else {
        change->refusal = *err;
        again(tagger, change);
    }
}

/* NSX took the operation up: each VM has its own end. The text of a refusal is for people;
 * a single call has a code, which tells a VM that is gone from one that is full of tags. */
static void end_by_outcome(const struct write *write, struct change *change,
                           const struct nq_tag_outcome *outcome,
                           const struct nq_err *why_unknown)
{
    struct nq_policy_tagger *tagger = write->tagger;
    struct nq_err err;
    switch (outcome->verdict) {
    case NQ_VERDICT_GOOD:
        if (change->refusal.code) {
            set_missing(tagger, &tagger->single);
        }
        settle(tagger, change, NULL);
        return;
    case NQ_VERDICT_REFUSED:
        (void)nq_fail(&err, NQ_NSX_REJECTED, "the tag operation: %s",
                      outcome->details[0] ? outcome->details : "no details");
        if (write->count > 1 && !is_missing(tagger, &tagger->single)) {
            change->alone = true;
            again(tagger, change);
            return;
        }
        settle(tagger, change, change->refusal.code ? &change->refusal : &err);
        return;
    case NQ_VERDICT_UNKNOWN:
        break;
    }
    if (!why_unknown) {
        (void)nq_fail(&err, NQ_NSX_TIMEOUT, "the tag operation does not name the VM");
        why_unknown = &err;
    }
    settle(tagger, change, why_unknown);
}

static void end_in_bulk(struct write *write, size_t index)
{
    struct nq_policy_tagger *tagger = write->tagger;
    struct change *change = write->changes[index];
    const struct nq_err *err = write->failed ? &write->err : NULL;
    if (!err || write->taken) {
        end_by_outcome(write, change, &write->outcomes[index], err);
    } else if (may_lack_operations(err) && change->refusal.code) {
        settle(tagger, change, &change->refusal); /* there is neither way */
    } else if (may_lack_operations(err)) {
        again(tagger, change);
    } else if (err->code == NQ_NSX_REJECTED && write->count > 1) {
        change->alone = true; /* one VM is at fault, or there are too many of them */
        again(tagger, change);
    } else {
        settle(tagger, change, err);
    }
}

/* ---- writes ------------------------------------------------------------------------ */

static void drop_write(struct write *write)
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
    struct write *write = arg;
    for (int told = 0; told < TELL_MAX && write->told < write->count; told++) {
        end_in_bulk(write, write->told++);
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
    struct write *write = arg;
    struct nq_policy_tagger *tagger = write->tagger;
    write->failed = err != NULL;
    write->taken = taken;
    write->outcomes = outcomes;
    if (err) {
        write->err = *err;
    }
    if (err && !taken && may_lack_operations(err)) {
        set_missing(tagger, &tagger->bulk);
    }
    nq_bench_ended(&tagger->bench);
    tell(write);
}

static void on_single(void *arg, const struct nq_err *err)
{
    struct write *write = arg;
    struct nq_policy_tagger *tagger = write->tagger;
    struct change *change = write->changes[0];
    write->ask = NULL;
    nq_bench_ended(&tagger->bench);
    drop_write(write);
    end_single(tagger, change, err);
}

static void take(struct write *write, struct change *change)
{
    nq_bench_rise(&change->seat);
    change->under_way = true;
    write->changes[write->count] = change;
    write->ids[write->count++] = nq_place_name(&change->place);
}

/* The first who waits, with all others of its direction who may share an operation. Each
 * line has one seat, so no VM comes twice. */
static void gather(struct nq_policy_tagger *tagger, struct write *write)
{
    struct change *first = (struct change *)tagger->bench.first;
    const bool may_share =
        !first->alone && !first->refusal.code && !is_missing(tagger, &tagger->bulk);
    const size_t most = may_share ? OPERATION_MAX : 1;
    const size_t room = tagger->bench.count < most ? tagger->bench.count : most;
    write->changes = nq_calloc(room, sizeof(write->changes[0]));
    write->ids = nq_calloc(room, sizeof(write->ids[0]));
    take(write, first);
    struct nq_seat *seat = NULL;
    struct nq_seat *next = NULL;
    DL_FOREACH_SAFE(tagger->bench.first, seat, next)
    {
        struct change *change = (struct change *)seat;
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
    const bool no_bulk = is_missing(tagger, &tagger->bulk);
    if (tagger->bench.under_way >= (no_bulk ? NQ_BENCH_FEW : WRITES_MAX)) {
        return false;
    }
    struct write *write = nq_calloc(1, sizeof(*write));
    write->tagger = tagger;
    DL_APPEND(tagger->writes, write);
    gather(tagger, write);
    nq_bench_began(&tagger->bench);
    if (!no_bulk && (write->count > 1 || write->changes[0]->refusal.code ||
                     is_missing(tagger, &tagger->single))) {
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

/* What was given to NSX goes on: the next change of the VM must not overtake it. */
static void drop_call(struct nq_call *call)
{
    struct change_call *mine = (struct change_call *)call;
    struct change *change = mine->change;
    if (change) {
        change->call = NULL;
    }
    if (change && !change->under_way) {
        leave(mine->tagger, change);
    }
    free(mine);
}

struct nq_call *nq_policy_change_tag(struct nq_backend *backend,
                                     enum nq_tag_change direction,
                                     const struct nq_vm_id *vm, nq_reply_fn *done,
                                     void *arg)
{
    struct nq_policy *policy = (struct nq_policy *)backend;
    struct change_call *call = nq_calloc(1, sizeof(*call));
    struct change *change = nq_calloc(1, sizeof(*change));
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
    tagger->single = (struct way){0};
    tagger->bulk = (struct way){0};
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
        leave(tagger, change_at(place));
    }
    nq_bench_done(&tagger->bench);
    free(tagger);
    return NULL;
}
