/* SPDX-License-Identifier: Apache-2.0 */
/* cluster.h: the equal servers behind one manager: which one to ask, and how each is.
 * Not for: sending questions (asker.h), or judging their answers.
 *
 * Owns    an HTTP client and a session for each node, and the probes.
 * Blocks  never.
 * Thread  loop thread only.
 * Fails   open() with *reterr.
 * Limits  NQ_CONFIG_URLS_MAX nodes; one probe of a node at a time, connect_timeout_ms
 *         long. With one node there are no probes and no log lines.
 *
 * We stay on a node as long as it is well: what was written to one may show on another
 * only later. A node that is not in use, or sick, is probed now and then.
 */
#ifndef NQ_NSX_CLUSTER_H
#define NQ_NSX_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "loop/loop.h"
#include "nsx/backend.h"
#include "nsx/http.h"
#include "nsx/limit.h"
#include "nsx/login.h"

#define NQ_PROBE_LEAST_MS 15000
#define NQ_PROBE_MOST_MS  33000

/* The last different addresses at which a node answered; a name may stand for several. */
#define NQ_NODE_ADDRESSES 8

struct nq_dialect;
struct nq_cluster;

struct nq_node {
    struct nq_cluster *cluster;
    const char *url;
    unsigned bit; /* of the sets of nodes below */
    struct nq_http *http;
    bool sick;
    bool heard; /* since the timer was set */
    struct nq_timer timer;
    struct nq_exchange *probe;
    size_t probe_path;      /* of the dialect: the one that this node has */
    int64_t tls_expires_ms; /* wall; 0: not known */
    char addresses[NQ_NODE_ADDRESSES][NQ_HTTP_ADDRESS_MAX + 1];
    size_t address_count; /* seen so far; the next one goes to this place, in turn */
    struct nq_session session;
    bool logged_in;          /* the session counts */
    unsigned session_number; /* the next one has another */
    int64_t session_ends_ms; /* mono; 0: when it is refused */
};

/* What the cluster needs of its asker; all must outlive it. */
struct nq_cluster_setup {
    const struct nq_access_conf *access;
    const char *name;
    const struct nq_dialect *dialect;
    const struct nq_login *login;
    const char *ca_pem; /* NULL: the system's */
    struct nq_limit *limit;
    struct nq_loop *loop;
    const struct nq_clock *clock;
    nq_random_fn *random;
};

struct nq_cluster {
    struct nq_cluster_setup setup;
    struct nq_node nodes[NQ_CONFIG_URLS_MAX];
    size_t count;
    size_t current;
    uint64_t probes; /* sent since open */
    struct nq_log_limit log_limit;
};

/* After a failure, too, nq_cluster_close() must follow. */
bool nq_cluster_open(struct nq_cluster *cluster, const struct nq_cluster_setup *setup,
                     struct nq_err *reterr) __attribute__((warn_unused_result));
void nq_cluster_close(struct nq_cluster *cluster);

/* The node to ask, none of the set tried; NULL: all of them were. */
struct nq_node *nq_cluster_pick(struct nq_cluster *cluster, unsigned tried);

/* The node in use. */
const struct nq_node *nq_cluster_current(const struct nq_cluster *cluster);

/* Calls fn for the host of each node's URL and for each address at which it answered. */
void nq_cluster_each_server(const struct nq_cluster *cluster, nq_server_fn *fn,
                            void *arg);

bool nq_cluster_any_sick(const struct nq_cluster *cluster);

/* What the end of any exchange with the node says about it. sick: the answer there is says
 * that this node cannot answer now. */
void nq_node_hear(struct nq_node *node, const struct nq_http_answer *answer, bool sick);

/* The session that counts now, NULL: none. */
const struct nq_session *nq_node_session(const struct nq_node *node);

/* Moves the session into the node. */
void nq_node_log_in(struct nq_node *node, struct nq_session *session);
void nq_node_log_out(struct nq_node *node);

#endif
