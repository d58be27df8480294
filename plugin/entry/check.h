/* SPDX-License-Identifier: Apache-2.0 */
/* check.h: what `nsx-quarantine check` prints of a valid configuration.
 * Not for: judging it; check.c warns of what will not work here.
 *
 * Owns    nothing.
 * Blocks  as long as standard output does.
 * Thread  the only one.
 * Fails   never: who prints last asks whether it all went out.
 * Limits  none.
 */
#ifndef NQ_ENTRY_CHECK_H
#define NQ_ENTRY_CHECK_H

#include "config/config.h"

/* One line for each thing that is configured, to standard output. */
void nq_check_print(const struct nq_config *conf);

#endif
