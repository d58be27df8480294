/* SPDX-License-Identifier: Apache-2.0 */
/* trigger.c: finds the first row that recognises a trap and reads its fields. Matching
 * and explaining are one walk: who explains only listens to it. */
#include "trap/trigger.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "trap/computer.h"
#include "trap/trigger_impl.h"

struct nq_triggers {
    struct nq_rule *rules;
    size_t count;
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

static bool compile_rule(struct nq_rule *rule, struct nq_err *reterr)
{
    const struct nq_trigger_conf *conf = rule->conf;
    for (size_t i = 0; i < conf->condition_count; i++) {
        const struct nq_condition_conf *condition = &conf->conditions[i];
        if (condition->kind == NQ_CONDITION_MATCHES &&
            !compile(condition->operand, &rule->conditions[i], reterr)) {
            return false;
        }
    }
    for (enum nq_field_name name = 0; name < NQ_FIELD_COUNT; name++) {
        const struct nq_field_conf *field = nq_field_conf_of(conf, name);
        if (!compile(field->regex, &rule->fields[name], reterr)) {
            return false;
        }
    }
    return true;
}

/* Rows of one encoding share its converter, and so the texts that it made of a trap. */
static bool open_charset(struct nq_triggers *triggers, size_t index,
                         struct nq_err *reterr)
{
    struct nq_rule *rule = &triggers->rules[index];
    if (!rule->conf->encoding) {
        return true;
    }
    for (size_t i = 0; i < index; i++) {
        const struct nq_rule *other = &triggers->rules[i];
        if (nq_text_same(other->conf->encoding, rule->conf->encoding)) {
            rule->charset = other->charset;
            return true;
        }
    }
    rule->charset = nq_charset_open(rule->conf->encoding, reterr);
    rule->owns_charset = true;
    return rule->charset != NULL;
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
        if (!compile_rule(&triggers->rules[i], reterr) ||
            !open_charset(triggers, i, reterr)) {
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
        struct nq_rule *rule = &triggers->rules[i];
        for (size_t k = 0; k < NQ_CONFIG_CONDITIONS_MAX; k++) {
            free_regex(rule->conditions[k]);
        }
        for (size_t k = 0; k < NQ_FIELD_COUNT; k++) {
            free_regex(rule->fields[k]);
        }
        if (rule->owns_charset) {
            (void)nq_charset_close(rule->charset);
        }
    }
    free(triggers->rules);
    free(triggers);
    return NULL;
}

/* ---- telling ------------------------------------------------------------------------ */

struct teller {
    nq_triggers_fn *fn; /* NULL: nobody listens */
    void *arg;
    struct nq_why why;
};

static void tell(struct teller *teller, const struct nq_rule *rule, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void tell(struct teller *teller, const struct nq_rule *rule, const char *fmt, ...)
{
    if (!teller->fn) {
        return;
    }
    char raw[NQ_TRIGGER_SENTENCE];
    char sentence[NQ_TRIGGER_SENTENCE];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(raw, sizeof(raw), fmt, args);
    va_end(args);
    teller->fn(teller->arg, rule->conf, nq_text_escape(raw, sentence, sizeof(sentence)));
}

/* ---- the walk ----------------------------------------------------------------------- */

/* Reads a field and tells what it is; the text is escaped and at most NQ_TEXT_MAX long. */
static char *read_field(const struct nq_rule *rule, enum nq_field_name name,
                        struct nq_view *view, struct teller *teller)
{
    char *field = NULL;
    if (!nq_field_given(nq_field_conf_of(rule->conf, name))) {
        return NULL;
    }
    char *raw = nq_rule_field(rule, name, view, &teller->why);
    nq_text_set(&field, raw);
    free(raw);
    if (!field) {
        tell(teller, rule, "%s is absent: %s", nq_field_word(name), teller->why.text);
    } else if (name == NQ_FIELD_COMPUTER) {
        tell(teller, rule, "computer is '%s', %s", field,
             nq_computer_kind_text(nq_computer_kind_of(field)));
    } else {
        tell(teller, rule, "%s is '%s'", nq_field_word(name), field);
    }
    return field;
}

/* The values were checked when the configuration was loaded. */
static enum nq_trigger_action read_action(const struct nq_rule *rule,
                                          struct nq_view *view, struct teller *teller)
{
    enum nq_trigger_action action = rule->conf->action;
    char *word = read_field(rule, NQ_FIELD_ACTION, view, teller);
    if (word) {
        (void)nq_config_action(word, &action);
    }
    free(word);
    tell(teller, rule, "action is %s", nq_config_action_word(action));
    return action;
}

static void walk(const struct nq_triggers *triggers, const struct nq_trap *trap,
                 struct teller *teller, struct nq_trigger_result *result)
{
    struct nq_view view;
    nq_view_init(&view, trap);
    for (size_t i = 0; i < triggers->count && !result->trigger; i++) {
        const struct nq_rule *rule = &triggers->rules[i];
        nq_view_declare(&view, rule->charset);
        if (!nq_rule_holds(rule, &view, &teller->why)) {
            tell(teller, rule, "does not match: %s", teller->why.text);
            continue;
        }
        tell(teller, rule, "matches");
        result->trigger = rule->conf;
        result->action = read_action(rule, &view, teller);
        result->computer = read_field(rule, NQ_FIELD_COMPUTER, &view, teller);
        result->cause = read_field(rule, NQ_FIELD_CAUSE, &view, teller);
        result->severity = read_field(rule, NQ_FIELD_SEVERITY, &view, teller);
    }
    nq_view_done(&view);
}

void nq_triggers_match(const struct nq_triggers *triggers, const struct nq_trap *trap,
                       struct nq_trigger_result *ret_result)
{
    struct teller nobody = {.fn = NULL};
    *ret_result = (struct nq_trigger_result){0};
    walk(triggers, trap, &nobody, ret_result);
}

void nq_triggers_explain(const struct nq_triggers *triggers, const struct nq_trap *trap,
                         nq_triggers_fn *fn, void *arg)
{
    struct nq_trigger_result result = {0};
    struct teller teller = {.fn = fn, .arg = arg, .why.wanted = true};
    walk(triggers, trap, &teller, &result);
    nq_trigger_result_done(&result);
}

void nq_trigger_result_done(struct nq_trigger_result *result)
{
    free(result->computer);
    free(result->cause);
    free(result->severity);
    *result = (struct nq_trigger_result){0};
}
