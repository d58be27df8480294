/* SPDX-License-Identifier: Apache-2.0 */
/* spool.c: see spool.h. Every path is opened once as a directory and never again by name,
 * so nobody can swap a folder between two steps. */
#include "trap/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "trap/folder.h"
#include "trap/text.h"

#define FOLDER_MODE 0770
#define FILE_MODE   0640
#define NAME_SIZE   64
#define STALE_S     3600 /* put() takes milliseconds; older files in tmp/ are left-overs */

enum folder { FOLDER_TMP, FOLDER_NEW, FOLDER_REFUSED, FOLDER_COUNT };

static const char *const folder_names[FOLDER_COUNT] = {"tmp", "new", "refused"};

/* Open descriptors of the spool and its folders; -1 where there is none. */
struct spool {
    int root;
    int folders[FOLDER_COUNT];
};

/* ---- folders ------------------------------------------------------------------------ */

static void close_spool(struct spool *spool)
{
    const int saved = errno;
    for (size_t i = 0; i < FOLDER_COUNT; i++) {
        if (spool->folders[i] >= 0) {
            (void)close(spool->folders[i]);
        }
    }
    if (spool->root >= 0) {
        (void)close(spool->root);
    }
    errno = saved;
}

static bool open_spool(const char *dir, struct spool *ret_spool, struct nq_err *reterr)
{
    struct spool spool = {.root = -1, .folders = {-1, -1, -1}};
    spool.root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (spool.root < 0) {
        return nq_fail_errno(reterr, NQ_SPOOL_WRITE, "%s", dir);
    }
    for (size_t i = 0; i < FOLDER_COUNT; i++) {
        spool.folders[i] = nq_folder_open(spool.root, folder_names[i]);
        if (spool.folders[i] < 0) {
            nq_fail_errno(reterr, NQ_SPOOL_WRITE, "%s/%s", dir, folder_names[i]);
            close_spool(&spool);
            return false;
        }
    }
    *ret_spool = spool;
    return true;
}

/* The mode is set after the fact, because the umask must not narrow it: snmptrapd and the
 * engine may be two users that share a group. */
static bool make_folder(int at, const char *name)
{
    if (mkdirat(at, name, FOLDER_MODE) != 0) {
        return errno == EEXIST;
    }
    const int fd = nq_folder_open(at, name);
    if (fd < 0) {
        return false;
    }
    const bool done = fchmod(fd, FOLDER_MODE) == 0 && fsync(fd) == 0;
    (void)close(fd);
    return done;
}

/* ---- prepare ------------------------------------------------------------------------ */

static void remove_stale(int tmp)
{
    const int64_t now_s = nq_wall_ms(&nq_system_clock) / 1000;
    struct nq_names names;
    nq_folder_names(tmp, NQ_SPOOL_FILES_MAX, &names);
    for (size_t i = 0; i < names.count; i++) {
        struct stat info;
        if (fstatat(tmp, names.list[i], &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(info.st_mode) && info.st_mtime < now_s - STALE_S) {
            (void)unlinkat(tmp, names.list[i], 0);
        }
    }
    nq_names_done(&names);
}

bool nq_spool_prepare(const char *dir, struct nq_err *reterr)
{
    if (!make_folder(AT_FDCWD, dir)) {
        return nq_fail_errno(reterr, NQ_SPOOL_WRITE, "%s", dir);
    }
    const int root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) {
        return nq_fail_errno(reterr, NQ_SPOOL_WRITE, "%s", dir);
    }
    for (size_t i = 0; i < FOLDER_COUNT; i++) {
        if (!make_folder(root, folder_names[i])) {
            nq_fail_errno(reterr, NQ_SPOOL_WRITE, "%s/%s", dir, folder_names[i]);
            (void)close(root);
            return false;
        }
    }
    const bool durable = fsync(root) == 0;
    (void)close(root);
    struct spool spool;
    if (!durable) {
        return nq_fail_errno(reterr, NQ_SPOOL_WRITE, "%s", dir);
    }
    if (!open_spool(dir, &spool, reterr)) {
        return false;
    }
    remove_stale(spool.folders[FOLDER_TMP]);
    close_spool(&spool);
    return true;
}

/* ---- put ---------------------------------------------------------------------------- */

static bool write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        const ssize_t written = write(fd, text, len);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        if (written > 0) {
            text += written;
            len -= (size_t)written;
        }
    }
    return true;
}

