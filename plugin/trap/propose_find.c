/* SPDX-License-Identifier: Apache-2.0 */
/* propose_find.c: see propose_find.h. A guess is made by the first row of a list that finds
 * something, from what says most to what says least. */
#include "trap/propose_find.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"
#include "trap/propose.h"
#include "trap/propose_text.h"
#include "trap/trigger.h"
#include "trap/view.h"

#define SNMP_MODULES ".1.3.6.1.6.3." /* what the protocol itself puts into a trap */
#define DELIMITERS   ",;|\t"
#define IPV4         "[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+"
#define ITEM_VALUE   "^[^:=]*[:=] *(.*)$"

/* ---- texts -------------------------------------------------------------------------- */

static bool is_foreign(const char *text)
{
    char escaped[4 * NQ_TRIGGER_SUBJECT_MAX + 1];
    return strstr(nq_text_escape(text, escaped, sizeof(escaped)), "\\x") &&
           !strstr(text, "\\x");
}

bool nq_has_foreign_text(const struct nq_trap *trap)
{
    for (size_t i = 0; i < trap->varbind_count; i++) {
        size_t len = 0;
        if (nq_varbind_is_text(&trap->varbinds[i], &len) &&
            is_foreign(trap->varbinds[i].value)) {
            return true;
        }
    }
    return false;
}

/* The text of a varbind that may say something; false: it has none. */
static bool text_of(const struct nq_trap *trap, size_t index, struct nq_span *ret_text)
{
    const struct nq_varbind *varbind = &trap->varbinds[index];
    ret_text->text = varbind->value;
    return nq_view_place_of(trap, index) > 0 &&
           strcmp(varbind->oid, NQ_OID_SYS_UP_TIME) != 0 &&
           strncmp(varbind->oid, SNMP_MODULES, sizeof(SNMP_MODULES) - 1) != 0 &&
           nq_varbind_is_text(varbind, &ret_text->len) &&
           ret_text->len <= NQ_TRIGGER_SUBJECT_MAX;
}

/* ---- finders ------------------------------------------------------------------------- */

/* What a field may look like. */
struct look {
    const char *const *keys; /* best first */
    const char *const *values;
};

/* It can be what a field holds. */
static bool is_usable(struct nq_span value)
{
    return value.len > 0 && value.len <= NQ_TEXT_MAX;
}

typedef bool finder_fn(const struct look *look, struct nq_span text,
                       struct nq_guess *guess);

/* The value of key in all lines; false: two lines differ, and a trigger would take none. */
static bool is_unique(struct nq_span text, struct nq_span key, struct nq_span value)
{
    while (text.len > 0) {
        struct nq_span other_key;
        struct nq_span other;
        if (nq_propose_split(nq_span_next_line(&text), ":", &other_key, &other) &&
            other_key.len == key.len &&
            strncasecmp(other_key.text, key.text, key.len) == 0 &&
            (other.len != value.len || memcmp(other.text, value.text, value.len) != 0)) {
            return false;
        }
    }
    return true;
}

static bool find_line(const char *word, struct nq_span text, struct nq_guess *guess)
{
    struct nq_span rest = text;
    while (rest.len > 0) {
        if (nq_propose_split(nq_span_next_line(&rest), ":", &guess->key, &guess->value) &&
            nq_propose_has_word(guess->key, word) &&
            is_unique(text, guess->key, guess->value)) {
            guess->why = "the line with this key";
            return true;
        }
    }
    return false;
}

static bool by_line(const struct look *look, struct nq_span text, struct nq_guess *guess)
{
    for (const char *const *word = look->keys; *word; word++) {
        if (find_line(*word, text, guess)) {
            return true;
        }
    }
    return false;
}

static bool item_of(struct nq_span text, char delimiter, size_t item,
                    struct nq_span *ret_item)
{
    const char delimiters[] = {delimiter, '\0'};
    *ret_item = text;
    return nq_span_item(ret_item, delimiters, item);
}

