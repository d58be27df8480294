/* SPDX-License-Identifier: Apache-2.0 */
/* server.h: HTTPS on the loopback address, a port for each node, one thread for each
 * connection, so that a request that hangs never keeps another one waiting.
 *
 * Owns    the listening sockets, the connections and their threads.
 * Blocks  sim_server_stop() until all threads have ended.
 * Thread  start and stop from one thread; the others under the lock of the simulator.
 * Fails   false or NULL and a sentence.
 * Limits  SIM_CONNECTIONS_MAX.
 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "sim.h"

#define SIM_CONNECTIONS_MAX 512

struct sim_server;

/* cert and key are PEM texts; both NULL: plain HTTP. Listens for sim->node_count nodes on
 * the ports of sim->nodes, 0 for any free one, and fills them in. */
struct sim_server *sim_server_start(struct sim *sim, const char *cert, const char *key,
                                    struct sim_err *err)
    __attribute__((warn_unused_result));
struct sim_server *sim_server_stop(struct sim_server *server); /* returns NULL */

/* What a request came in on may stay; every other connection of the node ends when it
 * leaves the state "up". */
bool sim_server_set_node(struct sim_server *server, const struct sim_request *request,
                         unsigned node, enum sim_node_state state, struct sim_err *err)
    __attribute__((warn_unused_result));

/* All nodes show this certificate from now on; all other connections end, as when the
 * service of a real manager restarts. */
bool sim_server_set_certificate(struct sim_server *server,
                                const struct sim_request *request, const char *cert,
                                const char *key, struct sim_err *err)
    __attribute__((warn_unused_result));

#endif
