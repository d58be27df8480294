/* SPDX-License-Identifier: Apache-2.0 */
/* policy.h: the NSX Policy API (NSX-T 3.x to NSX 9) as a backend.
 * Facts: see the comments at each call in policy*.c.
 *
 * Owns    its HTTP connections, its inventory and a copy of nothing: conf must outlive it.
 * Blocks  only in open(), to read the password and CA files.
 * Thread  loop thread only.
 * Fails   as backend.h says.
 * Limits  those of the manager's configuration; NQ_HTTP_BODY_MAX for an answer. In a storm
 *         a call waits for others to share a question with, some seconds (bench.h).
 */
#ifndef NQ_NSX_POLICY_H
#define NQ_NSX_POLICY_H

#include "base/clock.h"
#include "base/err.h"
#include "config/config.h"
#include "loop/loop.h"
#include "nsx/backend.h"

/* manager is an index into conf->managers. NULL and *reterr when the password or CA file
 * cannot be read. Starts the first inventory sync; does not wait for it. */
struct nq_backend *nq_policy_open(const struct nq_config *conf, size_t manager,
                                  struct nq_loop *loop, const struct nq_clock *clock,
                                  struct nq_err *reterr)
    __attribute__((warn_unused_result));

#endif
