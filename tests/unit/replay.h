/* SPDX-License-Identifier: Apache-2.0 */
/* replay.h: runs a fuzzer over its corpus, and over every cut of each seed, as one test.
 * The program that includes it has included the fuzzer before. */
#ifndef NQ_TESTS_REPLAY_H
#define NQ_TESTS_REPLAY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#define SEED_MAX 65536

static size_t read_seed(const char *folder, const char *name, uint8_t *data)
{
    char *path = nq_sprintf("%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    const size_t len = fread(data, 1, SEED_MAX, file);
    assert_true(feof(file));
    (void)fclose(file);
    free(path);
    return len;
}

/* The folder holds at least so many seeds: an empty one would prove nothing. */
static void replay(const char *folder, size_t least)
{
    size_t files = 0;
    uint8_t *data = nq_calloc(SEED_MAX, 1);
    DIR *stream = opendir(folder);
    assert_non_null(stream);
    for (const struct dirent *entry; (entry = readdir(stream));) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        const size_t len = read_seed(folder, entry->d_name, data);
        for (size_t cut = 0; cut <= len; cut++) {
            assert_int_equal(LLVMFuzzerTestOneInput(data, cut), 0);
        }
        files++;
    }
    (void)closedir(stream);
    free(data);
    assert_true(files >= least);
}

#endif
