/* SPDX-License-Identifier: Apache-2.0 */
/* The promises of nsx/http.h, kept against real servers that misbehave. */
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

#include "base/buf.h"
#include "base/mem.h"
#include "nsx/http.h"
#include "world_manager.h"

#define VERSION    "/api/v1/node/version"
#define VMS        "/api/v1/fabric/virtual-machines"
#define TIMEOUT_MS 5000
#define BLOCKED    "blocked.invalid"
#define SOME_VM    "50221a4c-7f10-4b6e-8a01-5d2c9e7b0a01"
#define TAG_BODY                                                                         \
    "{\"external_id\":\"" SOME_VM "\",\"tags\":[{\"scope\":\"s\",\"tag\":\"t\"}]}"

static struct manager *manager;
static struct nq_http *http;
static char *ca_pem;
static char password_text[] = "VMware1!VMware1!";
static struct nq_secret password = {.data = password_text,
                                    .len = sizeof(password_text) - 1};

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

/* ---- one exchange as the test sees it --------------------------------------------------- */

struct seen {
    bool over;
    int calls;
    int order; /* of its end among all, from 1 */
    enum nq_http_end end;
    int status;
    size_t body_len;
    char body[256];
    char reason[NQ_HTTP_REASON_MAX];
    char request_id[128];
};

static int ends;

static void on_done(void *arg, const struct nq_http_answer *answer)
{
    struct seen *seen = arg;
    seen->over = true;
    seen->calls++;
    seen->order = ++ends;
    seen->end = answer->end;
    seen->status = answer->status;
    seen->body_len = answer->body_len;
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

static void open_client(const char *url, const char *ca, size_t concurrency,
                        int64_t timeout_ms)
{
    struct nq_err err;
    ca_pem = read_file(ca);
    const struct nq_http_conf conf = {
        .url = url,
        .user = "admin",
        .password = &password,
        .ca_pem = ca_pem,
        .connect_timeout_ms = timeout_ms,
        .timeout_ms = timeout_ms,
        .concurrency = concurrency,
    };
    http = nq_http_open(&conf, manager_loop(manager), &err);
    assert_non_null(http);
    ends = 0;
}

static void close_client(void)
{
    http = nq_http_close(http);
    free(ca_pem);
    ca_pem = NULL;
}

static int with_simulator(void **state)
{
    (void)state;
    manager = manager_new(NULL);
    open_client(manager_url(manager), MANAGER_CA, 2, TIMEOUT_MS);
    return 0;
}

static int with_raw_server(void **state)
{
    (void)state;
    manager = manager_new_raw();
    open_client(manager_url(manager), MANAGER_CA, 2, TIMEOUT_MS);
    return 0;
}

static int end_all(void **state)
{
    (void)state;
    close_client();
    manager = manager_free(manager);
    return 0;
}

static struct nq_exchange *get(const char *path, struct seen *seen)
{
    *seen = (struct seen){0};
    return nq_http_start(http, path, NULL, on_done, seen);
}

static void get_now(const char *path, struct seen *seen)
{
    (void)get(path, seen);
    manager_run_until(manager, &seen->over);
}

static void wait_for_held(int count)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/sim/held?count=%d", count);
    char *text = manager_get(manager, path);
    assert_non_null(strstr(text, "\"reached\":true"));
    free(text);
}

/* ---- the three promises ----------------------------------------------------------------- */

static void an_answer_arrives_once_and_never_before_the_start_returns(void **state)
{
    (void)state;
    struct seen first;
    struct seen second;
    (void)get(VERSION, &first);
    assert_int_equal(first.calls, 0);
    manager_run_until(manager, &first.over);
    get_now(VERSION, &second);
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
    manager_fault(manager, "{\"path\":\"" VERSION "\",\"hold\":true,\"times\":2}");
    for (size_t i = 0; i < 4; i++) {
        exchanges[i] = get(VERSION, &seen[i]);
    }
    wait_for_held(2);
    assert_true(nq_http_waits(exchanges[2]));
    assert_false(nq_http_waits(exchanges[0]));
    nq_http_cancel(exchanges[3]); /* waiting */
    nq_http_cancel(exchanges[0]); /* sent, its place goes to the third */
    nq_http_cancel(exchanges[1]);
    nq_http_cancel(exchanges[2]);
    get_now(VMS, &seen[4]);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(seen[i].calls, 0);
    }
}

