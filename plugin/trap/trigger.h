/* SPDX-License-Identifier: Apache-2.0 */
/* trigger.h: trap + configured trigger rows -> a signal: what it means, whom it names.
 * Not for: deciding whether to act.
 *
 * Owns    the compiled expressions; a signal's strings belong to the caller.
 * Blocks  never (a POSIX expression is run over at most NQ_TRIGGER_SUBJECT_MAX bytes).
 * Thread  loop thread only.
 * Fails   new() on an expression that does not compile; match() never.
 * Limits  the maxima of config.h for rows and conditions.
 */
#ifndef NQ_TRAP_TRIGGER_H
#define NQ_TRAP_TRIGGER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "config/config.h"
#include "trap/trap.h"

#define NQ_TRIGGER_SUBJECT_MAX 16384

struct nq_triggers;

/* What a trigger made of a trap. Texts are escaped (nq_text_set()); NULL when absent. */
struct nq_trigger_result {
    const struct nq_trigger_conf *trigger; /* borrowed; NULL: no trigger recognises it */
    char *computer; /* NULL although the trigger matched: it names nobody */
    char *cause;
    char *severity;
};

/* conf must outlive the result. */
struct nq_triggers *nq_triggers_new(const struct nq_config *conf, struct nq_err *reterr)
    __attribute__((warn_unused_result));
struct nq_triggers *nq_triggers_free(struct nq_triggers *triggers);

/* The first trigger of the configuration whose OID and conditions all hold, wins. */
void nq_triggers_match(const struct nq_triggers *triggers, const struct nq_trap *trap,
                       struct nq_trigger_result *ret_result);

/* Frees the strings and empties it. */
void nq_trigger_result_done(struct nq_trigger_result *result);

#endif
