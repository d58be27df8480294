/* SPDX-License-Identifier: Apache-2.0 */
/* The promises of nsx/http.h, kept against a real server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world_client.h"

#define BLOCKED "blocked.invalid"
#define SOME_VM "50221a4c-7f10-4b6e-8a01-5d2c9e7b0a01"
#define TAG_BODY                                                                         \
    "{\"external_id\":\"" SOME_VM "\",\"tags\":[{\"scope\":\"s\",\"tag\":\"t\"}]}"

/* ---- a resolver that hangs ------------------------------------------------------------- */

static sem_t may_resolve;
static sem_t has_resolved;

/* Stands in for the C library's, in libcurl too: one name takes until the test allows. */
__attribute__((visibility("default"))) int getaddrinfo(const char *node,
                                                       const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **res)
{
    union {
        void *symbol;
        int (*call)(const char *, const char *, const struct addrinfo *,
                    struct addrinfo **);
    } real = {.symbol = dlsym(RTLD_NEXT, "getaddrinfo")};
    if (node && strcmp(node, BLOCKED) == 0) {
        while (sem_wait(&may_resolve) != 0) {
        }
        (void)sem_post(&has_resolved);
        return EAI_NONAME;
    }
    return real.call(node, service, hints, res);
}

static void wait_for_held(int count)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/sim/held?count=%d", count);
    char *text = manager_get(with.manager, path);
    assert_non_null(strstr(text, "\"reached\":true"));
    free(text);
}

/* ---- the three promises ----------------------------------------------------------------- */

static void an_answer_arrives_once_and_never_before_the_start_returns(void **state)
{
    (void)state;
    struct seen first;
    struct seen second;
    (void)client_get(VERSION, &first);
    assert_int_equal(first.calls, 0);
    manager_run_until(with.manager, &first.over);
    client_get_now(VERSION, &second);
    assert_int_equal(first.calls, 1);
    assert_int_equal(first.end, NQ_HTTP_ANSWERED);
    assert_int_equal(first.status, 200);
    assert_non_null(strstr(first.body, "product_version"));
    assert_true(first.request_id[0] != '\0');
    assert_string_equal(first.reason, "");
}

static void nothing_is_heard_after_a_cancel(void **state)
{
    (void)state;
    struct seen seen[5];
    struct nq_exchange *exchanges[4];
    manager_fault(with.manager, "{\"path\":\"" VERSION "\",\"hold\":true,\"times\":4}");
    for (size_t i = 0; i < 4; i++) {
        exchanges[i] = client_get(VERSION, &seen[i]);
    }
    wait_for_held(4);
    for (size_t i = 0; i < 4; i++) {
        nq_http_cancel(exchanges[i]);
    }
    client_get_now(VMS, &seen[4]);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(seen[i].calls, 0);
    }
}

static void nothing_is_heard_after_close(void **state)
{
    (void)state;
    struct seen seen[4];
    manager_fault(with.manager, "{\"path\":\"" VERSION "\",\"hold\":true}");
    for (size_t i = 0; i < 4; i++) {
        (void)client_get(VERSION, &seen[i]);
    }
    wait_for_held(4);
    client_close();
    manager_post(with.manager, "/sim/release", "{}");
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(seen[i].calls, 0);
    }
}

static bool others_cancelled;

static void cancel_others(void *arg, const struct nq_http_answer *answer)
{
    struct nq_exchange **others = arg;
    assert_int_equal(answer->status, 200);
    nq_http_cancel(others[1]);
    nq_http_cancel(others[2]);
    others[0] = NULL;
    others_cancelled = true;
}

static void a_callback_may_cancel_others(void **state)
{
    (void)state;
    struct seen seen[3];
    struct nq_exchange *others[3];
    others_cancelled = false;
    manager_fault(with.manager, "{\"path\":\"" VMS "\",\"hang\":true}");
    others[0] = client_start(NQ_HTTP_GET, VERSION, NULL, cancel_others, (void *)others);
    others[1] = client_get(VMS, &seen[1]);
    others[2] = client_get(VMS, &seen[2]);
    manager_run_until(with.manager, &others_cancelled);
    client_get_now(VERSION, &seen[0]);
    assert_null(others[0]);
    assert_int_equal(seen[1].calls + seen[2].calls, 0);
}

/* ---- deadline --------------------------------------------------------------------------- */