/* "Virus: Eicar, Computer: VDI-01, ...": one line that is a list of keys and values. */
static bool by_keyed_item_at(const struct look *look, char delimiter, struct nq_span text,
                             struct nq_guess *guess)
{
    struct nq_span item;
    struct nq_span key;
    struct nq_span value;
    size_t keyed = 0;
    for (size_t i = 1; item_of(text, delimiter, i, &item); i++) {
        keyed += nq_propose_split(item, ":=", &key, &value);
    }
    for (const char *const *word = look->keys; keyed >= 2 && *word; word++) {
        for (size_t i = 1; item_of(text, delimiter, i, &item); i++) {
            if (nq_propose_split(item, ":=", &key, &value) &&
                nq_propose_has_word(key, *word) && is_usable(value)) {
                *guess = (struct nq_guess){.why = "the item of the list with this key",
                                           .key = key,
                                           .item = i,
                                           .delimiter = delimiter,
                                           .regex = ITEM_VALUE,
                                           .group = 1,
                                           .value = value};
                return true;
            }
        }
    }
    return false;
}

static bool by_keyed_item(const struct look *look, struct nq_span text,
                          struct nq_guess *guess)
{
    for (const char *delimiter = DELIMITERS; !nq_propose_has_lines(text) && *delimiter;
         delimiter++) {
        if (by_keyed_item_at(look, *delimiter, text, guess)) {
            return true;
        }
    }
    return false;
}

/* The first item of a list for which is holds. */
static bool find_item(struct nq_span text,
                      bool (*is)(const struct look *, struct nq_span),
                      const struct look *look, struct nq_guess *guess)
{
    for (const char *delimiter = DELIMITERS; *delimiter; delimiter++) {
        struct nq_span item;
        if (!item_of(text, *delimiter, 3, &item)) {
            continue; /* two items are no list yet */
        }
        for (size_t i = 1; item_of(text, *delimiter, i, &item); i++) {
            if (is(look, item)) {
                guess->item = i;
                guess->delimiter = *delimiter;
                guess->value = item;
                return true;
            }
        }
    }
    return false;
}

static bool looks_like_identity(const struct look *look, struct nq_span item)
{
    (void)look;
    return nq_propose_is_identity(item);
}

static bool looks_like_value(const struct look *look, struct nq_span item)
{
    return nq_propose_is_one_of(item, look->values);
}

static bool by_identity_item(const struct look *look, struct nq_span text,
                             struct nq_guess *guess)
{
    guess->why = "an address, MAC or UUID in a list";
    return find_item(text, looks_like_identity, look, guess);
}

static bool by_value_item(const struct look *look, struct nq_span text,
                          struct nq_guess *guess)
{
    guess->why = "a word in a list that is one";
    return find_item(text, looks_like_value, look, guess);
}

static bool by_identity(const struct look *look, struct nq_span text,
                        struct nq_guess *guess)
{
    (void)look;
    guess->why = "an address, MAC or UUID";
    guess->value = nq_span_trimmed(text);
    return nq_propose_is_identity(guess->value);
}

static bool by_address_inside(const struct look *look, struct nq_span text,
                              struct nq_guess *guess)
{
    (void)look;
    regex_t regex;
    regmatch_t match;
    if (regcomp(&regex, IPV4, REG_EXTENDED) != 0) {
        return false;
    }
    char *subject = nq_strndup(text.text, text.len);
    const bool found = regexec(&regex, subject, 1, &match, 0) == 0;
    free(subject);
    regfree(&regex);
    if (!found) {
        return false;
    }
    guess->why = "the first address inside a text";
    guess->regex = IPV4;
    guess->value =
        (struct nq_span){text.text + match.rm_so, (size_t)(match.rm_eo - match.rm_so)};
    return nq_propose_is_identity(guess->value);
}

static bool by_name(const struct look *look, struct nq_span text, struct nq_guess *guess)
{
    (void)look;
    guess->why = "a text that looks like a computer's name";
    guess->value = nq_span_trimmed(text);
    return nq_propose_is_name(guess->value);
}

static bool by_value(const struct look *look, struct nq_span text, struct nq_guess *guess)
{
    guess->why = "a text that is one";
    guess->value = nq_span_trimmed(text);
    return nq_propose_is_one_of(guess->value, look->values);
}

static bool by_sentence(const struct look *look, struct nq_span text,
                        struct nq_guess *guess)
{
    (void)look;
    guess->why = "a text of several words";
    guess->value = nq_span_trimmed(text);
    return is_usable(guess->value) &&
           memchr(guess->value.text, ' ', guess->value.len) != NULL;
}

