/* SPDX-License-Identifier: Apache-2.0 */
/* Which VMs a hint leads to, how copies become one VM, and what 100,000 of them cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nsx/inventory.h"
#include "nsx/tags.h"

#define ID_1 "50221a4c-7f10-4b6e-8a01-000000000001"
#define ID_2 "50221a4c-7f10-4b6e-8a01-000000000002"
#define ID_3 "50221a4c-7f10-4b6e-8a01-000000000003"
#define BIOS "42221a4c-7f10-4b6e-8a01-0000000000b1"

static struct nq_inventory *inventory;

static int new_inventory(void **state)
{
    (void)state;
    inventory = nq_inventory_new();
    return 0;
}

static int free_inventory(void **state)
{
    (void)state;
    inventory = nq_inventory_free(inventory);
    return 0;
}

static struct nq_vm_facts facts(const char *id, const char *display, const char *host)
{
    return (struct nq_vm_facts){.external_id = id,
                                .display_name = display,
                                .host_name = host,
                                .type = "REGULAR",
                                .instance_uuid = "",
                                .bios_uuid = ""};
}

static void add(const char *id, const char *display, const char *host)
{
    const struct nq_vm_facts vm = facts(id, display, host);
    assert_true(nq_inventory_add(inventory, &vm));
}

static void add_with_uuids(const char *id, const char *instance, const char *bios)
{
    struct nq_vm_facts vm = facts(id, "", "");
    vm.instance_uuid = instance;
    vm.bios_uuid = bios;
    assert_true(nq_inventory_add(inventory, &vm));
}

/* The external ids that the hints lead to, with the matched sets: "id:1 id:3". */
static const char *found(const char *first, const char *second)
{
    static char text[1024];
    const struct nq_vm_query query = {.hint_count = second ? 2 : 1,
                                      .hints = {first, second}};
    size_t count = 0;
    size_t used = 0;
    struct nq_vm *vms = nq_inventory_find(inventory, &query, &count);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s:%u",
                                 i ? " " : "", vms[i].external_id, vms[i].matched);
    }
    free(vms);
    return text;
}

static void finds_by_display_name_host_name_and_first_label_in_any_case(void **state)
{
    (void)state;
    add(ID_1, "Desktop 1", "vdi-01.corp.example");
    add(ID_2, "VDI-02", "vdi-02");
    assert_string_equal(found("desktop 1", NULL), ID_1 ":1");
    assert_string_equal(found("VDI-01", NULL), ID_1 ":1");
    assert_string_equal(found("vdi-01.CORP.example", NULL), ID_1 ":1");
    assert_string_equal(found("vdi-02", NULL), ID_2 ":1");
    assert_string_equal(found("vdi-0", NULL), "");
    assert_string_equal(found("vdi-01.corp", NULL), "");
    assert_string_equal(found("desktop", NULL), "");
    assert_string_equal(found("", NULL), "");
}

static void a_name_that_several_vms_bear_leads_to_all_of_them(void **state)
{
    (void)state;
    add(ID_1, "win10", "");
    add(ID_2, "WIN10", "");
    add(ID_3, "other", "win10.corp.example");
    assert_string_equal(found("Win10", NULL), ID_1 ":1 " ID_2 ":1 " ID_3 ":1");
}

static void each_vm_says_which_hints_led_to_it(void **state)
{
    (void)state;
    add(ID_1, "VDI-01", "");
    add(ID_2, "VDI-02", "");
    assert_true(nq_inventory_add_address(inventory, ID_2, "192.0.2.12"));
    assert_true(nq_inventory_add_address(inventory, ID_1, "192.0.2.12"));
    assert_string_equal(found("192.0.2.12", "vdi-02"), ID_1 ":1 " ID_2 ":3");
    assert_string_equal(found("vdi-01", "vdi-02"), ID_1 ":1 " ID_2 ":2");
}

static void a_uuid_is_an_external_id_before_it_is_anything_else(void **state)
{
    (void)state;
    add_with_uuids(ID_1, ID_1, BIOS);
    add_with_uuids(ID_2, ID_3, ID_1);
    add_with_uuids("no-uuid-at-all", BIOS, ID_2);
    assert_string_equal(found(ID_1, NULL), ID_1 ":1");
    assert_string_equal(found(ID_3, NULL), ID_2 ":1");
    assert_string_equal(found(BIOS, NULL), "no-uuid-at-all:1"); /* instance before BIOS */
    assert_string_equal(found("50221A4C-7F10-4B6E-8A01-000000000002", NULL), ID_2 ":1");
    assert_string_equal(found("no-uuid-at-all", NULL), "");
}

