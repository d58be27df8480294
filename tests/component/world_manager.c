/* SPDX-License-Identifier: Apache-2.0 */
/* world_manager.c: see world_manager.h. */
#include "world_manager.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "nsx/http.h"
#include "world_folder.h"

#define NODES_MAX  4
#define SEED_WORLD "tests/data/sim/vdi.json"

struct manager {
    pid_t pid;
    int output; /* what the server says; it must stay open */
    char url[64];
    char node_urls[NODES_MAX][64];
    struct nq_loop *loop;
    struct nq_http *control;
    char *ca_pem;
};

static int64_t skipped_ms;

static int64_t skipping_wall_ms(const struct nq_clock *clock)
{
    (void)clock;
    return nq_wall_ms(&nq_system_clock) + skipped_ms;
}

static int64_t skipping_mono_ms(const struct nq_clock *clock)
{
    (void)clock;
    return nq_mono_ms(&nq_system_clock) + skipped_ms;
}

static const struct nq_clock skipping_clock = {.wall_ms = skipping_wall_ms,
                                               .mono_ms = skipping_mono_ms};

/* ---- servers -------------------------------------------------------------------------- */

/* The port is the number behind mark in what the server prints once it listens. */
static struct manager *serve(char *const args[], const char *mark)
{
    char text[4096];
    struct nq_err err;
    struct manager *manager = nq_calloc(1, sizeof(*manager));
    manager->pid = folder_start(args, &manager->output);
    if (!folder_read_until(manager->output, text, sizeof(text), mark) ||
        (!strchr(strstr(text, mark), '\n') &&
         !folder_read_until(manager->output, strchr(text, '\0'), 64, "\n"))) {
        fail_msg("%s: %s", args[0], text);
    }
    const long port = strtol(strstr(text, mark) + strlen(mark), NULL, 10);
    assert_in_range(port, 1, 65535);
    (void)snprintf(manager->url, sizeof(manager->url), "https://127.0.0.1:%ld", port);
    manager->loop = nq_loop_open(&skipping_clock, &err);
    assert_non_null(manager->loop);
    return manager;
}

static void open_control(struct manager *manager, const char *url)
{
    struct nq_err err;
    const struct nq_http_conf conf = {
        .url = url,
        .ca_pem = manager->ca_pem,
        .connect_timeout_ms = WAIT_MS,
        .timeout_ms = WAIT_MS,
        .connections = 1,
    };
    manager->control = nq_http_open(&conf, manager->loop, &err);
    assert_non_null(manager->control);
}

static struct manager *new_nodes(const char *world_path, size_t nodes)
{
    char self[PATH_ROOM] = "";
    char *world = realpath(world_path ? world_path : SEED_WORLD, NULL);
    assert_non_null(world);
    assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
    for (int i = 0; i < 3;
         i++) { /* OUT/tests/component/test_x: the simulator is in OUT */
        *strrchr(self, '/') = '\0';
    }
    char *program = nq_sprintf("%s/nsx-sim", self);
    char world_option[] = "--world";
    char cert_option[] = "--cert";
    char cert[] = "server.pem";
    char key_option[] = "--key";
    char key[] = "server.key";
    char nodes_option[] = "--nodes";
    char count[8];
    (void)snprintf(count, sizeof(count), "%zu", nodes);
    char *args[] = {program,    world_option, world,        cert_option, cert,
                    key_option, key,          nodes_option, count,       NULL};
    struct manager *manager = serve(args, "127.0.0.1 port ");
    free(program);
    free(world);

    manager->ca_pem = folder_text(manager_file(MANAGER_CA));
    open_control(manager, manager->url);
    return manager;
}

struct manager *manager_new(const char *world_path)
{
    return new_nodes(world_path, 1);
}

