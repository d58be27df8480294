/* SPDX-License-Identifier: Apache-2.0 */
/* test_text_write.c: a trap that is written as text is read as the same trap, whatever it
 * holds, and what was proven about its sender is believed only from ourselves. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "trap/text_write.h"

#define SAMPLES "tests/data/traps/accepted"
#define EXAMPLE ".1.3.6.1.4.1.32473.1"
#define NAME    ".1.3.6.1.6.3.1.1.4.1.0"

static struct nq_buf written(const struct nq_trap *trap, enum nq_proof proof)
{
    struct nq_buf text;
    struct nq_err err = {0};
    nq_buf_init(&text, NQ_TRAP_TEXT_MAX);
    if (!nq_trap_to_text(trap, proof, &text, &err)) {
        fail_msg("%s", err.detail);
    }
    return text;
}

static void read_own(const struct nq_buf *text, struct nq_trap *ret_trap)
{
    struct nq_err err = {0};
    if (!nq_trap_from_own_text(nq_buf_text(text), text->len, ret_trap, &err)) {
        fail_msg("%s in:\n%.400s", err.detail, nq_buf_text(text));
    }
}

static void assert_same(const struct nq_trap *a, const struct nq_trap *b)
{
    assert_string_equal(a->source, b->source);
    assert_string_equal(a->trap_oid, b->trap_oid);
    assert_int_equal(a->uptime_ticks, b->uptime_ticks);
    assert_int_equal(a->varbind_count, b->varbind_count);
    for (size_t i = 0; i < a->varbind_count; i++) {
        assert_string_equal(a->varbinds[i].oid, b->varbinds[i].oid);
        assert_int_equal(a->varbinds[i].type, b->varbinds[i].type);
        assert_int_equal(a->varbinds[i].value_len, b->varbinds[i].value_len);
        assert_memory_equal(a->varbinds[i].value, b->varbinds[i].value,
                            a->varbinds[i].value_len + 1);
    }
}

static void assert_round_trip(const struct nq_trap *trap)
{
    struct nq_trap copy;
    struct nq_buf text = written(trap, NQ_PROOF_LISTED);
    read_own(&text, &copy);
    assert_same(trap, &copy);
    struct nq_buf again = written(&copy, NQ_PROOF_LISTED);
    assert_string_equal(nq_buf_text(&again), nq_buf_text(&text));
    nq_trap_done(&copy);
    nq_buf_done(&again);
    nq_buf_done(&text);
}

static void read_sample(const char *name, struct nq_trap *ret_trap)
{
    struct nq_err err = {0};
    char *path = nq_sprintf("%s/%s", SAMPLES, name);
    char *text = nq_calloc(NQ_TRAP_TEXT_MAX, 1);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    const size_t len = fread(text, 1, NQ_TRAP_TEXT_MAX, file);
    (void)fclose(file);
    if (!nq_trap_from_text(text, len, ret_trap, &err)) {
        fail_msg("%s: %s", name, err.detail);
    }
    free(text);
    free(path);
}

/* ---- the round trip ------------------------------------------------------------------ */

static void what_snmptrapd_wrote_survives(void **state)
{
    (void)state;
    size_t files = 0;
    DIR *stream = opendir(SAMPLES);
    assert_non_null(stream);
    for (const struct dirent *entry; (entry = readdir(stream));) {
        if (entry->d_name[0] != '.') {
            struct nq_trap trap;
            read_sample(entry->d_name, &trap);
            assert_round_trip(&trap);
            nq_trap_done(&trap);
            files++;
        }
    }
    (void)closedir(stream);
    assert_true(files >= 10);
}

/* Small, fast, and the same on every machine. */
static uint32_t dice(uint32_t *seed, uint32_t sides)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed % sides;
}

static char *random_oid(uint32_t *seed)
{
    struct nq_buf oid;
    nq_buf_init(&oid, 4096);
    assert_true(nq_buf_addf(&oid, ".1.3"));
    for (uint32_t arcs = dice(seed, 20); arcs > 0; arcs--) {
        assert_true(nq_buf_addf(&oid, ".%u", dice(seed, 2) ? dice(seed, 300) : *seed));
    }
    return nq_buf_take(&oid);
}

