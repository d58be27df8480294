/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_senders.c: who may trigger what: proof, floods, and traps that release. */
#include "story.h"

#include "base/text.h"

static void expect_balance(const struct world *world)
{
    const enum nq_counter parts[] = {NQ_COUNT_TRAPS_ACTED,   NQ_COUNT_TRAPS_COALESCED,
                                     NQ_COUNT_TRAPS_IGNORED, NQ_COUNT_TRAPS_HELD,
                                     NQ_COUNT_TRAPS_REFUSED, NQ_COUNT_TRAPS_MALFORMED};
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        sum += world_counter(world, parts[i]);
    }
    assert_int_equal(sum, world_counter(world, NQ_COUNT_TRAPS_RECEIVED));
}

static void forge(struct world *world, const char *computer)
{
    world_send(world, WORLD_STRANGER, WORLD_DETECTION, computer, "Eicar");
    world_settle(world);
}

/* ---- proof -------------------------------------------------------------------------- */

static void a_trap_of_a_stranger_is_held_and_names_him(void **state)
{
    (void)state;
    struct world *world = world_new();
    forge(world, "VDI-01");
    world_run(world, 60000);
    assert_state(world, NQ_CASE_HELD);
    assert_reason(world, NQ_REASON_UNPROVEN);
    assert_non_null(strstr(world_case(world)->reason_text, WORLD_STRANGER));
    assert_int_equal(world_calls(world, CALL_FIND), 0);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_HELD), 1);
    assert_int_equal(world_notices(world, NQ_NOTICE_HELD), 1);
    assert_int_equal(world_stored(world), 1);
    expect_balance(world);
    world_free(world);
}

static void a_person_may_approve_what_nothing_proves(void **state)
{
    (void)state;
    struct world *world = world_new();
    forge(world, "VDI-01");
    command(world, NQ_WANT_APPROVE);
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void a_real_trap_is_not_swallowed_by_a_forged_one(void **state)
{
    (void)state;
    struct world *world = world_new();
    forge(world, "VDI-01");
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_int_equal(world_case_count(world), 1);
    assert_int_equal(world_case(world)->signals, 2);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_ACTED), 1);
    expect_balance(world);
    world_free(world);
}

static void observe_mode_only_records_what_is_confirmed(void **state)
{
    (void)state;
    struct world *world = world_new_in_mode(NQ_MODE_OBSERVE);
    forge(world, "VDI-01");
    assert_state(world, NQ_CASE_HELD);
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    assert_state(world, NQ_CASE_OBSERVED);
    world_run(world, 2000);
    assert_state(world, NQ_CASE_OBSERVED);
    assert_string_equal(world_case(world)->external_id, "id-1");
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    world_free(world);
}

/* Else one datagram, and an operator who sees through it, would keep a VM out of
 * quarantine for the immunity time. */
static void a_dismissed_forgery_makes_nobody_immune(void **state)
{
    (void)state;
    struct world *world = world_new();
    forge(world, "VDI-01");
    command(world, NQ_WANT_DISMISS);
    assert_state(world, NQ_CASE_RELEASED);
    forge(world, "VDI-01");
    assert_int_equal(world_case_count(world), 1); /* the forger gets no second row */
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    expect_balance(world);
    world_free(world);
}

static void a_stranger_adds_nothing_to_a_real_case(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    forge(world, "VDI-01");
    assert_int_equal(world_case(world)->signals, 1);
    assert_int_equal(world_refused(world), 1);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_REFUSED), 1);
    expect_balance(world);
    world_free(world);
}

static void held_rows_of_strangers_are_bounded(void **state)
{
    (void)state;
    struct world *world = world_new(); /* unproven_max is 3 */
    for (int i = 0; i < 20; i++) {
        char computer[16];
        (void)snprintf(computer, sizeof(computer), "VM-%d", i);
        forge(world, computer);
    }
    assert_int_equal(world_case_count(world), 3);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_HELD), 3);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_REFUSED), 17);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    expect_balance(world);
    world_free(world);
}

/* ---- forwarders --------------------------------------------------------------------- */

static struct nq_trap detection(const char *source, const char *forwarded_for)
{
    static struct nq_varbind varbinds[] = {
        {.oid = ".1.3.6.1.4.1.32473.2", .value = "VDI-01", .value_len = 6},
        {.oid = ".1.3.6.1.4.1.32473.3", .value = "Eicar", .value_len = 5},
    };
    return (struct nq_trap){.source = (char *)(uintptr_t)source,
                            .forwarded_for = (char *)(uintptr_t)forwarded_for,
                            .version = NQ_SNMP_V2C,
                            .trap_oid = (char *)(uintptr_t)WORLD_DETECTION,
                            .varbinds = varbinds,
                            .varbind_count = 2};
}

