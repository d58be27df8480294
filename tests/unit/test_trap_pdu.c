/* SPDX-License-Identifier: Apache-2.0 */
/* test_trap_pdu.c: decoded notifications become the same struct as their text; the messages
 * are the seeds of the fuzzer, in which the first octet is the version. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "trap/pdu.h"

#define SEEDS    "tests/data/fuzz/fuzz_trap_pdu/"
#define SEED_MAX 8192
#define TEXT_OID ".1.3.6.1.4.1.32473.1.1.2.0"

static netsnmp_pdu *load(const char *name)
{
    u_char bytes[SEED_MAX];
    char *path = nq_sprintf("%s%s", SEEDS, name);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    (void)fclose(file);
    free(path);
    assert_true(len > 1);
    netsnmp_pdu *pdu = snmp_pdu_create(0);
    pdu->version = bytes[0] ? SNMP_VERSION_2c : SNMP_VERSION_1;
    len--;
    assert_int_equal(snmp_pdu_parse(pdu, bytes + 1, &len), 0);
    return pdu;
}

static void take(const char *name, struct nq_trap *ret_trap)
{
    struct nq_err err = {0};
    netsnmp_pdu *pdu = load(name);
    if (!nq_trap_from_pdu(pdu, "192.0.2.1", ret_trap, &err)) {
        fail_msg("%s: %s", name, err.detail);
    }
    snmp_free_pdu(pdu);
}

static void a_v1_trap_is_named_as_rfc_3584_says(void **state)
{
    (void)state;
    struct nq_trap trap;
    take("v1", &trap);
    assert_int_equal(trap.version, NQ_SNMP_V1);
    assert_string_equal(trap.trap_oid, ".1.3.6.1.4.1.32473.0.190");
    assert_int_equal(trap.uptime_ticks, 100);
    const struct nq_varbind *text = nq_trap_varbind(&trap, TEXT_OID);
    assert_non_null(text);
    assert_string_equal(text->value, "Alert: Malware\nSubject: VDI-01\n");
    nq_trap_done(&trap);

    take("v1-generic", &trap);
    assert_string_equal(trap.trap_oid, ".1.3.6.1.6.3.1.1.5.4");
    nq_trap_done(&trap);
}

/* What a sender writes stands in front of what a forwarder appends; the agent-addr of a v1
 * trap is the sender's own word. */
