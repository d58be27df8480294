/* SPDX-License-Identifier: Apache-2.0 */
/* test_err.c: every error has a name, a meaning, an advice and one fate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

#define CANARY 0x5A

static void every_code_has_its_own_name_a_meaning_and_an_advice(void **state)
{
    (void)state;
    assert_true(NQ_CODE_COUNT > 1);
    for (int code = NQ_OK + 1; code < NQ_CODE_COUNT; code++) {
        assert_true(strlen(nq_code_name((enum nq_code)code)) > 0);
        assert_true(strlen(nq_code_meaning((enum nq_code)code)) > 0);
        assert_true(strlen(nq_code_advice((enum nq_code)code)) > 0);
        for (int other = NQ_OK + 1; other < code; other++) {
            assert_string_not_equal(nq_code_name((enum nq_code)other),
                                    nq_code_name((enum nq_code)code));
            assert_string_not_equal(nq_code_meaning((enum nq_code)other),
                                    nq_code_meaning((enum nq_code)code));
        }
    }
}

static void the_name_is_the_one_in_the_code(void **state)
{
    (void)state;
    assert_string_equal(nq_code_name(NQ_STORE_WRITE), "STORE_WRITE");
    assert_string_equal(nq_code_name(NQ_CONFIG_FILE), "CONFIG_FILE"); /* the first */
    assert_string_equal(nq_code_name(NQ_HOST), "HOST");               /* the last */
}

static void a_number_outside_the_catalogue_has_empty_texts(void **state)
{
    (void)state;
    static const int codes[] = {NQ_OK, NQ_CODE_COUNT, NQ_CODE_COUNT + 1, -1};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        assert_string_equal(nq_code_name((enum nq_code)codes[i]), "");
        assert_string_equal(nq_code_meaning((enum nq_code)codes[i]), "");
        assert_string_equal(nq_code_advice((enum nq_code)codes[i]), "");
    }
}

static void every_code_has_the_fate_of_its_category(void **state)
{
    (void)state;
    static const enum nq_fate fates[] = {
        [NQ_CAT_CONFIG] = NQ_FATE_STOP,     [NQ_CAT_REFUSED] = NQ_FATE_STOP,
        [NQ_CAT_TRANSIENT] = NQ_FATE_RETRY, [NQ_CAT_PERMANENT] = NQ_FATE_STOP,
        [NQ_CAT_RESOURCE] = NQ_FATE_RETRY,
    };
    for (int code = NQ_OK + 1; code < NQ_CODE_COUNT; code++) {
        const struct nq_err err = {.code = (enum nq_code)code};
        const enum nq_category category = nq_code_category(err.code);
        assert_true((size_t)category < sizeof(fates) / sizeof(fates[0]));
        assert_int_equal(nq_err_fate(&err), fates[category]);
    }
}

static void what_decides_a_case_is_written_out(void **state)
{
    (void)state;
    static const struct {
        enum nq_code code;
        enum nq_fate fate;
    } rows[] = {
        {NQ_NSX_UNREACHABLE, NQ_FATE_RETRY}, {NQ_NSX_TIMEOUT, NQ_FATE_RETRY},
        {NQ_NSX_TLS, NQ_FATE_RETRY},         {NQ_NSX_AUTH, NQ_FATE_RETRY},
        {NQ_NSX_FORBIDDEN, NQ_FATE_STOP},    {NQ_NSX_NOT_FOUND, NQ_FATE_STOP},
        {NQ_NSX_BUSY, NQ_FATE_RETRY},        {NQ_NSX_SERVER, NQ_FATE_RETRY},
        {NQ_NSX_REJECTED, NQ_FATE_STOP},     {NQ_NSX_ANSWER, NQ_FATE_RETRY},
        {NQ_STORE_WRITE, NQ_FATE_RETRY},     {NQ_STORE_CORRUPT, NQ_FATE_STOP},
        {NQ_STORE_SCHEMA, NQ_FATE_STOP},     {NQ_TRAP_FORMAT, NQ_FATE_STOP},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct nq_err err = {.code = rows[i].code};
        assert_int_equal(nq_err_fate(&err), rows[i].fate);
    }
}

static void no_error_means_done(void **state)
{
    (void)state;
    const struct nq_err err = {.code = NQ_OK};
    assert_int_equal(nq_err_fate(&err), NQ_FATE_DONE);
    assert_int_equal(nq_err_fate(NULL), NQ_FATE_DONE);
}

