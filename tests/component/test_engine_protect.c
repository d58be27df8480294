/* SPDX-License-Identifier: Apache-2.0 */
/* test_engine_protect.c: a protected VM is never tagged, whichever way a case takes. */
#include "story.h"

#include "nsx/tags.h"

#define TEXT(value) (char *)(uintptr_t)(value)

static void assert_untouched(struct world *world)
{
    assert_state(world, NQ_CASE_HELD);
    assert_reason(world, NQ_REASON_PROTECTED);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    assert_false(world_vm(world, "VDI-01")->tagged);
}

static void protect_name(struct world *world, const char *pattern)
{
    static char *patterns[1];
    patterns[0] = TEXT(pattern);
    world_conf(world)->protect.names = patterns;
    world_conf(world)->protect.name_count = 1;
}

static void protect_tag(struct world *world)
{
    static struct nq_tag_conf tags[] = {{.value = TEXT("core")}};
    world_conf(world)->protect.tags = tags;
    world_conf(world)->protect.tag_count = 1;
}

static void protect_group(struct world *world)
{
    static struct nq_protected_group_conf groups[] = {{.path = TEXT("/infra/dc")}};
    world_conf(world)->protect.groups = groups;
    world_conf(world)->protect.group_count = 1;
}

static void a_name_protects(void **state)
{
    (void)state;
    struct world *world = world_new();
    protect_name(world, "vdi-0*");
    world_detect(world, "10.20.1.11", "Eicar"); /* whatever the trap calls it */
    world_run(world, 2000);
    assert_untouched(world);
    assert_non_null(strstr(world_case(world)->reason_text, "vdi-0*"));
    assert_int_equal(world_notices(world, NQ_NOTICE_HELD), 1);
    world_free(world);
}

static void approval_does_not_overrule_protection(void **state)
{
    (void)state;
    struct world *world = world_new();
    protect_name(world, "VDI-01");
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    assert_untouched(world);
    command(world, NQ_WANT_APPROVE);
    world_run(world, 2000);
    assert_untouched(world);
    command(world, NQ_WANT_RETRY);
    world_run(world, 2000);
    assert_untouched(world);
    command(world, NQ_WANT_DISMISS);
    assert_state(world, NQ_CASE_RELEASED);
    world_free(world);
}

static void a_request_does_not_overrule_protection(void **state)
{
    (void)state;
    struct world *world = world_new();
    protect_name(world, "VDI-01");
    assert_int_equal(
        nq_engine_quarantine(world_engine(world), "VDI-01", "by hand", "nqoperator"), 1);
    world_run(world, 2000);
    assert_untouched(world);
    world_free(world);
}

static void observe_mode_says_that_it_is_protected(void **state)
{
    (void)state;
    struct world *world = world_new_in_mode(NQ_MODE_OBSERVE);
    protect_name(world, "VDI-01");
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    assert_untouched(world);
    nq_engine_set_mode(world_engine(world), NQ_MODE_ENFORCE, "operator");
    world_run(world, 2000);
    assert_untouched(world);
    world_free(world);
}

static void a_protected_tag_is_read_from_nsx_itself(void **state)
{
    (void)state;
    struct world *world = world_new();
    protect_tag(world);
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    assert_true(world_is_waiting(world, CALL_FIND));
    (void)world_answer(world); /* the inventory does not show it yet */
    world_vm(world, "VDI-01")->more_tags = NQ_TAGS_PROTECTED(0);
    assert_true(world_is_waiting(world, CALL_READ));
    world_run(world, 2000);
    assert_untouched(world);
    world_free(world);
}

