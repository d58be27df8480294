/* SPDX-License-Identifier: Apache-2.0 */
/* option_rows.h: what the files with the rows of options share: how a row is written, and
 * the blocks that the file's root is made of. Private to the options*.c of config/.
 * Not for: anybody who reads rows; that is option.h.
 *
 * Owns    nothing: rows are constant.
 * Blocks  never.
 * Thread  any.
 * Fails   never.
 * Limits  those that the rows name.
 */
#ifndef NQ_CONFIG_OPTION_ROWS_H
#define NQ_CONFIG_OPTION_ROWS_H

#include <sys/param.h>

#include "config/option.h"

#define COUNT(array)     (sizeof(array) / sizeof((array)[0]))
#define BLOCK(rows)      .options = (rows), .option_count = COUNT(rows)
#define AT(type, member) .offset = offsetof(struct type, member)
#define BYTES(most)      .min = 1, .max = (most)
#define S                INT64_C(1000) /* the milliseconds of a second */
#define HOUR             (3600 * S)
#define DAY              (24 * HOUR)

#define PATH_BYTES 4095
#define TEXT_BYTES 255

extern const struct nq_block nq_manager_block; /* options_nsx.c */
extern const struct nq_block nq_group_block;
extern const struct nq_block nq_trigger_block; /* options_trigger.c */
extern const struct nq_block nq_source_block;  /* options_intake.c */
extern const struct nq_block nq_listen_block;
extern const struct nq_block nq_limits_block;
extern const struct nq_block nq_tag_row_block; /* options.c: one tag of somebody else */
extern const struct nq_block nq_protect_block; /* options_policy.c */
extern const struct nq_block nq_governor_block;
extern const struct nq_block nq_reconcile_block;
extern const struct nq_block nq_release_block;
extern const struct nq_block nq_notify_block;

#endif