/* Sorts by time; the process and the counter keep it unique within one nanosecond. */
static void make_name(char *name, size_t size)
{
    static unsigned counter;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)snprintf(name, size, "%011" PRId64 "%09ld.%010ld.%06u", (int64_t)now.tv_sec,
                   now.tv_nsec, (long)getpid(), counter++);
}

static bool write_file(int folder, const char *name, const char *text, size_t len)
{
    const int fd = openat(
        folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (fd < 0) {
        return false;
    }
    bool done = fchmod(fd, FILE_MODE) == 0 && write_all(fd, text, len) && fsync(fd) == 0;
    const int saved = errno;
    if (close(fd) != 0 && done) {
        return false;
    }
    errno = saved;
    return done;
}

static bool put(const struct spool *spool, const char *text, size_t len)
{
    const int tmp = spool->folders[FOLDER_TMP];
    const int new = spool->folders[FOLDER_NEW];
    char name[NAME_SIZE];
    make_name(name, sizeof(name));
    if (write_file(tmp, name, text, len) && renameat(tmp, name, new, name) == 0) {
        return fsync(new) == 0;
    }
    const int saved = errno;
    (void)unlinkat(tmp, name, 0);
    errno = saved;
    return false;
}

bool nq_spool_put(const char *dir, const char *text, size_t len, struct nq_err *reterr)
{
    struct spool spool;
    if (len > NQ_TRAP_TEXT_MAX) {
        return nq_fail(reterr, NQ_TRAP_TOO_LARGE,
                       "%zu bytes of text, at most %d are taken", len, NQ_TRAP_TEXT_MAX);
    }
    if (!open_spool(dir, &spool, reterr)) {
        return false;
    }
    bool done = false;
    if (nq_folder_count(spool.folders[FOLDER_NEW]) >= NQ_SPOOL_FILES_MAX) {
        nq_fail(reterr, NQ_SPOOL_FULL, "%d files in %s/new", NQ_SPOOL_FILES_MAX, dir);
    } else if (!put(&spool, text, len)) {
        nq_fail_errno(reterr, NQ_SPOOL_WRITE, "%s", dir);
    } else {
        done = true;
    }
    close_spool(&spool);
    return done;
}

/* ---- read --------------------------------------------------------------------------- */

/* NULL, or why this file is not one of ours. One link: a hard link could show us a file
 * from elsewhere. */
static const char *why_not(int folder, const struct stat *file)
{
    struct stat home;
    if (!S_ISREG(file->st_mode)) {
        return "it is no regular file";
    }
    if (file->st_nlink != 1) {
        return "it has more than one link";
    }
    if (file->st_size <= 0 || file->st_size > NQ_TRAP_TEXT_MAX) {
        return "its size is not that of a trap";
    }
    if (fstat(folder, &home) != 0) {
        return "its folder cannot be examined";
    }
    if (file->st_uid == geteuid() || file->st_uid == 0 || file->st_uid == home.st_uid ||
        (file->st_gid == home.st_gid && (home.st_mode & S_IWGRP))) {
        return NULL;
    }
    return "its owner may not write here";
}

/* Nobody but our own user could have written it. */
static bool is_own(const struct stat *file)
{
    return file->st_uid == geteuid() && !(file->st_mode & (S_IWGRP | S_IWOTH));
}

/* The text of a file, or NULL and the reason why there is none. The caller frees. */
struct found {
    char *text;
    size_t len;
    bool own;
    const char *reason;
    bool for_good; /* no later look will find a trap in this file */
};

static struct found missing(const char *reason, bool for_good)
{
    return (struct found){.reason = reason, .for_good = for_good};
}

static struct found read_text(int fd, const struct stat *file)
{
    const size_t size = (size_t)file->st_size;
    struct found found = {.text = nq_calloc(size + 1, 1), .own = is_own(file)};
    while (found.len < size) {
        const ssize_t got = read(fd, found.text + found.len, size - found.len);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            free(found.text);
            return missing("it could not be read to its end", false);
        }
        found.len += got > 0 ? (size_t)got : 0;
    }
    return found;
}

static struct found read_file(int folder, const char *name)
{
    const int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        /* ENXIO: a socket. */
        return errno == ELOOP ? missing("it is a symbolic link", true)
                              : missing(strerror(errno), errno == ENXIO);
    }
    struct stat info;
    struct found found;
    if (fstat(fd, &info) != 0) {
        found = missing(strerror(errno), false);
    } else {
        const char *reason = why_not(folder, &info);
        found = reason ? missing(reason, true) : read_text(fd, &info);
    }
    (void)close(fd);
    return found;
}

