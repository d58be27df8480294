/* SPDX-License-Identifier: Apache-2.0 */
/* trigger_rule.c: does a row recognise a trap, and if not, what is the first reason? */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "trap/trigger_impl.h"

#define SHOWN      80  /* bytes of a text from the trap in a sentence */
#define PLACE_TEXT 200 /* and of what its varbind is called */

bool nq_why_not(struct nq_why *why, const char *fmt, ...)
{
    if (why->wanted) {
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(why->text, sizeof(why->text), fmt, args);
        va_end(args);
    }
    return false;
}

bool nq_rule_run(const regex_t *regex, struct nq_span subject,
                 regmatch_t groups[NQ_TRIGGER_GROUPS])
{
    if (subject.len > NQ_TRIGGER_SUBJECT_MAX || nq_span_holds_nul(subject)) {
        return false;
    }
    char *text = nq_strndup(subject.text, subject.len);
    const bool found =
        regexec(regex, text, groups ? NQ_TRIGGER_GROUPS : 0, groups, 0) == 0;
    free(text);
    return found;
}

/* ---- the OID ------------------------------------------------------------------------ */

static bool trap_oid_holds(const struct nq_trigger_conf *conf, const char *trap_oid,
                           struct nq_why *why)
{
    const size_t len = strlen(conf->trap_oid);
    if (strncmp(conf->trap_oid, trap_oid, len) == 0 &&
        (trap_oid[len] == '\0' || (conf->oid_prefix && trap_oid[len] == '.'))) {
        return true;
    }
    return nq_why_not(why, "trap OID is %.150s, not %.150s%s", trap_oid, conf->trap_oid,
                      conf->oid_prefix ? " or below" : "");
}

/* The specific number behind the enterprise, or -1. A v1 trap became ENTERPRISE.0.SPECIFIC
 * (RFC 3584 section 3); some v2c senders leave the 0 out. */
static int64_t specific_of(const char *enterprise, const char *trap_oid)
{
    const size_t len = strlen(enterprise);
    if (strncmp(enterprise, trap_oid, len) != 0 || trap_oid[len] != '.') {
        return -1;
    }
    const char *number = trap_oid + len + 1;
    if (strncmp(number, "0.", 2) == 0) {
        number += 2;
    }
    const size_t digits = strspn(number, "0123456789");
    if (digits == 0 || digits > 10 || number[digits] != '\0') {
        return -1;
    }
    return strtoll(number, NULL, 10);
}

static bool enterprise_holds(const struct nq_trigger_conf *conf, const char *trap_oid,
                             struct nq_why *why)
{
    const int64_t specific = specific_of(conf->enterprise, trap_oid);
    if (specific < 0) {
        return nq_why_not(why, "trap OID is %.150s, not %.150s.0.NUMBER", trap_oid,
                          conf->enterprise);
    }
    for (size_t i = 0; i < conf->specific_count; i++) {
        if (conf->specific[i] == specific) {
            return true;
        }
    }
    return conf->specific_count == 0 ||
           nq_why_not(why, "enterprise fits, but specific %lld is none of those listed",
                      (long long)specific);
}

/* ---- conditions --------------------------------------------------------------------- */

struct test {
    const struct nq_condition_conf *conf;
    const regex_t *regex;
    size_t number; /* from 1, for people */
    struct nq_view *view;
    struct nq_why *why;
};

static bool operand_holds(const struct test *test, struct nq_span text)
{
    static const char *const reasons[] = {
        [NQ_CONDITION_EQUALS] = "is not",
        [NQ_CONDITION_CONTAINS] = "does not contain",
        [NQ_CONDITION_MATCHES] = "does not match",
    };
    const char *operand = test->conf->operand;
    bool holds = false;
    switch (test->conf->kind) {
    case NQ_CONDITION_EQUALS:
        holds = nq_span_same(text, nq_span_of(operand));
        break;
    case NQ_CONDITION_CONTAINS:
        holds = nq_span_contains(text, operand);
        break;
    case NQ_CONDITION_MATCHES:
        holds = nq_rule_run(test->regex, text, NULL);
        break;
    }
    if (!holds && test->why->wanted) {
        char shown[SHOWN];
        nq_why_not(test->why, "condition %zu: its text '%s' %s '%.200s'", test->number,
                   nq_span_show(text, shown, sizeof(shown)), reasons[test->conf->kind],
                   operand);
    }
    return holds;
}

/* Says what the place is called. */
static const char *place_text(const struct nq_condition_conf *conf, char *out,
                              size_t size)
{
    if (conf->oid) {
        (void)snprintf(out, size, "varbind %s", conf->oid);
    } else if (conf->varbind > 0) {
        (void)snprintf(out, size, "varbind %lld", (long long)conf->varbind);
    } else {
        (void)snprintf(out, size, "an OCTET STRING");
    }
    return out;
}

static bool not_decodable(const struct test *test)
{
    return nq_why_not(test->why,
                      "condition %zu: its text is not in the encoding declared",
                      test->number);
}

/* What the key says over all texts of the place: one value, or nothing. */
static bool key_holds(const struct test *test, const struct nq_place *place)
{
    const char *key = test->conf->key;
    struct nq_span found = {0};
    bool readable = false;
    for (size_t at = 0; nq_view_next(test->view, place, &at);) {
        struct nq_span text;
        if (!nq_view_text(test->view, at, &text)) {
            continue;
        }
        readable = true;
        const enum nq_key answer = nq_span_key(&text, key);
        if (answer == NQ_KEY_MISSING) {
            continue;
        }
        if (answer == NQ_KEY_AMBIGUOUS || (found.text && !nq_span_same(found, text))) {
            return nq_why_not(test->why,
                              "condition %zu: key '%s' has two different values",
                              test->number, key);
        }
        found = text;
    }
    if (!readable) {
        return not_decodable(test);
    }
    if (!found.text) {
        return nq_why_not(test->why, "condition %zu: no line has the key '%s'",
                          test->number, key);
    }
    return operand_holds(test, found);
}

static bool text_holds(const struct test *test, const struct nq_place *place)
{
    for (size_t at = 0; nq_view_next(test->view, place, &at);) {
        struct nq_span text;
        if (!nq_view_text(test->view, at, &text)) {
            (void)not_decodable(test);
        } else if (operand_holds(test, text)) {
            return true;
        }
    }
    return false;
}

static bool condition_holds(const struct test *test)
{
    const struct nq_condition_conf *conf = test->conf;
    const struct nq_place place = {conf->oid, conf->varbind, conf->any_text};
    size_t at = 0;
    if (!nq_view_next(test->view, &place, &at)) {
        char name[PLACE_TEXT];
        return nq_why_not(test->why, "condition %zu: %s is missing", test->number,
                          place_text(conf, name, sizeof(name)));
    }
    return conf->key ? key_holds(test, &place) : text_holds(test, &place);
}

bool nq_rule_holds(const struct nq_rule *rule, struct nq_view *view, struct nq_why *why)
{
    const struct nq_trigger_conf *conf = rule->conf;
    const char *trap_oid = view->trap->trap_oid;
    if (conf->trap_oid ? !trap_oid_holds(conf, trap_oid, why)
                       : !enterprise_holds(conf, trap_oid, why)) {
        return false;
    }
    for (size_t i = 0; i < conf->condition_count; i++) {
        const struct test test = {&conf->conditions[i], rule->conditions[i], i + 1, view,
                                  why};
        if (!condition_holds(&test)) {
            return false;
        }
    }
    return true;
}
