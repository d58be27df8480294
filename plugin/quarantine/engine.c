/* SPDX-License-Identifier: Apache-2.0 */
/* engine.c: the engine's life, and the end of its turn: commit, then effects. */
#include "quarantine/engine_internal.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/mem.h"
#include "base/text.h"

#define STORE_RETRY_MS 1000

/* Rounds of timers for which a commit may be put off while a search is under way: in the first
 * the inventory answers, by the last a question has left for NSX, which then answers while the
 * disk is busy. */
#define PUT_OFF_MOST 4

int64_t nq_engine_now(const struct nq_engine *engine)
{
    return nq_wall_ms(engine->setup.clock);
}

void nq_engine_count(struct nq_engine *engine, enum nq_counter counter)
{
    engine->counters[counter]++;
    engine->counters_dirty[counter] = true;
}

/* ---- the end of a turn -------------------------------------------------------------- */

static bool put_engine_rows(struct nq_engine *engine, struct nq_err *reterr)
{
    struct nq_store *store = engine->setup.store;
    for (int i = 0; i < NQ_COUNTER_COUNT; i++) {
        if (engine->counters_dirty[i] &&
            !store->ops->put_counter(store, (enum nq_counter)i, engine->counters[i],
                                     reterr)) {
            return false;
        }
    }
    if (!nq_governor_put(&engine->governor, store, reterr) ||
        !nq_audit_put(&engine->audit, store, reterr) ||
        !nq_tallies_put(&engine->tallies, store, reterr) ||
        !nq_unmatched_put(&engine->unmatched, store, nq_mono_ms(engine->setup.clock),
                          reterr)) {
        return false;
    }
    return !engine->mode_dirty || store->ops->put_mode(store, engine->mode, reterr);
}

/* A case that was looked at again and is as it was costs no write, and counts as no change. */
static bool put_case_row(struct nq_engine *engine, struct nq_episode *episode,
                         struct nq_err *reterr)
{
    struct nq_store *store = engine->setup.store;
    if (episode->forgotten) {
        return store->ops->delete_case(store, episode->record.id, reterr);
    }
    const uint64_t hash = nq_case_hash(&episode->record);
    engine->rows_changed += hash != episode->put;
    episode->put = hash;
    return hash == episode->kept || store->ops->put_case(store, &episode->record, reterr);
}

static bool put_case_rows(struct nq_engine *engine, struct nq_err *reterr)
{
    struct nq_store *store = engine->setup.store;
    for (struct nq_episode *e = engine->touched; e; e = e->touched_next) {
        if (!put_case_row(engine, e, reterr)) {
            return false;
        }
    }
    for (const struct nq_pending_signal *s = engine->signals; s; s = s->next) {
        /* While the disk is full, a case may live and be forgotten. */
        const struct nq_episode *episode = nq_episode_of(engine, s->signal.case_id);
        if (episode && !episode->forgotten &&
            !store->ops->put_signal(store, &s->signal, reterr)) {
            return false;
        }
    }
    return true;
}

static void forget_answers(struct nq_engine *engine)
{
    engine->answers = NULL;
    engine->answers_tail = &engine->answers;
}

/* Hands out the answers that waited. Taken off the list first: done() may bring new ones. */
static void give_answers(struct nq_engine *engine, bool durable)
{
    struct nq_pending_answer *answer = engine->answers;
    forget_answers(engine);
    while (answer) {
        struct nq_pending_answer *next = answer->next;
        if (answer->done && durable) {
            answer->done(answer->arg, answer->verdict, answer->reason);
        } else if (answer->done) {
            answer->done(answer->arg, NQ_INTAKE_LATER, "the state cannot be written");
        }
        free(answer);
        answer = next;
    }
}

static void free_signals(struct nq_engine *engine)
{
    struct nq_pending_signal *signal = engine->signals;
    while (signal) {
        struct nq_pending_signal *next = signal->next;
        free((char *)(uintptr_t)signal->signal.source);
        free((char *)(uintptr_t)signal->signal.trigger);
        free((char *)(uintptr_t)signal->signal.identity);
        free((char *)(uintptr_t)signal->signal.cause);
        free((char *)(uintptr_t)signal->signal.severity);
        free((char *)(uintptr_t)signal->signal.evidence);
        free(signal);
        signal = next;
    }
    engine->signals = NULL;
    engine->signals_tail = &engine->signals;
}

