/* SPDX-License-Identifier: Apache-2.0 */
/* test_trap_text.c: samples that snmptrapd 5.9.3 wrote are read as they were sent, and
 * everything in another form is refused with its line. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "trap/text.h"

#include "../fuzz/fuzz_trap_text.c"

#define SAMPLES "tests/data/traps"
#define EXAMPLE ".1.3.6.1.4.1.32473.1"
#define HEAD                                                                             \
    "localhost\nUDP: [192.0.2.1]:1024->[192.0.2.2]:162\n.1.3.6.1.2.1.1.3.0 100\n"        \
    ".1.3.6.1.6.3.1.1.4.1.0 " EXAMPLE ".0.190\n"

static char *read_sample(const char *folder, const char *name, size_t *ret_len)
{
    char *path = nq_sprintf("%s/%s/%s", SAMPLES, folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        fail_msg("%s cannot be read; run from the top folder", path);
    }
    char *text = nq_calloc(NQ_TRAP_TEXT_MAX, 1);
    *ret_len = fread(text, 1, NQ_TRAP_TEXT_MAX, file);
    (void)fclose(file);
    free(path);
    return text;
}

static void read_accepted(const char *name, struct nq_trap *ret_trap)
{
    size_t len = 0;
    struct nq_err err = {0};
    char *text = read_sample("accepted", name, &len);
    if (!nq_trap_from_text(text, len, ret_trap, &err)) {
        fail_msg("%s: %s", name, err.detail);
    }
    free(text);
}

static bool read_text(const char *text, struct nq_trap *ret_trap, struct nq_err *reterr)
{
    return nq_trap_from_text(text, strlen(text), ret_trap, reterr);
}

static void assert_value(const struct nq_trap *trap, const char *oid,
                         enum nq_value_type type, const char *value)
{
    const struct nq_varbind *varbind = nq_trap_varbind(trap, oid);
    assert_non_null(varbind);
    assert_int_equal(varbind->type, type);
    assert_int_equal(varbind->value_len, strlen(value));
    assert_string_equal(varbind->value, value);
}

/* ---- accepted ----------------------------------------------------------------------- */

