/* SPDX-License-Identifier: Apache-2.0 */
/* tags_end.c: what becomes of each change of a tag when the question that carried it is
 * over: it is told its end, or tried in another way. */
#include <stddef.h>
#include <stdlib.h>

#include "nsx/policy/tags_impl.h"

#define WAY_MISSING_MS 3600000

struct nq_change *nq_change_at(struct nq_place *place)
{
    return (struct nq_change *)((char *)place - offsetof(struct nq_change, place));
}

void nq_change_leave(struct nq_policy_tagger *tagger, struct nq_change *change)
{
    nq_bench_rise(&change->seat);
    struct nq_place *next = nq_lines_leave(&tagger->lines, &change->place);
    free(change);
    if (next) {
        nq_bench_sit(&tagger->bench, &nq_change_at(next)->seat);
    }
}

/* ---- the end of a change ----------------------------------------------------------- */

static void settle(struct nq_policy_tagger *tagger, struct nq_change *change,
                   const struct nq_err *err)
{
    struct nq_change_call *call = change->call;
    if (!err) {
        nq_sync_note_our_tag(&tagger->policy->sync, nq_place_name(&change->place),
                             change->direction == NQ_TAG_ADD);
    }
    const struct nq_err last = err ? *err : (struct nq_err){.code = NQ_OK};
    nq_change_leave(tagger, change);
    if (call) {
        call->change = NULL;
        nq_call_reply(&call->call,
                      &(struct nq_reply){.err = err ? &last : NULL, .missing = ""});
    }
}

void nq_change_again(struct nq_policy_tagger *tagger, struct nq_change *change)
{
    change->write = NULL;
    if (change->call) {
        nq_bench_sit_again(&tagger->bench, &change->seat);
    } else {
        nq_change_leave(tagger, change);
    }
}

bool nq_tag_way_missing(const struct nq_policy_tagger *tagger,
                        const struct nq_tag_way *way)
{
    return nq_mono_ms(tagger->policy->clock) < way->missing_until_ms;
}

void nq_tag_way_set_missing(struct nq_policy_tagger *tagger, struct nq_tag_way *way)
{
    way->works = false;
    way->missing_until_ms = nq_mono_ms(tagger->policy->clock) + WAY_MISSING_MS;
}

/* Does this manager lack the call? 404 may mean the VM instead. */
static bool may_lack_call(const struct nq_err *err)
{
    return err->code == NQ_NSX_NOT_FOUND || err->http == 405;
}

bool nq_may_lack_operations(const struct nq_err *err)
{
    return may_lack_call(err) || err->code == NQ_NSX_FORBIDDEN;
}

void nq_change_end_single(struct nq_policy_tagger *tagger, struct nq_change *change,
                          const struct nq_err *err)
{
    tagger->single.works |= !err;
    if (!err || !may_lack_call(err) || tagger->single.works || change->alone ||
        change->refusal.code || nq_tag_way_missing(tagger, &tagger->bulk)) {
        settle(tagger, change, err);
    } else {
        change->refusal = *err;
        nq_change_again(tagger, change);
    }
}

/* NSX took the operation up: each VM has its own end. The text of a refusal is for people;
 * a single call has a code, which tells a VM that is gone from one that is full of tags. */
static void end_by_outcome(const struct nq_tag_write *write, struct nq_change *change,
                           const struct nq_tag_outcome *outcome,
                           const struct nq_err *why_unknown)
{
    struct nq_policy_tagger *tagger = write->tagger;
    struct nq_err err;
    switch (outcome->verdict) {
    case NQ_VERDICT_GOOD:
        if (change->refusal.code) {
            nq_tag_way_set_missing(tagger, &tagger->single);
        }
        settle(tagger, change, NULL);
        return;
    case NQ_VERDICT_REFUSED:
        (void)nq_fail(&err, NQ_NSX_REJECTED, "the tag operation: %s",
                      outcome->details[0] ? outcome->details : "no details");
        if (write->count > 1 && !nq_tag_way_missing(tagger, &tagger->single)) {
            change->alone = true;
            nq_change_again(tagger, change);
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

void nq_change_end_in_bulk(struct nq_tag_write *write, size_t index)
{
    struct nq_policy_tagger *tagger = write->tagger;
    struct nq_change *change = write->changes[index];
    const struct nq_err *err = write->failed ? &write->err : NULL;
    if (!err || write->taken) {
        end_by_outcome(write, change, &write->outcomes[index], err);
    } else if (nq_may_lack_operations(err) && change->refusal.code) {
        settle(tagger, change, &change->refusal); /* there is neither way */
    } else if (nq_may_lack_operations(err)) {
        nq_change_again(tagger, change);
    } else if (err->code == NQ_NSX_REJECTED && write->count > 1) {
        change->alone = true; /* one VM is at fault, or there are too many of them */
        nq_change_again(tagger, change);
    } else {
        settle(tagger, change, err);
    }
}
