/* SPDX-License-Identifier: Apache-2.0 */
/* world_manager.c: see world_manager.h. */
#include "world_manager.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "nsx/http.h"

#define WAIT_MS    10000
#define PATH_ROOM  4096
#define ARGS_MAX   24
#define SEED_WORLD "tests/data/sim/vdi.json"

extern char **environ;

struct manager {
    pid_t pid;
    int output; /* what the server says; it must stay open */
    char url[64];
    struct nq_loop *loop;
    struct nq_http *control;
    char *ca_pem;
    struct nq_secret password;
};

static char folder[] = "/tmp/nq-manager-XXXXXX";

/* ---- processes ------------------------------------------------------------------------ */

/* Starts a program in the folder. *ret_output receives both its outputs. */
static pid_t start(char *const args[], int *ret_output)
{
    int ends[2];
    pid_t pid = -1;
    posix_spawn_file_actions_t actions;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    (void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    (void)posix_spawn_file_actions_addchdir_np(&actions, folder);
    assert_int_equal(posix_spawnp(&pid, args[0], &actions, NULL, args, environ), 0);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[1]);
    *ret_output = ends[0];
    return pid;
}

/* Reads until mark stands in text, or to the end of the output. */
static bool read_until(int fd, char *text, size_t size, const char *mark)
{
    size_t used = 0;
    text[0] = '\0';
    while (used + 1 < size && !(mark && strstr(text, mark))) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, WAIT_MS) <= 0) {
            return false;
        }
        const ssize_t got = read(fd, text + used, size - used - 1);
        if (got <= 0) {
            break;
        }
        used += (size_t)got;
        text[used] = '\0';
    }
    return !mark || strstr(text, mark) != NULL;
}

/* Runs openssl with words separated by blanks. */
static void openssl(const char *words)
{
    char *copy = nq_strdup(words);
    char *rest = copy;
    char program[] = "openssl";
    char *args[ARGS_MAX] = {program};
    char text[8192];
    int output = -1;
    int status = -1;
    for (size_t i = 1; rest && i < ARGS_MAX - 1; i++) {
        args[i] = strsep(&rest, " ");
    }
    const pid_t pid = start(args, &output);
    (void)read_until(output, text, sizeof(text), NULL);
    (void)close(output);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status != 0) {
        fail_msg("openssl %s: %s", words, text);
    }
    free(copy);
}

/* ---- the folder ----------------------------------------------------------------------- */

const char *manager_file(const char *name)
{
    static char path[PATH_ROOM];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

void manager_write_file(const char *name, const char *text)
{
    FILE *file = fopen(manager_file(name), "we");
    assert_non_null(file);
    assert_int_equal(fchmod(fileno(file), 0600), 0);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

#define NEW_KEY "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"

int manager_make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) {
        return -1;
    }
    manager_write_file("server.cnf", "basicConstraints=critical,CA:FALSE\n"
                                     "extendedKeyUsage=serverAuth\n"
                                     "subjectAltName=IP:127.0.0.1\n");
    openssl("req -x509 " NEW_KEY " -subj /CN=test-ca -days 2 -keyout ca.key -out ca.pem");
    openssl("req -x509 " NEW_KEY
            " -subj /CN=other -days 2 -keyout other.key -out other.pem");
    openssl("req " NEW_KEY " -subj /CN=test-server -keyout server.key -out server.csr");
    openssl("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
            "-extfile server.cnf -out server.pem");
    return 0;
}

