/* SPDX-License-Identifier: Apache-2.0 */
/* netsnmp.c: see netsnmp.h. */
#include "loop/netsnmp.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/library/fd_event_manager.h>

bool nq_netsnmp_watch(int fd, nq_netsnmp_fn *fn, void *arg, struct nq_err *reterr)
{
    if (register_readfd(fd, fn, arg) != FD_REGISTERED_OK) {
        return nq_fail(reterr, NQ_HOST, "its list of %d descriptors is full",
                       NUM_EXTERNAL_FDS);
    }
    return true;
}

void nq_netsnmp_unwatch(int fd)
{
    (void)unregister_readfd(fd);
}
