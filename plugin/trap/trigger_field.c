/* SPDX-License-Identifier: Apache-2.0 */
/* trigger_field.c: takes one field out of a trap, or says why it is absent. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "trap/computer.h"
#include "trap/trigger_impl.h"

#define SHOWN 80 /* bytes of a text from the trap in a sentence */

static const struct {
    const char *word;
    size_t offset;
} fields[NQ_FIELD_COUNT] = {
    [NQ_FIELD_COMPUTER] = {"computer", offsetof(struct nq_trigger_conf, computer)},
    [NQ_FIELD_CAUSE] = {"cause", offsetof(struct nq_trigger_conf, cause)},
    [NQ_FIELD_SEVERITY] = {"severity", offsetof(struct nq_trigger_conf, severity)},
    [NQ_FIELD_ACTION] = {"action_by", offsetof(struct nq_trigger_conf, action_by)},
};

const struct nq_field_conf *nq_field_conf_of(const struct nq_trigger_conf *conf,
                                             enum nq_field_name name)
{
    return (const void *)((const char *)conf + fields[name].offset);
}

const char *nq_field_word(enum nq_field_name name)
{
    return fields[name].word;
}

/* ---- one varbind -------------------------------------------------------------------- */

/* NONE: this varbind has no such field, another may. BAD: it has one that must not be
 * believed, so nothing else may answer in its place. */
enum answer { ANSWER_NONE, ANSWER_GOOD, ANSWER_BAD };

struct taking {
    const struct nq_field_conf *conf;
    const regex_t *regex;
    enum nq_field_name name;
    struct nq_why *why;
};

static enum answer none(const struct taking *taking, const char *reason)
{
    (void)nq_why_not(taking->why, "%s", reason);
    return ANSWER_NONE;
}

static enum answer bad(const struct taking *taking, const char *reason)
{
    (void)nq_why_not(taking->why, "%s", reason);
    return ANSWER_BAD;
}

static bool narrow_to_group(struct nq_span *span, const regex_t *regex, int64_t group)
{
    regmatch_t groups[NQ_TRIGGER_GROUPS];
    if (!nq_rule_run(regex, *span, groups) || groups[group].rm_so < 0) {
        return false;
    }
    span->len = (size_t)(groups[group].rm_eo - groups[group].rm_so);
    span->text += groups[group].rm_so;
    return true;
}

/* key, delimiter, regex, blanks. */
static enum answer narrow(const struct taking *taking, struct nq_span *span)
{
    const struct nq_field_conf *conf = taking->conf;
    if (conf->key) {
        const enum nq_key key = nq_span_key(span, conf->key);
        if (key != NQ_KEY_FOUND) {
            (void)nq_why_not(taking->why,
                             key == NQ_KEY_MISSING ? "no line has the key '%s'"
                                                   : "key '%s' has two different values",
                             conf->key);
            return key == NQ_KEY_MISSING ? ANSWER_NONE : ANSWER_BAD;
        }
    }
    if (conf->delimiter && !nq_span_item(span, conf->delimiter, (size_t)conf->item)) {
        (void)nq_why_not(taking->why, "its text has fewer than %lld items",
                         (long long)conf->item);
        return ANSWER_NONE;
    }
    if (taking->regex && !narrow_to_group(span, taking->regex, conf->group)) {
        (void)nq_why_not(taking->why, "its text does not match '%.200s'", conf->regex);
        return ANSWER_NONE;
    }
    *span = nq_span_trimmed(*span);
    if (span->len == 0) {
        return none(taking, "its text is empty");
    }
    if (nq_span_holds_nul(*span)) {
        return conf->key ? bad(taking, "its text holds a NUL")
                         : none(taking, "its text holds a NUL");
    }
    return ANSWER_GOOD;
}

static const char *value_of(const struct nq_field_conf *conf, struct nq_span text)
{
    for (size_t i = 0; i < conf->value_count; i++) {
        if (nq_span_same(text, nq_span_of(conf->values[i].from))) {
            return conf->values[i].to;
        }
    }
    return NULL;
}

