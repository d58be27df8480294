/* SPDX-License-Identifier: Apache-2.0 */
/* cluster.c: see cluster.h. */
#include "nsx/cluster.h"

#include <stdio.h>
#include <string.h>

#include "nsx/asker.h"
#include "nsx/judge.h"

/* ---- which node ----------------------------------------------------------------------- */

struct nq_node *nq_cluster_pick(struct nq_cluster *cluster, unsigned tried)
{
    struct nq_node *fallback = NULL;
    for (size_t i = 0; i < cluster->count; i++) {
        struct nq_node *node = &cluster->nodes[(cluster->current + i) % cluster->count];
        if (tried & node->bit) {
            continue;
        }
        if (!node->sick) {
            return node;
        }
        fallback = fallback ? fallback : node;
    }
    return fallback;
}

const struct nq_node *nq_cluster_current(const struct nq_cluster *cluster)
{
    return &cluster->nodes[cluster->current];
}

bool nq_cluster_any_sick(const struct nq_cluster *cluster)
{
    for (size_t i = 0; i < cluster->count; i++) {
        if (cluster->nodes[i].sick) {
            return true;
        }
    }
    return false;
}

void nq_cluster_each_server(const struct nq_cluster *cluster, nq_server_fn *fn, void *arg)
{
    for (size_t i = 0; i < cluster->count; i++) {
        const struct nq_node *node = &cluster->nodes[i];
        char host[NQ_HTTP_HOST_MAX + 1];
        nq_http_host(node->url, host);
        fn(arg, host);
        for (size_t k = 0; k < NQ_NODE_ADDRESSES && node->addresses[k][0]; k++) {
            fn(arg, node->addresses[k]);
        }
    }
}

/* ---- how a node is -------------------------------------------------------------------- */

enum health {
    NO_NEWS,
    WELL,
    DOUBTFUL, /* it was there and then fell silent: a probe tells */
    SICK,
};

static enum health health_after(const struct nq_http_answer *answer, bool sick)
{
    switch (answer->end) {
    case NQ_HTTP_ANSWERED:
        return sick ? SICK : WELL;
    case NQ_HTTP_UNREACHABLE:
    case NQ_HTTP_TLS:
        return SICK;
    case NQ_HTTP_TIMEOUT:
        return answer->sent ? DOUBTFUL : SICK;
    case NQ_HTTP_CUT:
        return DOUBTFUL;
    case NQ_HTTP_TOO_LARGE:
        return WELL;
    default:
        return NO_NEWS;
    }
}

static bool may_log(struct nq_cluster *cluster)
{
    return cluster->count > 1 &&
           nq_log_allows(&cluster->log_limit, nq_mono_ms(cluster->setup.clock),
                         "nodes that come and go");
}

static void set_sick(struct nq_node *node, const struct nq_http_answer *answer)
{
    struct nq_cluster *cluster = node->cluster;
    if (node->sick) {
        return;
    }
    node->sick = true;
    if (node == &cluster->nodes[cluster->current]) {
        cluster->current = (size_t)(nq_cluster_pick(cluster, 0) - cluster->nodes);
    }
    if (may_log(cluster)) {
        nq_log(NQ_LOG_WARNING,
               "a node of the manager is out of use manager=%s node=%s status=%d "
               "reason=\"%s\"",
               cluster->setup.name, node->url, answer->status, answer->reason);
    }
}

static void set_well(struct nq_node *node)
{
    struct nq_cluster *cluster = node->cluster;
    if (!node->sick) {
        return;
    }
    node->sick = false;
    if (cluster->nodes[cluster->current].sick) {
        cluster->current = (size_t)(node - cluster->nodes);
    }
    if (may_log(cluster)) {
        nq_log(NQ_LOG_INFO, "a node of the manager is well again manager=%s node=%s",
               cluster->setup.name, node->url);
    }
}

static void probe(struct nq_node *node);

static void note_address(struct nq_node *node, const char *address)
{
    for (size_t i = 0; i < NQ_NODE_ADDRESSES; i++) {
        if (strcmp(node->addresses[i], address) == 0) {
            return;
        }
    }
    char *place = node->addresses[node->address_count++ % NQ_NODE_ADDRESSES];
    (void)snprintf(place, sizeof(node->addresses[0]), "%s", address);
}

static void note_health(struct nq_node *node, enum health health,
                        const struct nq_http_answer *answer)
{
    if (answer->tls_expires_ms > 0) {
        node->tls_expires_ms = answer->tls_expires_ms;
    }
    if (answer->end == NQ_HTTP_ANSWERED && answer->address[0]) {
        note_address(node, answer->address);
    }
    node->heard |= health == WELL;
    if (health == SICK) {
        set_sick(node, answer);
    } else if (health == WELL) {
        set_well(node);
    }
}

void nq_node_hear(struct nq_node *node, const struct nq_http_answer *answer, bool sick)
{
    const enum health health = health_after(answer, sick);
    note_health(node, health, answer);
    if (health == DOUBTFUL && node->cluster->count > 1) {
        probe(node);
    }
}

