/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_trap_pdu.c: whatever PDU libnetsnmp decodes, what we make of it stays in bounds, keeps
 * the promises of trap.h, and reads back the same from the text that the spool holds. The
 * first octet is the SNMP version. test_fuzz_trap_pdu.c replays the corpus. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "trap/pdu.h"
#include "trap/text.h"
#include "trap/text_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_trap(const struct nq_trap *trap)
{
    require(strcmp(trap->source, "192.0.2.1") == 0);
    require(trap->trap_oid[0] == '.');
    require(!trap->forwarded_for ||
            strspn(trap->forwarded_for, ".0123456789") == strlen(trap->forwarded_for));
    require(trap->varbind_count >= 1 && trap->varbind_count <= NQ_TRAP_VARBINDS_MAX);
    for (size_t i = 0; i < trap->varbind_count; i++) {
        const struct nq_varbind *varbind = &trap->varbinds[i];
        require(strspn(varbind->oid, ".0123456789") == strlen(varbind->oid));
        require(varbind->value_len <= NQ_TRAP_VALUE_MAX);
        require(varbind->value[varbind->value_len] == '\0');
        require(varbind->type == NQ_VALUE_OCTETS ||
                strlen(varbind->value) == varbind->value_len);
    }
}

/* A trap that cannot be spooled is too large, and nothing else. */
static void check_spooled(const struct nq_trap *trap)
{
    struct nq_buf text;
    struct nq_trap copy;
    struct nq_err err = {0};
    nq_buf_init(&text, NQ_TRAP_TEXT_MAX);
    if (nq_trap_to_text(trap, NQ_PROOF_LISTED, &text, &err)) {
        require(nq_trap_from_own_text(text.data, text.len, &copy, &err));
        require(strcmp(copy.trap_oid, trap->trap_oid) == 0);
        require(copy.varbind_count == trap->varbind_count);
        for (size_t i = 0; i < copy.varbind_count; i++) {
            require(copy.varbinds[i].value_len == trap->varbinds[i].value_len);
            require(memcmp(copy.varbinds[i].value, trap->varbinds[i].value,
                           copy.varbinds[i].value_len) == 0);
        }
        nq_trap_done(&copy);
    } else {
        require(err.code == NQ_TRAP_TOO_LARGE);
    }
    nq_buf_done(&text);
}

/* The library takes what it decodes from memory that it may write to. */
static void run(u_char *bytes, size_t len, int version)
{
    netsnmp_pdu *pdu = snmp_pdu_create(0);
    require(pdu != NULL);
    pdu->version = version;
    if (snmp_pdu_parse(pdu, bytes, &len) == 0) {
        struct nq_trap trap;
        if (nq_trap_from_pdu(pdu, "192.0.2.1", &trap, NULL)) {
            check_trap(&trap);
            check_spooled(&trap);
            nq_trap_done(&trap);
        }
    }
    snmp_free_pdu(pdu);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_ready;
    if (!is_ready) {
        snmp_disable_log(); /* it has a line for each mistake in BER */
        is_ready = true;
    }
    if (size > 1) {
        u_char *bytes = malloc(size - 1);
        require(bytes != NULL);
        memcpy(bytes, data + 1, size - 1);
        run(bytes, size - 1, data[0] % 2 ? SNMP_VERSION_2c : SNMP_VERSION_1);
        free(bytes);
    }
    return 0;
}
