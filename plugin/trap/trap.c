/* SPDX-License-Identifier: Apache-2.0 */
/* trap.c: the life of a struct nq_trap, shared by everything that makes one. */
#include "trap/trap.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

void nq_trap_done(struct nq_trap *trap)
{
    for (size_t i = 0; i < trap->varbind_count; i++) {
        free(trap->varbinds[i].oid);
        free(trap->varbinds[i].value);
    }
    free(trap->varbinds);
    free(trap->source);
    free(trap->forwarded_for);
    (void)nq_secret_free_text(trap->community);
    free(trap->user);
    free(trap->trap_oid);
    *trap = (struct nq_trap){0};
}

const struct nq_varbind *nq_trap_varbind(const struct nq_trap *trap, const char *oid)
{
    for (size_t i = 0; i < trap->varbind_count; i++) {
        if (strcmp(trap->varbinds[i].oid, oid) == 0) {
            return &trap->varbinds[i];
        }
    }
    return NULL;
}
