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

static void start_prove(struct nq_episode *episode)
{
    struct nq_backend *backend = backend_of(episode);
    const struct nq_vm_id vm = nq_episode_vm(episode);
    episode->call = backend->ops->prove(backend, &vm, on_reply, episode);
}

/* ---- answers ------------------------------------------------------------------------ */

static void adopt_vm(struct nq_episode *episode, const struct nq_vm *vm)
{
    struct nq_case *record = &episode->record;
    const struct nq_vm_id id = {vm->manager, vm->external_id};
    nq_episode_set_vm(episode, &id);
    nq_text_set(&record->name, vm->display_name);
    nq_text_set(&record->host_name, vm->host_name);
    nq_text_set(&record->addresses, vm->addresses);
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

static void not_found(struct nq_episode *episode, enum nq_case_event event, size_t count)
{
    const int64_t age_ms = nq_engine_now(episode->engine) - episode->record.changed_ms;
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

static void is_protected(struct nq_episode *episode, const struct nq_vm *vm)
{
    char text[NQ_TEXT_MAX];
    (void)snprintf(text, sizeof(text),
                   "\"%s\" is a VM of type %s; only REGULAR ones are quarantined",
                   vm->display_name, vm->type);
    (void)nq_episode_apply(episode, NQ_EV_PROTECTED, NULL, text);
}

static void reply_find(struct nq_episode *episode, const struct nq_reply *reply)
{
    const struct nq_vm *vm = NULL;
    const enum nq_case_event event = nq_resolve_judge(reply->vms, reply->vm_count, &vm);
    if (event == NQ_EV_FOUND) {
        found(episode, vm);
    } else if (event == NQ_EV_PROTECTED) {
        is_protected(episode, vm);
    } else {
        not_found(episode, event, reply->vm_count);
    }
}

static void reply_add(struct nq_episode *episode, const struct nq_reply *reply)
{
    (void)reply;
    struct nq_case *record = &episode->record;
    episode->acknowledged = true;
    if (record->tag_time_ms == 0) {
        record->tag_time_ms =
            nq_span_ms(record->detected_ms, nq_engine_now(episode->engine));
    }
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
        if (record->tag_time_ms == 0) {
            record->tag_time_ms =
                nq_span_ms(record->detected_ms, nq_engine_now(episode->engine));
        }
    }
    (void)nq_episode_apply(episode, present ? NQ_EV_PRESENT : NQ_EV_ABSENT, NULL, NULL);
}

static void report_late(struct nq_episode *episode, const char *missing)
{
    const struct nq_case *record = &episode->record;
    if (!episode->late && record->state == NQ_CASE_TAGGED &&
        nq_engine_now(episode->engine) - record->changed_ms >
            conf_of(episode)->prove_timeout_ms) {
        episode->late = true;
        nq_log(NQ_LOG_WARNING,
               "VM carries our tag but is not proven to be isolated: case=%u vm=%s "
               "missing=%s",
               record->id, nq_text_or_empty(record->name), missing);
    }
}

static void reply_prove(struct nq_episode *episode, const struct nq_reply *reply)
{
    struct nq_case *record = &episode->record;
    record->rungs = reply->rungs;
    if (reply->vm_count == 0) {
        (void)nq_episode_apply(episode, NQ_EV_GONE, NULL, "NSX has no such VM any more");
    } else if (!(reply->rungs & NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT))) {
        (void)nq_episode_apply(episode, NQ_EV_ABSENT, "reconciler",
                               "the tag was taken off the VM by somebody else");
    } else if ((reply->rungs & reply->provable) == reply->provable) {
        (void)nq_episode_apply(episode, NQ_EV_PROVEN, NULL, NULL);
    } else {
        report_late(episode, reply->missing);
        (void)nq_episode_apply(episode, NQ_EV_NOT_PROVEN, NULL, reply->missing);
        if ((reply->provable & ~reply->rungs) & NQ_RUNG_BIT(NQ_RUNG_NOT_EXCLUDED)) {
            record->reason = NQ_REASON_EXCLUDED;
        }
    }
}

/* ---- performing ---------------------------------------------------------------------- */

/* An effect that is a call: how it starts and what its answer means. */
struct effect_row {
    void (*start)(struct nq_episode *episode); /* sets episode->call */
    void (*on_success)(struct nq_episode *episode, const struct nq_reply *reply);
    bool needs_vm; /* without a known VM, the VM is found instead */
    bool writes;
};

static const struct effect_row find_row = {start_find, reply_find, false, false};

static const struct effect_row effect_rows[] = {
    [NQ_DO_IDENTIFY] = {start_find, reply_find, false, false},
    [NQ_DO_LOOK] = {start_read, reply_read, true, false},
    [NQ_DO_REFIND] = {start_find, reply_find, false, false},
    [NQ_DO_ADD] = {start_add, reply_add, true, true},
    [NQ_DO_READ] = {start_read, reply_read, true, false},
    [NQ_DO_REMOVE] = {start_remove, reply_remove, true, true},
    [NQ_DO_PROVE] = {start_prove, reply_prove, true, false},
    [NQ_DO_FORGET] = {NULL, NULL, false, false},
};

static const struct effect_row *row_of(const struct nq_episode *episode,
                                       enum nq_case_effect effect)
{
    const struct effect_row *row = &effect_rows[effect];
    return row->needs_vm && !episode->record.external_id ? &find_row : row;
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

static void reply_error(struct nq_episode *episode, const struct effect_row *row,
                        const struct nq_err *err)
{
    struct nq_case *record = &episode->record;
    char text[2 * NQ_TEXT_MAX];
    nq_err_text(err, text, sizeof(text));
    nq_text_set(&record->last_error, text);
    if (err->code == NQ_NSX_NOT_FOUND && row->needs_vm &&
        row->on_success != reply_prove) {
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
    const struct effect_row *row = row_of(episode, episode->calling);
    episode->call = NULL;
    episode->calling = NQ_DO_NOTHING;
    if (reply->err) {
        reply_error(episode, row, reply->err);
    } else {
        row->on_success(episode, reply);
    }
}

/* false: the mode forbids this write now; the case was told. */
static bool may_write(struct nq_episode *episode)
{
    const enum nq_mode mode = episode->engine->mode;
    if (mode == NQ_MODE_STOPPED) {
        episode->blocked = true;
        episode->effect = NQ_DO_NOTHING;
        nq_text_set(&episode->record.reason_text,
                    "the engine is stopped: nothing is written to NSX");
        nq_episode_touch(episode);
        return false;
    }
    if (mode == NQ_MODE_OBSERVE && episode->effect == NQ_DO_ADD) {
        episode->effect = NQ_DO_NOTHING;
        (void)nq_episode_apply(episode, NQ_EV_DISARMED, NULL,
                               "observe mode: the tag would be added now");
        return false;
    }
    return true;
}

bool nq_effect_writes(enum nq_case_effect effect)
{
    return effect_rows[effect].writes;
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
        episode->record.tag_writes = 0;
    }
    const struct effect_row *row = row_of(episode, effect);
    if (row->writes && !may_write(episode)) {
        return;
    }
    episode->effect = NQ_DO_NOTHING;
    episode->calling = effect;
    row->start(episode);
}
