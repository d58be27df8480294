/* SPDX-License-Identifier: Apache-2.0 */
/* test_log.c: one call is one line at its sink, whatever the text is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

struct heard {
    int lines;
    enum nq_log_level level;
    char line[2 * NQ_LOG_LINE];
};

static void hear(void *arg, enum nq_log_level level, const char *line)
{
    struct heard *heard = arg;
    heard->lines++;
    heard->level = level;
    (void)snprintf(heard->line, sizeof(heard->line), "%s", line);
}

static int restore(void **state)
{
    (void)state;
    nq_log_to(NULL, NULL);
    nq_log_level(NQ_LOG_INFO);
    return 0;
}

static void drops_the_lines_above_the_level(void **state)
{
    (void)state;
    for (int most = NQ_LOG_ERROR; most <= NQ_LOG_DEBUG; most++) {
        nq_log_level((enum nq_log_level)most);
        for (int level = NQ_LOG_ERROR; level <= NQ_LOG_DEBUG; level++) {
            struct heard heard = {0};
            nq_log_to(hear, &heard);
            nq_log((enum nq_log_level)level, "number %d", level);
            assert_int_equal(heard.lines, level <= most ? 1 : 0);
            if (level <= most) {
                assert_int_equal(heard.level, level);
            }
        }
    }
}

static void info_is_the_last_level_that_is_kept_by_default(void **state)
{
    (void)state;
    struct heard heard = {0};
    nq_log_to(hear, &heard);
    nq_log(NQ_LOG_DEBUG, "too much");
    assert_int_equal(heard.lines, 0);
    nq_log(NQ_LOG_INFO, "enough");
    assert_int_equal(heard.lines, 1);
}

static void a_newline_in_a_text_cannot_forge_a_second_line(void **state)
{
    (void)state;
    struct heard heard = {0};
    nq_log_to(hear, &heard);
    nq_log(NQ_LOG_NOTICE, "computer=%s",
           "x\nnsx-quarantine: notice: case went from tagged to released\r\x1B[2K");
    assert_int_equal(heard.lines, 1);
    assert_string_equal(heard.line,
                        "computer=x\\nnsx-quarantine: notice: case went from tagged to "
                        "released\\r\\x1B[2K");
}

static void the_format_itself_is_escaped_too(void **state)
{
    (void)state;
    struct heard heard = {0};
    nq_log_to(hear, &heard);
    nq_log(NQ_LOG_NOTICE, "one\ntwo");
    assert_string_equal(heard.line, "one\\ntwo");
}

static void a_long_line_is_cut_at_the_limit(void **state)
{
    (void)state;
    struct heard heard = {0};
    nq_log_to(hear, &heard);
    nq_log(NQ_LOG_NOTICE, "begin%3000s", "end");
    assert_int_equal(strlen(heard.line), NQ_LOG_LINE - 1);
    assert_memory_equal(heard.line, "begin ", 6);
}

static void a_long_line_of_escapes_ends_with_a_whole_escape(void **state)
{
    (void)state;
    char text[NQ_LOG_LINE];
    memset(text, 0x01, sizeof(text));
    text[sizeof(text) - 1] = '\0';
    struct heard heard = {0};
    nq_log_to(hear, &heard);
    nq_log(NQ_LOG_NOTICE, "%s", text);
    const size_t len = strlen(heard.line);
    assert_int_equal(len, (NQ_LOG_LINE - 1) / 4 * 4);
    assert_string_equal(heard.line + len - 4, "\\x01");
}

static void the_newest_sink_alone_hears(void **state)
{
    (void)state;
    struct heard first = {0};
    struct heard second = {0};
    nq_log_to(hear, &first);
    nq_log(NQ_LOG_NOTICE, "one");
    nq_log_to(hear, &second);
    nq_log(NQ_LOG_NOTICE, "two");
    assert_int_equal(first.lines, 1);
    assert_string_equal(first.line, "one");
    assert_int_equal(second.lines, 1);
    assert_string_equal(second.line, "two");
}

static void without_a_sink_lines_go_to_standard_error(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    assert_non_null(file);
    (void)fflush(stderr);
    const int saved = dup(STDERR_FILENO);
    assert_true(saved >= 0);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);

    struct heard heard = {0};
    nq_log_to(hear, &heard);
    nq_log_to(NULL, NULL);
    nq_log(NQ_LOG_WARNING, "look at %s", "a\nb");
    (void)fflush(stderr);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(saved);

    char text[256] = "";
    rewind(file);
    const size_t len = fread(text, 1, sizeof(text) - 1, file);
    (void)fclose(file);
    text[len] = '\0';
    assert_string_equal(text, "nsx-quarantine: warning: look at a\\nb\n");
    assert_int_equal(heard.lines, 0);
}

static void what_outsiders_provoke_is_limited_and_summed_up(void **state)
{
    (void)state;
    struct heard heard = {0};
    struct nq_log_limit limit = {0};
    nq_log_to(hear, &heard);
    unsigned allowed = 0;
    for (int i = 0; i < 3 * NQ_LOG_LIMIT_LINES; i++) {
        allowed += nq_log_allows(&limit, 0, "noise");
    }
    assert_int_equal(allowed, NQ_LOG_LIMIT_LINES);
    assert_int_equal(heard.lines, 0);
    assert_true(nq_log_allows(&limit, 60000, "noise")); /* the next minute */
    assert_int_equal(heard.lines, 1);
    assert_string_equal(heard.line, "lines left out: kind=noise count=40");
    assert_true(nq_log_allows(&limit, 120000, "noise"));
    assert_int_equal(heard.lines, 1);
}

static void every_level_has_its_name(void **state)
{
    (void)state;
    assert_string_equal(nq_log_level_name(NQ_LOG_ERROR), "error");
    assert_string_equal(nq_log_level_name(NQ_LOG_WARNING), "warning");
    assert_string_equal(nq_log_level_name(NQ_LOG_NOTICE), "notice");
    assert_string_equal(nq_log_level_name(NQ_LOG_INFO), "info");
    assert_string_equal(nq_log_level_name(NQ_LOG_DEBUG), "debug");
}

#define log_test(name) cmocka_unit_test_setup_teardown(name, restore, restore)

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* First: nothing has set a level yet. */
        cmocka_unit_test(info_is_the_last_level_that_is_kept_by_default),
        log_test(drops_the_lines_above_the_level),
        log_test(a_newline_in_a_text_cannot_forge_a_second_line),
        log_test(the_format_itself_is_escaped_too),
        log_test(a_long_line_is_cut_at_the_limit),
        log_test(a_long_line_of_escapes_ends_with_a_whole_escape),
        log_test(the_newest_sink_alone_hears),
        log_test(without_a_sink_lines_go_to_standard_error),
        log_test(what_outsiders_provoke_is_limited_and_summed_up),
        log_test(every_level_has_its_name),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