/* ---- probes --------------------------------------------------------------------------- */

static void on_timer(void *arg);

static void set_timer(struct nq_node *node)
{
    const struct nq_cluster_setup *setup = &node->cluster->setup;
    const uint32_t span = NQ_PROBE_MOST_MS - NQ_PROBE_LEAST_MS + 1;
    node->heard = false;
    nq_timer_set(setup->loop, &node->timer,
                 NQ_PROBE_LEAST_MS + setup->random(setup->limit->random_arg) % span,
                 on_timer, node);
}

/* A refused login says that somebody is at home; whether it is ours to enter is not the
 * probe's question. */
static void on_probe(void *arg, const struct nq_http_answer *answer)
{
    struct nq_node *node = arg;
    const struct nq_dialect *dialect = node->cluster->setup.dialect;
    const size_t next = node->probe_path + 1;
    enum health health = health_after(answer, nq_judge_is_sick(answer->status, 0));
    node->probe = NULL;
    if (answer->end == NQ_HTTP_ANSWERED && answer->status == 404 &&
        next < NQ_DIALECT_PATHS && dialect->probe_paths[next]) {
        node->probe_path = next;
        probe(node);
        return;
    }
    if (health == WELL && answer->status >= 200 && answer->status <= 299 &&
        node->probe_path == 0 && dialect->read_health &&
        !dialect->read_health(answer->body, answer->body_len)) {
        health = SICK;
    }
    note_health(node, health == DOUBTFUL ? SICK : health, answer);
    node->heard = false; /* the next probe is due as well */
}

/* No password goes with it: a probe could be the refused login too many. */
static void probe(struct nq_node *node)
{
    struct nq_cluster *cluster = node->cluster;
    const struct nq_cluster_setup *setup = &cluster->setup;
    const char *path = setup->dialect->probe_paths[node->probe_path];
    if (node->probe || !path || !nq_limit_has_spare(setup->limit)) {
        return;
    }
    const char *lines[NQ_LOGIN_LINES];
    const struct nq_http_request request = {
        .path = path,
        .media_type = setup->dialect->media_type,
        .lines = lines,
        .line_count = setup->access->auth == NQ_AUTH_BASIC
                          ? 0
                          : nq_login_lines(setup->login, nq_node_session(node), lines),
        .timeout_ms = setup->access->connect_timeout_ms,
    };
    (void)nq_limit_take(setup->limit);
    cluster->probes++;
    node->probe = nq_http_start(node->http, &request, on_probe, node);
}

static void on_timer(void *arg)
{
    struct nq_node *node = arg;
    if (node->sick || !node->heard) {
        probe(node);
    }
    set_timer(node);
}

/* ---- sessions ------------------------------------------------------------------------- */

const struct nq_session *nq_node_session(const struct nq_node *node)
{
    const bool over = node->session_ends_ms > 0 &&
                      nq_mono_ms(node->cluster->setup.clock) >= node->session_ends_ms;
    return node->logged_in && !over ? &node->session : NULL;
}

void nq_node_log_in(struct nq_node *node, struct nq_session *session)
{
    nq_node_log_out(node);
    node->session = *session;
    *session = (struct nq_session){0};
    node->logged_in = true;
    if (node->session.lifetime_ms > 0) {
        node->session_ends_ms =
            nq_mono_ms(node->cluster->setup.clock) + node->session.lifetime_ms;
    }
}

void nq_node_log_out(struct nq_node *node)
{
    nq_session_done(&node->session);
    node->session_number++;
    node->session_ends_ms = 0;
    node->logged_in = false;
}

/* ---- open and close ------------------------------------------------------------------- */

bool nq_cluster_open(struct nq_cluster *cluster, const struct nq_cluster_setup *setup,
                     struct nq_err *reterr)
{
    const struct nq_access_conf *access = setup->access;
    *cluster = (struct nq_cluster){.setup = *setup};
    for (size_t i = 0; i < access->url_count; i++) {
        struct nq_node *node = &cluster->nodes[i];
        const struct nq_http_conf conf = {
            .url = access->urls[i],
            .ca_pem = setup->ca_pem,
            .pinned_key = access->pinned_key,
            .certificate_pem = setup->login->certificate_pem,
            .key_pem = setup->login->key.data,
            .connect_timeout_ms = access->connect_timeout_ms,
            .timeout_ms = access->timeout_ms,
            .connections = (size_t)access->concurrency,
        };
        node->cluster = cluster;
        node->url = access->urls[i];
        node->bit = 1U << i;
        node->http = nq_http_open(&conf, setup->loop, reterr);
        if (!node->http) {
            return false;
        }
        cluster->count++;
        if (access->url_count > 1) {
            set_timer(node);
        }
    }
    return true;
}

void nq_cluster_close(struct nq_cluster *cluster)
{
    for (size_t i = 0; i < cluster->count; i++) {
        struct nq_node *node = &cluster->nodes[i];
        nq_timer_clear(cluster->setup.loop, &node->timer);
        node->http = nq_http_close(node->http); /* with it the probe */
        nq_session_done(&node->session);
    }
    cluster->count = 0;
}
