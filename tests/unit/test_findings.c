/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a finding: when it comes, when it goes, what survives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "quarantine/findings.h"

#define TEXT(text) ((char *)(uintptr_t)(text))
#define DELAY_MS   60000

static int64_t mono_ms;
static int64_t wall_ms;
static struct nq_config conf;
static struct nq_manager_conf managers[2];
static struct nq_group_conf groups[2];
static char *protected[] = {TEXT("dc-*")};
static struct nq_tallies tallies;
static struct nq_findings findings;
static struct nq_buf told;

static int64_t fake_mono(const struct nq_clock *clock)
{
    (void)clock;
    return mono_ms;
}

static int64_t fake_wall(const struct nq_clock *clock)
{
    (void)clock;
    return wall_ms;
}

static const struct nq_clock fake_clock = {.wall_ms = fake_wall, .mono_ms = fake_mono};

static void quiet(void *arg, enum nq_log_level level, const char *line)
{
    (void)arg;
    (void)level;
    (void)line;
}

static int set_up(void **state)
{
    (void)state;
    nq_log_to(quiet, NULL);
    nq_buf_init(&told, 65536);
    mono_ms = 0;
    wall_ms = 1000000;
    managers[0] = (struct nq_manager_conf){.name = TEXT("nsx"), .access.user = TEXT("x")};
    managers[1] = (struct nq_manager_conf){.name = TEXT("2 b"), .access.user = TEXT("x")};
    groups[0] = (struct nq_group_conf){.name = TEXT("jail"), .role = NQ_GROUP_QUARANTINE};
    groups[1] = (struct nq_group_conf){.name = TEXT("vdi"), .role = NQ_GROUP_WATCHED};
    static struct nq_source_conf source = {.name = TEXT("dsm"), .user = TEXT("dsm")};
    static struct nq_trigger_conf trigger = {
        .name = TEXT("t"), .action = NQ_ACTION_NOTE, .trap_oid = TEXT(".1.3")};
    conf = (struct nq_config){.managers = managers,
                              .manager_count = 1,
                              .groups = groups,
                              .group_count = 2,
                              .sources = &source,
                              .source_count = 1,
                              .triggers = &trigger,
                              .trigger_count = 1,
                              .protect = {.names = protected, .name_count = 1},
                              .governor.vms.hour = 30,
                              .finding_delay_ms = DELAY_MS};
    nq_findings_init(&findings, &conf, &fake_clock, &tallies);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    nq_findings_done(&findings);
    nq_tallies_done(&tallies);
    nq_buf_done(&told);
    nq_log_to(NULL, NULL);
    return 0;
}

#define FINDING_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void pass(int64_t ms)
{
    mono_ms += ms;
    wall_ms += ms;
}

static void see(enum nq_check check, const char *object, bool wrong)
{
    struct nq_verdict verdict = {.check = check, .object = object, .wrong = wrong};
    (void)snprintf(verdict.detail, sizeof(verdict.detail), "at %lld", (long long)mono_ms);
    nq_findings_take(&findings, &verdict);
}

static void see_vdi(bool wrong)
{
    see(NQ_CHECK_WATCHED_HOLDS_TAGGED, "vdi", wrong);
}

/* Two readings that agree. */
static void settle_vdi(bool wrong)
{
    see_vdi(wrong);
    pass(DELAY_MS);
    see_vdi(wrong);
}

static void tell(void *arg, bool raised, const struct nq_finding *finding)
{
    (void)arg;
    assert_true(nq_buf_addf(&told, "%c%s %s;", raised ? '+' : '-', finding->check,
                            finding->object));
    assert_true(*finding->text);
}

/* What was told since the last time. */
static const char *announced(void)
{
    nq_buf_clear(&told);
    nq_findings_announce(&findings, tell, NULL);
    return nq_buf_text(&told);
}

/* The engine stops and starts again with the same state. */
static void restart(void)
{
    nq_findings_done(&findings);
    nq_findings_init(&findings, &conf, &fake_clock, &tallies);
    mono_ms = 0;
    nq_findings_load(&findings);
}

/* ---- coming and going ------------------------------------------------------------------ */

