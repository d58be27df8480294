/* SPDX-License-Identifier: Apache-2.0 */
/* hostlog.c: a sink of log.h that calls snmp_log(). */
#include "entry/hostlog.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "base/log.h"

static void to_host(void *arg, enum nq_log_level level, const char *line)
{
    (void)arg;
    static const int priorities[] = {
        [NQ_LOG_ERROR] = LOG_ERR,     [NQ_LOG_WARNING] = LOG_WARNING,
        [NQ_LOG_NOTICE] = LOG_NOTICE, [NQ_LOG_INFO] = LOG_INFO,
        [NQ_LOG_DEBUG] = LOG_DEBUG,
    };
    (void)snmp_log(priorities[level], "nsx-quarantine: %s: %s\n",
                   nq_log_level_name(level), line);
}

void nq_hostlog_use(void)
{
    nq_log_to(to_host, NULL);
}
