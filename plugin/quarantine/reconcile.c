/* SPDX-License-Identifier: Apache-2.0 */
/* reconcile.c: compares what should be with what NSX shows by itself, manager by manager, at
 * an interval and on demand: tags of ours that are gone, and tags that others set. */
#include "quarantine/engine_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "nsx/tags.h"

static const char actor[] = "reconciler";

static const struct nq_config *conf_of(const struct nq_reconciliation *reconciliation)
{
    return reconciliation->engine->setup.conf;
}

/* ---- tags that others set -------------------------------------------------------------- */

/* As nqVmTag; the first one that is there. */
static void name_tag(struct nq_case *record, const struct nq_config *conf, unsigned tags)
{
    if (tags & NQ_TAGS_OURS) {
        nq_case_name_tag(record, conf);
        return;
    }
    for (size_t i = 0; i < conf->watched_tag_count; i++) {
        if (tags & NQ_TAGS_WATCHED(i)) {
            const struct nq_tag_conf *tag = &conf->watched_tags[i];
            nq_text_setf(&record->tag, "%s%s%s", nq_text_or_empty(tag->scope),
                         tag->scope ? "|" : "", tag->value);
            return;
        }
    }
}

static void show(struct nq_case *record, const struct nq_config *conf,
                 const struct nq_vm *vm)
{
    nq_text_set(&record->name, vm->display_name);
    nq_text_set(&record->host_name, vm->host_name);
    nq_text_set(&record->addresses, vm->addresses);
    name_tag(record, conf, vm->tags);
}

static void add_foreign(struct nq_engine *engine, const struct nq_vm *vm)
{
    const struct nq_config *conf = engine->setup.conf;
    if (!nq_case_has_room(engine)) {
        if (!engine->rows_full) {
            nq_log(NQ_LOG_WARNING, "tags of others are not shown any more: there are "
                                   "cases_max rows");
        }
        engine->rows_full = true;
        return;
    }
    const int64_t now = nq_engine_now(engine);
    struct nq_case record = {
        .id = ++engine->last_case,
        .manager = (uint32_t)vm->manager + 1,
        .state = NQ_CASE_TAGGED,
        .wanted = NQ_WANT_QUARANTINE,
        .reason = NQ_REASON_NONE,
        .owner = NQ_OWNER_FOREIGN,
        .rungs = NQ_RUNG_BIT(NQ_RUNG_TAG_PRESENT),
        .detected_ms = now,
        .changed_ms = now,
    };
    nq_text_set(&record.manager_name, conf->managers[vm->manager].name);
    nq_text_set(&record.external_id, vm->external_id);
    nq_text_set(&record.changed_by, actor);
    nq_text_set(&record.reason_text, "somebody else set this tag");
    show(&record, conf, vm);
    nq_log(NQ_LOG_NOTICE,
           "a VM carries a tag that somebody else set: case=%u vm=%s tag=%s", record.id,
           nq_text_or_empty(record.name), nq_text_or_empty(record.tag));
    nq_audit_add(engine, record.id, "foreignTag", actor, NULL, "vm=%s id=%s tag=%s",
                 nq_text_or_empty(record.name), vm->external_id,
                 nq_text_or_empty(record.tag));
    nq_episode_touch(nq_episode_add(engine, &record));
}

static bool differ(const char *a, const char *b)
{
    return strcmp(nq_text_or_empty(a), nq_text_or_empty(b)) != 0;
}

static void update_foreign(struct nq_episode *foreign, const struct nq_vm *vm)
{
    struct nq_case before;
    struct nq_case *record = &foreign->record;
    nq_case_copy(record, &before);
    show(record, foreign->engine->setup.conf, vm);
    if (differ(before.name, record->name) ||
        differ(before.host_name, record->host_name) ||
        differ(before.addresses, record->addresses) || differ(before.tag, record->tag)) {
        nq_episode_touch(foreign);
    }
    nq_case_done(&before);
}

static void drop_foreign(struct nq_episode *foreign)
{
    nq_audit_add(foreign->engine, foreign->record.id, "foreignTagGone", actor, NULL,
                 "vm=%s tag=%s", nq_text_or_empty(foreign->record.name),
                 nq_text_or_empty(foreign->record.tag));
    foreign->forgotten = true;
    nq_episode_touch(foreign);
}

/* ---- one comparison --------------------------------------------------------------------- */

/* What changed since NSX began to answer is not judged by that answer. */
static bool is_settled(const struct nq_reconciliation *reconciliation,
                       const struct nq_episode *episode)
{
    return episode->changed_mono_ms < reconciliation->begun_mono_ms;
}

static void look_at(struct nq_reconciliation *reconciliation, const struct nq_vm *vm)
{
    struct nq_engine *engine = reconciliation->engine;
    const struct nq_vm_id id = {vm->manager, vm->external_id};
    struct nq_episode *ours = nq_episode_by_vm(engine, &id);
    struct nq_episode *foreign = nq_episode_foreign(engine, &id);
    const bool is_ours = ours && nq_case_is_open(&ours->record);
    if (foreign && is_ours) {
        drop_foreign(foreign);
    } else if (foreign) {
        update_foreign(foreign, vm);
    } else if (!is_ours && (!ours || is_settled(reconciliation, ours))) {
        add_foreign(engine, vm);
    }
    if (is_ours && ours->record.state == NQ_CASE_VANISHED &&
        is_settled(reconciliation, ours)) {
        (void)nq_episode_apply(ours, NQ_EV_DOUBTED, NULL, ours->record.reason_text);
    }
}

