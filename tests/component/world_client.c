/* SPDX-License-Identifier: Apache-2.0 */
/* world_client.c: see world_client.h. */
#include "world_client.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "world_folder.h"

struct client_world with;

static void on_done(void *arg, const struct nq_http_answer *answer)
{
    struct seen *seen = arg;
    seen->over = true;
    seen->calls++;
    seen->end = answer->end;
    seen->status = answer->status;
    seen->body_len = answer->body_len;
    seen->sent = answer->sent;
    seen->tls_expires_ms = answer->tls_expires_ms;
    (void)snprintf(seen->body, sizeof(seen->body), "%s", answer->body);
    (void)snprintf(seen->reason, sizeof(seen->reason), "%s", answer->reason);
    (void)snprintf(seen->request_id, sizeof(seen->request_id), "%s", answer->request_id);
}

static char *read_file(const char *name)
{
    char *text = nq_calloc(65536, 1);
    FILE *file = fopen(manager_file(name), "re");
    assert_non_null(file);
    assert_true(fread(text, 1, 65535, file) > 0);
    (void)fclose(file);
    return text;
}

void client_close(void)
{
    with.http = nq_http_close(with.http);
    free(with.ca_pem);
    with.ca_pem = NULL;
}

void client_open(const char *url, const char *ca, const char *pin, int64_t timeout_ms)
{
    struct nq_err err;
    with.ca_pem = ca ? read_file(ca) : NULL;
    const struct nq_http_conf conf = {
        .url = url,
        .ca_pem = with.ca_pem,
        .pinned_key = pin,
        .connect_timeout_ms = timeout_ms,
        .timeout_ms = timeout_ms,
        .connections = 2,
    };
    with.http = nq_http_open(&conf, manager_loop(with.manager), &err);
    assert_non_null(with.http);
}

int client_with_simulator(void **state)
{
    (void)state;
    with.manager = manager_new(NULL);
    client_open(manager_url(with.manager), MANAGER_CA, NULL, TIMEOUT_MS);
    return 0;
}

int client_with_files(void **state)
{
    (void)state;
    with.manager = manager_new_raw();
    client_open(manager_url(with.manager), MANAGER_CA, NULL, TIMEOUT_MS);
    return 0;
}

int client_end(void **state)
{
    (void)state;
    client_close();
    with.manager = manager_free(with.manager);
    return 0;
}

/* admin and the password of the seed world */
static const char *const account[] = {
    "Authorization: Basic YWRtaW46Vk13YXJlMSFWTXdhcmUxIQ=="};

struct nq_exchange *client_start(enum nq_http_method method, const char *path,
                                 const char *body, nq_http_done_fn *done, void *arg)
{
    const struct nq_http_request request = {
        .method = method,
        .path = path,
        .media_type = "application/json",
        .body = body,
        .content_type = "application/json",
        .lines = account,
        .line_count = 1,
    };
    return nq_http_start(with.http, &request, done, arg);
}

struct nq_exchange *client_send(enum nq_http_method method, const char *path,
                                const char *body, struct seen *seen)
{
    *seen = (struct seen){0};
    return client_start(method, path, body, on_done, seen);
}

struct nq_exchange *client_get(const char *path, struct seen *seen)
{
    return client_send(NQ_HTTP_GET, path, NULL, seen);
}

void client_get_now(const char *path, struct seen *seen)
{
    (void)client_get(path, seen);
    manager_run_until(with.manager, &seen->over);
}
