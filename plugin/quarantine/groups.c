/* SPDX-License-Identifier: Apache-2.0 */
/* groups.c: the rows of nqGroupTable, read from each manager in turns and after changes. */
#include "quarantine/engine_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* After a change: soon enough for an operator who looks, late enough for a storm. */
#define HURRY_MS 500

static void read_now(void *arg);

int nq_ids_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool nq_ids_have(const char *const *ids, size_t count, const char *id)
{
    return count > 0 && bsearch(&id, ids, count, sizeof(*ids), nq_ids_compare) != NULL;
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

static void count(struct nq_engine *engine, size_t group, const char *name, uint64_t more,
                  uint64_t *ret_sum)
{
    *ret_sum =
        nq_tally_add(&engine->tallies, engine->group_states[group].owner, name, more);
    if (more > 0) {
        nq_engine_wake(engine);
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
    if (group->read_once && row->role == NQ_GROUP_QUARANTINE &&
        (left > 0 || row->realized != view->realized)) {
        nq_episodes_doubt(engine, row->manager - 1);
    }
    if (group->read_once) {
        count(engine, index, "entered", entered, &row->counters.entered);
        count(engine, index, "left", left, &row->counters.left);
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
    struct nq_group_poll *poll = arg;
    struct nq_engine *engine = poll->engine;
    const struct nq_config *conf = engine->setup.conf;
    poll->call = NULL;
    if (reply->err) {
        nq_log(NQ_LOG_WARNING, "groups could not be read: manager=%s code=%s err=%s",
               conf->managers[poll->manager].name, nq_code_name(reply->err->code),
               reply->err->detail);
    } else {
        engine->rule_round++;
        for (size_t i = 0; i < reply->group_count; i++) {
            const struct nq_group_view *view = &reply->groups[i];
            update_group(engine, view->group, view);
            if (view->known && view->rules_known &&
                nq_rules_update(engine, view->group, view, engine->rule_round)) {
                nq_episodes_doubt(engine, poll->manager);
            }
        }
    }
    nq_managers_keep(engine);
    nq_design_judge(engine, poll->manager, reply);
    if (!poll->timer.armed) {
        nq_timer_set(engine->setup.loop, &poll->timer, conf->group_interval_ms, read_now,
                     poll);
    }
}

static void read_now(void *arg)
{
    struct nq_group_poll *poll = arg;
    struct nq_backend *backend = poll->engine->setup.backend;
    if (!poll->call) {
        poll->call = backend->ops->read_groups(backend, poll->manager, on_groups, poll);
    }
}

void nq_groups_open(struct nq_engine *engine)
{
    const struct nq_config *conf = engine->setup.conf;
    engine->group_rows = nq_calloc(conf->group_count, sizeof(*engine->group_rows));
    engine->group_states = nq_calloc(conf->group_count, sizeof(*engine->group_states));
    for (size_t i = 0; i < conf->group_count; i++) {
        const struct nq_group_conf *group = &conf->groups[i];
        engine->group_rows[i] = (struct nq_group_row){
            .index = (uint32_t)i + 1,
            .manager = (uint32_t)group->manager + 1,
            .name = group->name,
            .path = group->path,
            .role = group->role,
            .realized = NQ_REALIZED_UNKNOWN,
        };
        engine->group_states[i].owner =
            nq_sprintf("group %s %s", conf->managers[group->manager].name, group->path);
    }
    engine->group_polls = nq_calloc(conf->manager_count, sizeof(*engine->group_polls));
    for (size_t i = 0; i < conf->manager_count; i++) {
        struct nq_group_poll *poll = &engine->group_polls[i];
        *poll = (struct nq_group_poll){.engine = engine, .manager = i};
        nq_timer_set(engine->setup.loop, &poll->timer, 0, read_now, poll);
    }
}

void nq_groups_load(struct nq_engine *engine)
{
    for (size_t i = 0; i < engine->setup.conf->group_count; i++) {
        struct nq_group_row *row = &engine->group_rows[i];
        const struct {
            const char *name;
            uint64_t *value;
        } numbers[] = {
            {"entered", &row->counters.entered},
            {"left", &row->counters.left},
            {"cases", &row->counters.cases},
            {"releases", &row->counters.releases},
            {"failures", &row->counters.failures},
            {"packets", &row->traffic[NQ_TRAFFIC_PACKETS]},
            {"bytes", &row->traffic[NQ_TRAFFIC_BYTES]},
            {"sessions", &row->traffic[NQ_TRAFFIC_SESSIONS]},
            {"hits", &row->traffic[NQ_TRAFFIC_HITS]},
        };
        for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++) {
            *numbers[k].value = nq_tally_get(
                &engine->tallies, engine->group_states[i].owner, numbers[k].name);
        }
    }
}

void nq_groups_close(struct nq_engine *engine)
{
    const struct nq_config *conf = engine->setup.conf;
    struct nq_backend *backend = engine->setup.backend;
    for (size_t i = 0; i < conf->manager_count; i++) {
        struct nq_group_poll *poll = &engine->group_polls[i];
        if (poll->call) {
            backend->ops->cancel(backend, poll->call);
        }
        nq_timer_clear(engine->setup.loop, &poll->timer);
    }
    nq_rules_close(engine);
    for (size_t i = 0; i < conf->group_count; i++) {
        free_members(&engine->group_states[i]);
        free(engine->group_states[i].owner);
    }
    free(engine->group_polls);
    free(engine->group_states);
    free(engine->group_rows);
}

void nq_groups_hurry(struct nq_engine *engine)
{
    const int64_t due = nq_mono_ms(engine->setup.clock) + HURRY_MS;
    for (size_t i = 0; i < engine->setup.conf->manager_count; i++) {
        struct nq_group_poll *poll = &engine->group_polls[i];
        if (!poll->timer.armed || poll->timer.due_ms > due) {
            nq_timer_set(engine->setup.loop, &poll->timer, HURRY_MS, read_now, poll);
        }
    }
}

bool nq_groups_have(const struct nq_engine *engine, size_t group,
                    const struct nq_vm_id *vm)
{
    const struct nq_group_state *state = &engine->group_states[group];
    return engine->setup.conf->groups[group].manager == vm->manager &&
           nq_ids_have((const char *const *)state->external_ids, state->member_count,
                       vm->external_id);
}

void nq_groups_count(struct nq_engine *engine, const struct nq_vm_id *vm,
                     enum nq_group_event event)
{
    for (size_t i = 0; i < engine->setup.conf->group_count; i++) {
        struct nq_group_counters *counters = &engine->group_rows[i].counters;
        if (!nq_groups_have(engine, i, vm)) {
            continue;
        }
        const struct {
            const char *name;
            uint64_t *value;
        } counted[] = {
            [NQ_GROUP_CASE] = {"cases", &counters->cases},
            [NQ_GROUP_RELEASE] = {"releases", &counters->releases},
            [NQ_GROUP_FAILURE] = {"failures", &counters->failures},
        };
        count(engine, i, counted[event].name, 1, counted[event].value);
    }
}

const struct nq_group_row *nq_engine_groups(const struct nq_engine *engine,
                                            size_t *ret_count)
{
    *ret_count = engine->setup.conf->group_count;
    return engine->group_rows;
}
