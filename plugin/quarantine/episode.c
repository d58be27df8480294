/* SPDX-License-Identifier: Apache-2.0 */
/* episode.c: applies the table of case.c to one case at work: state, reason, times, what
 * to do next and when. */
#include "quarantine/engine_internal.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"
#include "quarantine/backoff.h"

/* A proof is looked for eagerly at first: isolation is a matter of a second or two. */
#define PROVE_FIRST_MS 200
#define PROVE_MOST_MS  5000

static void on_expiry(void *arg);
static void on_limit(void *arg);

static const struct nq_config *conf_of(const struct nq_episode *episode)
{
    return episode->engine->setup.conf;
}

static uint32_t random_number(const struct nq_engine *engine)
{
    uint32_t number;
    if (engine->setup.random) {
        return engine->setup.random();
    }
    /* Without randomness there is no jitter, which is no reason to fail. */
    return getrandom(&number, sizeof(number), GRND_NONBLOCK) == sizeof(number) ? number
                                                                               : 0;
}

uint32_t nq_span_ms(int64_t from_ms, int64_t to_ms)
{
    const int64_t span = to_ms - from_ms;
    return span < 1 ? 1 : span > UINT32_MAX ? UINT32_MAX : (uint32_t)span;
}

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

#define AT_ONCE_MS 1

/* How long the present state may last; 0 = as long as it takes. */
static int64_t lifetime_ms(const struct nq_episode *episode)
{
    switch (episode->record.state) {
    case NQ_CASE_RELEASED:
        return conf_of(episode)->immunity_ms > 0 ? conf_of(episode)->immunity_ms
                                                 : AT_ONCE_MS;
    case NQ_CASE_OBSERVED:
    case NQ_CASE_VANISHED:
        return conf_of(episode)->observed_keep_ms;
    case NQ_CASE_TAGGING:
    case NQ_CASE_RELEASING:
        return conf_of(episode)->give_up_ms;
    default:
        return 0;
    }
}

/* For people, and for auditors. */
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
    const enum nq_log_level level = worrying  ? NQ_LOG_WARNING
                                    : notable ? NQ_LOG_NOTICE
                                              : NQ_LOG_INFO;
    char change[64];
    if (event != NQ_EV_OPENED) { /* which has an entry with its evidence */
        nq_audit_add(
            episode->engine, record->id, nq_case_event_name(event), record->changed_by,
            NULL, "%s -> %s reason=%s vm=%s id=%s%s%s", nq_case_state_name(before),
            nq_case_state_name(record->state), nq_reason_name(record->reason),
            nq_text_or_empty(record->name), nq_text_or_empty(record->external_id),
            record->reason_text ? " " : "", nq_text_or_empty(record->reason_text));
    }
    (void)snprintf(change, sizeof(change), "case went from %s to %s",
                   nq_case_state_name(before), nq_case_state_name(record->state));
    nq_log(
        level,
        "%s: case=%u vm=%s id=%s state=%s event=%s reason=%s trigger=%s cause=%s by=%s "
        "text=%s",
        event == NQ_EV_OPENED ? "case opened" : change, record->id,
        nq_text_or_empty(record->name), nq_text_or_empty(record->external_id),
        nq_case_state_name(record->state), nq_case_event_name(event),
        nq_reason_name(record->reason), nq_text_or_empty(record->trigger),
        nq_text_or_empty(record->cause), nq_text_or_empty(record->changed_by),
        nq_text_or_empty(record->reason_text));
}

