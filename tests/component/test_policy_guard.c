/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps a VM from being quarantined, as NSX shows it: protected groups, protected tags,
 * UUIDs, and where the manager and its vCenters are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "nsx/tags.h"
#include "world_site.h"

#define SERVERS        SITE_GROUPS "connection-servers"
#define FILES          SITE_GROUPS "file-servers"
#define OF_SERVERS     "/policy/api/v1" SERVERS "/members/virtual-machines"
#define OF_FILES       "/policy/api/v1" FILES "/members/virtual-machines"
#define SERVER_VM      "50221a4c-7f10-4b6e-8a20-5d2c9e7b0a20"
#define FILE_VM        "50221a4c-7f10-4b6e-8a30-5d2c9e7b0a30"
#define MEMBERS_OF_ALL "/policy/api/v1/infra/domains/default/groups/"
#define VCENTERS       "/api/v1/fabric/compute-managers"
#define STORM_VMS      5000

/* ---- protected groups ---------------------------------------------------------------- */

static void expect_protector(const char *id, const char *path)
{
    struct site_reply seen;
    (void)site_start_protector(id, &seen);
    site_expect_good(&seen);
    assert_string_equal(seen.protector, path);
}

static void the_group_that_protects_a_vm_is_told(void **state)
{
    (void)state;
    site_protect_group(SERVERS);
    site_protect_group(FILES);
    site_open();
    expect_protector(SERVER_VM, SERVERS);
    expect_protector(FILE_VM, FILES);
    expect_protector(VDI_01, "");
    expect_protector(NO_VM, "");
    /* All of them were served by one reading of each group. */
    assert_int_equal(manager_requests(site.sim, "GET", OF_SERVERS), 1);
    assert_int_equal(manager_requests(site.sim, "GET", OF_FILES), 1);
}

static void without_protected_groups_nothing_is_asked(void **state)
{
    (void)state;
    site.conf.protect.groups = site.protected_groups;
    site.conf.protect.group_count = 1;
    site.protected_groups[0] =
        (struct nq_protected_group_conf){.manager = 1, .path = site.paths[0]};
    site_open();
    expect_protector(VDI_01, "");
    assert_int_equal(manager_requests(site.sim, "GET", MEMBERS_OF_ALL), 0);
}

static void what_was_read_protects_for_some_seconds_only(void **state)
{
    (void)state;
    site_protect_group(SERVERS);
    site_open();
    expect_protector(VDI_01, "");
    manager_post(site.sim, "/sim/vms",
                 "{\"external_id\":\"new\",\"display_name\":\"new\",\"tags\":[{\"scope\":"
                 "\"role\",\"tag\":\"connection-server\"}]}");
    site.ahead_ms = NQ_PROTECTOR_FRESH_MS;
    expect_protector("new", SERVERS);
    assert_int_equal(manager_requests(site.sim, "GET", OF_SERVERS), 2);
}

static void a_group_that_nsx_does_not_know_protects_by_failing(void **state)
{
    (void)state;
    struct site_reply seen;
    site_protect_group(SERVERS);
    site_protect_group(SITE_GROUPS "mistyped");
    site_open();
    for (int i = 0; i < 2; i++) { /* and nothing of it is kept */
        (void)site_start_protector(i ? SERVER_VM : VDI_01, &seen);
        site_expect_failure(&seen, NQ_NSX_NOT_FOUND);
        assert_non_null(strstr(seen.detail, SITE_GROUPS "mistyped"));
    }
}

static void a_list_that_cannot_be_read_is_no_empty_group(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        enum nq_code code;
    } faults[] = {
        {"\"status\":403", NQ_NSX_FORBIDDEN},
        {"\"status\":500", NQ_NSX_SERVER},
        {"\"truncate\":40", NQ_NSX_ANSWER},
        /* It says two, and has one. */
        {"\"status\":200,\"body\":{\"result_count\":2,\"cursor\":\"0000\",\"results\":[{"
         "\"id\":\"" VDI_02 "\",\"path\":\"/infra/x\"}]}",
         NQ_NSX_ANSWER},
    };
    struct site_reply seen;
    site_protect_group(SERVERS);
    site_open();
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        char fault[512];
        (void)snprintf(fault, sizeof(fault), "{\"path\":\"%s\",\"times\":1,%s}",
                       OF_SERVERS, faults[i].fault);
        manager_fault(site.sim, fault);
        (void)site_start_protector(VDI_01, &seen);
        site_expect_failure(&seen, faults[i].code);
    }
    expect_protector(SERVER_VM, SERVERS);
}

static size_t storm_done;
static bool storm_over;

