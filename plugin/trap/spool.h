/* SPDX-License-Identifier: Apache-2.0 */
/* spool.h: traps that arrived while the engine was away, one file each, in the manner of
 * a maildir: written to tmp/, fsync, renamed into new/, fsync of the directory.
 * A name that exists in new/ is therefore whole.
 *
 * Owns    nothing between calls.
 * Blocks  put() for two fsyncs and a look at every name in new/ (0.7 ms for a thousand);
 *         the rest for local file access.
 * Thread  loop thread, or the traphandle process.
 * Fails   NQ_SPOOL_WRITE, NQ_SPOOL_FULL.
 * Limits  NQ_SPOOL_FILES_MAX files in new/, NQ_SPOOL_REFUSED_MAX kept in refused/,
 *         NQ_TRAP_TEXT_MAX bytes in a file.
 */
#ifndef NQ_TRAP_SPOOL_H
#define NQ_TRAP_SPOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define NQ_SPOOL_FILES_MAX   100000
#define NQ_SPOOL_REFUSED_MAX 100

/* Creates dir and its folders tmp/, new/ and refused/ where they are missing, mode 0770;
 * the parent of dir must exist. Removes what dead processes left in tmp/ an hour ago. */
bool nq_spool_prepare(const char *dir, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Stores text under a name that no other process uses; durable on true. */
bool nq_spool_put(const char *dir, const char *text, size_t len, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Calls fn for at most most files of new/, oldest first. snmptrapd and the engine may be
 * two users, so a file is taken when whoever the folder lets write could have written it:
 * its owner is our own user, root or the owner of new/, or its group is that of new/ and
 * new/ is writable for it. It must be a regular file with one link; symbolic links are
 * never followed. A file that is not taken is logged and moved to refused/; one that
 * cannot be read now, be it for its mode or for a failing disk, is logged and stays. A
 * spool that could not be emptied is not read.
 *
 * own: only our own user can have written the file, so what stands in its first line is
 * believed (nq_trap_from_own_text()). name stays valid during the call only. Files stay
 * where they are: fn's owner removes or refuses them when their content is durable
 * elsewhere. Returns how many were handed over. */
typedef void nq_spool_fn(void *arg, const char *name, const char *text, size_t len,
                         bool own);
size_t nq_spool_read(const char *dir, size_t most, nq_spool_fn *fn, void *arg);

/* Removes a file of new/, or moves it to refused/ (the oldest there go first). */
void nq_spool_remove(const char *dir, const char *name);
void nq_spool_refuse(const char *dir, const char *name);

#endif
