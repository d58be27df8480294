/* SPDX-License-Identifier: Apache-2.0 */
/* trigger_impl.h: what the parts of trigger.h share: a compiled row, and the reading of one
 * field or condition of it with the reason when it says nothing. Private to trap/trigger*.c.
 *
 * Owns    what the comments say.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   a condition or field that does not hold leaves its reason in the nq_why.
 * Limits  those of trigger.h.
 */
#ifndef NQ_TRAP_TRIGGER_IMPL_H
#define NQ_TRAP_TRIGGER_IMPL_H

#include <regex.h>

#include "trap/trigger.h"
#include "trap/view.h"

enum nq_field_name {
    NQ_FIELD_COMPUTER,
    NQ_FIELD_CAUSE,
    NQ_FIELD_SEVERITY,
    NQ_FIELD_ACTION,
    NQ_FIELD_COUNT
};

/* A row with its expressions compiled. The arrays run parallel to the configuration's. */
struct nq_rule {
    const struct nq_trigger_conf *conf;
    struct nq_charset *charset; /* NULL: bytes as they are; rows share it */
    bool owns_charset;
    regex_t *conditions[NQ_CONFIG_CONDITIONS_MAX]; /* NULL: not a MATCHES condition */
    regex_t *fields[NQ_FIELD_COUNT];
};

/* Where the reason goes. Nobody who only matches pays for the sentence. */
struct nq_why {
    bool wanted;
    char text[512];
};

/* Returns false. What may come from the trap is shown by nq_span_show() first. */
bool nq_why_not(struct nq_why *why, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The configuration of a field, and its name in it. */
const struct nq_field_conf *nq_field_conf_of(const struct nq_trigger_conf *conf,
                                             enum nq_field_name name);
const char *nq_field_word(enum nq_field_name name);

/* Do the OID and all conditions hold? The view is declared for the row's encoding. */
bool nq_rule_holds(const struct nq_rule *rule, struct nq_view *view, struct nq_why *why);

/* The text of a field that is configured, or NULL; the caller frees. Not yet escaped; of
 * NQ_FIELD_ACTION always a word that its values lead to. */
char *nq_rule_field(const struct nq_rule *rule, enum nq_field_name name,
                    struct nq_view *view, struct nq_why *why);

/* Runs regex over subject. POSIX wants a C string, so a NUL inside means no match: text
 * behind it could not be seen. groups may be NULL. */
#define NQ_TRIGGER_GROUPS 10 /* 0..9, as in config.h */
bool nq_rule_run(const regex_t *regex, struct nq_span subject,
                 regmatch_t groups[NQ_TRIGGER_GROUPS]);

#endif
