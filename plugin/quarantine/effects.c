/* SPDX-License-Identifier: Apache-2.0 */
/* effects.c: performs what a step asked for as a call to NSX, and turns the answer into
 * the next event of the case. */
#include "quarantine/engine_internal.h"

#include <stdio.h>

#include "base/text.h"
#include "nsx/tags.h"
#include "quarantine/resolve.h"

static struct nq_backend *backend_of(const struct nq_episode *episode)
{
    return episode->engine->setup.backend;
}

static const struct nq_config *conf_of(const struct nq_episode *episode)
{
    return episode->engine->setup.conf;
}

/* ---- calls -------------------------------------------------------------------------- */

static void on_reply(void *arg, const struct nq_reply *reply);

static void start_find(struct nq_episode *episode)
{
    struct nq_backend *backend = backend_of(episode);
    struct nq_identity identity; /* lent: the backend copies what it keeps */
    nq_resolve_split(episode->record.identity, &identity);
    identity.query.fresh = episode->record.attempts > 0;
    episode->call = backend->ops->find_vms(backend, &identity.query, on_reply, episode);
}

static void change_tag(struct nq_episode *episode, enum nq_tag_change change)
{
    struct nq_backend *backend = backend_of(episode);
    const struct nq_vm_id vm = nq_episode_vm(episode);
    episode->call = backend->ops->change_tag(backend, change, &vm, on_reply, episode);
}

static void start_add(struct nq_episode *episode)
{
    change_tag(episode, NQ_TAG_ADD);
}

static void start_remove(struct nq_episode *episode)
{
    change_tag(episode, NQ_TAG_REMOVE);
}

static void start_read(struct nq_episode *episode)
{
    struct nq_backend *backend = backend_of(episode);
    const struct nq_vm_id vm = nq_episode_vm(episode);
    episode->call = backend->ops->read_vm(backend, &vm, on_reply, episode);
}

static void start_vet(struct nq_episode *episode)
{
    nq_vet_start(episode, on_reply);
}

static void start_seek(struct nq_episode *episode)
{
    nq_seek_start(episode, on_reply);
}

static void start_prove(struct nq_episode *episode)
{
    struct nq_backend *backend = backend_of(episode);
    const struct nq_vm_id vm = nq_episode_vm(episode);
    episode->call = backend->ops->prove(backend, &vm, on_reply, episode);
}

/* ---- answers ------------------------------------------------------------------------ */

/* NSX showed the VM of the case. */
static void learn(struct nq_episode *episode, const struct nq_vm *vm, bool fresh)
{
    struct nq_case *record = &episode->record;
    nq_text_set(&record->name, vm->display_name);
    nq_text_set(&record->host_name, vm->host_name);
    nq_text_set(&record->addresses, vm->addresses);
    nq_vet_learn(episode, vm, fresh);
}

static void adopt_vm(struct nq_episode *episode, const struct nq_vm *vm)
{
    const struct nq_vm_id id = {vm->manager, vm->external_id};
    nq_episode_set_vm(episode, &id);
    learn(episode, vm, false);
    nq_groups_count(episode->engine, &id, NQ_GROUP_CASE);
}

/* A name of which only a part is known may be the name of a VM that is still too new. */
static bool is_doubtful(const struct nq_episode *episode, const struct nq_vm *vm)
{
    struct nq_identity identity;
    nq_resolve_split(episode->record.identity, &identity);
    return episode->record.attempts == 0 && nq_resolve_is_weak(&identity.query, vm);
}

static void found(struct nq_episode *episode, const struct nq_vm *vm)
{
    const struct nq_vm_id id = {vm->manager, vm->external_id};
    if (is_doubtful(episode, vm)) {
        (void)nq_episode_apply(episode, NQ_EV_NOT_YET, NULL,
                               "only a part of the name is known: looking again");
    } else if (!nq_episode_merge(episode, &id)) {
        adopt_vm(episode, vm);
        (void)nq_episode_apply(episode, NQ_EV_FOUND, NULL, NULL);
    }
}

/* How long the case is in its state, as far as this process saw it, whatever became of the
 * wall clock meanwhile. */