static void nothing_is_heard_after_close(void **state)
{
    (void)state;
    struct seen seen[4];
    manager_fault(manager, "{\"path\":\"" VERSION "\",\"hold\":true}");
    for (size_t i = 0; i < 4; i++) {
        (void)get(VERSION, &seen[i]);
    }
    wait_for_held(2);
    close_client();
    manager_post(manager, "/sim/release", "{}");
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(seen[i].calls, 0);
    }
}

static void cancel_others(void *arg, const struct nq_http_answer *answer)
{
    struct nq_exchange **others = arg;
    assert_int_equal(answer->status, 200);
    nq_http_cancel(others[1]);
    nq_http_cancel(others[2]);
    others[0] = NULL;
}

static void a_callback_may_cancel_what_is_sent_and_what_waits(void **state)
{
    (void)state;
    struct seen seen[3];
    struct nq_exchange *others[3];
    manager_fault(manager, "{\"path\":\"" VMS "\",\"hang\":true}");
    others[0] = nq_http_start(http, VERSION, NULL, cancel_others, (void *)others);
    others[1] = get(VMS, &seen[1]);
    others[2] = get(VMS, &seen[2]);
    get_now(VERSION, &seen[0]);
    assert_null(others[0]);
    assert_int_equal(seen[1].calls + seen[2].calls, 0);
}

/* ---- queue and deadline ----------------------------------------------------------------- */

static void what_waits_is_sent_in_order(void **state)
{
    (void)state;
    struct seen seen[5];
    close_client();
    open_client(manager_url(manager), MANAGER_CA, 1, TIMEOUT_MS);
    manager_fault(manager, "{\"path\":\"" VERSION "\",\"hold\":true,\"times\":1}");
    for (size_t i = 0; i < 5; i++) {
        (void)get(VERSION, &seen[i]);
    }
    wait_for_held(1);
    assert_int_equal(manager_requests(manager, "GET", VERSION), 1);
    manager_post(manager, "/sim/release", "{}");
    manager_run_until(manager, &seen[4].over);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(seen[i].order, i + 1);
        assert_int_equal(seen[i].status, 200);
    }
}

static void a_full_queue_refuses_but_not_before_the_start_returns(void **state)
{
    (void)state;
    static struct seen seen[NQ_HTTP_QUEUE_MAX + 4];
    manager_fault(manager, "{\"path\":\"" VERSION "\",\"hang\":true}");
    struct nq_exchange *last = NULL;
    for (size_t i = 0; i < NQ_HTTP_QUEUE_MAX + 4; i++) { /* two of them are sent */
        last = get(VERSION, &seen[i]);
    }
    struct seen *refused = &seen[NQ_HTTP_QUEUE_MAX + 2];
    assert_int_equal(refused->calls, 0);
    nq_http_cancel(last);
    manager_run_until(manager, &refused->over);
    assert_int_equal(refused->end, NQ_HTTP_QUEUE_FULL);
    assert_int_equal(seen[NQ_HTTP_QUEUE_MAX + 1].calls, 0);
    assert_int_equal(seen[NQ_HTTP_QUEUE_MAX + 3].calls, 0);
}

static void a_server_that_hangs_is_given_up_and_waiting_does_not_count(void **state)
{
    (void)state;
    struct seen hung;
    struct seen waited;
    close_client();
    open_client(manager_url(manager), MANAGER_CA, 1, 1000);
    manager_fault(manager, "[{\"path\":\"" VERSION "\",\"hang\":true,\"times\":1},"
                           "{\"path\":\"" VERSION "\",\"delay_ms\":300}]");
    const int64_t begin_ms = nq_mono_ms(&nq_system_clock);
    (void)get(VERSION, &hung);
    (void)get(VERSION, &waited);
    manager_run_until(manager, &waited.over);
    assert_int_equal(hung.end, NQ_HTTP_TIMEOUT);
    assert_int_equal(hung.status, 0);
    assert_int_equal(waited.end, NQ_HTTP_ANSWERED);
    assert_true(nq_mono_ms(&nq_system_clock) - begin_ms >= 1300);
}

