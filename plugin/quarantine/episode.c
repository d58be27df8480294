/* SPDX-License-Identifier: Apache-2.0 */
/* episode.c: one case at work: applies the table of case.c to its record, performs the
 * effects as calls to NSX, and turns the answers into the next events. */
#include "quarantine/engine_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "base/text.h"
#include "quarantine/backoff.h"
#include "quarantine/resolve.h"

/* A proof is looked for eagerly at first: isolation is a matter of a second or two. */
#define PROVE_FIRST_MS 200
#define PROVE_MOST_MS  5000

static const struct nq_config *conf_of(const struct nq_episode *episode)
{
    return episode->engine->setup.conf;
}

static struct nq_backend *backend_of(const struct nq_episode *episode)
{
    return episode->engine->setup.backend;
}

static uint32_t random_number(void)
{
    uint32_t number = 0;
    (void)getrandom(&number, sizeof(number), GRND_NONBLOCK);
    return number;
}

static uint32_t span_ms(int64_t from_ms, int64_t to_ms)
{
    const int64_t span = to_ms - from_ms;
    return span < 1 ? 1 : span > UINT32_MAX ? UINT32_MAX : (uint32_t)span;
}

/* ---- the collection ----------------------------------------------------------------- */

static char *identity_key(const char *identity)
{
    char *key = nq_strdup(nq_text_or_empty(identity));
    for (char *p = key; *p; p++) {
        *p = (char)tolower((unsigned char)*p);
    }
    return key;
}

struct nq_episode *nq_episode_of(const struct nq_engine *engine, uint32_t id)
{
    struct nq_episode *episode = NULL;
    HASH_FIND(by_id, engine->episodes, &id, sizeof(id), episode);
    return episode;
}

static struct nq_episode *by_vm(const struct nq_engine *engine, const char *external_id)
{
    struct nq_episode *episode = NULL;
    HASH_FIND(by_vm, engine->vms, external_id, strlen(external_id), episode);
    return episode;
}

struct nq_episode *nq_episode_by_identity(const struct nq_engine *engine,
                                          const char *identity)
{
    char *key = identity_key(identity);
    struct nq_episode *episode = NULL;
    HASH_FIND(by_identity, engine->identities, key, strlen(key), episode);
    free(key);
    if (episode && episode->record.external_id) {
        struct nq_episode *owner = by_vm(engine, episode->record.external_id);
        return owner ? owner : episode;
    }
    return episode;
}

static void unlink_vm(struct nq_episode *episode)
{
    if (episode->in_vms) {
        HASH_DELETE(by_vm, episode->engine->vms, episode);
        episode->in_vms = false;
    }
}

static void link_vm(struct nq_episode *episode)
{
    struct nq_engine *engine = episode->engine;
    const char *external_id = episode->record.external_id;
    struct nq_episode *older = by_vm(engine, external_id);
    if (older && nq_case_is_open(&older->record) && !nq_case_is_open(&episode->record)) {
        return; /* a closed case never hides an open one */
    }
    if (older) {
        unlink_vm(older);
    }
    HASH_ADD_KEYPTR(by_vm, engine->vms, external_id, strlen(external_id), episode);
    episode->in_vms = true;
}

static void unlink_identity(struct nq_episode *episode)
{
    if (episode->in_identities) {
        HASH_DELETE(by_identity, episode->engine->identities, episode);
        episode->in_identities = false;
    }
}

static void link_identity(struct nq_episode *episode)
{
    struct nq_engine *engine = episode->engine;
    struct nq_episode *older = NULL;
    const char *key = episode->identity_key;
    HASH_FIND(by_identity, engine->identities, key, strlen(key), older);
    if (older) {
        unlink_identity(older);
    }
    HASH_ADD_KEYPTR(by_identity, engine->identities, key, strlen(key), episode);
    episode->in_identities = true;
}

