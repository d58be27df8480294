/* SPDX-License-Identifier: Apache-2.0 */
/* The text form of UUIDs, and everything that only looks like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/uuid.h"

static void reads_both_cases_and_writes_lower_case(void **state)
{
    (void)state;
    struct nq_uuid uuid;
    char text[NQ_UUID_TEXT];
    assert_true(nq_uuid_parse("50221A4C-7f10-4B6E-8a01-5D2C9E7B0A01", &uuid));
    assert_int_equal(uuid.bytes[0], 0x50);
    assert_int_equal(uuid.bytes[15], 0x01);
    assert_string_equal(nq_uuid_format(&uuid, text),
                        "50221a4c-7f10-4b6e-8a01-5d2c9e7b0a01");
}

static void refuses_what_is_not_exactly_a_uuid(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "5",
        "-",
        "50221a4c",
        "50221a4c-7f10-4b6e-8a01-5d2c9e7b0a0",
        "50221a4c-7f10-4b6e-8a01-5d2c9e7b0a011",
        "50221a4c-7f10-4b6e-8a01-5d2c9e7b0a01 ",
        " 50221a4c-7f10-4b6e-8a01-5d2c9e7b0a01",
        "{50221a4c-7f10-4b6e-8a01-5d2c9e7b0a01}",
        "50221a4c7f104b6e8a015d2c9e7b0a01",
        "50221a4c-7f10-4b6e-8a015-d2c9e7b0a01",
        "50221a4g-7f10-4b6e-8a01-5d2c9e7b0a01",
        "+0221a4c-7f10-4b6e-8a01-5d2c9e7b0a01",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct nq_uuid uuid = {{0xEE}};
        if (nq_uuid_parse(bad[i], &uuid)) {
            fail_msg("\"%s\" was taken for a UUID", bad[i]);
        }
        assert_int_equal(uuid.bytes[0], 0xEE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_both_cases_and_writes_lower_case),
        cmocka_unit_test(refuses_what_is_not_exactly_a_uuid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