static void a_bios_uuid_that_clones_share_leads_to_all_of_them(void **state)
{
    (void)state;
    add_with_uuids(ID_1, ID_1, BIOS);
    add_with_uuids(ID_2, ID_2, BIOS);
    assert_string_equal(found(BIOS, NULL), ID_1 ":1 " ID_2 ":1");
}

static const char *uuids_of(const char *id)
{
    static struct nq_vm vm;
    assert_true(nq_inventory_get(inventory, id, &vm));
    return vm.uuids;
}

static void all_uuids_of_a_vm_are_shown_once_and_in_lower_case(void **state)
{
    (void)state;
    add_with_uuids(ID_1, "50221A4C-7F10-4B6E-8A01-000000000001", "no UUID");
    assert_string_equal(uuids_of(ID_1), ID_1);
    add_with_uuids(ID_1, ID_1,
                   "42221A4C-7F10-4B6E-8A01-0000000000B1"); /* a copy tells more */
    assert_string_equal(uuids_of(ID_1), ID_1 "," BIOS);
    add_with_uuids("vm-101", ID_2, BIOS); /* a MoRef is none */
    assert_string_equal(uuids_of("vm-101"), ID_2 "," BIOS);
    add("vm-102", "VDI-02", "");
    assert_string_equal(uuids_of("vm-102"), "");
    assert_string_equal(found(ID_2, BIOS),
                        "50221a4c-7f10-4b6e-8a01-000000000001:2 vm-101:3");
}

static void uuids_of_one_vm_have_a_maximum_and_are_found_all_the_same(void **state)
{
    (void)state;
    char bios[] = "42221a4c-7f10-4b6e-8a01-0000000000b0";
    char *last = &bios[sizeof(bios) - 2];
    size_t bytes = 0;
    for (*last = '0'; *last <= '9'; (*last)++) {
        add_with_uuids(ID_1, ID_1, bios);
    }
    assert_int_equal(strlen(uuids_of(ID_1)), NQ_INVENTORY_UUIDS_MAX * sizeof(bios) - 1);
    bytes = nq_inventory_bytes(inventory);
    for (int i = 0; i < 10000; i++) { /* seen again, they cost nothing */
        *last = (char)('0' + i % 10);
        add_with_uuids(ID_1, ID_1, bios);
    }
    assert_true(nq_inventory_bytes(inventory) == bytes);
    *last = '9';
    assert_string_equal(found(bios, NULL), ID_1 ":1");
}

static void each_vm_can_be_looked_at_in_turn(void **state)
{
    (void)state;
    struct nq_vm vm;
    assert_false(nq_inventory_at(inventory, 0, &vm));
    add(ID_1, "VDI-01", "");
    add(ID_2, "VDI-02", "");
    assert_true(nq_inventory_at(inventory, 1, &vm));
    assert_string_equal(vm.display_name, "VDI-02");
    assert_false(nq_inventory_at(inventory, 2, &vm));
}

static void an_address_is_found_in_any_spelling(void **state)
{
    (void)state;
    struct nq_vm vm;
    add(ID_1, "VDI-01", "");
    add(ID_2, "192.0.2.11", ""); /* a name like an address is not an address */
    assert_true(nq_inventory_add_address(inventory, ID_1, "2001:DB8:0:0:0::11"));
    assert_true(nq_inventory_add_address(inventory, ID_1, "::ffff:192.0.2.11"));
    assert_true(nq_inventory_add_address(inventory, ID_1, "192.0.2.11"));
    assert_true(nq_inventory_add_address(inventory, ID_1, "no address"));
    assert_true(nq_inventory_add_address(inventory, "unknown", "192.0.2.99"));
    assert_string_equal(found("2001:db8::11", NULL), ID_1 ":1");
    assert_string_equal(found("192.0.2.11", NULL), ID_1 ":1");
    assert_string_equal(found("::FFFF:192.0.2.11", NULL), ID_1 ":1");
    assert_string_equal(found("192.0.2.99", NULL), "");
    assert_true(nq_inventory_get(inventory, ID_1, &vm));
    assert_string_equal(vm.addresses, "2001:db8::11,192.0.2.11");
}