static void on_storm(void *arg, const struct nq_reply *reply)
{
    (void)arg;
    assert_null(reply->err);
    assert_null(reply->protector);
    storm_over = ++storm_done == STORM_VMS;
}

static void a_storm_of_5000_asks_for_each_group_once(void **state)
{
    (void)state;
    const struct nq_vm_id vm = {0, VDI_01};
    site_protect_group(SERVERS);
    site_protect_group(FILES);
    site_open();
    storm_done = 0;
    storm_over = false;
    for (int i = 0; i < STORM_VMS; i++) {
        (void)site.backend->ops->read_protector(site.backend, &vm, on_storm, NULL);
    }
    manager_run_until(site.sim, &storm_over);
    assert_int_equal(manager_requests(site.sim, "GET", MEMBERS_OF_ALL), 2);
}

/* A question that comes while the lists are read is served, as long as they are young. */
static void who_comes_meanwhile_is_served_by_a_young_round_only(void **state)
{
    (void)state;
    struct site_reply seen[2];
    site_protect_group(SERVERS);
    site_open();
    for (int old = 0; old < 2; old++) {
        site.ahead_ms += NQ_PROTECTOR_FRESH_MS;
        manager_forget(site.sim);
        manager_fault(site.sim,
                      "{\"path\":\"" OF_SERVERS "\",\"hold\":true,\"times\":1}");
        (void)site_start_protector(SERVER_VM, &seen[0]);
        free(manager_get(site.sim, "/sim/held?count=1"));
        (void)site_start_protector(SERVER_VM, &seen[1]);
        site.ahead_ms += old ? NQ_PROTECTOR_FRESH_MS : 0;
        manager_post(site.sim, "/sim/release", "{}");
        site_expect_good(&seen[0]);
        site_expect_good(&seen[1]);
        assert_int_equal(manager_requests(site.sim, "GET", OF_SERVERS), 1 + old);
    }
}

static void a_question_that_is_given_up_is_not_answered(void **state)
{
    (void)state;
    struct site_reply seen[2];
    site_protect_group(SERVERS);
    site_open();
    manager_fault(site.sim, "{\"path\":\"" OF_SERVERS "\",\"hold\":true,\"times\":1}");
    struct nq_call *call = site_start_protector(SERVER_VM, &seen[0]);
    (void)site_start_protector(SERVER_VM, &seen[1]);
    free(manager_get(site.sim, "/sim/held?count=1"));
    site.backend->ops->cancel(site.backend, call);
    manager_post(site.sim, "/sim/release", "{}");
    site_expect_good(&seen[1]);
    assert_int_equal(seen[0].calls, 0);
}

/* ---- protected tags and UUIDs ---------------------------------------------------------- */

static void a_protected_tag_is_seen_wherever_a_vm_is_shown(void **state)
{
    (void)state;
    struct site_reply seen;
    site_protect_tag(NULL, "connection-server");
    site_open();
    site_find("connection-server", NULL, &seen);
    assert_int_equal(seen.tags, NQ_TAGS_PROTECTED(0));
    (void)site_start_read(SERVER_VM, &seen);
    site_expect_good(&seen);
    assert_int_equal(seen.tags, NQ_TAGS_PROTECTED(0));
    (void)site_start_prove(SERVER_VM, &seen);
    site_expect_good(&seen);
    assert_int_equal(seen.tags, NQ_TAGS_PROTECTED(0));
    site_change(NQ_TAG_ADD, SERVER_VM);
    site_find("connection-server", NULL, &seen);
    assert_int_equal(seen.tags, NQ_TAGS_PROTECTED(0) | NQ_TAGS_OURS);
    site_change(NQ_TAG_REMOVE, SERVER_VM);
    site_find("connection-server", NULL, &seen);
    assert_int_equal(seen.tags, NQ_TAGS_PROTECTED(0));
}

static void a_protected_tag_does_not_count_as_quarantine(void **state)
{
    (void)state;
    struct site_reply seen;
    site_set_text(site.paths[1], sizeof(site.paths[1]), SERVERS);
    site_protect_tag("role", "connection-server");
    site_open();
    site_find("connection-server", NULL, &seen);
    (void)site_start_groups(&seen);
    site_expect_good(&seen);
    assert_non_null(strstr(seen.groups, ";1 0 "));
}

static void a_vm_is_shown_with_all_its_uuids(void **state)
{
    (void)state;
    static const char uuids[] = VDI_01 ",42221a4c-7f10-4b6e-8a01-5d2c9e7b0a01";
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    assert_string_equal(seen.uuids, uuids);
    (void)site_start_read(VDI_01, &seen);
    site_expect_good(&seen);
    assert_string_equal(seen.uuids, uuids);
    (void)site_start_prove(VDI_01, &seen);
    site_expect_good(&seen);
    assert_string_equal(seen.uuids, uuids);
}

