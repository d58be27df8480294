/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that are broken, endless or no answers at all, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "world_client.h"

/* ---- answers that are none -------------------------------------------------------------- */

static void a_redirect_is_not_followed(void **state)
{
    (void)state;
    struct seen seen;
    manager_write_file("redirect", "HTTP/1.0 302 Found\r\nLocation: /good\r\n\r\n");
    manager_write_file("good", "HTTP/1.0 200 OK\r\n\r\n{}");
    client_get_now("/good", &seen);
    assert_int_equal(seen.status, 200);
    assert_string_equal(seen.body, "{}");
    client_get_now("/redirect", &seen);
    assert_int_equal(seen.end, NQ_HTTP_ANSWERED);
    assert_int_equal(seen.status, 302);
}

static void an_answer_that_breaks_off_is_no_answer(void **state)
{
    (void)state;
    struct seen seen;
    manager_write_file("short", "HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":");
    client_get_now("/short", &seen);
    assert_int_equal(seen.end, NQ_HTTP_CUT);
    manager_write_file("chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "5\r\n{\"a\":\r\n");
    client_get_now("/chunk", &seen);
    assert_int_equal(seen.end, NQ_HTTP_CUT);
}

static void what_is_not_http_is_no_answer(void **state)
{
    (void)state;
    struct seen seen;
    manager_write_file("ssh", "SSH-2.0-OpenSSH_9.2p1\r\n");
    client_get_now("/ssh", &seen);
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
    client_get_now("/large", &seen);
    assert_int_equal(seen.end, NQ_HTTP_TOO_LARGE);

    text[size] = '\0';
    manager_write_file("largest", text);
    client_get_now("/largest", &seen);
    assert_int_equal(seen.end, NQ_HTTP_ANSWERED);
    assert_int_equal(seen.body_len, NQ_HTTP_BODY_MAX);
    free(text);
}

/* "large" is head, a body of so many blanks, and tail. */
static void write_large(const char *head, size_t body_len, const char *tail)
{
    char *body = nq_calloc(body_len + 1, 1);
    memset(body, ' ', body_len);
    char *text = nq_sprintf("%s%s%s", head, body, tail);
    manager_write_file("large", text);
    free(text);
    free(body);
}

static void no_announcement_gets_a_large_body_past_the_maximum(void **state)
{
    (void)state;
    struct seen seen;
    /* One chunk, longer than the maximum; then one that says it is endless. */
    write_large("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000001\r\n",
                NQ_HTTP_BODY_MAX + 1, "\r\n0\r\n\r\n");
    client_get_now("/large", &seen);
    assert_int_equal(seen.end, NQ_HTTP_TOO_LARGE);
    assert_true(seen.body_len <= NQ_HTTP_BODY_MAX);
    write_large("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999\r\n\r\n",
                NQ_HTTP_BODY_MAX + 1, "");
    client_get_now("/large", &seen);
    assert_int_equal(seen.end, NQ_HTTP_TOO_LARGE);
    assert_true(seen.body_len <= NQ_HTTP_BODY_MAX);
    /* What is announced too short is not read on. */
    write_large("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", NQ_HTTP_BODY_MAX + 1, "");
    client_get_now("/large", &seen);
    assert_int_equal(seen.end, NQ_HTTP_ANSWERED);
    assert_int_equal(seen.body_len, 5);
}

static void header_lines_have_a_maximum_too(void **state)
{
    (void)state;
    struct seen seen;
    struct nq_buf text;
    nq_buf_init(&text, (size_t)1 << 20);
    assert_true(nq_buf_addf(&text, "HTTP/1.0 200 OK\r\n"));
    while (text.len <= NQ_HTTP_HEAD_MAX) {
        assert_true(nq_buf_addf(&text, "X-Line: %0100d\r\n", 0));
    }
    assert_true(nq_buf_addf(&text, "\r\n{}"));
    manager_write_file("lines", nq_buf_text(&text));
    nq_buf_done(&text);
    client_get_now("/lines", &seen);
    assert_int_equal(seen.end, NQ_HTTP_TOO_LARGE);
}

static char *seen_lines[3];

static void keep_lines(void *arg, const struct nq_http_answer *answer)
{
    seen_lines[0] = nq_strdup(nq_http_header(answer, "set-cookie", 0));
    seen_lines[1] = nq_strdup(nq_http_header(answer, "Set-Cookie", 1));
    seen_lines[2] = nq_strdup(nq_http_header(answer, "Set-Cookie", 2));
    assert_null(nq_http_header(answer, "Location", 0));
    *(bool *)arg = true;
}

static void header_lines_are_found_by_name_and_number(void **state)
{
    (void)state;
    bool over = false;
    manager_write_file("cookies", "HTTP/1.0 200 OK\r\nSet-Cookie: a=1; Path=/\r\n"
                                  "Other: x\r\nSet-Cookie: b=2\r\n\r\n{}");
    (void)client_start(NQ_HTTP_GET, "/cookies", NULL, keep_lines, &over);
    manager_run_until(with.manager, &over);
    assert_string_equal(seen_lines[0], "a=1; Path=/");
    assert_string_equal(seen_lines[1], "b=2");
    assert_null(seen_lines[2]);
    free(seen_lines[0]);
    free(seen_lines[1]);
}

#define FILES(test) cmocka_unit_test_setup_teardown(test, client_with_files, client_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILES(a_redirect_is_not_followed),
        FILES(an_answer_that_breaks_off_is_no_answer),
        FILES(what_is_not_http_is_no_answer),
        FILES(a_body_larger_than_the_maximum_is_given_up),
        FILES(no_announcement_gets_a_large_body_past_the_maximum),
        FILES(header_lines_have_a_maximum_too),
        FILES(header_lines_are_found_by_name_and_number),
    };
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
