/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h: what must hold between options of a configuration that was read.
 * Not for: single values (option.h). Private to config/.
 *
 * Owns    nothing.
 * Blocks  never.
 * Thread  any.
 * Fails   with the path of the option that must change, and why.
 * Limits  none of its own.
 */
#ifndef NQ_CONFIG_RULES_H
#define NQ_CONFIG_RULES_H

#include <stdbool.h>

#include "config/option.h"

struct nq_rule_break {
    char path[NQ_OPTION_PATH_MAX]; /* "triggers[2].computer" */
    char text[NQ_OPTION_REASON];
};

/* false with *ret_broken on the first rule that does not hold. */
bool nq_rules_hold(const struct nq_config *conf, struct nq_rule_break *ret_broken)
    __attribute__((warn_unused_result));

/* The part of it that is about triggers (rules_trigger.c). */
bool nq_rules_triggers_hold(const struct nq_config *conf,
                            struct nq_rule_break *ret_broken)
    __attribute__((warn_unused_result));

/* For the functions above: fills *ret_broken and returns false. */
bool nq_rules_broken(struct nq_rule_break *ret_broken, const char *path, const char *fmt,
                     ...) __attribute__((format(printf, 3, 4)));

#endif
