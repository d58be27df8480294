/* SPDX-License-Identifier: Apache-2.0 */
/* span.c: see span.h. */
#include "trap/span.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"

struct nq_span nq_span_of(const char *text)
{
    return (struct nq_span){text, strlen(text)};
}

bool nq_span_same(struct nq_span a, struct nq_span b)
{
    return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

bool nq_span_contains(struct nq_span span, const char *part)
{
    return memmem(span.text, span.len, part, strlen(part)) != NULL;
}

bool nq_span_holds_nul(struct nq_span span)
{
    return span.len > 0 && memchr(span.text, '\0', span.len);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct nq_span nq_span_trimmed(struct nq_span span)
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

struct nq_span nq_span_next_line(struct nq_span *rest)
{
    struct nq_span line = {rest->text, 0};
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
static bool split(struct nq_span line, struct nq_span *ret_key, struct nq_span *ret_value)
{
    const char *colon = line.len > 0 ? memchr(line.text, ':', line.len) : NULL;
    if (!colon) {
        return false;
    }
    const size_t key_len = (size_t)(colon - line.text);
    *ret_key = nq_span_trimmed((struct nq_span){line.text, key_len});
    *ret_value = nq_span_trimmed((struct nq_span){colon + 1, line.len - key_len - 1});
    return true;
}

/* Two lines with this key and different values are no answer: one of them may have been
 * smuggled in through the text of another line. */
enum nq_key nq_span_key(struct nq_span *span, const char *key)
{
    struct nq_span rest = *span;
    struct nq_span found = {0};
    const size_t key_len = strlen(key);
    while (rest.len > 0) {
        struct nq_span name;
        struct nq_span value;
        if (!split(nq_span_next_line(&rest), &name, &value) || name.len != key_len ||
            strncasecmp(name.text, key, key_len) != 0) {
            continue;
        }
        if (found.text && !nq_span_same(found, value)) {
            return NQ_KEY_AMBIGUOUS;
        }
        found = value;
    }
    if (!found.text) {
        return NQ_KEY_MISSING;
    }
    *span = found;
    return NQ_KEY_FOUND;
}

bool nq_span_item(struct nq_span *span, const char *delimiter, size_t item)
{
    const size_t width = strlen(delimiter);
    struct nq_span rest = *span;
    for (;;) {
        const char *end = memmem(rest.text, rest.len, delimiter, width);
        const size_t len = end ? (size_t)(end - rest.text) : rest.len;
        if (--item == 0) {
            *span = nq_span_trimmed((struct nq_span){rest.text, len});
            return true;
        }
        if (!end) {
            return false;
        }
        rest.text += len + width;
        rest.len -= len + width;
    }
}

const char *nq_span_show(struct nq_span span, char *out, size_t size)
{
    /* An escape has at least one byte for each byte of the text. */
    char *copy = nq_strndup(span.text, span.len < size ? span.len : size);
    nq_text_escape(copy, out, size);
    free(copy);
    return out;
}