/* What a new state means for the record beyond the state itself. */
static void enter_state(struct nq_episode *episode)
{
    struct nq_engine *engine = episode->engine;
    struct nq_case *record = &episode->record;
    const int64_t now = nq_engine_now(engine);
    const int64_t lifetime = lifetime_ms(episode);
    const struct nq_vm_id vm = nq_episode_vm(episode);

    record->changed_ms = now;
    episode->changed_mono_ms = nq_mono_ms(engine->setup.clock);
    record->attempts = 0;
    record->deadline_ms = lifetime > 0 ? now + lifetime : 0;
    set_alarm(episode, &episode->expiry, record->deadline_ms, on_expiry);

    switch (record->state) {
    case NQ_CASE_TAGGED:
        episode->late = false;
        break;
    case NQ_CASE_ISOLATED:
        nq_times_isolated(episode);
        nq_groups_hurry(engine);
        break;
    case NQ_CASE_RELEASED:
        record->rungs = 0;
        nq_engine_count(engine, NQ_COUNT_CASES_RELEASED);
        if (record->external_id) {
            nq_groups_count(engine, &vm, NQ_GROUP_RELEASE);
        }
        nq_groups_hurry(engine);
        break;
    case NQ_CASE_FAILED:
        if (record->external_id) {
            nq_groups_count(engine, &vm, NQ_GROUP_FAILURE);
        }
        break;
    default:
        break;
    }
}

/* All VMs are looked at again at the same moments, so that NSX is asked once for all of
 * them. A case is so for the first time after at most one interval. */
static int64_t until_common_look_ms(const struct nq_engine *engine)
{
    const int64_t interval_ms = engine->setup.conf->verify_interval_ms;
    return interval_ms - nq_mono_ms(engine->setup.clock) % interval_ms;
}

