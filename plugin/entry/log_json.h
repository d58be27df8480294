/* SPDX-License-Identifier: Apache-2.0 */
/* log_json.h: an entry of the audit log as one line of JSON.
 * Not for: choosing entries (log.c).
 *
 * Owns    nothing.
 * Blocks  as long as the stream does.
 * Thread  the only one.
 * Fails   with false when the line cannot be made or written.
 * Limits  those of struct nq_log_entry.
 */
#ifndef NQ_ENTRY_LOG_JSON_H
#define NQ_ENTRY_LOG_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include "store/chain.h"

/* Every member that the hash is made of, under its name in chain.h, and time, which is at_ms
 * for people (UTC). evidence is null when there is none. */
bool nq_log_json_print(FILE *out, const struct nq_log_row *row);

#endif
