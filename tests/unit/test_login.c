/* SPDX-License-Identifier: Apache-2.0 */
/* What each way in puts into a request, and what an answer to a login means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "nsx/login.h"

static char folder[] = "/tmp/nq-login-XXXXXX";
static char files[4][64];
static char user[] = "admin";
static struct nq_access_conf access_conf;
static struct nq_login login;
static struct nq_err err;

static char *file_of(size_t index)
{
    return files[index];
}

static void write_file(size_t index, const char *text)
{
    FILE *file = fopen(file_of(index), "we");
    assert_non_null(file);
    assert_int_equal(fchmod(fileno(file), 0600), 0);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) {
        return -1;
    }
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(files[i], sizeof(files[i]), "%s/%zu", folder, i);
    }
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        (void)unlink(files[i]);
    }
    return rmdir(folder);
}

static int begin(void **state)
{
    (void)state;
    access_conf = (struct nq_access_conf){
        .auth = NQ_AUTH_BASIC,
        .user = user,
        .password_file = file_of(0),
        .token_file = file_of(1),
        .certificate_file = file_of(2),
        .key_file = file_of(3),
    };
    login = (struct nq_login){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    nq_login_done(&login);
    return 0;
}

static void expect_lines(const struct nq_session *session, const char *first,
                         const char *second)
{
    const char *lines[NQ_LOGIN_LINES];
    const size_t count = nq_login_lines(&login, session, lines);
    assert_int_equal(count, (first ? 1 : 0) + (second ? 1 : 0));
    if (first) {
        assert_string_equal(lines[0], first);
    }
    if (second) {
        assert_string_equal(lines[1], second);
    }
}

static void expect_refusal(const struct nq_login_kind *kind, const char *part)
{
    assert_false(nq_login_open(&login, &access_conf, kind, &err));
    if (!strstr(err.detail, part)) {
        fail_msg("\"%s\" does not say \"%s\"", err.detail, part);
    }
}

/* ---- accounts and tokens ---------------------------------------------------------------- */

/* RFC 4648, section 10, and RFC 7617, section 2 */
static void basic_brings_the_account_each_time(void **state)
{
    (void)state;
    static const struct {
        const char *user;
        const char *password;
        const char *line;
    } rows[] = {
        {"Aladdin", "open sesame", "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
        {"a", "b", "Authorization: Basic YTpi"},
        {"a", "bc", "Authorization: Basic YTpiYw=="},
        {"a", "bcd", "Authorization: Basic YTpiY2Q="},
        {"a", ":\xC3\xA4\xFF~", "Authorization: Basic YTo6w6T/fg=="},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "%s", rows[i].user);
        access_conf.user = name;
        write_file(0, rows[i].password);
        assert_true(nq_login_open(&login, &access_conf, &nq_login_policy, &err));
        expect_lines(NULL, rows[i].line, NULL);
        nq_login_done(&login);
    }
}

static void a_user_with_a_colon_cannot_log_in(void **state)
{
    (void)state;
    char name[] = "domain:user";
    access_conf.user = name;
    write_file(0, "secret");
    expect_refusal(NULL, "colon");
}

static void a_token_is_the_bearer_of_the_file(void **state)
{
    (void)state;
    access_conf.auth = NQ_AUTH_TOKEN;
    write_file(1, "eyJ.abc.def\n");
    assert_true(nq_login_open(&login, &access_conf, &nq_login_policy, &err));
    expect_lines(NULL, "Authorization: Bearer eyJ.abc.def", NULL);
}

static void a_token_of_two_lines_cannot_smuggle_a_header_in(void **state)
{
    (void)state;
    static const char *const texts[] = {"a\nX-Other: b\n", "a\r\n", "a\tb", "\xC3\xA4"};
    access_conf.auth = NQ_AUTH_TOKEN;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        write_file(1, texts[i]);
        expect_refusal(NULL, "one line");
        nq_login_done(&login);
    }
}

