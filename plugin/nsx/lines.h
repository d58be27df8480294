/* SPDX-License-Identifier: Apache-2.0 */
/* lines.h: queues with names: who enters a line comes to its turn when all before him have
 * left it.
 * Not for: knowing what is waited for.
 *
 * Owns    the lines and their names. Places are embedded in what waits and stay its own.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   never.
 * Limits  none of its own.
 */
#ifndef NQ_NSX_LINES_H
#define NQ_NSX_LINES_H

#include <stdbool.h>

struct nq_line;

/* Embedded. */
struct nq_place {
    struct nq_line *line;
    struct nq_place *prev;
    struct nq_place *next;
};

/* Embedded; zeroed is empty. */
struct nq_lines {
    struct nq_line *first;
};

/* true: nobody was there, it is this one's turn. */
bool nq_lines_enter(struct nq_lines *lines, const char *name, struct nq_place *place)
    __attribute__((warn_unused_result));

/* Returns the one whose turn has come by this, or NULL. */
struct nq_place *nq_lines_leave(struct nq_lines *lines, struct nq_place *place);

/* Of the line; borrowed until the place is left. */
const char *nq_place_name(const struct nq_place *place);

/* Anyone, or NULL when there is nobody. */
struct nq_place *nq_lines_any(const struct nq_lines *lines);

#endif
