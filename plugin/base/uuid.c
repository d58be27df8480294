/* SPDX-License-Identifier: Apache-2.0 */
/* uuid.c: see uuid.h. */
#include "base/uuid.h"

#include <stdio.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

static bool dash_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

bool nq_uuid_parse(const char *text, struct nq_uuid *ret_uuid)
{
    struct nq_uuid uuid;
    for (size_t i = 0; i < sizeof(uuid.bytes); i++) {
        if (dash_before(i) && *text++ != '-') {
            return false;
        }
        /* A NUL is no digit, so nothing behind the end of text is read. */
        const int high = hex_value(text[0]);
        const int low = high < 0 ? -1 : hex_value(text[1]);
        if (low < 0) {
            return false;
        }
        uuid.bytes[i] = (uint8_t)(high * 16 + low);
        text += 2;
    }
    if (*text) {
        return false;
    }
    *ret_uuid = uuid;
    return true;
}

const char *nq_uuid_format(const struct nq_uuid *uuid, char out[NQ_UUID_TEXT])
{
    char *p = out;
    for (size_t i = 0; i < sizeof(uuid->bytes); i++) {
        if (dash_before(i)) {
            *p++ = '-';
        }
        (void)snprintf(p, 3, "%02x", uuid->bytes[i]);
        p += 2;
    }
    return out;
}
