/* SPDX-License-Identifier: Apache-2.0 */
/* test_spool.c: what is put is read back whole and in order, and nothing is taken that
 * could not have been put. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "trap/spool.h"
#include "trap/text.h"

#define PATH_SIZE 512
#define NOBODY    65534

struct fixture {
    char top[64]; /* temporary, removed at the end */
    char dir[96]; /* the spool in it */
    struct nq_buf log;
};

static void keep_log(void *arg, enum nq_log_level level, const char *line)
{
    struct fixture *fixture = arg;
    (void)level;
    assert_true(nq_buf_addf(&fixture->log, "%s\n", line));
}

static int set_up(void **state)
{
    struct fixture *fixture = nq_calloc(1, sizeof(*fixture));
    (void)snprintf(fixture->top, sizeof(fixture->top), "/tmp/nq-spool-XXXXXX");
    if (!mkdtemp(fixture->top)) {
        return -1;
    }
    (void)snprintf(fixture->dir, sizeof(fixture->dir), "%s/spool", fixture->top);
    nq_buf_init(&fixture->log, 65536);
    nq_log_to(keep_log, fixture);
    *state = fixture;
    return nq_spool_prepare(fixture->dir, NULL) ? 0 : -1;
}

static void remove_all(const char *path)
{
    DIR *stream = opendir(path);
    for (const struct dirent *entry; stream && (entry = readdir(stream));) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char *inner = nq_sprintf("%s/%s", path, entry->d_name);
            if (unlink(inner) != 0) {
                remove_all(inner);
            }
            free(inner);
        }
    }
    if (stream) {
        (void)closedir(stream);
    }
    (void)rmdir(path);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    nq_log_to(NULL, NULL);
    remove_all(fixture->top);
    nq_buf_done(&fixture->log);
    free(fixture);
    return 0;
}

static const char *path_of(const struct fixture *fixture, const char *folder,
                           const char *name)
{
    static char path[3 * PATH_SIZE];
    (void)snprintf(path, sizeof(path), "%s/%s/%s", fixture->dir, folder, name);
    return path;
}

static size_t count(const struct fixture *fixture, const char *folder)
{
    size_t files = 0;
    DIR *stream = opendir(path_of(fixture, folder, ""));
    assert_non_null(stream);
    for (const struct dirent *entry; (entry = readdir(stream));) {
        files += entry->d_name[0] != '.';
    }
    (void)closedir(stream);
    return files;
}

