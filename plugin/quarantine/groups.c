/* SPDX-License-Identifier: Apache-2.0 */
/* groups.c: the rows of nqGroupTable, read from NSX in turns and after changes. */
#include "quarantine/engine_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* After a change: soon enough for an operator who looks, late enough for a storm. */
#define HURRY_MS 500

static void read_now(void *arg);

static int compare_ids(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void free_members(struct nq_group_state *group)
{
    for (size_t i = 0; i < group->member_count; i++) {
        free(group->external_ids[i]);
    }
    free(group->external_ids);
    group->external_ids = NULL;
    group->member_count = 0;
}

/* Counts who came and who went between two sorted lists. */
static void compare_members(const struct nq_group_state *before,
                            const struct nq_group_view *after, uint64_t *ret_entered,
                            uint64_t *ret_left)
{
    size_t i = 0;
    size_t k = 0;
    *ret_entered = 0;
    *ret_left = 0;
    while (i < before->member_count || k < after->member_count) {
        const int order = i == before->member_count ? 1
                          : k == after->member_count
                              ? -1
                              : strcmp(before->external_ids[i], after->external_ids[k]);
        if (order < 0) {
            (*ret_left)++;
            i++;
        } else if (order > 0) {
            (*ret_entered)++;
            k++;
        } else {
            i++;
            k++;
        }
    }
}

static void update_group(struct nq_engine *engine, size_t index,
                         const struct nq_group_view *view)
{
    struct nq_group_row *row = &engine->group_rows[index];
    struct nq_group_state *group = &engine->group_states[index];
    if (!view->known) {
        row->realized = NQ_REALIZED_UNKNOWN;
        return;
    }
    uint64_t entered;
    uint64_t left;
    compare_members(group, view, &entered, &left);
    if (entered > 0 || left > 0 || row->tagged != view->tagged_count ||
        row->realized != view->realized || !group->read_once) {
        row->changed_ms = nq_engine_now(engine);
    }
    if (group->read_once && (entered > 0 || left > 0)) {
        row->counters.entered += entered;
        row->counters.left += left;
        group->dirty = true;
        nq_engine_wake(engine);
    }
    if (entered > 0 || left > 0) {
        free_members(group);
        group->external_ids = nq_calloc(view->member_count, sizeof(char *));
        for (size_t i = 0; i < view->member_count; i++) {
            group->external_ids[i] = nq_strdup(view->external_ids[i]);
        }
        group->member_count = view->member_count;
    }
    group->read_once = true;
    row->members = (uint32_t)view->member_count;
    row->tagged = (uint32_t)view->tagged_count;
    row->realized = view->realized;
}

static void on_groups(void *arg, const struct nq_reply *reply)
{
    struct nq_engine *engine = arg;
    engine->group_call = NULL;
    if (reply->err) {
        nq_log(NQ_LOG_WARNING, "groups could not be read: code=%s err=%s",
               nq_code_name(reply->err->code), reply->err->detail);
    } else {
        for (size_t i = 0; i < reply->group_count; i++) {
            update_group(engine, i, &reply->groups[i]);
        }
    }
    if (!engine->group_timer.armed) {
        nq_timer_set(engine->setup.loop, &engine->group_timer,
                     engine->setup.conf->group_interval_ms, read_now, engine);
    }
}

static void read_now(void *arg)
{
    struct nq_engine *engine = arg;
    struct nq_backend *backend = engine->setup.backend;
    if (!engine->group_call) {
        engine->group_call = backend->ops->read_groups(backend, on_groups, engine);
    }
}

void nq_groups_open(struct nq_engine *engine)
{
    const struct nq_config *conf = engine->setup.conf;
    engine->group_rows = nq_calloc(conf->group_count, sizeof(*engine->group_rows));
    engine->group_states = nq_calloc(conf->group_count, sizeof(*engine->group_states));
    for (size_t i = 0; i < conf->group_count; i++) {
        engine->group_rows[i] = (struct nq_group_row){
            .index = (uint32_t)i + 1,
            .manager = (uint32_t)conf->groups[i].manager + 1,
            .name = conf->groups[i].name,
            .path = conf->groups[i].path,
            .role = conf->groups[i].role,
            .realized = NQ_REALIZED_UNKNOWN,
        };
    }
    nq_timer_set(engine->setup.loop, &engine->group_timer, 0, read_now, engine);
}

void nq_groups_close(struct nq_engine *engine)
{
    struct nq_backend *backend = engine->setup.backend;
    if (engine->group_call) {
        backend->ops->cancel(backend, engine->group_call);
    }
    nq_timer_clear(engine->setup.loop, &engine->group_timer);
    for (size_t i = 0; i < engine->setup.conf->group_count; i++) {
        free_members(&engine->group_states[i]);
    }
    free(engine->group_states);
    free(engine->group_rows);
}

void nq_groups_hurry(struct nq_engine *engine)
{
    const int64_t due = nq_mono_ms(engine->setup.clock) + HURRY_MS;
    if (!engine->group_timer.armed || engine->group_timer.due_ms > due) {
        nq_timer_set(engine->setup.loop, &engine->group_timer, HURRY_MS, read_now,
                     engine);
    }
}

void nq_groups_count(struct nq_engine *engine, const char *external_id,
                     enum nq_group_event event)
{
    for (size_t i = 0; i < engine->setup.conf->group_count; i++) {
        struct nq_group_state *group = &engine->group_states[i];
        struct nq_group_counters *counters = &engine->group_rows[i].counters;
        if (group->member_count == 0 ||
            !bsearch(&external_id, group->external_ids, group->member_count,
                     sizeof(char *), compare_ids)) {
            continue;
        }
        uint64_t *const counted[] = {
            [NQ_GROUP_CASE] = &counters->cases,
            [NQ_GROUP_RELEASE] = &counters->releases,
            [NQ_GROUP_FAILURE] = &counters->failures,
        };
        (*counted[event])++;
        group->dirty = true;
        nq_engine_wake(engine);
    }
}

const struct nq_group_row *nq_engine_groups(const struct nq_engine *engine,
                                            size_t *ret_count)
{
    *ret_count = engine->setup.conf->group_count;
    return engine->group_rows;
}