/* A name that would have to be cut could become the name of another computer. */
static bool would_be_cut(const char *name)
{
    char shown[NQ_TEXT_MAX + 8];
    return strlen(nq_text_escape(name, shown, sizeof(shown))) > NQ_TEXT_MAX;
}

static enum answer name_computer(const struct taking *taking, struct nq_span span,
                                 char **ret_text)
{
    const enum nq_computer_kind kind = taking->conf->kind;
    char *text = nq_computer_spell(kind, span);
    if (!text) {
        char shown[SHOWN];
        (void)nq_why_not(taking->why, "its text '%s' is not %s",
                         nq_span_show(span, shown, sizeof(shown)),
                         nq_computer_kind_text(kind));
        return ANSWER_NONE;
    }
    if (would_be_cut(text)) {
        free(text);
        return bad(taking, "its text is too long for a name");
    }
    *ret_text = text;
    return ANSWER_GOOD;
}

/* Values, and what the field must be. */
static enum answer interpret(const struct taking *taking, struct nq_span span,
                             char **ret_text)
{
    if (taking->name == NQ_FIELD_COMPUTER) {
        return name_computer(taking, span, ret_text);
    }
    const char *value = value_of(taking->conf, span);
    if (!value && taking->name == NQ_FIELD_ACTION) {
        char shown[SHOWN];
        (void)nq_why_not(taking->why, "no value is given for '%s'",
                         nq_span_show(span, shown, sizeof(shown)));
        return ANSWER_NONE;
    }
    *ret_text = value ? nq_strdup(value) : nq_strndup(span.text, span.len);
    return ANSWER_GOOD;
}

/* Octets that stand for themselves have no encoding, and nothing can be cut out of them. */
static char *take_octets(const struct taking *taking, const struct nq_varbind *varbind)
{
    const struct nq_field_conf *conf = taking->conf;
    if (taking->name != NQ_FIELD_COMPUTER || varbind->type != NQ_VALUE_OCTETS ||
        conf->any_text || conf->key || conf->delimiter || conf->regex) {
        return NULL;
    }
    return nq_computer_spell_octets(conf->kind, varbind->value, varbind->value_len);
}

static enum answer take(const struct taking *taking, struct nq_view *view, size_t at,
                        const struct nq_varbind *varbind, char **ret_text)
{
    struct nq_span span;
    *ret_text = take_octets(taking, varbind);
    if (*ret_text) {
        return ANSWER_GOOD;
    }
    if (!nq_view_text(view, at, &span)) {
        return none(taking, "its text is not in the encoding declared");
    }
    const enum answer answer = narrow(taking, &span);
    return answer == ANSWER_GOOD ? interpret(taking, span, ret_text) : answer;
}

/* ---- all varbinds of the place ------------------------------------------------------ */

/* Several texts may answer when they agree. */
static bool agree(const struct taking *taking, char **found, char *text)
{
    if (*found && strcmp(*found, text) != 0) {
        char one[SHOWN];
        char other[SHOWN];
        (void)nq_why_not(taking->why, "two texts answer differently: '%s' and '%s'",
                         nq_span_show(nq_span_of(*found), one, sizeof(one)),
                         nq_span_show(nq_span_of(text), other, sizeof(other)));
        free(text);
        return false;
    }
    free(*found);
    *found = text;
    return true;
}

char *nq_rule_field(const struct nq_rule *rule, enum nq_field_name name,
                    struct nq_view *view, struct nq_why *why)
{
    const struct nq_field_conf *conf = nq_field_conf_of(rule->conf, name);
    const struct taking taking = {conf, rule->fields[name], name, why};
    const struct nq_place place = {conf->oid, conf->varbind, conf->any_text};
    const struct nq_varbind *varbind;
    char *found = NULL;
    (void)nq_why_not(why, "the trap has no such varbind");
    for (size_t at = 0; (varbind = nq_view_next(view, &place, &at));) {
        char *text = NULL;
        const enum answer answer = take(&taking, view, at, varbind, &text);
        if (answer == ANSWER_BAD ||
            (answer == ANSWER_GOOD && !agree(&taking, &found, text))) {
            free(found);
            return NULL;
        }
    }
    return found;
}
