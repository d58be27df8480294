/* SPDX-License-Identifier: Apache-2.0 */
/* trigger.c: finds the first row that recognises a trap and reads its fields. */
#include "trap/trigger.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"

#define GROUPS 10 /* 0..9, as in config.h */

/* A row with its expressions compiled. The arrays run parallel to the configuration's. */
struct rule {
    const struct nq_trigger_conf *conf;
    regex_t *conditions[NQ_CONFIG_CONDITIONS_MAX]; /* NULL: not a MATCHES condition */
    regex_t *computer;
    regex_t *cause;
    regex_t *severity;
};

struct nq_triggers {
    struct rule *rules;
    size_t count;
};

/* A borrowed piece of a value; not NUL-terminated. */
struct span {
    const char *text;
    size_t len;
};

/* ---- compiling ---------------------------------------------------------------------- */

static bool compile(const char *expression, regex_t **ret_regex, struct nq_err *reterr)
{
    if (!expression) {
        return true;
    }
    regex_t *regex = nq_calloc(1, sizeof(*regex));
    const int code = regcomp(regex, expression, REG_EXTENDED);
    if (code != 0) {
        char reason[100];
        (void)regerror(code, regex, reason, sizeof(reason));
        free(regex);
        return nq_fail(reterr, NQ_CONFIG_VALUE, "expression '%.80s': %s", expression,
                       reason);
    }
    *ret_regex = regex;
    return true;
}

static bool compile_rule(struct rule *rule, struct nq_err *reterr)
{
    const struct nq_trigger_conf *conf = rule->conf;
    for (size_t i = 0; i < conf->condition_count; i++) {
        const struct nq_condition_conf *condition = &conf->conditions[i];
        if (condition->kind == NQ_CONDITION_MATCHES &&
            !compile(condition->operand, &rule->conditions[i], reterr)) {
            return false;
        }
    }
    return compile(conf->computer.regex, &rule->computer, reterr) &&
           compile(conf->cause.regex, &rule->cause, reterr) &&
           compile(conf->severity.regex, &rule->severity, reterr);
}

static void free_regex(regex_t *regex)
{
    if (regex) {
        regfree(regex);
        free(regex);
    }
}

struct nq_triggers *nq_triggers_new(const struct nq_config *conf, struct nq_err *reterr)
{
    struct nq_triggers *triggers = nq_calloc(1, sizeof(*triggers));
    triggers->rules = nq_calloc(conf->trigger_count, sizeof(*triggers->rules));
    triggers->count = conf->trigger_count;
    for (size_t i = 0; i < triggers->count; i++) {
        triggers->rules[i].conf = &conf->triggers[i];
        if (!compile_rule(&triggers->rules[i], reterr)) {
            return nq_triggers_free(triggers);
        }
    }
    return triggers;
}

struct nq_triggers *nq_triggers_free(struct nq_triggers *triggers)
{
    if (!triggers) {
        return NULL;
    }
    for (size_t i = 0; i < triggers->count; i++) {
        struct rule *rule = &triggers->rules[i];
        for (size_t k = 0; k < NQ_CONFIG_CONDITIONS_MAX; k++) {
            free_regex(rule->conditions[k]);
        }
        free_regex(rule->computer);
        free_regex(rule->cause);
        free_regex(rule->severity);
    }
    free(triggers->rules);
    free(triggers);
    return NULL;
}

/* ---- text --------------------------------------------------------------------------- */

/* Many senders count the NUL that ends a C string as part of the value. */
static struct span value_of(const struct nq_varbind *varbind)
{
    struct span span = {varbind->value, varbind->value_len};
    while (span.len > 0 && span.text[span.len - 1] == '\0') {
        span.len--;
    }
    return span;
}

