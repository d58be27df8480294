/* SPDX-License-Identifier: Apache-2.0 */
/* bare.h: the flat table that `make bench` compares nqVmTable with: the rows that a walk of
 * ours answered, in one array that is sorted and never changes, and a handler that does
 * nothing but find the cell and hand it over. Every value is ready to be sent.
 * bare_dlmod.c and bare_agent.c bring it into the two hosts.
 *
 * Rows are read from the file that BARE_ROWS names: what `bench-client walk` writes down.
 */
#ifndef NQ_BENCH_BARE_H
#define NQ_BENCH_BARE_H

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

/* A sibling of our own root (netSnmpPlaypen): as long as ours and encoded in as many bytes.
 * The table stands where nqVmTable stands below it. */
#define BARE_TABLE 1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 2612, 1, 6

/* Reads the rows and registers the table; ends the process when it cannot. */
void bare_start(void);

void bare_stop(void);

#endif
