/* SPDX-License-Identifier: Apache-2.0 */
/* server.h: HTTPS on the loopback address, one thread for each connection, so that a
 * request that hangs never keeps another one waiting.
 *
 * Owns    the listening socket and its threads.
 * Blocks  sim_server_stop() until all threads have ended.
 * Thread  start and stop from one thread.
 * Fails   sim_server_start(): NULL and a sentence.
 * Limits  SIM_CONNECTIONS_MAX.
 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "sim.h"

#define SIM_CONNECTIONS_MAX 512

struct sim_server;

/* cert and key are PEM texts and must outlive the server; both NULL: plain HTTP.
 * port 0: any free one. */
struct sim_server *sim_server_start(struct sim *sim, const char *cert, const char *key,
                                    unsigned port, struct sim_err *err)
    __attribute__((warn_unused_result));
unsigned sim_server_port(const struct sim_server *server);
struct sim_server *sim_server_stop(struct sim_server *server); /* returns NULL */

#endif
