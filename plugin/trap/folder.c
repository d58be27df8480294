/* SPDX-License-Identifier: Apache-2.0 */
/* folder.c: see folder.h. */
#include "trap/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

int nq_folder_open(int at, const char *name)
{
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add(struct nq_names *names, const char *name)
{
    if (names->count == names->room) {
        names->room = names->room ? names->room * 2 : 64;
        names->list = nq_realloc(names->list, names->room, sizeof(*names->list));
    }
    names->list[names->count++] = nq_strdup(name);
}

void nq_names_done(struct nq_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->list[i]);
    }
    free(names->list);
    *names = (struct nq_names){0};
}

/* A stream of its own, so that the folder's descriptor keeps its place. */
static DIR *open_stream(int folder)
{
    const int fd = nq_folder_open(folder, ".");
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (!stream && fd >= 0) {
        (void)close(fd);
    }
    return stream;
}

size_t nq_folder_count(int folder)
{
    size_t count = 0;
    DIR *stream = open_stream(folder);
    if (stream) {
        for (const struct dirent *entry; (entry = readdir(stream));) {
            count += entry->d_name[0] != '.';
        }
        (void)closedir(stream);
    }
    return count;
}

void nq_folder_names(int folder, size_t most, struct nq_names *ret_names)
{
    *ret_names = (struct nq_names){0};
    DIR *stream = open_stream(folder);
    if (!stream) {
        return;
    }
    for (const struct dirent *entry;
         ret_names->count < most && (entry = readdir(stream));) {
        if (entry->d_name[0] != '.') {
            add(ret_names, entry->d_name);
        }
    }
    (void)closedir(stream);
    if (ret_names->count > 0) {
        qsort(ret_names->list, ret_names->count, sizeof(*ret_names->list), by_name);
    }
}