static void addresses_of_one_vm_have_a_maximum(void **state)
{
    (void)state;
    add(ID_1, "VDI-01", "");
    for (int i = 0; i <= NQ_INVENTORY_ADDRESSES_MAX; i++) {
        char address[64];
        (void)snprintf(address, sizeof(address), "2001:db8:1111:2222:3333:4444:5555:%x",
                       0x1000 + i);
        assert_int_equal(nq_inventory_add_address(inventory, ID_1, address),
                         i < NQ_INVENTORY_ADDRESSES_MAX);
        assert_int_equal(strcmp(found(address, NULL), "") != 0,
                         i < NQ_INVENTORY_ADDRESSES_MAX);
    }
}

static void a_mac_address_is_found_in_any_spelling_and_not_shown(void **state)
{
    (void)state;
    struct nq_vm vm;
    add(ID_1, "VDI-01", "");
    add(ID_2, "VDI-02", "");
    assert_true(nq_inventory_add_address(inventory, ID_1, "00:50:56:A2:00:11"));
    assert_true(nq_inventory_add_address(inventory, ID_1, "00:50:56:a2:00:12"));
    assert_true(nq_inventory_add_address(inventory, ID_2, "00-50-56-a2-00-12"));
    assert_true(nq_inventory_add_address(inventory, ID_3, "00:50:56:a2:00:13"));
    assert_string_equal(found("00:50:56:a2:00:11", NULL), ID_1 ":1");
    assert_string_equal(found("00-50-56-A2-00-11", NULL), ID_1 ":1");
    assert_string_equal(found("00:50:56:a2:00:12", NULL), ID_1 ":1 " ID_2 ":1");
    assert_string_equal(found("00:50:56:a2:00:13", NULL), "");
    assert_true(nq_inventory_get(inventory, ID_1, &vm));
    assert_string_equal(vm.addresses, "");
}

static void copies_of_a_vm_become_one(void **state)
{
    (void)state;
    struct nq_vm vm;
    struct nq_vm_facts copy = facts(ID_1, "VDI-01", "vdi-01.corp.example");
    add(ID_1, "VDI-01", "");
    copy.tags = NQ_TAGS_OURS;
    assert_true(nq_inventory_add(inventory, &copy));
    assert_int_equal(nq_inventory_count(inventory), 1);
    assert_string_equal(found("vdi-01", NULL), ID_1 ":1");
    assert_true(nq_inventory_get(inventory, ID_1, &vm));
    assert_string_equal(vm.host_name, "vdi-01.corp.example");
    assert_true(vm.tags == NQ_TAGS_OURS);
    assert_true(vm.regular);

    copy.type = "EDGE";
    assert_true(nq_inventory_add(inventory, &copy));
    copy.type = "REGULAR";
    assert_true(nq_inventory_add(inventory, &copy));
    assert_true(nq_inventory_get(inventory, ID_1, &vm));
    assert_false(vm.regular);
    assert_string_equal(vm.type, "EDGE");
}

static void only_a_type_other_than_regular_forbids_quarantine(void **state)
{
    (void)state;
    static const char *const other[] = {"EDGE",      "SERVICE", "MP",     "INTELLIGENCE",
                                        "VC_SYSTEM", "UNKNOWN", "regular"};
    assert_true(nq_vm_type_regular("REGULAR"));
    assert_true(nq_vm_type_regular(""));
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
        assert_false(nq_vm_type_regular(other[i]));
    }
}

static void a_tag_can_be_noted_for_a_known_vm(void **state)
{
    (void)state;
    struct nq_vm vm;
    add(ID_1, "VDI-01", "");
    nq_inventory_set_tags(inventory, ID_1, NQ_TAGS_OURS);
    nq_inventory_set_tags(inventory, ID_2, NQ_TAGS_OURS);
    assert_true(nq_inventory_get(inventory, ID_1, &vm));
    assert_true(vm.tags == NQ_TAGS_OURS);
    assert_false(nq_inventory_get(inventory, ID_2, &vm));
}

static unsigned tags_of(const char *id)
{
    struct nq_vm vm;
    assert_true(nq_inventory_get(inventory, id, &vm));
    return vm.tags;
}

