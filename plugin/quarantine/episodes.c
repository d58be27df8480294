/* SPDX-License-Identifier: Apache-2.0 */
/* episodes.c: all cases at work: the rows in order of their numbers, and the indexes by
 * number, by VM and by identity. */
#include "quarantine/engine_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

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

/* An external id is unique within its manager only. */
static char *vm_key(const struct nq_vm_id *vm)
{
    return nq_sprintf("%zu|%s", vm->manager, vm->external_id);
}

struct nq_episode *nq_episode_by_vm(const struct nq_engine *engine,
                                    const struct nq_vm_id *vm)
{
    char *key = vm_key(vm);
    struct nq_episode *episode = NULL;
    HASH_FIND(by_vm, engine->vms, key, strlen(key), episode);
    free(key);
    return episode;
}

struct nq_episode *nq_episode_foreign(const struct nq_engine *engine,
                                      const struct nq_vm_id *vm)
{
    char *key = vm_key(vm);
    struct nq_episode *episode = NULL;
    HASH_FIND(by_foreign, engine->foreigns, key, strlen(key), episode);
    free(key);
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
        const struct nq_vm_id vm = nq_episode_vm(episode);
        struct nq_episode *owner = nq_episode_by_vm(engine, &vm);
        return owner ? owner : episode;
    }
    return episode;
}

/* address is one of a comma list. */
static bool lists(const char *addresses, const char *address)
{
    const size_t len = strlen(address);
    for (const char *at = nq_text_or_empty(addresses); *at;) {
        const size_t item = strcspn(at, ",");
        if (item == len && strncasecmp(at, address, len) == 0) {
            return true;
        }
        at += item;
        at += strspn(at, ", ");
    }
    return false;
}

bool nq_case_has_name(const struct nq_case *record, const char *text)
{
    return nq_text_same(record->name, text) || nq_text_same(record->host_name, text) ||
           nq_text_same(record->external_id, text) || lists(record->addresses, text);
}

struct nq_episode *nq_episode_named(const struct nq_engine *engine, const char *text)
{
    struct nq_episode *found = nq_episode_by_identity(engine, text);
    if (found && nq_case_is_open(&found->record)) {
        return found;
    }
    found = NULL;
    for (size_t i = 0; i < engine->rows.count; i++) {
        if (nq_case_is_open(engine->rows.of[i]) &&
            nq_case_has_name(engine->rows.of[i], text)) {
            if (found) {
                return NULL;
            }
            found = nq_episode_of(engine, engine->rows.of[i]->id);
        }
    }
    return found;
}

/* Of the VM, or known by the same text. */
static bool is_about(const struct nq_episode *episode, const struct nq_vm_id *vm,
                     const char *key)
{
    const struct nq_vm_id mine = nq_episode_vm(episode);
    return vm ? mine.external_id && mine.manager == vm->manager &&
                    strcmp(mine.external_id, vm->external_id) == 0
              : strcmp(episode->identity_key, key) == 0;
}

/* There are several when one VM was released from quarantines of several causes. Asked only
 * about a VM that has a closed case, so all rows may be looked at. */
struct nq_episode *nq_episode_immune(const struct nq_engine *engine,
                                     const struct nq_vm_id *vm, const char *computer,
                                     const char *cause)
{
    char *key = identity_key(computer);
    struct nq_episode *found = NULL;
    for (size_t i = engine->rows.count; i-- > 0 && !found;) {
        const struct nq_case *record = engine->rows.of[i];
        if (record->state != NQ_CASE_RELEASED ||
            strcmp(nq_text_or_empty(record->cause), nq_text_or_empty(cause)) != 0) {
            continue;
        }
        struct nq_episode *episode = nq_episode_of(engine, record->id);
        found = is_about(episode, vm, key) ? episode : NULL;
    }
    free(key);
    return found;
}

static void unlink_vm(struct nq_episode *episode)
{
    if (episode->in_vms) {
        HASH_DELETE(by_vm, episode->engine->vms, episode);
        episode->in_vms = false;
        free(episode->vm_key);
        episode->vm_key = NULL;
    }
}

static void link_vm(struct nq_episode *episode)
{
    struct nq_engine *engine = episode->engine;
    const struct nq_vm_id vm = nq_episode_vm(episode);
    struct nq_episode *older = nq_episode_by_vm(engine, &vm);
    if (older && nq_case_is_open(&older->record) && !nq_case_is_open(&episode->record)) {
        return; /* a closed case never hides an open one */
    }
    if (older) {
        unlink_vm(older);
    }
    episode->vm_key = vm_key(&vm);
    HASH_ADD_KEYPTR(by_vm, engine->vms, episode->vm_key, strlen(episode->vm_key),
                    episode);
    episode->in_vms = true;
}

