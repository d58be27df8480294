/* SPDX-License-Identifier: Apache-2.0 */
/* test_config.c: defaults, every kind of mistake with its line, and the example that we
 * ship. */
#include "config_fixture.h"

#include <sys/stat.h>

#include "config/option.h"
#include "trap/trigger.h"

#define EXAMPLE_FILE "conf/nsx-quarantine.conf"

#define ALONE(more) "managers = ({ name = \"nsx\"; url = \"https://x\";\n" more " });\n"
#define SITE(more)  ALONE(more) GROUP("")
#define TRIGGER(more)                                                                    \
    "triggers = ({ name = \"t\"; trap_oid = \"1.3.6\";"                                  \
    " computer = { oid = \".1.3.6.1\"; }; " more "});\n"
#define WHOLE MANAGER GROUP("") TRIGGER("")

/* ---- good files --------------------------------------------------------------------- */

static void fills_in_defaults(void **state)
{
    struct nq_config *conf = load(*state, WHOLE);
    assert_false(conf->enforce);
    assert_false(conf->snmp_read_only);
    assert_string_equal(conf->state_directory, "/var/lib/nsx-quarantine");
    assert_string_equal(conf->intake_socket, "/var/lib/nsx-quarantine/intake.sock");
    assert_string_equal(conf->spool_directory, "/var/lib/nsx-quarantine/spool");
    assert_string_equal(conf->tag_scope, "nsx-quarantine");
    assert_string_equal(conf->tag_value, "isolated");
    assert_int_equal(conf->cases_max, 100000);
    assert_int_equal(conf->resolve_timeout_ms, 60000);
    assert_int_equal(conf->prove_timeout_ms, 120000);
    assert_int_equal(conf->verify_interval_ms, 60000);
    assert_int_equal(conf->group_interval_ms, 30000);
    assert_int_equal(conf->retry_first_ms, 1000);
    assert_int_equal(conf->retry_most_ms, 60000);
    assert_int_equal(conf->immunity_ms, 7200000);
    assert_int_equal(conf->observed_keep_ms, 86400000);
    assert_int_equal(conf->managers[0].access.connect_timeout_ms, 5000);
    assert_int_equal(conf->managers[0].access.timeout_ms, 15000);
    assert_int_equal(conf->managers[0].access.concurrency, 4);
    assert_int_equal(conf->managers[0].inventory_interval_ms, 300000);
    assert_int_equal(conf->managers[0].access.auth_pause_ms, 300000);
    assert_null(conf->managers[0].access.ca_file);
    assert_int_equal(conf->triggers[0].action, NQ_ACTION_QUARANTINE);
    assert_int_equal(conf->triggers[0].time_limit_s, 0);
    assert_false(conf->triggers[0].oid_prefix);
    assert_false(nq_field_given(&conf->triggers[0].cause));
    assert_int_equal(conf->triggers[0].proof, NQ_PROOF_LISTED);
    assert_int_equal(conf->triggers[0].computer.kind, NQ_COMPUTER_ANY);
    assert_null(conf->triggers[0].encoding);
    assert_null(nq_config_free(conf));
}

