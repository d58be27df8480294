/* SPDX-License-Identifier: Apache-2.0 */
/* prefix.c: see prefix.h. */
#include "base/prefix.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define V4_BITS 96 /* in front of an IPv4 address that is mapped into IPv6 */

/* The bits in front of the address, or -1. */
static int read_address(const char *text, uint8_t address[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (inet_pton(AF_INET, text, address + sizeof(mapped)) == 1) {
        memcpy(address, mapped, sizeof(mapped));
        return V4_BITS;
    }
    return inet_pton(AF_INET6, text, address) == 1 ? 0 : -1;
}

static bool equal_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    const unsigned whole = bits / 8;
    const unsigned rest = bits % 8;
    return memcmp(a, b, whole) == 0 &&
           (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

/* The text up to one of stops, when it fits an address. */
static bool copy_address(const char *text, const char *stops, char out[INET6_ADDRSTRLEN])
{
    const size_t len = strcspn(text, stops);
    if (len >= INET6_ADDRSTRLEN) {
        return false;
    }
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

bool nq_prefix_parse(const char *text, struct nq_prefix *ret_prefix)
{
    char address[INET6_ADDRSTRLEN];
    struct nq_prefix prefix = {.bits = 128};
    if (!copy_address(text, "/", address)) {
        return false;
    }
    const int before = read_address(address, prefix.address);
    if (before < 0) {
        return false;
    }
    const char *length = strchr(text, '/');
    if (length) {
        const size_t digits = strspn(length + 1, "0123456789");
        if (digits == 0 || digits > 3 || length[1 + digits] != '\0') {
            return false;
        }
        const unsigned long bits = strtoul(length + 1, NULL, 10);
        if (bits > 128 - (unsigned)before) {
            return false;
        }
        prefix.bits = (unsigned)before + (unsigned)bits;
    }
    struct nq_prefix network = {.bits = prefix.bits};
    const unsigned whole = prefix.bits / 8;
    memcpy(network.address, prefix.address, whole);
    if (prefix.bits % 8 != 0) {
        network.address[whole] =
            (uint8_t)(prefix.address[whole] & (0xff00U >> (prefix.bits % 8)));
    }
    if (memcmp(network.address, prefix.address, sizeof(prefix.address)) != 0) {
        return false;
    }
    *ret_prefix = prefix;
    return true;
}

bool nq_prefix_holds(const struct nq_prefix *prefix, const char *address)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t binary[16];
    return address && copy_address(address, "%", text) &&
           read_address(text, binary) >= 0 &&
           equal_bits(prefix->address, binary, prefix->bits);
}