/* ---- servers ---------------------------------------------------------------------------- */

static void wait_for_vcenters(void)
{
    while (manager_requests(site.sim, "GET", VCENTERS) == 0) {
    }
    for (int i = 0; i < 1000 && !strstr(site_servers(), "vcenter"); i++) {
        (void)manager_requests(site.sim, "GET", ""); /* turns the loop */
    }
}

static void begin_with_vcenters(const char *vcenters)
{
    char settings[256];
    (void)snprintf(settings, sizeof(settings), "{\"compute_managers\":[%s]}", vcenters);
    site.sim = manager_free(site.sim);
    site.sim = manager_new_with("tests/data/sim/vdi.json", settings);
    site_set_text(site.url, sizeof(site.url), manager_url(site.sim));
}

static void the_manager_and_its_vcenters_are_known_by_name_and_address(void **state)
{
    (void)state;
    struct site_reply seen;
    begin_with_vcenters(
        "{\"server\":\"vcenter-1.corp.example\"},{\"server\":\"192.0.2.5\"}");
    char local[64];
    char *pin = manager_pin(); /* the certificate is for the address */
    (void)snprintf(local, sizeof(local), "https://localhost%s", strrchr(site.url, ':'));
    site_set_text(site.url, sizeof(site.url), local);
    site.manager.access.ca_file = NULL;
    site.manager.access.pinned_key = pin;
    site_open();
    assert_string_equal(site_servers(), "localhost;"); /* nobody has answered yet */
    site_find("vdi-01", NULL, &seen);
    wait_for_vcenters();
    assert_string_equal(site_servers(),
                        "localhost;127.0.0.1;vcenter-1.corp.example;192.0.2.5;");
    free(pin);
}

static void vcenters_that_may_not_be_read_harm_nothing(void **state)
{
    (void)state;
    struct site_reply seen;
    manager_fault(site.sim, "{\"path\":\"" VCENTERS "\",\"status\":403,\"times\":0}");
    site_open();
    site_find("vdi-01", NULL, &seen);
    while (manager_answers(site.sim, VCENTERS, 403) == 0) {
    }
    site_find("nobody", NULL, &seen); /* a second sync */
    site_expect_state(NQ_MANAGER_UP, NQ_OK);
    assert_string_equal(site_servers(), "127.0.0.1;127.0.0.1;"); /* URL and peer */
    assert_int_equal(manager_requests(site.sim, "GET", VCENTERS), 1);
}

static void vcenters_are_kept_when_they_cannot_be_read_again(void **state)
{
    (void)state;
    struct site_reply seen;
    begin_with_vcenters("{\"server\":\"vcenter-1.corp.example\"}");
    site_open();
    site_find("vdi-01", NULL, &seen);
    wait_for_vcenters();
    manager_fault(site.sim, "{\"path\":\"" VCENTERS "\",\"status\":200,\"times\":0,"
                            "\"body\":{\"results\":7}}");
    site_find("nobody", NULL, &seen);
    while (manager_requests(site.sim, "GET", VCENTERS) < 2) {
    }
    site_find("nobody", NULL, &seen);
    assert_non_null(strstr(site_servers(), ";vcenter-1.corp.example;"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(the_group_that_protects_a_vm_is_told),
        SITE_TEST(without_protected_groups_nothing_is_asked),
        SITE_TEST(what_was_read_protects_for_some_seconds_only),
        SITE_TEST(a_group_that_nsx_does_not_know_protects_by_failing),
        SITE_TEST(a_list_that_cannot_be_read_is_no_empty_group),
        SITE_TEST(a_storm_of_5000_asks_for_each_group_once),
        SITE_TEST(who_comes_meanwhile_is_served_by_a_young_round_only),
        SITE_TEST(a_question_that_is_given_up_is_not_answered),
        SITE_TEST(a_protected_tag_is_seen_wherever_a_vm_is_shown),
        SITE_TEST(a_protected_tag_does_not_count_as_quarantine),
        SITE_TEST(a_vm_is_shown_with_all_its_uuids),
        SITE_TEST(the_manager_and_its_vcenters_are_known_by_name_and_address),
        SITE_TEST(vcenters_that_may_not_be_read_harm_nothing),
        SITE_TEST(vcenters_are_kept_when_they_cannot_be_read_again),
    };
    nq_log_level(NQ_LOG_ERROR); /* what the sync reports is not under test */
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