static void reads_every_form_of_transport_and_version(void **state)
{
    static const struct {
        const char *name;
        const char *source;
        const char *trap_oid;
        uint64_t ticks;
        size_t varbinds;
    } samples[] = {
        {"v2c-alert.txt", "127.0.0.1", EXAMPLE ".0.190", 60312, 4},
        {"v2c-alert-backslash-n.txt", "127.0.0.1", EXAMPLE ".0.190", 60312, 4},
        {"v2c-types.txt", "127.0.0.1", EXAMPLE ".0.190", 100, 21},
        {"v2c-hostile-text.txt", "127.0.0.1", EXAMPLE ".0.190", 100, 3},
        {"v1-enterprise.txt", "127.0.0.1", EXAMPLE ".0.190", 4242, 6},
        {"v1-generic.txt", "127.0.0.1", ".1.3.6.1.6.3.1.1.5.4", 4242, 5},
        {"udp6.txt", "::1", EXAMPLE ".0.190", 100, 2},
        {"tcp.txt", "127.0.0.1", EXAMPLE ".0.190", 100, 2},
        {"tcp6.txt", "::1", EXAMPLE ".0.190", 100, 2},
        {"unix.txt", "unix", EXAMPLE ".0.190", 100, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct nq_trap trap;
        read_accepted(samples[i].name, &trap);
        assert_string_equal(trap.source, samples[i].source);
        assert_string_equal(trap.trap_oid, samples[i].trap_oid);
        assert_int_equal(trap.uptime_ticks, samples[i].ticks);
        assert_int_equal(trap.varbind_count, samples[i].varbinds);
        nq_trap_done(&trap);
    }
}

static void reads_every_type_of_value(void **state)
{
    struct nq_trap trap;
    (void)state;
    read_accepted("v2c-types.txt", &trap);
    assert_value(&trap, EXAMPLE ".1", NQ_VALUE_OID, ".0.0");
    assert_value(&trap, EXAMPLE ".2", NQ_VALUE_NUMBER, "4294967295");
    assert_value(&trap, EXAMPLE ".4", NQ_VALUE_NUMBER, "18446744073709551615");
    assert_value(&trap, EXAMPLE ".5", NQ_VALUE_NUMBER, "1.500000");
    assert_value(&trap, EXAMPLE ".7", NQ_VALUE_NUMBER, "-99999999999");
    assert_value(&trap, EXAMPLE ".9", NQ_VALUE_NUMBER, "-5");
    assert_value(&trap, EXAMPLE ".11", NQ_VALUE_NUMBER, "nan");
    assert_value(&trap, EXAMPLE ".13", NQ_VALUE_NUMBER, "-inf");
    assert_value(&trap, EXAMPLE ".14", NQ_VALUE_ADDRESS, "192.0.2.1");
    assert_value(&trap, EXAMPLE ".15", NQ_VALUE_NULL, "");
    assert_value(&trap, EXAMPLE ".17", NQ_VALUE_OCTETS, "");
    assert_value(&trap, ".2.999", NQ_VALUE_NUMBER, "3");
    const struct nq_varbind *octets = nq_trap_varbind(&trap, EXAMPLE ".16");
    assert_non_null(octets);
    assert_int_equal(octets->value_len, 3);
    assert_memory_equal(octets->value, "\x00\xFF\x80", 4);
    nq_trap_done(&trap);
}

static void reads_text_over_several_lines(void **state)
{
    struct nq_trap trap;
    (void)state;
    read_accepted("v2c-alert.txt", &trap);
    assert_value(&trap, EXAMPLE ".1.1.2.0", NQ_VALUE_OCTETS,
                 "Alert: Malware Detected\nSubject: VDI-01 (10.0.0.11)\n"
                 "Severity: Critical");
    nq_trap_done(&trap);
}

static void text_that_looks_like_a_varbind_stays_text(void **state)
{
    struct nq_trap trap;
    (void)state;
    read_accepted("v2c-hostile-text.txt", &trap);
    assert_string_equal(trap.trap_oid, EXAMPLE ".0.190");
    assert_value(&trap, EXAMPLE ".1.1.2.0", NQ_VALUE_OCTETS,
                 "a\"\n.1.3.6.1.6.3.1.1.4.1.0 .1.3.6.1.4.1.1\n\"");
    nq_trap_done(&trap);
}

static void drops_the_community_of_a_v1_trap(void **state)
{
    struct nq_trap trap;
    (void)state;
    read_accepted("v1-enterprise.txt", &trap);
    assert_value(&trap, ".1.3.6.1.6.3.18.1.4.0", NQ_VALUE_OCTETS, "");
    assert_value(&trap, ".1.3.6.1.6.3.18.1.3.0", NQ_VALUE_ADDRESS, "10.1.2.3");
    nq_trap_done(&trap);
}

static void one_sender_has_one_address(void **state)
{
    static const struct {
        const char *transport;
        const char *source;
    } forms[] = {
        {"UDP: [192.0.2.1]:162->[192.0.2.2]:162", "192.0.2.1"},
        {"UDP/IPv6: [::ffff:192.0.2.1]:162", "192.0.2.1"},
        {"UDP/IPv6: [2001:DB8:0:0::1]:162", "2001:db8::1"},
        {"UDP/IPv6: [fe80::1%eth0]:162", "fe80::1%eth0"},
        {"TLSTCP: [192.0.2.1]:10162->[0.0.0.0]:0", "192.0.2.1"},
        {"Local IPC: unknown", "unix"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct nq_trap trap;
        struct nq_err err = {0};
        char *text =
            nq_sprintf("\n%s\n.1.3.6.1.6.3.1.1.4.1.0 .1.3\n", forms[i].transport);
        assert_true(read_text(text, &trap, &err));
        assert_string_equal(trap.source, forms[i].source);
        nq_trap_done(&trap);
        free(text);
    }
}

static void takes_a_trap_that_leaves_out_sysuptime(void **state)
{
    struct nq_trap trap;
    struct nq_err err = {0};
    (void)state;
    assert_true(
        read_text("h\nUDP: [192.0.2.1]:1\n.1.3.6.1.6.3.1.1.4.1.0 .1.3.6\n", &trap, &err));
    assert_int_equal(trap.uptime_ticks, 0);
    nq_trap_done(&trap);
}

static char *hex_of(size_t octets)
{
    struct nq_buf text;
    nq_buf_init(&text, NQ_TRAP_TEXT_MAX);
    assert_true(nq_buf_addf(&text, "%s%s.1 \"", HEAD, EXAMPLE));
    for (size_t i = 0; i < octets; i++) {
        assert_true(nq_buf_add(&text, "41 \n", i % 16 == 15 && i + 1 < octets ? 4 : 3));
    }
    assert_true(nq_buf_add(&text, "\"\n", 2));
    return nq_buf_take(&text);
}

static void takes_the_largest_value_and_refuses_one_octet_more(void **state)
{
    struct nq_trap trap;
    struct nq_err err = {0};
    (void)state;
    char *text = hex_of(NQ_TRAP_VALUE_MAX);
    assert_true(read_text(text, &trap, &err));
    assert_int_equal(trap.varbinds[2].value_len, NQ_TRAP_VALUE_MAX);
    nq_trap_done(&trap);
    free(text);
    text = hex_of(NQ_TRAP_VALUE_MAX + 1);
    assert_false(read_text(text, &trap, &err));
    assert_int_equal(err.code, NQ_TRAP_TOO_LARGE);
    free(text);
}

/* ---- refused ------------------------------------------------------------------------ */

static void refuses_other_forms_with_line_and_reason(void **state)
{
    static const struct {
        const char *name;
        const char *detail;
    } samples[] = {
        {"empty.txt", "line 1: the text ends"},
        {"no-sender.txt", "line 2: no sender's address"},
        {"unknown-sender.txt", "line 2: no sender's address"},
        {"no-trap-oid.txt", "line 3: sysUpTime.0 and snmpTrapOID.0"},
        {"late-trap-oid.txt", "line 3: sysUpTime.0 and snmpTrapOID.0"},
        {"trap-oid-after-other.txt", "line 3: sysUpTime.0 and snmpTrapOID.0"},
        {"symbolic-oid.txt", "line 3: not a numeric OID"},
        {"iso-oid.txt", "line 3: not a numeric OID"},
        {"ticks-as-time.txt", "line 3: the value is no hex string"},
        {"plain-text.txt", "line 5: a quoted value is not pairs of hex digits"},
        {"forged-varbind.txt", "line 5: a quoted value is not pairs of hex digits"},
        {"unquoted-text.txt", "line 5: the value is no hex string"},
        {"lower-case-hex.txt", "line 5: a quoted value"},
        {"odd-hex.txt", "line 5: a quoted value"},
        {"hex-without-space.txt", "line 5: a quoted value"},
        {"no-closing-quote.txt", "line 6: the text ends inside a quoted value"},
        {"after-the-quote.txt", "line 5: something follows the value"},
        {"trap-oid-is-number.txt", "snmpTrapOID.0 is not an OID"},
        {"arc-too-large.txt", "line 5: a number in an OID is above 4294967295"},
        {"arc-leading-zero.txt", "line 5: a number in an OID begins with 0"},
        {"first-arc.txt", "line 5: no OID begins with these numbers"},
        {"second-arc.txt", "line 5: no OID begins with these numbers"},
        {"one-arc.txt", "line 5: an OID has at least two numbers"},
        {"number-too-large.txt", "line 5: a number does not fit in 64 bits"},
        {"number-too-small.txt", "line 5: a number does not fit in 64 bits"},
        {"uptime-too-large.txt", "line 3: sysUpTime.0 is no number of ticks"},
        {"no-value.txt", "line 5: no space follows the OID"},
        {"blank-line.txt", "line 4: not a numeric OID"},
        {"exception.txt", "line 5: the value is no hex string"},
        {"carriage-return.txt", "line 3: something follows the value"},
        {"cut-at-end.txt", "line 4: the text ends inside the line"},
        {"nul.txt", "line 5: a quoted value"},
        {"too-many-varbinds.txt", "line 131: the trap has more varbinds than 128"},
        {"too-many-arcs.txt", "line 5: an OID has more numbers than 128"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct nq_trap trap;
        struct nq_err err = {0};
        size_t len = 0;
        char *text = read_sample("refused", samples[i].name, &len);
        if (nq_trap_from_text(text, len, &trap, &err)) {
            fail_msg("%s was accepted", samples[i].name);
        }
        if (!strstr(err.detail, samples[i].detail)) {
            fail_msg("%s: '%s' is not '%s'", samples[i].name, err.detail,
                     samples[i].detail);
        }
        free(text);
    }
}

static void refuses_text_above_the_maximum(void **state)
{
    struct nq_trap trap;
    struct nq_err err = {0};
    (void)state;
    char *text = nq_calloc(NQ_TRAP_TEXT_MAX + 1, 1);
    assert_false(nq_trap_from_text(text, NQ_TRAP_TEXT_MAX + 1, &trap, &err));
    assert_int_equal(err.code, NQ_TRAP_TOO_LARGE);
    free(text);
}

static void refuses_every_beginning_of_a_trap(void **state)
{
    size_t len = 0;
    (void)state;
    char *text = read_sample("accepted", "v2c-alert.txt", &len);
    for (size_t cut = 0; cut < len; cut++) {
        /* A copy of its own size lets ASan see a read behind the end. */
        char *piece = nq_strndup(text, cut);
        piece = nq_realloc(piece, cut, 1);
        struct nq_trap trap;
        struct nq_err err = {0};
        if (nq_trap_from_text(piece, cut, &trap, &err)) {
            /* Whole lines are a whole, shorter trap. */
            assert_int_equal(text[cut - 1], '\n');
            nq_trap_done(&trap);
        }
        free(piece);
    }
    free(text);
}

static void a_refusal_repeats_nothing_of_the_text(void **state)
{
    struct nq_trap trap;
    struct nq_err err = {0};
    (void)state;
    assert_false(read_text(HEAD ".1.3.6.1.6.3.18.1.4.0 \"s3cret\"\n", &trap, &err));
    assert_null(strstr(err.detail, "s3cret"));
}

static void replays_the_corpus_of_the_fuzzer(void **state)
{
    static const char *const folders[] = {"accepted", "refused"};
    size_t files = 0;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char *path = nq_sprintf("%s/%s", SAMPLES, folders[i]);
        DIR *stream = opendir(path);
        assert_non_null(stream);
        for (const struct dirent *entry; (entry = readdir(stream));) {
            if (entry->d_name[0] == '.') {
                continue;
            }
            size_t len = 0;
            char *text = read_sample(folders[i], entry->d_name, &len);
            assert_int_equal(LLVMFuzzerTestOneInput((const uint8_t *)text, len), 0);
            free(text);
            files++;
        }
        (void)closedir(stream);
        free(path);
    }
    assert_true(files > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_form_of_transport_and_version),
        cmocka_unit_test(reads_every_type_of_value),
        cmocka_unit_test(reads_text_over_several_lines),
        cmocka_unit_test(text_that_looks_like_a_varbind_stays_text),
        cmocka_unit_test(drops_the_community_of_a_v1_trap),
        cmocka_unit_test(one_sender_has_one_address),
        cmocka_unit_test(takes_a_trap_that_leaves_out_sysuptime),
        cmocka_unit_test(takes_the_largest_value_and_refuses_one_octet_more),
        cmocka_unit_test(refuses_other_forms_with_line_and_reason),
        cmocka_unit_test(refuses_text_above_the_maximum),
        cmocka_unit_test(refuses_every_beginning_of_a_trap),
        cmocka_unit_test(a_refusal_repeats_nothing_of_the_text),
        cmocka_unit_test(replays_the_corpus_of_the_fuzzer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