static void a_server_that_hangs_is_given_up(void **state)
{
    (void)state;
    struct seen hung;
    struct seen late;
    client_close();
    client_open(manager_url(with.manager), MANAGER_CA, NULL, 1000);
    manager_fault(with.manager, "[{\"path\":\"" VERSION "\",\"hang\":true,\"times\":1},"
                                "{\"path\":\"" VERSION "\",\"delay_ms\":300}]");
    client_get_now(VERSION, &hung);
    client_get_now(VERSION, &late);
    assert_int_equal(hung.end, NQ_HTTP_TIMEOUT);
    assert_int_equal(hung.status, 0);
    assert_true(hung.sent);
    assert_int_equal(late.end, NQ_HTTP_ANSWERED);
}

static void a_name_that_does_not_resolve_blocks_nothing(void **state)
{
    (void)state;
    struct seen lost;
    struct seen cancelled;
    assert_int_equal(sem_init(&may_resolve, 0, 0), 0);
    assert_int_equal(sem_init(&has_resolved, 0, 0), 0);
    client_close();
    client_open("https://" BLOCKED, MANAGER_CA, NULL, 200);
    (void)client_get(VERSION, &lost);
    nq_http_cancel(client_get(VERSION, &cancelled));
    manager_run_until(with.manager, &lost.over);
    assert_int_equal(lost.end, NQ_HTTP_TIMEOUT);
    (void)client_get(VERSION, &cancelled); /* closed while it resolves */
    nq_loop_turn(manager_loop(with.manager));
    client_close();
    assert_int_equal(sem_trywait(&has_resolved), -1);
    /* The threads are libcurl's: let the one that is certain to be there end. */
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sem_post(&may_resolve), 0);
    }
    assert_int_equal(sem_wait(&has_resolved), 0);
}

/* ---- no connection -------------------------------------------------------------------- */

static void a_port_where_nobody_listens_is_unreachable(void **state)
{
    (void)state;
    struct seen seen;
    client_close();
    client_open("https://127.0.0.1:1", MANAGER_CA, NULL, TIMEOUT_MS);
    client_get_now(VERSION, &seen);
    assert_int_equal(seen.end, NQ_HTTP_UNREACHABLE);
    assert_non_null(strstr(seen.reason, "127.0.0.1"));
    assert_false(seen.sent);
}

static void a_connection_that_is_reset_is_unreachable(void **state)
{
    (void)state;
    struct seen seen;
    manager_fault(with.manager, "{\"path\":\"" VERSION "\",\"reset\":true}");
    client_get_now(VERSION, &seen);
    assert_int_equal(seen.end, NQ_HTTP_UNREACHABLE);
}

/* ---- connections ------------------------------------------------------------------------ */

/* Calls fn for each descriptor of the process; returns their number. */
static size_t each_descriptor(void (*fn)(int fd))
{
    size_t count = 0;
    DIR *list = opendir("/proc/self/fd");
    assert_non_null(list);
    const struct dirent *entry = NULL;
    while ((entry = readdir(list))) {
        const int fd = (int)strtol(entry->d_name, NULL, 10);
        if (entry->d_name[0] == '.' || fd == dirfd(list)) {
            continue;
        }
        count++;
        if (fn) {
            fn(fd);
        }
    }
    (void)closedir(list);
    return count;
}

static size_t connections;

/* libcurl's own pair of Unix sockets for waking up is no connection. */
static void expect_close_on_exec(int fd)
{
    struct sockaddr_storage name;
    socklen_t size = sizeof(name);
    if (getsockname(fd, (struct sockaddr *)&name, &size) == 0 &&
        name.ss_family == AF_INET) {
        connections++;
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
}

static void a_connection_is_kept_and_not_inherited_by_programs(void **state)
{
    (void)state;
    struct seen seen;
    client_get_now(VERSION, &seen);
    const size_t before = each_descriptor(NULL);
    for (int i = 0; i < 5; i++) {
        client_get_now(VERSION, &seen);
        assert_int_equal(seen.status, 200);
    }
    connections = 0;
    assert_int_equal(each_descriptor(expect_close_on_exec), before);
    assert_true(connections > 0);
    client_close();
    assert_true(each_descriptor(NULL) < before);
}

static void every_method_arrives_as_itself(void **state)
{
    (void)state;
    static const struct {
        enum nq_http_method method;
        const char *name;
    } rows[] = {{NQ_HTTP_GET, "GET"},
                {NQ_HTTP_POST, "POST"},
                {NQ_HTTP_PUT, "PUT"},
                {NQ_HTTP_DELETE, "DELETE"}};
    static const char *const bodies[] = {NULL, "{}"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t k = 0; k < 2; k++) {
            struct seen seen;
            (void)client_send(rows[i].method, "/api/v1/nothing", bodies[k], &seen);
            manager_run_until(with.manager, &seen.over);
            assert_int_equal(seen.status, 404);
        }
        assert_int_equal(manager_requests(with.manager, rows[i].name, "/api/v1/nothing"),
                         2);
    }
}

