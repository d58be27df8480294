/* SPDX-License-Identifier: Apache-2.0 */
/* world_manager.h: a real HTTPS server for tests of the NSX client: the simulator, or
 * openssl's, which sends files byte for byte. Both are processes of the test, on loopback,
 * on a free port, with certificates of a CA that lives as long as the test program.
 * A helper that cannot do its work fails the test. */
#ifndef NQ_TESTS_WORLD_MANAGER_H
#define NQ_TESTS_WORLD_MANAGER_H

#include <stdbool.h>
#include <stddef.h>

#include "loop/loop.h"

struct manager;

/* cmocka group setup and teardown: the folder with the certificates. */
int manager_make_folder(void **state);
int manager_remove_folder(void **state);

/* Files of that folder. The other CA has signed nothing. */
#define MANAGER_CA       "ca.pem"
#define MANAGER_OTHER_CA "other.pem"
const char *manager_file(const char *name); /* static storage until the next call */
void manager_write_file(const char *name, const char *text);

/* The simulator with this world; NULL: the seed scenario. The loop comes with it. */
struct manager *manager_new(const char *world_path);

/* A server that answers GET /NAME with the content of the file NAME of the folder. */
struct manager *manager_new_raw(void);

/* Takes NULL, returns NULL. Ends the process. */
struct manager *manager_free(struct manager *manager);

struct nq_loop *manager_loop(struct manager *manager);
const char *manager_url(const struct manager *manager);

/* Turns the loop until *flag; fails the test after ten seconds. */
void manager_run_until(struct manager *manager, const bool *flag);

/* The simulator's own routes, over a connection that the client under test does not
 * share. The caller frees the text. */
char *manager_get(struct manager *manager, const char *path);
void manager_post(struct manager *manager, const char *path, const char *json);

/* Breaks requests: one fault, or a list of them, as the simulator takes them. */
void manager_fault(struct manager *manager, const char *json);

/* NSX requests since the start, or since the last manager_forget(), whose target begins
 * with this. */
size_t manager_requests(struct manager *manager, const char *method, const char *target);
void manager_forget(struct manager *manager);

#endif