static void reads_every_kind_of_value(void **state)
{
    struct nq_config *conf = load(
        *state,
        "engine = { mode = \"enforce\"; state_directory = \"/s\"; cases_max = 7;\n"
        " intake_socket = \"/i\"; };\n"
        "tag = { scope = \"sc\"; value = \"v\"; };\n"
        "timing = { retry_first_s = 0.25; retry_most_s = 3; };\n" MANAGER
        "groups = ({ name = \"q\"; manager = \"nsx\"; role = \"quarantine\";"
        " path = \"/infra/q\"; }, { name = \"w\"; manager = \"nsx\"; role = \"watched\";"
        " path = \"/infra/w\"; });\n"
        "triggers = ({ name = \"t\"; trap_oid = \"1.3.6\"; prefix = true;\n"
        " time_limit_s = 3600;\n"
        " conditions = ({ oid = \"1.3.1\"; equals = \"\"; },\n"
        "  { oid = \".1.3.2\"; key = \"k\"; contains = \"c\"; },\n"
        "  { oid = \".1.3.3\"; matches = \"^m\"; });\n"
        " computer = { oid = \".1.3.4\"; key = \"Subject\"; regex = \"(a)(b)\";"
        " group = 2; }; },\n"
        " { name = \"i\"; trap_oid = \".1.3\"; action = \"ignore\"; },\n"
        " { name = \"e\"; enterprise = \"1.3.9\"; specific = [ 0, 26 ];\n"
        " encoding = \"CP932\"; action = \"note\"; proof = \"v3\";\n"
        " conditions = ({ varbind = 2; equals = \"x\"; },\n"
        "  { any_text = true; contains = \"y\"; });\n"
        " computer = { any_text = true; delimiter = \"\t\"; item = 2; kind = \"mac\"; "
        "};\n"
        " cause = { varbind = 1; values = ({ from = \"1\"; to = \"Virus\"; }); };\n"
        " action_by = { varbind = 1; values = ({ from = \"3\"; to = \"release\"; }); }; "
        "},\n"
        " { name = \"s\"; enterprise = \"1.3.8\"; specific = 7; action = \"note\"; "
        "});\n");
    assert_true(conf->enforce);
    assert_string_equal(conf->spool_directory, "/s/spool");
    assert_string_equal(conf->intake_socket, "/i");
    assert_int_equal(conf->cases_max, 7);
    assert_string_equal(conf->tag_scope, "sc");
    assert_string_equal(conf->tag_value, "v");
    assert_int_equal(conf->retry_first_ms, 250);
    assert_int_equal(conf->retry_most_ms, 3000);
    assert_int_equal(conf->group_count, 2);
    assert_int_equal(conf->groups[1].role, NQ_GROUP_WATCHED);
    assert_int_equal(conf->trigger_count, 4);
    const struct nq_trigger_conf *trigger = &conf->triggers[0];
    assert_string_equal(trigger->trap_oid, ".1.3.6");
    assert_true(trigger->oid_prefix);
    assert_int_equal(trigger->time_limit_s, 3600);
    assert_int_equal(trigger->condition_count, 3);
    assert_string_equal(trigger->conditions[0].oid, ".1.3.1");
    assert_int_equal(trigger->conditions[0].kind, NQ_CONDITION_EQUALS);
    assert_string_equal(trigger->conditions[0].operand, "");
    assert_int_equal(trigger->conditions[1].kind, NQ_CONDITION_CONTAINS);
    assert_string_equal(trigger->conditions[1].key, "k");
    assert_int_equal(trigger->conditions[2].kind, NQ_CONDITION_MATCHES);
    assert_string_equal(trigger->conditions[2].operand, "^m");
    assert_int_equal(trigger->computer.group, 2);
    assert_int_equal(conf->triggers[1].action, NQ_ACTION_IGNORE);
    const struct nq_trigger_conf *third = &conf->triggers[2];
    assert_null(third->trap_oid);
    assert_string_equal(third->enterprise, ".1.3.9");
    assert_int_equal(third->specific_count, 2);
    assert_int_equal(third->specific[1], 26);
    assert_string_equal(third->encoding, "CP932");
    assert_int_equal(third->action, NQ_ACTION_NOTE);
    assert_int_equal(third->proof, NQ_PROOF_V3);
    assert_int_equal(third->conditions[0].varbind, 2);
    assert_true(third->conditions[1].any_text);
    assert_string_equal(third->computer.delimiter, "\t");
    assert_int_equal(third->computer.item, 2);
    assert_int_equal(third->computer.kind, NQ_COMPUTER_MAC);
    assert_int_equal(third->cause.value_count, 1);
    assert_string_equal(third->cause.values[0].to, "Virus");
    assert_string_equal(third->action_by.values[0].from, "3");
    assert_int_equal(conf->triggers[3].specific_count, 1);
    assert_int_equal(conf->triggers[3].specific[0], 7);
    (void)nq_config_free(conf);
}