static void mark_clean(struct nq_engine *engine)
{
    for (int i = 0; i < NQ_COUNTER_COUNT; i++) {
        engine->counters_dirty[i] = false;
    }
    nq_governor_clean(&engine->governor);
    nq_audit_clean(&engine->audit);
    engine->setup.store->ops->log_head(engine->setup.store, engine->log_head);
    nq_tallies_clean(&engine->tallies);
    nq_unmatched_clean(&engine->unmatched, nq_mono_ms(engine->setup.clock));
    engine->mode_dirty = false;
    free_signals(engine);
}

/* Announces and performs what became durable of one case. Effects never call back before
 * they return, but performing one may touch its case again: that is for the next flush. */
static void let_out_one(struct nq_engine *engine, struct nq_episode *episode)
{
    const enum nq_notice notice = episode->notice;
    if (nq_case_hash(&episode->record) != episode->kept && !episode->forgotten) {
        nq_episode_touch(episode); /* who was answered brought more: that comes first */
        return;
    }
    episode->notice = NQ_NOTICE_NONE;
    if (notice != NQ_NOTICE_NONE) {
        nq_notices_out(engine, notice, &episode->record);
    }
    if (episode->forgotten) {
        nq_episode_drop(episode);
    } else {
        nq_episode_perform(episode);
    }
}

static void let_out(struct nq_engine *engine)
{
    struct nq_episode *episode = engine->touched;
    engine->touched = NULL;
    engine->touched_tail = &engine->touched;
    while (episode) {
        struct nq_episode *next = episode->touched_next;
        episode->touched = false;
        episode->kept = episode->put;
        let_out_one(engine, episode);
        episode = next;
    }
}

static bool commit(struct nq_engine *engine)
{
    struct nq_store *store = engine->setup.store;
    struct nq_err err = {0};
    nq_triggers_keep(engine);
    const bool committed = store->ops->begin(store, &err) &&
                           put_case_rows(engine, &err) && put_engine_rows(engine, &err) &&
                           store->ops->commit(store, &err);
    if (!committed) {
        store->ops->rollback(store);
        char text[NQ_LOG_LINE];
        if (!engine->store_failed) {
            nq_log(NQ_LOG_ERROR, "%s", nq_err_text(&err, text, sizeof(text)));
        }
        engine->store_err = err;
    } else if (engine->store_failed) {
        nq_log(NQ_LOG_NOTICE, "the state can be written again");
    }
    engine->store_failed = !committed;
    return committed;
}

static void on_unmatched_due(void *arg)
{
    nq_engine_wake(arg);
}

/* What was put off gets a turn of its own if none comes by. */
static void await_unmatched(struct nq_engine *engine)
{
    const int64_t wait_ms =
        nq_unmatched_wait_ms(&engine->unmatched, nq_mono_ms(engine->setup.clock));
    if (wait_ms >= 0 && !engine->unmatched_due.armed) {
        nq_timer_set(engine->setup.loop, &engine->unmatched_due, wait_ms,
                     on_unmatched_due, engine);
    }
}

/* A sync of the disk is most of the time from a trap to the tag, so what changes nothing
 * outside does not wait for one: the VM is looked for, and what needs no call is decided.
 * true: a search is under way. */
static bool decide(struct nq_engine *engine)
{
    bool searching = false;
    for (struct nq_episode *episode = engine->touched; episode;
         episode = episode->touched_next) {
        if (nq_episode_seeks_vm(episode) ||
            (episode->effect == NQ_DO_VET && !nq_vet_asks(episode))) {
            nq_episode_perform(episode);
        }
        searching = searching || (episode->call && !episode->record.external_id);
    }
    return searching;
}

static void flush(void *arg);

static void write_down(struct nq_engine *engine)
{
    engine->put_off = 0;
    nq_timer_clear(engine->setup.loop,
                   &engine->flush); /* what decide() changed is in it */
    if (!commit(engine)) {
        /* Whoever waits for an answer keeps the trap and repeats it. */
        give_answers(engine, false);
        nq_timer_set(engine->setup.loop, &engine->flush, STORE_RETRY_MS, flush, engine);
        return;
    }
    mark_clean(engine);
    await_unmatched(engine);
    give_answers(engine, true);
    nq_notices_announce(engine);
    nq_design_announce(engine);
    let_out(engine);
}