static void one_reading_is_no_finding_and_two_are(void **state)
{
    (void)state;
    see_vdi(true);
    pass(10 * DELAY_MS);
    assert_int_equal(findings.row_count, 0);
    see_vdi(true);
    assert_int_equal(findings.row_count, 1);
    const struct nq_finding *row = findings.rows[0];
    assert_int_equal(row->index, 1);
    assert_int_equal(row->manager, 1);
    assert_int_equal(row->severity, NQ_SEVERITY_CRITICAL);
    assert_string_equal(row->check, "watched-holds-tagged");
    assert_string_equal(row->object, "vdi");
    assert_non_null(strstr(row->text, "at 600000"));
    assert_int_equal(row->since_ms, 1600000);
    assert_string_equal(announced(), "+watched-holds-tagged vdi;");
    assert_string_equal(announced(), "");
}

static void readings_that_follow_too_soon_are_none(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        see_vdi(true);
        pass(DELAY_MS / 5);
    }
    assert_int_equal(findings.row_count, 0);
    see_vdi(true);
    assert_int_equal(findings.row_count, 1);
}

static void a_reading_between_that_differs_begins_anew(void **state)
{
    (void)state;
    see_vdi(true);
    pass(DELAY_MS - 1);
    see_vdi(false);
    pass(1);
    see_vdi(true);
    assert_int_equal(findings.row_count, 0);
    pass(DELAY_MS);
    see_vdi(true);
    assert_int_equal(findings.row_count, 1);
    /* The same on the way back. */
    see_vdi(false);
    pass(DELAY_MS - 1);
    see_vdi(true);
    see_vdi(false);
    assert_int_equal(findings.row_count, 1);
    assert_string_equal(announced(), "+watched-holds-tagged vdi;");
}

static void without_a_delay_it_still_takes_two_readings_in_a_row(void **state)
{
    (void)state;
    conf.finding_delay_ms = 0;
    see_vdi(true);
    see_vdi(false);
    see_vdi(true);
    assert_int_equal(findings.row_count, 0);
    see_vdi(true);
    assert_int_equal(findings.row_count, 1);
    see_vdi(false);
    assert_int_equal(findings.row_count, 1);
    see_vdi(false);
    assert_int_equal(findings.row_count, 0);
}

static void a_finding_that_is_right_again_goes_with_its_last_values(void **state)
{
    (void)state;
    settle_vdi(true);
    (void)announced();
    settle_vdi(false);
    assert_int_equal(findings.row_count, 0);
    assert_string_equal(announced(), "-watched-holds-tagged vdi;");
    assert_null(findings.entries);
}

static void the_text_changes_without_a_word(void **state)
{
    (void)state;
    settle_vdi(true);
    (void)announced();
    pass(5);
    see_vdi(true);
    assert_non_null(strstr(findings.rows[0]->text, "at 60005"));
    assert_int_equal(findings.rows[0]->since_ms, 1060000);
    assert_string_equal(announced(), "");
}

static void what_came_and_went_before_the_commit_is_not_told(void **state)
{
    (void)state;
    settle_vdi(true);
    settle_vdi(false);
    assert_string_equal(announced(), "");
    assert_null(findings.entries);
    settle_vdi(true);
    (void)announced();
    settle_vdi(false);
    settle_vdi(true); /* it went and came back */
    assert_string_equal(announced(), "");
    assert_int_equal(findings.row_count, 1);
}

static void checks_and_objects_are_apart(void **state)
{
    (void)state;
    see(NQ_CHECK_GROUP_EXCLUDED, "vdi", true);
    see(NQ_CHECK_GROUP_EXCLUDED, "jail", true);
    see_vdi(true);
    pass(DELAY_MS);
    see(NQ_CHECK_GROUP_EXCLUDED, "vdi", false);
    see(NQ_CHECK_GROUP_EXCLUDED, "jail", true);
    see_vdi(true);
    assert_int_equal(findings.row_count, 2);
    assert_string_equal(announced(), "+group-excluded jail;+watched-holds-tagged vdi;");
}

/* ---- numbers --------------------------------------------------------------------------- */

static void a_finding_has_its_number_for_good(void **state)
{
    (void)state;
    settle_vdi(true);
    see(NQ_CHECK_GROUP_EXCLUDED, "vdi", true);
    pass(DELAY_MS);
    see(NQ_CHECK_GROUP_EXCLUDED, "vdi", true);
    assert_int_equal(findings.rows[1]->index, 2);
    settle_vdi(false);
    (void)announced();
    assert_int_equal(findings.rows[0]->index, 2);
    restart();
    settle_vdi(true);
    assert_int_equal(findings.row_count, 2);
    assert_int_equal(findings.rows[0]->index, 1);
    assert_string_equal(findings.rows[0]->check, "watched-holds-tagged");
    assert_int_equal(findings.rows[1]->index, 2);
}

