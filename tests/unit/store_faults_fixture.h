/* SPDX-License-Identifier: Apache-2.0 */
/* store_faults_fixture.h: a disk that is full or that cannot sync, and kill -9, at any write of
 * SQLite. A program includes it once. */
#ifndef NQ_TESTS_STORE_FAULTS_FIXTURE_H
#define NQ_TESTS_STORE_FAULTS_FIXTURE_H

#include "store_fixture.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/syscall.h>

/* ---- faults: SQLite's own calls, through the hook that it has for tests --------------- */

enum fault { NO_FAULT, DISK_FULL, KILL_MINUS_NINE };

static enum fault fault;
static int writes_left; /* until the fault */

static inline bool write_fails(void)
{
    return fault != NO_FAULT && writes_left-- <= 0;
}

static inline ssize_t faulty_pwrite(int fd, const void *data, size_t size, off_t at)
{
    if (write_fails()) {
        if (fault == KILL_MINUS_NINE) {
            /* Half of it is on the disk. */
            (void)!pwrite(fd, data, size / 2, at);
            (void)kill(getpid(), SIGKILL);
        }
        errno = ENOSPC;
        return -1;
    }
    return pwrite(fd, data, size, at);
}

static inline int inject_faults(void **state)
{
    (void)state;
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    static const char *const names[] = {"pwrite", "pwrite64"};
    int injected = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (vfs->xGetSystemCall(vfs, names[i])) {
            injected += vfs->xSetSystemCall(vfs, names[i],
                                            (sqlite3_syscall_ptr)faulty_pwrite) == 0;
        }
    }
    return injected > 0 ? 0 : -1;
}

static inline void set_fault(enum fault kind, int after_writes)
{
    fault = kind;
    writes_left = after_writes;
}

/* Syncs are not behind that hook. The program's own definition goes before libc's. */
static int syncs;
static bool sync_fails;
static const char *sync_fails_in; /* only in paths that hold this; NULL: in all */

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    char link[32];
    char path[PATH_MAX] = "";
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    const bool named = readlink(link, path, sizeof(path) - 1) > 4;
    syncs += named && strstr(path, "-wal") != NULL;
    if (sync_fails && (!sync_fails_in || strstr(path, sync_fails_in))) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
    return fdatasync(fd);
}

#endif
