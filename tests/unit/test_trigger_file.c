/* SPDX-License-Identifier: Apache-2.0 */
/* test_trigger_file.c: which files of triggers are taken, and what is said of the others. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/config.h"

static void names_the_line_of_every_mistake(void **state)
{
#define T(more) "{ name = \"t\"; trap_oid = \"1.3\"; action = \"note\";\n" more " }"
    static const struct {
        const char *text;
        const char *detail; /* behind "file:" */
    } cases[] = {
        {"{", "1: syntax error"},
        {"\n\n{ name = \"t\"\n trap = 1; }\n}\n", "5: syntax error"},
        {"{ name = \"t\"; }, \n", "1: syntax error"},
        {"{ name = \"t\"; } ); x = ( 1", "1: option 'x': unknown"},
        {"1", "1: option 'triggers[0]': it must be a block"},
        {"\n{ name = \"t\"; action = \"note\"; }",
         "2: option 'triggers[0].trap_oid': it is missing: add it, or enterprise"},
        {T("enterprise = \"1.3\";"),
         "2: option 'triggers[0].enterprise': trap_oid says which traps already"},
        {"{ name = \"t\"; enterprise = \"1.3\"; action = \"note\";\n prefix = true; }",
         "2: option 'triggers[0].prefix': it belongs to trap_oid"},
        {"{ name = \"t\"; action = \"note\";\n enterprise = \"1.3.6.1.6.3.1.1.5\"; }",
         "2: option 'triggers[0].enterprise': the standard traps have none"},
        {T("specific = 1;"),
         "2: option 'triggers[0].specific': it belongs to enterprise"},
        {T("specific = \"1\";"),
         "2: option 'triggers[0].specific': it must be a whole number without quotes"},
        {T("specific = [];"),
         "2: option 'triggers[0].specific': it has 0 entries: use 1 to 64"},
        {T("specific = [ 1,\n -1 ];"),
         "3: option 'triggers[0].specific': -1 is not allowed: use 0 to 2147483647"},
        {T("encoding = \"KLINGON\";"),
         "2: option 'triggers[0].encoding': 'KLINGON' is not allowed: use a name that"},
        {T("encoding = \"UTF-8//IGNORE\";"),
         "2: option 'triggers[0].encoding': 'UTF-8//IGNORE' is not allowed"},
        {T("action = \"isolate\";"), "2: duplicate setting name"},
        {"{ name = \"t\"; trap_oid = \"1.3\";\n action = \"isolate\"; }",
         "2: option 'triggers[0].action': 'isolate' is not allowed: use quarantine or "
         "scanFinished or release or note or ignore"},
        {"{ name = \"t\"; trap_oid = \"1.3\";\n action = \"release\"; }",
         "1: option 'triggers[0].computer': it is missing; action release must know"},
        {"{ name = \"t\"; trap_oid = \"1.3\";\n action = \"scanFinished\"; }",
         "1: option 'triggers[0].computer': it is missing; action scanFinished must"},
        {T("cause = { };"),
         "2: option 'triggers[0].cause': add one of oid, varbind and any_text"},
        {T("cause = { varbind = 1; any_text = true; };"),
         "2: option 'triggers[0].cause': use only one of oid, varbind and any_text"},
        {T("cause = { any_text = false; };"),
         "2: option 'triggers[0].cause': any_text is true, or left out"},
        {T("cause = { varbind = 0; };"),
         "2: option 'triggers[0].cause.varbind': 0 is not allowed: use 1 to 128"},
        {T("cause = { varbind = 1; delimiter = \",\"; };"),
         "2: option 'triggers[0].cause': delimiter stands without item"},
        {T("cause = { varbind = 1; item = 2; };"),
         "2: option 'triggers[0].cause': item stands without delimiter"},
        {T("cause = { varbind = 1; delimiter = \"\"; item = 1; };"),
         "2: option 'triggers[0].cause.delimiter': '' is not allowed: use 1 to 8 bytes"},
        {T("cause = { varbind = 1; kind = \"mac\"; };"),
         "2: option 'triggers[0].cause.kind': unknown"},
        {T("computer = { varbind = 1; kind = \"ip\"; };"),
         "2: option 'triggers[0].computer.kind': 'ip' is not allowed: use any or name"},
        {T("cause = { varbind = 1; values = ( { from = \"a\"; } ); };"),
         "2: option 'triggers[0].cause.values[0].to': it is missing"},
        {T("cause = { varbind = 1; values = ( { from = \"a\"; to = \"b\"; },\n"
           " { from = \"a\"; to = \"c\"; } ); };"),
         "3: option 'triggers[0].cause.values[1].from': 'a' stands there twice"},
        {T("action_by = { varbind = 1; };"),
         "2: option 'triggers[0].action_by': add values that say which text means"},
        {T("action_by = { varbind = 1; values = (\n"
           " { from = \"a\"; to = \"isolate\"; } ); };"),
         "3: option 'triggers[0].action_by.values[0].to': 'isolate' is no action"},
        {T("action_by = { varbind = 1; values = (\n"
           " { from = \"a\"; to = \"release\"; } ); };"),
         "1: option 'triggers[0].computer': it is missing; action release must know"},
        {T("conditions = ( { varbind = 1; oid = \"1.3\"; equals = \"\"; } );"),
         "2: option 'triggers[0].conditions[0]': use only one of oid, varbind and"},
        {T("conditions = ( { varbind = 1; matches = \"((((a+)+)+)+){9999}\"; } );"),
         "2: option 'triggers[0].conditions[0].matches': '((((a+)+)+)+){9999}' is not "
         "allowed: use an expression with fewer or smaller repetitions"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct nq_err err = {0};
        struct nq_config *conf =
            nq_config_read_triggers("file", cases[i].text, strlen(cases[i].text), &err);
        if (conf || strncmp(err.detail, "file:", 5) != 0 ||
            strncmp(err.detail + 5, cases[i].detail, strlen(cases[i].detail)) != 0) {
            fail_msg("case %zu: '%s' is not '%s'", i, err.detail, cases[i].detail);
        }
    }
    struct nq_err err = {0};
    assert_null(nq_config_read_triggers("file", "{\0}", 3, &err));
    assert_int_equal(err.code, NQ_CONFIG_FILE);
#undef T
}