static void a_forwarder_is_believed_about_the_sender(void **state)
{
    (void)state;
    struct world *world = world_new();
    const struct nq_trap trap = detection(WORLD_FORWARDER, WORLD_SENDER);
    world_trap(world, &trap);
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void nobody_else_is_believed_about_the_sender(void **state)
{
    (void)state;
    struct world *world = world_new();
    const struct nq_trap trap = detection(WORLD_STRANGER, WORLD_SENDER);
    world_trap(world, &trap);
    world_run(world, 2000);
    assert_state(world, NQ_CASE_HELD);
    assert_non_null(strstr(world_case(world)->reason_text, WORLD_STRANGER));
    world_free(world);
}

static void a_forwarder_that_names_nobody_proves_nothing(void **state)
{
    (void)state;
    struct world *world = world_new();
    const struct nq_trap trap = detection(WORLD_FORWARDER, NULL);
    world_trap(world, &trap);
    world_run(world, 2000);
    assert_state(world, NQ_CASE_HELD);
    assert_reason(world, NQ_REASON_UNPROVEN);
    world_free(world);
}

static void a_forwarded_stranger_is_named_with_the_forwarder(void **state)
{
    (void)state;
    struct world *world = world_new();
    const struct nq_trap trap = detection(WORLD_FORWARDER, WORLD_STRANGER);
    world_trap(world, &trap);
    world_settle(world);
    assert_state(world, NQ_CASE_HELD);
    assert_non_null(strstr(world_case(world)->reason_text,
                           WORLD_STRANGER " by way of " WORLD_FORWARDER));
    world_free(world);
}

/* ---- floods ------------------------------------------------------------------------- */

static void repetitions_never_keep_out_a_new_computer(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_conf(world)->limits.traps_burst = 10;
    world_conf(world)->limits.traps_per_s = 1;
    for (int i = 0; i < 1000; i++) {
        world_detect(world, "VDI-01", "Eicar");
    }
    world_detect(world, "VDI-02", "Eicar");
    world_settle(world);
    assert_int_equal(world_case_count(world), 2);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_COALESCED), 999);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_REFUSED), 0);
    expect_balance(world);
    world_free(world);
}

static void a_source_above_its_limit_is_refused_and_counted(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_conf(world)->limits.traps_burst = 4;
    world_conf(world)->limits.traps_per_s = 1;
    for (int i = 0; i < 8; i++) {
        char computer[16];
        (void)snprintf(computer, sizeof(computer), "VM-%d", i);
        world_detect(world, computer, "Eicar");
    }
    world_settle(world);
    assert_int_equal(world_case_count(world), 4);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_REFUSED), 4);
    assert_int_equal(world_refused(world), 4);
    world_advance(world, 1000);
    world_detect(world, "VDI-02", "Eicar");
    world_settle(world);
    assert_int_equal(world_case_count(world), 5);
    expect_balance(world);
    world_free(world);
}

/* ---- actions ------------------------------------------------------------------------ */

static void other(struct world *world, const char *source, const char *computer)
{
    world_send(world, source, WORLD_OTHER, computer, "");
    world_run(world, 2000);
}

static void a_release_trap_releases_by_any_name_of_the_vm(void **state)
{
    (void)state;
    static const char *const names[] = {"VDI-01", "vdi-01", "10.20.1.11",
                                        "vdi-01.corp.example"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct world *world = isolated_world();
        other(world, WORLD_SENDER, names[i]);
        assert_state(world, NQ_CASE_RELEASED);
        assert_string_equal(world_case(world)->changed_by, "other");
        assert_false(world_vm(world, "VDI-01")->tagged);
        assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_ACTED), 2);
        expect_balance(world);
        world_free(world);
    }
}

static void a_forged_release_releases_nothing(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    other(world, WORLD_STRANGER, "VDI-01");
    assert_state(world, NQ_CASE_ISOLATED);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_REFUSED), 1);
    assert_int_equal(world_case_count(world), 1);
    expect_balance(world);
    world_free(world);
}

static void a_release_of_what_is_not_quarantined_is_ignored(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    other(world, WORLD_SENDER, "VDI-02");
    assert_state(world, NQ_CASE_ISOLATED);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_IGNORED), 1);
    expect_balance(world);
    world_free(world);
}

