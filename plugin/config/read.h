/* SPDX-License-Identifier: Apache-2.0 */
/* read.h: the settings of a parsed file become a struct nq_config, row by row.
 * Not for: opening files (config.c) or rules between options (rules.h). Private to
 * config/.
 *
 * Owns    nothing. What was stored before a failure belongs to conf.
 * Blocks  never.
 * Thread  any.
 * Fails   NQ_CONFIG_VALUE with file, line, option and what is allowed.
 * Limits  those of the rows.
 */
#ifndef NQ_CONFIG_READ_H
#define NQ_CONFIG_READ_H

#include <libconfig.h>
#include <stdbool.h>

#include "base/err.h"
#include "config/config.h"

/* conf is zeroed but for its file. */
bool nq_read_settings(const config_t *lib, struct nq_config *conf, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* The same for a file that holds nothing but `triggers`. */
bool nq_read_triggers(const config_t *lib, struct nq_config *conf, struct nq_err *reterr)
    __attribute__((warn_unused_result));

/* Fills *reterr with "FILE:LINE: option 'PATH': TEXT" and returns false. file is named
 * when the setting does not come from an included one. */
bool nq_read_mistake(const char *file, const config_setting_t *setting, const char *path,
                     const char *text, struct nq_err *reterr);

#endif
