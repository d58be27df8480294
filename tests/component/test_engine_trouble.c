/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_trouble.c: NSX, the inventory or other people get in the way. */
#include "story.h"

/* ---- trouble ------------------------------------------------------------------------ */

static void nsx_trouble_keeps_the_case_with_its_reason(void **state)
{
    (void)state;
    static const struct {
        enum nq_code code;
        enum nq_reason reason;
    } rows[] = {
        {NQ_NSX_UNREACHABLE, NQ_REASON_NSX_UNREACHABLE},
        {NQ_NSX_TIMEOUT, NQ_REASON_NSX_UNREACHABLE},
        {NQ_NSX_BUSY, NQ_REASON_NSX_UNREACHABLE},
        {NQ_NSX_SERVER, NQ_REASON_NSX_UNREACHABLE},
        {NQ_NSX_ANSWER, NQ_REASON_NSX_UNREACHABLE},
        {NQ_NSX_TLS, NQ_REASON_NSX_UNREACHABLE},
        {NQ_NSX_AUTH, NQ_REASON_NSX_REFUSED},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (int point = 0; point < 3; point++) {
            struct world *world = world_new();
            world_detect(world, "VDI-01", "Eicar");
            world_settle(world);
            for (int k = 0; k < point; k++) {
                (void)world_answer(world);
            }
            world_fail(world, rows[i].code, false);
            assert_state(world, NQ_CASE_TAGGING);
            assert_reason(world, rows[i].reason);
            assert_non_null(strstr(world_case(world)->last_error, "made to fail"));
            world_run(world, 10000);
            assert_state(world, NQ_CASE_ISOLATED);
            assert_null(world_case(world)->last_error);
            assert_int_equal(world_added(world), 1);
            world_free(world);
        }
    }
}

static void retries_are_spaced_further_and_further(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    for (int i = 0; i < 600; i++) { /* a minute of failures */
        if (world_waiting(world)) {
            world_fail(world, NQ_NSX_UNREACHABLE, false);
        }
        world_advance(world, 100);
    }
    /* 1, 2, 4, 8, 8, ... seconds, of which at least the half: 8 to 17 tries. */
    assert_in_range(world_calls(world, CALL_FIND), 8, 17);
    world_free(world);
}

