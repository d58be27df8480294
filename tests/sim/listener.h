/* SPDX-License-Identifier: Apache-2.0 */
/* listener.h: the ports of the nodes, each of which can close and open again.
 *
 * Owns    the listening sockets and one thread that accepts on all of them.
 * Blocks  sim_listener_stop() until its thread has ended.
 * Thread  start and stop from one thread; it takes the lock of the simulator itself.
 * Fails   sim_listener_start(): NULL and a sentence.
 * Limits  SIM_NODES_MAX ports.
 */
#ifndef SIM_LISTENER_H
#define SIM_LISTENER_H

#include <sys/socket.h>

#include "sim.h"

/* Takes fd, a new connection of that node. */
typedef void sim_accept_fn(void *arg, int fd, unsigned node,
                           const struct sockaddr *address, socklen_t length);

struct sim_listener;

/* Listens on 127.0.0.1 for sim->node_count nodes, on sim->nodes[].port or any free one,
 * and writes the ports there. The states of the nodes say which ports are open. */
struct sim_listener *sim_listener_start(struct sim *sim, sim_accept_fn *accepted,
                                        void *arg, struct sim_err *err)
    __attribute__((warn_unused_result));
/* Under the lock: opens and closes ports as the states now say, and waits for it. */
bool sim_listener_update(struct sim_listener *listener, struct sim_err *err)
    __attribute__((warn_unused_result));
struct sim_listener *sim_listener_stop(struct sim_listener *listener); /* returns NULL */

#endif