static void failing_fills_the_error_and_returns_false(void **state)
{
    (void)state;
    struct nq_err err;
    memset(&err, CANARY, sizeof(err));
    assert_false(nq_fail(&err, NQ_TRAP_FORMAT, "line %d of %s", 3, "text"));
    assert_int_equal(err.code, NQ_TRAP_FORMAT);
    assert_int_equal(err.os_errno, 0);
    assert_int_equal(err.http, 0);
    assert_string_equal(err.detail, "line 3 of text");
}

static void failing_without_an_error_to_fill_is_allowed(void **state)
{
    (void)state;
    assert_false(nq_fail(NULL, NQ_TRAP_FORMAT, "line %d", 3));
    errno = ENOSPC;
    assert_false(nq_fail_errno(NULL, NQ_STORE_WRITE, "file %d", 3));
}

static void a_long_detail_is_cut_inside_its_field(void **state)
{
    (void)state;
    struct {
        struct nq_err err;
        unsigned char behind[8];
    } room;
    memset(&room, CANARY, sizeof(room));
    assert_false(nq_fail(&room.err, NQ_TRAP_FORMAT, "begin%2000s", "end"));
    assert_int_equal(strlen(room.err.detail), NQ_ERR_DETAIL - 1);
    assert_memory_equal(room.err.detail, "begin ", 6);

    errno = ENOSPC;
    assert_false(nq_fail_errno(&room.err, NQ_STORE_WRITE, "%250s", "path"));
    assert_int_equal(strlen(room.err.detail), NQ_ERR_DETAIL - 1);
    assert_false(nq_fail_errno(&room.err, NQ_STORE_WRITE, "%2000s", "path"));
    assert_int_equal(strlen(room.err.detail), NQ_ERR_DETAIL - 1);
    for (size_t i = 0; i < sizeof(room.behind); i++) {
        assert_int_equal(room.behind[i], CANARY);
    }
}

static void failing_with_errno_keeps_its_number_and_appends_its_text(void **state)
{
    (void)state;
    struct nq_err err = {0};
    errno = ENOSPC;
    assert_false(nq_fail_errno(&err, NQ_STORE_WRITE, "writing %s", "state.db"));
    assert_int_equal(err.os_errno, ENOSPC);
    assert_string_equal(err.detail, "writing state.db: No space left on device");

    /* errno of the failure counts, not one that formatting the detail leaves behind. */
    errno = 0;
    assert_false(nq_fail(&err, NQ_STORE_WRITE, "again"));
    assert_int_equal(err.os_errno, 0);
}

static void the_sentence_holds_meaning_detail_and_advice(void **state)
{
    (void)state;
    struct nq_err err = {0};
    assert_false(nq_fail(&err, NQ_STATE_LOCKED, "/var/lib/x"));
    char text[512];
    assert_ptr_equal(nq_err_text(&err, text, sizeof(text)), text);
    assert_non_null(strstr(text, nq_code_meaning(NQ_STATE_LOCKED)));
    assert_non_null(strstr(text, "/var/lib/x"));
    assert_non_null(strstr(text, nq_code_advice(NQ_STATE_LOCKED)));
    /* A long detail is cut; what to do is not. */
    assert_true(strstr(text, nq_code_advice(NQ_STATE_LOCKED)) <
                strstr(text, "/var/lib/x"));
}

static void the_sentence_stays_within_every_size(void **state)
{
    (void)state;
    struct nq_err err = {0};
    assert_false(nq_fail(&err, NQ_STATE_LOCKED, "%2000s", "long"));
    for (size_t size = 0; size <= 600; size++) {
        unsigned char room[601];
        memset(room, CANARY, sizeof(room));
        nq_err_text(&err, (char *)room, size);
        assert_int_equal(room[size], CANARY);
        assert_true(size == 0 || memchr(room, '\0', size));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_its_own_name_a_meaning_and_an_advice),
        cmocka_unit_test(the_name_is_the_one_in_the_code),
        cmocka_unit_test(a_number_outside_the_catalogue_has_empty_texts),
        cmocka_unit_test(every_code_has_the_fate_of_its_category),
        cmocka_unit_test(what_decides_a_case_is_written_out),
        cmocka_unit_test(no_error_means_done),
        cmocka_unit_test(failing_fills_the_error_and_returns_false),
        cmocka_unit_test(failing_without_an_error_to_fill_is_allowed),
        cmocka_unit_test(a_long_detail_is_cut_inside_its_field),
        cmocka_unit_test(failing_with_errno_keeps_its_number_and_appends_its_text),
        cmocka_unit_test(the_sentence_holds_meaning_detail_and_advice),
        cmocka_unit_test(the_sentence_stays_within_every_size),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
