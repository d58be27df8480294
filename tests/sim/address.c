/* SPDX-License-Identifier: Apache-2.0 */
/* address.c: addresses as bytes, and blocks and ranges of them as first and last. */
#include "address.h"

#include <arpa/inet.h>
#include <string.h>

#include "base.h"

struct address {
    int family;
    size_t length; /* bytes */
    unsigned char bytes[sizeof(struct in6_addr)];
};

static bool parse_address(const char *text, size_t length, struct address *ret_address)
{
    char copy[INET6_ADDRSTRLEN];

    if (length >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    *ret_address = (struct address){.family = AF_INET, .length = sizeof(struct in_addr)};
    if (inet_pton(AF_INET, copy, ret_address->bytes) == 1) {
        return true;
    }
    *ret_address =
        (struct address){.family = AF_INET6, .length = sizeof(struct in6_addr)};
    return inet_pton(AF_INET6, copy, ret_address->bytes) == 1;
}

static bool parse_range(const char *range, struct address *first, struct address *last)
{
    size_t part = strcspn(range, "/-");
    uint64_t bits;

    if (!parse_address(range, part, first)) {
        return false;
    }
    *last = *first;
    if (range[part] == '\0') {
        return true;
    }
    if (range[part] == '-') {
        const char *end = range + part + 1;

        return parse_address(end, strlen(end), last) && last->family == first->family;
    }
    if (!sim_parse_number(range + part + 1, first->length * 8, &bits)) {
        return false;
    }
    for (size_t i = 0; i < first->length; i++) {
        size_t before = i * 8;
        size_t kept = bits <= before ? 0 : bits - before >= 8 ? 8 : bits - before;
        unsigned mask = 0xFFu & ~(0xFFu >> kept);

        first->bytes[i] = (unsigned char)(first->bytes[i] & mask);
        last->bytes[i] = (unsigned char)(first->bytes[i] | (0xFFu & ~mask));
    }
    return true;
}

bool sim_address_range_valid(const char *range)
{
    struct address first;
    struct address last;

    return parse_range(range, &first, &last);
}

bool sim_address_in(const char *address, const char *range)
{
    struct address one;
    struct address first;
    struct address last;

    return parse_address(address, strlen(address), &one) &&
           parse_range(range, &first, &last) && one.family == first.family &&
           memcmp(one.bytes, first.bytes, one.length) >= 0 &&
           memcmp(one.bytes, last.bytes, one.length) <= 0;
}
