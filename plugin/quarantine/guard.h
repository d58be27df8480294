/* SPDX-License-Identifier: Apache-2.0 */
/* guard.h: is a VM one of those that no path may quarantine? Pure.
 * Not for: membership of groups of NSX, which only NSX can tell; see vet.c.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   never: what is not known about a VM protects it by nothing.
 * Limits  those of the configuration (NQ_CONFIG_PROTECTED_MAX of each kind).
 */
#ifndef NQ_QUARANTINE_GUARD_H
#define NQ_QUARANTINE_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

/* What is known about a VM; texts as in struct nq_vm, never NULL. */
struct nq_guard_vm {
    const char *display_name;
    const char *host_name;
    const char *addresses; /* comma list */
    const char *uuids;     /* comma list */
    const char *external_id;
    const char *type;
    bool regular;
    unsigned tags; /* set of nsx/tags.h */
};

/* true: the block `protect` has the VM, or it is none that may be quarantined at all; the
 * sentence says why, at most size bytes. */
bool nq_guard_protects(const struct nq_config *conf, const struct nq_guard_vm *vm,
                       char *ret_why, size_t size);

/* true: host, an address or a host name, is the VM. A name is the VM's when it is its
 * display name or its guest host name, whole or by the first label. */
bool nq_guard_is_host(const struct nq_guard_vm *vm, const char *host);

#endif
