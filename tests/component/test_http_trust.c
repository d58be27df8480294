/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the HTTP client believes, and whom it sends nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world_client.h"

/* ---- trust ------------------------------------------------------------------------------ */

static void a_certificate_of_another_ca_is_refused(void **state)
{
    (void)state;
    struct seen seen;
    client_close();
    client_open(manager_url(with.manager), MANAGER_OTHER_CA, NULL, TIMEOUT_MS);
    client_get_now(VERSION, &seen);
    assert_int_equal(seen.end, NQ_HTTP_TLS);
    assert_false(seen.sent);
    assert_non_null(strstr(seen.reason, "certificate"));
    assert_int_equal(manager_requests(with.manager, "GET", VERSION), 0);
}

static void a_certificate_for_another_name_is_refused(void **state)
{
    (void)state;
    struct seen seen;
    char url[64];
    (void)snprintf(url, sizeof(url), "https://localhost:%s",
                   strrchr(manager_url(with.manager), ':') + 1);
    client_close();
    client_open(url, MANAGER_CA, NULL, TIMEOUT_MS);
    client_get_now(VERSION, &seen);
    assert_int_equal(seen.end, NQ_HTTP_TLS);
    assert_false(seen.sent);
    assert_int_equal(manager_requests(with.manager, "GET", VERSION), 0);
}

/* Without a CA the pinned key is all that counts, not even the name in the certificate. */
static void a_pinned_key_takes_the_place_of_a_ca(void **state)
{
    (void)state;
    struct seen seen;
    char url[64];
    char *pin = manager_pin();
    (void)snprintf(url, sizeof(url), "https://localhost:%s",
                   strrchr(manager_url(with.manager), ':') + 1);
    client_close();
    client_open(url, NULL, pin, TIMEOUT_MS);
    client_get_now(VERSION, &seen);
    assert_int_equal(seen.status, 200);
    free(pin);
}

static void another_key_than_the_pinned_one_gets_no_request(void **state)
{
    (void)state;
    struct seen seen;
    char *pin = manager_pin();
    pin[sizeof("sha256//") - 1] = pin[sizeof("sha256//") - 1] == 'A' ? 'B' : 'A';
    static const char *const cas[] = {NULL, MANAGER_CA};
    for (size_t i = 0; i < 2; i++) {
        client_close();
        client_open(manager_url(with.manager), cas[i], pin, TIMEOUT_MS);
        client_get_now(VERSION, &seen);
        assert_int_equal(seen.end, NQ_HTTP_TLS);
        assert_false(seen.sent);
    }
    assert_int_equal(manager_requests(with.manager, "GET", VERSION), 0);
    free(pin);
}

static void with_a_ca_the_pin_alone_is_not_enough(void **state)
{
    (void)state;
    struct seen seen;
    char *pin = manager_pin();
    client_close();
    client_open(manager_url(with.manager), MANAGER_OTHER_CA, pin, TIMEOUT_MS);
    client_get_now(VERSION, &seen);
    assert_int_equal(seen.end, NQ_HTTP_TLS);
    client_close();
    client_open(manager_url(with.manager), MANAGER_CA, pin, TIMEOUT_MS);
    client_get_now(VERSION, &seen);
    assert_int_equal(seen.status, 200);
    free(pin);
}

static void a_new_connection_tells_when_the_certificate_ends(void **state)
{
    (void)state;
    const int64_t day_ms = INT64_C(86400000);
    struct seen seen;
    client_get_now(VERSION, &seen);
    assert_in_range(seen.tls_expires_ms - nq_wall_ms(&nq_system_clock), day_ms,
                    2 * day_ms);
    client_get_now(VERSION, &seen); /* on the same connection */
    assert_int_equal(seen.tls_expires_ms, 0);
}

static void dates_of_certificates_and_of_http_are_read(void **state)
{
    (void)state;
    assert_int_equal(nq_http_date_ms("May 28 20:26:40 2026 GMT"), 1780000000000);
    assert_int_equal(nq_http_date_ms("Thu, 28 May 2026 20:26:40 GMT"), 1780000000000);
    assert_int_equal(nq_http_date_ms("Jan  1 00:00:00 2050 GMT"), 2524608000000);
    assert_int_equal(nq_http_date_ms("tomorrow"), -1);
}

static void only_https_is_spoken(void **state)
{
    (void)state;
    struct seen seen;
    char url[64];
    (void)snprintf(url, sizeof(url), "http%s",
                   manager_url(with.manager) + strlen("https"));
    client_close();
    client_open(url, MANAGER_CA, NULL, TIMEOUT_MS);
    client_get_now(VERSION, &seen);
    assert_int_equal(seen.end, NQ_HTTP_CUT);
}

static void a_proxy_of_the_environment_is_not_used(void **state)
{
    (void)state;
    struct seen seen;
    assert_int_equal(setenv("https_proxy", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("all_proxy", "http://127.0.0.1:1", 1), 0);
    client_get_now(VERSION, &seen);
    assert_int_equal(unsetenv("https_proxy"), 0);
    assert_int_equal(unsetenv("all_proxy"), 0);
    assert_int_equal(seen.status, 200);
}

#define SIMULATED(test)                                                                  \
    cmocka_unit_test_setup_teardown(test, client_with_simulator, client_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIMULATED(a_certificate_of_another_ca_is_refused),
        SIMULATED(a_certificate_for_another_name_is_refused),
        SIMULATED(a_pinned_key_takes_the_place_of_a_ca),
        SIMULATED(another_key_than_the_pinned_one_gets_no_request),
        SIMULATED(with_a_ca_the_pin_alone_is_not_enough),
        SIMULATED(a_new_connection_tells_when_the_certificate_ends),
        cmocka_unit_test(dates_of_certificates_and_of_http_are_read),
        SIMULATED(only_https_is_spoken),
        SIMULATED(a_proxy_of_the_environment_is_not_used),
    };
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
