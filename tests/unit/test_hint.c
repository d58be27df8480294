/* SPDX-License-Identifier: Apache-2.0 */
/* What a text that names a computer is taken for, and how it is spelled then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nsx/hint.h"

static void every_text_has_one_kind_and_one_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum nq_hint kind;
        const char *key;
    } rows[] = {
        {"", NQ_HINT_NOTHING, ""},
        {"50221A4C-7F10-4B6E-8A01-5D2C9E7B0A01", NQ_HINT_UUID,
         "50221a4c-7f10-4b6e-8a01-5d2c9e7b0a01"},
        {"50221a4c-7f10-4b6e-8a01-5d2c9e7b0a0", NQ_HINT_NAME, ""},
        {"192.0.2.11", NQ_HINT_IP, "192.0.2.11"},
        {"192.0.2.011", NQ_HINT_NAME, ""},
        {"2001:DB8:10:0::11", NQ_HINT_IP, "2001:db8:10::11"},
        {"::ffff:192.0.2.11", NQ_HINT_IP, "192.0.2.11"},
        {"00:50:56:A2:00:1f", NQ_HINT_MAC, "005056a2001f"},
        {"00-50-56-a2-00-1F", NQ_HINT_MAC, "005056a2001f"},
        {"00:50:56:a2:00-11", NQ_HINT_NAME, ""},
        {"00:50:56:a2:00:1g", NQ_HINT_NAME, ""},
        {"00:50:56:a2:00:\x11\x11", NQ_HINT_NAME, ""}, /* digits but for one bit */
        {"00.50.56.a2.00.11", NQ_HINT_NAME, ""},
        {"00:50:56:a2:00:11:22", NQ_HINT_NAME, ""},
        {"005056a20011", NQ_HINT_NAME, ""},
        {"::", NQ_HINT_IP, "::"},
        {"vdi-01", NQ_HINT_NAME, ""},
        {" 192.0.2.11", NQ_HINT_NAME, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char key[NQ_HINT_KEY];
        assert_int_equal(nq_hint_of(rows[i].text, key), rows[i].kind);
        assert_string_equal(key, rows[i].key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_has_one_kind_and_one_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
