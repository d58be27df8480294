/* SPDX-License-Identifier: Apache-2.0 */
/* json.h: the two answers that NSX for vSphere may give in JSON although we ask for
 * XML: an error, and what releases before 6.2.3 say about themselves. Pure.
 * Not for: anything that we ask for as JSON.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   false: the body is none of these.
 * Limits  those of read_json.h.
 */
#ifndef NQ_NSX_VSPHERE_JSON_H
#define NQ_NSX_VSPHERE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "nsx/judge.h"

bool nq_vsphere_json_fault(const char *body, size_t len, struct nq_fault *ret_fault);

/* "6.2.2". */
bool nq_vsphere_json_version(const char *body, size_t len, char *out, size_t size);

#endif
