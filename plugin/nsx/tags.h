/* SPDX-License-Identifier: Apache-2.0 */
/* tags.h: which of the tags on a VM mean something to us. Pure.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   never.
 * Limits  NQ_CONFIG_WATCHED_MAX watched tags.
 */
#ifndef NQ_NSX_TAGS_H
#define NQ_NSX_TAGS_H

#include "config/config.h"

/* A set of tags: our own, the watched and the protected ones in their configured order. */
#define NQ_TAGS_OURS           1U
#define NQ_TAGS_WATCHED(row)   (2U << (row))
#define NQ_TAGS_PROTECTED(row) (NQ_TAGS_WATCHED(NQ_CONFIG_WATCHED_MAX) << (row))

/* Those that mean quarantine, ours or somebody else's. */
#define NQ_TAGS_QUARANTINE (NQ_TAGS_WATCHED(NQ_CONFIG_WATCHED_MAX) - 1U)

/* What a tag with this scope and value is to us: a set of the bits above, 0 for nothing.
 * Tags are compared byte by byte, as NSX keeps them. */
unsigned nq_tags_of(const struct nq_config *conf, const char *scope, const char *value);

/* The same for NSX for vSphere, where a tag has a name only. */
unsigned nq_tags_of_name(const struct nq_config *conf, const char *name);

#endif