/* A world with other settings, as a file of the folder. */
static void write_world(const char *world_path, const char *name, const char *settings)
{
    char *text = folder_text(world_path);
    cJSON *world = cJSON_Parse(text);
    cJSON *changes = cJSON_Parse(settings);
    assert_true(world && changes);
    while (changes->child) {
        cJSON *item = cJSON_DetachItemViaPointer(changes, changes->child);
        cJSON_DeleteItemFromObjectCaseSensitive(world, item->string);
        assert_true(cJSON_AddItemToObject(world, item->string, item));
    }
    char *changed = cJSON_PrintUnformatted(world);
    manager_write_file(name, changed);
    cJSON_free(changed);
    cJSON_Delete(changes);
    cJSON_Delete(world);
    free(text);
}

struct manager *manager_new_with(const char *world_path, const char *settings)
{
    write_world(world_path, "world.json", settings);
    return new_nodes(manager_file("world.json"), 1);
}

struct manager *manager_new_cluster(size_t nodes, const char *settings)
{
    assert_in_range(nodes, 1, NODES_MAX);
    write_world(SEED_WORLD, "world.json", settings);
    struct manager *manager = new_nodes(manager_file("world.json"), nodes);
    char *text = manager_get(manager, "/sim/nodes");
    cJSON *list = cJSON_Parse(text);
    assert_int_equal(cJSON_GetArraySize(list), nodes);
    for (size_t i = 0; i < nodes; i++) {
        const cJSON *node = cJSON_GetArrayItem(list, (int)i);
        const double port =
            cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(node, "port"));
        (void)snprintf(manager->node_urls[i], sizeof(manager->node_urls[i]),
                       "https://127.0.0.1:%.0f", port);
    }
    /* The first one may go down: control the others' lives from the last one. */
    manager->control = nq_http_close(manager->control);
    open_control(manager, manager->node_urls[nodes - 1]);
    cJSON_Delete(list);
    free(text);
    return manager;
}

const char *manager_node_url(const struct manager *manager, size_t node)
{
    return manager->node_urls[node];
}

struct manager *manager_new_raw(void)
{
    char words[] =
        "openssl s_server -accept 127.0.0.1:0 -cert server.pem -key server.key "
        "-HTTP";
    char *rest = words;
    char *args[ARGS_MAX] = {NULL};
    for (size_t i = 0; rest && i < ARGS_MAX - 1; i++) {
        args[i] = strsep(&rest, " ");
    }
    return serve(args, "ACCEPT 127.0.0.1:");
}

struct manager *manager_free(struct manager *manager)
{
    if (manager) {
        nq_http_close(manager->control);
        nq_loop_close(manager->loop);
        (void)kill(manager->pid, SIGKILL);
        (void)waitpid(manager->pid, NULL, 0);
        (void)close(manager->output);
        free(manager->ca_pem);
        free(manager);
    }
    return NULL;
}

struct nq_http *manager_control(struct manager *manager)
{
    return manager->control;
}

struct nq_loop *manager_loop(struct manager *manager)
{
    return manager->loop;
}

const struct nq_clock *manager_clock(void)
{
    return &skipping_clock;
}

void manager_skip(struct manager *manager, int64_t ms)
{
    skipped_ms += ms;
    nq_loop_turn(manager->loop);
}

const char *manager_url(const struct manager *manager)
{
    return manager->url;
}

void manager_run_for(struct manager *manager, const bool *flag, int64_t most_ms)
{
    const int64_t until_ms = nq_mono_ms(&nq_system_clock) + most_ms;
    while (!*flag) {
        struct pollfd ready = {.fd = nq_loop_fd(manager->loop), .events = POLLIN};
        const int64_t left_ms = until_ms - nq_mono_ms(&nq_system_clock);
        if (left_ms <= 0) {
            fail_msg("nothing happened for %lld ms", (long long)most_ms);
        }
        (void)poll(&ready, 1, (int)left_ms);
        nq_loop_turn(manager->loop);
    }
}

void manager_run_until(struct manager *manager, const bool *flag)
{
    manager_run_for(manager, flag, WAIT_MS);
}
