/* SPDX-License-Identifier: Apache-2.0 */
/* nemesis_facts.c: judges what becomes durable, and what is told then: changes of cases,
 * notices, and answers to senders of traps. */
#include <string.h>

#include "base/text.h"
#include "nemesis_internal.h"

/* ---- commits ------------------------------------------------------------------------- */

static const struct nq_case *case_in(const struct kept *kept, uint32_t id)
{
    for (size_t i = 0; i < kept->case_count; i++) {
        if (kept->cases[i].id == id) {
            return &kept->cases[i];
        }
    }
    return NULL;
}

/* Another case has its VM and counts its signals. */
static bool is_merged(const struct kept *kept, const struct nq_case *record)
{
    for (size_t i = 0; i < kept->case_count; i++) {
        const struct nq_case *other = &kept->cases[i];
        if (other != record && other->external_id && record->external_id &&
            strcmp(other->external_id, record->external_id) == 0) {
            return true;
        }
    }
    return false;
}

/* Its time can be over: of the quarantine, of an observation, of a VM that is away; or of
 * any of these that came and went while the disk was full. */
static bool may_expire(const struct nemesis_run *run, const struct nq_case *was,
                       const struct nq_case *is)
{
    const bool limited = was->release_at_ms > 0 ||
                         (was->deadline_ms > 0 && (was->state == NQ_CASE_OBSERVED ||
                                                   was->state == NQ_CASE_VANISHED));
    return run->world->store.missed > 0 ||
           (limited && strcmp(nq_text_or_empty(is->changed_by), "timer") == 0);
}

static bool taken_off_by_hand(const struct nemesis_run *run, const struct nq_case *record)
{
    for (size_t i = 0; i < run->world->vm_count; i++) {
        if (run->vms[i].by_hand && record->external_id &&
            strcmp(run->world->vms[i].external_id, record->external_id) == 0) {
            return run->world->conf.reconcile.removed_tag == NQ_REMOVED_RELEASE;
        }
    }
    return false;
}

static void check_change(struct nemesis_run *run, const struct kept *after,
                         const struct nq_case *was, const struct nq_case *is)
{
    struct model_case *known = nemesis_model_case(run, is->id);
    const bool closing = is->state == NQ_CASE_RELEASED || is->state == NQ_CASE_RELEASING;
    const bool was_closing =
        was && (was->state == NQ_CASE_RELEASED || was->state == NQ_CASE_RELEASING);
    if (was && was->state == NQ_CASE_RELEASED && is->state != NQ_CASE_RELEASED) {
        nemesis_break(run, NEMESIS_PUTS_BACK, "case %u was released and is %s", is->id,
                      nq_case_state_name(is->state));
    }
    if (was && was->wanted == NQ_WANT_RELEASE && is->wanted == NQ_WANT_QUARANTINE &&
        !known->may_reopen) {
        nemesis_break(run, NEMESIS_PUTS_BACK,
                      "case %u was to be released and is wanted again", is->id);
    }
    if (was && closing && !was_closing && !known->may_close &&
        !may_expire(run, was, is) && !is_merged(after, is) &&
        !taken_off_by_hand(run, is)) {
        nemesis_break(run, NEMESIS_TOUCHES_ONLY_OURS,
                      "case %u is %s, and nobody asked for it", is->id,
                      nq_case_state_name(is->state));
    }
    if (is->state == NQ_CASE_RELEASED && was_closing == false) {
        known->may_reopen = false;
    }
}

/* What must be announced when a case went from one state to the other. */
static enum nq_notice notice_due(const struct nemesis_run *run, const struct kept *after,
                                 const struct nq_case *was, const struct nq_case *is)
{
    static const enum nq_notice entries[NQ_CASE_STATE_END] = {
        [NQ_CASE_HELD] = NQ_NOTICE_HELD,
        [NQ_CASE_ISOLATED] = NQ_NOTICE_ISOLATED,
        [NQ_CASE_FAILED] = NQ_NOTICE_FAILED,
        [NQ_CASE_RELEASED] = NQ_NOTICE_RELEASED,
    };
    const bool one_step = was && was->state != is->state && run->world->store.missed == 0;
    const bool quietly = is->state == NQ_CASE_RELEASED &&
                         (!one_step || was->state == NQ_CASE_OBSERVED ||
                          was->reason == NQ_REASON_UNPROVEN || /* by way of it, */
                          was->reason == NQ_REASON_GOVERNOR || /* all in one turn */
                          is_merged(after, is));
    if (entries[is->state]) {
        return quietly ? NQ_NOTICE_NONE : entries[is->state];
    }
    if (one_step && is->state == NQ_CASE_TAGGING &&
        (was->state == NQ_CASE_TAGGED || was->state == NQ_CASE_ISOLATED)) {
        return NQ_NOTICE_TAG_LOST;
    }
    return one_step && is->state == NQ_CASE_TAGGED && was->state == NQ_CASE_ISOLATED
               ? NQ_NOTICE_RUNG_LOST
               : NQ_NOTICE_NONE;
}

/* It goes out before the next commit. */
static void expect_notice(struct nemesis_run *run, enum nq_notice notice,
                          const struct nq_case *is)
{
    struct model_case *known = nemesis_model_case(run, is->id);
    if (known->due != NQ_NOTICE_NONE) {
        nemesis_break(run, NEMESIS_IS_NEVER_SILENT,
                      "case %u changed its state without a notice, and again", is->id);
    }
    known->due = notice;
}