static int64_t age_of(const struct nq_episode *episode)
{
    const struct nq_engine *engine = episode->engine;
    const bool older = episode->changed_mono_ms < engine->started_mono_ms;
    return nq_mono_ms(engine->setup.clock) -
           (older ? engine->started_mono_ms : episode->changed_mono_ms);
}

static void not_found(struct nq_episode *episode, enum nq_case_event event, size_t count)
{
    const int64_t age_ms = age_of(episode);
    char text[NQ_TEXT_MAX];
    (void)snprintf(text, sizeof(text), "%s: \"%s\" leads to %zu VMs of the NSX inventory",
                   nq_case_event_name(event), nq_text_or_empty(episode->record.identity),
                   count);
    if (age_ms < conf_of(episode)->resolve_timeout_ms) {
        /* The inventory may lag, and shows doubles for a while during vMotion. */
        episode->record.reason =
            event == NQ_EV_UNKNOWN ? NQ_REASON_UNKNOWN_VM : NQ_REASON_AMBIGUOUS;
        event = NQ_EV_NOT_YET;
    }
    (void)nq_episode_apply(episode, event, NULL, text);
}

static void reply_find(struct nq_episode *episode, const struct nq_reply *reply)
{
    const struct nq_vm *vm = NULL;
    const enum nq_case_event event = nq_resolve_judge(reply->vms, reply->vm_count, &vm);
    if (vm) {
        found(episode, vm);
    } else {
        not_found(episode, event, reply->vm_count);
    }
}

static void reply_add(struct nq_episode *episode, const struct nq_reply *reply)
{
    (void)reply;
    episode->acknowledged = true;
    nq_times_tagged(episode);
    (void)nq_episode_apply(episode, NQ_EV_ADDED, NULL, NULL);
}

static void reply_remove(struct nq_episode *episode, const struct nq_reply *reply)
{
    (void)reply;
    episode->acknowledged = true;
    (void)nq_episode_apply(episode, NQ_EV_REMOVED, NULL, NULL);
}

static void reply_read(struct nq_episode *episode, const struct nq_reply *reply)
{
    struct nq_case *record = &episode->record;
    const bool acknowledged = episode->acknowledged;
    const bool refused = episode->refused;
    episode->acknowledged = false;
    episode->refused = false;
    if (reply->vm_count == 0) {
        (void)nq_episode_apply(episode, NQ_EV_GONE, NULL, "NSX has no such VM any more");
        return;
    }
    learn(episode, &reply->vms[0], true);
    const bool present = (reply->vms[0].tags & NQ_TAGS_OURS) != 0;
    const bool wanted = record->wanted == NQ_WANT_QUARANTINE;
    if (acknowledged && present != wanted) {
        (void)nq_episode_apply(
            episode, NQ_EV_UNCHANGED, NULL,
            "NSX acknowledged the change of the tag but does not show it");
        return;
    }
    if (refused && present) {
        (void)nq_episode_apply(episode, NQ_EV_CALL_STOP, NULL, record->last_error);
        return;
    }
    if (present) {
        /* Whoever put it there, release has to take it off. */
        record->tag_writes += record->tag_writes == 0;
        record->rungs |= NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT);
        nq_times_tagged(episode);
    }
    if (present && wanted) {
        nq_vet_count(episode); /* it is quarantined, whoever did it */
    }
    (void)nq_episode_apply(episode, present ? NQ_EV_PRESENT : NQ_EV_ABSENT, NULL, NULL);
}

/* The deadline of the proof: said once, then looked at like an isolated VM. */
static bool is_late(struct nq_episode *episode)
{
    const struct nq_case *record = &episode->record;
    if (episode->late || record->state != NQ_CASE_TAGGED ||
        age_of(episode) <= conf_of(episode)->prove_timeout_ms) {
        return false;
    }
    episode->late = true;
    return true;
}

