/* SPDX-License-Identifier: Apache-2.0 */
/* propose_text.c: see propose_text.h. */
#include "trap/propose_text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/uuid.h"
#include "trap/propose.h"
#include "trap/text.h"

#define SNMP_TRAP_OID   ".1.3.6.1.6.3.1.1.4.1.0"
#define TRAP_ADDRESS    ".1.3.6.1.6.3.18.1.3.0"
#define TRAP_ENTERPRISE ".1.3.6.1.6.3.1.1.4.3.0"
#define KEY_MAX         48

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

/* What a forwarder or snmptrapd adds (RFC 3584 section 3.1); the sender did not say it. */
static bool is_added(const struct nq_varbind *varbind)
{
    static const char *const added[] = {TRAP_ADDRESS, NQ_OID_TRAP_COMMUNITY,
                                        TRAP_ENTERPRISE};
    for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++) {
        if (strcmp(varbind->oid, added[i]) == 0) {
            return true;
        }
    }
    return false;
}

size_t nq_varbind_place(const struct nq_trap *trap, size_t index)
{
    const struct nq_varbind *name = nq_trap_varbind(trap, SNMP_TRAP_OID);
    const size_t first = name ? (size_t)(name - trap->varbinds) + 1 : 0;
    size_t place = 0;
    for (size_t i = first; i <= index; i++) {
        place += !is_added(&trap->varbinds[i]);
    }
    return is_added(&trap->varbinds[index]) ? 0 : place;
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

struct nq_piece nq_piece_next_line(struct nq_piece *rest)
{
    struct nq_piece line = {0};
    line.text = nq_text_next_line(&rest->text, &rest->len, &line.len);
    return line;
}

struct nq_piece nq_piece_trim(struct nq_piece span)
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

bool nq_piece_has_lines(struct nq_piece text)
{
    (void)nq_piece_next_line(&text);
    return nq_piece_trim(text).len > 0;
}

bool nq_piece_split(struct nq_piece line, const char *marks, struct nq_piece *ret_key,
                    struct nq_piece *ret_value)
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
    *ret_key = nq_piece_trim((struct nq_piece){line.text, at});
    *ret_value = nq_piece_trim((struct nq_piece){line.text + at + 1, line.len - at - 1});
    return ret_key->len > 0 && ret_key->len <= KEY_MAX;
}

/* ---- what texts look like ------------------------------------------------------------ */

/* word stands in key with no letter or digit beside it. */
bool nq_piece_has_word(struct nq_piece key, const char *word)
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
bool nq_piece_is_identity(struct nq_piece span)
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
bool nq_piece_is_name(struct nq_piece span)
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

bool nq_piece_is_one_of(struct nq_piece span, const char *const *words)
{
    for (; *words; words++) {
        if (strlen(*words) == span.len && strncasecmp(*words, span.text, span.len) == 0) {
            return true;
        }
    }
    return false;
}

/* Item number item (from 1) of a list; false: there is none. */
bool nq_piece_item(struct nq_piece text, char delimiter, size_t item,
                   struct nq_piece *ret_item)
{
    for (;;) {
        const char *end = memchr(text.text, delimiter, text.len);
        const size_t len = end ? (size_t)(end - text.text) : text.len;
        if (--item == 0) {
            *ret_item = nq_piece_trim((struct nq_piece){text.text, len});
            return true;
        }
        if (!end) {
            return false;
        }
        text.text += len + 1;
        text.len -= len + 1;
    }
}
