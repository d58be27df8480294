/* SPDX-License-Identifier: Apache-2.0 */
/* Changing and reading the tag of VMs by the policy backend, against the simulator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/log.h"
#include "world_site.h"

static void the_tag_is_added_and_removed_as_a_delta(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    for (int i = 0; i < 2; i++) { /* twice is once */
        site_change(NQ_TAG_ADD, VDI_01);
    }
    (void)site_start_read(VDI_01, &seen);
    site_expect_good(&seen);
    assert_string_equal(seen.vms, VDI_01 " 0 REGULAR tagged regular;");
    site_find("vdi-01", NULL, &seen); /* the inventory knows without another sync */
    assert_string_equal(seen.vms, VDI_01 " 1 REGULAR tagged regular;");
    for (int i = 0; i < 2; i++) {
        site_change(NQ_TAG_REMOVE, VDI_01);
    }
    (void)site_start_read(VDI_01, &seen);
    site_expect_good(&seen);
    assert_string_equal(seen.vms, VDI_01 " 0 REGULAR regular;");
    assert_string_equal(seen.addresses, "192.0.2.11,2001:db8:10::11");
    assert_int_equal(manager_requests(site.sim, "POST", VMS "?action=add_tags"), 2);
    assert_int_equal(manager_requests(site.sim, "POST", VMS "?action=remove_tags"), 2);
    assert_int_equal(manager_requests(site.sim, "POST", ""), 4);
}

static void a_vm_that_nsx_does_not_have_is_told_apart(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    (void)site_start_read(NO_VM, &seen);
    site_expect_good(&seen);
    assert_int_equal(seen.vm_count, 0);
    (void)site_start_change(NQ_TAG_ADD, NO_VM, &seen);
    site_expect_failure(&seen, NQ_NSX_NOT_FOUND);
    assert_non_null(strstr(seen.detail, "HTTP 404"));
    (void)site_start_read("a&external_id=" VDI_01,
                          &seen); /* encoded, so no second filter */
    site_expect_good(&seen);
    assert_int_equal(seen.vm_count, 0);
    site_expect_state(NQ_MANAGER_UP, NQ_NSX_NOT_FOUND);
}

static void a_write_whose_answer_is_lost_is_settled_by_reading(void **state)
{
    (void)state;
    struct site_reply seen;
    site_open();
    site_find("vdi-01", NULL, &seen);
    manager_fault(site.sim, "{\"method\":\"POST\",\"path\":\"" VMS "\","
                            "\"drop_after_apply\":true,\"times\":1}");
    (void)site_start_change(NQ_TAG_ADD, VDI_01, &seen);
    site_expect_failure(&seen, NQ_NSX_UNREACHABLE);
    site_expect_state(NQ_MANAGER_DOWN, NQ_NSX_UNREACHABLE);
    (void)site_start_read(VDI_01, &seen);
    site_expect_good(&seen);
    assert_string_equal(seen.vms, VDI_01 " 0 REGULAR tagged regular;");
    assert_int_equal(manager_requests(site.sim, "POST", VMS), 1);
    site_expect_state(NQ_MANAGER_UP, NQ_NSX_UNREACHABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SITE_TEST(the_tag_is_added_and_removed_as_a_delta),
        SITE_TEST(a_vm_that_nsx_does_not_have_is_told_apart),
        SITE_TEST(a_write_whose_answer_is_lost_is_settled_by_reading),
    };
    nq_log_level(NQ_LOG_ERROR); /* what the sync reports is not under test */
    return cmocka_run_group_tests(tests, manager_make_folder, manager_remove_folder);
}