/* Two engines side by side release for each other; else a tag that is gone was lost. */
static void tag_is_gone(struct nq_episode *episode)
{
    const bool release = conf_of(episode)->reconcile.removed_tag == NQ_REMOVED_RELEASE;
    (void)nq_episode_apply(
        episode, release ? NQ_EV_TAKEN_OFF : NQ_EV_ABSENT, "reconciler",
        release ? "the tag was taken off by somebody else, which counts as a release"
                : "the tag was taken off the VM by somebody else");
}

static void reply_prove(struct nq_episode *episode, const struct nq_reply *reply)
{
    struct nq_case *record = &episode->record;
    record->rungs = reply->rungs;
    if (reply->vm_count == 0) {
        (void)nq_episode_apply(episode, NQ_EV_GONE, NULL, "NSX has no such VM any more");
        return;
    }
    learn(episode, &reply->vms[0], true);
    if (!(reply->rungs & NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT))) {
        tag_is_gone(episode);
    } else if ((reply->rungs & reply->provable) == reply->provable) {
        nq_text_set(&record->last_error, NULL);
        (void)nq_episode_apply(episode, NQ_EV_PROVEN, NULL, NULL);
    } else {
        (void)nq_episode_apply(episode, is_late(episode) ? NQ_EV_LATE : NQ_EV_NOT_PROVEN,
                               NULL, reply->missing);
        if ((reply->provable & ~reply->rungs) & NQ_RUNG_BIT(NQ_RUNG_NOT_EXCLUDED)) {
            record->reason = NQ_REASON_EXCLUDED;
        }
    }
}

/* ---- performing ---------------------------------------------------------------------- */

/* An effect that is a call: how it starts and what its answer means. */
struct nq_effect_row {
    void (*start)(struct nq_episode *episode); /* sets episode->call, or decides */
    void (*on_success)(struct nq_episode *episode, const struct nq_reply *reply);
    bool needs_vm;    /* without a known VM, the VM is found instead */
    bool needs_facts; /* without young ones, the VM is read instead */
    bool writes;
    bool names_vm; /* a 404 means that NSX has no such VM */
};

#define FIND_VM                                                                          \
    {                                                                                    \
        .start = start_find, .on_success = reply_find                                    \
    }
#define READ_VM                                                                          \
    {                                                                                    \
        .start = start_read, .on_success = reply_read, .needs_vm = true,                 \
        .names_vm = true                                                                 \
    }
#define WRITE(start_, reply_)                                                            \
    {                                                                                    \
        .start = (start_), .on_success = (reply_), .needs_vm = true, .writes = true,     \
        .names_vm = true                                                                 \
    }

static const struct nq_effect_row find_row = FIND_VM;
static const struct nq_effect_row read_row = READ_VM;

static const struct nq_effect_row effect_rows[] = {
    [NQ_DO_IDENTIFY] = FIND_VM,
    [NQ_DO_LOOK] = READ_VM,
    [NQ_DO_REFIND] = FIND_VM,
    [NQ_DO_VET] = {.start = start_vet,
                   .on_success = nq_vet_reply,
                   .needs_vm = true,
                   .needs_facts = true},
    [NQ_DO_ADD] = WRITE(start_add, reply_add),
    [NQ_DO_READ] = READ_VM,
    [NQ_DO_REMOVE] = WRITE(start_remove, reply_remove),
    [NQ_DO_PROVE] = {.start = start_prove, .on_success = reply_prove, .needs_vm = true},
    [NQ_DO_SEEK] = {.start = start_seek, .on_success = nq_seek_reply, .needs_vm = true},
    [NQ_DO_FORGET] = {.writes = false},
};

static const struct nq_effect_row *row_of(const struct nq_episode *episode,
                                          enum nq_case_effect effect)
{
    const struct nq_effect_row *row = &effect_rows[effect];
    if (row->needs_vm && !episode->record.external_id) {
        return &find_row;
    }
    return row->needs_facts && !nq_vet_is_informed(episode) ? &read_row : row;
}

