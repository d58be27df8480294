/* SPDX-License-Identifier: Apache-2.0 */
/* triggers.c: the rows of nqTriggerTable: what each trigger of the configuration
 * recognised, and what became of it. */
#include "quarantine/engine_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* What survives a restart. last is a time, in milliseconds. */
static const struct {
    const char *name;
    size_t offset;
} kept[] = {
    {"matches", offsetof(struct nq_trigger_row, matches)},
    {"acted", offsetof(struct nq_trigger_row, acted)},
    {"refused", offsetof(struct nq_trigger_row, refused)},
    {"last", offsetof(struct nq_trigger_row, last_ms)},
};

#define KEPT (sizeof(kept) / sizeof(kept[0]))

_Static_assert(sizeof(int64_t) == sizeof(uint64_t), "a time is kept like a count");

/* Nothing forbids two triggers of one name; their order tells them apart. */
static char *owner_of(const struct nq_config *conf, size_t trigger)
{
    size_t same = 1;
    for (size_t i = 0; i < trigger; i++) {
        same += strcmp(conf->triggers[i].name, conf->triggers[trigger].name) == 0;
    }
    return nq_sprintf("trigger %zu %s", same, conf->triggers[trigger].name);
}

void nq_triggers_open(struct nq_engine *engine)
{
    const struct nq_config *conf = engine->setup.conf;
    engine->trigger_rows = nq_calloc(conf->trigger_count, sizeof(*engine->trigger_rows));
    engine->trigger_states =
        nq_calloc(conf->trigger_count, sizeof(*engine->trigger_states));
    for (size_t i = 0; i < conf->trigger_count; i++) {
        engine->trigger_states[i].owner = owner_of(conf, i);
        engine->trigger_rows[i] = (struct nq_trigger_row){
            .index = (uint32_t)i + 1,
            .name = conf->triggers[i].name,
            .action = conf->triggers[i].action,
            .proof = conf->triggers[i].proof,
        };
    }
}

void nq_triggers_close(struct nq_engine *engine)
{
    for (size_t i = 0; i < engine->setup.conf->trigger_count; i++) {
        free(engine->trigger_states[i].owner);
    }
    free(engine->trigger_states);
    free(engine->trigger_rows);
}

void nq_triggers_load(struct nq_engine *engine)
{
    for (size_t i = 0; i < engine->setup.conf->trigger_count; i++) {
        for (size_t k = 0; k < KEPT; k++) {
            const uint64_t value = nq_tally_get(
                &engine->tallies, engine->trigger_states[i].owner, kept[k].name);
            memcpy((char *)&engine->trigger_rows[i] + kept[k].offset, &value,
                   sizeof(value));
        }
    }
}

void nq_triggers_keep(struct nq_engine *engine)
{
    for (size_t i = 0; i < engine->setup.conf->trigger_count; i++) {
        struct nq_trigger_state *state = &engine->trigger_states[i];
        for (size_t k = 0; state->counted && k < KEPT; k++) {
            uint64_t value;
            memcpy(&value, (const char *)&engine->trigger_rows[i] + kept[k].offset,
                   sizeof(value));
            nq_tally_set(&engine->tallies, state->owner, kept[k].name, value);
        }
        state->counted = false;
    }
}

void nq_triggers_count(struct nq_engine *engine, const struct nq_trigger_conf *trigger,
                       enum nq_counter counter)
{
    if (!trigger) {
        return;
    }
    const size_t i = (size_t)(trigger - engine->setup.conf->triggers);
    struct nq_trigger_row *row = &engine->trigger_rows[i];
    row->matches++;
    row->acted += counter == NQ_COUNT_TRAPS_ACTED;
    row->refused +=
        counter == NQ_COUNT_TRAPS_REFUSED || counter == NQ_COUNT_TRAPS_MALFORMED;
    row->last_ms = nq_engine_now(engine);
    engine->trigger_states[i].counted = true;
}

const struct nq_trigger_row *nq_engine_triggers(const struct nq_engine *engine,
                                                size_t *ret_count)
{
    *ret_count = engine->setup.conf->trigger_count;
    return engine->trigger_rows;
}
