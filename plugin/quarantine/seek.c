/* SPDX-License-Identifier: Apache-2.0 */
/* seek.c: the VM of a case is gone. An instant clone is deleted and made again under the same
 * name with another id: is there such a VM, and does the case follow it? */
#include "quarantine/engine_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

void nq_seek_start(struct nq_episode *episode, nq_reply_fn *done)
{
    struct nq_backend *backend = episode->engine->setup.backend;
    const struct nq_vm_query query = {.fresh = true,
                                      .hint_count = 1,
                                      .hints = {nq_text_or_empty(episode->record.name)}};
    episode->call = backend->ops->find_vms(backend, &query, done, episode);
}

/* The one other VM of the same manager with the same display name; NULL: none or several. */
static const struct nq_vm *successor(const struct nq_episode *episode,
                                     const struct nq_reply *reply)
{
    const struct nq_vm_id gone = nq_episode_vm(episode);
    const struct nq_vm *found = NULL;
    for (size_t i = 0; i < reply->vm_count; i++) {
        const struct nq_vm *vm = &reply->vms[i];
        if (vm->manager != gone.manager ||
            strcmp(vm->display_name, nq_text_or_empty(episode->record.name)) != 0 ||
            strcmp(vm->external_id, gone.external_id) == 0) {
            continue;
        }
        if (found) {
            return NULL;
        }
        found = vm;
    }
    return found;
}

/* A detection after the old VM was seen last is about the new one. */
static bool must_follow(const struct nq_episode *episode)
{
    const struct nq_case *record = &episode->record;
    if (episode->engine->setup.conf->reconcile.recreated_vm == NQ_RECREATED_FOLLOW) {
        return true;
    }
    return episode->seen_mono_ms > 0 ? episode->detected_mono_ms > episode->seen_mono_ms
                                     : record->last_detected_ms > record->changed_ms;
}

void nq_seek_reply(struct nq_episode *episode, const struct nq_reply *reply)
{
    struct nq_case *record = &episode->record;
    const struct nq_vm *vm = successor(episode, reply);
    if (!vm) {
        (void)nq_episode_apply(episode, NQ_EV_NOT_RECREATED, NULL,
                               "NSX has no such VM any more");
        return;
    }
    const struct nq_vm_id id = {vm->manager, vm->external_id};
    const struct nq_episode *other = nq_episode_by_vm(episode->engine, &id);
    char text[NQ_TEXT_MAX];
    if (other && nq_case_is_open(&other->record)) {
        (void)snprintf(text, sizeof(text), "a new VM has its name, with case %u: %s",
                       other->record.id, vm->external_id);
        (void)nq_episode_apply(episode, NQ_EV_NOT_RECREATED, NULL, text);
    } else if (!must_follow(episode)) {
        (void)snprintf(text, sizeof(text),
                       "a new VM has its name, and reconcile.recreated_vm says leave: %s",
                       vm->external_id);
        (void)nq_episode_apply(episode, NQ_EV_NOT_RECREATED, NULL, text);
    } else {
        (void)snprintf(text, sizeof(text), "it was made again: %s became %s",
                       nq_text_or_empty(record->external_id), vm->external_id);
        nq_episode_set_vm(episode, &id);
        record->tag_writes = 0;
        nq_vet_learn(episode, vm, false);
        (void)nq_episode_apply(episode, NQ_EV_RECREATED, "reconciler", text);
    }
}
