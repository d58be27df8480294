/* SPDX-License-Identifier: Apache-2.0 */
/* bare_agent.c: the flat table as an AgentX subagent: bare-agent MASTER */
#include "bare.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

static volatile sig_atomic_t stopping;

static void stop(int number)
{
    (void)number;
    stopping = 1;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: bare-agent MASTER\n");
        return 64;
    }
    (void)setenv("MIBS", "", 1);
    (void)signal(SIGTERM, stop);
    snmp_enable_stderrlog();
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
    netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, argv[1]);
    netsnmp_enable_subagent();
    if (init_agent("bare") != 0) {
        return EXIT_FAILURE;
    }
    bare_start();
    init_snmp("bare");
    while (!stopping) {
        (void)agent_check_and_process(1);
    }
    bare_stop();
    snmp_shutdown("bare");
    return EXIT_SUCCESS;
}
