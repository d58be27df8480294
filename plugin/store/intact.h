/* SPDX-License-Identifier: Apache-2.0 */
/* intact.h: damage to the files of the state database that SQLite takes for an empty
 * database or an empty log, and so would pass over in silence.
 * Not for: what is inside the database; PRAGMA quick_check looks at that.
 *
 * Owns    nothing.
 * Blocks  for two small reads.
 * Thread  any, before the database is opened.
 * Fails   with NQ_STORE_CORRUPT; what cannot be read is left to SQLite to say.
 * Limits  of the log only its head is judged: behind it, damage and the last moments before
 *         a power failure look alike, and SQLite takes what stands before.
 */
#ifndef NQ_STORE_INTACT_H
#define NQ_STORE_INTACT_H

#include <stdbool.h>

#include "base/err.h"

/* path: of the database; its log is beside it. *ret_missing: there is neither. */
bool nq_store_intact(const char *path, bool *ret_missing, struct nq_err *reterr)
    __attribute__((warn_unused_result));

#endif
