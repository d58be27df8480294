/* SPDX-License-Identifier: Apache-2.0 */
/* spool.h: traps that arrived while the engine was away, one file each, in the manner of
 * a maildir: written to tmp/, fsync, renamed into new/, fsync of the directory.
 * A name that exists in new/ is therefore whole.
 *
 * Owns    nothing between calls.
 * Blocks  put() for two fsyncs; the rest for local file access.
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

/* Creates dir and its folders tmp/, new/ and refused/ where they are missing. */
bool nq_spool_prepare(const char *dir, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Stores text under a name that no other process uses; durable on true. */
bool nq_spool_put(const char *dir, const char *text, size_t len, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Calls fn for at most most files of new/, oldest first; regular files of our own user or
 * root only, symbolic links are never followed. name stays valid during the call only. A
 * file that cannot be read is logged and moved to refused/. Returns how many were handed
 * over. Files stay where they are: fn's owner removes or refuses them when their content
 * is durable elsewhere. */
typedef void nq_spool_fn(void *arg, const char *name, const char *text, size_t len);
size_t nq_spool_read(const char *dir, size_t most, nq_spool_fn *fn, void *arg);

/* Removes a file of new/, or moves it to refused/ (the oldest there go first). */
void nq_spool_remove(const char *dir, const char *name);
void nq_spool_refuse(const char *dir, const char *name);

#endif