static void includes_files_beside_it(void **state)
{
    const struct fixture *fixture = *state;
    char *included = nq_sprintf("%s/more", fixture->dir);
    write_text(included, "{ name = \"x\"; trap_oid = \"1.3\"; action = \"ignore\"; }\n");
    struct nq_config *conf =
        load(fixture, MANAGER GROUP("") "triggers = (\n@include \"more\"\n);\n");
    assert_int_equal(conf->trigger_count, 1);
    (void)nq_config_free(conf);

    struct nq_err err = {0};
    write_text(included, "\n{ name = \"x\";\n trap_oid = \"foo\"; }\n");
    assert_null(nq_config_load(fixture->file, &err));
    assert_non_null(strstr(err.detail, "more:3: option 'triggers[0].trap_oid'"));
    free(included);
}

static void accepts_these_urls(void **state)
{
    static const char *const urls[] = {"https://nsx.example.com", "https://nsx:8443",
                                       "https://192.0.2.1:443", "https://[2001:db8::1]",
                                       "https://[::1]:8443"};
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        char *text =
            nq_sprintf("managers = ({ name = \"nsx\"; url = \"%s\"; user = \"u\";"
                       " password_file = \"/p\"; });\n%s",
                       urls[i], GROUP(""));
        struct nq_config *conf = load(*state, text);
        assert_string_equal(conf->managers[0].access.urls[0], urls[i]);
        (void)nq_config_free(conf);
        free(text);
    }
}

static void reads_the_nodes_of_a_cluster_and_how_to_enter_it(void **state)
{
    struct nq_config *conf =
        load(*state,
             "managers = ({ name = \"a\"; url = [ \"https://a\", \"https://b:8443\" ];"
             " auth = \"certificate\"; certificate_file = \"cert\"; key_file = \"/k\";"
             " pinned_key = \"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"; },"
             " { name = \"nsx\"; url = \"https://c\"; type = \"vsphere\";"
             " auth = \"session\"; user = \"u\"; password_file = \"/p\";"
             " vcenter = { url = \"https://d\"; user = \"v\"; password_file = \"/q\"; };"
             " });\n"
             "groups = ({ name = \"q\"; manager = \"nsx\"; role = \"quarantine\";"
             " path = \"securitygroup-10\"; });\n"
             "tag = { watched = ({ value = \"w\"; }, { scope = \"s\"; value = \"x\"; });"
             " };");
    const struct nq_manager_conf *first = &conf->managers[0];
    assert_int_equal(first->access.url_count, 2);
    assert_string_equal(first->access.urls[1], "https://b:8443");
    assert_int_equal(first->access.auth, NQ_AUTH_CERTIFICATE);
    assert_string_equal(first->access.certificate_file, "cert");
    assert_int_equal(first->access.timeout_ms, 15000);
    assert_int_equal(first->vcenter.url_count, 0);
    const struct nq_manager_conf *second = &conf->managers[1];
    assert_int_equal(second->type, NQ_MANAGER_VSPHERE);
    assert_int_equal(second->access.timeout_ms, 60000);
    assert_string_equal(second->vcenter.urls[0], "https://d");
    assert_int_equal(second->vcenter.auth, NQ_AUTH_SESSION);
    assert_int_equal(conf->groups[0].manager, 1);
    assert_int_equal(conf->watched_tag_count, 2);
    assert_null(conf->watched_tags[0].scope);
    assert_string_equal(conf->watched_tags[1].scope, "s");
    (void)nq_config_free(conf);
}

/* ---- mistakes ----------------------------------------------------------------------- */

