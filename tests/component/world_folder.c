/* SPDX-License-Identifier: Apache-2.0 */
/* world_folder.c: see world_folder.h; and the certificates that are in it. */
#include "world_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "world_manager.h"

extern char **environ;

static char folder[] = "/tmp/nq-manager-XXXXXX";

/* ---- processes ------------------------------------------------------------------------ */

pid_t folder_start(char *const args[], int *ret_output)
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

bool folder_read_until(int fd, char *text, size_t size, const char *mark)
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
    const pid_t pid = folder_start(args, &output);
    (void)folder_read_until(output, text, sizeof(text), NULL);
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

char *folder_text(const char *path)
{
    char *text = nq_calloc(65536, 1);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_true(fread(text, 1, 65535, file) > 0);
    (void)fclose(file);
    return text;
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
    openssl("req -x509 " NEW_KEY
            " -subj /CN=test-client -days 2 -keyout client.key -out client.pem");
    openssl("req -x509 " NEW_KEY " -addext subjectAltName=IP:127.0.0.1 -subj /CN=other "
            "-days 2 -keyout forged.key -out forged.pem");
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
    const pid_t pid = folder_start(args, &output);
    (void)folder_read_until(output, text, sizeof(text), NULL);
    (void)close(output);
    return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

char *manager_pin(void)
{
    openssl("x509 -in server.pem -noout -pubkey -out key.pem");
    openssl("pkey -pubin -in key.pem -outform der -out key.der");
    openssl("dgst -sha256 -binary -out key.sum key.der");
    openssl("base64 -A -in key.sum -out key.txt");
    char *code = folder_text(manager_file("key.txt"));
    char *pin = nq_sprintf("sha256//%s", code);
    free(code);
    return pin;
}