static void only_the_last_forwarder_is_believed(void **state)
{
    (void)state;
    static const struct {
        const char *seed;
        const char *forwarded_for;
    } rows[] = {
        {"v1", NULL},
        {"v2", NULL},
        {"v1-forwarded", "192.0.2.10"},
        {"forwarded", "192.0.2.9"},
        {"forwarded-odd", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct nq_trap trap;
        take(rows[i].seed, &trap);
        if (rows[i].forwarded_for) {
            assert_non_null(trap.forwarded_for);
            assert_string_equal(trap.forwarded_for, rows[i].forwarded_for);
        } else {
            assert_null(trap.forwarded_for);
        }
        assert_string_equal(trap.source, "192.0.2.1");
        nq_trap_done(&trap);
    }
}

static void expect(const struct nq_trap *trap, size_t index, enum nq_value_type type,
                   const char *value)
{
    const struct nq_varbind *varbind = &trap->varbinds[2 + index];
    assert_int_equal(varbind->type, type);
    assert_string_equal(varbind->value, value);
    assert_int_equal(varbind->value_len, strlen(value));
}

static void every_type_has_the_text_that_snmptrapd_writes(void **state)
{
    (void)state;
    struct nq_trap trap;
    take("types", &trap);
    expect(&trap, 0, NQ_VALUE_NUMBER, "-5");
    expect(&trap, 1, NQ_VALUE_NUMBER, "4000000000");
    expect(&trap, 2, NQ_VALUE_NUMBER, "7");
    expect(&trap, 3, NQ_VALUE_NUMBER, "9");
    expect(&trap, 4, NQ_VALUE_NUMBER, "9223372036854775813");
    expect(&trap, 5, NQ_VALUE_NULL, "");
    expect(&trap, 6, NQ_VALUE_OID, ".1.3.6.1");
    expect(&trap, 7, NQ_VALUE_ADDRESS, "192.0.2.1");
    expect(&trap, 8, NQ_VALUE_NULL, "");
    expect(&trap, 9, NQ_VALUE_NULL, "");
    nq_trap_done(&trap);

    take("opaque", &trap);
    expect(&trap, 0, NQ_VALUE_NUMBER, "1.500000");
    assert_int_equal(trap.varbinds[3].type, NQ_VALUE_NUMBER);
    assert_non_null(strstr(trap.varbinds[3].value, "nan"));
    expect(&trap, 2, NQ_VALUE_OCTETS, "\x01\x02");
    expect(&trap, 3, NQ_VALUE_NUMBER, "-1");
    expect(&trap, 4, NQ_VALUE_NUMBER, "4660");
    nq_trap_done(&trap);
}

static void octets_keep_their_zeros(void **state)
{
    (void)state;
    struct nq_trap trap;
    take("inform", &trap);
    assert_int_equal(trap.varbinds[2].value_len, 4);
    assert_memory_equal(trap.varbinds[2].value, "\0\xff\n\"", 5);
    nq_trap_done(&trap);
}

static void a_community_among_the_varbinds_is_dropped(void **state)
{
    (void)state;
    struct nq_trap trap;
    take("community", &trap);
    expect(&trap, 0, NQ_VALUE_OCTETS, "");
    nq_trap_done(&trap);
}

static void the_security_of_the_message_is_told(void **state)
{
    (void)state;
    struct nq_trap trap;
    netsnmp_pdu *pdu = load("v2");
    static const char community[] = "s3cret";
    pdu->community = (u_char *)nq_strdup(community);
    pdu->community_len = sizeof(community) - 1;
    assert_true(nq_trap_from_pdu(pdu, "unix", &trap, NULL));
    assert_int_equal(trap.version, NQ_SNMP_V2C);
    assert_string_equal(trap.community, community);
    nq_trap_done(&trap);

    pdu->community[2] = '\0'; /* no text: it is no community that a file could hold */
    assert_true(nq_trap_from_pdu(pdu, "unix", &trap, NULL));
    assert_null(trap.community);
    nq_trap_done(&trap);

    pdu->version = SNMP_VERSION_3;
    pdu->securityName = nq_strdup("dsm");
    pdu->securityNameLen = 3;
    pdu->securityLevel = SNMP_SEC_LEVEL_AUTHPRIV;
    assert_true(nq_trap_from_pdu(pdu, "unix", &trap, NULL));
    assert_int_equal(trap.version, NQ_SNMP_V3);
    assert_string_equal(trap.user, "dsm");
    assert_int_equal(trap.level, NQ_LEVEL_PRIV);
    assert_null(trap.community);
    nq_trap_done(&trap);
    snmp_free_pdu(pdu);
}

static void what_is_no_notification_is_refused_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *seed;
        const char *reason;
    } rows[] = {
        {"no-trap-oid", "do not come first"},
        {"get", "neither trap nor inform"},
        {"bulk", "neither trap nor inform"},
        {"many", "more varbinds than 128"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct nq_trap trap = {0};
        struct nq_err err = {0};
        netsnmp_pdu *pdu = load(rows[i].seed);
        assert_false(nq_trap_from_pdu(pdu, "192.0.2.1", &trap, &err));
        if (!strstr(err.detail, rows[i].reason)) {
            fail_msg("%s: %s", rows[i].seed, err.detail);
        }
        assert_null(trap.varbinds);
        snmp_free_pdu(pdu);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_v1_trap_is_named_as_rfc_3584_says),
        cmocka_unit_test(only_the_last_forwarder_is_believed),
        cmocka_unit_test(every_type_has_the_text_that_snmptrapd_writes),
        cmocka_unit_test(octets_keep_their_zeros),
        cmocka_unit_test(a_community_among_the_varbinds_is_dropped),
        cmocka_unit_test(the_security_of_the_message_is_told),
        cmocka_unit_test(what_is_no_notification_is_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
