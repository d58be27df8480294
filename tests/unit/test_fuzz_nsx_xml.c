/* SPDX-License-Identifier: Apache-2.0 */
/* Replays the corpus of the fuzzer of what NSX for vSphere and vCenter answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#include "../fuzz/fuzz_nsx_xml.c"

#define CORPUS   "tests/data/fuzz/fuzz_nsx_xml"
#define SEED_MAX 65536

static size_t read_seed(const char *name, uint8_t *data)
{
    char *path = nq_sprintf("%s/%s", CORPUS, name);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    const size_t len = fread(data, 1, SEED_MAX, file);
    assert_true(feof(file));
    (void)fclose(file);
    free(path);
    return len;
}

static void replays_the_corpus_and_every_cut_of_it(void **state)
{
    size_t files = 0;
    (void)state;
    uint8_t *data = nq_calloc(SEED_MAX, 1);
    DIR *stream = opendir(CORPUS);
    assert_non_null(stream);
    for (const struct dirent *entry; (entry = readdir(stream));) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        const size_t len = read_seed(entry->d_name, data);
        for (size_t cut = 0; cut <= len; cut++) {
            assert_int_equal(LLVMFuzzerTestOneInput(data, cut), 0);
        }
        files++;
    }
    (void)closedir(stream);
    free(data);
    assert_true(files >= 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replays_the_corpus_and_every_cut_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
