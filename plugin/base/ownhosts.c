/* SPDX-License-Identifier: Apache-2.0 */
/* ownhosts.c: see ownhosts.h. */
#include "base/ownhosts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
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

int nq_own_hosts_watch(struct nq_err *reterr)
{
    const struct sockaddr_nl kernel = {
        .nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    const int fd =
        socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&kernel, sizeof(kernel)) == 0) {
        return fd;
    }
    (void)nq_fail_errno(reterr, NQ_SYSTEM, "netlink socket");
    if (fd >= 0) {
        (void)close(fd);
    }
    return -1;
}

/* What the messages say does not matter, and neither does it that some did not fit (ENOBUFS):
 * the addresses are read again. */
bool nq_own_hosts_changed(int watch)
{
    char message[4096];
    bool changed = watch < 0;
    while (watch >= 0) {
        if (recv(watch, message, sizeof(message), MSG_TRUNC) < 0 && errno != ENOBUFS) {
            break;
        }
        changed = true;
    }
    return changed;
}