/* For what is said again at every look. */
static bool may_log(void)
{
    static struct nq_log_limit limit;
    return nq_log_allows(&limit, nq_mono_ms(&nq_system_clock), "troubles with the spool");
}

static void trim_refused(int refused)
{
    struct nq_names names;
    nq_folder_names(refused, NQ_SPOOL_FILES_MAX, &names);
    for (size_t i = 0; i + NQ_SPOOL_REFUSED_MAX < names.count; i++) {
        (void)unlinkat(refused, names.list[i], 0);
    }
    nq_names_done(&names);
}

static void move_to_refused(const struct spool *spool, const char *name)
{
    const int refused = spool->folders[FOLDER_REFUSED];
    if (renameat(spool->folders[FOLDER_NEW], name, refused, name) != 0 &&
        errno != ENOENT) {
        const int why = errno;
        if (may_log()) {
            nq_log(NQ_LOG_ERROR,
                   "spool: a refused file cannot be moved away file=%s err=%s", name,
                   strerror(why));
        }
        return;
    }
    trim_refused(refused);
}

static void pass_over(const struct spool *spool, const char *name,
                      const struct found *found)
{
    if (found->for_good) {
        nq_log(NQ_LOG_WARNING, "spool: a file is moved to refused/ file=%s reason=%s",
               name, found->reason);
        move_to_refused(spool, name);
    } else if (may_log()) {
        nq_log(NQ_LOG_ERROR, "spool: a file cannot be read, it stays file=%s reason=%s",
               name, found->reason);
    }
}

/* A spool that could not be emptied would be taken in again at every look: on a disk that
 * became read-only, or when the folder has the wrong owner. */
static bool open_to_empty(const char *dir, struct spool *ret_spool, struct nq_err *reterr)
{
    if (!open_spool(dir, ret_spool, reterr)) {
        return false;
    }
    if (faccessat(ret_spool->folders[FOLDER_NEW], ".", W_OK, AT_EACCESS) == 0) {
        return true;
    }
    nq_fail_errno(reterr, NQ_SPOOL_WRITE, "%s/new", dir);
    close_spool(ret_spool);
    return false;
}

size_t nq_spool_read(const char *dir, size_t most, nq_spool_fn *fn, void *arg)
{
    struct spool spool;
    struct nq_err err;
    if (!open_to_empty(dir, &spool, &err)) {
        if (may_log()) {
            nq_log(NQ_LOG_ERROR, "spool: it cannot be read and emptied err=%s",
                   err.detail);
        }
        return 0;
    }
    struct nq_names names;
    size_t handed = 0;
    nq_folder_names(spool.folders[FOLDER_NEW], NQ_SPOOL_FILES_MAX, &names);
    for (size_t i = 0; i < names.count && handed < most; i++) {
        const struct found found = read_file(spool.folders[FOLDER_NEW], names.list[i]);
        if (found.text) {
            fn(arg, names.list[i], found.text, found.len, found.own);
            free(found.text);
            handed++;
        } else {
            pass_over(&spool, names.list[i], &found);
        }
    }
    nq_names_done(&names);
    close_spool(&spool);
    return handed;
}

/* ---- remove, refuse ----------------------------------------------------------------- */

/* Names come from nq_spool_read(); anything with a slash would leave the folder. */
static bool open_for(const char *dir, const char *name, struct spool *ret_spool)
{
    struct nq_err err;
    if (strchr(name, '/') || !open_spool(dir, ret_spool, &err)) {
        nq_log(NQ_LOG_ERROR, "spool: a file cannot be taken away file=%s", name);
        return false;
    }
    return true;
}

void nq_spool_remove(const char *dir, const char *name)
{
    struct spool spool;
    if (!open_for(dir, name, &spool)) {
        return;
    }
    if (unlinkat(spool.folders[FOLDER_NEW], name, 0) != 0 && errno != ENOENT) {
        nq_log(NQ_LOG_ERROR, "spool: a file cannot be removed file=%s err=%s", name,
               strerror(errno));
    }
    close_spool(&spool);
}

void nq_spool_refuse(const char *dir, const char *name)
{
    struct spool spool;
    if (open_for(dir, name, &spool)) {
        move_to_refused(&spool, name);
        close_spool(&spool);
    }
}
