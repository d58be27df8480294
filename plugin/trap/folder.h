/* SPDX-License-Identifier: Apache-2.0 */
/* folder.h: folders by descriptor, and the names in them; the spool is built on this.
 * Not for: reading files. Private to trap/.
 *
 * Owns    struct nq_names owns its strings.
 * Blocks  for local file access.
 * Thread  any.
 * Fails   like openat(2); a folder that cannot be read holds no names.
 * Limits  most, given to nq_folder_names().
 */
#ifndef NQ_TRAP_FOLDER_H
#define NQ_TRAP_FOLDER_H

#include <stddef.h>

struct nq_names {
    char **list;
    size_t count;
    size_t room;
};

/* A descriptor, or -1 with errno. A symbolic link is no folder. */
int nq_folder_open(int at, const char *name);

/* Names that begin with a dot do not count, in both. The list is sorted. */
size_t nq_folder_count(int folder);
void nq_folder_names(int folder, size_t most, struct nq_names *ret_names);

void nq_names_done(struct nq_names *names);

#endif
