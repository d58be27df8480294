/* SPDX-License-Identifier: Apache-2.0 */
/* text.c: a strict reader of traphandle text; every refusal names its line.
 *
 * The form, as snmptrapd writes it (EOL is one newline):
 *
 *     text    = host EOL transport EOL 1*( OID " " value EOL )
 *     value   = octets / OID / number / address / "NULL"
 *     octets  = <"> *( HEX HEX " " [ EOL ] ) <">
 *
 * No message repeats what the text holds: it may be hostile, or a community.
 */
#include "trap/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "trap/sender.h"

#define NUMBER_TEXT_MAX 330 /* the largest double has 309 digits before the point */

struct reader {
    const char *at;
    const char *end;
    size_t line; /* of at, from 1 */
    struct nq_err *reterr;
};

static bool refuse(const struct reader *reader, const char *reason)
{
    return nq_fail(reader->reterr, NQ_TRAP_FORMAT, "line %zu: %s", reader->line, reason);
}

static bool too_large(const struct reader *reader, const char *what, size_t most)
{
    return nq_fail(reader->reterr, NQ_TRAP_TOO_LARGE, "line %zu: %s than %zu",
                   reader->line, what, most);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool next_is(const struct reader *reader, char c)
{
    return reader->at < reader->end && *reader->at == c;
}

static bool read_line_end(struct reader *reader)
{
    if (reader->at == reader->end) {
        return refuse(reader, "the text ends inside the line");
    }
    if (*reader->at != '\n') {
        return refuse(reader, "something follows the value");
    }
    reader->at++;
    reader->line++;
    return true;
}

/* The rest of the line without its newline, which is eaten too. */
static bool read_line(struct reader *reader, const char **ret_text, size_t *ret_len)
{
    const size_t left = (size_t)(reader->end - reader->at);
    const char *eol = left > 0 ? memchr(reader->at, '\n', left) : NULL;
    if (!eol) {
        return refuse(reader, "the text ends inside the line");
    }
    *ret_text = reader->at;
    *ret_len = (size_t)(eol - reader->at);
    reader->at = eol + 1;
    reader->line++;
    return true;
}

/* One number of an OID. Leading zeros would let one OID have two texts. */
static bool read_arc(struct reader *reader, uint64_t *ret_arc)
{
    const char *start = reader->at;
    uint64_t arc = 0;
    while (reader->at < reader->end && is_digit(*reader->at)) {
        arc = arc * 10 + (uint64_t)(*reader->at - '0');
        if (arc > UINT32_MAX) {
            return refuse(reader, "a number in an OID is above 4294967295");
        }
        reader->at++;
    }
    if (reader->at == start) {
        return refuse(reader, "not a numeric OID (snmptrapd needs -On)");
    }
    if (*start == '0' && reader->at - start > 1) {
        return refuse(reader, "a number in an OID begins with 0");
    }
    *ret_arc = arc;
    return true;
}

static bool read_oid(struct reader *reader, char **ret_oid)
{
    const char *start = reader->at;
    uint64_t first = 0;
    size_t arcs = 0;
    if (!next_is(reader, '.')) {
        return refuse(reader, "not a numeric OID (snmptrapd needs -On)");
    }
    while (next_is(reader, '.')) {
        uint64_t arc = 0;
        reader->at++;
        if (!read_arc(reader, &arc)) {
            return false;
        }
        if (arcs == NQ_TRAP_OID_ARCS_MAX) {
            return too_large(reader, "an OID has more numbers", NQ_TRAP_OID_ARCS_MAX);
        }
        if ((arcs == 0 && arc > 2) || (arcs == 1 && first < 2 && arc > 39)) {
            return refuse(reader, "no OID begins with these numbers");
        }
        first = arcs == 0 ? arc : first;
        arcs++;
    }
    if (arcs < 2) {
        return refuse(reader, "an OID has at least two numbers");
    }
    *ret_oid = nq_strndup(start, (size_t)(reader->at - start));
    return true;
}

static int hex_value(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* snmptrapd breaks the line after 16 octets unless hexOutputLength says otherwise; the
 * break carries no meaning, so it is taken after any of them. */
static bool read_octets(struct reader *reader, struct nq_varbind *varbind)
{
    const size_t room = (size_t)(reader->end - reader->at) / 3 + 1;
    char *octets = nq_calloc(room, 1);
    size_t len = 0;
    reader->at++; /* the opening quote */
    varbind->type = NQ_VALUE_OCTETS;
    varbind->value = octets;
    while (!next_is(reader, '"')) {
        if (reader->end - reader->at < 3) {
            return refuse(reader, "the text ends inside a quoted value");
        }
        const int high = hex_value(reader->at[0]);
        const int low = hex_value(reader->at[1]);
        if (high < 0 || low < 0 || reader->at[2] != ' ') {
            return refuse(reader, "a quoted value is not pairs of hex digits (snmptrapd "
                                  "needs -Ox)");
        }
        if (len == NQ_TRAP_VALUE_MAX) {
            return too_large(reader, "a value has more octets", NQ_TRAP_VALUE_MAX);
        }
        octets[len++] = (char)(unsigned char)(high * 16 + low);
        reader->at += 3;
        if (next_is(reader, '\n')) {
            reader->at++;
            reader->line++;
        }
    }
    reader->at++;
    varbind->value = nq_realloc(octets, len + 1, 1);
    varbind->value[len] = '\0';
    varbind->value_len = len;
    return true;
}

static bool is_address(const char *text)
{
    struct in_addr address;
    return inet_pton(AF_INET, text, &address) == 1;
}

/* Opaque floats are written with %f, which can also say nan and inf. */
static bool is_decimal(const char *text)
{
    text += *text == '-';
    if (strcmp(text, "nan") == 0 || strcmp(text, "inf") == 0) {
        return true;
    }
    const size_t whole = strspn(text, "0123456789");
    if (whole == 0 || text[whole] != '.') {
        return false;
    }
    const size_t fraction = strspn(text + whole + 1, "0123456789");
    return fraction > 0 && text[whole + 1 + fraction] == '\0';
}

static bool is_integer(const char *text)
{
    text += *text == '-';
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static bool fits_64_bits(const char *text)
{
    errno = 0;
    if (*text == '-') {
        (void)strtoll(text, NULL, 10);
    } else {
        (void)strtoull(text, NULL, 10);
    }
    return errno == 0;
}

static bool is_word_char(char c)
{
    return c > ' ' && c <= '~';
}

/* A value without quotes: it reaches to the end of the line and holds no space. */
static bool read_word(struct reader *reader, struct nq_varbind *varbind)
{
    char word[NUMBER_TEXT_MAX + 1];
    size_t len = 0;
    while (reader->at < reader->end && is_word_char(*reader->at)) {
        if (len == NUMBER_TEXT_MAX) {
            return refuse(reader, "a value without quotes is too long for a number");
        }
        word[len++] = *reader->at++;
    }
    word[len] = '\0';
    if (strcmp(word, "NULL") == 0) {
        varbind->type = NQ_VALUE_NULL;
        len = 0;
        word[0] = '\0';
    } else if (is_address(word)) {
        varbind->type = NQ_VALUE_ADDRESS;
    } else if (is_integer(word) || is_decimal(word)) {
        if (is_integer(word) && !fits_64_bits(word)) {
            return refuse(reader, "a number does not fit in 64 bits");
        }
        varbind->type = NQ_VALUE_NUMBER;
    } else {
        return refuse(reader, "the value is no hex string, OID, number or address "
                              "(snmptrapd needs -Onxet)");
    }
    varbind->value = nq_strndup(word, len);
    varbind->value_len = len;
    return true;
}

static bool read_value(struct reader *reader, struct nq_varbind *varbind)
{
    if (next_is(reader, '"')) {
        return read_octets(reader, varbind);
    }
    if (next_is(reader, '.')) {
        varbind->type = NQ_VALUE_OID;
        if (!read_oid(reader, &varbind->value)) {
            return false;
        }
        varbind->value_len = strlen(varbind->value);
        return true;
    }
    return read_word(reader, varbind);
}

/* A community is a password. Nobody behind this line needs it. */
static void drop_secret(struct nq_varbind *varbind)
{
    if (strcmp(varbind->oid, NQ_OID_TRAP_COMMUNITY) == 0) {
        explicit_bzero(varbind->value, varbind->value_len);
        varbind->type = NQ_VALUE_OCTETS;
        varbind->value_len = 0;
    }
}

static bool read_varbind(struct reader *reader, struct nq_varbind *varbind)
{
    if (!read_oid(reader, &varbind->oid)) {
        return false;
    }
    if (!next_is(reader, ' ')) {
        return refuse(reader, "no space follows the OID");
    }
    reader->at++;
    if (!read_value(reader, varbind)) {
        return false;
    }
    drop_secret(varbind);
    return read_line_end(reader);
}

/* What an engine of ours wrote into the first line; 0 when it wrote nothing. */
static enum nq_proof proof_of(const char *line, size_t len)
{
    const size_t head = sizeof(NQ_TEXT_OWN) - 1;
    if (len < head || memcmp(line, NQ_TEXT_OWN, head) != 0) {
        return 0;
    }
    for (size_t i = NQ_PROOF_ANY; i <= NQ_PROOF_V3; i++) {
        const char *word = nq_config_proof_word((enum nq_proof)i);
        if (strlen(word) == len - head && memcmp(word, line + head, len - head) == 0) {
            return (enum nq_proof)i;
        }
    }
    return 0;
}

static bool read_head(struct reader *reader, bool own, struct nq_trap *trap)
{
    const char *line = NULL;
    size_t len = 0;
    if (!read_line(reader, &line, &len)) { /* the host name: DNS is no evidence */
        return false;
    }
    trap->proof = own ? proof_of(line, len) : 0;
    if (!read_line(reader, &line, &len)) {
        return false;
    }
    trap->source = nq_sender_from_transport(line, len);
    if (!trap->source) {
        reader->line--;
        return refuse(reader, "no sender's address in the transport line");
    }
    return true;
}

static bool read_varbinds(struct reader *reader, struct nq_trap *trap)
{
    size_t room = 0;
    while (reader->at < reader->end) {
        if (trap->varbind_count == NQ_TRAP_VARBINDS_MAX) {
            return too_large(reader, "the trap has more varbinds", NQ_TRAP_VARBINDS_MAX);
        }
        if (trap->varbind_count == room) {
            room = room ? room * 2 : 8;
            trap->varbinds = nq_realloc(trap->varbinds, room, sizeof(*trap->varbinds));
        }
        struct nq_varbind *varbind = &trap->varbinds[trap->varbind_count++];
        *varbind = (struct nq_varbind){0};
        if (!read_varbind(reader, varbind)) {
            return false;
        }
    }
    return true;
}

static bool complete(struct reader *reader, struct nq_trap *trap)
{
    const char *reason = nq_trap_complete(trap);
    reader->line = 3;
    return !reason || refuse(reader, reason);
}

static bool from_text(const char *text, size_t len, bool own, struct nq_trap *ret_trap,
                      struct nq_err *reterr)
{
    if (len > NQ_TRAP_TEXT_MAX) {
        return nq_fail(reterr, NQ_TRAP_TOO_LARGE,
                       "%zu bytes of text, at most %d are taken", len, NQ_TRAP_TEXT_MAX);
    }
    struct reader reader = {.at = text, .end = text + len, .line = 1, .reterr = reterr};
    struct nq_trap trap = {0};
    if (!read_head(&reader, own, &trap) || !read_varbinds(&reader, &trap) ||
        !complete(&reader, &trap)) {
        nq_trap_done(&trap);
        return false;
    }
    *ret_trap = trap;
    return true;
}

bool nq_trap_from_text(const char *text, size_t len, struct nq_trap *ret_trap,
                       struct nq_err *reterr)
{
    return from_text(text, len, false, ret_trap, reterr);
}

bool nq_trap_from_own_text(const char *text, size_t len, struct nq_trap *ret_trap,
                           struct nq_err *reterr)
{
    return from_text(text, len, true, ret_trap, reterr);
}