static void fill_value(struct nq_varbind *varbind, uint32_t *seed)
{
    varbind->type = (enum nq_value_type)dice(seed, NQ_VALUE_NULL + 1);
    switch (varbind->type) {
    case NQ_VALUE_OCTETS: {
        const size_t len = dice(seed, dice(seed, 8) ? 40 : 2000);
        varbind->value = nq_calloc(len + 1, 1);
        varbind->value_len = len;
        for (size_t i = 0; i < len; i++) {
            varbind->value[i] = (char)(unsigned char)dice(seed, 256);
        }
        return;
    }
    case NQ_VALUE_NUMBER:
        varbind->value = nq_sprintf("%s%u", dice(seed, 2) ? "-" : "", *seed);
        break;
    case NQ_VALUE_OID:
        varbind->value = random_oid(seed);
        break;
    case NQ_VALUE_ADDRESS:
        varbind->value =
            nq_sprintf("10.%u.%u.%u", dice(seed, 256), dice(seed, 256), dice(seed, 256));
        break;
    case NQ_VALUE_NULL:
        varbind->value = nq_strdup("");
        break;
    }
    varbind->value_len = strlen(varbind->value);
}

static struct nq_trap random_trap(uint32_t *seed)
{
    static const char *const sources[] = {"192.0.2.1", "unix", "2001:db8::1",
                                          "fe80::1%eth0"};
    struct nq_trap trap = {.source = nq_strdup(sources[dice(seed, 4)]),
                           .trap_oid = random_oid(seed)};
    trap.varbind_count = 1 + dice(seed, dice(seed, 10) ? 8 : NQ_TRAP_VARBINDS_MAX);
    trap.varbinds = nq_calloc(trap.varbind_count, sizeof(*trap.varbinds));
    trap.varbinds[0] = (struct nq_varbind){.oid = nq_strdup(NAME),
                                           .type = NQ_VALUE_OID,
                                           .value = nq_strdup(trap.trap_oid),
                                           .value_len = strlen(trap.trap_oid)};
    for (size_t i = 1; i < trap.varbind_count; i++) {
        trap.varbinds[i].oid = random_oid(seed);
        fill_value(&trap.varbinds[i], seed);
    }
    return trap;
}

static void any_trap_survives(void **state)
{
    (void)state;
    uint32_t seed = 2611;
    for (int i = 0; i < 2000; i++) {
        struct nq_trap trap = random_trap(&seed);
        assert_round_trip(&trap);
        nq_trap_done(&trap);
    }
}

static void the_form_is_that_of_snmptrapd(void **state)
{
    (void)state;
    struct nq_trap trap;
    read_sample("v2c-types.txt", &trap);
    struct nq_buf text = written(&trap, 0);
    assert_non_null(strstr(nq_buf_text(&text),
                           "-\nUDP: [127.0.0.1]:0\n.1.3.6.1.2.1.1.3.0 100\n" NAME
                           " " EXAMPLE ".0.190\n" EXAMPLE ".1 .0.0\n"));
    assert_non_null(strstr(nq_buf_text(&text),
                           EXAMPLE ".15 NULL\n" EXAMPLE ".16 \"00 FF 80 \"\n" EXAMPLE
                                   ".17 \"\"\n"));
    nq_buf_done(&text);
    nq_trap_done(&trap);
    read_sample("unix.txt", &trap);
    text = written(&trap, 0);
    assert_memory_equal(nq_buf_text(&text), "-\nLocal IPC: unix\n", 18);
    nq_buf_done(&text);
    nq_trap_done(&trap);
}

/* ---- secrets and limits -------------------------------------------------------------- */

static void no_password_is_written(void **state)
{
    (void)state;
    struct nq_trap trap;
    read_sample("v2c-alert.txt", &trap);
    trap.community = nq_strdup("s3cret");
    trap.user = nq_strdup("operator");
    /* As a forwarder hands on a v1 trap (RFC 3584 section 3.1), before anybody emptied it. */
    free(trap.varbinds[3].oid);
    trap.varbinds[3].oid = nq_strdup(NQ_OID_TRAP_COMMUNITY);
    struct nq_buf text = written(&trap, NQ_PROOF_V3);
    assert_null(strstr(nq_buf_text(&text), "s3cret"));
    assert_null(strstr(nq_buf_text(&text), "operator"));
    assert_non_null(strstr(nq_buf_text(&text), "\n" NQ_OID_TRAP_COMMUNITY " \"\"\n"));
    nq_buf_done(&text);
    nq_trap_done(&trap);
}

static struct nq_trap trap_of_values(size_t count, size_t octets)
{
    struct nq_trap trap = {.source = nq_strdup("192.0.2.1"),
                           .trap_oid = nq_strdup(EXAMPLE)};
    trap.varbinds = nq_calloc(count + 1, sizeof(*trap.varbinds));
    trap.varbind_count = count + 1;
    trap.varbinds[0] = (struct nq_varbind){.oid = nq_strdup(NAME),
                                           .type = NQ_VALUE_OID,
                                           .value = nq_strdup(EXAMPLE),
                                           .value_len = strlen(EXAMPLE)};
    for (size_t i = 1; i <= count; i++) {
        trap.varbinds[i] = (struct nq_varbind){.oid = nq_strdup(EXAMPLE),
                                               .type = NQ_VALUE_OCTETS,
                                               .value = nq_calloc(octets + 1, 1),
                                               .value_len = octets};
    }
    return trap;
}