/* External ids of those that carry one of these tags, sorted; the caller frees the array. */
static const char **ids_with(const struct nq_reply *reply, unsigned tags,
                             size_t *ret_count)
{
    const char **ids = nq_calloc(reply->vm_count, sizeof(*ids));
    size_t count = 0;
    for (size_t i = 0; i < reply->vm_count; i++) {
        if (reply->vms[i].tags & tags) {
            ids[count++] = reply->vms[i].external_id;
        }
    }
    if (count > 0) {
        qsort(ids, count, sizeof(*ids), nq_ids_compare);
    }
    *ret_count = count;
    return ids;
}

/* A case whose tag is not in the list is looked at alone: that answer decides. */
static void look_for(struct nq_reconciliation *reconciliation,
                     const struct nq_reply *reply)
{
    struct nq_engine *engine = reconciliation->engine;
    size_t ours_count;
    size_t all_count;
    const char **ours = ids_with(reply, NQ_TAGS_OURS, &ours_count);
    const char **all = ids_with(reply, NQ_TAGS_QUARANTINE, &all_count);
    struct nq_episode *episode = NULL;
    struct nq_episode *next = NULL;
    HASH_ITER(by_id, engine->episodes, episode, next)
    {
        const struct nq_case *record = &episode->record;
        if (record->manager != reconciliation->manager + 1 || !record->external_id ||
            episode->forgotten) {
            continue;
        }
        const bool tagged =
            record->state == NQ_CASE_TAGGED || record->state == NQ_CASE_ISOLATED;
        if (record->owner == NQ_OWNER_FOREIGN) {
            if (!nq_ids_have(all, all_count, record->external_id)) {
                drop_foreign(episode);
            }
        } else if (tagged && is_settled(reconciliation, episode) &&
                   !nq_ids_have(ours, ours_count, record->external_id)) {
            (void)nq_episode_apply(episode, NQ_EV_DOUBTED, NULL, record->reason_text);
        }
    }
    free(ours);
    free(all);
}

static void compare_now(void *arg);

static void on_tagged(void *arg, const struct nq_reply *reply)
{
    struct nq_reconciliation *reconciliation = arg;
    struct nq_engine *engine = reconciliation->engine;
    reconciliation->call = NULL;
    if (reply->err) {
        nq_log(NQ_LOG_WARNING, "tags could not be compared: manager=%s code=%s err=%s",
               conf_of(reconciliation)->managers[reconciliation->manager].name,
               nq_code_name(reply->err->code), reply->err->detail);
    } else {
        engine->rows_full = false;
        for (size_t i = 0; i < reply->vm_count; i++) {
            look_at(reconciliation, &reply->vms[i]);
        }
        look_for(reconciliation, reply);
        reconciliation->done_ms = nq_engine_now(engine);
    }
    if (!reconciliation->timer.armed) {
        const int64_t wait_ms =
            reconciliation->again ? 0 : conf_of(reconciliation)->reconcile.interval_ms;
        reconciliation->again = false;
        nq_timer_set(engine->setup.loop, &reconciliation->timer, wait_ms, compare_now,
                     reconciliation);
    }
}

static void compare_now(void *arg)
{
    struct nq_reconciliation *reconciliation = arg;
    struct nq_backend *backend = reconciliation->engine->setup.backend;
    if (reconciliation->call) {
        reconciliation->again =
            true; /* what it will answer is from before the question */
        return;
    }
    reconciliation->begun_mono_ms = nq_mono_ms(reconciliation->engine->setup.clock);
    reconciliation->call = backend->ops->read_tagged(backend, reconciliation->manager,
                                                     on_tagged, reconciliation);
}

/* ---- life ------------------------------------------------------------------------------- */

void nq_reconcile_open(struct nq_engine *engine)
{
    const struct nq_config *conf = engine->setup.conf;
    engine->reconciliations =
        nq_calloc(conf->manager_count, sizeof(*engine->reconciliations));
    for (size_t i = 0; i < conf->manager_count; i++) {
        struct nq_reconciliation *reconciliation = &engine->reconciliations[i];
        *reconciliation = (struct nq_reconciliation){.engine = engine, .manager = i};
        nq_timer_set(engine->setup.loop, &reconciliation->timer, 0, compare_now,
                     reconciliation);
    }
}

void nq_reconcile_close(struct nq_engine *engine)
{
    struct nq_backend *backend = engine->setup.backend;
    for (size_t i = 0; i < engine->setup.conf->manager_count; i++) {
        struct nq_reconciliation *reconciliation = &engine->reconciliations[i];
        if (reconciliation->call) {
            backend->ops->cancel(backend, reconciliation->call);
        }
        nq_timer_clear(engine->setup.loop, &reconciliation->timer);
    }
    free(engine->reconciliations);
}

void nq_engine_reconcile(struct nq_engine *engine, const char *who)
{
    nq_log(NQ_LOG_INFO, "comparing with NSX now: by=%s", who);
    nq_audit_add(engine, 0, "reconcile", who, NULL, "on demand");
    for (size_t i = 0; i < engine->setup.conf->manager_count; i++) {
        struct nq_reconciliation *reconciliation = &engine->reconciliations[i];
        nq_timer_set(engine->setup.loop, &reconciliation->timer, 0, compare_now,
                     reconciliation);
    }
}