static bool holds_nul(struct span span)
{
    return span.len > 0 && memchr(span.text, '\0', span.len);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span trimmed(struct span span)
{
    while (span.len > 0 && is_blank(span.text[0])) {
        span.text++;
        span.len--;
    }
    while (span.len > 0 && is_blank(span.text[span.len - 1])) {
        span.len--;
    }
    return span;
}

static bool same_span(struct span a, struct span b)
{
    return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

/* Runs regex over subject. POSIX wants a C string, so a NUL inside means no match: text
 * behind it could not be seen. */
static bool run(const regex_t *regex, struct span subject, regmatch_t groups[GROUPS])
{
    if (subject.len > NQ_TRIGGER_SUBJECT_MAX || holds_nul(subject)) {
        return false;
    }
    char *text = nq_strndup(subject.text, subject.len);
    const bool found = regexec(regex, text, groups ? GROUPS : 0, groups, 0) == 0;
    free(text);
    return found;
}

/* Takes one line off the front of rest. A line ends at a newline or at the two characters
 * backslash and n, which some senders write instead. */
static struct span next_line(struct span *rest)
{
    struct span line = {rest->text, 0};
    while (line.len < rest->len) {
        const char *at = rest->text + line.len;
        const size_t left = rest->len - line.len;
        const size_t end = *at == '\n'                                 ? 1
                           : left > 1 && at[0] == '\\' && at[1] == 'n' ? 2
                                                                       : 0;
        if (end > 0) {
            rest->text = at + end;
            rest->len = left - end;
            return line;
        }
        line.len++;
    }
    rest->text += rest->len;
    rest->len = 0;
    return line;
}

/* Splits "Key: value". */
static bool split(struct span line, struct span *ret_key, struct span *ret_value)
{
    const char *colon = line.len > 0 ? memchr(line.text, ':', line.len) : NULL;
    if (!colon) {
        return false;
    }
    const size_t key_len = (size_t)(colon - line.text);
    *ret_key = trimmed((struct span){line.text, key_len});
    *ret_value = trimmed((struct span){colon + 1, line.len - key_len - 1});
    return true;
}

/* Narrows *span to the value of key. Two lines with this key and different values are no
 * answer: one of them may have been smuggled in through the text of another line. */
static bool narrow_to_key(struct span *span, const char *key)
{
    struct span rest = *span;
    struct span found = {0};
    const size_t key_len = strlen(key);
    while (rest.len > 0) {
        struct span name;
        struct span value;
        if (!split(next_line(&rest), &name, &value) || name.len != key_len ||
            strncasecmp(name.text, key, key_len) != 0) {
            continue;
        }
        if (found.text && !same_span(found, value)) {
            return false;
        }
        found = value;
    }
    *span = found;
    return found.text;
}

static bool narrow_to_group(struct span *span, const regex_t *regex, int64_t group)
{
    regmatch_t groups[GROUPS];
    if (!run(regex, *span, groups) || groups[group].rm_so < 0) {
        return false;
    }
    span->len = (size_t)(groups[group].rm_eo - groups[group].rm_so);
    span->text += groups[group].rm_so;
    return true;
}

/* ---- matching ----------------------------------------------------------------------- */

static bool oid_holds(const struct nq_trigger_conf *conf, const char *trap_oid)
{
    const size_t len = strlen(conf->trap_oid);
    if (strncmp(conf->trap_oid, trap_oid, len) != 0) {
        return false;
    }
    return trap_oid[len] == '\0' || (conf->oid_prefix && trap_oid[len] == '.');
}

static bool condition_holds(const struct nq_condition_conf *condition,
                            const regex_t *regex, const struct nq_trap *trap)
{
    const struct nq_varbind *varbind = nq_trap_varbind(trap, condition->oid);
    if (!varbind) {
        return false;
    }
    struct span value = value_of(varbind);
    if (condition->key && !narrow_to_key(&value, condition->key)) {
        return false;
    }
    const size_t operand_len = strlen(condition->operand);
    switch (condition->kind) {
    case NQ_CONDITION_EQUALS:
        return same_span(value, (struct span){condition->operand, operand_len});
    case NQ_CONDITION_CONTAINS:
        return memmem(value.text, value.len, condition->operand, operand_len);
    case NQ_CONDITION_MATCHES:
        return run(regex, value, NULL);
    }
    return false;
}

static bool rule_holds(const struct rule *rule, const struct nq_trap *trap)
{
    if (!oid_holds(rule->conf, trap->trap_oid)) {
        return false;
    }
    for (size_t i = 0; i < rule->conf->condition_count; i++) {
        if (!condition_holds(&rule->conf->conditions[i], rule->conditions[i], trap)) {
            return false;
        }
    }
    return true;
}

/* Narrows *ret_span to the field; false when the trap does not hold it. */
static bool find_field(const struct nq_field_conf *conf, const regex_t *regex,
                       const struct nq_trap *trap, struct span *ret_span)
{
    const struct nq_varbind *varbind =
        conf->oid ? nq_trap_varbind(trap, conf->oid) : NULL;
    if (!varbind) {
        return false;
    }
    *ret_span = value_of(varbind);
    if (conf->key && !narrow_to_key(ret_span, conf->key)) {
        return false;
    }
    if (regex && !narrow_to_group(ret_span, regex, conf->group)) {
        return false;
    }
    *ret_span = trimmed(*ret_span);
    return ret_span->len > 0 && !holds_nul(*ret_span);
}

static char *read_field(const struct nq_field_conf *conf, const regex_t *regex,
                        const struct nq_trap *trap)
{
    struct span span;
    if (!find_field(conf, regex, trap, &span)) {
        return NULL;
    }
    char *field = NULL;
    char *raw = nq_strndup(span.text, span.len);
    nq_text_set(&field, raw);
    free(raw);
    return field;
}

/* A name that would have to be cut could become the name of another computer. */
static char *read_computer(const struct rule *rule, const struct nq_trap *trap)
{
    const struct nq_field_conf *conf = &rule->conf->computer;
    struct span span;
    if (find_field(conf, rule->computer, trap, &span) && span.len > NQ_TEXT_MAX) {
        return NULL;
    }
    return read_field(conf, rule->computer, trap);
}

void nq_triggers_match(const struct nq_triggers *triggers, const struct nq_trap *trap,
                       struct nq_trigger_result *ret_result)
{
    *ret_result = (struct nq_trigger_result){0};
    for (size_t i = 0; i < triggers->count; i++) {
        const struct rule *rule = &triggers->rules[i];
        if (rule_holds(rule, trap)) {
            ret_result->trigger = rule->conf;
            ret_result->computer = read_computer(rule, trap);
            ret_result->cause = read_field(&rule->conf->cause, rule->cause, trap);
            ret_result->severity =
                read_field(&rule->conf->severity, rule->severity, trap);
            return;
        }
    }
}

void nq_trigger_result_done(struct nq_trigger_result *result)
{
    free(result->computer);
    free(result->cause);
    free(result->severity);
    *result = (struct nq_trigger_result){0};
}