static void a_name_that_does_not_resolve_blocks_nothing(void **state)
{
    (void)state;
    struct seen lost;
    struct seen cancelled;
    assert_int_equal(sem_init(&may_resolve, 0, 0), 0);
    assert_int_equal(sem_init(&has_resolved, 0, 0), 0);
    close_client();
    open_client("https://" BLOCKED, MANAGER_CA, 2, 200);
    (void)get(VERSION, &lost);
    nq_http_cancel(get(VERSION, &cancelled));
    manager_run_until(manager, &lost.over);
    assert_int_equal(lost.end, NQ_HTTP_TIMEOUT);
    (void)get(VERSION, &cancelled); /* closed while it resolves */
    nq_loop_turn(manager_loop(manager));
    close_client();
    assert_int_equal(sem_trywait(&has_resolved), -1);
    /* The threads are libcurl's: let the one that is certain to be there end. */
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sem_post(&may_resolve), 0);
    }
    assert_int_equal(sem_wait(&has_resolved), 0);
}

/* ---- trust ------------------------------------------------------------------------------ */

static void a_certificate_of_another_ca_is_refused(void **state)
{
    (void)state;
    struct seen seen;
    close_client();
    open_client(manager_url(manager), MANAGER_OTHER_CA, 2, TIMEOUT_MS);
    get_now(VERSION, &seen);
    assert_int_equal(seen.end, NQ_HTTP_TLS);
    assert_non_null(strstr(seen.reason, "certificate"));
    assert_int_equal(manager_requests(manager, "GET", VERSION), 0);
}

static void a_certificate_for_another_name_is_refused(void **state)
{
    (void)state;
    struct seen seen;
    char url[64];
    (void)snprintf(url, sizeof(url), "https://localhost:%s",
                   strrchr(manager_url(manager), ':') + 1);
    close_client();
    open_client(url, MANAGER_CA, 2, TIMEOUT_MS);
    get_now(VERSION, &seen);
    assert_int_equal(seen.end, NQ_HTTP_TLS);
    assert_int_equal(manager_requests(manager, "GET", VERSION), 0);
}

static void only_https_is_spoken(void **state)
{
    (void)state;
    struct seen seen;
    char url[64];
    (void)snprintf(url, sizeof(url), "http%s", manager_url(manager) + strlen("https"));
    close_client();
    open_client(url, MANAGER_CA, 2, TIMEOUT_MS);
    get_now(VERSION, &seen);
    assert_int_equal(seen.end, NQ_HTTP_CUT);
}

