/* SPDX-License-Identifier: Apache-2.0 */
/* world_manager.h: a real HTTPS server for tests of the NSX client: the simulator, or
 * openssl's, which sends files byte for byte. Both are processes of the test, on loopback,
 * on a free port, with certificates of a CA that lives as long as the test program.
 * A helper that cannot do its work fails the test. */
#ifndef NQ_TESTS_WORLD_MANAGER_H
#define NQ_TESTS_WORLD_MANAGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"

struct manager;
struct nq_http;

/* cmocka group setup and teardown: the folder with the certificates. */
int manager_make_folder(void **state);
int manager_remove_folder(void **state);

/* Files of that folder. The other CA has signed nothing. */
#define MANAGER_CA         "ca.pem"
#define MANAGER_OTHER_CA   "other.pem"
#define MANAGER_CLIENT     "client.pem" /* CN=test-client; its key is client.key */
#define MANAGER_CLIENT_KEY "client.key"
#define MANAGER_FORGED     "forged.pem" /* for the same address, of another CA */
#define MANAGER_FORGED_KEY "forged.key"
const char *manager_file(const char *name); /* static storage until the next call */
void manager_write_file(const char *name, const char *text);

/* The server's public key as CURLOPT_PINNEDPUBLICKEY takes it. The caller frees it. */
char *manager_pin(void);

/* The simulator with this world; NULL: the seed scenario. The loop comes with it. */
struct manager *manager_new(const char *world_path);

/* The same with other settings: a JSON object of members of the world file. */
struct manager *manager_new_with(const char *world_path, const char *settings);

/* A cluster of so many nodes with the seed scenario and these settings: members of the
 * world file, as a JSON object. */
struct manager *manager_new_cluster(size_t nodes, const char *settings);
const char *manager_node_url(const struct manager *manager, size_t node);

/* "up", "down", "hung" or "unhealthy"; node 0 only when another one is up. */
void manager_set_node(struct manager *manager, size_t node, const char *state);

/* All nodes show another certificate from now on, to new connections. */
void manager_set_certificate(struct manager *manager, const char *cert, const char *key);

/* A server that answers GET /NAME with the content of the file NAME of the folder. */
struct manager *manager_new_raw(void);

/* Takes NULL, returns NULL. Ends the process. */
struct manager *manager_free(struct manager *manager);

/* The connection to the simulator's own routes. */
struct nq_http *manager_control(struct manager *manager);

struct nq_loop *manager_loop(struct manager *manager);

/* The clock of the loop; skipping makes all timers due that end meanwhile. */
const struct nq_clock *manager_clock(void);
void manager_skip(struct manager *manager, int64_t ms);

const char *manager_url(const struct manager *manager);

/* Turns the loop until *flag; fails the test after ten seconds, or after most_ms. */
void manager_run_until(struct manager *manager, const bool *flag);
void manager_run_for(struct manager *manager, const bool *flag, int64_t most_ms);

/* The simulator's own routes, over a connection that the client under test does not
 * share. The caller frees the text. */
char *manager_get(struct manager *manager, const char *path);
void manager_post(struct manager *manager, const char *path, const char *json);
void manager_put(struct manager *manager, const char *path, const char *json);
void manager_delete(struct manager *manager, const char *path);

/* Breaks requests: one fault, or a list of them, as the simulator takes them. */
void manager_fault(struct manager *manager, const char *json);

/* NSX requests since the start, or since the last manager_forget(), whose target begins
 * with this. */
size_t manager_requests(struct manager *manager, const char *method, const char *target);
void manager_forget(struct manager *manager);

/* The same for those that were answered with this status; 0: any. */
size_t manager_answers(struct manager *manager, const char *target, int status);

/* Tag changes that were really made since then. */
size_t manager_changes(struct manager *manager);

#endif
