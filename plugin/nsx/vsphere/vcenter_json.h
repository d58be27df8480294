/* SPDX-License-Identifier: Apache-2.0 */
/* vcenter_json.h: the JSON of the vCenter REST API about one VM, to plain data. Pure.
 * What /rest wraps into {"value": ...} stands bare below /api (7.0 and later): both do.
 * Not for: lists; we ask for none.
 *
 * Owns    nothing but what nq_vcenter_json_session() returns.
 * Blocks  never.
 * Thread  any.
 * Fails   false or NULL and *reterr: NQ_NSX_ANSWER, what is wrong.
 * Limits  those of read_json.h. A text that does not fit its field counts as none.
 */
#ifndef NQ_NSX_VCENTER_JSON_H
#define NQ_NSX_VCENTER_JSON_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/uuid.h"
#include "nsx/inventory.h"
#include "nsx/judge.h"

/* Our number for an error that vCenter gives by name: of the VM, VMware Tools do not run. */
#define NQ_VCENTER_UNAVAILABLE 1

/* "" for what vCenter does not say. */
struct nq_vcenter_facts {
    char instance_uuid[NQ_UUID_TEXT];
    char bios_uuid[NQ_UUID_TEXT];
    char host_name[NQ_INVENTORY_NAME_MAX + 1];
    char address[INET6_ADDRSTRLEN];
};

/* The details of a VM: its UUIDs, from 6.7.1 on. */
bool nq_vcenter_json_vm(const char *body, size_t len, struct nq_vcenter_facts *facts,
                        struct nq_err *reterr) __attribute__((warn_unused_result));

/* The identity of its guest, from 6.7 on: host name and one address. */
bool nq_vcenter_json_guest(const char *body, size_t len, struct nq_vcenter_facts *facts,
                           struct nq_err *reterr) __attribute__((warn_unused_result));

/* The id of a new session, for the caller to wipe and free. */
char *nq_vcenter_json_session(const char *body, size_t len, struct nq_err *reterr)
    __attribute__((warn_unused_result));

bool nq_vcenter_json_fault(const char *body, size_t len, struct nq_fault *ret_fault);

#endif
