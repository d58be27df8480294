/* SPDX-License-Identifier: Apache-2.0 */
/* service.c: puts the parts together, in one list that is walked forward to start and
 * backward to stop. */
#include "entry/service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/ownhosts.h"
#include "entry/intake.h"
#include "entry/reception.h"
#include "nsx/fleet.h"

#define LOOK_AFTER_STATE_MS 5000

struct nq_service {
    const char *config_file;
    struct nq_observer observer;
    struct nq_config *conf;
    int lock;
    struct nq_store *store;
    struct nq_triggers *triggers;
    struct nq_sources *sources;
    struct nq_loop *loop;
    struct nq_backend *backend;
    int own_hosts; /* told of our addresses; -1: not */
    struct nq_engine *engine;
    struct nq_intake_server *intake;
    struct nq_reception *reception;
    bool is_snmp_engine;
    struct nq_timer look;
    bool is_lost;
};

static bool start_config(struct nq_service *service, struct nq_err *reterr)
{
    service->conf = nq_config_load(service->config_file, reterr);
    return service->conf != NULL;
}

static void stop_config(struct nq_service *service)
{
    service->conf = nq_config_free(service->conf);
}

/* Its number stands in the file, for whoever finds it locked. */
static void sign_lock(int fd)
{
    char line[32];
    const int len = snprintf(line, sizeof(line), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, line, (size_t)len, 0) != len) {
        nq_log(NQ_LOG_DEBUG, "the lock cannot be signed"); /* a full disk */
    }
}

static long owner_of(int fd)
{
    char line[32] = "";
    return pread(fd, line, sizeof(line) - 1, 0) > 0 ? strtol(line, NULL, 10) : 0;
}

