/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_trap_text.c: whatever arrives as traphandle text, the reader stays in bounds, what
 * it accepts keeps the promises of trap.h, and written as text again it is the same trap.
 * test_trap_text.c replays the corpus. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "trap/text.h"
#include "trap/text_write.h"

#define HEAD_MAX 128 /* the two lines that may become longer than they were */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_trap(const struct nq_trap *trap)
{
    require(trap->source && trap->trap_oid && trap->trap_oid[0] == '.');
    require(trap->varbind_count >= 1 && trap->varbind_count <= NQ_TRAP_VARBINDS_MAX);
    for (size_t i = 0; i < trap->varbind_count; i++) {
        const struct nq_varbind *varbind = &trap->varbinds[i];
        require(varbind->oid[0] == '.');
        require(strspn(varbind->oid, ".0123456789") == strlen(varbind->oid));
        require(varbind->value_len <= NQ_TRAP_VALUE_MAX);
        require(varbind->value[varbind->value_len] == '\0');
        require(nq_trap_varbind(trap, varbind->oid));
    }
}

static void require_same(const struct nq_trap *a, const struct nq_trap *b)
{
    require(strcmp(a->source, b->source) == 0 && strcmp(a->trap_oid, b->trap_oid) == 0);
    require(a->uptime_ticks == b->uptime_ticks && a->varbind_count == b->varbind_count);
    for (size_t i = 0; i < a->varbind_count; i++) {
        const struct nq_varbind *one = &a->varbinds[i];
        const struct nq_varbind *other = &b->varbinds[i];
        require(strcmp(one->oid, other->oid) == 0 && one->type == other->type);
        require(one->value_len == other->value_len);
        require(memcmp(one->value, other->value, one->value_len) == 0);
    }
}

/* text -> trap -> text -> trap -> text: the two traps and the two texts are the same. */
static void check_round_trip(const struct nq_trap *trap, size_t size, enum nq_proof proof)
{
    struct nq_buf text;
    struct nq_buf again;
    struct nq_trap copy;
    nq_buf_init(&text, NQ_TRAP_TEXT_MAX);
    nq_buf_init(&again, NQ_TRAP_TEXT_MAX);
    if (nq_trap_to_text(trap, proof, &text, NULL)) {
        require(text.len <= size + HEAD_MAX);
        require(nq_trap_from_own_text(text.data, text.len, &copy, NULL));
        require(copy.proof == proof);
        require_same(trap, &copy);
        require(nq_trap_to_text(&copy, proof, &again, NULL));
        require(again.len == text.len && memcmp(again.data, text.data, text.len) == 0);
        nq_trap_done(&copy);
        require(nq_trap_from_text(text.data, text.len, &copy, NULL));
        require(copy.proof == 0);
        nq_trap_done(&copy);
    } else {
        require(size + HEAD_MAX > NQ_TRAP_TEXT_MAX);
    }
    nq_buf_done(&again);
    nq_buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nq_trap trap;
    struct nq_err err = {0};
    if (nq_trap_from_text((const char *)data, size, &trap, &err)) {
        check_trap(&trap);
        require(trap.proof == 0);
        check_round_trip(&trap, size, (enum nq_proof)(size % (NQ_PROOF_V3 + 1)));
        nq_trap_done(&trap);
    } else {
        require(err.code == NQ_TRAP_FORMAT || err.code == NQ_TRAP_TOO_LARGE);
        require(err.detail[0] != '\0');
    }
    return 0;
}
