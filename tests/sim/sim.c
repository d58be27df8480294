/* SPDX-License-Identifier: Apache-2.0 */
/* sim.c: opening, closing, and the lock with its condition. */
#include "sim.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api.h"

static char *read_file(const char *path, size_t *ret_length, struct sim_err *err)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t length = 0;
    size_t got = 0;

    if (file == NULL) {
        (void)sim_fail(err, "%s", strerror(errno));
        return NULL;
    }
    do {
        text = sim_grow(text, length + 65536 + 1, 1);
        got = fread(text + length, 1, 65536, file);
        length += got;
    } while (got > 0 && length <= SIM_WORLD_BYTES_MAX);
    if (ferror(file) || length > SIM_WORLD_BYTES_MAX) {
        (void)sim_fail(err, ferror(file) ? "cannot be read" : "too large");
        free(text);
        text = NULL;
    } else {
        text[length] = '\0';
        *ret_length = length;
    }
    (void)fclose(file);
    return text;
}

/* The member "api" of the world chooses the generation, which reads the rest. */
static bool open_world(struct sim *sim, const cJSON *world, struct sim_err *err)
{
    const char *name = sim_json_text(world, "api", "policy");

    if (!cJSON_IsObject(world)) {
        return sim_fail(err, "a world is a JSON object");
    }
    sim->api = sim_api_find(name);
    if (sim->api == NULL) {
        return sim_fail(err, "api: there is no \"%s\"", name);
    }
    return sim->api->open(sim, world, err);
}

static bool read_world(struct sim *sim, const char *path, struct sim_err *err)
{
    size_t length = 0;
    char *text = read_file(path, &length, err);
    cJSON *world = text == NULL ? NULL : sim_json_parse(text, length, err);
    bool good = world != NULL && open_world(sim, world, err);

    cJSON_Delete(world);
    free(text);
    (void)malloc_trim(0); /* half of what a large world took is free now */
    return good;
}

static bool open_log(struct sim *sim, const char *path, struct sim_err *err)
{
    if (path == NULL) {
        return true;
    }
    sim->log = fopen(path, "ae");
    if (sim->log == NULL) {
        return sim_fail(err, "%s: %s", path, strerror(errno));
    }
    (void)setvbuf(sim->log, NULL, _IOLBF, 0);
    return true;
}

bool sim_open(struct sim *sim, const char *world_path, const char *log_path,
              struct sim_err *err)
{
    pthread_condattr_t attributes;

    *sim = (struct sim){.node_count = 1};
    if (pthread_mutex_init(&sim->lock, NULL) != 0 ||
        pthread_condattr_init(&attributes) != 0 ||
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) != 0 ||
        pthread_cond_init(&sim->changed, &attributes) != 0) {
        abort(); /* only memory can be missing */
    }
    (void)pthread_condattr_destroy(&attributes);
    if (!read_world(sim, world_path, err) || !open_log(sim, log_path, err)) {
        sim_close(sim);
        return false;
    }
    return true;
}

void sim_close(struct sim *sim)
{
    if (sim->api != NULL) {
        sim->api->close(sim);
    }
    sim_journal_clear(&sim->journal);
    sim_faults_clear(&sim->faults);
    if (sim->log != NULL) {
        (void)fclose(sim->log);
    }
    (void)pthread_cond_destroy(&sim->changed);
    (void)pthread_mutex_destroy(&sim->lock);
}

void sim_lock(struct sim *sim)
{
    if (pthread_mutex_lock(&sim->lock) != 0) {
        abort();
    }
}

void sim_unlock(struct sim *sim)
{
    if (pthread_mutex_unlock(&sim->lock) != 0) {
        abort();
    }
}

void sim_notify(struct sim *sim)
{
    (void)pthread_cond_broadcast(&sim->changed);
}

void sim_wait(struct sim *sim, uint64_t until_ms)
{
    struct timespec until = {.tv_sec = (time_t)(until_ms / 1000),
                             .tv_nsec = (long)(until_ms % 1000) * 1000000};

    (void)pthread_cond_timedwait(&sim->changed, &sim->lock, &until);
}

void sim_stop(struct sim *sim)
{
    sim_lock(sim);
    sim->stopping = true;
    sim_notify(sim);
    sim_unlock(sim);
}
