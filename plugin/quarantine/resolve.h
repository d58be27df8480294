/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.h: from the computer as a trap names it to exactly one VM, or a reason why not.
 * Not for: asking NSX; the backend finds candidates, this file judges them.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any; pure functions.
 * Fails   never: "none" and "several" are results.
 * Limits  NQ_HINTS_MAX hints of at most NQ_TEXT_MAX bytes.
 */
#ifndef NQ_QUARANTINE_RESOLVE_H
#define NQ_QUARANTINE_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "nsx/backend.h"
#include "quarantine/case.h"

/* The hints point into whole and parts. */
struct nq_identity {
    char whole[NQ_TEXT_MAX + 1];
    char parts[NQ_TEXT_MAX + 1];
    struct nq_vm_query query;
};

/* The first hint is the whole text. `name (other name)` gives two more: Deep Security shows
 * computers in that form, and which of the two is the host name is not fixed. */
void nq_resolve_split(const char *text, struct nq_identity *ret_identity);

/* NQ_EV_FOUND, NQ_EV_UNKNOWN, NQ_EV_AMBIGUOUS or NQ_EV_PROTECTED; *ret_vm is the one VM
 * in question for FOUND and PROTECTED, else NULL.
 * If the whole text leads to a VM, the parts do not count: "VDI-01 (2)" is the name of a
 * clone, not VDI-01. Else, one part that leads anywhere must lead to exactly one VM, and
 * two parts must agree on exactly one. */
enum nq_case_event nq_resolve_judge(const struct nq_vm *candidates, size_t count,
                                    const struct nq_vm **ret_vm);

/* vm was found by one part of the text while the rest leads nowhere. That is right for
 * `name (something that NSX does not know)`, and wrong for a clone "VDI-01 (2)" that is too
 * new for the inventory: worth a fresh look before acting. */
bool nq_resolve_is_weak(const struct nq_vm_query *query, const struct nq_vm *vm);

#endif
