/* SPDX-License-Identifier: Apache-2.0 */
/* beside.h: what commands share that read the state beside a running engine.
 * Not for: what they read.
 *
 * Owns    nothing.
 * Blocks  for local reads.
 * Thread  the only one.
 * Fails   with an exit code, after a line on standard error that says what to do.
 * Limits  none.
 */
#ifndef NQ_ENTRY_BESIDE_H
#define NQ_ENTRY_BESIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Reads the database at path. */
typedef bool nq_beside_fn(void *arg, const char *path, struct nq_err *reterr);

/* Loads the configuration and reads its database. NQ_EXIT_OK only when read() succeeded. */
int nq_beside(const char *command, const char *config_file, nq_beside_fn *read,
              void *arg);

/* Prints "nsx-quarantine COMMAND: TEXT" to standard error; returns NQ_EXIT_FAILED. */
int nq_beside_complain(const char *command, const char *text);

/* "2026-11-28 13:34:34", local time. Returns out. */
const char *nq_beside_time(int64_t wall_ms, char out[32]);

/* A number from 1, and nothing behind it. */
bool nq_beside_number(const char *text, uint32_t *ret_number);

#endif