/* The first finder of the list that finds something in any varbind. */
static void guess_by(finder_fn *const *finders, const struct look *look,
                     const struct nq_trap *trap, size_t except,
                     struct nq_guess *ret_guess)
{
    for (; *finders; finders++) {
        for (size_t i = 0; i < trap->varbind_count; i++) {
            struct nq_span text;
            struct nq_guess guess = {0};
            if (i != except && text_of(trap, i, &text) &&
                (*finders)(look, text, &guess)) {
                guess.varbind = i;
                *ret_guess = guess;
                return;
            }
        }
    }
    *ret_guess = (struct nq_guess){0};
}

/* ---- fields -------------------------------------------------------------------------- */

#define NO_VARBIND NQ_TRAP_VARBINDS_MAX

/* A varbind of the type IpAddress, when no text says more. */
static void guess_by_type(const struct nq_trap *trap, struct nq_guess *guess)
{
    for (size_t i = 0; i < trap->varbind_count; i++) {
        const struct nq_varbind *varbind = &trap->varbinds[i];
        if (varbind->type == NQ_VALUE_ADDRESS && nq_view_place_of(trap, i) > 0 &&
            strncmp(varbind->oid, SNMP_MODULES, sizeof(SNMP_MODULES) - 1) != 0) {
            *guess = (struct nq_guess){.why = "a varbind that is an address",
                                       .varbind = i,
                                       .value = {varbind->value, varbind->value_len}};
            return;
        }
    }
}

void nq_guess_computer(const struct nq_trap *trap, struct nq_guess *ret_guess)
{
    static const char *const keys[] = {
        "subject", "computer", "hostname", "host",   "endpoint", "device", "machine",
        "target",  "client",   "vm",       "server", "agent",    "ip",     NULL};
    static const struct look look = {.keys = keys};
    static finder_fn *const certain[] = {by_keyed_item, by_line, by_identity_item,
                                         by_identity, NULL};
    static finder_fn *const likely[] = {by_name, by_address_inside, NULL};
    guess_by(certain, &look, trap, NO_VARBIND, ret_guess);
    if (!ret_guess->why) {
        guess_by_type(trap, ret_guess);
    }
    if (!ret_guess->why) {
        guess_by(likely, &look, trap, NO_VARBIND, ret_guess);
    }
}

void nq_guess_cause(const struct nq_trap *trap, const struct nq_guess *computer,
                    struct nq_guess *ret_guess)
{
    static const char *const kinds[] = {"alert",    "event", "rule",
                                        "category", "type",  NULL};
    static const char *const things[] = {
        "malware", "virus", "threat",  "infection", "signature",   "detection",
        "reason",  "cause", "message", "summary",   "description", NULL};
    static const struct look kind = {.keys = kinds};
    static const struct look thing = {.keys = things};
    static finder_fn *const by_key[] = {by_keyed_item, by_line, NULL};
    static finder_fn *const by_words[] = {by_sentence, NULL};
    guess_by(by_key, &kind, trap, NO_VARBIND, ret_guess);
    ret_guess->is_a_kind = ret_guess->why != NULL;
    if (!ret_guess->why) {
        guess_by(by_key, &thing, trap, NO_VARBIND, ret_guess);
    }
    if (!ret_guess->why) {
        const bool taken = computer->why && (!computer->regex || computer->item > 0);
        guess_by(by_words, &thing, trap, taken ? computer->varbind : NO_VARBIND,
                 ret_guess);
    }
}

void nq_guess_severity(const struct nq_trap *trap, struct nq_guess *ret_guess)
{
    static const char *const keys[] = {"severity", "priority", "criticality", "risk",
                                       "urgency",  "level",    NULL};
    static const char *const values[] = {"critical", "high",          "medium",  "low",
                                         "info",     "informational", "warning", "error",
                                         "major",    "minor",         "severe",  NULL};
    static const struct look look = {.keys = keys, .values = values};
    static finder_fn *const finders[] = {by_keyed_item, by_line, by_value_item, by_value,
                                         NULL};
    guess_by(finders, &look, trap, NO_VARBIND, ret_guess);
}
