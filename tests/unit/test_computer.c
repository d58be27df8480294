/* SPDX-License-Identifier: Apache-2.0 */
/* test_computer.c: what may name a computer, and how it is spelt then. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "trap/computer.h"

#define UUID "50221a4c-7f10-4b6e-8a01-5d2c9e7b0a01"

static void expect(char *spelt, const char *wanted, size_t row)
{
    if ((spelt == NULL) != (wanted == NULL) ||
        strcmp(nq_text_or_empty(spelt), nq_text_or_empty(wanted)) != 0) {
        fail_msg("row %zu: '%s' instead of '%s'", row, nq_text_or_empty(spelt),
                 nq_text_or_empty(wanted));
    }
    free(spelt);
}

static void a_text_must_be_what_was_declared(void **state)
{
    static const struct {
        enum nq_computer_kind kind;
        const char *text;
        const char *spelt;
    } rows[] = {
        {NQ_COMPUTER_ANY, "VDI-01 (192.0.2.11)", "VDI-01 (192.0.2.11)"},
        {NQ_COMPUTER_ANY, "2001:DB8::0:11", "2001:DB8::0:11"},
        {NQ_COMPUTER_NAME, "VDI-01", "VDI-01"},
        {NQ_COMPUTER_NAME, "VDI-01 (192.0.2.11)", "VDI-01 (192.0.2.11)"},
        {NQ_COMPUTER_NAME, "005056aabbcc", "005056aabbcc"}, /* looked up as a name */
        {NQ_COMPUTER_NAME, "192.0.2.11", NULL},
        {NQ_COMPUTER_NAME, "2001:db8::11", NULL},
        {NQ_COMPUTER_NAME, "00:50:56:aa:bb:cc", NULL},
        {NQ_COMPUTER_NAME, UUID, NULL},
        {NQ_COMPUTER_ADDRESS, "192.0.2.11", "192.0.2.11"},
        {NQ_COMPUTER_ADDRESS, "2001:DB8:10:0::11", "2001:db8:10::11"},
        {NQ_COMPUTER_ADDRESS, "::ffff:192.0.2.11", "192.0.2.11"},
        {NQ_COMPUTER_ADDRESS, "192.0.2.011", NULL},
        {NQ_COMPUTER_ADDRESS, "192.0.2", NULL},
        {NQ_COMPUTER_ADDRESS, "192.0.2.0/24", NULL},
        {NQ_COMPUTER_ADDRESS, "VDI-01", NULL},
        {NQ_COMPUTER_MAC, "00:50:56:AA:bb:cc", "00:50:56:aa:bb:cc"},
        {NQ_COMPUTER_MAC, "00-50-56-AA-BB-CC", "00:50:56:aa:bb:cc"},
        {NQ_COMPUTER_MAC, "005056aabbCC", "00:50:56:aa:bb:cc"},
        {NQ_COMPUTER_MAC, "0050.56aa.bbcc", "00:50:56:aa:bb:cc"},
        {NQ_COMPUTER_MAC, "00:50:56-aa:bb:cc", NULL},
        {NQ_COMPUTER_MAC, "00:50:56:aa:bb", NULL},
        {NQ_COMPUTER_MAC, "00:50:56:aa:bb:cc:dd", NULL},
        {NQ_COMPUTER_MAC, "0050:56aa:bbcc", NULL},
        {NQ_COMPUTER_MAC, "005056aabbc", NULL},
        {NQ_COMPUTER_MAC, "005056aabbcg", NULL},
        {NQ_COMPUTER_UUID, "50221A4C-7F10-4B6E-8A01-5D2C9E7B0A01", UUID},
        {NQ_COMPUTER_UUID, "50221A4C7F104B6E8A015D2C9E7B0A01", NULL},
        {NQ_COMPUTER_UUID, "VDI-01", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect(nq_computer_spell(rows[i].kind, nq_span_of(rows[i].text)), rows[i].spelt,
               i);
    }
    assert_null(nq_computer_spell(NQ_COMPUTER_ANY, (struct nq_span){"a\0b", 3}));
}

static void octets_may_be_an_address_themselves(void **state)
{
    static const struct {
        enum nq_computer_kind kind;
        const char *octets;
        size_t len;
        const char *spelt;
    } rows[] = {
        {NQ_COMPUTER_MAC, "\x00\x50\x56\xA2\x00\x00", 6, "00:50:56:a2:00:00"},
        {NQ_COMPUTER_MAC, "\x00\x50\x56\xA2\x00", 5, NULL},
        {NQ_COMPUTER_MAC, "\x00\x50\x56\xA2\x00\x00\x00", 7, NULL},
        {NQ_COMPUTER_ADDRESS, "\xC0\x00\x02\x0B", 4, "192.0.2.11"},
        {NQ_COMPUTER_ADDRESS, "\x0A\x00\x00\x00", 4, "10.0.0.0"},
        {NQ_COMPUTER_ADDRESS, "\xC0\x00\x02", 3, NULL},
        {NQ_COMPUTER_ADDRESS, "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x11", 16,
         "2001:db8::11"},
        {NQ_COMPUTER_ADDRESS, "\0\0\0\0\0\0\0\0\0\0\xFF\xFF\xC0\x00\x02\x0B", 16,
         "192.0.2.11"},
        {NQ_COMPUTER_ADDRESS, "2001:db8:10::111", 16, NULL}, /* it is a text */
        {NQ_COMPUTER_NAME, "VDI-01", 6, NULL},
        {NQ_COMPUTER_ANY, "VDI-01", 6, NULL},
        {NQ_COMPUTER_UUID, "0123456789abcdef", 16, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect(nq_computer_spell_octets(rows[i].kind, rows[i].octets, rows[i].len),
               rows[i].spelt, i);
    }
}

static void says_what_a_text_will_be_looked_up_as(void **state)
{
    (void)state;
    assert_int_equal(nq_computer_kind_of("VDI-01"), NQ_COMPUTER_NAME);
    assert_int_equal(nq_computer_kind_of("::1"), NQ_COMPUTER_ADDRESS);
    assert_int_equal(nq_computer_kind_of("00:50:56:aa:bb:cc"), NQ_COMPUTER_MAC);
    assert_int_equal(nq_computer_kind_of(UUID), NQ_COMPUTER_UUID);
    assert_string_equal(nq_computer_kind_text(NQ_COMPUTER_MAC), "a MAC address");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_must_be_what_was_declared),
        cmocka_unit_test(octets_may_be_an_address_themselves),
        cmocka_unit_test(says_what_a_text_will_be_looked_up_as),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
