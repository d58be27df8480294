/* SPDX-License-Identifier: Apache-2.0 */
/* Replays the corpus of the fuzzer of what an NSX Manager answers in JSON. */
#include "../fuzz/fuzz_nsx_json.c"

#include "replay.h"

static void replays_the_corpus_and_every_cut_of_it(void **state)
{
    (void)state;
    replay("tests/data/fuzz/fuzz_nsx_json", 37);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replays_the_corpus_and_every_cut_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
