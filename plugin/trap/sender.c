/* SPDX-License-Identifier: Apache-2.0 */
/* sender.c: see sender.h. The forms are those of snmptrapd's transports. */
#include "trap/sender.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/mem.h"

#define ZONE_MAX 16 /* "%" and IF_NAMESIZE - 1 characters */

/* The binary form decides, so that one host has one text: an IPv4 sender on an IPv6
 * socket is shown as the IPv4 address it has. */
static char *canonical_address(const char *text)
{
    char shown[INET6_ADDRSTRLEN];
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, text, &v4) == 1) {
        return nq_strdup(inet_ntop(AF_INET, &v4, shown, sizeof(shown)));
    }
    char address[INET6_ADDRSTRLEN];
    const size_t len = strcspn(text, "%");
    if (len >= sizeof(address) || strlen(text + len) > ZONE_MAX) {
        return NULL;
    }
    memcpy(address, text, len);
    address[len] = '\0';
    if (inet_pton(AF_INET6, address, &v6) != 1) {
        return NULL;
    }
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
        memcpy(&v4, &v6.s6_addr[12], sizeof(v4));
        return nq_strdup(inet_ntop(AF_INET, &v4, shown, sizeof(shown)));
    }
    return nq_sprintf("%s%s", inet_ntop(AF_INET6, &v6, shown, sizeof(shown)), text + len);
}

/* "UDP: [192.0.2.1]:162->[..]:162", "UDP/IPv6: [::1]:162", "Local IPC: /run/socket". */
char *nq_sender_from_transport(const char *line, size_t len)
{
    static const char local[] = "Local IPC: ";
    if (len >= sizeof(local) - 1 && memcmp(line, local, sizeof(local) - 1) == 0) {
        return nq_strdup("unix"); /* the path is our end, not the sender's */
    }
    const char *open = memmem(line, len, ": [", 3);
    if (!open) {
        return NULL;
    }
    const char *start = open + 3;
    const char *close = memchr(start, ']', (size_t)(line + len - start));
    char address[INET6_ADDRSTRLEN + 16]; /* and a zone, which is an interface name */
    if (!close || (size_t)(close - start) >= sizeof(address)) {
        return NULL;
    }
    for (const char *c = start; c < close; c++) {
        if (*c <= ' ' || *c > '~') {
            return NULL;
        }
    }
    memcpy(address, start, (size_t)(close - start));
    address[close - start] = '\0';
    return canonical_address(address);
}
