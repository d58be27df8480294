/* SPDX-License-Identifier: Apache-2.0 */
/* vet.c: what stands between a case and the addition of the tag: the guard, then the
 * governor; and the checks that are made once more right before the write. */
#include "quarantine/engine_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/prefix.h"
#include "base/text.h"
#include "quarantine/guard.h"

/* What NSX told longer ago than this is asked for again before a write. */
#define FACTS_GOOD_MS 60000

/* How long a list of our own addresses is good if nobody tells of new ones; and if somebody
 * does, because nobody tells of a new host name. */
#define OWN_HOSTS_GOOD_MS 1000
#define OWN_NAME_GOOD_MS  60000

static const struct nq_config *conf_of(const struct nq_episode *episode)
{
    return episode->engine->setup.conf;
}

/* ---- what is known of the VM ---------------------------------------------------------- */

static void set(char **field, const char *value)
{
    char *copy = nq_strdup(value);
    free(*field);
    *field = copy;
}

void nq_vet_learn(struct nq_episode *episode, const struct nq_vm *vm, bool fresh)
{
    struct nq_facts *facts = &episode->facts;
    facts->known = true;
    facts->fresh = fresh;
    facts->mono_ms = nq_mono_ms(episode->engine->setup.clock);
    facts->complete = vm->complete;
    facts->regular = vm->regular;
    facts->tags = vm->tags;
    set(&facts->display_name, vm->display_name);
    set(&facts->host_name, vm->host_name);
    set(&facts->addresses, vm->addresses);
    set(&facts->uuids, vm->uuids);
    set(&facts->type, vm->type);
    facts->protector_known = false;
    episode->seen_mono_ms = facts->mono_ms;
}

void nq_vet_forget(struct nq_episode *episode)
{
    struct nq_facts *facts = &episode->facts;
    free(facts->display_name);
    free(facts->host_name);
    free(facts->addresses);
    free(facts->uuids);
    free(facts->type);
    free(facts->protector);
    *facts = (struct nq_facts){0};
}

/* The inventory may lag behind a tag that protects. */
bool nq_vet_is_informed(const struct nq_episode *episode)
{
    const struct nq_facts *facts = &episode->facts;
    return facts->known && (facts->fresh || conf_of(episode)->protect.tag_count == 0) &&
           nq_mono_ms(episode->engine->setup.clock) - facts->mono_ms < FACTS_GOOD_MS;
}

/* ---- the guard ------------------------------------------------------------------------ */

struct host_search {
    const struct nq_guard_vm *vm;
    const char *what; /* the hosts asked about now */
    char *why;
    size_t size;
    bool found;
};

static void keep_host(void *arg, const char *host)
{
    struct nq_host_list *own = arg;
    own->names = nq_realloc(own->names, own->count + 1, sizeof(own->names[0]));
    own->names[own->count++] = nq_strdup(host);
}

void nq_host_list_done(struct nq_host_list *own)
{
    for (size_t i = 0; i < own->count; i++) {
        free(own->names[i]);
    }
    free(own->names);
    *own = (struct nq_host_list){0};
}

static bool is_outdated(const struct nq_engine *engine, int64_t now_ms)
{
    const struct nq_host_list *own = &engine->own_hosts;
    const struct nq_engine_setup *setup = &engine->setup;
    const bool told = setup->own_hosts_changed != NULL;
    return own->count == 0 || (told && setup->own_hosts_changed(setup->own_hosts_arg)) ||
           now_ms - own->mono_ms >= (told ? OWN_NAME_GOOD_MS : OWN_HOSTS_GOOD_MS);
}

/* The kernel takes longer to tell than all the rest of a verdict, so one list serves all VMs
 * until it changes. */
static const struct nq_host_list *own_hosts(struct nq_engine *engine)
{
    struct nq_host_list *own = &engine->own_hosts;
    const int64_t now_ms = nq_mono_ms(engine->setup.clock);
    if (engine->setup.each_own_host && is_outdated(engine, now_ms)) {
        nq_host_list_done(own);
        own->mono_ms = now_ms;
        engine->setup.each_own_host(keep_host, own);
    }
    return own;
}

static void on_host(void *arg, const char *host)
{
    struct host_search *search = arg;
    if (!search->found && nq_guard_is_host(search->vm, host)) {
        search->found = true;
        (void)snprintf(search->why, search->size, "\"%s\" is protected: it is %s, %s",
                       search->vm->display_name, search->what, host);
    }
}

static bool is_single_address(const char *text)
{
    struct nq_prefix prefix;
    return text && nq_prefix_parse(text, &prefix) && prefix.bits == 128;
}

