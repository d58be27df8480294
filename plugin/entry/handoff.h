/* SPDX-License-Identifier: Apache-2.0 */
/* handoff.h: the client's side of the engine's intake socket: one trap out, one line back.
 * Not for: deciding what an answer means (trap.c) or the server's side (intake.h).
 *
 * Owns    its socket, closed on return.
 * Blocks  for at most NQ_HANDOFF_DEADLINE_MS, connecting included.
 * Thread  any.
 * Fails   with false: nobody there, no answer in time, or not one whole line.
 * Limits  NQ_HANDOFF_ANSWER_MAX bytes of answer, its NUL included.
 */
#ifndef NQ_ENTRY_HANDOFF_H
#define NQ_ENTRY_HANDOFF_H

#include <stdbool.h>

#include "base/buf.h"

#define NQ_HANDOFF_DEADLINE_MS 2000
#define NQ_HANDOFF_ANSWER_MAX  512

/* Sends text to the socket at path. On true, answer holds the engine's line without its
 * newline. */
bool nq_handoff_ask(const char *path, const struct nq_buf *text,
                    char answer[NQ_HANDOFF_ANSWER_MAX])
    __attribute__((warn_unused_result));

#endif