static void a_refusal_fails_the_case_until_a_person_retries(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    (void)world_answer(world);
    world_fail(world, NQ_NSX_REJECTED, false);
    assert_state(world, NQ_CASE_FAILED);
    assert_reason(world, NQ_REASON_NSX_REFUSED);
    assert_int_equal(world_notices(world, NQ_NOTICE_FAILED), 1);
    world_run(world, 60000);
    assert_state(world, NQ_CASE_FAILED);
    command(world, NQ_WANT_RETRY);
    world_run(world, 3000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void a_failed_release_is_retried_as_a_release(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    command(world, NQ_WANT_RELEASE);
    refuse_removal(world);
    command(world, NQ_WANT_RETRY);
    world_run(world, 5000);
    assert_state(world, NQ_CASE_RELEASED);
    assert_false(world_vm(world, "VDI-01")->tagged);
    world_free(world);
}

static void a_failed_release_can_be_turned_back_into_a_quarantine(void **state)
{
    (void)state;
    /* 0: the read after the refusal shows the tag; 1: NSX refuses that read too. */
    for (int blind = 0; blind <= 1; blind++) {
        struct world *world = isolated_world();
        command(world, NQ_WANT_RELEASE);
        if (blind) {
            world_fail(world, NQ_NSX_FORBIDDEN, false);
            world_fail(world, NQ_NSX_FORBIDDEN, false);
            assert_state(world, NQ_CASE_FAILED);
        } else {
            refuse_removal(world);
        }
        assert_int_equal(world_case(world)->wanted, NQ_WANT_RELEASE);
        command(world, NQ_WANT_QUARANTINE);
        assert_int_equal(world_case(world)->wanted, NQ_WANT_QUARANTINE);
        world_run(world, 3000);
        assert_state(world, NQ_CASE_ISOLATED);
        assert_int_equal(world_added(world), 1);
        assert_int_equal(world_removed(world), 0);
        world_free(world);
    }
}

static void the_answer_to_a_removal_is_not_taken_for_that_to_an_addition(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    command(world, NQ_WANT_RELEASE);
    (void)world_answer(world);                  /* the tag is off */
    world_fail(world, NQ_NSX_FORBIDDEN, false); /* but it may not be read */
    assert_state(world, NQ_CASE_FAILED);
    command(world, NQ_WANT_QUARANTINE);
    (void)world_answer(world); /* the look: no tag, as is to be expected */
    assert_true(world_is_waiting(world, CALL_ADD));
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void dismissing_a_failed_release_says_that_nobody_checked_the_tag(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    command(world, NQ_WANT_RELEASE);
    refuse_removal(world);
    command(world, NQ_WANT_DISMISS);
    assert_state(world, NQ_CASE_RELEASED);
    assert_reason(world, NQ_REASON_NSX_REFUSED);
    assert_non_null(strstr(world_case(world)->reason_text, "nobody checked"));
    assert_int_equal(world_waiting(world), 0);
    assert_true(world_vm(world, "VDI-01")->tagged);
    world_free(world);
}

static void a_lost_tag_is_put_back(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_vm(world, "VDI-01")->tagged = false;
    world_vm(world, "VDI-01")->member = false;
    world_run(world, 15000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_int_equal(world_added(world), 2);
    assert_string_equal(world_case(world)->changed_by, "reconciler");
    world_free(world);
}

static void a_lost_rung_is_a_change_of_state(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_vm(world, "VDI-01")->member = false;
    world_run(world, 12000);
    assert_state(world, NQ_CASE_TAGGED);
    assert_reason(world, NQ_REASON_RUNG_LOST);
    assert_non_null(strstr(world_case(world)->reason_text, "quarantine group"));
    world_vm(world, "VDI-01")->member = true;
    world_run(world, 12000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void a_vm_that_vanishes_and_returns_is_isolated_again(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_vm(world, "VDI-01")->gone = true;
    world_run(world, 12000);
    assert_state(world, NQ_CASE_VANISHED);
    world_vm(world, "VDI-01")->gone = false;
    world_vm(world, "VDI-01")->tagged = false; /* NSX forgets the tags of a lost VM */
    world_vm(world, "VDI-01")->member = false;
    world_run(world, 12000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void a_stale_external_id_is_found_anew(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    (void)world_answer(world);
    world_vm(world, "VDI-01")->gone = true; /* an instant clone: same name, new id */
    (void)world_add_vm(world, &(struct world_vm){.external_id = "id-7",
                                                 .name = "VDI-01",
                                                 .host_name = "",
                                                 .address = "",
                                                 .type = "REGULAR"});
    world_run(world, 10000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_string_equal(world_case(world)->external_id, "id-7");
    world_free(world);
}

static void an_error_is_shown_until_the_next_proof(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    world_advance(world, 10000);
    assert_true(world_is_waiting(world, CALL_PROVE));
    world_fail(world, NQ_NSX_BUSY, false);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_non_null(world_case(world)->last_error);
    world_run(world, 12000);
    assert_state(world, NQ_CASE_ISOLATED);
    assert_null(world_case(world)->last_error);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_is_shown_until_the_next_proof),
        cmocka_unit_test(nsx_trouble_keeps_the_case_with_its_reason),
        cmocka_unit_test(retries_are_spaced_further_and_further),
        cmocka_unit_test(a_refusal_fails_the_case_until_a_person_retries),
        cmocka_unit_test(a_failed_release_is_retried_as_a_release),
        cmocka_unit_test(a_failed_release_can_be_turned_back_into_a_quarantine),
        cmocka_unit_test(the_answer_to_a_removal_is_not_taken_for_that_to_an_addition),
        cmocka_unit_test(dismissing_a_failed_release_says_that_nobody_checked_the_tag),
        cmocka_unit_test(a_lost_tag_is_put_back),
        cmocka_unit_test(a_lost_rung_is_a_change_of_state),
        cmocka_unit_test(a_vm_that_vanishes_and_returns_is_isolated_again),
        cmocka_unit_test(a_stale_external_id_is_found_anew),
    };
    return cmocka_run_group_tests_name("engine trouble", tests, NULL, NULL);
}
