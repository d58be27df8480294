/* SPDX-License-Identifier: Apache-2.0 */
/* hint.c: see hint.h. */
#include "nsx/hint.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/uuid.h"

#define MAC_TEXT 17 /* as in 00:50:56:aa:bb:cc */

_Static_assert(NQ_HINT_KEY >= INET6_ADDRSTRLEN && NQ_HINT_KEY >= NQ_UUID_TEXT,
               "a key has room for the longest spelling");

static bool read_uuid(const char *text, char out[NQ_HINT_KEY])
{
    struct nq_uuid uuid;
    const bool good = nq_uuid_parse(text, &uuid);
    if (good) {
        (void)nq_uuid_format(&uuid, out);
    }
    return good;
}

static bool read_ip(const char *text, char out[NQ_HINT_KEY])
{
    struct in6_addr v6;
    struct in_addr v4;
    if (inet_pton(AF_INET, text, &v4) == 1) {
        return inet_ntop(AF_INET, &v4, out, NQ_HINT_KEY) != NULL;
    }
    if (inet_pton(AF_INET6, text, &v6) != 1) {
        return false;
    }
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
        return inet_ntop(AF_INET, &v6.s6_addr[12], out, NQ_HINT_KEY) != NULL;
    }
    return inet_ntop(AF_INET6, &v6, out, NQ_HINT_KEY) != NULL;
}

/* Six pairs of hexadecimal digits with one kind of mark between them. */
static bool read_mac(const char *text, char out[NQ_HINT_KEY])
{
    static const char digits[] = "0123456789abcdefABCDEF";
    char plain[MAC_TEXT + 1];
    size_t used = 0;
    if (strlen(text) != MAC_TEXT || (text[2] != ':' && text[2] != '-')) {
        return false;
    }
    for (size_t i = 0; i < MAC_TEXT; i++) {
        if (i % 3 == 2 ? text[i] != text[2] : !strchr(digits, text[i])) {
            return false;
        }
        if (i % 3 != 2) {
            plain[used++] = (char)(text[i] | 0x20); /* lower case; digits have the bit */
        }
    }
    plain[used] = '\0';
    memcpy(out, plain, used + 1);
    return true;
}

enum nq_hint nq_hint_of(const char *text, char out[NQ_HINT_KEY])
{
    if (read_uuid(text, out)) {
        return NQ_HINT_UUID;
    }
    if (read_ip(text, out)) {
        return NQ_HINT_IP;
    }
    if (read_mac(text, out)) {
        return NQ_HINT_MAC;
    }
    out[0] = '\0';
    return *text ? NQ_HINT_NAME : NQ_HINT_NOTHING;
}