/* One engine owns the state. flock() goes away with the process, however it ends. */
static bool take_lock(struct nq_service *service, struct nq_err *reterr)
{
    const char *dir = service->conf->state_directory;
    char *path = nq_sprintf("%s/lock", dir);
    service->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    free(path);
    if (service->lock < 0) {
        return nq_fail_errno(reterr, NQ_STATE_DIR, "%s/lock", dir);
    }
    if (flock(service->lock, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK ? nq_fail(reterr, NQ_STATE_LOCKED, "%s, process %ld",
                                              dir, owner_of(service->lock))
                                    : nq_fail_errno(reterr, NQ_STATE_DIR, "%s/lock", dir);
    }
    sign_lock(service->lock);
    return true;
}

static bool start_lock(struct nq_service *service, struct nq_err *reterr)
{
    const char *dir = service->conf->state_directory;
    if (mkdir(dir, 0750) != 0 && errno != EEXIST) {
        return nq_fail_errno(reterr, NQ_STATE_DIR, "%s", dir);
    }
    return take_lock(service, reterr);
}

static void stop_lock(struct nq_service *service)
{
    if (service->lock >= 0) {
        (void)close(service->lock);
        service->lock = -1;
    }
}

/* The caller frees. */
static char *database_of(const struct nq_service *service)
{
    return nq_sprintf("%s/state.db", service->conf->state_directory);
}

static bool start_store(struct nq_service *service, struct nq_err *reterr)
{
    char *path = database_of(service);
    const mode_t before = umask(0077);
    service->store = nq_store_sqlite_open(path, service->conf->log_max, reterr);
    (void)umask(before);
    free(path);
    return service->store != NULL;
}

static void stop_store(struct nq_service *service)
{
    service->store = nq_store_close(service->store);
}

static bool start_triggers(struct nq_service *service, struct nq_err *reterr)
{
    service->triggers = nq_triggers_new(service->conf, reterr);
    return service->triggers != NULL;
}

static void stop_triggers(struct nq_service *service)
{
    service->triggers = nq_triggers_free(service->triggers);
}

static bool start_sources(struct nq_service *service, struct nq_err *reterr)
{
    service->sources = nq_sources_new(service->conf, reterr);
    return service->sources != NULL;
}

static void stop_sources(struct nq_service *service)
{
    service->sources = nq_sources_free(service->sources);
}

static bool start_loop(struct nq_service *service, struct nq_err *reterr)
{
    service->loop = nq_loop_open(&nq_system_clock, reterr);
    return service->loop != NULL;
}

static void stop_loop(struct nq_service *service)
{
    service->loop = nq_loop_close(service->loop);
}

static bool start_backend(struct nq_service *service, struct nq_err *reterr)
{
    service->backend =
        nq_fleet_open(service->conf, service->loop, &nq_system_clock, reterr);
    return service->backend != NULL;
}

static void stop_backend(struct nq_service *service)
{
    service->backend = nq_backend_close(service->backend);
}

/* Without it the guard goes on, with what it knows of us by name. */
static bool start_own_hosts(struct nq_service *service, struct nq_err *reterr)
{
    struct nq_err err;
    (void)reterr;
    service->own_hosts = nq_own_hosts_watch(&err);
    if (service->own_hosts < 0) {
        nq_log(
            NQ_LOG_WARNING,
            "the addresses of this machine cannot be read, so a VM that has one of them "
            "is not protected: allow netlink sockets (RestrictAddressFamilies= of the "
            "unit, or a rule of SELinux or AppArmor), or name it in protect.addresses: "
            "%s",
            err.detail);
    }
    return true;
}

static void stop_own_hosts(struct nq_service *service)
{
    if (service->own_hosts >= 0) {
        (void)close(service->own_hosts);
        service->own_hosts = -1;
    }
}

static bool own_hosts_changed(void *arg)
{
    const struct nq_service *service = arg;
    return nq_own_hosts_changed(service->own_hosts);
}

static bool start_engine(struct nq_service *service, struct nq_err *reterr)
{
    const struct nq_engine_setup setup = {
        .conf = service->conf,
        .triggers = service->triggers,
        .sources = service->sources,
        .store = service->store,
        .backend = service->backend,
        .loop = service->loop,
        .clock = &nq_system_clock,
        .observer = service->observer,
        .each_own_host = nq_own_hosts,
        .own_hosts_changed = service->own_hosts >= 0 ? own_hosts_changed : NULL,
        .own_hosts_arg = service,
    };
    service->engine = nq_engine_open(&setup, reterr);
    return service->engine != NULL;
}

static void stop_engine(struct nq_service *service)
{
    service->engine = nq_engine_close(service->engine);
}

static bool start_intake(struct nq_service *service, struct nq_err *reterr)
{
    service->intake =
        nq_intake_open(service->conf, service->loop, service->engine, reterr);
    return service->intake != NULL;
}

static void stop_intake(struct nq_service *service)
{
    service->intake = nq_intake_close(service->intake);
}

/* ---- somebody may take the state away ------------------------------------------------ */

static bool is_locked(const struct nq_service *service)
{
    struct stat ours;
    struct stat there;
    char *path = nq_sprintf("%s/lock", service->conf->state_directory);
    const bool found =
        service->lock >= 0 && fstat(service->lock, &ours) == 0 && stat(path, &there) == 0;
    free(path);
    return found && ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/* The store refuses to commit when its file is gone. When only the lock is, it is taken again,
 * unless another engine was faster: then the host stops us. */
static void look_after_state(void *arg)
{
    struct nq_service *service = arg;
    if (!is_locked(service)) {
        stop_lock(service);
        struct nq_err err = {0};
        if (take_lock(service, &err)) {
            nq_log(NQ_LOG_WARNING,
                   "the lock of the state was removed, and is taken again");
        } else if (err.code == NQ_STATE_LOCKED) {
            stop_lock(service);
            service->is_lost = true;
        }
        nq_engine_wake(service->engine);
    }
    nq_timer_set(service->loop, &service->look, LOOK_AFTER_STATE_MS, look_after_state,
                 service);
}

static bool start_look(struct nq_service *service, struct nq_err *reterr)
{
    (void)reterr;
    nq_timer_set(service->loop, &service->look, LOOK_AFTER_STATE_MS, look_after_state,
                 service);
    return true;
}

static void stop_look(struct nq_service *service)
{
    if (service->loop) {
        nq_timer_clear(service->loop, &service->look);
    }
}

static const struct part {
    bool (*start)(struct nq_service *service, struct nq_err *reterr);
    void (*stop)(struct nq_service *service);
} parts[] = {{start_config, stop_config},   {start_lock, stop_lock},
             {start_store, stop_store},     {start_triggers, stop_triggers},
             {start_sources, stop_sources}, {start_loop, stop_loop},
             {start_backend, stop_backend}, {start_own_hosts, stop_own_hosts},
             {start_engine, stop_engine},   {start_intake, stop_intake},
             {start_look, stop_look}};

static const size_t part_count = sizeof(parts) / sizeof(parts[0]);

struct nq_service *nq_service_start(const char *config_file, bool is_snmp_engine,
                                    struct nq_observer observer, struct nq_err *reterr)
{
    struct nq_service *service = nq_calloc(1, sizeof(*service));
    service->config_file = config_file;
    service->is_snmp_engine = is_snmp_engine;
    service->observer = observer;
    service->lock = -1;
    service->own_hosts = -1;
    for (size_t i = 0; i < part_count; i++) {
        if (!parts[i].start(service, reterr)) {
            return nq_service_stop(service);
        }
    }
    service->config_file = service->conf->file;
    return service;
}

bool nq_service_listen(struct nq_service *service, struct nq_err *reterr)
{
    const struct nq_reception_setup setup = {
        .conf = service->conf,
        .sources = service->sources,
        .loop = service->loop,
        .clock = &nq_system_clock,
        .engine = service->engine,
        .is_snmp_engine = service->is_snmp_engine,
    };
    service->reception = nq_reception_open(&setup, reterr);
    return service->reception != NULL;
}

struct nq_service *nq_service_stop(struct nq_service *service)
{
    if (service) {
        service->reception = nq_reception_close(service->reception);
        for (size_t i = part_count; i-- > 0;) {
            parts[i].stop(service);
        }
        free(service);
    }
    return NULL;
}

int nq_service_fd(const struct nq_service *service)
{
    return nq_loop_fd(service->loop);
}

void nq_service_turn(struct nq_service *service)
{
    nq_loop_turn(service->loop);
}

struct nq_state_id nq_service_state(const struct nq_service *service)
{
    struct stat info = {0};
    char *path = database_of(service);
    if (stat(path, &info) != 0) {
        info.st_ino = 0;
    }
    free(path);
    return (struct nq_state_id){.device = info.st_dev, .inode = info.st_ino};
}

bool nq_service_is_lost(const struct nq_service *service)
{
    return service->is_lost;
}

struct nq_engine *nq_service_engine(const struct nq_service *service)
{
    return service->engine;
}
