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
#define LEVEL_MAX 4    /* repetitions inside each other */

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

/* What an expression costs, group by group while it is read. */
struct bill {
    size_t sums[DEPTH_MAX + 1];   /* characters that the compiled group holds so far */
    size_t levels[DEPTH_MAX + 1]; /* repetitions inside each other in it */
    size_t depth;
    size_t atom; /* the same two of what a repetition would repeat */
    size_t level;
};

static void add_atom(struct bill *bill, size_t cost, size_t level)
{
    bill->atom = cost;
    bill->level = level;
    bill->sums[bill->depth] += cost;
    if (level > bill->levels[bill->depth]) {
        bill->levels[bill->depth] = level;
    }
}

static void open_group(struct bill *bill)
{
    bill->depth++;
    bill->sums[bill->depth] = 0;
    bill->levels[bill->depth] = 0;
    bill->atom = 0;
    bill->level = 0;
}

static void close_group(struct bill *bill)
{
    const size_t cost = bill->sums[bill->depth] + 1;
    const size_t level = bill->levels[bill->depth];
    bill->depth--;
    add_atom(bill, cost, level);
}

static void repeat(struct bill *bill, size_t factor)
{
    bill->sums[bill->depth] -= bill->atom;
    add_atom(bill, bill->atom * factor, bill->level + 1);
}

static bool is_repetition(char c)
{
    return c == '*' || c == '+' || c == '?' || c == '{';
}

/* regcomp() takes time that doubles with each level, and memory for each character. */
static bool is_costly(const char *text)
{
    struct bill bill = {.depth = 0};
    for (; *text; text++) {
        if (*text == '(' && bill.depth == DEPTH_MAX) {
            return true;
        }
        if (*text == '(') {
            open_group(&bill);
        } else if (*text == ')' && bill.depth > 0) {
            close_group(&bill);
        } else if (is_repetition(*text)) {
            repeat(&bill, factor_of(&text));
        } else {
            if (*text == '[') {
                text = skip_brackets(text);
            } else if (*text == '\\' && text[1]) {
                text++;
            }
            add_atom(&bill, 1, 0);
        }
        if (bill.sums[bill.depth] > COST_MAX || bill.level > LEVEL_MAX) {
            return true;
        }
        if (*text == '\0') {
            break; /* an open bracket; regcomp() will say so */
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