/* NSX for vSphere has names only, no scopes. */
void nq_case_name_tag(struct nq_case *record, const struct nq_config *conf)
{
    const bool name_only = record->manager > 0 &&
                           conf->managers[record->manager - 1].type == NQ_MANAGER_VSPHERE;
    if (name_only) {
        nq_text_set(&record->tag, conf->tag_value);
    } else {
        nq_text_setf(&record->tag, "%s|%s", conf->tag_scope, conf->tag_value);
    }
}

/* A manager that is no longer configured has an index that no manager has. */
struct nq_vm_id nq_episode_vm(const struct nq_episode *episode)
{
    return (struct nq_vm_id){
        .manager = episode->record.manager > 0 ? episode->record.manager - 1 : SIZE_MAX,
        .external_id = episode->record.external_id,
    };
}

void nq_episode_set_vm(struct nq_episode *episode, const struct nq_vm_id *vm)
{
    const struct nq_config *conf = episode->engine->setup.conf;
    struct nq_case *record = &episode->record;
    unlink_vm(episode);
    record->manager = vm ? (uint32_t)vm->manager + 1 : conf->manager_count == 1;
    nq_text_set(&record->manager_name, vm ? conf->managers[vm->manager].name : NULL);
    nq_text_set(&record->external_id, vm ? vm->external_id : NULL);
    if (vm) {
        nq_case_name_tag(record, conf);
        link_vm(episode);
    }
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

/* A foreign row is in no index of cases: it neither takes a detection nor hides a case. */
static void link_foreign(struct nq_episode *episode)
{
    const struct nq_vm_id vm = nq_episode_vm(episode);
    episode->vm_key = vm_key(&vm);
    HASH_ADD_KEYPTR(by_foreign, episode->engine->foreigns, episode->vm_key,
                    strlen(episode->vm_key), episode);
}

static void unlink_foreign(struct nq_episode *episode)
{
    HASH_DELETE(by_foreign, episode->engine->foreigns, episode);
    free(episode->vm_key);
    episode->vm_key = NULL;
}

static bool is_ours(const struct nq_episode *episode)
{
    return episode->record.owner == NQ_OWNER_OURS;
}

struct nq_episode *nq_episode_add(struct nq_engine *engine, const struct nq_case *record)
{
    struct nq_episode *episode = nq_calloc(1, sizeof(*episode));
    episode->record = *record;
    episode->engine = engine;
    episode->identity_key = identity_key(record->identity);
    HASH_ADD(by_id, engine->episodes, record.id, sizeof(episode->record.id), episode);

    nq_rowlist_add(&engine->rows, &episode->record);
    engine->rows_changed++;
    if (!is_ours(episode)) {
        link_foreign(episode);
        return episode;
    }
    engine->state_counts[record->state]++;
    link_identity(episode);
    if (record->external_id) {
        link_vm(episode);
    }
    nq_episode_set_alarms(episode);
    return episode;
}

void nq_episode_drop(struct nq_episode *episode)
{
    struct nq_engine *engine = episode->engine;
    if (episode->call) {
        engine->setup.backend->ops->cancel(engine->setup.backend, episode->call);
    }
    nq_timer_clear(engine->setup.loop, &episode->pace);
    nq_timer_clear(engine->setup.loop, &episode->expiry);
    nq_timer_clear(engine->setup.loop, &episode->limit);
    if (is_ours(episode)) {
        engine->state_counts[episode->record.state]--;
        unlink_vm(episode);
        unlink_identity(episode);
    } else {
        unlink_foreign(episode);
    }
    nq_vet_forget(episode);
    HASH_DELETE(by_id, engine->episodes, episode);
    nq_rowlist_remove(&engine->rows, &episode->record);
    engine->rows_changed++;

    nq_case_done(&episode->record);
    free(episode->identity_key);
    free(episode);
}

void nq_episode_touch(struct nq_episode *episode)
{
    struct nq_engine *engine = episode->engine;
    if (!episode->touched) {
        episode->touched = true;
        episode->touched_next = NULL;
        *engine->touched_tail = episode;
        engine->touched_tail = &episode->touched_next;
    }
    nq_engine_wake(engine);
}
