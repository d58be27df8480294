/* SPDX-License-Identifier: Apache-2.0 */
/* ber.h: as much BER and SNMPv2c as a client of the benchmarks needs: it must never be what
 * a measurement waits for, so nothing is allocated and nothing is read twice.
 *
 * Limits  a message of BER_MESSAGE_MAX bytes, names of BER_ARCS_MAX sub-identifiers.
 */
#ifndef NQ_BENCH_BER_H
#define NQ_BENCH_BER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BER_MESSAGE_MAX 65536
#define BER_ARCS_MAX    128

enum ber_tag {
    BER_INTEGER = 0x02,
    BER_OCTETS = 0x04,
    BER_NULL = 0x05,
    BER_OID = 0x06,
    BER_SEQUENCE = 0x30,
    BER_GET = 0xA0,
    BER_RESPONSE = 0xA2,
    BER_GETBULK = 0xA5,
    BER_INFORM = 0xA6,
    BER_END_OF_MIB = 0x82,
};

/* A name as it stands in a message: its bytes are all that a client compares. */
struct ber_name {
    uint8_t bytes[5 * BER_ARCS_MAX];
    size_t len;
};

/* ---- writing, from the end to the beginning, so that every length is known ------------ */

struct ber_out {
    uint8_t bytes[BER_MESSAGE_MAX];
    size_t at; /* what is written begins here */
};

static inline void ber_put(struct ber_out *out, const void *bytes, size_t len)
{
    out->at -= len;
    memcpy(out->bytes + out->at, bytes, len);
}

/* Tag and length of all that was written since end. */
static inline void ber_close(struct ber_out *out, uint8_t tag, size_t end)
{
    const size_t len = end - out->at;
    const uint8_t head[] = {tag, 0x82, (uint8_t)(len >> 8), (uint8_t)len};
    const uint8_t short_head[] = {tag, (uint8_t)len};
    if (len < 0x80) {
        ber_put(out, short_head, sizeof(short_head));
    } else {
        ber_put(out, head, sizeof(head));
    }
}

static inline void ber_integer(struct ber_out *out, int32_t value)
{
    const uint32_t v = (uint32_t)value;
    const uint8_t bytes[] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8),
                             (uint8_t)v};
    size_t skip = 0; /* as few bytes as it takes */
    while (skip < 3 && bytes[skip] == 0 && bytes[skip + 1] < 0x80) {
        skip++;
    }
    const size_t end = out->at;
    ber_put(out, bytes + skip, sizeof(bytes) - skip);
    ber_close(out, BER_INTEGER, end);
}

/* A request for what one name means. second and third: the two numbers of GETBULK. */
static inline void ber_request(struct ber_out *out, const char *community, uint8_t pdu,
                               int32_t id, int32_t second, int32_t third,
                               const struct ber_name *name)
{
    static const uint8_t null[] = {BER_NULL, 0};
    out->at = sizeof(out->bytes);
    const size_t end = out->at;
    ber_put(out, null, sizeof(null));
    const size_t name_end = out->at;
    ber_put(out, name->bytes, name->len);
    ber_close(out, BER_OID, name_end);
    ber_close(out, BER_SEQUENCE, end);
    ber_close(out, BER_SEQUENCE, end);
    ber_integer(out, third);
    ber_integer(out, second);
    ber_integer(out, id);
    ber_close(out, pdu, end);
    const size_t community_end = out->at;
    ber_put(out, community, strlen(community));
    ber_close(out, BER_OCTETS, community_end);
    ber_integer(out, 1); /* SNMPv2c */
    ber_close(out, BER_SEQUENCE, end);
}

/* ---- reading -------------------------------------------------------------------------- */

struct ber_in {
    const uint8_t *at;
    const uint8_t *end;
};

/* The next value; in->at moves behind it. */
static inline bool ber_next(struct ber_in *in, uint8_t *ret_tag,
                            struct ber_in *ret_content)
{
    if (in->end - in->at < 2) {
        return false;
    }
    *ret_tag = *in->at++;
    size_t len = *in->at++;
    if (len & 0x80) {
        size_t count = len & 0x7F;
        for (len = 0; count > 0 && in->at < in->end; count--) {
            len = len << 8 | *in->at++;
        }
    }
    if (len > (size_t)(in->end - in->at)) {
        return false;
    }
    *ret_content = (struct ber_in){in->at, in->at + len};
    in->at += len;
    return true;
}

static inline bool ber_expect(struct ber_in *in, uint8_t tag, struct ber_in *ret_content)
{
    uint8_t found;
    return ber_next(in, &found, ret_content) && found == tag;
}

static inline int64_t ber_number(struct ber_in content)
{
    int64_t value = content.at < content.end && *content.at & 0x80 ? -1 : 0;
    while (content.at < content.end) {
        value = (int64_t)((uint64_t)value << 8 | *content.at++);
    }
    return value;
}

static inline size_t ber_len(struct ber_in content)
{
    return (size_t)(content.end - content.at);
}

/* The varbinds of a RESPONSE without error to this request. */
static inline bool ber_response(const uint8_t *message, size_t len, int32_t id,
                                struct ber_in *ret_varbinds)
{
    struct ber_in in = {message, message + len};
    struct ber_in all;
    struct ber_in pdu;
    struct ber_in field;
    struct ber_in error;
    return ber_expect(&in, BER_SEQUENCE, &all) && ber_expect(&all, BER_INTEGER, &field) &&
           ber_expect(&all, BER_OCTETS, &field) && ber_expect(&all, BER_RESPONSE, &pdu) &&
           ber_expect(&pdu, BER_INTEGER, &field) && ber_number(field) == id &&
           ber_expect(&pdu, BER_INTEGER, &error) && ber_number(error) == 0 &&
           ber_expect(&pdu, BER_INTEGER, &field) &&
           ber_expect(&pdu, BER_SEQUENCE, ret_varbinds);
}

/* ---- names ---------------------------------------------------------------------------- */

static inline void ber_add_arc(struct ber_name *name, uint32_t arc)
{
    for (int shift = 28; shift >= 0; shift -= 7) {
        if (shift == 0 || arc >> shift != 0) {
            name->bytes[name->len++] =
                (uint8_t)((arc >> shift & 0x7F) | (shift > 0 ? 0x80 : 0));
        }
    }
}

/* One sub-identifier; in->at moves behind it. */
static inline uint32_t ber_arc(struct ber_in *in)
{
    uint32_t arc = 0;
    while (in->at < in->end) {
        const uint8_t byte = *in->at++;
        arc = arc << 7 | (byte & 0x7F);
        if (!(byte & 0x80)) {
            break;
        }
    }
    return arc;
}

#endif