/* Whatever we or the trap depend on. */
static bool is_infrastructure(struct nq_engine *engine, const struct nq_guard_vm *vm,
                              char *why, size_t size)
{
    const struct nq_engine_setup *setup = &engine->setup;
    struct host_search search = {.vm = vm, .why = why, .size = size};
    search.what = "this machine";
    const struct nq_host_list *own = own_hosts(engine);
    for (size_t i = 0; i < own->count; i++) {
        on_host(&search, own->names[i]);
    }
    search.what = "a manager of NSX or its vCenter";
    for (size_t i = 0; i < setup->conf->manager_count; i++) {
        setup->backend->ops->each_server(setup->backend, i, on_host, &search);
    }
    search.what = "a source of traps";
    for (size_t i = 0; i < setup->conf->source_count; i++) {
        const struct nq_source_conf *source = &setup->conf->sources[i];
        if (source->protect && is_single_address(source->address)) {
            on_host(&search, source->address);
        }
    }
    return search.found;
}

static bool is_protected(const struct nq_episode *episode, char *why, size_t size)
{
    const struct nq_facts *facts = &episode->facts;
    const struct nq_guard_vm vm = {
        .display_name = facts->display_name,
        .host_name = facts->host_name,
        .addresses = facts->addresses,
        .uuids = facts->uuids,
        .external_id = nq_text_or_empty(episode->record.external_id),
        .type = facts->type,
        .regular = facts->regular,
        .tags = facts->tags,
    };
    if (nq_guard_protects(conf_of(episode), &vm, why, size)) {
        return true;
    }
    if (facts->protector) {
        (void)snprintf(why, size, "\"%s\" is protected by its group: %s", vm.display_name,
                       facts->protector);
        return true;
    }
    return conf_of(episode)->protect.infrastructure &&
           is_infrastructure(episode->engine, &vm, why, size);
}

/* ---- the governor --------------------------------------------------------------------- */

/* The watched groups that had the VM when they were last read. */
static size_t groups_of(const struct nq_episode *episode,
                        struct nq_governed_group groups[NQ_CONFIG_GROUPS_MAX])
{
    const struct nq_vm_id vm = nq_episode_vm(episode);
    const struct nq_engine *engine = episode->engine;
    size_t count = 0;
    for (size_t i = 0; vm.external_id && i < engine->setup.conf->group_count; i++) {
        if (engine->setup.conf->groups[i].role == NQ_GROUP_WATCHED &&
            nq_groups_have(engine, i, &vm)) {
            groups[count++] = (struct nq_governed_group){
                .owner = engine->group_states[i].owner,
                .members = engine->group_states[i].member_count};
        }
    }
    return count;
}

static void report_governor(struct nq_engine *engine, enum nq_governor_state before,
                            bool rehearsal)
{
    const struct nq_governor *governor = &engine->governor;
    if (governor->record.state == NQ_GOVERNOR_TRIPPED && before != NQ_GOVERNOR_TRIPPED) {
        const char *reason = nq_text_or_empty(governor->record.reason);
        nq_log(NQ_LOG_ERROR,
               "the governor tripped, new cases are held: %s: set nqGovernorRearm to "
               "rearm(2) when that is right",
               reason);
        nq_audit_add(engine, 0, "governorTripped", NULL, NULL, "%s", reason);
        nq_engine_notice(engine, NQ_NOTICE_GOVERNOR_TRIPPED);
    } else if (nq_governor_began_to_warn(&engine->governor, rehearsal)) {
        char text[NQ_TEXT_MAX];
        uint32_t hour_count;
        (void)nq_governor_state(governor, rehearsal, &hour_count, text, sizeof(text));
        nq_log(NQ_LOG_WARNING, "the governor is near its limit: %s", text);
        nq_audit_add(engine, 0, "governorGuarded", NULL, NULL, "%s", text);
    }
    nq_engine_wake(engine);
}

enum need { MUST_FIT, COUNT_ONLY };

/* true: the case may write, and it is counted; once for all times but in observe mode. */
static bool admit(struct nq_episode *episode, enum need need)
{
    struct nq_engine *engine = episode->engine;
    struct nq_case *record = &episode->record;
    struct nq_governor *governor = &engine->governor;
    struct nq_governed_group groups[NQ_CONFIG_GROUPS_MAX];
    const struct nq_candidate candidate = {
        .case_id = record->id,
        .rehearsal = engine->mode == NQ_MODE_OBSERVE,
        .cause = record->cause,
        .groups = groups,
        .group_count = groups_of(episode, groups),
    };
    if (record->admitted_ms > 0 || (candidate.rehearsal && episode->rehearsed)) {
        return true;
    }
    const enum nq_governor_state before = governor->record.state;
    const bool passes = need == COUNT_ONLY || record->approved ||
                        nq_governor_allows(governor, &candidate);
    if (passes) {
        nq_audit_add(engine, record->id, candidate.rehearsal ? "rehearsed" : "admitted",
                     NULL, NULL, "%s",
                     need == COUNT_ONLY ? "it carries the tag already: counted"
                     : record->approved ? "by approval: counted, not limited"
                                        : "neither guard nor governor is against it");
        nq_governor_admit(governor, &candidate);
        episode->rehearsed = candidate.rehearsal;
        record->admitted_ms = candidate.rehearsal ? 0 : nq_engine_now(engine);
        nq_episode_touch(episode);
    }
    report_governor(engine, before, candidate.rehearsal);
    return passes;
}