static void write_new(const struct fixture *fixture, const char *name, const char *text)
{
    FILE *file = fopen(path_of(fixture, "new", name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void put(const struct fixture *fixture, const char *text)
{
    struct nq_err err = {0};
    if (!nq_spool_put(fixture->dir, text, strlen(text), &err)) {
        fail_msg("%s", err.detail);
    }
}

/* What nq_spool_read() hands over: all texts in one line, and the last name. */
struct harvest {
    struct nq_buf texts;
    char name[2 * PATH_SIZE];
    const char *remove_from; /* NULL: leave the files */
};

static void take(void *arg, const char *name, const char *text, size_t len, bool own)
{
    struct harvest *harvest = arg;
    assert_true(
        nq_buf_addf(&harvest->texts, "%s%.*s|", own ? "" : "foreign ", (int)len, text));
    (void)snprintf(harvest->name, sizeof(harvest->name), "%s", name);
    if (harvest->remove_from) {
        nq_spool_remove(harvest->remove_from, name);
    }
}

static void assert_read(const struct fixture *fixture, size_t most, const char *texts)
{
    struct harvest harvest = {0};
    nq_buf_init(&harvest.texts, 65536);
    (void)nq_spool_read(fixture->dir, most, take, &harvest);
    assert_string_equal(nq_buf_text(&harvest.texts), texts);
    nq_buf_done(&harvest.texts);
}

/* ---- put, read ---------------------------------------------------------------------- */

static void hands_over_what_was_put_oldest_first(void **state)
{
    const struct fixture *fixture = *state;
    put(fixture, "one");
    put(fixture, "two");
    put(fixture, "three");
    assert_read(fixture, 10, "one|two|three|");
    assert_read(fixture, 2, "one|two|");
    assert_int_equal(count(fixture, "new"), 3);
    assert_int_equal(count(fixture, "tmp"), 0);
}

static void files_may_be_removed_while_they_are_handed_over(void **state)
{
    const struct fixture *fixture = *state;
    struct harvest harvest = {.remove_from = fixture->dir};
    nq_buf_init(&harvest.texts, 65536);
    put(fixture, "one");
    put(fixture, "two");
    assert_int_equal(nq_spool_read(fixture->dir, 10, take, &harvest), 2);
    assert_string_equal(nq_buf_text(&harvest.texts), "one|two|");
    assert_int_equal(count(fixture, "new"), 0);
    nq_buf_done(&harvest.texts);
}

static void many_processes_use_different_names(void **state)
{
    const struct fixture *fixture = *state;
    enum { PROCESSES = 4, FILES = 25 };
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            bool done = true;
            for (int k = 0; k < FILES; k++) {
                done = done && nq_spool_put(fixture->dir, "x", 1, NULL);
            }
            _exit(done ? 0 : 1);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(count(fixture, "new"), PROCESSES * FILES);
}

static void keeps_bytes_of_every_kind(void **state)
{
    const struct fixture *fixture = *state;
    char *big = nq_calloc(NQ_TRAP_TEXT_MAX + 1, 1);
    struct stat info;
    struct harvest harvest = {0};
    nq_buf_init(&harvest.texts, 2 * NQ_TRAP_TEXT_MAX);
    assert_true(nq_spool_put(fixture->dir, big, NQ_TRAP_TEXT_MAX, NULL));
    assert_int_equal(nq_spool_read(fixture->dir, 1, take, &harvest), 1);
    assert_int_equal(stat(path_of(fixture, "new", harvest.name), &info), 0);
    assert_int_equal(info.st_size, NQ_TRAP_TEXT_MAX);
    assert_int_equal(info.st_mode & 0777, 0640);
    assert_false(nq_spool_put(fixture->dir, big, NQ_TRAP_TEXT_MAX + 1, NULL));
    assert_int_equal(count(fixture, "new"), 1);
    nq_buf_done(&harvest.texts);
    free(big);
}

static void a_put_that_fails_says_why_and_leaves_nothing(void **state)
{
    const struct fixture *fixture = *state;
    struct nq_err err = {0};
    remove_all(path_of(fixture, "new", ""));
    assert_false(nq_spool_put(fixture->dir, "x", 1, &err));
    assert_int_equal(err.code, NQ_SPOOL_WRITE);
    assert_int_equal(err.os_errno, ENOENT);
    assert_non_null(strstr(err.detail, "/new"));
    assert_int_equal(count(fixture, "tmp"), 0);
}

/* ---- prepare ------------------------------------------------------------------------ */

static void prepare_gives_the_group_access_whatever_the_umask(void **state)
{
    struct fixture *fixture = *state;
    struct stat info;
    const mode_t before = umask(0077);
    (void)snprintf(fixture->dir, sizeof(fixture->dir), "%s/other", fixture->top);
    assert_true(nq_spool_prepare(fixture->dir, NULL));
    (void)umask(before);
    assert_int_equal(stat(path_of(fixture, "new", ""), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0770);
}

static void prepare_keeps_what_is_there(void **state)
{
    const struct fixture *fixture = *state;
    put(fixture, "kept");
    assert_true(nq_spool_prepare(fixture->dir, NULL));
    assert_read(fixture, 10, "kept|");
}

static void prepare_removes_only_old_leftovers_of_tmp(void **state)
{
    const struct fixture *fixture = *state;
    const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    assert_true(close(open(path_of(fixture, "tmp", "old"), O_CREAT | O_WRONLY, 0600)) ==
                0);
    assert_int_equal(utimensat(AT_FDCWD, path_of(fixture, "tmp", "old"), old, 0), 0);
    assert_true(close(open(path_of(fixture, "tmp", "fresh"), O_CREAT | O_WRONLY, 0600)) ==
                0);
    assert_true(nq_spool_prepare(fixture->dir, NULL));
    assert_int_equal(access(path_of(fixture, "tmp", "old"), F_OK), -1);
    assert_int_equal(access(path_of(fixture, "tmp", "fresh"), F_OK), 0);
}

static void prepare_without_a_parent_fails(void **state)
{
    struct fixture *fixture = *state;
    struct nq_err err = {0};
    (void)snprintf(fixture->dir, sizeof(fixture->dir), "%s/no/spool", fixture->top);
    assert_false(nq_spool_prepare(fixture->dir, &err));
    assert_int_equal(err.code, NQ_SPOOL_WRITE);
}

/* ---- what is not taken -------------------------------------------------------------- */

static void moves_what_cannot_be_a_trap_to_refused(void **state)
{
    struct fixture *fixture = *state;
    char link_to[3 * PATH_SIZE];
    (void)snprintf(link_to, sizeof(link_to), "%s", path_of(fixture, "tmp", "target"));
    write_new(fixture, "1-empty", "");
    assert_int_equal(symlink("/etc/passwd", path_of(fixture, "new", "2-symlink")), 0);
    assert_int_equal(mkfifo(path_of(fixture, "new", "3-fifo"), 0600), 0);
    assert_int_equal(mkdir(path_of(fixture, "new", "4-folder"), 0700), 0);
    write_new(fixture, "5-hardlink", "x");
    assert_int_equal(link(path_of(fixture, "new", "5-hardlink"), link_to), 0);
    write_new(fixture, "6-large", "x");
    assert_int_equal(truncate(path_of(fixture, "new", "6-large"), NQ_TRAP_TEXT_MAX + 1),
                     0);
    put(fixture, "good");
    assert_read(fixture, 10, "good|");
    assert_int_equal(count(fixture, "new"), 1);
    assert_int_equal(count(fixture, "refused"), 6);
    const char *log = nq_buf_text(&fixture->log);
    assert_non_null(strstr(log, "file=2-symlink reason=it is a symbolic link"));
    assert_non_null(strstr(log, "file=3-fifo reason=it is no regular file"));
    assert_non_null(strstr(log, "file=5-hardlink reason=it has more than one link"));
    assert_int_equal(access("/etc/passwd", F_OK), 0);
}

static void takes_files_only_from_those_whom_the_folder_lets_write(void **state)
{
    const struct fixture *fixture = *state;
    enum { STRANGER = 12345, GROUP = 54321 };
    if (geteuid() != 0) {
        skip(); /* only root can give files away */
    }
    put(fixture, "ours");
    write_new(fixture, "a", "group");
    assert_int_equal(chown(path_of(fixture, "new", "a"), STRANGER, GROUP), 0);
    write_new(fixture, "b", "owner");
    assert_int_equal(chown(path_of(fixture, "new", "b"), STRANGER + 1, 0), 0);
    write_new(fixture, "c", "stranger");
    assert_int_equal(chown(path_of(fixture, "new", "c"), STRANGER, GROUP + 1), 0);
    assert_int_equal(chown(path_of(fixture, "new", ""), STRANGER + 1, GROUP), 0);
    assert_read(fixture, 10, "ours|foreign group|foreign owner|");
    assert_int_equal(access(path_of(fixture, "refused", "c"), F_OK), 0);
    assert_int_equal(chmod(path_of(fixture, "new", ""), 0700), 0);
    assert_read(fixture, 10, "ours|foreign owner|");
}

static void ignores_names_that_begin_with_a_dot(void **state)
{
    const struct fixture *fixture = *state;
    write_new(fixture, ".nfs0001", "x");
    assert_read(fixture, 10, "");
    assert_int_equal(access(path_of(fixture, "new", ".nfs0001"), F_OK), 0);
}

static void reading_a_missing_spool_is_said_and_finds_nothing(void **state)
{
    struct fixture *fixture = *state;
    (void)snprintf(fixture->dir, sizeof(fixture->dir), "%s/none", fixture->top);
    assert_read(fixture, 10, "");
    assert_non_null(
        strstr(nq_buf_text(&fixture->log), "spool: it cannot be read and emptied"));
}

/* ---- hostile folders ----------------------------------------------------------------- */

static void only_a_file_that_nobody_else_can_have_written_is_our_own(void **state)
{
    const struct fixture *fixture = *state;
    write_new(fixture, "a", "ours");
    write_new(fixture, "b", "group");
    assert_int_equal(chmod(path_of(fixture, "new", "b"), 0660), 0);
    write_new(fixture, "c", "all");
    assert_int_equal(chmod(path_of(fixture, "new", "c"), 0606), 0);
    assert_read(fixture, 10, "ours|foreign group|foreign all|");
}

static void names_with_control_characters_are_shown_escaped(void **state)
{
    struct fixture *fixture = *state;
    write_new(fixture, "1\nnsx-quarantine: all is well", "");
    write_new(fixture, "2\x1b[31m", "");
    write_new(fixture, "3\xff\r\t", "");
    assert_int_equal(symlink("x", path_of(fixture, "new", "4%s%n")), 0);
    assert_read(fixture, 10, "");
    assert_int_equal(count(fixture, "refused"), 4);
    const char *log = nq_buf_text(&fixture->log);
    assert_non_null(strstr(log, "file=1\\nnsx-quarantine: all is well reason="));
    assert_non_null(strstr(log, "file=2\\x1B[31m reason="));
    assert_non_null(strstr(log, "file=3\\xFF\\r\\t reason="));
    assert_non_null(strstr(log, "file=4%s%n reason="));
    assert_null(strchr(log, '\x1b'));
    size_t lines = 0;
    for (const char *at = log; (at = strchr(at, '\n')); at++) {
        lines++;
    }
    assert_int_equal(lines, 4);
}

static void a_socket_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = path_of(fixture, "new", "socket");
    assert_true(strlen(path) < sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path) + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_read(fixture, 10, "");
    assert_int_equal(count(fixture, "new"), 0);
    assert_int_equal(count(fixture, "refused"), 1);
    (void)close(fd);
}

/* Puts another file under the name that was handed over. */
static void swap(void *arg, const char *name, const char *text, size_t len, bool own)
{
    struct harvest *harvest = arg;
    assert_true(own);
    assert_true(nq_buf_addf(&harvest->texts, "%.*s|", (int)len, text));
    char *path = nq_sprintf("%s/new/%s", harvest->remove_from, name);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    free(path);
    nq_spool_remove(harvest->remove_from, name);
}

static void a_file_that_is_swapped_while_it_is_handled_leads_nowhere(void **state)
{
    struct fixture *fixture = *state;
    struct harvest harvest = {.remove_from = fixture->dir};
    nq_buf_init(&harvest.texts, 65536);
    put(fixture, "one");
    put(fixture, "two");
    assert_int_equal(nq_spool_read(fixture->dir, 10, swap, &harvest), 2);
    assert_string_equal(nq_buf_text(&harvest.texts), "one|two|");
    assert_int_equal(count(fixture, "new"), 0);
    assert_int_equal(access("/etc/passwd", F_OK), 0);
    nq_buf_done(&harvest.texts);
}

static void a_file_that_shrinks_or_grows_between_looks_is_judged_anew(void **state)
{
    struct fixture *fixture = *state;
    write_new(fixture, "a", "a trap of some length");
    assert_read(fixture, 10, "a trap of some length|");
    write_new(fixture, "a", "short");
    assert_read(fixture, 10, "short|");
    write_new(fixture, "a", "");
    assert_read(fixture, 10, "");
    assert_int_equal(count(fixture, "refused"), 1);
}

static void a_folder_that_became_a_symbolic_link_is_neither_read_nor_written(void **state)
{
    static const char *const folders[] = {"new", "tmp", "refused"};
    struct fixture *fixture = *state;
    char elsewhere[128];
    char victim[160];
    (void)snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", fixture->top);
    (void)snprintf(victim, sizeof(victim), "%s/precious", elsewhere);
    assert_int_equal(mkdir(elsewhere, 0700), 0);
    assert_true(close(open(victim, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) == 0);
    for (size_t i = 0; i < 3; i++) {
        struct nq_err err = {0};
        char folder[PATH_SIZE];
        (void)snprintf(folder, sizeof(folder), "%s/%s", fixture->dir, folders[i]);
        remove_all(folder);
        assert_int_equal(symlink(elsewhere, folder), 0);
        assert_read(fixture, 10, "");
        assert_false(nq_spool_put(fixture->dir, "x", 1, &err));
        assert_int_equal(err.code, NQ_SPOOL_WRITE);
        assert_non_null(strstr(err.detail, folders[i]));
        assert_false(nq_spool_prepare(fixture->dir, &err));
        nq_spool_remove(fixture->dir, "precious");
        nq_spool_refuse(fixture->dir, "precious");
        assert_int_equal(access(victim, F_OK), 0);
        assert_int_equal(unlink(folder), 0);
        assert_true(nq_spool_prepare(fixture->dir, NULL));
    }
    assert_non_null(
        strstr(nq_buf_text(&fixture->log), "spool: it cannot be read and emptied"));
    assert_int_equal(unlink(victim), 0);
}

static void what_cannot_be_read_now_stays(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "kept");
    struct harvest harvest = {0};
    nq_buf_init(&harvest.texts, 65536);
    assert_int_equal(nq_spool_read(fixture->dir, 1, take, &harvest), 1);
    const bool root = geteuid() == 0;
    assert_int_equal(chmod(path_of(fixture, "new", harvest.name), 0), 0);
    if (root) { /* for root no file is unreadable */
        assert_int_equal(chmod(fixture->top, 0755), 0);
        assert_int_equal(chown(path_of(fixture, "", ""), NOBODY, NOBODY), 0);
        assert_int_equal(chown(path_of(fixture, "new", ""), NOBODY, NOBODY), 0);
        assert_int_equal(chown(path_of(fixture, "refused", ""), NOBODY, NOBODY), 0);
        assert_int_equal(chown(path_of(fixture, "tmp", ""), NOBODY, NOBODY), 0);
        assert_int_equal(seteuid(NOBODY), 0);
    }
    assert_read(fixture, 10, "");
    if (root) {
        assert_int_equal(seteuid(0), 0);
    }
    assert_non_null(strstr(nq_buf_text(&fixture->log), "it stays file="));
    assert_int_equal(count(fixture, "new"), 1);
    assert_int_equal(count(fixture, "refused"), 0);
    assert_int_equal(chmod(path_of(fixture, "new", harvest.name), 0640), 0);
    assert_read(fixture, 10, "kept|");
    nq_buf_done(&harvest.texts);
}

static void a_spool_that_cannot_be_emptied_is_not_read(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "kept");
    const bool root = geteuid() == 0;
    assert_int_equal(chmod(path_of(fixture, "new", ""), 0550), 0);
    if (root) { /* for root every folder is writable */
        assert_int_equal(chmod(fixture->top, 0755), 0);
        assert_int_equal(chmod(path_of(fixture, "", ""), 0777), 0);
        assert_int_equal(chmod(path_of(fixture, "new", ""), 0555), 0);
        assert_int_equal(chmod(path_of(fixture, "tmp", ""), 0777), 0);
        assert_int_equal(chmod(path_of(fixture, "refused", ""), 0777), 0);
        assert_int_equal(seteuid(NOBODY), 0);
    }
    assert_read(fixture, 10, "");
    if (root) {
        assert_int_equal(seteuid(0), 0);
    }
    assert_non_null(strstr(nq_buf_text(&fixture->log), "/new: Permission denied"));
    assert_int_equal(chmod(path_of(fixture, "new", ""), 0770), 0);
    assert_read(fixture, 10, "kept|");
}

static void a_full_spool_takes_no_more_and_says_so(void **state)
{
    struct fixture *fixture = *state;
    struct nq_err err = {0};
    char base[3 * PATH_SIZE] = "";
    char name[32];
    /* Links are the cheapest names; a file has room for some ten thousand of them. */
    for (int i = 0; i < NQ_SPOOL_FILES_MAX - 1; i++) {
        (void)snprintf(name, sizeof(name), "%06d", i);
        if (base[0] == '\0' || link(base, path_of(fixture, "new", name)) != 0) {
            write_new(fixture, name, "x");
            (void)snprintf(base, sizeof(base), "%s", path_of(fixture, "new", name));
        }
    }
    put(fixture, "the last one");
    assert_false(nq_spool_put(fixture->dir, "x", 1, &err));
    assert_int_equal(err.code, NQ_SPOOL_FULL);
    assert_int_equal(count(fixture, "new"), NQ_SPOOL_FILES_MAX);
    assert_int_equal(count(fixture, "tmp"), 0);
    assert_int_equal(unlink(path_of(fixture, "new", "000007")), 0);
    put(fixture, "room again");
}

/* ---- remove, refuse ----------------------------------------------------------------- */

static void refused_files_are_kept_up_to_a_maximum(void **state)
{
    const struct fixture *fixture = *state;
    char name[32];
    for (int i = 0; i < NQ_SPOOL_REFUSED_MAX + 5; i++) {
        (void)snprintf(name, sizeof(name), "%04d", i);
        write_new(fixture, name, "x");
        nq_spool_refuse(fixture->dir, name);
    }
    assert_int_equal(count(fixture, "new"), 0);
    assert_int_equal(count(fixture, "refused"), NQ_SPOOL_REFUSED_MAX);
    assert_int_equal(access(path_of(fixture, "refused", "0004"), F_OK), -1);
    assert_int_equal(access(path_of(fixture, "refused", "0005"), F_OK), 0);
}

static void a_name_cannot_lead_out_of_the_spool(void **state)
{
    struct fixture *fixture = *state;
    assert_true(close(open(path_of(fixture, "tmp", "x"), O_CREAT | O_WRONLY, 0600)) == 0);
    nq_spool_remove(fixture->dir, "../tmp/x");
    nq_spool_refuse(fixture->dir, "../tmp/x");
    assert_int_equal(access(path_of(fixture, "tmp", "x"), F_OK), 0);
    assert_non_null(strstr(nq_buf_text(&fixture->log), "file=../tmp/x"));
}

static void removing_what_is_gone_is_no_error(void **state)
{
    struct fixture *fixture = *state;
    nq_spool_remove(fixture->dir, "gone");
    nq_spool_refuse(fixture->dir, "gone");
    assert_string_equal(nq_buf_text(&fixture->log), "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(hands_over_what_was_put_oldest_first),
        TEST(files_may_be_removed_while_they_are_handed_over),
        TEST(many_processes_use_different_names),
        TEST(keeps_bytes_of_every_kind),
        TEST(a_put_that_fails_says_why_and_leaves_nothing),
        TEST(prepare_gives_the_group_access_whatever_the_umask),
        TEST(prepare_keeps_what_is_there),
        TEST(prepare_removes_only_old_leftovers_of_tmp),
        TEST(prepare_without_a_parent_fails),
        TEST(moves_what_cannot_be_a_trap_to_refused),
        TEST(takes_files_only_from_those_whom_the_folder_lets_write),
        TEST(ignores_names_that_begin_with_a_dot),
        TEST(reading_a_missing_spool_is_said_and_finds_nothing),
        TEST(only_a_file_that_nobody_else_can_have_written_is_our_own),
        TEST(names_with_control_characters_are_shown_escaped),
        TEST(a_socket_is_refused),
        TEST(a_file_that_is_swapped_while_it_is_handled_leads_nowhere),
        TEST(a_file_that_shrinks_or_grows_between_looks_is_judged_anew),
        TEST(a_folder_that_became_a_symbolic_link_is_neither_read_nor_written),
        TEST(what_cannot_be_read_now_stays),
        TEST(a_spool_that_cannot_be_emptied_is_not_read),
        TEST(a_full_spool_takes_no_more_and_says_so),
        TEST(refused_files_are_kept_up_to_a_maximum),
        TEST(a_name_cannot_lead_out_of_the_spool),
        TEST(removing_what_is_gone_is_no_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
