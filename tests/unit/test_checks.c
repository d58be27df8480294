/* SPDX-License-Identifier: Apache-2.0 */
/* Every check of the design: which facts it finds wrong, which right, and which leave it
 * without a verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quarantine/checks.h"

#define TEXT(text) ((char *)(uintptr_t)(text))
#define DAY_MS     (INT64_C(24) * 60 * 60 * 1000)
#define NOW_MS     (20000 * DAY_MS)

/* ---- verdicts -------------------------------------------------------------------------- */

enum said { NOTHING, RIGHT, WRONG };

static struct {
    enum said said;
    char object[64];
    char detail[NQ_TEXT_MAX + 1];
} verdicts[NQ_CHECK_COUNT];

static void take(void *arg, const struct nq_verdict *verdict)
{
    (void)arg;
    if (verdicts[verdict->check].said == WRONG) {
        return; /* the first object that is wrong */
    }
    verdicts[verdict->check].said = verdict->wrong ? WRONG : RIGHT;
    (void)snprintf(verdicts[verdict->check].object,
                   sizeof(verdicts[verdict->check].object), "%s", verdict->object);
    memcpy(verdicts[verdict->check].detail, verdict->detail, sizeof(verdict->detail));
}

#define assert_said(symbol, expected)                                                    \
    assert_int_equal(verdicts[NQ_CHECK_##symbol].said, (expected))
#define assert_wrong(symbol, about, what)                                                \
    do {                                                                                 \
        assert_said(symbol, WRONG);                                                      \
        assert_string_equal(verdicts[NQ_CHECK_##symbol].object, (about));                \
        assert_string_equal(verdicts[NQ_CHECK_##symbol].detail, (what));                 \
    } while (0)

/* ---- a design that is right ------------------------------------------------------------ */

static struct nq_config conf;
static struct nq_manager_conf managers[2];
static struct nq_group_conf groups[2];
static struct nq_source_conf sources[2];
static struct nq_trigger_conf triggers[2];
static char *names[] = {TEXT("dc-*")};
static struct nq_manager_status status;
static struct nq_firewall_view firewall;
static struct nq_rule_view rules[2];
static struct nq_group_view quarantine;
static struct nq_group_view watched;
static struct nq_group_facts facts;

static int set_up(void **state)
{
    (void)state;
    managers[0] = (struct nq_manager_conf){
        .name = TEXT("nsx"), .type = NQ_MANAGER_POLICY, .access.user = TEXT("svc")};
    managers[1] = managers[0];
    groups[0] = (struct nq_group_conf){.name = TEXT("jail"), .role = NQ_GROUP_QUARANTINE};
    groups[1] = (struct nq_group_conf){.name = TEXT("vdi"), .role = NQ_GROUP_WATCHED};
    sources[0] = (struct nq_source_conf){
        .name = TEXT("dsm"), .address = TEXT("192.0.2.10"), .user = TEXT("dsm")};
    triggers[0] = (struct nq_trigger_conf){.name = TEXT("malware"),
                                           .action = NQ_ACTION_QUARANTINE,
                                           .trap_oid = TEXT(".1.3.6.1.4.1.6101.1"),
                                           .condition_count = 1,
                                           .proof = NQ_PROOF_LISTED};
    triggers[1] = (struct nq_trigger_conf){.name = TEXT("other"),
                                           .action = NQ_ACTION_NOTE,
                                           .trap_oid = TEXT(".1.3.6.1.4.1.6101.1"),
                                           .proof = NQ_PROOF_LISTED};
    conf = (struct nq_config){
        .managers = managers,
        .manager_count = 1,
        .groups = groups,
        .group_count = 2,
        .sources = sources,
        .source_count = 1,
        .triggers = triggers,
        .trigger_count = 2,
        .protect = {.names = names, .name_count = 1, .infrastructure = true},
        .governor.vms.hour = 30,
    };
    status = (struct nq_manager_status){.version = "4.1.2.0.0.22589037",
                                        .last_ok_ms = NOW_MS,
                                        .synced_ms = NOW_MS,
                                        .tls_expires_ms = NOW_MS + 31 * DAY_MS};
    firewall = (struct nq_firewall_view){.known = true, .enabled = true};
    rules[0] = (struct nq_rule_view){.action = NQ_RULE_ALLOW, .enabled = true};
    rules[1] = (struct nq_rule_view){.action = NQ_RULE_DROP, .enabled = true};
    quarantine = (struct nq_group_view){
        .known = true,
        .realized = NQ_REALIZED_SUCCESS,
        .rules_known = true,
        .rules = rules,
        .rule_count = 2,
        .cut = NQ_CUT_HOLDS,
        .cut_why = "",
        .definition = NQ_DEFINITION_TAKES_IN,
        .exclusion_known = true,
    };
    watched = (struct nq_group_view){.group = 1,
                                     .known = true,
                                     .definition = NQ_DEFINITION_KEEPS_OUT,
                                     .exclusion_known = true};
    facts = (struct nq_group_facts){.conf = &conf, .tags_known = true};
    return 0;
}

static void judge_manager(void)
{
    const struct nq_manager_facts of_manager = {
        .conf = &conf, .status = &status, .firewall = &firewall, .now_ms = NOW_MS};
    memset(verdicts, 0, sizeof(verdicts));
    nq_checks_of_manager(&of_manager, take, NULL);
}

static void judge_group(const struct nq_group_view *view)
{
    facts.view = view;
    memset(verdicts, 0, sizeof(verdicts));
    nq_checks_of_group(&facts, take, NULL);
}

static void judge_settings(enum nq_mode mode)
{
    memset(verdicts, 0, sizeof(verdicts));
    nq_checks_of_settings(&conf, mode, take, NULL);
}

static size_t count_of(enum said said)
{
    size_t count = 0;
    for (int check = 0; check < NQ_CHECK_COUNT; check++) {
        count += verdicts[check].said == said;
    }
    return count;
}

#define CHECK_TEST(test) cmocka_unit_test_setup(test, set_up)

/* ---- the catalogue --------------------------------------------------------------------- */

static void names_are_words_that_are_there_once(void **state)
{
    (void)state;
    for (int i = 0; i < NQ_CHECK_COUNT; i++) {
        const char *name = nq_check_row((enum nq_check)i)->name;
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
        assert_int_equal(nq_check_of(name), i);
    }
    assert_int_equal(nq_check_of("no-such-check"), NQ_CHECK_COUNT);
}

static void every_text_fits_with_room_for_what_was_found(void **state)
{
    (void)state;
    for (int i = 0; i < NQ_CHECK_COUNT; i++) {
        const struct nq_check_row *row = nq_check_row((enum nq_check)i);
        struct nq_verdict verdict = {.check = (enum nq_check)i, .wrong = true};
        char *text = NULL;
        memset(verdict.detail, 'x', sizeof(verdict.detail) - 1);
        nq_verdict_set_text(&text, &verdict);
        assert_true(strlen(text) <= NQ_TEXT_MAX);
        assert_memory_equal(text, row->meaning, strlen(row->meaning));
        assert_string_equal(text + strlen(text) - strlen(row->advice), row->advice);
        assert_non_null(strstr(text, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"));
        free(text);
    }
}

static void a_detail_of_an_attacker_is_escaped(void **state)
{
    (void)state;
    struct nq_verdict verdict = {.check = NQ_CHECK_NAMES_SHARED, .detail = "a\nb"};
    char *text = NULL;
    nq_verdict_set_text(&text, &verdict);
    assert_non_null(strstr(text, "ambiguous: a\\nb; rename"));
    free(text);
}

/* ---- managers -------------------------------------------------------------------------- */

static void a_manager_that_is_right_has_no_finding(void **state)
{
    (void)state;
    judge_manager();
    assert_int_equal(count_of(WRONG), 0);
    assert_int_equal(count_of(RIGHT), 7);
}

static void a_manager_of_which_nothing_is_known_gets_no_verdict(void **state)
{
    (void)state;
    status = (struct nq_manager_status){.version = ""};
    firewall = (struct nq_firewall_view){.trouble = NQ_NSX_TIMEOUT};
    judge_manager();
    assert_int_equal(count_of(NOTHING), NQ_CHECK_COUNT);
}

static void a_firewall_is_off_or_may_not_be_read(void **state)
{
    (void)state;
    firewall.enabled = false;
    judge_manager();
    assert_wrong(FIREWALL_OFF, "nsx", "");
    assert_said(FIREWALL_UNREADABLE, RIGHT);
    firewall = (struct nq_firewall_view){.trouble = NQ_NSX_FORBIDDEN};
    judge_manager();
    assert_said(FIREWALL_OFF, NOTHING);
    assert_wrong(FIREWALL_UNREADABLE, "nsx", "");
}

static void a_certificate_is_told_of_thirty_days_before(void **state)
{
    (void)state;
    status.tls_expires_ms = NOW_MS + 30 * DAY_MS;
    judge_manager();
    assert_said(CERTIFICATE_ENDS, RIGHT);
    status.tls_expires_ms = NOW_MS + 30 * DAY_MS - 1;
    judge_manager();
    assert_wrong(CERTIFICATE_ENDS, "nsx", "on 2024-11-02");
    status.tls_expires_ms = NOW_MS - DAY_MS;
    judge_manager();
    assert_said(CERTIFICATE_ENDS, WRONG);
}

static void releases_are_known_or_not(void **state)
{
    (void)state;
    static const struct {
        enum nq_manager_type type;
        const char *version;
        enum said unsupported;
    } cases[] = {
        {NQ_MANAGER_POLICY, "2.5.1.0.0.1", WRONG}, {NQ_MANAGER_POLICY, "3.0.0", RIGHT},
        {NQ_MANAGER_POLICY, "9.1.0.0", RIGHT},     {NQ_MANAGER_POLICY, "10.0", WRONG},
        {NQ_MANAGER_VSPHERE, "6.1.7", WRONG},      {NQ_MANAGER_VSPHERE, "6.2.0", RIGHT},
        {NQ_MANAGER_VSPHERE, "6.4.14", RIGHT},     {NQ_MANAGER_VSPHERE, "6.5.0", WRONG},
        {NQ_MANAGER_VSPHERE, "", NOTHING},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        managers[0].type = cases[i].type;
        status.version = cases[i].version;
        judge_manager();
        assert_said(VERSION_UNSUPPORTED, cases[i].unsupported);
        assert_said(VERSION_UNKNOWN, *cases[i].version ? RIGHT : WRONG);
    }
}

static void an_inventory_is_full_or_has_names_twice(void **state)
{
    (void)state;
    status.shared_names = 3;
    status.shared_name = "VDI-01";
    judge_manager();
    assert_wrong(NAMES_SHARED, "nsx", "3, one is VDI-01");
    status.synced_ms = 0;
    status.inventory_full = true;
    judge_manager();
    assert_wrong(INVENTORY_FULL, "nsx", "");
    assert_said(NAMES_SHARED, NOTHING);
}

/* ---- groups ---------------------------------------------------------------------------- */

static void groups_that_are_right_have_no_finding(void **state)
{
    (void)state;
    judge_group(&quarantine);
    assert_int_equal(count_of(WRONG), 0);
    assert_int_equal(count_of(RIGHT), 11);
    judge_group(&watched);
    assert_int_equal(count_of(WRONG), 0);
    assert_int_equal(count_of(RIGHT), 6);
}

static void a_group_that_could_not_be_read_gets_no_verdict(void **state)
{
    (void)state;
    quarantine.known = false;
    quarantine.trouble = NQ_NSX_REJECTED;
    judge_group(&quarantine);
    assert_int_equal(count_of(NOTHING), NQ_CHECK_COUNT);
}

static void a_group_is_missing_or_may_not_be_read(void **state)
{
    (void)state;
    quarantine.known = watched.known = false;
    quarantine.trouble = watched.trouble = NQ_NSX_NOT_FOUND;
    judge_group(&quarantine);
    assert_wrong(QUARANTINE_MISSING, "jail", "");
    judge_group(&watched);
    assert_wrong(WATCHED_MISSING, "vdi", "");
    watched.trouble = NQ_NSX_FORBIDDEN;
    judge_group(&watched);
    assert_wrong(GROUP_UNREADABLE, "vdi", "");
    assert_said(WATCHED_MISSING, NOTHING);
}

static void a_quarantine_group_is_not_realized(void **state)
{
    (void)state;
    quarantine.realized = NQ_REALIZED_ERROR;
    judge_group(&quarantine);
    assert_wrong(QUARANTINE_UNREALIZED, "jail", "it reports an error");
    quarantine.realized = NQ_REALIZED_IN_PROGRESS;
    judge_group(&quarantine);
    assert_said(QUARANTINE_UNREALIZED, WRONG);
    quarantine.realized = NQ_REALIZED_UNKNOWN;
    judge_group(&quarantine);
    assert_said(QUARANTINE_UNREALIZED, NOTHING);
}

/* How many of the checks of rules are wrong. */
static size_t wrong_rules(void)
{
    judge_group(&quarantine);
    return count_of(WRONG);
}

static void of_what_is_wrong_with_rules_one_check_tells(void **state)
{
    (void)state;
    quarantine.cut = NQ_CUT_OPEN;
    quarantine.cut_why = "move a rule";
    assert_int_equal(wrong_rules(), 1);
    assert_wrong(QUARANTINE_LEAKS, "jail", "move a rule");
    rules[1].enabled = false;
    assert_int_equal(wrong_rules(), 1);
    assert_wrong(QUARANTINE_DISABLED, "jail", "1 rules");
    rules[1].action = NQ_RULE_ALLOW;
    assert_int_equal(wrong_rules(), 1);
    assert_wrong(QUARANTINE_ALLOWS, "jail", "2 rules");
    quarantine.rule_count = 0;
    assert_int_equal(wrong_rules(), 1);
    assert_wrong(QUARANTINE_UNUSED, "jail", "");
}

static void rules_that_are_not_known_are_neither_right_nor_wrong(void **state)
{
    (void)state;
    quarantine.rules_known = false;
    quarantine.rule_count = 0;
    judge_group(&quarantine);
    assert_said(QUARANTINE_UNUSED, NOTHING);
    assert_said(QUARANTINE_LEAKS, NOTHING);
    quarantine.rules_known = true;
    quarantine.rule_count = 2;
    quarantine.cut = NQ_CUT_UNKNOWN;
    judge_group(&quarantine);
    assert_said(QUARANTINE_DISABLED, RIGHT);
    assert_said(QUARANTINE_LEAKS, NOTHING);
    assert_said(QUARANTINE_BY_ADDRESS, NOTHING);
}

static void rules_that_match_addresses_only_are_told_of(void **state)
{
    (void)state;
    quarantine.cut = NQ_CUT_BY_ADDRESS;
    judge_group(&quarantine);
    assert_wrong(QUARANTINE_BY_ADDRESS, "jail", "");
    assert_said(QUARANTINE_LEAKS, RIGHT);
}

static void tagged_vms_are_all_outside_the_quarantine_group(void **state)
{
    (void)state;
    facts.tagged = 3;
    judge_group(&quarantine);
    assert_wrong(QUARANTINE_MISSES_TAG, "jail", "3 VMs");
    facts.inside = 1;
    judge_group(&quarantine);
    assert_said(QUARANTINE_MISSES_TAG, RIGHT);
}

static void a_definition_says_nothing_of_the_tag_or_the_opposite(void **state)
{
    (void)state;
    static const struct {
        enum nq_definition definition;
        enum said quarantine;
        enum said watched;
    } cases[] = {
        {NQ_DEFINITION_UNKNOWN, NOTHING, NOTHING},
        {NQ_DEFINITION_IGNORES, WRONG, WRONG},
        {NQ_DEFINITION_TAKES_IN, RIGHT, WRONG},
        {NQ_DEFINITION_KEEPS_OUT, WRONG, RIGHT},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        quarantine.definition = watched.definition = cases[i].definition;
        judge_group(&quarantine);
        assert_said(QUARANTINE_IGNORES_TAG, cases[i].quarantine);
        judge_group(&watched);
        assert_said(WATCHED_KEEPS_TAGGED, cases[i].watched);
    }
}

static void a_watched_group_holds_tagged_vms(void **state)
{
    (void)state;
    watched.tagged_count = 2;
    judge_group(&watched);
    assert_wrong(WATCHED_HOLDS_TAGGED, "vdi", "2 VMs");
    facts.tags_known = false; /* then there may be more, or none */
    judge_group(&watched);
    assert_said(WATCHED_HOLDS_TAGGED, NOTHING);
    assert_said(MEMBERS_EXCLUDED, NOTHING);
}

static void a_group_or_its_members_are_on_the_exclude_list(void **state)
{
    (void)state;
    quarantine.excluded = true;
    judge_group(&quarantine);
    assert_wrong(GROUP_EXCLUDED, "jail", "");
    watched.excluded_members = 2;
    watched.excluded_member = "VDI-02";
    judge_group(&watched);
    assert_wrong(MEMBERS_EXCLUDED, "vdi", "2, one is VDI-02");
    quarantine.exclusion_known = watched.exclusion_known = false;
    judge_group(&quarantine);
    assert_said(GROUP_EXCLUDED, NOTHING);
    judge_group(&watched);
    assert_said(MEMBERS_EXCLUDED, NOTHING);
}

/* ---- settings -------------------------------------------------------------------------- */

static void a_configuration_that_is_right_has_no_finding(void **state)
{
    (void)state;
    judge_settings(NQ_MODE_ENFORCE);
    assert_int_equal(count_of(NOTHING), NQ_CHECK_COUNT);
}

static void the_mode_is_told_of(void **state)
{
    (void)state;
    judge_settings(NQ_MODE_OBSERVE);
    assert_wrong(MODE_OBSERVE, "engine.mode", "");
    judge_settings(NQ_MODE_STOPPED);
    assert_wrong(MODE_STOPPED, "engine.mode", "");
    assert_said(MODE_OBSERVE, NOTHING);
}

static void a_manager_lacks_groups_or_is_entered_as_admin(void **state)
{
    (void)state;
    conf.manager_count = 2;
    managers[1].name = TEXT("second");
    managers[1].access.user = TEXT("Admin");
    judge_settings(NQ_MODE_ENFORCE);
    assert_wrong(NO_QUARANTINE, "second", "");
    assert_wrong(NO_WATCHED, "second", "");
    assert_wrong(BUILT_IN_ACCOUNT, "second", "");
}

static void what_is_protected_is_nothing_or_void(void **state)
{
    (void)state;
    conf.protect.name_count = 0;
    judge_settings(NQ_MODE_ENFORCE);
    assert_wrong(PROTECT_EMPTY, "protect", "");
    conf.protect.infrastructure = false;
    judge_settings(NQ_MODE_ENFORCE);
    assert_wrong(PROTECT_OFF, "protect", "");
    assert_said(PROTECT_EMPTY, NOTHING);
    conf.protect.uuid_count = 1;
    judge_settings(NQ_MODE_ENFORCE);
    assert_said(PROTECT_VOID, NOTHING);
    managers[0].type = NQ_MANAGER_VSPHERE;
    judge_settings(NQ_MODE_ENFORCE);
    assert_wrong(PROTECT_VOID, "protect.uuids", "");
    managers[0].vcenter.url_count = 1;
    judge_settings(NQ_MODE_ENFORCE);
    assert_said(PROTECT_VOID, NOTHING);
}

static void there_are_no_limits_no_sources_and_no_triggers(void **state)
{
    (void)state;
    conf.governor.vms.hour = 0;
    conf.source_count = 0;
    conf.trigger_count = 0;
    conf.release.clean_scan = true;
    judge_settings(NQ_MODE_ENFORCE);
    assert_wrong(GOVERNOR_OFF, "governor", "");
    assert_wrong(NO_SOURCE, "sources", "");
    assert_wrong(NO_TRIGGER, "triggers", "");
    assert_wrong(SCAN_RELEASES, "release.clean_scan", "");
    conf.governor.vms.day = 100;
    judge_settings(NQ_MODE_ENFORCE);
    assert_said(GOVERNOR_OFF, NOTHING);
}

static void a_source_is_anywhere_or_forgeable(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        const char *user;
        const char *community_file;
        enum said anywhere;
        enum said forgeable;
    } cases[] = {
        {"192.0.2.10", NULL, NULL, NOTHING, WRONG},
        {"192.0.2.10", "dsm", NULL, NOTHING, NOTHING},
        {"192.0.2.10", NULL, "/f", NOTHING, NOTHING},
        {"unix", NULL, NULL, NOTHING, NOTHING},
        {"0.0.0.0/0", NULL, NULL, WRONG, NOTHING},
        {"::/0", NULL, NULL, WRONG, NOTHING},
        {"2001:db8::/96", NULL, NULL, NOTHING, WRONG},
        {NULL, NULL, "/f", WRONG, NOTHING},
        {NULL, "dsm", NULL, NOTHING, NOTHING},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sources[0] = (struct nq_source_conf){
            .name = TEXT("dsm"),
            .address = TEXT(cases[i].address),
            .user = TEXT(cases[i].user),
            .community_file = TEXT(cases[i].community_file),
        };
        judge_settings(NQ_MODE_ENFORCE);
        assert_said(SOURCE_ANY, cases[i].anywhere);
        assert_said(SOURCE_FORGEABLE, cases[i].forgeable);
    }
    sources[0] =
        (struct nq_source_conf){.name = TEXT("dsm"), .address = TEXT("192.0.2.10")};
    triggers[0].proof = NQ_PROOF_V3; /* then a forged datagram does nothing */
    judge_settings(NQ_MODE_ENFORCE);
    assert_said(SOURCE_FORGEABLE, NOTHING);
}

static void a_trigger_believes_anybody(void **state)
{
    (void)state;
    triggers[0].proof = NQ_PROOF_ANY;
    judge_settings(NQ_MODE_ENFORCE);
    assert_wrong(TRIGGER_ANY, "malware", "");
    triggers[0].action = NQ_ACTION_NOTE;
    judge_settings(NQ_MODE_ENFORCE);
    assert_said(TRIGGER_ANY, NOTHING);
    struct nq_value_conf words[] = {{TEXT("0"), TEXT("release")}};
    triggers[0].action_by = (struct nq_field_conf){.values = words, .value_count = 1};
    judge_settings(NQ_MODE_ENFORCE);
    assert_wrong(TRIGGER_ANY, "malware", "");
}

static void a_release_can_be_forged_where_a_sender_can(void **state)
{
    (void)state;
    triggers[0].action = NQ_ACTION_RELEASE;
    judge_settings(NQ_MODE_ENFORCE);
    assert_said(RELEASE_FORGEABLE, NOTHING);
    sources[0].user = NULL;
    judge_settings(NQ_MODE_ENFORCE);
    assert_wrong(RELEASE_FORGEABLE, "malware", "");
    triggers[0].proof = NQ_PROOF_V3;
    judge_settings(NQ_MODE_ENFORCE);
    assert_said(RELEASE_FORGEABLE, NOTHING);
}

static void a_trigger_waits_for_an_example(void **state)
{
    (void)state;
    triggers[1].trap_oid = TEXT(".1.3.6.1.4.1.32473.1.0.190");
    judge_settings(NQ_MODE_ENFORCE);
    assert_wrong(TRIGGER_EXAMPLE, "other", "");
    triggers[1].trap_oid = TEXT(".1.3.6.1.4.1.324731");
    judge_settings(NQ_MODE_ENFORCE);
    assert_said(TRIGGER_EXAMPLE, NOTHING);
    triggers[1].trap_oid = NULL;
    triggers[1].enterprise = TEXT(".1.3.6.1.4.1.32473");
    judge_settings(NQ_MODE_ENFORCE);
    assert_wrong(TRIGGER_EXAMPLE, "other", "");
}

#define TRAP_OID(oid)                                                                    \
    {                                                                                    \
        .trap_oid = TEXT(oid)                                                            \
    }
#define BELOW(oid)                                                                       \
    {                                                                                    \
        .trap_oid = TEXT(oid), .oid_prefix = true                                        \
    }
#define ENTERPRISE(oid, numbers, count)                                                  \
    {                                                                                    \
        .enterprise = TEXT(oid), .specific = (numbers), .specific_count = (count)        \
    }

static void a_trigger_is_behind_one_that_takes_all_its_traps(void **state)
{
    (void)state;
    static int64_t one[] = {1};
    static int64_t both[] = {1, 2};
    static const struct {
        struct nq_trigger_conf first;
        struct nq_trigger_conf second;
        bool shadowed;
    } cases[] = {
        {TRAP_OID(".1.3.1"), TRAP_OID(".1.3.1"), true},
        {TRAP_OID(".1.3.1"), TRAP_OID(".1.3.2"), false},
        {TRAP_OID(".1.3.1"), BELOW(".1.3.1"), false},
        {BELOW(".1.3.1"), TRAP_OID(".1.3.1.9"), true},
        {BELOW(".1.3.1"), TRAP_OID(".1.3.19"), false},
        {BELOW(".1.3.1"), BELOW(".1.3"), false},
        {BELOW(".1.3"), BELOW(".1.3.1"), true},
        {BELOW(".1.3"), ENTERPRISE(".1.3.1", one, 1), true},
        {TRAP_OID(".1.3.1"), ENTERPRISE(".1.3.1", NULL, 0), false},
        {ENTERPRISE(".1.3", NULL, 0), ENTERPRISE(".1.3", one, 1), true},
        {ENTERPRISE(".1.3", both, 2), ENTERPRISE(".1.3", one, 1), true},
        {ENTERPRISE(".1.3", one, 1), ENTERPRISE(".1.3", both, 2), false},
        {ENTERPRISE(".1.3", one, 1), ENTERPRISE(".1.3", NULL, 0), false},
        {ENTERPRISE(".1.3", NULL, 0), ENTERPRISE(".1.4", NULL, 0), false},
        {ENTERPRISE(".1.3", NULL, 0), TRAP_OID(".1.3.0.1"), false}, /* not judged */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        triggers[0] = cases[i].first;
        triggers[1] = cases[i].second;
        triggers[0].name = TEXT("first");
        triggers[1].name = TEXT("second");
        judge_settings(NQ_MODE_ENFORCE);
        assert_said(TRIGGER_SHADOWED, cases[i].shadowed ? WRONG : NOTHING);
        triggers[0].condition_count = 1;
        judge_settings(NQ_MODE_ENFORCE);
        assert_said(TRIGGER_SHADOWED, NOTHING);
    }
}

static void the_trigger_in_front_is_named(void **state)
{
    (void)state;
    triggers[0].condition_count = 0;
    judge_settings(NQ_MODE_ENFORCE);
    assert_wrong(TRIGGER_SHADOWED, "other", "malware");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_words_that_are_there_once),
        cmocka_unit_test(every_text_fits_with_room_for_what_was_found),
        cmocka_unit_test(a_detail_of_an_attacker_is_escaped),
        CHECK_TEST(a_manager_that_is_right_has_no_finding),
        CHECK_TEST(a_manager_of_which_nothing_is_known_gets_no_verdict),
        CHECK_TEST(a_firewall_is_off_or_may_not_be_read),
        CHECK_TEST(a_certificate_is_told_of_thirty_days_before),
        CHECK_TEST(releases_are_known_or_not),
        CHECK_TEST(an_inventory_is_full_or_has_names_twice),
        CHECK_TEST(groups_that_are_right_have_no_finding),
        CHECK_TEST(a_group_that_could_not_be_read_gets_no_verdict),
        CHECK_TEST(a_group_is_missing_or_may_not_be_read),
        CHECK_TEST(a_quarantine_group_is_not_realized),
        CHECK_TEST(of_what_is_wrong_with_rules_one_check_tells),
        CHECK_TEST(rules_that_are_not_known_are_neither_right_nor_wrong),
        CHECK_TEST(rules_that_match_addresses_only_are_told_of),
        CHECK_TEST(tagged_vms_are_all_outside_the_quarantine_group),
        CHECK_TEST(a_definition_says_nothing_of_the_tag_or_the_opposite),
        CHECK_TEST(a_watched_group_holds_tagged_vms),
        CHECK_TEST(a_group_or_its_members_are_on_the_exclude_list),
        CHECK_TEST(a_configuration_that_is_right_has_no_finding),
        CHECK_TEST(the_mode_is_told_of),
        CHECK_TEST(a_manager_lacks_groups_or_is_entered_as_admin),
        CHECK_TEST(what_is_protected_is_nothing_or_void),
        CHECK_TEST(there_are_no_limits_no_sources_and_no_triggers),
        CHECK_TEST(a_source_is_anywhere_or_forgeable),
        CHECK_TEST(a_trigger_believes_anybody),
        CHECK_TEST(a_release_can_be_forged_where_a_sender_can),
        CHECK_TEST(a_trigger_waits_for_an_example),
        CHECK_TEST(a_trigger_is_behind_one_that_takes_all_its_traps),
        CHECK_TEST(the_trigger_in_front_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
