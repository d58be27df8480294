/* SPDX-License-Identifier: Apache-2.0 */
/* vsphere.h: NSX for vSphere (6.2 to 6.4) as a backend: its XML API, and the REST API of
 * the vCenter paired with it when that is configured.
 * Facts: see the comments at each call in the vsphere_*.c files.
 *
 * Owns    its HTTP connections, its inventory and a copy of nothing: conf must outlive it.
 * Blocks  only in open(), to read the password and CA files.
 * Thread  loop thread only.
 * Fails   as backend.h says.
 * Limits  those of the manager's configuration; NQ_HTTP_BODY_MAX for an answer. One write
 *         at a time, because NSX for vSphere refuses what it is asked to do at once.
 */
#ifndef NQ_NSX_VSPHERE_H
#define NQ_NSX_VSPHERE_H

#include "base/clock.h"
#include "base/err.h"
#include "config/config.h"
#include "loop/loop.h"
#include "nsx/backend.h"

/* manager is an index into conf->managers. NULL and *reterr when a password or CA file
 * cannot be read. Starts the first inventory sync; does not wait for it. */
struct nq_backend *nq_vsphere_open(const struct nq_config *conf, size_t manager,
                                   struct nq_loop *loop, const struct nq_clock *clock,
                                   struct nq_err *reterr)
    __attribute__((warn_unused_result));

#endif