void nq_vet_count(struct nq_episode *episode)
{
    (void)admit(episode, COUNT_ONLY);
}

/* By number, which is their order in time. */
void nq_engine_rearm(struct nq_engine *engine, const char *actor)
{
    nq_governor_rearm(&engine->governor);
    engine->governor.was_guarded = false;
    nq_log(NQ_LOG_NOTICE, "the governor was rearmed: by=%s held=%u", actor,
           engine->state_counts[NQ_CASE_HELD]);
    nq_audit_add(engine, 0, "governorRearmed", actor, NULL, "budgets begin anew");
    nq_engine_wake(engine);
    for (size_t i = 0; i < engine->rows.count; i++) {
        struct nq_episode *episode = nq_episode_of(engine, engine->rows.of[i]->id);
        const struct nq_case *record = &episode->record;
        if (record->state != NQ_CASE_HELD || record->reason != NQ_REASON_GOVERNOR) {
            continue;
        }
        if (!admit(episode, MUST_FIT)) {
            break;
        }
        (void)nq_episode_apply(
            episode, engine->mode == NQ_MODE_OBSERVE ? NQ_EV_WITNESSED : NQ_EV_REARMED,
            actor, "the governor was rearmed");
    }
}

/* ---- the decision --------------------------------------------------------------------- */

static void decide(struct nq_episode *episode)
{
    char why[NQ_TEXT_MAX + 1];
    if (is_protected(episode, why, sizeof(why))) {
        (void)nq_episode_apply(episode, NQ_EV_PROTECTED, NULL, why);
    } else if (!episode->facts.complete && episode->record.state == NQ_CASE_TAGGING) {
        (void)nq_episode_apply(episode, NQ_EV_NOT_YET, NULL,
                               "whether it is protected is known when the inventory of "
                               "its manager is read");
    } else if (!admit(episode, MUST_FIT)) {
        char text[2 * NQ_TEXT_MAX];
        (void)snprintf(text, sizeof(text),
                       "rearm the governor (nqGovernorRearm) or approve this case: %s",
                       nq_text_or_empty(episode->engine->governor.record.reason));
        (void)nq_episode_apply(episode, NQ_EV_GOVERNED, NULL, text);
    } else {
        const bool observed = episode->record.state == NQ_CASE_OBSERVED;
        (void)nq_episode_apply(episode, NQ_EV_CLEARED, NULL,
                               observed ? "observe mode: the tag would be added now"
                                        : episode->record.reason_text);
    }
}

static bool has_protected_groups(const struct nq_episode *episode)
{
    const struct nq_config *conf = conf_of(episode);
    const struct nq_vm_id vm = nq_episode_vm(episode);
    for (size_t i = 0; i < conf->protect.group_count; i++) {
        if (conf->protect.groups[i].manager == vm.manager) {
            return true;
        }
    }
    return false;
}

bool nq_vet_asks(const struct nq_episode *episode)
{
    return has_protected_groups(episode);
}

void nq_vet_start(struct nq_episode *episode, nq_reply_fn *done)
{
    struct nq_backend *backend = episode->engine->setup.backend;
    if (nq_vet_asks(episode)) {
        const struct nq_vm_id vm = nq_episode_vm(episode);
        episode->call = backend->ops->read_protector(backend, &vm, done, episode);
        return;
    }
    set(&episode->facts.protector, NULL);
    episode->facts.protector_known = true;
    decide(episode);
}

void nq_vet_reply(struct nq_episode *episode, const struct nq_reply *reply)
{
    set(&episode->facts.protector, reply->protector);
    episode->facts.protector_known = true;
    decide(episode);
}

/* ---- right before the write ----------------------------------------------------------- */

bool nq_check_mode(struct nq_episode *episode)
{
    if (episode->engine->mode == NQ_MODE_OBSERVE) {
        episode->effect = NQ_DO_NOTHING;
        (void)nq_episode_apply(episode, NQ_EV_DISARMED, NULL,
                               "observe mode: the tag would be added now");
        return false;
    }
    return true;
}

/* Nothing that was learnt since it was cleared may be forgotten here. */
bool nq_check_guard(struct nq_episode *episode)
{
    char why[NQ_TEXT_MAX + 1];
    const struct nq_facts *facts = &episode->facts;
    if (!nq_vet_is_informed(episode) || !facts->complete || !facts->protector_known) {
        episode->effect = NQ_DO_LOOK;
        nq_episode_perform(episode);
        return false;
    }
    if (is_protected(episode, why, sizeof(why))) {
        (void)nq_episode_apply(episode, NQ_EV_PROTECTED, NULL, why);
        return false;
    }
    return true;
}

/* The mode was observe when it was cleared, and is enforce now. */
bool nq_check_governor(struct nq_episode *episode)
{
    if (episode->record.admitted_ms == 0) {
        episode->effect = NQ_DO_VET;
        nq_episode_perform(episode);
        return false;
    }
    return true;
}