static uint32_t last_entry(const struct kept *kept)
{
    return kept->log_count ? kept->log[kept->log_count - 1].number : 0;
}

void nemesis_before_commit(void *arg, const struct kept *before, const struct kept *after)
{
    struct nemesis_run *run = arg;
    nemesis_burn(run, FUSE_BEFORE_COMMIT);
    if (run->world->store.dead) {
        return;
    }
    bool changed = false;
    for (size_t i = 0; i < after->case_count; i++) {
        const struct nq_case *is = &after->cases[i];
        const struct nq_case *was = case_in(before, is->id);
        if (is->owner != NQ_OWNER_OURS) {
            continue;
        }
        check_change(run, after, was, is);
        if (is->admitted_ms > 0) {
            nemesis_admit(run, nemesis_model_case(run, is->id));
        }
        if (is->state == NQ_CASE_TAGGED) { /* if not by us: putting it back is no news */
            nemesis_model_case(run, is->id)->counted = true;
        }
        /* The second: it left the state and came back, while the disk was full. */
        if (!was || was->state != is->state || was->changed_ms != is->changed_ms) {
            changed = true;
            expect_notice(run, notice_due(run, after, was, is), is);
        }
    }
    for (size_t i = 0; i < before->case_count; i++) {
        const struct nq_case *was = &before->cases[i];
        const bool closed = was->state == NQ_CASE_RELEASED ||
                            nemesis_model_case(run, was->id)->may_close ||
                            run->world->store.missed > 0;
        if (!case_in(after, was->id) && !closed && was->owner == NQ_OWNER_OURS) {
            nemesis_break(run, NEMESIS_FORGETS_NOTHING, "case %u, which was %s, is gone",
                          was->id, nq_case_state_name(was->state));
        }
    }
    if (changed && last_entry(after) == last_entry(before)) {
        nemesis_break(run, NEMESIS_IS_NEVER_SILENT,
                      "a case changed its state without an entry in the audit log");
    }
}

void nemesis_after_commit(void *arg)
{
    nemesis_burn(arg, FUSE_AFTER_COMMIT);
}

/* ---- notices and answers ------------------------------------------------------------- */

void nemesis_on_notice(void *arg, enum nq_notice notice, const void *row)
{
    static const enum nq_case_state states[NQ_NOTICE_END] = {
        [NQ_NOTICE_ISOLATED] = NQ_CASE_ISOLATED,
        [NQ_NOTICE_RELEASED] = NQ_CASE_RELEASED,
        [NQ_NOTICE_HELD] = NQ_CASE_HELD,
        [NQ_NOTICE_FAILED] = NQ_CASE_FAILED,
    };
    struct nemesis_run *run = arg;
    if (notice >= NQ_NOTICE_CASE_END) {
        return;
    }
    const struct nq_case *record = row;
    struct model_case *known = nemesis_model_case(run, record->id);
    const bool was_due = known->due == notice;
    known->due = was_due ? NQ_NOTICE_NONE : known->due;
    if (!states[notice]) {
        return;
    }
    const struct nq_case *kept = case_in(&run->world->store.committed, record->id);
    if (!kept && notice == NQ_NOTICE_RELEASED) {
        return; /* its time was over, too, before the disk had room */
    }
    if (!kept || kept->state != states[notice] || record->state != kept->state) {
        nemesis_break(run, NEMESIS_IS_NEVER_SILENT,
                      "a notice says that case %u is %s, and it is %s", record->id,
                      nq_case_state_name(states[notice]),
                      kept ? nq_case_state_name(kept->state) : "nowhere");
    }
    if (!was_due && notice != NQ_NOTICE_RELEASED) {
        nemesis_break(run, NEMESIS_IS_NEVER_SILENT,
                      "a notice of case %u tells what had not changed", record->id);
    }
}

/* A detection that was stored has a case which is durable; and if it was proven, one that
 * does not wait for proof. */
static void check_stored(struct nemesis_run *run, const struct model_trap *trap)
{
    bool acted_on = false;
    const struct kept *kept = &run->world->store.committed;
    for (size_t i = 0; i < kept->case_count; i++) {
        const struct nq_case *record = &kept->cases[i];
        const bool waits =
            record->state == NQ_CASE_HELD && record->reason == NQ_REASON_UNPROVEN;
        if (nemesis_site_names(record, trap->computer) && !(waits && trap->proven)) {
            acted_on = true;
            if (trap->proven) {
                nemesis_model_case(run, record->id)->detected_ms = trap->at_ms;
            }
        }
    }
    if (!acted_on) {
        nemesis_break(run, NEMESIS_FORGETS_NOTHING,
                      "a detection on %s is acknowledged, and no durable case acts on it",
                      trap->computer);
    }
}

void nemesis_on_answer(void *arg, enum nq_intake verdict)
{
    struct nemesis_run *run = arg;
    if (run->trap_count == 0) {
        nemesis_break(run, NEMESIS_IS_NEVER_SILENT, "a trap is answered twice");
        return;
    }
    const struct model_trap trap = run->traps[0];
    memmove(&run->traps[0], &run->traps[1], --run->trap_count * sizeof(run->traps[0]));
    if (trap.detection && verdict == NQ_INTAKE_STORED) {
        check_stored(run, &trap);
    }
}
