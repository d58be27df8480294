/* SPDX-License-Identifier: Apache-2.0 */
/* dlmod.c: the module that snmpd loads:
 *     dlmod nsxQuarantine /usr/lib/snmp/dlmod/nsx-quarantine.so
 *     nsxQuarantineConfig /etc/nsx-quarantine/nsx-quarantine.conf
 * snmpd calls init_ as root in the process it forks from, so that only registers; the
 * first alarm, in the final process, opens files and sockets. SIGHUP is deinit_, init_. */
#include <string.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

#include "base/log.h"
#include "config/config.h"
#include "entry/guest.h"
#include "entry/hostlog.h"

#define HOST_CONFIG  "snmpd"
#define CONFIG_TOKEN "nsxQuarantineConfig"
#define EXPORTED     __attribute__((visibility("default")))

/* dlmod passes no argument, so the one guest of the process stands here. */
static struct nq_guest *guest;

EXPORTED void init_nsxQuarantine(void);
EXPORTED void deinit_nsxQuarantine(void);

static void read_config_line(const char *token, char *line)
{
    (void)token;
    if (guest && line && line[0] != '\0') {
        nq_guest_configure(guest, line);
    }
}

void init_nsxQuarantine(void)
{
    if (guest) {
        return;
    }
    nq_hostlog_use();
    struct nq_err err;
    guest = nq_guest_start(NQ_HOST_DLMOD, NULL, NQ_CONFIG_PATH, &err);
    if (!guest) { /* snmpd ignores what init_ returns */
        char text[NQ_LOG_LINE];
        nq_log(NQ_LOG_ERROR, "%s", nq_err_text(&err, text, sizeof(text)));
        return;
    }
    (void)register_config_handler(HOST_CONFIG, CONFIG_TOKEN, read_config_line, NULL,
                                  "FILE");
    nq_guest_open_soon(guest);
}

void deinit_nsxQuarantine(void)
{
    if (guest) {
        unregister_config_handler(HOST_CONFIG, CONFIG_TOKEN);
        guest = nq_guest_stop(guest);
    }
    nq_log_to(NULL, NULL);
}
