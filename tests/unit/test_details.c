/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of VMs beside the list of them, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "nsx/vsphere/details.h"

static struct nq_details details;
static struct nq_inventory *inventory;

static int begin(void **state)
{
    (void)state;
    details = (struct nq_details){0};
    inventory = nq_inventory_new();
    return 0;
}

static int end(void **state)
{
    (void)state;
    nq_details_done(&details);
    inventory = nq_inventory_free(inventory);
    return 0;
}

static void list_vm(const char *id)
{
    const struct nq_vm_facts vm = {.external_id = id,
                                   .display_name = id,
                                   .host_name = "",
                                   .type = "",
                                   .instance_uuid = "",
                                   .bios_uuid = ""};
    assert_true(nq_inventory_add(inventory, &vm));
    nq_details_see(&details, id);
}

static void answer(const char *id, const char *host_name, const char *address,
                   int64_t now_ms)
{
    const struct nq_detail_facts facts = {.instance_uuid = "",
                                          .bios_uuid = "",
                                          .host_name = host_name,
                                          .addresses = &address,
                                          .address_count = *address ? 1 : 0};
    nq_details_keep(&details, id, &facts, now_ms);
}

static bool is_due(size_t at, const char *id, int64_t older_ms)
{
    char *ids[4];
    const size_t count = nq_details_due(&details, older_ms, 4, ids);
    const bool is = at < count && strcmp(ids[at], id) == 0;
    for (size_t i = 0; i < count; i++) {
        free(ids[i]);
    }
    return is;
}

static void an_answer_goes_into_the_inventory(void **state)
{
    struct nq_vm vm;
    (void)state;
    list_vm("vm-1");
    answer("vm-1", "host-1", "10.0.0.1", 0);
    assert_true(nq_details_add_to(&details, "vm-1", inventory));
    assert_true(nq_inventory_get(inventory, "vm-1", &vm));
    assert_string_equal(vm.host_name, "host-1");
    assert_string_equal(vm.addresses, "10.0.0.1");
    assert_true(nq_details_add_to(&details, "vm-1", NULL));
    assert_true(nq_details_add_to(&details, "vm-2", inventory));
}

static void the_last_answer_counts(void **state)
{
    (void)state;
    list_vm("vm-1");
    assert_false(nq_details_has_address(&details, "vm-1", "10.0.0.1"));
    answer("vm-1", "", "10.0.0.1", 0);
    assert_true(nq_details_has_address(&details, "vm-1", "10.0.0.1"));
    assert_true(nq_details_has_address(&details, "vm-1", "::ffff:10.0.0.1"));
    answer("vm-1", "", "2001:DB8::1", 1);
    assert_false(nq_details_has_address(&details, "vm-1", "10.0.0.1"));
    assert_true(nq_details_has_address(&details, "vm-1", "2001:db8:0::1"));
    answer("vm-1", "", "", 2);
    assert_false(nq_details_has_address(&details, "vm-1", "2001:db8::1"));
    assert_false(nq_details_has_address(&details, "vm-1", "no address"));
}

static void what_nobody_knows_is_due_before_what_is_old(void **state)
{
    (void)state;
    list_vm("vm-1");
    list_vm("vm-2");
    list_vm("vm-3");
    answer("vm-1", "", "", 100);
    answer("vm-2", "", "", 200);
    assert_true(is_due(0, "vm-3", 150));
    assert_true(is_due(1, "vm-1", 150));
    assert_false(is_due(2, "vm-2", 150));
}

static void a_vm_that_the_list_does_not_show_is_forgotten(void **state)
{
    (void)state;
    list_vm("vm-1");
    list_vm("vm-2");
    nq_details_end_list(&details);
    answer("vm-1", "", "10.0.0.1", 0);
    nq_details_see(&details, "vm-2");
    nq_details_end_list(&details);
    assert_false(nq_details_has_address(&details, "vm-1", "10.0.0.1"));
    answer("vm-1", "", "10.0.0.1", 0); /* an answer that comes late */
    assert_false(nq_details_has_address(&details, "vm-1", "10.0.0.1"));
    assert_true(is_due(0, "vm-2", 0));
    assert_false(is_due(1, "vm-1", 0));
}

int main(void)
{
#define KEEPS(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        KEEPS(an_answer_goes_into_the_inventory),
        KEEPS(the_last_answer_counts),
        KEEPS(what_nobody_knows_is_due_before_what_is_old),
        KEEPS(a_vm_that_the_list_does_not_show_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
