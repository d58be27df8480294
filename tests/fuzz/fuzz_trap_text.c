/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_trap_text.c: whatever arrives as traphandle text, the reader stays in bounds and
 * what it accepts keeps the promises of trap.h. test_trap_text.c replays the corpus. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "trap/text.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nq_trap trap;
    struct nq_err err = {0};
    if (nq_trap_from_text((const char *)data, size, &trap, &err)) {
        check_trap(&trap);
        nq_trap_done(&trap);
    } else {
        require(err.code == NQ_TRAP_FORMAT || err.code == NQ_TRAP_TOO_LARGE);
        require(err.detail[0] != '\0');
    }
    return 0;
}
