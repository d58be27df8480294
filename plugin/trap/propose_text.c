/* SPDX-License-Identifier: Apache-2.0 */
/* propose_text.c: see propose_text.h. */
#include "trap/propose_text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "trap/computer.h"
#include "trap/propose.h"

#define KEY_MAX 48

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

bool nq_propose_has_lines(struct nq_span text)
{
    (void)nq_span_next_line(&text);
    return nq_span_trimmed(text).len > 0;
}

bool nq_propose_split(struct nq_span line, const char *marks, struct nq_span *ret_key,
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
    *ret_key = nq_span_trimmed((struct nq_span){line.text, at});
    *ret_value = nq_span_trimmed((struct nq_span){line.text + at + 1, line.len - at - 1});
    return ret_key->len > 0 && ret_key->len <= KEY_MAX;
}

/* ---- what texts look like ------------------------------------------------------------ */

bool nq_propose_has_word(struct nq_span key, const char *word)
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

bool nq_propose_is_identity(struct nq_span span)
{
    char text[64];
    if (span.len == 0 || span.len >= sizeof(text) || nq_span_holds_nul(span)) {
        return false;
    }
    memcpy(text, span.text, span.len);
    text[span.len] = '\0';
    return nq_computer_kind_of(text) != NQ_COMPUTER_NAME;
}

/* A name as computers have them: a letter, and a digit or a hyphen. */
bool nq_propose_is_name(struct nq_span span)
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

bool nq_propose_is_one_of(struct nq_span span, const char *const *words)
{
    for (; *words; words++) {
        if (strlen(*words) == span.len && strncasecmp(*words, span.text, span.len) == 0) {
            return true;
        }
    }
    return false;
}