static void a_proxy_of_the_environment_is_not_used(void **state)
{
    (void)state;
    struct seen seen;
    assert_int_equal(setenv("https_proxy", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("all_proxy", "http://127.0.0.1:1", 1), 0);
    get_now(VERSION, &seen);
    assert_int_equal(unsetenv("https_proxy"), 0);
    assert_int_equal(unsetenv("all_proxy"), 0);
    assert_int_equal(seen.status, 200);
}

/* ---- answers that are none -------------------------------------------------------------- */

static void a_redirect_is_not_followed(void **state)
{
    (void)state;
    struct seen seen;
    manager_write_file("redirect", "HTTP/1.0 302 Found\r\nLocation: /good\r\n\r\n");
    manager_write_file("good", "HTTP/1.0 200 OK\r\n\r\n{}");
    get_now("/good", &seen);
    assert_int_equal(seen.status, 200);
    assert_string_equal(seen.body, "{}");
    get_now("/redirect", &seen);
    assert_int_equal(seen.end, NQ_HTTP_ANSWERED);
    assert_int_equal(seen.status, 302);
}

static void an_answer_that_breaks_off_is_no_answer(void **state)
{
    (void)state;
    struct seen seen;
    manager_write_file("short", "HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":");
    get_now("/short", &seen);
    assert_int_equal(seen.end, NQ_HTTP_CUT);
    manager_write_file("chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "5\r\n{\"a\":\r\n");
    get_now("/chunk", &seen);
    assert_int_equal(seen.end, NQ_HTTP_CUT);
}

static void what_is_not_http_is_no_answer(void **state)
{
    (void)state;
    struct seen seen;
    manager_write_file("ssh", "SSH-2.0-OpenSSH_9.2p1\r\n");
    get_now("/ssh", &seen);
    assert_int_equal(seen.end, NQ_HTTP_CUT);
}

static void a_body_larger_than_the_maximum_is_given_up(void **state)
{
    (void)state;
    static const char head[] = "HTTP/1.0 200 OK\r\n\r\n";
    const size_t size = sizeof(head) - 1 + NQ_HTTP_BODY_MAX;
    struct seen seen;
    char *text = nq_calloc(size + 2, 1);
    memset(text, ' ', size + 1);
    memcpy(text, head, sizeof(head) - 1);
    manager_write_file("large", text);
    get_now("/large", &seen);
    assert_int_equal(seen.end, NQ_HTTP_TOO_LARGE);

    text[size] = '\0';
    manager_write_file("largest", text);
    get_now("/largest", &seen);
    assert_int_equal(seen.end, NQ_HTTP_ANSWERED);
    assert_int_equal(seen.body_len, NQ_HTTP_BODY_MAX);
    free(text);
}

static void a_port_where_nobody_listens_is_unreachable(void **state)
{
    (void)state;
    struct seen seen;
    close_client();
    open_client("https://127.0.0.1:1", MANAGER_CA, 2, TIMEOUT_MS);
    get_now(VERSION, &seen);
    assert_int_equal(seen.end, NQ_HTTP_UNREACHABLE);
    assert_non_null(strstr(seen.reason, "127.0.0.1"));
}

static void a_connection_that_is_reset_is_unreachable(void **state)
{
    (void)state;
    struct seen seen;
    manager_fault(manager, "{\"path\":\"" VERSION "\",\"reset\":true}");
    get_now(VERSION, &seen);
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
    get_now(VERSION, &seen);
    const size_t before = each_descriptor(NULL);
    for (int i = 0; i < 5; i++) {
        get_now(VERSION, &seen);
        assert_int_equal(seen.status, 200);
    }
    connections = 0;
    assert_int_equal(each_descriptor(expect_close_on_exec), before);
    assert_true(connections > 0);
    close_client();
    assert_true(each_descriptor(NULL) < before);
}

/* libcurl repeats a request on a kept connection that dies before the answer; for a write
 * that would be a second write. */
static void a_write_whose_answer_is_lost_is_not_repeated(void **state)
{
    (void)state;
    struct seen seen;
    get_now(VERSION, &seen);
    manager_fault(manager, "{\"method\":\"POST\",\"path\":\"" VMS "\","
                           "\"drop_after_apply\":true,\"times\":1}");
    seen = (struct seen){0};
    (void)nq_http_start(http, VMS "?action=add_tags", TAG_BODY, on_done, &seen);
    manager_run_until(manager, &seen.over);
    assert_int_equal(seen.end, NQ_HTTP_UNREACHABLE);
    assert_int_equal(manager_requests(manager, "POST", VMS), 1);
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

#define SIMULATED(test) cmocka_unit_test_setup_teardown(test, with_simulator, end_all)
#define RAW(test)       cmocka_unit_test_setup_teardown(test, with_raw_server, end_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED(an_answer_arrives_once_and_never_before_the_start_returns),
        SIMULATED(nothing_is_heard_after_a_cancel),
        SIMULATED(nothing_is_heard_after_close),
        SIMULATED(a_callback_may_cancel_what_is_sent_and_what_waits),
        SIMULATED(what_waits_is_sent_in_order),
        SIMULATED(a_full_queue_refuses_but_not_before_the_start_returns),
        SIMULATED(a_server_that_hangs_is_given_up_and_waiting_does_not_count),
        SIMULATED(a_name_that_does_not_resolve_blocks_nothing),
        SIMULATED(a_certificate_of_another_ca_is_refused),
        SIMULATED(a_certificate_for_another_name_is_refused),
        SIMULATED(only_https_is_spoken),
        SIMULATED(a_proxy_of_the_environment_is_not_used),
        RAW(a_redirect_is_not_followed),
        RAW(an_answer_that_breaks_off_is_no_answer),
        RAW(what_is_not_http_is_no_answer),
        RAW(a_body_larger_than_the_maximum_is_given_up),
        SIMULATED(a_port_where_nobody_listens_is_unreachable),
        SIMULATED(a_connection_that_is_reset_is_unreachable),
        SIMULATED(a_connection_is_kept_and_not_inherited_by_programs),
        SIMULATED(a_write_whose_answer_is_lost_is_not_repeated),
        cmocka_unit_test(ids_are_percent_encoded),
    };
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