/* libcurl repeats a request on a kept connection that dies before the answer; for a write
 * that would be a second write. */
static void a_write_whose_answer_is_lost_is_not_repeated(void **state)
{
    (void)state;
    struct seen seen;
    client_get_now(VERSION, &seen);
    manager_fault(with.manager, "{\"method\":\"POST\",\"path\":\"" VMS "\","
                                "\"drop_after_apply\":true,\"times\":1}");
    (void)client_send(NQ_HTTP_POST, VMS "?action=add_tags", TAG_BODY, &seen);
    manager_run_until(with.manager, &seen.over);
    assert_int_equal(seen.end, NQ_HTTP_UNREACHABLE);
    assert_int_equal(manager_requests(with.manager, "POST", VMS), 1);
}

static void a_write_takes_the_connection_that_has_just_answered(void **state)
{
    (void)state;
    struct seen seen;
    client_get_now(VERSION, &seen);
    assert_true(seen.tls_expires_ms > 0);
    for (int i = 0; i < 3; i++) {
        (void)client_send(NQ_HTTP_POST, VMS "?action=add_tags", TAG_BODY, &seen);
        manager_run_until(with.manager, &seen.over);
        assert_int_equal(seen.status, 204);
        assert_int_equal(seen.tls_expires_ms, 0); /* no handshake */
    }
}

static void ids_are_percent_encoded(void **state)
{
    (void)state;
    char *text = nq_http_escape("a/b c?d=e&f%\"\xC3\xA4~-_.");
    assert_string_equal(text, "a%2Fb%20c%3Fd%3De%26f%25%22%C3%A4~-_.");
    free(text);
    text = nq_http_escape_path("/infra/domains/default/groups/a b%2Fc?");
    assert_string_equal(text, "/infra/domains/default/groups/a%20b%252Fc%3F");
    free(text);
    text = nq_http_escape("");
    assert_string_equal(text, "");
    free(text);
}

static void the_host_of_a_url_has_no_brackets_and_no_port(void **state)
{
    (void)state;
    static const char *const hosts[][2] = {
        {"https://nsx.corp.example", "nsx.corp.example"},
        {"https://nsx.corp.example:8443", "nsx.corp.example"},
        {"https://192.0.2.1:443", "192.0.2.1"},
        {"https://[2001:db8::1]:443", "2001:db8::1"},
        {"https://[2001:db8::1]", "2001:db8::1"},
    };
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        char host[NQ_HTTP_HOST_MAX + 1];
        nq_http_host(hosts[i][0], host);
        assert_string_equal(host, hosts[i][1]);
    }
}

#define SIMULATED(test)                                                                  \
    cmocka_unit_test_setup_teardown(test, client_with_simulator, client_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED(an_answer_arrives_once_and_never_before_the_start_returns),
        SIMULATED(nothing_is_heard_after_a_cancel),
        SIMULATED(nothing_is_heard_after_close),
        SIMULATED(a_callback_may_cancel_others),
        SIMULATED(a_server_that_hangs_is_given_up),
        SIMULATED(a_name_that_does_not_resolve_blocks_nothing),
        SIMULATED(a_port_where_nobody_listens_is_unreachable),
        SIMULATED(a_connection_that_is_reset_is_unreachable),
        SIMULATED(a_connection_is_kept_and_not_inherited_by_programs),
        SIMULATED(a_write_takes_the_connection_that_has_just_answered),
        SIMULATED(every_method_arrives_as_itself),
        SIMULATED(a_write_whose_answer_is_lost_is_not_repeated),
        cmocka_unit_test(ids_are_percent_encoded),
        cmocka_unit_test(the_host_of_a_url_has_no_brackets_and_no_port),
    };
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
