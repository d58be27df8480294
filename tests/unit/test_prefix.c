/* SPDX-License-Identifier: Apache-2.0 */
/* test_prefix.c: what an address or a prefix is, and what lies in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/prefix.h"

static void an_address_lies_in_these_prefixes(void **state)
{
    (void)state;
    static const struct {
        const char *prefix;
        const char *address;
        bool inside;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.0/24", "192.0.2.255", true},
        {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.128", true},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"fe80::1", "fe80::1%eth0", true},
        {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"::ffff:192.0.2.0/120", "192.0.2.9", true},
        {"192.0.2.1", "unix", false},
        {"192.0.2.1", "", false},
        {"::/0", "a name that is longer than any address has ever been written", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct nq_prefix prefix;
        assert_true(nq_prefix_parse(rows[i].prefix, &prefix));
        if (nq_prefix_holds(&prefix, rows[i].address) != rows[i].inside) {
            fail_msg("%s in %s", rows[i].address, rows[i].prefix);
        }
    }
    struct nq_prefix all;
    assert_true(nq_prefix_parse("::/0", &all));
    assert_false(nq_prefix_holds(&all, NULL));
}

static void refuses_what_is_no_prefix(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "/24",
        "192.0.2.0/",
        "192.0.2.0/33",
        "192.0.2.0/024x",
        "192.0.2",
        "192.0.2.1/24",
        "::/129",
        "2001:db8::1/32",
        "host.example",
        "192.0.2.0/-1",
        "192.0.2.0/24/8",
        " 192.0.2.1",
        "192.0.2.0/1000",
        "fe80::1%eth0",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct nq_prefix prefix = {.bits = 77};
        if (nq_prefix_parse(texts[i], &prefix)) {
            fail_msg("'%s' was taken", texts[i]);
        }
        assert_int_equal(prefix.bits, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_lies_in_these_prefixes),
        cmocka_unit_test(refuses_what_is_no_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
