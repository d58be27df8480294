/* SPDX-License-Identifier: Apache-2.0 */
/* ownhosts.c: see ownhosts.h. */
#include "base/ownhosts.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/netaddr.h"

#define HOST_NAME_BYTES 256 /* HOST_NAME_MAX of Linux is 64 */

static bool spell(const struct sockaddr *address, char out[NQ_IP_TEXT])
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof(in));
        return nq_ip_spell_octets(&in.sin_addr, sizeof(in.sin_addr), out);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof(in6));
        return !IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr) &&
               nq_ip_spell_octets(&in6.sin6_addr, sizeof(in6.sin6_addr), out);
    }
    return false;
}

void nq_own_hosts(void (*fn)(void *arg, const char *host), void *arg)
{
    char name[HOST_NAME_BYTES];
    struct ifaddrs *all = NULL;
    if (gethostname(name, sizeof(name) - 1) == 0) {
        name[sizeof(name) - 1] = '\0';
        fn(arg, name);
    }
    if (getifaddrs(&all) != 0) {
        return;
    }
    for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
        char text[NQ_IP_TEXT];
        if (one->ifa_addr && !(one->ifa_flags & IFF_LOOPBACK) &&
            spell(one->ifa_addr, text)) {
            fn(arg, text);
        }
    }
    freeifaddrs(all);
}
