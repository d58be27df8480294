/* SPDX-License-Identifier: Apache-2.0 */
/* managers.c: the rows of nqManagerTable, and the health that they mean. */
#include "quarantine/engine_internal.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"

/* Counters that survive a restart: the manager's backend counts from zero each time. */
static const struct {
    const char *name;
    size_t status_offset;
    size_t row_offset;
} counters[] = {
    {"requests", offsetof(struct nq_manager_status, requests),
     offsetof(struct nq_manager_row, requests)},
    {"errors", offsetof(struct nq_manager_status, errors),
     offsetof(struct nq_manager_row, errors)},
    {"retries", offsetof(struct nq_manager_status, retries),
     offsetof(struct nq_manager_row, retries)},
};

void nq_managers_status(const struct nq_engine *engine, size_t manager,
                        struct nq_manager_status *ret_status)
{
    const struct nq_backend *backend = engine->setup.backend;
    *ret_status = (struct nq_manager_status){
        .state = NQ_MANAGER_DEGRADED, .url = "", .version = ""};
    backend->ops->status(backend, manager, ret_status);
}

void nq_managers_open(struct nq_engine *engine)
{
    const struct nq_config *conf = engine->setup.conf;
    engine->manager_rows = nq_calloc(conf->manager_count, sizeof(*engine->manager_rows));
    engine->manager_seen = nq_calloc(conf->manager_count, sizeof(*engine->manager_seen));
    for (size_t i = 0; i < conf->manager_count; i++) {
        engine->manager_rows[i] = (struct nq_manager_row){
            .index = (uint32_t)i + 1,
            .name = conf->managers[i].name,
            .type = conf->managers[i].type,
        };
    }
}

void nq_managers_close(struct nq_engine *engine)
{
    for (size_t i = 0; i < engine->setup.conf->manager_count; i++) {
        free(engine->manager_rows[i].last_error);
    }
    free(engine->manager_rows);
    free(engine->manager_seen);
}

/* Adds what was counted since the last time. */
static void keep_counters(struct nq_engine *engine, size_t manager,
                          const struct nq_manager_status *status)
{
    struct nq_manager_row *row = &engine->manager_rows[manager];
    char *owner = nq_sprintf("manager %s", row->name);
    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        const uint64_t now = *(const uint64_t *)(const void *)((const char *)status +
                                                               counters[i].status_offset);
        uint64_t *seen = (uint64_t *)(void *)((char *)&engine->manager_seen[manager] +
                                              counters[i].status_offset);
        uint64_t *shown = (uint64_t *)(void *)((char *)row + counters[i].row_offset);
        *shown = nq_tally_add(&engine->tallies, owner, counters[i].name, now - *seen);
        *seen = now;
    }
    free(owner);
}

void nq_managers_keep(struct nq_engine *engine)
{
    for (size_t i = 0; i < engine->setup.conf->manager_count; i++) {
        struct nq_manager_status status;
        nq_managers_status(engine, i, &status);
        keep_counters(engine, i, &status);
    }
}

/* The numbers of the states rise with the trouble. */
void nq_managers_worst(const struct nq_engine *engine, size_t *ret_manager,
                       struct nq_manager_status *ret_status)
{
    *ret_manager = 0;
    nq_managers_status(engine, 0, ret_status);
    for (size_t i = 1; i < engine->setup.conf->manager_count; i++) {
        struct nq_manager_status status;
        nq_managers_status(engine, i, &status);
        if (status.state > ret_status->state && status.last_error) {
            *ret_manager = i;
            *ret_status = status;
        }
    }
}

const struct nq_manager_row *nq_engine_managers(struct nq_engine *engine,
                                                size_t *ret_count)
{
    *ret_count = engine->setup.conf->manager_count;
    for (size_t i = 0; i < *ret_count; i++) {
        struct nq_manager_row *row = &engine->manager_rows[i];
        struct nq_manager_status status;
        char text[NQ_TEXT_MAX] = "";
        nq_managers_status(engine, i, &status);
        keep_counters(engine, i, &status);
        row->state = status.state;
        row->url = status.url;
        row->version = status.version;
        row->in_flight = (uint32_t)status.in_flight;
        row->queue = (uint32_t)status.queue;
        row->latency_ms = status.latency_ms;
        row->last_ok_ms = status.last_ok_ms;
        row->vms = (uint32_t)status.vms;
        row->synced_ms = status.synced_ms;
        row->tls_expires_ms = status.tls_expires_ms;
        nq_text_set(&row->last_error,
                    status.last_error ? nq_err_text(status.last_error, text, sizeof(text))
                                      : NULL);
    }
    return engine->manager_rows;
}