static int64_t pace_ms(const struct nq_episode *episode, const struct nq_case_step *step,
                       enum nq_case_event event)
{
    const struct nq_config *conf = conf_of(episode);
    const uint32_t random = random_number(episode->engine);
    if (step->when == NQ_AT_INTERVAL || (event == NQ_EV_NOT_PROVEN && episode->late)) {
        return until_common_look_ms(episode->engine);
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
    struct nq_episode *episode = arg;
    if (episode->touched || episode->engine->store_failed) {
        nq_episode_touch(episode); /* nothing leaves before the commit */
    } else {
        nq_episode_perform(episode);
    }
}

/* Replaces what was planned by the effect of this step. */
static void plan(struct nq_episode *episode, const struct nq_case_step *step,
                 enum nq_case_event event)
{
    struct nq_loop *loop = episode->engine->setup.loop;
    struct nq_backend *backend = episode->engine->setup.backend;
    nq_timer_clear(loop, &episode->pace);
    if (episode->call && !nq_effect_writes(episode->calling)) {
        backend->ops->cancel(backend, episode->call); /* nobody wants its answer now */
        episode->call = NULL;
    }
    episode->blocked = false;
    episode->effect = step->effect;
    if (step->effect == NQ_DO_ADD) {
        episode->record.tag_writes++; /* durable before the tag is */
    }
    if (step->when != NQ_NOW) {
        nq_timer_set(loop, &episode->pace, pace_ms(episode, step, event), on_pace,
                     episode);
    }
}

void nq_episode_set_alarms(struct nq_episode *episode)
{
    set_alarm(episode, &episode->expiry, episode->record.deadline_ms, on_expiry);
    set_alarm(episode, &episode->limit, episode->record.release_at_ms, on_limit);
}

bool nq_episode_apply(struct nq_episode *episode, enum nq_case_event event,
                      const char *actor, const char *detail)
{
    struct nq_engine *engine = episode->engine;
    struct nq_case *record = &episode->record;
    struct nq_case_step step;
    if (!nq_case_step(engine->decisions->table, record->state, event, &step)) {
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
        episode->acknowledged = false; /* that was of the opposite write */
        episode->refused = false;
    }
    nq_text_set(&record->reason_text, detail);
    if (actor) {
        nq_text_set(&record->changed_by, actor);
    }
    record->approved = record->approved || event == NQ_EV_APPROVE;
    if (step.to != before || event == NQ_EV_OPENED) {
        enter_state(episode);
    } else if (event == NQ_EV_FOUND || event == NQ_EV_RESUMED) {
        record->attempts = 0;
    }
    if (step.when == NQ_PACED) {
        record->attempts++;
    }
    if (step.notice != NQ_NOTICE_NONE || step.to != before) {
        episode->notice =
            step.notice; /* of a state that it left unseen: nothing to tell */
    }
    if (step.to != before || event == NQ_EV_OPENED || step.notice != NQ_NOTICE_NONE) {
        log_change(episode, before, event);
    }
    plan(episode, &step, event);
    episode->forgotten = step.effect == NQ_DO_FORGET;
    nq_episode_touch(episode);
    nq_requests_on_case(engine, record);
    return true;
}

static void on_expiry(void *arg)
{
    struct nq_episode *episode = arg;
    if (episode->blocked || (episode->call && nq_effect_writes(episode->calling))) {
        /* The operator stopped it, so nobody gives up; or NSX is about to answer. */
        nq_timer_set(episode->engine->setup.loop, &episode->expiry,
                     conf_of(episode)->retry_most_ms, on_expiry, episode);
        return;
    }
    const bool observed = episode->record.state == NQ_CASE_OBSERVED;
    const bool tagged = observed && nq_case_may_carry_tag(&episode->record);
    (void)nq_episode_apply(episode, tagged ? NQ_EV_RELEASE : NQ_EV_EXPIRED, "timer",
                           "its time has passed");
}

void nq_episodes_doubt(struct nq_engine *engine, size_t manager)
{
    for (size_t i = 0; i < engine->rows.count; i++) {
        const struct nq_case *record = engine->rows.of[i];
        const bool cut_off =
            record->state == NQ_CASE_TAGGED || record->state == NQ_CASE_ISOLATED;
        if (cut_off && record->owner == NQ_OWNER_OURS && record->manager == manager + 1) {
            (void)nq_episode_apply(nq_episode_of(engine, record->id), NQ_EV_DOUBTED, NULL,
                                   record->reason_text);
        }
    }
}

static void on_limit(void *arg)
{
    struct nq_episode *episode = arg;
    episode->record.release_at_ms = 0;
    nq_episode_touch(episode); /* whatever the state makes of it */
    const bool tagged = nq_case_may_carry_tag(&episode->record);
    (void)nq_episode_apply(episode, tagged ? NQ_EV_RELEASE : NQ_EV_DROP, "timer",
                           "the time limit of the trigger has passed");
}

/* ---- merging ------------------------------------------------------------------------ */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* A wall clock that is set back makes no detection older than the one before. */
void nq_episode_detected(struct nq_episode *episode, const struct nq_episode *merged)
{
    const int64_t wall_ms =
        merged ? merged->record.last_detected_ms : nq_engine_now(episode->engine);
    const int64_t mono_ms =
        merged ? merged->detected_mono_ms : nq_mono_ms(episode->engine->setup.clock);
    episode->record.last_detected_ms = later(episode->record.last_detected_ms, wall_ms);
    episode->detected_mono_ms = later(episode->detected_mono_ms, mono_ms);
}

bool nq_episode_merge(struct nq_episode *episode, const struct nq_vm_id *vm)
{
    struct nq_episode *other = nq_episode_by_vm(episode->engine, vm);
    if (other && !nq_case_is_open(&other->record)) {
        /* Immunity is for what is detected, not for what a person asks for. */
        other = nq_requests_want(episode->engine, episode->record.id)
                    ? NULL
                    : nq_episode_immune(episode->engine, vm, NULL, episode->record.cause);
    }
    if (!other || other == episode) {
        return false;
    }
    other->record.signals += episode->record.signals;
    nq_episode_detected(other, episode);
    if (other->record.state == NQ_CASE_VANISHED) { /* it is here again */
        (void)nq_episode_apply(other, NQ_EV_DOUBTED, NULL, other->record.reason_text);
    }
    nq_episode_touch(other);
    char text[NQ_TEXT_MAX];
    (void)snprintf(text, sizeof(text), "the same VM as case %u, which counts its signals",
                   other->record.id);
    nq_requests_move(episode->engine, episode->record.id, &other->record);
    const bool merged = nq_episode_apply(episode, NQ_EV_MERGED, NULL, text);
    /* From now on this identity leads to the other case. */
    episode->record.manager = other->record.manager;
    nq_text_set(&episode->record.manager_name, other->record.manager_name);
    nq_text_set(&episode->record.external_id, vm->external_id);
    return merged;
}
