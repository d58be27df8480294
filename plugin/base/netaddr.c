/* SPDX-License-Identifier: Apache-2.0 */
/* netaddr.c: see netaddr.h. */
#include "base/netaddr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

_Static_assert(NQ_IP_TEXT >= INET6_ADDRSTRLEN, "there is room for the longest spelling");

bool nq_ip_spell_octets(const void *octets, size_t len, char out[NQ_IP_TEXT])
{
    if (len == sizeof(struct in_addr)) {
        return inet_ntop(AF_INET, octets, out, NQ_IP_TEXT) != NULL;
    }
    struct in6_addr v6;
    if (len != sizeof(v6)) {
        return false;
    }
    memcpy(&v6, octets, sizeof(v6));
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
        return inet_ntop(AF_INET, &v6.s6_addr[12], out, NQ_IP_TEXT) != NULL;
    }
    return inet_ntop(AF_INET6, &v6, out, NQ_IP_TEXT) != NULL;
}

bool nq_ip_spell(const char *text, char out[NQ_IP_TEXT])
{
    struct in6_addr v6;
    struct in_addr v4;
    if (inet_pton(AF_INET, text, &v4) == 1) {
        return nq_ip_spell_octets(&v4, sizeof(v4), out);
    }
    return inet_pton(AF_INET6, text, &v6) == 1 &&
           nq_ip_spell_octets(&v6, sizeof(v6), out);
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char lower = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
    const char *at = lower ? strchr(digits, lower) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Twelve digits, with mark behind each group of so many but the last. */
static bool read_mac(const char *text, size_t group, char mark, struct nq_mac *ret_mac)
{
    struct nq_mac mac = {{0}};
    for (size_t i = 0; i < 2 * sizeof(mac.bytes); i++) {
        if (i > 0 && i % group == 0 && *text++ != mark) {
            return false;
        }
        const int digit = hex_value(*text); /* a NUL is no digit: nothing behind it */
        if (digit < 0) {
            return false;
        }
        mac.bytes[i / 2] = (uint8_t)(mac.bytes[i / 2] << 4 | digit);
        text++;
    }
    if (*text) {
        return false;
    }
    *ret_mac = mac;
    return true;
}

bool nq_mac_parse(const char *text, struct nq_mac *ret_mac)
{
    return read_mac(text, 2, ':', ret_mac) || read_mac(text, 2, '-', ret_mac);
}

bool nq_mac_parse_any(const char *text, struct nq_mac *ret_mac)
{
    return nq_mac_parse(text, ret_mac) || read_mac(text, 4, '.', ret_mac) ||
           read_mac(text, 12, '\0', ret_mac);
}

const char *nq_mac_format(const struct nq_mac *mac, char out[NQ_MAC_TEXT])
{
    (void)snprintf(out, NQ_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac->bytes[0],
                   mac->bytes[1], mac->bytes[2], mac->bytes[3], mac->bytes[4],
                   mac->bytes[5]);
    return out;
}
