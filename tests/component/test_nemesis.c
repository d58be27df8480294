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

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nemesis.h"

#define RUNS_DEFAULT 500

/* Of the history that is lived through just now. */
static uint64_t seed;

static uint64_t number_of(const char *name, uint64_t preset)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : preset;
}

/* Where it died; the process is about to end, so what is not safe in a handler may be used. */
static void tell_seed(void)
{
    (void)fprintf(stderr, "NEMESIS_SEED=%llu ends the process\n",
                  (unsigned long long)seed);
}

static void on_abort(int number)
{
    (void)number;
    tell_seed();
}

/* Of the sanitizers, where they are linked in. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void every_random_history_keeps_every_promise(void **state)
{
    (void)state;
    const uint64_t runs = number_of("NEMESIS_RUNS", RUNS_DEFAULT);
    const struct nemesis_rules rules = {0};
    struct nemesis_history history;
    struct nemesis_verdict verdict;
    if (nemesis_find(number_of("NEMESIS_SEED", 1), runs, NEMESIS_KEPT, &rules, &history,
                     &verdict, &seed)) {
        (void)nemesis_shrink(&history, &rules, &verdict);
        nemesis_tell(&history, &verdict);
        fail_msg("NEMESIS_SEED=%llu breaks a promise", (unsigned long long)seed);
    }
}

static void that_history_keeps_every_promise(void **state)
{
    (void)state;
    const char *unknown = NULL;
    struct nemesis_history history;
    struct nemesis_verdict verdict;
    if (!nemesis_read(getenv("NEMESIS_OPS"), &history, &unknown)) {
        fail_msg("NEMESIS_OPS: what is this? %s", unknown);
    }
    if (!nemesis_play(&history, &(const struct nemesis_rules){0}, &verdict)) {
        nemesis_tell(&history, &verdict);
        fail_msg("it breaks a promise");
    }
}

/* ---- the nemesis itself ---------------------------------------------------------------- */

static void a_history_that_was_written_down_is_read_back(void **state)
{
    (void)state;
    for (uint64_t number = 1; number < 200; number++) {
        char text[NEMESIS_TEXT_MAX];
        const char *unknown = NULL;
        struct nemesis_history history;
        struct nemesis_history back;
        nemesis_invent(number, &history);
        nemesis_write(&history, text, sizeof(text));
        assert_true(nemesis_read(text, &back, &unknown));
        assert_int_equal(back.count, history.count);
        assert_memory_equal(back.ops, history.ops,
                            history.count * sizeof(history.ops[0]));
    }
}

static void a_word_that_means_nothing_is_named(void **state)
{
    (void)state;
    const char *unknown = NULL;
    struct nemesis_history history;
    assert_false(nemesis_read("turn; detect VDI-01 Eicar nobody", &history, &unknown));
    assert_string_equal(unknown, "nobody");
    assert_false(nemesis_read("turn turn", &history, &unknown));
    assert_false(nemesis_read("detect VDI-01", &history, &unknown));
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(every_random_history_keeps_every_promise),
        cmocka_unit_test(a_history_that_was_written_down_is_read_back),
        cmocka_unit_test(a_word_that_means_nothing_is_named),
    };
    const struct CMUnitTest one[] = {
        cmocka_unit_test(that_history_keeps_every_promise),
    };
    (void)signal(SIGABRT, on_abort);
    if (__sanitizer_set_death_callback) {
        __sanitizer_set_death_callback(tell_seed);
    }
    return getenv("NEMESIS_OPS")
               ? cmocka_run_group_tests_name("nemesis, one history", one, NULL, NULL)
               : cmocka_run_group_tests_name("nemesis", all, NULL, NULL);
}
