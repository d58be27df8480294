/* SPDX-License-Identifier: Apache-2.0 */
/* baddisk.c: LD_PRELOAD helper that makes a folder stand on a disk that is full, has become
 * read-only or loses what is written, for tests where nothing can be mounted.
 *
 * BADDISK_ARM  a file; it holds "ENOSPC FOLDER", "EROFS FOLDER" or "EIO FOLDER". Nothing
 *              happens while the file is missing.
 *
 * A full disk refuses to write and to make; a read-only one also to change, to rename, to
 * remove and to open for writing. What is there can be read. One that loses what is written
 * takes everything and says so at fsync(2) and fdatasync(2).
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* What happens there: it makes or fills something, it changes what is there, or it asks
 * whether that is on the disk. */
enum kind { FILLS, CHANGES, SYNCS };

static const struct fault {
    const char *name;
    int error;
    bool hits[SYNCS + 1];
} faults[] = {
    {"ENOSPC", ENOSPC, {[FILLS] = true}},
    {"EROFS", EROFS, {[FILLS] = true, [CHANGES] = true}},
    {"EIO", EIO, {[SYNCS] = true}},
};

/* ---- the fault ----------------------------------------------------------------------- */

static void *next_of(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* ISO C has no conversion from void * to a function; POSIX promises the copy works. */
#define REAL(type, name)                                                                 \
    __typeof__(type) real;                                                               \
    void *symbol = next_of(name);                                                        \
    memcpy(&real, &symbol, sizeof(real))

/* The error for path, or 0. Reads with the system's own calls, which are not ours here. */
static int fault_at(const char *path, enum kind kind)
{
    const char *arm = getenv("BADDISK_ARM");
    char text[PATH_MAX + 16] = "";
    if (!arm) {
        return 0;
    }
    const int saved = errno;
    FILE *file = fopen(arm, "re");
    const bool read_it = file && fgets(text, sizeof(text), file);
    if (file) {
        (void)fclose(file);
    }
    errno = saved;
    char *folder = strchr(text, ' ');
    if (!read_it || !folder) {
        return 0;
    }
    *folder++ = '\0';
    folder[strcspn(folder, "\n")] = '\0';
    const size_t len = strlen(folder);
    const bool there =
        strncmp(path, folder, len) == 0 && (path[len] == '\0' || path[len] == '/');
    for (size_t i = 0; there && i < sizeof(faults) / sizeof(faults[0]); i++) {
        if (strcmp(text, faults[i].name) == 0 && faults[i].hits[kind]) {
            return faults[i].error;
        }
    }
    return 0;
}

static int fault_of(int fd, enum kind kind)
{
    char link[48];
    char path[PATH_MAX];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    const int saved = errno;
    const ssize_t len = readlink(link, path, sizeof(path) - 1);
    errno = saved;
    if (len <= 0) {
        return 0;
    }
    path[len] = '\0';
    return fault_at(path, kind);
}

static int fault_in(int folder, const char *name, enum kind kind)
{
    return name[0] == '/'       ? fault_at(name, kind)
           : folder == AT_FDCWD ? 0
                                : fault_of(folder, kind);
}

/* Leaves the function that holds it when there is a fault. */
#define FAIL_IF(fault)                                                                   \
    do {                                                                                 \
        const int why = (fault);                                                         \
        if (why) {                                                                       \
            errno = why;                                                                 \
            return -1;                                                                   \
        }                                                                                \
    } while (0)

/* ---- opening ------------------------------------------------------------------------- */

/* A full disk lets an empty file be made; a read-only one lets nothing be opened for
 * writing. */
static int fault_of_open(int folder, const char *name, int flags)
{
    const bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
    return writes ? fault_in(folder, name, CHANGES) : 0;
}

static mode_t mode_of(int flags, va_list args)
{
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

#define DEFINE_OPEN(name)                                                                \
    EXPORT int name(const char *path, int flags, ...)                                    \
    {                                                                                    \
        va_list args;                                                                    \
        va_start(args, flags);                                                           \
        const mode_t mode = mode_of(flags, args);                                        \
        va_end(args);                                                                    \
        FAIL_IF(fault_of_open(AT_FDCWD, path, flags));                                   \
        REAL(int (*)(const char *, int, ...), #name);                                    \
        return real(path, flags, mode);                                                  \
    }
#define DEFINE_OPENAT(name)                                                              \
    EXPORT int name(int folder, const char *path, int flags, ...)                        \
    {                                                                                    \
        va_list args;                                                                    \
        va_start(args, flags);                                                           \
        const mode_t mode = mode_of(flags, args);                                        \
        va_end(args);                                                                    \
        FAIL_IF(fault_of_open(folder, path, flags));                                     \
        REAL(int (*)(int, const char *, int, ...), #name);                               \
        return real(folder, path, flags, mode);                                          \
    }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

/* ---- writing ------------------------------------------------------------------------- */

EXPORT ssize_t write(int fd, const void *data, size_t size)
{
    FAIL_IF(fault_of(fd, FILLS));
    REAL(ssize_t(*)(int, const void *, size_t), "write");
    return real(fd, data, size);
}

EXPORT ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    FAIL_IF(fault_of(fd, FILLS));
    REAL(ssize_t(*)(int, const void *, size_t, off_t), "pwrite");
    return real(fd, data, size, at);
}

EXPORT ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
    FAIL_IF(fault_of(fd, FILLS));
    REAL(ssize_t(*)(int, const void *, size_t, off64_t), "pwrite64");
    return real(fd, data, size, at);
}

EXPORT int ftruncate(int fd, off_t size)
{
    FAIL_IF(fault_of(fd, CHANGES));
    REAL(int (*)(int, off_t), "ftruncate");
    return real(fd, size);
}

EXPORT int ftruncate64(int fd, off64_t size)
{
    FAIL_IF(fault_of(fd, CHANGES));
    REAL(int (*)(int, off64_t), "ftruncate64");
    return real(fd, size);
}

EXPORT int fsync(int fd)
{
    FAIL_IF(fault_of(fd, SYNCS));
    REAL(int (*)(int), "fsync");
    return real(fd);
}

EXPORT int fdatasync(int fd)
{
    FAIL_IF(fault_of(fd, SYNCS));
    REAL(int (*)(int), "fdatasync");
    return real(fd);
}

/* ---- names --------------------------------------------------------------------------- */

/* What is there already is said first. */
static int fault_of_mkdir(int folder, const char *path)
{
    struct stat info;
    const int fault = fault_in(folder, path, FILLS);
    return fault && fstatat(folder, path, &info, AT_SYMLINK_NOFOLLOW) == 0 ? EEXIST
                                                                           : fault;
}

EXPORT int mkdir(const char *path, mode_t mode)
{
    FAIL_IF(fault_of_mkdir(AT_FDCWD, path));
    REAL(int (*)(const char *, mode_t), "mkdir");
    return real(path, mode);
}

EXPORT int mkdirat(int folder, const char *path, mode_t mode)
{
    FAIL_IF(fault_of_mkdir(folder, path));
    REAL(int (*)(int, const char *, mode_t), "mkdirat");
    return real(folder, path, mode);
}

EXPORT int unlink(const char *path)
{
    FAIL_IF(fault_at(path, CHANGES));
    REAL(int (*)(const char *), "unlink");
    return real(path);
}

EXPORT int unlinkat(int folder, const char *path, int flags)
{
    FAIL_IF(fault_in(folder, path, CHANGES));
    REAL(int (*)(int, const char *, int), "unlinkat");
    return real(folder, path, flags);
}

EXPORT int renameat(int from, const char *old, int to, const char *new)
{
    FAIL_IF(fault_in(to, new, CHANGES));
    REAL(int (*)(int, const char *, int, const char *), "renameat");
    return real(from, old, to, new);
}

EXPORT int faccessat(int folder, const char *path, int mode, int flags)
{
    FAIL_IF(mode & W_OK ? fault_in(folder, path, CHANGES) : 0);
    REAL(int (*)(int, const char *, int, int), "faccessat");
    return real(folder, path, mode, flags);
}
