/* SPDX-License-Identifier: Apache-2.0 */
/* judge.h: what an answer of NSX for vSphere means: its dialect. The number that
 * NSX gives in the body counts before the HTTP status, because the same trouble comes with
 * 400, 404 or 500, depending on the release.
 * Not for: deciding what to do about it; nq_err_fate() says that.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   it is about failures; it has none itself.
 * Limits  none.
 */
#ifndef NQ_NSX_VSPHERE_JUDGE_H
#define NQ_NSX_VSPHERE_JUDGE_H

#include "nsx/asker.h"
#include "nsx/judge.h"

/* Error codes that somebody decides by. */
#define NQ_VSPHERE_NOT_KNOWN                                                             \
    202 /* the object does not exist, or NSX has not seen it yet */
#define NQ_VSPHERE_NAME_USED 210 /* the scope has an object of this name */

/* Ours, below all that NSX gives: another writer was faster. NSX says it in words only. */
#define NQ_VSPHERE_CONFLICT (-1)

/* The table of NSX for vSphere. */
enum nq_code nq_judge_vsphere(int status, int64_t fault_code);

/* An error in XML or JSON, or a conflict that any text tells of. */
bool nq_vsphere_fault(const char *body, size_t len, struct nq_fault *ret_fault);

extern const struct nq_dialect nq_vsphere_dialect;

#endif
