/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c: the rows of nqRuleTable, and the traffic of rules and groups as counters that
 * only rise. NSX starts again from zero when somebody resets its statistics or rewrites a
 * rule, and counts in several places for one rule: each place is a series of its own. */
#include "quarantine/engine_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* TruthValue, RFC 2579 */
#define TRUTH(value) ((value) ? 1U : 2U)

static const char *const traffic_names[NQ_TRAFFIC_COUNT] = {
    [NQ_TRAFFIC_PACKETS] = "packets",
    [NQ_TRAFFIC_BYTES] = "bytes",
    [NQ_TRAFFIC_SESSIONS] = "sessions",
    [NQ_TRAFFIC_HITS] = "hits",
};

/* One rule, whichever groups it names. */
struct nq_rule_state {
    char *owner;                     /* of its tallies */
    uint64_t round;                  /* of the last reading that counted it */
    uint64_t rise[NQ_TRAFFIC_COUNT]; /* by that reading */
    UT_hash_handle hh;
};

static const char *manager_name(const struct nq_engine *engine, size_t group)
{
    const struct nq_config *conf = engine->setup.conf;
    return conf->managers[conf->groups[group].manager].name;
}

static struct nq_rule_state *state_of(struct nq_engine *engine, const char *owner)
{
    struct nq_rule_state *state = NULL;
    HASH_FIND_STR(engine->rule_states, owner, state);
    if (!state) {
        state = nq_calloc(1, sizeof(*state));
        state->owner = nq_strdup(owner);
        HASH_ADD_KEYPTR(hh, engine->rule_states, state->owner, strlen(state->owner),
                        state);
    }
    return state;
}

/* What a series has counted since it was read the last time. The first time it is all of
 * it, so that our numbers begin as those of NSX. */
static void count_series(struct nq_engine *engine, const char *owner,
                         const struct nq_rule_series *series, uint64_t *rise)
{
    for (int i = 0; i < NQ_TRAFFIC_COUNT; i++) {
        const uint64_t now = series->counts[i];
        const uint64_t last = nq_tally_get(&engine->tallies, owner, traffic_names[i]);
        rise[i] += now >= last ? now - last : now;
        nq_tally_set(&engine->tallies, owner, traffic_names[i], now);
    }
}

static void count_rule(struct nq_engine *engine, const char *manager,
                       const struct nq_rule_view *rule, struct nq_rule_state *state)
{
    memset(state->rise, 0, sizeof(state->rise));
    for (size_t i = 0; i < rule->series_count; i++) {
        char *owner =
            nq_sprintf("series %s %s %s", manager, rule->path, rule->series[i].key);
        count_series(engine, owner, &rule->series[i], state->rise);
        free(owner);
    }
    for (int i = 0; i < NQ_TRAFFIC_COUNT; i++) {
        (void)nq_tally_add(&engine->tallies, state->owner, traffic_names[i],
                           state->rise[i]);
    }
}

/* A number for good: whoever watches a rule by its index keeps watching that rule. */
static uint32_t number_of(struct nq_engine *engine, const char *manager,
                          const char *rule_owner)
{
    uint64_t number = nq_tally_get(&engine->tallies, rule_owner, "number");
    if (number == 0) {
        char *owner = nq_sprintf("manager %s", manager);
        number = nq_tally_add(&engine->tallies, owner, "rules", 1);
        nq_tally_set(&engine->tallies, rule_owner, "number", number);
        free(owner);
    }
    return (uint32_t)number;
}

static void free_rules(struct nq_group_state *group)
{
    for (size_t i = 0; i < group->rule_count; i++) {
        free(group->rules[i].name);
        free(group->rules[i].path);
    }
    free(group->rules);
    group->rules = NULL;
    group->rule_count = 0;
}

static int by_index(const void *a, const void *b)
{
    const struct nq_rule_row *first = a;
    const struct nq_rule_row *second = b;
    return (first->index > second->index) - (first->index < second->index);
}