static void log_failure(const struct nq_episode *episode, const struct nq_err *err,
                        bool stop)
{
    struct nq_engine *engine = episode->engine;
    const struct nq_case *record = &episode->record;
    if (nq_log_allows(&engine->call_log, nq_mono_ms(engine->setup.clock),
                      "calls to NSX failed")) {
        nq_log(stop ? NQ_LOG_ERROR : NQ_LOG_WARNING,
               "call to NSX failed: case=%u vm=%s state=%s code=%s fate=%s err=%s",
               record->id, nq_text_or_empty(record->name),
               nq_case_state_name(record->state), nq_code_name(err->code),
               stop ? "stop" : "retry", err->detail);
    }
}

static void reply_error(struct nq_episode *episode, const struct nq_effect_row *row,
                        const struct nq_err *err)
{
    struct nq_case *record = &episode->record;
    char text[2 * NQ_TEXT_MAX];
    nq_err_text(err, text, sizeof(text));
    nq_text_set(&record->last_error, text);
    if (err->code == NQ_NSX_NOT_FOUND && row->names_vm) {
        (void)nq_episode_apply(episode, NQ_EV_GONE, NULL, text);
        return;
    }
    /* An addition that fails while release is wanted changes nothing: remove all the same. */
    const bool unwanted =
        row->on_success == reply_add && record->wanted == NQ_WANT_RELEASE;
    const bool stop = nq_err_fate(err) == NQ_FATE_STOP && !unwanted;
    if (stop && row->on_success == reply_remove) {
        episode->refused = true;
        episode->acknowledged = false; /* that was of an earlier write */
        (void)nq_episode_apply(episode, NQ_EV_REFUSED, NULL, text);
        return;
    }
    log_failure(episode, err, stop);
    if (nq_episode_apply(episode, stop ? NQ_EV_CALL_STOP : NQ_EV_CALL_RETRY, NULL,
                         text) &&
        err->code == NQ_NSX_AUTH && record->reason == NQ_REASON_NSX_UNREACHABLE) {
        record->reason = NQ_REASON_NSX_REFUSED;
    }
}

static void on_reply(void *arg, const struct nq_reply *reply)
{
    struct nq_episode *episode = arg;
    const struct nq_effect_row *row = episode->row;
    episode->call = NULL;
    episode->calling = NQ_DO_NOTHING;
    if (reply->err) {
        reply_error(episode, row, reply->err);
    } else {
        row->on_success(episode, reply);
    }
}

void nq_episode_block(struct nq_episode *episode)
{
    episode->blocked = true;
    episode->was_blocked = true;
    episode->effect = NQ_DO_NOTHING;
    nq_text_set(&episode->record.reason_text,
                "the engine is stopped: nothing is written to NSX");
    nq_episode_touch(episode);
}

/* false: something stands against this write now; the case was told. */
static bool may_write(struct nq_episode *episode)
{
    const struct nq_decisions *decisions = episode->engine->decisions;
    if (episode->engine->mode == NQ_MODE_STOPPED) {
        nq_episode_block(episode);
        return false;
    }
    for (size_t i = 0; episode->effect == NQ_DO_ADD && i < decisions->check_count; i++) {
        if (!decisions->checks[i](episode)) {
            return false;
        }
    }
    return true;
}

bool nq_effect_writes(enum nq_case_effect effect)
{
    return effect_rows[effect].writes;
}

bool nq_episode_seeks_vm(const struct nq_episode *episode)
{
    return !episode->record.external_id &&
           row_of(episode, episode->effect)->start == start_find;
}

void nq_episode_perform(struct nq_episode *episode)
{
    const enum nq_case_effect effect = episode->effect;
    if (effect == NQ_DO_NOTHING || effect == NQ_DO_FORGET || episode->pace.armed ||
        (effect == NQ_DO_IDENTIFY && episode->record.external_id)) {
        return;
    }
    if (episode->call) {
        return; /* a write: its answer, in the new state, leads on */
    }
    if (effect == NQ_DO_REFIND) {
        nq_episode_set_vm(episode, NULL);
        nq_vet_forget(episode);
        episode->record.tag_writes = 0;
        nq_episode_touch(episode);
    }
    const struct nq_effect_row *row = row_of(episode, effect);
    if (row->writes && !may_write(episode)) {
        return;
    }
    episode->effect = NQ_DO_NOTHING;
    episode->calling = effect;
    episode->row = row;
    row->start(episode);
}
