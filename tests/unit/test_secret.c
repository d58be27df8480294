/* SPDX-License-Identifier: Apache-2.0 */
/* Which password files are taken, and what is said about the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/secret.h"

static char folder[] = "/tmp/nq-secret-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) {
        return -1;
    }
    (void)snprintf(path, sizeof(path), "%s/password", folder);
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void write_file(const char *data, size_t len, mode_t mode)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), len);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static void write_text(const char *text, mode_t mode)
{
    write_file(text, strlen(text), mode);
}

static void expect_refusal(const char *part)
{
    struct nq_secret secret;
    struct nq_err err;
    assert_false(nq_secret_load(&secret, path, &err));
    assert_int_equal(err.code, NQ_SECRET_FILE);
    assert_non_null(strstr(err.detail, path));
    if (!strstr(err.detail, part)) {
        fail_msg("\"%s\" does not say \"%s\"", err.detail, part);
    }
    assert_null(secret.data);
}

static void takes_a_private_file_without_its_last_newline(void **state)
{
    (void)state;
    struct nq_secret secret;
    struct nq_err err;
    write_text(" p&s+s %\n\n", 0400);
    assert_true(nq_secret_load(&secret, path, &err));
    assert_int_equal(secret.len, 9);
    assert_string_equal(secret.data, " p&s+s %\n");
    nq_secret_done(&secret);
    assert_null(secret.data);
    assert_int_equal(secret.len, 0);
    nq_secret_done(&secret);
}

static void takes_the_largest_password_and_refuses_a_longer_one(void **state)
{
    (void)state;
    struct nq_secret secret;
    struct nq_err err;
    char *text = nq_calloc(NQ_SECRET_MAX + 3, 1);
    memset(text, 'x', NQ_SECRET_MAX);
    write_text(text, 0600);
    assert_true(nq_secret_load(&secret, path, &err));
    assert_int_equal(secret.len, NQ_SECRET_MAX);
    nq_secret_done(&secret);

    assert_int_equal(unlink(path), 0);
    memset(text, 'x', NQ_SECRET_MAX + 2);
    write_text(text, 0600);
    expect_refusal("longer than 16384");
    free(text);
}

static void names_the_mode_that_lets_others_read_or_write(void **state)
{
    (void)state;
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601, 0777};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        char text[8];
        write_text("secret", modes[i]);
        (void)snprintf(text, sizeof(text), "%04o", (unsigned)modes[i]);
        expect_refusal(text);
        assert_int_equal(unlink(path), 0);
    }
}

static void refuses_an_empty_file_and_one_with_only_a_newline(void **state)
{
    (void)state;
    write_text("", 0600);
    expect_refusal("empty");
    assert_int_equal(unlink(path), 0);
    write_text("\n", 0600);
    expect_refusal("empty");
}

static void refuses_a_nul_byte(void **state)
{
    (void)state;
    write_file("a\0b", 3, 0600);
    expect_refusal("NUL");
}

static void refuses_a_missing_file_a_folder_and_a_fifo(void **state)
{
    (void)state;
    expect_refusal("No such file");
    assert_int_equal(mkdir(path, 0700), 0);
    expect_refusal("not a regular file");
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect_refusal("not a regular file");
}

static void refuses_a_file_of_another_user(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    write_text("secret", 0600);
    assert_int_equal(chown(path, 12345, 0), 0);
    expect_refusal("user 12345");
}

/* ---- credentials of systemd --------------------------------------------------------------- */

static void a_name_without_a_slash_is_a_credential(void **state)
{
    (void)state;
    struct nq_secret secret;
    struct nq_err err;
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
    write_text("secret\n", 0400);
    assert_true(nq_secret_load(&secret, "password", &err));
    assert_string_equal(secret.data, "secret");
    nq_secret_done(&secret);
}

static void only_a_credential_may_be_readable_for_its_group(void **state)
{
    (void)state;
    struct nq_secret secret;
    struct nq_err err;
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
    write_text("secret", 0440);
    assert_true(nq_secret_load(&secret, "password", &err));
    nq_secret_done(&secret);
    expect_refusal("0440");
    static const mode_t open_modes[] = {0460, 0450, 0444, 0441};
    for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
        assert_int_equal(chmod(path, open_modes[i]), 0);
        assert_false(nq_secret_load(&secret, "password", &err));
        assert_null(secret.data);
    }
}

static void without_a_credentials_directory_the_error_says_so(void **state)
{
    (void)state;
    struct nq_secret secret;
    struct nq_err err;
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    assert_false(nq_secret_load(&secret, "password", &err));
    assert_int_equal(err.code, NQ_SECRET_FILE);
    assert_non_null(strstr(err.detail, "CREDENTIALS_DIRECTORY"));
    assert_null(nq_secret_path("password", &err));
    char *same = nq_secret_path("/etc/password", &err);
    assert_string_equal(same, "/etc/password");
    free(same);
}

static void two_secrets_are_compared_by_their_bytes(void **state)
{
    (void)state;
    char first[] = "one";
    char second[] = "one";
    char third[] = "two";
    const struct nq_secret a = {.data = first, .len = 3};
    const struct nq_secret b = {.data = second, .len = 3};
    const struct nq_secret c = {.data = third, .len = 3};
    const struct nq_secret d = {.data = first, .len = 2};
    assert_true(nq_secret_same(&a, &b));
    assert_false(nq_secret_same(&a, &c));
    assert_false(nq_secret_same(&a, &d));
    assert_true(nq_secret_same(&(struct nq_secret){0}, &(struct nq_secret){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(takes_a_private_file_without_its_last_newline,
                                  remove_file),
        cmocka_unit_test_teardown(takes_the_largest_password_and_refuses_a_longer_one,
                                  remove_file),
        cmocka_unit_test_teardown(names_the_mode_that_lets_others_read_or_write,
                                  remove_file),
        cmocka_unit_test_teardown(refuses_an_empty_file_and_one_with_only_a_newline,
                                  remove_file),
        cmocka_unit_test_teardown(refuses_a_nul_byte, remove_file),
        cmocka_unit_test_teardown(refuses_a_missing_file_a_folder_and_a_fifo,
                                  remove_file),
        cmocka_unit_test_teardown(refuses_a_file_of_another_user, remove_file),
        cmocka_unit_test_teardown(a_name_without_a_slash_is_a_credential, remove_file),
        cmocka_unit_test_teardown(only_a_credential_may_be_readable_for_its_group,
                                  remove_file),
        cmocka_unit_test(without_a_credentials_directory_the_error_says_so),
        cmocka_unit_test(two_secrets_are_compared_by_their_bytes),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
