/* SPDX-License-Identifier: Apache-2.0 */
/* fleet.h: all managers of the configuration behind the one backend that the engine knows.
 * Not for: anything that one manager can answer by itself: those calls are passed on.
 *
 * Owns    its members.
 * Blocks  in open(), as the members do.
 * Thread  loop thread only.
 * Fails   as backend.h says; a VM of a manager that is no longer configured: NSX_NOT_FOUND.
 * Limits  NQ_CONFIG_MANAGERS_MAX members.
 *
 * A VM is looked for in what all managers are known to have; only when none knows it are
 * they asked. A manager that cannot answer does not keep a VM of another one from being
 * isolated: its error is the answer only when nobody found anything.
 */
#ifndef NQ_NSX_FLEET_H
#define NQ_NSX_FLEET_H

#include "base/clock.h"
#include "base/err.h"
#include "config/config.h"
#include "loop/loop.h"
#include "nsx/backend.h"

/* Opens every manager of the configuration. NULL and *reterr when one cannot be opened. */
struct nq_backend *nq_fleet_open(const struct nq_config *conf, struct nq_loop *loop,
                                 const struct nq_clock *clock, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* The same of members that are open already, in the order of the configuration. The fleet
 * owns them from now on, but not the array. */
struct nq_backend *nq_fleet_new(struct nq_backend *const *members, size_t count,
                                struct nq_loop *loop) __attribute__((warn_unused_result));

#endif