/* Index of the first row whose id is not below id. */
static size_t row_position(const struct nq_engine *engine, uint32_t id)
{
    size_t low = 0;
    size_t high = engine->row_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (engine->rows[middle]->id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void on_expiry(void *arg);
static void on_limit(void *arg);

/* Arms a timer for a wall clock time; a time in the past is due at once. */
static void set_alarm(struct nq_episode *episode, struct nq_timer *timer, int64_t at_ms,
                      nq_loop_timer_fn *fn)
{
    struct nq_loop *loop = episode->engine->setup.loop;
    nq_timer_clear(loop, timer);
    if (at_ms > 0) {
        const int64_t delay = at_ms - nq_engine_now(episode->engine);
        nq_timer_set(loop, timer, delay > 0 ? delay : 0, fn, episode);
    }
}

struct nq_episode *nq_episode_add(struct nq_engine *engine, const struct nq_case *record)
{
    struct nq_episode *episode = nq_calloc(1, sizeof(*episode));
    episode->record = *record;
    episode->engine = engine;
    episode->identity_key = identity_key(record->identity);
    HASH_ADD(by_id, engine->episodes, record.id, sizeof(episode->record.id), episode);

    if (engine->row_count == engine->row_room) {
        engine->row_room = engine->row_room ? 2 * engine->row_room : 64;
        engine->rows =
            nq_realloc(engine->rows, engine->row_room, sizeof(struct nq_case *));
    }
    const size_t at = row_position(engine, record->id);
    memmove(&engine->rows[at + 1], &engine->rows[at],
            (engine->row_count - at) * sizeof(struct nq_case *));
    engine->rows[at] = &episode->record;
    engine->row_count++;
    engine->rows_changed++;
    engine->state_counts[record->state]++;

    link_identity(episode);
    if (record->external_id) {
        link_vm(episode);
    }
    set_alarm(episode, &episode->expiry, record->deadline_ms, on_expiry);
    set_alarm(episode, &episode->limit, record->release_at_ms, on_limit);
    return episode;
}

void nq_episode_drop(struct nq_episode *episode)
{
    struct nq_engine *engine = episode->engine;
    if (episode->call) {
        backend_of(episode)->ops->cancel(backend_of(episode), episode->call);
    }
    nq_timer_clear(engine->setup.loop, &episode->pace);
    nq_timer_clear(engine->setup.loop, &episode->expiry);
    nq_timer_clear(engine->setup.loop, &episode->limit);
    unlink_vm(episode);
    unlink_identity(episode);
    HASH_DELETE(by_id, engine->episodes, episode);

    const size_t at = row_position(engine, episode->record.id);
    memmove(&engine->rows[at], &engine->rows[at + 1],
            (engine->row_count - at - 1) * sizeof(struct nq_case *));
    engine->row_count--;
    engine->rows_changed++;
    engine->state_counts[episode->record.state]--;

    nq_case_done(&episode->record);
    free(episode->identity_key);
    free(episode);
}

void nq_episode_touch(struct nq_episode *episode)
{
    struct nq_engine *engine = episode->engine;
    episode->dirty = true;
    engine->rows_changed++;
    if (!episode->touched) {
        episode->touched = true;
        episode->touched_next = NULL;
        *engine->touched_tail = episode;
        engine->touched_tail = &episode->touched_next;
    }
    nq_engine_wake(engine);
}

/* ---- applying an event -------------------------------------------------------------- */

/* How long the present state may last; 0 = as long as it takes. */
static int64_t lifetime_ms(const struct nq_episode *episode)
{
    switch (episode->record.state) {
    case NQ_CASE_RELEASED:
        return conf_of(episode)->immunity_ms;
    case NQ_CASE_OBSERVED:
    case NQ_CASE_VANISHED:
        return conf_of(episode)->observed_keep_ms;
    default:
        return 0;
    }
}

static void log_change(const struct nq_episode *episode, enum nq_case_state before,
                       enum nq_case_event event)
{
    const struct nq_case *record = &episode->record;
    /* The beginning, the proof and the end of a quarantine, and what needs a person. */
    const bool notable = event == NQ_EV_OPENED || episode->notice != NQ_NOTICE_NONE ||
                         record->state == NQ_CASE_OBSERVED ||
                         record->state == NQ_CASE_RELEASED;
    const bool worrying = record->reason == NQ_REASON_TAG_LOST ||
                          record->reason == NQ_REASON_RUNG_LOST ||
                          record->state == NQ_CASE_FAILED;
    nq_log(worrying  ? NQ_LOG_WARNING
           : notable ? NQ_LOG_NOTICE
                     : NQ_LOG_INFO,
           "case went from %s to %s: case=%u vm=%s id=%s event=%s reason=%s trigger=%s "
           "cause=%s by=%s text=%s",
           nq_case_state_name(before), nq_case_state_name(record->state), record->id,
           nq_text_or_empty(record->name), nq_text_or_empty(record->external_id),
           nq_case_event_name(event), nq_reason_name(record->reason),
           nq_text_or_empty(record->trigger), nq_text_or_empty(record->cause),
           nq_text_or_empty(record->changed_by), nq_text_or_empty(record->reason_text));
}

/* What a new state means for the record beyond the state itself. */
static void enter_state(struct nq_episode *episode)
{
    struct nq_engine *engine = episode->engine;
    struct nq_case *record = &episode->record;
    const int64_t now = nq_engine_now(engine);
    const int64_t lifetime = lifetime_ms(episode);

    record->changed_ms = now;
    record->attempts = 0;
    record->deadline_ms = lifetime > 0 ? now + lifetime : 0;
    set_alarm(episode, &episode->expiry, record->deadline_ms, on_expiry);

    switch (record->state) {
    case NQ_CASE_TAGGED:
        episode->late = false;
        break;
    case NQ_CASE_ISOLATED:
        if (record->isolate_time_ms == 0) {
            record->isolate_time_ms = span_ms(record->detected_ms, now);
        }
        nq_text_set(&record->last_error, NULL);
        nq_groups_hurry(engine);
        break;
    case NQ_CASE_RELEASED:
        record->rungs = 0;
        nq_engine_count(engine, NQ_COUNT_CASES_RELEASED);
        if (record->external_id) {
            nq_groups_count(engine, record->external_id, NQ_GROUP_RELEASE);
        }
        nq_groups_hurry(engine);
        break;
    case NQ_CASE_FAILED:
        if (record->external_id) {
            nq_groups_count(engine, record->external_id, NQ_GROUP_FAILURE);
        }
        break;
    default:
        break;
    }
}

static int64_t pace_ms(const struct nq_episode *episode, const struct nq_case_step *step,
                       enum nq_case_event event)
{
    const struct nq_config *conf = conf_of(episode);
    const uint32_t random = random_number();
    if (step->when == NQ_AT_INTERVAL || (event == NQ_EV_NOT_PROVEN && episode->late)) {
        return nq_backoff_ms(1, conf->verify_interval_ms, conf->verify_interval_ms,
                             random);
    }
    if (event == NQ_EV_NOT_PROVEN) {
        return nq_backoff_ms(episode->record.attempts, PROVE_FIRST_MS, PROVE_MOST_MS,
                             random);
    }
    return nq_backoff_ms(episode->record.attempts, conf->retry_first_ms,
                         conf->retry_most_ms, random);
}

static void on_pace(void *arg)
{
    nq_episode_perform(arg);
}

/* Replaces what was planned by the effect of this step. */
static void plan(struct nq_episode *episode, const struct nq_case_step *step,
                 enum nq_case_event event)
{
    struct nq_loop *loop = episode->engine->setup.loop;
    nq_timer_clear(loop, &episode->pace);
    episode->blocked = false;
    episode->effect = step->effect;
    if (step->when != NQ_NOW) {
        nq_timer_set(loop, &episode->pace, pace_ms(episode, step, event), on_pace,
                     episode);
    }
}

bool nq_episode_apply(struct nq_episode *episode, enum nq_case_event event,
                      const char *actor, const char *detail)
{
    struct nq_engine *engine = episode->engine;
    struct nq_case *record = &episode->record;
    struct nq_case_step step;
    if (!nq_case_step(record->state, event, &step)) {
        nq_log(NQ_LOG_DEBUG,
               "event has no meaning in this state: case=%u state=%s event=%s",
               record->id, nq_case_state_name(record->state), nq_case_event_name(event));
        return false;
    }
    const enum nq_case_state before = record->state;
    record->state = step.to;
    engine->state_counts[before]--;
    engine->state_counts[step.to]++;
    if (step.reason) {
        record->reason = step.reason;
    }
    if (step.wanted) {
        record->wanted = step.wanted;
    }
    nq_text_set(&record->reason_text, detail);
    if (actor) {
        nq_text_set(&record->changed_by, actor);
    }
    if (step.to != before || event == NQ_EV_OPENED) {
        enter_state(episode);
    } else if (event == NQ_EV_FOUND || event == NQ_EV_RESUMED) {
        record->attempts = 0;
    }
    if (step.when == NQ_PACED) {
        record->attempts++;
    }
    if (step.notice != NQ_NOTICE_NONE) {
        episode->notice = step.notice;
    }
    if (step.to != before || event == NQ_EV_OPENED) {
        log_change(episode, before, event);
    }
    plan(episode, &step, event);
    episode->forgotten = step.effect == NQ_DO_FORGET;
    nq_episode_touch(episode);
    return true;
}

static void on_expiry(void *arg)
{
    (void)nq_episode_apply(arg, NQ_EV_EXPIRED, "timer", "its time has passed");
}

static void on_limit(void *arg)
{
    struct nq_episode *episode = arg;
    episode->record.release_at_ms = 0;
    (void)nq_episode_apply(episode, NQ_EV_RELEASE, "timer",
                           "the time limit of the trigger has passed");
}

/* ---- merging ------------------------------------------------------------------------ */

bool nq_episode_is_immune(const struct nq_episode *episode, const char *cause)
{
    return episode->record.state == NQ_CASE_RELEASED &&
           strcmp(nq_text_or_empty(episode->record.cause), nq_text_or_empty(cause)) == 0;
}

bool nq_episode_merge(struct nq_episode *episode, const char *external_id)
{
    struct nq_episode *other = by_vm(episode->engine, external_id);
    if (!other || other == episode ||
        !(nq_case_is_open(&other->record) ||
          nq_episode_is_immune(other, episode->record.cause))) {
        return false;
    }
    other->record.signals += episode->record.signals;
    nq_episode_touch(other);
    char text[NQ_TEXT_MAX];
    (void)snprintf(text, sizeof(text), "the same VM as case %u, which counts its signals",
                   other->record.id);
    const bool merged = nq_episode_apply(episode, NQ_EV_MERGED, NULL, text);
    /* From now on this identity leads to the other case. */
    nq_text_set(&episode->record.external_id, external_id);
    return merged;
}

/* ---- effects and answers ------------------------------------------------------------ */

static void on_reply(void *arg, const struct nq_reply *reply);

static struct nq_call *start_find(struct nq_episode *episode)
{
    struct nq_identity identity;
    nq_resolve_split(episode->record.identity, &identity);
    return backend_of(episode)->ops->find_vms(backend_of(episode), &identity.query,
                                              on_reply, episode);
}

static struct nq_call *start_add(struct nq_episode *episode)
{
    return backend_of(episode)->ops->change_tag(
        backend_of(episode), NQ_TAG_ADD, episode->record.external_id, on_reply, episode);
}

static struct nq_call *start_remove(struct nq_episode *episode)
{
    return backend_of(episode)->ops->change_tag(backend_of(episode), NQ_TAG_REMOVE,
                                                episode->record.external_id, on_reply,
                                                episode);
}

static struct nq_call *start_read(struct nq_episode *episode)
{
    return backend_of(episode)->ops->read_vm(
        backend_of(episode), episode->record.external_id, on_reply, episode);
}

static struct nq_call *start_prove(struct nq_episode *episode)
{
    return backend_of(episode)->ops->prove(
        backend_of(episode), episode->record.external_id, on_reply, episode);
}

static void adopt_vm(struct nq_episode *episode, const struct nq_vm *vm)
{
    struct nq_case *record = &episode->record;
    unlink_vm(episode);
    nq_text_set(&record->external_id, vm->external_id);
    nq_text_set(&record->name, vm->display_name);
    nq_text_set(&record->host_name, vm->host_name);
    nq_text_set(&record->addresses, vm->addresses);
    link_vm(episode);
    nq_groups_count(episode->engine, vm->external_id, NQ_GROUP_CASE);
}

static void reply_find(struct nq_episode *episode, const struct nq_reply *reply)
{
    const struct nq_vm *vm = NULL;
    enum nq_case_event event = nq_resolve_judge(reply->vms, reply->vm_count, &vm);
    if (event == NQ_EV_FOUND) {
        if (!nq_episode_merge(episode, vm->external_id)) {
            adopt_vm(episode, vm);
            (void)nq_episode_apply(episode, event, NULL, NULL);
        }
        return;
    }
    char text[NQ_TEXT_MAX];
    (void)snprintf(text, sizeof(text), "%s: \"%s\" leads to %zu VMs of the NSX inventory",
                   nq_case_event_name(event), nq_text_or_empty(episode->record.identity),
                   reply->vm_count);
    if (event == NQ_EV_PROTECTED) {
        (void)snprintf(text, sizeof(text),
                       "\"%s\" is a VM of type %s; only REGULAR ones are quarantined",
                       reply->vms[0].display_name, reply->vms[0].type);
    } else if (nq_engine_now(episode->engine) - episode->record.changed_ms <
               conf_of(episode)->resolve_timeout_ms) {
        /* The inventory may lag, and shows doubles for a while during vMotion. */
        episode->record.reason =
            event == NQ_EV_UNKNOWN ? NQ_REASON_UNKNOWN_VM : NQ_REASON_AMBIGUOUS;
        event = NQ_EV_NOT_YET;
    }
    (void)nq_episode_apply(episode, event, NULL, text);
}

static void reply_add(struct nq_episode *episode, const struct nq_reply *reply)
{
    (void)reply;
    struct nq_case *record = &episode->record;
    episode->acknowledged = true;
    if (record->tag_time_ms == 0) {
        record->tag_time_ms =
            span_ms(record->detected_ms, nq_engine_now(episode->engine));
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
    episode->acknowledged = false;
    if (reply->vm_count == 0) {
        (void)nq_episode_apply(episode, NQ_EV_GONE, NULL, "NSX has no such VM any more");
        return;
    }
    const bool present = reply->vms[0].has_our_tag;
    const bool wanted = record->wanted == NQ_WANT_QUARANTINE;
    if (acknowledged && present != wanted) {
        (void)nq_episode_apply(
            episode, NQ_EV_UNCHANGED, NULL,
            "NSX acknowledged the change of the tag but does not show it");
        return;
    }
    if (present) {
        record->rungs |= NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT);
        if (record->tag_time_ms == 0) {
            record->tag_time_ms =
                span_ms(record->detected_ms, nq_engine_now(episode->engine));
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

/* An effect that is a call: how it starts and what its answer means. */
struct effect_row {
    struct nq_call *(*start)(struct nq_episode *episode);
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
    const bool stop = nq_err_fate(err) == NQ_FATE_STOP;
    nq_log(stop ? NQ_LOG_ERROR : NQ_LOG_WARNING,
           "call to NSX failed: case=%u vm=%s state=%s code=%s fate=%s err=%s",
           record->id, nq_text_or_empty(record->name), nq_case_state_name(record->state),
           nq_code_name(err->code), stop ? "stop" : "retry", err->detail);
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

void nq_episode_perform(struct nq_episode *episode)
{
    struct nq_backend *backend = backend_of(episode);
    const enum nq_case_effect effect = episode->effect;
    if (effect == NQ_DO_NOTHING || effect == NQ_DO_FORGET || episode->pace.armed ||
        (effect == NQ_DO_IDENTIFY && episode->record.external_id)) {
        return;
    }
    if (effect == NQ_DO_REFIND) {
        unlink_vm(episode);
        nq_text_set(&episode->record.external_id, NULL);
    }
    const struct effect_row *row = row_of(episode, effect);
    if (episode->call) {
        if (effect_rows[episode->calling].writes) {
            return; /* its answer, in the new state, leads on */
        }
        backend->ops->cancel(backend, episode->call);
        episode->call = NULL;
    }
    if (row->writes && !may_write(episode)) {
        return;
    }
    episode->effect = NQ_DO_NOTHING;
    episode->calling = effect;
    episode->call = row->start(episode);
}
