/* SPDX-License-Identifier: Apache-2.0 */
/* test_nemesis.c: thousands of random histories, in which every promise is kept.
 *
 * NEMESIS_RUNS=n   so many histories, from number NEMESIS_SEED (1) on
 * NEMESIS_OPS=...  that one history, as a failure prints it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nemesis.h"

#define RUNS_DEFAULT 500

static uint64_t number_of(const char *name, uint64_t preset)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : preset;
}

static void every_random_history_keeps_every_promise(void **state)
{
    (void)state;
    const uint64_t first = number_of("NEMESIS_SEED", 1);
    const uint64_t runs = number_of("NEMESIS_RUNS", RUNS_DEFAULT);
    const struct nemesis_rules rules = {0};
    struct nemesis_history history;
    struct nemesis_verdict verdict;
    uint64_t seed = 0;
    if (nemesis_find(first, runs, NEMESIS_KEPT, &rules, &history, &verdict, &seed)) {
        (void)nemesis_shrink(&history, &rules, &verdict);
        nemesis_tell(&history, &verdict);
        fail_msg("NEMESIS_SEED=%llu breaks a promise", (unsigned long long)seed);
    }
}

static void one_given_history_keeps_every_promise(void **state)
{
    (void)state;
    const char *text = getenv("NEMESIS_OPS");
    const char *unknown = NULL;
    struct nemesis_history history;
    struct nemesis_verdict verdict;
    if (!text) {
        skip();
    }
    if (!nemesis_read(text, &history, &unknown)) {
        fail_msg("NEMESIS_OPS: what is this? %s", unknown);
    }
    if (!nemesis_play(&history, &(const struct nemesis_rules){0}, &verdict)) {
        nemesis_tell(&history, &verdict);
        fail_msg("it breaks a promise");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_random_history_keeps_every_promise),
        cmocka_unit_test(one_given_history_keeps_every_promise),
    };
    return cmocka_run_group_tests_name("nemesis", tests, NULL, NULL);
}