static void flush(void *arg)
{
    struct nq_engine *engine = arg;
    if (decide(engine) && engine->put_off < PUT_OFF_MOST) {
        engine->put_off++;
        nq_timer_set(engine->setup.loop, &engine->flush, 0, flush, engine);
    } else {
        write_down(engine);
    }
}

void nq_engine_wake(struct nq_engine *engine)
{
    if (!engine->flush.armed) {
        nq_timer_set(engine->setup.loop, &engine->flush, 0, flush, engine);
    }
}

void nq_engine_settle(struct nq_engine *engine)
{
    if (engine->flush.armed) {
        (void)decide(engine);
        write_down(engine);
    }
}

/* ---- life --------------------------------------------------------------------------- */

/* 0 for a manager that the configuration no longer has. */
static uint32_t manager_number(const struct nq_config *conf, const char *name)
{
    for (size_t i = 0; i < conf->manager_count; i++) {
        if (name && strcmp(conf->managers[i].name, name) == 0) {
            return (uint32_t)i + 1;
        }
    }
    return !name && conf->manager_count == 1;
}

static void load_case(void *arg, const struct nq_case *record)
{
    struct nq_engine *engine = arg;
    struct nq_case copy;
    nq_case_copy(record, &copy);
    copy.manager = manager_number(engine->setup.conf, copy.manager_name);
    struct nq_episode *episode = nq_episode_add(engine, &copy);
    episode->kept = nq_case_hash(&copy);
    episode->put = episode->kept;
    if (copy.owner == NQ_OWNER_FOREIGN && copy.manager == 0) {
        episode->forgotten = true; /* nobody looks at that manager any more */
        nq_episode_touch(episode);
    }
}

static void load_counter(void *arg, enum nq_counter counter, uint64_t value)
{
    struct nq_engine *engine = arg;
    engine->counters[counter] = value;
}

static void load_tally(void *arg, const char *owner, const char *name, uint64_t value)
{
    struct nq_engine *engine = arg;
    nq_tally_load(&engine->tallies, owner, name, value);
}

static void load_mode(void *arg, enum nq_mode mode)
{
    struct nq_engine *engine = arg;
    /* Without SETs nobody could change it again. */
    if (mode > 0 && mode < NQ_MODE_END && !engine->setup.conf->snmp_read_only) {
        engine->mode = mode;
    }
}

static void load_unmatched(void *arg, const struct nq_unmatched *record)
{
    struct nq_engine *engine = arg;
    nq_unmatched_load(&engine->unmatched, record);
}

static void load_admission(void *arg, const struct nq_admission *record)
{
    struct nq_engine *engine = arg;
    nq_governor_load(&engine->governor, record);
}

static void load_governor(void *arg, const struct nq_governor_record *record)
{
    struct nq_engine *engine = arg;
    nq_governor_load_record(&engine->governor, record);
}

static void load_log(void *arg, const struct nq_log_entry *entry)
{
    nq_audit_load(arg, entry);
}

static void load_last_case(void *arg, uint32_t id)
{
    struct nq_engine *engine = arg;
    engine->last_case = id;
}

void nq_engine_resume(struct nq_engine *engine, enum nq_case_event event)
{
    struct nq_episode *episode = NULL;
    struct nq_episode *next = NULL;
    HASH_ITER(by_id, engine->episodes, episode, next)
    {
        const bool wanted =
            event != NQ_EV_ARMED || episode->record.state == NQ_CASE_OBSERVED;
        if (wanted && episode->record.owner == NQ_OWNER_OURS) {
            (void)nq_episode_apply(episode, event, NULL, episode->record.reason_text);
        }
    }
}

