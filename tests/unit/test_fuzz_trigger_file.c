/* SPDX-License-Identifier: Apache-2.0 */
/* Replays the corpus of the fuzzer of files of triggers, and what we ship. */
#include "../fuzz/fuzz_trigger_file.c"

#include "replay.h"

static void replays_the_corpus_and_every_cut_of_it(void **state)
{
    (void)state;
    replay("tests/data/fuzz/fuzz_trigger_file", 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replays_the_corpus_and_every_cut_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