static void the_largest_datagram_fits(void **state)
{
    (void)state;
    struct nq_trap trap = trap_of_values(1, NQ_TRAP_VALUE_MAX);
    assert_round_trip(&trap);
    nq_trap_done(&trap);
    trap = trap_of_values(100, 650);
    assert_round_trip(&trap);
    nq_trap_done(&trap);
}

static void what_does_not_fit_is_refused_whole(void **state)
{
    (void)state;
    struct nq_trap trap = trap_of_values(2, NQ_TRAP_VALUE_MAX);
    struct nq_err err = {0};
    struct nq_buf text;
    nq_buf_init(&text, 10 * NQ_TRAP_TEXT_MAX); /* the text's own limit holds too */
    assert_true(nq_buf_add(&text, "old", 3));
    assert_false(nq_trap_to_text(&trap, 0, &text, &err));
    assert_int_equal(err.code, NQ_TRAP_TOO_LARGE);
    assert_int_equal(text.len, 0);
    nq_buf_done(&text);
    nq_buf_init(&text, 100);
    assert_false(nq_trap_to_text(&trap, 0, &text, NULL));
    assert_int_equal(text.len, 0);
    nq_buf_done(&text);
    nq_trap_done(&trap);
}

static void a_trap_without_a_sender_is_refused(void **state)
{
    (void)state;
    struct nq_trap trap = trap_of_values(1, 1);
    struct nq_err err = {0};
    struct nq_buf text;
    nq_buf_init(&text, NQ_TRAP_TEXT_MAX);
    free(trap.source);
    trap.source = NULL;
    assert_false(nq_trap_to_text(&trap, 0, &text, &err));
    assert_int_equal(err.code, NQ_TRAP_FORMAT);
    nq_buf_done(&text);
    nq_trap_done(&trap);
}

/* ---- proof --------------------------------------------------------------------------- */

static void what_was_proven_survives_in_our_own_text(void **state)
{
    (void)state;
    static const struct {
        enum nq_proof proof;
        const char *line;
    } rows[] = {
        {0, "-\n"},
        {NQ_PROOF_ANY, "nsx-quarantine proof=any\n"},
        {NQ_PROOF_LISTED, "nsx-quarantine proof=listed\n"},
        {NQ_PROOF_V3, "nsx-quarantine proof=v3\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct nq_trap trap;
        read_sample("v2c-alert.txt", &trap);
        struct nq_buf text = written(&trap, rows[i].proof);
        nq_trap_done(&trap);
        assert_memory_equal(nq_buf_text(&text), rows[i].line, strlen(rows[i].line));
        read_own(&text, &trap);
        assert_int_equal(trap.proof, rows[i].proof);
        nq_trap_done(&trap);
        assert_true(nq_trap_from_text(nq_buf_text(&text), text.len, &trap, NULL));
        assert_int_equal(trap.proof, 0);
        nq_trap_done(&trap);
        nq_buf_done(&text);
    }
}

static void only_the_exact_line_is_a_proof(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "localhost",
        "nsx-quarantine proof=",
        "nsx-quarantine proof=V3",
        "nsx-quarantine proof=v3 ",
        "nsx-quarantine proof=v33",
        "nsx-quarantine proof=v",
        " nsx-quarantine proof=v3",
        "nsx-quarantine  proof=v3",
        "host nsx-quarantine proof=v3",
        "nsx-quarantine proof=listed\r",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct nq_trap trap;
        char *text = nq_sprintf("%s\nUDP: [192.0.2.1]:1\n" NAME " .1.3\n", lines[i]);
        assert_true(nq_trap_from_own_text(text, strlen(text), &trap, NULL));
        assert_int_equal(trap.proof, 0);
        nq_trap_done(&trap);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_snmptrapd_wrote_survives),
        cmocka_unit_test(any_trap_survives),
        cmocka_unit_test(the_form_is_that_of_snmptrapd),
        cmocka_unit_test(no_password_is_written),
        cmocka_unit_test(the_largest_datagram_fits),
        cmocka_unit_test(what_does_not_fit_is_refused_whole),
        cmocka_unit_test(a_trap_without_a_sender_is_refused),
        cmocka_unit_test(what_was_proven_survives_in_our_own_text),
        cmocka_unit_test(only_the_exact_line_is_a_proof),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
