/* SPDX-License-Identifier: Apache-2.0 */
/* killsync.c: LD_PRELOAD helper that ends a process with SIGKILL at its n-th durable write,
 * so that a test can die between any two of them.
 *
 * KILLSYNC_ARM  a file; it holds "N before" or "N after" and means: die at the N-th sync
 *               from now on, before or after the kernel did it. Nothing happens while the
 *               file is missing. It is removed by the process that dies of it.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int sync_fn(int fd);

static unsigned long syncs_seen;

/* True when this sync is the one to die at; *ret_after says on which side of it. */
static bool is_last(bool *ret_after)
{
    const char *path = getenv("KILLSYNC_ARM");
    char when[8] = "";
    unsigned long at = 0;
    FILE *file = path == NULL ? NULL : fopen(path, "re");

    if (file == NULL) {
        return false;
    }
    if (fscanf(file, "%lu %7s", &at, when) != 2) {
        at = 0;
    }
    (void)fclose(file);
    syncs_seen++;
    *ret_after = strcmp(when, "after") == 0;
    if (at == 0 || syncs_seen != at) {
        return false;
    }
    (void)unlink(path);
    return true;
}

static int sync_or_die(const char *name, int fd)
{
    sync_fn *real;
    void *symbol = dlsym(RTLD_NEXT, name);
    bool after = false;
    bool last = is_last(&after);
    int result;

    /* ISO C has no conversion from void * to a function; POSIX promises the copy works. */
    memcpy(&real, &symbol, sizeof(real));
    if (last && !after) {
        (void)kill(getpid(), SIGKILL);
    }
    result = real(fd);
    if (last) {
        (void)kill(getpid(), SIGKILL);
    }
    return result;
}

/* The two names take the place of libc's. */
__attribute__((visibility("default"))) int fsync(int fd)
{
    return sync_or_die("fsync", fd);
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    return sync_or_die("fdatasync", fd);
}
