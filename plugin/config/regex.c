/* SPDX-License-Identifier: Apache-2.0 */
/* regex.c: which regular expressions are taken. They come from the admin, but the texts
 * they are run over from anybody, and what they cost must have a bound. */
#include "config/option.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32   /* of parentheses */
#define COST_MAX  1024 /* of an expression; see below */

static const char too_costly[] =
    "use an expression with fewer or smaller repetitions inside each other";

/* A back-reference can take time without bound on a text that an attacker chose. */
static bool has_back_reference(const char *expression)
{
    for (const char *c = expression; *c; c++) {
        if (c[0] == '\\' && c[1] != '\0') {
            if (c[1] >= '1' && c[1] <= '9') {
                return true;
            }
            c++;
        }
    }
    return false;
}

/* The end of a bracket expression that begins at text, or of what there is of one. */
static const char *skip_brackets(const char *text)
{
    text++;
    text += *text == '^';
    text += *text == ']';
    while (*text && *text != ']') {
        if (text[0] == '[' && (text[1] == ':' || text[1] == '.' || text[1] == '=')) {
            const char mark[] = {text[1], ']', '\0'};
            const char *end = strstr(text + 2, mark);
            text = end ? end + 1 : text;
        }
        text++;
    }
    return text;
}

/* How often what stands in front of the repetition at *text is written out for it. A
 * compiled expression holds what is repeated once more for each time, and twice for a
 * plus sign; repetitions inside each other multiply. */
static size_t factor_of(const char **text)
{
    const char *at = *text;
    if (*at != '{') {
        return *at == '+' ? 2 : 1;
    }
    char *end = NULL;
    const unsigned long least = strtoul(at + 1, &end, 10);
    unsigned long most = least;
    if (*end == ',') {
        const char *behind = end + 1;
        most = strtoul(behind, &end, 10);
        most = *behind == '}' ? least + 1 : most;
    }
    if (*end != '}') {
        return 1; /* no interval; regcomp() will say so */
    }
    *text = end;
    most = most > least ? most : least;
    return most < COST_MAX ? (size_t)most + 1 : COST_MAX + 1;
}

/* Counts the characters that the compiled expression holds. */
static bool is_costly(const char *text)
{
    size_t sums[DEPTH_MAX + 1] = {0};
    size_t depth = 0;
    size_t atom = 0; /* cost of the last one, which a repetition multiplies */
    for (; *text; text++) {
        if (*text == '(') {
            if (++depth > DEPTH_MAX) {
                return true;
            }
            sums[depth] = 0;
            atom = 0;
            continue;
        }
        if (*text == ')' && depth > 0) {
            atom = sums[depth--] + 1;
        } else if (*text == '*' || *text == '+' || *text == '?' || *text == '{') {
            const size_t old = atom;
            atom *= factor_of(&text);
            sums[depth] -= old;
        } else {
            if (*text == '[') {
                text = skip_brackets(text);
            } else if (*text == '\\' && text[1]) {
                text++;
            }
            atom = 1;
        }
        sums[depth] += atom;
        if (sums[depth] > COST_MAX || atom > COST_MAX) {
            return true;
        }
        if (*text == '\0') {
            break;
        }
    }
    return false;
}

const char *nq_option_regex(const char *text, char *reason)
{
    if (has_back_reference(text)) {
        return "use an expression without back-references";
    }
    if (is_costly(text)) {
        return too_costly;
    }
    regex_t regex;
    const int code = regcomp(&regex, text, REG_EXTENDED);
    if (code == 0) {
        regfree(&regex);
        return NULL;
    }
    char why[80];
    (void)regerror(code, &regex, why, sizeof(why));
    (void)snprintf(reason, NQ_OPTION_REASON,
                   "use a POSIX extended regular expression (%s)", why);
    return reason;
}
