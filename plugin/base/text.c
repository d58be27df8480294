/* SPDX-License-Identifier: Apache-2.0 */
/* text.c: see text.h. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

/* Length of the well-formed UTF-8 character at p (RFC 3629: no overlong forms, no
 * surrogates, nothing above U+10FFFF), or 0. p is NUL-terminated, so no byte behind the
 * end is read: a NUL never passes as a continuation byte. */
static size_t utf8_length(const unsigned char *p)
{
    static const struct {
        unsigned char first_low, first_high, second_low, second_high;
        size_t length;
    } forms[] = {
        {0x01, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2},
        {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
        {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4},
        {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (p[0] < forms[i].first_low || p[0] > forms[i].first_high) {
            continue;
        }
        if (forms[i].length == 1) {
            return 1;
        }
        if (p[1] < forms[i].second_low || p[1] > forms[i].second_high) {
            return 0;
        }
        for (size_t k = 2; k < forms[i].length; k++) {
            if ((p[k] & 0xC0) != 0x80) {
                return 0;
            }
        }
        return forms[i].length;
    }
    return 0;
}

static bool is_control(const unsigned char *p, size_t length)
{
    return (length == 1 && (p[0] < 0x20 || p[0] == 0x7F)) ||
           (length == 2 && p[0] == 0xC2 && p[1] < 0xA0); /* C1: U+0080 to U+009F */
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7F;
}

const char *nq_text_escape(const char *in, char *out, size_t size)
{
    const unsigned char *p = (const unsigned char *)nq_text_or_empty(in);
    size_t used = 0;
    while (*p) {
        if (is_plain(*p)) { /* nearly all there is, so it has a short way */
            if (used + 2 > size) {
                break;
            }
            out[used++] = (char)*p++;
            continue;
        }
        char piece[16];
        size_t length = utf8_length(p);
        size_t eaten = length;
        if (length > 0 && !is_control(p, length)) {
            memcpy(piece, p, length);
        } else if (*p == '\n' || *p == '\t' || *p == '\r') {
            piece[0] = '\\';
            piece[1] = *p == '\n' ? 'n' : *p == '\t' ? 't' : 'r';
            length = 2;
        } else {
            eaten = length ? length : 1;
            length = 0;
            for (size_t i = 0; i < eaten; i++) {
                (void)snprintf(piece + length, sizeof(piece) - length, "\\x%02X", p[i]);
                length += 4;
            }
        }
        if (used + length + 1 > size) {
            break;
        }
        memcpy(out + used, piece, length);
        used += length;
        p += eaten;
    }
    if (size > 0) {
        out[used] = '\0';
    }
    return out;
}

void nq_text_set(char **field, const char *value)
{
    char *copy = NULL;
    if (value) {
        char escaped[NQ_TEXT_MAX + 1];
        copy = nq_strdup(nq_text_escape(value, escaped, sizeof(escaped)));
    }
    free(*field);
    *field = copy;
}

void nq_text_setf(char **field, const char *fmt, ...)
{
    char value[4 * NQ_TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(value, sizeof(value), fmt, args);
    va_end(args);
    nq_text_set(field, value);
}

const char *nq_text_or_empty(const char *text)
{
    return text ? text : "";
}

bool nq_text_same(const char *a, const char *b)
{
    return a && b && strcasecmp(a, b) == 0;
}
