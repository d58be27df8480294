/* SPDX-License-Identifier: Apache-2.0 */
/* test_scan.c: when a finished scan shows that a VM is clean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "quarantine/scan.h"

#define HOUR INT64_C(3600000)

static void a_scan_that_began_after_the_last_detection_is_clean(void **state)
{
    (void)state;
    assert_true(nq_scan_is_clean(3 * HOUR, 2 * HOUR));
}

static void a_scan_that_may_have_begun_before_the_detection_proves_nothing(void **state)
{
    (void)state;
    assert_false(nq_scan_is_clean(HOUR, 2 * HOUR));
    assert_false(nq_scan_is_clean(0, 2 * HOUR));
    /* The detection may be the scan's own. */
    assert_false(nq_scan_is_clean(2 * HOUR, 2 * HOUR));
}

static void a_clock_that_was_set_back_proves_nothing(void **state)
{
    (void)state;
    assert_false(nq_scan_is_clean(-5 * HOUR, HOUR));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scan_that_began_after_the_last_detection_is_clean),
        cmocka_unit_test(a_scan_that_may_have_begun_before_the_detection_proves_nothing),
        cmocka_unit_test(a_clock_that_was_set_back_proves_nothing),
    };
    return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