/* ---- over a restart -------------------------------------------------------------------- */

static void a_restart_changes_and_tells_nothing(void **state)
{
    (void)state;
    managers[0].name = TEXT("2 b"); /* a name that looks like what stands before it */
    settle_vdi(true);
    (void)announced();
    pass(1000);
    restart();
    assert_int_equal(findings.row_count, 1);
    assert_int_equal(findings.rows[0]->since_ms, 1060000);
    assert_int_equal(findings.rows[0]->manager, 1);
    assert_string_equal(findings.rows[0]->object, "vdi");
    assert_string_equal(announced(), "");
    see_vdi(true);
    assert_int_equal(findings.rows[0]->since_ms, 1060000);
    settle_vdi(false);
    assert_string_equal(announced(), "-watched-holds-tagged vdi;");
}

static void a_finding_follows_its_manager_to_another_place(void **state)
{
    (void)state;
    settle_vdi(true);
    managers[1] = managers[0];
    managers[0].name = TEXT("new");
    conf.manager_count = 2;
    groups[1].manager = 1;
    restart();
    assert_int_equal(findings.rows[0]->manager, 2);
}

static void what_is_not_configured_any_more_is_over(void **state)
{
    (void)state;
    settle_vdi(true);
    see(NQ_CHECK_FIREWALL_OFF, "nsx", true);
    see(NQ_CHECK_QUARANTINE_LEAKS, "jail", true);
    pass(DELAY_MS);
    see(NQ_CHECK_FIREWALL_OFF, "nsx", true);
    see(NQ_CHECK_QUARANTINE_LEAKS, "jail", true);
    (void)announced();
    groups[1].name = TEXT("desktops");
    groups[0].role = NQ_GROUP_WATCHED;
    restart();
    assert_int_equal(findings.row_count, 1);
    assert_string_equal(announced(), "-watched-holds-tagged vdi;-quarantine-leaks jail;");
    managers[0].name = TEXT("other");
    restart();
    assert_int_equal(findings.row_count, 0);
    assert_string_equal(announced(), "-firewall-off nsx;");
    restart();
    assert_string_equal(announced(), "");
}

static void what_is_not_understood_in_the_state_is_passed_over(void **state)
{
    (void)state;
    static const char *const owners[] = {
        "finding ",
        "finding group-excluded",
        "finding group-excluded ",
        "finding group-excluded 3",
        "finding group-excluded 3:nsx",
        "finding group-excluded 3:nsxvdi",
        "finding group-excluded 999:nsx vdi",
        "finding no-such-check 3:nsx vdi",
        "finding group-excluded 18446744073709551615:nsx vdi",
    };
    for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
        nq_tally_load(&tallies, owners[i], "since", 5);
        nq_tally_load(&tallies, owners[i], "number", i + 1);
    }
    restart();
    assert_int_equal(findings.row_count, 0);
    assert_null(findings.entries);
    nq_tally_load(&tallies, "finding group-excluded 3:nsx vdi", "since", 5);
    restart();
    assert_int_equal(findings.row_count, 1);
}

/* ---- settings -------------------------------------------------------------------------- */

static void what_is_configured_is_believed_at_once(void **state)
{
    (void)state;
    nq_findings_settings(&findings, NQ_MODE_OBSERVE);
    assert_string_equal(announced(), "+mode-observe engine.mode;");
    nq_findings_settings(&findings, NQ_MODE_OBSERVE);
    assert_string_equal(announced(), "");
    nq_findings_settings(&findings, NQ_MODE_STOPPED);
    assert_string_equal(announced(),
                        "-mode-observe engine.mode;+mode-stopped engine.mode;");
    nq_findings_settings(&findings, NQ_MODE_ENFORCE);
    assert_string_equal(announced(), "-mode-stopped engine.mode;");
    assert_int_equal(findings.row_count, 0);
}

static void a_judgement_of_the_settings_leaves_the_rest_alone(void **state)
{
    (void)state;
    settle_vdi(true);
    (void)announced();
    nq_findings_settings(&findings, NQ_MODE_ENFORCE);
    assert_string_equal(announced(), "");
    assert_int_equal(findings.row_count, 1);
}

