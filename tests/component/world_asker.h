/* SPDX-License-Identifier: Apache-2.0 */
/* world_asker.h: an asker against a cluster of the simulator, with a configuration that
 * tests change before they open it, and questions that remember how they ended. */
#ifndef NQ_TESTS_WORLD_ASKER_H
#define NQ_TESTS_WORLD_ASKER_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "nsx/asker.h"
#include "world_manager.h"

#define VMS     "/api/v1/fabric/virtual-machines"
#define VERSION "/api/v1/node/version"
#define HEALTH  "/api/v1/reverse-proxy/node/health"
#define LOGIN   "/api/session/create"
#define TAGS    VMS "?action=add_tags"

#define NODES_MAX 3

/* How a question ended. */
struct asked {
    bool over;
    int calls;
    int order; /* of its end among all, from 1 */
    enum nq_code code;
    int http;
    char detail[NQ_ERR_DETAIL];
    char body[128];
    struct nq_ask *ask; /* NULL when it is over */
};

struct asker_world {
    struct manager *manager;
    size_t lost;  /* log lines: a node is out of use */
    size_t found; /* log lines: a node is well again */
    struct nq_asker *asker;
    struct nq_access_conf access;
    char *urls[NODES_MAX];
    char user[16], password_file[80], token_file[80], certificate_file[80], key_file[80],
        ca_file[80];
};

extern struct asker_world at;

/* The cluster, and a configuration for it: Basic, short pauses. */
void asker_begin(size_t nodes, const char *settings);
int asker_end(void **state); /* a cmocka teardown */

/* A cmocka setup: three nodes, short timeouts. */
int asker_begin_cluster(void **state);

void asker_open(void);

/* Opens it, asks once and finds the first node in use. */
void asker_open_well(void);
void asker_expect_node(size_t node);

/* A fault for all calls about VMs at the first node: members of the fault. */
void asker_break_first(const char *fault);

/* Questions as the Policy API takes them. */
void asker_get(const char *path, struct asked *asked);
void asker_tag(struct asked *asked); /* a write: a tag for a VM of the seed scenario */
void asker_wait(const struct asked *asked);

/* Ask and wait; the code. */
enum nq_code asker_get_now(const char *path, struct asked *asked);
enum nq_code asker_tag_now(struct asked *asked);

struct nq_manager_status asker_status(void);

#endif