static void a_vm_without_the_protected_tag_is_isolated(void **state)
{
    (void)state;
    struct world *world = world_new();
    protect_tag(world);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void a_group_of_nsx_protects(void **state)
{
    (void)state;
    struct world *world = world_new();
    protect_group(world);
    world_vm(world, "VDI-01")->protector = "/infra/dc";
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    assert_untouched(world);
    assert_non_null(strstr(world_case(world)->reason_text, "/infra/dc"));
    world_detect(world, "VDI-02", "Eicar");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void nothing_is_written_while_the_groups_cannot_be_read(void **state)
{
    (void)state;
    struct world *world = world_new();
    protect_group(world);
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    (void)world_answer(world);
    assert_true(world_is_waiting(world, CALL_PROTECTOR));
    world_fail(world, NQ_NSX_SERVER, false);
    assert_state(world, NQ_CASE_TAGGING);
    assert_reason(world, NQ_REASON_NSX_UNREACHABLE);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    world_run(world, 5000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

static void a_group_that_nsx_does_not_know_stops_the_case(void **state)
{
    (void)state;
    struct world *world = world_new();
    protect_group(world);
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    (void)world_answer(world);
    world_fail(world, NQ_NSX_NOT_FOUND, false);
    assert_state(world, NQ_CASE_FAILED);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    world_free(world);
}

static void what_the_engine_depends_on_is_protected_by_default(void **state)
{
    (void)state;
    static const char *const servers[] = {"10.20.1.11", "vdi-01.corp.example", "VDI-01"};
    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
        struct world *world = world_new();
        world_conf(world)->protect.infrastructure = true;
        world_set_server(world, servers[i]);
        world_detect(world, "VDI-01", "Eicar");
        world_run(world, 2000);
        assert_untouched(world);
        assert_non_null(strstr(world_case(world)->reason_text, servers[i]));
        world_free(world);
    }
}

static void a_source_of_traps_is_protected_unless_it_reports_about_itself(void **state)
{
    (void)state;
    for (int protect = 0; protect < 2; protect++) {
        struct world *world = world_new();
        world_conf(world)->protect.infrastructure = true;
        world_conf(world)->sources[0].protect = protect;
        world_vm(world, "VDI-01")->address = WORLD_SENDER;
        world_detect(world, "VDI-01", "Eicar");
        world_run(world, 2000);
        assert_state(world, protect ? NQ_CASE_HELD : NQ_CASE_ISOLATED);
        world_free(world);
    }
}

static void a_prefix_of_sources_protects_nobody(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_conf(world)->protect.infrastructure = true;
    world_conf(world)->sources[0].protect = true;
    world_conf(world)->sources[0].address = TEXT("10.0.0.0/8");
    world_restart(world);
    world_detect(world, "VDI-01", "Eicar");
    world_run(world, 2000);
    assert_state(world, NQ_CASE_ISOLATED);
    world_free(world);
}

/* The lost tag of a VM that was protected meanwhile is not put back. */
static void protection_stands_before_every_write(void **state)
{
    (void)state;
    struct world *world = isolated_world();
    protect_name(world, "VDI-01");
    world_vm(world, "VDI-01")->tagged = false;
    world_vm(world, "VDI-01")->member = false;
    world_run(world, 15000);
    assert_state(world, NQ_CASE_HELD);
    assert_reason(world, NQ_REASON_PROTECTED);
    assert_int_equal(world_added(world), 1);
    command(world, NQ_WANT_RELEASE); /* our tag may be on it */
    world_run(world, 2000);
    assert_state(world, NQ_CASE_RELEASED);
    assert_false(world_vm(world, "VDI-01")->tagged);
    world_free(world);
}

/* A state that could not be written for long: what was known of the VM is too old. */
static void what_was_known_long_ago_is_asked_for_again(void **state)
{
    (void)state;
    struct world *world = world_new();
    world_detect(world, "VDI-01", "Eicar");
    world_settle(world);
    world_break_store(world, true);
    (void)world_answer(world);
    world_advance(world, 600000);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    protect_name(world, "renamed");
    world_vm(world, "VDI-01")->name = "renamed";
    world_break_store(world, false);
    world_run(world, 5000);
    assert_state(world, NQ_CASE_HELD);
    assert_reason(world, NQ_REASON_PROTECTED);
    assert_int_equal(world_calls(world, CALL_ADD), 0);
    world_free(world);
}

static const char *own_host;
static size_t asked;

static void each_own_host(nq_server_fn *fn, void *arg)
{
    asked++;
    fn(arg, own_host);
}

static void
this_machine_is_protected_and_asked_for_its_names_once_in_a_moment(void **state)
{
    (void)state;
    struct world *world = world_new_closed();
    (void)world_add_vm(world, &(struct world_vm){.external_id = "id-3",
                                                 .name = "VDI-03",
                                                 .host_name = "",
                                                 .address = "",
                                                 .type = "REGULAR"});
    world_conf(world)->protect.infrastructure = true;
    world_set_own_hosts(world, each_own_host);
    own_host = "vdi-02";
    asked = 0;
    world_start(world);
    world_detect(world, "VDI-01", "Eicar");
    world_detect(world, "VDI-02", "Eicar");
    world_settle(world);
    while (world_answer(world)) {
    }
    assert_reason(world, NQ_REASON_PROTECTED);
    assert_int_equal(world_added(world), 1);
    assert_int_equal(asked, 1);
    own_host = "VDI-03"; /* it got another name */
    world_advance(world, 1000);
    world_detect(world, "VDI-03", "Eicar");
    world_run(world, 500);
    assert_reason(world, NQ_REASON_PROTECTED);
    assert_int_equal(world_added(world), 1);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_protects),
        cmocka_unit_test(approval_does_not_overrule_protection),
        cmocka_unit_test(a_request_does_not_overrule_protection),
        cmocka_unit_test(observe_mode_says_that_it_is_protected),
        cmocka_unit_test(a_protected_tag_is_read_from_nsx_itself),
        cmocka_unit_test(a_vm_without_the_protected_tag_is_isolated),
        cmocka_unit_test(a_group_of_nsx_protects),
        cmocka_unit_test(nothing_is_written_while_the_groups_cannot_be_read),
        cmocka_unit_test(a_group_that_nsx_does_not_know_stops_the_case),
        cmocka_unit_test(what_the_engine_depends_on_is_protected_by_default),
        cmocka_unit_test(a_source_of_traps_is_protected_unless_it_reports_about_itself),
        cmocka_unit_test(a_prefix_of_sources_protects_nobody),
        cmocka_unit_test(protection_stands_before_every_write),
        cmocka_unit_test(what_was_known_long_ago_is_asked_for_again),
        cmocka_unit_test(
            this_machine_is_protected_and_asked_for_its_names_once_in_a_moment),
    };
    return cmocka_run_group_tests_name("engine_protect", tests, NULL, NULL);
}