int manager_remove_folder(void **state)
{
    (void)state;
    char program[] = "rm";
    char option[] = "-r";
    char *args[] = {program, option, folder, NULL};
    char text[256];
    int output = -1;
    const pid_t pid = start(args, &output);
    (void)read_until(output, text, sizeof(text), NULL);
    (void)close(output);
    return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

/* ---- servers -------------------------------------------------------------------------- */

/* The port is the number behind mark in what the server prints once it listens. */
static struct manager *serve(char *const args[], const char *mark)
{
    char text[4096];
    struct nq_err err;
    struct manager *manager = nq_calloc(1, sizeof(*manager));
    manager->pid = start(args, &manager->output);
    if (!read_until(manager->output, text, sizeof(text), mark) ||
        (!strchr(strstr(text, mark), '\n') &&
         !read_until(manager->output, strchr(text, '\0'), 64, "\n"))) {
        fail_msg("%s: %s", args[0], text);
    }
    const long port = strtol(strstr(text, mark) + strlen(mark), NULL, 10);
    assert_in_range(port, 1, 65535);
    (void)snprintf(manager->url, sizeof(manager->url), "https://127.0.0.1:%ld", port);
    manager->loop = nq_loop_open(&nq_system_clock, &err);
    assert_non_null(manager->loop);
    return manager;
}

static char *ca_text(void)
{
    char *text = nq_calloc(65536, 1);
    FILE *file = fopen(manager_file(MANAGER_CA), "re");
    assert_non_null(file);
    assert_true(fread(text, 1, 65535, file) > 0);
    (void)fclose(file);
    return text;
}

struct manager *manager_new(const char *world_path)
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
    char *args[] = {program, world_option, world, cert_option,
                    cert,    key_option,   key,   NULL};
    struct manager *manager = serve(args, "127.0.0.1 port ");
    free(program);
    free(world);

    struct nq_err err;
    manager->ca_pem = ca_text();
    manager->password = (struct nq_secret){.data = nq_strdup("none"), .len = 4};
    const struct nq_http_conf conf = {
        .url = manager->url,
        .user = "test",
        .password = &manager->password,
        .ca_pem = manager->ca_pem,
        .connect_timeout_ms = WAIT_MS,
        .timeout_ms = WAIT_MS,
        .concurrency = 1,
    };
    manager->control = nq_http_open(&conf, manager->loop, &err);
    assert_non_null(manager->control);
    return manager;
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
        free(manager->password.data);
        free(manager->ca_pem);
        free(manager);
    }
    return NULL;
}

struct nq_loop *manager_loop(struct manager *manager)
{
    return manager->loop;
}

const char *manager_url(const struct manager *manager)
{
    return manager->url;
}

void manager_run_until(struct manager *manager, const bool *flag)
{
    const int64_t until_ms = nq_mono_ms(&nq_system_clock) + WAIT_MS;
    while (!*flag) {
        struct pollfd ready = {.fd = nq_loop_fd(manager->loop), .events = POLLIN};
        const int64_t left_ms = until_ms - nq_mono_ms(&nq_system_clock);
        if (left_ms <= 0) {
            fail_msg("nothing happened for %d ms", WAIT_MS);
        }
        (void)poll(&ready, 1, (int)left_ms);
        nq_loop_turn(manager->loop);
    }
}

/* ---- the simulator's own routes ------------------------------------------------------- */

struct control {
    bool over;
    int status;
    char *body;
};

static void on_control(void *arg, const struct nq_http_answer *answer)
{
    struct control *control = arg;
    control->over = true;
    control->status = answer->status;
    control->body =
        nq_strdup(answer->end == NQ_HTTP_ANSWERED ? answer->body : answer->reason);
}

static char *control(struct manager *manager, const char *path, const char *json)
{
    struct control control = {0};
    (void)nq_http_start(manager->control, path, json, on_control, &control);
    manager_run_until(manager, &control.over);
    if (control.status < 200 || control.status > 299) {
        fail_msg("%s: HTTP %d %s", path, control.status, control.body);
    }
    return control.body;
}

char *manager_get(struct manager *manager, const char *path)
{
    return control(manager, path, NULL);
}

void manager_post(struct manager *manager, const char *path, const char *json)
{
    free(control(manager, path, json));
}

void manager_fault(struct manager *manager, const char *json)
{
    manager_post(manager, "/sim/faults", json);
}

size_t manager_requests(struct manager *manager, const char *method, const char *target)
{
    size_t count = 0;
    char *text = manager_get(manager, "/sim/journal");
    cJSON *journal = cJSON_Parse(text);
    const cJSON *entry = NULL;
    assert_non_null(journal);
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(journal, "requests"))
    {
        const char *entry_method =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "method"));
        const char *path =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "path"));
        assert_true(entry_method && path);
        count += strcmp(entry_method, method) == 0 &&
                 strncmp(path, target, strlen(target)) == 0;
    }
    cJSON_Delete(journal);
    free(text);
    return count;
}

void manager_forget(struct manager *manager)
{
    manager_post(manager, "/sim/journal/clear", "{}");
}