static void names_the_line_of_every_mistake(void **state)
{
    static const struct {
        const char *text;
        const char *detail; /* after the name of the file */
    } cases[] = {
        {"engine = {\n", ":2: syntax error"},
        {"a = 1;\na = 2;\n", ":2: duplicate setting name"},
        {WHOLE "engin = {};", ":4: option 'engin': unknown; did you mean 'engine'?"},
        {WHOLE "zzz = 1;", ":4: option 'zzz': unknown; see: "},
        {WHOLE "timing = {\n retry_mots_s = 1; };",
         ":5: option 'timing.retry_mots_s': unknown; did you mean 'retry_most_s'?"},
        {WHOLE "engine = 5;", ":4: option 'engine': it must be a block"},
        {WHOLE "engine = { mode = \"arm\"; };",
         ":4: option 'engine.mode': 'arm' is not allowed: use observe or enforce"},
        {WHOLE "engine = { mode = 1; };",
         ":4: option 'engine.mode': it must be a text in quotes"},
        {WHOLE "engine = { state_directory = \"var\"; };",
         ":4: option 'engine.state_directory': 'var' is not allowed: use an absolute"},
        {WHOLE "engine = { cases_max = 0; };",
         ":4: option 'engine.cases_max': 0 is not allowed: use 1 to 1000000"},
        {WHOLE "engine = { cases_max = 1.5; };",
         ":4: option 'engine.cases_max': it must be a whole number"},
        {WHOLE "engine = { cases_max = \"1\"; };",
         ":4: option 'engine.cases_max': it must be a whole number"},
        {WHOLE "tag = { scope = \"a|b\"; };",
         ":4: option 'tag.scope': 'a|b' is not allowed: use a text without |"},
        {WHOLE "tag = { value = \"\"; };",
         ":4: option 'tag.value': '' is not allowed: use 1 to 256 bytes"},
        {WHOLE "tag = { value = \"a\\x01\"; };",
         ":4: option 'tag.value': 'a\\x01' is not allowed: use UTF-8 without control"},
        {WHOLE "timing = { immunity_s = -1; };",
         ":4: option 'timing.immunity_s': -1 is not allowed: use 0 to 31536000"},
        {WHOLE "timing = { retry_first_s = 1e999; };",
         ":4: option 'timing.retry_first_s': inf is not allowed: use 0.01 to 3600"},
        {WHOLE "timing = { retry_first_s = \"1\"; };",
         ":4: option 'timing.retry_first_s': it must be a number of seconds"},
        {WHOLE "timing = {\n retry_first_s = 9;\n retry_most_s = 8; };",
         ":5: option 'timing.retry_first_s': it may not be above retry_most_s"},
        {GROUP(""), ":1: option 'managers': it is missing"},
        {"managers = ();\n" GROUP(""), ":1: option 'managers': it has 0 entries"},
        {"managers = [1];\n" GROUP(""), ":1: option 'managers': it must be a list"},
        {"managers = (1);\n" GROUP(""), ":1: option 'managers[0]': it must be a block"},
        {"managers = ({}, {});\n" GROUP(""),
         ":1: option 'managers[0].name': it is missi"},
        {"managers = (\n{ name = \"a\"; });",
         ":2: option 'managers[0].url': it is missi"},
        {"managers = ({ name = \"a\";\n url = [ ]; });",
         ":2: option 'managers[0].url': it has 0 entries: use 1 to 8"},
        {"managers = ({ name = \"a\";\n url = [ 1 ]; });",
         ":2: option 'managers[0].url': it must be a text in quotes, or an array"},
        {"managers = ({ name = \"a\";\n url = [ \"https://x\",\n \"https://y/\" ]; });",
         ":3: option 'managers[0].url': 'https://y/' is not allowed"},
        {SITE("auth = \"certificate\";"),
         ":1: option 'managers[0].certificate_file': it is missing; the auth"},
        {SITE("auth = \"token\";"), ":1: option 'managers[0].token_file': it is missing"},
        {SITE("auth = \"session\";"), ":1: option 'managers[0].user': it is missing"},
        {SITE("user = \"u\"; password_file = \"p\"; token_file = \"t\";"),
         ":2: option 'managers[0].token_file': the auth of this block does not use it"},
        {SITE("user = \"u\"; password_file = \"a/b\";"),
         ":2: option 'managers[0].password_file': 'a/b' is not allowed: use an abs"},
        {SITE("pinned_key = \"sha256//x=\";"),
         ":2: option 'managers[0].pinned_key': 'sha256//x=' is not allowed: use sha256"},
        {SITE("requests_per_s = 101;"),
         ":2: option 'managers[0].requests_per_s': 101 is not allowed: use 1 to 100"},
        {SITE("type = \"vsphere\"; auth = \"token\"; token_file = \"t\";"),
         ":2: option 'managers[0].auth': type vsphere knows basic and session only"},
        {SITE("user = \"u\"; password_file = \"p\"; vcenter = { url = \"https://v\"; };"),
         ":2: option 'managers[0].vcenter': only type vsphere uses it"},
        {SITE("type = \"vsphere\"; user = \"u\"; password_file = \"p\";"
              " vcenter = { url = \"https://v\"; };"),
         ":2: option 'managers[0].vcenter.user': it is missing"},
        {SITE("type = \"vsphere\"; user = \"u\"; password_file = \"p\";"),
         ":3: option 'groups[0].path': a manager of type vsphere calls it securitygroup"},
        {MANAGER "groups = ({ name = \"q\"; manager = \"nsx\"; role = \"quarantine\";\n"
                 " path = \"securitygroup-1\"; });",
         ":3: option 'groups[0].path': a manager of type policy calls it /infra/..."},
        {"managers = ({ name = \"a\";\n url = \"http://x\"; });",
         ":2: option 'managers[0].url': 'http://x' is not allowed: use "
         "https://HOST[:PORT]"},
        {"managers = ({ name = \"a\"; url = \"https://x/\"; });",
         ":1: option 'managers[0].url': 'https://x/' is not allowed"},
        {"managers = ({ name = \"a\"; url = \"https://u@x\"; });",
         ":1: option 'managers[0].url': 'https://u@x' is not allowed"},
        {"managers = ({ name = \"a\"; url = \"https://x:0\"; });",
         ":1: option 'managers[0].url': 'https://x:0' is not allowed"},
        {"managers = ({ name = \"a\"; url = \"https://x:65536\"; });",
         ":1: option 'managers[0].url': 'https://x:65536' is not allowed"},
        {"managers = ({ name = \"a\"; url = \"https://\"; });",
         ":1: option 'managers[0].url': 'https://' is not allowed"},
        {"managers = ({ name = \"a\"; url = \"https://[::1\"; });",
         ":1: option 'managers[0].url': 'https://[::1' is not allowed"},
        {"managers = ({ name = \"a\"; url = \"https://x\"; user = \"u\";\n"
         " password_file = \"./p\"; });",
         ":2: option 'managers[0].password_file': './p' is not allowed: use an absolute"},
        {MANAGER, ":1: option 'groups': it is missing"},
        {MANAGER "groups = ({ name = \"q\"; manager = \"nsy\"; });",
         ":2: option 'groups[0].manager': 'nsy' is not allowed: use the name of a"},
        {MANAGER "groups = ({ name = \"q\"; manager = \"nsx\"; path = \"/q\"; });",
         ":2: option 'groups[0].path': '/q' is not allowed: use a policy path"},
        {MANAGER
         "groups = ({ name = \"q\"; manager = \"nsx\"; path = \"/infra/a b\"; });",
         ":2: option 'groups[0].path': '/infra/a b' is not allowed: use a policy path"},
        {MANAGER "groups = ({ name = \"q\"; manager = \"nsx\"; path = \"/infra/q\";\n"
                 " role = \"isolate\"; });",
         ":3: option 'groups[0].role': 'isolate' is not allowed: use quarantine or "
         "watched"},
        {MANAGER "groups = ({ name = \"q\"; manager = \"nsx\"; path = \"/infra/q\";"
                 " role = \"watched\"; });",
         ":2: option 'groups': no group has the role quarantine"},
        {MANAGER GROUP(",\n{ name = \"Q\"; manager = \"nsx\"; role = \"watched\";"
                       " path = \"/infra/w\"; }"),
         ":3: option 'groups[1]': the name 'Q' is used twice"},
        {MANAGER GROUP(",\n{ name = \"w\"; manager = \"nsx\"; role = \"watched\";"
                       " path = \"/infra/q\"; }"),
         ":3: option 'groups[1].path': group 'q' has the same path"},
        {MANAGER GROUP("") "triggers = ({ name = \"t\"; trap_oid = \"1.3.x\"; });",
         ":3: option 'triggers[0].trap_oid': '1.3.x' is not allowed: use a numeric OID"},
        {MANAGER GROUP("") "triggers = ({ name = \"t\"; trap_oid = \"1.3.01\"; });",
         ":3: option 'triggers[0].trap_oid': '1.3.01' is not allowed"},
        {MANAGER GROUP(
             "") "triggers = ({ name = \"t\"; trap_oid = \"1.3.4294967296\"; });",
         ":3: option 'triggers[0].trap_oid': '1.3.4294967296' is not allowed"},
        {MANAGER GROUP("") "triggers = ({ name = \"t\"; trap_oid = \"1.3.\"; });",
         ":3: option 'triggers[0].trap_oid': '1.3.' is not allowed"},
        {MANAGER GROUP("") "triggers = ({ name = \"t\"; trap_oid = \"1\"; });",
         ":3: option 'triggers[0].trap_oid': '1' is not allowed"},
        {MANAGER GROUP("") "triggers = ({ name = \"t\"; trap_oid = \"1.3\"; });",
         ":3: option 'triggers[0].computer': it is missing; action quarantine must"},
        {MANAGER GROUP("") TRIGGER("prefix = \"yes\";"),
         ":3: option 'triggers[0].prefix': it must be true or false"},
        {MANAGER GROUP("") TRIGGER("cause = { key = \"Alert\"; };"),
         ":3: option 'triggers[0].cause': add one of oid, varbind and any_text"},
        {MANAGER GROUP("") TRIGGER("cause = { oid = \"1.3\"; group = 1; };"),
         ":3: option 'triggers[0].cause': group stands without regex"},
        {MANAGER GROUP("") TRIGGER("cause = { oid = \"1.3\"; regex = \"(a)\";"
                                   " group = 2; };"),
         ":3: option 'triggers[0].cause': group is 2, but regex has 1"},
        {MANAGER GROUP("") TRIGGER("cause = { oid = \"1.3\"; regex = \"(a\"; };"),
         ":3: option 'triggers[0].cause.regex': '(a' is not allowed: use a POSIX"},
        {MANAGER GROUP("") TRIGGER("cause = { oid = \"1.3\"; regex = \"(a)\\\\1\"; };"),
         ":3: option 'triggers[0].cause.regex': '(a)\\1' is not allowed: use an "
         "expression without back-references"},
        {MANAGER GROUP("") TRIGGER("conditions = ({ oid = \"1.3\"; });"),
         ":3: option 'triggers[0].conditions[0]': add one of equals"},
        {MANAGER GROUP("") TRIGGER("conditions = ({ equals = \"1.3\"; });"),
         ":3: option 'triggers[0].conditions[0]': add one of oid, varbind and any_text"},
        {MANAGER GROUP("") TRIGGER("conditions = ({ oid = \"1.3\"; equals = \"a\";\n"
                                   " matches = \"b\"; });"),
         ":4: option 'triggers[0].conditions[0].matches': only one"},
        {MANAGER GROUP("") TRIGGER("conditions = ({ oid = \"1.3\"; matches = \"[\"; });"),
         ":3: option 'triggers[0].conditions[0].matches': '[' is not allowed"},
        {MANAGER GROUP("") TRIGGER("time_limit_s = 0.5;"),
         ":3: option 'triggers[0].time_limit_s': it must be a whole number"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_mistake(*state, cases[i].text, cases[i].detail);
    }
}

static void refuses_a_socket_path_that_the_kernel_would_cut(void **state)
{
    char dir[104];
    memset(dir, 'a', sizeof(dir) - 1);
    dir[0] = '/';
    dir[sizeof(dir) - 1] = '\0';
    char *text = nq_sprintf("%sengine = { state_directory = \"%s\"; };", WHOLE, dir);
    assert_mistake(*state, text,
                   ":4: option 'engine.intake_socket': the path of a socket");
    free(text);
}

static void refuses_more_entries_than_the_maximum(void **state)
{
    char *conditions = nq_strdup("{ oid = \"1.3\"; equals = \"a\"; }");
    for (int i = 0; i < NQ_CONFIG_CONDITIONS_MAX; i++) {
        char *longer = nq_sprintf("%s,{ oid = \"1.3\"; equals = \"a\"; }", conditions);
        free(conditions);
        conditions = longer;
    }
    char *text = nq_sprintf("%s%striggers = ({ name = \"t\"; trap_oid = \"1.3\";"
                            " conditions = (%s); });",
                            MANAGER, GROUP(""), conditions);
    assert_mistake(
        *state, text,
        ":3: option 'triggers[0].conditions': it has 17 entries: use at most 16");
    free(text);
    free(conditions);
}

static void says_why_a_file_cannot_be_read(void **state)
{
    const struct fixture *fixture = *state;
    struct nq_err err = {0};
    assert_null(nq_config_load(fixture->file, &err));
    assert_int_equal(err.code, NQ_CONFIG_FILE);
    assert_non_null(strstr(err.detail, "No such file"));
    assert_null(nq_config_load(fixture->dir, &err));
    assert_int_equal(err.code, NQ_CONFIG_FILE);
    assert_null(nq_config_free(NULL));
}

/* ---- what we ship ------------------------------------------------------------------- */

static char *read_text(const char *path)
{
    enum { MOST = 64 * 1024 };
    FILE *file = fopen(path, "r");
    if (!file) {
        fail_msg("%s cannot be read; run from the top folder", path);
    }
    char *text = nq_calloc(MOST, 1);
    assert_true(fread(text, 1, MOST - 1, file) < MOST - 1);
    (void)fclose(file);
    return text;
}

static void assert_named(const struct nq_block *block, const char *example)
{
    for (size_t i = 0; i < block->option_count; i++) {
        const struct nq_option *option = &block->options[i];
        char *wanted = nq_sprintf("%s = ", option->name);
        if (!strstr(example, wanted)) {
            fail_msg("the example does not name the option '%s'", option->name);
        }
        free(wanted);
        if (option->block) {
            assert_named(option->block, example);
        }
    }
}

static void expect_example(const char *file)
{
    struct nq_err err = {0};
    struct nq_config *conf = nq_config_load(file, &err);
    if (!conf) {
        fail_msg("%s", err.detail);
    }
    assert_false(conf->enforce);
    struct nq_triggers *triggers = nq_triggers_new(conf, &err);
    assert_non_null(triggers);
    (void)nq_triggers_free(triggers);
    (void)nq_config_free(conf);
}

/* Each file alone, and all of them side by side. */
static void the_files_of_triggers_are_valid_alone_and_together(void **state)
{
    static const char *const names[] = {"deep-security", "serverprotect", "interscan",
                                        "apex-one", "tippingpoint"};
    enum { COUNT = sizeof(names) / sizeof(names[0]) };
    const struct fixture *fixture = *state;
    char *all = nq_strdup("");
    size_t triggers = 0;
    for (size_t i = 0; i < COUNT; i++) {
        struct nq_err err = {0};
        char *path = nq_sprintf("conf/triggers/%s.conf", names[i]);
        struct nq_config *alone = nq_config_load_triggers(path, &err);
        if (!alone) {
            fail_msg("%s", err.detail);
        }
        assert_true(alone->trigger_count > 1);
        triggers += alone->trigger_count;
        (void)nq_config_free(alone);
        char *text = read_text(path);
        char *more = nq_sprintf("%s%s%s", all, i > 0 ? "\n,\n" : "", text);
        free(all);
        free(text);
        free(path);
        all = more;
    }
    char *whole = nq_sprintf("%s%striggers = (\n%s\n);\n", MANAGER, GROUP(""), all);
    struct nq_config *conf = load(fixture, whole);
    assert_int_equal(conf->trigger_count, triggers);
    (void)nq_config_free(conf);
    free(whole);
    free(all);
}

static void the_examples_are_valid_and_name_every_option(void **state)
{
    (void)state;
    expect_example(EXAMPLE_FILE);
    expect_example("conf/nsx-for-vsphere.conf");

    char *example = read_text(EXAMPLE_FILE);
    char *vsphere = read_text("conf/nsx-for-vsphere.conf");
    char *trigger = read_text("conf/triggers/deep-security.conf");
    char *all = nq_sprintf("%s%s%s", example, vsphere, trigger);
    assert_named(&nq_config_root, all);
    free(example);
    free(vsphere);
    free(trigger);
    free(all);
}

/* "# name = value;" in the example is a promise about defaults. */
static void the_defaults_in_the_example_are_true(void **state)
{
    char *example = read_text(EXAMPLE_FILE);
    for (char *mark = example; (mark = strstr(mark, "    # "));) {
        const size_t word = strspn(mark + 6, "abcdefghijklmnopqrstuvwxyz_");
        if (word > 0 && strncmp(mark + 6 + word, " = ", 3) == 0) {
            memset(mark, ' ', 6);
        }
        mark += 6;
    }
    char *include = strstr(example, "\n@include");
    assert_non_null(include);
    memset(include + 1, ' ', strcspn(include + 1, "\n"));
    struct nq_err err = {0};
    struct nq_config *plain = nq_config_load(EXAMPLE_FILE, &err);
    struct nq_config *spelt = load(*state, example);
    assert_non_null(plain);
    assert_string_equal(plain->state_directory, spelt->state_directory);
    assert_string_equal(plain->intake_socket, spelt->intake_socket);
    assert_string_equal(plain->spool_directory, spelt->spool_directory);
    assert_string_equal(plain->tag_scope, spelt->tag_scope);
    assert_string_equal(plain->tag_value, spelt->tag_value);
    assert_int_equal(plain->enforce, spelt->enforce);
    const size_t first = offsetof(struct nq_config, resolve_timeout_ms);
    assert_memory_equal((const char *)plain + first, (const char *)spelt + first,
                        offsetof(struct nq_config, managers) - first);
    const size_t limits = offsetof(struct nq_access_conf, connect_timeout_ms);
    assert_memory_equal((const char *)&plain->managers->access + limits,
                        (const char *)&spelt->managers->access + limits,
                        sizeof(struct nq_access_conf) - limits);
    assert_memory_equal(&plain->limits, &spelt->limits, sizeof(plain->limits));
    assert_int_equal(plain->snmp_read_only, spelt->snmp_read_only);
    assert_int_equal(plain->listen.receive_buffer, spelt->listen.receive_buffer);
    assert_int_equal(plain->listen.connections, spelt->listen.connections);
    assert_int_equal(plain->managers->type, spelt->managers->type);
    assert_int_equal(plain->managers->inventory_interval_ms,
                     spelt->managers->inventory_interval_ms);
    (void)nq_config_free(plain);
    (void)nq_config_free(spelt);
    free(example);
}

static void the_list_of_options_says_what_each_one_takes(void **state)
{
    char *text = NULL;
    size_t size = 0;
    (void)state;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    nq_config_print_options(out);
    assert_int_equal(fclose(out), 0);
    assert_non_null(
        strstr(text, "timing.retry_first_s: seconds, 0.01 to 3600; default 1\n"));
    assert_non_null(
        strstr(text, "managers[].url: https://HOST[:PORT], or [ several of "));
    assert_non_null(strstr(text, "groups[].role: quarantine or watched; required\n"));
    assert_non_null(
        strstr(text, "triggers[].conditions[].matches: regular expression\n"));
    free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(fills_in_defaults),
        TEST(reads_every_kind_of_value),
        TEST(includes_files_beside_it),
        TEST(accepts_these_urls),
        TEST(reads_the_nodes_of_a_cluster_and_how_to_enter_it),
        TEST(names_the_line_of_every_mistake),
        TEST(refuses_a_socket_path_that_the_kernel_would_cut),
        TEST(refuses_more_entries_than_the_maximum),
        TEST(says_why_a_file_cannot_be_read),
        TEST(the_files_of_triggers_are_valid_alone_and_together),
        TEST(the_examples_are_valid_and_name_every_option),
        TEST(the_defaults_in_the_example_are_true),
        TEST(the_list_of_options_says_what_each_one_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