static void a_changed_file_is_taken_and_a_broken_one_left(void **state)
{
    (void)state;
    access_conf.auth = NQ_AUTH_TOKEN;
    write_file(1, "one");
    assert_true(nq_login_open(&login, &access_conf, NULL, &err));
    assert_false(nq_login_reload(&login));
    const unsigned number = login.number;
    write_file(1, "");
    assert_false(nq_login_reload(&login));
    expect_lines(NULL, "Authorization: Bearer one", NULL);
    write_file(1, "two\n");
    assert_true(nq_login_reload(&login));
    assert_int_not_equal(login.number, number);
    expect_lines(NULL, "Authorization: Bearer two", NULL);
    assert_int_equal(unlink(file_of(1)), 0);
    assert_false(nq_login_reload(&login));
    expect_lines(NULL, "Authorization: Bearer two", NULL);
}

#define CERTIFICATE "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"

static void a_certificate_needs_a_key_that_can_be_read(void **state)
{
    (void)state;
    access_conf.auth = NQ_AUTH_CERTIFICATE;
    write_file(2, CERTIFICATE);
    write_file(3, "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n");
    assert_true(nq_login_open(&login, &access_conf, &nq_login_policy, &err));
    assert_string_equal(login.certificate_pem, CERTIFICATE);
    assert_null(login.kind);
    expect_lines(NULL, NULL, NULL);
    assert_false(nq_login_reload(&login));
    nq_login_done(&login);
    write_file(3, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
    expect_refusal(NULL, "passphrase");
    nq_login_done(&login);
    write_file(3, CERTIFICATE);
    expect_refusal(NULL, "no private key");
    nq_login_done(&login);
    write_file(2, "text");
    expect_refusal(NULL, "certificate_file");
    nq_login_done(&login);
    assert_int_equal(chmod(file_of(3), 0644), 0);
    write_file(2, CERTIFICATE);
    assert_int_equal(chmod(file_of(3), 0644), 0);
    expect_refusal(NULL, "0644");
}

/* ---- sessions --------------------------------------------------------------------------- */

static void a_session_shows_its_own_lines_and_no_password(void **state)
{
    (void)state;
    struct nq_session session = {0};
    access_conf.auth = NQ_AUTH_SESSION;
    write_file(0, "secret");
    assert_true(nq_login_open(&login, &access_conf, &nq_login_policy, &err));
    expect_lines(NULL, NULL, NULL);
    assert_true(nq_session_add(&session, "Cookie", "JSESSIONID=1", &err));
    expect_lines(&session, "Cookie: JSESSIONID=1", NULL);
    assert_true(nq_session_add(&session, "X-XSRF-TOKEN", "t", &err));
    expect_lines(&session, "Cookie: JSESSIONID=1", "X-XSRF-TOKEN: t");
    assert_false(nq_session_add(&session, "X-More", "t", &err));
    nq_session_done(&session);
    assert_int_equal(session.line_count, 0);
}

static void a_server_cannot_put_a_header_of_its_own_into_our_requests(void **state)
{
    (void)state;
    struct nq_session session = {0};
    assert_false(nq_session_add(&session, "Cookie", "a\r\nX: b", &err));
    assert_int_equal(err.code, NQ_NSX_ANSWER);
    assert_false(nq_session_add(&session, "Cookie", "", &err));
    assert_int_equal(session.line_count, 0);
}

static void the_form_is_percent_encoded(void **state)
{
    (void)state;
    char *body = nq_login_policy.ways[0].body("a@b", "&+%= \xC3\xA4");
    assert_string_equal(body, "j_username=a%40b&j_password=%26%2B%25%3D%20%C3%A4");
    (void)nq_secret_free_text(body);
}

static bool read_nothing(const struct nq_http_answer *answer,
                         struct nq_session *ret_session, struct nq_err *reterr)
{
    return nq_session_add(ret_session, "X-Session", answer->body, reterr);
}

static const struct nq_login_way three_ways[] = {
    {.path = "/basic", .basic = true}, {.path = "/body"}, {.path = "/last"}};
static const struct nq_login_kind kind = {
    .ways = three_ways, .way_count = 3, .read = read_nothing};

static enum nq_login_result answered(int status, int64_t code, const char *body)
{
    struct nq_session session;
    const struct nq_fault fault = {.code = code};
    const struct nq_http_answer answer = {.end = NQ_HTTP_ANSWERED,
                                          .status = status,
                                          .body = body,
                                          .body_len = strlen(body),
                                          .content_type = "",
                                          .request_id = "",
                                          .reason = ""};
    const enum nq_login_result result = nq_login_judge(
        &login, &answer, nq_judge_policy, code ? &fault : NULL, &session, &err);
    assert_int_equal(session.line_count, result == NQ_LOGIN_GOOD ? 1 : 0);
    nq_session_done(&session);
    return result;
}

static void open_kind(void)
{
    access_conf.auth = NQ_AUTH_SESSION;
    write_file(0, "secret");
    assert_true(nq_login_open(&login, &access_conf, &kind, &err));
}

static void a_way_that_the_server_lacks_leads_to_the_next_one(void **state)
{
    (void)state;
    open_kind();
    assert_int_equal(answered(404, 0, ""), NQ_LOGIN_ANOTHER);
    assert_int_equal(login.way, 1);
    assert_int_equal(answered(405, 0, ""), NQ_LOGIN_ANOTHER);
    assert_int_equal(login.way, 2);
    assert_int_equal(answered(200, 0, "id"), NQ_LOGIN_GOOD);
    assert_int_equal(login.way, 2); /* it is known now */
    assert_int_equal(answered(404, 0, ""), NQ_LOGIN_FAILED);
    assert_int_equal(err.code, NQ_NSX_AUTH);
    assert_int_equal(login.way, 0);
}

/* 403 to Basic may mean that Basic is switched off; to anything else it is a refusal, and
 * so is 401 everywhere: a second try would be a second refused login. */
static void a_refused_password_is_not_tried_another_way(void **state)
{
    (void)state;
    open_kind();
    assert_int_equal(answered(401, 0, ""), NQ_LOGIN_FAILED);
    assert_int_equal(err.code, NQ_NSX_AUTH);
    assert_int_equal(answered(403, 0, ""), NQ_LOGIN_ANOTHER);
    assert_int_equal(answered(403, 0, ""), NQ_LOGIN_FAILED);
    assert_int_equal(err.code, NQ_NSX_AUTH);
}

static void every_answer_to_a_login_has_one_meaning(void **state)
{
    (void)state;
    open_kind();
    for (int status = 100; status <= 599; status++) {
        login.way = 2;
        const enum nq_login_result result = answered(status, 0, "id");
        const bool good = status >= 200 && status <= 299;
        const bool refused =
            status >= 400 && status <= 499 && status != 408 && status != 429;
        assert_int_equal(result, good ? NQ_LOGIN_GOOD : NQ_LOGIN_FAILED);
        assert_true(good || (err.code == NQ_NSX_AUTH) == refused);
    }
    assert_int_equal(answered(200, 0, ""), NQ_LOGIN_FAILED);
    assert_int_equal(err.code, NQ_NSX_ANSWER);
}

#define WITH_LOGIN(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOGIN(basic_brings_the_account_each_time),
        WITH_LOGIN(a_user_with_a_colon_cannot_log_in),
        WITH_LOGIN(a_token_is_the_bearer_of_the_file),
        WITH_LOGIN(a_token_of_two_lines_cannot_smuggle_a_header_in),
        WITH_LOGIN(a_changed_file_is_taken_and_a_broken_one_left),
        WITH_LOGIN(a_certificate_needs_a_key_that_can_be_read),
        WITH_LOGIN(a_session_shows_its_own_lines_and_no_password),
        WITH_LOGIN(a_server_cannot_put_a_header_of_its_own_into_our_requests),
        WITH_LOGIN(the_form_is_percent_encoded),
        WITH_LOGIN(a_way_that_the_server_lacks_leads_to_the_next_one),
        WITH_LOGIN(a_refused_password_is_not_tried_another_way),
        WITH_LOGIN(every_answer_to_a_login_has_one_meaning),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
