/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_unmatched.c: what no trigger recognises is kept for `nsx-quarantine learn`. */
#include "story.h"

#define FOREIGN                                                                          \
    "-\nUDP: [10.1.1.1]:0\n.1.3.6.1.6.3.1.1.4.1.0 .1.3.6.1.4.1.9.9\n.1.3.9 %d\n"

static void send_foreign(struct world *world, int value)
{
    char text[200];
    (void)snprintf(text, sizeof(text), FOREIGN, value);
    world_trap_text(world, text);
    world_settle(world);
}

static void a_foreign_trap_is_kept_before_its_sender_is_answered(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_break_store(world, true);
    send_foreign(world, 1);
    assert_int_equal(world_put_off(world), 1);
    assert_null(world_unmatched(world, 0));
    world_break_store(world, false);
    world_advance(world, 2000);
    send_foreign(world, 2);
    assert_int_equal(world_stored(world), 1);
    const struct nq_unmatched *kept = world_unmatched(world, 0);
    assert_non_null(kept);
    assert_string_equal(kept->trap_oid, ".1.3.6.1.4.1.9.9");
    assert_string_equal(kept->source, "10.1.1.1");
    world_advance(world, 1000);
    assert_non_null(strstr(world_unmatched(world, 0)->text, "\n.1.3.9 2\n"));
    assert_balance(world);
    world_free(world);
}

static void what_a_trigger_recognises_is_not_kept(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_detect(world, "", "names nobody");
    world_trap_text(world, "no trap");
    world_settle(world);
    assert_null(world_unmatched(world, 0));
    assert_int_equal(world_case_count(world), 1);
    world_free(world);
}

static void the_last_repetition_is_written_though_nothing_else_happens(void **state)
{
    (void)state;
    struct world *world = world_new();
    for (int i = 1; i <= 1000; i++) {
        send_foreign(world, i);
    }
    assert_int_equal(world_unmatched_puts(world), 1);
    assert_int_equal(world_unmatched(world, 0)->count, 1);
    world_advance(world, 1000);
    assert_int_equal(world_unmatched_puts(world), 2);
    assert_int_equal(world_unmatched(world, 0)->count, 1000);
    assert_non_null(strstr(world_unmatched(world, 0)->text, "\n.1.3.9 1000\n"));
    const size_t commits = world_commits(world);
    world_advance(world, 60000);
    assert_int_equal(world_commits(world), commits);
    assert_int_equal(world_counter(world, NQ_COUNT_TRAPS_IGNORED), 1000);
    assert_balance(world);
    world_free(world);
}

static void a_stop_writes_what_was_put_off_and_the_next_start_goes_on(void **state)
{
    (void)state;
    struct world *world = world_new();
    send_foreign(world, 1);
    send_foreign(world, 2);
    world_stop(world);
    assert_int_equal(world_unmatched(world, 0)->count, 2);
    world_start(world);
    send_foreign(world, 3);
    assert_int_equal(world_unmatched(world, 0)->count, 3);
    assert_int_equal(world_unmatched(world, 0)->number, 1);
    assert_null(world_unmatched(world, 1));
    world_free(world);
}

static void a_crash_loses_no_more_than_a_second_of_repetitions(void **state)
{
    (void)state;
    struct world *world = world_new();
    send_foreign(world, 1);
    send_foreign(world, 2);
    world_crash(world, false);
    assert_int_equal(world_unmatched(world, 0)->count, 1);
    send_foreign(world, 3);
    assert_int_equal(world_unmatched(world, 0)->count, 2);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_foreign_trap_is_kept_before_its_sender_is_answered),
        cmocka_unit_test(what_a_trigger_recognises_is_not_kept),
        cmocka_unit_test(the_last_repetition_is_written_though_nothing_else_happens),
        cmocka_unit_test(a_stop_writes_what_was_put_off_and_the_next_start_goes_on),
        cmocka_unit_test(a_crash_loses_no_more_than_a_second_of_repetitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