static void an_expression_may_not_grow_beyond_measure(void **state)
{
    static const struct {
        const char *expression;
        bool allowed;
    } cases[] = {
        {"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", true},
        {"([0-9]{1,3}\\\\.){3}[0-9]{1,3}", true},
        {"a{1000}", true},
        {"a{1100}", false},
        {"(a{100}){100}", false},
        {"((a{16}){16}){16}", false},
        {"(((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)", false},
        {"[{(+]{3}", true},
        {"[[:alpha:]+]{30}", true},
        {"\\\\({1000}", true},
        {"a{2,}b*c?", true},
        {"a{70000}", false},
        {"(x{100}|y{100}){50}", false},
        {"(a?){2000}", false}, /* 360 MB, and 4 s over 4 KiB of text */
        /* Each level doubles what regcomp() takes: 16 of them are 36 s. */
        {"((((a?)+)*b)+c)?", false},
        {"(((a?)+)*b)+c?", true},
        {"a?????", false},
        {"a?+*", true},
        {"(a+)?(b*)?(c?)+", true},
        /* A parenthesis that is only a character ends nothing. */
        {"(a[)]{500}b){3}", false},
        {"(a[])]{500}b){3}", false},
        {"(a[^[:alpha:])]{500}b){3}", false},
        {"(a\\\\){500}b){3}", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct nq_err err = {0};
        char *text = nq_sprintf("{ name = \"t\"; trap_oid = \"1.3\"; action = \"note\"; "
                                "conditions = ( { varbind = 1; matches = \"%s\"; } ); }",
                                cases[i].expression);
        struct nq_config *conf =
            nq_config_read_triggers("file", text, strlen(text), &err);
        if ((conf != NULL) != cases[i].allowed) {
            fail_msg("%s: %s", cases[i].expression, err.detail);
        }
        (void)nq_config_free(conf);
        free(text);
    }
}

static void reads_a_file_as_an_include_would(void **state)
{
    char path[] = "/tmp/nq-triggers-XXXXXX";
    struct nq_err err = {0};
    (void)state;
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    /* No newline behind the comment: the parenthesis that follows must not vanish in it. */
    static const char text[] =
        "# a file\n{ name = \"t\"; trap_oid = \"1.3\"; action = \"note\"; } # end";
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
    struct nq_config *conf = nq_config_load_triggers(path, &err);
    assert_non_null(conf);
    assert_int_equal(conf->trigger_count, 1);
    assert_string_equal(conf->file, path);
    assert_int_equal(conf->triggers[0].proof, NQ_PROOF_LISTED);
    assert_null(nq_config_free(conf));
    assert_int_equal(unlink(path), 0);
    assert_null(nq_config_load_triggers(path, &err));
    assert_int_equal(err.code, NQ_CONFIG_FILE);
    assert_null(nq_config_load_triggers("/", &err));
    assert_int_equal(err.code, NQ_CONFIG_FILE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_line_of_every_mistake),
        cmocka_unit_test(an_expression_may_not_grow_beyond_measure),
        cmocka_unit_test(reads_a_file_as_an_include_would),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
