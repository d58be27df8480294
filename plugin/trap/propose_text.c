/* SPDX-License-Identifier: Apache-2.0 */
/* propose_text.c: see propose_text.h. */
#include "trap/propose_text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/uuid.h"
#include "trap/propose.h"

#define SNMP_TRAP_OID ".1.3.6.1.6.3.1.1.4.1.0"
#define KEY_MAX       48

/* ---- texts --------------------------------------------------------------------------- */

bool nq_varbind_is_text(const struct nq_varbind *varbind, size_t *ret_len)
{
    size_t len = varbind->value_len;
    while (len > 0 && varbind->value[len - 1] == '\0') {
        len--;
    }
    *ret_len = len;
    if (varbind->type != NQ_VALUE_OCTETS || len == 0) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)varbind->value[i];
        if ((c < ' ' && c != '\n' && c != '\r' && c != '\t') || c == 0x7F) {
            return false;
        }
    }
    return true;
}

size_t nq_varbind_place(const struct nq_trap *trap, size_t index)
{
    const struct nq_varbind *name = nq_trap_varbind(trap, SNMP_TRAP_OID);
    const size_t before = name ? (size_t)(name - trap->varbinds) : 0;
    return index > before ? index - before : 0;
}

const char *nq_text_next_line(const char **text, size_t *len, size_t *ret_line_len)
{
    const char *line = *text;
    for (size_t at = 0; at < *len; at++) {
        const size_t end = line[at] == '\n'                                           ? 1
                           : at + 1 < *len && line[at] == '\\' && line[at + 1] == 'n' ? 2
                                                                                      : 0;
        if (end > 0) {
            *text += at + end;
            *len -= at + end;
            *ret_line_len = at;
            return line;
        }
    }
    *text += *len;
    *ret_line_len = *len;
    *len = 0;
    return line;
}

struct nq_span nq_span_next_line(struct nq_span *rest)
{
    struct nq_span line = {0};
    line.text = nq_text_next_line(&rest->text, &rest->len, &line.len);
    return line;
}

struct nq_span nq_span_trim(struct nq_span span)
{
    while (span.len > 0 && strchr(" \t\r\n", span.text[0])) {
        span.text++;
        span.len--;
    }
    while (span.len > 0 && strchr(" \t\r\n", span.text[span.len - 1])) {
        span.len--;
    }
    return span;
}

bool nq_span_has_lines(struct nq_span text)
{
    (void)nq_span_next_line(&text);
    return nq_span_trim(text).len > 0;
}

bool nq_span_split(struct nq_span line, const char *marks, struct nq_span *ret_key,
                   struct nq_span *ret_value)
{
    size_t at = 0;
    while (at < line.len && !strchr(marks, line.text[at])) {
        if (line.text[at] < ' ' || line.text[at] > '~') {
            return false;
        }
        at++;
    }
    if (at == line.len) {
        return false;
    }
    *ret_key = nq_span_trim((struct nq_span){line.text, at});
    *ret_value = nq_span_trim((struct nq_span){line.text + at + 1, line.len - at - 1});
    return ret_key->len > 0 && ret_key->len <= KEY_MAX;
}

/* ---- what texts look like ------------------------------------------------------------ */

/* word stands in key with no letter or digit beside it. */
bool nq_span_has_word(struct nq_span key, const char *word)
{
    const size_t len = strlen(word);
    for (size_t at = 0; at + len <= key.len; at++) {
        if (strncasecmp(key.text + at, word, len) == 0 &&
            (at == 0 || !isalnum((unsigned char)key.text[at - 1])) &&
            (at + len == key.len || !isalnum((unsigned char)key.text[at + len]))) {
            return true;
        }
    }
    return false;
}

static bool is_mac(const char *text)
{
    if (strlen(text) != 17 || (text[2] != ':' && text[2] != '-')) {
        return false;
    }
    for (size_t i = 0; i < 17; i++) {
        if (i % 3 == 2 ? text[i] != text[2] : !isxdigit((unsigned char)text[i])) {
            return false;
        }
    }
    return true;
}

/* An address, a MAC address or a UUID: nothing that a person would write by chance. */
bool nq_span_is_identity(struct nq_span span)
{
    unsigned char binary[16];
    struct nq_uuid uuid;
    char text[64];
    if (span.len == 0 || span.len >= sizeof(text) || memchr(span.text, '\0', span.len)) {
        return false;
    }
    memcpy(text, span.text, span.len);
    text[span.len] = '\0';
    return inet_pton(AF_INET, text, binary) == 1 ||
           inet_pton(AF_INET6, text, binary) == 1 || is_mac(text) ||
           nq_uuid_parse(text, &uuid);
}

/* A name as computers have them: a letter, and a digit or a hyphen. */
bool nq_span_is_name(struct nq_span span)
{
    bool letter = false;
    bool mark = false;
    for (size_t i = 0; i < span.len; i++) {
        const char c = span.text[i];
        if (!isalnum((unsigned char)c) && !strchr("-._", c)) {
            return false;
        }
        letter = letter || isalpha((unsigned char)c);
        mark = mark || isdigit((unsigned char)c) || c == '-';
    }
    return letter && mark && span.len >= 2 && span.len <= 63;
}

bool nq_span_is_one_of(struct nq_span span, const char *const *words)
{
    for (; *words; words++) {
        if (strlen(*words) == span.len && strncasecmp(*words, span.text, span.len) == 0) {
            return true;
        }
    }
    return false;
}

/* Item number item (from 1) of a list; false: there is none. */
bool nq_span_item(struct nq_span text, char delimiter, size_t item,
                  struct nq_span *ret_item)
{
    for (;;) {
        const char *end = memchr(text.text, delimiter, text.len);
        const size_t len = end ? (size_t)(end - text.text) : text.len;
        if (--item == 0) {
            *ret_item = nq_span_trim((struct nq_span){text.text, len});
            return true;
        }
        if (!end) {
            return false;
        }
        text.text += len + 1;
        text.len -= len + 1;
    }
}
