/* SPDX-License-Identifier: Apache-2.0 */
/* world_client.h: an HTTP client against the simulator or a server that sends files, and
 * exchanges that remember how they ended. */
#ifndef NQ_TESTS_WORLD_CLIENT_H
#define NQ_TESTS_WORLD_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsx/http.h"
#include "world_manager.h"

#define VERSION    "/api/v1/node/version"
#define VMS        "/api/v1/fabric/virtual-machines"
#define TIMEOUT_MS 5000

/* One exchange as the test sees it. */
struct seen {
    bool over;
    int calls;
    enum nq_http_end end;
    int status;
    size_t body_len;
    char body[256];
    char reason[NQ_HTTP_REASON_MAX];
    char request_id[128];
    bool sent;
    int64_t tls_expires_ms;
};

struct client_world {
    struct manager *manager;
    struct nq_http *http;
    char *ca_pem;
};

extern struct client_world with;

/* cmocka setups and their teardown. The client trusts the server's CA. */
int client_with_simulator(void **state);
int client_with_files(void **state);
int client_end(void **state);

/* Another client in place of the one that is open. ca is a file of the folder; NULL: the
 * CAs of the system, which know nothing of ours. pin NULL: none. */
void client_open(const char *url, const char *ca, const char *pin, int64_t timeout_ms);
void client_close(void);

/* As the administrator of the seed scenario. */
struct nq_exchange *client_start(enum nq_http_method method, const char *path,
                                 const char *body, nq_http_done_fn *done, void *arg);
struct nq_exchange *client_send(enum nq_http_method method, const char *path,
                                const char *body, struct seen *seen);
struct nq_exchange *client_get(const char *path, struct seen *seen);
void client_get_now(const char *path, struct seen *seen);

#endif
