/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_audit.c: every decision leaves an entry: who decided, on what evidence. */
#include "story.h"

static size_t entry_count(struct world *world)
{
    size_t count;
    (void)nq_engine_log(world_engine(world), &count);
    return count;
}

/* The newest entry with this event; NULL: none. */
static const struct nq_log_entry *entry_of(struct world *world, const char *event)
{
    size_t count;
    const struct nq_log_entry *const *log = nq_engine_log(world_engine(world), &count);
    for (size_t i = count; i-- > 0;) {
        if (strcmp(log[i]->event, event) == 0) {
            return log[i];
        }
    }
    return NULL;
}

static void assert_entry(struct world *world, const char *event, const char *actor,
                         const char *part)
{
    const struct nq_log_entry *entry = entry_of(world, event);
    if (!entry) {
        fail_msg("no entry \"%s\"", event);
    }
    assert_string_equal(entry->actor, actor);
    if (!strstr(entry->text, part)) {
        fail_msg("entry \"%s\" says \"%s\", not \"%s\"", event, entry->text, part);
    }
}

static void a_quarantine_can_be_read_from_the_log(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    const struct nq_log_entry *opened = entry_of(world, "opened");
    assert_non_null(opened);
    assert_int_equal(opened->case_id, 1);
    assert_string_equal(opened->actor, "malware");
    assert_non_null(strstr(opened->evidence, WORLD_SENDER));
    assert_non_null(strstr(opened->evidence, "proof=listed"));
    assert_non_null(strstr(opened->evidence, ".1.3.6.1.4.1.32473.2=VDI-01"));
    assert_entry(world, "admitted", "engine", "neither guard nor governor");
    assert_entry(world, "present", "malware", "tagging -> tagged");
    assert_entry(world, "proven", "malware", "tagged -> isolated");
    command(world, NQ_WANT_RELEASE);
    world_run(world, 2000);
    assert_entry(world, "release", "operator", "isolated -> releasing");
    assert_entry(world, "absent", "operator", "releasing -> released");
    world_free(world);
}

static void entries_are_numbered_without_a_gap_and_survive_a_crash(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    const size_t before = entry_count(world);
    world_crash(world, false);
    assert_int_equal(entry_count(world), before);
    nq_engine_set_mode(world_engine(world), NQ_MODE_OBSERVE, "operator");
    world_settle(world);
    size_t count;
    const struct nq_log_entry *const *log = nq_engine_log(world_engine(world), &count);
    for (size_t i = 1; i < count; i++) {
        assert_int_equal(log[i]->number, log[i - 1]->number + 1);
    }
    assert_int_equal(count, before + 1);
    world_free(world);
}

static void what_is_not_committed_is_not_in_the_log_after_a_crash(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    const size_t before = entry_count(world);
    world_break_store(world, true);
    nq_engine_comment(world_engine(world), 1, "never kept", "operator");
    world_settle(world);
    assert_int_equal(entry_count(world), before + 1);
    world_break_store(world, false);
    world_crash(world, false);
    assert_null(entry_of(world, "comment"));
    nq_engine_comment(world_engine(world), 1, "kept", "operator");
    world_settle(world);
    assert_entry(world, "comment", "operator", "kept");
    world_free(world);
}

static void decisions_about_the_engine_are_entered_too(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_conf(world)->governor.vms.hour = 1;
    nq_engine_set_mode(world_engine(world), NQ_MODE_STOPPED, "first");
    nq_engine_set_mode(world_engine(world), NQ_MODE_ENFORCE, "second");
    world_detect(world, "VDI-01", "Eicar");
    world_detect(world, "VDI-02", "Eicar");
    world_run(world, 2000);
    nq_engine_rearm(world_engine(world), "third");
    nq_engine_reconcile(world_engine(world), "fourth");
    world_settle(world);
    assert_entry(world, "mode", "second", "from=stopped to=enforce");
    assert_entry(world, "governorTripped", "engine", "governor.per_hour");
    assert_entry(world, "governed", "malware", "reason=governor");
    assert_entry(world, "governorRearmed", "third", "");
    assert_entry(world, "reconcile", "fourth", "");
    world_free(world);
}

static void refused_traps_make_one_entry_a_minute(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_advance(world, 1);
    for (int i = 0; i < 30; i++) { /* no computer in it */
        world_send(world, WORLD_SENDER, WORLD_DETECTION, "", "Eicar");
    }
    world_settle(world);
    const size_t first = entry_count(world);
    assert_entry(world, "refused", WORLD_SENDER, "1 traps");
    world_advance(world, 60000);
    world_send(world, WORLD_SENDER, WORLD_DETECTION, "", "Eicar");
    world_settle(world);
    assert_int_equal(entry_count(world), first + 1);
    assert_entry(world, "refused", WORLD_SENDER, "30 traps");
    world_free(world);
}

static void text_of_an_attacker_is_escaped(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01\nforged line", "Eicar\x1b[31m");
    world_settle(world);
    const struct nq_log_entry *opened = entry_of(world, "opened");
    assert_null(strchr(opened->text, '\n'));
    assert_null(strchr(opened->evidence, '\x1b'));
    world_free(world);
}

static void the_table_shows_the_newest_thousand(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    for (int i = 0; i < 2500; i++) {
        nq_engine_comment(world_engine(world), 1, i % 2 ? "a" : "b", "operator");
        if (i % 50 == 0) {
            world_settle(world);
        }
    }
    world_settle(world);
    size_t count;
    const struct nq_log_entry *const *log = nq_engine_log(world_engine(world), &count);
    assert_int_equal(count, NQ_LOG_SHOWN);
    assert_int_equal(log[count - 1]->number, log[0]->number + NQ_LOG_SHOWN - 1);
    assert_true(log[count - 1]->number > 2500);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quarantine_can_be_read_from_the_log),
        cmocka_unit_test(entries_are_numbered_without_a_gap_and_survive_a_crash),
        cmocka_unit_test(what_is_not_committed_is_not_in_the_log_after_a_crash),
        cmocka_unit_test(decisions_about_the_engine_are_entered_too),
        cmocka_unit_test(refused_traps_make_one_entry_a_minute),
        cmocka_unit_test(text_of_an_attacker_is_escaped),
        cmocka_unit_test(the_table_shows_the_newest_thousand),
    };
    return cmocka_run_group_tests_name("engine_audit", tests, NULL, NULL);
}
