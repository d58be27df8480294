/* SPDX-License-Identifier: Apache-2.0 */
/* trigger.h: trap + configured trigger rows -> a signal: what it means, whom it names.
 * Not for: deciding whether to act.
 *
 * Owns    the compiled expressions; a signal's strings belong to the caller.
 * Blocks  never. A POSIX expression can take a time that grows with the square of its
 *         text, so it is run over NQ_TRIGGER_SUBJECT_MAX bytes at most: 200 ms for the worst
 *         text and expression that were found among what config/regex.c lets pass, some 10
 *         microseconds for those of conf/triggers.
 * Thread  loop thread only.
 * Fails   new() on an expression that does not compile; match() never.
 * Limits  the maxima of config.h for rows and conditions.
 *
 * The text of a value is its octets, converted when the trigger declares an encoding,
 * without NULs at the end; of a number or an OID, its decimal or dotted text. A regular
 * expression does not match a text that holds a NUL or is longer than
 * NQ_TRIGGER_SUBJECT_MAX, so a condition on such a text does not hold; nor does one on a
 * text that the encoding cannot be decoded from. There is no partial text.
 *
 * A `Key: value` line ends at a newline, CR and newline, or the two characters backslash
 * and n; keys ignore ASCII case and blanks around them. Two lines that
 * give a key different values say nothing: a condition on it does not hold, a field from
 * it is absent. A field is also absent when its text is empty or holds a NUL, and the
 * computer when it is longer than NQ_TEXT_MAX or not of the kind that was declared: a
 * guess could isolate the wrong VM.
 *
 * A field is narrowed in this order: encoding, key, delimiter and item, regex and group,
 * blanks, values, kind. The values of cause and severity leave a text that they do not
 * have as it is; for action_by such a text is none, and the trigger's action stands.
 *
 * any_text looks at every OCTET STRING of the sender. A condition without key holds when
 * one of them does; with key, all lines of all texts count together. A field is absent
 * when two texts answer differently; a text that does not answer (no such key, no match,
 * not of the kind) is passed over. An address or a MAC address as octets is no text.
 *
 * An enterprise recognises ENTERPRISE.0.SPECIFIC, which an SNMPv1 trap with generic number
 * 6 became (RFC 3584 section 3), and ENTERPRISE.SPECIFIC.
 */
#ifndef NQ_TRAP_TRIGGER_H
#define NQ_TRAP_TRIGGER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "config/config.h"
#include "trap/trap.h"

#define NQ_TRIGGER_SUBJECT_MAX 4096

struct nq_triggers;

/* What a trigger made of a trap. Texts are escaped (nq_text_set()); NULL when absent. */
struct nq_trigger_result {
    const struct nq_trigger_conf *trigger; /* borrowed; NULL: no trigger recognises it */
    enum nq_trigger_action action; /* the trigger's, or what action_by said; 0: none */
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

/* Takes one fact of an explanation: trigger is the row that it is about, sentence is
 * escaped and has no full stop; both borrowed. */
#define NQ_TRIGGER_SENTENCE 640
typedef void nq_triggers_fn(void *arg, const struct nq_trigger_conf *trigger,
                            const char *sentence);

/* The same walk, told to fn before it returns: for each row up to the one that decides,
 * that it matches or the first reason why not; for that one, what it makes of the trap. */
void nq_triggers_explain(const struct nq_triggers *triggers, const struct nq_trap *trap,
                         nq_triggers_fn *fn, void *arg);

/* Frees the strings and empties it. */
void nq_trigger_result_done(struct nq_trigger_result *result);

#endif