struct nq_engine *nq_engine_open(const struct nq_engine_setup *setup,
                                 struct nq_err *reterr)
{
    struct nq_engine *engine = nq_calloc(1, sizeof(*engine));
    engine->setup = *setup;
    engine->decisions = setup->decisions ? setup->decisions : &nq_decisions;
    engine->mode = setup->conf->enforce ? NQ_MODE_ENFORCE : NQ_MODE_OBSERVE;
    engine->started_ms = nq_engine_now(engine);
    engine->started_mono_ms = nq_mono_ms(setup->clock);
    engine->health_text = nq_calloc(NQ_TEXT_MAX + 1, 1);
    engine->governor_reason = nq_calloc(NQ_TEXT_MAX + 1, 1);
    nq_governor_init(&engine->governor, &setup->conf->governor, setup->clock);
    engine->touched_tail = &engine->touched;
    engine->signals_tail = &engine->signals;
    forget_answers(engine);
    nq_groups_open(engine);
    nq_reconcile_open(engine);
    nq_managers_open(engine);
    nq_triggers_open(engine);
    nq_findings_init(&engine->findings, setup->conf, setup->clock, &engine->tallies);

    const struct nq_store_reader reader = {
        .arg = engine,
        .on_case = load_case,
        .on_counter = load_counter,
        .on_tally = load_tally,
        .on_mode = load_mode,
        .on_last_case = load_last_case,
        .on_unmatched = load_unmatched,
        .on_admission = load_admission,
        .on_governor = load_governor,
        .on_log = load_log,
    };
    if (!setup->store->ops->load(setup->store, &reader, reterr)) {
        return nq_engine_close(engine);
    }
    nq_groups_load(engine);
    nq_times_load(engine);
    nq_triggers_load(engine);
    nq_design_open(engine);
    nq_watch_open(engine);
    setup->store->ops->log_head(setup->store, engine->log_head);
    nq_log(NQ_LOG_INFO, "engine opened: mode=%s cases=%zu next=%u",
           nq_mode_name(engine->mode), engine->rows.count, engine->last_case + 1);
    nq_engine_resume(engine, NQ_EV_RESUMED);
    if (engine->mode == NQ_MODE_ENFORCE) { /* perhaps only now, by the configuration */
        nq_engine_resume(engine, NQ_EV_ARMED);
    }
    return engine;
}

struct nq_engine *nq_engine_close(struct nq_engine *engine)
{
    if (!engine) {
        return NULL;
    }
    nq_managers_keep(engine);
    nq_notices_close(engine);
    nq_timer_clear(engine->setup.loop, &engine->unmatched_due);
    nq_unmatched_hurry(&engine->unmatched);
    if (engine->flush.armed || engine->tallies.dirty ||
        nq_unmatched_wait_ms(&engine->unmatched, 0) >= 0) {
        nq_timer_clear(engine->setup.loop, &engine->flush);
        const bool durable = commit(engine);
        give_answers(engine, durable);
    }
    nq_reconcile_close(engine);
    nq_groups_close(engine);
    nq_managers_close(engine);
    nq_watch_close(engine);
    nq_triggers_close(engine);
    nq_findings_done(&engine->findings);
    nq_governor_done(&engine->governor);
    nq_host_list_done(&engine->own_hosts);
    nq_audit_done(&engine->audit);
    nq_tallies_done(&engine->tallies);
    nq_flood_done(&engine->flood);
    nq_unmatched_set_done(&engine->unmatched);
    nq_requests_done(engine);
    struct nq_episode *episode = NULL;
    struct nq_episode *next = NULL;
    HASH_ITER(by_id, engine->episodes, episode, next)
    {
        nq_episode_drop(episode);
    }
    free_signals(engine);
    nq_rowlist_done(&engine->rows);
    free(engine->health_text);
    free(engine->governor_reason);
    free(engine);
    return NULL;
}

/* RFC 3414 section 2.2: the count ends at its maximum, with a new identity. */
void nq_engine_snmp_identity(struct nq_engine *engine, uint64_t *ret_number,
                             uint32_t *ret_boots)
{
    struct nq_tallies *tallies = &engine->tallies;
    uint64_t boots = nq_tally_add(tallies, "snmp engine", "boots", 1);
    uint64_t number = nq_tally_get(tallies, "snmp engine", "number");
    if (number == 0 || boots >= INT32_MAX) {
        /* SQLite's integers have a sign. */
        if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number)) {
            abort(); /* cannot be for so few bytes: getrandom(2) */
        }
        number >>= 1;
        boots = 1;
        nq_tally_set(tallies, "snmp engine", "number", number);
        nq_tally_set(tallies, "snmp engine", "boots", boots);
    }
    *ret_number = number;
    *ret_boots = (uint32_t)boots;
    nq_engine_wake(engine);
}
