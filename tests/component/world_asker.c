/* SPDX-License-Identifier: Apache-2.0 */
/* world_asker.c: see world_asker.h. */
#include "world_asker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "nsx/login.h"
#include "nsx/policy/json.h"

#define TAG_BODY                                                                         \
    "{\"external_id\":\"50221a4c-7f10-4b6e-8a01-5d2c9e7b0a01\","                         \
    "\"tags\":[{\"scope\":\"s\",\"tag\":\"t\"}]}"

struct asker_world at;
static int ends;

static const struct nq_dialect dialect = {
    .media_type = "application/json",
    .read_fault = nq_json_fault,
    .judge = nq_judge_policy,
    .login = &nq_login_policy,
    .probe_paths = {HEALTH, VERSION},
    .read_health = nq_json_health,
    .version_paths = {VERSION},
    .read_version = nq_json_version,
};

static void set_path(char *out, size_t size, const char *file)
{
    (void)snprintf(out, size, "%s", manager_file(file));
}

static void count_lines(void *arg, enum nq_log_level level, const char *line)
{
    (void)arg;
    at.lost += level == NQ_LOG_WARNING && strstr(line, "out of use") != NULL;
    at.found += level == NQ_LOG_INFO && strstr(line, "well again") != NULL;
}

void asker_begin(size_t nodes, const char *settings)
{
    at = (struct asker_world){.manager = manager_new_cluster(nodes, settings)};
    ends = 0;
    nq_log_to(count_lines, NULL);
    (void)snprintf(at.user, sizeof(at.user), "admin");
    manager_write_file("password", "VMware1!VMware1!\n");
    manager_write_file("token", "good-token\n");
    set_path(at.password_file, sizeof(at.password_file), "password");
    set_path(at.token_file, sizeof(at.token_file), "token");
    set_path(at.certificate_file, sizeof(at.certificate_file), MANAGER_CLIENT);
    set_path(at.key_file, sizeof(at.key_file), MANAGER_CLIENT_KEY);
    set_path(at.ca_file, sizeof(at.ca_file), MANAGER_CA);
    for (size_t i = 0; i < nodes; i++) {
        at.urls[i] = (char *)(uintptr_t)manager_node_url(at.manager, i);
    }
    at.access = (struct nq_access_conf){
        .urls = at.urls,
        .url_count = nodes,
        .auth = NQ_AUTH_BASIC,
        .user = at.user,
        .password_file = at.password_file,
        .token_file = at.token_file,
        .certificate_file = at.certificate_file,
        .key_file = at.key_file,
        .ca_file = at.ca_file,
        .connect_timeout_ms = 2000,
        .timeout_ms = 5000,
        .concurrency = 4,
        .requests_per_s = 100,
        .auth_pause_ms = 100000,
    };
}

int asker_begin_cluster(void **state)
{
    (void)state;
    asker_begin(3, "{}");
    at.access.timeout_ms = 1500;
    at.access.connect_timeout_ms = 1000;
    return 0;
}

int asker_end(void **state)
{
    (void)state;
    at.asker = nq_asker_close(at.asker);
    at.manager = manager_free(at.manager);
    nq_log_to(NULL, NULL);
    return 0;
}

void asker_open(void)
{
    struct nq_err err;
    at.asker = nq_asker_open(&at.access, "nsx-a", &dialect, manager_loop(at.manager),
                             manager_clock(), &err);
    if (!at.asker) {
        fail_msg("%s", err.detail);
    }
}

static bool read_body(void *arg, const char *body, size_t len, struct nq_err *reterr)
{
    struct asked *asked = arg;
    (void)len;
    (void)reterr;
    (void)snprintf(asked->body, sizeof(asked->body), "%s", body);
    return true;
}

static void on_done(void *arg, const struct nq_err *err)
{
    struct asked *asked = arg;
    asked->over = true;
    asked->calls++;
    asked->order = ++ends;
    asked->code = err ? err->code : NQ_OK;
    asked->http = err ? err->http : 0;
    asked->ask = NULL;
    (void)snprintf(asked->detail, sizeof(asked->detail), "%s", err ? err->detail : "");
}

static void start(enum nq_http_method method, const char *path, const char *body,
                  struct asked *asked)
{
    const struct nq_question question = {.method = method, .path = path, .body = body};
    *asked = (struct asked){0};
    asked->ask = nq_ask_start(at.asker, &question, read_body, on_done, asked);
    assert_int_equal(asked->calls, 0);
}

void asker_get(const char *path, struct asked *asked)
{
    start(NQ_HTTP_GET, path, NULL, asked);
}

void asker_tag(struct asked *asked)
{
    start(NQ_HTTP_POST, TAGS, TAG_BODY, asked);
}

void asker_wait(const struct asked *asked)
{
    manager_run_until(at.manager, &asked->over);
    assert_int_equal(asked->calls, 1);
}

enum nq_code asker_get_now(const char *path, struct asked *asked)
{
    asker_get(path, asked);
    asker_wait(asked);
    return asked->code;
}

enum nq_code asker_tag_now(struct asked *asked)
{
    asker_tag(asked);
    asker_wait(asked);
    return asked->code;
}

void asker_open_well(void)
{
    struct asked asked;
    asker_open();
    assert_int_equal(asker_get_now(VMS, &asked), NQ_OK);
    asker_expect_node(0);
}

void asker_expect_node(size_t node)
{
    assert_string_equal(asker_status().url, manager_node_url(at.manager, node));
}

void asker_break_first(const char *fault)
{
    char json[256];
    (void)snprintf(json, sizeof(json), "{\"node\":0,\"path\":\"" VMS "\",%s}", fault);
    manager_fault(at.manager, json);
}

struct nq_manager_status asker_status(void)
{
    struct nq_manager_status status = {0};
    nq_asker_status(at.asker, &status);
    return status;
}