static void a_setting_that_was_corrected_while_the_engine_was_away_is_over(void **state)
{
    (void)state;
    conf.governor.vms.hour = 0;
    nq_findings_settings(&findings, NQ_MODE_ENFORCE);
    assert_string_equal(announced(), "+governor-off governor;");
    conf.governor.vms.hour = 30;
    restart();
    assert_int_equal(findings.row_count, 1);
    nq_findings_settings(&findings, NQ_MODE_ENFORCE);
    assert_string_equal(announced(), "-governor-off governor;");
}

/* ---- the limit ------------------------------------------------------------------------- */

static void see_many(int count, bool wrong)
{
    for (int i = 0; i < count; i++) {
        char object[32];
        (void)snprintf(object, sizeof(object), "group %d", i);
        see(NQ_CHECK_GROUP_EXCLUDED, object, wrong);
    }
}

static void above_the_limit_the_last_row_says_so(void **state)
{
    (void)state;
    see_many(NQ_FINDINGS_MAX + 5, true);
    pass(DELAY_MS);
    see_many(NQ_FINDINGS_MAX + 5, true);
    pass(DELAY_MS);
    see_many(NQ_FINDINGS_MAX + 5, true);
    assert_int_equal(findings.row_count, NQ_FINDINGS_MAX);
    const struct nq_finding *last = findings.rows[NQ_FINDINGS_MAX - 1];
    assert_string_equal(last->check, "more-findings");
    assert_int_equal(last->index, NQ_FINDING_LAST);
    assert_non_null(strstr(last->text, "shown: 6; "));
    for (size_t i = 1; i < findings.row_count; i++) {
        assert_true(findings.rows[i - 1]->index < findings.rows[i]->index);
    }
    (void)announced();
    /* Those that had no place get one when there is room again. */
    see_many(10, false);
    pass(DELAY_MS);
    see_many(10, false);
    see_many(NQ_FINDINGS_MAX + 5, true);
    pass(DELAY_MS);
    see_many(1, false);
    assert_int_equal(findings.left_out, 0);
    assert_int_equal(findings.row_count, NQ_FINDINGS_MAX - 5);
    assert_string_equal(findings.rows[findings.row_count - 1]->check, "group-excluded");
}

static void what_has_no_row_and_is_right_again_is_left_out_no_more(void **state)
{
    (void)state;
    see_many(NQ_FINDINGS_MAX, true);
    pass(DELAY_MS);
    see_many(NQ_FINDINGS_MAX, true);
    assert_int_equal(findings.left_out, 1);
    const struct nq_verdict last = {.check = NQ_CHECK_GROUP_EXCLUDED,
                                    .object = "group 499"};
    nq_findings_take(&findings, &last);
    pass(DELAY_MS);
    nq_findings_take(&findings, &last);
    assert_int_equal(findings.left_out, 0);
    assert_int_equal(findings.row_count, NQ_FINDINGS_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FINDING_TEST(one_reading_is_no_finding_and_two_are),
        FINDING_TEST(readings_that_follow_too_soon_are_none),
        FINDING_TEST(a_reading_between_that_differs_begins_anew),
        FINDING_TEST(without_a_delay_it_still_takes_two_readings_in_a_row),
        FINDING_TEST(a_finding_that_is_right_again_goes_with_its_last_values),
        FINDING_TEST(the_text_changes_without_a_word),
        FINDING_TEST(what_came_and_went_before_the_commit_is_not_told),
        FINDING_TEST(checks_and_objects_are_apart),
        FINDING_TEST(a_finding_has_its_number_for_good),
        FINDING_TEST(a_restart_changes_and_tells_nothing),
        FINDING_TEST(a_finding_follows_its_manager_to_another_place),
        FINDING_TEST(what_is_not_configured_any_more_is_over),
        FINDING_TEST(what_is_not_understood_in_the_state_is_passed_over),
        FINDING_TEST(what_is_configured_is_believed_at_once),
        FINDING_TEST(a_judgement_of_the_settings_leaves_the_rest_alone),
        FINDING_TEST(a_setting_that_was_corrected_while_the_engine_was_away_is_over),
        FINDING_TEST(above_the_limit_the_last_row_says_so),
        FINDING_TEST(what_has_no_row_and_is_right_again_is_left_out_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