static void notes_and_finished_scans_are_evidence_and_change_nothing(void **state)
{
    (void)state;
    static const enum nq_trigger_action actions[] = {NQ_ACTION_NOTE,
                                                     NQ_ACTION_SCAN_FINISHED};
    for (size_t i = 0; i < 2; i++) {
        struct world *world = isolated_world();
        world_conf(world)->triggers[1].action = actions[i];
        other(world, WORLD_SENDER, "VDI-01");
        assert_state(world, NQ_CASE_ISOLATED);
        assert_int_equal(world_case(world)->signals, 2);
        assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_COALESCED), 1);
        other(world, WORLD_SENDER, "VDI-02");
        assert_int_equal(world_case_count(world), 1);
        assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_IGNORED), 1);
        expect_balance(world);
        world_free(world);
    }
}

/* Such a trap is held against every row. */
static void a_flood_of_release_traps_is_refused(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_conf(world)->limits.traps_burst = 4;
    world_conf(world)->limits.traps_per_s = 1;
    for (int i = 0; i < 8; i++) {
        world_send(world, WORLD_SENDER, WORLD_OTHER, "nobody", "");
    }
    world_settle(world);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_IGNORED), 4);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_REFUSED), 4);
    expect_balance(world);
    world_free(world);
}

static void a_note_about_nobody_is_ignored(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_conf(world)->triggers[1].action = NQ_ACTION_NOTE;
    other(world, WORLD_SENDER, "");
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_IGNORED), 1);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_MALFORMED), 0);
    world_free(world);
}

/* ---- listeners ---------------------------------------------------------------------- */

static void what_is_no_trap_is_counted(void **state)
{
    (void)state;
    struct world *world = world_new();
    nq_engine_no_trap(world_engine(world), false, "192.0.2.1", "garbage");
    nq_engine_no_trap(world_engine(world), true, "192.0.2.1", "wrong digest");
    world_settle(world);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_MALFORMED), 1);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_REFUSED), 1);
    expect_balance(world);
    world_free(world);
}

static void kernel_drops_are_counted_once_and_through_restarts(void **state)
{
    (void)state;
    struct world *world = world_new();
    struct nq_engine_view view;
    nq_engine_kernel_drops(world_engine(world), "udp:127.0.0.1:162", 7, 0);
    nq_engine_kernel_drops(world_engine(world), "udp:127.0.0.1:162", 7, 5);
    world_settle(world);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_KERNEL_DROPS), 5);
    nq_engine_view(world_engine(world), &view);
    assert_int_equal(view.health, NQ_HEALTH_DEGRADED);

    world_restart(world); /* somebody else holds the socket, which loses 3 more */
    nq_engine_kernel_drops(world_engine(world), "udp:127.0.0.1:162", 7, 8);
    world_settle(world);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_KERNEL_DROPS), 8);

    nq_engine_kernel_drops(world_engine(world), "udp:127.0.0.1:162", 9,
                           2); /* a new one */
    world_settle(world);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_KERNEL_DROPS), 10);
    world_advance(world, 16 * 60 * 1000);
    nq_engine_view(world_engine(world), &view);
    assert_int_equal(view.health, NQ_HEALTH_OK);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trap_of_a_stranger_is_held_and_names_him),
        cmocka_unit_test(a_person_may_approve_what_nothing_proves),
        cmocka_unit_test(a_real_trap_is_not_swallowed_by_a_forged_one),
        cmocka_unit_test(observe_mode_only_records_what_is_confirmed),
        cmocka_unit_test(a_dismissed_forgery_makes_nobody_immune),
        cmocka_unit_test(a_stranger_adds_nothing_to_a_real_case),
        cmocka_unit_test(held_rows_of_strangers_are_bounded),
        cmocka_unit_test(a_forwarder_is_believed_about_the_sender),
        cmocka_unit_test(nobody_else_is_believed_about_the_sender),
        cmocka_unit_test(a_forwarder_that_names_nobody_proves_nothing),
        cmocka_unit_test(a_forwarded_stranger_is_named_with_the_forwarder),
        cmocka_unit_test(repetitions_never_keep_out_a_new_computer),
        cmocka_unit_test(a_source_above_its_limit_is_refused_and_counted),
        cmocka_unit_test(a_release_trap_releases_by_any_name_of_the_vm),
        cmocka_unit_test(a_forged_release_releases_nothing),
        cmocka_unit_test(a_release_of_what_is_not_quarantined_is_ignored),
        cmocka_unit_test(notes_and_finished_scans_are_evidence_and_change_nothing),
        cmocka_unit_test(a_flood_of_release_traps_is_refused),
        cmocka_unit_test(a_note_about_nobody_is_ignored),
        cmocka_unit_test(what_is_no_trap_is_counted),
        cmocka_unit_test(kernel_drops_are_counted_once_and_through_restarts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