/* One array for the MIB. */
static void join_rules(struct nq_engine *engine)
{
    const size_t group_count = engine->setup.conf->group_count;
    size_t count = 0;
    for (size_t i = 0; i < group_count; i++) {
        count += engine->group_states[i].rule_count;
    }
    free(engine->rules);
    engine->rules = nq_calloc(count, sizeof(*engine->rules));
    engine->rule_count = 0;
    for (size_t i = 0; i < group_count; i++) {
        const struct nq_group_state *group = &engine->group_states[i];
        if (group->rule_count > 0) {
            memcpy(&engine->rules[engine->rule_count], group->rules,
                   group->rule_count * sizeof(*group->rules));
            engine->rule_count += group->rule_count;
        }
    }
}

static void fill_row(struct nq_engine *engine, size_t group, const char *manager,
                     const struct nq_rule_view *rule, struct nq_rule_state *state,
                     struct nq_rule_row *row)
{
    *row = (struct nq_rule_row){
        .group = (uint32_t)group + 1,
        .index = number_of(engine, manager, state->owner),
        .action = rule->action,
        .direction = rule->direction,
        .enabled = TRUTH(rule->enabled),
        .sequence = rule->sequence,
    };
    nq_text_set(&row->name, rule->name);
    nq_text_set(&row->path, rule->path);
    for (int i = 0; i < NQ_TRAFFIC_COUNT; i++) {
        row->traffic[i] = nq_tally_get(&engine->tallies, state->owner, traffic_names[i]);
        engine->group_rows[group].traffic[i] =
            nq_tally_add(&engine->tallies, engine->group_states[group].owner,
                         traffic_names[i], state->rise[i]);
    }
}

/* What a rule does and when it comes, without what it counts. */
static bool is_same_rule(const struct nq_rule_row *a, const struct nq_rule_row *b)
{
    return a->index == b->index && a->action == b->action &&
           a->direction == b->direction && a->enabled == b->enabled &&
           a->sequence == b->sequence;
}

static bool are_same(const struct nq_group_state *a, const struct nq_group_state *b)
{
    bool same = a->rule_count == b->rule_count;
    for (size_t i = 0; same && i < a->rule_count; i++) {
        same = is_same_rule(&a->rules[i], &b->rules[i]);
    }
    return same;
}

bool nq_rules_update(struct nq_engine *engine, size_t group,
                     const struct nq_group_view *view, uint64_t round)
{
    struct nq_group_state *kept = &engine->group_states[group];
    struct nq_group_state before = {.rules = kept->rules, .rule_count = kept->rule_count};
    const char *manager = manager_name(engine, group);
    kept->rule_count = 0;
    kept->rules = nq_calloc(view->rule_count, sizeof(*kept->rules));
    for (size_t i = 0; i < view->rule_count; i++) {
        const struct nq_rule_view *rule = &view->rules[i];
        char *owner = nq_sprintf("rule %s %s", manager, rule->path);
        struct nq_rule_state *state = state_of(engine, owner);
        free(owner);
        if (state->round != round) {
            state->round = round;
            count_rule(engine, manager, rule, state);
        }
        fill_row(engine, group, manager, rule, state, &kept->rules[kept->rule_count++]);
    }
    if (kept->rule_count > 0) {
        qsort(kept->rules, kept->rule_count, sizeof(*kept->rules), by_index);
    }
    join_rules(engine);
    if (engine->tallies.dirty) {
        nq_engine_wake(engine);
    }
    const bool changed = before.rules && !are_same(&before, kept);
    free_rules(&before);
    return changed;
}

void nq_rules_close(struct nq_engine *engine)
{
    struct nq_rule_state *state = NULL;
    struct nq_rule_state *next = NULL;
    HASH_ITER(hh, engine->rule_states, state, next)
    {
        HASH_DEL(engine->rule_states, state);
        free(state->owner);
        free(state);
    }
    for (size_t i = 0; i < engine->setup.conf->group_count; i++) {
        free_rules(&engine->group_states[i]);
    }
    free(engine->rules);
}

const struct nq_rule_row *nq_engine_rules(const struct nq_engine *engine,
                                          size_t *ret_count)
{
    *ret_count = engine->rule_count;
    return engine->rules;
}