static void a_renewal_replaces_tags_and_adds_vms_and_names(void **state)
{
    (void)state;
    struct nq_vm_facts vm = facts(ID_1, "VDI-01", "");
    vm.tags = NQ_TAGS_OURS;
    assert_true(nq_inventory_add(inventory, &vm));
    vm.tags = NQ_TAGS_WATCHED(0);
    vm.display_name = "VDI-01-renamed";
    assert_true(nq_inventory_renew(inventory, &vm, 7));
    assert_int_equal(tags_of(ID_1), NQ_TAGS_WATCHED(0));
    assert_string_equal(found("vdi-01-renamed", "vdi-01"), ID_1 ":3");

    vm.tags = NQ_TAGS_OURS; /* a copy of the same round */
    assert_true(nq_inventory_renew(inventory, &vm, 7));
    assert_int_equal(tags_of(ID_1), NQ_TAGS_OURS | NQ_TAGS_WATCHED(0));
    vm.tags = 0;
    assert_true(nq_inventory_renew(inventory, &vm, 8));
    assert_int_equal(tags_of(ID_1), 0);

    const struct nq_vm_facts other = facts(ID_2, "VDI-02", "");
    assert_true(nq_inventory_renew(inventory, &other, 8));
    assert_string_equal(found("vdi-02", NULL), ID_2 ":1");
    vm.external_id = "";
    assert_false(nq_inventory_renew(inventory, &vm, 8));
}

static void renewals_that_show_nothing_new_cost_no_memory(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) { /* one host name for all, as templates leave it */
        char id[16];
        (void)snprintf(id, sizeof(id), "vm-%d", i);
        add(id, id, "localhost.localdomain");
    }
    const size_t bytes = nq_inventory_bytes(inventory);
    for (int round = 1; round < 10000; round++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "vm-%d", round % 3);
        const struct nq_vm_facts vm = facts(id, id, "localhost.localdomain");
        assert_true(nq_inventory_renew(inventory, &vm, (uint16_t)round));
    }
    assert_int_equal(nq_inventory_bytes(inventory), bytes);
}

static void refuses_an_external_id_that_is_none(void **state)
{
    (void)state;
    char longest[NQ_EXTERNAL_ID_MAX + 2];
    struct nq_vm_facts vm = facts("", "VDI-01", "");
    assert_false(nq_inventory_add(inventory, &vm));
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    vm.external_id = longest;
    assert_false(nq_inventory_add(inventory, &vm));
    longest[NQ_EXTERNAL_ID_MAX] = '\0';
    assert_true(nq_inventory_add(inventory, &vm));
    assert_int_equal(nq_inventory_count(inventory), 1);
}

static void a_name_longer_than_the_schema_allows_counts_as_none(void **state)
{
    (void)state;
    struct nq_vm vm;
    char name[NQ_INVENTORY_NAME_MAX + 2];
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    add(ID_1, name, name);
    assert_string_equal(found(name, NULL), "");
    assert_true(nq_inventory_get(inventory, ID_1, &vm));
    assert_string_equal(vm.display_name, "");
}

/* 100,000 VMs that look like real ones, with two addresses and a MAC address each; one guest name is shared by all, as "localhost"
 * often is: building and finding must not cost the square of their number. */
static void a_hundred_thousand_vms_fit_into_64_mib(void **state)
{
    (void)state;
    static const uint32_t vm_count = 100000;
    size_t count = 0;
    for (uint32_t i = 0; i < vm_count; i++) {
        char id[40];
        char bios[40];
        char display[40];
        char address[40];
        char address6[40];
        char mac[20];
        (void)snprintf(id, sizeof(id), "50221a4c-7f10-4b6e-8a01-%012x", i);
        (void)snprintf(bios, sizeof(bios), "42221a4c-7f10-4b6e-8a01-%012x", i);
        (void)snprintf(display, sizeof(display), "PRD-DESKTOP-%06u", i);
        (void)snprintf(address, sizeof(address), "10.%u.%u.%u", i >> 16, (i >> 8) & 255,
                       i & 255);
        (void)snprintf(address6, sizeof(address6), "2001:db8:10::%x:%x", i >> 16,
                       i & 65535);
        (void)snprintf(mac, sizeof(mac), "00:50:56:%02x:%02x:%02x", i >> 16,
                       (i >> 8) & 255, i & 255);
        struct nq_vm_facts vm = facts(id, display, "localhost.localdomain");
        vm.instance_uuid = id;
        vm.bios_uuid = bios;
        assert_true(nq_inventory_add(inventory, &vm));
        assert_true(nq_inventory_add_address(inventory, id, mac));
        assert_true(nq_inventory_add_address(inventory, id, address));
        assert_true(nq_inventory_add_address(inventory, id, address6));
    }
    const size_t loose = nq_inventory_bytes(inventory);
    nq_inventory_pack(inventory);
    const size_t bytes = nq_inventory_bytes(inventory);
    assert_true(bytes < loose);
    print_message("           %zu bytes for a VM, %zu KiB for %u\n", bytes / vm_count,
                  bytes / 1024, vm_count);
    assert_int_equal(nq_inventory_count(inventory), vm_count);
    assert_true(bytes < (size_t)64 << 20);

    const struct nq_vm_query all = {.hint_count = 1, .hints = {"localhost"}};
    struct nq_vm *vms = nq_inventory_find(inventory, &all, &count);
    assert_int_equal(count, vm_count);
    free(vms);
    assert_string_equal(found("prd-desktop-099999", "10.1.134.159"),
                        "50221a4c-7f10-4b6e-8a01-00000001869f:3");
    assert_string_equal(found("00:50:56:01:86:9f", "2001:db8:10::1:869f"),
                        "50221a4c-7f10-4b6e-8a01-00000001869f:3");
}

