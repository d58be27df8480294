/* SPDX-License-Identifier: Apache-2.0 */
/* Those who wait are told once, in their order, whatever they do meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "nsx/waits.h"

static struct nq_waits waits;
static struct nq_wait rows[4];
static char seen[16];

static char letter_of(const void *arg)
{
    return (char)('a' + ((const struct nq_wait *)arg - rows));
}

static void note(void *arg, const struct nq_err *err)
{
    const size_t len = strlen(seen);
    seen[len] = err ? '!' : letter_of(arg);
    seen[len + 1] = '\0';
}

static void note_and_leave_the_next(void *arg, const struct nq_err *err)
{
    note(arg, err);
    nq_wait_leave((struct nq_wait *)arg + 1);
}

static void note_and_wait_again(void *arg, const struct nq_err *err)
{
    note(arg, err);
    nq_waits_add(&waits, arg, note, arg);
}

static int begin(void **state)
{
    (void)state;
    memset(&waits, 0, sizeof(waits));
    memset(rows, 0, sizeof(rows));
    seen[0] = '\0';
    return 0;
}

static void all_are_told_in_order_and_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        nq_waits_add(&waits, &rows[i], note, &rows[i]);
    }
    nq_waits_tell(&waits, NULL);
    nq_waits_tell(&waits, NULL);
    assert_string_equal(seen, "abc");
}

static void an_error_reaches_all(void **state)
{
    const struct nq_err err = {.code = NQ_NSX_TIMEOUT};
    (void)state;
    nq_waits_add(&waits, &rows[0], note, &rows[0]);
    nq_waits_add(&waits, &rows[1], note, &rows[1]);
    nq_waits_tell(&waits, &err);
    assert_string_equal(seen, "!!");
}

static void who_left_is_not_told_even_while_others_are(void **state)
{
    (void)state;
    nq_waits_add(&waits, &rows[0], note_and_leave_the_next, &rows[0]);
    nq_waits_add(&waits, &rows[1], note, &rows[1]);
    nq_waits_add(&waits, &rows[2], note, &rows[2]);
    nq_waits_add(&waits, &rows[3], note, &rows[3]);
    nq_wait_leave(&rows[3]);
    nq_wait_leave(&rows[3]);
    nq_waits_tell(&waits, NULL);
    assert_string_equal(seen, "ac");
}

static void who_waits_again_is_told_the_next_time(void **state)
{
    (void)state;
    nq_waits_add(&waits, &rows[0], note_and_wait_again, &rows[0]);
    nq_waits_tell(&waits, NULL);
    assert_string_equal(seen, "a");
    nq_waits_tell(&waits, NULL);
    assert_string_equal(seen, "aa");
}

static void who_is_forgotten_is_not_told(void **state)
{
    (void)state;
    nq_waits_add(&waits, &rows[0], note, &rows[0]);
    nq_waits_forget(&waits);
    nq_waits_tell(&waits, NULL);
    assert_string_equal(seen, "");
    nq_wait_leave(&rows[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_are_told_in_order_and_once, begin),
        cmocka_unit_test_setup(an_error_reaches_all, begin),
        cmocka_unit_test_setup(who_left_is_not_told_even_while_others_are, begin),
        cmocka_unit_test_setup(who_waits_again_is_told_the_next_time, begin),
        cmocka_unit_test_setup(who_is_forgotten_is_not_told, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