static void display_names_of_several_regular_vms_are_counted(void **state)
{
    (void)state;
    const char *name = "";
    assert_int_equal(nq_inventory_shared_names(inventory, &name), 0);
    assert_null(name);
    add("a", "VDI-01", "localhost");
    add("b", "VDI-02", "localhost"); /* host names count for nothing */
    add("c", "vdi-03", "VDI-01");
    add("a", "VDI-01", "localhost");                    /* a copy */
    struct nq_vm_facts edge = facts("e", "VDI-01", ""); /* cannot be quarantined */
    edge.type = "EDGE";
    assert_true(nq_inventory_add(inventory, &edge));
    edge = facts("g", "edge-1", "");
    edge.type = "EDGE";
    assert_true(nq_inventory_add(inventory, &edge));
    add("h", "edge-1", "");
    add("n", "", "");
    add("m", "", "");
    assert_int_equal(nq_inventory_shared_names(inventory, &name), 0);
    add("d", "vdi-01", "");
    add("f", "VDI-01", "");
    assert_int_equal(nq_inventory_shared_names(inventory, &name), 2);
    assert_string_equal(name, "vdi-01");
}

static void an_inventory_remembers_that_something_did_not_fit(void **state)
{
    (void)state;
    const struct nq_vm_facts none = facts("", "", "");
    assert_false(nq_inventory_add(inventory, &none));
    assert_false(nq_inventory_full(inventory));
    add("a", "VDI-01", "");
    for (int i = 0; i <= NQ_INVENTORY_ADDRESSES_MAX; i++) {
        char address[32];
        (void)snprintf(address, sizeof(address), "192.0.2.%d", i);
        assert_int_equal(nq_inventory_add_address(inventory, "a", address),
                         i < NQ_INVENTORY_ADDRESSES_MAX);
    }
    assert_true(nq_inventory_full(inventory));
}

#define WITH_INVENTORY(test)                                                             \
    cmocka_unit_test_setup_teardown(test, new_inventory, free_inventory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_INVENTORY(finds_by_display_name_host_name_and_first_label_in_any_case),
        WITH_INVENTORY(a_name_that_several_vms_bear_leads_to_all_of_them),
        WITH_INVENTORY(each_vm_says_which_hints_led_to_it),
        WITH_INVENTORY(a_uuid_is_an_external_id_before_it_is_anything_else),
        WITH_INVENTORY(a_bios_uuid_that_clones_share_leads_to_all_of_them),
        WITH_INVENTORY(all_uuids_of_a_vm_are_shown_once_and_in_lower_case),
        WITH_INVENTORY(uuids_of_one_vm_have_a_maximum_and_are_found_all_the_same),
        WITH_INVENTORY(each_vm_can_be_looked_at_in_turn),
        WITH_INVENTORY(an_address_is_found_in_any_spelling),
        WITH_INVENTORY(addresses_of_one_vm_have_a_maximum),
        WITH_INVENTORY(a_mac_address_is_found_in_any_spelling_and_not_shown),
        WITH_INVENTORY(copies_of_a_vm_become_one),
        WITH_INVENTORY(only_a_type_other_than_regular_forbids_quarantine),
        WITH_INVENTORY(a_tag_can_be_noted_for_a_known_vm),
        WITH_INVENTORY(a_renewal_replaces_tags_and_adds_vms_and_names),
        WITH_INVENTORY(renewals_that_show_nothing_new_cost_no_memory),
        WITH_INVENTORY(refuses_an_external_id_that_is_none),
        WITH_INVENTORY(a_name_longer_than_the_schema_allows_counts_as_none),
        WITH_INVENTORY(display_names_of_several_regular_vms_are_counted),
        WITH_INVENTORY(an_inventory_remembers_that_something_did_not_fit),
        WITH_INVENTORY(a_hundred_thousand_vms_fit_into_64_mib),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
